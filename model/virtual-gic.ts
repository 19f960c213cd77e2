/**
 * Virtual GIC: what a partition sees of interrupts, and the list registers that carry them.
 *
 * The line's own pending and active flags are the truth; a list register is a copy for the virtual
 * CPU that is live on the core, made when EL2 fills it. A partition reaches only its own lines.
 */

import type {
  AcknowledgeAction,
  DistributorAction,
  EndAction,
  FillAction,
  SgiAction,
  SpillAction,
} from './actions.ts';
import { checkExecuting, getLoadedResident, getRunningResident } from './execution.ts';
import {
  LR_ACTIVE,
  LR_INVALID,
  LR_PENDING,
  findVirtualLine,
  loadLine,
  unloadLine,
} from './list-registers.ts';
import { PRIVATE_LINES } from './machine.ts';
import type { ListRegister, Machine, VirtualLine } from './machine.ts';
import type { Outcome } from './outcome.ts';
import { findPhysicalLine, isSignalled, releasePhysicalLine } from './physical-lines.ts';
import type { Plan } from './plan.ts';
import { X0 } from './registers.ts';
import { wake } from './scheduler.ts';

/** SGIs are INTIDs 0 to 15. */
export const SGI_COUNT = 16;

/** A shared line of a partition becomes pending: it wakes its target if it is enabled. */
export function raiseLine(plan: Plan, machine: Machine, partition: number, intId: number): void {
  const line = findVirtualLine(machine, partition, 0, intId);
  if (line === undefined) return;
  line.pending = true;
  if (line.enabled) wake(plan, machine, partition, line.target);
}

/** A private line (SGI or PPI) of a virtual CPU becomes pending. */
export function raisePrivateLine(
  plan: Plan,
  machine: Machine,
  partition: number,
  vcpu: number,
  intId: number,
): void {
  const line = machine.partitions[partition]?.vcpus[vcpu]?.privateLines[intId];
  if (line === undefined) return;
  line.pending = true;
  if (line.enabled) wake(plan, machine, partition, vcpu);
}

/** MMIO to the virtual distributor. */
export function processDistributor(
  plan: Plan,
  machine: Machine,
  action: DistributorAction,
): Outcome {
  const executing = checkExecuting(plan, machine, action.core);
  const self = getRunningResident(plan, machine, action.core);
  if (executing !== 'DONE') return executing;
  if (self === undefined) return 'CORE_IDLE';
  const line = findVirtualLine(machine, self.partition, self.vcpu, action.intId);
  if (line === undefined) return 'LINE_NOT_OWNED';
  const vcpu = action.intId < PRIVATE_LINES ? self.vcpu : line.target;
  if (action.operation === 'route') return routeVirtualLine(plan, machine, self.partition, action);
  if (action.operation === 'enable') return enableLine(plan, machine, self.partition, vcpu, line);
  if (action.operation === 'disable') return disableLine(plan, machine, self.partition, vcpu, line);
  if (action.operation === 'set-pending') {
    line.pending = true;
    if (line.enabled) wake(plan, machine, self.partition, vcpu);
    return 'DONE';
  }
  line.pending = false;
  retract(plan, machine, self.partition, vcpu, line);
  if (!line.active) releasePhysicalLine(plan, machine, self.partition, line);
  return 'DONE';
}

function enableLine(
  plan: Plan,
  machine: Machine,
  partition: number,
  vcpu: number,
  line: VirtualLine,
): Outcome {
  line.enabled = true;
  setPhysicalEnable(plan, machine, partition, line, true);
  if (isSignalled(plan, machine, partition, line)) wake(plan, machine, partition, vcpu);
  return 'DONE';
}

function disableLine(
  plan: Plan,
  machine: Machine,
  partition: number,
  vcpu: number,
  line: VirtualLine,
): Outcome {
  line.enabled = false;
  setPhysicalEnable(plan, machine, partition, line, false);
  retract(plan, machine, partition, vcpu, line);
  return 'DONE';
}

/** The physical enable follows the virtual one, for a line that the partition owns. */
function setPhysicalEnable(
  plan: Plan,
  machine: Machine,
  partition: number,
  line: VirtualLine,
  enabled: boolean,
): void {
  const physical = findPhysicalLine(plan, machine, partition, line);
  if (physical !== undefined) physical.enabled = enabled;
}

/** Takes a line that is pending but not active out of the list registers of its target's core. */
function retract(
  plan: Plan,
  machine: Machine,
  partition: number,
  vcpu: number,
  line: VirtualLine,
): void {
  if (line.active) return;
  const core = plan.partitions[partition]?.vcpus[vcpu]?.core ?? -1;
  const state = machine.cores[core];
  if (state === undefined) return;
  const loaded = getLoadedResident(plan, machine, core);
  if (loaded?.partition === partition && loaded.vcpu === vcpu) unloadLine(state, line.intId);
}

/** IROUTER of a shared line: the new target is one of the partition's own virtual CPUs. */
function routeVirtualLine(
  plan: Plan,
  machine: Machine,
  partition: number,
  action: DistributorAction,
): Outcome {
  const planned = plan.partitions[partition]?.vcpus[action.vcpu];
  const line = findVirtualLine(machine, partition, 0, action.intId);
  if (action.intId < PRIVATE_LINES || line === undefined) return 'LINE_NOT_OWNED';
  if (planned === undefined) return 'NO_SUCH_VCPU';
  if (line.active) return 'BAD_VALUE';
  retract(plan, machine, partition, line.target, line);
  line.target = action.vcpu;
  const physical = findPhysicalLine(plan, machine, partition, line);
  if (physical !== undefined) physical.core = planned.core;
  if (isSignalled(plan, machine, partition, line)) wake(plan, machine, partition, line.target);
  return 'DONE';
}

/** SGI to an own virtual CPU. */
export function processSgi(plan: Plan, machine: Machine, action: SgiAction): Outcome {
  const executing = checkExecuting(plan, machine, action.core);
  const self = getRunningResident(plan, machine, action.core);
  if (executing !== 'DONE') return executing;
  if (self === undefined) return 'CORE_IDLE';
  if (!Number.isSafeInteger(action.intId)) return 'NO_SUCH_LINE';
  if (action.intId < 0 || action.intId >= SGI_COUNT) return 'NO_SUCH_LINE';
  if (machine.partitions[self.partition]?.vcpus[action.vcpu] === undefined) return 'NO_SUCH_VCPU';
  raisePrivateLine(plan, machine, self.partition, action.vcpu, action.intId);
  return 'DONE';
}

/** ICV_IAR1: the lowest pending INTID becomes active; x0 holds it. */
export function processAcknowledge(
  plan: Plan,
  machine: Machine,
  action: AcknowledgeAction,
): Outcome {
  const executing = checkExecuting(plan, machine, action.core);
  const self = getRunningResident(plan, machine, action.core);
  const state = machine.cores[action.core];
  if (executing !== 'DONE') return executing;
  if (self === undefined || state === undefined) return 'CORE_IDLE';
  let best: ListRegister | undefined = undefined;
  for (const register of state.listRegisters) {
    if (register.state !== LR_PENDING) continue;
    if (best === undefined || register.intId < best.intId) best = register;
  }
  if (best === undefined) return 'NO_INTERRUPT';
  const line = findVirtualLine(machine, self.partition, self.vcpu, best.intId);
  if (line === undefined) return 'LINE_NOT_OWNED';
  best.state = LR_ACTIVE;
  line.pending = false;
  line.active = true;
  state.registers[X0] = best.intId;
  state.registerWriters[X0] = self.partition;
  return 'DONE';
}

/** EOI and deactivate: frees the list register; for a physical line, its active state too. */
export function processEnd(plan: Plan, machine: Machine, action: EndAction): Outcome {
  const executing = checkExecuting(plan, machine, action.core);
  const self = getRunningResident(plan, machine, action.core);
  const state = machine.cores[action.core];
  if (executing !== 'DONE') return executing;
  if (self === undefined || state === undefined) return 'CORE_IDLE';
  const line = findVirtualLine(machine, self.partition, self.vcpu, action.intId);
  if (line === undefined) return 'LINE_NOT_OWNED';
  if (!line.active) return 'INTERRUPT_NOT_ACTIVE';
  if (action.intId >= PRIVATE_LINES && line.target !== self.vcpu) return 'INTERRUPT_NOT_ACTIVE';
  unloadLine(state, line.intId);
  line.active = false;
  releasePhysicalLine(plan, machine, self.partition, line);
  return 'DONE';
}

/** EL2 frees a list register: the line keeps its state in memory. */
export function processSpill(plan: Plan, machine: Machine, action: SpillAction): Outcome {
  const register = machine.cores[action.core]?.listRegisters[action.slot];
  if (machine.cores[action.core] === undefined) return 'NO_SUCH_CORE';
  if (register === undefined) return 'NO_SUCH_SLOT';
  if (getRunningResident(plan, machine, action.core) === undefined) return 'CORE_IDLE';
  if (register.state === LR_INVALID) return 'LIST_REGISTER_EMPTY';
  register.state = LR_INVALID;
  register.intId = 0;
  register.physical = false;
  return 'DONE';
}

/**
 * EL2 fills a list register with what waits in memory: when a line becomes pending, after a world
 * switch, or in a maintenance interrupt. When it does, and which line it takes first, is up to it.
 */
export function processFill(plan: Plan, machine: Machine, action: FillAction): Outcome {
  const self = getRunningResident(plan, machine, action.core);
  const state = machine.cores[action.core];
  if (state === undefined) return 'NO_SUCH_CORE';
  if (self === undefined) return 'CORE_IDLE';
  const line = findVirtualLine(machine, self.partition, self.vcpu, action.intId);
  if (line === undefined) return 'LINE_NOT_OWNED';
  if (action.intId >= PRIVATE_LINES && line.target !== self.vcpu) return 'LINE_NOT_OWNED';
  if (!line.active && !(line.pending && line.enabled)) return 'NO_INTERRUPT';
  return loadLine(state, line);
}
