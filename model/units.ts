/**
 * Units: every number in the model has one, and only this file compares or adds addresses of a
 * kind.
 *
 * Addresses, sizes, identifiers and ticks are `number`: a 52-bit address fits a double exactly.
 * They are never touched by bitwise operators, which cut to 32 bits. Every interval is half-open:
 * [base, base + size).
 */

declare const unit: unique symbol;
type Branded<Name extends string> = number & { readonly [unit]: Name };

/** Physical address, bytes. */
export type Pa = Branded<'Pa'>;
/** Intermediate physical address: what a partition believes to be physical, bytes. */
export type Ipa = Branded<'Ipa'>;
/** GIC interrupt identifier: SGI 0-15, PPI 16-31, SPI 32-1019, LPI from 8192. */
export type IntId = Branded<'IntId'>;
/** SMMU stream identifier. */
export type StreamId = Branded<'StreamId'>;
/** ITS DeviceID; not the StreamID (i.MX95 PCIe1: StreamID 0x18, DeviceID 0x98). */
export type ItsDeviceId = Branded<'ItsDeviceId'>;
/** Virtual machine identifier, the tag of stage-2 translations. */
export type Vmid = Branded<'Vmid'>;
/** Number of a core in the platform file; not its affinity and not an index. */
export type CoreId = Branded<'CoreId'>;
/** MPIDR_EL1 affinity fields, Aff3:Aff2:Aff1:Aff0. */
export type Affinity = Branded<'Affinity'>;
/** Generic-timer counts. */
export type Ticks = Branded<'Ticks'>;
/** Nanoseconds, an integer; the unit in which a configuration states durations. */
export type Nanoseconds = Branded<'Nanoseconds'>;

/** Granule of stage 2 and of the SMMU: 4 KiB. */
export const PAGE_SIZE = 4096;
/** Bits of the IPA space on both boards: T0SZ = 25, SL0 = 1, one level-1 table. */
export const IPA_BITS = 39;
/** Exclusive end of the IPA space. */
export const IPA_END = 2 ** IPA_BITS;
/** Exclusive end of the physical space that a Cortex-A55 can address (PARange = 40 bits). */
export const PA_END = 2 ** 40;

/** Half-open range of bytes [base, base + size). */
export interface ByteRange {
  readonly base: number;
  readonly size: number;
}

/** Exclusive end of a range, bytes. Exact while base + size is a safe integer. */
export function computeEnd(range: ByteRange): number {
  return range.base + range.size;
}

/** Whether two half-open ranges have a byte in common; an empty range has none. */
export function isOverlapping(a: ByteRange, b: ByteRange): boolean {
  return a.size > 0 && b.size > 0 && a.base < b.base + b.size && b.base < a.base + a.size;
}

/** Whether `inner` lies wholly within `outer`. */
export function isContained(inner: ByteRange, outer: ByteRange): boolean {
  return outer.base <= inner.base && inner.base + inner.size <= outer.base + outer.size;
}

/** Whether the address lies in the half-open range. */
export function isInRange(address: number, range: ByteRange): boolean {
  return range.base <= address && address < range.base + range.size;
}

/** Base of the page that holds the address. */
export function computePageBase(address: number): number {
  return address - (address % PAGE_SIZE);
}

/** Smallest range of whole pages that covers a non-empty range: what stage 2 really maps. */
export function computePages(range: ByteRange): ByteRange {
  const base = computePageBase(range.base);
  const last = computePageBase(range.base + range.size - 1);
  return { base, size: range.size === 0 ? 0 : last + PAGE_SIZE - base };
}

/** Ticks in a duration, or null where the duration is not a whole number of ticks. */
export function computeTicksExactly(duration: Nanoseconds, frequencyHz: number): Ticks | null {
  const scaled = BigInt(duration) * BigInt(frequencyHz);
  return scaled % 1_000_000_000n === 0n ? (Number(scaled / 1_000_000_000n) as Ticks) : null;
}

/**
 * Ticks in a duration rounded down: for requirements, so that a bound must meet the stricter value.
 */
export function computeTicksFloor(duration: Nanoseconds, frequencyHz: number): Ticks {
  return Number((BigInt(duration) * BigInt(frequencyHz)) / 1_000_000_000n) as Ticks;
}

/** Ticks in a duration rounded up: for overheads, so that none is understated. */
export function computeTicksCeil(duration: Nanoseconds, frequencyHz: number): Ticks {
  return Number((BigInt(duration) * BigInt(frequencyHz) + 999_999_999n) / 1_000_000_000n) as Ticks;
}

/** Nanoseconds in a number of ticks, rounded up. */
export function computeNanosecondsCeil(ticks: number, frequencyHz: number): Nanoseconds {
  const frequency = BigInt(frequencyHz);
  return Number((BigInt(ticks) * 1_000_000_000n + frequency - 1n) / frequency) as Nanoseconds;
}
