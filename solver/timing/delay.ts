/**
 * Delay: the longest from any instant at which a virtual CPU is ready until it has been served,
 * whatever the others on its core do.
 *
 * Under fixed priority the delay D(c) of c ticks is the wait of a throttled reservation for its
 * next budget, whole periods while c exceeds one budget, and a response time over the more urgent
 * reservations. Own idle policy decides the wait, the others' decide their jitter. Under earliest
 * deadline first with burned budgets the periodic resource model holds (Shin and Lee, RTSS 2003).
 */

import { checkExact, divideFloor } from './arithmetic.ts';
import { testDemand, type DeadlineWork } from './edf.ts';
import {
  computeInterference,
  computeSecureBudget,
  computeUsableBudget,
  type OverheadTicks,
  type ReservationTicks,
} from './reservation.ts';
import {
  computeResponse,
  type Divergence,
  type FixedPoint,
  type Interference,
} from './response.ts';
import { computeSlotDelay, type SlotSupply } from './slots.ts';
import { createPeriodicResource, computeSupplyTime } from './supply.ts';

/** What a virtual CPU can count on, ticks. */
export type Supply = { readonly kind: 'whole-core'; readonly section: number } | ReservedSupply;

/** One of the others on the core. */
export interface SupplyParty extends Interference {
  /** Index among the others that were given. */
  readonly other: number;
  /** It runs before the own reservation. */
  readonly isUrgent: boolean;
}

/** What a reservation can count on, ticks. */
export interface ReservedSupply {
  readonly kind: 'fixed-priority' | 'earliest-deadline';
  readonly budget: number;
  readonly period: number;
  /** Longest wait of an exhausted reservation until its next replenishment, boot included. */
  readonly throttle: number;
  /** Of each budget, what is certain whatever was overrun before. */
  readonly secure: number;
  /** Of each secure budget, what the guest can use. At least 1. */
  readonly usable: number;
  readonly activation: number;
  readonly section: number;
  /** Under fixed priority: what the others take. Empty under earliest deadline first. */
  readonly parties: readonly SupplyParty[];
  /**
   * Under a table: its slots, which give the delays; `throttle` then is the longest that it does
   * not run on the way to any demand of up to `usable`. Else null.
   */
  readonly slots: SlotSupply | null;
}

/** Why a virtual CPU has no bound. */
export type NoBound =
  | Divergence
  /** Overrun and activation eat the whole budget. */
  | 'budget-below-overheads'
  /** Budget above period, or a duration of no tick. */
  | 'malformed'
  /** A virtual CPU without a budget is on the same core. */
  | 'shared-with-whole-core'
  /** Earliest deadline first with a reservation that does not burn its idle budget. */
  | 'edf-needs-burn'
  /** Earliest deadline first and more is asked by some deadline than there is time. */
  | 'deadline-missed'
  /** A number of ticks leaves the range of safe integers. */
  | 'overflow';

/** A supply, or why there is none. */
export type SupplyResult =
  | { readonly kind: 'supply'; readonly supply: Supply }
  | { readonly kind: 'none'; readonly reason: NoBound };

/** Whether the numbers of a reservation make sense at all. */
function isWellFormed(reservation: ReservationTicks): boolean {
  const { budget, period, phase } = reservation;
  return budget >= 1 && budget <= period && phase >= 0;
}

/** Longest wait of an exhausted reservation until it is replenished. */
function computeThrottle(reservation: ReservationTicks, overheads: OverheadTicks): number {
  const { period, phase, idle } = reservation;
  const secure = computeSecureBudget(reservation, overheads);
  // A polling reservation may wake at the very instant at which it was polled and lost its budget.
  const wait = idle === 'poll' ? period : period - secure + overheads.activation;
  return Math.max(wait, phase);
}

/**
 * Longest section that may have just begun when a reservation gets ready: of one that is less
 * urgent, or of one that runs uncharged, `slack`.
 */
export function computeBlocking(
  own: ReservationTicks,
  others: readonly ReservationTicks[],
  overheads: OverheadTicks,
  slack: number,
): number {
  const isBlocked = others.some((other) => other.priority <= own.priority);
  return Math.max(slack, isBlocked ? overheads.section : 0);
}

/**
 * What a reservation can count on under fixed priority, beside the other reservations of its core.
 * Others of the same priority count as more urgent, and as less urgent too. `slack`, the longest
 * section of somebody who runs uncharged; 0 where nobody else may.
 */
export function computeFixedPrioritySupply(
  own: ReservationTicks,
  others: readonly ReservationTicks[],
  overheads: OverheadTicks,
  slack = 0,
): SupplyResult {
  const all = [own, ...others];
  if (!all.every(isWellFormed)) return { kind: 'none', reason: 'malformed' };
  const usable = computeUsableBudget(own, overheads);
  if (usable < 1 || !all.every((each) => each.budget > overheads.overrun)) {
    return { kind: 'none', reason: 'budget-below-overheads' };
  }
  // A budget that is not kept is counted from the begin of a busy interval, maybe an own section.
  const isBusy = others.some((other) => other.priority >= own.priority && other.idle !== 'keep');
  const blocking = computeBlocking(own, others, overheads, slack);
  const parties = others.flatMap((other, index): SupplyParty[] =>
    other.priority < own.priority
      ? []
      : [{ ...computeInterference(other, overheads), other: index, isUrgent: true }],
  );
  const supply: Supply = {
    kind: 'fixed-priority',
    budget: own.budget,
    period: own.period,
    throttle: computeThrottle(own, overheads),
    secure: computeSecureBudget(own, overheads),
    usable,
    activation: overheads.activation,
    section: isBusy ? overheads.section : blocking,
    parties,
    slots: null,
  };
  return { kind: 'supply', supply };
}

/** What every reservation asks of its core under earliest deadline first. */
export function listDeadlineWork(reservations: readonly ReservationTicks[]): DeadlineWork[] {
  return reservations.map(({ budget, period }) => ({ budget, period, deadline: period }));
}

/** What runs outside the order of deadlines: one section, and what each reservation may overrun. */
export function computeDeadlineBlocking(count: number, overheads: OverheadTicks): number {
  return overheads.section + count * overheads.overrun;
}

/**
 * What a reservation can count on under earliest deadline first; all must burn their idle budget.
 */
export function computeDeadlineSupply(
  own: ReservationTicks,
  others: readonly ReservationTicks[],
  overheads: OverheadTicks,
): SupplyResult {
  const all = [own, ...others];
  if (!all.every(isWellFormed)) return { kind: 'none', reason: 'malformed' };
  if (!all.every((each) => each.idle === 'burn')) return { kind: 'none', reason: 'edf-needs-burn' };
  const usable = computeUsableBudget(own, overheads);
  if (usable < 1) return { kind: 'none', reason: 'budget-below-overheads' };
  const blocking = computeDeadlineBlocking(all.length, overheads);
  const verdict = testDemand(listDeadlineWork(all), blocking);
  if (verdict.kind !== 'met') {
    return { kind: 'none', reason: verdict.kind === 'late' ? 'deadline-missed' : 'iterations' };
  }
  const supply: Supply = {
    kind: 'earliest-deadline',
    budget: own.budget,
    period: own.period,
    throttle: computeThrottle(own, overheads),
    secure: computeSecureBudget(own, overheads),
    usable,
    activation: overheads.activation,
    section: overheads.section,
    parties: [],
    slots: null,
  };
  return { kind: 'supply', supply };
}

/** How `demand` >= 1 ticks fall on budgets: whole ones, and what is asked of the last one. */
export function splitDemand(
  supply: ReservedSupply,
  demand: number,
): { readonly whole: number; readonly rest: number } {
  const whole = divideFloor(demand - 1, supply.usable);
  return { whole, rest: demand - whole * supply.usable };
}

/**
 * D(demand): longest from any instant until `demand` >= 1 ticks are served; beyond one usable
 * budget only where the reservation is schedulable. Throws `TickOverflowError`.
 */
export function computeDelay(supply: Supply, demand: number): FixedPoint {
  if (supply.kind === 'whole-core') {
    return { kind: 'found', ticks: checkExact(demand + supply.section) };
  }
  if (supply.slots !== null) return computeSlotDelay(supply.slots, demand);
  const { whole, rest } = splitDemand(supply, demand);
  if (supply.kind === 'earliest-deadline') return computeDeadlineDelay(supply, whole, rest);
  const served = computeResponse(rest + supply.activation, supply.section, supply.parties);
  if (served.kind === 'none') return served;
  const ticks = supply.throttle + checkExact(whole * supply.period) + served.ticks;
  return { kind: 'found', ticks: checkExact(ticks) };
}

/** The periodic resource model on secure budgets; at boot its first gap may be longer. */
function computeDeadlineDelay(supply: ReservedSupply, whole: number, rest: number): FixedPoint {
  const { period, secure, activation, section, throttle } = supply;
  const demand = checkExact(whole * secure) + rest + activation;
  const resource = createPeriodicResource(secure, period);
  const late = Math.max(0, throttle - (period - secure));
  return {
    kind: 'found',
    ticks: checkExact(computeSupplyTime(resource, demand) + late + section),
  };
}

/**
 * W(Q): response time of one full budget under fixed priority; at most the period iff schedulable.
 */
export function computeBudgetResponse(supply: ReservedSupply): FixedPoint {
  return computeResponse(supply.budget, supply.section, supply.parties);
}
