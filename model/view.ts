/**
 * View: everything of the machine that a partition can observe.
 *
 * Defined once, for the fuzzer and for proofs. Whether and when a partition runs is not in the
 * view: that is the subject of the time properties. `HIDDEN_FIELDS` lists every part of the state
 * that is in nobody's view, with the reason; `ALIGNED_FIELDS` lists what two runs must have alike
 * before their views are compared.
 */

import { getRunningResident } from './execution.ts';
import type { Machine, VirtualLine } from './machine.ts';
import { readWord } from './memory.ts';
import { computePage } from './translation.ts';
import type { Plan } from './plan.ts';
import { REGISTERS } from './registers.ts';

/** Numbers of a virtual CPU that stand before its registers: started, waiting, timer (two). */
const VCPU_FACTS = 4;

/**
 * A partition's observation; two machines look alike to it iff their views are deeply equal.
 *
 * The encoding is injective: each field has a position of its own, or shares one number with
 * fields of known ranges below it.
 */
export interface View {
  /** Per virtual CPU: started, waiting, timer armed and at, switched registers, private lines. */
  readonly vcpus: number[][];
  /** Shared lines, one number each: enabled, pending, active, target. */
  readonly lines: number[];
  /**
   * Per virtual CPU: 1 while it is live on its core, and then one number for each list register:
   * state, HW bit, INTID; zeros otherwise.
   */
  readonly listRegisters: number[][];
  /** Physical lines that it owns, one number each: wire, enabled, pending, active, core. */
  readonly physicalLines: number[];
  /** Per slot, if the request in flight is its own: 1, frame, write, value; zeros otherwise. */
  readonly requests: number[];
  /** Its stage-2 table, as addresses, sizes and rights. */
  readonly table: number[];
  /** Frames that it can read and that hold another word than 0: frame, word, ascending. */
  readonly memory: number[];
}

/** Parts of the state that no partition observes, with the reason. */
export const HIDDEN_FIELDS: Readonly<Record<string, string>> = {
  boot: 'over before any partition runs; EL1 has no access to it',
  'memory.writers': 'labels are the analysis, not the hardware',
  'cores.registerWriters': 'as memory.writers',
  'partitions.vcpus.savedWriters': 'as memory.writers',
  'partitions.vcpus.privateLines.intId': 'constant: its position',
  'partitions.vcpus.privateLines.physical': 'constant, from the plan',
  'partitions.lines.intId': 'constant, from the plan',
  'partitions.lines.physical': 'constant, from the plan',
  'smmu.enabled': 'constant since boot; its effect is seen in memory',
  'smmu.abortWhenOff': 'as smmu.enabled',
  'smmu.streams': 'constant since boot: the stream table is the hypervisor’s',
  'smmu.tables': 'constant since boot: the tables are the hypervisor’s',
  'smmu.iotlb': 'caches translations that the tables hold; coherence is an invariant of its own',
  'gic.lines.group': 'constant since boot',
  'gic.lines.owner': 'constant since boot, from the plan',
  'gic.events': 'constant since boot, from the plan',
  'partitions.resets': 'a count for coverage',
  'cores.clock': 'physical time is common to all; time properties bound what it tells',
  'cores.running': 'who runs when is bounded by the time properties',
  'cores.slack': 'as running',
  'cores.lastSlack': 'as running',
  'cores.section': 'time at EL2, bounded by the time properties',
  'cores.dispatchDue': 'set within a step only: every step ends by clearing it',
  'cores.accounts': 'budgets are EL2’s; their effect is time',
  'cores.slot': 'the table is fixed; where in it a core is follows from the time',
  'cores.frameStart': 'as slot',
  'cores.tlb': 'caches translations that the table holds; coherence is an invariant of its own',
  bus: 'a probe for the analysis',
};

/**
 * Parts of the state that two runs have alike before their views are compared, with the reason:
 * who has cores and slots in flight, and when.
 */
export const ALIGNED_FIELDS: Readonly<Record<string, string>> = {
  boot: 'both runs are as far',
  'cores.clock': 'time is common to all',
  'cores.running': 'the schedule, bounded by the time properties',
  'cores.slack': 'as running',
  'cores.lastSlack': 'as running',
  'cores.section': 'time at EL2, bounded by the time properties',
  'cores.accounts': 'budgets decide the schedule',
  'cores.slot': 'slots decide the schedule',
  'cores.frameStart': 'as slot',
  'cores.loaded': 'whose registers are live follows from the schedule',
  'smmu.inFlight.busy': 'arbitration of the bus, whose bandwidth Haven does not bound',
  'smmu.inFlight.master': 'as smmu.inFlight.busy',
};

/** A view with nothing in it, to be filled. */
export function createView(): View {
  return {
    vcpus: [],
    lines: [],
    listRegisters: [],
    physicalLines: [],
    requests: [],
    table: [],
    memory: [],
  };
}

/** Fills `view` with what a partition observes now. */
export function observe(plan: Plan, machine: Machine, partition: number, view: View): void {
  observeState(plan, machine, partition, view);
  observeTable(machine, partition, view.table);
  view.memory.length = 0;
  const frames = [...machine.memory.words.keys()].filter((frame) =>
    isObservable(plan, partition, frame),
  );
  for (const frame of frames.sort((a, b) => a - b)) {
    const word = readWord(machine.memory, frame);
    if (word !== 0) view.memory.push(frame, word);
  }
}

/** Fills the part of `view` that changes while partitions run, but for memory. Liftable. */
export function observeState(plan: Plan, machine: Machine, partition: number, view: View): void {
  const planned = plan.partitions[partition];
  if (planned === undefined) return;
  for (let vcpu = 0; vcpu < planned.vcpus.length; vcpu += 1) {
    view.vcpus[vcpu] ??= [];
    view.listRegisters[vcpu] ??= [];
    observeVcpu(plan, machine, partition, vcpu, view.vcpus[vcpu] ?? []);
    observeListRegisters(plan, machine, partition, vcpu, view.listRegisters[vcpu] ?? []);
  }
  observeLines(machine, partition, view.lines);
  observePhysicalLines(plan, machine, partition, view.physicalLines);
  observeRequests(machine, partition, view.requests);
}

/** The stage-2 table of a partition. Liftable. */
export function observeTable(machine: Machine, partition: number, numbers: number[]): void {
  let at = 0;
  for (const entry of machine.stage2[partition] ?? []) {
    numbers[at] = entry.ipa;
    numbers[at + 1] = entry.pa;
    numbers[at + 2] = entry.size;
    numbers[at + 3] = Number(entry.read);
    numbers[at + 4] = Number(entry.write);
    numbers[at + 5] = Number(entry.execute);
    numbers[at + 6] = entry.type;
    at += 7;
  }
}

/**
 * Whether the plan lets the partition read a frame: any where neither stage 2 nor a firewall holds
 * it. Liftable.
 */
export function isObservable(plan: Plan, partition: number, frame: number): boolean {
  const planned = plan.partitions[partition];
  if (planned === undefined) return false;
  if (!planned.el2 && !plan.hasFirewall) return true;
  for (const mapping of planned.el2 ? planned.stage2 : planned.firewall) {
    if (!mapping.read) continue;
    const last = computePage(mapping.pa + mapping.size - 1);
    if (computePage(mapping.pa) <= frame && frame <= last) return true;
  }
  return false;
}

/** Whether the registers and list registers of a core are those of this virtual CPU now. */
function isLoaded(plan: Plan, machine: Machine, partition: number, vcpu: number): boolean {
  const place = plan.partitions[partition]?.vcpus[vcpu];
  const state = machine.cores[place?.core ?? -1];
  if (place === undefined || state === undefined) return false;
  return place.resident >= 0 && state.loaded === place.resident;
}

/** A virtual CPU: its facts, switched registers, live or saved, and private lines. */
export function observeVcpu(
  plan: Plan,
  machine: Machine,
  partition: number,
  index: number,
  numbers: number[],
): void {
  const vcpu = machine.partitions[partition]?.vcpus[index];
  const core = plan.partitions[partition]?.vcpus[index]?.core ?? -1;
  if (vcpu === undefined) return;
  numbers[0] = Number(vcpu.on);
  numbers[1] = Number(vcpu.waiting);
  numbers[2] = Number(vcpu.timerArmed);
  numbers[3] = vcpu.timerAt;
  const state = machine.cores[core];
  const bare = plan.cores[core]?.el2 === false;
  const live = bare || isLoaded(plan, machine, partition, index);
  let at = VCPU_FACTS;
  for (let register = 0; register < REGISTERS.length; register += 1) {
    if (REGISTERS[register]?.treatment !== 'switched') continue;
    const value = live && state !== undefined ? state.registers[register] : vcpu.saved[register];
    numbers[at] = value ?? 0;
    at += 1;
  }
  for (const line of vcpu.privateLines) {
    numbers[at] = encodeLine(line);
    at += 1;
  }
}

/** The shared lines of a partition. */
export function observeLines(machine: Machine, partition: number, numbers: number[]): void {
  let at = 0;
  for (const line of machine.partitions[partition]?.lines ?? []) {
    numbers[at] = encodeLine(line);
    at += 1;
  }
}

/** A line as one number: enabled, pending and active are bits, the target is above them. */
function encodeLine(line: VirtualLine): number {
  const flags = Number(line.enabled) + 2 * Number(line.pending) + 4 * Number(line.active);
  return flags + 8 * line.target;
}

/**
 * State, HW bit and, above them, the INTID; of an invalid one too, although a guest does not see
 * what is left in it: it is the guest's own.
 */
export function observeListRegisters(
  plan: Plan,
  machine: Machine,
  partition: number,
  vcpu: number,
  numbers: number[],
): void {
  const core = plan.partitions[partition]?.vcpus[vcpu]?.core ?? -1;
  const loaded = isLoaded(plan, machine, partition, vcpu);
  numbers[0] = Number(loaded);
  let at = 1;
  for (const register of machine.cores[core]?.listRegisters ?? []) {
    const copy = register.state + 4 * Number(register.physical) + 8 * register.intId;
    numbers[at] = loaded ? copy : 0;
    at += 1;
  }
}

/** Bits for the wire, enabled, pending and active; the core, from -1 upwards, is above them. */
export function observePhysicalLines(
  plan: Plan,
  machine: Machine,
  partition: number,
  numbers: number[],
): void {
  let at = 0;
  for (const planned of plan.partitions[partition]?.lines ?? []) {
    const index = planned.intId - plan.spiFirst;
    const line = machine.gic.lines[index];
    const owner = plan.routes[index]?.partition;
    if (!planned.physical || line === undefined || owner !== partition) continue;
    const wire = Number(line.asserted) + 2 * Number(line.enabled);
    const state = 4 * Number(line.pending) + 8 * Number(line.active);
    numbers[at] = wire + state + 16 * (line.core + 1);
    at += 1;
  }
}

/** Requests in flight of a partition. */
export function observeRequests(machine: Machine, partition: number, numbers: number[]): void {
  let at = 0;
  for (const request of machine.smmu.inFlight) {
    const own = request.busy && request.master === partition;
    numbers[at] = Number(own);
    numbers[at + 1] = own ? request.frame : 0;
    numbers[at + 2] = own ? Number(request.write) : 0;
    numbers[at + 3] = own ? request.value : 0;
    at += 4;
  }
}

/** The partition in whose name an action happens, or -1 for time, boot and the environment. */
export function getDomain(plan: Plan, machine: Machine, core: number): number {
  const planned = plan.cores[core];
  if (planned !== undefined && !planned.el2) return planned.residents[0]?.partition ?? -1;
  return getRunningResident(plan, machine, core)?.partition ?? -1;
}
