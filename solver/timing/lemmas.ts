/**
 * Lemmas about the budget account of a reservation, by induction over ticks.
 *
 * State: `since`, ticks since the last replenishment; `budget`, negative where it was overrun.
 * History of a window: its length, what was consumed in it, replenishments in it, when the first
 * one was, and what was consumed before that. Each lemma is a disjunction of its failures: the
 * invariant does not hold at the start, is not kept by a tick, or does not imply the claim.
 */

import {
  add,
  and,
  equal,
  implies,
  integerVariable,
  ite,
  less,
  lessOrEqual,
  multiply,
  not,
  type Operand,
  or,
  type Term,
} from '../smt/term.ts';
import { between, encodeDemand } from './encoding.ts';
import type { OverheadTicks, ReservationTicks } from './reservation.ts';
import { computeInterference } from './reservation.ts';

/** Account of a reservation with the history of a window. */
interface History {
  readonly since: Term;
  readonly budget: Term;
  readonly length: Term;
  readonly consumed: Term;
  readonly replenished: Term;
  readonly first: Term;
  readonly before: Term;
}

/** What a reservation is and may overrun; terms where it is symbolic. */
interface Parameters {
  readonly budget: Operand;
  readonly period: Operand;
  readonly overrun: Operand;
}

const HISTORY: History = {
  since: integerVariable('since'),
  budget: integerVariable('budget'),
  length: integerVariable('length'),
  consumed: integerVariable('consumed'),
  replenished: integerVariable('replenished'),
  first: integerVariable('first'),
  before: integerVariable('before'),
};

/** What one tick charges: 1 where the reservation runs. */
const CHARGE = integerVariable('charge');
/** What polling takes away in one tick. */
const LOST = integerVariable('lost');

function minimum(a: Operand, b: Operand): Term {
  return ite(lessOrEqual(a, b), a, b);
}

function minus(a: Operand, b: Operand): Term {
  return add(a, multiply(-1, b));
}

/**
 * The account alone: 0 <= since < P, -o <= budget <= Q, and budget is not spent faster than time.
 */
function encodeAccount(state: Pick<History, 'since' | 'budget'>, is: Parameters): Term {
  return and([
    lessOrEqual(0, state.since),
    less(state.since, is.period),
    lessOrEqual(minus(0, is.overrun), state.budget),
    lessOrEqual(state.budget, is.budget),
    lessOrEqual(minus(is.budget, is.overrun), add(state.budget, state.since)),
  ]);
}

/** The account after a tick that charges `CHARGE`: b := Q + min(b, 0) on the grid. */
function encodeTick(state: Pick<History, 'since' | 'budget'>, is: Parameters) {
  const due = equal(add(state.since, 1), is.period);
  const left = minus(state.budget, CHARGE);
  return {
    due,
    since: ite(due, 0, add(state.since, 1)),
    budget: ite(due, add(is.budget, minimum(left, 0)), left),
  };
}

/** A tick charges nothing, or 1 to an account whose debt is not at its limit. */
function encodeCharge(budget: Term, overrun: Operand): Term {
  return and([
    between(0, CHARGE, 1),
    implies(equal(CHARGE, 1), lessOrEqual(add(minus(0, overrun), 1), budget)),
  ]);
}

/** Parameters of `time.throttle`, of any reservation. */
const ANY = {
  budget: integerVariable('Q'),
  period: integerVariable('P'),
  overrun: integerVariable('o'),
} as const;
/** Budget below which an activation cannot start. */
const ACTIVATION = integerVariable('A');

/** Any reservation that keeps something of its budget: 1 <= Q <= P, o + A < Q. */
export function assumeThrottle(): Term[] {
  return [
    lessOrEqual(1, ANY.budget),
    lessOrEqual(ANY.budget, ANY.period),
    lessOrEqual(0, ANY.overrun),
    lessOrEqual(0, ACTIVATION),
    less(add(ANY.overrun, ACTIVATION), ANY.budget),
  ];
}

/**
 * Fails iff an account of some reservation, of any budget and period, can have no budget for an
 * activation and longer than P - (Q - o) + A to go to its next replenishment. `lowered` ticks are
 * taken off the claim, to see that the lemma can fail.
 */
export function refuteThrottle(lowered = 0): Term {
  const { since, budget, first } = HISTORY;
  const start = { since: first, budget: add(ANY.budget, minimum(HISTORY.before, 0)) };
  const atReplenishment = and([
    equal(first, 0),
    lessOrEqual(minus(0, ANY.overrun), HISTORY.before),
  ]);
  const after = encodeTick(HISTORY, ANY);
  const isThrottled = lessOrEqual(budget, ACTIVATION);
  const secure = minus(ANY.budget, ANY.overrun);
  const bound = add(minus(ANY.period, secure), ACTIVATION, -lowered);
  return or([
    and([atReplenishment, not(encodeAccount(start, ANY))]),
    and([
      encodeAccount(HISTORY, ANY),
      encodeCharge(budget, ANY.overrun),
      not(encodeAccount(after, ANY)),
    ]),
    and([encodeAccount(HISTORY, ANY), isThrottled, less(bound, minus(ANY.period, since))]),
  ]);
}

/** The invariant of a kept budget in a window that opens at any instant. */
function encodeKeptWindow(state: History, is: { budget: number; period: number; overrun: number }) {
  const spent = add(state.consumed, state.budget);
  const replenishments = multiply(is.budget, state.replenished);
  const opened = and([
    equal(state.before, state.consumed),
    lessOrEqual(spent, is.budget),
    lessOrEqual(state.consumed, state.length),
  ]);
  const sinceFirst = add(multiply(is.period, minus(state.replenished, 1)), state.since);
  const running = and([
    equal(state.length, add(state.first, sinceFirst)),
    between(0, state.before, state.first),
    lessOrEqual(spent, add(state.before, replenishments)),
  ]);
  return and([
    encodeAccount(state, is),
    lessOrEqual(0, state.length),
    lessOrEqual(0, state.consumed),
    lessOrEqual(0, state.replenished),
    lessOrEqual(spent, add(is.budget, replenishments)),
    ite(equal(state.replenished, 0), opened, running),
  ]);
}

/**
 * The invariant of a budget that is burned or polled away, in a window that opens when nothing of
 * it is left, or at its replenishment: the start of a busy interval.
 */
function encodeSpentWindow(
  state: History,
  is: { budget: number; period: number; overrun: number },
) {
  const sinceFirst = add(multiply(is.period, minus(state.replenished, 1)), state.since);
  return and([
    lessOrEqual(0, state.since),
    less(state.since, is.period),
    between(-is.overrun, state.budget, is.budget),
    implies(
      and([equal(state.since, 0), lessOrEqual(1, state.replenished)]),
      lessOrEqual(is.budget - is.overrun, state.budget),
    ),
    lessOrEqual(0, state.length),
    lessOrEqual(0, state.replenished),
    lessOrEqual(0, state.consumed),
    lessOrEqual(add(state.consumed, state.budget), multiply(is.budget, state.replenished)),
    implies(
      lessOrEqual(1, state.replenished),
      and([lessOrEqual(0, state.first), equal(state.length, add(state.first, sinceFirst))]),
    ),
  ]);
}

/** The history after a tick. */
function encodeHistoryTick(
  state: History,
  is: { budget: number; period: number; overrun: number },
): History {
  const after = encodeTick({ since: state.since, budget: minus(state.budget, LOST) }, is);
  const opening = equal(state.replenished, 0);
  const length = add(state.length, 1);
  const consumed = add(state.consumed, CHARGE);
  return {
    since: after.since,
    budget: after.budget,
    length,
    consumed,
    replenished: ite(after.due, add(state.replenished, 1), state.replenished),
    first: ite(and([opening, after.due]), length, state.first),
    before: ite(opening, consumed, state.before),
  };
}

/** A window of length 0 in which nothing has happened. */
function encodeOpening(state: History): Term[] {
  return [equal(state.length, 0), equal(state.consumed, 0), equal(state.before, 0)];
}

/** Any tick of an account; polling may take a budget that nothing runs on. */
export function assumeWindow(): Term[] {
  return [between(0, CHARGE, 1), lessOrEqual(0, LOST), lessOrEqual(0, HISTORY.length)];
}

/**
 * Fails iff the reservation can take more than ceil((w + J) / P) * Q + o ticks in some window of w,
 * of any length: where its budget is kept any window, else one that opens at the start of a busy
 * interval. `lowered` ticks are taken off the claim, to see that the lemma can fail.
 */
export function refuteWindow(
  reservation: ReservationTicks,
  overheads: OverheadTicks,
  lowered = 0,
): Term {
  const { budget, period } = reservation;
  const is = { budget, period, overrun: overheads.overrun };
  const isKept = reservation.idle === 'keep';
  const encodeInvariant = isKept ? encodeKeptWindow : encodeSpentWindow;
  const party = { ...computeInterference(reservation, overheads), budget };
  const claim = lessOrEqual(HISTORY.consumed, add(encodeDemand(party, HISTORY.length), -lowered));
  const opens = isKept
    ? and([encodeAccount(HISTORY, is), equal(HISTORY.replenished, 0)])
    : or([
        and([
          between(0, HISTORY.since, period - 1),
          between(-is.overrun, HISTORY.budget, 0),
          equal(HISTORY.replenished, 0),
        ]),
        and([
          equal(HISTORY.since, 0),
          equal(HISTORY.first, 0),
          between(budget - is.overrun, HISTORY.budget, budget),
          equal(HISTORY.replenished, 1),
        ]),
      ]);
  const loses =
    reservation.idle === 'poll'
      ? or([equal(LOST, 0), and([equal(CHARGE, 0), equal(LOST, HISTORY.budget)])])
      : equal(LOST, 0);
  return or([
    and([...encodeOpening(HISTORY), opens, not(encodeInvariant(HISTORY, is))]),
    and([
      encodeInvariant(HISTORY, is),
      encodeCharge(HISTORY.budget, is.overrun),
      loses,
      not(encodeInvariant(encodeHistoryTick(HISTORY, is), is)),
    ]),
    and([encodeInvariant(HISTORY, is), lessOrEqual(1, HISTORY.length), not(claim)]),
  ]);
}
