/**
 * Entitlement: who may run on a core and who pays, as the configuration says it.
 *
 * Written apart from the scheduler: an invariant that asked the scheduler's own functions would
 * agree with whatever they say. No function of `model/scheduler.ts` is called here, nor one of
 * `model/execution.ts`.
 *
 * Liftable.
 */

import type { Account, CoreState, Machine } from '../../model/machine.ts';
import type { Plan, PlannedCore, Resident } from '../../model/plan.ts';

/** Whether the virtual CPU of a resident has been started and waits for no interrupt. */
export function isAwake(machine: Machine, resident: Resident): boolean {
  const state = machine.partitions[resident.partition]?.vcpus[resident.vcpu];
  return state !== undefined && state.on && !state.waiting;
}

/** Whether a resident has a budget in each of its periods. */
export function isReservation(resident: Resident): boolean {
  return !resident.dedicated && resident.period > 0;
}

/**
 * Whether a resident is one that the core must choose from: who has it whole, while awake; who
 * burns, while any budget is left; else who is awake and can pay for a tick, and for the
 * activation where one is due.
 */
export function mayRun(
  plan: Plan,
  machine: Machine,
  resident: Resident,
  account: Account,
): boolean {
  if (resident.dedicated) return isAwake(machine, resident);
  if (resident.idle === 'burn') return account.budget > 0;
  if (!isAwake(machine, resident)) return false;
  if (account.activation) return account.budget > plan.activationTicks;
  return account.budget > 0;
}

/** Whether time that passes on a core now is paid for by this resident: by who runs, off slack. */
export function isPaying(planned: PlannedCore, state: CoreState, index: number): boolean {
  const resident = planned.residents[index];
  if (resident === undefined || resident.dedicated) return false;
  if (planned.policy === 'table') return false;
  if (state.running !== index) return false;
  return !state.slack;
}
