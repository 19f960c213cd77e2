/**
 * Agreement of the three copies of an interrupt: physical line, virtual line, list register.
 *
 * Liftable.
 */

import { LR_ACTIVE, LR_INVALID, LR_PENDING } from '../../model/list-registers.ts';
import { PRIVATE_LINES } from '../../model/machine.ts';
import type { Line, ListRegister, Machine, VirtualLine } from '../../model/machine.ts';
import type { Plan, Resident } from '../../model/plan.ts';

/** A valid list register holds a line of the virtual CPU that is loaded on its core. */
export function isListRegisterOwn(
  plan: Plan,
  machine: Machine,
  core: number,
  slot: number,
): boolean {
  const state = machine.cores[core];
  const register = state?.listRegisters[slot];
  const residents = plan.cores[core]?.residents;
  if (state === undefined || register === undefined || residents === undefined) return true;
  if (register.state === LR_INVALID) return true;
  for (let index = 0; index < residents.length; index += 1) {
    const resident = residents[index];
    if (resident === undefined || state.loaded !== index) continue;
    if (register.intId >= 0 && register.intId < PRIVATE_LINES) return true;
    for (const line of plan.partitions[resident.partition]?.lines ?? []) {
      if (register.intId === line.intId) return true;
    }
    return false;
  }
  return false;
}

/**
 * A valid list register that holds this INTID agrees with a line of the virtual CPU that is loaded
 * on its core.
 */
export function isListRegisterAgreed(
  plan: Plan,
  machine: Machine,
  core: number,
  slot: number,
  intId: number,
): boolean {
  const state = machine.cores[core];
  const register = state?.listRegisters[slot];
  const residents = plan.cores[core]?.residents;
  if (state === undefined || register === undefined || residents === undefined) return true;
  if (register.state === LR_INVALID || register.intId !== intId) return true;
  for (let index = 0; index < residents.length; index += 1) {
    const resident = residents[index];
    if (resident === undefined || state.loaded !== index) continue;
    const line = getLine(machine, resident, intId);
    if (line === undefined) return false;
    if (intId >= PRIVATE_LINES && line.target !== resident.vcpu) return false;
    return isAgreed(register, line);
  }
  return false;
}

/** The line of this INTID of a resident: its own where it is private, else its partition's. */
function getLine(machine: Machine, resident: Resident, intId: number): VirtualLine | undefined {
  const state = machine.partitions[resident.partition];
  if (intId < PRIVATE_LINES) return state?.vcpus[resident.vcpu]?.privateLines[intId];
  for (const line of state?.lines ?? []) {
    if (line.intId === intId) return line;
  }
  return undefined;
}

/**
 * Pending in the list register is an enabled line that is pending and nothing more; active is an
 * active line.
 */
function isAgreed(register: ListRegister, line: VirtualLine): boolean {
  if (register.physical !== line.physical) return false;
  if (register.state === LR_PENDING) return line.pending && line.enabled && !line.active;
  return register.state === LR_ACTIVE && line.active;
}

/** Two list registers of a core never hold the same INTID. */
export function isListedOnce(
  _plan: Plan,
  machine: Machine,
  core: number,
  slot: number,
  other: number,
): boolean {
  const one = machine.cores[core]?.listRegisters[slot];
  const two = machine.cores[core]?.listRegisters[other];
  if (one === undefined || two === undefined) return true;
  if (one.state === LR_INVALID || two.state === LR_INVALID) return true;
  return one.intId !== two.intId;
}

/** The physical line behind line `index` of the partition; undefined where there is none. */
function getBehind(
  plan: Plan,
  machine: Machine,
  partition: number,
  index: number,
): Line | undefined {
  const line = machine.partitions[partition]?.lines[index];
  if (line === undefined || !line.physical) return undefined;
  const physical = machine.gic.lines[line.intId - plan.spiFirst];
  if (physical === undefined || physical.owner !== partition) return undefined;
  return physical;
}

/** A physical line is enabled exactly while its owner has enabled the virtual one. */
export function isEnableForwarded(
  plan: Plan,
  machine: Machine,
  partition: number,
  index: number,
): boolean {
  const line = machine.partitions[partition]?.lines[index];
  const physical = getBehind(plan, machine, partition, index);
  if (line === undefined || physical === undefined) return true;
  return physical.enabled === line.enabled;
}

/** A physical line that is active is one that its owner still has to handle. */
export function isActiveForwarded(
  plan: Plan,
  machine: Machine,
  partition: number,
  index: number,
): boolean {
  const line = machine.partitions[partition]?.lines[index];
  const physical = getBehind(plan, machine, partition, index);
  if (line === undefined || physical === undefined) return true;
  return !physical.active || line.pending || line.active;
}

/** The route of a physical line names the core of the virtual CPU that takes it. */
export function isRouteForwarded(
  plan: Plan,
  machine: Machine,
  partition: number,
  index: number,
): boolean {
  const line = machine.partitions[partition]?.lines[index];
  const physical = getBehind(plan, machine, partition, index);
  const vcpus = plan.partitions[partition]?.vcpus;
  if (line === undefined || physical === undefined || vcpus === undefined) return true;
  for (let vcpu = 0; vcpu < vcpus.length; vcpu += 1) {
    if (line.target === vcpu) return physical.core === vcpus[vcpu]?.core;
  }
  return false;
}

/** A level-sensitive line is pending exactly while its wire is asserted and it is not active. */
export function isLevelSensitive(_plan: Plan, machine: Machine, index: number): boolean {
  const line = machine.gic.lines[index];
  if (line === undefined) return true;
  if (line.active) return !line.pending;
  return line.pending === line.asserted;
}

/**
 * Whether EL2 may take this INTID on the core: it is pending, enabled and not active, routed to the
 * core, and of the partition that runs there.
 */
export function isTakable(plan: Plan, machine: Machine, core: number, intId: number): boolean {
  const line = machine.gic.lines[intId - plan.spiFirst];
  const state = machine.cores[core];
  if (line === undefined || state === undefined) return false;
  const self = plan.cores[core]?.residents[state.running];
  if (self === undefined || state.loaded !== state.running) return false;
  if (!line.pending || !line.enabled || line.active) return false;
  return line.core === core && plan.routes[intId - plan.spiFirst]?.partition === self.partition;
}
