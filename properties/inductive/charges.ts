/**
 * Charges: what becomes of a budget in a step, by who pays and by the grid alone.
 *
 * A step is judged by two states: what an account would have at a later instant is asked of the
 * state before, what it has of the state after. So whatever others do, and slack of whoever uses
 * it, changes no budget.
 *
 * Liftable.
 */

import type { Machine } from '../../model/machine.ts';
import type { Plan } from '../../model/plan.ts';
import { isAwake, isPaying } from './entitlement.ts';
import { settle } from './schedule.ts';

/**
 * Budget of a resident at an instant that is not before now, if whoever pays now pays until then:
 * each replenishment gives Q less any debt, whoever pays is charged for what passes, and nothing
 * else counts. Ticks; on the grid, as if EL2 were never late.
 */
export function computeOwed(
  plan: Plan,
  machine: Machine,
  core: number,
  index: number,
  until: number,
): number {
  const planned = plan.cores[core];
  const state = machine.cores[core];
  const resident = planned?.residents[index];
  if (planned === undefined || state === undefined || resident === undefined) return 0;
  const pays = isPaying(planned, state, index);
  const onGrid = settle(planned, state, index);
  let budget = onGrid.budget;
  let due = onGrid.next;
  let since = state.clock;
  for (let epoch = 0; epoch < planned.epochsMax; epoch += 1) {
    if (due > until) break;
    const before = pays ? budget - (due - since) : budget;
    budget = resident.budget + Math.min(before, 0);
    since = due;
    due += resident.period;
  }
  return pays ? budget - (until - since) : budget;
}

/** Whether EL2 may take what a resident has left of its budget: under `poll`, while it sleeps. */
export function mayLoseRest(plan: Plan, machine: Machine, core: number, index: number): boolean {
  const resident = plan.cores[core]?.residents[index];
  if (resident === undefined || resident.idle !== 'poll') return false;
  return !isAwake(machine, resident);
}
