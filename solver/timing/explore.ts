/**
 * Explorer: the exact worst delay on a small core, by visiting every state that its scheduler can
 * reach.
 *
 * Time advances tick by tick, and in each tick an adversary chooses who is ready and who starts a
 * section that nothing pre-empts. From every reachable state the longest way to the c-th served
 * tick of the target is searched. No formula of this folder is used, so that it can hold them to
 * account; cost grows with the product of the periods, which makes it a reference for small numbers
 * only. A wake-up takes effect with the next tick; one at the very instant of an unsuccessful poll,
 * which costs a polling target one tick more, is not among the runs.
 */

import type { IdlePolicy, SchedulingPolicy } from '../../model/configuration.ts';

/** A reservation as the explorer runs it: ticks. */
export interface ExploredReservation {
  readonly budget: number;
  readonly period: number;
  readonly idle: IdlePolicy;
  /** First replenishment after boot, or null: every phase in [0, period - budget] is tried. */
  readonly phase: number | null;
}

/** A core: reservations, most urgent first. */
export interface ExploredCore {
  readonly policy: SchedulingPolicy;
  readonly reservations: readonly ExploredReservation[];
  /** Index of the reservation whose delay is asked for. */
  readonly target: number;
  /** Z: longest section that nothing pre-empts, at least 0; a served tick alone is none. */
  readonly section: number;
  /** Instants that count: all from boot, or only those after everybody's first replenishment. */
  readonly from: 'boot' | 'settled';
}

/** What was found. */
export interface Exploration {
  /** Exact D(1), D(2), ...; Infinity where the target can be kept waiting for ever. */
  readonly delays: readonly number[];
  /** States from which a delay was measured. */
  readonly states: number;
}

/** Search given up: more states than asked for. */
export class ExplorationLimitError extends Error {
  constructor(statesMax: number) {
    super(`more than ${statesMax} states`);
  }
}

/** State of one reservation: ticks since replenishment (negative: until the first), and budget. */
interface Account {
  readonly since: number;
  readonly budget: number;
}

/** State of the core between two ticks. */
interface CoreState {
  readonly accounts: readonly Account[];
  /** Who is in a section, and for how many more ticks; null: everyone can be pre-empted. */
  readonly held: { readonly by: number; readonly left: number } | null;
}

/** One outcome of a tick: who ran, and the state after it. */
interface Tick {
  readonly ran: number | null;
  readonly next: CoreState;
}

/** Exact D(1) to D(demandMax) of the target. Throws `ExplorationLimitError`. */
export function exploreDelays(
  core: ExploredCore,
  demandMax: number,
  statesMax = 200_000,
): Exploration {
  const starts = listReachable(core, statesMax);
  const memo = new Map<string, number>();
  const delays: number[] = [];
  for (let demand = 1; demand <= demandMax; demand += 1) {
    let worst = 0;
    for (const start of starts) worst = Math.max(worst, findLongest(core, start, demand, memo));
    delays.push(worst);
  }
  return { delays, states: starts.length };
}

function toKey(state: CoreState): string {
  const accounts = state.accounts.map(({ since, budget }) => `${since},${budget}`).join(';');
  return state.held === null ? accounts : `${accounts}|${state.held.by},${state.held.left}`;
}

/** Every state that boot leads to, from where the core says. */
function listReachable(core: ExploredCore, statesMax: number): CoreState[] {
  const seen = new Map<string, CoreState>();
  const pending = listBootStates(core.reservations);
  for (const state of pending) seen.set(toKey(state), state);
  for (let state = pending.pop(); state !== undefined; state = pending.pop()) {
    for (const { next } of listTicks(core, state, null)) {
      const key = toKey(next);
      if (seen.has(key)) continue;
      if (seen.size >= statesMax) throw new ExplorationLimitError(statesMax);
      seen.set(key, next);
      pending.push(next);
    }
  }
  const states = [...seen.values()];
  if (core.from === 'boot') return states;
  return states.filter((state) => state.accounts.every(({ since }) => since >= 0));
}

function listBootStates(reservations: readonly ExploredReservation[]): CoreState[] {
  let combinations: Account[][] = [[]];
  for (const { phase, period, budget } of reservations) {
    const phases = phase === null ? listPhases(period - budget) : [phase];
    combinations = combinations.flatMap((accounts) =>
      phases.map((first) => [...accounts, { since: -first, budget: 0 }]),
    );
  }
  return combinations.map((accounts) => replenish(reservations, { accounts, held: null }));
}

function listPhases(last: number): number[] {
  return Array.from({ length: last + 1 }, (_, phase) => phase);
}

/** Replenishes what is due at this instant: b := Q + min(b, 0). */
function replenish(reservations: readonly ExploredReservation[], state: CoreState): CoreState {
  const accounts = state.accounts.map((account, index) => {
    const reservation = reservations[index];
    if (reservation === undefined) return account;
    const since = account.since === reservation.period ? 0 : account.since;
    if (since !== 0) return { since, budget: account.budget };
    return { since, budget: reservation.budget + Math.min(account.budget, 0) };
  });
  return { accounts, held: state.held };
}

/**
 * Order in which reservations are looked at in this state; under deadlines the target loses ties.
 */
function listOrder(core: ExploredCore, state: CoreState): number[] {
  const order = core.reservations.map((_, index) => index);
  if (core.policy === 'fp') return order;
  const getDeadline = (index: number): number =>
    (core.reservations[index]?.period ?? 0) - (state.accounts[index]?.since ?? 0);
  return order.sort(
    (a, b) =>
      getDeadline(a) - getDeadline(b) ||
      Number(a === core.target) - Number(b === core.target) ||
      a - b,
  );
}

/**
 * Every tick that the adversary can make happen. `isTargetReady` null: it chooses for the target
 * too.
 */
function listTicks(core: ExploredCore, state: CoreState, isTargetReady: true | null): Tick[] {
  if (state.held !== null) return [runTick(core, state, state.held.by, state.held.left - 1, [])];
  const ticks: Tick[] = [];
  const visit = (order: readonly number[], polled: readonly number[]): void => {
    const [index, ...rest] = order;
    if (index === undefined) {
      ticks.push(runTick(core, state, null, 0, polled));
      return;
    }
    const idle = core.reservations[index]?.idle ?? 'keep';
    if ((state.accounts[index]?.budget ?? 0) <= 0) {
      visit(rest, polled);
      return;
    }
    // A burning reservation runs whether it has work or not; the others if the adversary says so.
    const longest = Math.max(1, core.section);
    for (let length = 1; length <= longest; length += 1) {
      ticks.push(runTick(core, state, index, length - 1, polled));
    }
    const mustRun = idle === 'burn' || (isTargetReady === true && index === core.target);
    if (!mustRun) visit(rest, idle === 'poll' ? [...polled, index] : polled);
  };
  visit(listOrder(core, state), []);
  return ticks;
}

/** The state after a tick in which `ran` is charged, and stays for `left` ticks more. */
function runTick(
  core: ExploredCore,
  state: CoreState,
  ran: number | null,
  left: number,
  polled: readonly number[],
): Tick {
  const accounts = state.accounts.map(({ since, budget }, index) => {
    const kept = polled.includes(index) ? 0 : budget;
    return { since: since + 1, budget: kept - Number(index === ran) };
  });
  const held = ran === null || left === 0 ? null : { by: ran, left };
  return { ran, next: replenish(core.reservations, { accounts, held }) };
}

/**
 * Marks a state whose search is under way: meeting it again means that the target can wait for
 * ever.
 */
const UNDER_WAY = -1;

/** Longest way from a state, target ready, to its `demand`-th served tick. */
function findLongest(
  core: ExploredCore,
  state: CoreState,
  demand: number,
  memo: Map<string, number>,
): number {
  const key = `${demand}:${toKey(state)}`;
  const known = memo.get(key);
  if (known !== undefined) return known === UNDER_WAY ? Number.POSITIVE_INFINITY : known;
  memo.set(key, UNDER_WAY);
  let worst = 0;
  for (const { ran, next } of listTicks(core, state, true)) {
    const left = demand - Number(ran === core.target);
    const rest = left === 0 ? 0 : findLongest(core, next, left, memo);
    worst = Math.max(worst, 1 + rest);
  }
  memo.set(key, worst);
  return worst;
}
