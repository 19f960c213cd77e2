import { describe, expect, it } from 'vitest';

import type { IdlePolicy } from '../../model/configuration.ts';
import { computeDelay, computeDeadlineSupply, computeFixedPrioritySupply } from './delay.ts';
import {
  type ExploredCore,
  exploreDelays,
  ExplorationLimitError,
  NO_COSTS,
  type Trace,
} from './explore.ts';
import { NO_OVERHEAD, type OverheadTicks, type ReservationTicks } from './reservation.ts';
import { createPeriodicResource, computeSupplyTime } from './supply.ts';

type Pair = readonly [budget: number, period: number];

function toCore(pairs: readonly Pair[], idle: IdlePolicy): ExploredCore {
  const reservations = pairs.map(([budget, period]) => ({ budget, period, idle, phase: null }));
  return {
    policy: 'fp',
    reservations,
    target: pairs.length - 1,
    costs: NO_COSTS,
    from: 'settled',
    wake: 'tick',
    table: null,
  };
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
    const formula = computeFormula(toCore(pairs, 'poll'), poll.length);
    expect(formula).toEqual(poll.map((ticks) => ticks + 1));
    // The formula lets a wake-up come at the instant of the poll.
    const { delays } = exploreDelays({ ...toCore(pairs, 'poll'), wake: 'event' }, poll.length);
    expect(delays).toEqual(formula);
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

/** Ticks in which the target is ready and waits, and those in which it is served. */
function replay(core: ExploredCore, trace: Trace): { waited: number; served: number } {
  const run = trace.steps.slice(trace.ready);
  expect(run.every(({ ready }) => ready.includes(core.target))).toBe(true);
  const served = run.filter((step) => step.served).length;
  return { waited: run.reduce((sum, { ticks }) => sum + ticks, 0), served };
}

describe('a run that attains a delay', () => {
  const costs = { activation: 1, section: 2, interrupt: 1, timer: 1 };
  const costly: ExploredCore = {
    ...toCore(
      [
        [3, 8],
        [4, 11],
      ],
      'keep',
    ),
    costs,
    wake: 'event',
  };

  it('begins at boot, serves the target for the last time at its end, and takes as long', () => {
    const { delays, findTrace } = exploreDelays(costly, 3);
    expect(delays).toEqual([20, 29, 30]);
    delays.forEach((ticks, index) => {
      const trace = findTrace(index + 1);
      if (trace === null) throw new Error('the delay is finite');
      expect(trace.steps[0]).toMatchObject({ at: 0 });
      expect(trace.steps.at(-1)).toMatchObject({ served: true, by: costly.target });
      expect(replay(costly, trace)).toEqual({ waited: ticks, served: index + 1 });
    });
  });

  it('shows sections, activations, timers, and budgets that go below zero', () => {
    const steps = exploreDelays(costly, 1).findTrace(1)?.steps ?? [];
    const kinds = new Set(steps.map(({ kind }) => kind));
    expect([...kinds].sort()).toEqual(['activation', 'idle', 'run', 'section', 'timer', 'wake']);
    expect(Math.min(...steps.flatMap(({ budgets }) => budgets))).toBe(-2);
  });

  it('is absent where the target can wait for ever', () => {
    const starved = toCore(
      [
        [5, 5],
        [1, 9],
      ],
      'keep',
    );
    const { delays, findTrace } = exploreDelays(starved, 1);
    expect(delays).toEqual([Number.POSITIVE_INFINITY]);
    expect(findTrace(1)).toBeNull();
  });
});

describe('exploring', () => {
  it('visits the 54,932 states of four kept reservations, and stops where it is told to', () => {
    const core = toCore(
      [
        [1, 5],
        [1, 6],
        [1, 7],
        [2, 11],
      ],
      'keep',
    );
    expect(exploreDelays(core, 1).states).toBe(54_932);
    expect(() => exploreDelays(core, 1, 1000)).toThrow(ExplorationLimitError);
  });

  it('finds a section and the timer after it in a row: both delay a more urgent one', () => {
    const core: ExploredCore = {
      ...toCore(
        [
          [8, 16],
          [8, 17],
        ],
        'keep',
      ),
      target: 0,
      costs: { activation: 2, section: 3, interrupt: 1, timer: 2 },
      wake: 'event',
    };
    // An activation and a tick of its own; the other's section spends its budget.
    expect(exploreDelays(core, 1).inContract).toEqual([3 + 2 + (2 + 1)]);
  });

  it('knows slots: the longest gap, and what a section of another spills into the slot', () => {
    const table = {
      frame: 10,
      slots: [
        { start: 0, end: 4, resident: 0 },
        { start: 5, end: 8, resident: 1 },
      ],
    };
    const core: ExploredCore = {
      ...toCore(
        [
          [4, 10],
          [3, 10],
        ],
        'burn',
      ),
      policy: 'table',
      table,
    };
    expect(exploreDelays(core, 4).delays).toEqual([8, 9, 10, 18]);
    const section = { ...NO_COSTS, section: 3 };
    // A section of the other that begins with the last tick of its slot runs until tick 6.
    expect(exploreDelays({ ...core, costs: section }, 2).delays).toEqual([9, 10]);
    const activation = { ...NO_COSTS, activation: 1 };
    expect(exploreDelays({ ...core, costs: activation }, 3).delays).toEqual([10, 11, 20]);
  });
});
