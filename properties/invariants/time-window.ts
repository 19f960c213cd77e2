/**
 * Windows: what a reservation is charged for in any stretch of time stays below what the others'
 * bounds count with.
 *
 * In a window of w ticks at most ceil((w + J) / P) * Q + o. With J = P - Q, Q being used late in
 * one period and at once in the next, this holds of every window and every policy; of those that
 * open when a service or a period begins, the last few and the first are judged. With J = 0 it
 * holds of reservations that burn or poll in windows that open while somebody less urgent has the
 * core: then they have nothing left of the old period (time demand of a periodic task; Lehoczky,
 * Sha, Strosnider 1987).
 */

import type { CoreState } from '../../model/machine.ts';
import type { PlannedCore, Resident } from '../../model/plan.ts';
import type { Context, Monitor, Violation } from '../property.ts';
import { isShared, nameOf, pathOf } from './time-slices.ts';
import type { Slice } from './time-slices.ts';

/** Windows of a reservation that are open at a time, beside the first. */
const WINDOWS_MAX = 8;

/** A window that is open. */
interface Window {
  begin: number;
  /** Consumption before it. */
  before: number;
  jitter: number;
}

/** What is known of a reservation. */
interface Consumer {
  readonly resident: Resident;
  /** Ticks charged since the run began. */
  total: number;
  /** The last instant at which it had the core. */
  servedAt: number;
  /** The last instant at which somebody less urgent had the core; -1 before. */
  freeAt: number;
  /** The first, and the last few; the oldest of these is replaced. */
  readonly windows: readonly Window[];
  /** How many of them are open. */
  opened: number;
  next: number;
}

function createConsumer(resident: Resident): Consumer {
  const windows = Array.from({ length: 1 + WINDOWS_MAX }, () => ({
    begin: 0,
    before: 0,
    jitter: 0,
  }));
  return { resident, total: 0, servedAt: -1, freeAt: -1, windows, opened: 0, next: 0 };
}

/** Violations of `time.window`. */
export function watchWindow(context: Context): Monitor {
  const { plan, machine, slices } = context;
  const consumers = plan.cores.map((planned): readonly Consumer[] =>
    !isShared(planned) || planned.policy === 'table' ? [] : planned.residents.map(createConsumer),
  );
  const everybody = consumers.flat();
  let evaluations = 0;
  return {
    kinds: ['time-passes'],
    begin: () => {
      for (const consumer of everybody) {
        consumer.total = consumer.opened = consumer.next = 0;
        consumer.servedAt = consumer.freeAt = -1;
      }
    },
    after: (action, outcome) => {
      if (action.kind !== 'time-passes' || outcome !== 'DONE') return null;
      const slice = slices[action.core];
      const planned = plan.cores[action.core];
      const state = machine.cores[action.core];
      const all = consumers[action.core];
      if (slice === undefined || planned === undefined) return null;
      if (all === undefined || state === undefined) return null;
      if (slice.section === 0) noteFree(planned, all, slice, state.clock);
      const consumer = slice.charged ? all[slice.running] : undefined;
      if (consumer === undefined) return null;
      evaluations += 1;
      return serve(context, consumer, slice, state);
    },
    countEvaluations: () => evaluations,
  };
}

/** Charges a slice, opens the windows that begin with it or in it, and judges all. */
function serve(
  context: Context,
  consumer: Consumer,
  slice: Slice,
  { clock }: CoreState,
): Violation | null {
  const { resident } = consumer;
  const { period, phase, budget } = resident;
  const late = period - budget;
  if (consumer.servedAt !== slice.clock) {
    open(consumer, slice.clock, consumer.total, late);
    if (consumer.freeAt !== -1) open(consumer, consumer.freeAt, consumer.total, 0);
  }
  const boundary = phase + Math.floor((clock - phase) / period) * period;
  if (boundary > slice.clock && boundary < clock) {
    open(consumer, boundary, consumer.total + boundary - slice.clock, late);
  }
  consumer.total += clock - slice.clock;
  consumer.servedAt = clock;
  const { overrunTicks } = context.plan;
  for (let index = 0; index < consumer.opened; index += 1) {
    const window = consumer.windows[index];
    if (window === undefined) break;
    const { begin, before, jitter } = window;
    const used = consumer.total - before;
    const length = clock - begin;
    const limit = Math.ceil((length + jitter) / period) * budget + overrunTicks;
    if (used <= limit) continue;
    return {
      property: 'time.window',
      message:
        `${nameOf(context, resident)} is charged for ${used} ticks in a window of ${length} from ` +
        `${begin} on; others count with at most ${limit}`,
      witness: { begin, length, used, limit },
      at: pathOf(resident),
      related: [],
    };
  }
  return null;
}

function open(consumer: Consumer, begin: number, before: number, jitter: number): void {
  const isRoom = consumer.opened < consumer.windows.length;
  const window = consumer.windows[isRoom ? consumer.opened : 1 + consumer.next];
  if (isRoom) consumer.opened += 1;
  else consumer.next = (consumer.next + 1) % WINDOWS_MAX;
  if (window === undefined) return;
  window.begin = begin;
  window.before = before;
  window.jitter = jitter;
}

/** Whoever is more urgent than the one that had the core had nothing left that it could use. */
function noteFree(
  planned: PlannedCore,
  consumers: readonly Consumer[],
  { running, slack }: Slice,
  clock: number,
): void {
  const isIdle = running === -1 || slack;
  for (let index = 0; index < consumers.length; index += 1) {
    const consumer = consumers[index];
    if (consumer === undefined || consumer.resident.idle === 'keep') continue;
    if (isIdle || (planned.policy === 'fp' && index < running)) consumer.freeAt = clock;
  }
}
