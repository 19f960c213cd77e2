/**
 * Accounts by measurement: what each reservation has left by the grid, by the clock and by who ran.
 *
 * Everything is accounted at the instant at which it is due. EL2 finds a replenishment late when it
 * falls into a section, and must then come to the same.
 */

import type { CoreState } from '../../model/machine.ts';
import type { Plan, PlannedCore, Resident } from '../../model/plan.ts';
import type { CoreReadiness } from './readiness.ts';

/** What a reservation has left. */
export interface MeasuredAccount {
  readonly resident: Resident;
  /** Ticks; below 0 a debt. */
  budget: number;
  /** The next replenishment; Infinity where there is none. */
  next: number;
  /** The next time that it is chosen it pays for the switch. */
  isFresh: boolean;
  /** The timer interrupt that ends its budget is paid for. */
  isStopped: boolean;
  wasReady: boolean;
  resets: number;
}

/** Accounts before anything is known about them. */
export function createAccounts({ residents }: PlannedCore): MeasuredAccount[] {
  return residents.map((resident) => ({
    resident,
    budget: 0,
    next: Infinity,
    isFresh: true,
    isStopped: false,
    wasReady: false,
    resets: 0,
  }));
}

/**
 * Begins to measure, outside of a section: with the balances as they stand, as far as the grid
 * permits them; from here on EL2's accounts are not looked at.
 */
export function beginAccounts(
  state: CoreState,
  accounts: readonly MeasuredAccount[],
  { ready, resets }: CoreReadiness,
): void {
  for (const [index, account] of accounts.entries()) {
    const { resident } = account;
    const stated = state.accounts[index];
    if (stated === undefined) continue;
    const since = state.clock - resident.phase;
    const epochs = since < 0 ? 0 : Math.floor(since / Math.max(1, resident.period)) + 1;
    account.next = resident.period === 0 ? Infinity : resident.phase + epochs * resident.period;
    account.budget = Math.min(stated.budget, epochs === 0 ? 0 : resident.budget);
    account.isFresh = stated.activation;
    account.isStopped = stated.exhausted;
    account.wasReady = ready[index] === true;
    account.resets = resets[index] ?? 0;
  }
}

/** Time passes from one instant to another, while the resident `charged` pays; -1 for nobody. */
export function passTime(
  accounts: readonly MeasuredAccount[],
  charged: number,
  from: number,
  to: number,
): void {
  for (let index = 0; index < accounts.length; index += 1) {
    const account = accounts[index];
    if (account === undefined) continue;
    let at = from;
    while (account.next <= to) {
      if (index === charged) account.budget -= account.next - at;
      at = account.next;
      if (account.budget <= 0) account.isFresh = true;
      account.budget = account.resident.budget + Math.min(account.budget, 0);
      account.isStopped = false;
      account.next += account.resident.period;
    }
    if (index === charged) account.budget -= to - at;
  }
}

/** Whoever has the slots that began in (from, to] of a table pays for the switch. */
export function beginSlots(
  planned: PlannedCore,
  accounts: readonly MeasuredAccount[],
  from: number,
  to: number,
): void {
  const { frame } = planned;
  for (const { start, resident } of planned.slots) {
    const account = accounts[resident];
    const isBegun = Math.floor((to - start) / frame) > Math.floor((from - start) / frame);
    if (account !== undefined && isBegun) account.isFresh = true;
  }
}

/** Whoever has waited, been off or been reset since the last look pays for the switch. */
export function noteStarts(
  accounts: readonly MeasuredAccount[],
  { ready, resets }: CoreReadiness,
): void {
  for (let index = 0; index < accounts.length; index += 1) {
    const account = accounts[index];
    if (account === undefined) continue;
    const isReady = ready[index] === true;
    const count = resets[index] ?? 0;
    if ((account.wasReady && !isReady) || account.resets !== count) account.isFresh = true;
    account.wasReady = isReady;
    account.resets = count;
  }
}

/** Ticks that a resident needs for being chosen. */
export function computeNeed(plan: Plan, account: MeasuredAccount): number {
  return account.isFresh ? plan.activationTicks + 1 : 1;
}

/** Who must have a core at this instant, by the accounts; -1 where it is free for slack. */
export function findDue(
  plan: Plan,
  planned: PlannedCore,
  accounts: readonly MeasuredAccount[],
  clock: number,
): number {
  if (planned.policy === 'table') return findSlotOwner(plan, planned, accounts, clock);
  let due = -1;
  for (let index = 0; index < accounts.length; index += 1) {
    const account = accounts[index];
    if (account === undefined || !isEligible(plan, account)) continue;
    if (due !== -1 && account.next >= (accounts[due]?.next ?? Infinity)) continue;
    due = index;
    if (planned.policy === 'fp') break;
  }
  losePolls(planned, accounts, due);
  return due;
}

function isEligible(plan: Plan, account: MeasuredAccount): boolean {
  if (account.resident.idle === 'burn') return account.budget > 0;
  return account.wasReady && account.budget >= computeNeed(plan, account);
}

function findSlotOwner(
  plan: Plan,
  planned: PlannedCore,
  accounts: readonly MeasuredAccount[],
  clock: number,
): number {
  const at = clock % planned.frame;
  for (const { start, end, resident } of planned.slots) {
    const account = accounts[resident];
    if (at < start || at >= end || account === undefined || !account.wasReady) continue;
    if (end - at >= computeNeed(plan, account)) return resident;
  }
  return -1;
}

/** Under `poll` whoever comes before the one that is due, and waits, loses its budget. */
function losePolls(planned: PlannedCore, accounts: readonly MeasuredAccount[], due: number): void {
  const chosen = accounts[due];
  for (let index = 0; index < accounts.length; index += 1) {
    const account = accounts[index];
    if (account === undefined || account.wasReady || account.resident.idle !== 'poll') continue;
    const isBefore =
      chosen === undefined ||
      (planned.policy === 'fp' || account.next === chosen.next
        ? index < due
        : account.next < chosen.next);
    if (isBefore) account.budget = Math.min(account.budget, 0);
  }
}
