/**
 * Fuzz job: one worker's share of a run.
 */

import type { MessagePort } from 'node:worker_threads';
import type { StaticConfiguration } from '../../model/configuration.ts';
import type { TimeBound } from '../property.ts';
import { fuzzConfiguration } from './fuzz.ts';
import type { FuzzProgress, FuzzResult } from './fuzz.ts';

/** What a worker is told. */
export interface Job {
  readonly configuration: StaticConfiguration;
  readonly seed: number;
  readonly steps: number | null;
  readonly timeMs: number | null;
  readonly delayBounds: readonly TimeBound[];
}

/** What a worker says. */
export type JobMessage =
  | { readonly kind: 'progress'; readonly progress: FuzzProgress }
  | { readonly kind: 'result'; readonly result: FuzzResult };

/** Runs a job; any message from the port cancels it. */
export async function runJob(job: Job, port: MessagePort): Promise<void> {
  const controller = new AbortController();
  port.once('message', () => {
    controller.abort();
  });
  const result = await fuzzConfiguration(job.configuration, {
    seed: job.seed,
    ...(job.steps === null ? {} : { steps: job.steps }),
    ...(job.timeMs === null ? {} : { timeMs: job.timeMs }),
    delayBounds: job.delayBounds,
    signal: controller.signal,
    onProgress: (progress) => {
      port.postMessage({ kind: 'progress', progress } satisfies JobMessage);
    },
  });
  port.postMessage({ kind: 'result', result } satisfies JobMessage);
  port.close();
}
