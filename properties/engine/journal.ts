/**
 * Journal: the trace that a worker is running, where the thread that started it can read it when
 * the worker has died.
 *
 * Layout, in doubles: steps drawn when the trace began, traces begun, whether one is being run,
 * whether that is one of the corpus, whether it starts booted, actions begun; then the fields of
 * each action, written before the action is taken. Nobody reads while it is written.
 */

import { SLOT_WIDTH, packSlot, unpackActions } from '../generators/slots.ts';
import type { ActionSlot } from '../generators/slots.ts';
import type { Start, Trace } from '../generators/traces.ts';

/** Actions that fit in: the longest trace that is run. */
export const JOURNAL_LENGTH = 512;

const HEADER = 6;

/** A journal, as both threads hold it. */
export interface Journal {
  readonly buffer: SharedArrayBuffer;
  readonly header: Float64Array;
  /** The actions, packed one after the other. */
  readonly cells: Float64Array;
}

/** What a journal says. */
export interface JournalEntry {
  /** Steps that the worker had drawn when the trace began. */
  readonly steps: number;
  /** Traces that it had begun, this one included. */
  readonly traces: number;
  /** The trace is one of the corpus that it was given. */
  readonly isOfCorpus: boolean;
  /** Ends with the action that was being taken; null between two traces. */
  readonly trace: Trace | null;
}

/** A journal in which nothing has begun; a worker passes the buffer that it was given. */
export function openJournal(
  buffer = new SharedArrayBuffer(8 * (HEADER + SLOT_WIDTH * JOURNAL_LENGTH)),
): Journal {
  return {
    buffer,
    header: new Float64Array(buffer, 0, HEADER),
    cells: new Float64Array(buffer, 8 * HEADER),
  };
}

/** A trace begins, after so many steps, and is the last of so many traces. */
export function beginEntry(
  { header }: Journal,
  steps: number,
  traces: number,
  isOfCorpus: boolean,
  start: Start,
): void {
  header[0] = steps;
  header[1] = traces;
  header[2] = 1;
  header[3] = isOfCorpus ? 1 : 0;
  header[4] = start === 'booted' ? 1 : 0;
  header[5] = 0;
}

/** An action is about to be taken: number `at` of the trace. */
export function writeEntry({ header, cells }: Journal, at: number, slot: ActionSlot): void {
  if (at >= JOURNAL_LENGTH) return;
  packSlot(slot, cells, at);
  header[5] = at + 1;
}

/**
 * Something that changes with each action that is begun, for who waits for it to change; null
 * between two traces.
 */
export function readPulse({ header }: Journal): string | null {
  return header[2] === 1 ? `${header[1]} ${header[5]}` : null;
}

/** The trace is over. */
export function endEntry({ header }: Journal): void {
  header[2] = 0;
}

/** What the worker was at. */
export function readJournal({ header, cells }: Journal): JournalEntry {
  const [steps = 0, traces = 0, isRunning = 0, isOfCorpus = 0, isBooted = 0, length = 0] = header;
  if (isRunning === 0) return { steps, traces, isOfCorpus: false, trace: null };
  const actions = unpackActions(cells, length);
  const trace = { start: isBooted === 1 ? 'booted' : 'reset', actions } as const;
  return { steps, traces, isOfCorpus: isOfCorpus === 1, trace };
}
