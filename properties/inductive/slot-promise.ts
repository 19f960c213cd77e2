/**
 * Promise of a time table: the instant by which a resident that stays awake gets its first tick,
 * from where the core is in its frame and what EL2 is at.
 *
 * That no step makes it later, and that it lies no further ahead than the bound of the table, gives
 * the delay under a table without any history.
 *
 * Liftable.
 */

import type { CoreState, Machine } from '../../model/machine.ts';
import type { Plan, PlannedCore } from '../../model/plan.ts';
import { isAwake } from './entitlement.ts';

/** Ticks that a slot must have left for a resident to be chosen. */
function computeNeed(plan: Plan, state: CoreState, index: number): number {
  return state.accounts[index]?.activation === true ? plan.activationTicks + 1 : 1;
}

/** For so long a section that another has begun before a slot can go on in it, ticks. */
export function computeSpill(plan: Plan, planned: PlannedCore, at: number): number {
  const slot = planned.slots[at];
  const longest = Math.max(plan.sectionTicks, plan.interruptTicks);
  if (slot === undefined || longest === 0) return 0;
  let gap: number = planned.frame;
  for (const other of planned.slots) {
    if (other.resident === slot.resident || other.resident === -1) continue;
    gap = Math.min(gap, (slot.start - other.end + planned.frame) % planned.frame);
  }
  for (let other = 0; other < planned.residents.length; other += 1) {
    if (other !== slot.resident && planned.residents[other]?.slack === true) gap = 0;
  }
  return Math.max(0, longest - 1 - gap);
}

/** The first tick in the next slot that is long enough, counted from the frame of slot `at`. */
function computeNextTick(plan: Plan, planned: PlannedCore, at: number, index: number): number {
  const count = planned.slots.length;
  for (let ahead = 1; ahead <= count; ahead += 1) {
    const found = (at + ahead) % count;
    const slot = planned.slots[found];
    if (slot === undefined || slot.resident !== index) continue;
    const first = slot.start + computeSpill(plan, planned, found) + plan.activationTicks + 1;
    if (first > slot.end) continue;
    return at + ahead >= count ? first + planned.frame : first;
  }
  return 0;
}

/** Whether a resident of a table has a slot that is long enough for its first tick. */
export function isPromised(plan: Plan, core: number, index: number): boolean {
  const planned = plan.cores[core];
  if (planned === undefined || planned.policy !== 'table') return false;
  return computeNextTick(plan, planned, 0, index) > 0;
}

/** The instant by which a resident has got its first tick, if it stays awake. */
export function computePromise(plan: Plan, machine: Machine, core: number, index: number): number {
  const planned = plan.cores[core];
  const state = machine.cores[core];
  if (planned === undefined || state === undefined) return 0;
  const free = state.clock + state.section;
  for (let at = 0; at < planned.slots.length; at += 1) {
    if (state.slot !== at) continue;
    const slot = planned.slots[at];
    if (slot !== undefined && slot.resident === index) {
      const need = computeNeed(plan, state, index);
      if (state.frameStart + slot.end - free >= need) return free + need;
    }
    return state.frameStart + computeNextTick(plan, planned, at, index);
  }
  return 0;
}

/**
 * Whether a resident has the core now: it executes, or EL2 works for it by slack or beyond what
 * its slot has left.
 */
export function isServed(plan: Plan, machine: Machine, core: number, index: number): boolean {
  const planned = plan.cores[core];
  const state = machine.cores[core];
  if (planned === undefined || state === undefined || state.running !== index) return false;
  if (state.section === 0) return !state.dispatchDue;
  const end = state.frameStart + (planned.slots[state.slot]?.end ?? 0);
  return state.slack || end - state.clock - state.section < computeNeed(plan, state, index);
}

/** Whether a resident is awake and does not have the core. */
export function isWaiting(plan: Plan, machine: Machine, core: number, index: number): boolean {
  const resident = plan.cores[core]?.residents[index];
  if (resident === undefined || !isAwake(machine, resident)) return false;
  return !isServed(plan, machine, core, index);
}
