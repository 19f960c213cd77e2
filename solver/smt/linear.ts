/**
 * Linear forms: sums of terms with constant coefficients, in which terms that cancel disappear.
 */

import { addExact, multiplyExact } from './exact.ts';
import type { Exact } from './exact.ts';
import { UNBOUNDED, addIntervals, multiplyIntervals, toInterval } from './interval.ts';
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
    if (position === -1) {
      this.positions?.set(base, this.bases.length);
      this.bases.push(base);
      this.coefficients.push(coefficient);
      return;
    }
    this.coefficients[position] = addExact(this.coefficients[position] ?? 0, coefficient);
  }

  private find(base: Term): number {
    if (this.bases.length <= SEARCH_LIMIT) return this.bases.indexOf(base);
    this.positions ??= new Map(this.bases.map((one, index) => [one, index]));
    return this.positions.get(base) ?? -1;
  }

  /** Calls back for each base whose coefficient is not zero. */
  forEach(visit: (base: Term, coefficient: Exact) => void): void {
    for (const [index, base] of this.bases.entries()) {
      const coefficient = this.coefficients[index] ?? 0;
      if (coefficient !== 0) visit(base, coefficient);
    }
  }

  /** What is known about the value. */
  getInterval(): Interval {
    let sum = toInterval(this.constant);
    this.forEach((base, coefficient) => {
      const scaled = multiplyIntervals(toInterval(coefficient), base.interval ?? UNBOUNDED);
      sum = addIntervals(sum, scaled);
    });
    return sum;
  }

  /** The form as a term. */
  toTerm(): Term {
    const summands: Term[] = [];
    this.forEach((base, coefficient) => {
      summands.push(coefficient === 1 ? base : applyTwo('*', 'Int', integer(coefficient), base));
    });
    if (this.constant !== 0 || summands.length === 0) summands.push(integer(this.constant));
    const [only] = summands;
    return only !== undefined && summands.length === 1 ? only : applyMany('+', 'Int', summands);
  }
}

/** The form of the term times the factor. */
export function toLinearForm(term: Term, factor: Exact = 1): LinearForm {
  const form = new LinearForm();
  form.accumulate(term, factor);
  return form;
}
