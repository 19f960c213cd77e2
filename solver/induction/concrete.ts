/**
 * Concrete states: between a symbolic state with values for its variables and a machine that V8
 * can step.
 *
 * One way a machine and an action give the variables of a case their values; the other way the
 * values that a solver has found give back a machine and an action, to be replayed.
 */

import { UNWRITTEN, createMemory, readWord, readWriter, writeWord } from '../../model/memory.ts';
import { getVcpuOf } from '../../model/execution.ts';
import type { Machine } from '../../model/machine.ts';
import type { Plan } from '../../model/plan.ts';
import { computePage } from '../../model/translation.ts';
import { isMostUrgent, isSectionKnown } from '../../properties/inductive/schedule.ts';
import { createReference } from '../../properties/inductive/phase.ts';
import { watchMachine } from '../../properties/inductive/window-invariants.ts';
import type { MemoryBase } from '../lift/memory.ts';
import { Choice, SymbolicObject, isTerm } from '../lift/values.ts';
import type { Value } from '../lift/values.ts';
import type { Model } from '../obligation.ts';
import { createEvaluator } from '../smt/evaluator.ts';
import { and, listVariables, within } from '../smt/term.ts';
import type { Term, Value as Scalar, Variable } from '../smt/term.ts';
import { adapt, isKnownAs } from './cases.ts';
import type { Case, Known } from './cases.ts';
import type { MicroStep } from './micro-steps.ts';
import type { PhaseModel } from './phase-model.ts';
import { createKnown } from './situation.ts';
import { findHolder, readPlace } from './state.ts';
import type { Place, SymbolicState } from './state.ts';

/** Values of variables by name: integers as numbers where they are safe, else as bigints. */
export type Assignment = ReadonlyMap<string, Scalar | number>;

/** An assignment that is being made. */
export type OpenAssignment = Map<string, Scalar | number>;

// ------------------------------------------------------------------ from a machine

/**
 * Values for all variables of a case and of the state that it starts from; null where the machine
 * or the action is none of this case. The machine is in the shape of the phase. Memory follows by
 * `assignMemory`, when it is known which frames were asked for.
 */
export function assign(
  { state }: { readonly state: SymbolicState },
  one: Case,
  machine: Machine,
  action: MicroStep,
): OpenAssignment | null {
  const assignment = assignAction(one, action);
  if (assignment === null || !assignState(state, one.known, machine, assignment)) return null;
  return assignment;
}

/**
 * Adds values for the variables of a state in which something is known; false where the machine is
 * no such state. Memory is left out.
 */
export function assignState(
  state: SymbolicState,
  known: readonly Known[],
  machine: Machine,
  assignment: OpenAssignment,
): boolean {
  if (!isKnownOf(known, machine)) return false;
  for (const place of state.places) {
    const keys = splitPath(place.path);
    if (!unify(readPlace(place), readPath(machine, keys), assignment)) return false;
  }
  return known.every(({ path, value }) => {
    if (typeof value !== 'object') return true;
    return unify(createKnown(getPlace(state, path), value), readPath(machine, path), assignment);
  });
}

/** Gives the fields of a machine that are known the values that they are known to have. */
export function enforceKnown(machine: Machine, known: readonly Known[]): void {
  for (const { path, value } of known) {
    const holder = readPath(machine, path.slice(0, -1)) as object;
    Reflect.set(holder, path.at(-1) ?? '', adapt(value, readPath(machine, path)));
  }
}

/**
 * Values of a state after boot in which something is known: mostly one in which every invariant
 * holds. None where the shape has no such state.
 */
export function suggestState(
  { plan, phase, state, watched }: Pick<PhaseModel, 'plan' | 'phase' | 'state' | 'watched'>,
  known: readonly Known[],
): Model {
  const plain = createReference(plan, phase);
  enforceKnown(plain, known);
  stopOvertaken(plan, plain);
  grantRequests(plan, plain);
  const machine = watched ? watchMachine(plan, plain) : plain;
  const assignment: OpenAssignment = new Map();
  if (!assignState(state, known, machine, assignment)) return new Map();
  return new Map(
    [...assignment].map(([name, value]) => [
      name,
      typeof value === 'number' ? BigInt(value) : value,
    ]),
  );
}

/** Turns off who would run in the place of who is known to run. */
function stopOvertaken(plan: Plan, machine: Machine): void {
  for (const [core, { el2, residents }] of plan.cores.entries()) {
    if (!el2) continue;
    const state = machine.cores[core];
    if (state !== undefined && !isSectionKnown(plan, machine, core)) state.section = 0;
    for (const [index, resident] of residents.entries()) {
      const vcpu = getVcpuOf(machine, resident);
      if (vcpu === undefined || isMostUrgent(plan, machine, core, index)) continue;
      vcpu.on = false;
      vcpu.waiting = false;
    }
  }
}

/** Lets requests in flight be for a page of their master. */
function grantRequests({ partitions }: Plan, { smmu }: Machine): void {
  for (const request of smmu.inFlight) {
    const master = partitions[request.master];
    const [first] = [...(master?.dma ?? []), ...(master?.firewall ?? [])];
    if (request.busy && first !== undefined) request.frame = computePage(first.pa);
  }
}

/** Values of the variables of a case's action; null where it is another action. */
export function assignAction(one: Case, action: MicroStep): OpenAssignment | null {
  const assignment: OpenAssignment = new Map();
  for (const [name, operand] of Object.entries(one.action)) {
    if (!unify(operand, Reflect.get(action, name), assignment)) return null;
  }
  if (one.premises.length === 0) return assignment;
  return createEvaluator(one.premises).evaluate(assignment).includes(false) ? null : assignment;
}

/** Whether the fields that a case knows have these values in the machine. */
export function isKnownOf(known: readonly Known[], machine: Machine): boolean {
  return known.every(({ path, value }) => isKnownAs(value, readPath(machine, path)));
}

/** Adds the words that memory holds at the frames that were asked for. */
export function assignMemory(
  memory: MemoryBase,
  { memory: contents }: Machine,
  assignment: OpenAssignment,
): void {
  for (const [frame, { word, writer }] of memory.listCells()) {
    const [number] = evaluateAny([frame], assignment);
    unify(word, readWord(contents, Number(number)), assignment);
    unify(writer, readWriter(contents, Number(number)), assignment);
  }
}

/**
 * Gives variables such values that the symbolic value is the concrete one; false where there are
 * none. Symbolic values are variables and trees over booleans with constants as leaves.
 */
function unify(value: Value, concrete: unknown, assignment: OpenAssignment): boolean {
  if (!isTerm(value)) return value === concrete;
  switch (value.kind) {
    case 'variable':
      return isWithin(value, concrete) && assignment.set(value.name, concrete) !== undefined;
    case 'integer':
      return Number(value.value) === concrete;
    case 'application': {
      const [condition, then, otherwise] = value.arguments;
      if (condition?.kind !== 'variable') return false;
      const isFirst = unify(then, concrete, assignment);
      assignment.set(condition.name, isFirst);
      return isFirst || unify(otherwise, concrete, assignment);
    }
    default:
      return value.value === concrete;
  }
}

/** Whether a variable may have a value. */
function isWithin({ sort, low, high }: Variable, value: unknown): value is number | boolean {
  if (sort === 'Bool') return typeof value === 'boolean';
  if (typeof value !== 'number' || !Number.isSafeInteger(value)) return false;
  return (low === null || low <= value) && (high === null || value <= high);
}

/** The fields and indices of a path such as `cores[1].tlb[0].vmid`. */
function splitPath(path: string): readonly (string | number)[] {
  const known = pathsOf.get(path);
  if (known !== undefined) return known;
  const keys = path
    .split(/[.[\]]+/)
    .filter((part) => part !== '')
    .map((part) => (/^\d+$/.test(part) ? Number(part) : part));
  pathsOf.set(path, keys);
  return keys;
}

const pathsOf = new Map<string, readonly (string | number)[]>();

function readPath(value: unknown, keys: readonly (string | number)[]): unknown {
  let current = value;
  for (const key of keys) current = Reflect.get(Object(current) as object, key);
  return current;
}

/** The place of a field in a symbolic state, which has it. */
function getPlace({ places, machine }: SymbolicState, keys: readonly (string | number)[]): Place {
  const fields = findHolder(machine, keys);
  const place = places.find((one) => one.fields === fields && one.key === keys.at(-1));
  if (place === undefined) throw new RangeError(`no field ${keys.join('.')}`);
  return place;
}

// ------------------------------------------------------------------ to a machine

/**
 * The machine that a symbolic state stands for under an assignment, with fields that a case knows
 * in place of the state's own. A variable without a value has 0 or false, or the bound next to it.
 * Values beyond the safe integers are rounded, as every number of V8 is.
 */
export function decodeMachine(
  state: SymbolicState,
  memory: MemoryBase,
  assignment: Assignment,
  known: readonly Known[] = [],
): Machine {
  const values = state.places.map(readPlace);
  const terms = values.filter((value) => isTerm(value));
  const evaluated = evaluateAny(terms, assignment);
  const concrete = new Map(terms.map((term, index) => [term, evaluated[index] ?? 0] as const));
  const convert = (value: Value): unknown => {
    if (isTerm(value)) return concrete.get(value);
    if (!(value instanceof SymbolicObject)) return value;
    if (Array.isArray(value.fields)) return value.fields.map(convert);
    const entries = Object.entries(value.fields).filter(([key]) => key !== 'memory');
    return Object.fromEntries(entries.map(([key, inner]) => [key, convert(inner)]));
  };
  const machine = { ...(convert(state.machine) as Machine), memory: createMemory() };
  for (const one of known) {
    if (typeof one.value === 'object') {
      const value = createKnown(getPlace(state, one.path), one.value);
      enforceKnown(machine, [{ ...one, value: decodeValue(value, assignment) as number }]);
    } else {
      enforceKnown(machine, [one]);
    }
  }
  for (const [frame, cell] of memory.listCells()) {
    const [at, word, writer] = evaluateAny([frame, cell.word, cell.writer], assignment);
    writeWord(machine.memory, Number(at), Number(word), Number(writer));
    if (writer === UNWRITTEN) machine.memory.writers.delete(Number(at));
  }
  return machine;
}

/** A value of a symbolic run, with everything in it, as V8 has it under an assignment. */
export function decodeValue(value: Value, assignment: Assignment): unknown {
  if (isTerm(value)) return evaluateAny([value], assignment)[0];
  if (value instanceof Choice) {
    const [isFirst] = evaluateAny([value.condition], assignment);
    return decodeValue(isFirst === true ? value.first : value.second, assignment);
  }
  if (!(value instanceof SymbolicObject)) return value;
  if (Array.isArray(value.fields)) {
    return value.fields.map((inner) => decodeValue(inner, assignment));
  }
  const entries = Object.entries(value.fields).map(
    ([key, inner]) => [key, decodeValue(inner, assignment)] as const,
  );
  return Object.fromEntries(entries);
}

/** The action of a case, or its other micro-step, under an assignment. */
export function decodeAction(one: Case, assignment: Assignment): MicroStep {
  const fields = Object.entries(one.action).map(
    ([name, operand]) => [name, decodeValue(operand, assignment)] as const,
  );
  // The case gives every field of an action of its kind.
  return Object.fromEntries(fields) as unknown as MicroStep;
}

/** Integers of a case to replay are no larger: what V8 adds up of some of them is exact. */
const REPLAYED_MAX = 2 ** 50;

/** The statement, with every integer in it small enough to be replayed. */
export function limitIntegers(statement: Term): Term {
  const limits = listVariables([statement])
    .filter(({ sort }) => sort === 'Int')
    .map((variable) => within(variable, -REPLAYED_MAX, REPLAYED_MAX));
  return and([statement, ...limits]);
}

/** Values of terms; variables without a value take one within their bounds. */
export function evaluateAny(
  terms: readonly Term[],
  assignment: Assignment,
): readonly (number | boolean)[] {
  const complete: OpenAssignment = new Map();
  for (const variable of listVariables(terms)) {
    complete.set(variable.name, assignment.get(variable.name) ?? chooseValue(variable));
  }
  return createEvaluator(terms).evaluate(complete).map(toPlain);
}

function chooseValue({ sort, low, high }: Variable): Scalar {
  if (sort === 'Bool') return false;
  if (low !== null && low > 0n) return low;
  return high !== null && high < 0n ? high : 0n;
}

function toPlain(value: Scalar | number): number | boolean {
  return typeof value === 'bigint' ? Number(value) : value;
}
