/**
 * Claims about every entry of a list: each region is aligned, each VMID in range, each route at
 * home.
 *
 * The index is symbolic and the fields of an entry are bound to it: `entry = 3 and base = … and
 * size = …`. What is claimed is a formula over the fields, once, whatever the number of entries.
 */

import type { StaticConfiguration } from '../../model/configuration.ts';
import type { Model, Obligation, Witness } from '../obligation.ts';
import { and, equal, evaluate, integerVariable, or } from '../smt/term.ts';
import type { Term } from '../smt/term.ts';
import { createFinding } from './claim.ts';
import type { Claim, Party } from './claim.ts';

/** An entry: its fields as integers, and what to say when the claim is false of it. */
export interface Entry extends Party {
  readonly fields: Readonly<Record<string, number>>;
  /** "base 0x48000800 is not a multiple of 0x1000". */
  readonly complaint: string;
  /** The other party, where there is one. */
  readonly other?: Party;
}

/** A claim about each entry of a list. */
export interface EntryClaim {
  readonly claim: Claim;
  readonly instance: string | null;
  readonly list: (configuration: StaticConfiguration) => readonly Entry[];
  /** True of an entry that breaks the claim; its variables are the fields. */
  readonly refute: (field: (name: string) => Term, configuration: StaticConfiguration) => Term;
  /** The same as plain code. */
  readonly isBroken: (
    fields: Readonly<Record<string, number>>,
    configuration: StaticConfiguration,
  ) => boolean;
}

/** The obligation that no entry breaks the claim; null for an empty list. */
export function proveEveryEntry(
  configuration: StaticConfiguration,
  { claim, instance, list, refute, isBroken }: EntryClaim,
): Obligation | null {
  const entries = list(configuration);
  if (entries.length === 0) return null;
  const index = integerVariable('entry');
  const find = (given: StaticConfiguration, witness: Witness): Entry | undefined =>
    list(given)[Number(witness['entry'])];
  return {
    ...claim,
    id: instance === null ? claim.id : `${claim.id}[${instance}]`,
    assume: [or(entries.map((entry, position) => bind(index, position, entry)))],
    refute: refute(integerVariable, configuration),
    decode: (model) => decodeEntry(entries, model),
    confirms: (given, witness) => {
      const entry = find(given, witness);
      return (
        entry !== undefined && entry.label === witness['first'] && isBroken(entry.fields, given)
      );
    },
    finding: (given, witness) => {
      const entry = find(given, witness);
      if (entry === undefined) throw new NoEntryError(claim.id);
      const message = `${entry.label}: ${entry.complaint}`;
      return createFinding(claim, message, entry, entry.other ?? null);
    },
  };
}

function bind(index: Term, position: number, entry: Entry): Term {
  const fields = Object.entries(entry.fields);
  return and([
    equal(index, position),
    ...fields.map(([name, value]) => equal(integerVariable(name), value)),
  ]);
}

function decodeEntry(entries: readonly Entry[], model: Model): Witness {
  const position = Number(evaluate(integerVariable('entry'), model));
  const entry = entries[position];
  return { entry: position, first: entry?.label ?? 'nobody', ...entry?.fields };
}

/** A finding is made only of a confirmed witness, hence of an entry. */
export class NoEntryError extends Error {
  constructor(id: string) {
    super(`the witness of ${id} names no entry`);
  }
}
