/**
 * Delays that follow from windows of time: which reservations have one, how long it is, and why the
 * others have none.
 */

import type { Plan, Resident } from '../../model/plan.ts';
import { isReservation } from '../../properties/inductive/entitlement.ts';
import { listWatchedCores } from '../../properties/inductive/window-invariants.ts';
import { computeBlocking, isBehindLoss } from '../../properties/inductive/windows.ts';

/** A delay that the induction over windows gives, and what it is made of; ticks. */
export interface WatchedDelay {
  readonly core: number;
  /** Index into the core's residents. */
  readonly index: number;
  /** Longest wait for budget. */
  readonly throttle: number;
  /** Longest from then to the first tick. */
  readonly response: number;
  /** What each more urgent resident takes of the response at most, in their order. */
  readonly takes: readonly number[];
  /**
   * Somebody more urgent loses its budget while idle: the response begins where nobody more urgent
   * could run, maybe before the resident waits, and within a section of its own.
   */
  readonly isBehind: boolean;
}

/** Ticks that a resident takes of a window at most. */
function computeTake({ budget, period, idle }: Resident, length: number, overrun: number): number {
  const jitter = idle === 'keep' ? period - budget : 0;
  return Math.ceil((length + jitter) / period) * budget + overrun;
}

/**
 * The delays of all residents of watched cores for which there is one: their responses are the
 * least fixed points that are no longer than a period.
 */
export function listWatchedDelays(plan: Plan): WatchedDelay[] {
  return listWatchedCores(plan).flatMap((core) =>
    (plan.cores[core]?.residents ?? []).flatMap((_, index) => {
      const delay = computeWatchedDelay(plan, core, index);
      return delay === null ? [] : [delay];
    }),
  );
}

function computeWatchedDelay(plan: Plan, core: number, index: number): WatchedDelay | null {
  const planned = plan.cores[core];
  const residents = planned?.residents ?? [];
  const own = residents[index];
  if (planned === undefined || own === undefined) return null;
  const { overrunTicks: overrun, activationTicks: activation } = plan;
  const isBehind = isBehindLoss(planned, index);
  const blocking = isBehind ? plan.blockingTicks : computeBlocking(plan, planned, index);
  const need = 1 + activation + blocking;
  const urgent = residents.slice(0, index);
  const throttle =
    own.idle === 'poll' ? own.period : own.period - (own.budget - overrun) + activation;
  let response = need;
  while (response <= own.period) {
    const length = response;
    const takes = urgent.map((one) => computeTake(one, length, overrun));
    const next = takes.reduce((sum, take) => sum + take, need);
    if (next === response) return { core, index, throttle, response, takes, isBehind };
    response = next;
  }
  return null;
}

/** The longest from any instant at which a resident is ready until its first tick, ticks. */
export function computeDelay(
  plan: Plan,
  { core, index, throttle, response }: WatchedDelay,
): number {
  return Math.max(throttle, plan.cores[core]?.residents[index]?.phase ?? 0) + response;
}

/** A reservation whose delay is not proved of the scheduler itself. */
export interface LeftOut {
  readonly core: number;
  /** Index into the core's residents. */
  readonly index: number;
  /**
   * By deadlines nobody is more urgent for good; debt and one stay at EL2 can spend the budget of
   * this one, which leaves out its core; or its response is longer than its period.
   */
  readonly reason: 'deadlines' | 'short-budget' | 'long-response';
}

/**
 * The reservations under priorities or deadlines whose delay rests on formulas alone; of a core
 * with a budget that is too short, those with such budgets.
 */
export function listLeftOut(plan: Plan): LeftOut[] {
  const watched = new Set(listWatchedCores(plan));
  const least = plan.blockingTicks + plan.overrunTicks;
  return plan.cores.flatMap(({ el2, policy, residents }, core) => {
    if (!el2 || policy === 'table') return [];
    return residents.flatMap((resident, index): LeftOut[] => {
      if (!isReservation(resident)) return [];
      if (policy === 'edf') return [{ core, index, reason: 'deadlines' }];
      if (resident.budget <= least) return [{ core, index, reason: 'short-budget' }];
      if (!watched.has(core) || computeWatchedDelay(plan, core, index) !== null) return [];
      return [{ core, index, reason: 'long-response' }];
    });
  });
}
