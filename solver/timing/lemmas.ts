/**
 * Lemmas about the budget account of a reservation, by induction over stretches of time.
 *
 * State: `since`, ticks since the last replenishment; `budget`, negative where it was overrun.
 * History of a window: its length, what was consumed in it, replenishments in it, what these
 * granted and how long ago the first one was, when it came, and what was consumed before it. A
 * stretch lasts one tick or more, up to the next replenishment, and charges no more than it lasts.
 *
 * A lemma has three parts, each a term that is impossible: the invariant does not hold at the start
 * (`base`), is not kept by a stretch (`step`), does not imply the claim (`safe`). Base and step are
 * about every budget, period and overrun at once. `safe` is about the numbers of one reservation,
 * and every length of the window: (n - 1) * P < w + J <= n * P stands for n = ceil((w + J) / P), so
 * that nothing is divided. No part grows with the number of ticks. Strosnider, Lehoczky, Sha 1995.
 */

import {
  add,
  and,
  equal,
  implies,
  integer,
  integerVariable,
  ite,
  less,
  lessOrEqual,
  multiply,
  not,
  type Operand,
  or,
  subtract,
  type Term,
} from '../smt/term.ts';
import { between } from './encoding.ts';

/** The two parts of a lemma that hold for every reservation. */
export interface InductionParts {
  /** A start at which the invariant does not hold. */
  readonly base: Term;
  /** A stretch of time that does not keep it. */
  readonly step: Term;
}

/** The part of a lemma that is about one reservation. */
export interface SafetyParts {
  /** The counters of the history do not count this budget and period; decided as it is built. */
  readonly counts: Term;
  /** A window in which the invariant holds and more is taken than claimed. */
  readonly safe: Term;
  /**
   * A window in which the invariant holds and all that is claimed is taken: it says something, and
   * not one tick less could be claimed.
   */
  readonly attained: Term;
}

/** A reservation in ticks: 1 <= budget <= period, 0 <= overrun. */
export interface AccountTicks {
  readonly budget: number;
  readonly period: number;
  /** How far below 0 its budget can go. */
  readonly overrun: number;
}

/**
 * Windows that a lemma is about. `any`: it opens at any instant, idle budget is kept. `busy`: it
 * opens when nothing is left that the reservation may use, or at its replenishment: the start of a
 * busy interval, idle budget is burned or polled away. `known`: it opens at any instant, `x` ticks
 * before a replenishment, whatever is done with idle budget.
 */
export type WindowKind = 'any' | 'busy' | 'known';

/** Conjuncts of the invariants, by name: a test takes out one at a time. */
export const CONJUNCTS = {
  throttle: ['pace'],
  any: ['debt', 'pace', 'spent', 'opened', 'running', 'split'],
  busy: ['recent', 'debt', 'fresh', 'spent', 'opened', 'running'],
  known: ['recent', 'debt', 'fresh', 'spent', 'opened', 'opening', 'running', 'split'],
} as const;

/** Account of a reservation with the history of a window. */
interface History {
  readonly since: Term;
  readonly budget: Term;
  readonly length: Term;
  readonly consumed: Term;
  /** Replenishments in the window, m. */
  readonly replenished: Term;
  /** What they granted, m * Q. */
  readonly granted: Term;
  /** From the first to the last of them, (m - 1) * P. */
  readonly passed: Term;
  /** Length of the window at the first of them. */
  readonly first: Term;
  /** What was consumed before it. */
  readonly before: Term;
  /** From the begin of the window to the first of them, where that is known. */
  readonly next: Term;
}

/** Names of the case that attains a claim: it stands beside the cases that break it. */
const ATTAINED = 'attained.';

function createHistory(prefix = ''): History {
  const name = (entry: string): Term => integerVariable(`${prefix}${entry}`);
  return {
    since: name('since'),
    budget: name('budget'),
    length: name('length'),
    consumed: name('consumed'),
    replenished: name('replenished'),
    granted: name('granted'),
    passed: name('passed'),
    first: name('first'),
    before: name('before'),
    next: name('x'),
  };
}

const HISTORY = createHistory();

/** What one stretch lasts, and what it charges. */
const [LASTS, CHARGE] = [integerVariable('lasts'), integerVariable('charge')];
/** What a stretch takes away of a budget that nothing runs on. */
const LOST = integerVariable('lost');

/** What a reservation is; terms where it is symbolic. */
interface Parameters {
  readonly budget: Operand;
  readonly period: Operand;
  readonly overrun: Operand;
}

function createAny(prefix = '') {
  return {
    budget: integerVariable(`${prefix}Q`),
    period: integerVariable(`${prefix}P`),
    overrun: integerVariable(`${prefix}o`),
  };
}

/** Every reservation. */
const ANY = createAny();

/** 1 <= Q <= P, 0 <= o. */
function encodeWellFormed(is: Parameters): Term {
  return and([
    lessOrEqual(1, is.budget),
    lessOrEqual(is.budget, is.period),
    lessOrEqual(0, is.overrun),
  ]);
}

function minimum(a: Operand, b: Operand): Term {
  return ite(lessOrEqual(a, b), a, b);
}

/** Conjuncts about the account alone. */
function listAccountConjuncts(state: Pick<History, 'since' | 'budget'>, is: Parameters) {
  return {
    recent: between(0, state.since, subtract(is.period, 1)),
    debt: between(subtract(0, is.overrun), state.budget, is.budget),
    /** Budget is not spent faster than time passes. */
    pace: lessOrEqual(subtract(is.budget, is.overrun), add(state.budget, state.since)),
  };
}

/** The conjuncts of an invariant but the one that is named. */
function conjoin(conjuncts: Readonly<Record<string, Term>>, without: string | null): Term {
  const named = Object.entries(conjuncts).filter(([name]) => name !== without);
  return and(named.map(([, conjunct]) => conjunct));
}

/** The account after a stretch: b := Q + min(b, 0) on the grid. */
function encodeStretch(state: Pick<History, 'since' | 'budget'>, is: Parameters) {
  const since = add(state.since, LASTS);
  const due = equal(since, is.period);
  const left = subtract(state.budget, CHARGE);
  return {
    due,
    since: ite(due, 0, since),
    budget: ite(due, add(is.budget, minimum(left, 0)), left),
  };
}

/** A stretch ends at a replenishment or before, and does not charge beyond the debt's limit. */
function encodeCharge(state: Pick<History, 'since' | 'budget'>, is: Parameters): Term {
  return and([
    lessOrEqual(1, LASTS),
    lessOrEqual(add(state.since, LASTS), is.period),
    between(0, CHARGE, LASTS),
    lessOrEqual(CHARGE, add(is.overrun, state.budget)),
  ]);
}

/** A throttled account, and how far it is from its next replenishment, at most and in fact. */
function encodeThrottled(prefix: string, without: string | null) {
  const is = createAny(prefix);
  const { since, budget } = createHistory(prefix);
  /** Budget below which an activation cannot start. */
  const activation = integerVariable(`${prefix}A`);
  const secure = subtract(is.budget, is.overrun);
  return {
    premises: and([
      encodeWellFormed(is),
      lessOrEqual(0, activation),
      less(activation, secure),
      encodePace({ since, budget }, is, without),
      lessOrEqual(budget, activation),
    ]),
    most: add(subtract(is.period, secure), activation),
    left: subtract(is.period, since),
  };
}

function encodePace(
  state: Pick<History, 'since' | 'budget'>,
  is: Parameters,
  without: string | null,
): Term {
  return conjoin({ pace: listAccountConjuncts(state, is).pace }, without);
}

/**
 * An account of any reservation can have no budget for an activation and no longer than
 * P - (Q - o) + A to go to its next replenishment. `lowered` ticks are taken off the claim, and a
 * conjunct out of the invariant, to see that the lemma can fail.
 */
export function buildThrottleLemma(
  lowered = 0,
  without: string | null = null,
): InductionParts & Omit<SafetyParts, 'counts'> {
  const { since, budget, before } = HISTORY;
  const start = { since: integer(0), budget: add(ANY.budget, minimum(before, 0)) };
  const wellFormed = encodeWellFormed(ANY);
  const throttled = encodeThrottled('', without);
  const attained = encodeThrottled(ATTAINED, without);
  return {
    base: and([
      wellFormed,
      lessOrEqual(subtract(0, ANY.overrun), before),
      not(encodePace(start, ANY, without)),
    ]),
    step: and([
      wellFormed,
      encodePace({ since, budget }, ANY, without),
      encodeCharge(HISTORY, ANY),
      not(encodePace(encodeStretch(HISTORY, ANY), ANY, without)),
    ]),
    safe: and([throttled.premises, less(add(throttled.most, -lowered), throttled.left)]),
    attained: and([attained.premises, equal(add(attained.most, -lowered), attained.left)]),
  };
}

/** Where the window has not seen a replenishment. */
function isOpening(state: History): Term {
  return equal(state.replenished, 0);
}

/** The conjuncts of an invariant, by name. */
function listConjuncts(
  kind: WindowKind,
  state: History,
  is: Parameters,
): Readonly<Record<string, Term>> {
  const { recent, debt, pace } = listAccountConjuncts(state, is);
  const spent = add(state.consumed, state.budget);
  const opening = isOpening(state);
  const split = [between(0, state.before, state.first)];
  const common = {
    debt,
    running: implies(
      not(opening),
      and([
        equal(state.length, add(state.first, state.passed, state.since)),
        kind === 'known' ? equal(state.first, state.next) : lessOrEqual(0, state.first),
      ]),
    ),
  };
  const fresh = implies(
    and([equal(state.since, 0), not(opening)]),
    lessOrEqual(subtract(is.budget, is.overrun), state.budget),
  );
  if (kind === 'busy') {
    const opened = implies(opening, lessOrEqual(0, state.length));
    return { ...common, recent, fresh, opened, spent: lessOrEqual(spent, state.granted) };
  }
  const history = {
    ...common,
    spent: lessOrEqual(spent, add(is.budget, state.granted)),
    opened: implies(
      opening,
      and([equal(state.before, state.consumed), between(0, state.consumed, state.length)]),
    ),
    split: implies(
      not(opening),
      and([...split, lessOrEqual(spent, add(state.before, state.granted))]),
    ),
  };
  if (kind === 'any') return { ...history, pace };
  const toNext = add(state.since, state.next);
  return {
    ...history,
    recent,
    fresh,
    opening: implies(opening, equal(toNext, add(is.period, state.length))),
  };
}

/** A window of length 0 in which nothing has happened. */
function encodeOpening(kind: WindowKind, state: History, is: Parameters): Term {
  const { recent, debt, pace } = listAccountConjuncts(state, is);
  const nothing = [equal(state.length, 0), equal(state.consumed, 0), equal(state.before, 0)];
  const closed = and([
    equal(state.replenished, 0),
    equal(state.granted, 0),
    equal(state.passed, subtract(0, is.period)),
  ]);
  const replenished = and([
    equal(state.since, 0),
    equal(state.first, 0),
    lessOrEqual(subtract(is.budget, is.overrun), state.budget),
    equal(state.replenished, 1),
    equal(state.granted, is.budget),
    equal(state.passed, 0),
  ]);
  if (kind === 'any') return and([...nothing, recent, debt, pace, closed]);
  const inPeriod =
    kind === 'busy'
      ? lessOrEqual(state.budget, 0)
      : and([lessOrEqual(1, state.next), equal(add(state.since, state.next), is.period)]);
  const atBegin = kind === 'busy' ? replenished : and([equal(state.next, 0), replenished]);
  return and([...nothing, recent, debt, or([and([inPeriod, closed]), atBegin])]);
}

/** The history after a stretch. */
function encodeHistoryStretch(state: History, is: Parameters): History {
  const budget = subtract(state.budget, LOST);
  const after = encodeStretch({ since: state.since, budget }, is);
  const opening = isOpening(state);
  const length = add(state.length, LASTS);
  const consumed = add(state.consumed, CHARGE);
  return {
    since: after.since,
    budget: after.budget,
    length,
    consumed,
    replenished: ite(after.due, add(state.replenished, 1), state.replenished),
    granted: ite(after.due, add(state.granted, is.budget), state.granted),
    passed: ite(after.due, add(state.passed, is.period), state.passed),
    first: ite(and([opening, after.due]), length, state.first),
    before: ite(opening, consumed, state.before),
    next: state.next,
  };
}

/** 0 <= m, and m = 0 exactly where nothing has been granted and no time has passed since. */
function encodeCounters(state: History, is: Parameters): Term {
  return and([
    lessOrEqual(0, state.replenished),
    implies(
      isOpening(state),
      and([equal(state.granted, 0), equal(state.passed, subtract(0, is.period))]),
    ),
  ]);
}

/** Base and step of a window, for every budget, period and overrun. */
export function buildWindowInduction(
  kind: WindowKind,
  without: string | null = null,
): InductionParts {
  const encode = (state: History): Term =>
    and([encodeCounters(state, ANY), conjoin(listConjuncts(kind, state, ANY), without)]);
  const premises = [encodeWellFormed(ANY), lessOrEqual(0, HISTORY.next)];
  const left = { since: HISTORY.since, budget: subtract(HISTORY.budget, LOST) };
  const loses =
    kind === 'any'
      ? equal(LOST, 0)
      : and([lessOrEqual(0, LOST), or([equal(LOST, 0), lessOrEqual(0, left.budget)])]);
  return {
    base: and([...premises, encodeOpening(kind, HISTORY, ANY), not(encode(HISTORY))]),
    step: and([
      ...premises,
      encode(HISTORY),
      loses,
      encodeCharge(left, ANY),
      not(encode(encodeHistoryStretch(HISTORY, ANY))),
    ]),
  };
}

/** A window of any length in which the invariant of a reservation holds. */
interface Window {
  readonly holds: Term;
  readonly length: Term;
  readonly consumed: Term;
  /** What is claimed of it. */
  readonly most: Term;
  /** Always true: the budgets that are counted against the replenishments that there were. */
  readonly cases: Term;
  readonly counts: Term;
}

/** `n` is least with a window's span <= n * P. */
function encodeLeast(n: Term, period: number, span: Term): Term {
  const before = multiply(period, subtract(n, 1));
  return and([less(before, span), lessOrEqual(span, multiply(period, n))]);
}

function encodeWindow(
  kind: WindowKind,
  is: AccountTicks,
  prefix: string,
  without: string | null,
): Window {
  const { budget, period, overrun } = is;
  const history = createHistory(prefix);
  const { length, next, replenished } = history;
  const n = integerVariable(`${prefix}n`);
  const state: History = {
    ...history,
    granted: multiply(budget, replenished),
    passed: multiply(period, subtract(replenished, 1)),
  };
  const full = add(multiply(budget, n), overrun);
  const later = subtract(length, next);
  const isKnown = kind === 'known';
  const counted = isKnown
    ? and([
        between(0, next, period - 1),
        ite(lessOrEqual(later, 0), equal(n, 0), encodeLeast(n, period, later)),
      ])
    : encodeLeast(n, period, add(length, kind === 'any' ? period - budget : 0));
  return {
    holds: and([
      lessOrEqual(0, replenished),
      conjoin(listConjuncts(kind, state, is), without),
      lessOrEqual(1, length),
      counted,
    ]),
    length,
    consumed: state.consumed,
    most: isKnown ? add(minimum(minimum(budget, next), length), full) : full,
    cases: or([less(n, replenished), equal(n, replenished), less(replenished, n)]),
    counts: and([
      equal(add(state.granted, budget), multiply(budget, add(replenished, 1))),
      equal(add(state.passed, period), multiply(period, replenished)),
    ]),
  };
}

/**
 * Of a window of any length: more taken than n * Q + o, where `x` is known than
 * min(Q, x, w) + n * Q + o. `lowered` ticks are taken off the claim, and a conjunct out of the
 * invariant, to see that it can fail; below 0 the claim says less, and nothing attains it.
 */
export function buildWindowSafety(
  kind: WindowKind,
  is: AccountTicks,
  lowered = 0,
  without: string | null = null,
): SafetyParts {
  const window = encodeWindow(kind, is, '', without);
  const attained = encodeWindow(kind, is, ATTAINED, without);
  // No more is taken than time passes; a budget that is its period leaves no time for an overrun.
  const possible = or([is.budget === is.period, lessOrEqual(attained.consumed, attained.length)]);
  return {
    counts: not(window.counts),
    // Case by case nothing is left but linear arithmetic.
    safe: and([window.holds, window.cases, less(add(window.most, -lowered), window.consumed)]),
    attained: and([
      attained.holds,
      possible,
      equal(attained.consumed, add(attained.most, -lowered)),
    ]),
  };
}
