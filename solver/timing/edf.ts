/**
 * Earliest deadline first: whether every budget is served within its period, and response times.
 *
 * Baruah, Mok and Rosier, RTSS 1990 (demand bound function). Zhang and Burns, Schedulability
 * analysis for real-time systems with EDF scheduling, IEEE TC 2009 (QPA). Spuri, Analysis of
 * deadline scheduled real-time systems, INRIA 1996 (response times).
 */

import { checkExact, compareUtilisation, divideCeil, divideFloor } from './arithmetic.ts';
import { type FixedPoint, findFixedPoint, ITERATIONS_MAX } from './response.ts';

/** Work that returns: ticks. */
export interface DeadlineWork {
  readonly budget: number;
  readonly period: number;
  /** Relative to the release; may exceed the period. */
  readonly deadline: number;
}

/**
 * Most ticks that must be served within any window of `window` ticks: the demand bound function.
 */
export function computeDeadlineDemand(work: readonly DeadlineWork[], window: number): number {
  let demand = 0;
  for (const { budget, period, deadline } of work) {
    if (window < deadline) continue;
    const jobs = divideFloor(window - deadline, period) + 1;
    demand = checkExact(demand + checkExact(jobs * budget));
  }
  return demand;
}

/** Last absolute deadline before `window`, or null where there is none. */
function findDeadlineBefore(work: readonly DeadlineWork[], window: number): number | null {
  let last: number | null = null;
  for (const { period, deadline } of work) {
    if (deadline >= window) continue;
    const candidate = deadline + divideFloor(window - deadline - 1, period) * period;
    if (last === null || candidate > last) last = candidate;
  }
  return last;
}

/**
 * Verdict of the processor demand test. `late` names the window in which more is asked than there
 * is; `none` says that the test was given up.
 */
export type DemandVerdict =
  | { readonly kind: 'met' }
  | { readonly kind: 'late'; readonly windowTicks: number; readonly demandTicks: number }
  | { readonly kind: 'none' };

/**
 * Whether demand(t) + blocking <= t at every absolute deadline: all work meets its deadlines
 * although something outside this order runs for up to `blocking` ticks.
 */
export function testDemand(work: readonly DeadlineWork[], blocking: number): DemandVerdict {
  if (work.length === 0) return { kind: 'met' };
  const load = compareUtilisation(work);
  const busy = load > 0 ? null : computeBusyPeriod(work, blocking);
  if (busy === null) return findLateWindow(work, blocking);
  const first = Math.min(...work.map((entry) => entry.deadline));
  let window = findDeadlineBefore(work, busy + 1);
  for (let step = 0; step < ITERATIONS_MAX; step += 1) {
    if (window === null) return { kind: 'met' };
    const demand = checkExact(computeDeadlineDemand(work, window) + blocking);
    if (demand > window) return { kind: 'late', windowTicks: window, demandTicks: demand };
    if (demand <= first && window === first) return { kind: 'met' };
    window = demand < window && demand >= first ? demand : findDeadlineBefore(work, window);
  }
  return { kind: 'none' };
}

/**
 * Longest time that the processor stays busy from a release of everything at once; null: never
 * idle.
 */
function computeBusyPeriod(work: readonly DeadlineWork[], blocking: number): number | null {
  if (compareUtilisation(work) === 0 && blocking > 0) return null;
  const start = work.reduce((sum, entry) => checkExact(sum + entry.budget), blocking);
  const point = findFixedPoint(start, (window) =>
    work.reduce(
      (sum, entry) => checkExact(sum + divideCeil(window, entry.period) * entry.budget),
      blocking,
    ),
  );
  return point.kind === 'found' ? point.ticks : null;
}

/** For a load that cannot fit: walks the deadlines up to the first that is missed. */
function findLateWindow(work: readonly DeadlineWork[], blocking: number): DemandVerdict {
  const next = work.map((entry) => entry.deadline);
  for (let step = 0; step < ITERATIONS_MAX; step += 1) {
    const window = Math.min(...next);
    const demand = checkExact(computeDeadlineDemand(work, window) + blocking);
    if (demand > window) return { kind: 'late', windowTicks: window, demandTicks: demand };
    work.forEach((entry, index) => {
      if (next[index] === window) next[index] = checkExact(window + entry.period);
    });
  }
  return { kind: 'none' };
}

/**
 * Worst response time of `work[index]` under earliest deadline first, every release pattern
 * considered. Deadlines are taken as tie-breakers against the work itself. `none` where the load
 * exceeds one.
 */
export function computeDeadlineResponse(work: readonly DeadlineWork[], index: number): FixedPoint {
  const own = work[index];
  if (own === undefined || compareUtilisation(work) > 0)
    return { kind: 'none', reason: 'overload' };
  const busy = computeBusyPeriod(work, 0);
  if (busy === null) return { kind: 'none', reason: 'iterations' };
  let worst = own.budget;
  for (const arrival of listArrivals(work, own, busy)) {
    const window = computeDeadlineWindow(work, own, arrival);
    if (window === null) return { kind: 'none', reason: 'iterations' };
    worst = Math.max(worst, window - arrival);
  }
  return { kind: 'found', ticks: worst };
}

/** Arrivals in a busy period at which the own deadline meets somebody's: Spuri's candidate set. */
function listArrivals(
  work: readonly DeadlineWork[],
  own: DeadlineWork,
  busy: number,
): ReadonlySet<number> {
  const arrivals = new Set<number>();
  for (const { period, deadline } of work) {
    for (let release = 0; release <= busy; release += period) {
      const arrival = release + deadline - own.deadline;
      if (arrival >= 0) arrivals.add(arrival);
    }
  }
  return arrivals;
}

/** End of the busy period in which the own job arrives `arrival` ticks after its start. */
function computeDeadlineWindow(
  work: readonly DeadlineWork[],
  own: DeadlineWork,
  arrival: number,
): number | null {
  const ownWork = (divideFloor(arrival, own.period) + 1) * own.budget;
  const last = arrival + own.deadline;
  const point = findFixedPoint(ownWork, (window) => {
    let sum = ownWork;
    for (const entry of work) {
      if (entry === own || entry.deadline > last) continue;
      const due = divideFloor(last - entry.deadline, entry.period) + 1;
      sum = checkExact(sum + Math.min(divideCeil(window, entry.period), due) * entry.budget);
    }
    return sum;
  });
  return point.kind === 'found' ? point.ticks : null;
}
