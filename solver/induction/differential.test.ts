/**
 * V8 against the lifter: what a solver reasons about is what the program does.
 *
 * A state and an action are stepped by V8. The one case that they belong to has been run
 * symbolically, once; with the state and the action as values of its variables it must give the
 * same outcome and the same whole state. What is noted of windows of time is compared the same way.
 */

import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import type { Arbitrary } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readConfiguration } from '../../formats/read.ts';
import { ACTION_KINDS } from '../../model/actions.ts';
import type { Action } from '../../model/actions.ts';
import type { StaticConfiguration } from '../../model/configuration.ts';
import { NONE, createMachine } from '../../model/machine.ts';
import type { Machine } from '../../model/machine.ts';
import { UNWRITTEN, readWord, readWriter, writeWord } from '../../model/memory.ts';
import type { Plan } from '../../model/plan.ts';
import { step } from '../../model/step.ts';
import { createSharedCore, createSmallBoard } from '../../model/testing/small-board.ts';
import { createRandom, nextBelow } from '../../properties/engine/random.ts';
import type { RandomState } from '../../properties/engine/random.ts';
import { createRandomMachine } from '../../properties/generators/machines.ts';
import { collectOperands } from '../../properties/generators/operands.ts';
import { listBootActions } from '../../properties/generators/boot-actions.ts';
import { actionArbitrary } from '../../properties/generators/traces.ts';
import { listWatchedCores, watchMachine } from '../../properties/inductive/window-invariants.ts';
import { actWatched, dispatchWatched, openWindow } from '../../properties/inductive/windows.ts';
import type { WatchedMachine } from '../../properties/inductive/windows.ts';
import { computePhase, describePhase } from '../../properties/inductive/phase.ts';
import type { Phase } from '../../properties/inductive/phase.ts';
import { getShape, isAdmitted, isInShape } from '../../properties/inductive/shape.ts';
import { createMemoryBase, MemoryLog } from '../lift/memory.ts';
import type { MemoryBase } from '../lift/memory.ts';
import { Run } from '../lift/run.ts';
import { readSources } from '../lift/sources.ts';
import type { Sources } from '../lift/sources.ts';
import { Choice, SymbolicObject, isTerm } from '../lift/values.ts';
import type { Value } from '../lift/values.ts';
import { createExample } from '../obligations/example-configuration.ts';
import { createEvaluator } from '../smt/evaluator.ts';
import type { Evaluator } from '../smt/evaluator.ts';
import { integer, listVariables } from '../smt/term.ts';
import type { IntegerConstant, Term } from '../smt/term.ts';
import { adapt, listCases } from './cases.ts';
import type { Case } from './cases.ts';
import { assign, assignMemory, decodeAction } from './concrete.ts';
import type { OpenAssignment } from './concrete.ts';
import { STEP_PARTS, runMicroStep, takeMicroStep } from './micro-steps.ts';
import type { MicroOutcome, MicroStep, MicroStepKind } from './micro-steps.ts';
import { createInduction } from './phase-model.ts';
import type { Induction, PhaseModel } from './phase-model.ts';
import { inSituation } from './situation.ts';
import { createKnownState, createTree } from './state.ts';

const IS_NIGHTLY = (process.env['HAVEN_NIGHTLY'] ?? '') !== '';
const DRAWS = IS_NIGHTLY ? 100_000 : 2000;
/** Of states with windows, each stepped in parts. */
const NOTED_DRAWS = DRAWS / 2;
const TIMEOUT = DRAWS * 100;
const SEED = 20_253;
const WINDOWS = 'properties/inductive/windows.ts';
const ROOT = join(import.meta.dirname, '..', '..');

// ------------------------------------------------------------------ symbolic steps

/** A field that a step may change. */
interface Change {
  readonly keys: readonly (string | number)[];
  readonly after: Value;
}

/** A step of one case, symbolically. */
interface SymbolicStep {
  readonly outcome: Value;
  readonly changes: readonly Change[];
  readonly log: Value;
  readonly memory: MemoryBase;
  readonly terms: readonly Term[];
  readonly evaluator: Evaluator;
}

/** Contents of a record or array at this moment, without memory. */
function snapshot(value: Value): Value {
  if (!(value instanceof SymbolicObject) || 'log' in value.fields) return value;
  if (Array.isArray(value.fields)) return value.fields.map(snapshot);
  return Object.fromEntries(
    Object.entries(value.fields).map(([key, inner]) => [key, snapshot(inner)]),
  );
}

/** Whether a part of a snapshot is a record or array, rather than a value. */
function isPlain(value: Value): boolean {
  if (typeof value !== 'object' || value === null || isTerm(value)) return false;
  return [Object.prototype, Array.prototype].includes(Object.getPrototypeOf(value) as []);
}

/** Fields that two snapshots of one record have not in common; whole lists of another length. */
function listChanges(before: Value, after: Value, keys: Change['keys'] = []): Change[] {
  if (before === after) return [];
  const isRecord = isPlain(before) && isPlain(after);
  const names = isRecord ? Object.keys(after as object) : [];
  if (!isRecord || Object.keys(before as object).length !== names.length) return [{ keys, after }];
  return names.flatMap((name) => {
    const key = Array.isArray(after) ? Number(name) : name;
    const [old, now] = [before, after].map((one) => Reflect.get(one as object, name) as Value);
    return listChanges(old, now, [...keys, key]);
  });
}

/** Every term that the value of something depends on. */
function collectTerms(value: Value, terms: Set<Term>, seen = new Set<Value>()): void {
  if (typeof value !== 'object' || value === null || seen.has(value)) return;
  seen.add(value);
  if (isTerm(value)) {
    terms.add(value);
  } else if (value instanceof Choice) {
    terms.add(value.condition);
    collectTerms(value.first, terms, seen);
    collectTerms(value.second, terms, seen);
  } else if (value instanceof MemoryLog) {
    if (value.latest === null) return;
    const { frame, cell, before } = value.latest;
    for (const term of [frame, cell.word, cell.writer]) terms.add(term);
    collectTerms(before, terms, seen);
  } else {
    const fields = value instanceof SymbolicObject ? value.fields : value;
    for (const inner of Object.values(fields)) collectTerms(inner as Value, terms, seen);
  }
}

/** What takes a step, on V8 and lifted. */
interface Stepper {
  readonly take: (plan: Plan, machine: Machine, step: MicroStep) => MicroOutcome;
  readonly lift: (model: PhaseModel, fields: Case['action']) => Value;
}

/** A whole step, of an action. */
const WHOLE: Stepper = {
  take: (plan, machine, action) => {
    if (action.kind === 'dispatch') throw new RangeError('a dispatch is no step of its own');
    return step(plan, machine, action);
  },
  lift: ({ plan, run, state, lifter }, fields) =>
    lifter
      .getFunction('model/step.ts', 'step')
      .call(run, [plan, state.machine, new SymbolicObject({ ...fields })]),
};

/** A part of a step on a machine with windows, where they are noted. */
const NOTED: Stepper = {
  take: (plan, machine, part) => takeMicroStep(STEP_PARTS, plan, machine, part),
  lift: ({ plan, run, state, lifter }, fields) =>
    runMicroStep(lifter, run, plan, state.machine, fields, true),
};

/** Runs a case in its situation and keeps what has changed; null where there is no such state. */
function liftStep(model: PhaseModel, one: Case, stepper: Stepper) {
  const { plan, run, state, findPlace } = model;
  return inSituation(run, state, findPlace, one.known, (): SymbolicStep => {
    const labels = [UNWRITTEN, -1, ...plan.partitions.keys()];
    const memory = createMemoryBase('memory', (path) => createTree(labels, path));
    const holder = (state.machine.fields as Record<string, Value>)['memory'] as SymbolicObject;
    run.write(holder.fields, 'log', new MemoryLog(memory));
    const before = snapshot(state.machine);
    const outcome = run.suppose(one.premises, () => stepper.lift(model, one.action));
    const changes = listChanges(before, snapshot(state.machine));
    const { log } = holder.fields as Record<string, Value>;
    const found = new Set<Term>();
    for (const value of [outcome, log, ...changes.map(({ after }) => after)]) {
      collectTerms(value, found);
    }
    const terms = [...found];
    return { outcome, changes, log, memory, terms, evaluator: createEvaluator(terms) };
  });
}

/** What a symbolic value is, from the values of its terms. */
function makeConcrete(value: Value, values: ReadonlyMap<Term, unknown>): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (isTerm(value)) return values.get(value);
  if (value instanceof Choice) {
    const isFirst = values.get(value.condition) === true;
    return makeConcrete(isFirst ? value.first : value.second, values);
  }
  if (value instanceof MemoryLog) return value;
  const fields = value instanceof SymbolicObject ? value.fields : value;
  if (Array.isArray(fields)) return fields.map((one) => makeConcrete(one as Value, values));
  return Object.fromEntries(
    Object.entries(fields).map(([key, one]) => [key, makeConcrete(one as Value, values)]),
  );
}

/** Changes the machine as the symbolic step says; gives the outcome. */
function applyStep(lifted: SymbolicStep, machine: Machine, assignment: OpenAssignment): unknown {
  assignMemory(lifted.memory, machine, assignment);
  const results = lifted.evaluator.evaluate(assignment);
  const values = new Map(lifted.terms.map((term, index) => [term, results[index]] as const));
  for (const { keys, after } of lifted.changes) {
    let holder: object = machine;
    for (const key of keys.slice(0, -1)) holder = Reflect.get(holder, key) as object;
    Reflect.set(holder, keys.at(-1) ?? '', makeConcrete(after, values));
  }
  applyWrites(makeConcrete(lifted.log, values) as MemoryLog, machine, values);
  return makeConcrete(lifted.outcome, values);
}

function applyWrites(
  { latest }: MemoryLog,
  machine: Machine,
  values: Pick<ReadonlyMap<Term, unknown>, 'get'>,
): void {
  if (latest === null) return;
  applyWrites(latest.before, machine, values);
  const [frame = 0, word = 0, writer = 0] = [
    latest.frame,
    latest.cell.word,
    latest.cell.writer,
  ].map((term) => Number(values.get(term)));
  writeWord(machine.memory, frame, word, writer);
}

// ------------------------------------------------------------------ boards

/** A configuration with all its cases, each lifted when it is first met. */
class Board {
  readonly induction: Induction;
  readonly actions: Arbitrary<Action>;
  private readonly cases = new Map<string, readonly Case[]>();
  private readonly steps = new Map<Stepper, Map<Case, SymbolicStep | null>>();
  private reached: readonly Machine[] | null = null;
  private histories: readonly WatchedMachine[] | null = null;

  constructor(configuration: StaticConfiguration, sources: Sources = readSources()) {
    this.induction = createInduction(configuration, { invariants: [], sources });
    this.actions = actionArbitrary(this.induction.plan);
  }

  getCases(phase: Phase, kind: MicroStepKind): readonly Case[] {
    const key = `${describePhase(phase)} ${kind}`;
    const cases = this.cases.get(key) ?? listCases({ plan: this.induction.plan, phase }, kind);
    this.cases.set(key, cases);
    return cases;
  }

  getStep(model: PhaseModel, one: Case, stepper: Stepper): SymbolicStep | null {
    const steps = this.steps.get(stepper) ?? new Map<Case, SymbolicStep | null>();
    this.steps.set(stepper, steps);
    const known = steps.get(one);
    if (known !== undefined) return known;
    const lifted = liftStep(model, one, stepper);
    steps.set(one, lifted);
    return lifted;
  }

  /** Whether windows of time are noted after boot. */
  isWatched(): boolean {
    return listWatchedCores(this.induction.plan).length > 0;
  }

  /** States of a long run after boot, with windows that were opened anew now and then. */
  getHistories(): readonly WatchedMachine[] {
    if (this.histories !== null) return this.histories;
    const { plan } = this.induction;
    const booted = createMachine(plan);
    for (const action of listBootActions(plan)) step(plan, booted, action);
    const machine = watchMachine(plan, booted);
    const histories: WatchedMachine[] = [];
    const actions = fc.sample(this.actions, { seed: SEED, numRuns: 3000 });
    for (const [index, action] of actions.entries()) {
      if (index % 300 === 0) plan.cores.forEach((_, core) => openWindow(plan, machine, core));
      actWatched(plan, machine, action);
      plan.cores.forEach((_, core) => dispatchWatched(plan, machine, core));
      if (index % 30 === 0) histories.push(structuredClone(machine));
    }
    this.histories = histories;
    return histories;
  }

  /** States on the way through boot and through a long run, the same in every test. */
  getReached(): readonly Machine[] {
    if (this.reached !== null) return this.reached;
    const { plan } = this.induction;
    const machine = createMachine(plan);
    const reached = [structuredClone(machine)];
    for (const action of listBootActions(plan)) {
      step(plan, machine, action);
      reached.push(structuredClone(machine));
    }
    const actions = fc.sample(this.actions, { seed: SEED, numRuns: 3000 });
    for (const [index, action] of actions.entries()) {
      step(plan, machine, action);
      if (index % 50 === 0) reached.push(structuredClone(machine));
    }
    this.reached = reached;
    return reached;
  }
}

function readShipped(name: string): StaticConfiguration {
  const read = readConfiguration(join(ROOT, 'configs', name));
  if (read.kind !== 'ok') throw new Error(read.diagnostics[0]?.message);
  return read.loaded.configuration;
}

const BOARDS = new Map(
  Object.entries({
    small: createSmallBoard(),
    'small without SMMU': createSmallBoard({ iommu: false, its: false }),
    'small by earliest deadline': createSmallBoard({ policy: 'edf', firewall: true }),
    'shared core': createSharedCore([
      { budget: 20, period: 60, priority: 2, slack: true },
      { budget: 10, period: 90, priority: 1, phase: 5, idle: 'burn' },
    ]),
    example: createExample(),
    'qemu-virt': readShipped('qemu-virt.yaml'),
    imx95: readShipped('imx95.yaml'),
  }).map(([name, configuration]) => [name, new Board(configuration)] as const),
);

// ------------------------------------------------------------------ draws

/** How often the operands of an action are drawn anew where it is refused. */
const ATTEMPTS = 30;

/** What is stepped: on which board, from where, and what happens. */
interface Draw {
  readonly name: string;
  readonly seed: number;
  readonly source: 'random' | 'reached' | 'case';
  readonly action: Action;
}

function drawFrom(name: string, board: Board): Arbitrary<Draw> {
  return fc.record({
    name: fc.constant(name),
    seed: fc.integer({ min: 0, max: 2 ** 31 - 1 }),
    source: fc.constantFrom('random' as const, 'reached' as const, 'case' as const),
    action: board.actions,
  });
}

// Every name is a key.
const drawArbitrary = fc
  .constantFrom(...BOARDS.keys())
  .chain((name) => drawFrom(name, BOARDS.get(name) as Board));

const watchedArbitrary = fc
  .constantFrom(...[...BOARDS].filter(([, board]) => board.isWatched()).map(([name]) => name))
  .chain((name) => drawFrom(name, BOARDS.get(name) as Board));

function pick<T>(list: readonly T[], random: RandomState): T {
  // Lists of boards are never empty.
  return list[nextBelow(random, list.length)] as T;
}

/** The state and the action of a draw. */
function realise(board: Board, { seed, source, action }: Draw): readonly [Machine, Action] {
  const { plan, phases } = board.induction;
  const random = createRandom(seed);
  if (source === 'reached') return [structuredClone(pick(board.getReached(), random)), action];
  const phase = nextBelow(random, 2) === 0 ? pick(phases, random) : (phases.at(-1) as Phase);
  const machine = createRandomMachine(plan, phase, random);
  if (source === 'random') return [machine, action];
  const kind = pick(ACTION_KINDS, random);
  const cases = board.getCases(phase, kind);
  if (cases.length === 0) return [machine, action];
  const acting = cases.filter(({ domain }) => domain !== NONE);
  const one = pick(acting.length > 0 && nextBelow(random, 4) > 0 ? acting : cases, random);
  enforce(board, phase, machine, one);
  let drawn = drawAction(board, one, random);
  // What is refused changes nothing: one copy serves for all attempts.
  const tried = structuredClone(machine);
  for (let more = nextBelow(random, 4) === 0 ? 0 : ATTEMPTS; more > 0; more -= 1) {
    if (step(plan, tried, drawn) === 'DONE') break;
    drawn = drawAction(board, one, random);
  }
  if (drawn.kind !== 'distributor') return [machine, drawn];
  // Whatever operation the case is for: another case must take it.
  return [machine, { ...drawn, operation: pick(OPERATIONS, random) }];
}

/** Gives the machine the fields that a case knows, where the shape has them. */
function enforce({ induction: { plan } }: Board, phase: Phase, machine: Machine, one: Case): void {
  for (const { path, value } of one.known) {
    let [holder, shape]: object[] = [machine, getShape(plan, phase)];
    for (const key of path.slice(0, -1)) {
      holder = Object(Reflect.get(holder as object, key)) as object;
      shape = Object(Reflect.get(shape as object, key)) as object;
    }
    const key = path.at(-1) ?? '';
    const next = adapt(value, Reflect.get(holder as object, key));
    if (isAdmitted(Reflect.get(shape as object, key) as never, next)) {
      Reflect.set(holder as object, key, next);
    }
  }
}

/** Small, large, or at the end of the safe integers. */
function drawSize(random: RandomState): number {
  const few = nextBelow(random, 70);
  switch (nextBelow(random, 5)) {
    case 0:
      return nextBelow(random, 2 ** 31);
    case 1:
      return Number.MAX_SAFE_INTEGER - few;
    default:
      return few;
  }
}

const OPERATIONS = ['enable', 'disable', 'set-pending', 'clear-pending', 'route'] as const;

const poolsOf = new WeakMap<Plan, ReadonlyMap<string, readonly number[]>>();

/** Numbers that the plan knows, by the variable that may have them. */
function getPools(plan: Plan): ReadonlyMap<string, readonly number[]> {
  const known = poolsOf.get(plan);
  if (known !== undefined) return known;
  const { mappedIpas, pas, ticks, sections } = collectOperands(plan);
  const pools = new Map([
    ['action.address', [...mappedIpas, ...pas]],
    ['action.ticks', [...ticks, ...sections]],
  ]);
  poolsOf.set(plan, pools);
  return pools;
}

/** An action of the case with any values. */
function drawAction(board: Board, one: Case, random: RandomState): Action {
  const drawn = decodeAction(one, drawValues(board, one, random));
  // Cases are drawn for kinds of actions only.
  if (drawn.kind === 'dispatch') throw new RangeError('a dispatch is no action');
  return drawn;
}

/** Any values for the variables of an action, every other one of those that the plan knows. */
function drawValues(
  { induction: { plan } }: Board,
  { action }: Case,
  random: RandomState,
): OpenAssignment {
  const pools = getPools(plan);
  const values: OpenAssignment = new Map();
  for (const variable of listVariables(Object.values(action).filter((one) => isTerm(one)))) {
    const size = drawSize(random);
    const low = Number(variable.low ?? (variable.high ?? 70n) - 70n);
    const bounded = Math.min(low + size, Number(variable.high ?? Number.MAX_SAFE_INTEGER));
    const pool = nextBelow(random, 2) === 0 ? pools.get(variable.name) : undefined;
    const number = pool === undefined ? bounded : pick(pool, random);
    values.set(variable.name, variable.sort === 'Bool' ? nextBelow(random, 2) === 0 : number);
  }
  return values;
}

// ------------------------------------------------------------------ tests

/** A machine as a model of its phase has it: the windows say what they may. */
function addWindows({ plan, watched }: PhaseModel, machine: Machine): Machine {
  if (!watched) return machine;
  const watching = watchMachine(plan, machine);
  for (const { shares } of watching.windows) {
    for (const share of shares) share.first = Math.max(0, share.first);
  }
  return watching;
}

/** A machine with windows as any notes can have left them; no window is older than its core. */
function addHistory(plan: Plan, machine: Machine, random: RandomState): WatchedMachine {
  const watching = watchMachine(plan, machine);
  for (const [core, window] of watching.windows.entries()) {
    const clock = machine.cores[core]?.clock ?? 0;
    const draw = (most: number): number => nextBelow(random, Math.min(most, 2 ** 31 - 2) + 1);
    window.length = window.shares.length === 0 ? 0 : draw(draw(3) === 0 ? clock : 70 % (clock + 1));
    for (const share of window.shares) {
      share.taken = draw(window.length);
      share.blocked = draw(window.length - share.taken);
      share.spare = draw(window.length - share.taken);
      share.early = draw(share.taken);
      share.epochs = draw(3) === 0 ? 0 : draw(5);
      share.carry = draw(70);
      share.first = draw(70);
      share.busy = draw(1) === 0;
    }
  }
  return watching;
}

/** Takes a step on V8 and by its case, in place on both, and expects the same. */
function compare(board: Board, machine: Machine, taken: MicroStep, stepper: Stepper): MicroOutcome {
  const { plan, getModel } = board.induction;
  const phase = computePhase(plan, machine);
  const model = getModel(phase);
  expect(isInShape(model.shape, machine)).toBe(true);
  const matching = board.getCases(phase, taken.kind).flatMap((one) => {
    const assignment = assign(model, one, machine, taken);
    return assignment === null ? [] : [{ one, assignment }];
  });
  // The cases cover every action in every state, and none is covered twice.
  expect(matching).toHaveLength(1);
  const [{ one, assignment } = matching[0] as never] = matching;
  const lifted = board.getStep(model, one, stepper) as SymbolicStep;
  const expected = structuredClone(machine);
  const outcome = stepper.take(plan, expected, taken);
  expect(applyStep(lifted, machine, assignment)).toBe(outcome);
  // Deep comparison by the runtime is faster; the other says where they differ.
  if (!isDeepStrictEqual(machine, expected)) expect(machine).toEqual(expected);
  return outcome;
}

/** Steps a draw on V8 and by its case, and expects the same; gives the action and its outcome. */
function compareSteps(board: Board, draw: Draw): string {
  const { plan, getModel } = board.induction;
  const [drawn, action] = realise(board, draw);
  const machine = addWindows(getModel(computePhase(plan, drawn)), drawn);
  return `${action.kind} ${compare(board, machine, action, WHOLE)}`;
}

/**
 * The same of the parts of a step where windows are noted: the action, and then the choice on each
 * core on which it is due and on any other, in the state that it leaves. Gives what has been
 * compared; nothing of a state in which nobody watches.
 */
function compareNotes(board: Board, draw: Draw): readonly string[] {
  const { plan, getModel } = board.induction;
  const [drawn, action] = realise(board, draw);
  if (!getModel(computePhase(plan, drawn)).watched) return [];
  const random = createRandom(draw.seed);
  const machine =
    draw.source === 'reached'
      ? structuredClone(pick(board.getHistories(), random))
      : addHistory(plan, drawn, random);
  const seen = [`${action.kind} ${compare(board, machine, action, NOTED)}`];
  const any = nextBelow(random, plan.cores.length);
  for (const core of plan.cores.keys()) {
    if (machine.cores[core]?.dispatchDue !== true && core !== any) continue;
    // Where the invariants do not hold an action may leave the shape of a state.
    if (!isInShape(getModel(computePhase(plan, machine)).shape, machine)) break;
    seen.push(`dispatch ${compare(board, machine, { kind: 'dispatch', core }, NOTED)}`);
  }
  return seen;
}

describe('V8 and the lifter', () => {
  test(
    `give the same outcome and the same whole state, ${DRAWS} times`,
    () => {
      const seen = new Set<string>();
      fc.assert(
        fc.property(drawArbitrary, (draw) => {
          seen.add(compareSteps(BOARDS.get(draw.name) as Board, draw));
        }),
        { numRuns: DRAWS, seed: SEED },
      );
      // Steps that do something are among them, of nearly every kind that can.
      const missing = ACTION_KINDS.filter((kind) => !seen.has(`${kind} DONE`));
      expect(missing).toEqual(expect.arrayContaining(['smc', 'unknown-call']));
      expect(missing.length).toBeLessThan(6);
    },
    TIMEOUT,
  );

  test(
    `give the same notes of windows, ${NOTED_DRAWS} times`,
    () => {
      const seen = new Set<string>();
      fc.assert(
        fc.property(watchedArbitrary, (draw) => {
          for (const one of compareNotes(BOARDS.get(draw.name) as Board, draw)) seen.add(one);
        }),
        { numRuns: NOTED_DRAWS, seed: SEED + 2 },
      );
      const acting = ['time-passes', 'wait', 'section', 'system-reset'];
      const done = [...acting, 'line-assert', 'dispatch'].map((kind) => `${kind} DONE`);
      expect([...seen]).toEqual(expect.arrayContaining([...done, 'dispatch NOT_DUE']));
    },
    TIMEOUT,
  );

  test.each([
    ['model/bus.ts', 'machine.bus.count += 1;', 'machine.bus.count += 2;'],
    ['model/time.ts', 'state.clock += ticks;', 'state.clock += ticks + 1;'],
    [WINDOWS, 'window.length += state.clock - since;', 'window.length = state.clock;'],
    [WINDOWS, 'share.epochs += 1;', 'share.epochs += 2;'],
    [WINDOWS, 'if (!able) share.busy = false;', 'if (!able) share.busy = share.taken > 0;'],
  ])('differ where one reads another text: %s without its %s', (file, text, instead) => {
    const sources = new Map(readSources());
    expect(sources.get(file)).toContain(text);
    sources.set(file, sources.get(file)?.replace(text, instead) ?? '');
    const board = new Board(createSmallBoard(), sources);
    const draws = drawFrom('small', board);
    const result = fc.check(
      fc.property(draws, (draw) => {
        if (file === WINDOWS) compareNotes(board, draw);
        else compareSteps(board, draw);
      }),
      { numRuns: 3000, seed: SEED, endOnFailure: true },
    );
    expect(result.failed).toBe(true);
    expect(result.errorInstance).toHaveProperty('name', 'AssertionError');
  });

  test.each([...BOARDS.keys()])('agree step by step on a run of known values: %s', (name) => {
    const { induction, actions } = BOARDS.get(name) as Board;
    const { plan, lifter } = induction;
    const machine = createMachine(plan);
    const base = createKnownMemory(machine);
    const known = createKnownState(machine, base);
    const run = new Run();
    const lifted = lifter.getFunction('model/step.ts', 'step');
    const random = fc.sample(actions, { seed: SEED, numRuns: IS_NIGHTLY ? 5000 : 300 });
    const seen = new Set<unknown>();
    for (const action of [...listBootActions(plan), ...random]) {
      const outcome = lifted.call(run, [plan, known, new SymbolicObject({ ...action })]);
      const { memory, ...rest } = snapshot(known) as Record<string, Value>;
      const holder = (memory as SymbolicObject).fields as Record<string, Value>;
      const expected = structuredClone({ memory: machine.memory });
      applyWrites(holder['log'] as MemoryLog, expected as Machine, KNOWN);
      expect(outcome).toBe(step(plan, machine, action));
      const stepped = { ...rest, ...expected };
      if (!isDeepStrictEqual(stepped, machine)) expect(stepped).toEqual(machine);
      holder['log'] = new MemoryLog(base);
      run.commit();
      seen.add(outcome);
    }
    expect(seen.size).toBeGreaterThan(5);
  });

  test('have a case for an action on a core that there is not, whatever else it says', () => {
    for (const board of BOARDS.values()) {
      const { plan, phases, getModel } = board.induction;
      for (const phase of phases.slice(-1)) {
        const drawn = createRandomMachine(plan, phase, createRandom(SEED));
        const machine = addWindows(getModel(phase), drawn);
        const matching = [-1, plan.cores.length].flatMap((core) =>
          OPERATIONS.map((operation) => {
            const action: Action = { kind: 'distributor', core, operation, intId: 3, vcpu: 0 };
            const cases = board.getCases(phase, 'distributor');
            return cases.filter((one) => assign(getModel(phase), one, machine, action) !== null);
          }),
        );
        expect(matching.map(({ length }) => length)).toEqual(matching.map(() => 1));
      }
    }
  });
});

/** The memory of a machine as it is at the time of each read. */
function createKnownMemory({ memory }: Machine): MemoryBase {
  return {
    read(frame) {
      const at = Number((frame as IntegerConstant).value);
      return { word: integer(readWord(memory, at)), writer: integer(readWriter(memory, at)) };
    },
    listAgreements: () => [],
    listCells: () => [],
  };
}

/** Values of constants, which need no assignment. */
const KNOWN = { get: (term: Term) => (term as IntegerConstant).value };
