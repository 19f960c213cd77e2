import { expect, test } from 'vitest';

import { computeSum, formatPercent, isGreater } from './fraction.ts';

const ONE = { numerator: 1n, denominator: 1n };

test('tells a sum of thirds from one by a single nanosecond', () => {
  const third = { part: 1_000_000_000, whole: 3_000_000_000 };
  expect(isGreater(computeSum([third, third, third]), ONE)).toBe(false);
  const more = { part: 1_000_000_001, whole: 3_000_000_000 };
  expect(isGreater(computeSum([third, third, more]), ONE)).toBe(true);
});

test('is exact where floating point is not: ten times one tenth is one', () => {
  const tenth = { part: 1, whole: 10 };
  expect(Array.from({ length: 10 }, () => 0.1).reduce((sum, part) => sum + part, 0)).not.toBe(1);
  expect(isGreater(computeSum(Array.from({ length: 10 }, () => tenth)), ONE)).toBe(false);
});

test('ignores shares of nothing instead of dividing by zero', () => {
  expect(computeSum([{ part: 5, whole: 0 }])).toEqual({ numerator: 0n, denominator: 1n });
});

test('prints percentages rounded up, so that more than 100% never reads as 100%', () => {
  expect(formatPercent(computeSum([{ part: 11, whole: 10 }]))).toBe('110%');
  expect(formatPercent(computeSum([{ part: 1_000_000_001, whole: 1_000_000_000 }]))).toBe(
    '100.01%',
  );
  expect(formatPercent(computeSum([{ part: 1, whole: 2 }]))).toBe('50%');
});
