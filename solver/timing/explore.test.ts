import { describe, expect, it } from 'vitest';

import type { IdlePolicy, SchedulingPolicy } from '../../model/configuration.ts';
import { computeDelay, computeDeadlineSupply, computeFixedPrioritySupply } from './delay.ts';
import { type ExploredCore, exploreDelays } from './explore.ts';
import { NO_OVERHEAD, type OverheadTicks, type ReservationTicks } from './reservation.ts';
import { createPeriodicResource, computeSupplyTime } from './supply.ts';

type Pair = readonly [budget: number, period: number];

function toCore(pairs: readonly Pair[], idle: IdlePolicy): ExploredCore {
  const reservations = pairs.map(([budget, period]) => ({ budget, period, idle, phase: null }));
  return { policy: 'fp', reservations, target: pairs.length - 1, section: 0, from: 'settled' };
}

function toTicks(core: ExploredCore): ReservationTicks[] {
  return core.reservations.map(({ budget, period, idle }, index) => ({
    budget,
    period,
    phase: 0,
    priority: core.reservations.length - index,
    idle,
  }));
}

/** D(1), D(2), ... by the formulas for the target of a core. */
function computeFormula(
  core: ExploredCore,
  count: number,
  overheads: OverheadTicks = NO_OVERHEAD,
): number[] {
  const ticks = toTicks(core);
  const own = ticks[core.target];
  if (own === undefined) throw new Error('target is one of the reservations');
  const others = ticks.filter((entry) => entry !== own);
  const result =
    core.policy === 'fp'
      ? computeFixedPrioritySupply(own, others, overheads)
      : computeDeadlineSupply(own, others, overheads);
  if (result.kind === 'none') return [];
  return Array.from({ length: count }, (_, index) => {
    const delay = computeDelay(result.supply, index + 1);
    return delay.kind === 'found' ? delay.ticks : Number.POSITIVE_INFINITY;
  });
}

// Found by another exhaustive search: every phase, every demand, target least urgent. For
// (1,4) (2,7) (2,12) under burn that search counts a start-up transient: 14 and 36 for 13 and 35.
const FIXED_PRIORITY: readonly {
  readonly pairs: readonly Pair[];
  readonly keep: readonly number[];
  readonly burn: readonly number[];
  readonly poll: readonly number[];
  readonly periodic: readonly number[];
}[] = [
  {
    pairs: [
      [2, 5],
      [2, 7],
    ],
    keep: [10, 11, 17, 18, 24],
    burn: [8, 9, 14, 15, 20],
    poll: [9, 10, 16, 17, 23],
    periodic: [11, 12, 18, 19, 25],
  },
  {
    pairs: [
      [1, 3],
      [2, 8],
    ],
    keep: [9, 10, 17, 18, 25],
    burn: [8, 9, 15, 17, 23],
    poll: [9, 10, 17, 18, 25],
    periodic: [13, 14, 21, 22, 29],
  },
  {
    pairs: [
      [2, 4],
      [1, 8],
    ],
    keep: [12, 20, 28],
    burn: [8, 16, 24],
    poll: [10, 18, 26],
    periodic: [15, 23, 31],
  },
  {
    pairs: [
      [1, 4],
      [1, 5],
      [2, 9],
    ],
    keep: [12, 14, 21, 23, 30],
    burn: [10, 11, 19, 20, 28],
    poll: [11, 12, 20, 21, 29],
    periodic: [15, 16, 24, 25, 33],
  },
  {
    pairs: [
      [1, 4],
      [2, 7],
      [2, 12],
    ],
    keep: [18, 19, 30, 31, 42],
    burn: [13, 15, 26, 27, 35],
    poll: [15, 17, 27, 29, 39],
    periodic: [21, 22, 33, 34, 45],
  },
  {
    pairs: [
      [2, 6],
      [1, 5],
      [2, 12],
    ],
    keep: [18, 19, 30, 31, 42],
    burn: [12, 15, 24, 27, 35],
    poll: [15, 16, 27, 28, 39],
    periodic: [21, 22, 33, 34, 45],
  },
  {
    pairs: [
      [1, 5],
      [1, 6],
      [1, 7],
      [2, 11],
    ],
    keep: [17, 20, 28, 31, 39],
    burn: [13, 14, 24, 25, 35],
    poll: [14, 15, 25, 26, 36],
    periodic: [19, 20, 30, 31, 41],
  },
];

// Where the jitter formula is not attained; elsewhere formula and search agree for `keep`.
const KEEP_FORMULA: Readonly<Record<string, readonly number[]>> = {
  '1,4 1,5 2,9': [12, 15, 21, 24, 30],
  '2,6 1,5 2,12': [18, 21, 30, 33, 42],
  '1,5 1,6 1,7 2,11': [19, 20, 30, 31, 41],
};

function toTitle(pairs: readonly Pair[]): string {
  return pairs.map((pair) => pair.join(',')).join(' ');
}

describe.each(FIXED_PRIORITY)('fixed priority $pairs', ({ pairs, keep, burn, poll, periodic }) => {
  it.each([
    ['keep', keep],
    ['burn', burn],
    ['poll', poll],
  ] as const)('explores the exact delays of another search under %s', (idle, expected) => {
    const { delays } = exploreDelays(toCore(pairs, idle), expected.length);
    expect(delays).toEqual(expected);
  });

  it('has a formula under keep that is attained, or misses by what is recorded', () => {
    expect(computeFormula(toCore(pairs, 'keep'), keep.length)).toEqual(
      KEEP_FORMULA[toTitle(pairs)] ?? keep,
    );
  });

  it('never promises less than the search finds under burn and poll', () => {
    computeFormula(toCore(pairs, 'burn'), burn.length).forEach((bound, index) => {
      expect(bound).toBeGreaterThanOrEqual(burn[index] ?? Number.POSITIVE_INFINITY);
    });
    // One tick more: the formula lets a wake-up come at the instant of the poll.
    expect(computeFormula(toCore(pairs, 'poll'), poll.length)).toEqual(
      poll.map((ticks) => ticks + 1),
    );
  });

  it('stays below the periodic resource model, which knows only budget and period', () => {
    const [budget, period] = pairs[pairs.length - 1] ?? [1, 1];
    const resource = createPeriodicResource(budget, period);
    expect(periodic.map((_, index) => computeSupplyTime(resource, index + 1))).toEqual(periodic);
  });
});

function exploreDeadlines(
  target: Pair,
  others: readonly Pair[],
  idle: IdlePolicy,
  count: number,
): readonly number[] {
  const core = toCore([...others, target], idle);
  return exploreDelays({ ...core, policy: 'edf', from: 'boot' }, count).delays;
}

describe('earliest deadline first', () => {
  it('breaks the promise of the periodic resource model when idle budget is kept', () => {
    const exact = exploreDeadlines([5, 10], [[2, 4]], 'keep', 10);
    expect(exact).toEqual([10, 11, 14, 15, 18, 20, 22, 24, 25, 30]);
    expect(exact[4]).toBeGreaterThan(computeSupplyTime(createPeriodicResource(5, 10), 5));
    expect(exploreDeadlines([2, 4], [[5, 10]], 'keep', 4)).toEqual([7, 8, 11, 12]);
    expect(exploreDeadlines([3, 6], [[2, 4]], 'keep', 6)).toEqual([8, 9, 12, 14, 15, 20]);
  });

  it('keeps it when idle budget is burned, with equality', () => {
    expect(exploreDeadlines([5, 10], [[2, 4]], 'burn', 10)).toEqual([
      8, 9, 12, 13, 14, 17, 20, 21, 24, 25,
    ]);
    expect(exploreDeadlines([2, 4], [[5, 10]], 'burn', 4)).toEqual([5, 6, 8, 9]);
    const core: ExploredCore = {
      ...toCore(
        [
          [5, 10],
          [2, 4],
        ],
        'burn',
      ),
      policy: 'edf',
    };
    expect(computeFormula(core, 4)).toEqual([5, 6, 9, 10]);
  });
});

/** Park and Miller's generator with a fixed seed, so that every run sees the same cores. */
function createRandom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 48_271) % 2_147_483_647;
    return state % below;
  };
}

function createCore(
  random: (below: number) => number,
  policy: SchedulingPolicy,
  section: number,
): ExploredCore {
  const policies = ['keep', 'burn', 'poll'] as const;
  const count = 2 + random(2);
  const reservations = Array.from({ length: count }, () => {
    const period = 3 + section + random(count === 2 ? 7 : 4);
    const budget = 1 + section + random(Math.max(1, Math.min(2, period - section - 1)));
    const idle = policy === 'edf' ? 'burn' : (policies[random(3)] ?? 'keep');
    return { budget, period, idle, phase: null };
  });
  return { policy, reservations, target: random(count), section, from: 'boot' };
}

/** Explores up to one usable budget; fails where a bound is exceeded. */
function compare(core: ExploredCore, overheads: OverheadTicks): 'exact' | 'safe' | 'unbounded' {
  const own = core.reservations[core.target];
  if (own === undefined) throw new Error('target is one of the reservations');
  const usable = own.budget - overheads.overrun;
  const bounds = computeFormula(core, usable, overheads);
  if (bounds.length === 0 || bounds.includes(Number.POSITIVE_INFINITY)) return 'unbounded';
  const { delays } = exploreDelays(core, usable);
  delays.forEach((delay, index) => {
    expect({ core, demand: index + 1, delay }).toSatisfy(
      (found: { delay: number }) => found.delay <= (bounds[index] ?? -1),
    );
  });
  const late = own.idle === 'poll' ? 1 : 0;
  return delays.every((delay, index) => delay + late === bounds[index]) ? 'exact' : 'safe';
}

function sweep(policy: SchedulingPolicy, seed: number, count: number, section: number) {
  const overheads = { section, overrun: section, activation: 0, timer: 0 };
  const random = createRandom(seed);
  const tally = { exact: 0, safe: 0, unbounded: 0 };
  for (let run = 0; run < count; run += 1) {
    tally[compare(createCore(random, policy, section), overheads)] += 1;
  }
  console.log(`${policy}, sections of ${section}: ${JSON.stringify(tally)}`);
  return tally;
}

describe('random small cores', () => {
  it('never exceed the bound with mixed idle policies, and mostly attain it', () => {
    const tally = sweep('fp', 1, 300, 0);
    expect(tally.exact).toBeGreaterThan(10 * tally.safe);
  });

  it.each([1, 2])(
    'never exceed the bound with sections of %d that nothing pre-empts',
    (section) => {
      const tally = sweep('fp', 2, section === 1 ? 40 : 15, section);
      expect(tally.safe + tally.exact).toBeGreaterThan(10);
    },
  );

  it.each([0, 1])('never exceed the bound under deadlines and sections of %d', (section) => {
    const tally = sweep('edf', 3, 80, section);
    expect(tally.safe + tally.exact).toBeGreaterThan(10);
  });

  it('exceed a bound that forgets the jitter of a kept budget', () => {
    const core = toCore(
      [
        [2, 5],
        [2, 7],
      ],
      'keep',
    );
    const careless = computeFormula(
      toCore(
        [
          [2, 5],
          [2, 7],
        ],
        'burn',
      ),
      1,
    );
    expect(exploreDelays(core, 1).delays[0]).toBeGreaterThan(careless[0] ?? 0);
  });

  it('exceed a bound that forgets the debt of an overrun', () => {
    const core: ExploredCore = {
      ...toCore(
        [
          [3, 8],
          [3, 9],
        ],
        'keep',
      ),
      section: 2,
    };
    const careless = computeFormula(core, 1);
    expect(exploreDelays(core, 1).delays[0]).toBeGreaterThan(careless[0] ?? 0);
  });
});
