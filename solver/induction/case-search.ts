/**
 * Search for a refuted case: what is searched for, what came of it, and how to say it.
 *
 * A case starts from a state that a solver chose. Whether the machine ever gets there is another
 * question, which `reach.ts` asks.
 */

import type { Start } from '../../properties/generators/traces.ts';
import type { Witness } from '../obligation.ts';
import type { MicroStep } from './micro-steps.ts';

/** The case that breaks an obligation about the spec, as data. */
export interface RefutedCase {
  /** The micro-step; null where the obligation is about states alone. */
  readonly action: MicroStep | null;
  /** Who is current: `linux@core2`, `nobody`, `boot`. */
  readonly current: string;
  /** Index of the partition in whose name it happens; NONE for time, EL2 and the environment. */
  readonly partition: number;
  /** What fails, the smallest of it: an invariant with its indices, a field, or a goal's name. */
  readonly conjunct: string;
}

/** A search that ended: how long it was, and the properties that it looked for a violation of. */
interface Searched {
  readonly seed: number;
  /** Steps of the spec that it took. */
  readonly steps: number;
  readonly properties: readonly string[];
}

/**
 * What became of the search: `reached` in a trace that breaks `property`, `not-reached` within its
 * steps, `interrupted` before their end, or `left-out` for the sake of smaller cases.
 */
export type CaseSearch =
  | (Searched & {
      readonly kind: 'reached';
      readonly property: string;
      readonly start: Start;
      /** Length of the shrunk trace. */
      readonly actions: number;
      /** The counterexample file; null where it could not be written. */
      readonly file: string | null;
    })
  | (Searched & { readonly kind: 'not-reached' | 'interrupted' })
  | { readonly kind: 'left-out'; readonly searched: number; readonly refuted: number };

/** What became of the search for a case, in one sentence without a full stop. */
export function describeSearch(search: CaseSearch, { conjunct }: RefutedCase): string {
  switch (search.kind) {
    case 'reached': {
      const from = search.start === 'booted' ? 'boot' : 'reset';
      const length = count(search.actions, 'action');
      const head = `reached from ${from} in ${length}, the last of which breaks ${search.property}`;
      return search.file === null ? head : `${head}: ${search.file}`;
    }
    case 'not-reached':
      return (
        `not reached from reset in ${count(search.steps, 'step')}: the state may be unreachable, ` +
        `and an invariant missing: the smallest conjunct that fails is ${conjunct}`
      );
    case 'interrupted':
      return `not reached from reset when the search was interrupted: ${conjunct} fails`;
    case 'left-out':
      return (
        `of ${count(search.refuted, 'refuted obligation')} about the spec only the ` +
        `${search.searched} smallest are searched for from reset`
      );
  }
}

/** Entries of a witness that say which step it is about; the others are what the step changes. */
const ABOUT_STEP: readonly string[] = ['action', 'current', 'conjunct', 'outcome'];

/** The case on lines: the step and its outcome, then what differs between the two states. */
export function listCaseLines(witness: Witness): string[] {
  const { action, current, outcome } = witness;
  const changes = Object.entries(witness)
    .filter(([name]) => !ABOUT_STEP.includes(name))
    .map(([name, value]) => `${name}: ${value}`);
  if (action === undefined) return changes;
  return [`${action} by ${current} gives ${outcome}`, ...changes];
}

function count(number: number, noun: string): string {
  return `${number.toLocaleString('en-US')} ${noun}${number === 1 ? '' : 's'}`;
}
