import { describe, expect, test } from 'vitest';

import { FALSE, TRUE, TermError, booleanVariable, equal, integerVariable, ite } from './term.ts';
import {
  word,
  wordAdd,
  wordAnd,
  wordLess,
  wordLessOrEqual,
  wordMultiply,
  wordNot,
  wordOr,
  wordShiftLeft,
  wordShiftRight,
  wordSubtract,
  wordVariable,
  wordXor,
} from './word.ts';

const u = wordVariable('u');
const v = wordVariable('v');
const ones = 2n ** 64n - 1n;

describe('words', () => {
  test('are computed modulo 2^64', () => {
    expect(wordAdd(ones, 2n)).toBe(word(1n));
    expect(wordSubtract(0n, 1n)).toBe(word(ones));
    expect(wordMultiply(2n ** 63n, 2n)).toBe(word(0n));
    expect(wordNot(0n)).toBe(word(ones));
    expect(wordShiftLeft(3n, 63n)).toBe(word(2n ** 63n));
    expect(wordShiftRight(ones, 63)).toBe(word(1n));
    expect(wordLess(1n, ones)).toBe(TRUE);
  });

  test('keep nothing when shifted by 64 or more', () => {
    expect(wordShiftLeft(u, 64)).toBe(word(0n));
    expect(wordShiftRight(u, 64)).toBe(word(0n));
    expect(wordShiftRight(u, 63).kind).toBe('application');
    expect(wordShiftLeft(u, 0)).toBe(u);
  });

  test('know neutral and absorbing operands', () => {
    expect(wordAnd(u, 0n)).toBe(word(0n));
    expect(wordAnd(ones, u)).toBe(u);
    expect(wordAnd(u, wordNot(u))).toBe(word(0n));
    expect(wordOr(0n, u)).toBe(u);
    expect(wordOr(u, ones)).toBe(word(ones));
    expect(wordOr(u, wordNot(u))).toBe(word(ones));
    expect(wordXor(u, u)).toBe(word(0n));
    expect(wordXor(u, ones)).toBe(wordNot(u));
    expect(wordAdd(u, 0n)).toBe(u);
    expect(wordSubtract(u, u)).toBe(word(0n));
    expect(wordMultiply(1n, u)).toBe(u);
    expect(wordMultiply(u, 0n)).toBe(word(0n));
    expect(wordNot(wordNot(u))).toBe(u);
    expect(wordLessOrEqual(0n, u)).toBe(TRUE);
    expect(wordLess(u, u)).toBe(FALSE);
  });

  test('meet in one term whichever operand is named first', () => {
    expect(wordAdd(u, v)).toBe(wordAdd(v, u));
    expect(wordAnd(7n, u)).toBe(wordAnd(u, 7n));
    expect(equal(u, v)).toBe(equal(v, u));
    expect(wordSubtract(u, 1n)).toBe(wordAdd(u, ones));
  });

  test('are chosen and compared as other terms are', () => {
    const a = booleanVariable('a');
    expect(ite(a, u, u)).toBe(u);
    expect(equal(word(1n), word(2n))).toBe(FALSE);
    expect(equal(ite(a, word(1n), word(2n)), word(1n))).toBe(a);
  });

  test('of more bits, or of another sort, are refused', () => {
    expect(() => word(2n ** 64n)).toThrow(TermError);
    expect(() => word(-1n)).toThrow(TermError);
    expect(() => wordShiftLeft(u, 0.5)).toThrow(TermError);
    expect(() => wordAdd(u, integerVariable('x'))).toThrow('expected Word, found Int');
    expect(() => equal(u, 1n)).toThrow('expected Word, found Int');
  });
});
