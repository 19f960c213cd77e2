/**
 * Timeline: who has the core when, where everyone that matters burns its idle budget. Nobody's work
 * decides anything then, so the schedule is a function of time, and delays are read off it.
 */

import { checkExact } from './arithmetic.ts';
import { computeHyperperiod } from './phases.ts';

/** A reservation that burns its idle budget, ticks. */
export interface BurnedReservation {
  readonly budget: number;
  readonly period: number;
  readonly phase: number;
}

/**
 * A core on which everyone burns: most urgent first; among equal deadlines the first goes first.
 */
export interface BurnedCore {
  readonly policy: 'fp' | 'edf';
  readonly reservations: readonly BurnedReservation[];
  /** Index of the reservation whose supply is asked for. */
  readonly target: number;
}

/** A stretch of time that the target has without a gap: [start, end). */
export interface Stretch {
  readonly start: number;
  readonly end: number;
  /** Number of its replenishment that pays for it, from 0. */
  readonly epoch: number;
}

/** What the target gets of the core. */
export interface Timeline {
  /** In order; stretches that touch belong to different epochs. */
  readonly stretches: readonly Stretch[];
  /** Ticks that each epoch gives. */
  readonly totals: readonly number[];
  /** From this instant on all comes again; delays are asked for from instants before. */
  readonly repeatsAt: number;
  readonly period: number;
  readonly phase: number;
}

/** Stretches after which a timeline is given up, of all reservations together. */
const EVENTS_MAX = 100_000;
/** Hyperperiods in which a schedule must have begun to repeat itself. */
const HYPERPERIODS_MAX = 16;

/** The schedule under way. */
interface Run {
  now: number;
  events: number;
  readonly budgets: number[];
  /** Next replenishments. */
  readonly next: number[];
  /** Replenishments of the target so far. */
  epochs: number;
  readonly stretches: Stretch[];
}

/**
 * What the target gets, from boot to one hyperperiod and two own periods after the schedule
 * repeats; null where that takes too many steps.
 */
export function traceTimeline(core: BurnedCore): Timeline | null {
  const { reservations, target } = core;
  const hyper = computeHyperperiod(reservations.map(({ period }) => period));
  const own = reservations[target];
  if (hyper === null || own === undefined) return null;
  const run: Run = {
    now: 0,
    events: 0,
    budgets: reservations.map(() => 0),
    next: reservations.map(({ phase }) => phase),
    epochs: 0,
    stretches: [],
  };
  const settled = Math.max(...reservations.map(({ phase }) => phase));
  if (!advance(core, run, settled)) return null;
  let before = run.budgets.join();
  for (let count = 0; count < HYPERPERIODS_MAX; count += 1) {
    if (!advance(core, run, checkExact(run.now + hyper))) return null;
    const after = run.budgets.join();
    if (after === before) {
      const repeatsAt = run.now;
      if (!advance(core, run, checkExact(run.now + hyper + 3 * own.period))) return null;
      const totals = Array.from({ length: run.epochs }, () => 0);
      for (const { start, end, epoch } of run.stretches) {
        totals[epoch] = (totals[epoch] ?? 0) + end - start;
      }
      return {
        stretches: run.stretches,
        totals,
        repeatsAt,
        period: own.period,
        phase: own.phase,
      };
    }
    before = after;
  }
  return null;
}

/** Runs the schedule up to `until`, inclusive of replenishments then; false: too many steps. */
function advance(core: BurnedCore, run: Run, until: number): boolean {
  for (;;) {
    replenish(core, run);
    if (run.now === until) return true;
    run.events += 1;
    if (run.events > EVENTS_MAX) return false;
    const chosen = choose(core, run);
    const next = Math.min(until, ...run.next);
    const length = Math.min(next - run.now, run.budgets[chosen] ?? Number.POSITIVE_INFINITY);
    if (chosen >= 0) run.budgets[chosen] = (run.budgets[chosen] ?? 0) - length;
    if (chosen === core.target) extend(run, length);
    run.now += length;
  }
}

function replenish({ reservations, target }: BurnedCore, run: Run): void {
  reservations.forEach(({ budget, period }, index) => {
    if (run.next[index] !== run.now) return;
    run.budgets[index] = budget;
    run.next[index] = run.now + period;
    if (index === target) run.epochs += 1;
  });
}

/** Index of who has the core; -1: nobody. */
function choose({ policy }: BurnedCore, { budgets, next }: Run): number {
  let chosen = -1;
  budgets.forEach((budget, index) => {
    if (budget <= 0) return;
    if (chosen < 0 || (policy === 'edf' && (next[index] ?? 0) < (next[chosen] ?? 0))) {
      chosen = index;
    }
  });
  return chosen;
}

/** The target has the core for `length` ticks more. */
function extend({ now, epochs, stretches }: Run, length: number): void {
  const epoch = epochs - 1;
  const last = stretches[stretches.length - 1];
  if (last !== undefined && last.end === now && last.epoch === epoch) {
    stretches[stretches.length - 1] = { ...last, end: now + length };
  } else {
    stretches.push({ start: now, end: now + length, epoch });
  }
}

/**
 * Longest from any instant of the timeline at which the target is ready until its guest has got
 * `demand` ticks, where each epoch's first `activation` ticks of use are lost on an activation;
 * null where the timeline ends before. At most what two epochs give may be asked for.
 */
export function computeTimelineDelay(
  timeline: Timeline,
  activation: number,
  demand: number,
): number | null {
  let worst = 0;
  for (const { ready, from, left } of listReadyInstants(timeline, activation)) {
    if (ready > timeline.repeatsAt) break;
    const finish = findFinish(timeline, activation, demand, from, left);
    if (finish === null) return null;
    worst = Math.max(worst, finish - ready);
  }
  return worst;
}

/** An instant at which the target gets ready. */
interface ReadyInstant {
  readonly ready: number;
  /** Index of the first stretch that begins then or later, or, inside of one, the next. */
  readonly from: number;
  /** Ticks that its epoch still gives from then on. */
  readonly left: number;
}

/**
 * Boot, each end of a stretch, and where what an epoch still gives is no longer enough for an
 * activation; from any other instant no more is waited than from one of these.
 */
function listReadyInstants({ stretches, totals }: Timeline, activation: number): ReadyInstant[] {
  const instants: ReadyInstant[] = [{ ready: 0, from: 0, left: 0 }];
  let used = 0;
  stretches.forEach(({ start, end, epoch }, index) => {
    if (epoch !== stretches[index - 1]?.epoch) used = 0;
    const total = totals[epoch] ?? 0;
    const before = total - used;
    used += end - start;
    const after = total - used;
    if (before > activation && activation > after) {
      instants.push({ ready: start + before - activation, from: index + 1, left: activation });
    }
    instants.push({ ready: end, from: index + 1, left: after });
  });
  return instants;
}

/** When the guest has got `demand` ticks from stretch `from` on; null where there are too few. */
function findFinish(
  { stretches, totals }: Timeline,
  activation: number,
  demand: number,
  from: number,
  left: number,
): number | null {
  let need = demand;
  let epoch = stretches[from - 1]?.epoch ?? -1;
  // What is left of an epoch and does not pay for an activation is of no use.
  let isUsed = left > activation;
  let lost = activation;
  for (let index = from; index < stretches.length; index += 1) {
    const stretch = stretches[index];
    if (stretch === undefined) return null;
    if (stretch.epoch !== epoch) {
      epoch = stretch.epoch;
      lost = activation;
      isUsed = (totals[epoch] ?? 0) > activation;
    }
    if (!isUsed) continue;
    const length = stretch.end - stretch.start;
    const usable = Math.max(0, length - lost);
    if (usable >= need) return stretch.start + lost + need;
    lost = Math.max(0, lost - length);
    need -= usable;
  }
  return null;
}

/**
 * Longest until the guest has got one tick, from instants at which its budget is above
 * `activation`: the begin of each epoch, and wherever its supply is interrupted. Only where each
 * epoch gives the whole budget; else null.
 */
export function computeTimelineContract(
  timeline: Timeline,
  budget: number,
  activation: number,
): number | null {
  const { stretches, totals, repeatsAt, period, phase } = timeline;
  const isServed = totals.every(
    (total, epoch) => total === budget || phase + epoch * period > repeatsAt,
  );
  if (!isServed) return null;
  let worst = 0;
  let used = 0;
  for (const [index, { start, end, epoch }] of stretches.entries()) {
    if (epoch !== stretches[index - 1]?.epoch) {
      used = 0;
      const replenished = phase + epoch * period;
      if (replenished > repeatsAt) return worst;
      const finish = findFinish(timeline, activation, 1, index, budget);
      if (finish === null) return null;
      worst = Math.max(worst, finish - replenished);
    }
    used += end - start;
    const left = budget - used;
    if (left <= activation) continue;
    const finish = findFinish(timeline, activation, 1, index + 1, left);
    if (finish === null) return null;
    worst = Math.max(worst, finish - end);
  }
  return worst;
}
