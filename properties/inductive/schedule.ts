/**
 * Accounts and choices of the scheduler: what budgets can be at any instant, how long sections are,
 * and that whoever runs is the most urgent that may.
 *
 * Liftable.
 */

import { BOOT_SCHEDULER, NONE } from '../../model/machine.ts';
import type { CoreState, Machine } from '../../model/machine.ts';
import type { Plan, PlannedCore } from '../../model/plan.ts';
import { isAwake, isPaying, isReservation, mayRun } from './entitlement.ts';

/** An account as it is on the grid: as if EL2 were never late. */
export interface OnGrid {
  /** Budget with every replenishment that has fallen due, ticks. */
  readonly budget: number;
  /** The replenishment that lies ahead, instant. */
  readonly next: number;
}

/** The account of a resident with what EL2 has still to handle, because it is in a section. */
export function settle(planned: PlannedCore, state: CoreState, index: number): OnGrid {
  const resident = planned.residents[index];
  const account = state.accounts[index];
  if (resident === undefined || account === undefined) return { budget: 0, next: 0 };
  const charged = isPaying(planned, state, index);
  let budget = account.budget;
  let next = account.nextReplenishment;
  for (let epoch = 0; epoch < planned.epochsMax; epoch += 1) {
    if (next > state.clock) break;
    const since = charged ? state.clock - next : 0;
    budget = resident.budget + Math.min(budget + since, 0) - since;
    next += resident.period;
  }
  return { budget, next };
}

/** Whether the schedule of a core has started. */
function isStarted(machine: Machine, core: number): boolean {
  const done = machine.boot.steps[core];
  return done !== undefined && done >= BOOT_SCHEDULER;
}

/**
 * A budget is no lower than the overrun, and no section takes it lower; the next replenishment is
 * less than a period ahead; and a budget is used no faster than time passes: what is missing of Q,
 * less the overrun, is no more than the time since the last replenishment. Under `poll` it can be
 * lost at once.
 */
export function isAccountSound(plan: Plan, machine: Machine, core: number, index: number): boolean {
  const planned = plan.cores[core];
  const state = machine.cores[core];
  const resident = planned?.residents[index];
  const account = state?.accounts[index];
  if (planned === undefined || state === undefined) return true;
  if (resident === undefined || account === undefined || !isReservation(resident)) return true;
  if (!isStarted(machine, core)) return true;
  const onGrid = settle(planned, state, index);
  if (account.exhausted && account.budget > 0) return false;
  const least = 0 - plan.overrunTicks;
  if (onGrid.budget < least) return false;
  if (isPaying(planned, state, index)) {
    // Late: what it had when the replenishment fell due.
    const late = Math.max(0, state.clock - account.nextReplenishment);
    if (account.budget + late < least) return false;
    const reserve = account.exhausted ? 0 : plan.timerTicks;
    if (onGrid.budget - state.section < least + reserve) return false;
  }
  if (onGrid.next <= state.clock || onGrid.next > state.clock + resident.period) return false;
  if (resident.idle === 'poll') return true;
  const since = state.clock + resident.period - onGrid.next;
  return onGrid.budget + since >= resident.budget - plan.overrunTicks;
}

/**
 * A section is one that a partition asks for or an interrupt, or an activation, which leaves
 * budget; of who has spent its budget it is the timer's handler. Slack is used by who may use it.
 */
export function isSectionKnown(plan: Plan, machine: Machine, core: number): boolean {
  const planned = plan.cores[core];
  const state = machine.cores[core];
  if (planned === undefined || state === undefined) return true;
  if (state.running === NONE) return state.section === 0;
  if (state.slack && planned.residents[state.running]?.slack !== true) return false;
  const account = state.accounts[state.running];
  const charged = isPaying(planned, state, state.running);
  if (charged && account !== undefined && account.exhausted) {
    return state.section <= plan.timerTicks;
  }
  if (state.section <= plan.sectionTicks || state.section <= plan.interruptTicks) return true;
  if (state.section > plan.activationTicks) return false;
  if (planned.policy === 'table') return true;
  return charged && account !== undefined && account.budget > state.section;
}

/**
 * Outside of sections and steps: nobody that may be chosen is more urgent than who runs, and slack
 * is for times at which nobody may be chosen.
 */
export function isMostUrgent(plan: Plan, machine: Machine, core: number, index: number): boolean {
  const planned = plan.cores[core];
  const state = machine.cores[core];
  const resident = planned?.residents[index];
  const account = state?.accounts[index];
  if (planned === undefined || state === undefined) return true;
  if (resident === undefined || account === undefined) return true;
  if (!machine.boot.sealed || state.section > 0 || state.dispatchDue) return true;
  if (planned.policy === 'table') return true;
  if (!mayRun(plan, machine, resident, account)) return true;
  if (state.running === NONE || state.slack) return false;
  for (let other = 0; other < planned.residents.length; other += 1) {
    if (state.running === other) return isNoLater(planned, state, other, index);
  }
  return false;
}

/** Outside of sections and steps, who runs is awake, unless it burns its budget. No tables. */
export function isRunnerAwake(plan: Plan, machine: Machine, core: number): boolean {
  const planned = plan.cores[core];
  const state = machine.cores[core];
  if (planned === undefined || state === undefined) return true;
  if (!machine.boot.sealed || state.section > 0 || state.dispatchDue) return true;
  for (let index = 0; index < planned.residents.length; index += 1) {
    const resident = planned.residents[index];
    if (state.running !== index || resident === undefined) continue;
    if (!resident.dedicated && resident.idle === 'burn' && !state.slack) return true;
    return isAwake(machine, resident);
  }
  return true;
}

/**
 * Outside of sections and steps, under `poll`: who pays may run, and who is not ready has no budget
 * unless somebody more urgent may run. Only for cores with fixed priorities.
 */
export function isPolledAway(plan: Plan, machine: Machine, core: number, index: number): boolean {
  const planned = plan.cores[core];
  const state = machine.cores[core];
  const resident = planned?.residents[index];
  const account = state?.accounts[index];
  if (planned === undefined || state === undefined) return true;
  if (resident === undefined || account === undefined) return true;
  if (!machine.boot.sealed || state.section > 0 || state.dispatchDue) return true;
  if (account.budget <= 0) return true;
  if (isPaying(planned, state, index)) return mayRun(plan, machine, resident, account);
  if (isAwake(machine, resident)) return true;
  for (let other = 0; other < index; other += 1) {
    const before = planned.residents[other];
    const urgent = state.accounts[other];
    if (before === undefined || urgent === undefined) continue;
    if (mayRun(plan, machine, before, urgent)) return true;
  }
  return false;
}

/** Whether a resident is chosen rather than the other, or is the other. */
function isNoLater(planned: PlannedCore, state: CoreState, one: number, other: number): boolean {
  if (planned.policy === 'fp') return one <= other;
  const first = state.accounts[one];
  const second = state.accounts[other];
  if (first === undefined || second === undefined) return true;
  if (one <= other) return first.nextReplenishment <= second.nextReplenishment;
  return first.nextReplenishment < second.nextReplenishment;
}
