/**
 * Replay job: what a worker does that replays a counterexample, of which it may die.
 */

import type { MessagePort } from 'node:worker_threads';
import { step } from '../model/step.ts';
import type { StepFunction } from '../properties/engine/run.ts';
import type { Counterexample } from './format.ts';
import { replay } from './replay.ts';
import type { ReplayResult } from './replay.ts';

/** What the worker is told. */
export interface ReplayJob {
  readonly counterexample: Counterexample;
  /** Buffer of two words: steps that are done, and whether another has begun (1) or not (0). */
  readonly progress: SharedArrayBuffer;
}

/** What the worker says: that all is loaded and it begins, and in the end what the replay shows. */
export type ReplayMessage = 'begun' | ReplayResult;

/** Replays and says the result; tests put something else in place of the spec. */
export function runReplay(
  { counterexample, progress }: ReplayJob,
  port: Pick<MessagePort, 'postMessage'>,
  stepFunction: StepFunction = step,
): void {
  const cells = new Int32Array(progress);
  const say = (message: ReplayMessage): void => port.postMessage(message);
  say('begun');
  const noted: StepFunction = (plan, machine, action) => {
    cells[1] = 1;
    const outcome = stepFunction(plan, machine, action);
    cells[1] = 0;
    return outcome;
  };
  const result = replay(counterexample, noted, (index) => {
    cells[0] = index + 1;
  });
  say(result);
}
