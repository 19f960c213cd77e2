/**
 * Goals: what a step must keep, as terms over the state before it.
 *
 * A case is run once. Of its result the goals are read off while the state after the step stands:
 * the fields that were written are in the shape of the phase, the invariants that read them hold
 * again, a refusal has changed nothing, and a transaction is one that the configuration grants.
 */

import type { Grant, GrantMap } from '../../properties/grants.ts';
import { computePhase, describePhase } from '../../properties/inductive/phase.ts';
import type { Phase } from '../../properties/inductive/phase.ts';
import { describeShapeWithinStep } from '../../properties/inductive/shape.ts';
import type { FieldShape } from '../../properties/inductive/shape.ts';
import { NONE } from '../../model/machine.ts';
import type { Machine } from '../../model/machine.ts';
import { MemoryLog } from '../lift/memory.ts';
import type { MemoryBase } from '../lift/memory.ts';
import { isSame } from '../lift/operators.ts';
import type { Written } from '../lift/run.ts';
import {
  ABSENT,
  Choice,
  SymbolicObject,
  listAlternatives,
  mapAlternatives,
  toBooleanTerm,
  toIntegerTerm,
  toTruth,
} from '../lift/values.ts';
import type { Fields, Value } from '../lift/values.ts';
import {
  FALSE,
  TRUE,
  and,
  equal,
  implies,
  integerVariable,
  lessOrEqual,
  not,
  or,
  within,
} from '../smt/term.ts';
import { getLeaves } from '../smt/comparison.ts';
import type { Term } from '../smt/term.ts';
import { listActivationGoals } from './activation-goals.ts';
import type { Case, Known } from './cases.ts';
import { listChargeGoals, listSettled } from './charge-goals.ts';
import { underContracts } from './contracts.ts';
import type { Lemma } from './contracts.ts';
import { readDue, runMicroStep } from './micro-steps.ts';
import { evaluateInvariant } from './phase-model.ts';
import type { Conjunct, PhaseModel } from './phase-model.ts';
import { RUNG, countDoorbells } from './replay.ts';
import { listPromiseGoals, listPromised } from './slot-goals.ts';
import { inSituation } from './situation.ts';
import { listStartGoals } from './start-goals.ts';
import { createContents, findHolder } from './state.ts';
import type { Observation } from './unwinding.ts';
import { isReading, selectReading } from './views.ts';
import type { Elements, FieldSet } from './views.ts';

/** Something that must hold after a step. */
export interface Goal {
  /** First part of its claim's id: `memory`, `dma`, `irq`, `seal`, … */
  readonly area: string;
  /** What it belongs to. */
  readonly claim: 'preserved' | 'in-window' | 'in-slot' | 'confined' | 'refusal';
  /** `memory.cached[2,0]`, or the path of a field. */
  readonly name: string;
  readonly holds: Term;
}

/** What a case gives. */
export interface CaseResult {
  readonly case: Case;
  readonly goals: readonly Goal[];
  /** What the contracts rest on under which it was run: what everything else rests on. */
  readonly lemmas: readonly Lemma[];
  /** What holds before the step: the action's operands, memory, and the invariants. */
  readonly facts: readonly Term[];
  /** What the invariants about a page say of the frames that the step asks memory for. */
  readonly listCellFacts: () => readonly Term[];
  readonly invariants: readonly Conjunct[];
  readonly outcome: Value;
  readonly written: readonly Written[];
  readonly memory: MemoryBase;
  /** Of the partitions that may see the step, what they observe around it. */
  readonly observations: readonly Observation[];
  /** What a partition observes before the step. */
  readonly viewOf: (partition: number) => Elements;
}

/** A page that anybody may choose: what is shown for it holds for every page. */
export const SPY_FRAME = integerVariable('spy.frame', { low: 0 });

/** Runs a case and reads off the goals; null where the shape has no state for it. */
export function runCase(model: PhaseModel, grants: GrantMap, one: Case): CaseResult | null {
  const { run, state, findPlace } = model;
  return inSituation(run, state, findPlace, one.known, () => {
    const memory = enterMemory(model);
    // What is remembered of any page asks no memory: this one has a cell for it all the same.
    memory.read(SPY_FRAME);
    const spyBefore = recallSpies(model);
    const { invariants, viewOf } = recallStart(model, one);
    if (invariants.some(({ term }) => term === FALSE)) return null;
    const isTaken = listTakeGoals(model, one);
    const start = run.mark();
    const step = (): Value =>
      runMicroStep(model.lifter, run, model.plan, state.machine, one.action, model.watched);
    const [outcome, lemmas] = underContracts(run, () => run.suppose(one.premises, step));
    const written = run.listWritten(start).filter((change) => isOfMachine(model, change));
    const goals = [
      ...listShapeGoals(model, written),
      ...listInvariantGoals(model, invariants, written),
      ...listSpyGoals(model, written, spyBefore),
      ...listTransactionGoals(model, grants, written),
      ...isTaken(outcome),
      ...listMarkGoals(model, one, written),
      ...listActivationGoals(model, one, written),
      ...listBellGoals(model, one, outcome),
      ...listStartGoals(model, one, isOutcome(outcome, 'DONE')),
    ];
    const observations = listObservations(model, written);
    const settled = listSettled(model, collectFields(written));
    const promised = listPromised(model, collectFields(written));
    run.rollBack(start);
    goals.push(...listChargeGoals(model, settled), ...listPromiseGoals(model, one, promised));
    for (const refused of listRefusals(outcome)) {
      const [again] = underContracts(run, () => run.suppose([...one.premises, ...refused], step));
      const changed = run.listWritten(start).filter((change) => isOfMachine(model, change));
      goals.push(...listRefusalGoals(model, again, changed, refused));
      run.rollBack(start);
    }
    const facts = [...one.premises, ...spyBefore];
    const listCellFacts = (): Term[] =>
      inMemory(model, memory, () =>
        memory
          .listCells()
          .flatMap(([frame]) => model.spies.map((spy) => evaluateInvariant(model, spy, [frame]))),
      );
    const before = { facts, listCellFacts, invariants, viewOf };
    return { case: one, goals, lemmas, ...before, outcome, written, memory, observations };
  });
}

/** Gives the state a memory with any contents. */
function enterMemory({ plan, run, state }: PhaseModel): MemoryBase {
  const memory = createContents(plan, 'memory');
  run.write(getMemory(state.machine).fields, 'log', new MemoryLog(memory));
  return memory;
}

/** Runs something where the state has this memory, and takes it back. */
function inMemory<Result>(
  { run, state }: PhaseModel,
  memory: MemoryBase,
  act: () => Result,
): Result {
  const mark = run.mark();
  run.write(getMemory(state.machine).fields, 'log', new MemoryLog(memory));
  const result = act();
  run.rollBack(mark);
  return result;
}

const spiesOf = new WeakMap<PhaseModel, readonly Term[]>();

/** What the invariants about a page say of any page, of memory as `enterMemory` makes it. */
function recallSpies(model: PhaseModel): readonly Term[] {
  const known = spiesOf.get(model);
  if (known !== undefined) return known;
  const terms = model.spies.map((spy) => evaluateInvariant(model, spy, [SPY_FRAME]));
  spiesOf.set(model, terms);
  return terms;
}

/** The memory of a machine. */
export function getMemory(machine: SymbolicObject): SymbolicObject {
  const memory = (machine.fields as Record<string, Value>)['memory'];
  // Every symbolic state is made with a memory.
  if (!(memory instanceof SymbolicObject)) throw new RangeError('a machine without memory');
  return memory;
}

/** What holds and what is seen in a situation; many cases share it. */
interface Start {
  /** The invariants: run again where they read what is known in the situation. */
  readonly invariants: readonly Conjunct[];
  /** What a partition observes; made when it is first asked for, between two runs. */
  readonly viewOf: (partition: number) => Elements;
}

const starts = new WeakMap<PhaseModel, Map<string, Start>>();

function recallStart(model: PhaseModel, { known }: Pick<Case, 'known'>): Start {
  const recalled = starts.get(model) ?? new Map<string, Start>();
  starts.set(model, recalled);
  const key = JSON.stringify(known);
  const before = recalled.get(key);
  if (before !== undefined) return before;
  const { run, state, findPlace } = model;
  const fields = listKnownFields(model, known);
  const views = new Map<number, Elements>();
  const viewOf = (partition: number): Elements => {
    const look = (): Elements =>
      (model.views[partition] ?? []).flatMap((piece) =>
        isReading(piece, fields) ? piece.observe() : piece.elements,
      );
    const view = views.get(partition) ?? inSituation(run, state, findPlace, known, look) ?? [];
    views.set(partition, view);
    return view;
  };
  const invariants = model.conjuncts.map((conjunct) => {
    if (!isReading(conjunct, fields)) return conjunct;
    const term = evaluateInvariant(model, conjunct.invariant, conjunct.indices);
    return { ...conjunct, term };
  });
  const start = { invariants, viewOf };
  recalled.set(key, start);
  return start;
}

function listKnownFields(model: PhaseModel, known: readonly Known[]): FieldSet {
  const fields = new Map<Fields, Set<string | number>>();
  for (const { path } of known) {
    const holder = findHolder(model.state.machine, path);
    // The situation has written this field.
    if (holder === null) throw new RangeError(`no field ${path.join('.')}`);
    addField(fields, holder, path.at(-1) ?? '');
  }
  return fields;
}

function addField(
  map: Map<Fields, Set<string | number>>,
  fields: Fields,
  key: string | number,
): void {
  const keys = map.get(fields) ?? new Set<string | number>();
  map.set(fields, keys.add(key));
}

/** What partitions observe that read something that was written. */
function listObservations(model: PhaseModel, written: readonly Written[]): Observation[] {
  const fields = collectFields(written);
  const isMemoryWritten = fields.has(getMemory(model.state.machine).fields);
  return model.views.flatMap((pieces, partition) => {
    const after = selectReading(pieces, fields).flatMap(({ observe }) => observe());
    return isMemoryWritten || after.length > 0 ? [{ partition, after }] : [];
  });
}

function collectFields(written: readonly Written[]): FieldSet {
  const fieldSet = new Map<Fields, Set<string | number>>();
  for (const { fields, key } of written) addField(fieldSet, fields, key);
  return fieldSet;
}

/** Locals and records of the step itself are no part of the machine. */
function isOfMachine({ state, findPlace }: PhaseModel, { fields, key }: Written): boolean {
  return (
    findPlace(fields, key) !== undefined ||
    fields === getMemory(state.machine).fields ||
    getContainers(state.machine).has(fields)
  );
}

const containersOf = new WeakMap<SymbolicObject, ReadonlySet<Fields>>();

/** Everything in a machine that holds fields. */
function getContainers(machine: SymbolicObject): ReadonlySet<Fields> {
  const known = containersOf.get(machine);
  if (known !== undefined) return known;
  const containers = new Set<Fields>();
  const visit = (value: Value): void => {
    if (!(value instanceof SymbolicObject)) return;
    containers.add(value.fields);
    for (const inner of Object.values(value.fields)) visit(inner);
  };
  visit(machine);
  containersOf.set(machine, containers);
  return containers;
}

// ------------------------------------------------------------------ shape

/** Fields that were written have a value of their shape; after a boot step, of the next phase's. */
function listShapeGoals(model: PhaseModel, written: readonly Written[]): Goal[] {
  const next = computeNextPhase(model);
  if (describePhase(next) !== describePhase(model.phase)) return listPhaseGoals(model, next);
  return written.flatMap(({ fields, key, after }) => {
    if (fields === getMemory(model.state.machine).fields) return [];
    const place = model.findPlace(fields, key);
    if (place === undefined) return [createShapeGoal(String(key), null, after)];
    return [createShapeGoal(place.path, place.shape, after)];
  });
}

function createShapeGoal(path: string, shape: FieldShape | null, value: Value): Goal {
  return {
    area: shape?.kind === 'constant' ? 'seal' : getAreaOfPath(path),
    claim: path.startsWith(WINDOWS) ? 'in-window' : 'preserved',
    name: path,
    holds: shape === null ? FALSE : admit(shape, value),
  };
}

/** Paths of what is noted beside the machine begin so. */
const WINDOWS = 'windows';

/** The area to which a field of the machine belongs. */
function getAreaOfPath(path: string): string {
  if (/^(stage2|bus)|\.tlb\[/.test(path)) return 'memory';
  if (path.startsWith('smmu')) return 'dma';
  if (/^gic|[lL]ines\[|listRegisters/.test(path)) return 'irq';
  if (path.startsWith(WINDOWS)) return 'time';
  return path.startsWith('boot') ? 'seal' : 'cpu';
}

/** That a value is one that the shape has. */
function admit(shape: FieldShape, value: Value): Term {
  return toTruth(mapAlternatives(value, (one) => admitOne(shape, one)));
}

function admitOne(shape: FieldShape, value: Value): Value {
  switch (shape.kind) {
    case 'constant':
      return isSame(value, shape.value);
    case 'boolean':
      return toBooleanTerm(value) !== null;
    case 'choice': {
      const term = toIntegerTerm(value);
      if (term === null) return false;
      const leaves = term.isConstantTree ? [...getLeaves(term)].map(Number) : null;
      if (leaves?.every((leaf) => shape.values.includes(leaf)) === true) return true;
      return or(shape.values.map((admitted) => equal(term, admitted)));
    }
    case 'integer': {
      const term = toIntegerTerm(value);
      if (term === null) return false;
      const low = shape.low === null ? TRUE : lessOrEqual(shape.low, term);
      return and([low, shape.high === null ? TRUE : lessOrEqual(term, shape.high)]);
    }
  }
}

/** The phase after the step: boot is driven by what is known. */
function computeNextPhase({ plan, state }: PhaseModel): Phase {
  const boot = (state.machine.fields as Record<string, Value>)['boot'] as SymbolicObject;
  const { steps, words, sealed } = boot.fields as Record<string, Value>;
  const known = {
    steps: [...((steps as SymbolicObject).fields as Value[])],
    words,
    sealed,
  };
  // Only fields that phases are told by are read.
  return computePhase(plan, { boot: known } as unknown as Machine);
}

/** All fields have a value of the shape of another phase. */
function listPhaseGoals({ plan, state }: PhaseModel, next: Phase): Goal[] {
  const goals: Goal[] = [];
  const visit = (shape: object, value: Value, path: string): void => {
    if ('kind' in shape && typeof shape.kind === 'string') {
      goals.push(createShapeGoal(path, shape as FieldShape, value));
      return;
    }
    const fields = value instanceof SymbolicObject ? value.fields : {};
    const container = fields as Record<string, Value>;
    for (const key of new Set([...Object.keys(shape), ...Object.keys(container)])) {
      const inner = (shape as Record<string, object>)[key];
      const below = Array.isArray(fields) ? `${path}[${key}]` : `${path}.${key}`;
      if (inner === undefined) goals.push(createShapeGoal(below, null, container[key]));
      else visit(inner, container[key], below);
    }
  };
  for (const [key, shape] of Object.entries(describeShapeWithinStep(plan, next)) as [
    string,
    object,
  ][]) {
    visit(shape, (state.machine.fields as Record<string, Value>)[key], key);
  }
  return goals;
}

// ------------------------------------------------------------------ invariants

function listInvariantGoals(
  model: PhaseModel,
  before: readonly Conjunct[],
  written: readonly Written[],
): Goal[] {
  const changed = collectFields(written);
  return before.flatMap((conjunct): Goal[] => {
    if (!isReading(conjunct, changed)) return [];
    const { invariant, indices, name, term } = conjunct;
    const after = evaluateInvariant(model, invariant, indices);
    const area = name.slice(0, name.indexOf('.'));
    const claim = invariant.watched === true ? 'in-window' : 'preserved';
    return [{ area, claim, name, holds: implies(term, after) }];
  });
}

function listSpyGoals(
  model: PhaseModel,
  written: readonly Written[],
  before: readonly Term[],
): Goal[] {
  const memory = getMemory(model.state.machine).fields;
  if (!written.some(({ fields }) => fields === memory)) return [];
  return model.spies.map((spy, index): Goal => {
    const after = evaluateInvariant(model, spy, [SPY_FRAME]);
    const holds = implies(before[index] ?? TRUE, after);
    const area = spy.id.slice(0, spy.id.indexOf('.'));
    return { area, claim: 'preserved', name: `${spy.id}[page]`, holds };
  });
}

// ------------------------------------------------------------------ transactions

/** A transaction that the step makes is one that the configuration grants to its master. */
function listTransactionGoals(
  { plan, state }: PhaseModel,
  grants: GrantMap,
  written: readonly Written[],
): Goal[] {
  const bus = ((state.machine.fields as Record<string, Value>)['bus'] as SymbolicObject).fields;
  const counted = written.find(({ fields, key }) => fields === bus && key === 'count');
  if (counted === undefined) return [];
  const made = not(toTruth(isSame(counted.before, counted.after)));
  const { master, dma, frame, write, fetch } = bus as Record<string, Value>;
  const granted = plan.partitions.map((_, partition) => {
    const own = grants.ofPartition[partition] ?? [];
    const reached = own.map((grant) =>
      and([isWithinGrant(frame, grant), isRight(grant, dma, write, fetch)]),
    );
    return and([toTruth(isSame(master, partition)), or(reached)]);
  });
  const byDevice = toTruth(dma);
  const goal = (area: string, applies: Term): Goal => ({
    area,
    claim: 'confined',
    name: 'the page reached',
    holds: implies(and([made, applies]), or(granted)),
  });
  return [goal('memory', not(byDevice)), goal('dma', byDevice)];
}

/** A dispatch leaves its core with nothing to choose, and gives no other core something to. */
function listMarkGoals(
  { plan, state, findPlace }: PhaseModel,
  { kind, action }: Case,
  written: readonly Written[],
): Goal[] {
  if (kind !== 'dispatch') return [];
  return plan.cores.map((_, core): Goal => {
    const name = `cores[${core}].dispatchDue`;
    const after = toTruth(readDue(state.machine, core));
    const change = written.find(({ fields, key }) =>
      findPlace(fields, key)?.path.endsWith(`/${name}`),
    );
    const before = change === undefined ? after : toTruth(change.before);
    const holds = implies(after, core === action['core'] ? FALSE : before);
    return { area: 'cpu', claim: 'preserved', name, holds };
  });
}

/** An interrupt that is taken is one that is signalled to who runs; judged before the step. */
function listTakeGoals(
  { lifter, run, plan, state }: PhaseModel,
  { kind, action }: Case,
): (outcome: Value) => Goal[] {
  if (kind !== 'interrupt-take') return () => [];
  const isTakable = lifter.getFunction('properties/inductive/interrupts.ts', 'isTakable');
  const { core, intId } = action;
  const signalled = toTruth(isTakable.call(run, [plan, state.machine, core, intId]));
  return (outcome) => [
    {
      area: 'irq',
      claim: 'confined',
      name: 'the line taken',
      holds: implies(isOutcome(outcome, 'DONE'), signalled),
    },
  ];
}

/** A doorbell that rings is one that a channel declares for who rings it. */
function listBellGoals(
  { plan }: PhaseModel,
  { kind, domain, action }: Case,
  outcome: Value,
): Goal[] {
  if (kind !== 'notify' || domain === NONE) return [];
  const doorbell = toIntegerTerm(action['doorbell']);
  const declared = countDoorbells(plan, domain);
  const isOwn = doorbell === null ? FALSE : within(doorbell, 0, declared);
  const holds = implies(isOutcome(outcome, 'DONE'), isOwn);
  return [{ area: 'irq', claim: 'confined', name: RUNG, holds }];
}

function isWithinGrant(frame: Value, { first, past }: Grant): Term {
  const term = toIntegerTerm(frame);
  return term === null ? FALSE : within(term, first, past);
}

function isRight(grant: Grant, dma: Value, write: Value, fetch: Value): Term {
  const right = or([
    and([toTruth(write), grant.write]),
    and([not(toTruth(write)), toTruth(fetch), grant.execute]),
    and([not(toTruth(write)), not(toTruth(fetch)), grant.read]),
  ]);
  return and([right, grant.dma ? TRUE : not(toTruth(dma))]);
}

// ------------------------------------------------------------------ refusals

/** That a step ends with this outcome. */
export function isOutcome(outcome: Value, text: string): Term {
  return toTruth(mapAlternatives(outcome, (one) => one === text));
}

/**
 * The ways in which a step is refused, each as the conditions that lead there: under them the step
 * can be run again, and then does nothing but refuse.
 */
function listRefusals(outcome: Value): (readonly Term[])[] {
  const ways: (readonly Term[])[] = [];
  const visit = (value: Value, path: readonly Term[]): void => {
    if (value instanceof Choice) {
      visit(value.first, [...path, value.condition]);
      visit(value.second, [...path, not(value.condition)]);
    } else if (value !== 'DONE' && value !== ABSENT) ways.push(path);
  };
  visit(outcome, []);
  return ways;
}

/** An action that is refused in this way has changed nothing. */
function listRefusalGoals(
  { findPlace }: PhaseModel,
  outcome: Value,
  written: readonly Written[],
  refused: readonly Term[],
): Goal[] {
  const done = or([isOutcome(outcome, 'DONE'), not(and(refused))]);
  return written.map(({ fields, key, before, after }): Goal => {
    const path = findPlace(fields, key)?.path ?? 'memory';
    return {
      area: 'noninterference',
      claim: 'refusal',
      name: path,
      holds: or([done, isUnchanged(before, after)]),
    };
  });
}

function isUnchanged(before: Value, after: Value): Term {
  const logs = [before, after].flatMap((value) =>
    listAlternatives(value).map(([, one]) => one instanceof MemoryLog),
  );
  if (!logs.includes(true)) return toTruth(isSame(before, after));
  return and([
    toTruth(isSame(readSpy(before, 'word'), readSpy(after, 'word'))),
    toTruth(isSame(readSpy(before, 'writer'), readSpy(after, 'writer'))),
  ]);
}

/** The word of any page, or the label of its writer. */
function readSpy(log: Value, part: 'word' | 'writer'): Value {
  return mapAlternatives(log, (one) => (one as MemoryLog).read(SPY_FRAME)[part]);
}
