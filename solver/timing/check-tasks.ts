/**
 * Checks that tasks over a supply meet their deadlines, without any search: each finish of a busy
 * interval is put to the supply once, each deadline of one as well.
 */

import type { DeadlineTask } from './task-deadlines.ts';
import type { TaskTicks } from './tasks.ts';

/** Longest until so many ticks are served; null where they never are. */
export type Delay = (demand: number) => number | null;

/** Ticks that these tasks release in a window. */
function countReleased(tasks: readonly TaskTicks[], window: number): number {
  return tasks.reduce(
    (sum, { wcet, period, jitter }) =>
      sum + Math.floor((window + jitter + period - 1) / period) * wcet,
    0,
  );
}

/**
 * Null where jobs that finish at these instants of a busy interval, one after the other, are done
 * then, by their deadlines, and the interval ends with the last; else what does not hold.
 */
export function checkJobs(
  own: TaskTicks,
  urgent: readonly TaskTicks[],
  finishes: readonly number[],
  deadline: number,
  delay: Delay,
): string | null {
  for (const [index, finish] of finishes.entries()) {
    const work = own.blocking + (index + 1) * own.wcet + countReleased(urgent, finish);
    const served = delay(work);
    if (served === null || served > finish) return `job ${index + 1} is not done at ${finish}`;
    const due = index * own.period - own.jitter + deadline;
    if (finish > due) return `job ${index + 1} is done at ${finish} and due at ${due}`;
  }
  const last = finishes.at(-1) ?? Infinity;
  const isOver = last + own.jitter <= finishes.length * own.period;
  return isOver ? null : 'the busy interval goes on';
}

/** Deadlines after which a check is given up. */
const DEADLINES_MAX = 200_000;

/**
 * Null where at every deadline of the longest busy interval all that is due by then is served, in
 * whatever order of tasks, earliest deadline first; else what does not hold.
 */
export function checkDeadlines(
  tasks: readonly DeadlineTask[],
  system: readonly TaskTicks[],
  delay: Delay,
): string | null {
  if ([...tasks, ...system].some(({ period }) => period < 1)) return 'a period is empty';
  const blocking = Math.max(0, ...tasks.map((task) => task.blocking));
  let end = 1;
  for (let step = 0; ; step += 1) {
    const served = delay(blocking + countReleased([...tasks, ...system], end));
    if (served === null || step > DEADLINES_MAX) return 'a busy interval does not end';
    if (served <= end) break;
    end = served;
  }
  let count = 0;
  for (const { deadline, jitter, period } of tasks) {
    for (let due = deadline - jitter; due <= end; due += period) {
      count += 1;
      if (count > DEADLINES_MAX) return 'there are too many deadlines';
      const served = delay(countDue(tasks, due) + countReleased(system, due));
      if (served === null || served > due) return `what is due at ${due} is not served then`;
    }
  }
  return null;
}

/** Ticks of the jobs that are due in a window, and of the one that may hold them up. */
function countDue(tasks: readonly DeadlineTask[], window: number): number {
  const due = tasks.filter(({ deadline, jitter }) => deadline - jitter <= window);
  const jobs = due.map(
    ({ wcet, deadline, jitter, period }) =>
      (Math.floor((window - deadline + jitter) / period) + 1) * wcet,
  );
  const blocking = Math.max(0, ...due.map((task) => task.blocking));
  return jobs.reduce((sum, ticks) => sum + ticks, blocking);
}
