/**
 * Sweep: all pairs of ranges that have a byte in common, in O(n log n + pairs).
 *
 * Ranges are visited by base address. A range that has not ended when the next one begins
 * overlaps it, so the ranges kept open are exactly the partners of the new one; an enclosing
 * range stays open over all of its inner ones, however many lie between.
 */

import { PAGE_SIZE, type ByteRange } from '../../model/units.ts';

/** Two positions in the swept list, smaller first. */
export type IndexPair = readonly [number, number];

/** What a sweep found. */
export interface SweepResult {
  readonly pairs: readonly IndexPair[];
  /** The limit was reached: there may be more pairs. A caller must not read this as "no more". */
  readonly truncated: boolean;
}

/**
 * Pairs that one sweep visits at most; bounds time and memory on input where everything
 * overlaps.
 */
export const PAIRS_MAX = 200_000;

/**
 * Pairs of non-empty half-open ranges that share a byte and are relevant.
 * Empty ranges share nothing. Pairs come in order of the base address of the later range.
 */
export function findOverlaps(
  ranges: readonly ByteRange[],
  isRelevant: (first: number, second: number) => boolean,
  pairsMax: number = PAIRS_MAX,
): SweepResult {
  const bases = new Float64Array(ranges.length);
  const ends = new Float64Array(ranges.length);
  for (let index = 0; index < ranges.length; index += 1) {
    const { base, size } = ranges[index] ?? NOTHING;
    bases[index] = base;
    ends[index] = base + Math.max(size, 0);
  }
  return sweep(bases, ends, isRelevant, pairsMax);
}

const NOTHING: ByteRange = { base: 0, size: 0 };

/**
 * The same for the whole pages that cover the ranges: what stage 2 can tell apart. `key` names
 * where a range begins.
 */
export function findPageOverlaps<Key extends string>(
  ranges: readonly (Readonly<Record<Key, number>> & { readonly size: number })[],
  key: Key,
  isRelevant: (first: number, second: number) => boolean,
): SweepResult {
  const bases = new Float64Array(ranges.length);
  const ends = new Float64Array(ranges.length);
  for (let index = 0; index < ranges.length; index += 1) {
    const range = ranges[index];
    // Every index is one of the list.
    if (range === undefined) continue;
    const { [key]: base, size } = range;
    // Numbers of pages order as their addresses do; a quotient costs less than a remainder.
    const first = Math.floor(base / PAGE_SIZE);
    bases[index] = first;
    ends[index] = size > 0 ? Math.floor((base + size - 1) / PAGE_SIZE) + 1 : first;
  }
  return sweep(bases, ends, isRelevant, PAIRS_MAX);
}

/** The sweep over numbers alone: no object is made for a range. */
function sweep(
  bases: Float64Array,
  ends: Float64Array,
  isRelevant: (first: number, second: number) => boolean,
  pairsMax: number,
): SweepResult {
  if (isDisjoint(bases, ends)) return { pairs: [], truncated: false };
  const order = sortByBase(bases, ends);
  const pairs: IndexPair[] = [];
  const open: number[] = [];
  let visited = 0;
  for (const current of order) {
    const base = bases[current] ?? 0;
    closeEnded(open, ends, base);
    for (const other of open) {
      if (visited >= pairsMax) return { pairs, truncated: true };
      visited += 1;
      const first = Math.min(other, current);
      const second = Math.max(other, current);
      if (isRelevant(first, second)) pairs.push([first, second]);
    }
    open.push(current);
  }
  return { pairs, truncated: false };
}

/**
 * Whether no two of the ranges share a byte: so it is exactly where, with bases and ends sorted
 * each for itself, the n-th end comes before the next base, because then at most one range is open
 * at any address. Two sorts of numbers; for the many lists in which nothing overlaps.
 */
function isDisjoint(bases: Float64Array, ends: Float64Array): boolean {
  const sortedBases = bases.toSorted();
  const sortedEnds = ends.toSorted();
  for (let next = 1; next < sortedBases.length; next += 1) {
    if ((sortedEnds[next - 1] ?? 0) > (sortedBases[next] ?? 0)) return false;
  }
  return true;
}

/** Removes the ranges that end at or before the base, in place. */
function closeEnded(open: number[], ends: Float64Array, base: number): void {
  let kept = 0;
  for (const index of open) {
    if ((ends[index] ?? 0) <= base) continue;
    open[kept] = index;
    kept += 1;
  }
  open.length = kept;
}

/** Indices of the non-empty ranges by base; equal bases keep the order of the list. */
function sortByBase(bases: Float64Array, ends: Float64Array): number[] {
  const indices: number[] = [];
  for (let index = 0; index < bases.length; index += 1) {
    if ((ends[index] ?? 0) > (bases[index] ?? 0)) indices.push(index);
  }
  // A plain array: its sort takes the runs that lists of regions mostly consist of as they are.
  return indices.sort((a, b) => (bases[a] ?? 0) - (bases[b] ?? 0) || a - b);
}

/** Sorted disjoint ranges that cover the same bytes; ranges that touch become one. */
export function mergeRanges(ranges: readonly ByteRange[]): ByteRange[] {
  const sorted = ranges.filter((range) => range.size > 0).sort((a, b) => a.base - b.base);
  const merged: { base: number; size: number }[] = [];
  for (const range of sorted) {
    const last = merged.at(-1);
    if (last !== undefined && range.base <= last.base + last.size) {
      last.size = Math.max(last.size, range.base + range.size - last.base);
    } else {
      merged.push({ base: range.base, size: range.size });
    }
  }
  return merged;
}

/** Whether every byte of the range lies in one of the sorted disjoint ranges of `mergeRanges`. */
export function isCovered(range: ByteRange, merged: readonly ByteRange[]): boolean {
  let low = 0;
  let high = merged.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((merged[middle]?.base ?? Infinity) <= range.base) low = middle + 1;
    else high = middle;
  }
  const candidate = merged[low - 1];
  return candidate !== undefined && range.base + range.size <= candidate.base + candidate.size;
}
