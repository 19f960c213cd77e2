/**
 * Static configuration: what the Haven image is compiled with, resolved to numbers.
 *
 * Readers in `formats/` produce it; nothing else does. It carries no source positions: array
 * indices are those of the source file, so a `Path` names the place, and the reader turns a path
 * into line and column.
 */

import type {
  Affinity,
  ByteRange,
  CoreId,
  IntId,
  Ipa,
  ItsDeviceId,
  Nanoseconds,
  Pa,
  StreamId,
  Vmid,
} from './units.ts';

/** Rights of a mapping. */
export interface Access {
  readonly read: boolean;
  readonly write: boolean;
  readonly execute: boolean;
}

/** A named half-open range of physical bytes. */
export interface NamedRange {
  readonly name: string;
  readonly base: Pa;
  readonly size: number;
}

/** How a core without EL2 sees a physical range under another address (i.MX95 M7: ITCM at 0x0). */
export interface CoreAlias extends ByteRange {
  /** First address as the core sees it. */
  readonly local: number;
}

/** A processing element. */
export interface Core {
  readonly id: CoreId;
  /** For example `cortex-a55`, `cortex-m7`. */
  readonly type: string;
  /** Affinity for IROUTER and SGIs; null for a core that is not behind the GIC. */
  readonly affinity: Affinity | null;
  /** False: stage 2 cannot hold this core, only a bus firewall can. */
  readonly el2: boolean;
  readonly aliases: readonly CoreAlias[];
  /** The core runs firmware (i.MX95 M33: System Manager): no partition may have it. */
  readonly firmware: boolean;
}

/** GICv3 as the platform has it. */
export interface InterruptController {
  readonly kind: 'gic-v3';
  readonly distributor: ByteRange;
  /** All redistributor frames, 128 KiB per core. */
  readonly redistributors: ByteRange;
  /** Interrupt translation service: control page and doorbell page; null where there is none. */
  readonly its: ByteRange | null;
  /** First SPI, 32 on every GIC. */
  readonly spiFirst: number;
  /** Number of SPIs: they are [spiFirst, spiFirst + spiCount). */
  readonly spiCount: number;
  /** Number of list registers per core, 1 to 16. */
  readonly listRegisters: number;
  /** INTIDs that the hypervisor keeps for itself beyond the SMMU's. */
  readonly reservedIrqs: readonly IntId[];
}

/** SMMUv3 as the platform has it. */
export interface Iommu {
  readonly kind: 'smmu-v3';
  readonly base: Pa;
  readonly size: number;
  /** StreamIDs are [0, 2^streamIdBits). */
  readonly streamIdBits: number;
  /** The SMMU's own lines (event queue, error): the hypervisor's. */
  readonly irqs: readonly IntId[];
}

/** A range in which a bus firewall grants access in multiples of its granule. */
export interface FirewallWindow extends NamedRange {
  /** Smallest unit that can be granted, bytes. */
  readonly granule: number;
  /** Number of separate grants that fit the window, or null where each granule has its own. */
  readonly regions: number | null;
}

/** Bus-level access control for masters outside SMMU and stage 2. */
export interface Firewall {
  readonly kind: 'trdc';
  /** Registers of the managers; whoever writes them decides who reaches what. */
  readonly managers: readonly NamedRange[];
  readonly windows: readonly FirewallWindow[];
}

/** A device: its windows, lines and streams belong to one partition together. */
export interface Device {
  readonly name: string;
  readonly mmio: readonly ByteRange[];
  readonly irqs: readonly IntId[];
  readonly streams: readonly StreamId[];
  readonly itsDeviceIds: readonly ItsDeviceId[];
  /** The device masters the bus. With `dma` and no stream it bypasses the SMMU. */
  readonly dma: boolean;
  /** Kept by firmware: no partition may own it. */
  readonly firmware: boolean;
}

/** Facts of a board, from its platform file. */
export interface Platform {
  readonly name: string;
  readonly cores: readonly Core[];
  readonly memory: readonly NamedRange[];
  /** Memory inside the banks that firmware keeps (secure world, System Manager). */
  readonly reserved: readonly NamedRange[];
  readonly interrupts: InterruptController;
  readonly iommu: Iommu | null;
  readonly firewall: Firewall | null;
  /** Generic-timer frequency, Hz; one tick is 1 / timerHz seconds. */
  readonly timerHz: number;
  readonly devices: readonly Device[];
}

/** Time that EL2 takes, each a worst case. */
export interface Overheads {
  /** Switching from one partition to another, ns. */
  readonly contextSwitchNs: Nanoseconds;
  /** What whoever is pre-empted loses in caches and TLBs, ns; who pre-empts pays for it. */
  readonly reloadNs: Nanoseconds;
  /** Handling the EL2 timer interrupt, ns. */
  readonly timerNs: Nanoseconds;
  /** Taking and pending one physical interrupt, ns. */
  readonly interruptNs: Nanoseconds;
  /** Longest section that EL2 runs with interrupts masked, ns. */
  readonly longestSectionNs: Nanoseconds;
}

/** What a reservation does with budget while its partition has nothing to run. */
export type IdlePolicy = 'keep' | 'burn' | 'poll';

/** A share of a core: `budgetNs` in every `periodNs`. */
export interface Reservation {
  readonly budgetNs: Nanoseconds;
  readonly periodNs: Nanoseconds;
  /** First replenishment after boot, ns. */
  readonly phaseNs: Nanoseconds;
  /** Larger is more urgent. */
  readonly priority: number;
  readonly idle: IdlePolicy;
  /** May run uncharged when nobody else is eligible. */
  readonly slack: boolean;
}

/** A virtual CPU, pinned to a core. */
export interface VirtualCpu {
  readonly core: CoreId;
  /** Null: the whole core is the partition's and nobody else may name it. */
  readonly reservation: Reservation | null;
  /** Longest that it may be ready and get nothing, ns; null where no bound is required. */
  readonly maxDelayNs: Nanoseconds | null;
  /**
   * Longest from the assertion of one of its lines to the first instruction of its handler, ns;
   * null where no bound is required.
   */
  readonly maxLatencyNs: Nanoseconds | null;
  /** It promises to have budget left whenever one of its lines is asserted. */
  readonly inContract: boolean;
  /** How its own scheduler orders its tasks. */
  readonly taskPolicy: TaskPolicy;
}

/** Order in which tasks inside a partition run: fixed priority or earliest deadline first. */
export type TaskPolicy = 'fp' | 'edf';

/** Memory of a partition. */
export interface MemoryGrant {
  readonly name: string;
  readonly ipa: Ipa;
  readonly pa: Pa;
  readonly size: number;
  readonly access: Access;
}

/** A platform device that a partition owns. */
export interface DeviceGrant {
  /** Index into `platform.devices`. */
  readonly device: number;
  /** IPA of the first byte of each window, in the order of the device's `mmio`. */
  readonly windowIpas: readonly Ipa[];
}

/** A task inside a partition, for response-time analysis. */
export interface Task {
  readonly name: string;
  readonly core: CoreId;
  /** Worst-case execution time, ns. */
  readonly wcetNs: Nanoseconds;
  readonly periodNs: Nanoseconds;
  readonly deadlineNs: Nanoseconds;
  /** Larger is more urgent, within the partition and core; 0 under `edf`, which needs none. */
  readonly priority: number;
  /** Longest from the event that releases it to its release, ns. */
  readonly jitterNs: Nanoseconds;
  /** Longest that less urgent tasks of the partition hold it up, ns. */
  readonly blockingNs: Nanoseconds;
  /** Accesses to memory of one job at most; needed where the core's bandwidth is regulated. */
  readonly accesses: number;
}

/** How often a line of a partition is asserted: what its device promises, nobody enforces it. */
export interface InterruptRate {
  readonly irq: IntId;
  /** Shortest between two assertions, ns. */
  readonly distanceNs: Nanoseconds;
  /** By how much an assertion may be late, ns. */
  readonly jitterNs: Nanoseconds;
}

/** A partition. */
export interface Partition {
  readonly name: string;
  readonly vmid: Vmid;
  readonly cpus: readonly VirtualCpu[];
  readonly memory: readonly MemoryGrant[];
  readonly devices: readonly DeviceGrant[];
  /** Where each virtual CPU starts. */
  readonly entry: Ipa;
  readonly tasks: readonly Task[];
  readonly interruptRates: readonly InterruptRate[];
}

/** One side of a channel. */
export interface ChannelEnd {
  /** Index into `partitions`. */
  readonly partition: number;
  readonly ipa: Ipa;
  readonly access: Access;
}

/** A virtual interrupt that rings the receiver. */
export interface Notify {
  /** Index into `partitions`. */
  readonly from: number;
  /** Index into `partitions`. */
  readonly to: number;
  /** Virtual INTID of the receiver's. */
  readonly irq: IntId;
}

/** A declared flow between partitions: shared memory and doorbells. */
export interface Channel {
  readonly name: string;
  readonly pa: Pa;
  readonly size: number;
  readonly ends: readonly ChannelEnd[];
  readonly notify: readonly Notify[];
}

/** Order in which reservations of a core run; `table` has fixed slots in a frame that repeats. */
export type SchedulingPolicy = 'fp' | 'edf' | 'table';

/** A slot of a table: nobody else runs in it, but for those that use slack. */
export interface Slot {
  /** Index into `partitions`. */
  readonly partition: number;
  /** From the begin of the frame, ns. */
  readonly startNs: Nanoseconds;
  readonly durationNs: Nanoseconds;
}

/** Scheduling of one shared core; cores without an entry are `fp`. */
export interface CoreSchedule {
  readonly core: CoreId;
  readonly policy: SchedulingPolicy;
  /** Length of the frame under `table`, else null, ns. */
  readonly frameNs: Nanoseconds | null;
  /** Slots in their order in the frame; none but under `table`. */
  readonly slots: readonly Slot[];
}

/**
 * Regulation of a core's memory accesses: so many in each period, then the core stalls until the
 * next. Source: Yun et al. 2013, MemGuard.
 */
export interface Regulation {
  readonly core: CoreId;
  /** Accesses in each period. */
  readonly accesses: number;
  readonly periodNs: Nanoseconds;
  /** Shortest and longest time of one access while all cores are regulated, ns. */
  readonly accessMinNs: Nanoseconds;
  readonly accessMaxNs: Nanoseconds;
}

/** The hypervisor's own share. */
export interface Hypervisor {
  readonly memory: readonly NamedRange[];
  readonly overheads: Overheads;
}

/** Everything that is fixed when Haven boots. */
export interface StaticConfiguration {
  readonly platform: Platform;
  readonly hypervisor: Hypervisor;
  readonly partitions: readonly Partition[];
  readonly channels: readonly Channel[];
  readonly schedules: readonly CoreSchedule[];
  /** Regulated cores; none: interference on the bus is outside of what is claimed. */
  readonly bandwidth: readonly Regulation[];
}

/**
 * A place in the source: keys and indices from the root of one of the two files.
 * `['config', 'partitions', 0, 'memory', 1, 'pa']`, `['platform', 'devices', 3, 'irqs', 0]`.
 */
export type Path = readonly ['config' | 'platform', ...(string | number)[]];
