/**
 * Terms: expressions over integers, booleans and 64-bit words that a solver can reason about.
 *
 * Two terms built alike are one object: equality is `===`, and a graph that names a node a thousand
 * times holds it once. Each constructor simplifies what it is given (constants folded, sums
 * collected, comparisons decided by the bounds of variables, conjunctions flattened), so that many
 * statements are decided before a solver sees them. The simplifications never depend on what was
 * built earlier, hence neither does the printed text.
 *
 * Sorts follow SMT-LIB 2.6, theory Ints: integers are unbounded, `divide` and `modulo` are
 * Euclidean. The operators on words are in `word.ts`.
 */

import { decideEqual, decideLessOrEqual, equalWords } from './comparison.ts';
import { floorDivideExact, moduloExact, toExact } from './exact.ts';
import type { Exact } from './exact.ts';
import { UNBOUNDED } from './interval.ts';
import { LinearForm, isSummand, toLinearForm } from './linear.ts';
import { FALSE, TermError, applyTwo, integer, toSorted, toTerm } from './node.ts';
import type { Operand, Term } from './node.ts';
import { and, equalBooleans, ite, not, or } from './proposition.ts';

export { evaluate } from './evaluate.ts';
export {
  FALSE,
  TRUE,
  TermError,
  boolean,
  booleanVariable,
  countTerms,
  integer,
  integerVariable,
  listTerms,
  listVariables,
  countInterned,
  releaseTerms,
  toTerm,
  word,
  wordVariable,
} from './node.ts';
export type {
  Application,
  BooleanConstant,
  Bounds,
  IntegerConstant,
  Operand,
  Operator,
  Sort,
  Term,
  Value,
  Variable,
  WordConstant,
} from './node.ts';
export { and, ite, not, or } from './proposition.ts';

/** The sum; 0 for none. */
export function add(...summands: readonly Operand[]): Term {
  const [a, b] = summands;
  if (a !== undefined && b !== undefined && summands.length === 2) {
    return addTwo(toSorted(a, 'Int'), toSorted(b, 'Int'));
  }
  const form = new LinearForm();
  for (const summand of summands) form.accumulate(toSorted(summand, 'Int'), 1);
  return form.toTerm();
}

function addTwo(a: Term, b: Term): Term {
  const isPlain = isSummand(a) && a !== b && (isSummand(b) || b.kind === 'integer');
  if (isPlain && b !== ZERO) return applyTwo('+', 'Int', a, b);
  const form = toLinearForm(a);
  form.accumulate(b, 1);
  return form.toTerm();
}

const ZERO = integer(0);

/** a - b. */
export function subtract(a: Operand, b: Operand): Term {
  const form = toLinearForm(toSorted(a, 'Int'));
  form.accumulate(toSorted(b, 'Int'), -1);
  return form.toTerm();
}

/**
 * The product; a constant factor is distributed over a sum, two non-constants leave linear
 * arithmetic.
 */
export function multiply(a: Operand, b: Operand): Term {
  const [left, right] = [toSorted(a, 'Int'), toSorted(b, 'Int')];
  if (left.kind === 'integer') return toLinearForm(right, left.exact).toTerm();
  if (right.kind === 'integer') return toLinearForm(left, right.exact).toTerm();
  return applyTwo('*', 'Int', left, right);
}

/** A term as `divisor * multiple + rest`: what is a multiple of the divisor is split off. */
interface Split {
  readonly multiple: Term;
  readonly rest: Term;
}

function splitMultiple(term: Term, by: Exact): Split | null {
  const isSum = term.kind === 'application' && (term.operator === '+' || term.operator === '*');
  if (!isSum) return null;
  const form = toLinearForm(term);
  const [multiple, rest] = [new LinearForm(), new LinearForm()];
  for (const [index, base] of form.bases.entries()) {
    const coefficient = form.coefficients[index] ?? 0;
    const isMultiple = moduloExact(coefficient, by) === 0;
    if (isMultiple) multiple.append(base, floorDivideExact(coefficient, by));
    else rest.append(base, coefficient);
  }
  multiple.constant = floorDivideExact(form.constant, by);
  rest.constant = moduloExact(form.constant, by);
  const split = { multiple: multiple.toTerm(), rest: rest.toTerm() };
  return split.multiple === ZERO ? null : split;
}

/** The quotient by which the bounds of the variables decide the division, else null. */
function getOnlyQuotient(term: Term, by: Exact): number | null {
  const { low, high } = term.interval ?? UNBOUNDED;
  if (!Number.isFinite(low) || !Number.isFinite(high)) return null;
  const quotient = floorDivideExact(low, by);
  return typeof quotient === 'number' && floorDivideExact(high, by) === quotient ? quotient : null;
}

/** A tree of constants with another constant in the place of each leaf. */
function mapLeaves(root: Term, change: (leaf: Exact) => Exact): Term {
  const known = new Map<Term, Term>();
  const map = (term: Term): Term => {
    const before = known.get(term);
    if (before !== undefined) return before;
    let mapped = term;
    if (term.kind === 'integer') mapped = integer(change(term.exact));
    else if (term.kind === 'application') {
      // A tree of constants is made of `ite` alone.
      const [condition, then, otherwise] = term.arguments as readonly [Term, Term, Term];
      mapped = ite(condition, map(then), map(otherwise));
    }
    known.set(term, mapped);
    return mapped;
  };
  return map(root);
}

/** Floor of a / divisor; throws `TermError` unless the divisor is a positive constant. */
export function divide(a: Operand, divisor: bigint | number): Term {
  const [term, by] = [toSorted(a, 'Int'), toDivisor(divisor)];
  if (by === 1) return term;
  if (term.kind === 'integer') return integer(floorDivideExact(term.exact, by));
  const quotient = getOnlyQuotient(term, by);
  if (quotient !== null) return integer(quotient);
  const split = splitMultiple(term, by);
  if (split !== null) return add(split.multiple, divide(split.rest, by));
  if (term.isConstantTree) return mapLeaves(term, (leaf) => floorDivideExact(leaf, by));
  return applyTwo('div', 'Int', term, integer(by));
}

/** a - divisor * floor(a / divisor), in [0, divisor); the divisor is a positive constant. */
export function modulo(a: Operand, divisor: bigint | number): Term {
  const [term, by] = [toSorted(a, 'Int'), toDivisor(divisor)];
  if (by === 1) return integer(0);
  if (term.kind === 'integer') return integer(moduloExact(term.exact, by));
  const quotient = getOnlyQuotient(term, by);
  if (quotient !== null) return subtract(term, multiply(quotient, integer(by)));
  const split = splitMultiple(term, by);
  if (split !== null) return modulo(split.rest, by);
  if (term.isConstantTree) return mapLeaves(term, (leaf) => moduloExact(leaf, by));
  return applyTwo('mod', 'Int', term, integer(by));
}

function toDivisor(divisor: bigint | number): Exact {
  const by = toExact(divisor);
  if (by === null || by <= 0) throw new TermError(`divisor ${divisor} is no positive integer`);
  return by;
}

/** a <= b. */
export function lessOrEqual(a: Operand, b: Operand): Term {
  return decideLessOrEqual(toSorted(a, 'Int'), toSorted(b, 'Int'));
}

/** a < b, held as not (b <= a). */
export function less(a: Operand, b: Operand): Term {
  return not(lessOrEqual(b, a));
}

/** low <= value < end: membership in a half-open interval. */
export function within(value: Operand, low: Operand, end: Operand): Term {
  return and([lessOrEqual(low, value), less(value, end)]);
}

/** Equality of two terms of one sort. */
export function equal(a: Operand, b: Operand): Term {
  const left = toTerm(a);
  const right = toSorted(b, left.sort);
  if (left.sort === 'Bool') return equalBooleans(left, right);
  return left.sort === 'Int' ? decideEqual(left, right) : equalWords(left, right);
}

/** a implies b. */
export function implies(a: Operand, b: Operand): Term {
  return or([not(a), b]);
}

/** At least two of the conditions hold; linear in their number. */
export function atLeastTwo(conditions: readonly Operand[]): Term {
  let seen = FALSE;
  const repeated: Term[] = [];
  for (const condition of conditions) {
    repeated.push(and([seen, condition]));
    seen = or([seen, condition]);
  }
  return or(repeated);
}
