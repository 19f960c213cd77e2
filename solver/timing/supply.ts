/**
 * Supply models: how much processor time a reservation gets in any window, and how long it takes to
 * get some.
 *
 * `sbf(t)`, the supply bound function, is the least supply in any window of `t` ticks in which the
 * reservation is ready; `D(c) = min { t : sbf(t) >= c }` is its inverse. All values are ticks.
 *
 * Shin and Lee, Periodic resource model for compositional real-time guarantees, RTSS 2003
 * (periodic). Easwaran, Anand and Lee, Compositional analysis framework using EDP resource models,
 * RTSS 2007 (explicit deadline). Time division is the explicit-deadline model with one fixed window
 * per frame.
 */

import { checkExact, divideCeil, divideFloor } from './arithmetic.ts';

/**
 * Explicit-deadline periodic resource: `budget` ticks within the first `deadline` of every
 * `period`.
 */
export interface PeriodicResource {
  /** 1 <= budget <= deadline. */
  readonly budget: number;
  readonly period: number;
  /** deadline <= period; equal to the period in the plain periodic resource model. */
  readonly deadline: number;
}

/** The periodic resource model: the budget comes at some time in every period. */
export function createPeriodicResource(budget: number, period: number): PeriodicResource {
  return { budget, period, deadline: period };
}

/** Least supply of a periodic resource in any window of `window` >= 0 ticks. */
export function computeSupply(resource: PeriodicResource, window: number): number {
  const { budget, period, deadline } = resource;
  const first = deadline - budget;
  if (window < first) return 0;
  const full = divideFloor(window - first, period);
  const blackout = period + deadline - 2 * budget;
  return checkExact(full * budget) + Math.max(0, window - blackout - full * period);
}

/** Longest time to get `demand` >= 0 ticks from a periodic resource, from any instant. */
export function computeSupplyTime(resource: PeriodicResource, demand: number): number {
  if (demand === 0) return 0;
  const { budget, period, deadline } = resource;
  const gaps = divideCeil(demand, budget);
  return checkExact(demand + checkExact((period - budget) * gaps) + (deadline - budget));
}

/** Least supply of one window of `slot` ticks at a fixed place in every `frame`. */
export function computeSlotSupply(slot: number, frame: number, window: number): number {
  const full = divideFloor(window, frame);
  return checkExact(full * slot) + Math.max(0, (window % frame) - (frame - slot));
}

/** Longest time to get `demand` >= 0 ticks from one window of `slot` ticks in every `frame`. */
export function computeSlotSupplyTime(slot: number, frame: number, demand: number): number {
  return checkExact(demand + (frame - slot) * divideCeil(demand, slot));
}
