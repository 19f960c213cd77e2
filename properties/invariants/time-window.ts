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
import { watchEachStep } from '../property.ts';
import type { Context, Monitor, Violation } from '../property.ts';
import { isShared, nameOf, pathOf } from './time-slices.ts';
import type { Slice } from './time-slices.ts';

/** Windows of a reservation that are open at a time, beside the first. */
const WINDOWS_MAX = 8;

/** A window that is open. */
interface Window {
  readonly begin: number;
  /** Consumption before it. */
  readonly before: number;
  readonly jitter: number;
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
  readonly windows: Window[];
  next: number;
}

/** Violations of `time.window`. */
export function watchWindow(context: Context): Monitor {
  const consumers = context.plan.cores.map((planned): Consumer[] =>
    !isShared(planned) || planned.policy === 'table'
      ? []
      : planned.residents.map((resident) => ({
          resident,
          total: 0,
          servedAt: -1,
          freeAt: -1,
          windows: [],
          next: 0,
        })),
  );
  return watchEachStep((action, outcome, count) => {
    if (action.kind !== 'time-passes' || outcome !== 'DONE') return null;
    const slice = context.slices[action.core];
    const planned = context.plan.cores[action.core];
    const state = context.machine.cores[action.core];
    const all = consumers[action.core];
    if (slice === undefined || planned === undefined) return null;
    if (all === undefined || state === undefined) return null;
    if (slice.section === 0) noteFree(planned, all, slice, state.clock);
    const consumer = slice.charged ? all[slice.running] : undefined;
    if (consumer === undefined) return null;
    count();
    return serve(context, consumer, slice, state);
  });
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
    open(consumer, { begin: slice.clock, before: consumer.total, jitter: late });
    if (consumer.freeAt !== -1) {
      open(consumer, { begin: consumer.freeAt, before: consumer.total, jitter: 0 });
    }
  }
  const boundary = phase + Math.floor((clock - phase) / period) * period;
  if (boundary > slice.clock && boundary < clock) {
    const before = consumer.total + boundary - slice.clock;
    open(consumer, { begin: boundary, before, jitter: late });
  }
  consumer.total += clock - slice.clock;
  consumer.servedAt = clock;
  const { overrunTicks } = context.plan;
  for (const { begin, before, jitter } of consumer.windows) {
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

function open(consumer: Consumer, window: Window): void {
  const { windows } = consumer;
  if (windows.length <= WINDOWS_MAX) {
    windows.push(window);
    return;
  }
  windows[1 + consumer.next] = window;
  consumer.next = (consumer.next + 1) % WINDOWS_MAX;
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
