/**
 * Values of the symbolic run: what a variable of the spec may hold.
 *
 * Structure is concrete, contents are symbolic. A number, boolean or word is a JavaScript value
 * where it is known and a term where it is not. A reference is to one object, or a choice between
 * several under conditions. Objects of the plan are the plan's own; objects of the machine, and
 * those that the spec makes, are `SymbolicObject`.
 */

import { ite, not, toTerm, word } from '../smt/term.ts';
import type { Term } from '../smt/term.ts';
import type { MemoryLog } from './memory.ts';

/** A record or array whose fields hold values. */
export class SymbolicObject {
  readonly fields: Fields;

  constructor(fields: Fields) {
    this.fields = fields;
  }
}

/** Fields of a record by name, or elements of an array by index. */
export type Fields = Value[] | Record<string, Value>;

/** One of two values, whichever the condition says. */
export class Choice {
  readonly condition: Term;
  readonly first: Value;
  readonly second: Value;

  constructor(condition: Term, first: Value, second: Value) {
    this.condition = condition;
    this.first = first;
    this.second = second;
  }
}

/** The value of something that cannot be reached: it gives way to any other in a choice. */
export class Absent {
  declare private readonly absent: true;
}

/** The one absent value. */
export const ABSENT = new Absent();

/** What a variable may hold; `object` is a part of the plan or of another constant. */
export type Value =
  | number
  | boolean
  | string
  | bigint
  | null
  | undefined
  | Term
  | SymbolicObject
  | MemoryLog
  | Choice
  | Absent
  | object;

/** Whether the value is a term. */
export function isTerm(value: Value): value is Term {
  // Arrays have a `sort` of their own, which is no text.
  return (
    typeof value === 'object' && value !== null && 'sort' in value && typeof value.sort === 'string'
  );
}

/** The value as an integer term, or null: what an `ite` over integers may hold. */
export function toIntegerTerm(value: Value): Term | null {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? toTerm(value) : null;
  return isTerm(value) && value.sort === 'Int' ? value : null;
}

/** The value as a boolean term, or null. */
export function toBooleanTerm(value: Value): Term | null {
  if (typeof value === 'boolean') return toTerm(value);
  return isTerm(value) && value.sort === 'Bool' ? value : null;
}

/** The truth value that a comparison or a boolean field has given, as a term. */
export function toTruth(value: Value): Term {
  const term = toBooleanTerm(value);
  // Comparisons and boolean fields give booleans, known or not.
  if (term === null) throw new RangeError('no truth value');
  return term;
}

/** A constant term as the JavaScript value that it stands for; any other value as it is. */
export function simplify(value: Value): Value {
  if (!isTerm(value)) return value;
  if (value.kind === 'boolean') return value.value;
  if (value.kind === 'integer') return Number(value.value);
  return value.kind === 'word' ? value.value : value;
}

/** `then` where the condition holds, else `otherwise`. */
export function merge(condition: Term, then: Value, otherwise: Value): Value {
  if (then === otherwise || otherwise === ABSENT) return then;
  if (then === ABSENT) return otherwise;
  if (condition.kind === 'boolean') return condition.value ? then : otherwise;
  const scalar = mergeScalars(condition, then, otherwise);
  if (scalar !== null) return scalar;
  const yes = then instanceof Choice && then.condition === condition ? then.first : then;
  const no =
    otherwise instanceof Choice && otherwise.condition === condition ? otherwise.second : otherwise;
  return yes === no ? yes : new Choice(condition, yes, no);
}

function mergeScalars(condition: Term, then: Value, otherwise: Value): Value {
  const yes = toIntegerTerm(then) ?? toBooleanTerm(then) ?? toWordTerm(then);
  if (yes === null) return null;
  const no = toIntegerTerm(otherwise) ?? toBooleanTerm(otherwise) ?? toWordTerm(otherwise);
  if (no === null || yes.sort !== no.sort) return null;
  return simplify(ite(condition, yes, no));
}

/** The value as a word, or null: a bigint of 64 bits. */
export function toWordTerm(value: Value): Term | null {
  if (typeof value === 'bigint') return BigInt.asUintN(64, value) === value ? word(value) : null;
  return isTerm(value) && value.sort === 'Word' ? value : null;
}

/** Applies a function to every alternative and puts the results together again. */
export function mapAlternatives(value: Value, apply: (alternative: Value) => Value): Value {
  if (!(value instanceof Choice)) return apply(value);
  const known = new Map<Choice, Value>();
  const visit = (one: Value): Value => {
    if (!(one instanceof Choice)) return apply(one);
    const before = known.get(one);
    if (before !== undefined) return before;
    const result = merge(one.condition, visit(one.first), visit(one.second));
    known.set(one, result);
    return result;
  };
  return visit(value);
}

/** Every alternative with the condition under which it is the value; conditions are disjoint. */
export function listAlternatives(value: Value): (readonly [Term, Value])[] {
  const found = new Map<Value, Term>();
  const visit = (one: Value, guard: Term): void => {
    if (one instanceof Choice) {
      visit(one.first, conjoin(guard, one.condition));
      visit(one.second, conjoin(guard, not(one.condition)));
      return;
    }
    const before = found.get(one);
    found.set(one, before === undefined ? guard : disjoin(before, guard));
  };
  visit(value, toTerm(true));
  return [...found].map(([one, guard]) => [guard, one] as const);
}

function conjoin(a: Term, b: Term): Term {
  return ite(a, b, false);
}

function disjoin(a: Term, b: Term): Term {
  return ite(a, true, b);
}

/**
 * The integer constants that a term may be, each with its condition, where it is a tree of choices
 * between constants; null for any other term.
 */
export function listConstants(term: Term): readonly (readonly [Term, number])[] | null {
  const found = new Map<number, Term>();
  const visit = (one: Term, guard: Term): boolean => {
    if (one.kind === 'integer') {
      const value = Number(one.value);
      const before = found.get(value);
      found.set(value, before === undefined ? guard : disjoin(before, guard));
      return true;
    }
    if (one.kind !== 'application' || one.operator !== 'ite') return false;
    const [condition, then, otherwise] = one.arguments;
    if (condition === undefined || then === undefined || otherwise === undefined) return false;
    return (
      visit(then, conjoin(guard, condition)) && visit(otherwise, conjoin(guard, not(condition)))
    );
  };
  return visit(term, toTerm(true)) ? [...found].map(([value, guard]) => [guard, value]) : null;
}
