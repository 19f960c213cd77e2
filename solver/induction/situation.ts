/**
 * Situations: a symbolic state in which something is known.
 *
 * Many cases share what they know of the machine; they are run from one situation, each from the
 * same state, which is taken back after each run.
 */

import type { Run } from '../lift/run.ts';
import { isTerm, listConstants } from '../lift/values.ts';
import type { Fields, Value } from '../lift/values.ts';
import { isKnownAs } from './cases.ts';
import type { Known } from './cases.ts';
import { createField, findHolder } from './state.ts';
import type { Place, SymbolicState } from './state.ts';

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
  const fields = findHolder(machine, path);
  const key = path.at(-1) ?? '';
  const place = fields === null ? undefined : findPlace(fields, key);
  if (fields === null || place === undefined) return false;
  const current = (fields as Record<string | number, Value>)[key];
  const next = createKnown(place, value);
  if (next === null || !isPossible(current, next)) return false;
  run.write(fields, key, next);
  return true;
}

/** The value of a field of which something is known; null where its shape has no such value. */
export function createKnown({ shape, path }: Place, value: Known['value']): Value {
  if (typeof value !== 'object') return value;
  const { low, high } = value;
  const name = `${path}[${low ?? ''}..${high ?? ''}]`;
  switch (shape.kind) {
    case 'integer': {
      const within = { low: low ?? shape.low, high: high ?? shape.high };
      return createField({ kind: 'integer', ...within }, name);
    }
    case 'choice': {
      const values = shape.values.filter((one) => isKnownAs(value, one));
      return values.length === 0 ? null : createField({ kind: 'choice', values }, name);
    }
    case 'constant':
      return isKnownAs(value, shape.value) ? shape.value : null;
    case 'boolean':
      return null;
  }
}

/** Whether a field that holds this may hold that. */
function isPossible(current: Value, next: Value): boolean {
  if (!isTerm(current) || isTerm(next)) return isTerm(next) || current === next;
  const constants = listConstants(current);
  return constants === null || constants.some(([, value]) => value === next);
}
