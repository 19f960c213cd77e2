/**
 * Contracts: what a function of the spec gives, in place of what it does.
 *
 * A translation by a cache gives what the current table gives, because every valid entry is
 * coherent. While a micro-step runs, `translate` is taken to walk the table; that this is what it
 * gives with the cache is an obligation of its own, and part of each that rests on it. So no other
 * obligation has a cache in its terms.
 */

import { isDeepStrictEqual } from 'node:util';
import type { LiftedFunction } from '../lift/compile.ts';
import { isSame } from '../lift/operators.ts';
import type { Run } from '../lift/run.ts';
import { SymbolicObject, mapAlternatives, toTruth } from '../lift/values.ts';
import type { Value } from '../lift/values.ts';
import { TRUE, and, implies } from '../smt/term.ts';
import type { Term } from '../smt/term.ts';
import { decodeValue } from './concrete.ts';
import type { Assignment } from './concrete.ts';
import type { StepParts } from './micro-steps.ts';

/** Name of the goal that a contract leaves, as witnesses show it. */
export const TRANSLATION = 'the cached translation';

/** What a contract rests on at one call. */
export interface Lemma {
  readonly holds: Term;
  /** What the function was called with. */
  readonly values: readonly Value[];
}

/** The function that has a contract. */
const TRANSLATE = 'model/translation.ts#translate';

/** A cache with nothing in it. */
const EMPTY = new SymbolicObject([]);

/** Runs something with contracts in place; gives what must hold for them, on each way to a call. */
export function underContracts<Result>(run: Run, act: () => Result): [Result, readonly Lemma[]] {
  const lemmas: Lemma[] = [];
  run.contracts = new Map([
    [
      TRANSLATE,
      (values: readonly Value[], body: LiftedFunction): Value => {
        const [cache, ...rest] = values;
        const walked = body.call(run, [EMPTY, ...rest]);
        const found = body.call(run, [cache, ...rest]);
        const holds = implies(and(run.listPath()), isSameTranslation(found, walked));
        // Records change while the step goes on: what the call was given is kept.
        if (holds !== TRUE) lemmas.push({ holds, values: values.map(snapshot) });
        return walked;
      },
    ],
  ]);
  try {
    return [act(), lemmas];
  } finally {
    run.contracts = null;
  }
}

function snapshot(value: Value): Value {
  if (!(value instanceof SymbolicObject)) return value;
  if (Array.isArray(value.fields)) return new SymbolicObject(value.fields.map(snapshot));
  const entries = Object.entries(value.fields).map(([key, one]) => [key, snapshot(one)] as const);
  return new SymbolicObject(Object.fromEntries(entries));
}

function isSameTranslation(one: Value, other: Value): Term {
  return and(
    ['fault', 'frame', 'type'].map((field) =>
      toTruth(isSame(readField(one, field), readField(other, field))),
    ),
  );
}

function readField(value: Value, field: string): Value {
  return mapAlternatives(value, (one) => {
    // Every return of a translation is a record of these fields.
    if (!(one instanceof SymbolicObject)) throw new RangeError('a translation that is no record');
    return (one.fields as Record<string, Value>)[field];
  });
}

/**
 * Whether V8 does not do what the lemma says: the function itself, with the values of the call and
 * with an empty cache.
 */
export function isLemmaBroken(
  { translate }: StepParts,
  { values }: Lemma,
  assignment: Assignment,
): boolean {
  type Arguments = Parameters<StepParts['translate']>;
  const [cache, ...rest] = values.map((value) => decodeValue(value, assignment)) as Arguments;
  return !isDeepStrictEqual(translate(cache, ...rest), translate([], ...rest));
}
