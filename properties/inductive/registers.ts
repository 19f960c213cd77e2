/**
 * Labels of registers: a value was written by the partition that reads it, or by nobody.
 *
 * Liftable.
 */

import { NONE } from '../../model/machine.ts';
import type { Machine } from '../../model/machine.ts';
import type { Plan } from '../../model/plan.ts';

/** A live register holds nothing that another partition than the loaded one wrote. */
export function isLiveRegisterOwn(
  plan: Plan,
  machine: Machine,
  core: number,
  register: number,
): boolean {
  const state = machine.cores[core];
  const residents = plan.cores[core]?.residents;
  if (state === undefined || residents === undefined) return true;
  for (let index = 0; index < residents.length; index += 1) {
    if (state.loaded !== index) continue;
    const writer = state.registerWriters[register];
    return writer === NONE || writer === residents[index]?.partition;
  }
  return true;
}

/** A saved register holds nothing that another partition wrote. */
export function isSavedRegisterOwn(
  _plan: Plan,
  machine: Machine,
  partition: number,
  vcpu: number,
  register: number,
): boolean {
  const writer = machine.partitions[partition]?.vcpus[vcpu]?.savedWriters[register];
  return writer === undefined || writer === NONE || writer === partition;
}
