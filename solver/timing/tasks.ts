/**
 * Tasks inside a partition: response times by fixed priority over the supply of their virtual CPU.
 *
 * Lehoczky, Fixed priority scheduling of periodic task sets with arbitrary deadlines, RTSS 1990.
 * Tindell, Burns and Wellings, RTS 1994 (jitter). Shin and Lee, RTSS 2003 (supply below the tasks):
 * a job of c ticks of work, own and more urgent, is done within D(c).
 */

import { checkExact, divideCeil } from './arithmetic.ts';
import { type FixedPoint, findFixedPoint } from './response.ts';

/** A task in ticks. */
export interface TaskTicks {
  /** Worst-case execution time. */
  readonly wcet: number;
  /** Least distance of two arrivals. */
  readonly period: number;
  /** Release later than arrival by at most this. */
  readonly jitter: number;
  /** Longest that a less urgent task of the same virtual CPU keeps it waiting. */
  readonly blocking: number;
}

/** Longest time in which a supply serves so many ticks. */
export type SupplyTime = (demand: number) => FixedPoint;

/** A processor that does nothing else. */
export const DEDICATED: SupplyTime = (demand) => ({ kind: 'found', ticks: demand });

/** Jobs of one busy interval after which the search is given up. */
const JOBS_MAX = 10_000;

/** Ticks after which a busy interval is taken to have no end: 13 days at 62.5 MHz. */
const INTERVAL_TICKS_MAX = 2 ** 46;

/** One job of a busy interval: all times from the start of the interval. */
export interface JobResponse {
  /** Arrival, own jitter taken off; negative for a first job with jitter. */
  readonly arrival: number;
  readonly finish: number;
  /** finish - arrival. */
  readonly response: number;
}

/** Ticks of work, own and more urgent, that must be served before the `count`-th job is done. */
export function computeJobDemand(
  task: TaskTicks,
  urgent: readonly TaskTicks[],
  count: number,
  window: number,
): number {
  let demand = checkExact(task.blocking + checkExact(count * task.wcet));
  for (const other of urgent) {
    const releases = divideCeil(checkExact(window + other.jitter), other.period);
    demand = checkExact(demand + checkExact(releases * other.wcet));
  }
  return demand;
}

/** Finish of the `count`-th job of a busy interval, which is not before `start`. */
function computeJobFinish(
  task: TaskTicks,
  urgent: readonly TaskTicks[],
  count: number,
  supply: SupplyTime,
  start: number,
  limit: number,
): FixedPoint {
  let stopped: FixedPoint | null = null;
  const point = findFixedPoint(start, (window) => {
    const served = supply(computeJobDemand(task, urgent, count, window));
    if (served.kind === 'none' || served.ticks > limit) {
      stopped = served.kind === 'none' ? served : { kind: 'none', reason: 'overload' };
      return window;
    }
    return served.ticks;
  });
  return stopped ?? point;
}

/**
 * Responses of all jobs of the longest busy interval, or null where some job takes longer than
 * `limit` ticks from the start of its interval: then the load is too high.
 */
export function listJobResponses(
  task: TaskTicks,
  urgent: readonly TaskTicks[],
  supply: SupplyTime,
  limit = INTERVAL_TICKS_MAX,
): readonly JobResponse[] | null {
  const jobs: JobResponse[] = [];
  let finish = task.blocking;
  for (let count = 1; count <= JOBS_MAX; count += 1) {
    // A job ends after the one before it by its own work at least.
    const start = checkExact(finish + task.wcet);
    const point = computeJobFinish(task, urgent, count, supply, start, limit);
    if (point.kind === 'none') return null;
    finish = point.ticks;
    const arrival = (count - 1) * task.period - task.jitter;
    jobs.push({ arrival, finish: point.ticks, response: point.ticks - arrival });
    if (point.ticks + task.jitter <= count * task.period) return jobs;
  }
  return null;
}

/** Worst response time of a task, own jitter included; null where there is none. */
export function computeTaskResponse(
  task: TaskTicks,
  urgent: readonly TaskTicks[],
  supply: SupplyTime,
): number | null {
  const jobs = listJobResponses(task, urgent, supply);
  return jobs === null ? null : Math.max(...jobs.map((job) => job.response));
}
