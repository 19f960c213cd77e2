/**
 * Response time: the longest that work takes which runs whenever nothing more urgent does.
 *
 * Joseph and Pandya 1986; Audsley, Burns, Richardson, Tindell and Wellings, SEJ 1993 (jitter,
 * blocking). A deferrable reservation interferes as a periodic one with jitter P - Q: Strosnider,
 * Lehoczky and Sha, IEEE TC 1995; Davis and Burns, RTSS 2005.
 */

import { checkExact, compareUtilisation, divideCeil } from './arithmetic.ts';

/** What one more urgent party takes from a processor: ticks. */
export interface Interference {
  /** Taken at most once per period, including what its release costs. */
  readonly budget: number;
  readonly period: number;
  /** How much later than its period's start the budget may be taken. */
  readonly jitter: number;
  /** Taken at most once per window on top: overrun that is repaid later. */
  readonly overrun: number;
}

/** Why there is no bound, as data. */
export type Divergence =
  /** The more urgent parties can take the whole processor. */
  | 'overload'
  /** The search was given up; a load this close to one is reported and not believed. */
  | 'iterations';

/** A least fixed point, or why there is none. */
export type FixedPoint =
  | { readonly kind: 'found'; readonly ticks: number }
  | { readonly kind: 'none'; readonly reason: Divergence };

/**
 * Steps after which a fixed-point search gives up: a second or less, and far more than any real
 * core needs.
 */
export const ITERATIONS_MAX = 1_000_000;

/**
 * Most ticks that one party takes in any window of `window` ticks: ceil((window + J) / P) * Q + o.
 */
export function computeDemand(party: Interference, window: number): number {
  const releases = divideCeil(checkExact(window + party.jitter), party.period);
  return checkExact(checkExact(releases * party.budget) + party.overrun);
}

/**
 * Ticks that `need`, one blocking section and all interference ask of a window: its right-hand
 * side.
 */
export function computeRequest(
  need: number,
  section: number,
  parties: readonly Interference[],
  window: number,
): number {
  let request = need + section;
  for (const party of parties) request = checkExact(request + computeDemand(party, window));
  return request;
}

/**
 * W(need): least w with need + section + sum of demand(w) <= w, that is the longest time until
 * `need` ticks are served of work that holds the budget for it. Throws `TickOverflowError`.
 */
export function computeResponse(
  need: number,
  section: number,
  parties: readonly Interference[],
): FixedPoint {
  if (parties.length > 0 && compareUtilisation(parties) >= 0) {
    return { kind: 'none', reason: 'overload' };
  }
  return findFixedPoint(need + section, (window) => computeRequest(need, section, parties, window));
}

/**
 * Least fixed point of a monotone function that lies at or above `start`; `start` must not exceed
 * it.
 */
export function findFixedPoint(start: number, request: (window: number) => number): FixedPoint {
  let window = start;
  for (let step = 0; step < ITERATIONS_MAX; step += 1) {
    const asked = request(window);
    if (asked <= window) return { kind: 'found', ticks: window };
    window = asked;
  }
  return { kind: 'none', reason: 'iterations' };
}
