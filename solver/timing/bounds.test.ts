import { describe, expect, it } from 'vitest';

import type { IdlePolicy } from '../../model/configuration.ts';
import { adviseDelay } from './advice.ts';
import { computeBounds, computeMemberBound, computeTaskBounds } from './bounds.ts';
import { computeDelay, computeFixedPrioritySupply, type Supply } from './delay.ts';
import { formatNanoseconds } from './duration.ts';
import {
  createExampleCore,
  type ExampleExtras,
  type ExampleMember,
  type ExampleOverheads,
} from './example-core.ts';
import { listCores, NO_OVERHEAD, type ReservationTicks } from './reservation.ts';
import { computeResponse } from './response.ts';
import { computeSupplyTime, createPeriodicResource } from './supply.ts';

// A realistic core, microseconds, most urgent first.
const REALISTIC = [
  { name: 'iodrv', share: [500, 2000], priority: 4 },
  { name: 'rtos', share: [1000, 5000], priority: 3 },
  { name: 'safety', share: [300, 10_000], priority: 2 },
  { name: 'linux', share: [8000, 20_000], priority: 1 },
] as const;

function withIdle(idle: IdlePolicy): ExampleMember[] {
  return REALISTIC.map((member) => ({ ...member, idle }));
}

function getSupplyOf(index: number, idle: IdlePolicy): Supply {
  const reservations = REALISTIC.map(({ share: [budget, period], priority }): ReservationTicks => {
    return { budget, period, priority, idle, phase: 0 };
  });
  const own = reservations[index];
  if (own === undefined) throw new Error('index is one of the four');
  const others = reservations.filter((other) => other !== own);
  const result = computeFixedPrioritySupply(own, others, NO_OVERHEAD);
  if (result.kind === 'none') throw new Error(result.reason);
  return result.supply;
}

describe('bounds of a realistic core', () => {
  it('are what the closed forms give, for kept and for burned budget', () => {
    const keep = computeBounds(createExampleCore(withIdle('keep')));
    const burn = computeBounds(createExampleCore(withIdle('burn')));
    expect(keep.map((bound) => bound.responseTicks)).toEqual([500, 2000, 3800, 19_400]);
    expect(burn.map((bound) => bound.responseTicks)).toEqual([500, 1500, 1800, 17_100]);
    expect(keep.map((bound) => bound.boundTicks)).toEqual([1501, 5001, 13_201, 16_101]);
    expect(burn.map((bound) => bound.boundTicks)).toEqual([1501, 4501, 11_201, 13_801]);
    expect(keep.map((bound) => bound.fullBudgetTicks)).toEqual([2000, 6000, 13_500, 31_400]);
    expect(keep.every((bound) => bound.schedulable)).toBe(true);
  });

  it('are smaller than the periodic resource model and larger than a response in contract', () => {
    const periodic = REALISTIC.map(({ share: [budget, period] }) =>
      computeSupplyTime(createPeriodicResource(budget, period), 1),
    );
    expect(periodic).toEqual([3001, 8001, 19_401, 24_001]);
    const inContract = REALISTIC.map((_, index) => {
      const supply = getSupplyOf(index, 'keep');
      const parties = supply.kind === 'whole-core' ? [] : supply.parties;
      return computeResponse(1, 0, parties);
    });
    expect(inContract).toEqual([1, 1001, 3501, 4101].map((ticks) => ({ kind: 'found', ticks })));
  });

  it('grow with the demand by one period per budget', () => {
    const supply = getSupplyOf(1, 'keep');
    const first = computeDelay(supply, 1000);
    const second = computeDelay(supply, 2000);
    expect(first).toEqual({ kind: 'found', ticks: 6000 });
    expect(second).toEqual({ kind: 'found', ticks: 11_000 });
  });
});

describe('a bound', () => {
  const linux: ExampleMember = { name: 'linux', share: [4000, 10_000], priority: 1 };
  const rtos: ExampleMember = { name: 'rtos', share: [1000, 5000], priority: 2 };

  it('holds at exactly the required delay and is violated one tick below', () => {
    const verdicts = [4001, 4000].map((maxDelay) => {
      const [bound] = computeBounds(createExampleCore([{ ...rtos, maxDelay }, linux]));
      return bound?.verdict;
    });
    expect(verdicts).toEqual(['holds', 'violated']);
  });

  it('takes every cost of EL2 into account', () => {
    const costs = { contextSwitch: 5, reload: 3, timer: 2, interrupt: 15, section: 20 };
    const [urgent, other] = computeBounds(createExampleCore([rtos, linux], costs));
    // A = 5 + 3, o = max(20, 15) - 1 + 2, Z = max(8, 20 + 2); P - Q + o + A + W, W = 1 + A + Z.
    expect(urgent?.boundTicks).toBe(4000 + 21 + 8 + (1 + 8 + 22));
    // Nobody is less urgent: no Z; rtos takes 1000 twice by its jitter, and its overrun.
    expect(other?.boundTicks).toBe(6000 + 21 + 8 + (1 + 8 + 2000 + 21));
  });

  it('counts a section of a more urgent one that runs uncharged', () => {
    const costs = { timer: 2, section: 20 };
    const members = [{ ...rtos, slack: true }, linux];
    const [, other] = computeBounds(createExampleCore(members, costs));
    expect(other?.boundTicks).toBe(6000 + 21 + (1 + 20 + 2000 + 21));
  });

  it('counts a late first replenishment', () => {
    const [bound] = computeBounds(createExampleCore([{ ...rtos, phase: 4500 }, linux]));
    expect(bound?.boundTicks).toBe(4501);
  });

  it('of a whole core is one section of EL2 and the tick itself', () => {
    const [bound] = computeBounds(
      createExampleCore([{ name: 'rtos', share: null, maxDelay: 21 }], { section: 20 }),
    );
    expect(bound).toMatchObject({ boundTicks: 21, verdict: 'holds', policy: 'whole-core' });
  });

  it('counts reservations of equal priority against each other', () => {
    const bounds = computeBounds(createExampleCore([rtos, { ...linux, priority: 2 }]));
    expect(bounds.map((bound) => bound.boundTicks)).toEqual([4000 + 1 + 8000, 6000 + 1 + 2000]);
  });

  it('under a table waits for the next slot, and for what runs into it', () => {
    const table = {
      frame: 10_000,
      slots: [
        [0, 0, 4000],
        [1, 5000, 1000],
        [0, 6000, 2000],
      ] as const,
    };
    const members: ExampleMember[] = [
      { ...linux, share: [6000, 10_000], idle: 'burn' },
      { ...rtos, share: [1000, 10_000], idle: 'burn' },
    ];
    const free = computeBounds(createExampleCore(members, {}, 'table', { table }));
    expect(free.map((bound) => bound.boundTicks)).toEqual([2001, 9001]);
    const costs = { contextSwitch: 100, section: 50 };
    const paid = computeBounds(createExampleCore(members, costs, 'table', { table }));
    // The last 100 of a slot are too few for an activation; 49 run into the next, 100 are paid.
    // Nobody runs just before the slot of the other, so nothing runs into it.
    expect(paid.map((bound) => bound.boundTicks)).toEqual([
      2000 + 100 + 49 + 101,
      9000 + 100 + 101,
    ]);
  });

  it.each<{ reason: string; members: readonly ExampleMember[]; policy?: 'edf'; section?: number }>([
    {
      reason: 'overload',
      members: [
        { ...linux, maxDelay: 9000 },
        { ...rtos, share: [5000, 5000] },
      ],
    },
    {
      reason: 'shared-with-whole-core',
      members: [linux, { name: 'rtos', share: null }],
    },
    { reason: 'malformed', members: [{ ...linux, share: [11, 10] }, rtos] },
    {
      reason: 'budget-below-overheads',
      members: [{ ...linux, share: [19, 10_000] }, rtos],
      section: 20,
    },
    { reason: 'edf-needs-burn', members: [linux, rtos], policy: 'edf' },
    {
      reason: 'deadline-missed',
      members: [
        { ...linux, share: [9000, 10_000], idle: 'burn' },
        { ...rtos, idle: 'burn' },
      ],
      policy: 'edf',
    },
  ])('is absent with the reason $reason', ({ reason, members, policy, section }) => {
    const configuration = createExampleCore(members, { section: section ?? 0 }, policy ?? 'fp');
    const [bound] = computeBounds(configuration);
    expect(bound).toMatchObject({ boundTicks: null, boundNs: null, reason });
  });

  it('is absent where a number of ticks is not exact', () => {
    const [core] = listCores(createExampleCore([linux, rtos]));
    if (core === undefined) throw new Error('there is one core');
    const members = core.members.map((member, index) => ({
      ...member,
      reservation: {
        budget: 2 ** 52,
        period: 2 ** 53 - 1,
        phase: 0,
        priority: index,
        idle: 'keep' as const,
      },
    }));
    const [first] = members;
    if (first === undefined) throw new Error('there are two members');
    const bound = computeMemberBound({ ...core, members }, first);
    expect(bound).toMatchObject({ boundTicks: null, reason: 'overflow', schedulable: false });
  });

  it('under earliest deadline first is the periodic resource model', () => {
    const members: ExampleMember[] = [
      { ...linux, idle: 'burn', maxDelay: 12_001 },
      { ...rtos, idle: 'burn', maxDelay: 8000 },
    ];
    const bounds = computeBounds(createExampleCore(members, {}, 'edf'));
    expect(bounds.map((bound) => bound.boundTicks)).toEqual([12_001, 8001]);
    expect(bounds.map((bound) => bound.verdict)).toEqual(['holds', 'violated']);
  });
});

describe('a task', () => {
  const tasks = [
    { name: 'control', wcet: 300, period: 20_000, deadline: 20_000, priority: 3 },
    { name: 'log', wcet: 900, period: 20_000, deadline: 10_000, priority: 1 },
  ];
  const rtos: ExampleMember = { name: 'rtos', share: [1000, 5000], priority: 2, tasks };

  it('is done when its work and that of more urgent tasks is served', () => {
    const bounds = computeTaskBounds(createExampleCore([rtos]));
    // 300 within 4000 + 300; 1200 uses one budget and 200 of the next: 4000 + 5000 + 200.
    expect(bounds.map((bound) => bound.boundTicks)).toEqual([4300, 9200]);
    expect(bounds.map((bound) => bound.verdict)).toEqual(['holds', 'holds']);
  });

  it('has no bound where its virtual CPU does not get its budget', () => {
    const hog: ExampleMember = { name: 'hog', share: [9500, 10_000], priority: 3 };
    const [bound] = computeTaskBounds(createExampleCore([rtos, hog]));
    expect(bound).toMatchObject({ boundTicks: null, verdict: 'violated', reason: 'overload' });
  });
});

/** Response bounds of the tasks of a partition that has the core alone. */
function listTaskTicks(
  member: ExampleMember,
  costs: ExampleOverheads = {},
  extras: ExampleExtras = {},
): (number | null)[] {
  const bounds = computeTaskBounds(createExampleCore([member], costs, 'fp', extras));
  return bounds.map((each) => each.boundTicks);
}

describe('a task with more than its own work', () => {
  const task = { name: 'control', wcet: 300, period: 20_000, deadline: 20_000, priority: 3 };
  const rtos: ExampleMember = { name: 'rtos', share: [1000, 5000], priority: 2 };

  it('counts its jitter and what less urgent tasks hold it up', () => {
    const late = { ...task, jitter: 50, blocking: 7 };
    expect(listTaskTicks({ ...rtos, tasks: [late] })).toEqual([50 + 4000 + 300 + 7]);
  });

  it('counts each interrupt that its partition may get until it is done', () => {
    const noisy = { ...rtos, tasks: [task], interruptRates: [{ distance: 1000, jitter: 100 }] };
    const costs = { interrupt: 10 };
    // o = 9; until 4009 + 300 + 5 * 10 the line is asserted five times.
    expect(listTaskTicks(noisy, costs)).toEqual([4000 + 9 + 300 + 50]);
    expect(listTaskTicks({ ...rtos, tasks: [task] }, costs)).toEqual([4000 + 9 + 300]);
  });

  it('counts accesses and stalls where the core is regulated', () => {
    const regulation = { accesses: 10, period: 100, accessMin: 1, accessMax: 2 };
    const reading = { ...rtos, tasks: [{ ...task, accesses: 15 }] };
    // 300 + 15 * 2, one stall of 100 - 10 * 1 and one of 100 - 10 * 2.
    expect(listTaskTicks(reading, {}, { regulation })).toEqual([4000 + 300 + 30 + 90 + 80]);
  });

  it('has a stall in each period of the regulation where others use the core', () => {
    const regulation = { accesses: 90, period: 100, accessMin: 1, accessMax: 1 };
    const members: ExampleMember[] = [
      { ...rtos, tasks: [task] },
      { name: 'linux', share: [1000, 10_000], priority: 1 },
    ];
    const bounds = computeTaskBounds(createExampleCore(members, {}, 'fp', { regulation }));
    // 300 and 49 stalls of 10, ceil((4790 + 100) / 100) of them.
    expect(bounds[0]?.boundTicks).toBe(4000 + 300 + 490);
  });
});

describe('tasks by deadlines', () => {
  const rtos: ExampleMember = {
    name: 'rtos',
    share: [3000, 5000],
    priority: 2,
    taskPolicy: 'edf',
    tasks: [
      { name: 'fast', wcet: 3000, period: 10_000, deadline: 10_000, priority: 0 },
      { name: 'slow', wcet: 6000, period: 25_000, deadline: 25_000, priority: 0 },
    ],
  };

  it('are bounded by their deadlines where all are met', () => {
    const bounds = computeTaskBounds(createExampleCore([rtos]));
    expect(bounds.map((each) => each.boundTicks)).toEqual([10_000, 25_000]);
    expect(bounds.map((each) => each.verdict)).toEqual(['holds', 'holds']);
  });

  it('have no bound where one deadline is missed, or one interrupt is too many', () => {
    const [fast, slow] = rtos.tasks ?? [];
    if (fast === undefined || slow === undefined) throw new Error('there are two tasks');
    const late = { ...rtos, tasks: [{ ...fast, deadline: 4000 }, slow] };
    expect(computeTaskBounds(createExampleCore([late]))[0]).toMatchObject({
      boundTicks: null,
      reason: 'deadline-missed',
    });
    const noisy = { ...rtos, interruptRates: [{ distance: 100 }] };
    expect(computeTaskBounds(createExampleCore([noisy], { interrupt: 9 }))[0]).toMatchObject({
      boundTicks: null,
      verdict: 'violated',
    });
  });
});

function advise(members: readonly ExampleMember[]): string {
  const [core] = listCores(createExampleCore(members));
  const [member] = core?.members ?? [];
  if (core === undefined || member === undefined) throw new Error('the core has members');
  return adviseDelay(core, member);
}

describe('advice', () => {
  it('names changes that make the claim hold', () => {
    const rtos: ExampleMember = { name: 'rtos', share: [1000, 5000], priority: 2, maxDelay: 3000 };
    expect(advise([rtos, { name: 'linux', share: [2000, 10_000], priority: 1 }])).toBe(
      'allow max-delay: 4.01ms, or shorten its period to 3.99ms, or raise its budget to 2.01ms',
    );
    const changed: ExampleMember = { ...rtos, share: [1000, 3990] };
    expect(computeBounds(createExampleCore([changed]))[0]?.verdict).toBe('holds');
  });

  it('leaves out changes that would break another claim', () => {
    const rtos: ExampleMember = { name: 'rtos', share: [1000, 5000], priority: 2, maxDelay: 3000 };
    const linux: ExampleMember = { name: 'linux', share: [7000, 10_000], priority: 1 };
    expect(advise([rtos, linux])).toBe('allow max-delay: 4.01ms');
  });

  it('says so when nothing alone can help', () => {
    const linux: ExampleMember = { name: 'linux', share: [1000, 9000], priority: 1, maxDelay: 9 };
    const hog: ExampleMember = { name: 'hog', share: [5000, 5000], priority: 2 };
    expect(advise([linux, hog])).toContain('lower the load of the core');
  });
});

describe('durations', () => {
  it('are printed exactly in their largest unit', () => {
    expect([0, 800, 20_000, 4_058_048, 1_000_000_000].map(formatNanoseconds)).toEqual([
      '0ns',
      '800ns',
      '20us',
      '4.058048ms',
      '1s',
    ]);
  });
});
