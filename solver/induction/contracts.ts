/**
 * Contracts: what a function of the spec gives, in place of what it does.
 *
 * A translation by a cache gives what the current table gives, because every valid entry is
 * coherent. While a micro-step runs, `translate` is taken to walk the table; that this is what it
 * gives with the cache is an obligation of its own, and part of each that rests on it. So no other
 * obligation has a cache in its terms.
 */

import type { Machine } from '../../model/machine.ts';
import type { LiftedFunction } from '../lift/compile.ts';
import { isSame } from '../lift/operators.ts';
import type { Run } from '../lift/run.ts';
import { SymbolicObject, mapAlternatives, toTruth } from '../lift/values.ts';
import type { Value } from '../lift/values.ts';
import { TRUE, and, implies } from '../smt/term.ts';
import type { Term } from '../smt/term.ts';

/** Name of the goal that a contract leaves, as witnesses show it. */
export const TRANSLATION = 'the cached translation';

/** The function that has a contract. */
const TRANSLATE = 'model/translation.ts#translate';

/** A cache with nothing in it. */
const EMPTY = new SymbolicObject([]);

/** Runs something with contracts in place; gives what must hold for them, on each way to a call. */
export function underContracts<Result>(run: Run, act: () => Result): [Result, readonly Term[]] {
  const lemmas: Term[] = [];
  run.contracts = new Map([
    [
      TRANSLATE,
      (values: readonly Value[], body: LiftedFunction): Value => {
        const [cache, ...rest] = values;
        const walked = body.call(run, [EMPTY, ...rest]);
        const found = body.call(run, [cache, ...rest]);
        const lemma = implies(and(run.listPath()), isSameTranslation(found, walked));
        if (lemma !== TRUE) lemmas.push(lemma);
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

function isSameTranslation(one: Value, other: Value): Term {
  return and(
    ['fault', 'frame', 'type'].map((field) =>
      toTruth(compare(readField(one, field), readField(other, field))),
    ),
  );
}

function compare(one: Value, other: Value): Value {
  return mapAlternatives(one, (left) => mapAlternatives(other, (right) => isSame(left, right)));
}

function readField(value: Value, field: string): Value {
  return mapAlternatives(value, (one) => {
    // Every return of a translation is a record of these fields.
    if (!(one instanceof SymbolicObject)) throw new RangeError('a translation that is no record');
    return (one.fields as Record<string, Value>)[field];
  });
}

/** A copy of the machine whose TLBs and IOTLB hold nothing: what contracts compare with, on V8. */
export function dropCaches(machine: Machine): Machine {
  const copy = structuredClone(machine);
  for (const entry of [...copy.cores.flatMap(({ tlb }) => tlb), ...copy.smmu.iotlb]) {
    entry.valid = false;
  }
  return copy;
}

/** Whether a path of the machine is in a cache. */
export function isInCache(path: string): boolean {
  return /^cores\[\d+\]\.tlb|^smmu\.iotlb/.test(path);
}
