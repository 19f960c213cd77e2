/**
 * Intervals: what is known about the value of an integer term from the bounds of its variables.
 *
 * Ends are inclusive, safe integers or infinite. An end that is no safe integer is widened, so that
 * an interval always contains every value.
 */

import type { Exact } from './exact.ts';

/** Inclusive ends; `low` may be -Infinity, `high` may be Infinity. */
export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** Nothing is known. */
export const UNBOUNDED: Interval = { low: -Infinity, high: Infinity };

const MAX = Number.MAX_SAFE_INTEGER;

/** The interval between two ends, widened where an end is no safe integer. */
export function makeInterval(low: number, high: number): Interval {
  const from = low < -MAX ? -Infinity : Math.min(low, MAX);
  const to = high > MAX ? Infinity : Math.max(high, -MAX);
  return from === -Infinity && to === Infinity ? UNBOUNDED : { low: from, high: to };
}

/** The interval that contains nothing but the value, as far as numbers tell. */
export function toInterval(value: Exact): Interval {
  return makeInterval(Number(value), Number(value));
}

/** Of a + b. */
export function addIntervals(a: Interval, b: Interval): Interval {
  if (a === UNBOUNDED || b === UNBOUNDED) return UNBOUNDED;
  return makeInterval(a.low + b.low, a.high + b.high);
}

/** Of a * b. */
export function multiplyIntervals(a: Interval, b: Interval): Interval {
  const ends = [
    multiplyEnds(a.low, b.low),
    multiplyEnds(a.low, b.high),
    multiplyEnds(a.high, b.low),
    multiplyEnds(a.high, b.high),
  ];
  return makeInterval(Math.min(...ends), Math.max(...ends));
}

/** Of factor * a. */
export function scaleInterval(a: Interval, factor: Exact): Interval {
  if (factor === 1 || a === UNBOUNDED) return a;
  const by = Number(factor);
  const [first, second] = [multiplyEnds(a.low, by), multiplyEnds(a.high, by)];
  return by < 0 ? makeInterval(second, first) : makeInterval(first, second);
}

/** Zero times any value is zero, however large. */
function multiplyEnds(a: number, b: number): number {
  return a === 0 || b === 0 ? 0 : a * b;
}

/** Of floor(a / by), for a positive `by`. */
export function divideInterval(a: Interval, by: Exact): Interval {
  const divisor = Number(by);
  return makeInterval(Math.floor(a.low / divisor), Math.floor(a.high / divisor));
}

/** The least interval that contains both. */
export function joinIntervals(a: Interval, b: Interval): Interval {
  if (a.low <= b.low && b.high <= a.high) return a;
  if (b.low <= a.low && a.high <= b.high) return b;
  return makeInterval(Math.min(a.low, b.low), Math.max(a.high, b.high));
}
