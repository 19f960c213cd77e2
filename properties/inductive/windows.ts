/**
 * Windows of time on a core: what every resident takes in one, whoever opened it and whatever
 * anybody does.
 *
 * A window is history beside the machine: it changes nothing, it notes. Noting is written in the
 * liftable subset, so that a proof by induction about windows is one about the functions of the
 * scheduler, and a run can hold the same conditions.
 *
 * Liftable.
 */

import type { Action } from '../../model/actions.ts';
import { NONE } from '../../model/machine.ts';
import type { CoreState, Machine } from '../../model/machine.ts';
import type { Outcome } from '../../model/outcome.ts';
import type { Plan, PlannedCore } from '../../model/plan.ts';
import { dispatchWhenDue } from '../../model/scheduler.ts';
import { act } from '../../model/step.ts';
import { isPaying, isReservation, mayRun } from './entitlement.ts';
import { settle } from './schedule.ts';

/** What is noted of one resident. */
export interface Share {
  /** Ticks that it was charged for. */
  taken: number;
  /** Budget that it had at the opening, ticks; debt counts as none. */
  carry: number;
  /** From the opening to its first replenishment on the grid, ticks; 0 where they coincide. */
  first: number;
  /** Ticks that it was charged for before its first replenishment. */
  early: number;
  /** Replenishments on the grid. */
  epochs: number;
  /** It, or somebody more urgent, could run at every instant since the opening. */
  busy: boolean;
  /** Ticks in which neither it nor anybody more urgent was charged, but for its own slack. */
  blocked: number;
  /** Ticks that it ran uncharged, by slack. */
  spare: number;
}

/** A window on one core. */
export interface Window {
  /** Ticks since it was opened. */
  length: number;
  /** By resident. */
  readonly shares: Share[];
}

/** A machine with a window on each core. */
export interface WatchedMachine extends Machine {
  readonly windows: Window[];
}

/** Opens the window of a core, at this instant. */
export function openWindow(plan: Plan, machine: WatchedMachine, core: number): void {
  const planned = plan.cores[core];
  const state = machine.cores[core];
  const window = machine.windows[core];
  if (planned === undefined || state === undefined || window === undefined) return;
  window.length = 0;
  for (let index = 0; index < planned.residents.length; index += 1) {
    const resident = planned.residents[index];
    const share = window.shares[index];
    if (resident === undefined || share === undefined) continue;
    const onGrid = settle(planned, state, index);
    const ahead = onGrid.next - state.clock;
    // Who loses its budget while idle may get it at this very instant: then it carries none.
    const coincides = resident.idle !== 'keep' && ahead === resident.period;
    share.taken = 0;
    share.early = 0;
    share.blocked = 0;
    share.spare = 0;
    share.busy = true;
    share.carry = coincides ? 0 : Math.max(0, onGrid.budget);
    share.first = coincides ? 0 : ahead;
    share.epochs = coincides ? 1 : 0;
  }
  noteIdle(plan, machine, core);
}

/** `act`, noted. */
export function actWatched(plan: Plan, machine: WatchedMachine, action: Action): Outcome {
  if (action.kind === 'time-passes') return passTime(plan, machine, action);
  const outcome = act(plan, machine, action);
  if (outcome !== 'DONE') return outcome;
  for (let core = 0; core < plan.cores.length; core += 1) {
    noteIdle(plan, machine, core);
  }
  return outcome;
}

/** `dispatchWhenDue`, noted. */
export function dispatchWatched(plan: Plan, machine: WatchedMachine, core: number): void {
  dispatchWhenDue(plan, machine, core);
  noteIdle(plan, machine, core);
}

function passTime(
  plan: Plan,
  machine: WatchedMachine,
  action: Extract<Action, { kind: 'time-passes' }>,
): Outcome {
  const planned = plan.cores[action.core];
  const state = machine.cores[action.core];
  const window = machine.windows[action.core];
  if (planned === undefined || state === undefined || window === undefined) {
    return act(plan, machine, action);
  }
  if (window.shares.length === 0) return act(plan, machine, action);
  const since = state.clock;
  const runner = state.running;
  const payer = isPaying(planned, state, runner) ? runner : NONE;
  const grid: number[] = [];
  for (let index = 0; index < planned.residents.length; index += 1) {
    const onGrid = settle(planned, state, index);
    grid.push(onGrid.next);
  }
  const outcome = act(plan, machine, action);
  if (outcome !== 'DONE') return outcome;
  window.length += state.clock - since;
  for (let index = 0; index < planned.residents.length; index += 1) {
    const share = window.shares[index];
    const passed = state.clock - since;
    if (share !== undefined && payer === NONE && runner === index) share.spare += passed;
    else if (share !== undefined && (payer === NONE || payer > index)) share.blocked += passed;
    noteShare(planned, state, window, index, payer, since, grid[index] ?? 0);
  }
  noteIdle(plan, machine, action.core);
  return outcome;
}

/** Time has passed since an instant, and who pays for it is known: what a resident has of it. */
function noteShare(
  planned: PlannedCore,
  state: CoreState,
  window: Window,
  index: number,
  payer: number,
  since: number,
  grid: number,
): void {
  const resident = planned.residents[index];
  const share = window.shares[index];
  if (resident === undefined || share === undefined) return;
  const passed = state.clock - since;
  let due = grid;
  for (let epoch = 0; epoch < planned.epochsMax; epoch += 1) {
    if (due > state.clock) break;
    if (share.epochs === 0) share.early = share.taken + (payer === index ? due - since : 0);
    share.epochs += 1;
    due += resident.period;
  }
  if (payer === index) share.taken += passed;
  if (share.epochs === 0) share.early = share.taken;
}

/** Where EL2 is in no section: for whom the core is idle, which ends what it is busy with. */
function noteIdle(plan: Plan, machine: WatchedMachine, core: number): void {
  const state = machine.cores[core];
  const window = machine.windows[core];
  const planned = plan.cores[core];
  if (planned === undefined || state === undefined || window === undefined) return;
  if (state.section > 0) return;
  let able = false;
  for (let index = 0; index < planned.residents.length; index += 1) {
    const resident = planned.residents[index];
    const account = state.accounts[index];
    const share = window.shares[index];
    if (resident === undefined || account === undefined || share === undefined) continue;
    if (mayRun(plan, machine, resident, account)) able = true;
    if (!able) share.busy = false;
  }
}

/**
 * What a resident has taken of a window: by its first replenishment no more than it had, and with
 * each one Q more. Who keeps its budget while idle had Q at most, whenever that was.
 */
export function isShareBounded(
  plan: Plan,
  machine: WatchedMachine,
  core: number,
  index: number,
): boolean {
  const planned = plan.cores[core];
  const state = machine.cores[core];
  const window = machine.windows[core];
  const resident = planned?.residents[index];
  const share = window?.shares[index];
  if (planned === undefined || state === undefined || window === undefined) return true;
  if (resident === undefined || share === undefined || !isReservation(resident)) return true;
  const onGrid = settle(planned, state, index);
  const ahead = onGrid.next - state.clock;
  const held = share.taken + onGrid.budget;
  if (share.taken > window.length) return false;
  if (share.epochs === 0) {
    if (share.first !== window.length + ahead || share.early !== share.taken) return false;
    return held <= share.carry && share.carry <= resident.budget;
  }
  const since = resident.period - ahead;
  if (window.length !== share.first + resident.period * (share.epochs - 1) + since) return false;
  if (share.early > share.first) return false;
  const given = resident.budget * share.epochs;
  if (held > share.carry + given || share.carry > resident.budget) return false;
  if (resident.idle === 'keep') return held <= share.early + given;
  const before = share.carry + given - resident.budget + plan.overrunTicks;
  return share.taken <= before + since;
}

/**
 * While it or somebody more urgent can run, a resident is held up by one section of somebody less
 * urgent at most; all other time is charged to it or to somebody more urgent.
 */
export function isBlockedOnce(
  plan: Plan,
  machine: WatchedMachine,
  core: number,
  index: number,
): boolean {
  const planned = plan.cores[core];
  const state = machine.cores[core];
  const window = machine.windows[core];
  const share = window?.shares[index];
  if (planned === undefined || state === undefined || window === undefined) return true;
  if (share === undefined) return true;
  let taken = 0;
  for (let other = 0; other <= index; other += 1) {
    taken += window.shares[other]?.taken ?? 0;
  }
  if (window.length !== taken + share.blocked + share.spare) return false;
  if (!share.busy) return true;
  const rest = computeRest(plan, planned, state, index);
  return share.blocked + rest <= computeBlocking(plan, planned, index);
}

/** For so long EL2 can work for somebody less urgent than a resident, or for another's slack. */
export function computeBlocking(plan: Plan, planned: PlannedCore, index: number): number {
  if (index + 1 < planned.residents.length) return plan.blockingTicks;
  for (let other = 0; other < index; other += 1) {
    if (planned.residents[other]?.slack === true)
      return Math.max(plan.sectionTicks, plan.interruptTicks);
  }
  return 0;
}

/** Ticks for which EL2 will go on working for somebody less urgent than a resident. */
function computeRest(plan: Plan, planned: PlannedCore, state: CoreState, index: number): number {
  if (state.section === 0 && !state.dispatchDue) return 0;
  if (!isPaying(planned, state, state.running)) {
    return state.running === index ? 0 : state.section;
  }
  if (state.running <= index) return 0;
  const account = state.accounts[state.running];
  if (account === undefined || account.exhausted || account.budget > state.section) {
    return state.section;
  }
  return state.section + plan.timerTicks;
}

/** While a resident is busy, it or somebody more urgent can run, or EL2 is in a section. */
export function isBusyAble(
  plan: Plan,
  machine: WatchedMachine,
  core: number,
  index: number,
): boolean {
  const planned = plan.cores[core];
  const state = machine.cores[core];
  const share = machine.windows[core]?.shares[index];
  if (planned === undefined || state === undefined || share === undefined) return true;
  if (!share.busy || state.section > 0) return true;
  let able = false;
  for (let other = 0; other <= index; other += 1) {
    const resident = planned.residents[other];
    const account = state.accounts[other];
    if (resident === undefined || account === undefined) continue;
    if (mayRun(plan, machine, resident, account)) able = true;
  }
  return able;
}
