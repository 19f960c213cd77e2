/**
 * Checks a bound that is read off a timeline, by running the schedule once more: everyone burns its
 * budget, so time decides all. Nothing of the code that found the bound.
 */

/** A reservation that burns its idle budget, ticks. */
export interface Burned {
  readonly budget: number;
  readonly period: number;
  readonly phase: number;
}

/** What one budget gives: stretches [start, end) in order. */
type Epoch = (readonly [start: number, end: number])[];

/** Stretches of a schedule after which a check is given up. */
const STRETCHES_MAX = 200_000;

/**
 * Null where the last of these reservations, most urgent first, gets `activation` + 1 ticks of one
 * budget within `longest` from any instant; else why not, or why that is not known.
 */
export function checkTimeline(
  reservations: readonly Burned[],
  activation: number,
  longest: number,
): string | null {
  const epochs = runSchedule(reservations);
  if (epochs === null) return 'the schedule does not repeat itself soon';
  // Since when whoever is ready has been waiting for a budget.
  let ready = 0;
  for (const epoch of epochs) {
    const total = epoch.reduce((sum, [start, end]) => sum + end - start, 0);
    if (total <= activation) continue;
    let given = 0;
    for (const [start, end] of [[ready, ready] as const, ...epoch]) {
      given += end - start;
      const served = findTick(epoch, given + activation + 1);
      if (served !== null && served - end > longest) return `at ${end} it waits until ${served}`;
    }
    // From here on what is left of this budget is not enough.
    ready = findTick(epoch, total - activation) ?? ready;
  }
  return null;
}

/** When the k-th tick of a budget ends, k >= 1; null where it gives fewer. */
function findTick(epoch: Epoch, k: number): number | null {
  let left = k;
  for (const [start, end] of epoch) {
    if (left <= end - start) return start + left;
    left -= end - start;
  }
  return null;
}

/** What the last reservation gets, until the schedule repeats itself; null where that is late. */
function runSchedule(reservations: readonly Burned[]): Epoch[] | null {
  const left = reservations.map(() => 0);
  const next = reservations.map(({ phase }) => phase);
  const settled = Math.max(...next);
  const own = reservations[reservations.length - 1];
  const hyper = reservations.reduce((all, { period }) => findMultiple(all, period), 1);
  if (own === undefined || !Number.isSafeInteger(4 * hyper + settled)) return null;
  const epochs: Epoch[] = [];
  let [now, mark, before, end] = [0, settled, '', Infinity];
  for (let count = 0; count < STRETCHES_MAX; count += 1) {
    reservations.forEach(({ budget, period }, index) => {
      if (next[index] !== now) return;
      [left[index], next[index]] = [budget, now + period];
      if (index === reservations.length - 1) epochs.push([]);
    });
    if (now >= end) return epochs;
    if (now === mark) {
      const state = left.join();
      // From here all comes again: what is ready now is served within two periods, or never.
      if (state === before) end = Math.min(end, now + hyper + 2 * own.period);
      [before, mark] = [state, now + hyper];
    }
    const running = left.findIndex((budget) => budget > 0);
    const budget = left[running] ?? Infinity;
    const until = Math.min(...next, mark, end, now + budget);
    if (running >= 0) left[running] = budget - (until - now);
    if (running === reservations.length - 1) epochs[epochs.length - 1]?.push([now, until]);
    now = until;
  }
  return null;
}

function findMultiple(a: number, b: number): number {
  let [high, low] = [a, b];
  while (low !== 0) [high, low] = [low, high % low];
  return (a / high) * b;
}
