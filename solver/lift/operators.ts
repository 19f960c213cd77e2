/**
 * Operators: what the arithmetic and comparisons of the spec mean over values that may be symbolic.
 *
 * Known operands are computed by JavaScript itself. Symbolic numbers are unbounded integers: the
 * same as doubles while every value is a safe integer, which the spec's guards see to.
 */

import {
  add,
  divide,
  equal,
  ite,
  less,
  lessOrEqual,
  modulo,
  multiply,
  not,
  subtract,
  toTerm,
} from '../smt/term.ts';
import type { Term } from '../smt/term.ts';
import { wordLess, wordLessOrEqual } from '../smt/word.ts';
import { ABSENT, Choice, isTerm, mapAlternatives, simplify, toWordTerm } from './values.ts';
import type { Value } from './values.ts';

/** An operation that the lifter has no meaning for; the caller adds the place. */
export class OperatorError extends Error {}

/** What an operator makes of its two sides. */
export type Operation = (left: Value, right: Value) => Value;

/** Applies an operation to every pair of alternatives. */
export function lift(operation: Operation): Operation {
  return (left, right) => {
    if (!(left instanceof Choice) && !(right instanceof Choice)) return operation(left, right);
    return mapAlternatives(left, (one) => mapAlternatives(right, (other) => operation(one, other)));
  };
}

/** Whether a side cannot be reached: then neither can the result. */
export function isAbsent(left: Value, right: Value): boolean {
  return left === ABSENT || right === ABSENT;
}

/** Whether both are known numbers, or both known bigints. */
function areKnown(left: Value, right: Value): boolean {
  const sort = typeof left;
  return (sort === 'number' || sort === 'bigint') && typeof right === sort;
}

/** A number as a term; infinities have none. */
function toInteger(value: Value): Term {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return toTerm(value);
  if (isTerm(value) && value.sort === 'Int') return value;
  throw new OperatorError(`arithmetic on ${describe(value)}`);
}

/** A value as messages name it. */
export function describe(value: Value): string {
  if (isTerm(value)) return `a symbolic ${value.sort}`;
  return value === null ? 'null' : typeof value === 'number' ? String(value) : typeof value;
}

function arithmetic(
  known: (left: number, right: number) => number,
  symbolic: (left: Term, right: Term) => Term,
): Operation {
  return lift((left, right) => {
    // JavaScript's operators take two bigints as they take two numbers.
    if (areKnown(left, right)) return known(left as number, right as number);
    if (isAbsent(left, right)) return ABSENT;
    return simplify(symbolic(toInteger(left), toInteger(right)));
  });
}

/**
 * A comparison of numbers or of words; an infinite number is greater or less than every integer.
 */
function comparison(
  known: (left: number, right: number) => boolean,
  symbolic: (left: Term, right: Term) => Term,
  onWords: (left: Term, right: Term) => Term,
): Operation {
  return lift((left, right) => {
    if (areKnown(left, right)) return known(left as number, right as number);
    if (isAbsent(left, right)) return ABSENT;
    const [one, other] = [toWordTerm(left), toWordTerm(right)];
    if (one !== null && other !== null) return simplify(onWords(one, other));
    if (typeof right === 'number' && !Number.isFinite(right)) return known(0, right);
    if (typeof left === 'number' && !Number.isFinite(left)) return known(left, 0);
    return simplify(symbolic(toInteger(left), toInteger(right)));
  });
}

/** Remainder as JavaScript has it: with the sign of the dividend. */
function remainder(left: Term, right: Term): Term {
  if (right.kind !== 'integer' || right.value <= 0n) {
    throw new OperatorError('% by anything but a known positive number');
  }
  const positive = modulo(left, right.value);
  const negative = subtract(0, modulo(subtract(0, left), right.value));
  return ite(lessOrEqual(0, left), positive, negative);
}

/** Whether two values are the same: `===`. */
export const isSame = lift((left, right) => {
  if (isAbsent(left, right)) return ABSENT;
  const symbolic = isTerm(left) || isTerm(right);
  if (!symbolic) return left === right;
  const [a, b] = [toScalarTerm(left), toScalarTerm(right)];
  return a !== null && b !== null && a.sort === b.sort && simplify(equal(a, b));
});

/** The value as a term, or null where no term equals it: a text, an infinity, a long bigint. */
function toScalarTerm(value: Value): Term | null {
  if (isTerm(value)) return value;
  if (typeof value === 'boolean') return toTerm(value);
  if (typeof value === 'number') return Number.isSafeInteger(value) ? toTerm(value) : null;
  return toWordTerm(value);
}

/** The operators of numbers, by their sign. */
export const NUMBER_OPERATORS: ReadonlyMap<string, Operation> = new Map<string, Operation>([
  ['+', arithmetic((a, b) => a + b, add)],
  ['-', arithmetic((a, b) => a - b, subtract)],
  ['*', arithmetic((a, b) => a * b, multiply)],
  ['%', arithmetic((a, b) => a % b, remainder)],
  [
    '**',
    arithmetic(
      (a, b) => a ** b,
      () => {
        throw new OperatorError('** of a symbolic number');
      },
    ),
  ],
  ['<', comparison((a, b) => a < b, less, wordLess)],
  ['<=', comparison((a, b) => a <= b, lessOrEqual, wordLessOrEqual)],
  [
    '>',
    comparison(
      (a, b) => a > b,
      (a, b) => less(b, a),
      (a, b) => wordLess(b, a),
    ),
  ],
  [
    '>=',
    comparison(
      (a, b) => a >= b,
      (a, b) => lessOrEqual(b, a),
      (a, b) => wordLessOrEqual(b, a),
    ),
  ],
  ['===', isSame],
  ['!==', (left, right) => negate(isSame(left, right))],
]);

/** `!value` of a boolean. */
export function negate(value: Value): Value {
  return mapAlternatives(value, (one) => {
    if (typeof one === 'boolean') return !one;
    if (one === ABSENT) return ABSENT;
    if (isTerm(one) && one.sort === 'Bool') return simplify(not(one));
    throw new OperatorError(`! of ${describe(one)}`);
  });
}

/** `Math.floor(left / right)` for a known positive divisor. */
export const floorDivide: Operation = lift((left, right) => {
  if (typeof left === 'number' && typeof right === 'number') return Math.floor(left / right);
  if (isAbsent(left, right)) return ABSENT;
  if (typeof right !== 'number' || right <= 0) {
    throw new OperatorError('/ by anything but a known positive number');
  }
  return simplify(divide(toInteger(left), right));
});

const minimum: Operation = comparisonChoice(lessOrEqual, Math.min);
const maximum: Operation = comparisonChoice((a, b) => lessOrEqual(b, a), Math.max);

function comparisonChoice(
  isFirst: (left: Term, right: Term) => Term,
  known: (left: number, right: number) => number,
): Operation {
  return lift((left, right) => {
    if (typeof left === 'number' && typeof right === 'number') return known(left, right);
    if (isAbsent(left, right)) return ABSENT;
    for (const [one, other] of [
      [left, right],
      [right, left],
    ] as const) {
      if (typeof one === 'number' && !Number.isFinite(one))
        return known(one, 0) === one ? one : other;
    }
    const [a, b] = [toInteger(left), toInteger(right)];
    return simplify(ite(isFirst(a, b), a, b));
  });
}

/** What each function of the language computes: name, arguments. */
export const BUILT_INS: ReadonlyMap<string, (values: readonly Value[]) => Value> = new Map([
  ['Math.min', ([a, b]: readonly Value[]) => minimum(a, b)],
  ['Math.max', ([a, b]: readonly Value[]) => maximum(a, b)],
  ['Number.isSafeInteger', ([a]: readonly Value[]) => mapAlternatives(a, isSafeInteger)],
  ['Number', ([a]: readonly Value[]) => mapAlternatives(a, toNumber)],
]);

function isSafeInteger(value: Value): Value {
  if (value === ABSENT) return ABSENT;
  if (!isTerm(value)) return Number.isSafeInteger(value);
  const low = lessOrEqual(Number.MIN_SAFE_INTEGER, value);
  return simplify(ite(low, lessOrEqual(value, Number.MAX_SAFE_INTEGER), false));
}

function toNumber(value: Value): Value {
  if (typeof value === 'boolean') return Number(value);
  if (isTerm(value) && value.sort === 'Bool') return simplify(ite(value, 1, 0));
  if (typeof value === 'number' || value === ABSENT) return value;
  if (isTerm(value) && value.sort === 'Int') return value;
  throw new OperatorError(`Number of ${describe(value)}`);
}
