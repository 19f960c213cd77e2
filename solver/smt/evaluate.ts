/**
 * Evaluation of terms under an assignment.
 */

import { floorDivideExact, moduloExact } from './exact.ts';
import { TermError, listTerms } from './node.ts';
import type { Operator, Term, Value } from './node.ts';

/** Value of a term under an assignment; throws `TermError` for a variable without a value. */
export function evaluate(root: Term, assignment: ReadonlyMap<string, Value>): Value {
  return evaluateAll([root], assignment)[0] ?? false;
}

/** Values of several terms, in their order; nodes that they share are evaluated once. */
export function evaluateAll(
  roots: readonly Term[],
  assignment: ReadonlyMap<string, Value>,
): Value[] {
  const values = new Map<Term, Value>();
  for (const term of listTerms(roots)) values.set(term, evaluateNode(term, values, assignment));
  return roots.map((root) => getValue(values, root));
}

function getValue(values: ReadonlyMap<Term, Value>, term: Term): Value {
  const value = values.get(term);
  // Arguments come before their users in `listTerms`.
  if (value === undefined) throw new TermError('argument not evaluated');
  return value;
}

function evaluateNode(
  term: Term,
  values: ReadonlyMap<Term, Value>,
  assignment: ReadonlyMap<string, Value>,
): Value {
  if (term.kind === 'variable') {
    const value = assignment.get(term.name);
    if (value === undefined) throw new TermError(`no value for ${term.name}`);
    return value;
  }
  if (term.kind !== 'application') return term.value;
  const list = term.arguments.map((argument) => getValue(values, argument));
  return applyOperator(term.operator, list);
}

/** What the operator computes from values of its arguments' sorts. */
export function applyOperator(operator: Operator, values: readonly Value[]): Value {
  return MEANING[operator](values);
}

function toWord(value: bigint): bigint {
  return BigInt.asUintN(64, value);
}

/** SMT-LIB: a shift by the width or more leaves nothing. */
function shiftLeft(value: bigint, by: bigint): bigint {
  return by >= 64n ? 0n : toWord(value << by);
}

/** What each operator computes; a missing one does not compile. */
const MEANING: Readonly<Record<Operator, (values: readonly Value[]) => Value>> = {
  '+': (values) => values.reduce<bigint>((sum, value) => sum + BigInt(value), 0n),
  '*': ([a = 0n, b = 0n]) => BigInt(a) * BigInt(b),
  div: ([a = 0n, by = 1n]) => BigInt(floorDivideExact(BigInt(a), BigInt(by))),
  mod: ([a = 0n, by = 1n]) => BigInt(moduloExact(BigInt(a), BigInt(by))),
  '<=': ([a = 0n, b = 0n]) => a <= b,
  '=': ([a, b]) => a === b,
  not: ([a]) => a !== true,
  and: (values) => values.every((value) => value === true),
  or: (values) => values.includes(true),
  ite: ([condition, then = 0n, otherwise = 0n]) => (condition === true ? then : otherwise),
  bvule: ([a = 0n, b = 0n]) => a <= b,
  bvadd: ([a = 0n, b = 0n]) => toWord(BigInt(a) + BigInt(b)),
  bvsub: ([a = 0n, b = 0n]) => toWord(BigInt(a) - BigInt(b)),
  bvmul: ([a = 0n, b = 0n]) => toWord(BigInt(a) * BigInt(b)),
  bvand: ([a = 0n, b = 0n]) => BigInt(a) & BigInt(b),
  bvor: ([a = 0n, b = 0n]) => BigInt(a) | BigInt(b),
  bvxor: ([a = 0n, b = 0n]) => BigInt(a) ^ BigInt(b),
  bvnot: ([a = 0n]) => toWord(~BigInt(a)),
  bvshl: ([a = 0n, by = 0n]) => shiftLeft(BigInt(a), BigInt(by)),
  bvlshr: ([a = 0n, by = 0n]) => BigInt(a) >> BigInt(by),
};
