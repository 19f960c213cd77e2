import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';

import { isOverlapping, type ByteRange } from '../../model/units.ts';
import { findOverlaps, isCovered, mergeRanges, type IndexPair } from './sweep.ts';

const always = (): boolean => true;

/** The definition itself: every pair, by the one predicate. */
function findOverlapsNaively(ranges: readonly ByteRange[]): IndexPair[] {
  return ranges.flatMap((a, first) =>
    ranges.flatMap((b, second): IndexPair[] =>
      first < second && isOverlapping(a, b) ? [[first, second]] : [],
    ),
  );
}

function sortPairs(pairs: readonly IndexPair[]): IndexPair[] {
  return pairs.toSorted((a, b) => a[0] - b[0] || a[1] - b[1]);
}

// Small numbers touch, enclose and repeat; large ones reach the end of both address spaces.
const smallRange = fc.record({ base: fc.nat(24), size: fc.nat(8) });
const largeRange = fc.record({
  base: fc.constantFrom(0, 0x7f_ffff_f000, 0xff_ffff_f000, 2 ** 52 - 4096),
  size: fc.constantFrom(0, 1, 4096, 2 ** 40),
});
const ranges = fc.array(fc.oneof(smallRange, smallRange, largeRange), { maxLength: 40 });

describe('findOverlaps', () => {
  property.prop([ranges])('finds exactly the pairs that share a byte', (list) => {
    const { pairs, truncated } = findOverlaps(list, always);
    expect(sortPairs(pairs)).toEqual(findOverlapsNaively(list));
    expect(truncated).toBe(false);
  });

  property.prop([ranges])('asks about no pair that does not overlap', (list) => {
    findOverlaps(list, (first, second) => {
      const a = list[first];
      const b = list[second];
      expect(a !== undefined && b !== undefined && isOverlapping(a, b)).toBe(true);
      return true;
    });
  });

  test('finds a range inside an enclosing one, and pairs that are no neighbours', () => {
    const list = [
      { base: 0, size: 100 },
      { base: 10, size: 10 },
      { base: 30, size: 10 },
      { base: 99, size: 1 },
    ];
    expect(sortPairs(findOverlaps(list, always).pairs)).toEqual([
      [0, 1],
      [0, 2],
      [0, 3],
    ]);
  });

  test('finds nothing between ranges that touch, and nothing in an empty one', () => {
    const list = [
      { base: 0, size: 10 },
      { base: 10, size: 10 },
      { base: 5, size: 0 },
    ];
    expect(findOverlaps(list, always).pairs).toEqual([]);
  });

  test('says so when it stops at the limit', () => {
    const list = Array.from({ length: 10 }, () => ({ base: 0, size: 1 }));
    expect(findOverlaps(list, always, 44)).toMatchObject({ truncated: true });
    expect(findOverlaps(list, always, 45)).toMatchObject({ truncated: false });
    expect(findOverlaps(list, always, 45).pairs).toHaveLength(45);
  });
});

describe('mergeRanges and isCovered', () => {
  property.prop([fc.array(smallRange, { maxLength: 12 }), smallRange])(
    'call a range covered where each of its bytes lies in some range',
    (list, range) => {
      const isByteCovered = (byte: number): boolean =>
        list.some((other) => other.base <= byte && byte < other.base + other.size);
      const bytes = Array.from({ length: range.size }, (_, offset) => range.base + offset);
      if (range.size === 0) return;
      expect(isCovered(range, mergeRanges(list))).toBe(bytes.every(isByteCovered));
    },
  );

  test('join ranges that touch: a range across two banks is covered', () => {
    const banks = mergeRanges([
      { base: 0x1000, size: 0x1000 },
      { base: 0, size: 0x1000 },
    ]);
    expect(banks).toEqual([{ base: 0, size: 0x2000 }]);
    expect(isCovered({ base: 0x800, size: 0x1000 }, banks)).toBe(true);
  });
});
