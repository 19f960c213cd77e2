/**
 * Words: bigints of 64 bits, as registers and descriptors have them.
 *
 * A symbolic word is a bit vector, so that only what stays within 64 bits has a meaning: `&`, `|`,
 * `^` and `>>` as they are, `+`, `-`, `*` and `<<` where `BigInt.asUintN(64, …)` wraps the result.
 * Known bigints are computed by JavaScript itself.
 */

import type { Term } from '../smt/term.ts';
import {
  wordAdd,
  wordAnd,
  wordMultiply,
  wordOr,
  wordShiftLeft,
  wordShiftRight,
  wordSubtract,
  wordXor,
} from '../smt/word.ts';
import { OperatorError, describe, isAbsent, lift } from './operators.ts';
import type { Operation } from './operators.ts';
import { ABSENT, mapAlternatives, simplify, toWordTerm } from './values.ts';
import type { Value } from './values.ts';

/** The only width of words. */
export const WORD_BITS = 64;

function toWord(value: Value): Term {
  const term = toWordTerm(value);
  if (term !== null) return term;
  const found = typeof value === 'bigint' ? `${value}n, which has no 64 bits` : describe(value);
  throw new OperatorError(`an operator of words on ${found}`);
}

function onWords(
  known: (left: bigint, right: bigint) => bigint,
  symbolic: (left: Term, right: Term) => Term,
): Operation {
  return lift((left, right) => {
    if (typeof left === 'bigint' && typeof right === 'bigint') return known(left, right);
    if (isAbsent(left, right)) return ABSENT;
    return simplify(symbolic(toWord(left), toWord(right)));
  });
}

/** Known results wrap as symbolic ones do. */
function wrapping(
  known: (left: bigint, right: bigint) => bigint,
  symbolic: (left: Term, right: Term) => Term,
): Operation {
  return onWords((left, right) => BigInt.asUintN(WORD_BITS, known(left, right)), symbolic);
}

/** Operators whose result has 64 bits where the operands have. */
export const WORD_OPERATORS: ReadonlyMap<string, Operation> = new Map([
  ['&', onWords((a, b) => a & b, wordAnd)],
  ['|', onWords((a, b) => a | b, wordOr)],
  ['^', onWords((a, b) => a ^ b, wordXor)],
  ['>>', onWords((a, b) => a >> b, wordShiftRight)],
  [
    '<<',
    onWords(
      (a, b) => a << b,
      () => {
        throw new OperatorError('<< of a symbolic word outside of BigInt.asUintN(64, …)');
      },
    ),
  ],
]);

/** Operators that stand directly inside `BigInt.asUintN(64, …)`. */
export const WRAPPING_OPERATORS: ReadonlyMap<string, Operation> = new Map([
  ['+', wrapping((a, b) => a + b, wordAdd)],
  ['-', wrapping((a, b) => a - b, wordSubtract)],
  ['*', wrapping((a, b) => a * b, wordMultiply)],
  ['<<', wrapping((a, b) => a << b, wordShiftLeft)],
]);

/** `BigInt.asUintN(64, value)` of a value that is not computed on the spot. */
export function truncate(value: Value): Value {
  return mapAlternatives(value, (one) => {
    if (typeof one === 'bigint') return BigInt.asUintN(WORD_BITS, one);
    if (one === ABSENT) return ABSENT;
    return simplify(toWord(one));
  });
}
