/**
 * Journal: the trace that a worker is running, where the thread that started it can read it when
 * the worker has died.
 *
 * Layout, in doubles: steps drawn when the trace began, traces begun, whether one is being run,
 * whether that is one of the corpus, whether it starts booted, actions begun; then the fields of
 * each action, written before the action is taken. Nobody reads while it is written.
 */

import { ACTION_KINDS } from '../../model/actions.ts';
import type { DistributorAction } from '../../model/actions.ts';
import { createSlot, readSlot } from '../generators/slots.ts';
import type { ActionSlot } from '../generators/slots.ts';
import type { Start, Trace } from '../generators/traces.ts';

/** Actions that fit in: the longest trace that is run. */
export const JOURNAL_LENGTH = 512;

const HEADER = 6;
const WIDTH = 16;

const OPERATIONS: readonly DistributorAction['operation'][] = [
  'enable',
  'disable',
  'set-pending',
  'clear-pending',
  'route',
];

/** A journal, as both threads hold it. */
export interface Journal {
  readonly buffer: SharedArrayBuffer;
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
  buffer = new SharedArrayBuffer(8 * (HEADER + WIDTH * JOURNAL_LENGTH)),
): Journal {
  return { buffer, cells: new Float64Array(buffer) };
}

/** A trace begins, after so many steps, and is the last of so many traces. */
export function beginEntry(
  { cells }: Journal,
  steps: number,
  traces: number,
  isOfCorpus: boolean,
  start: Start,
): void {
  cells[0] = steps;
  cells[1] = traces;
  cells[2] = 1;
  cells[3] = isOfCorpus ? 1 : 0;
  cells[4] = start === 'booted' ? 1 : 0;
  cells[5] = 0;
}

/** An action is about to be taken: number `at` of the trace, of the kind at `kind`. */
export function writeEntry({ cells }: Journal, at: number, kind: number, slot: ActionSlot): void {
  if (at >= JOURNAL_LENGTH) return;
  const base = HEADER + WIDTH * at;
  cells[base] = kind;
  cells[base + 1] = slot.core;
  cells[base + 2] = slot.fails ? 1 : 0;
  cells[base + 3] = slot.address;
  cells[base + 4] = slot.value;
  cells[base + 5] = slot.register;
  cells[base + 6] = slot.vcpu;
  cells[base + 7] = slot.doorbell;
  cells[base + 8] = slot.ticks;
  cells[base + 9] = slot.operation === 'enable' ? 0 : OPERATIONS.indexOf(slot.operation);
  cells[base + 10] = slot.intId;
  cells[base + 11] = slot.stream;
  cells[base + 12] = slot.write ? 1 : 0;
  cells[base + 13] = slot.master;
  cells[base + 14] = slot.slot;
  cells[base + 15] = slot.event;
  cells[5] = at + 1;
}

/** The trace is over. */
export function endEntry({ cells }: Journal): void {
  cells[2] = 0;
}

/** What the worker was at. */
export function readJournal({ cells }: Journal): JournalEntry {
  const [steps = 0, traces = 0, isRunning = 0, isOfCorpus = 0, isBooted = 0, length = 0] = cells;
  if (isRunning === 0) return { steps, traces, isOfCorpus: false, trace: null };
  const actions = Array.from({ length }, (_, at) => readSlot(readCells(cells, at)));
  const trace = { start: isBooted === 1 ? 'booted' : 'reset', actions } as const;
  return { steps, traces, isOfCorpus: isOfCorpus === 1, trace };
}

function readCells(cells: Float64Array, at: number): ActionSlot {
  const base = HEADER + WIDTH * at;
  const read = (field: number): number => cells[base + field] ?? 0;
  const slot = createSlot();
  slot.kind = ACTION_KINDS[read(0)] ?? 'smc';
  slot.core = read(1);
  slot.fails = read(2) === 1;
  slot.address = read(3);
  slot.value = read(4);
  slot.register = read(5);
  slot.vcpu = read(6);
  slot.doorbell = read(7);
  slot.ticks = read(8);
  slot.operation = OPERATIONS[read(9)] ?? 'enable';
  slot.intId = read(10);
  slot.stream = read(11);
  slot.write = read(12) === 1;
  slot.master = read(13);
  slot.slot = read(14);
  slot.event = read(15);
  return slot;
}
