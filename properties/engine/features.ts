/**
 * Features: what a step shows of the machine, coarse enough to be seen again and fine enough to
 * tell a new situation from an old one.
 *
 * A feature is a number below `FEATURES`: a hash of the kind of action, its outcome, the class of
 * the state of what it acted on, who acted, and on what of whose. Two features that
 * collide count as one; with some thousand seen of 65,536 that is rare.
 */

import type { ListRegister, Machine, Vcpu, VirtualLine } from '../../model/machine.ts';
import { PRIVATE_LINES } from '../../model/machine.ts';
import { REFUSALS } from '../../model/outcome.ts';
import type { Outcome } from '../../model/outcome.ts';
import type { Mapping, Plan } from '../../model/plan.ts';
import { PAGE_SIZE } from '../../model/units.ts';
import type { ActionSlot } from '../generators/slots.ts';

/** Number of features, a power of two. */
export const FEATURES = 2 ** 16;

/** Number of abstract states, a power of two. */
export const ABSTRACT_STATES = 2 ** 22;

const OUTCOMES: ReadonlyMap<Outcome, number> = new Map(
  (['DONE', ...REFUSALS] as const).map((outcome, index) => [outcome, index]),
);

/** 0 for `DONE`, else 1 and the position in `REFUSALS`. */
export function getOutcomeIndex(outcome: Outcome): number {
  return outcome === 'DONE' ? 0 : (OUTCOMES.get(outcome) ?? 0);
}

const NO_REGISTERS: readonly ListRegister[] = [];
const NO_VCPUS: readonly Vcpu[] = [];
const NO_MAPPINGS: readonly Mapping[] = [];

/** Mixes a small number into a hash of 32 bits (Bob Jenkins, one-at-a-time). */
function mix(hash: number, value: number): number {
  let mixed = (hash + value) | 0;
  mixed = (mixed + (mixed << 10)) | 0;
  return mixed ^ (mixed >>> 6);
}

function finish(hash: number): number {
  let mixed = (hash + (hash << 3)) | 0;
  mixed ^= mixed >>> 11;
  return (mixed + (mixed << 15)) >>> 0;
}

/** The feature of a step that has been taken. */
export function computeFeature(
  plan: Plan,
  machine: Machine,
  slot: ActionSlot,
  kind: number,
  outcome: number,
): number {
  const actor = findActor(plan, machine, slot);
  const hash = mix(mix(mix(0, kind), outcome), actor + 1);
  const target = classifyTarget(plan, machine, slot, actor);
  return finish(mix(mix(hash, target), classify(plan, machine, slot))) % FEATURES;
}

/** The partition in whose name an action happens, as the machine is now; -1 for nobody. */
function findActor(plan: Plan, machine: Machine, slot: ActionSlot): number {
  switch (slot.kind) {
    case 'line-assert':
    case 'line-deassert':
      return -1;
    case 'dma-complete':
      return machine.smmu.inFlight[slot.slot]?.master ?? -1;
    case 'bare-dma-issue':
      return plan.bareMasters[slot.master]?.partition ?? -1;
    case 'dma-issue':
    case 'msi':
    case 'iotlb-fill':
    case 'iotlb-evict':
      return plan.streams[classifyStream(plan, slot.stream) - 1]?.partition ?? -1;
    default: {
      const core = plan.cores[slot.core];
      const running = core?.el2 === false ? 0 : (machine.cores[slot.core]?.running ?? -1);
      return running < 0 ? -1 : (core?.residents[running]?.partition ?? -1);
    }
  }
}

/**
 * What the actor acts on: one of its mappings, and so its own memory, a device of its, or a channel
 * with one other partition; a doorbell, and so who is rung; or one of its virtual CPUs.
 */
function classifyTarget(plan: Plan, machine: Machine, slot: ActionSlot, actor: number): number {
  const planned = plan.partitions[actor];
  switch (slot.kind) {
    case 'read':
    case 'write':
    case 'fetch':
    case 'tlb-fill':
      return findMapping(planned?.stage2 ?? NO_MAPPINGS, slot.address);
    case 'bus-read':
    case 'bus-write':
    case 'bare-dma-issue':
      return findFrame(planned?.firewall ?? NO_MAPPINGS, slot.address);
    case 'dma-issue':
    case 'iotlb-fill':
      return findMapping(planned?.dma ?? NO_MAPPINGS, slot.address);
    case 'dma-complete': {
      const request = machine.smmu.inFlight[slot.slot];
      return request === undefined
        ? 0
        : findFrame(planned?.dma ?? NO_MAPPINGS, request.frame * PAGE_SIZE);
    }
    case 'notify':
      return slot.doorbell + 1;
    case 'cpu-on':
    case 'send-sgi':
      return slot.vcpu + 1;
    default:
      return 0;
  }
}

/** 1 and the position of the mapping that has an intermediate physical address, else 0. */
function findMapping(mappings: readonly Mapping[], ipa: number): number {
  for (let at = 0; at < mappings.length; at += 1) {
    const mapping = mappings[at];
    if (mapping !== undefined && mapping.ipa <= ipa && ipa < mapping.ipa + mapping.size) {
      return at + 1;
    }
  }
  return 0;
}

/** 1 and the position of the mapping that has a physical address, else 0. */
function findFrame(mappings: readonly Mapping[], pa: number): number {
  for (let at = 0; at < mappings.length; at += 1) {
    const mapping = mappings[at];
    if (mapping !== undefined && mapping.pa <= pa && pa < mapping.pa + mapping.size) return at + 1;
  }
  return 0;
}

/** The class of what an action acted on. */
function classify(plan: Plan, machine: Machine, slot: ActionSlot): number {
  switch (slot.kind) {
    case 'dma-complete':
      return Number(machine.smmu.inFlight[slot.slot]?.write);
    case 'dma-issue':
    case 'msi':
    case 'iotlb-fill':
    case 'iotlb-evict':
      return classifyStream(plan, slot.stream);
    case 'line-assert':
    case 'line-deassert':
      return classifyPhysicalLine(plan, machine, slot.intId);
    case 'bare-dma-issue':
      return slot.master;
    default:
      return classifyCore(plan, machine, slot);
  }
}

function classifyStream({ streams }: Plan, stream: number): number {
  for (let index = 0; index < streams.length; index += 1) {
    if (streams[index]?.stream === stream) return index + 1;
  }
  return 0;
}

/** Wire, enabled, pending and active, and whose it is. */
function classifyPhysicalLine(plan: Plan, machine: Machine, intId: number): number {
  const line = machine.gic.lines[intId - plan.spiFirst];
  if (line === undefined) return 0;
  const wire = Number(line.asserted) + 2 * Number(line.enabled);
  return 1 + wire + 4 * Number(line.pending) + 8 * Number(line.active) + 16 * (line.owner + 1);
}

/** Who runs, in which state, and what the line is in that the action names. */
function classifyCore(plan: Plan, machine: Machine, slot: ActionSlot): number {
  const core = machine.cores[slot.core];
  if (core === undefined) return 0;
  let state = core.running + 1;
  state = 2 * state + Number(core.slack);
  state = 2 * state + Number(core.section > 0);
  state = 2 * state + Number(core.loaded === core.running);
  switch (slot.kind) {
    case 'distributor':
    case 'interrupt-take':
    case 'interrupt-end':
    case 'interrupt-acknowledge':
    case 'list-register-fill':
    case 'list-register-spill':
    case 'send-sgi':
      return 4096 * classifyLine(plan, machine, slot) + 64 * countListed(machine, slot) + state;
    case 'register-read':
    case 'register-write':
      return 4096 * slot.register + state;
    case 'time-passes': {
      const account = core.running < 0 ? undefined : core.accounts[core.running];
      const budget = account === undefined ? 0 : Math.sign(account.budget) + 2;
      const flags = Number(account?.activation === true) + 2 * Number(account?.exhausted === true);
      return 4096 * (4 * flags + budget) + state;
    }
    default:
      return state;
  }
}

/** List registers of a core that hold something, and whether some is active: below 64. */
function countListed(machine: Machine, slot: ActionSlot): number {
  const registers = machine.cores[slot.core]?.listRegisters ?? NO_REGISTERS;
  let [pending, active] = [0, 0];
  for (let at = 0; at < registers.length; at += 1) {
    const state = registers[at]?.state ?? 0;
    if (state === 1) pending += 1;
    if (state === 2) active += 1;
  }
  return Math.min(7, pending) + 8 * Math.min(7, active);
}

/** Enabled, pending and active of the virtual line, its kind and its target. */
function classifyLine(plan: Plan, machine: Machine, slot: ActionSlot): number {
  const loaded = machine.cores[slot.core]?.loaded ?? -1;
  if (loaded < 0) return 0;
  const resident = plan.cores[slot.core]?.residents[loaded];
  const partition = machine.partitions[resident?.partition ?? -1];
  if (resident === undefined || partition === undefined) return 0;
  const { intId } = slot;
  const line =
    intId < PRIVATE_LINES
      ? partition.vcpus[resident.vcpu]?.privateLines[intId]
      : findLine(partition.lines, intId);
  if (line === undefined) return 1;
  const flags = Number(line.enabled) + 2 * Number(line.pending) + 4 * Number(line.active);
  return 2 + flags + 8 * Number(line.physical) + 16 * (line.target + 1);
}

function findLine(lines: readonly VirtualLine[], intId: number): VirtualLine | undefined {
  for (let at = 0; at < lines.length; at += 1) if (lines[at]?.intId === intId) return lines[at];
  return undefined;
}

/**
 * The abstract state: per core who runs and how, what its list registers hold; which virtual CPUs
 * are on and wait; which requests are in flight; how far boot is.
 */
export function computeAbstractState(machine: Machine): number {
  let hash = Number(machine.boot.sealed) + 2 * Number(machine.boot.failed);
  for (let index = 0; index < machine.cores.length; index += 1) {
    const core = machine.cores[index];
    if (core === undefined) continue;
    hash = mix(hash, core.running + 1 + 16 * (core.loaded + 1) + 256 * Number(core.slack));
    hash = mix(hash, Number(core.section > 0) + 2 * (machine.boot.steps[index] ?? 0));
    for (let at = 0; at < core.listRegisters.length; at += 1) {
      hash = mix(hash, core.listRegisters[at]?.state ?? 0);
    }
    for (let at = 0; at < core.accounts.length; at += 1) {
      const account = core.accounts[at];
      if (account !== undefined)
        hash = mix(hash, Number(account.exhausted) + 2 * Math.sign(account.budget));
    }
  }
  for (let index = 0; index < machine.partitions.length; index += 1) {
    const vcpus = machine.partitions[index]?.vcpus ?? NO_VCPUS;
    for (let at = 0; at < vcpus.length; at += 1) {
      const vcpu = vcpus[at];
      hash = mix(hash, Number(vcpu?.on) + 2 * Number(vcpu?.waiting) + 4 * Number(vcpu?.timerArmed));
    }
  }
  for (let at = 0; at < machine.smmu.inFlight.length; at += 1) {
    const request = machine.smmu.inFlight[at];
    hash = mix(hash, request?.busy === true ? request.master + 2 : 0);
  }
  return finish(hash) % ABSTRACT_STATES;
}
