/**
 * Fuzz: fast-check draws traces for a configuration, every property watches every step, a failure
 * shrinks.
 *
 * A seed reproduces a run exactly as long as it is limited by steps; a limit in time cuts the same
 * sequence short wherever the clock says.
 */

import fc from 'fast-check';
import type { StaticConfiguration } from '../../model/configuration.ts';
import { ACTION_KINDS } from '../../model/actions.ts';
import type { ActionKind } from '../../model/actions.ts';
import type { Plan } from '../../model/plan.ts';
import type { Guide } from '../generators/guide.ts';
import { traceArbitrary } from '../generators/traces.ts';
import type { Trace } from '../generators/traces.ts';
import type { Violation } from '../property.ts';
import { createCoverage, createRunner, narrowRunner, runTrace } from './run.ts';
import type { Coverage, Runner, RunnerOptions } from './run.ts';
import { isFailing, reduceTrace } from './shrink.ts';

/** Longest trace that is drawn, actions. */
export const TRACE_LENGTH_MAX = 200;
/** Traces in one call of fast-check: between two calls the engine looks at its limits. */
const TRACES_PER_BATCH = 40;
/** Evaluations that shrinking may take before it settles for what it has. */
const SHRINKS_MAX = 1000;

/** Limits and seeds of a run. */
export interface FuzzOptions extends RunnerOptions {
  /** Integer in [0, 2^31). */
  readonly seed: number;
  /** Stop after about this many steps. */
  readonly steps?: number;
  /** Stop after about this many milliseconds. */
  readonly timeMs?: number;
  /** A step that traces shall come to. */
  readonly guide?: Guide;
  /** Stop as soon as one of these properties is broken. */
  readonly wanted?: ReadonlySet<string>;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: FuzzProgress) => void;
}

/** How far a run is. */
export interface FuzzProgress {
  readonly steps: number;
  readonly traces: number;
  readonly failures: number;
}

/** A property that a trace breaks. */
export interface FuzzFailure {
  readonly violation: Violation;
  /** Shrunk. */
  readonly trace: Trace;
  /** Length of the trace as drawn. */
  readonly foundLength: number;
  /** Which batch drew it: provenance only. */
  readonly batch: number;
}

/** What a run found. */
export interface FuzzResult {
  readonly seed: number;
  readonly steps: number;
  readonly traces: number;
  readonly elapsedMs: number;
  readonly stepsPerSecond: number;
  /** At most one for each property. */
  readonly failures: readonly FuzzFailure[];
  readonly coverage: Coverage;
  /** Possible actions that were never done: more steps, or other seeds, may do them. */
  readonly neverDone: readonly ActionKind[];
  /** Properties that never had anything to judge: of these the run says nothing. */
  readonly neverJudged: readonly string[];
  /** Cancelled before its limit. */
  readonly interrupted: boolean;
}

interface Progress {
  steps: number;
  traces: number;
  batch: number;
}

/** Fuzzes the executable spec under a configuration. */
export async function fuzzConfiguration(
  configuration: StaticConfiguration,
  options: FuzzOptions,
): Promise<FuzzResult> {
  const runner = createRunner(configuration, options);
  const coverage = createCoverage();
  const arbitrary = traceArbitrary(runner.plan, TRACE_LENGTH_MAX, options.guide);
  const failures = new Map<string, FuzzFailure>();
  const progress: Progress = { steps: 0, traces: 0, batch: 0 };
  const begin = performance.now();
  while (!isOver(options, progress, performance.now() - begin)) {
    const failure = runBatch(runner, arbitrary, options.seed, progress, coverage, failures);
    if (failure !== null) failures.set(failure.violation.property, failure);
    if (failure !== null && options.wanted?.has(failure.violation.property) === true) break;
    progress.batch += 1;
    options.onProgress?.({
      steps: progress.steps,
      traces: progress.traces,
      failures: failures.size,
    });
    // Lets signals and timers in between two batches.
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  }
  const elapsedMs = performance.now() - begin;
  return {
    seed: options.seed,
    steps: progress.steps,
    traces: progress.traces,
    elapsedMs,
    stepsPerSecond: elapsedMs === 0 ? 0 : Math.round((progress.steps / elapsedMs) * 1000),
    failures: [...failures.values()],
    coverage,
    neverDone: listNeverDone(runner, coverage),
    neverJudged: listNeverJudged(runner, coverage),
    interrupted: options.signal?.aborted === true,
  };
}

function isOver(options: FuzzOptions, progress: Progress, elapsedMs: number): boolean {
  if (options.signal?.aborted === true) return true;
  if (options.timeMs !== undefined && elapsedMs >= options.timeMs) return true;
  const steps = options.steps ?? (options.timeMs === undefined ? 0 : Infinity);
  return progress.steps >= steps;
}

/** One call of fast-check; a failure of a property that is known already does not count. */
function runBatch(
  runner: Runner,
  arbitrary: fc.Arbitrary<Trace>,
  seed: number,
  progress: Progress,
  coverage: Coverage,
  known: ReadonlyMap<string, FuzzFailure>,
): FuzzFailure | null {
  const ignored = new Set(known.keys());
  const found: { target: string; length: number; narrow: Runner }[] = [];
  let shrinks = 0;
  const property = fc.property(arbitrary, (trace) => {
    const [failure] = found;
    if (failure !== undefined) {
      shrinks += 1;
      return shrinks > SHRINKS_MAX || !isFailing(failure.narrow, trace, failure.target);
    }
    const { violation, steps } = runTrace(runner, trace, { coverage, ignored });
    progress.steps += steps;
    progress.traces += 1;
    if (violation === null) return true;
    // The thorough look may see an earlier step break another property: that one is the cause,
    // and where it is known already, it explains this one.
    const exact = runTrace(runner, trace, { ignored }).violation;
    if (exact === null) return true;
    const narrow = narrowRunner(runner, exact.property);
    found.push({ target: exact.property, length: trace.actions.length, narrow });
    return false;
  });
  const { counterexample } = fc.check(property, {
    seed: (seed + progress.batch * 0x9e3779b1) | 0,
    numRuns: TRACES_PER_BATCH,
  });
  const [failure] = found;
  const shrunk = counterexample?.[0];
  if (failure === undefined || shrunk === undefined) return null;
  const trace = reduceTrace(failure.narrow, shrunk, failure.target);
  const { violation } = runTrace(runner, trace, { target: failure.target });
  if (violation === null) throw new LostViolationError(failure.target);
  return { violation, trace, foundLength: failure.length, batch: progress.batch };
}

/**
 * A reduced trace no longer fails: the reducer keeps only failing traces, so this cannot happen.
 */
export class LostViolationError extends Error {
  constructor(property: string) {
    super(`the shrunk trace no longer breaks ${property}`);
  }
}

/** Actions that the plan makes impossible: they are always refused. */
function isPossible(plan: Plan, kind: ActionKind): boolean {
  const streams = plan.streams.length > 0;
  switch (kind) {
    case 'smc':
    case 'unknown-call':
      return false;
    case 'bus-read':
    case 'bus-write':
      return plan.cores.some(({ el2, used }) => used && !el2);
    case 'bare-dma-issue':
      return plan.bareMasters.length > 0;
    case 'notify':
      return plan.partitions.some(({ doorbells }) => doorbells.length > 0);
    case 'msi':
      return plan.events.length > 0;
    case 'dma-issue':
    case 'dma-complete':
    case 'iotlb-fill':
      return streams;
    default:
      return true;
  }
}

/** Possible actions that were never done. */
function listNeverDone(runner: Runner, coverage: Coverage): ActionKind[] {
  return ACTION_KINDS.filter((kind) => {
    const done = coverage.outcomes[kind]?.['DONE'] ?? 0;
    return isPossible(runner.plan, kind) && done === 0;
  });
}

/** Properties that the plan gives something to judge, and that never had anything to judge. */
function listNeverJudged(runner: Runner, coverage: Coverage): string[] {
  return runner.properties
    .filter(({ id, appliesTo }) => {
      const applies = appliesTo?.(runner.plan) ?? true;
      return applies && (coverage.evaluations[id] ?? 0) === 0;
    })
    .map(({ id }) => id);
}
