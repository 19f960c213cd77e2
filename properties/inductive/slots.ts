/**
 * Slots of a time table: which one a core is in, and who runs in it.
 *
 * Liftable.
 */

import { NONE } from '../../model/machine.ts';
import type { Account, Machine } from '../../model/machine.ts';
import type { Plan } from '../../model/plan.ts';
import { isAwake } from './entitlement.ts';

/** Frames begin one behind the other from 0 on, and the slot that a core is in has begun. */
export function isSlotBegun(plan: Plan, machine: Machine, core: number): boolean {
  const planned = plan.cores[core];
  const state = machine.cores[core];
  if (planned === undefined || state === undefined || !machine.boot.sealed) return true;
  if (state.frameStart % planned.frame !== 0) return false;
  return state.frameStart + (planned.slots[state.slot]?.start ?? 0) <= state.clock;
}

/** Ticks that a slot must have left for an activation, where one is due, and for the guest. */
function computeLeast(plan: Plan, account: Account | undefined): number {
  return account !== undefined && account.activation ? plan.activationTicks + 1 : 1;
}

/**
 * Off slack only who has the slot runs, and a section of its own or of who uses slack goes on over
 * the end of the slot by less than the longest. Outside of sections and steps whoever has the slot
 * does run, if it is ready and what is left is enough.
 */
export function isSlotOwn(plan: Plan, machine: Machine, core: number): boolean {
  const planned = plan.cores[core];
  const state = machine.cores[core];
  if (planned === undefined || state === undefined || !machine.boot.sealed) return true;
  const slot = planned.slots[state.slot];
  const owner = slot?.resident ?? NONE;
  const left = state.frameStart + (slot?.end ?? 0) - state.clock;
  const longest = Math.max(plan.sectionTicks, plan.interruptTicks);
  if (state.section > 0 && state.section >= left + longest) return false;
  if (state.section === 0 && state.dispatchDue) return true;
  if (state.running !== NONE && !state.slack && state.running !== owner) return false;
  if (state.section > 0) return true;
  const resident = planned.residents[owner];
  if (resident === undefined || !isAwake(machine, resident)) return true;
  if (left < computeLeast(plan, state.accounts[owner])) return true;
  return state.running === owner && !state.slack;
}
