/** Describe: how findings of rules spell ranges, durations and pairs of regions. */

import type { Region } from '../../model/regions.ts';
import { computeEnd, computePages, isOverlapping, type ByteRange } from '../../model/units.ts';
import { formatAddress, formatInterval, type RelatedPlace } from '../findings.ts';
import type { RegionPair } from './rule.ts';

/** Names the items of a list as a sentence does: `a, b and c`. */
export function formatList(items: readonly string[]): string {
  const last = items.at(-1);
  if (last === undefined) return 'none';
  return items.length === 1 ? last : `${items.slice(0, -1).join(', ')} and ${last}`;
}

/** A range as every message prints it: `[0x1000, 0x2000)`. */
export function formatRange(range: ByteRange): string {
  return formatInterval(range.base, range.size);
}

/** A region with its interval: `memory ram of linux [0x48000000, 0x68000000)`. */
export function formatRegion(region: Region): string {
  return `${region.label} ${formatRange(region)}`;
}

/** Where the platform describes a device, beside a finding about whoever has it. */
export function relateDevice(name: string, index: number): RelatedPlace {
  return { message: `device ${name} is described here`, at: ['platform', 'devices', index] };
}

/** A size with the largest unit that divides it: `2MiB`. */
export function formatSize(bytes: number): string {
  for (const [unit, size] of SIZE_UNITS) {
    if (bytes >= size && bytes % size === 0) return `${bytes / size}${unit}`;
  }
  return `${bytes} bytes`;
}

const SIZE_UNITS = [
  ['GiB', 2 ** 30],
  ['MiB', 2 ** 20],
  ['KiB', 2 ** 10],
] as const;

/** A duration with the largest unit in which it has at most three decimals: `2.5ms`. */
export function formatDuration(nanoseconds: number): string {
  for (const [unit, factor] of DURATION_UNITS) {
    if (nanoseconds >= factor && (nanoseconds * 1000) % factor === 0) {
      return `${nanoseconds / factor}${unit}`;
    }
  }
  return `${nanoseconds}ns`;
}

const DURATION_UNITS = [
  ['s', 1_000_000_000],
  ['ms', 1_000_000],
  ['us', 1_000],
] as const;

/** A range from `from` up to `to`, exclusive. */
export function createRange(from: number, to: number): ByteRange {
  return { base: from, size: to - from };
}

/** What two ranges have in common; only meaningful where they overlap. */
export function computeIntersection(a: ByteRange, b: ByteRange): ByteRange {
  return createRange(Math.max(a.base, b.base), Math.min(computeEnd(a), computeEnd(b)));
}

/**
 * Both parties, both intervals and what they share: bytes where they overlap, else the page
 * that stage 2 can only give whole.
 */
export function describePair({ first, second }: RegionPair): string {
  const parties = `${formatRegion(first)} and ${formatRegion(second)}`;
  if (isOverlapping(first, second)) {
    return `${parties} overlap in ${formatRange(computeIntersection(first, second))}`;
  }
  const page = computeIntersection(computePages(first), computePages(second));
  return `${parties} share the page ${formatRange(page)}`;
}

/** The other party of a pair as a related place. */
export function relateRegion(region: Region): RelatedPlace {
  return { message: `${formatRegion(region)} is here`, at: region.path };
}

/** Up and down to the next multiple: `0x1000 or 0x2000`. */
export function formatNeighbours(address: number, multiple: number): string {
  const below = address - (address % multiple);
  return `${formatAddress(below)} or ${formatAddress(below + multiple)}`;
}
