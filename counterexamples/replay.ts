/**
 * Replay: a recorded trace on the executable spec as it is now.
 */

import type { Outcome } from '../model/outcome.ts';
import { step } from '../model/step.ts';
import { createStart, createRunner, runTrace } from '../properties/engine/run.ts';
import type { Observer, StepFunction } from '../properties/engine/run.ts';
import type { Violation } from '../properties/property.ts';
import type { Counterexample, Status } from './format.ts';
import { tellStory } from './story.ts';
import type { Story } from './story.ts';

/** What a replay shows. */
export interface ReplayResult {
  /**
   * `fails`: breaks the recorded property; `fails-otherwise`: breaks another; `passes`: breaks
   * none.
   */
  readonly verdict: 'fails' | 'fails-otherwise' | 'passes';
  /** `open` fails, or `fixed` passes: the record is right. */
  readonly asRecorded: boolean;
  readonly story: Story;
  readonly violation: Violation | null;
}

/**
 * Replays a counterexample; `stepFunction` puts a seeded bug in place of the spec, and `onStep` is
 * told the index of each step that is done.
 */
export function replay(
  counterexample: Counterexample,
  stepFunction: StepFunction = step,
  onStep?: (index: number) => void,
): ReplayResult {
  const { property, status } = counterexample;
  const { story, violation } = replayTrace(counterexample, stepFunction, onStep);
  return { ...judgeRecord(violation, property, status), story, violation };
}

/** What a replay that shows this violation, or none, says of a record. */
export function judgeRecord(
  violation: Violation | null,
  property: string,
  status: Status,
): Pick<ReplayResult, 'verdict' | 'asRecorded'> {
  const verdict = judgeReplay(violation, property);
  return { verdict, asRecorded: verdict === (status === 'open' ? 'fails' : 'passes') };
}

/** What a trace is replayed by. */
export type Replayable = Pick<
  Counterexample,
  'configuration' | 'delayBounds' | 'start' | 'actions' | 'property' | 'allowed'
>;

/** Replays a trace and tells its story; the recorded property counts before any other. */
export function replayTrace(
  counterexample: Replayable,
  stepFunction: StepFunction = step,
  onStep?: (index: number) => void,
): Pick<ReplayResult, 'story' | 'violation'> {
  const { configuration, delayBounds, start, actions, property } = counterexample;
  const runner = createRunner(configuration, { delayBounds, step: stepFunction });
  const trace = { start, actions };
  let outcomes: Outcome[] = [];
  const observer: Observer = (index, _action, outcome) => {
    if (index === 0) outcomes = [];
    outcomes.push(outcome);
    onStep?.(index);
  };
  const violation = judge(() => {
    const recorded = runTrace(runner, trace, { observer, target: property }).violation;
    return recorded ?? runTrace(runner, trace, { observer }).violation;
  });
  // A second machine in step with the first tells who acts before each action.
  const machine = createStart(runner, trace);
  const seen = { outcomes, violation };
  return { violation, story: tellStory(runner.plan, machine, stepFunction, counterexample, seen) };
}

/** What a run breaks; that it throws is what a crash of the fuzzer was. */
function judge(run: () => Violation | null): Violation | null {
  try {
    return run();
  } catch (error) {
    const message = `the run throws: ${error instanceof Error ? error.message : String(error)}`;
    return { property: 'seal.crash', message, witness: {}, at: ['config'], related: [] };
  }
}

function judgeReplay(violation: Violation | null, property: string): ReplayResult['verdict'] {
  if (violation === null) return 'passes';
  return violation.property === property ? 'fails' : 'fails-otherwise';
}
