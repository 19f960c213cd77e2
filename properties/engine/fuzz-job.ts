/**
 * Fuzz job: one worker's share of a run.
 */

import type { MessagePort } from 'node:worker_threads';
import type { StaticConfiguration } from '../../model/configuration.ts';
import type { Trace } from '../generators/traces.ts';
import type { TimeBound } from '../property.ts';
import { fuzzConfiguration } from './fuzz.ts';
import type { Crash, FuzzFailure, FuzzProgress, FuzzResult } from './fuzz.ts';
import { openJournal } from './journal.ts';
import type { RunnerOptions } from './run.ts';
import type { Seen } from './statistics.ts';

/** What a worker is told. */
export interface Job {
  readonly configuration: StaticConfiguration;
  readonly seed: number;
  readonly steps: number | null;
  readonly timeMs: number | null;
  readonly delayBounds: readonly TimeBound[];
  readonly kept: readonly Trace[];
  readonly keeps: boolean;
  readonly findings: number;
  /** Buffer of the journal. */
  readonly journal: SharedArrayBuffer;
  readonly seen: Seen;
}

/** What a worker says. */
export type JobMessage =
  | { readonly kind: 'progress'; readonly progress: FuzzProgress }
  | { readonly kind: 'failure'; readonly failure: FuzzFailure }
  | { readonly kind: 'crash'; readonly crash: Crash }
  | { readonly kind: 'corpus'; readonly corpus: readonly Trace[] }
  | { readonly kind: 'result'; readonly result: FuzzResult };

/**
 * Runs a job; any message from the port cancels it. Tests put something else in place of the spec
 * or its properties.
 */
export async function runJob(
  job: Job,
  port: MessagePort,
  replaced: Pick<RunnerOptions, 'step' | 'properties'> = {},
): Promise<void> {
  const controller = new AbortController();
  port.once('message', () => {
    controller.abort();
  });
  const say = (message: JobMessage): void => port.postMessage(message);
  const result = await fuzzConfiguration(job.configuration, {
    ...replaced,
    seed: job.seed,
    ...(job.steps === null ? {} : { steps: job.steps }),
    ...(job.timeMs === null ? {} : { timeMs: job.timeMs }),
    delayBounds: job.delayBounds,
    kept: job.kept,
    keeps: job.keeps,
    findings: job.findings,
    journal: openJournal(job.journal),
    seen: job.seen,
    signal: controller.signal,
    onProgress: (progress) => say({ kind: 'progress', progress }),
    onFailure: (failure) => say({ kind: 'failure', failure }),
    onCrash: (crash) => say({ kind: 'crash', crash }),
    onCheckpoint: (corpus) => say({ kind: 'corpus', corpus }),
  });
  say({ kind: 'result', result });
  port.close();
}
