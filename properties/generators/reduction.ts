/**
 * Reduction: the shorter and simpler traces that a shrinker tries, in an order that finds the few
 * actions that matter in few runs.
 *
 * First the last few actions are tried alone, and other ways to the last one. Then what the spec
 * refuses goes, all at once: a refusal changes nothing; then all that other cores do, and each
 * subject. Then the end is cut, then pieces go, half of the trace first and single actions last.
 * Then time is passed in fewer actions, then pairs go, then operands become simpler. Source:
 * Zeller, Hildebrandt 2002, Simplifying and Isolating Failure-Inducing Input; the result is
 * 1-minimal.
 */

import type { Action } from '../../model/actions.ts';
import { createMachine } from '../../model/machine.ts';
import type { Machine } from '../../model/machine.ts';
import type { Plan } from '../../model/plan.ts';
import { step } from '../../model/step.ts';
import { listDetours, listShortcuts } from './shortcuts.ts';
import type { Trace } from './traces.ts';

/** Where a reduction stands after a success: what was tried in vain is not tried again. */
export type Place =
  | { readonly phase: 'start' }
  | { readonly phase: 'subjects'; readonly at: number }
  | { readonly phase: 'cut'; readonly kept: number }
  | {
      readonly phase: 'pieces';
      readonly size: number;
      readonly end: number;
      readonly gain: boolean;
    }
  | { readonly phase: 'merged'; readonly at: number }
  | { readonly phase: 'operands'; readonly at: number };

/** A trace to try, and where the reduction goes on if that fails too. */
export interface Candidate {
  readonly trace: Trace;
  readonly place: Place;
}

/** Traces longer than this are not reduced by pairs, which are quadratic. */
const PAIRS_UP_TO = 7;

/** Actions at the end that are tried alone: 1, 2, 4 and so on up to these. */
const TAIL_MAX = 8;

/** Traces shorter than this are not reduced by subjects. */
const SUBJECTS_FROM = 16;

/** What is left out at once, where a trace may not need it. */
const SUBJECTS: readonly ((action: Action, last: Action) => boolean)[] = [
  (action, last) => 'core' in action && 'core' in last && action.core !== last.core,
  ({ kind }) => /dma|iotlb|^msi$/.test(kind),
  ({ kind }) => /^(bus-)?(read|write)$|^fetch$|^tlb/.test(kind),
  ({ kind }) => /^register|^smc$|^unknown-call$|^notify$|^arm-timer$/.test(kind),
  ({ kind }) => /^interrupt|^list-register|^line|^distributor$|^send-sgi$/.test(kind),
  ({ kind }) => /^cpu-|^wait$|^system-reset$/.test(kind),
];

const START: Place = { phase: 'start' };

/** The candidates for a trace, from a place. `boot` starts a booted machine. */
export function* listCandidates(
  plan: Plan,
  boot: readonly Action[],
  trace: Trace,
  place: Place = START,
): Generator<Candidate, void> {
  const { actions } = trace;
  const { length } = actions;
  if (place.phase === 'start') {
    yield* listStarts(plan, boot, trace);
  }
  if (place.phase === 'start' || place.phase === 'subjects') {
    yield* listSubjects(trace, place.phase === 'start' ? 0 : place.at);
    yield* listCuts(trace, 0);
  } else if (place.phase === 'cut') {
    yield* listCuts(trace, place.kept);
  }
  if (place.phase !== 'operands' && place.phase !== 'merged') {
    const pieces = place.phase === 'pieces';
    const size = pieces ? place.size : Math.max(1, Math.floor(length / 2));
    yield* listPieces(trace, size, pieces ? place.end : length - 1, pieces && place.gain);
  }
  if (place.phase !== 'operands') {
    yield* listMerged(trace, place.phase === 'merged' ? place.at : 0);
    for (const way of listShortcuts(plan, boot, actions)) yield anew(way);
    for (const way of listDetours(plan, boot, actions)) yield anew(way);
    if (length <= PAIRS_UP_TO) yield* listPairs(trace);
  }
  yield* listSimpler(trace, place.phase === 'operands' ? place.at : 0);
}

/** Without its boot, its end alone, by other ways, and without what the spec refuses. */
function* listStarts(
  plan: Plan,
  boot: readonly Action[],
  trace: Trace,
): Generator<Candidate, void> {
  const last = trace.actions.length - 1;
  if (trace.start === 'reset') {
    const actions = trace.actions.filter(({ kind }, at) => kind !== 'boot' || at === last);
    yield { trace: { start: 'booted', actions }, place: START };
  }
  for (let length = 1; length <= TAIL_MAX && length < trace.actions.length; length *= 2) {
    yield anew(trace.actions.slice(-length));
  }
  for (const actions of listDetours(plan, boot, trace.actions)) yield anew(actions);
  const machine = createMachine(plan);
  if (trace.start === 'booted') for (const action of boot) step(plan, machine, action);
  const effective = trace.actions.filter(
    (action, at) => isDone(plan, machine, action) || at === last,
  );
  if (effective.length < trace.actions.length) {
    yield { trace: { ...trace, actions: effective }, place: { phase: 'subjects', at: 0 } };
  }
}

/** Without all actions of a subject, be it what other cores do: the last action stays. */
function* listSubjects(trace: Trace, from: number): Generator<Candidate, void> {
  const { actions } = trace;
  const last = actions.at(-1);
  if (actions.length < SUBJECTS_FROM || last === undefined) return;
  for (let at = from; at < SUBJECTS.length; at += 1) {
    const isOf = SUBJECTS[at];
    const rest = actions.filter((action) => action === last || isOf?.(action, last) === false);
    if (rest.length === actions.length) continue;
    yield { trace: { ...trace, actions: rest }, place: { phase: 'subjects', at: at + 1 } };
  }
}

/** Other actions from an undisturbed boot, of which nothing is known. */
function anew(actions: readonly Action[]): Candidate {
  return { trace: { start: 'booted', actions }, place: { phase: 'cut', kept: 0 } };
}

function isDone(plan: Plan, machine: Machine, action: Action): boolean {
  return step(plan, machine, action) === 'DONE';
}

/** Prefixes: half of what is not known to be needed, then less and less is cut. */
function* listCuts(trace: Trace, kept: number): Generator<Candidate, void> {
  const { length } = trace.actions;
  for (let cut = Math.floor((length - kept) / 2); cut > 0; cut = Math.floor(cut / 2)) {
    const actions = trace.actions.slice(0, length - cut);
    yield { trace: { ...trace, actions }, place: { phase: 'cut', kept: length - 2 * cut } };
  }
}

/** Without a piece, from the last one to the first, in ever smaller pieces. */
function* listPieces(
  trace: Trace,
  firstSize: number,
  firstEnd: number,
  firstGain: boolean,
): Generator<Candidate, void> {
  const { actions } = trace;
  let [size, end, gain] = [firstSize, firstEnd, firstGain];
  for (;;) {
    while (end > 0) {
      const begin = Math.max(0, end - size);
      yield {
        trace: { ...trace, actions: [...actions.slice(0, begin), ...actions.slice(end)] },
        place: { phase: 'pieces', size, end: begin, gain: true },
      };
      end = begin;
    }
    if (size === 1 && !gain) return;
    size = Math.max(1, Math.floor(size / 2));
    end = size === 1 ? actions.length : actions.length - 1;
    gain = false;
  }
}

/** With two steps of time on a core in one: what was between two events is one stretch. */
function* listMerged(trace: Trace, from: number): Generator<Candidate, void> {
  const { actions } = trace;
  for (let at = from; at < actions.length; at += 1) {
    const first = actions[at];
    if (first?.kind !== 'time-passes') continue;
    const next = actions.findIndex(
      (one, index) => index > at && one.kind === 'time-passes' && one.core === first.core,
    );
    const second = actions[next];
    if (second?.kind !== 'time-passes') continue;
    const merged = { ...second, ticks: first.ticks + second.ticks };
    const rest = actions.map((one, index) => (index === next ? merged : one));
    yield {
      trace: { ...trace, actions: rest.filter((_, index) => index !== at) },
      place: { phase: 'merged', at },
    };
  }
}

function* listPairs(trace: Trace): Generator<Candidate, void> {
  const { actions } = trace;
  for (let first = 0; first < actions.length; first += 1) {
    for (let second = first + 1; second < actions.length; second += 1) {
      const rest = actions.filter((_, at) => at !== first && at !== second);
      yield {
        trace: { ...trace, actions: rest },
        place: { phase: 'pieces', size: 1, end: rest.length, gain: false },
      };
    }
  }
}

/** With simpler operands of one action. */
function* listSimpler(trace: Trace, from: number): Generator<Candidate, void> {
  for (let at = from; at < trace.actions.length; at += 1) {
    const action = trace.actions[at];
    if (action === undefined) continue;
    for (const simpler of listSimplerActions(action)) {
      const actions = trace.actions.map((one, index) => (index === at ? simpler : one));
      yield { trace: { ...trace, actions }, place: { phase: 'operands', at } };
    }
  }
}

/** The same with 0 for a word that is stored, and less time: one tick, or half as much. */
export function listSimplerActions(action: Action): Action[] {
  const simpler: Action[] = [];
  if ('value' in action && action.value !== 0) simpler.push({ ...action, value: 0 });
  if ('fails' in action && action.fails) simpler.push({ ...action, fails: false });
  if ('ticks' in action && action.ticks > 1) {
    simpler.push({ ...action, ticks: 1 });
    const half = Math.floor(action.ticks / 2);
    if (half > 1) simpler.push({ ...action, ticks: half });
  }
  return simpler;
}
