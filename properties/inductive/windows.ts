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
  /**
   * Until this instant nobody more urgent could run: its wait begins now at the earliest. This and
   * the next two are noted only of who waits for somebody that loses its budget while idle.
   */
  clear: boolean;
  /** Ticks in which nobody more urgent was charged, but for `served`. */
  held: number;
  /** Ticks that it ran since nobody more urgent could, for the first time in the window. */
  served: number;
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
    const coincides = isGivenNow(planned, state, index);
    share.taken = 0;
    share.early = 0;
    share.blocked = 0;
    share.spare = 0;
    share.held = 0;
    share.served = 0;
    share.busy = true;
    share.carry = computeCarry(plan, planned, state, index);
    share.first = coincides ? 0 : ahead;
    share.epochs = coincides ? 1 : 0;
  }
  noteIdle(plan, machine, core);
}

/** Whether who loses its budget while idle gets it at this very instant. */
function isGivenNow(planned: PlannedCore, state: CoreState, index: number): boolean {
  const resident = planned.residents[index];
  if (resident === undefined || resident.idle === 'keep') return false;
  const onGrid = settle(planned, state, index);
  return onGrid.next - state.clock === resident.period;
}

/** Budget that a resident brings into a window that is opened now, ticks; never below 0. */
function computeCarry(plan: Plan, planned: PlannedCore, state: CoreState, index: number): number {
  if (isGivenNow(planned, state, index)) return 0;
  return Math.max(0, computeLeft(plan, planned, state, index));
}

/**
 * Budget on the grid that a resident can still spend in its period, ticks: under `poll` too little
 * for the activation that is due counts as none.
 */
function computeLeft(plan: Plan, planned: PlannedCore, state: CoreState, index: number): number {
  const onGrid = settle(planned, state, index);
  const budget = onGrid.budget;
  const account = state.accounts[index];
  if (account === undefined || planned.residents[index]?.idle !== 'poll') return budget;
  if (!account.activation || budget > plan.activationTicks) return budget;
  // It runs, until EL2 chooses anew.
  if (isPaying(planned, state, index)) return budget;
  return Math.min(budget, 0);
}

/**
 * A window that is opened at the earliest instant at which a resident's wait can begin has no
 * budget from before of somebody more urgent that loses its own while idle.
 */
export function isOpenedWithout(
  plan: Plan,
  machine: WatchedMachine,
  core: number,
  index: number,
): boolean {
  const planned = plan.cores[core];
  const window = machine.windows[core];
  const share = window?.shares[index];
  if (planned === undefined || window === undefined || share === undefined) return true;
  if (!isBehindLoss(planned, index) || !share.clear) return true;
  for (let other = 0; other < index; other += 1) {
    if (planned.residents[other]?.idle === 'keep') continue;
    const before = window.shares[other];
    if (before !== undefined && before.carry > 0) return false;
  }
  return true;
}

/** Whether somebody more urgent than a resident loses its budget while idle. */
export function isBehindLoss(planned: PlannedCore, index: number): boolean {
  for (let other = 0; other < index; other += 1) {
    if (planned.residents[other]?.idle !== 'keep') return true;
  }
  return false;
}

/** `act`, noted. */
export function actWatched(plan: Plan, machine: WatchedMachine, action: Action): Outcome {
  const clear: boolean[][] = [];
  // No core has to choose yet: that is done when a step ends.
  for (let core = 0; core < plan.cores.length; core += 1) {
    clear.push(listClear(plan, machine, core));
  }
  const outcome =
    action.kind === 'time-passes'
      ? passTime(plan, machine, action)
      : actAtOnce(plan, machine, action);
  if (outcome !== 'DONE') return outcome;
  for (let core = 0; core < plan.cores.length; core += 1) {
    noteClear(plan, machine, core, clear[core] ?? []);
  }
  return outcome;
}

function actAtOnce(plan: Plan, machine: WatchedMachine, action: Action): Outcome {
  const outcome = act(plan, machine, action);
  if (outcome !== 'DONE') return outcome;
  for (let core = 0; core < plan.cores.length; core += 1) {
    noteIdle(plan, machine, core);
  }
  return outcome;
}

/** `dispatchWhenDue`, noted. */
export function dispatchWatched(plan: Plan, machine: WatchedMachine, core: number): void {
  const isDue = machine.cores[core]?.dispatchDue === true;
  const clear = listClear(plan, machine, core);
  dispatchWhenDue(plan, machine, core);
  noteIdle(plan, machine, core);
  if (isDue) noteClear(plan, machine, core, clear);
}

/** By resident, whether EL2 does nothing on a core and nobody more urgent can run. */
function listClear(plan: Plan, machine: WatchedMachine, core: number): boolean[] {
  const clear: boolean[] = [];
  const state = machine.cores[core];
  const window = machine.windows[core];
  const planned = plan.cores[core];
  if (planned === undefined || state === undefined || window === undefined) return clear;
  if (window.shares.length === 0 || !isBehindLoss(planned, planned.residents.length)) return clear;
  let able = isAtEl2(plan, planned, state);
  for (let index = 0; index < planned.residents.length; index += 1) {
    clear.push(!able);
    const resident = planned.residents[index];
    const account = state.accounts[index];
    if (resident === undefined || account === undefined) continue;
    if (mayRun(plan, machine, resident, account)) able = true;
  }
  return clear;
}

function noteClear(
  plan: Plan,
  machine: WatchedMachine,
  core: number,
  clear: readonly boolean[],
): void {
  const window = machine.windows[core];
  const planned = plan.cores[core];
  if (planned === undefined || window === undefined) return;
  for (let index = 0; index < clear.length; index += 1) {
    const share = window.shares[index];
    if (share === undefined || !isBehindLoss(planned, index)) continue;
    share.clear = clear[index] === true;
  }
}

/** Whether EL2 is in a section, or goes into the timer's handler before anything else. */
function isAtEl2(plan: Plan, planned: PlannedCore, state: CoreState): boolean {
  if (state.section > 0) return true;
  if (plan.timerTicks === 0 || !state.dispatchDue) return false;
  if (!isPaying(planned, state, state.running)) return false;
  const account = state.accounts[state.running];
  return account !== undefined && account.budget <= 0 && !account.exhausted;
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
    if (isBehindLoss(planned, index)) noteWait(window, index, runner, payer, passed);
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

/** Time has passed: whether a resident was held up in it or served, if neither was anybody else. */
function noteWait(
  window: Window,
  index: number,
  runner: number,
  payer: number,
  passed: number,
): void {
  const share = window.shares[index];
  const before = window.shares[index - 1];
  if (share === undefined || before === undefined) return;
  const isOwn = payer === index || (payer === NONE && runner === index);
  if (isOwn && !before.busy) share.served += passed;
  else if (isOwn || payer === NONE || payer > index) share.held += passed;
}

/** Where EL2 is in no section: for whom the core is idle, which ends what it is busy with. */
function noteIdle(plan: Plan, machine: WatchedMachine, core: number): void {
  const state = machine.cores[core];
  const window = machine.windows[core];
  const planned = plan.cores[core];
  if (planned === undefined || state === undefined || window === undefined) return;
  if (isAtEl2(plan, planned, state)) return;
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
  const held = share.taken + computeLeft(plan, planned, state, index);
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
  if (share.busy) {
    const rest = computeRest(plan, planned, state, index, true);
    if (share.blocked + rest > computeBlocking(plan, planned, index)) return false;
  }
  if (!isBehindLoss(planned, index)) return true;
  const before = window.shares[index - 1];
  const most = window.shares[index]?.taken ?? 0;
  if (window.length !== taken - most + share.held + share.served) return false;
  if (!share.busy) return true;
  const left = computeRest(plan, planned, state, index, before?.busy !== true);
  return share.held + left <= plan.blockingTicks;
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

/**
 * Ticks for which EL2 will go on working for somebody less urgent than a resident; `isServed`: what
 * it does for the resident itself is service, and does not count.
 */
function computeRest(
  plan: Plan,
  planned: PlannedCore,
  state: CoreState,
  index: number,
  isServed: boolean,
): number {
  if (state.section === 0 && !state.dispatchDue) return 0;
  if (!isPaying(planned, state, state.running)) {
    return isServed && state.running === index ? 0 : state.section;
  }
  if (state.running < index || (isServed && state.running === index)) return 0;
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
  if (!share.busy || isAtEl2(plan, planned, state)) return true;
  let able = false;
  for (let other = 0; other <= index; other += 1) {
    const resident = planned.residents[other];
    const account = state.accounts[other];
    if (resident === undefined || account === undefined) continue;
    if (mayRun(plan, machine, resident, account)) able = true;
  }
  return able;
}

/**
 * At the earliest instant at which a wait can begin, nobody more urgent that loses its budget while
 * idle has any, but what it gets at this very instant.
 */
export function isClearWithout(
  plan: Plan,
  machine: WatchedMachine,
  core: number,
  index: number,
): boolean {
  const planned = plan.cores[core];
  const state = machine.cores[core];
  const share = machine.windows[core]?.shares[index];
  if (planned === undefined || state === undefined || share === undefined) return true;
  if (!share.clear) return true;
  for (let other = 0; other < index; other += 1) {
    if (planned.residents[other]?.idle === 'keep') continue;
    if (computeCarry(plan, planned, state, other) > 0) return false;
  }
  return true;
}
