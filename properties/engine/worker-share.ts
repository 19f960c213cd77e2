/**
 * Worker share: one job of a parallel run, by one worker, or by several one after the other where
 * the first ones die.
 */

import { performance } from 'node:perf_hooks';
import { Worker } from 'node:worker_threads';
import { PROPERTIES } from '../catalogue.ts';
import type { StaticConfiguration } from '../../model/configuration.ts';
import type { Trace } from '../generators/traces.ts';
import type { Crash, FuzzFailure, FuzzProgress, FuzzResult } from './fuzz.ts';
import type { Job, JobMessage } from './fuzz-job.ts';
import { openJournal, readJournal, readPulse } from './journal.ts';
import type { JournalEntry } from './journal.ts';
import type { ParallelOptions } from './parallel.ts';
import { createSeen, summarise, uniteSeen } from './statistics.ts';
import type { Seen } from './statistics.ts';

/** Distance of the seeds of a worker that died and of the next one in its place. */
const RESTART_DISTANCE = 0x1b873593;
/** Workers that may die in one job before it is left as it is. */
const DEATHS_MAX = 16;
/** Megabytes that a worker may take for what it remembers. */
const MEMORY_MB = 2048;
/** Milliseconds in which a worker goes on to its next action: to shrink a trace takes seconds. */
const HANG_MS = 60_000;

/** One job's part of the run. */
export interface Share {
  readonly seed: number;
  readonly steps: number | null;
  /** Called with what each worker will have seen. */
  readonly onStart: (seen: Seen) => void;
  readonly onFailure: (failure: FuzzFailure) => void;
  readonly onProgress: (progress: FuzzProgress) => void;
  readonly onCheckpoint: (corpus: readonly Trace[]) => void;
}

/** How a worker ended: with a result, or by dying with what it had said so far. */
interface Ending {
  readonly result: FuzzResult | null;
  readonly death: { readonly reason: Crash['reason']; readonly message: string };
  readonly journal: JournalEntry;
  readonly failures: readonly FuzzFailure[];
  readonly crashes: readonly Crash[];
  readonly corpus: readonly Trace[];
}

/**
 * Runs a job; a result for each worker that it took. Rejects with `LostWorkerError` where a worker
 * dies before its first trace.
 */
export async function runShare(
  configuration: StaticConfiguration,
  options: ParallelOptions,
  share: Share,
): Promise<FuzzResult[]> {
  const begin = performance.now();
  const results: FuzzResult[] = [];
  let { seed, steps } = share;
  let kept = options.kept ?? [];
  for (;;) {
    const startedAt = performance.now();
    const { timeMs } = options;
    const job: Job = {
      configuration,
      seed,
      steps,
      timeMs: timeMs === undefined ? null : Math.max(0, timeMs - (startedAt - begin)),
      delayBounds: options.delayBounds ?? [],
      kept,
      keeps: options.keeps === true,
      findings: options.findings ?? 1,
      journal: openJournal().buffer,
      seen: createSeen(),
    };
    share.onStart(job.seen);
    const ending = await runWorker(job, options, addTo(share, results));
    if (ending.result !== null) return [...results, ending.result];
    if (ending.journal.traces === 0) throw new LostWorkerError(ending.death.message);
    results.push(salvage(job, ending, performance.now() - startedAt, options));
    const { traces, isOfCorpus } = ending.journal;
    if (results.length === DEATHS_MAX || options.signal?.aborted === true) return results;
    // A trace of the corpus on which a worker died would end the next one too.
    if (isOfCorpus) kept = kept.filter((_, index) => index !== traces - 1);
    else if (steps !== null) steps = Math.max(1, steps - countDrawn(ending.journal));
    seed = (seed + RESTART_DISTANCE) % 2 ** 31;
  }
}

/** The share, with what dead workers did added to what their successor says. */
function addTo(share: Share, dead: readonly FuzzResult[]): Share {
  if (dead.length === 0) return share;
  const sum = (pick: (part: FuzzResult) => number): number =>
    dead.reduce((total, part) => total + pick(part), 0);
  return {
    ...share,
    onProgress: (progress) =>
      share.onProgress({
        ...progress,
        steps: progress.steps + sum(({ steps }) => steps),
        traces: progress.traces + sum(({ traces }) => traces),
        crashes: progress.crashes + sum(({ crashes }) => crashes.length),
      }),
  };
}

function countDrawn({ steps, trace }: JournalEntry): number {
  return steps + (trace?.actions.length ?? 0);
}

function runWorker(job: Job, options: ParallelOptions, share: Share): Promise<Ending> {
  const { signal, entry = new URL('./fuzz-worker.mjs', import.meta.url) } = options;
  return new Promise((resolve) => {
    const worker = new Worker(entry, {
      workerData: job,
      resourceLimits: { maxOldGenerationSizeMb: options.memoryMb ?? MEMORY_MB },
    });
    const failures = new Map<string, FuzzFailure>();
    const crashes: Crash[] = [];
    let corpus: readonly Trace[] = [];
    let death: Ending['death'] = { reason: 'exit', message: 'the worker ended without a result' };
    let result: FuzzResult | null = null;
    const cancel = (): void => {
      worker.postMessage('cancel');
    };
    signal?.addEventListener('abort', cancel, { once: true });
    if (signal?.aborted === true) cancel();
    const guard = watchPulse(job, options.hangMs ?? HANG_MS, (message) => {
      death = { reason: 'hang', message };
      void worker.terminate();
    });
    const end = (): void => {
      clearInterval(guard);
      signal?.removeEventListener('abort', cancel);
      const journal = readJournal(openJournal(job.journal));
      resolve({ result, death, journal, failures: [...failures.values()], crashes, corpus });
    };
    worker.on('message', (message: JobMessage) => {
      if (message.kind === 'progress') share.onProgress(message.progress);
      else if (message.kind === 'failure') {
        failures.set(message.failure.violation.property, message.failure);
        share.onFailure(message.failure);
      } else if (message.kind === 'crash') crashes.push(message.crash);
      else if (message.kind === 'corpus') share.onCheckpoint((corpus = message.corpus));
      else {
        result = message.result;
        end();
      }
    });
    worker.on('error', (error) => {
      const isMemory = 'code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY';
      death = { reason: isMemory ? 'memory' : 'error', message: error.message };
    });
    // Has no effect after a result.
    worker.on('exit', end);
  });
}

/** Says when a worker has been at one action for too long. */
function watchPulse(
  job: Job,
  hangMs: number,
  onHang: (message: string) => void,
): ReturnType<typeof setInterval> {
  const journal = openJournal(job.journal);
  let latest: string | null = null;
  let since = performance.now();
  return setInterval(() => {
    const pulse = readPulse(journal);
    if (pulse === null || pulse !== latest) since = performance.now();
    latest = pulse;
    if (performance.now() - since < hangMs) return;
    onHang(`an action, or its judgement, has not ended within ${hangMs / 1000} s`);
  }, hangMs / 8);
}

/** What a worker that died has left: its findings, and the trace on which it died. */
function salvage(
  { seed, seen }: Job,
  { death, journal, failures, crashes, corpus }: Ending,
  elapsedMs: number,
  { signal }: ParallelOptions,
): FuzzResult {
  const { traces, trace } = journal;
  const statistics = { ...uniteSeen([seen]), steps: countDrawn(journal), traces };
  return {
    seed,
    steps: statistics.steps,
    traces,
    elapsedMs,
    stepsPerSecond: Math.round((statistics.steps / Math.max(1, elapsedMs)) * 1000),
    failures,
    crashes: [...crashes, { ...death, seed, traces, trace }],
    replayed: 0,
    corpus,
    coverage: summarise(statistics, {}),
    statistics,
    neverDone: [],
    neverJudged: PROPERTIES.map(({ id }) => id),
    interrupted: signal?.aborted === true,
  };
}

/** A fuzzing worker died before it ran anything: a defect of ours. */
export class LostWorkerError extends Error {
  constructor(reason: string) {
    super(`a fuzzing worker is lost before its first trace: ${reason}`);
  }
}
