/**
 * Corpus: traces that showed something new, as the beginnings of others.
 */

import { SLOT_WIDTH, packActions, unpackActions } from '../generators/slots.ts';
import type { Start, Trace } from '../generators/traces.ts';

/** A trace that is kept. */
export interface Entry {
  readonly start: Start;
  /** Its actions, packed one after the other: a search reads them in one stretch of memory. */
  readonly cells: Float64Array;
  readonly length: number;
  /** Features that no earlier trace had shown. */
  readonly features: readonly number[];
}

/** Traces that are kept at most; the oldest go first. */
export const ENTRIES_MAX = 4096;

/** Kept traces, oldest first, but for those that have taken the place of older ones. */
export interface Corpus {
  readonly entries: Entry[];
  next: number;
}

/** A corpus with nothing in it. */
export function createCorpus(): Corpus {
  return { entries: [], next: 0 };
}

/** Keeps the first `length` actions of those that are packed in `cells`; returns what is kept. */
export function keep(
  corpus: Corpus,
  start: Start,
  cells: Float64Array,
  length: number,
  features: readonly number[],
): Entry {
  const kept = new Float64Array(cells.subarray(0, SLOT_WIDTH * length));
  const entry = { start, cells: kept, length, features: [...features] };
  corpus.entries[corpus.next] = entry;
  corpus.next = (corpus.next + 1) % ENTRIES_MAX;
  return entry;
}

/** The trace that an entry holds. */
export function toTrace({ start, cells, length }: Entry): Trace {
  return { start, actions: unpackActions(cells, length) };
}

/** A trace as an entry that has shown nothing yet. */
export function toEntry({ start, actions }: Trace): Entry {
  return { start, cells: packActions(actions), length: actions.length, features: [] };
}
