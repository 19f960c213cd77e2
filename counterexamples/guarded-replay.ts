/**
 * Guarded replay: in a worker, within limits of memory and time, so that a trace on which the
 * program dies, or which never ends, does not take the command line with it.
 */

import { Worker } from 'node:worker_threads';
import type { Outcome } from '../model/outcome.ts';
import { step } from '../model/step.ts';
import { createRunner, createStart } from '../properties/engine/run.ts';
import type { Violation } from '../properties/property.ts';
import type { Counterexample } from './format.ts';
import { judgeRecord } from './replay.ts';
import type { ReplayResult } from './replay.ts';
import type { ReplayJob, ReplayMessage } from './replay-job.ts';
import { tellStory } from './story.ts';

/** Megabytes that a replay may take unless told otherwise: what a worker of a campaign may. */
const MEMORY_MB = 2048;
/** Milliseconds that it may take unless told otherwise; the longest trace needs a second. */
const TIME_MS = 60_000;

/** Limits of a replay. */
export interface ReplayLimits {
  /** Megabytes; default 2048. */
  readonly memoryMb?: number;
  /** Milliseconds, from when the worker has loaded; default 60,000. */
  readonly timeMs?: number;
  /** Ends the replay. */
  readonly signal?: AbortSignal;
  /** Entry of the worker; default the one beside this file. */
  readonly entry?: URL;
}

/** Why a worker has no result. */
interface Loss {
  readonly reason: 'error' | 'memory' | 'exit' | 'hang';
  readonly message: string;
  /** The replay had begun: it is not that the worker could not be loaded. */
  readonly hasBegun: boolean;
}

/**
 * Replays a counterexample. Where the replay itself does not come to its end, that is what the
 * trace breaks: `seal.crash`, shown by the step that was being taken or judged. Null where the
 * signal came first. Rejects where the worker is lost before it begins: a defect of ours, which
 * says nothing about the trace.
 */
export async function replayWithin(
  counterexample: Counterexample,
  limits: ReplayLimits = {},
): Promise<ReplayResult | null> {
  if (isAborted(limits)) return null;
  const progress = new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT);
  const ending = await runWorker({ counterexample, progress }, limits);
  if (isAborted(limits)) return null;
  if ('verdict' in ending) return ending;
  if (!ending.hasBegun) throw new Error(`a worker is lost before its replay: ${ending.message}`);
  return tellLoss(counterexample, progress, ending);
}

function isAborted({ signal }: ReplayLimits): boolean {
  return signal?.aborted === true;
}

function runWorker(job: ReplayJob, limits: ReplayLimits): Promise<ReplayResult | Loss> {
  const { memoryMb = MEMORY_MB, timeMs = TIME_MS, signal } = limits;
  const { entry = new URL('./replay-worker.mjs', import.meta.url) } = limits;
  return new Promise((resolve) => {
    const worker = new Worker(entry, {
      workerData: job,
      resourceLimits: { maxOldGenerationSizeMb: memoryMb },
    });
    let loss: Omit<Loss, 'hasBegun'> = {
      reason: 'exit',
      message: 'the replay ended without a result',
    };
    const stop = (): void => void worker.terminate();
    let timer: ReturnType<typeof setTimeout> | null = null;
    const begin = (): void => {
      timer = setTimeout(() => {
        loss = { reason: 'hang', message: `the replay did not end within ${timeMs / 1000} s` };
        stop();
      }, timeMs);
    };
    signal?.addEventListener('abort', stop, { once: true });
    worker.on('message', (message: ReplayMessage) => {
      if (message === 'begun') return begin();
      resolve(message);
      stop();
    });
    worker.on('error', (error) => {
      const isMemory = 'code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY';
      loss = isMemory
        ? { reason: 'memory', message: `the replay took more than ${memoryMb} megabytes` }
        : { reason: 'error', message: `the replay threw: ${error.message}` };
    });
    worker.on('exit', () => {
      const hasBegun = timer !== null;
      if (timer !== null) clearTimeout(timer);
      signal?.removeEventListener('abort', stop);
      // Has no effect after a result.
      resolve({ ...loss, hasBegun });
    });
  });
}

/** The story up to the step at which the worker was lost, which is not taken again. */
function tellLoss(
  counterexample: Counterexample,
  progress: SharedArrayBuffer,
  { reason, message }: Loss,
): ReplayResult {
  const { configuration, start, actions, property, status } = counterexample;
  const [done = 0, isStepping = 0] = new Int32Array(progress);
  const at = Math.min(actions.length - 1, isStepping === 1 ? done : Math.max(0, done - 1));
  const runner = createRunner(configuration);
  const trace = { start, actions };
  const machine = createStart(runner, trace);
  const outcomes: Outcome[] = actions
    .slice(0, at)
    .map((action) => step(runner.plan, machine, action));
  const violation: Violation = {
    property: 'seal.crash',
    message,
    witness: { reason },
    at: ['config'],
    related: [],
  };
  const seen = { outcomes, violation };
  const story = tellStory(runner.plan, createStart(runner, trace), step, counterexample, seen);
  const steps = story.steps.map((told) =>
    told.outcome === 'THROWS' ? { ...told, outcome: 'LOST' as const } : told,
  );
  return { ...judgeRecord(violation, property, status), story: { ...story, steps }, violation };
}
