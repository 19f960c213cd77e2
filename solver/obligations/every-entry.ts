/**
 * Claims about every entry of a list: each region is aligned, each VMID in range, each route at
 * home.
 *
 * What is claimed is a formula over the fields of an entry, and is asked in one of two ways.
 * `proveEveryEntry` gives each field of each entry a variable, bound to its value (`size.3 =
 * 65536`), and states the formula once per entry: a solver computes and need not search, so that
 * its time grows with the number of entries. `proveLookup` has one symbolic entry (`entry = 3 and
 * line = 35`) and states the formula once: for a formula that looks into a list itself, of which
 * a copy per entry would grow with the product of the two lengths.
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

/**
 * The obligation that no entry breaks the claim; null for an empty list. The formula is stated per
 * entry, hence short; the witness is the first entry that breaks it.
 */
export function proveEveryEntry(
  configuration: StaticConfiguration,
  about: EntryClaim,
): Obligation | null {
  const entries = about.list(configuration);
  const broken = entries.map((_, position) =>
    about.refute((name) => getField(name, position), configuration),
  );
  return createObligation(about, entries, {
    assume: entries.flatMap((entry, position) =>
      bindFields(entry, (name) => getField(name, position)),
    ),
    refute: or(broken),
    find: (model) => broken.findIndex((term) => evaluate(term, model) === true),
  });
}

/**
 * The same for a formula that looks into a list of the configuration: stated once, about an entry
 * whose number is symbolic.
 */
export function proveLookup(
  configuration: StaticConfiguration,
  about: EntryClaim,
): Obligation | null {
  const entries = about.list(configuration);
  const index = integerVariable('entry');
  return createObligation(about, entries, {
    assume: [
      or(
        entries.map((entry, position) =>
          and([equal(index, position), ...bindFields(entry, integerVariable)]),
        ),
      ),
    ],
    refute: about.refute(integerVariable, configuration),
    find: (model) => Number(evaluate(index, model)),
  });
}

/** A field of the entry at a position: `size.3`. */
function getField(name: string, position: number): Term {
  return integerVariable(`${name}.${position}`);
}

function bindFields(entry: Entry, field: (name: string) => Term): Term[] {
  return Object.entries(entry.fields).map(([name, value]) => equal(field(name), value));
}

/** How a claim is asked, and the position of the entry that a model is about. */
interface Question {
  readonly assume: readonly Term[];
  readonly refute: Term;
  readonly find: (model: Model) => number;
}

function createObligation(
  { claim, instance, list, isBroken }: EntryClaim,
  entries: readonly Entry[],
  { assume, refute, find }: Question,
): Obligation | null {
  if (entries.length === 0) return null;
  const getEntry = (given: StaticConfiguration, witness: Witness): Entry | undefined =>
    list(given)[Number(witness['entry'])];
  return {
    ...claim,
    id: instance === null ? claim.id : `${claim.id}[${instance}]`,
    assume,
    refute,
    decode: (model) => describeEntry(entries, find(model)),
    confirms: (given, witness) => {
      const entry = getEntry(given, witness);
      return (
        entry !== undefined && entry.label === witness['first'] && isBroken(entry.fields, given)
      );
    },
    finding: (given, witness) => {
      const entry = getEntry(given, witness);
      if (entry === undefined) throw new NoEntryError(claim.id);
      const message = `${entry.label}: ${entry.complaint}`;
      return createFinding(claim, message, entry, entry.other ?? null);
    },
  };
}

function describeEntry(entries: readonly Entry[], position: number): Witness {
  const entry = entries[position];
  return { entry: position, first: entry?.label ?? 'nobody', ...entry?.fields };
}

/** A finding is made only of a confirmed witness, hence of an entry. */
export class NoEntryError extends Error {
  constructor(id: string) {
    super(`the witness of ${id} names no entry`);
  }
}
