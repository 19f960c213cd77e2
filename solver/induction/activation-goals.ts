/**
 * Activations: what one partition does makes no other pay for a switch to it.
 *
 * An activation that is due is paid for out of a budget. It becomes due as time passes and where a
 * partition gives up its own core; replay asks V8 the same of its two states.
 */

import { NONE } from '../../model/machine.ts';
import type { Machine } from '../../model/machine.ts';
import type { Plan } from '../../model/plan.ts';
import { isSame } from '../lift/operators.ts';
import type { Written } from '../lift/run.ts';
import { SymbolicObject, toTruth } from '../lift/values.ts';
import type { Case } from './cases.ts';
import type { Goal } from './goals.ts';
import type { PhaseModel } from './phase-model.ts';
import { readField } from './state-obligation.ts';

/** Name of the goal about one account, and of its fault. */
function nameOf(core: number, index: number): string {
  return `time.activation[${core},${index}]`;
}

/** Accounts of others than a partition, as [core, resident]; none in nobody's name. */
function listOthers(plan: Plan, domain: number): [core: number, index: number][] {
  if (domain === NONE) return [];
  return plan.cores.flatMap(({ residents }, core) =>
    residents.flatMap(({ partition }, index): [number, number][] =>
      partition === domain ? [] : [[core, index]],
    ),
  );
}

/** Accounts of others that a step may have changed in this are as they were. */
export function listActivationGoals(
  { plan, state }: PhaseModel,
  { domain }: Case,
  written: readonly Written[],
): Goal[] {
  return listOthers(plan, domain).flatMap(([core, index]): Goal[] => {
    const account = readField(state.machine, 'cores', core, 'accounts', index);
    if (!(account instanceof SymbolicObject)) return [];
    const isOfAccount = ({ fields, key }: Written): boolean =>
      fields === account.fields && key === 'activation';
    return written.filter(isOfAccount).map(({ before, after }): Goal => {
      const holds = toTruth(isSame(before, after));
      return { area: 'time', claim: 'confined', name: nameOf(core, index), holds };
    });
  });
}

/** Names of the accounts of others that a step in the name of `domain` has changed in this. */
export function listActivated(
  plan: Plan,
  before: Machine,
  after: Machine,
  domain: number,
): string[] {
  return listOthers(plan, domain).flatMap(([core, index]) => {
    const [was, is] = [before, after].map(({ cores }) => cores[core]?.accounts[index]?.activation);
    return was === is ? [] : [nameOf(core, index)];
  });
}
