/**
 * Replay: a recorded trace on the executable spec as it is now.
 */

import type { Outcome } from '../model/outcome.ts';
import { createStart, createRunner, runTrace } from '../properties/engine/run.ts';
import type { Observer, StepFunction } from '../properties/engine/run.ts';
import type { Violation } from '../properties/property.ts';
import { step } from '../model/step.ts';
import type { Counterexample } from './format.ts';
import { describeAction } from './narrate.ts';

/** One step of a replay. */
export interface ReplayedStep {
  readonly sentence: string;
  readonly outcome: Outcome;
}

/** What a replay shows. */
export interface ReplayResult {
  /**
   * `fails`: breaks the recorded property; `fails-otherwise`: breaks another; `passes`: breaks
   * none.
   */
  readonly verdict: 'fails' | 'fails-otherwise' | 'passes';
  /** `open` fails, or `fixed` passes: the record is right. */
  readonly asRecorded: boolean;
  readonly steps: readonly ReplayedStep[];
  readonly violation: Violation | null;
}

/** Replays a counterexample; `stepFunction` puts a seeded bug in place of the spec. */
export function replay(
  counterexample: Counterexample,
  stepFunction: StepFunction = step,
): ReplayResult {
  const { configuration, delayBounds, start, actions, property, status } = counterexample;
  const runner = createRunner(configuration, { delayBounds, step: stepFunction });
  const trace = { start, actions };
  const steps: ReplayedStep[] = [];
  const outcomes: Outcome[] = [];
  const observer: Observer = (_index, _action, outcome) => {
    outcomes.push(outcome);
  };
  const violation = judge(() => {
    const recorded = runTrace(runner, trace, { observer, target: property }).violation;
    return recorded ?? runTrace(runner, trace).violation;
  });
  // A second machine in step with the first tells who acts before each action.
  const machine = createStart(runner, trace);
  for (const [index, outcome] of outcomes.entries()) {
    const action = actions[index];
    if (action === undefined) break;
    steps.push({ sentence: describeAction(runner.plan, machine, action), outcome });
    stepFunction(runner.plan, machine, action);
  }
  const verdict = judgeReplay(violation, property);
  const asRecorded = status === 'open' ? verdict === 'fails' : verdict === 'passes';
  return { verdict, asRecorded, steps, violation };
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
