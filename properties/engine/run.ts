/**
 * Run: one trace on the executable spec, with every property watching each step.
 */

import type { StaticConfiguration } from '../../model/configuration.ts';
import type { Action } from '../../model/actions.ts';
import { createMachine } from '../../model/machine.ts';
import type { Machine } from '../../model/machine.ts';
import type { Outcome } from '../../model/outcome.ts';
import { createPlan } from '../../model/plan.ts';
import type { Plan } from '../../model/plan.ts';
import { step } from '../../model/step.ts';
import { PROPERTIES } from '../catalogue.ts';
import { createBootedMachine, listBootActions } from '../generators/traces.ts';
import type { Trace } from '../generators/traces.ts';
import { createGrantMap } from '../grants.ts';
import type { GrantMap } from '../grants.ts';
import type { DelayBound, Monitor, Property, Violation } from '../property.ts';

/** The transition function under test; the spec's own, or a seeded bug in its place. */
export type StepFunction = (plan: Plan, machine: Machine, action: Action) => Outcome;

/** A configuration prepared for running traces. */
export interface Runner {
  readonly configuration: StaticConfiguration;
  readonly plan: Plan;
  readonly grants: GrantMap;
  readonly boot: readonly Action[];
  readonly delayBounds: readonly DelayBound[];
  readonly properties: readonly Property[];
  readonly step: StepFunction;
}

/** What is counted while traces run. */
export interface Coverage {
  /** Per action kind and outcome, how often. */
  readonly outcomes: Record<string, Record<string, number>>;
  /** Per property, how often it was evaluated on something that it speaks about. */
  readonly evaluations: Record<string, number>;
}

/** How a run ended: the violation and the index of the step that showed it, or none. */
export interface RunResult {
  readonly violation: Violation | null;
  /** Steps taken; with a violation, the last one showed it. */
  readonly steps: number;
}

/** What a runner may be given beyond the configuration. */
export interface RunnerOptions {
  readonly delayBounds?: readonly DelayBound[];
  readonly properties?: readonly Property[];
  readonly step?: StepFunction;
}

/** Prepares a configuration. */
export function createRunner(
  configuration: StaticConfiguration,
  options: RunnerOptions = {},
): Runner {
  const plan = createPlan(configuration);
  return {
    configuration,
    plan,
    grants: createGrantMap(configuration),
    boot: listBootActions(plan),
    delayBounds: options.delayBounds ?? [],
    properties: options.properties ?? PROPERTIES,
    step: options.step ?? step,
  };
}

/** A coverage record with nothing in it. */
export function createCoverage(): Coverage {
  return { outcomes: {}, evaluations: {} };
}

/** The machine in which a trace begins. */
export function createStart(runner: Runner, trace: Trace): Machine {
  if (trace.start === 'reset') return createMachine(runner.plan);
  return createBootedMachine(runner.plan, runner.boot);
}

/** Called after every step of a run. */
export type Observer = (index: number, action: Action, outcome: Outcome, machine: Machine) => void;

/**
 * Runs a trace until its end or the first violation; thoroughly, unless coverage is being counted.
 */
export function runTrace(
  runner: Runner,
  trace: Trace,
  coverage: Coverage | null = null,
  observer: Observer | null = null,
): RunResult {
  const thorough = coverage === null;
  const machine = createStart(runner, trace);
  const { plan, configuration, grants, delayBounds } = runner;
  const context = { configuration, plan, machine, grants, delayBounds, thorough };
  const monitors = runner.properties.map(({ watch }) => watch(context));
  let steps = 0;
  let violation: Violation | null = null;
  for (const action of trace.actions) {
    for (const monitor of monitors) monitor.before?.(action);
    const outcome = takeStep(runner, machine, action);
    steps += 1;
    if (typeof outcome !== 'string') {
      violation = outcome;
      break;
    }
    if (coverage !== null) countOutcome(coverage, action, outcome);
    observer?.(steps - 1, action, outcome, machine);
    violation = judge(monitors, action, outcome);
    if (violation !== null) break;
  }
  if (coverage !== null) countEvaluations(coverage, runner.properties, monitors);
  return { violation, steps };
}

/** Steps; an exception is a violation of totality, not a crash of the fuzzer. */
function takeStep(runner: Runner, machine: Machine, action: Action): Outcome | Violation {
  try {
    return runner.step(runner.plan, machine, action);
  } catch (error) {
    return {
      property: 'seal.total',
      message: `${action.kind} throws: ${error instanceof Error ? error.message : String(error)}`,
      witness: { action: action.kind },
      at: ['config'],
      related: [],
    };
  }
}

function judge(monitors: readonly Monitor[], action: Action, outcome: Outcome): Violation | null {
  let first: Violation | null = null;
  for (const monitor of monitors) {
    first ??= monitor.after(action, outcome);
  }
  return first;
}

function countOutcome(coverage: Coverage, action: Action, outcome: Outcome): void {
  const row = (coverage.outcomes[action.kind] ??= {});
  row[outcome] = (row[outcome] ?? 0) + 1;
}

function countEvaluations(
  coverage: Coverage,
  properties: readonly Property[],
  monitors: readonly Monitor[],
): void {
  for (const [index, { id }] of properties.entries()) {
    const count = monitors[index]?.countEvaluations() ?? 0;
    coverage.evaluations[id] = (coverage.evaluations[id] ?? 0) + count;
  }
}
