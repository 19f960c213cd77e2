/**
 * Published results beside those that the tests of each method hold: handbook, stored results of
 * another tool, interfaces, slots, servers with known offsets.
 */

import { describe, expect, it } from 'vitest';

import { createMachine } from '../../model/machine.ts';
import { createPlan } from '../../model/plan.ts';
import { dispatchWhenDue, wake } from '../../model/scheduler.ts';
import { step } from '../../model/step.ts';
import { createExampleCore } from './example-core.ts';
import { computeDelay, computeFixedPrioritySupply } from './delay.ts';
import { type ExploredCore, exploreDelays, NO_COSTS } from './explore.ts';
import { NO_OVERHEAD } from './reservation.ts';
import { computeSlotSupplyTime, computeSupplyTime, createPeriodicResource } from './supply.ts';
import { type DeadlineTask, testTaskDeadlines } from './task-deadlines.ts';
import {
  computeTaskResponse,
  DEDICATED,
  listJobResponses,
  type SupplyTime,
  type TaskTicks,
} from './tasks.ts';

function createTask(wcet: number, period: number, blocking = 0, jitter = 0): TaskTicks {
  return { wcet, period, blocking, jitter };
}

describe('the handbook of rate monotonic analysis', () => {
  // Of the first two tasks everything is published, of the others only blocking and responses, and
  // that all use 84.45 %. Their numbers here are one choice of the few that leaves.
  const first = createTask(2, 40);
  const second = createTask(31, 100);
  const others = [
    createTask(20, 150),
    createTask(54, 300),
    createTask(34, 390),
    createTask(63, 750),
  ];
  const tasks = [first, second, ...others];

  function listResponses(blocking: readonly number[]): (number | null)[] {
    return tasks.map((task, index) =>
      computeTaskResponse(
        { ...task, blocking: blocking[index] ?? 0 },
        tasks.slice(0, index),
        DEDICATED,
      ),
    );
  }

  it('use 84.45 %', () => {
    const used = tasks.reduce((sum, { wcet, period }) => sum + wcet / period, 0);
    expect(used.toFixed(4)).toBe('0.8445');
  });

  it('example 5.2.4.1: 2, 53, 73, 182, 251, 300 where resources have ceilings', () => {
    expect(listResponses([0, 18, 18, 16, 16, 0])).toEqual([2, 53, 73, 182, 251, 300]);
  });

  it('example 5.2.4.2: 2, 69, 91, 182, 251, 300 where priorities are inherited', () => {
    // A section of each of two resources: 18 + 16. 91 is 73 and 16 and once more the first task.
    expect(listResponses([0, 34, 34, 16, 16, 0])).toEqual([2, 69, 91, 182, 251, 300]);
  });
});

describe('the stored results of MAST', () => {
  // Of 422 results that are stored, this is the model of one core by fixed priority whose input is
  // stored as well. Microseconds; each activation has two context switches of 102.5.
  it('CASEVA by classic rate monotonic analysis: 1420, 13240, 13564, 137614', () => {
    const switches = 205;
    const longest = 135;
    const tasks = [
      createTask(1080 + switches, 5000, longest),
      createTask(9045 + switches, 50_000, longest),
      createTask(119 + switches, 100_000, longest),
      createTask(72_952 + switches, 1_000_000, 79),
    ];
    const responses = tasks.map((task, index) =>
      computeTaskResponse(task, tasks.slice(0, index), DEDICATED),
    );
    expect(responses).toEqual([1420, 13_240, 13_564, 137_614]);
  });
});

describe('the sporadic server of MAST', () => {
  // 2 in every 10, over events of 1 at least 6 apart, among (1,5), (2,12) and (3,15).
  const [t1, server, t2, t3] = [
    createTask(1, 5),
    createTask(2, 10),
    createTask(2, 12),
    createTask(3, 15),
  ];

  it('leaves 1, 5 and 9 to the tasks; the 3 that one method of it gives is refused', () => {
    expect(computeTaskResponse(t1, [], DEDICATED)).toBe(1);
    expect(computeTaskResponse(t2, [t1, server], DEDICATED)).toBe(5);
    expect(computeTaskResponse(t3, [t1, server, t2], DEDICATED)).toBe(9);
    // That is what is left where the server is forgotten.
    expect(computeTaskResponse(t2, [t1], DEDICATED)).toBe(3);
  });

  it('serves an event within 10, by the delay of a server that has no jitter above it', () => {
    const above = { budget: 1, period: 5, phase: 0, priority: 2, idle: 'burn' } as const;
    const own = { budget: 2, period: 10, phase: 0, priority: 1, idle: 'keep' } as const;
    const result = computeFixedPrioritySupply(own, [above], NO_OVERHEAD);
    if (result.kind === 'none') throw new Error(result.reason);
    expect(computeDelay(result.supply, 1)).toEqual({ kind: 'found', ticks: 10 });
  });
});

describe('the aperiodic example of MAST, in tenths', () => {
  it('serves events within 43, and its two tasks within 10 and 24', () => {
    const server = createTask(8, 35);
    const [first, second] = [createTask(2, 15), createTask(12, 25)];
    // A polling server: an event waits for the next poll, one period at most.
    expect(35 + (computeTaskResponse(server, [], DEDICATED) ?? 0)).toBe(43);
    expect(computeTaskResponse(first, [server], DEDICATED)).toBe(10);
    expect(computeTaskResponse(second, [server, first], DEDICATED)).toBe(24);
  });
});

/** Finish of each job of the longest busy interval, and its response from its own activation. */
function listActivations(
  task: TaskTicks,
  urgent: readonly TaskTicks[],
  supply: SupplyTime,
  distance: number,
): { readonly finishes: number[]; readonly worst: number } {
  const jobs = listJobResponses(task, urgent, supply) ?? [];
  const responses = jobs.map(
    ({ arrival, finish }, index) =>
      // Activations come `distance` apart at least, whatever their jitter.
      finish - Math.max(arrival, index * distance),
  );
  return { finishes: jobs.map(({ finish }) => finish), worst: Math.max(...responses) };
}

const slotSupply: SupplyTime = (demand) => ({
  kind: 'found',
  ticks: computeSlotSupplyTime(2, 4, demand),
});

describe('the examples of pyCPA', () => {
  it('two slots of two: 20, 7, 4, and 9 for the second of two activations of 3', () => {
    expect([10, 3, 2].map((wcet) => computeSlotSupplyTime(2, 4, wcet))).toEqual([20, 7, 4]);
    // Its activation is the end of the task before: period 15, jitter 6 + 7 - 1.
    expect(listActivations(createTask(3, 15, 0, 12), [], slotSupply, 1)).toEqual({
      finishes: [7, 12],
      worst: 9,
    });
  });

  it('static priority: 10 and 13 on the first resource, 2 and 19 on the second', () => {
    const [high, low] = [createTask(10, 30, 0, 5), createTask(3, 15, 0, 6)];
    expect(listActivations(high, [], DEDICATED, 1).worst).toBe(10);
    expect(listActivations(low, [high], DEDICATED, 1).worst).toBe(13);
    const [next, last] = [createTask(2, 30, 0, 10), createTask(9, 15, 0, 18)];
    expect(listActivations(next, [], DEDICATED, 5).worst).toBe(2);
    expect(listActivations(last, [next], DEDICATED, 1)).toMatchObject({
      finishes: [11, 20, 31, 40],
      worst: 19,
    });
  });

  it('two tasks in a chain, period 30 and jitter 60: 15 and 37, 52 from end to end', () => {
    const head = createTask(5, 30, 0, 60);
    // Activated by the end of the first, 5 to 15 after: jitter 60 + 10, at least 5 apart.
    const tail = createTask(9, 30, 0, 70);
    const [first, second] = [
      listActivations(head, [], DEDICATED, 0).worst,
      listActivations(tail, [head], DEDICATED, 5).worst,
    ];
    expect([first, second, first + second]).toEqual([15, 37, 52]);
  });
});

/** Responses of tasks that are all released at 0, tick by tick, up to `horizon`. */
function simulateTasks(tasks: readonly TaskTicks[], horizon: number): number[] {
  const queues = tasks.map((): { at: number; left: number }[] => []);
  const worst = tasks.map(() => 0);
  for (let now = 0; now < horizon; now += 1) {
    tasks.forEach(({ wcet, period }, index) => {
      if (now % period === 0) queues[index]?.push({ at: now, left: wcet });
    });
    const index = queues.findIndex((queue) => queue.length > 0);
    const job = queues[index]?.[0];
    if (job === undefined) continue;
    job.left -= 1;
    if (job.left > 0) continue;
    queues[index]?.shift();
    worst[index] = Math.max(worst[index] ?? 0, now + 1 - job.at);
  }
  return worst;
}

describe('random tasks by fixed priority', () => {
  it('respond exactly as a tick by tick run from a common release shows', () => {
    let state = 7;
    const draw = (from: number, to: number): number => {
      state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
      return from + (Math.floor(state / 65_536) % (to - from + 1));
    };
    let late = 0;
    for (let round = 0; round < 300; round += 1) {
      const tasks = Array.from({ length: draw(2, 4) }, () => {
        const period = draw(4, 24);
        return createTask(draw(1, Math.max(1, Math.floor(period / 3))), period);
      });
      const load = tasks.reduce((sum, { wcet, period }) => sum + wcet / period, 0);
      if (load > 0.97) continue;
      const responses = tasks.map((task, index) =>
        computeTaskResponse(task, tasks.slice(0, index), DEDICATED),
      );
      expect(responses, JSON.stringify(tasks)).toEqual(simulateTasks(tasks, 4000));
      if (responses.some((ticks, index) => (ticks ?? 0) > (tasks[index]?.period ?? 0))) late += 1;
    }
    // Busy intervals of several jobs are among them.
    expect(late).toBeGreaterThan(5);
  });
});

type Pair = readonly [period: number, wcet: number];

/** Least budget in every `period` that a test accepts; it is monotone in the budget. */
function findLeastBudget(period: number, accepts: (supply: SupplyTime) => boolean): number {
  let [low, high] = [1, period];
  while (low < high) {
    const budget = Math.floor((low + high) / 2);
    const resource = createPeriodicResource(budget, period);
    const supply: SupplyTime = (demand) => ({
      kind: 'found',
      ticks: computeSupplyTime(resource, demand),
    });
    if (accepts(supply)) high = budget;
    else low = budget + 1;
  }
  return low;
}

function toThousandths(pairs: readonly Pair[]): DeadlineTask[] {
  return pairs.map(([period, wcet]) => ({
    ...createTask(Math.round(wcet * 1000), period * 1000),
    deadline: period * 1000,
  }));
}

describe('interfaces of periodic resources, in thousandths', () => {
  it.each<{ pairs: readonly Pair[]; period: number; edf: number; fp: number }>([
    {
      pairs: [
        [50, 7],
        [75, 9],
      ],
      period: 10,
      edf: 2786,
      fp: 3500,
    },
    {
      pairs: [
        [25, 4],
        [40, 5],
      ],
      period: 10,
      edf: 3250,
      fp: 4334,
    },
    {
      pairs: [
        [10, 3.1],
        [10, 4.4],
      ],
      period: 5,
      edf: 4167,
      fp: 4167,
    },
  ])('of $pairs in every $period: $edf by deadlines, $fp by priority', (row) => {
    const tasks = toThousandths(row.pairs);
    const period = row.period * 1000;
    const byDeadline = findLeastBudget(
      period,
      (supply) => testTaskDeadlines(tasks, [], supply) === 'met',
    );
    const byPriority = findLeastBudget(period, (supply) =>
      tasks.every((task, index) => {
        const response = computeTaskResponse(task, tasks.slice(0, index), supply);
        return response !== null && response <= task.deadline;
      }),
    );
    expect([byDeadline, byPriority]).toEqual([row.edf, row.fp]);
  });

  it('refute a published 3.1 for (25,4) (40,5): 13 is asked within 50, 12.4 supplied', () => {
    const tasks = toThousandths([
      [25, 4],
      [40, 5],
    ]);
    const resource = createPeriodicResource(3100, 10_000);
    const supply: SupplyTime = (demand) => ({
      kind: 'found',
      ticks: computeSupplyTime(resource, demand),
    });
    expect(testTaskDeadlines(tasks, [], supply)).toBe('late');
    expect(computeSupplyTime(resource, 12_400)).toBeLessThanOrEqual(50_000);
    expect(computeSupplyTime(resource, 13_000)).toBeGreaterThan(50_000);
  });
});

/** A deferrable server with tasks (wcet, period), all released at boot, most urgent first. */
interface Server {
  readonly share: readonly [budget: number, period: number];
  readonly tasks: readonly (readonly [wcet: number, period: number])[];
}

/** Runs servers on the spec, tick by tick: who had each tick (-1: nobody), worst responses. */
function runServers(servers: readonly Server[], ticks: number) {
  const members = servers.map(({ share }, index) => {
    return {
      name: `server${index}`,
      share,
      priority: servers.length - index,
      idle: 'keep' as const,
    };
  });
  const plan = createPlan(createExampleCore(members));
  const machine = createMachine(plan);
  while (!machine.boot.sealed) step(plan, machine, { kind: 'boot', core: 0, fails: false });
  const jobs = servers.map(({ tasks }) => tasks.map((): { at: number; left: number }[] => []));
  const worst = servers.map(({ tasks }) => tasks.map(() => 0));
  const ran: number[] = [];
  const getRunning = (): number => {
    const running = machine.cores[0]?.running ?? -1;
    return plan.cores[0]?.residents[running]?.partition ?? -1;
  };
  for (let at = 0; at < ticks; at += 1) {
    servers.forEach(({ tasks }, server) => {
      tasks.forEach(([wcet, period], task) => {
        if (at % period !== 0) return;
        jobs[server]?.[task]?.push({ at, left: wcet });
        wake(plan, machine, server, 0);
      });
    });
    dispatchWhenDue(plan, machine, 0);
    while (jobs[getRunning()]?.every((queue) => queue.length === 0) === true) {
      expect(step(plan, machine, { kind: 'wait', core: 0 })).toBe('DONE');
      dispatchWhenDue(plan, machine, 0);
    }
    const server = getRunning();
    ran.push(server);
    const task = jobs[server]?.findIndex((queue) => queue.length > 0) ?? -1;
    const job = jobs[server]?.[task]?.[0];
    if (job !== undefined) job.left -= 1;
    if (job?.left === 0) {
      jobs[server]?.[task]?.shift();
      const responses = worst[server] ?? [];
      responses[task] = Math.max(responses[task] ?? 0, at + 1 - job.at);
    }
    step(plan, machine, { kind: 'time-passes', core: 0, ticks: 1 });
  }
  return { ran, worst };
}

function listTicksOf(ran: readonly number[], server: number): number[] {
  return ran.flatMap((who, at) => (who === server ? [at] : []));
}

describe('deferrable servers with known offsets, on the spec itself', () => {
  const light: Server = { share: [3, 10], tasks: [[1, 4]] };
  const heavy: Server = {
    share: [2, 4],
    tasks: [
      [1, 5],
      [2, 8],
    ],
  };

  it('example 6: demand is served in [0,2) [4,6) [8,10) [12,13) [15,18)', () => {
    const { ran } = runServers([heavy], 18);
    expect(listTicksOf(ran, 0)).toEqual([0, 1, 4, 5, 8, 9, 12, 15, 16, 17]);
  });

  it('example 7: the more urgent server leaves [1,4) [5,8) [9,12) [13,16)', () => {
    const { ran } = runServers([light], 16);
    expect(listTicksOf(ran, -1)).toEqual([1, 2, 3, 5, 6, 7, 9, 10, 11, 13, 14, 15]);
  });

  it('example 9: responses of 3 at most over ten hyperperiods of 40', () => {
    expect(runServers([light, heavy], 400).worst[1]?.[0]).toBe(3);
  });

  it('example 11: responses of 7 at most', () => {
    const servers: readonly Server[] = [
      { share: [5, 10], tasks: [[4, 10]] },
      {
        share: [8, 20],
        tasks: [
          [3, 10],
          [1, 10],
        ],
      },
    ];
    expect(runServers(servers, 400).worst[1]?.[0]).toBe(7);
  });
});

describe('exhaustive delays that another search counts otherwise', () => {
  it('burn (1,4) (2,7) (2,12): 13, 15, 26, 27, 35, where it has a transient: 14 and 36', () => {
    const shares = [
      [1, 4],
      [2, 7],
      [2, 12],
    ] as const;
    const core: ExploredCore = {
      policy: 'fp',
      reservations: shares.map(([budget, period]) => {
        return { budget, period, idle: 'burn', phase: null };
      }),
      target: 2,
      costs: NO_COSTS,
      from: 'settled',
      wake: 'tick',
      table: null,
    };
    expect(exploreDelays(core, 5).delays).toEqual([13, 15, 26, 27, 35]);
  });

  it('keep (1,4) (2,5) above (2,6) by deadlines: 10, 14, 16, 21, not 9, 10, 15, 16', () => {
    const shares = [
      [1, 4],
      [2, 5],
      [2, 6],
    ] as const;
    const core: ExploredCore = {
      policy: 'edf',
      reservations: shares.map(([budget, period]) => {
        return { budget, period, idle: 'keep', phase: null };
      }),
      target: 2,
      costs: NO_COSTS,
      from: 'boot',
      wake: 'tick',
      table: null,
    };
    expect(exploreDelays(core, 4).delays).toEqual([10, 14, 16, 21]);
  });
});

describe('closed forms of burned budgets above a target', () => {
  it.each([
    [
      [
        [2, 5],
        [2, 7],
      ],
      [8, 9, 15, 16, 22],
    ],
    [
      [
        [1, 3],
        [2, 8],
      ],
      [8, 9, 16, 17, 24],
    ],
    [
      [
        [2, 4],
        [1, 8],
      ],
      [10, 18, 26],
    ],
  ] as const)('%j: %j', ([[budget, period], [ownBudget, ownPeriod]], expected) => {
    const above = { budget, period, phase: 0, priority: 2, idle: 'burn' } as const;
    const own = { budget: ownBudget, period: ownPeriod, phase: 0, priority: 1, idle: 'burn' };
    const result = computeFixedPrioritySupply({ ...own, idle: 'burn' }, [above], NO_OVERHEAD);
    if (result.kind === 'none') throw new Error(result.reason);
    const ticks = expected.map((_, index) => computeDelay(result.supply, index + 1));
    expect(ticks).toEqual(expected.map((each) => ({ kind: 'found', ticks: each })));
  });
});
