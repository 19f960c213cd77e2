/**
 * Micro-steps: the parts of a step, each proved on its own.
 *
 * A step of the spec is an action that takes effect, and then on each core in turn the choice of
 * who runs, where that is due. What every part preserves the whole preserves; what no part shows to
 * a partition the whole does not show.
 */

import type { Action } from '../../model/actions.ts';
import { ACTION_KINDS } from '../../model/actions.ts';
import type { ActionKind } from '../../model/actions.ts';
import type { Machine } from '../../model/machine.ts';
import type { Outcome } from '../../model/outcome.ts';
import type { Plan } from '../../model/plan.ts';
import { dispatchWhenDue } from '../../model/scheduler.ts';
import { act } from '../../model/step.ts';
import { translate } from '../../model/translation.ts';
import { actWatched, dispatchWatched } from '../../properties/inductive/windows.ts';
import type { WatchedMachine } from '../../properties/inductive/windows.ts';
import type { Lifter } from '../lift/lift.ts';
import type { Run } from '../lift/run.ts';
import { SymbolicObject, merge, toTruth } from '../lift/values.ts';
import type { Value } from '../lift/values.ts';

/** A core chooses who runs, if that is due. */
export interface DispatchStep {
  readonly kind: 'dispatch';
  readonly core: number;
}

/** A part of a step. */
export type MicroStep = Action | DispatchStep;

/** Name of a micro-step: that of an action, or `dispatch`. */
export type MicroStepKind = ActionKind | DispatchStep['kind'];

/** Every kind of micro-step: the actions of the spec, and the choice at the end of each. */
export const MICRO_STEP_KINDS: readonly MicroStepKind[] = [...ACTION_KINDS, 'dispatch'];

/** What a micro-step answers: an action's outcome; of a dispatch whether it was due. */
export type MicroOutcome = Outcome | 'NOT_DUE';

/** Functions that a step is made of and proved by: the spec's own, or with a seeded bug. */
export interface StepParts {
  readonly act: typeof act;
  readonly dispatchWhenDue: typeof dispatchWhenDue;
  /** What a contract is about, see `contracts.ts`. */
  readonly translate: typeof translate;
  /** The first two for a machine with windows, which are noted. */
  readonly actWatched: typeof actWatched;
  readonly dispatchWatched: typeof dispatchWatched;
}

/** The spec's own. */
export const STEP_PARTS: StepParts = {
  act,
  dispatchWhenDue,
  translate,
  actWatched,
  dispatchWatched,
};

function isWatched(machine: Machine): machine is WatchedMachine {
  return 'windows' in machine;
}

/** Takes a micro-step, in place. */
export function takeMicroStep(
  parts: StepParts,
  plan: Plan,
  machine: Machine,
  step: MicroStep,
): MicroOutcome {
  const watched = isWatched(machine) ? machine : null;
  if (step.kind !== 'dispatch') {
    return watched === null
      ? parts.act(plan, machine, step)
      : parts.actWatched(plan, watched, step);
  }
  const isDue = machine.cores[step.core]?.dispatchDue === true;
  if (watched === null) parts.dispatchWhenDue(plan, machine, step.core);
  else parts.dispatchWatched(plan, watched, step.core);
  return isDue ? 'DONE' : 'NOT_DUE';
}

const WINDOWS = 'properties/inductive/windows.ts';

/**
 * The same, symbolically: `fields` are those of the micro-step; `watched` where the machine has
 * windows.
 */
export function runMicroStep(
  lifter: Lifter,
  run: Run,
  plan: Plan,
  machine: SymbolicObject,
  fields: Readonly<Record<string, Value>>,
  watched = false,
): Value {
  if (fields['kind'] !== 'dispatch') {
    const action = new SymbolicObject({ ...fields });
    const take = watched
      ? lifter.getFunction(WINDOWS, 'actWatched')
      : lifter.getFunction('model/step.ts', 'act');
    return take.call(run, [plan, machine, action]);
  }
  const isDue = toTruth(readDue(machine, Number(fields['core'])));
  const dispatch = watched
    ? lifter.getFunction(WINDOWS, 'dispatchWatched')
    : lifter.getFunction('model/scheduler.ts', 'dispatchWhenDue');
  dispatch.call(run, [plan, machine, fields['core']]);
  return merge(isDue, 'DONE', 'NOT_DUE');
}

/** Whether a core has to choose anew. */
export function readDue(machine: SymbolicObject, core: number): Value {
  const { cores } = machine.fields as Record<string, Value>;
  const state = ((cores as SymbolicObject).fields as Value[])[core];
  return ((state as SymbolicObject).fields as Record<string, Value>)['dispatchDue'];
}
