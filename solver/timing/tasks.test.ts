import { describe, expect, it } from 'vitest';

import { computeDeadlineResponse, type DeadlineWork, testDemand } from './edf.ts';
import { computeSlotSupplyTime, computeSupplyTime, createPeriodicResource } from './supply.ts';
import {
  computeTaskResponse,
  DEDICATED,
  listJobResponses,
  type SupplyTime,
  type TaskTicks,
} from './tasks.ts';

type Row = readonly [wcet: number, period: number, blocking?: number, jitter?: number];

function toTask([wcet, period, blocking = 0, jitter = 0]: Row): TaskTicks {
  return { wcet, period, blocking, jitter };
}

/** Worst responses, most urgent first. */
function computeResponses(rows: readonly Row[], supply: SupplyTime = DEDICATED): (number | null)[] {
  const tasks = rows.map(toTask);
  return tasks.map((task, index) => computeTaskResponse(task, tasks.slice(0, index), supply));
}

describe('response times by fixed priority on a dedicated processor', () => {
  it.each<{ rows: readonly Row[]; expected: readonly number[]; source: string }>([
    {
      rows: [
        [1, 4],
        [1, 5],
        [3, 9],
        [3, 18],
      ],
      expected: [1, 2, 7, 18],
      source: 'schedcat',
    },
    {
      rows: [
        [1, 2],
        [5, 20],
        [1, 20],
      ],
      expected: [1, 10, 12],
      source: 'schedcat',
    },
    {
      rows: [
        [52, 100],
        [52, 140],
      ],
      expected: [52, 156],
      source: 'Lehoczky 1990, 2',
    },
    {
      rows: [
        [52, 140],
        [52, 100],
      ],
      expected: [52, 108],
      source: 'Lehoczky 1990, 2 reversed',
    },
    {
      rows: [
        [26, 70],
        [62, 100],
      ],
      expected: [26, 118],
      source: 'Lehoczky 1990, 3',
    },
  ])('agrees with $source', ({ rows, expected }) => {
    expect(computeResponses(rows)).toEqual(expected);
  });

  it('agrees with the handbook of rate monotonic analysis, example 5.1.2.2', () => {
    const rows: readonly Row[] = [
      [2, 83],
      [6, 32],
      [22, 155],
      [35, 357],
      [150, 1000],
      [6, 83],
    ];
    expect(computeResponses(rows)).toEqual([2, 8, 30, 77, 297, 303]);
  });

  it('finds the worst job after the first where a response exceeds the period', () => {
    const jobs = listJobResponses(toTask([62, 100]), [toTask([26, 70])], DEDICATED);
    expect(jobs?.map((job) => job.response)).toEqual([114, 102, 116, 104, 118, 106, 94]);
  });

  it('agrees with the generic avionics platform of Audsley and others', () => {
    const rows: readonly Row[] = [
      [51, 1000],
      [3000, 2_000_000, 300],
      [2000, 25_000, 600],
      [5000, 25_000, 900],
      [1000, 40_000, 1350],
      [3000, 50_000, 1350],
      [5000, 50_000, 750],
      [8000, 59_000, 750],
      [9000, 80_000, 1350],
      [2000, 80_000, 450],
      [5000, 100_000, 1050],
      [1000, 200_000, 450, 1000],
      [3000, 200_000, 450],
      [1000, 200_000, 450],
      [1000, 200_000, 1350],
      [3000, 1_000_000],
      [1000, 1_000_000],
      [1000, 1_000_000],
    ];
    // Own jitter counts here: 99550 + 1000 for the twelfth.
    expect(computeResponses(rows)).toEqual([
      51, 3504, 5906, 11_512, 13_064, 16_217, 20_821, 36_637, 47_798, 48_949, 99_150, 100_550,
      140_641, 141_692, 143_694, 145_446, 146_497, 147_548,
    ]);
  });

  it('agrees with a polling server among tasks', () => {
    // A server of 1 in 6 that polls: events wait up to one poll period on top of its response.
    const server = computeTaskResponse(toTask([1, 6]), [toTask([1, 5])], DEDICATED);
    expect(server).toBe(2);
    expect(6 + (server ?? 0)).toBe(8);
    expect(
      computeResponses([
        [1, 5],
        [1, 6],
        [2, 12],
        [3, 15],
      ]),
    ).toEqual([1, 2, 4, 9]);
  });

  it('counts the carried-in budget of a sporadic server: five, not three', () => {
    // Served from one replenishment to the next, 2 in 10 and t1: t2 of 2 is done at 5 at latest.
    expect(
      computeResponses([
        [1, 5],
        [2, 10],
        [2, 12],
      ])[2],
    ).toBe(5);
  });

  it('has no answer above full load', () => {
    expect(
      computeResponses([
        [3, 4],
        [2, 5],
      ])[1],
    ).toBeNull();
  });
});

const slotSupply: SupplyTime = (demand) => ({
  kind: 'found',
  ticks: computeSlotSupplyTime(2, 4, demand),
});

/** Least budget per period of a periodic resource that serves every task within its period. */
function computeLeastBudget(rows: readonly Row[], period: number): number {
  for (let budget = 1; budget <= period; budget += 1) {
    const resource = createPeriodicResource(budget, period);
    const responses = computeResponses(rows, (demand) => ({
      kind: 'found',
      ticks: computeSupplyTime(resource, demand),
    }));
    if (responses.every((each, index) => each !== null && each <= (rows[index]?.[1] ?? 0))) {
      return budget;
    }
  }
  return Number.POSITIVE_INFINITY;
}

describe('response times over a supply', () => {
  it('agrees with one slot per frame', () => {
    expect(computeResponses([[3, 30]], slotSupply)).toEqual([7]);
  });

  it('is the supply time of the demand for a single task', () => {
    const resource = createPeriodicResource(3, 5);
    const supply: SupplyTime = (demand) => ({
      kind: 'found',
      ticks: computeSupplyTime(resource, demand),
    });
    expect(computeResponses([[4, 20]], supply)).toEqual([10]);
  });

  it('finds the least budget per period for the published task sets', () => {
    // Thousandths: (50,7)(75,9) on 10 needs 3.500; (25,4)(40,5) on 10 needs 4.334.
    expect(
      computeLeastBudget(
        [
          [70, 500],
          [90, 750],
        ],
        100,
      ),
    ).toBe(35);
    expect(
      computeLeastBudget(
        [
          [40, 250],
          [50, 400],
        ],
        100,
      ),
    ).toBe(44);
  });
});

describe('earliest deadline first', () => {
  const EXAMPLE: readonly DeadlineWork[] = [
    { budget: 1, period: 5, deadline: 5 },
    { budget: 2, period: 10, deadline: 10 },
    { budget: 5, period: 20, deadline: 45 },
    { budget: 10, period: 50, deadline: 50 },
    { budget: 100, period: 1000, deadline: 1000 },
  ];

  it('agrees with the published response times', () => {
    const responses = EXAMPLE.map((_, index) => computeDeadlineResponse(EXAMPLE, index));
    expect(responses).toEqual([1, 3, 22, 27, 694].map((ticks) => ({ kind: 'found', ticks })));
  });

  it('meets every deadline of it', () => {
    expect(testDemand(EXAMPLE, 0)).toEqual({ kind: 'met' });
  });

  it('names the window in which more is asked than there is', () => {
    const work = [
      { budget: 3, period: 10, deadline: 5 },
      { budget: 3, period: 10, deadline: 5 },
    ];
    expect(testDemand(work, 0)).toEqual({ kind: 'late', windowTicks: 5, demandTicks: 6 });
  });

  it('finds the late window of a load above one, and of a full one with a section', () => {
    const full = [
      { budget: 1, period: 2, deadline: 2 },
      { budget: 2, period: 4, deadline: 4 },
    ];
    expect(testDemand(full, 0)).toEqual({ kind: 'met' });
    expect(testDemand(full, 1)).toEqual({ kind: 'late', windowTicks: 4, demandTicks: 5 });
    const over = [...full, { budget: 1, period: 9, deadline: 9 }];
    expect(testDemand(over, 0).kind).toBe('late');
  });

  it('agrees with a walk over all deadlines on random work', () => {
    for (let seed = 1; seed <= 200; seed += 1) {
      const work = [3, 5, 7].map((salt) => {
        const period = 2 + ((seed * 31 + salt * 17) % 11);
        const budget = 1 + ((seed * 7 + salt) % Math.min(3, period));
        return {
          budget,
          period,
          deadline: period - ((seed * salt) % Math.max(1, period - budget)),
        };
      });
      const blocking = seed % 3;
      let late = false;
      for (let window = 1; window <= 5000; window += 1) {
        let demand = blocking;
        for (const each of work) {
          const jobs = Math.floor((window - each.deadline) / each.period) + 1;
          demand += Math.max(0, jobs) * each.budget;
        }
        if (demand > window && demand > blocking) late = true;
      }
      expect({ seed, late: testDemand(work, blocking).kind === 'late' }).toEqual({ seed, late });
    }
  });
});
