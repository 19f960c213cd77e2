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
import { listBootActions } from '../generators/traces.ts';
import type { Trace } from '../generators/traces.ts';
import { createGrantMap } from '../grants.ts';
import type { GrantMap } from '../grants.ts';
import type { TimeBound, Monitor, Property, Violation } from '../property.ts';

/** The transition function under test; the spec's own, or a seeded bug in its place. */
export type StepFunction = (plan: Plan, machine: Machine, action: Action) => Outcome;

/** A configuration prepared for running traces. */
export interface Runner {
  readonly configuration: StaticConfiguration;
  readonly plan: Plan;
  readonly grants: GrantMap;
  readonly boot: readonly Action[];
  readonly delayBounds: readonly TimeBound[];
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
  /**
   * Bounds that a proof claims, which properties cannot compute themselves: `listDelayBounds` of
   * `solver/timing` has the least. Without any, `time.delay` judges nothing, and a fuzz run on a
   * shared core names it in `neverJudged`.
   */
  readonly delayBounds?: readonly TimeBound[];
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
  const machine = createMachine(runner.plan);
  if (trace.start === 'booted') {
    for (const action of runner.boot) runner.step(runner.plan, machine, action);
  }
  return machine;
}

/** Called after every step of a run. */
export type Observer = (index: number, action: Action, outcome: Outcome, machine: Machine) => void;

/** How a run is watched. */
export interface Watch {
  /** Counts what happens; such a run is a search, any other looks thoroughly. */
  readonly coverage?: Coverage;
  readonly observer?: Observer;
  /** Only a violation of this property ends the run. */
  readonly target?: string;
  /** Violations of these do not end the run. */
  readonly ignored?: ReadonlySet<string>;
}

/** Runs a trace until its end or the first violation that counts. */
export function runTrace(runner: Runner, trace: Trace, watch: Watch = {}): RunResult {
  const { coverage, observer } = watch;
  const machine = createStart(runner, trace);
  const { plan, configuration, grants, delayBounds } = runner;
  const thorough = coverage === undefined;
  const { step: taken } = runner;
  const context = { configuration, plan, machine, grants, delayBounds, step: taken, thorough };
  const monitors = runner.properties.map((property) => property.watch(context));
  const isSeldom = ({ interval }: Monitor): boolean => !thorough && interval !== undefined;
  const often = monitors.filter((monitor) => !isSeldom(monitor));
  const seldom = monitors.filter(isSeldom);
  let steps = 0;
  let violation: Violation | null = null;
  for (const action of trace.actions) {
    for (const monitor of often) monitor.before?.(action);
    const outcome = takeStep(runner, machine, action);
    steps += 1;
    if (typeof outcome !== 'string') {
      if (isCounted(watch, outcome)) violation = outcome;
      break;
    }
    if (coverage !== undefined) countOutcome(coverage, action, outcome);
    observer?.(steps - 1, action, outcome, machine);
    violation = judge(often, action, outcome, watch);
    for (const monitor of seldom) {
      if (steps % (monitor.interval ?? 1) !== 0) continue;
      violation ??= judge([monitor], action, outcome, watch);
    }
    if (violation !== null) break;
  }
  if (coverage !== undefined) countEvaluations(coverage, runner.properties, monitors);
  return { violation, steps };
}

/** The runner with only those properties whose monitors can report the target: for shrinking. */
export function narrowRunner(runner: Runner, target: string): Runner {
  const properties = runner.properties.filter(({ id }) => id === getReporter(target));
  return { ...runner, properties };
}

/** The property whose monitor reports violations of this one: itself, as a rule. */
export function getReporter(property: string): string {
  return REPORTED_BY[property] ?? property;
}

/** Violations that the monitor of another property reports. */
const REPORTED_BY: Readonly<Record<string, string>> = {
  'noninterference.refusal': 'noninterference.local-respect',
};

function isCounted({ target, ignored }: Watch, { property }: Violation): boolean {
  if (target !== undefined) return property === target;
  return ignored?.has(property) !== true;
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

function judge(
  monitors: readonly Monitor[],
  action: Action,
  outcome: Outcome,
  watch: Watch,
): Violation | null {
  let first: Violation | null = null;
  for (const monitor of monitors) {
    const violation = monitor.after(action, outcome);
    if (violation !== null && isCounted(watch, violation)) first ??= violation;
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
