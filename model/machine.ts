/**
 * Machine: the state of Haven and of the hardware that it programs.
 *
 * Plain records and arrays, changed in place by the transitions. Only what some bug needs to be
 * visible is held. `createMachine` makes the state at reset: firmware may have left anything
 * behind, so the SMMU starts enabled and in bypass.
 */

import { createMemory } from './memory.ts';
import type { Memory } from './memory.ts';
import type { Plan } from './plan.ts';
import { REGISTERS } from './registers.ts';

/** Nobody: no partition, no resident, no slot. */
export const NONE = -1;

/** How far a core has booted. The order is the order of boot. */
export const BOOT_OFF = 0;
export const BOOT_STAGE2 = 1;
export const BOOT_SMMU = 2;
export const BOOT_GIC = 3;
export const BOOT_SCHEDULER = 4;
export const BOOT_SEALED = 5;

/** Boot of all cores. */
export interface Boot {
  /** Per core: the last step that is complete. */
  readonly steps: number[];
  /** Words of the stream table that the boot core has written within the SMMU step. */
  words: number;
  /** Some step failed: no partition ever runs. */
  failed: boolean;
  /** Every core that partitions use has sealed. */
  sealed: boolean;
}

/** A run of stage-2 entries as they stand in memory now. */
export interface TableEntry {
  ipa: number;
  pa: number;
  size: number;
  read: boolean;
  write: boolean;
  execute: boolean;
  /** 0 normal, 1 device, 2 doorbell. */
  type: number;
}

/** A cached translation of one page, tagged with the VMID. */
export interface CachedEntry {
  valid: boolean;
  vmid: number;
  /** Page number in IPA space. */
  page: number;
  /** Physical page number. */
  frame: number;
  read: boolean;
  write: boolean;
  execute: boolean;
  type: number;
}

/** Stream table entry. Its words are written one at a time, so that a torn entry is a state. */
export interface StreamEntry {
  readonly stream: number;
  /** Word 0: valid bit. */
  valid: boolean;
  /** Word 0: true is stage 2, false is bypass. */
  translate: boolean;
  /** Words 2 and 3: VMID and table, as the index of the partition whose table is walked. */
  table: number;
}

/** A DMA request that the SMMU has let through and that has not reached memory yet. */
export interface InFlight {
  busy: boolean;
  /** Partition in whose name the device works; NONE for a device that nobody owns. */
  master: number;
  frame: number;
  write: boolean;
  value: number;
}

/** SMMUv3 and what passes through it. */
export interface Smmu {
  enabled: boolean;
  /** GBPA.ABORT: what happens to every stream while the SMMU is off. */
  abortWhenOff: boolean;
  readonly streams: StreamEntry[];
  /** Per partition: the table its streams walk. */
  readonly tables: TableEntry[][];
  readonly iotlb: CachedEntry[];
  readonly inFlight: InFlight[];
}

/** A physical interrupt line (SPI). */
export interface Line {
  /** Level of the wire. */
  asserted: boolean;
  enabled: boolean;
  pending: boolean;
  active: boolean;
  /** Group 1 is delivered as IRQ; group 0 would be FIQ. */
  group: number;
  /** Index of the core that the route names; NONE where disabled. */
  core: number;
  owner: number;
}

/** State of one interrupt as a partition sees it. */
export interface VirtualLine {
  readonly intId: number;
  readonly physical: boolean;
  enabled: boolean;
  pending: boolean;
  active: boolean;
  /** Virtual CPU that takes it. */
  target: number;
}

/** List register: 0 invalid, 1 pending, 2 active. */
export interface ListRegister {
  state: number;
  intId: number;
  /** HW bit: the guest's end-of-interrupt clears the physical active state. */
  physical: boolean;
}

/** ITS entry: which LPI an event rings and for whom. */
export interface Event {
  readonly itsDeviceId: number;
  readonly event: number;
  intId: number;
  owner: number;
  valid: boolean;
}

/** GICv3: physical lines, ITS. */
export interface Gic {
  readonly lines: Line[];
  readonly events: Event[];
}

/** A virtual CPU that is not on a core keeps its state here. */
export interface Vcpu {
  /** Started by PSCI CPU_ON or at boot. */
  on: boolean;
  /** In WFI: not ready until an interrupt comes. */
  waiting: boolean;
  /** Values of the switched registers while another virtual CPU is on the core. */
  readonly saved: number[];
  /** Who wrote each saved value last. */
  readonly savedWriters: number[];
  /** SGIs and PPIs, 32 private lines. */
  readonly privateLines: VirtualLine[];
  /** Virtual timer (CNTV): fires at `timerAt` when armed. */
  timerArmed: boolean;
  timerAt: number;
}

/** A partition at run time. */
export interface PartitionState {
  readonly vcpus: Vcpu[];
  /** Shared lines: its devices', its doorbells', its LPIs. */
  readonly lines: VirtualLine[];
  /** How often it was reset by its own request. */
  resets: number;
}

/** A resident of a core: its share as the scheduler keeps it. */
export interface Account {
  /** Remaining budget, ticks; negative is debt. */
  budget: number;
  /** Instant of the next replenishment: phase + k * period. */
  nextReplenishment: number;
  /** Replenishments so far. */
  epochs: number;
  /** The next dispatch is an activation and pays for the switch (time spent by the preemptor). */
  activation: boolean;
  /** The budget is spent, and EL2 has handled the timer interrupt that says so. */
  exhausted: boolean;
}

/** A core. */
export interface CoreState {
  /** Generic-timer count of this core. */
  clock: number;
  /** Resident whose time it is; NONE when idle. */
  running: number;
  /** The running resident uses slack and is not charged. */
  slack: boolean;
  /** Last resident that got slack, for round robin. */
  lastSlack: number;
  /** Rest of an EL2 section with interrupts masked, ticks. */
  section: number;
  /**
   * Something has happened after which the core must choose anew who runs: it does before the step
   * ends.
   */
  dispatchDue: boolean;
  readonly accounts: Account[];
  /** Under `table` the slot or gap that the core is in; NONE else. */
  slot: number;
  /** Under `table` the instant at which the frame began; 0 else. */
  frameStart: number;
  /** Resident whose registers are live; NONE after boot. */
  loaded: number;
  readonly registers: number[];
  readonly registerWriters: number[];
  readonly tlb: CachedEntry[];
  readonly listRegisters: ListRegister[];
}

/** The latest transaction on the bus: what an observer with a probe would see. */
export interface BusTransaction {
  /** Counts transactions, so that a reader knows whether a step made one. */
  count: number;
  /** Partition in whose name it was made; NONE for a device that nobody owns. */
  master: number;
  /** By a device rather than a core. */
  dma: boolean;
  frame: number;
  write: boolean;
  fetch: boolean;
}

/** The whole state. */
export interface Machine {
  readonly boot: Boot;
  readonly memory: Memory;
  /** Per partition: stage-2 table. */
  readonly stage2: TableEntry[][];
  readonly smmu: Smmu;
  readonly gic: Gic;
  readonly partitions: PartitionState[];
  readonly cores: CoreState[];
  readonly bus: BusTransaction;
}

/**
 * Entries that each core's TLB and the IOTLB hold in the model: enough for two partitions to
 * collide.
 */
export const CACHE_SLOTS = 4;
/** DMA requests that can be in flight at once. */
export const IN_FLIGHT_SLOTS = 4;
/** Private interrupts of a virtual CPU: SGIs 0 to 15, PPIs 16 to 31. */
export const PRIVATE_LINES = 32;

/** The state at reset. */
export function createMachine(plan: Plan): Machine {
  return {
    boot: { steps: plan.cores.map(() => BOOT_OFF), words: 0, failed: false, sealed: false },
    memory: createMemory(),
    stage2: plan.partitions.map(() => []),
    smmu: {
      enabled: true,
      abortWhenOff: false,
      streams: plan.streams.map(({ stream }) => ({
        stream,
        valid: true,
        translate: false,
        table: 0,
      })),
      tables: plan.partitions.map(() => []),
      iotlb: Array.from({ length: CACHE_SLOTS }, createCachedEntry),
      inFlight: Array.from({ length: IN_FLIGHT_SLOTS }, () => ({
        busy: false,
        master: NONE,
        frame: 0,
        write: false,
        value: 0,
      })),
    },
    gic: {
      lines: plan.routes.map(() => ({
        asserted: false,
        enabled: false,
        pending: false,
        active: false,
        group: 0,
        core: NONE,
        owner: NONE,
      })),
      events: plan.events.map(({ itsDeviceId, event }) => ({
        itsDeviceId,
        event,
        intId: 0,
        owner: NONE,
        valid: false,
      })),
    },
    partitions: plan.partitions.map((partition) => ({
      vcpus: partition.vcpus.map(createVcpu),
      lines: partition.lines.map(({ intId, physical, target }) =>
        createVirtualLine(intId, physical, target),
      ),
      resets: 0,
    })),
    cores: plan.cores.map((core) => ({
      slot: core.slots.length === 0 ? NONE : 0,
      frameStart: 0,
      clock: 0,
      running: NONE,
      slack: false,
      lastSlack: NONE,
      section: 0,
      dispatchDue: false,
      accounts: core.residents.map(() => ({
        budget: 0,
        nextReplenishment: 0,
        epochs: 0,
        activation: true,
        exhausted: false,
      })),
      loaded: NONE,
      registers: REGISTERS.map(() => 0),
      registerWriters: REGISTERS.map(() => NONE),
      tlb: Array.from({ length: CACHE_SLOTS }, createCachedEntry),
      listRegisters: Array.from({ length: plan.listRegisters }, () => ({
        state: 0,
        intId: 0,
        physical: false,
      })),
    })),
    bus: { count: 0, master: NONE, dma: false, frame: 0, write: false, fetch: false },
  };
}

function createCachedEntry(): CachedEntry {
  return {
    valid: false,
    vmid: 0,
    page: 0,
    frame: 0,
    read: false,
    write: false,
    execute: false,
    type: 0,
  };
}

function createVcpu(): Vcpu {
  return {
    on: false,
    waiting: false,
    saved: REGISTERS.map(() => 0),
    savedWriters: REGISTERS.map(() => NONE),
    privateLines: Array.from({ length: PRIVATE_LINES }, (_, intId) =>
      createVirtualLine(intId, false, 0),
    ),
    timerArmed: false,
    timerAt: 0,
  };
}

function createVirtualLine(intId: number, physical: boolean, target: number): VirtualLine {
  return { intId, physical, enabled: false, pending: false, active: false, target };
}
