/**
 * World switch: one virtual CPU leaves a core, another comes.
 *
 * Saves and restores every class of switched registers, and empties the list registers: the lines
 * themselves keep what they held, and EL2 lists them anew. The TLB is not flushed: its entries
 * carry the VMID.
 */

import { getLoadedResident } from './execution.ts';
import { NONE } from './machine.ts';
import type { Machine } from './machine.ts';
import type { Plan } from './plan.ts';
import { REGISTERS } from './registers.ts';
import { emptyListRegisters } from './list-registers.ts';

/** Makes resident `next` of the core the one whose state is live. */
export function switchWorld(plan: Plan, machine: Machine, core: number, next: number): void {
  const state = machine.cores[core];
  const residents = plan.cores[core]?.residents;
  if (state === undefined || residents === undefined) return;
  const leaving = getLoadedResident(plan, machine, core);
  const coming = residents[next];
  if (leaving !== undefined) saveRegisters(machine, core, leaving.partition, leaving.vcpu);
  emptyListRegisters(machine, core);
  state.loaded = next;
  if (coming !== undefined) restoreRegisters(machine, core, coming.partition, coming.vcpu);
}

function saveRegisters(machine: Machine, core: number, partition: number, vcpu: number): void {
  const state = machine.cores[core];
  const home = machine.partitions[partition]?.vcpus[vcpu];
  if (state === undefined || home === undefined) return;
  for (let index = 0; index < REGISTERS.length; index += 1) {
    if (REGISTERS[index]?.treatment !== 'switched') continue;
    home.saved[index] = state.registers[index] ?? 0;
    home.savedWriters[index] = state.registerWriters[index] ?? NONE;
  }
}

function restoreRegisters(machine: Machine, core: number, partition: number, vcpu: number): void {
  const state = machine.cores[core];
  const home = machine.partitions[partition]?.vcpus[vcpu];
  if (state === undefined || home === undefined) return;
  for (let index = 0; index < REGISTERS.length; index += 1) {
    if (REGISTERS[index]?.treatment !== 'switched') continue;
    state.registers[index] = home.saved[index] ?? 0;
    state.registerWriters[index] = home.savedWriters[index] ?? NONE;
  }
}
