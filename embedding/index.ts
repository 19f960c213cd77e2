/**
 * What the package offers to tests and tools of others: arbitraries, properties, the executable
 * spec, rules, and files in both directions.
 *
 *     import { configurationArbitrary, findViolation } from 'haven-model';
 *     import { testIsolation } from 'haven-model/vitest';
 */

// Configurations: drawn, read, written, checked.
export type * from '../model/configuration.ts';
export type * from '../model/units.ts';
export { configurationArbitrary } from '../properties/generators/configurations.ts';
export type { ConfigurationConstraints } from '../properties/generators/configurations.ts';
export {
  DEFECTS,
  nearHitArbitrary,
  nearMissArbitrary,
} from '../properties/generators/near-misses.ts';
export type { NearHit, NearMiss } from '../properties/generators/near-misses.ts';
export { NEIGHBOURS } from '../properties/generators/near-misses/neighbours.ts';
export type { Choices, Defect, Neighbour } from '../properties/generators/near-misses/defect.ts';
export { readConfiguration, readConfigurationText, toDiagnostic } from '../formats/read.ts';
export type { LoadedConfiguration, ReadOptions, ReadResult } from '../formats/read.ts';
export type { Diagnostic, Location } from '../formats/diagnostic.ts';
export { writeConfiguration } from '../formats/haven-yaml/write.ts';
export type { WrittenConfiguration } from '../formats/haven-yaml/write.ts';
export { RULES } from '../properties/rules/all.ts';
export { checkConfiguration } from '../properties/rules/check.ts';
export type { Rule } from '../properties/rules/rule.ts';
export type { Finding, RelatedPlace, Severity } from '../properties/findings.ts';

// The executable spec.
export { ACTION_KINDS } from '../model/actions.ts';
export type { Action, ActionKind } from '../model/actions.ts';
export { createMachine } from '../model/machine.ts';
export type { Machine } from '../model/machine.ts';
export type { Outcome } from '../model/outcome.ts';
export { createPlan } from '../model/plan.ts';
export type { Plan } from '../model/plan.ts';
export { step } from '../model/step.ts';

// Traces and properties.
export { actionArbitrary, traceArbitrary } from '../properties/generators/traces.ts';
export type { Start, Trace } from '../properties/generators/traces.ts';
export { ENGINE_PROPERTIES, PROPERTIES } from '../properties/catalogue.ts';
export { COMPLETE_LOOK } from '../properties/property.ts';
export type { Context, Monitor, Property, TimeBound, Violation } from '../properties/property.ts';
export { createRunner, runTrace } from '../properties/engine/run.ts';
export type { RunResult, Runner, RunnerOptions, StepFunction } from '../properties/engine/run.ts';
export { shrinkTrace } from '../properties/engine/shrink.ts';
export type { ShrunkTrace } from '../properties/engine/shrink.ts';
export { fuzzConfiguration } from '../properties/engine/fuzz.ts';
export type { FuzzFailure, FuzzOptions, FuzzResult } from '../properties/engine/fuzz.ts';
export { describeAction } from '../counterexamples/narrate.ts';

// Tests.
export { assertIsolation, findViolation, IsolationError } from './isolation.ts';
export type { IsolationFailure, IsolationOptions } from './isolation.ts';
