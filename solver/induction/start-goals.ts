/**
 * Starts: what a step must leave behind where boot fails, a partition resets itself or starts one
 * of its virtual CPUs.
 *
 * No state tells whether such a step was taken, so that no invariant can say it: these goals are
 * about the step. Replay asks V8 the same of the state after it.
 */

import type { Machine } from '../../model/machine.ts';
import type { Plan } from '../../model/plan.ts';
import { REGISTERS } from '../../model/registers.ts';
import { toBooleanTerm, toTruth } from '../lift/values.ts';
import { FALSE, and, equal, implies, not } from '../smt/term.ts';
import type { Term } from '../smt/term.ts';
import type { Case } from './cases.ts';
import type { Goal } from './goals.ts';
import type { MicroOutcome, MicroStep } from './micro-steps.ts';
import type { PhaseModel } from './phase-model.ts';
import { readField, toNumber } from './state-obligation.ts';

/** Name of the goal about boot, and of its fault. */
const FAILURE = 'boot.failed after a failure';

/** Name of the goal about one virtual CPU. */
function nameOf(partition: number, vcpu: number): string {
  return `partitions[${partition}].vcpus[${vcpu}] starts anew`;
}

/** Positions of the virtual CPUs of a partition that an action starts anew. */
function listStarted(plan: Plan, kind: string, partition: number, vcpu: unknown): number[] {
  const all = [...(plan.partitions[partition]?.vcpus.keys() ?? [])];
  if (kind === 'system-reset') return all;
  return kind === 'cpu-on' ? all.filter((index) => index === vcpu) : [];
}

/** What must hold now that the step is done; `done` says that it was not refused. */
export function listStartGoals(
  { plan, state }: PhaseModel,
  { kind, domain, action }: Case,
  done: Term,
): Goal[] {
  if (kind === 'boot') {
    const failed = toTruth(readField(state.machine, 'boot', 'failed'));
    const fails = toBooleanTerm(action['fails'] ?? false) ?? FALSE;
    const holds = implies(and([done, fails]), failed);
    return [{ area: 'seal', claim: 'preserved', name: FAILURE, holds }];
  }
  return listStarted(plan, kind, domain, action['vcpu']).map((index): Goal => {
    const vcpu = readField(state.machine, 'partitions', domain, 'vcpus', index);
    const isClear = REGISTERS.map((_, register) =>
      equal(toNumber(readField(vcpu, 'saved', register)), 0),
    );
    const isOff = not(toTruth(readField(vcpu, 'timerArmed')));
    const holds = implies(done, and([...isClear, isOff]));
    return { area: 'cpu', claim: 'preserved', name: nameOf(domain, index), holds };
  });
}

/** Names of the goals that a step has missed. */
export function listStartFaults(
  plan: Plan,
  after: Machine,
  action: MicroStep,
  outcome: MicroOutcome,
  domain: number,
): string[] {
  if (outcome !== 'DONE') return [];
  if (action.kind === 'boot') return action.fails && !after.boot.failed ? [FAILURE] : [];
  const named = action.kind === 'cpu-on' ? action.vcpu : null;
  return listStarted(plan, action.kind, domain, named).flatMap((index) => {
    const vcpu = after.partitions[domain]?.vcpus[index];
    if (vcpu === undefined) return [];
    const isClear = vcpu.saved.every((value) => value === 0) && !vcpu.timerArmed;
    return isClear ? [] : [nameOf(domain, index)];
  });
}
