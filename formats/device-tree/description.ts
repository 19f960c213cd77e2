/**
 * What a platform file says, as data: the source of every platform file that is printed rather than
 * typed.
 *
 * Unlike `Platform` of the model it keeps where each fact is from, because a reviewer has to follow
 * it.
 */

import type { ByteRange } from '../../model/units.ts';

/**
 * Every entry may say where its fact is from: a file and line, a manual's section, or "assumption".
 */
export interface Sourced {
  readonly source?: string;
}

/** A named range of physical bytes, [base, base + size). */
export interface DescribedRange extends ByteRange, Sourced {
  readonly name: string;
}

/**
 * A processing element. `mpidr` holds the affinity fields; null where the core is not behind the
 * GIC.
 */
export interface DescribedCore extends Sourced {
  readonly id: number;
  readonly type: string;
  readonly mpidr: number | null;
  readonly el2: boolean;
  readonly firmware: boolean;
  readonly aliases: readonly { local: number; base: number; size: number }[];
}

/** GICv3: `its` is null where there is none. */
export interface DescribedInterrupts extends Sourced {
  readonly distributor: ByteRange;
  readonly redistributors: ByteRange;
  readonly its: ByteRange | null;
  /** SPIs are the INTIDs [spiFirst, spiFirst + spiCount). */
  readonly spiFirst: number;
  readonly spiCount: number;
  /** List registers per core, 1 to 16. */
  readonly listRegisters: number;
  /** INTIDs that the hypervisor keeps: maintenance and its own timer. */
  readonly reservedIrqs: readonly number[];
}

/** SMMUv3. StreamIDs are [0, 2^streamIdBits). */
export interface DescribedIommu extends ByteRange, Sourced {
  readonly streamIdBits: number;
  readonly irqs: readonly number[];
}

/**
 * A window in which a bus firewall grants whole granules; `regions` grants at most, null for no
 * such limit.
 */
export interface DescribedWindow extends DescribedRange {
  readonly granule: number;
  readonly regions: number | null;
}

/** NXP's Trusted Resource Domain Controller: registers and windows. */
export interface DescribedFirewall extends Sourced {
  readonly managers: readonly DescribedRange[];
  readonly windows: readonly DescribedWindow[];
}

/** A device with everything that belongs to one partition together. */
export interface DescribedDevice extends Sourced {
  readonly name: string;
  readonly mmio: readonly ByteRange[];
  /** INTIDs, not SPI numbers. */
  readonly irqs: readonly number[];
  readonly streams: readonly number[];
  readonly itsDeviceIds: readonly number[];
  readonly dma: boolean;
  readonly firmware: boolean;
}

/** A whole board. */
export interface PlatformDescription {
  /** Lines of the comment at the head of the file, without the comment sign. */
  readonly notes: readonly string[];
  readonly name: string;
  readonly cores: readonly DescribedCore[];
  readonly memory: readonly DescribedRange[];
  readonly reserved: readonly DescribedRange[];
  readonly interrupts: DescribedInterrupts;
  readonly iommu: DescribedIommu | null;
  readonly firewall: DescribedFirewall | null;
  readonly timerHz: number;
  readonly timerSource: string;
  readonly devices: readonly DescribedDevice[];
}
