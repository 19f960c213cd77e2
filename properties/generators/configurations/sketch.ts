/**
 * Sketches: what is drawn of a configuration, in small numbers. Nothing in a sketch can be wrong:
 * whatever it says, `layOut` makes a configuration of it that keeps every rule.
 *
 * Indices of partitions are taken modulo how many there are, sizes are pages, and times are units:
 * the shortest time that is both whole nanoseconds and whole ticks.
 */

import type { IdlePolicy, SchedulingPolicy, TaskPolicy } from '../../../model/configuration.ts';

/** Where a partition sees its memory: where it is, from address 0, in the middle, or at the end. */
export type Placement = 'identity' | 'zero' | 'middle' | 'top';

/** Memory of a partition. */
export interface MemorySketch {
  readonly pages: number;
  /** Index of the rights, see `ACCESSES`; the first memory of a partition can be executed. */
  readonly access: number;
  /** Pages left free in front of it in the IPA space. */
  readonly gap: number;
}

/** A partition under EL2. */
export interface PartitionSketch {
  readonly memory: readonly MemorySketch[];
  readonly placement: Placement;
  /** Its device windows appear at other addresses. */
  readonly movesDevices: boolean;
  /** Tasks on each of its virtual CPUs, and what one takes, units. */
  readonly tasks: number;
  readonly wcet: number;
  readonly taskPolicy: TaskPolicy;
  /** It states how often its lines are asserted. */
  readonly rates: boolean;
  /** It requires bounds wherever some are certain to hold. */
  readonly requires: boolean;
}

/** A partition on a core without EL2. */
export interface BareSketch {
  readonly memory: readonly MemorySketch[];
  /** The core sees the first memory under another address. */
  readonly alias: boolean;
}

/** Who shares a core. */
export interface MemberSketch {
  /** Budget above the least, units. */
  readonly budget: number;
  /** Period above that of the shortest, in multiples and units. */
  readonly times: number;
  readonly longer: number;
  /** Part of what the phase may be, sixteenths. */
  readonly phase: number;
  readonly idle: IdlePolicy;
  readonly slack: boolean;
  /** Further slots of a table, and time left in front of each, units. */
  readonly slots: number;
  readonly pause: number;
}

/** A core that partitions share. */
export interface SharedCoreSketch {
  readonly policy: SchedulingPolicy;
  /** Index of the first member; the others follow it. */
  readonly first: number;
  readonly members: readonly MemberSketch[];
  /** Time that nobody has in the shortest period, units. */
  readonly spare: number;
  /** The last member is the most urgent one. */
  readonly reversed: boolean;
}

/** A device, or several that lie in one page and so belong together. */
export interface GroupSketch {
  /** Index of the owner among partitions, bare ones, nobody and firmware. */
  readonly owner: number;
  /** How many devices lie in the page; 1 for a device with windows of whole pages of its own. */
  readonly devices: number;
  /** Windows of a device that is alone, and pages of each. */
  readonly windows: number;
  readonly pages: number;
  /** Bytes that the last page of a window is not used. */
  readonly unused: number;
  readonly lines: number;
  readonly streams: number;
  readonly events: number;
  /** It masters the bus, where its owner may have a master without streams. */
  readonly masters: boolean;
}

/** A channel. */
export interface ChannelSketch {
  readonly pages: number;
  /** Index of the first end; the others follow it. */
  readonly first: number;
  readonly ends: number;
  /** All ends write. */
  readonly both: boolean;
  readonly rings: boolean;
  readonly ringsBack: boolean;
}

/** Regulated bandwidth: per core so many accesses, each of so many nanoseconds. */
export interface BandwidthSketch {
  /** `shared`: one that partitions share, alone, with a bound on its stalls. */
  readonly cores: 'none' | 'some' | 'all' | 'shared';
  readonly accesses: number;
  readonly accessMinNs: number;
  readonly wider: number;
  /** Period above the shortest one, units. */
  readonly spare: number;
}

/** How numbers are given out. */
export interface NumberSketch {
  /** Index into the frequencies, see `FREQUENCIES`. */
  readonly frequency: number;
  readonly vmids: 'first' | 'byte' | 'last';
  readonly lines: 'first' | 'words' | 'last';
  readonly streams: 'first' | 'last';
  readonly streamIdBits: number;
  /** DeviceIDs of the ITS are StreamIDs plus this. */
  readonly eventOffset: number;
  readonly cores: 'dense' | 'sparse';
  readonly affinities: 'aff0' | 'aff1';
  readonly hypervisorLines: number;
  readonly listRegisters: number;
}

/** How the physical space is laid out. */
export interface SpaceSketch {
  readonly ram: 'zero' | 'low' | 'straddling' | 'top';
  /** Order of what lies in RAM and of what lies among the registers; smaller first. */
  readonly ranks: readonly number[];
  /** Pages, or granules of the firewall, that are left free behind each. */
  readonly gaps: readonly number[];
  /** Where RAM is cut in two banks that touch, sixteenths; 0 for one bank. */
  readonly cut: number;
  /** Granule of the firewall, pages. */
  readonly granule: number;
  /** The firewall states how many grants it holds, and has no more than are needed. */
  readonly countsRegions: boolean;
  /** Pages of RAM that nobody has, in one piece. */
  readonly free: number;
  readonly imagePages: number;
  readonly reserved: number;
}

/** Time that EL2 takes, units. */
export interface OverheadSketch {
  readonly contextSwitch: number;
  readonly reload: number;
  readonly timer: number;
  readonly interrupt: number;
  readonly section: number;
}

/** A configuration to be. */
export interface Sketch {
  readonly partitions: readonly PartitionSketch[];
  readonly bare: readonly BareSketch[];
  /** Owner of each core that is whole; a partition without any core gets one more. */
  readonly wholeCores: readonly number[];
  readonly sharedCores: readonly SharedCoreSketch[];
  readonly unusedCores: number;
  readonly firmwareCores: number;
  readonly groups: readonly GroupSketch[];
  readonly channels: readonly ChannelSketch[];
  readonly bandwidth: BandwidthSketch;
  readonly numbers: NumberSketch;
  readonly space: SpaceSketch;
  readonly overheads: OverheadSketch;
  readonly iommu: boolean;
  readonly its: boolean;
  /** There is a bus firewall though no partition needs one. */
  readonly firewall: boolean;
}
