/**
 * Machines: random states, reachable or not, for holding one reading of the spec against another
 * and for testing that invariants are inductive before a solver is asked.
 */

import { LR_ACTIVE, LR_INVALID, LR_PENDING } from '../../model/list-registers.ts';
import { NONE } from '../../model/machine.ts';
import type { CachedEntry, Machine, TableEntry, VirtualLine } from '../../model/machine.ts';
import { dispatchWhenDue } from '../../model/scheduler.ts';
import { createMemory, writeWord } from '../../model/memory.ts';
import type { Plan, Resident } from '../../model/plan.ts';
import { computePage } from '../../model/translation.ts';
import { nextBelow } from '../engine/random.ts';
import type { RandomState } from '../engine/random.ts';
import {
  isChargedInBudget,
  isReplenishmentAhead,
  isSlotAhead,
  isWaiterUnsignalled,
} from '../inductive/execution.ts';
import { isLastWriterGranted, isRequestGranted } from '../inductive/grants.ts';
import { createReference } from '../inductive/phase.ts';
import type { Phase } from '../inductive/phase.ts';
import {
  isAccountSound,
  isMostUrgent,
  isPolledAway,
  isRunnerAwake,
  isSectionKnown,
} from '../inductive/schedule.ts';
import { isSlotBegun, isSlotOwn } from '../inductive/slots.ts';
import { isStreamWritten } from '../inductive/streams.ts';
import { getShape } from '../inductive/shape.ts';
import type { FieldShape } from '../inductive/shape.ts';

/** Small numbers are drawn below this. */
const SMALL = 16;
/** Large numbers are drawn below this: sums of some of them are exact. */
const LARGE = 2 ** 40;
/** Page frames that hold a word, at most. */
const FRAMES_MAX = 12;

function flip(random: RandomState): boolean {
  return nextBelow(random, 2) === 1;
}

/** An element of a list; undefined where it is empty. */
function pick<T>(random: RandomState, list: readonly T[]): T | undefined {
  return list[nextBelow(random, list.length)];
}

/**
 * A state in the shape of a phase, its memory included; invariants need not hold. Depends on the
 * state of the generator alone.
 */
export function createRandomMachine(plan: Plan, phase: Phase, random: RandomState): Machine {
  const machine = { ...createReference(plan, phase), memory: createMemory() };
  const pages = listPages(plan);
  const { memory, ...rest } = machine;
  fill(rest, getShape(plan, phase), random, pages);
  if (machine.boot.sealed) letExecute(plan, machine, random);
  for (let count = nextBelow(random, FRAMES_MAX); count > 0; count -= 1) {
    const writer = nextBelow(random, plan.partitions.length);
    writeWord(memory, drawPage(random, pages), drawNumber(random), writer);
  }
  return machine;
}

/** On three cores in four somebody executes: actions of guests are refused otherwise. */
function letExecute(plan: Plan, machine: Machine, random: RandomState): void {
  for (const [index, core] of machine.cores.entries()) {
    const resident = plan.cores[index]?.residents[core.loaded];
    const vcpu = machine.partitions[resident?.partition ?? -1]?.vcpus[resident?.vcpu ?? -1];
    if (vcpu === undefined || nextBelow(random, 4) === 0) continue;
    core.section = 0;
    core.running = core.loaded;
    vcpu.on = true;
    vcpu.waiting = false;
  }
}

/** First and last page frames of all mappings, and of the IPAs that they are seen at. */
function listPages(plan: Plan): number[] {
  const pages = plan.partitions.flatMap(({ stage2, dma, firewall }) =>
    [...stage2, ...dma, ...firewall].flatMap(({ ipa, pa, size }) => [
      computePage(ipa),
      computePage(ipa + size - 1),
      computePage(pa),
      computePage(pa + size - 1),
    ]),
  );
  return [...new Set(pages)];
}

function drawPage(random: RandomState, pages: readonly number[]): number {
  const page = pick(random, pages) ?? 0;
  return Math.max(0, page + (flip(random) ? 0 : nextBelow(random, 3) - 1));
}

function drawNumber(random: RandomState): number {
  return nextBelow(random, nextBelow(random, 4) === 0 ? LARGE : SMALL);
}

/** Draws each field anew within its shape, in place. */
function fill(value: object, shape: object, random: RandomState, pages: readonly number[]): void {
  for (const key of Object.keys(value)) {
    const old: unknown = Reflect.get(value, key);
    const inner: unknown = Reflect.get(shape, key);
    if (typeof old === 'object' && old !== null) fill(old, Object(inner), random, pages);
    else Reflect.set(value, key, drawField(inner as FieldShape, random, pages));
  }
}

function drawField(
  shape: FieldShape,
  random: RandomState,
  pages: readonly number[],
): number | boolean {
  switch (shape.kind) {
    case 'constant':
      return shape.value;
    case 'boolean':
      return flip(random);
    case 'choice':
      return pick(random, shape.values) ?? 0;
    case 'integer': {
      const { low, high } = shape;
      if (low === null) return (high ?? SMALL) - drawNumber(random);
      const number = low + (flip(random) ? drawNumber(random) : drawPage(random, pages));
      return high === null ? number : Math.min(number, low + nextBelow(random, high - low + 1));
    }
  }
}

/**
 * A state in the shape of a phase in which every inductive invariant holds: a random one, with what
 * breaks an invariant drawn anew.
 */
export function createInductiveMachine(plan: Plan, phase: Phase, random: RandomState): Machine {
  const machine = createRandomMachine(plan, phase, random);
  repairStreams(plan, machine);
  repairCaches(plan, machine, random);
  repairGrants(plan, machine, random);
  quieten(machine, random);
  repairListRegisters(plan, machine, random);
  repairPhysicalLines(plan, machine);
  repairLabels(plan, machine, random);
  repairWaiters(plan, machine);
  repairTime(plan, machine, random);
  repairSchedule(plan, machine);
  return machine;
}

/** Makes the stream table what boot has written of it so far. */
function repairStreams(plan: Plan, machine: Machine): void {
  for (const [index, entry] of machine.smmu.streams.entries()) {
    if (isStreamWritten(plan, machine, index)) continue;
    entry.valid = machine.boot.words > 2 * index + 1;
    entry.translate = true;
    entry.table = plan.streams[index]?.partition ?? NONE;
  }
}

function repairCaches(plan: Plan, machine: Machine, random: RandomState): void {
  for (const [index, { tlb }] of machine.cores.entries()) {
    const residents = plan.cores[index]?.residents ?? [];
    for (const entry of tlb) {
      const partition = pick(random, residents)?.partition ?? -1;
      repairCached(plan, entry, partition, machine.stage2[partition] ?? [], random);
    }
  }
  for (const entry of machine.smmu.iotlb) {
    const partition = pick(random, plan.streams)?.partition ?? -1;
    repairCached(plan, entry, partition, machine.smmu.tables[partition] ?? [], random);
  }
}

/** Makes a valid entry one that the table gives. */
function repairCached(
  plan: Plan,
  entry: CachedEntry,
  partition: number,
  table: readonly TableEntry[],
  random: RandomState,
): void {
  if (!entry.valid) return;
  const chosen = pick(random, table);
  entry.valid = chosen !== undefined;
  if (chosen === undefined) return;
  const page = nextBelow(random, computePage(chosen.size));
  const address = chosen.ipa + page * (chosen.size / Math.max(1, computePage(chosen.size)));
  // The first run that covers the page decides, as in the walk.
  const run = table.find(({ ipa, size }) => ipa <= address && address < ipa + size) ?? chosen;
  entry.vmid = plan.partitions[partition]?.vmid ?? 0;
  entry.page = computePage(address);
  entry.frame = computePage(run.pa) + entry.page - computePage(run.ipa);
  entry.read = run.read;
  entry.write = run.write;
  entry.execute = run.execute;
  entry.type = run.type;
}

function repairGrants(plan: Plan, machine: Machine, random: RandomState): void {
  for (const [slot, request] of machine.smmu.inFlight.entries()) {
    const planned = plan.partitions[request.master];
    const mapping = pick(random, [...(planned?.dma ?? []), ...(planned?.firewall ?? [])]);
    if (request.busy && mapping !== undefined) {
      request.frame = computePage(mapping.pa) + nextBelow(random, computePage(mapping.size));
    }
    if (!isRequestGranted(plan, machine, slot)) request.busy = false;
  }
  for (const frame of machine.memory.words.keys()) {
    if (!isLastWriterGranted(plan, machine, frame)) machine.memory.writers.delete(frame);
  }
}

/** Takes the interrupts of half of those that wait away: nearly nobody would wait otherwise. */
function quieten(machine: Machine, random: RandomState): void {
  for (const { vcpus, lines } of machine.partitions) {
    for (const [index, { waiting, privateLines }] of vcpus.entries()) {
      if (!waiting || flip(random)) continue;
      const own = [...privateLines, ...lines.filter(({ target }) => target === index)];
      for (const line of own) line.pending = false;
    }
  }
}

/** Wakes whoever waits although an interrupt is pending for it. */
function repairWaiters(plan: Plan, machine: Machine): void {
  for (const [partition, { vcpus }] of machine.partitions.entries()) {
    for (const [index, vcpu] of vcpus.entries()) {
      if (!isWaiterUnsignalled(plan, machine, partition, index)) vcpu.waiting = false;
    }
  }
}

/** Gives the list registers lines of who is loaded, each at most once. */
function repairListRegisters(plan: Plan, machine: Machine, random: RandomState): void {
  for (const [index, core] of machine.cores.entries()) {
    const resident = plan.cores[index]?.residents[core.loaded];
    const taken = new Set<number>();
    for (const register of core.listRegisters) {
      const line = resident === undefined ? undefined : pickLine(machine, resident, random);
      const free = line !== undefined && !taken.has(line.intId);
      if (register.state === LR_INVALID || !free) {
        register.state = LR_INVALID;
        continue;
      }
      taken.add(line.intId);
      line.active = register.state === LR_ACTIVE;
      if (register.state === LR_PENDING) {
        line.pending = true;
        line.enabled = true;
      }
      register.intId = line.intId;
      register.physical = line.physical;
    }
  }
}

/** A line that the virtual CPU takes. */
function pickLine(
  machine: Machine,
  resident: Resident,
  random: RandomState,
): VirtualLine | undefined {
  const state = machine.partitions[resident.partition];
  const shared = state?.lines.filter(({ target }) => target === resident.vcpu) ?? [];
  const own = state?.vcpus[resident.vcpu]?.privateLines ?? [];
  return pick(random, flip(random) && shared.length > 0 ? shared : own);
}

function repairPhysicalLines(plan: Plan, machine: Machine): void {
  for (const [partition, { lines }] of machine.partitions.entries()) {
    for (const line of lines) {
      const physical = machine.gic.lines[line.intId - plan.spiFirst];
      if (!line.physical || physical?.owner !== partition) continue;
      physical.enabled = line.enabled;
      physical.core = plan.partitions[partition]?.vcpus[line.target]?.core ?? NONE;
      if (!line.pending && !line.active) physical.active = false;
    }
  }
  for (const line of machine.gic.lines) line.pending = line.asserted && !line.active;
}

function repairLabels(plan: Plan, machine: Machine, random: RandomState): void {
  const repair = (writers: number[], partition: number): void => {
    for (const [register, writer] of writers.entries()) {
      if (writer !== partition && writer !== NONE) {
        writers[register] = flip(random) ? partition : NONE;
      }
    }
  };
  for (const [index, core] of machine.cores.entries()) {
    const resident = plan.cores[index]?.residents[core.loaded];
    if (resident !== undefined) repair(core.registerWriters, resident.partition);
  }
  for (const [partition, { vcpus }] of machine.partitions.entries()) {
    for (const vcpu of vcpus) {
      repair(vcpu.savedWriters, partition);
      if (!vcpu.on) vcpu.waiting = false;
    }
  }
}

/** Fills accounts that no run leaves, and lets cores choose where who runs is not most urgent. */
function repairSchedule(plan: Plan, machine: Machine): void {
  for (const [index, core] of machine.cores.entries()) {
    const running = plan.cores[index]?.residents[core.running];
    core.slack &&= running?.slack === true;
    if (!isSectionKnown(plan, machine, index)) core.section = 0;
    // A section that ends earlier leaves replenishments behind: those are looked at once more.
    for (let round = 0; round < 2; round += 1) repairAccounts(plan, machine, index);
    const all = [...core.accounts.keys()];
    const isChosen = all.every(
      (at) => isMostUrgent(plan, machine, index, at) && isPolled(plan, machine, index, at),
    );
    const isInSlot = isSlotSound(plan, machine, index);
    const isAtWork = plan.cores[index]?.policy === 'table' || isRunnerAwake(plan, machine, index);
    if (isChosen && isAtWork && isInSlot && isChargedInBudget(plan, machine, index)) continue;
    if (!isInSlot) {
      core.section = 0;
      repairSlot(plan, machine, index);
    }
    core.dispatchDue = true;
    dispatchWhenDue(plan, machine, index);
  }
}

/** Whether it is not one whose budget EL2 takes away when it polls it. */
function isPolled(plan: Plan, machine: Machine, index: number, at: number): boolean {
  const { policy, residents } = plan.cores[index] ?? {};
  if (policy !== 'fp' || residents?.[at]?.idle !== 'poll') return true;
  return isPolledAway(plan, machine, index, at);
}

function repairAccounts(plan: Plan, machine: Machine, index: number): void {
  const core = machine.cores[index];
  for (const [at, resident] of (plan.cores[index]?.residents ?? []).entries()) {
    const account = core?.accounts[at];
    const isAhead = isReplenishmentAhead(plan, machine, index, at);
    if (core === undefined || account === undefined) continue;
    if (isAhead && isAccountSound(plan, machine, index, at)) continue;
    account.budget = resident.budget;
    account.exhausted = false;
    account.nextReplenishment = core.clock + resident.period;
    if (!isAccountSound(plan, machine, index, at)) core.section = 0;
  }
}

function isReserved(residents: readonly Resident[], index: number): boolean {
  return residents[index]?.dedicated === false;
}

/** Whether a core has no table, or is in a slot of it as the invariants say. */
function isSlotSound(plan: Plan, machine: Machine, core: number): boolean {
  if (plan.cores[core]?.policy !== 'table') return true;
  return isSlotAhead(plan, machine, core) && isSlotOwn(plan, machine, core);
}

/** Gives a core with a table the slot of this instant, or one that a section is late in. */
function repairSlot(plan: Plan, machine: Machine, core: number): void {
  const state = machine.cores[core];
  const planned = plan.cores[core];
  if (state === undefined || planned === undefined || planned.slots.length === 0) return;
  state.frameStart -= state.frameStart % planned.frame;
  if (isSlotAhead(plan, machine, core) && isSlotBegun(plan, machine, core)) return;
  const at = state.clock % planned.frame;
  state.frameStart = state.clock - at;
  state.slot = planned.slots.findIndex(({ end }) => at < end);
}

function repairTime(plan: Plan, machine: Machine, random: RandomState): void {
  for (const [index, core] of machine.cores.entries()) {
    const residents = plan.cores[index]?.residents ?? [];
    for (const [at, account] of core.accounts.entries()) {
      const resident = residents[at];
      if (resident === undefined || isReplenishmentAhead(plan, machine, index, at)) continue;
      // Before the seal the first replenishment is at the phase, or a period behind it.
      account.nextReplenishment = resident.phase === 0 ? resident.period : resident.phase;
      if (machine.boot.sealed) account.nextReplenishment = core.clock + 1 + drawNumber(random);
    }
    repairSlot(plan, machine, index);
    const account = core.accounts[core.running];
    const reserved = plan.cores[index]?.policy !== 'table' && isReserved(residents, core.running);
    if (reserved && account !== undefined && account.budget <= 0) {
      account.budget = 1 + nextBelow(random, residents[core.running]?.budget ?? 1);
    }
  }
  for (const [partition, { vcpus }] of machine.partitions.entries()) {
    for (const [index, vcpu] of vcpus.entries()) {
      const core = machine.cores[plan.partitions[partition]?.vcpus[index]?.core ?? -1];
      const clock = core?.clock ?? 0;
      if (vcpu.timerArmed && vcpu.timerAt <= clock) vcpu.timerAt = clock + 1 + drawNumber(random);
    }
  }
}
