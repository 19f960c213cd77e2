/**
 * Isolation as a test: random traces of a configuration, watched by properties, shrunk by
 * fast-check, and told as a story where one is broken.
 */

import fc from 'fast-check';
import type { StaticConfiguration } from '../model/configuration.ts';
import { renderStory, tellStory } from '../counterexamples/story.ts';
import type { Outcome } from '../model/outcome.ts';
import { createJudge } from '../properties/engine/judge.ts';
import { createRunner, createStart, narrowRunner, runTrace } from '../properties/engine/run.ts';
import type { Observer, Runner, RunnerOptions } from '../properties/engine/run.ts';
import { traceArbitrary, type Trace } from '../properties/generators/traces.ts';
import { isApplicable } from '../properties/property.ts';
import type { Violation } from '../properties/property.ts';

/** What a test of isolation may be told. */
export interface IsolationOptions extends RunnerOptions {
  /** Integer; the same seed draws the same traces. Default 1. */
  readonly seed?: number;
  /** Traces that are drawn; default 100. */
  readonly numRuns?: number;
  /** Actions of a trace at most; default 64. */
  readonly maxLength?: number;
}

/** A property that a trace breaks. */
export interface IsolationFailure {
  readonly violation: Violation;
  /** Shrunk: leaving any action out, or making it simpler, breaks the property no more. */
  readonly trace: Trace;
  /** Length of the trace as it was drawn. */
  readonly foundLength: number;
  readonly seed: number;
  /** What happens step by step, who does it, and what should have been. */
  readonly story: string;
}

/** Traces that a test draws unless told otherwise, and their length. */
const RUNS_DEFAULT = 100;
const LENGTH_DEFAULT = 64;

/**
 * Draws traces of the configuration and judges each by every property; the first failure, shrunk so
 * that it still breaks the same property, or null.
 */
export function findViolation(
  configuration: StaticConfiguration,
  options: IsolationOptions = {},
): IsolationFailure | null {
  return search(createApplicable(configuration, options), options);
}

/** A failed test of isolation; its message is the story. */
export class IsolationError extends Error {
  readonly failure: IsolationFailure;

  constructor(failure: IsolationFailure) {
    super(failure.story);
    this.name = 'IsolationError';
    this.failure = failure;
  }
}

/** The same as an assertion: throws `IsolationError` where a property is broken. */
export function assertIsolation(
  configuration: StaticConfiguration,
  options: IsolationOptions = {},
): void {
  const failure = findViolation(configuration, options);
  if (failure !== null) throw new IsolationError(failure);
}

/** A runner of those properties that have something to judge under its configuration. */
function createApplicable(configuration: StaticConfiguration, options: IsolationOptions): Runner {
  const runner = createRunner(configuration, options);
  const properties = runner.properties.filter((one) => isApplicable(one, runner.plan));
  return { ...runner, properties };
}

function search(runner: Runner, options: IsolationOptions): IsolationFailure | null {
  const { seed = 1, numRuns = RUNS_DEFAULT, maxLength = LENGTH_DEFAULT } = options;
  let found: { readonly target: string; readonly length: number } | null = null;
  let best: { readonly trace: Trace; readonly violation: Violation } | null = null;
  const isBroken = createJudge(runner);
  const property = fc.property(traceArbitrary(runner.plan, maxLength), (trace) => {
    if (found === null && !isBroken(trace)) return true;
    // While shrinking, another property is another failure.
    const judged = found === null ? runner : narrowRunner(runner, found.target);
    const interest = found === null ? {} : { target: found.target };
    const { violation } = runTrace(judged, trace, interest);
    if (violation === null) return true;
    found ??= { target: violation.property, length: trace.actions.length };
    best = { trace, violation };
    return false;
  });
  const { failed, errorInstance } = fc.check(property, { seed, numRuns });
  const first = found as { readonly target: string; readonly length: number } | null;
  const last = best as { readonly trace: Trace; readonly violation: Violation } | null;
  // What throws beside a step, such as a boot that cannot be run, is nobody's verdict.
  if (failed && last === null) throw errorInstance;
  if (first === null || last === null) return null;
  const { trace, violation } = last;
  const story = tellIsolation(runner, trace, violation, seed);
  return { violation, trace, foundLength: first.length, seed, story };
}

/** What happened, as `haven replay` tells it; `runner` has the property that is broken. */
function tellIsolation(runner: Runner, trace: Trace, violation: Violation, seed: number): string {
  const { plan, step, properties } = runner;
  const { property } = violation;
  const outcomes: Outcome[] = [];
  const observer: Observer = (_index, _action, outcome) => void outcomes.push(outcome);
  runTrace(narrowRunner(runner, property), trace, { target: property, observer });
  const seen = { outcomes, violation };
  const told = tellStory(plan, createStart(runner, trace), step, trace, seen);
  const own = properties.find(({ id }) => id === property) ?? null;
  const story = { ...told, expected: told.expected ?? own };
  const { before, after } = renderStory(story, (rows) =>
    rows.map(([number, sentence, outcome]) => `  ${number}. ${sentence}: ${outcome}`),
  );
  const witness = Object.entries(violation.witness).map(([key, value]) => `${key} ${value}`);
  return [
    `${property} is broken: ${violation.message}`,
    ...before,
    ...(witness.length === 0 ? [] : [`  with ${witness.join(', ')}`]),
    ...after,
    `allowed by ${violation.at.join('.')}; seed ${seed}`,
  ].join('\n');
}
