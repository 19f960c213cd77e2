/**
 * Situations: a symbolic state in which something is known, and what a step makes of it.
 *
 * Many cases share what they know of the machine; they are run from one situation, each from the
 * same state, which is taken back after each run.
 */

import type { Plan } from '../../model/plan.ts';
import type { LiftedFunction } from '../lift/compile.ts';
import type { MemoryBase } from '../lift/memory.ts';
import { createMemoryBase, MemoryLog } from '../lift/memory.ts';
import type { Run, Written } from '../lift/run.ts';
import { SymbolicObject, isTerm, listConstants } from '../lift/values.ts';
import type { Fields, Value } from '../lift/values.ts';
import { UNWRITTEN } from '../../model/memory.ts';
import { integerVariable } from '../smt/term.ts';
import type { Case, Known } from './cases.ts';
import { BUSY } from './cases.ts';
import { createTree } from './state.ts';
import type { Place, SymbolicState } from './state.ts';

/** What a step does in a case. */
export interface Step {
  /** A text, or a choice between texts. */
  readonly outcome: Value;
  /** Fields that it may change; memory is among them as the field `log`. */
  readonly written: readonly Written[];
  readonly memory: MemoryBase;
}

/** Finds the place of a field. */
export type PlaceFinder = (fields: Fields, key: string | number) => Place | undefined;

/** Places by what holds them. */
export function createPlaceFinder({ places }: SymbolicState): PlaceFinder {
  const byFields = new Map<Fields, Map<string | number, Place>>();
  for (const place of places) {
    const keys = byFields.get(place.fields) ?? new Map<string | number, Place>();
    byFields.set(place.fields, keys);
    keys.set(place.key, place);
  }
  return (fields, key) => byFields.get(fields)?.get(key);
}

/**
 * Runs something in a state in which the given fields are known, and takes everything back; null
 * where the shape has no such state.
 */
export function inSituation<Result>(
  run: Run,
  state: SymbolicState,
  findPlace: PlaceFinder,
  known: readonly Known[],
  act: () => Result,
): Result | null {
  const mark = run.mark();
  try {
    const exists = known.every((one) => applyKnown(run, state, findPlace, one));
    return exists ? act() : null;
  } finally {
    run.rollBack(mark);
  }
}

function applyKnown(
  run: Run,
  { machine }: SymbolicState,
  findPlace: PlaceFinder,
  { path, value }: Known,
): boolean {
  let { fields } = machine;
  for (const key of path.slice(0, -1)) {
    const next = (fields as Record<string | number, Value>)[key];
    if (!(next instanceof SymbolicObject)) return false;
    ({ fields } = next);
  }
  const key = path.at(-1) ?? '';
  const place = findPlace(fields, key);
  if (place === undefined) return false;
  const current = (fields as Record<string | number, Value>)[key];
  const next = value === BUSY ? createBusy(place) : value;
  if (next === null || !isPossible(current, next)) return false;
  run.write(fields, key, next);
  return true;
}

/** At least one tick. */
function createBusy({ shape, path }: Place): Value {
  if (shape.kind !== 'integer') return null;
  const bounds = shape.high === null ? { low: 1 } : { low: 1, high: shape.high };
  return integerVariable(`${path}[1..]`, bounds);
}

/** Whether a field that holds this may hold that. */
function isPossible(current: Value, next: Value): boolean {
  if (!isTerm(current) || isTerm(next)) return isTerm(next) || current === next;
  const constants = listConstants(current);
  return constants === null || constants.some(([, value]) => value === next);
}

/** Runs one step from the state as it stands, and takes it back. */
export function takeStep(
  run: Run,
  plan: Plan,
  state: SymbolicState,
  step: LiftedFunction,
  one: Case,
): Step {
  const mark = run.mark();
  const labels = [UNWRITTEN, -1, ...plan.partitions.keys()];
  const memory = createMemoryBase('memory', (path) => createTree(labels, path));
  const place = (state.machine.fields as Record<string, Value>)['memory'];
  if (!(place instanceof SymbolicObject)) throw new RangeError('every state has a memory');
  run.write(place.fields, 'log', new MemoryLog(memory));
  const start = run.mark();
  try {
    const action = new SymbolicObject({ ...one.action });
    const outcome = run.suppose(one.premises, () => step.call(run, [plan, state.machine, action]));
    return { outcome, written: run.listWritten(start), memory };
  } finally {
    run.rollBack(mark);
  }
}
