/**
 * Seeded bug: a step function that is wrong in one way.
 */

import type { Action } from '../model/actions.ts';
import type { Machine } from '../model/machine.ts';
import type { Outcome } from '../model/outcome.ts';
import type { Plan } from '../model/plan.ts';
import { step } from '../model/step.ts';
import type { StepFunction } from '../properties/engine/run.ts';

/** A bug and the property that must find it. */
export interface SeededBug {
  readonly name: string;
  /** Id of the property that names this defect. */
  readonly property: string;
  readonly step: StepFunction;
  /** Board that has what the bug needs; `configs/qemu-virt.yaml` where absent. */
  readonly configuration?: 'free' | 'exact' | 'table' | 'polling';
}

/** Wraps the spec: `after` sees the outcome and may replace it. */
export function afterStep(
  after: (plan: Plan, machine: Machine, action: Action, outcome: Outcome) => Outcome,
): StepFunction {
  return (plan, machine, action) => after(plan, machine, action, step(plan, machine, action));
}
