/**
 * Unwinding conditions of noninterference, per action and pair of partitions.
 *
 * Output consistency, local respect and weak step consistency (Rushby 1992), intransitive through
 * declared channels. Two runs are compared by renaming: what the observers see is shared, the rest
 * of the second state is fresh, so that a step that reads only what is shared gives the same term.
 */

import type { StaticConfiguration } from '../../model/configuration.ts';
import { NONE } from '../../model/machine.ts';
import { PAGE_SIZE, computeEnd, computePages } from '../../model/units.ts';
import { ALIGNED_FIELDS } from '../../model/view.ts';
import { isSame } from '../lift/operators.ts';
import { MemoryLog } from '../lift/memory.ts';
import { isTerm, listAlternatives, mapAlternatives, toTruth } from '../lift/values.ts';
import type { Value } from '../lift/values.ts';
import { renameVariable, substituteAll } from '../smt/substitute.ts';
import {
  FALSE,
  TRUE,
  and,
  equal,
  implies,
  ite,
  listVariables,
  not,
  or,
  toTerm,
  within,
} from '../smt/term.ts';
import type { Term, Variable } from '../smt/term.ts';
import { SPY_FRAME, isOutcome } from './goals.ts';
import type { CaseResult } from './goals.ts';
import { selectRelevant } from './phase-model.ts';
import type { PhaseModel } from './phase-model.ts';
import { isObservableFrame } from './views.ts';
import type { Element, Elements } from './views.ts';

/** The conditions, by the last part of their claims' ids. */
export type Condition = 'output-consistency' | 'local-respect' | 'weak-step-consistency';

/** What a case must satisfy for noninterference. */
export interface UnwindingGoal {
  readonly condition: Condition;
  /** Partition that acts; NONE for time, EL2 and the environment. */
  readonly actor: number;
  /** Partition that observes; the actor itself for its output. */
  readonly observer: number;
  readonly name: string;
  readonly holds: Term;
  /** Premises about the second state. */
  readonly premises: readonly Term[];
  /** What stands for each variable in the second state; null where there is one state only. */
  readonly twin: ReadonlyMap<Term, Term> | null;
}

/** What a partition observes after a step: the pieces that read what was written. */
export interface Observation {
  readonly partition: number;
  readonly after: Elements;
}

/** All unwinding goals of a case, but those that hold by construction of the terms. */
export function listUnwindingGoals(
  model: PhaseModel,
  configuration: StaticConfiguration,
  result: CaseResult,
): UnwindingGoal[] {
  const { domain } = result.case;
  const goals: UnwindingGoal[] = [];
  for (const observation of result.observations) {
    if (isRespectful(result, observation.partition)) {
      goals.push(...listRespectGoals(model, configuration, result, observation));
    }
    goals.push(...listStepGoals(model, result, observation));
  }
  if (domain !== NONE) goals.push(...listOutputGoals(model, result));
  return goals.filter(({ holds }) => holds !== TRUE);
}

// ------------------------------------------------------------------ local respect

/**
 * Whether a micro-step must not be seen by the observer: what another partition does, and the
 * choice of who runs, which anybody's action may bring about.
 */
export function isRespectful({ case: { kind, domain } }: CaseResult, observer: number): boolean {
  return kind === 'dispatch' || (domain !== NONE && domain !== observer);
}

/** Of goals that rest on nothing but what holds of every state. */
export const NO_PREMISES: readonly Term[] = [];

/** What one partition does changes nothing that another observes, but by a declared channel. */
function listRespectGoals(
  model: PhaseModel,
  configuration: StaticConfiguration,
  result: CaseResult,
  { partition: observer, after }: Observation,
): UnwindingGoal[] {
  const actor = result.case.domain;
  const before = result.viewOf(observer);
  if (isDeclaredRing(model, result, observer)) return [];
  const create = (name: string, holds: Term): UnwindingGoal => ({
    condition: 'local-respect',
    actor,
    observer,
    name,
    holds,
    premises: NO_PREMISES,
    twin: null,
  });
  const goals = after.flatMap(({ name, value: now }) => {
    const value = findElement(before, name);
    if (now === value) return [];
    const holds = or([not(isCompared(name, before, after)), equal(value, now)]);
    return isSettled(holds) ? [] : [create(name, holds)];
  });
  const words = readSpy(result);
  if (words === null) return goals;
  const seen = isObservableFrame(model, observer, SPY_FRAME);
  const declared = or(
    listDeclaredFrames(configuration, actor, observer).map(([first, past]) =>
      within(SPY_FRAME, first, past),
    ),
  );
  const kept = or([not(seen), declared, equal(words.before, words.after)]);
  return [...goals, create(PAGE_WORD, kept)];
}

/** Whether a statement holds by simplification, whoever is live. */
function isSettled(holds: Term): boolean {
  return listSplits([holds]).every((known) => substituteAll([holds], known)[0] === TRUE);
}

/** List registers are compared only where the virtual CPU is live before and after. */
function isCompared(name: string, before: Elements, after: Elements): Term {
  if (!name.startsWith('listRegisters')) return TRUE;
  const live = `${name.slice(0, name.lastIndexOf('['))}[0]`;
  // Both numbers are of one piece.
  return and([before, after].map((list) => equal(findElement(list, live), 1)));
}

function findElement(list: Elements, name: string): Term {
  const known = byName.get(list) ?? new Map(list.map((one) => [one.name, one.value]));
  byName.set(list, known);
  return known.get(name) ?? toTerm(0);
}

const byName = new WeakMap<Elements, ReadonlyMap<string, Term>>();

/** Whether the action rings a doorbell of the observer's that a channel declares. */
function isDeclaredRing(
  { plan }: PhaseModel,
  { case: one }: CaseResult,
  observer: number,
): boolean {
  if (one.kind !== 'notify') return false;
  const doorbell = plan.partitions[one.domain]?.doorbells[Number(one.action['doorbell'])];
  return doorbell?.to === observer;
}

/** Frames [first, past) of channels that one partition may write and another takes part in. */
export function listDeclaredFrames(
  { channels }: StaticConfiguration,
  from: number,
  to: number,
): (readonly [first: number, past: number])[] {
  return channels
    .filter(
      ({ ends }) =>
        ends.some(({ partition, access }) => partition === from && access.write) &&
        ends.some(({ partition }) => partition === to),
    )
    .map(({ pa, size }) => {
      const pages = computePages({ base: pa, size });
      return [pages.base / PAGE_SIZE, computeEnd(pages) / PAGE_SIZE];
    });
}

/** The word of any page before and after the step; null where memory was not written. */
function readSpy({ written }: CaseResult): { before: Term; after: Term } | null {
  for (const { before, after } of written) {
    const logs = listAlternatives(after).map(([, one]) => one);
    if (!logs.some((one) => one instanceof MemoryLog)) continue;
    return { before: readWord(before), after: readWord(after) };
  }
  return null;
}

function readWord(log: Value): Term {
  const word = mapAlternatives(log, (one) => (one as MemoryLog).read(SPY_FRAME).word);
  return toTerm(word as Term | number);
}

// ------------------------------------------------------------------ two states

/** The second state: what takes the place of each variable of the first. */
interface Renaming {
  readonly map: ReadonlyMap<Term, Term>;
  /** What ties frames and words of the two states together. */
  readonly premises: readonly Term[];
}

/** Fields that both states have alike, as prefixes of paths without indices. */
const ALIGNED = Object.keys(ALIGNED_FIELDS);

function isAligned(variable: Variable): boolean {
  const path = variable.name.replaceAll(/\[[^\]]*\]|#\d+$/g, '');
  return (
    variable.name.startsWith('action.') ||
    variable.name.startsWith('spy.') ||
    ALIGNED.some((field) => path === field || path.startsWith(`${field}.`))
  );
}

/** Under which condition each variable is seen in a view; remembered. */
function getVisible(view: Elements): ReadonlyMap<Term, Term> {
  const known = visibleIn.get(view);
  if (known !== undefined) return known;
  const seen = new Map<Term, Term>();
  for (const { value } of view) addVisible(value, TRUE, seen);
  visibleIn.set(view, seen);
  return seen;
}

const visibleIn = new WeakMap<Elements, ReadonlyMap<Term, Term>>();

/** Under which condition some of the observers see a variable. */
function createSight(
  result: CaseResult,
  observers: readonly number[],
): (variable: Variable) => Term {
  const views = observers.map((observer) => getVisible(result.viewOf(observer)));
  return (variable) => or(views.map((view) => view.get(variable) ?? FALSE));
}

/** Adds to `seen` under which condition each variable of an observed number is seen. */
function addVisible(value: Term, guard: Term, seen: Map<Term, Term>): void {
  if (value.kind === 'application' && value.operator === 'ite') {
    const [condition = FALSE, then = value, otherwise = value] = value.arguments;
    // Each number of a view tells which side it is: the sides have no number in common.
    for (const variable of listVariables([condition])) addSeen(variable, guard, seen);
    addVisible(then, and([guard, condition]), seen);
    addVisible(otherwise, and([guard, not(condition)]), seen);
    return;
  }
  for (const variable of listVariables([value])) addSeen(variable, guard, seen);
}

function addSeen(variable: Term, guard: Term, seen: Map<Term, Term>): void {
  seen.set(variable, or([seen.get(variable) ?? FALSE, guard]));
}

/** Booleans that both states have alike, with the values that they have in one part of a proof. */
type Known = ReadonlyMap<Term, Term>;

const NOTHING_KNOWN: Known = new Map();

/** A second state that looks the same to the given partitions and has the same schedule. */
function rename(
  model: PhaseModel,
  result: CaseResult,
  observers: readonly number[],
  terms: readonly Term[],
  known: Known = NOTHING_KNOWN,
): Renaming {
  const whenSeen = createSight(result, observers);
  const map = new Map<Term, Term>();
  const cells = result.memory.listCells();
  const ofMemory = new Set(listVariables(cells.flatMap(([, { word, writer }]) => [word, writer])));
  const frames = cells.map(([frame]) => frame);
  for (const variable of listVariables([...terms, ...frames])) {
    if (ofMemory.has(variable) || isAligned(variable)) continue;
    const seen = whenSeen(variable);
    const shared = known.size === 0 ? seen : (substituteAll([seen], known)[0] ?? seen);
    if (shared !== TRUE) map.set(variable, ite(shared, variable, createTwin(variable)));
  }
  const others = substituteAll(frames, map);
  const premises: Term[] = [];
  const isSeen = (frame: Term): Term =>
    or(observers.map((observer) => isObservableFrame(model, observer, frame)));
  for (const [index, [frame, { word, writer }]] of cells.entries()) {
    const other = others[index] ?? frame;
    for (const variable of listVariables([writer])) map.set(variable, createTwin(variable));
    const shared = and([equal(frame, other), isSeen(frame)]);
    if (word.kind === 'variable' && shared !== TRUE) {
      map.set(word, ite(shared, word, createTwin(word)));
    }
    for (const [position, [earlier, cell]] of cells.entries()) {
      if (position === index || other === frame) continue;
      const twin = map.get(word) ?? word;
      premises.push(implies(and([equal(other, earlier), isSeen(earlier)]), equal(twin, cell.word)));
    }
  }
  return { map, premises };
}

function createTwin(variable: Variable): Term {
  return renameVariable(variable, `other/${variable.name}`);
}

// ------------------------------------------------------------------ weak step consistency

/** From two states that look alike to observer and actor come two that look alike again. */
function listStepGoals(
  model: PhaseModel,
  result: CaseResult,
  { partition: observer, after }: Observation,
): UnwindingGoal[] {
  const actor = result.case.domain;
  const before = result.viewOf(observer);
  const observers = actor === NONE ? [observer] : [...new Set([observer, actor])];
  const changed: Element[] = after.filter(({ name, value }) => findElement(before, name) !== value);
  const words = readSpy(result);
  const seen = words === null ? FALSE : isObservableFrame(model, observer, SPY_FRAME);
  if (words !== null && seen !== FALSE) {
    changed.push({ name: PAGE_WORD, value: ite(seen, words.after, 0) });
  }
  const open = changed.filter(({ value }) => !isAlike(model, result, observers, value));
  if (open.length === 0) return [];
  return compareStates(model, result, observers, open).map((goal): UnwindingGoal => ({
    ...goal,
    condition: 'weak-step-consistency',
    actor,
    observer,
  }));
}

const PAGE_WORD = 'the word of a page';

/** Booleans that a term is split by, at most. */
const SPLIT_MAX = 4;

/**
 * Whether a number is the same in both states by construction of the terms, whichever way the
 * schedule, which they have in common, decides what is seen of the state: who is live on a core.
 */
function isAlike(
  model: PhaseModel,
  result: CaseResult,
  observers: readonly number[],
  value: Term,
): boolean {
  const conditions = listVariables([value]).map(createSight(result, observers));
  return listSplits(conditions).every((known) => {
    const [decided = value] = substituteAll([value], known);
    const { map } = rename(model, result, observers, [decided], known);
    return substituteAll([decided], map)[0] === decided;
  });
}

/**
 * The ways in which what both states have alike may decide these terms; one in which nothing is
 * known, where they are too many.
 */
function listSplits(terms: readonly Term[]): readonly Known[] {
  const deciding = listVariables(terms).filter(
    (variable) => variable.sort === 'Bool' && isAligned(variable),
  );
  if (deciding.length > SPLIT_MAX) return [NOTHING_KNOWN];
  return deciding.reduce<Map<Term, Term>[]>(
    (all, variable) =>
      all.flatMap((one) => [TRUE, FALSE].map((known) => new Map([...one, [variable, known]]))),
    [new Map()],
  );
}

/** That the elements are the same in every second state that looks alike. */
function compareStates(
  model: PhaseModel,
  result: CaseResult,
  observers: readonly number[],
  elements: Elements,
): Pick<UnwindingGoal, 'name' | 'holds' | 'premises' | 'twin'>[] {
  const values = elements.map(({ value }) => value);
  const aligned = listAlignedChanges(model, result);
  const facts = selectRelevant(listFacts(result), values);
  const all = [...values, ...aligned, ...facts];
  const renaming = rename(model, result, observers, all);
  const twins = substituteAll(all, renaming.map);
  const at = values.length;
  const premises = [
    ...aligned.map((value, index) => equal(value, twins[at + index] ?? value)),
    ...twins.slice(at + aligned.length),
    ...renaming.premises,
  ].filter((premise) => premise !== TRUE);
  return elements.map(({ name, value }, index) => ({
    name,
    holds: equal(value, twins[index] ?? value),
    premises,
    twin: renaming.map,
  }));
}

/** What holds of the first state and is to hold of the second. */
export function listFacts(result: CaseResult): Term[] {
  return [
    ...result.facts,
    ...result.memory.listAgreements(),
    ...result.invariants.map(({ term }) => term),
  ].filter((fact) => fact !== TRUE);
}

/** New values of fields that two runs have alike: runs that part there are not compared. */
function listAlignedChanges({ findPlace }: PhaseModel, { written }: CaseResult): Term[] {
  return written.flatMap(({ fields, key, after }) => {
    const path = findPlace(fields, key)?.path ?? '';
    const plain = path.replaceAll(/\[\d+\]/g, '');
    const aligned = ALIGNED.some((field) => plain === field || plain.startsWith(`${field}.`));
    return aligned && isTerm(after) ? [after] : [];
  });
}

// ------------------------------------------------------------------ output consistency

/** What an action answers depends on what its partition observes. */
function listOutputGoals(model: PhaseModel, result: CaseResult): UnwindingGoal[] {
  const { domain } = result.case;
  const texts = new Set(
    listAlternatives(result.outcome).flatMap(([, text]) =>
      typeof text === 'string' ? [text] : [],
    ),
  );
  if (texts.size < 2) return [];
  const outcomes = [...texts].map((text) => isOutcome(result.outcome, text));
  const shared = rename(model, result, [domain], outcomes);
  if (substituteAll(outcomes, shared.map).every((twin, index) => twin === outcomes[index])) {
    return [];
  }
  const facts = selectRelevant(listFacts(result), outcomes);
  const renaming = rename(model, result, [domain], [...outcomes, ...facts]);
  const twins = substituteAll([...outcomes, ...facts], renaming.map);
  const premises = [...twins.slice(outcomes.length), ...renaming.premises].filter(
    (premise) => premise !== TRUE,
  );
  return [...texts].map((text, index) => ({
    condition: 'output-consistency',
    actor: domain,
    observer: domain,
    name: text,
    holds: toTruth(isSame(outcomes[index], twins[index])),
    premises,
    twin: renaming.map,
  }));
}
