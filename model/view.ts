/**
 * View: everything of the machine that a partition can observe.
 *
 * Defined once, for the fuzzer and for proofs. Whether and when a partition runs is not in the
 * view: that is the subject of the time properties. `HIDDEN_FIELDS` lists every part of the state
 * that is in nobody's view, with the reason.
 */

import { getLoadedResident, getRunningResident } from './execution.ts';
import type { Machine, VirtualLine } from './machine.ts';
import { readWord } from './memory.ts';
import { computePage } from './translation.ts';
import type { Plan } from './plan.ts';
import { REGISTERS } from './registers.ts';

/** A partition's observation; two machines look alike to it iff their views are deeply equal. */
export interface View {
  /** Per virtual CPU: started, waiting, timer, switched registers, private lines. */
  readonly vcpus: number[][];
  /** Shared lines, one number each: enabled, pending, active, target. */
  readonly lines: number[];
  /** Its stage-2 table, as addresses, sizes and rights. */
  readonly table: number[];
  /** Frames that it can read and somebody has written: frame, word, ascending. */
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
  smmu: 'registers and tables are the hypervisor’s; its effect is seen in memory',
  gic: 'the physical distributor is trapped; its effect is seen in virtual lines',
  'partitions.resets': 'a count for coverage',
  'cores.clock': 'physical time is common to all; time properties bound what it tells',
  'cores.running': 'who runs when is bounded by the time properties',
  'cores.slack': 'as running',
  'cores.lastSlack': 'as running',
  'cores.section': 'time at EL2, bounded by the time properties',
  'cores.accounts': 'budgets are EL2’s; their effect is time',
  'cores.loaded': 'which virtual CPU’s registers are live; the view reads the right copy',
  'cores.tlb': 'caches translations that the table holds; coherence is a property of its own',
  'cores.listRegisters': 'copies of virtual lines; agreement is a property of its own',
  bus: 'a probe for the analysis',
};

/** A view with nothing in it, to be filled. */
export function createView(): View {
  return { vcpus: [], lines: [], table: [], memory: [] };
}

/** Fills `view` with what a partition observes now. */
export function observe(plan: Plan, machine: Machine, partition: number, view: View): void {
  observeRegisters(plan, machine, partition, view);
  view.table.length = 0;
  for (const entry of machine.stage2[partition] ?? []) {
    view.table.push(entry.ipa, entry.pa, entry.size);
    view.table.push(Number(entry.read), Number(entry.write), Number(entry.execute), entry.type);
  }
  observeMemory(plan, machine, partition, view);
}

/** Fills the part of `view` that is not memory: virtual CPUs and lines. */
export function observeRegisters(
  plan: Plan,
  machine: Machine,
  partition: number,
  view: View,
): void {
  const state = machine.partitions[partition];
  if (state === undefined) return;
  for (let index = 0; index < state.lines.length; index += 1) {
    const line = state.lines[index];
    if (line !== undefined) view.lines[index] = encodeLine(line);
  }
  for (let index = 0; index < state.vcpus.length; index += 1) {
    view.vcpus[index] ??= [];
    observeVcpu(plan, machine, partition, index, view.vcpus[index] ?? []);
  }
}

/** Numbers of a virtual CPU that stand before its registers: started, waiting, timer. */
const VCPU_FACTS = 3;

function observeVcpu(
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
  numbers[2] = vcpu.timerArmed ? vcpu.timerAt : -1;
  const state = machine.cores[core];
  const bare = plan.cores[core]?.el2 === false;
  const loaded = getLoadedResident(plan, machine, core);
  const live = bare || (loaded?.partition === partition && loaded.vcpu === index);
  const registers = live && state !== undefined ? state.registers : vcpu.saved;
  let at = VCPU_FACTS;
  for (let register = 0; register < REGISTERS.length; register += 1) {
    if (REGISTERS[register]?.treatment !== 'switched') continue;
    numbers[at] = registers[register] ?? 0;
    at += 1;
  }
  for (const line of vcpu.privateLines) {
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
 * Words of the frames that the plan lets the partition read: all of them where neither stage 2 nor
 * a firewall holds it.
 */
function observeMemory(plan: Plan, machine: Machine, partition: number, view: View): void {
  const planned = plan.partitions[partition];
  view.memory.length = 0;
  if (planned === undefined) return;
  const readable = planned.el2 ? planned.stage2 : planned.firewall;
  const frames: number[] = [];
  for (const frame of machine.memory.words.keys()) {
    if (!planned.el2 && !plan.hasFirewall) {
      frames.push(frame);
      continue;
    }
    for (const mapping of readable) {
      const first = computePage(mapping.pa);
      const past = computePage(mapping.pa + mapping.size - 1) + 1;
      if (mapping.read && first <= frame && frame < past) {
        frames.push(frame);
        break;
      }
    }
  }
  frames.sort((a, b) => a - b);
  for (const frame of frames) {
    view.memory.push(frame, readWord(machine.memory, frame));
  }
}

/** The partition in whose name an action happens, or -1 for time, boot and the environment. */
export function getDomain(plan: Plan, machine: Machine, core: number): number {
  const planned = plan.cores[core];
  if (planned !== undefined && !planned.el2) return planned.residents[0]?.partition ?? -1;
  return getRunningResident(plan, machine, core)?.partition ?? -1;
}
