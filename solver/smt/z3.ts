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

import { Pool } from './pool.ts';
import type { Engine, EngineEvents } from './pool.ts';
import { getText, unknown } from './solver.ts';
import type { Answer, Query, Solver } from './solver.ts';
import { listVariables } from './term.ts';
import type { Value, Variable } from './term.ts';
import { chooseValue, parseValue } from './values.ts';

/** Wall-clock limit of one query where the caller names none, milliseconds. */
export const DEFAULT_TIMEOUT_MS = 60_000;
/** More workers than this do not pay: each compiles z3 and holds about 60 MB. */
const JOBS_MAX = 4;
/** z3 counts steps in 32 bits. */
const RESOURCE_LIMIT_MAX = 2 ** 32 - 1;
/**
 * Steps that stand for a millisecond of the time-out. Measured on queries that run for seconds:
 * 240 (integer search) to 2,900 (bit-vectors) a millisecond, hence with fewer than the slowest the
 * steps strike before the clock does, and what is given up is the same on every machine as fast as
 * this one. A worker's history moves a count by a little.
 */
const STEPS_PER_MS = 200;

/** How to run z3. */
export interface Z3Options {
  /** Number of workers, at least 1; default the number of cores, at most 4. */
  readonly jobs?: number;
  /** Wall-clock limit of one query, milliseconds. */
  readonly timeoutMs?: number;
  /**
   * Limit of one query in steps of z3: unlike a time it is the same on every machine. 0 for none,
   * default what `computeResourceLimit` makes of the time.
   */
  readonly resourceLimit?: number;
  /** Aborting it ends every worker and answers every open query `unknown`. */
  readonly signal?: AbortSignal;
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

/** Name and version of the solver as results show them. */
export function getZ3Name(): string {
  const manifest: unknown = createRequire(import.meta.url)('z3-solver/package.json');
  const hasVersion = typeof manifest === 'object' && manifest !== null && 'version' in manifest;
  return `z3 ${hasVersion ? String(manifest.version) : 'of unknown version'} (wasm)`;
}

/** z3 in WebAssembly as a solver; no worker is started before the first query or `warm`. */
export function createZ3Solver(options: Z3Options = {}): Solver {
  const timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  const resourceLimit = options.resourceLimit ?? computeResourceLimit(timeoutMs);
  return new Pool({
    name: getZ3Name(),
    jobs: Math.max(1, options.jobs ?? Math.min(availableParallelism(), JOBS_MAX)),
    timeoutMs,
    ...(options.signal === undefined ? {} : { signal: options.signal }),
    start: (events) => startWorker(events, resourceLimit),
  });
}

/** Steps that a query may take where the caller names a time only. */
export function computeResourceLimit(timeoutMs: number): number {
  return Math.min(Math.ceil(timeoutMs * STEPS_PER_MS), RESOURCE_LIMIT_MAX);
}

function startWorker(events: EngineEvents, resourceLimit: number): Engine {
  const worker = new Worker(new URL('./z3-worker.mjs', import.meta.url));
  let nextId = 0;
  let variables: readonly Variable[] = [];
  worker.on('message', (message: Message) => {
    if (message.ready === true) events.onReady();
    else if (message.id === nextId) events.onAnswer(toAnswer(message, variables));
  });
  worker.on('error', (error: Error) => events.onLost(describeLoss(error)));
  worker.on('exit', () => events.onLost('the solver thread ended'));
  return {
    ask(query: Query): void {
      nextId += 1;
      variables = listVariables(query.assertions);
      const request = {
        id: nextId,
        text: getText(query),
        variables: variables.map(({ name }) => name),
        resourceLimit,
      };
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread
      worker.postMessage(request);
    },
    end: () => worker.terminate(),
  };
}

function describeLoss(error: Error): string {
  const isMemory = /enlarge memory|out of memory/i.test(error.message);
  return isMemory ? 'out of memory' : `the solver failed: ${error.message.split('\n')[0] ?? ''}`;
}

function toAnswer(
  message: Exclude<Message, { ready: true }>,
  variables: readonly Variable[],
): Answer {
  if (message.status === 'unsat') return { status: 'unsat', ms: message.ms };
  if (message.status === 'unknown') return unknown(message.reason ?? 'no reason given', message.ms);
  const texts = new Map(message.values);
  const model = new Map<string, Value>();
  for (const variable of variables) {
    const text = texts.get(variable.name);
    const value = text === undefined ? chooseValue(variable) : parseValue(text, variable);
    if (value === null) return unknown(`unreadable value of ${variable.name}`, message.ms);
    model.set(variable.name, value);
  }
  return { status: 'sat', model, ms: message.ms };
}
