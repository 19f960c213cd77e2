/**
 * Words: terms of 64 bits, with the meaning of `BigInt.asUintN(64, …)`: registers, descriptors,
 * contents of memory.
 *
 * Sort `(_ BitVec 64)` of SMT-LIB 2.6, theory FixedSizeBitVectors; every operator is modulo 2^64,
 * comparisons are of unsigned numbers. `equal` and `ite` of `term.ts` take words too.
 */

import { TRUE, TermError, applyOne, applyTwo, boolean, toSorted, word } from './node.ts';
import type { Term, WordOperator } from './node.ts';
import { not } from './proposition.ts';

export { word, wordVariable } from './node.ts';

/** What constructors accept: a `bigint` in [0, 2^64) stands for its constant. */
export type WordOperand = Term | bigint;

const BITS = 64n;
const ALL_ONES = 2n ** BITS - 1n;

function toWord(operand: WordOperand): Term {
  return typeof operand === 'bigint' ? word(operand) : toSorted(operand, 'Word');
}

function truncate(value: bigint): Term {
  return word(BigInt.asUintN(64, value));
}

/** The value of a constant, else null. */
function getValue(term: Term): bigint | null {
  return term.kind === 'word' ? term.value : null;
}

/** An operator whose sides may be swapped: a constant comes last, others in one order. */
function applySwappable(operator: WordOperator, a: Term, b: Term): Term {
  const isOrdered = a.kind === b.kind || (a.kind !== 'word' && b.kind !== 'word');
  const isSwapped = isOrdered ? a.hash > b.hash : a.kind === 'word';
  return isSwapped ? applyTwo(operator, 'Word', b, a) : applyTwo(operator, 'Word', a, b);
}

/** Whether one is the bitwise complement of the other. */
function isComplement(a: Term, b: Term): boolean {
  return getComplemented(a) === b || getComplemented(b) === a;
}

function getComplemented(term: Term): Term | null {
  if (term.kind !== 'application' || term.operator !== 'bvnot') return null;
  return term.arguments[0] ?? null;
}

/** a + b. */
export function wordAdd(a: WordOperand, b: WordOperand): Term {
  const [left, right] = [toWord(a), toWord(b)];
  const [x, y] = [getValue(left), getValue(right)];
  if (x !== null && y !== null) return truncate(x + y);
  if (x === 0n) return right;
  return y === 0n ? left : applySwappable('bvadd', left, right);
}

/** a - b. */
export function wordSubtract(a: WordOperand, b: WordOperand): Term {
  const [left, right] = [toWord(a), toWord(b)];
  const [x, y] = [getValue(left), getValue(right)];
  if (left === right) return word(0n);
  if (x !== null && y !== null) return truncate(x - y);
  return y === null ? applyTwo('bvsub', 'Word', left, right) : wordAdd(left, truncate(-y));
}

/** a * b. */
export function wordMultiply(a: WordOperand, b: WordOperand): Term {
  const [left, right] = [toWord(a), toWord(b)];
  const [x, y] = [getValue(left), getValue(right)];
  if (x !== null && y !== null) return truncate(x * y);
  if (x === 0n || y === 0n) return word(0n);
  if (x === 1n) return right;
  return y === 1n ? left : applySwappable('bvmul', left, right);
}

/** Bits that both have. */
export function wordAnd(a: WordOperand, b: WordOperand): Term {
  const [left, right] = [toWord(a), toWord(b)];
  const [x, y] = [getValue(left), getValue(right)];
  if (x !== null && y !== null) return word(x & y);
  if (x === 0n || y === 0n || isComplement(left, right)) return word(0n);
  if (left === right || y === ALL_ONES) return left;
  return x === ALL_ONES ? right : applySwappable('bvand', left, right);
}

/** Bits that either has. */
export function wordOr(a: WordOperand, b: WordOperand): Term {
  const [left, right] = [toWord(a), toWord(b)];
  const [x, y] = [getValue(left), getValue(right)];
  if (x !== null && y !== null) return word(x | y);
  if (x === ALL_ONES || y === ALL_ONES || isComplement(left, right)) return word(ALL_ONES);
  if (left === right || y === 0n) return left;
  return x === 0n ? right : applySwappable('bvor', left, right);
}

/** Bits that exactly one has. */
export function wordXor(a: WordOperand, b: WordOperand): Term {
  const [left, right] = [toWord(a), toWord(b)];
  const [x, y] = [getValue(left), getValue(right)];
  if (x !== null && y !== null) return word(x ^ y);
  if (left === right) return word(0n);
  if (isComplement(left, right)) return word(ALL_ONES);
  if (x === 0n) return right;
  if (y === 0n) return left;
  if (x === ALL_ONES) return wordNot(right);
  return y === ALL_ONES ? wordNot(left) : applySwappable('bvxor', left, right);
}

/** Every bit flipped. */
export function wordNot(a: WordOperand): Term {
  const term = toWord(a);
  const value = getValue(term);
  if (value !== null) return truncate(~value);
  return getComplemented(term) ?? applyOne('bvnot', 'Word', term);
}

/** a * 2^by; 0 where `by` is 64 or more. */
export function wordShiftLeft(a: WordOperand, by: WordOperand | number): Term {
  return shift('bvshl', toWord(a), toDistance(by), (value, distance) => value << distance);
}

/** Floor of a / 2^by; 0 where `by` is 64 or more. */
export function wordShiftRight(a: WordOperand, by: WordOperand | number): Term {
  return shift('bvlshr', toWord(a), toDistance(by), (value, distance) => value >> distance);
}

function toDistance(by: WordOperand | number): Term {
  if (typeof by !== 'number') return toWord(by);
  if (!Number.isSafeInteger(by)) throw new TermError(`${by} is no distance of a shift`);
  return word(BigInt(by));
}

function shift(
  operator: 'bvshl' | 'bvlshr',
  term: Term,
  by: Term,
  compute: (value: bigint, distance: bigint) => bigint,
): Term {
  const [value, distance] = [getValue(term), getValue(by)];
  if (distance === 0n) return term;
  if (value === 0n || (distance !== null && distance >= BITS)) return word(0n);
  if (value !== null && distance !== null) return truncate(compute(value, distance));
  return applyTwo(operator, 'Word', term, by);
}

/** a <= b, as unsigned numbers. */
export function wordLessOrEqual(a: WordOperand, b: WordOperand): Term {
  const [left, right] = [toWord(a), toWord(b)];
  const [x, y] = [getValue(left), getValue(right)];
  if (x !== null && y !== null) return boolean(x <= y);
  if (left === right || x === 0n || y === ALL_ONES) return TRUE;
  return applyTwo('bvule', 'Bool', left, right);
}

/** a < b, as unsigned numbers; held as not (b <= a). */
export function wordLess(a: WordOperand, b: WordOperand): Term {
  return not(wordLessOrEqual(b, a));
}
