/**
 * Corpus: traces that showed something new, as the beginnings of others.
 */

import type { ActionSlot } from '../generators/slots.ts';
import { copySlot, createSlot, readSlot, writeSlot } from '../generators/slots.ts';
import type { Start, Trace } from '../generators/traces.ts';

/** A trace that is kept. */
export interface Entry {
  readonly start: Start;
  readonly slots: readonly ActionSlot[];
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

/** Keeps the first `length` slots; returns what is kept. */
export function keep(
  corpus: Corpus,
  start: Start,
  slots: readonly ActionSlot[],
  length: number,
  features: readonly number[],
): Entry {
  const kept = slots.slice(0, length).map((slot) => {
    const copy = createSlot();
    copySlot(slot, copy);
    return copy;
  });
  const entry = { start, slots: kept, features: [...features] };
  corpus.entries[corpus.next] = entry;
  corpus.next = (corpus.next + 1) % ENTRIES_MAX;
  return entry;
}

/** The trace that an entry holds. */
export function toTrace({ start, slots }: Entry): Trace {
  return { start, actions: slots.map(readSlot) };
}

/** A trace as an entry that has shown nothing yet. */
export function toEntry({ start, actions }: Trace): Entry {
  const slots = actions.map((action) => {
    const slot = createSlot();
    writeSlot(slot, action);
    return slot;
  });
  return { start, slots, features: [] };
}
