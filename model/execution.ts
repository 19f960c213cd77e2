/**
 * Execution: which virtual CPU is on a core, and whether it can act.
 */

import { NONE } from './machine.ts';
import type { Machine, Vcpu } from './machine.ts';
import type { Outcome } from './outcome.ts';
import type { Plan, Resident } from './plan.ts';

/** The virtual CPU of a resident. */
export function getVcpuOf(machine: Machine, resident: Resident): Vcpu | undefined {
  return machine.partitions[resident.partition]?.vcpus[resident.vcpu];
}

/** Ready: started and not waiting for an interrupt. */
export function isReady(machine: Machine, resident: Resident): boolean {
  const vcpu = getVcpuOf(machine, resident);
  return vcpu !== undefined && vcpu.on && !vcpu.waiting;
}

/** The resident whose registers are live on the core, running or not; undefined after boot. */
export function getLoadedResident(
  plan: Plan,
  machine: Machine,
  core: number,
): Resident | undefined {
  const state = machine.cores[core];
  if (state === undefined || state.loaded === NONE) return undefined;
  return plan.cores[core]?.residents[state.loaded];
}

/**
 * The resident whose state is live on the core and whose time it is; undefined when there is none.
 */
export function getRunningResident(
  plan: Plan,
  machine: Machine,
  core: number,
): Resident | undefined {
  const state = machine.cores[core];
  if (state === undefined || state.running === NONE) return undefined;
  if (state.loaded !== state.running) return undefined;
  return plan.cores[core]?.residents[state.running];
}

/** The virtual CPU that runs on the core; undefined when there is none. */
export function getRunningVcpu(plan: Plan, machine: Machine, core: number): Vcpu | undefined {
  const resident = getRunningResident(plan, machine, core);
  return resident === undefined ? undefined : getVcpuOf(machine, resident);
}

/** The partition that runs on the core, or NONE. */
export function getRunningPartition(plan: Plan, machine: Machine, core: number): number {
  return getRunningResident(plan, machine, core)?.partition ?? NONE;
}

/** DONE when some virtual CPU can execute an instruction on the core now, else why not. */
export function checkExecuting(plan: Plan, machine: Machine, core: number): Outcome {
  const state = machine.cores[core];
  if (state === undefined) return 'NO_SUCH_CORE';
  if (machine.boot.failed) return 'BOOT_FAILED';
  if (!machine.boot.sealed) return 'NOT_SEALED';
  if (state.section > 0) return 'CORE_AT_EL2';
  const vcpu = getRunningVcpu(plan, machine, core);
  if (vcpu === undefined) return 'CORE_IDLE';
  if (!vcpu.on) return 'VCPU_OFF';
  if (vcpu.waiting) return 'VCPU_WAITING';
  return 'DONE';
}
