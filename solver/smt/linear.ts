/**
 * Linear forms: sums of terms with constant coefficients, in which terms that cancel disappear.
 */

import { addExact, multiplyExact } from './exact.ts';
import type { Exact } from './exact.ts';
import { UNBOUNDED, addIntervals, scaleInterval, toInterval } from './interval.ts';
import type { Interval } from './interval.ts';
import { applyMany, applyTwo, integer } from './node.ts';
import type { Term } from './node.ts';

/** Up to this many summands a search through the list is faster than a map. */
const SEARCH_LIMIT = 8;

/** `constant` plus the sum of `coefficients[i] * bases[i]`; bases in order of first occurrence. */
export class LinearForm {
  readonly bases: Term[] = [];
  readonly coefficients: Exact[] = [];
  constant: Exact = 0;
  private positions: Map<Term, number> | null = null;

  /** Adds `factor * term`. */
  accumulate(term: Term, factor: Exact): void {
    if (term.kind === 'integer') {
      this.constant = addExact(this.constant, multiplyExact(factor, term.exact));
    } else if (term.kind === 'application' && term.operator === '+') {
      for (const summand of term.arguments) this.accumulate(summand, factor);
    } else if (term.kind === 'application' && term.operator === '*') {
      const [first, base] = term.arguments;
      const isScaled = first?.kind === 'integer' && base !== undefined;
      if (isScaled) this.insert(base, multiplyExact(factor, first.exact));
      else this.insert(term, factor);
    } else {
      this.insert(term, factor);
    }
  }

  /** Adds `coefficient * base` for a base that is no sum. */
  insert(base: Term, coefficient: Exact): void {
    const position = this.find(base);
    if (position === -1) this.append(base, coefficient);
    else this.coefficients[position] = addExact(this.coefficients[position] ?? 0, coefficient);
  }

  /** Adds `coefficient * base` for a base that is no sum and does not occur yet. */
  append(base: Term, coefficient: Exact): void {
    this.positions?.set(base, this.bases.length);
    this.bases.push(base);
    this.coefficients.push(coefficient);
  }

  private find(base: Term): number {
    if (this.bases.length <= SEARCH_LIMIT) return this.bases.indexOf(base);
    this.positions ??= new Map(this.bases.map((one, index) => [one, index]));
    return this.positions.get(base) ?? -1;
  }

  /** What is known about the value. */
  getInterval(): Interval {
    let sum = toInterval(this.constant);
    for (let index = 0; index < this.bases.length; index += 1) {
      const coefficient = this.coefficients[index] ?? 0;
      if (coefficient === 0) continue;
      const interval = this.bases[index]?.interval ?? UNBOUNDED;
      sum = addIntervals(sum, scaleInterval(interval, coefficient));
    }
    return sum;
  }

  /** The form as a term. */
  toTerm(): Term {
    const summands: Term[] = [];
    for (let index = 0; index < this.bases.length; index += 1) {
      const [base, coefficient] = [this.bases[index], this.coefficients[index] ?? 0];
      if (base === undefined || coefficient === 0) continue;
      summands.push(coefficient === 1 ? base : applyTwo('*', 'Int', integer(coefficient), base));
    }
    if (this.constant !== 0 || summands.length === 0) summands.push(integer(this.constant));
    const [only, second] = summands;
    if (only !== undefined && second === undefined) return only;
    return applyMany('+', 'Int', summands);
  }
}

/** The form of the term times the factor. */
export function toLinearForm(term: Term, factor: Exact = 1): LinearForm {
  const form = new LinearForm();
  form.accumulate(term, factor);
  return form;
}

/** Whether the term is no sum, product or constant, so that it neither splits nor folds. */
export function isSummand(term: Term): boolean {
  if (term.kind !== 'application') return term.kind === 'variable';
  return term.operator !== '+' && term.operator !== '*';
}

/** t where the term is a summand t or `t + k` with a constant k, else null. */
export function getBase(term: Term): Term | null {
  if (isSummand(term)) return term;
  if (term.kind !== 'application' || term.operator !== '+') return null;
  const [base, constant, more] = term.arguments;
  const isShifted = base !== undefined && constant?.kind === 'integer' && more === undefined;
  return isShifted && isSummand(base) ? base : null;
}

/** k where the term is `t + k`; a constant is its own. */
export function getOffset(term: Term): Exact {
  const last = term.kind === 'application' && term.operator === '+' ? term.arguments.at(-1) : term;
  return last?.kind === 'integer' ? last.exact : 0;
}

/** base + offset for a summand. */
export function withOffset(base: Term, offset: Exact): Term {
  return offset === 0 ? base : applyTwo('+', 'Int', base, integer(offset));
}
