import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';

import { TickOverflowError } from './arithmetic.ts';
import {
  computeSlotSupply,
  computeSlotSupplyTime,
  computeSupply,
  computeSupplyTime,
  createPeriodicResource,
  type PeriodicResource,
} from './supply.ts';

function range(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}

describe('supply of a periodic resource', () => {
  it('has the tabulated values for 3 in every 5', () => {
    const resource = createPeriodicResource(3, 5);
    expect(range(16).map((window) => computeSupply(resource, window))).toEqual([
      0, 0, 0, 0, 0, 1, 2, 3, 3, 3, 4, 5, 6, 6, 6, 7,
    ]);
    expect(range(16).map((demand) => computeSupplyTime(resource, demand))).toEqual([
      0, 5, 6, 7, 10, 11, 12, 15, 16, 17, 20, 21, 22, 25, 26, 27,
    ]);
  });

  it('has the tabulated values where the budget comes within a deadline', () => {
    const early: PeriodicResource = { period: 11, budget: 2, deadline: 5 };
    const windows = [12, 13, 14, 15, 23, 24, 25, 26];
    expect(windows.map((window) => computeSupply(early, window))).toEqual([0, 1, 2, 2, 2, 3, 4, 4]);
    const short: PeriodicResource = { period: 100, budget: 7, deadline: 10 };
    expect([96, 97, 103, 104].map((window) => computeSupply(short, window))).toEqual([0, 1, 7, 7]);
  });

  it('is the inverse of its supply time for every small resource', () => {
    for (let period = 1; period <= 12; period += 1) {
      for (let deadline = 1; deadline <= period; deadline += 1) {
        for (let budget = 1; budget <= deadline; budget += 1) {
          const resource = { period, deadline, budget };
          for (let demand = 1; demand <= 30; demand += 1) {
            const time = computeSupplyTime(resource, demand);
            expect(computeSupply(resource, time)).toBe(demand);
            expect(computeSupply(resource, time - 1)).toBeLessThan(demand);
          }
        }
      }
    }
  });

  test.prop([fc.integer({ min: 1, max: 50 }), fc.nat(50), fc.nat(500), fc.nat(500)])(
    'gives two windows together no more than one as long as both',
    (budget, gap, first, second) => {
      const resource = createPeriodicResource(budget, budget + gap);
      const apart = computeSupply(resource, first) + computeSupply(resource, second);
      expect(computeSupply(resource, first + second)).toBeGreaterThanOrEqual(apart);
    },
  );

  it('refuses a time that is no safe integer', () => {
    const resource = createPeriodicResource(1, 2 ** 50);
    expect(() => computeSupplyTime(resource, 1000)).toThrow(TickOverflowError);
  });
});

describe('supply of one window per frame', () => {
  it('has the tabulated times for two slots of two', () => {
    expect(computeSlotSupplyTime(2, 4, 10)).toBe(20);
    expect(computeSlotSupplyTime(2, 4, 3)).toBe(7);
    expect(computeSlotSupplyTime(2, 4, 2)).toBe(4);
  });

  test.prop([fc.integer({ min: 1, max: 20 }), fc.nat(20), fc.integer({ min: 1, max: 100 })])(
    'is the inverse of its supply time',
    (slot, gap, demand) => {
      const time = computeSlotSupplyTime(slot, slot + gap, demand);
      expect(computeSlotSupply(slot, slot + gap, time)).toBe(demand);
      expect(computeSlotSupply(slot, slot + gap, time - 1)).toBeLessThan(demand);
    },
  );
});
