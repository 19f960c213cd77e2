/**
 * Parallel fuzzing: several workers, each with a seed of its own that follows from the run's seed.
 *
 * The same seed, steps and number of jobs give the same findings: results are merged in the order
 * of the jobs, whichever ends first.
 */

import { Worker } from 'node:worker_threads';
import type { StaticConfiguration } from '../../model/configuration.ts';
import { fuzzConfiguration } from './fuzz.ts';
import type { FuzzFailure, FuzzOptions, FuzzProgress, FuzzResult } from './fuzz.ts';
import type { Job, JobMessage } from './fuzz-job.ts';
import { mergeStatistics, summarise } from './statistics.ts';

/** Distance of the seeds of two jobs: odd and large, so that their batches do not meet. */
const SEED_DISTANCE = 0x2545f491;

/** What a parallel run may be told; it always runs the spec itself. */
export type ParallelOptions = Omit<
  FuzzOptions,
  'step' | 'properties' | 'guide' | 'wanted' | 'thorough'
> & {
  /** Number of workers; 1 runs in this thread. */
  readonly jobs: number;
};

/** Fuzzes a configuration with several workers. Rejects with `LostWorkerError` when one dies. */
export async function fuzzInParallel(
  configuration: StaticConfiguration,
  options: ParallelOptions,
): Promise<FuzzResult> {
  const { jobs } = options;
  if (jobs <= 1) return fuzzConfiguration(configuration, options);
  const progress: FuzzProgress[] = Array.from({ length: jobs }, () => ({
    steps: 0,
    traces: 0,
    failures: 0,
  }));
  const results = await Promise.all(
    progress.map((_, job) =>
      runWorker(configuration, options, job, (latest) => {
        progress[job] = latest;
        options.onProgress?.(sumProgress(progress));
      }),
    ),
  );
  return mergeResults(results, options.seed);
}

function runWorker(
  configuration: StaticConfiguration,
  options: ParallelOptions,
  index: number,
  onProgress: (progress: FuzzProgress) => void,
): Promise<FuzzResult> {
  const { jobs, seed, steps, timeMs, signal } = options;
  const workerData: Job = {
    configuration,
    seed: (seed + index * SEED_DISTANCE) % 2 ** 31,
    steps: steps === undefined ? null : Math.ceil(steps / jobs),
    timeMs: timeMs ?? null,
    delayBounds: options.delayBounds ?? [],
  };
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./fuzz-worker.mjs', import.meta.url), { workerData });
    const cancel = (): void => {
      worker.postMessage('cancel');
    };
    signal?.addEventListener('abort', cancel, { once: true });
    if (signal?.aborted === true) cancel();
    worker.on('message', (message: JobMessage) => {
      if (message.kind === 'progress') onProgress(message.progress);
      else resolve(message.result);
    });
    worker.on('error', (error) => {
      reject(new LostWorkerError(index, error.message));
    });
    worker.on('exit', () => {
      signal?.removeEventListener('abort', cancel);
      // Has no effect after a result.
      reject(new LostWorkerError(index, 'it ended without a result'));
    });
  });
}

function sumProgress(parts: readonly FuzzProgress[]): FuzzProgress {
  const sum = (pick: (part: FuzzProgress) => number): number =>
    parts.reduce((total, part) => total + pick(part), 0);
  return {
    steps: sum((part) => part.steps),
    traces: sum((part) => part.traces),
    failures: sum((part) => part.failures),
  };
}

function mergeResults(results: readonly FuzzResult[], seed: number): FuzzResult {
  const failures = new Map<string, FuzzFailure>();
  const statistics = mergeStatistics(results.map((result) => result.statistics));
  for (const result of results) {
    for (const failure of result.failures) {
      const { property } = failure.violation;
      if (!failures.has(property)) failures.set(property, failure);
    }
  }
  const { steps, traces } = statistics;
  const elapsedMs = Math.max(...results.map((result) => result.elapsedMs));
  return {
    seed,
    steps,
    traces,
    elapsedMs,
    stepsPerSecond: elapsedMs === 0 ? 0 : Math.round((steps / elapsedMs) * 1000),
    failures: [...failures.values()],
    coverage: summarise(statistics, sumEvaluations(results)),
    statistics,
    neverDone: intersect(results.map(({ neverDone }) => neverDone)),
    neverJudged: intersect(results.map(({ neverJudged }) => neverJudged)),
    interrupted: results.some(({ interrupted }) => interrupted),
  };
}

/** What is in every list. */
function intersect<Item>([first, ...rest]: readonly (readonly Item[])[]): Item[] {
  return (first ?? []).filter((item) => rest.every((items) => items.includes(item)));
}

function sumEvaluations(parts: readonly FuzzResult[]): Record<string, number> {
  const sum: Record<string, number> = {};
  for (const { coverage } of parts) {
    for (const [id, count] of Object.entries(coverage.evaluations)) {
      sum[id] = (sum[id] ?? 0) + count;
    }
  }
  return sum;
}

/** A fuzzing worker died: out of memory, or a defect of ours. */
export class LostWorkerError extends Error {
  constructor(index: number, reason: string) {
    super(`fuzzing worker ${index} is lost: ${reason}`);
  }
}
