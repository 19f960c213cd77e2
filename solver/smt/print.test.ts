import { execFileSync, spawnSync } from 'node:child_process';

import { test } from '@fast-check/vitest';
import fc from 'fast-check';
import { describe, expect } from 'vitest';

import { getLogic, printAssertions, printScript } from './print.ts';
import { TermError, add, and, booleanVariable, equal, integer, integerVariable } from './term.ts';
import { less, not, or } from './term.ts';
import type { Term } from './term.ts';
import { anyTwin, assignments, makeVariable } from './twins.ts';
import { word, wordAdd, wordLess, wordShiftLeft, wordVariable } from './word.ts';

const p = integerVariable('p', { low: -2, high: 7 });
const u = wordVariable('u');

describe('printed bounds and words', () => {
  test('have the bounds of every variable that occurs', () => {
    expect(printAssertions([less(p, integerVariable('x'))])).toBe(
      '(declare-const x Int)\n(declare-const p Int)\n(assert (<= (- 2) p))\n' +
        '(assert (<= p 7))\n(assert (not (<= x p)))\n',
    );
  });

  test('are refused where one name has two meanings', () => {
    expect(() => printAssertions([less(p, integerVariable('p'))])).toThrow(TermError);
    const twice = [booleanVariable('same'), equal(integerVariable('same'), 3)];
    expect(() => printScript(twice)).toThrow('"same" names variables of different sorts or bounds');
  });

  test('have words of 16 digits in a logic that has what occurs', () => {
    const text = printScript([equal(wordAdd(u, 10n), wordVariable('v'))]);
    expect(text).toContain('(set-logic QF_BV)');
    expect(text).toContain('(declare-const u (_ BitVec 64))');
    expect(text).toContain('(bvadd u #x000000000000000a)');
    expect(getLogic([wordLess(u, 3n), less(p, 3)])).toBe('ALL');
    expect(getLogic([booleanVariable('a')])).toBe('QF_LIA');
  });
});

const SOLVERS = [
  { name: 'z3', options: ['-in', '-smt2'] },
  { name: 'cvc5', options: ['--lang=smt2', '--quiet'] },
] as const;

describe.each(SOLVERS)('native $name', ({ name, options }) => {
  const isMissing = spawnSync(name, ['--version']).error !== undefined;
  const ask = (assertions: readonly Term[]): string =>
    execFileSync(name, options, { input: printScript(assertions), encoding: 'utf8' }).trim();

  test('answers scripts over integers, words and both', ({ skip }) => {
    skip(isMissing, `${name} is not on the PATH`);
    const shifted = wordShiftLeft(u, 60n);
    expect(ask([less(p, 6), less(integer(5), add(p, 1))])).toBe('sat');
    expect(ask([less(add(p, p), -4)])).toBe('unsat');
    expect(ask([wordLess(0n, shifted), wordLess(shifted, 2n ** 60n)])).toBe('unsat');
    expect(ask([wordLess(0n, shifted)])).toBe('sat');
    expect(ask([or([wordLess(u, 3n), less(p, 0)]), equal(p, 2)])).toBe('sat');
    expect(ask([and([equal(p, 2), not(equal(u, word(3n)))]), wordLess(2n, u)])).toBe('sat');
  });

  test('gives formulas the meaning that they have here', ({ skip }) => {
    skip(isMissing, `${name} is not on the PATH`);
    for (const [twin, values] of fc.sample(fc.tuple(anyTwin, assignments), {
      numRuns: 20,
      seed: 1,
    })) {
      const value = twin.compute(values);
      const isWord = twin.term.sort === 'Word' && typeof value === 'bigint';
      const fixed = Object.entries(values).map(([key, one]) => {
        const variable = makeVariable(key);
        return equal(variable, variable.sort === 'Word' ? word(BigInt(one)) : one);
      });
      const same = equal(twin.term, isWord ? word(value) : value);
      expect(ask([...fixed, same])).toBe('sat');
      expect(ask([...fixed, not(same)])).toBe('unsat');
    }
  });
});
