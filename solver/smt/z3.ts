/**
 * z3 as a back end: WebAssembly in worker threads, nothing to install.
 *
 * z3 is never run in the main thread: when it runs out of memory it takes its thread with it. A
 * worker that is lost, or that outlives the time-out, costs its own query only, which is answered
 * `unknown`, and is replaced.
 */

import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';

import { printAssertions } from './print.ts';
import type { Answer, Query, Solver } from './solver.ts';
import { listVariables } from './term.ts';
import type { Value, Variable } from './term.ts';

/** Wall-clock limit of one query where the caller names none, milliseconds. */
export const DEFAULT_TIMEOUT_MS = 60_000;
/** More workers than this do not pay: each compiles z3 and holds about 60 MB. */
const JOBS_MAX = 4;
/** z3 counts steps in 32 bits; 0 means no limit. */
const NO_RESOURCE_LIMIT = 0;

/** How to run z3. */
export interface Z3Options {
  /** Number of workers, at least 1; default the number of cores, at most 4. */
  readonly jobs?: number;
  /** Wall-clock limit of one query, milliseconds. */
  readonly timeoutMs?: number;
  /** Limit in steps of z3: unlike a time it is the same on every machine. 0 for none. */
  readonly resourceLimit?: number;
  /** Aborting it ends every worker and answers every open query `unknown`. */
  readonly signal?: AbortSignal;
}

/** A query that waits for a worker or for its answer. */
interface Task {
  readonly id: number;
  readonly text: string;
  readonly variables: readonly Variable[];
  readonly resolve: (answer: Answer) => void;
}

/** What a worker says. */
type Message =
  | { readonly ready: true }
  | {
      readonly ready?: never;
      readonly id: number;
      readonly status: 'sat' | 'unsat' | 'unknown';
      readonly values: readonly (readonly [string, string])[];
      readonly reason: string | null;
      readonly ms: number;
    };

/** A worker and what it works on. */
interface Slot {
  readonly worker: Worker;
  isReady: boolean;
  task: Task | null;
  startMs: number;
  watchdog: NodeJS.Timeout | null;
}

/** Name and version of the solver as results show them. */
export function getZ3Name(): string {
  const manifest: unknown = createRequire(import.meta.url)('z3-solver/package.json');
  const hasVersion = typeof manifest === 'object' && manifest !== null && 'version' in manifest;
  return `z3 ${hasVersion ? String(manifest.version) : 'of unknown version'} (wasm)`;
}

/** Starts a pool of z3 workers; none is spawned before the first query. */
export function createZ3Solver(options: Z3Options = {}): Solver {
  const jobs = Math.max(1, options.jobs ?? Math.min(availableParallelism(), JOBS_MAX));
  const timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  const queue: Task[] = [];
  const slots = new Set<Slot>();
  const ends: Promise<unknown>[] = [];
  let closedBecause: string | null = null;
  let nextId = 0;

  const finish = (slot: Slot, answer: Answer): void => {
    if (slot.watchdog !== null) clearTimeout(slot.watchdog);
    const { task } = slot;
    slot.task = null;
    slot.watchdog = null;
    task?.resolve(answer);
  };

  /** Ends a worker; its query, if it has one, is unknown for the reason. */
  const drop = (slot: Slot, reason: string): void => {
    if (!slots.delete(slot)) return;
    ends.push(slot.worker.terminate());
    finish(slot, unknown(reason, performance.now() - slot.startMs));
    schedule();
  };

  const assign = (slot: Slot, task: Task): void => {
    slot.task = task;
    slot.startMs = performance.now();
    slot.watchdog = setTimeout(
      () => drop(slot, `time-out after ${timeoutMs} ms`),
      Math.min(timeoutMs, 2 ** 31 - 1),
    );
    const request = {
      id: task.id,
      text: task.text,
      variables: task.variables.map((variable) => variable.name),
      resourceLimit: options.resourceLimit ?? NO_RESOURCE_LIMIT,
    };
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
    slot.worker.postMessage(request);
  };

  const spawn = (): void => {
    const worker = new Worker(new URL('./z3-worker.mjs', import.meta.url));
    const slot: Slot = { worker, isReady: false, task: null, startMs: 0, watchdog: null };
    slots.add(slot);
    worker.on('message', (message: Message) => {
      if (message.ready === true) slot.isReady = true;
      else if (slot.task?.id === message.id) finish(slot, toAnswer(message, slot.task));
      schedule();
    });
    const lost = (reason: string): void => {
      // A worker that never came up would be replaced for ever: then nothing can be answered.
      if (!slot.isReady) closeWith(reason);
      drop(slot, reason);
    };
    worker.on('error', (error: Error) => lost(describeLoss(error)));
    worker.on('exit', () => lost('the solver thread ended'));
  };

  const schedule = (): void => {
    if (closedBecause !== null) return;
    for (const slot of slots) {
      if (!slot.isReady || slot.task !== null) continue;
      const task = queue.shift();
      if (task === undefined) return;
      assign(slot, task);
    }
    const starting = [...slots].filter((slot) => !slot.isReady).length;
    const wanted = Math.min(jobs - slots.size, queue.length - starting);
    for (let count = 0; count < wanted; count++) spawn();
  };

  const closeWith = (reason: string): void => {
    closedBecause ??= reason;
    for (const task of queue.splice(0)) task.resolve(unknown(reason, 0));
    for (const slot of slots) drop(slot, reason);
  };

  const onAbort = (): void => closeWith('cancelled');
  if (options.signal?.aborted === true) onAbort();
  options.signal?.addEventListener('abort', onAbort, { once: true });

  return {
    name: getZ3Name(),
    check(query: Query): Promise<Answer> {
      const variables = listVariables(query.assertions);
      const text = printAssertions(query.assertions);
      if (closedBecause !== null) return Promise.resolve(unknown(closedBecause, 0));
      return new Promise((resolve) => {
        queue.push({ id: nextId++, text, variables, resolve });
        schedule();
      });
    },
    async close(): Promise<void> {
      options.signal?.removeEventListener('abort', onAbort);
      closeWith('the solver was closed');
      await Promise.all(ends);
    },
  };
}

function unknown(reason: string, ms: number): Answer {
  return { status: 'unknown', reason, ms };
}

function describeLoss(error: Error): string {
  const isMemory = /enlarge memory|out of memory/i.test(error.message);
  return isMemory ? 'out of memory' : `the solver failed: ${error.message.split('\n')[0] ?? ''}`;
}

function toAnswer(message: Exclude<Message, { ready: true }>, task: Task): Answer {
  if (message.status === 'unsat') return { status: 'unsat', ms: message.ms };
  if (message.status === 'unknown') return unknown(message.reason ?? 'no reason given', message.ms);
  const texts = new Map(message.values);
  const model = new Map<string, Value>();
  for (const variable of task.variables) {
    const value = parseValue(texts.get(variable.name) ?? null, variable);
    if (value === null) return unknown(`unreadable value of ${variable.name}`, message.ms);
    model.set(variable.name, value);
  }
  return { status: 'sat', model, ms: message.ms };
}

/** A value as z3 prints it; any value will do where the model leaves the variable open. */
function parseValue(text: string | null, variable: Variable): Value | null {
  if (variable.sort === 'Bool') return text === null ? false : text === 'true';
  if (text === null) return 0n;
  const match = /^(?:\(- (\d+)\)|(\d+))$/.exec(text);
  if (match === null) return null;
  return match[1] === undefined ? BigInt(match[2] ?? 0) : -BigInt(match[1]);
}
