/**
 * Draw: random actions for a machine as it stands, without allocation.
 *
 * Operands love boundaries, and most of them suit who runs: a search that draws blindly is refused
 * most of the time. One in five is a stray all the same.
 */

import { ACTION_KINDS } from '../../model/actions.ts';
import type { Action, ActionKind, DistributorAction } from '../../model/actions.ts';
import { CACHE_SLOTS, IN_FLIGHT_SLOTS, PRIVATE_LINES } from '../../model/machine.ts';
import type { Machine } from '../../model/machine.ts';
import { EVENTS_PER_DEVICE } from '../../model/plan.ts';
import type { Plan } from '../../model/plan.ts';
import { REGISTERS } from '../../model/registers.ts';
import { PAGE_SIZE } from '../../model/units.ts';
import { nextBelow, nextWord } from '../engine/random.ts';
import type { RandomState } from '../engine/random.ts';
import { listBursts } from './bursts.ts';
import { prepareGuide, replaceAll, replaceSome } from './guide.ts';
import type { Guide, GuidedFields } from './guide.ts';
import { collectOperands } from './operands.ts';
import type { Operands } from './operands.ts';
import { copySlot, createSlot, getKindIndex, writeSlot } from './slots.ts';
import type { ActionSlot } from './slots.ts';

/**
 * How often each action is drawn, relative to the others; the record does not compile without one.
 */
const WEIGHTS: Readonly<Record<ActionKind, number>> = {
  boot: 1,
  read: 12,
  write: 12,
  fetch: 3,
  'bus-read': 3,
  'bus-write': 3,
  'register-read': 4,
  'register-write': 6,
  'cpu-on': 4,
  'cpu-off': 1,
  'system-reset': 2,
  wait: 3,
  smc: 1,
  'unknown-call': 1,
  notify: 4,
  section: 3,
  distributor: 12,
  'send-sgi': 4,
  'arm-timer': 4,
  'dma-issue': 10,
  'bare-dma-issue': 2,
  'dma-complete': 8,
  'line-assert': 10,
  'line-deassert': 4,
  msi: 4,
  'interrupt-take': 10,
  'interrupt-acknowledge': 7,
  'interrupt-end': 7,
  'list-register-spill': 3,
  'list-register-fill': 8,
  'time-passes': 30,
  'tlb-fill': 4,
  'tlb-evict': 1,
  'iotlb-fill': 4,
  'iotlb-evict': 1,
};

const BOOT = getKindIndex('boot');
const DMA_ISSUE = getKindIndex('dma-issue');
const INTERRUPT_TAKE = getKindIndex('interrupt-take');
const LINE_ASSERT = getKindIndex('line-assert');

const OPERATIONS: readonly DistributorAction['operation'][] = [
  'enable',
  'enable',
  'disable',
  'set-pending',
  'clear-pending',
  'route',
];

/** Entries of the table from which kinds are drawn. */
const KIND_TABLE_SIZE = 1024;

/** One action in so many begins a burst. */
const BURST_INTERVAL = 14;

/** Of the first so many steps of boot of a trace any may be the one that fails. */
const FAILURES = 16;

/** Values that are stored are drawn below this. */
const VALUES = 0x1_0000;

/** Lines that are looked at for one that suits. */
const LINES_LOOKED_AT = 12;

/** What a partition has of its own. */
interface GuestPools {
  readonly addresses: readonly number[];
  readonly lines: readonly number[];
  readonly physicalLines: readonly number[];
  /** First and last page and last byte of each range that the firewall grants it. */
  readonly granted: readonly number[];
  /** The pages on either side of those. */
  readonly beside: readonly number[];
  readonly vcpus: number;
  readonly doorbells: number;
}

/** Draws actions for a plan. Keeps where it is in a burst. */
export interface Drawer {
  readonly plan: Plan;
  readonly operands: Operands;
  readonly guests: readonly GuestPools[];
  readonly bursts: readonly (readonly ActionSlot[])[];
  /** Indices into `ACTION_KINDS`, as often as they are to be drawn. */
  readonly kinds: Uint8Array;
  /** Per core, the physical lines that are routed to it at boot. */
  readonly linesOfCore: readonly (readonly number[])[];
  /** Core on which time has just passed to the instant of an event; -1 for none. */
  eventCore: number;
  burst: readonly ActionSlot[] | null;
  /** Steps of boot until one fails; below 0 none does. */
  bootsToFailure: number;
  burstAt: number;
  /** Whether bursts are begun. */
  bursting: boolean;
  /** The kind of the step that the search wants to come to, with its operands. */
  readonly guided: { readonly kind: number; readonly fields: GuidedFields } | null;
}

/** A drawer with the usual weights; with a guide every other action is one near its step. */
export function createDrawer(plan: Plan, guide?: Guide): Drawer {
  const drawer: Drawer = {
    plan,
    operands: collectOperands(plan),
    guests: plan.partitions.map((_, partition) => collectGuest(plan, partition)),
    bursts: listBursts(plan).map(toSlots),
    kinds: new Uint8Array(KIND_TABLE_SIZE),
    linesOfCore: plan.cores.map((_, index) =>
      plan.routes.flatMap(({ intId, core }) => (core === index ? [intId] : [])),
    ),
    eventCore: -1,
    burst: null,
    bootsToFailure: -1,
    burstAt: 0,
    bursting: true,
    guided:
      guide === undefined
        ? null
        : { kind: getKindIndex(guide.kind), fields: prepareGuide(plan, guide) },
  };
  setWeights(drawer, USUAL_WEIGHTS);
  return drawer;
}

const USUAL_WEIGHTS: readonly number[] = ACTION_KINDS.map((kind) => WEIGHTS[kind]);

function toSlots(actions: readonly Action[]): ActionSlot[] {
  return actions.map((action) => {
    const slot = createSlot();
    writeSlot(slot, action);
    return slot;
  });
}

function collectGuest(plan: Plan, partition: number): GuestPools {
  const planned = plan.partitions[partition];
  const mappings = [...(planned?.stage2 ?? []), ...(planned?.dma ?? [])];
  const lines = planned?.lines ?? [];
  return {
    addresses: mappings.flatMap(({ ipa, size }) => [ipa, ipa + size - PAGE_SIZE, ipa + size - 1]),
    lines: lines.map(({ intId }) => intId),
    physicalLines: lines.flatMap(({ intId, physical }) => (physical ? [intId] : [])),
    ...collectGranted(plan, partition),
    vcpus: planned?.vcpus.length ?? 0,
    doorbells: planned?.doorbells.length ?? 0,
  };
}

/** What its cores without EL2 put out for the ends of what is granted, through aliases as well. */
function collectGranted(plan: Plan, partition: number): Pick<GuestPools, 'granted' | 'beside'> {
  const grants = plan.partitions[partition]?.firewall ?? [];
  const aliases = plan.cores.flatMap(({ el2, residents, aliases: own }) =>
    !el2 && residents[0]?.partition === partition ? own : [],
  );
  const through = (address: number): number[] => [
    address,
    ...aliases.flatMap(({ base, local, size }) =>
      base <= address && address < base + size ? [local + (address - base)] : [],
    ),
  ];
  const ends = grants.flatMap(({ pa, size }) => [pa, pa + size - PAGE_SIZE, pa + size - 1]);
  const outer = grants.flatMap(({ pa, size }) => [pa - PAGE_SIZE, pa + size]);
  return {
    granted: ends.flatMap(through),
    beside: outer.flatMap(through).filter((address) => address >= 0),
  };
}

/** Fills the table of kinds; where no weight is above 0 the usual ones count. */
function setWeights(drawer: Drawer, weights: readonly number[]): void {
  let sum = 0;
  for (let index = 0; index < weights.length; index += 1) sum += weights[index] ?? 0;
  const used = sum === 0 ? USUAL_WEIGHTS : weights;
  if (sum === 0) for (let index = 0; index < used.length; index += 1) sum += used[index] ?? 0;
  let reached = 0;
  let from = 0;
  for (let kind = 0; kind < used.length; kind += 1) {
    reached += used[kind] ?? 0;
    const until = Math.ceil((reached * KIND_TABLE_SIZE) / sum - 0.5);
    drawer.kinds.fill(kind, from, until);
    from = until;
  }
}

const swarmed: number[] = ACTION_KINDS.map(() => 0);

/**
 * Draws the weights of a trace: a quarter of the traces have the usual ones, in the others one kind
 * in four never comes and one in four comes four times as often.
 *
 * Source: Groce, Zhang, Eide, Chen, Regehr 2012, Swarm Testing.
 */
export function beginTrace(drawer: Drawer, random: RandomState): void {
  drawer.burst = null;
  drawer.eventCore = -1;
  const word = nextWord(random);
  drawer.bursting = (word & 3) !== 1;
  drawer.bootsToFailure = (word & 16) === 0 ? -1 : nextBelow(random, FAILURES);
  if ((word & 12) === 0) {
    setWeights(drawer, USUAL_WEIGHTS);
    return;
  }
  for (let index = 0; index < swarmed.length; index += 1) {
    const draw = nextWord(random) & 3;
    const usual = USUAL_WEIGHTS[index] ?? 0;
    swarmed[index] = draw === 0 ? 0 : draw === 1 ? 4 * usual : usual;
  }
  setWeights(drawer, swarmed);
}

/** Draws the next action for a machine as it stands. */
export function drawAction(
  drawer: Drawer,
  random: RandomState,
  machine: Machine,
  slot: ActionSlot,
): void {
  const burst = drawer.burst;
  const next = burst?.[drawer.burstAt];
  if (next !== undefined) {
    copySlot(next, slot);
    drawer.burstAt += 1;
    return;
  }
  drawer.burst = null;
  if (drawer.guided !== null && nextBelow(random, 2) === 0) {
    drawGuided(drawer, drawer.guided, random, machine, slot);
    return;
  }
  drawFreely(drawer, random, machine, slot);
}

/** As often an action of the kind of the step as any, with some or all operands of the step. */
function drawGuided(
  drawer: Drawer,
  { kind, fields }: NonNullable<Drawer['guided']>,
  random: RandomState,
  machine: Machine,
  slot: ActionSlot,
): void {
  const draw = nextBelow(random, 10);
  drawOperands(drawer, random, machine, draw < 5 ? kind : drawKind(drawer, random), slot);
  if (draw < 2) replaceAll(fields, slot);
  else replaceSome(fields, random, slot);
}

/** The kind of the next action, by the weights: its position in `ACTION_KINDS`. */
export function drawKind({ kinds }: Drawer, random: RandomState): number {
  return kinds[nextWord(random) % KIND_TABLE_SIZE] ?? 0;
}

function drawFreely(drawer: Drawer, random: RandomState, machine: Machine, slot: ActionSlot): void {
  if (!machine.boot.sealed && drawBooting(drawer, random, machine, slot)) return;
  if (drawer.eventCore >= 0 && drawCoincidence(drawer, random, slot)) return;
  if (drawer.bursting && drawer.bursts.length > 0 && nextBelow(random, BURST_INTERVAL) === 0) {
    drawer.burst = drawer.bursts[nextBelow(random, drawer.bursts.length)] ?? null;
    drawer.burstAt = 1;
    const first = drawer.burst?.[0];
    if (first !== undefined) {
      copySlot(first, slot);
      return;
    }
  }
  drawOperands(drawer, random, machine, drawKind(drawer, random), slot);
}

/** At the instant of an event on a core, one time in four: an interrupt comes there as well. */
function drawCoincidence(drawer: Drawer, random: RandomState, slot: ActionSlot): boolean {
  const core = drawer.eventCore;
  const lines = drawer.linesOfCore[core];
  drawer.eventCore = -1;
  if (lines === undefined || lines.length === 0 || nextBelow(random, 4) !== 0) return false;
  const isTaken = nextBelow(random, 2) === 0;
  slot.kind = isTaken ? 'interrupt-take' : 'line-assert';
  slot.kindIndex = isTaken ? INTERRUPT_TAKE : LINE_ASSERT;
  slot.core = core;
  slot.intId = pick(random, lines);
  return true;
}

/** Before the seal: half of the time a step of boot, and a quarter a request of a device. */
function drawBooting(
  drawer: Drawer,
  random: RandomState,
  machine: Machine,
  slot: ActionSlot,
): boolean {
  const choice = nextBelow(random, 4);
  if (choice === 0) return false;
  if (choice === 1) {
    drawOperands(drawer, random, machine, DMA_ISSUE, slot);
    return true;
  }
  slot.kind = 'boot';
  slot.kindIndex = BOOT;
  slot.core = pick(random, drawer.operands.cores);
  slot.fails = drawer.bootsToFailure === 0;
  drawer.bootsToFailure -= 1;
  return true;
}

/**
 * Draws an action of the kind at a position in `ACTION_KINDS`; without a machine its operands suit
 * nobody in particular.
 */
export function drawOperands(
  drawer: Drawer,
  random: RandomState,
  machine: Machine | null,
  kindIndex: number,
  slot: ActionSlot,
): void {
  const kind = ACTION_KINDS[kindIndex] ?? 'smc';
  const { operands, plan } = drawer;
  const core = pick(random, operands.cores);
  const guest = machine === null ? null : findGuest(drawer, machine, core);
  slot.kind = kind;
  slot.kindIndex = kindIndex;
  slot.core = core;
  switch (kind) {
    case 'boot':
      slot.fails = false;
      // `drawBooting` says which step fails before the seal; behind it every other one does.
      if (machine?.boot.sealed !== true) return;
      drawer.bootsToFailure -= 1;
      slot.fails = drawer.bootsToFailure % 2 === 0;
      return;
    case 'read':
    case 'write':
    case 'fetch':
      slot.address = drawAddress(drawer, random, guest);
      slot.value = nextBelow(random, VALUES);
      return;
    case 'bus-read':
    case 'bus-write':
      drawBus(drawer, random, machine, slot);
      slot.value = nextBelow(random, VALUES);
      return;
    case 'register-read':
    case 'register-write':
      slot.register = nextBelow(random, REGISTERS.length);
      slot.value = nextBelow(random, VALUES);
      return;
    case 'cpu-on':
      slot.vcpu = drawVcpu(drawer, random, guest);
      return;
    case 'notify':
      slot.doorbell =
        guest !== null && nextBelow(random, 4) !== 0
          ? nextBelow(random, guest.doorbells)
          : pick(random, operands.doorbells);
      return;
    case 'section':
      slot.ticks = pick(random, operands.sections);
      return;
    case 'distributor':
      slot.operation = OPERATIONS[nextBelow(random, OPERATIONS.length)] ?? 'enable';
      slot.intId = drawLine(drawer, random, guest);
      slot.vcpu = drawVcpu(drawer, random, guest);
      return;
    case 'send-sgi':
      slot.intId = nextBelow(random, 17);
      slot.vcpu = drawVcpu(drawer, random, guest);
      return;
    case 'arm-timer':
    case 'time-passes':
      slot.ticks = drawTicks(drawer, random, machine, core);
      return;
    case 'dma-issue':
      drawStream(drawer, random, slot);
      slot.address = drawStreamAddress(drawer, random, slot.stream);
      slot.write = (nextWord(random) & 1) === 1;
      slot.value = nextBelow(random, VALUES);
      return;
    case 'bare-dma-issue':
      slot.master = nextBelow(random, plan.bareMasters.length + 1);
      slot.address = pick(random, operands.pas);
      slot.write = (nextWord(random) & 1) === 1;
      slot.value = nextBelow(random, VALUES);
      return;
    case 'dma-complete':
      slot.slot = nextBelow(random, IN_FLIGHT_SLOTS);
      return;
    case 'line-assert':
    case 'line-deassert':
      slot.intId = drawLine(drawer, random, null);
      return;
    case 'msi':
      drawStream(drawer, random, slot);
      slot.event = nextBelow(random, EVENTS_PER_DEVICE + 1);
      return;
    case 'interrupt-take':
      slot.intId = drawTaken(drawer, random, machine, core, guest);
      return;
    case 'interrupt-end':
      slot.intId = drawListed(drawer, random, machine, core, guest);
      return;
    case 'list-register-fill':
      slot.intId = drawPending(drawer, random, machine, core, guest);
      return;
    case 'list-register-spill':
      slot.slot = nextBelow(random, Math.max(1, plan.listRegisters));
      return;
    case 'tlb-fill':
    case 'tlb-evict':
      slot.slot = nextBelow(random, CACHE_SLOTS);
      slot.address = drawAddress(drawer, random, guest);
      return;
    case 'iotlb-fill':
    case 'iotlb-evict':
      slot.slot = nextBelow(random, CACHE_SLOTS);
      drawStream(drawer, random, slot);
      slot.address = drawStreamAddress(drawer, random, slot.stream);
      return;
    default:
      return;
  }
}

function pick(random: RandomState, pool: readonly number[]): number {
  return pool[nextBelow(random, pool.length)] ?? 0;
}

/** What the partition has that executes on a core; null where none does. */
function findGuest(drawer: Drawer, machine: Machine, core: number): GuestPools | null {
  const planned = drawer.plan.cores[core];
  const running = machine.cores[core]?.running ?? -1;
  if (planned === undefined) return null;
  if (planned.el2 && running < 0) return null;
  const resident = planned.residents[planned.el2 ? running : 0];
  return resident === undefined ? null : (drawer.guests[resident.partition] ?? null);
}

/** Of five addresses three suit who runs, one suits somebody, one is a stray. */
function drawAddress(drawer: Drawer, random: RandomState, guest: GuestPools | null): number {
  const draw = nextBelow(random, 5);
  if (draw === 0) return pick(random, drawer.operands.strayIpas);
  const own = guest?.addresses ?? drawer.operands.mappedIpas;
  if (draw === 1 || own.length === 0) return pick(random, drawer.operands.mappedIpas);
  return pick(random, own);
}

/**
 * Of four cores three have no EL2. Of five addresses that such a core puts out three are of what
 * its partition is granted, one lies beside that, and one is anything.
 */
function drawBus(
  drawer: Drawer,
  random: RandomState,
  machine: Machine | null,
  slot: ActionSlot,
): void {
  const { pas, bareCores } = drawer.operands;
  if (bareCores.length > 0 && nextBelow(random, 4) !== 0) slot.core = pick(random, bareCores);
  const guest = machine === null ? null : findGuest(drawer, machine, slot.core);
  const draw = guest === null || guest.granted.length === 0 ? 0 : nextBelow(random, 5);
  if (guest === null || draw === 0) slot.address = pick(random, pas);
  else slot.address = pick(random, draw === 1 ? guest.beside : guest.granted);
}

function drawLine(drawer: Drawer, random: RandomState, guest: GuestPools | null): number {
  const draw = nextBelow(random, 5);
  if (draw === 0) return pick(random, drawer.operands.strayLines);
  const own = guest?.lines ?? drawer.operands.ownedLines;
  if (draw === 1 || own.length === 0) return pick(random, drawer.operands.ownedLines);
  return pick(random, own);
}

function drawVcpu(drawer: Drawer, random: RandomState, guest: GuestPools | null): number {
  if (guest === null || nextBelow(random, 4) === 0) return pick(random, drawer.operands.vcpus);
  return nextBelow(random, guest.vcpus);
}

function drawStream(drawer: Drawer, random: RandomState, slot: ActionSlot): void {
  const { ownedStreams, strayStreams } = drawer.operands;
  slot.stream = pick(random, nextBelow(random, 5) === 0 ? strayStreams : ownedStreams);
}

function drawStreamAddress(drawer: Drawer, random: RandomState, stream: number): number {
  const { streams } = drawer.plan;
  let owner = -1;
  for (let index = 0; index < streams.length; index += 1) {
    if (streams[index]?.stream === stream) owner = streams[index]?.partition ?? -1;
  }
  return drawAddress(drawer, random, drawer.guests[owner] ?? null);
}

/**
 * Half of the time to an instant at which something happens on the core, or a tick before or
 * behind it; else an amount that the configuration names.
 */
function drawTicks(
  drawer: Drawer,
  random: RandomState,
  machine: Machine | null,
  core: number,
): number {
  const state = machine?.cores[core];
  if (machine === null || state === undefined || nextBelow(random, 2) === 0)
    return pick(random, drawer.operands.ticks);
  const { accounts } = state;
  const which = nextBelow(random, 4);
  let ticks = 0;
  if (which === 0) {
    ticks = state.section;
  } else if (which === 1) {
    ticks = state.running < 0 ? 0 : (accounts[state.running]?.budget ?? 0);
  } else if (which === 2) {
    const account = accounts[nextBelow(random, accounts.length)];
    ticks = (account?.nextReplenishment ?? 0) - state.clock;
  } else {
    const resident = drawer.plan.cores[core]?.residents[Math.max(0, state.running)];
    const vcpu = machine.partitions[resident?.partition ?? -1]?.vcpus[resident?.vcpu ?? -1];
    ticks = vcpu?.timerArmed === true ? vcpu.timerAt - state.clock : 0;
  }
  const near = nextBelow(random, 4);
  if (near === 0) ticks -= 1;
  if (near === 1) ticks += 1;
  drawer.eventCore = near > 1 ? core : -1;
  return ticks < 1 ? 1 : ticks;
}

/** An interrupt that a core could take, where one is found soon. */
function drawTaken(
  drawer: Drawer,
  random: RandomState,
  machine: Machine | null,
  core: number,
  guest: GuestPools | null,
): number {
  const lines = guest?.physicalLines;
  if (lines === undefined || lines.length === 0 || nextBelow(random, 4) === 0) {
    return drawLine(drawer, random, null);
  }
  const from = nextBelow(random, lines.length);
  for (let step = 0; step < LINES_LOOKED_AT && step < lines.length; step += 1) {
    const intId = lines[(from + step) % lines.length] ?? 0;
    const line = machine?.gic.lines[intId - drawer.plan.spiFirst];
    if (line?.pending === true && line.enabled && line.core === core) return intId;
  }
  return lines[from] ?? 0;
}

/** An interrupt that a list register of the core holds, as a rule. */
function drawListed(
  drawer: Drawer,
  random: RandomState,
  machine: Machine | null,
  core: number,
  guest: GuestPools | null,
): number {
  const registers = machine?.cores[core]?.listRegisters;
  if (registers !== undefined && nextBelow(random, 4) !== 0) {
    for (let at = 0; at < registers.length; at += 1) {
      const register = registers[at];
      if (register !== undefined && register.state !== 0) return register.intId;
    }
  }
  return drawLine(drawer, random, guest);
}

/** A line that pends for the virtual CPU on the core, where one is found soon. */
function drawPending(
  drawer: Drawer,
  random: RandomState,
  machine: Machine | null,
  core: number,
  guest: GuestPools | null,
): number {
  const loaded = machine?.cores[core]?.loaded ?? -1;
  if (machine === null || loaded < 0) return drawLine(drawer, random, guest);
  const resident = drawer.plan.cores[core]?.residents[loaded];
  const partition = machine.partitions[resident?.partition ?? -1];
  if (resident === undefined || partition === undefined || nextBelow(random, 4) === 0) {
    return drawLine(drawer, random, guest);
  }
  const shared = partition.lines;
  const own = partition.vcpus[resident.vcpu]?.privateLines ?? [];
  const length = shared.length + PRIVATE_LINES;
  const from = nextBelow(random, length);
  for (let step = 0; step < LINES_LOOKED_AT; step += 1) {
    const at = (from + step) % length;
    const line = at < PRIVATE_LINES ? own[at] : shared[at - PRIVATE_LINES];
    if (line?.pending === true && line.enabled) return line.intId;
  }
  return drawLine(drawer, random, guest);
}
