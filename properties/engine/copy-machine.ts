/**
 * Copy: one machine of a plan becomes equal to another of the same plan, in place.
 *
 * A search begins thousands of traces a second where boot has ended; to make each machine anew and
 * to boot it takes longer than the trace.
 */

import type {
  CachedEntry,
  CoreState,
  Machine,
  PartitionState,
  Smmu,
  TableEntry,
  Vcpu,
  VirtualLine,
} from '../../model/machine.ts';

/** Makes `to` equal to `from`; both are machines of one plan. */
export function copyMachine(from: Machine, to: Machine): void {
  copyNumbers(from.boot.steps, to.boot.steps);
  to.boot.words = from.boot.words;
  to.boot.failed = from.boot.failed;
  to.boot.sealed = from.boot.sealed;
  copyWords(from.memory.words, to.memory.words);
  copyWords(from.memory.writers, to.memory.writers);
  copyTables(from.stage2, to.stage2);
  copySmmu(from.smmu, to.smmu);
  copyGic(from, to);
  for (let index = 0; index < from.partitions.length; index += 1) {
    const [source, target] = [from.partitions[index], to.partitions[index]];
    if (source !== undefined && target !== undefined) copyPartition(source, target);
  }
  for (let index = 0; index < from.cores.length; index += 1) {
    const [source, target] = [from.cores[index], to.cores[index]];
    if (source !== undefined && target !== undefined) copyCore(source, target);
  }
  to.bus.count = from.bus.count;
  to.bus.master = from.bus.master;
  to.bus.dma = from.bus.dma;
  to.bus.frame = from.bus.frame;
  to.bus.write = from.bus.write;
  to.bus.fetch = from.bus.fetch;
}

function copyNumbers(from: readonly number[], to: number[]): void {
  to.length = from.length;
  for (let index = 0; index < from.length; index += 1) to[index] = from[index] ?? 0;
}

function copyWords(from: ReadonlyMap<number, number>, to: Map<number, number>): void {
  if (to.size > 0) to.clear();
  if (from.size > 0) for (const [frame, word] of from) to.set(frame, word);
}

function copyTables(from: readonly TableEntry[][], to: TableEntry[][]): void {
  for (let index = 0; index < from.length; index += 1) {
    const [source, target] = [from[index], to[index]];
    if (source === undefined || target === undefined) continue;
    target.length = Math.min(target.length, source.length);
    for (let at = 0; at < source.length; at += 1) {
      const entry = source[at];
      const copy = target[at];
      if (entry === undefined) continue;
      if (copy === undefined) {
        target.push({ ...entry });
        continue;
      }
      copy.ipa = entry.ipa;
      copy.pa = entry.pa;
      copy.size = entry.size;
      copy.read = entry.read;
      copy.write = entry.write;
      copy.execute = entry.execute;
      copy.type = entry.type;
    }
  }
}

function copyCache(from: readonly CachedEntry[], to: readonly CachedEntry[]): void {
  for (let index = 0; index < from.length; index += 1) {
    const [source, target] = [from[index], to[index]];
    if (source === undefined || target === undefined) continue;
    target.valid = source.valid;
    target.vmid = source.vmid;
    target.page = source.page;
    target.frame = source.frame;
    target.read = source.read;
    target.write = source.write;
    target.execute = source.execute;
    target.type = source.type;
  }
}

function copySmmu(from: Smmu, to: Smmu): void {
  to.enabled = from.enabled;
  to.abortWhenOff = from.abortWhenOff;
  for (let index = 0; index < from.streams.length; index += 1) {
    const [source, target] = [from.streams[index], to.streams[index]];
    if (source === undefined || target === undefined) continue;
    target.valid = source.valid;
    target.translate = source.translate;
    target.table = source.table;
  }
  copyTables(from.tables, to.tables);
  copyCache(from.iotlb, to.iotlb);
  for (let index = 0; index < from.inFlight.length; index += 1) {
    const [source, target] = [from.inFlight[index], to.inFlight[index]];
    if (source === undefined || target === undefined) continue;
    target.busy = source.busy;
    target.master = source.master;
    target.frame = source.frame;
    target.write = source.write;
    target.value = source.value;
  }
}

function copyGic({ gic: from }: Machine, { gic: to }: Machine): void {
  for (let index = 0; index < from.lines.length; index += 1) {
    const [source, target] = [from.lines[index], to.lines[index]];
    if (source === undefined || target === undefined) continue;
    target.asserted = source.asserted;
    target.enabled = source.enabled;
    target.pending = source.pending;
    target.active = source.active;
    target.group = source.group;
    target.core = source.core;
    target.owner = source.owner;
  }
  for (let index = 0; index < from.events.length; index += 1) {
    const [source, target] = [from.events[index], to.events[index]];
    if (source === undefined || target === undefined) continue;
    target.intId = source.intId;
    target.owner = source.owner;
    target.valid = source.valid;
  }
}

function copyPartition(from: PartitionState, to: PartitionState): void {
  to.resets = from.resets;
  copyLines(from.lines, to.lines);
  for (let index = 0; index < from.vcpus.length; index += 1) {
    const [source, target] = [from.vcpus[index], to.vcpus[index]];
    if (source !== undefined && target !== undefined) copyVcpu(source, target);
  }
}

function copyVcpu(from: Vcpu, to: Vcpu): void {
  to.on = from.on;
  to.waiting = from.waiting;
  to.timerArmed = from.timerArmed;
  to.timerAt = from.timerAt;
  copyNumbers(from.saved, to.saved);
  copyNumbers(from.savedWriters, to.savedWriters);
  copyLines(from.privateLines, to.privateLines);
}

function copyLines(from: readonly VirtualLine[], to: readonly VirtualLine[]): void {
  for (let index = 0; index < from.length; index += 1) {
    const [source, target] = [from[index], to[index]];
    if (source === undefined || target === undefined) continue;
    target.enabled = source.enabled;
    target.pending = source.pending;
    target.active = source.active;
    target.target = source.target;
  }
}

function copyCore(from: CoreState, to: CoreState): void {
  to.clock = from.clock;
  to.running = from.running;
  to.slack = from.slack;
  to.lastSlack = from.lastSlack;
  to.section = from.section;
  to.dispatchDue = from.dispatchDue;
  to.slot = from.slot;
  to.frameStart = from.frameStart;
  to.loaded = from.loaded;
  copyNumbers(from.registers, to.registers);
  copyNumbers(from.registerWriters, to.registerWriters);
  copyCache(from.tlb, to.tlb);
  for (let index = 0; index < from.accounts.length; index += 1) {
    const [source, target] = [from.accounts[index], to.accounts[index]];
    if (source === undefined || target === undefined) continue;
    target.budget = source.budget;
    target.nextReplenishment = source.nextReplenishment;
    target.epochs = source.epochs;
    target.activation = source.activation;
    target.exhausted = source.exhausted;
  }
  for (let index = 0; index < from.listRegisters.length; index += 1) {
    const [source, target] = [from.listRegisters[index], to.listRegisters[index]];
    if (source === undefined || target === undefined) continue;
    target.state = source.state;
    target.intId = source.intId;
    target.physical = source.physical;
  }
}
