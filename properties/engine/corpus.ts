/**
 * Corpus: traces that showed something new, as the beginnings of others.
 */

import type { ActionSlot } from '../generators/slots.ts';
import { copySlot, createSlot } from '../generators/slots.ts';
import type { Start } from '../generators/traces.ts';

/** A trace that is kept. */
export interface Entry {
  readonly start: Start;
  readonly slots: readonly ActionSlot[];
  /** Features that no earlier trace had shown. */
  readonly features: readonly number[];
}

/** Traces that are kept at most; the oldest go first. */
const ENTRIES_MAX = 4096;

/** Kept traces, oldest first, but for those that have taken the place of older ones. */
export interface Corpus {
  readonly entries: Entry[];
  next: number;
}

/** A corpus with nothing in it. */
export function createCorpus(): Corpus {
  return { entries: [], next: 0 };
}

/** Keeps the first `length` slots. */
export function keep(
  corpus: Corpus,
  start: Start,
  slots: readonly ActionSlot[],
  length: number,
  features: readonly number[],
): void {
  const kept = slots.slice(0, length).map((slot) => {
    const copy = createSlot();
    copySlot(slot, copy);
    return copy;
  });
  corpus.entries[corpus.next] = { start, slots: kept, features: [...features] };
  corpus.next = (corpus.next + 1) % ENTRIES_MAX;
}
