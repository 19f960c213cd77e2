/**
 * Scheduler: (budget, period) reservations on each shared core, or slots of a table.
 *
 * Replenishment happens at phase + k * period, never relative to the handler's time, and sets the
 * budget to Q plus any debt; unused budget is lost. A handler that is late works through all that
 * has fallen due, in order, and charges what ran since to the new period. A reservation that has
 * spent its budget is pre-empted at once, or at the end of an EL2 section; it pays for the section
 * and for the timer interrupt, which is debt. An activation pays for the switch. Under `table` a
 * resident runs in its slots and has no budget. A core that one partition has whole is not
 * scheduled at all.
 *
 * Sources: Strosnider, Lehoczky, Sha 1995 (keep: deferrable); Lehoczky, Sha, Strosnider 1987
 * (poll); idling periodic server (burn).
 */

import { isReady } from './execution.ts';
import { NONE } from './machine.ts';
import type { Account, CoreState, Machine } from './machine.ts';
import type { Plan, PlannedCore, Resident } from './plan.ts';
import { switchWorld } from './world-switch.ts';

/** Boot starts the schedule of a core: budget 0 before the first replenishment, at the phase. */
export function startSchedule(plan: Plan, machine: Machine, core: number): void {
  const planned = plan.cores[core];
  const state = machine.cores[core];
  if (planned === undefined || state === undefined) return;
  for (let index = 0; index < planned.residents.length; index += 1) {
    const resident = planned.residents[index];
    const account = state.accounts[index];
    if (resident === undefined || account === undefined) continue;
    account.nextReplenishment = resident.phase;
    replenishWhenDue(planned, state, index);
  }
}

/** A core chooses anew who runs, when all that happens in this step has happened. */
export function requestDispatch(machine: Machine, core: number): void {
  const state = machine.cores[core];
  if (state !== undefined) state.dispatchDue = true;
}

/** Ends what a step has begun on a core: it chooses who runs, if it has to. */
export function dispatchWhenDue(plan: Plan, machine: Machine, core: number): void {
  const state = machine.cores[core];
  if (state === undefined || !state.dispatchDue) return;
  state.dispatchDue = false;
  dispatch(plan, machine, core);
}

/**
 * Chooses who runs on a core now, and switches to it; an EL2 section postpones the choice to its
 * end.
 */
function dispatch(plan: Plan, machine: Machine, core: number): void {
  const planned = plan.cores[core];
  const state = machine.cores[core];
  if (planned === undefined || state === undefined) return;
  if (!machine.boot.sealed || !planned.el2 || state.section > 0) return;
  if (isExhausted(planned, state)) {
    handleExhaustion(plan, state);
    if (state.section > 0) return;
  }
  const chosen =
    planned.policy === 'table'
      ? chooseInSlot(plan, machine, planned, state)
      : chooseResident(plan, machine, planned, state);
  const slack = chosen === NONE ? chooseSlack(machine, planned, state) : NONE;
  state.slack = slack !== NONE;
  state.running = chosen === NONE ? slack : chosen;
  if (slack !== NONE) state.lastSlack = slack;
  enterRunning(plan, machine, core);
}

/** A virtual CPU leaves WFI, if it is there; its core chooses anew. */
export function wake(plan: Plan, machine: Machine, partition: number, vcpu: number): void {
  const state = machine.partitions[partition]?.vcpus[vcpu];
  if (state === undefined || !state.on || !state.waiting) return;
  state.waiting = false;
  requestDispatch(machine, plan.partitions[partition]?.vcpus[vcpu]?.core ?? -1);
}

/** Whether the account of the running resident pays for the time that passes. */
export function isCharged(planned: PlannedCore, state: CoreState): boolean {
  if (planned.policy === 'table' || state.running === NONE) return false;
  const resident = planned.residents[state.running];
  return resident !== undefined && !resident.dedicated && !state.slack;
}

/** Whether a resident has a budget that comes back. */
export function isReplenished(resident: Resident): boolean {
  return !resident.dedicated && resident.period > 0;
}

/**
 * At phase + k * period: budget is Q less any debt; what was unused is lost. All that has fallen
 * due is worked through; what the resident has been charged since then belongs to the new period.
 */
export function replenishWhenDue(planned: PlannedCore, state: CoreState, index: number): void {
  const resident = planned.residents[index];
  const account = state.accounts[index];
  if (resident === undefined || account === undefined || !isReplenished(resident)) return;
  const charged = isCharged(planned, state) && state.running === index;
  for (let epoch = 0; epoch < planned.epochsMax; epoch += 1) {
    if (account.nextReplenishment > state.clock) break;
    const since = charged ? state.clock - account.nextReplenishment : 0;
    const before = account.budget + since;
    if (before <= 0) account.activation = true;
    account.budget = resident.budget + Math.min(before, 0) - since;
    account.exhausted = false;
    account.nextReplenishment += resident.period;
    account.epochs += 1;
  }
}

/** The next slot begins where the one before has ended: whoever has it pays for the switch. */
export function turnWhenDue(planned: PlannedCore, state: CoreState): void {
  for (let turn = 0; turn < planned.turnsMax; turn += 1) {
    if (computeSlotEnd(planned, state) > state.clock) break;
    state.slot += 1;
    if (state.slot === planned.slots.length) {
      state.slot = 0;
      state.frameStart += planned.frame;
    }
    const account = state.accounts[planned.slots[state.slot]?.resident ?? NONE];
    if (account !== undefined) account.activation = true;
  }
}

/** The instant at which the slot ends that a core is in. */
export function computeSlotEnd(planned: PlannedCore, state: CoreState): number {
  return state.frameStart + (planned.slots[state.slot]?.end ?? 0);
}

/** Whether who runs has spent its budget, and EL2 has still to handle that. */
function isExhausted(planned: PlannedCore, state: CoreState): boolean {
  if (!isCharged(planned, state)) return false;
  const account = state.accounts[state.running];
  return account !== undefined && account.budget <= 0 && !account.exhausted;
}

/** The timer has interrupted whoever runs: it pays for that, and again for its next activation. */
function handleExhaustion(plan: Plan, state: CoreState): void {
  const account = state.accounts[state.running];
  if (account === undefined) return;
  account.exhausted = true;
  account.activation = true;
  state.section = plan.timerTicks;
}

/** Whoever has the slot, if it is ready and has time enough for an activation, where it is one. */
function chooseInSlot(
  plan: Plan,
  machine: Machine,
  planned: PlannedCore,
  state: CoreState,
): number {
  const index = planned.slots[state.slot]?.resident ?? NONE;
  const resident = planned.residents[index];
  const account = state.accounts[index];
  if (resident === undefined || account === undefined || !isReady(machine, resident)) return NONE;
  const left = computeSlotEnd(planned, state) - state.clock;
  return left >= computeLeastBudget(plan, account) ? index : NONE;
}

/**
 * The first resident in order that may run; under `poll` one that is found idle loses its budget.
 */
function chooseResident(
  plan: Plan,
  machine: Machine,
  planned: PlannedCore,
  state: CoreState,
): number {
  let chosen = NONE;
  for (let index = 0; index < planned.residents.length; index += 1) {
    const resident = planned.residents[index];
    const account = state.accounts[index];
    if (resident === undefined || account === undefined) continue;
    if (!isEligible(plan, machine, resident, account)) continue;
    if (chosen === NONE) {
      chosen = index;
      if (planned.policy === 'fp') break;
    } else if (isSooner(account, state.accounts[chosen])) {
      chosen = index;
    }
  }
  loseUnusedPolls(machine, planned, state, chosen);
  return chosen;
}

/**
 * Earlier deadline: the deadline of a reservation is its next replenishment. Ties go to the first.
 */
function isSooner(account: Account, other: Account | undefined): boolean {
  return other === undefined || account.nextReplenishment < other.nextReplenishment;
}

/** Whether the resident `index` is more urgent than the chosen one, or nobody is chosen. */
function isBefore(planned: PlannedCore, state: CoreState, index: number, chosen: number): boolean {
  if (chosen === NONE) return true;
  if (index === chosen) return false;
  if (planned.policy === 'fp') return index < chosen;
  const account = state.accounts[index];
  const other = state.accounts[chosen];
  if (account === undefined || other === undefined) return false;
  if (account.nextReplenishment !== other.nextReplenishment) return isSooner(account, other);
  return index < chosen;
}

/**
 * Whether a resident may be chosen: a whole core when ready, else with budget, and ready or
 * burning.
 */
export function isEligible(
  plan: Plan,
  machine: Machine,
  resident: Resident,
  account: Account,
): boolean {
  const ready = isReady(machine, resident);
  if (resident.dedicated) return ready;
  if (resident.idle === 'burn') return account.budget > 0;
  return ready && account.budget >= computeLeastBudget(plan, account);
}

/** Budget that a dispatch needs: an activation pays for the switch and gets at least one tick. */
function computeLeastBudget(plan: Plan, account: Account): number {
  return account.activation ? plan.activationTicks + 1 : 1;
}

/**
 * Polling: whoever would have been selected before the chosen one and has no work loses its budget.
 */
function loseUnusedPolls(
  machine: Machine,
  planned: PlannedCore,
  state: CoreState,
  chosen: number,
): void {
  for (let index = 0; index < planned.residents.length; index += 1) {
    if (!isBefore(planned, state, index, chosen)) continue;
    const resident = planned.residents[index];
    const account = state.accounts[index];
    if (resident === undefined || account === undefined) continue;
    if (resident.idle === 'poll' && !resident.dedicated && !isReady(machine, resident)) {
      account.budget = Math.min(account.budget, 0);
    }
  }
}

/** Round robin among ready residents that may use slack; NONE when there is none. */
function chooseSlack(machine: Machine, planned: PlannedCore, state: CoreState): number {
  const count = planned.residents.length;
  for (let step = 1; step <= count; step += 1) {
    const index = (state.lastSlack + step) % count;
    const resident = planned.residents[index];
    if (resident !== undefined && resident.slack && isReady(machine, resident)) return index;
  }
  return NONE;
}

/** Enters the running resident if it has work; an activation is charged as an EL2 section. */
function enterRunning(plan: Plan, machine: Machine, core: number): void {
  const planned = plan.cores[core];
  const state = machine.cores[core];
  if (planned === undefined || state === undefined || state.running === NONE) return;
  const resident = planned.residents[state.running];
  const account = state.accounts[state.running];
  if (resident === undefined || account === undefined) return;
  if (!isReady(machine, resident)) return;
  if (!resident.dedicated && !state.slack && account.activation) {
    const has = planned.policy === 'table' ? Infinity : account.budget;
    if (has < computeLeastBudget(plan, account)) return;
    account.activation = false;
    state.section = plan.activationTicks;
  }
  if (state.loaded !== state.running) switchWorld(plan, machine, core, state.running);
}
