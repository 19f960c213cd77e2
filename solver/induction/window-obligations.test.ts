/** The delay that the induction over windows gives, against response-time analysis. */

import { describe, expect, test } from 'vitest';
import { createPlan } from '../../model/plan.ts';
import { createSharedCore } from '../../model/testing/small-board.ts';
import type { Share } from '../../model/testing/small-board.ts';
import { createRandom, nextBelow } from '../../properties/engine/random.ts';
import type { RandomState } from '../../properties/engine/random.ts';
import { computeBounds } from '../timing/bounds.ts';
import { computeDelay, listWatchedDelays } from './watched-delays.ts';

const CORES = 400;
const IDLE = ['keep', 'keep', 'keep', 'burn', 'poll'] as const;

/** One to three reservations that leave some of the core to each. */
function drawShares(random: RandomState): Share[] {
  const count = 1 + nextBelow(random, 3);
  return Array.from({ length: count }, (_, index): Share => {
    const period = 40 + nextBelow(random, 200);
    const budget = 12 + nextBelow(random, Math.max(1, Math.floor(period / (count + 1)) - 11));
    const idle = IDLE[nextBelow(random, IDLE.length)] ?? 'keep';
    const slack = nextBelow(random, 3) === 0;
    const phase = nextBelow(random, 2) * nextBelow(random, Math.max(1, period - budget));
    return { period, budget, priority: 10 - index, idle, slack, phase };
  });
}

describe('the delay by induction', () => {
  test('is that of response-time analysis on every core that both have a bound for', () => {
    const random = createRandom(7);
    let compared = 0;
    let behind = 0;
    for (let core = 0; core < CORES; core += 1) {
      const shares = drawShares(random);
      const configuration = createSharedCore(shares, {
        section: nextBelow(random, 5),
        timer: nextBelow(random, 3),
        contextSwitch: nextBelow(random, 4),
        interrupt: nextBelow(random, 4),
        reload: nextBelow(random, 2),
      });
      const plan = createPlan(configuration);
      const bounds = computeBounds(configuration);
      for (const delay of listWatchedDelays(plan)) {
        const partition = plan.cores[delay.core]?.residents[delay.index]?.partition;
        const closed = bounds.find(({ partitionIndex }) => partitionIndex === partition);
        expect({ shares, ticks: computeDelay(plan, delay) }).toEqual({
          shares,
          ticks: closed?.boundTicks,
        });
        compared += 1;
        behind += Number(delay.isBehind);
      }
    }
    expect(compared).toBeGreaterThan(CORES);
    expect(behind).toBeGreaterThan(CORES / 4);
  });

  test('is there for no core whose budgets debt and one stay at EL2 can spend', () => {
    const share = { period: 100, priority: 1 };
    const listFor = (budget: number): number =>
      listWatchedDelays(createPlan(createSharedCore([{ ...share, budget }], { section: 6 })))
        .length;
    // Z = 6 and o = 5.
    expect(listFor(11)).toBe(0);
    expect(listFor(12)).toBe(1);
  });
});
