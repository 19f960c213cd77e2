/**
 * List registers: copies of a virtual CPU's pending and active lines while it is live on a core.
 *
 * The line's own flags are the truth. Source: GICv3, ICH_LR<n>_EL2.
 */

import { PRIVATE_LINES } from './machine.ts';
import type { CoreState, ListRegister, Machine, VirtualLine } from './machine.ts';
import type { Outcome } from './outcome.ts';

/** States of a list register (ICH_LR<n>_EL2.State). */
export const LR_INVALID = 0;
export const LR_PENDING = 1;
export const LR_ACTIVE = 2;

/**
 * The line that a partition knows by this INTID on this virtual CPU; undefined when it has none.
 */
export function findVirtualLine(
  machine: Machine,
  partition: number,
  vcpu: number,
  intId: number,
): VirtualLine | undefined {
  const state = machine.partitions[partition];
  if (state === undefined) return undefined;
  if (intId < PRIVATE_LINES) return state.vcpus[vcpu]?.privateLines[intId];
  for (const line of state.lines) {
    if (line.intId === intId) return line;
  }
  return undefined;
}

/** Puts a line into a free list register, pending or active, unless one holds it already. */
export function loadLine(state: CoreState, line: VirtualLine): Outcome {
  let free: ListRegister | undefined = undefined;
  for (const register of state.listRegisters) {
    if (register.state === LR_INVALID) free ??= register;
    else if (register.intId === line.intId) return 'DONE';
  }
  if (free === undefined) return 'LIST_REGISTERS_FULL';
  free.state = line.active ? LR_ACTIVE : LR_PENDING;
  free.intId = line.intId;
  free.physical = line.physical;
  return 'DONE';
}

/** Takes a line out of the list registers of a core. */
export function unloadLine(state: CoreState, intId: number): void {
  for (const register of state.listRegisters) {
    if (register.state !== LR_INVALID && register.intId === intId) register.state = LR_INVALID;
  }
}

/** Empties all list registers of a core: the lines keep what they held. */
export function emptyListRegisters(machine: Machine, core: number): void {
  for (const register of machine.cores[core]?.listRegisters ?? []) {
    register.state = LR_INVALID;
    register.intId = 0;
    register.physical = false;
  }
}
