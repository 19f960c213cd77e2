/**
 * Time: it passes on each core from event to event, and EL2 spends some of it with interrupts
 * masked: its timer is then handled late, at the end of the section.
 */

import type { SectionAction, TimeAction, TimerAction } from './actions.ts';
import { checkExecuting, getRunningVcpu, getVcpuOf } from './execution.ts';
import type { CoreState, Machine } from './machine.ts';
import type { Outcome } from './outcome.ts';
import type { Plan, PlannedCore, Resident } from './plan.ts';
import {
  computeSlotEnd,
  isCharged,
  isReplenished,
  replenishWhenDue,
  requestDispatch,
  turnWhenDue,
} from './scheduler.ts';
import { raisePrivateLine } from './virtual-gic.ts';

/** INTID of the virtual timer, CNTV. */
export const TIMER_LINE = 27;

/** Time passes on a core, up to the next event. */
export function processTime(plan: Plan, machine: Machine, action: TimeAction): Outcome {
  const planned = plan.cores[action.core];
  const state = machine.cores[action.core];
  if (planned === undefined || state === undefined) return 'NO_SUCH_CORE';
  if (!machine.boot.sealed) return 'NOT_SEALED';
  if (!planned.el2) return 'CORE_UNUSED';
  if (!Number.isSafeInteger(action.ticks) || action.ticks <= 0) return 'NO_TIME_PASSES';
  const ticks = Math.min(action.ticks, computeTicksToEvent(plan, machine, action.core));
  if (!Number.isSafeInteger(state.clock + ticks)) return 'NO_TIME_PASSES';
  chargeRunning(planned, state, ticks);
  state.clock += ticks;
  state.section = Math.max(0, state.section - ticks);
  if (state.section === 0) {
    for (let index = 0; index < planned.residents.length; index += 1) {
      replenishWhenDue(planned, state, index);
    }
    turnWhenDue(planned, state);
  }
  for (const resident of planned.residents) {
    fireTimerWhenDue(plan, machine, resident, state.clock);
  }
  requestDispatch(machine, action.core);
  return 'DONE';
}

/**
 * EL2 works for the running partition with interrupts masked; the time is charged to the caller.
 */
export function processSection(plan: Plan, machine: Machine, action: SectionAction): Outcome {
  const executing = checkExecuting(plan, machine, action.core);
  const state = machine.cores[action.core];
  if (executing !== 'DONE') return executing;
  if (state === undefined) return 'NO_SUCH_CORE';
  if (!Number.isSafeInteger(action.ticks)) return 'BAD_VALUE';
  if (action.ticks < 1 || action.ticks > plan.sectionTicks) return 'BAD_VALUE';
  state.section = action.ticks;
  return 'DONE';
}

/** The running partition arms its virtual timer. */
export function processArmTimer(plan: Plan, machine: Machine, action: TimerAction): Outcome {
  const executing = checkExecuting(plan, machine, action.core);
  const state = machine.cores[action.core];
  const vcpu = getRunningVcpu(plan, machine, action.core);
  if (executing !== 'DONE') return executing;
  if (state === undefined || vcpu === undefined) return 'NO_SUCH_CORE';
  if (!Number.isSafeInteger(action.ticks) || action.ticks < 1) return 'BAD_VALUE';
  if (!Number.isSafeInteger(state.clock + action.ticks)) return 'BAD_VALUE';
  vcpu.timerArmed = true;
  vcpu.timerAt = state.clock + action.ticks;
  return 'DONE';
}

/**
 * Ticks until something on the core can change by itself; Infinity on a core where nothing will.
 */
export function computeTicksToEvent(plan: Plan, machine: Machine, core: number): number {
  const planned = plan.cores[core];
  const state = machine.cores[core];
  if (planned === undefined || state === undefined) return Infinity;
  let ticks = Infinity;
  if (state.section > 0) ticks = state.section;
  else {
    if (isCharged(planned, state)) ticks = state.accounts[state.running]?.budget ?? Infinity;
    if (planned.policy === 'table') {
      ticks = Math.min(ticks, computeSlotEnd(planned, state) - state.clock);
    }
  }
  for (let index = 0; index < planned.residents.length; index += 1) {
    const resident = planned.residents[index];
    const account = state.accounts[index];
    if (resident === undefined || account === undefined) continue;
    if (state.section === 0 && isReplenished(resident)) {
      ticks = Math.min(ticks, account.nextReplenishment - state.clock);
    }
    const vcpu = getVcpuOf(machine, resident);
    if (vcpu?.timerArmed === true) ticks = Math.min(ticks, vcpu.timerAt - state.clock);
  }
  return ticks;
}

function chargeRunning(planned: PlannedCore, state: CoreState, ticks: number): void {
  if (!isCharged(planned, state)) return;
  const account = state.accounts[state.running];
  if (account !== undefined) {
    account.budget -= ticks;
  }
}

function fireTimerWhenDue(plan: Plan, machine: Machine, resident: Resident, clock: number): void {
  const vcpu = getVcpuOf(machine, resident);
  if (vcpu === undefined || !vcpu.timerArmed || vcpu.timerAt > clock) return;
  vcpu.timerArmed = false;
  raisePrivateLine(plan, machine, resident.partition, resident.vcpu, TIMER_LINE);
}
