/**
 * Tasks inside a partition under earliest deadline first: whether all meet their deadlines over the
 * supply of their virtual CPU.
 *
 * Shin and Lee, RTSS 2003: at every deadline what has to be done until then is no more than the
 * supply, dbf(t) <= sbf(t), that is D(dbf(t)) <= t. The deadlines are walked from the last one
 * downwards, over those that cannot be late: Zhang and Burns, IEEE TC 2009.
 */

import { checkExact, divideCeil, divideFloor } from './arithmetic.ts';
import { findFixedPoint, ITERATIONS_MAX } from './response.ts';
import type { SupplyTime, TaskTicks } from './tasks.ts';

/** A task with a deadline from its arrival, ticks. */
export interface DeadlineTask extends TaskTicks {
  readonly deadline: number;
}

/** `late`: some deadline is missed. `overload`: the tasks ask for all that there is, or more. */
export type DeadlineVerdict = 'met' | 'late' | 'malformed' | 'overload' | 'iterations';

/** Longest busy interval that is looked at: 13 days at 62.5 MHz. */
const INTERVAL_TICKS_MAX = 2 ** 46;

/** From the earliest release of a task, which may be late by its jitter, to its deadline. */
function getWindow({ deadline, jitter }: DeadlineTask): number {
  return deadline - jitter;
}

/**
 * Most that must be served within a window of `window` ticks: jobs of which release and deadline
 * lie in it, the longest that a task of a later deadline holds one of them up, and all of
 * `system`, which runs before every task.
 */
export function computeTaskDemand(
  tasks: readonly DeadlineTask[],
  system: readonly TaskTicks[],
  window: number,
): number {
  let demand = 0;
  let blocking = 0;
  for (const task of tasks) {
    const first = getWindow(task);
    if (window < first) continue;
    const jobs = divideFloor(window - first, task.period) + 1;
    demand = checkExact(demand + checkExact(jobs * task.wcet));
    blocking = Math.max(blocking, task.blocking);
  }
  return demand === 0 ? 0 : checkExact(demand + blocking + computeReleased(system, window));
}

/** All that is released in a window. */
function computeReleased(tasks: readonly TaskTicks[], window: number): number {
  let released = 0;
  for (const { wcet, period, jitter } of tasks) {
    const jobs = divideCeil(checkExact(window + jitter), period);
    released = checkExact(released + checkExact(jobs * wcet));
  }
  return released;
}

/** Last deadline of a window before `window`; 0 where there is none. */
function findDeadlineBefore(tasks: readonly DeadlineTask[], window: number): number {
  let last = 0;
  for (const task of tasks) {
    const first = getWindow(task);
    if (first >= window) continue;
    last = Math.max(last, first + divideFloor(window - first - 1, task.period) * task.period);
  }
  return last;
}

/**
 * Whether every job is done by its deadline over a supply, `supply(c)` being the longest until c
 * ticks are served. Throws `TickOverflowError`.
 */
export function testTaskDeadlines(
  tasks: readonly DeadlineTask[],
  system: readonly TaskTicks[],
  supply: SupplyTime,
): DeadlineVerdict {
  const isWellFormed =
    tasks.every((task) => task.period >= 1 && task.wcet >= 1 && getWindow(task) >= 1) &&
    system.every(({ period }) => period >= 1);
  if (!isWellFormed) return 'malformed';
  if (tasks.length === 0) return 'met';
  const busy = computeBusyInterval(tasks, system, supply);
  if (busy === null) return 'overload';
  const least = Math.min(...tasks.map(getWindow));
  let window = findDeadlineBefore(tasks, checkExact(busy + 1));
  for (let step = 0; step < ITERATIONS_MAX; step += 1) {
    if (window < least) return 'met';
    const served = supply(computeTaskDemand(tasks, system, window));
    if (served.kind === 'none') return served.reason;
    if (served.ticks > window) return 'late';
    window = served.ticks < window ? served.ticks : findDeadlineBefore(tasks, window);
  }
  return 'iterations';
}

/** Longest interval in which there is always something to do; null where it may never end. */
function computeBusyInterval(
  tasks: readonly DeadlineTask[],
  system: readonly TaskTicks[],
  supply: SupplyTime,
): number | null {
  const blocking = Math.max(...tasks.map((task) => task.blocking));
  let isEndless = false;
  const point = findFixedPoint(1, (window) => {
    const released = computeReleased(tasks, window) + computeReleased(system, window);
    const served = supply(checkExact(blocking + released));
    isEndless = served.kind === 'none' || served.ticks > INTERVAL_TICKS_MAX;
    return served.kind === 'none' || isEndless ? window : served.ticks;
  });
  return isEndless || point.kind === 'none' ? null : point.ticks;
}
