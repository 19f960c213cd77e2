/**
 * One small core as the explorer runs it: its states as integers, and every step that an adversary
 * can make it take.
 *
 * The adversary decides at each instant who is ready, and who that runs begins a section. A step
 * either takes one tick or no time at all: a section or an activation begins, a virtual CPU goes
 * idle and wakes at the same instant. No formula of this folder is used.
 */

import type { IdlePolicy, SchedulingPolicy } from '../../model/configuration.ts';

/** A reservation as the explorer runs it: ticks. */
export interface ExploredReservation {
  readonly budget: number;
  readonly period: number;
  readonly idle: IdlePolicy;
  /** First replenishment after boot, or null: every phase in [0, period - budget] is tried. */
  readonly phase: number | null;
  /** It may run uncharged when nobody else is eligible; of the target this is not looked at. */
  readonly slack?: boolean;
}

/** A slot of a table: [start, end) of the frame; gaps between slots belong to nobody. */
export interface ExploredSlot {
  readonly start: number;
  readonly end: number;
  /** Index into the reservations, whose budgets a table does not look at. */
  readonly resident: number;
}

/** What EL2 costs, ticks. */
export interface ExploredCosts {
  /** A: charged once per activation, as a section. */
  readonly activation: number;
  /** S: a section that a guest begins takes 1 to this many ticks. */
  readonly section: number;
  /** I: taking an interrupt of who runs takes exactly this many. */
  readonly interrupt: number;
  /** T: the timer interrupt of who has spent its budget. */
  readonly timer: number;
}

/** A core on which EL2 costs nothing. */
export const NO_COSTS: ExploredCosts = { activation: 0, section: 0, interrupt: 0, timer: 0 };

/** A core: reservations, most urgent first; among equal deadlines the first goes first. */
export interface ExploredCore {
  readonly policy: SchedulingPolicy;
  readonly reservations: readonly ExploredReservation[];
  /** Index of the reservation whose delay is asked for. */
  readonly target: number;
  readonly costs: ExploredCosts;
  /** Instants that count: all from boot, or only those after everybody's first replenishment. */
  readonly from: 'boot' | 'settled';
  /**
   * `event`: a virtual CPU may wake at the very instant at which it was found idle. `tick`: only
   * with the next tick.
   */
  readonly wake: 'event' | 'tick';
  /** Under `table`: length of the frame and its slots in order; else null. */
  readonly table: { readonly frame: number; readonly slots: readonly ExploredSlot[] } | null;
}

/** What a core does in a step. */
export type StepKind =
  | 'run'
  /** It has the core and nothing to do on it, or no budget to be activated. */
  | 'burn'
  | 'section'
  | 'activation'
  | 'timer'
  /** A section of somebody who runs uncharged. */
  | 'slack'
  /** Nobody has the core. */
  | 'idle'
  /** No time passes: a virtual CPU that was found idle wakes at the same instant. */
  | 'wake';

/** Kinds by their number in a state or an edge. */
export const STEP_KINDS: readonly StepKind[] = [
  'run',
  'burn',
  'section',
  'activation',
  'timer',
  'slack',
  'idle',
  'wake',
];
const [RUN, BURN, SECTION, ACTIVATION, TIMER, SLACK, IDLE, WAKE] = [0, 1, 2, 3, 4, 5, 6, 7];

/** Takes a step: the core's `next` holds the state after it. */
export type TakeStep = (
  kind: number,
  /** Who has the core; -1: nobody. */
  by: number,
  /** Ticks: 0 or 1. */
  ticks: number,
  /** The target gets this tick. */
  served: boolean,
  /** It can be while the target is ready. */
  whileReady: boolean,
) => void;

/** A state, mutable: arrays are by reservation. */
export interface CoreState {
  /** Ticks since the last replenishment; negative until the first. Position in the frame: [0]. */
  readonly since: Int32Array;
  readonly budget: Int32Array;
  /** 1: it pays for an activation when it runs next. */
  readonly pays: Uint8Array;
  /** Section under way: ticks left, 0 where there is none, whose it is, and its kind. */
  left: number;
  by: number;
  kind: number;
}

/** A core made ready for its states to be walked. */
export interface Walk {
  readonly core: ExploredCore;
  /** State that `listSteps` looks at. */
  readonly state: CoreState;
  /** State after the step under way. */
  readonly next: CoreState;
  /** Lengths that a section of a guest can have. */
  readonly lengths: readonly number[];
  readonly order: number[];
}

function createState(count: number): CoreState {
  return {
    since: new Int32Array(count),
    budget: new Int32Array(count),
    pays: new Uint8Array(count),
    left: 0,
    by: 0,
    kind: 0,
  };
}

/** A walk over a core, at no state yet. */
export function createWalk(core: ExploredCore): Walk {
  const count = core.reservations.length;
  const { section, interrupt } = core.costs;
  const lengths = Array.from({ length: section }, (_, index) => index + 1);
  if (interrupt > section) lengths.push(interrupt);
  return {
    core,
    state: createState(count),
    next: createState(count),
    lengths,
    order: core.reservations.map((_, index) => index),
  };
}

function copy(from: CoreState, to: CoreState): void {
  to.since.set(from.since);
  to.budget.set(from.budget);
  to.pays.set(from.pays);
  to.left = from.left;
  to.by = from.by;
  to.kind = from.kind;
}

/** Sections are longer than these only where a number is wrong. */
const KINDS_MAX = 8;

function getDebt({ section, interrupt, timer }: ExploredCosts): number {
  return Math.max(0, Math.max(section, interrupt) - 1) + timer;
}

/** The longest that a section under way can still take. */
function getLeftMax({ activation, section, interrupt, timer }: ExploredCosts): number {
  return Math.max(activation, section, interrupt, timer);
}

/** A state as an integer below 2^53; throws where the core is too large for that. */
export function encode({ core }: Walk, state: CoreState): number {
  const debt = getDebt(core.costs);
  let key = 0;
  for (let index = 0; index < core.reservations.length; index += 1) {
    const { period, budget } = core.reservations[index] as ExploredReservation;
    if (core.table === null) {
      key = key * (2 * period) + (state.since[index] as number) + period;
      key = key * (budget + debt + 1) + (state.budget[index] as number) + debt;
    }
    key = key * 2 + (state.pays[index] as number);
  }
  if (core.table !== null) key = key * core.table.frame + (state.since[0] as number);
  if (getLeftMax(core.costs) > 0) {
    key = key * (getLeftMax(core.costs) + 1) + state.left;
    const held = state.left > 0 ? state.by * KINDS_MAX + state.kind : 0;
    key = key * (KINDS_MAX * core.reservations.length) + held;
  }
  if (!Number.isSafeInteger(key)) throw new StateRangeError();
  return key;
}

/** A core whose states do not fit an integer. */
export class StateRangeError extends Error {
  constructor() {
    super('the core is too large to be explored: its states exceed 2^53');
  }
}

/** The state of an integer that `encode` gave. */
export function decode({ core }: Walk, key: number, state: CoreState): void {
  const debt = getDebt(core.costs);
  let rest = key;
  const take = (radix: number): number => {
    const digit = rest % radix;
    rest = (rest - digit) / radix;
    return digit;
  };
  state.left = 0;
  state.by = 0;
  state.kind = 0;
  if (getLeftMax(core.costs) > 0) {
    const held = take(KINDS_MAX * core.reservations.length);
    state.left = take(getLeftMax(core.costs) + 1);
    state.kind = held % KINDS_MAX;
    state.by = (held - state.kind) / KINDS_MAX;
  }
  if (core.table !== null) state.since[0] = take(core.table.frame);
  for (let index = core.reservations.length - 1; index >= 0; index -= 1) {
    const { period, budget } = core.reservations[index] as ExploredReservation;
    state.pays[index] = take(2);
    if (core.table === null) {
      state.budget[index] = take(budget + debt + 1) - debt;
      state.since[index] = take(2 * period) - period;
    }
  }
}

/** States that boot can leave, as integers. */
export function listBootStates(walk: Walk): number[] {
  const { core, next } = walk;
  let combinations: number[][] = [[]];
  if (core.table === null) {
    for (const { phase, period, budget } of core.reservations) {
      const last = period - budget;
      const phases = phase === null ? Array.from({ length: last + 1 }, (_, at) => at) : [phase];
      combinations = combinations.flatMap((some) => phases.map((first) => [...some, first]));
    }
  }
  const pays = Number(core.costs.activation > 0);
  return combinations.map((phases) => {
    next.left = 0;
    next.by = 0;
    next.kind = 0;
    next.pays.fill(pays);
    next.budget.fill(0);
    next.since.fill(0);
    phases.forEach((phase, index) => {
      next.since[index] = -phase;
      if (phase === 0) next.budget[index] = core.reservations[index]?.budget ?? 0;
    });
    return encode(walk, next);
  });
}

/** One tick passes in `next`; `charged` pays for it, nobody where it is -1. */
function pass({ core, next }: Walk, charged: number): void {
  const pays = Number(core.costs.activation > 0);
  if (core.table !== null) {
    const at = ((next.since[0] as number) + 1) % core.table.frame;
    next.since[0] = at;
    for (const slot of core.table.slots) if (slot.start === at) next.pays[slot.resident] = pays;
    return;
  }
  if (charged >= 0) next.budget[charged] = (next.budget[charged] as number) - 1;
  for (let index = 0; index < core.reservations.length; index += 1) {
    const { period, budget } = core.reservations[index] as ExploredReservation;
    const since = (next.since[index] as number) + 1;
    next.since[index] = since === period ? 0 : since;
    if (since !== period && since !== 0) continue;
    const before = next.budget[index] as number;
    if (before <= 0) next.pays[index] = pays;
    next.budget[index] = budget + Math.min(before, 0);
  }
}

/** Who has spent its budget pays for the timer interrupt, and again for its next activation. */
function exhaust({ core, next }: Walk, charged: number, kind: number): void {
  if (next.left > 0 || charged < 0 || core.table !== null) return;
  if ((next.budget[charged] as number) > 0) return;
  next.pays[charged] = Number(core.costs.activation > 0);
  if (core.costs.timer === 0 || kind === TIMER) return;
  next.left = core.costs.timer;
  next.by = charged;
  next.kind = TIMER;
}

/** A tick of the section under way. */
function holdTick(walk: Walk, take: TakeStep): void {
  const { core, state, next } = walk;
  copy(state, next);
  const { by, kind } = state;
  const charged = kind === SLACK ? -1 : by;
  pass(walk, charged);
  next.left = state.left - 1;
  exhaust(walk, charged, kind);
  take(kind, by, 1, kind === SECTION && by === core.target, true);
}

/** A section of this kind begins; no time passes. */
function begin(
  walk: Walk,
  kind: number,
  by: number,
  left: number,
  take: TakeStep,
  whileReady: boolean,
): void {
  const { state, next } = walk;
  copy(state, next);
  next.left = left;
  next.by = by;
  next.kind = kind;
  take(kind, by, 0, false, whileReady);
}

/** A tick of who was chosen, or of nobody; a served one where it has work. */
function runTick(walk: Walk, kind: number, by: number, take: TakeStep, whileReady: boolean): void {
  const { core, state, next } = walk;
  copy(state, next);
  pass(walk, by);
  exhaust(walk, by, kind);
  take(kind, by, 1, kind === RUN && by === core.target, whileReady);
}

/** `index` has been chosen and is ready: it pays for its activation, or runs, or enters EL2. */
function enter(walk: Walk, index: number, take: TakeStep, whileReady: boolean): void {
  const { core, state } = walk;
  if (state.pays[index] === 1) {
    state.pays[index] = 0;
    begin(walk, ACTIVATION, index, core.costs.activation, take, whileReady);
    state.pays[index] = 1;
    return;
  }
  runTick(walk, RUN, index, take, whileReady);
  for (const length of walk.lengths) begin(walk, SECTION, index, length, take, whileReady);
}

/** Nobody has been chosen: a tick without anybody, or a section of somebody who uses slack. */
function takeNobody(walk: Walk, take: TakeStep, whileReady: boolean): void {
  const { core } = walk;
  runTick(walk, IDLE, -1, take, whileReady);
  if (walk.lengths.length === 0) return;
  core.reservations.forEach(({ slack }, index) => {
    if (slack !== true || index === core.target) return;
    for (const length of walk.lengths) begin(walk, SLACK, index, length, take, whileReady);
  });
}

/** `index` is found idle: it pays for its next activation, and a polled budget is gone. */
function skip(walk: Walk, index: number, take: TakeStep, whileReady: boolean): void {
  const { core, state, next } = walk;
  const pays = Number(core.costs.activation > 0);
  const isPolled = core.table === null && core.reservations[index]?.idle === 'poll';
  const changes = state.pays[index] !== pays || (isPolled && (state.budget[index] as number) > 0);
  state.pays[index] = pays;
  if (isPolled) state.budget[index] = Math.min(0, state.budget[index] as number);
  if (!changes || core.wake === 'tick') return;
  copy(state, next);
  take(WAKE, index, 0, false, whileReady);
}

/** Order in which reservations are looked at; under deadlines the earliest replenishment first. */
function sort({ core, state, order }: Walk): void {
  if (core.policy !== 'edf') return;
  const getDeadline = (index: number): number => {
    const since = state.since[index] as number;
    return since < 0 ? -since : (core.reservations[index]?.period ?? 0) - since;
  };
  order.sort((a, b) => getDeadline(a) - getDeadline(b) || a - b);
}

/** Every step from `state`, which is changed by this. */
export function listSteps(walk: Walk, take: TakeStep): void {
  const { core, state } = walk;
  if (state.left > 0) holdTick(walk, take);
  else if (core.table !== null) listSlotSteps(walk, take);
  else listChoices(walk, take);
}

/** Steps in a slot: of its resident where there is time for it, else of nobody. */
function listSlotSteps(walk: Walk, take: TakeStep): void {
  const { core, state } = walk;
  const at = state.since[0] as number;
  const slot = core.table?.slots.find(({ start, end }) => start <= at && at < end);
  let whileReady = true;
  if (slot !== undefined) {
    const { resident } = slot;
    const least = state.pays[resident] === 1 ? core.costs.activation + 1 : 1;
    if (slot.end - at >= least) {
      enter(walk, resident, take, true);
      whileReady = resident !== core.target;
      skip(walk, resident, take, whileReady);
    }
  }
  takeNobody(walk, take, whileReady);
}

/** Steps by priority or deadline: whoever is looked at may be ready, or not. */
function listChoices(walk: Walk, take: TakeStep): void {
  const { core, state } = walk;
  let whileReady = true;
  sort(walk);
  for (const index of walk.order) {
    const budget = state.budget[index] as number;
    if (budget <= 0) continue;
    const isBurned = core.reservations[index]?.idle === 'burn';
    const isTarget = index === core.target;
    const least = state.pays[index] === 1 ? core.costs.activation + 1 : 1;
    if (budget >= least) enter(walk, index, take, whileReady);
    else if (isBurned) {
      runTick(walk, BURN, index, take, whileReady);
      return;
    } else continue;
    whileReady &&= !isTarget;
    skip(walk, index, take, whileReady);
    if (isBurned) {
      runTick(walk, BURN, index, take, whileReady);
      return;
    }
  }
  takeNobody(walk, take, whileReady);
}
