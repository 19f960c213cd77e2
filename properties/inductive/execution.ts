/**
 * Virtual CPUs and the events of a core.
 *
 * Liftable.
 */

import { BOOT_SCHEDULER } from '../../model/machine.ts';
import type { Machine } from '../../model/machine.ts';
import type { Plan } from '../../model/plan.ts';
import { isReservation } from './entitlement.ts';

/** A virtual CPU that waits for an interrupt has been started. */
export function isWaiterOn(
  _plan: Plan,
  machine: Machine,
  partition: number,
  vcpu: number,
): boolean {
  const state = machine.partitions[partition]?.vcpus[vcpu];
  return state === undefined || !state.waiting || state.on;
}

/** A virtual CPU that waits has no enabled line of its own that is pending: those would wake it. */
export function isWaiterUnsignalled(
  _plan: Plan,
  machine: Machine,
  partition: number,
  vcpu: number,
): boolean {
  const state = machine.partitions[partition]?.vcpus[vcpu];
  if (state === undefined || !state.waiting) return true;
  for (const line of state.privateLines) {
    if (line.enabled && line.pending) return false;
  }
  for (const line of machine.partitions[partition]?.lines ?? []) {
    if (line.target === vcpu && line.enabled && line.pending) return false;
  }
  return true;
}

/**
 * Once its schedule has started, the next replenishment of a reservation lies ahead; in a section
 * it can be as much behind as the section has lasted.
 */
export function isReplenishmentAhead(
  plan: Plan,
  machine: Machine,
  core: number,
  index: number,
): boolean {
  const resident = plan.cores[core]?.residents[index];
  const state = machine.cores[core];
  const account = state?.accounts[index];
  if (resident === undefined || state === undefined || account === undefined) return true;
  if (!isReservation(resident)) return true;
  const done = machine.boot.steps[core];
  if (done === undefined || done < BOOT_SCHEDULER) return true;
  if (state.section === 0) return account.nextReplenishment > state.clock;
  return account.nextReplenishment + plan.blockingTicks > state.clock + state.section;
}

/** The slot that a core is in ends ahead, in a section as late as a replenishment can be. */
export function isSlotAhead(plan: Plan, machine: Machine, core: number): boolean {
  const planned = plan.cores[core];
  const state = machine.cores[core];
  if (planned === undefined || state === undefined || !machine.boot.sealed) return true;
  const end = state.frameStart + (planned.slots[state.slot]?.end ?? 0);
  if (state.section === 0) return end > state.clock;
  return end + plan.blockingTicks > state.clock + state.section;
}

/** An armed virtual timer lies ahead of the clock of its core. */
export function isTimerAhead(
  plan: Plan,
  machine: Machine,
  partition: number,
  vcpu: number,
): boolean {
  const state = machine.partitions[partition]?.vcpus[vcpu];
  const core = machine.cores[plan.partitions[partition]?.vcpus[vcpu]?.core ?? -1];
  if (state === undefined || core === undefined || !state.timerArmed) return true;
  return state.timerAt > core.clock;
}

/**
 * Whoever is charged for the time that passes now, outside of sections, has budget; within a step
 * not before the core has chosen anew.
 */
export function isChargedInBudget(plan: Plan, machine: Machine, core: number): boolean {
  const planned = plan.cores[core];
  const state = machine.cores[core];
  if (planned === undefined || state === undefined) return true;
  if (state.section > 0 || state.dispatchDue) return true;
  for (let index = 0; index < planned.residents.length; index += 1) {
    const resident = planned.residents[index];
    const account = state.accounts[index];
    if (resident === undefined || account === undefined || resident.dedicated) continue;
    if (state.running === index) {
      return planned.policy === 'table' || state.slack || account.budget > 0;
    }
  }
  return true;
}
