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
import { listBootActions } from '../generators/boot-actions.ts';
import type { Trace } from '../generators/traces.ts';
import { createReadiness } from '../invariants/readiness.ts';
import { createSlices } from '../invariants/time-slices.ts';
import { createGrantMap } from '../grants.ts';
import type { GrantMap } from '../grants.ts';
import { COMPLETE_LOOK } from '../property.ts';
import type { Look, Property, TimeBound, Violation } from '../property.ts';
import { asAction, createSlot, writeSlot } from '../generators/slots.ts';
import { beginRun, createWatcher, isCounted, watchAfter, watchBefore } from './watcher.ts';
import type { Interest, Watcher } from './watcher.ts';

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

/** How a run ended: the violation and the index of the step that showed it, or none. */
export interface RunResult {
  readonly violation: Violation | null;
  /** Steps taken; with a violation, the last one showed it. */
  readonly steps: number;
  /** The monitors, as they are at the end. */
  readonly watcher: Watcher;
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
export interface Watch extends Interest {
  readonly observer?: Observer;
}

/** Runs a trace until its end or the first violation that counts; every look is complete. */
export function runTrace(runner: Runner, trace: Trace, watch: Watch = {}): RunResult {
  const machine = createStart(runner, trace);
  const watcher = watchMachine(runner, machine, COMPLETE_LOOK);
  beginRun(watcher);
  // As in a search: one layout of actions makes everything that reads them quick.
  const slot = createSlot();
  let steps = 0;
  for (const action of trace.actions) {
    writeSlot(slot, action);
    const kind = slot.kindIndex;
    const taken = asAction(slot);
    watchBefore(watcher, kind, taken);
    const outcome = takeStep(runner, machine, taken);
    steps += 1;
    if (typeof outcome !== 'string') {
      return { violation: isCounted(watch, outcome) ? outcome : null, steps, watcher };
    }
    watch.observer?.(steps - 1, action, outcome, machine);
    const violation = watchAfter(watcher, kind, taken, outcome, watch);
    if (violation !== null) return { violation, steps, watcher };
  }
  return { violation: null, steps, watcher };
}

/** The monitors of a runner's properties on a machine, looking as they are told to. */
export function watchMachine(runner: Runner, machine: Machine, look: Look): Watcher {
  const { plan, configuration, grants, delayBounds, properties, step: taken } = runner;
  const slices = createSlices({ machine });
  const readiness = createReadiness(plan);
  const noted = { slices, readiness, look };
  const context = { configuration, plan, machine, grants, delayBounds, step: taken, ...noted };
  return createWatcher(properties, context);
}

/** The runner with only those properties whose monitors can report the target: for shrinking. */
export function narrowRunner(runner: Runner, target: string): Runner {
  return { ...runner, properties: listReporting(runner.properties, target) };
}

/** Those of the properties whose monitors can report the target. */
export function listReporting(properties: readonly Property[], target: string): Property[] {
  return properties.filter(({ id }) => id === getReporter(target));
}

/** The property whose monitor reports violations of this one: itself, as a rule. */
export function getReporter(property: string): string {
  return REPORTED_BY[property] ?? property;
}

/** Violations that the monitor of another property reports. */
const REPORTED_BY: Readonly<Record<string, string>> = {
  'noninterference.refusal': 'noninterference.local-respect',
};

/** Steps; an exception is a violation of totality, not a crash of the fuzzer. */
export function takeStep(runner: Runner, machine: Machine, action: Action): Outcome | Violation {
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
