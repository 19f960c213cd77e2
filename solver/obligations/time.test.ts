import { afterAll, describe, expect, it } from 'vitest';

import type { SchedulingPolicy, StaticConfiguration } from '../../model/configuration.ts';
import { CHECKER, type ObligationResult } from '../obligation.ts';
import { proveObligations } from '../prove.ts';
import { FALSE } from '../smt/term.ts';
import { createZ3Solver } from '../smt/z3.ts';
import { computeTaskBounds } from '../timing/bounds.ts';
import type { CoreBoundKind } from '../timing/certificate-types.ts';
import { computeCoreBounds } from '../timing/core-bounds.ts';
import {
  createExampleCore,
  type ExampleMember,
  type ExampleOverheads,
  type ExampleTable,
} from '../timing/example-core.ts';
import { buildWindowSafety } from '../timing/lemmas.ts';
import { TIME_CLAIMS } from './time-claims.ts';
import { listTimeObligations } from './time.ts';

const solver = createZ3Solver({ jobs: 2 });
afterAll(() => solver.close());

/** Decides all obligations, or those of one claim. */
async function prove(
  configuration: StaticConfiguration,
  claim = 'time.',
): Promise<ObligationResult[]> {
  const obligations = listTimeObligations(configuration).filter(({ id }) => id.startsWith(claim));
  return proveObligations(configuration, obligations, { solver });
}

function getStatuses(decisions: readonly ObligationResult[]): Record<string, string> {
  return Object.fromEntries(decisions.map(({ id, status }) => [id, status]));
}

const OVERHEADS: ExampleOverheads = { contextSwitch: 5, timer: 2, section: 20 };
const TASK = { name: 'control', wcet: 300, period: 20_000, deadline: 20_000, priority: 3 };

const TABLE: ExampleTable = {
  frame: 10_000,
  slots: [
    [0, 0, 1000],
    [1, 1000, 4000],
    [0, 6000, 500],
  ],
};

function createPair(
  rtos: Partial<ExampleMember> = {},
  linux: Partial<ExampleMember> = {},
  policy: SchedulingPolicy = 'fp',
  table: ExampleTable = TABLE,
  overheads: ExampleOverheads = OVERHEADS,
): StaticConfiguration {
  return createExampleCore(
    [
      { name: 'rtos', share: [1000, 5000], priority: 2, maxDelay: 8000, tasks: [TASK], ...rtos },
      { name: 'linux', share: [4000, 10_000], priority: 1, ...linux },
    ],
    overheads,
    policy,
    policy === 'table' ? { table } : {},
  );
}

describe('obligations about time', () => {
  it('are discharged for a core that holds, and the configuration makes the list', async () => {
    expect(getStatuses(await prove(createPair()))).toEqual({
      'time.throttle': 'discharged',
      'time.whole-ticks[rtos:0]': 'discharged',
      'time.whole-ticks[linux:0]': 'discharged',
      'time.well-formed[rtos:0]': 'discharged',
      'time.well-formed[linux:0]': 'discharged',
      'time.no-overflow[0]': 'discharged',
      'time.window[rtos:0]': 'discharged',
      'time.reservation-schedulable[rtos:0]': 'discharged',
      'time.delay[rtos:0]': 'discharged',
      'time.reservation-schedulable[linux:0]': 'discharged',
      'time.task-response[rtos:control]': 'discharged',
    });
  });

  it('are none for whole cores without a claim, and one for a whole core with one', () => {
    const whole = { name: 'rtos', share: null };
    expect(listTimeObligations(createExampleCore([whole]))).toEqual([]);
    const claimed = listTimeObligations(createExampleCore([{ ...whole, maxDelay: 5 }]));
    expect(claimed.map(({ id }) => id)).toEqual(['time.delay[rtos:0]']);
  });

  it('have ids of the catalogue', () => {
    const claims = TIME_CLAIMS.map(({ id }) => id);
    const edf = createPair({ idle: 'burn' }, { idle: 'burn' }, 'edf');
    for (const { id } of [...listTimeObligations(createPair()), ...listTimeObligations(edf)]) {
      expect(claims).toContain(id.replace(/\[.*$/, ''));
    }
  });
});

/** Two partitions that share a core, one way of each kind to bound the first. */
const WAYS = [
  ['closed', {}, {}, 'fp'],
  ['phases', { priority: 1 }, { priority: 2 }, 'fp'],
  ['phases', { priority: 1, idle: 'poll' }, { priority: 2, idle: 'burn' }, 'fp'],
  [
    'timeline',
    { priority: 1, idle: 'burn', share: [2000, 5000] },
    { priority: 2, idle: 'burn', share: [2000, 5000] },
    'fp',
  ],
  [
    'epochs',
    { priority: 1, idle: 'burn', share: [2000, 5000] },
    { priority: 2, idle: 'burn', share: [2000, 5000] },
    'fp',
  ],
  ['deadlines', { idle: 'burn' }, { idle: 'burn' }, 'edf'],
  ['slots', { share: [1500, 10_000] }, {}, 'table'],
  ['whole', { share: null }, null, 'fp'],
] as const;

function createWay(
  [method, rtos, linux, policy]: (typeof WAYS)[number],
  required: Partial<ExampleMember> = {},
): StaticConfiguration {
  const given = { maxDelay: 9_000_000, tasks: [], ...rtos, ...required };
  // A timeline is not moved by anything.
  const costs = method === 'timeline' ? {} : OVERHEADS;
  if (linux !== null) return createPair(given, linux, policy, TABLE, costs);
  return createExampleCore([{ name: 'rtos', share: null, ...given }], OVERHEADS);
}

function findTicks(configuration: StaticConfiguration, kind: CoreBoundKind) {
  const bound = computeCoreBounds(configuration).find(
    (each) => each.kind === kind && each.partition === 0,
  );
  return { ticks: bound?.ticks ?? 0, method: bound?.method };
}

describe.each([
  ['time.delay', 'delay', 'maxDelay', false],
  ['time.latency', 'latency', 'maxLatency', false],
  ['time.latency', 'latency', 'maxLatency', true],
] as const)('%s, in contract: %4$s', (claim, kind, key, inContract) => {
  it.each(WAYS.map((way) => ({ way, name: way[0] })))(
    'turns at exactly the bound by $name',
    async ({ way }) => {
      const { ticks, method } = findTicks(createWay(way, { inContract }), kind);
      expect(ticks).toBeGreaterThan(0);
      if (!inContract) expect(method).toBe(way[0]);
      for (const [required, status] of [
        [ticks, 'discharged'],
        [ticks - 1, 'refuted'],
      ] as const) {
        const configuration = createWay(way, { [key]: required, inContract });
        const [result] = await prove(configuration, claim);
        expect({ method, required, status: result?.status }).toEqual({ method, required, status });
        const isAsked = method === 'deadlines' || method === 'slots';
        expect(result?.solver === CHECKER).toBe(!isAsked);
        if (status === 'refuted')
          expect(result?.bound).toMatchObject({ required, bound: { ticks } });
      }
    },
  );
});

describe('what the checker decides', () => {
  it.each(WAYS.map((way) => ({ way, name: way[0] })))(
    'says the same to a solver: $name',
    async ({ way }) => {
      const { ticks } = findTicks(createWay(way), 'delay');
      for (const [maxDelay, status] of [
        [ticks, 'unsat'],
        [ticks - 1, 'sat'],
      ] as const) {
        const obligations = listTimeObligations(createWay(way, { maxDelay }));
        const delay = obligations.find(({ id }) => id === 'time.delay[rtos:0]');
        const [assume, refute] = [delay?.assume ?? [], delay?.refute ?? FALSE];
        expect((await solver.check({ assertions: assume })).status).toBe('sat');
        const answer = await solver.check({ assertions: [...assume, refute] });
        expect(answer.status).toBe(status);
      }
    },
  );
});

describe('time.window', () => {
  it('is vacuous, not discharged, where no window takes what it claims', async () => {
    const configuration = createPair();
    const [lemma] = listTimeObligations(configuration).filter(({ id }) =>
      id.startsWith('time.window'),
    );
    if (lemma === undefined) throw new Error('linux waits for rtos');
    const { attained } = buildWindowSafety('any', { budget: 1000, period: 5000, overrun: 21 }, -1);
    const weak = [lemma, { ...lemma, assume: [attained] }];
    const results = await proveObligations(configuration, weak, { solver });
    expect(results.map(({ status }) => status)).toEqual(['discharged', 'vacuous']);
    expect(results[0]?.premises).toMatchObject({ 'attained.n': expect.any(Number) as number });
  });
});

describe('time.delay', () => {
  it('names both parties, the bound, what is required, and what would hold', async () => {
    const configuration = createPair(
      { priority: 1, maxDelay: 5000, phase: 300 },
      { priority: 2, share: [2000, 10_000] },
    );
    const results = await prove(configuration);
    const refuted = results.find(({ id }) => id === 'time.delay[rtos:0]');
    expect(refuted?.finding).toMatchObject({
      code: 'CPU-DELAY',
      at: ['config', 'partitions', 0, 'cpus', 0, 'max-delay'],
      related: [{ at: ['config', 'partitions', 1, 'cpus', 0] }],
    });
    expect(refuted?.finding?.message).toContain('expected at most 5ms, found up to 6.');
    expect(refuted?.finding?.message).toContain('until its budget comes back');
    expect(refuted?.finding?.related[0]?.message).toContain('linux has 2ms in every 10ms');
    expect(refuted?.finding?.help).toContain('allow max-delay: ');
    expect(refuted?.witness).toMatchObject({ partition: 'rtos', required: '5ms' });
  });

  it('carries what a run that attains the bound is made of', async () => {
    const [refuted] = await prove(createPair({ maxDelay: 4000 }), 'time.delay');
    expect(refuted?.bound?.required).toBe(4000);
    expect(refuted?.bound?.bound.certificate).toMatchObject({ target: 'rtos', c: 6, Z: 22 });
  });

  it('is refuted, not hung, where the others can take the whole core', async () => {
    const results = await prove(
      createPair({ priority: 1, maxDelay: 9_000_000 }, { priority: 2, share: [10_000, 10_000] }),
    );
    const refuted = results.find(({ id }) => id === 'time.delay[rtos:0]');
    expect(refuted?.status).toBe('refuted');
    expect(refuted?.finding?.message).toContain('no bound');
  });

  it('is refuted where a virtual CPU without a budget is on the same core', async () => {
    const results = await prove(createPair({}, { share: null }));
    expect(getStatuses(results)['time.delay[rtos:0]']).toBe('refuted');
  });

  it('is spurious, not discharged, where the bound and its certificate disagree', async () => {
    const configuration = createPair();
    const obligations = listTimeObligations(configuration).filter(({ id }) =>
      id.startsWith('time.delay'),
    );
    const wrong = obligations.map((each) => ({ ...each, check: () => 'n of linux is wrong' }));
    const [result] = await proveObligations(configuration, wrong, { solver });
    expect(result).toMatchObject({ status: 'spurious', detail: 'n of linux is wrong' });
  });
});

async function findRefuted(configuration: StaticConfiguration): Promise<ObligationResult[]> {
  const decisions = await prove(configuration);
  return decisions.filter(({ status }) => status !== 'discharged');
}

/** A reservation whose only line is asserted every `distance` ticks. */
function createInterrupted(distance: number): StaticConfiguration {
  const rates = [{ distance, jitter: 10 }];
  return createExampleCore([{ name: 'rtos', share: [100, 5000], interruptRates: rates }], {
    interrupt: 2,
  });
}

/** Two tasks that their partition orders by deadlines. */
function createDeadlines(deadline: number): StaticConfiguration {
  return createPair({
    taskPolicy: 'edf',
    maxDelay: 1e6,
    tasks: [
      { ...TASK, deadline, jitter: 20, priority: 0 },
      { ...TASK, name: 'log', wcet: 400, deadline: 18_000, priority: 0 },
    ],
  });
}

describe('the other claims about time', () => {
  it('refute an overcommitted core and name who takes what', async () => {
    const refuted = await findRefuted(createPair({}, { share: [9000, 10_000] }));
    expect(refuted.map(({ id }) => id)).toEqual(['time.reservation-schedulable[linux:0]']);
    expect(refuted[0]?.finding?.code).toBe('CPU-RESERVATION-SCHEDULABLE');
    expect(refuted[0]?.finding?.related[0]?.message).toContain('rtos has 1ms in every 5ms');
  });

  it('refute a core under earliest deadline first that asks for too much', async () => {
    const refuted = await findRefuted(
      createPair({ idle: 'burn', tasks: [] }, { idle: 'burn', share: [8500, 10_000] }, 'edf'),
    );
    expect(refuted.map(({ id }) => id)).toEqual(['time.deadlines-met[0]', 'time.delay[rtos:0]']);
    expect(refuted[0]?.finding?.message).toContain('rtos, linux');
  });

  it('refute a kept budget under earliest deadline first', async () => {
    const refuted = await findRefuted(
      createPair({ idle: 'burn', tasks: [] }, { idle: 'keep' }, 'edf'),
    );
    expect(refuted.map(({ id }) => id)).toEqual(['time.deadlines-burn[0]', 'time.delay[rtos:0]']);
    expect(refuted[0]?.finding?.message).toContain('expected idle: burn, found keep');
    expect(refuted[0]?.finding?.at).toEqual(['config', 'partitions', 1, 'cpus', 0, 'idle']);
  });

  it('refute a budget that EL2 can take whole', async () => {
    const refuted = await findRefuted(createPair({}, { share: [26, 10_000] }));
    expect(refuted.map(({ id }) => id)).toContain('time.well-formed[linux:0]');
    expect(getStatuses(await prove(createPair({}, { share: [27, 10_000] }), 'time.well'))).toEqual({
      'time.well-formed[rtos:0]': 'discharged',
      'time.well-formed[linux:0]': 'discharged',
    });
  });

  it('refute slots that meet, or leave the frame, by one tick', async () => {
    for (const [slots, message] of [
      [
        [
          [0, 0, 1001],
          [1, 1000, 4000],
        ],
        'slots of rtos and linux meet',
      ],
      [
        [
          [0, 0, 1000],
          [1, 6001, 4000],
        ],
        'the slot of linux leaves the frame',
      ],
    ] as const) {
      const table = { frame: 10_000, slots };
      const given = { share: [1000, 10_000] as const, maxDelay: 10_000, tasks: [] };
      const configuration = createPair(given, {}, 'table', table);
      const refuted = await findRefuted(configuration);
      expect(refuted.map(({ id }) => id)).toEqual(['time.slots[0]']);
      expect(refuted[0]?.finding?.message).toContain(message);
    }
    const statuses = getStatuses(await prove(createPair({}, {}, 'table'), 'time.slots'));
    expect(statuses).toEqual({ 'time.slots[0]': 'discharged' });
  });

  it('refute interrupts that take a tick more than the budget', async () => {
    // 50 interrupts of 2 us are the budget: one more in 5,010 us is too many.
    expect(await findRefuted(createInterrupted(101))).toEqual([]);
    const refuted = await findRefuted(createInterrupted(100));
    expect(refuted.map(({ id }) => id)).toEqual(['time.interrupt-demand[rtos:0]']);
    expect(refuted[0]?.finding?.message).toContain('interrupts of rtos take up to 102us');
  });

  it('refute a slot that is no whole number of ticks', async () => {
    const table: ExampleTable = {
      frame: 10_000,
      slots: [
        [0, 0, 1000.5],
        [1, 2000, 4000],
      ],
    };
    const given = { share: [1000.5, 10_000] as const, maxDelay: 20_000, tasks: [] };
    const refuted = await findRefuted(createPair(given, {}, 'table', table));
    expect(refuted.map(({ id }) => id)).toEqual(['time.whole-ticks[rtos:0]']);
    expect(refuted[0]?.finding?.at).toEqual(['config', 'schedule', 0, 'slots', 0]);
  });

  it('refute a task that is late by one tick, and not one that is just in time', async () => {
    const [bound] = computeTaskBounds(createPair());
    const response = bound?.boundTicks ?? 0;
    const inTime = createPair({ tasks: [{ ...TASK, deadline: response }] });
    expect(await findRefuted(inTime)).toEqual([]);
    const late = createPair({ tasks: [{ ...TASK, deadline: response - 1 }] });
    const refuted = await findRefuted(late);
    expect(refuted.map(({ id }) => id)).toEqual(['time.task-response[rtos:control]']);
    expect(refuted[0]?.finding?.at).toEqual(['config', 'partitions', 0, 'tasks', 0, 'deadline']);
  });

  it.each([
    ['jitter and blocking', { jitter: 700, blocking: 150 }, {}, 'fp'],
    ['interrupts', {}, { interruptRates: [{ distance: 900 }] }, 'fp'],
    ['a table', { jitter: 40 }, { share: [1500, 10_000] }, 'table'],
    ['a table of one slot', {}, { share: [4000, 10_000] }, 'table'],
    ['deadlines between reservations', {}, { idle: 'burn' }, 'edf'],
  ] as const)('refute a task with %s that is late by one tick', async (_, more, rtos, policy) => {
    const task = { ...TASK, ...more };
    const low = { ...TASK, name: 'log', wcet: 100, period: 30_000, deadline: 90_000, priority: 1 };
    const create = (deadline: number): StaticConfiguration =>
      createPair(
        { ...rtos, maxDelay: 1e6, tasks: [low, { ...task, name: 'late', priority: 2, deadline }] },
        { idle: 'burn' },
        policy,
      );
    const [, bound] = computeTaskBounds(create(20_000));
    const response = bound?.boundTicks ?? 0;
    expect(response).toBeGreaterThan(300);
    expect(await findRefuted(create(response))).toEqual([]);
    const refuted = await findRefuted(create(response - 1));
    expect(refuted.map(({ id, status }) => `${id} ${status}`)).toEqual([
      'time.task-response[rtos:late] refuted',
    ]);
  });

  it('refute tasks by deadlines where one is late', async () => {
    const deadlines = Array.from({ length: 400 }, (_, index) => 4000 + 10 * index);
    const [first] = deadlines.filter(
      (deadline) => computeTaskBounds(createDeadlines(deadline))[0]?.verdict === 'holds',
    );
    expect(first).toBeGreaterThan(4000);
    expect(await findRefuted(createDeadlines(first ?? 0))).toEqual([]);
    const refuted = await findRefuted(createDeadlines((first ?? 0) - 10));
    expect(refuted.map(({ status }) => status)).toContain('refuted');
    expect(refuted.map(({ status }) => status)).not.toContain('spurious');
  });

  it('refute a duration that is no whole number of ticks', async () => {
    const refuted = await findRefuted(createPair({}, { share: [4000.5, 10_000] }));
    expect(refuted.map(({ id }) => id)).toEqual(['time.whole-ticks[linux:0]']);
    expect(refuted[0]?.finding?.at.at(-1)).toBe('budget');
  });

  it('refute numbers whose sums are not exact', async () => {
    const refuted = await findRefuted(
      createPair({ maxDelay: 9e12, tasks: [], share: [1, 1] }, { share: [9e12, 9e12] }),
    );
    expect(refuted.map(({ id }) => id)).not.toContain('time.window[rtos:0]');
    expect(refuted.map(({ status }) => status)).not.toContain('spurious');
  });
});

describe('random cores', () => {
  it('give the same verdicts by proof and by bound', async () => {
    let state = 7;
    const random = (below: number): number => {
      state = (state * 48_271) % 2_147_483_647;
      return state % below;
    };
    const methods = new Set<string>();
    for (let run = 0; run < 60; run += 1) {
      // Few hyperperiods are short enough to be looked at.
      const isHarmonic = run % 2 === 0;
      const isBurned = random(3) === 0;
      const members = Array.from({ length: 3 }, (_, index): ExampleMember => {
        const period = isHarmonic ? 200 * (1 + random(4)) : 200 + random(900);
        return {
          name: `guest${index}`,
          share: [40 + random(Math.floor(period / 3)), period],
          priority: isBurned ? index : random(5),
          phase: random(30),
          idle: isBurned ? 'burn' : ((['keep', 'burn', 'poll'] as const)[random(3)] ?? 'keep'),
          maxDelay: period + random(800),
        };
      });
      const isFree = isBurned && random(2) === 0;
      const paid = { section: random(8), timer: random(3), contextSwitch: random(4) };
      const costs = isFree ? {} : paid;
      const configuration = createExampleCore(members, costs);
      const statuses = getStatuses(await prove(configuration, 'time.delay'));
      for (const bound of computeCoreBounds(configuration).filter(({ kind }) => kind === 'delay')) {
        const id = `time.delay[guest${bound.partition}:0]`;
        const required = members[bound.partition]?.maxDelay ?? 0;
        const holds = bound.ticks !== null && bound.ticks <= required;
        methods.add(bound.method);
        const status = statuses[id];
        expect({ members, costs, id, status }).toEqual({
          members,
          costs,
          id,
          status: holds ? 'discharged' : 'refuted',
        });
      }
    }
    expect([...methods].sort()).toEqual(['closed', 'epochs', 'phases', 'timeline']);
  });
});
