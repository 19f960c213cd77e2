import { describe, expect, test } from 'vitest';

import { booleanVariable, integerVariable, listVariables, wordVariable } from './term.ts';
import type { Variable } from './term.ts';
import { chooseValue, parseValue, parseValues } from './values.ts';

const [p, q, w] = listVariables([
  integerVariable('p'),
  booleanVariable('a b'),
  wordVariable('w'),
]) as [Variable, Variable, Variable];

describe('a value of a model', () => {
  test.each([
    ['5', 5n],
    ['(- 5)', -5n],
    ['( -  18446744073709551616 )', -18446744073709551616n],
  ])('of sort Int is read from %s', (text, value) => {
    expect(parseValue(text, p)).toBe(value);
  });

  test.each([
    '',
    'true',
    '5 6',
    '(- x)',
    '(+ 5)',
    '(- 5 6)',
    '5.0',
    '#x05',
    '((',
    ')',
    '(ite a 1)',
  ])('of sort Int is not read from "%s"', (text) => {
    expect(parseValue(text, p)).toBeNull();
  });

  test('of sort Bool is the word true or false', () => {
    const texts = ['true', 'false', 'maybe', '1'];
    expect(texts.map((text) => parseValue(text, q))).toEqual([true, false, null, null]);
  });

  test.each([
    ['#x00ff00ff00ff00ff', 0x00ff00ff00ff00ffn],
    [`#b${'0'.repeat(62)}10`, 2n],
    ['(_ bv18446744073709551615 64)', 2n ** 64n - 1n],
  ])('of sort Word is read from %s', (literal, value) => {
    expect(parseValue(literal, w)).toBe(value);
  });

  test.each(['#xff', '#b1', '5', '(_ bv5 32)', '(_ bv18446744073709551616 64)', '()'])(
    'of sort Word is not read from %s, which has no 64 bits',
    (literal) => {
      expect(parseValue(literal, w)).toBeNull();
    },
  );
});

describe('where a model leaves a variable open', () => {
  test('a value of its sort within its bounds is taken', () => {
    const open = [p, q, w, ...listVariables([integerVariable('n', { low: 7 })])];
    const below = listVariables([integerVariable('m', { low: -9, high: -2 })]);
    expect([...open, ...below].map(chooseValue)).toEqual([0n, false, 0n, 7n, -2n]);
  });
});

describe('a reply to get-value', () => {
  test('is read as z3 prints it, over several lines with quoted names', () => {
    const model = parseValues('((p (- 4))\n (|a b| false))\n', [p, q]);
    expect([...(model ?? [])]).toEqual([
      ['p', -4n],
      ['a b', false],
    ]);
  });

  test.each([
    ['is for another name', '((r 4) (|a b| true))'],
    ['leaves one out', '((p 4))'],
    ['has a value of another sort', '((p 4) (|a b| 1))'],
    ['is an error', '(error "unknown constant p")'],
    ['is cut short', '((p 4) (|a b|'],
    ['goes on', '((p 4) (|a b| true)) (error "x")'],
    ['is empty', ''],
  ])('is refused when it %s', (_, text) => {
    expect(parseValues(text, [p, q])).toBeNull();
  });
});
