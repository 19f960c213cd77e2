/**
 * Calls: what a partition asks of EL2, and trapped register accesses.
 *
 * Sources: Arm DEN 0022 (PSCI); HCR_EL2.TWI, TSC, TIDCP; MDCR_EL2.
 */

import type { CallAction, CpuOnAction, NotifyAction, RegisterAction } from './actions.ts';
import { checkExecuting, getRunningResident, getRunningVcpu } from './execution.ts';
import { NONE } from './machine.ts';
import type { Machine, Vcpu } from './machine.ts';
import type { Outcome } from './outcome.ts';
import { findPhysicalLine, isSignalled, releasePhysicalLine } from './physical-lines.ts';
import type { Plan } from './plan.ts';
import { MIDR_CORTEX_A55, REGISTERS, X0 } from './registers.ts';
import { requestDispatch } from './scheduler.ts';
import { emptyListRegisters } from './list-registers.ts';
import { raiseLine } from './virtual-gic.ts';

/** A read or write of a register class at EL1. */
export function processRegister(plan: Plan, machine: Machine, action: RegisterAction): Outcome {
  const executing = checkExecuting(plan, machine, action.core);
  const self = getRunningResident(plan, machine, action.core);
  const state = machine.cores[action.core];
  const register = REGISTERS[action.register];
  if (executing !== 'DONE') return executing;
  if (self === undefined || state === undefined) return 'CORE_IDLE';
  if (register === undefined) return 'NO_SUCH_REGISTER';
  if (register.treatment === 'trapped') return 'REGISTER_TRAPPED';
  if (action.kind === 'register-write') {
    if (register.treatment === 'constant') return 'REGISTER_CONSTANT';
    if (!Number.isSafeInteger(action.value)) return 'BAD_VALUE';
    state.registers[action.register] = action.value;
    state.registerWriters[action.register] = self.partition;
    return 'DONE';
  }
  if (register.treatment === 'constant') {
    state.registers[X0] = register.name === 'mpidr_el1' ? self.vcpu : MIDR_CORTEX_A55;
    state.registerWriters[X0] = self.partition;
    return 'DONE';
  }
  state.registers[X0] = state.registers[action.register] ?? 0;
  state.registerWriters[X0] = state.registerWriters[action.register] ?? NONE;
  return 'DONE';
}

/** PSCI CPU_ON of an own virtual CPU: it starts with cleared registers and its timer off. */
export function processCpuOn(plan: Plan, machine: Machine, action: CpuOnAction): Outcome {
  const executing = checkExecuting(plan, machine, action.core);
  const self = getRunningResident(plan, machine, action.core);
  if (executing !== 'DONE') return executing;
  if (self === undefined) return 'CORE_IDLE';
  const target = machine.partitions[self.partition]?.vcpus[action.vcpu];
  const planned = plan.partitions[self.partition]?.vcpus[action.vcpu];
  if (target === undefined || planned === undefined) return 'NO_SUCH_VCPU';
  if (target.on) return 'VCPU_ALREADY_ON';
  resetRegisters(target);
  if (machine.cores[planned.core]?.loaded === planned.resident) {
    clearLiveRegisters(machine, planned.core);
  }
  target.on = true;
  target.waiting = false;
  requestDispatch(machine, planned.core);
  return 'DONE';
}

/** PSCI CPU_OFF and SYSTEM_RESET, WFI, SMC and unknown calls. */
export function processCall(plan: Plan, machine: Machine, action: CallAction): Outcome {
  const executing = checkExecuting(plan, machine, action.core);
  const self = getRunningResident(plan, machine, action.core);
  const vcpu = getRunningVcpu(plan, machine, action.core);
  if (executing !== 'DONE') return executing;
  if (self === undefined || vcpu === undefined) return 'CORE_IDLE';
  if (action.kind === 'smc') return 'SMC_TRAPPED';
  if (action.kind === 'unknown-call') return 'CALL_UNKNOWN';
  if (action.kind === 'system-reset') {
    resetPartition(plan, machine, self.partition);
    return 'DONE';
  }
  if (action.kind === 'wait') {
    if (hasPendingInterrupt(plan, machine, self.partition, self.vcpu)) return 'DONE';
    vcpu.waiting = true;
  } else {
    vcpu.on = false;
  }
  endActivation(machine, action.core, machine.cores[action.core]?.running ?? NONE);
  requestDispatch(machine, action.core);
  return 'DONE';
}

/** Rings a doorbell that a channel declares. */
export function processNotify(plan: Plan, machine: Machine, action: NotifyAction): Outcome {
  const executing = checkExecuting(plan, machine, action.core);
  const self = getRunningResident(plan, machine, action.core);
  if (executing !== 'DONE') return executing;
  if (self === undefined) return 'CORE_IDLE';
  const doorbell = plan.partitions[self.partition]?.doorbells[action.doorbell];
  if (doorbell === undefined) return 'NO_SUCH_DOORBELL';
  raiseLine(plan, machine, doorbell.to, doorbell.intId);
  return 'DONE';
}

/** WFI returns at once while an enabled interrupt is pending, taken by EL2 or not yet. */
function hasPendingInterrupt(
  plan: Plan,
  machine: Machine,
  partition: number,
  vcpu: number,
): boolean {
  const state = machine.partitions[partition];
  if (state === undefined) return false;
  for (const line of state.lines) {
    if (line.target === vcpu && isSignalled(plan, machine, partition, line)) return true;
  }
  for (const line of state.vcpus[vcpu]?.privateLines ?? []) {
    if (line.enabled && line.pending) return true;
  }
  return false;
}

/** A resident gives up its core: its next dispatch is an activation. */
function endActivation(machine: Machine, core: number, resident: number): void {
  const account = machine.cores[core]?.accounts[resident];
  if (account !== undefined) account.activation = true;
}

/** SYSTEM_RESET: the partition starts again from its entry; memory, grants and budgets stay. */
function resetPartition(plan: Plan, machine: Machine, partition: number): void {
  const state = machine.partitions[partition];
  const planned = plan.partitions[partition];
  if (state === undefined || planned === undefined) return;
  for (let index = 0; index < state.lines.length; index += 1) {
    const line = state.lines[index];
    if (line === undefined) continue;
    line.enabled = false;
    line.pending = false;
    line.active = false;
    line.target = planned.lines[index]?.target ?? 0;
    const physical = findPhysicalLine(plan, machine, partition, line);
    if (physical === undefined) continue;
    physical.enabled = false;
    physical.core = plan.routes[line.intId - plan.spiFirst]?.core ?? NONE;
    releasePhysicalLine(plan, machine, partition, line);
  }
  for (let index = 0; index < state.vcpus.length; index += 1) {
    const vcpu = state.vcpus[index];
    const place = planned.vcpus[index];
    if (vcpu === undefined || place === undefined) continue;
    resetVcpu(vcpu, index === 0);
    if (machine.cores[place.core]?.loaded === place.resident) {
      clearLiveRegisters(machine, place.core);
      emptyListRegisters(machine, place.core);
    }
  }
  state.resets += 1;
  for (const place of planned.vcpus) {
    endActivation(machine, place.core, place.resident);
    requestDispatch(machine, place.core);
  }
}

function resetVcpu(vcpu: Vcpu, on: boolean): void {
  vcpu.on = on;
  vcpu.waiting = false;
  resetRegisters(vcpu);
  for (const line of vcpu.privateLines) {
    line.enabled = false;
    line.pending = false;
    line.active = false;
  }
}

/** Saved registers and the virtual timer as at reset. */
function resetRegisters(vcpu: Vcpu): void {
  vcpu.timerArmed = false;
  vcpu.timerAt = 0;
  for (let index = 0; index < REGISTERS.length; index += 1) {
    vcpu.saved[index] = 0;
    vcpu.savedWriters[index] = NONE;
  }
}

/** Clears the registers of a virtual CPU that is reset while it is on a core. */
function clearLiveRegisters(machine: Machine, core: number): void {
  const state = machine.cores[core];
  if (state === undefined) return;
  for (let index = 0; index < REGISTERS.length; index += 1) {
    state.registers[index] = 0;
    state.registerWriters[index] = NONE;
  }
}
