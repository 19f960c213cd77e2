/**
 * Small board: four cores, three partitions, one of everything that a transition can meet.
 *
 * Core 0 is whole for `left`, core 1 is shared by `left` and `right`, core 2 is whole for `right`,
 * core 3 has no EL2 and is whole for `bare`. One tick is one microsecond.
 */

import type {
  CoreSchedule,
  Device,
  Firewall,
  IdlePolicy,
  Partition,
  Platform,
  Reservation,
  SchedulingPolicy,
  StaticConfiguration,
} from '../configuration.ts';
import { createMachine } from '../machine.ts';
import type { Machine } from '../machine.ts';
import { createPlan } from '../plan.ts';
import type { Plan } from '../plan.ts';
import { step } from '../step.ts';
import type {
  Affinity,
  CoreId,
  IntId,
  Ipa,
  ItsDeviceId,
  Nanoseconds,
  Pa,
  StreamId,
  Vmid,
} from '../units.ts';

/** A reservation in ticks. */
export interface Share {
  readonly budget: number;
  readonly period: number;
  readonly phase?: number;
  readonly priority: number;
  readonly idle?: IdlePolicy;
  readonly slack?: boolean;
}

/** A slot of the table of the shared core, in ticks. */
export interface TableSlot {
  /** Index of the partition. */
  readonly partition: number;
  readonly start: number;
  readonly duration: number;
}

/** What tests vary. */
export interface SmallBoardOptions {
  /** Share of `left` on core 1. */
  readonly left?: Share;
  /** Share of `right` on core 1. */
  readonly right?: Share;
  readonly policy?: SchedulingPolicy;
  /**
   * Table of the shared core under `table`; the reservations follow from it. By default each share
   * has one slot as long as its budget, one behind the other, in a frame of the longest period.
   */
  readonly table?: { readonly frame: number; readonly slots: readonly TableSlot[] };
  /** Longest EL2 section, ticks. */
  readonly section?: number;
  /** World switch, ticks. */
  readonly contextSwitch?: number;
  /** Lost in caches and TLBs by whoever is pre-empted, ticks. */
  readonly reload?: number;
  /** Handler of the EL2 timer, ticks. */
  readonly timer?: number;
  /** Taking a physical interrupt, ticks. */
  readonly interrupt?: number;
  readonly listRegisters?: number;
  /** Line of the device of `right`, a shared one; default `RIGHT_LINE`. */
  readonly rightLine?: number;
  readonly its?: boolean;
  readonly iommu?: boolean;
  readonly firewall?: boolean;
  /** Both partitions with EL2 get the same VMID: a configuration that breaks the rules. */
  readonly sameVmid?: boolean;
}

/** Indices of the partitions. */
export const LEFT = 0;
export const RIGHT = 1;
export const BARE = 2;

/** Core that `left` and `right` share. */
export const SHARED_CORE = 1;
/** Core without EL2. */
export const BARE_CORE = 3;

/** Lines of the device of `left`, and of that of `right`. */
export const LEFT_LINE = 40;
export const LEFT_OTHER_LINE = 41;
export const RIGHT_LINE = 50;
/** Virtual INTID by which `right` rings `left`. */
export const DOORBELL_LINE = 60;

/** Streams of the devices, equal to their DeviceIDs. */
export const LEFT_STREAM = 8;
export const RIGHT_STREAM = 16;

/** Where `left` and `right` both see their memory: four pages, [0x1000, 0x5000). */
export const RAM_IPA = 0x1000;
export const RAM_SIZE = 0x4000;
/** One page that may be read and executed only, behind the memory. */
export const CODE_IPA = 0x8000;
/** Physical memory of each partition. */
export const RAM_PA: readonly number[] = [0x10_0000, 0x20_0000, 0x30_0000];
/** The channel: `right` writes, `left` reads. */
export const CHANNEL_IPA = 0x2_0000;
export const CHANNEL_PA = 0x40_0000;
/** How the core without EL2 sees the first page of its memory under another address. */
export const ALIAS_LOCAL = 0;
/** ITS control page. */
export const ITS_BASE = 0x900_0000;

const DEVICE_BASES: readonly number[] = [0x800_0000, 0x801_0000, 0x802_0000];

/** What a virtual CPU is without a bound that it requires. */
const NO_REQUIREMENT = {
  maxDelayNs: null,
  maxLatencyNs: null,
  inContract: false,
  taskPolicy: 'fp',
} as const;

function toNs(ticks: number): Nanoseconds {
  return (ticks * 1000) as Nanoseconds;
}

function createReservation(share: Share): Reservation {
  return {
    budgetNs: toNs(share.budget),
    periodNs: toNs(share.period),
    phaseNs: toNs(share.phase ?? 0),
    priority: share.priority,
    idle: share.idle ?? 'keep',
    slack: share.slack ?? false,
  };
}

/** The schedule of the shared core, and what each partition has of the core by it. */
interface SharedSchedule {
  readonly schedules: readonly CoreSchedule[];
  readonly reservations: readonly Reservation[];
}

function createSharedSchedule(
  shares: readonly Share[],
  { policy = 'fp', table }: SmallBoardOptions,
): SharedSchedule {
  const core = SHARED_CORE as CoreId;
  if (policy !== 'table') {
    return {
      schedules: policy === 'fp' ? [] : [{ core, policy, frameNs: null, slots: [] }],
      reservations: shares.map(createReservation),
    };
  }
  const { frame, slots } = table ?? createTable(shares);
  const reservations = shares.map(({ slack }, index) => {
    const own = slots.filter(({ partition }) => partition === index);
    const budget = own.reduce((sum, { duration }) => sum + duration, 0);
    const given = { budget, period: frame, priority: 0, idle: 'burn' } as const;
    return createReservation({ ...given, slack: slack ?? false });
  });
  const planned = slots.map(({ partition, start, duration }) => ({
    partition,
    startNs: toNs(start),
    durationNs: toNs(duration),
  }));
  return { schedules: [{ core, policy, frameNs: toNs(frame), slots: planned }], reservations };
}

function createTable(shares: readonly Share[]): { frame: number; slots: TableSlot[] } {
  let end = 0;
  const slots = shares.map(({ budget }, partition) => {
    end += budget;
    return { partition, start: end - budget, duration: budget };
  });
  return { frame: Math.max(end, ...shares.map(({ period }) => period)), slots };
}

function createDevices({ rightLine = RIGHT_LINE }: SmallBoardOptions): Device[] {
  const [left = 0, right = 0, bare = 0] = DEVICE_BASES;
  const one = { dma: true, firmware: false };
  return [
    {
      ...one,
      name: 'disk',
      mmio: [{ base: left, size: 0x1000 }],
      irqs: [LEFT_LINE as IntId, LEFT_OTHER_LINE as IntId],
      streams: [LEFT_STREAM as StreamId],
      itsDeviceIds: [LEFT_STREAM as ItsDeviceId],
    },
    {
      ...one,
      name: 'net',
      mmio: [{ base: right, size: 0x1000 }],
      irqs: [rightLine as IntId],
      streams: [RIGHT_STREAM as StreamId],
      itsDeviceIds: [RIGHT_STREAM as ItsDeviceId],
    },
    {
      ...one,
      name: 'engine',
      mmio: [{ base: bare, size: 0x1000 }],
      irqs: [],
      streams: [],
      itsDeviceIds: [],
    },
  ];
}

function createFirewall(): Firewall {
  return {
    kind: 'trdc',
    managers: [],
    windows: [
      { name: 'ram', base: 0 as Pa, size: 0x100_0000, granule: 0x1000, regions: null },
      { name: 'io', base: 0x800_0000 as Pa, size: 0x10_0000, granule: 0x1000, regions: null },
    ],
  };
}

function createPlatform(options: SmallBoardOptions): Platform {
  const a55 = { type: 'cortex-a55', el2: true, aliases: [], firmware: false };
  const alias = { local: ALIAS_LOCAL, base: RAM_PA[BARE] ?? 0, size: 0x1000 };
  return {
    name: 'small-board',
    cores: [
      { ...a55, id: 0 as CoreId, affinity: 0 as Affinity },
      { ...a55, id: 1 as CoreId, affinity: 1 as Affinity },
      { ...a55, id: 2 as CoreId, affinity: 2 as Affinity },
      { ...a55, id: 3 as CoreId, affinity: null, type: 'cortex-m7', el2: false, aliases: [alias] },
      { ...a55, id: 4 as CoreId, affinity: 4 as Affinity },
    ],
    memory: [{ name: 'dram', base: 0 as Pa, size: 0x100_0000 }],
    reserved: [],
    interrupts: {
      kind: 'gic-v3',
      distributor: { base: 0x700_0000, size: 0x1_0000 },
      redistributors: { base: 0x710_0000, size: 0xa_0000 },
      its: options.its === false ? null : { base: ITS_BASE, size: 0x2_0000 },
      spiFirst: 32,
      spiCount: 32,
      listRegisters: options.listRegisters ?? 2,
      reservedIrqs: [],
    },
    iommu:
      options.iommu === false
        ? null
        : { kind: 'smmu-v3', base: 0x600_0000 as Pa, size: 0x2_0000, streamIdBits: 8, irqs: [] },
    firewall: options.firewall === false ? null : createFirewall(),
    timerHz: 1_000_000,
    devices: createDevices(options),
  };
}

function createPartition(
  index: number,
  name: string,
  vmid: number,
  cpus: Partition['cpus'],
): Partition {
  const pa = RAM_PA[index] ?? 0;
  const ipa = index === BARE ? pa : RAM_IPA;
  const window = DEVICE_BASES[index] ?? 0;
  return {
    name,
    vmid: vmid as Vmid,
    cpus,
    memory: [
      {
        name: 'ram',
        ipa: ipa as Ipa,
        pa: pa as Pa,
        size: RAM_SIZE,
        access: { read: true, write: true, execute: false },
      },
      {
        name: 'code',
        ipa: (ipa + CODE_IPA - RAM_IPA) as Ipa,
        pa: (pa + 0x8000) as Pa,
        size: 0x1000,
        access: { read: true, write: false, execute: true },
      },
    ],
    devices: [{ device: index, windowIpas: [window as Ipa] }],
    entry: CODE_IPA as Ipa,
    tasks: [],
    interruptRates: [],
  };
}

/** The configuration. */
export function createSmallBoard(options: SmallBoardOptions = {}): StaticConfiguration {
  const left = options.left ?? { budget: 20, period: 50, priority: 2 };
  const right = options.right ?? { budget: 20, period: 100, priority: 1 };
  const { schedules, reservations } = createSharedSchedule([left, right], options);
  const [ofLeft = null, ofRight = null] = reservations;
  const whole = { ...NO_REQUIREMENT, reservation: null };
  const read = { read: true, write: false, execute: false };
  const write = { read: true, write: true, execute: false };
  const shared = SHARED_CORE as CoreId;
  return {
    platform: createPlatform(options),
    hypervisor: {
      memory: [],
      overheads: {
        contextSwitchNs: toNs(options.contextSwitch ?? 2),
        reloadNs: toNs(options.reload ?? 0),
        timerNs: toNs(options.timer ?? 0),
        interruptNs: toNs(options.interrupt ?? 0),
        longestSectionNs: toNs(options.section ?? 5),
      },
    },
    partitions: [
      createPartition(LEFT, 'left', 1, [
        { ...whole, core: 0 as CoreId },
        { ...whole, core: shared, reservation: ofLeft },
      ]),
      createPartition(RIGHT, 'right', options.sameVmid === true ? 1 : 2, [
        { ...whole, core: 2 as CoreId },
        { ...whole, core: shared, reservation: ofRight },
      ]),
      createPartition(BARE, 'bare', 3, [{ ...whole, core: BARE_CORE as CoreId }]),
    ],
    channels: [
      {
        name: 'mailbox',
        pa: CHANNEL_PA as Pa,
        size: 0x1000,
        ends: [
          { partition: RIGHT, ipa: CHANNEL_IPA as Ipa, access: write },
          { partition: LEFT, ipa: CHANNEL_IPA as Ipa, access: read },
        ],
        notify: [{ from: RIGHT, to: LEFT, irq: DOORBELL_LINE as IntId }],
      },
    ],
    schedules,
    bandwidth: [],
  };
}

/** The board with one partition for each share, and nothing but the shared core in use. */
export function createSharedCore(
  shares: readonly Share[],
  options: SmallBoardOptions = {},
): StaticConfiguration {
  const core = SHARED_CORE as CoreId;
  const { schedules, reservations } = createSharedSchedule(shares, options);
  return {
    ...createSmallBoard(options),
    partitions: reservations.map((reservation, index) => ({
      name: `guest${index}`,
      vmid: (index + 1) as Vmid,
      cpus: [{ ...NO_REQUIREMENT, core, reservation }],
      memory: [],
      devices: [],
      entry: 0 as Ipa,
      tasks: [],
      interruptRates: [],
    })),
    channels: [],
    schedules,
  };
}

/** A machine with its plan. */
export interface Board {
  readonly plan: Plan;
  readonly machine: Machine;
}

/** The board at reset. */
export function createReset(options: SmallBoardOptions = {}): Board {
  const plan = createPlan(createSmallBoard(options));
  return { plan, machine: createMachine(plan) };
}

/** The board after an undisturbed boot; virtual CPU 1 of `left` and `right` is still off. */
export function createSealed(options: SmallBoardOptions = {}): Board {
  return seal(createReset(options));
}

/** Boots a board that is at reset, undisturbed. */
export function seal(board: Board): Board {
  for (let round = 0; round < 20 && !board.machine.boot.sealed; round += 1) {
    for (let core = 0; core < board.plan.cores.length; core += 1) {
      step(board.plan, board.machine, { kind: 'boot', core, fails: false });
    }
  }
  return board;
}

/** The board with every virtual CPU started, and time passed until `left` executes on core 1. */
export function createBusy(options: SmallBoardOptions = {}): Board {
  const board = createSealed(options);
  step(board.plan, board.machine, { kind: 'cpu-on', core: 0, vcpu: 1 });
  step(board.plan, board.machine, { kind: 'cpu-on', core: 2, vcpu: 1 });
  for (let round = 0; round < 200 && board.machine.cores[SHARED_CORE]?.section !== 0; round += 1) {
    step(board.plan, board.machine, { kind: 'time-passes', core: SHARED_CORE, ticks: 1 });
  }
  return board;
}
