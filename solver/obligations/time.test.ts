import { afterAll, describe, expect, it } from 'vitest';

import type { SchedulingPolicy, StaticConfiguration } from '../../model/configuration.ts';
import type { Finding } from '../../properties/findings.ts';
import type { Obligation, Witness } from '../obligation.ts';
import { createZ3Solver } from '../smt/z3.ts';
import { computeBounds, computeTaskBounds } from '../timing/bounds.ts';
import {
  createExampleCore,
  type ExampleMember,
  type ExampleOverheads,
} from '../timing/example-core.ts';
import { TIME_CLAIMS } from './time-claims.ts';
import { listTimeObligations } from './time.ts';

const solver = createZ3Solver({ jobs: 2 });
afterAll(() => solver.close());

/** What became of one obligation, as `prove` decides it. */
interface Decision {
  readonly id: string;
  readonly status: string;
  readonly witness: Witness | null;
  readonly finding: Finding | null;
}

async function decide(
  configuration: StaticConfiguration,
  obligation: Obligation,
): Promise<Decision> {
  const { id, assume, refute } = obligation;
  const none = { id, witness: null, finding: null };
  const premises = await solver.check({ assertions: assume });
  if (premises.status !== 'sat') return { ...none, status: 'vacuous' };
  const answer = await solver.check({ assertions: [...assume, refute] });
  if (answer.status === 'unsat') return { ...none, status: 'discharged' };
  if (answer.status === 'unknown') return { ...none, status: 'unknown' };
  const witness = obligation.decode(answer.model);
  if (!obligation.confirms(configuration, witness))
    return { id, status: 'spurious', witness, finding: null };
  return { id, status: 'refuted', witness, finding: obligation.finding(configuration, witness) };
}

/** Decides all obligations, or those of one claim. */
async function prove(configuration: StaticConfiguration, claim = 'time.'): Promise<Decision[]> {
  const obligations = listTimeObligations(configuration).filter(({ id }) => id.startsWith(claim));
  return Promise.all(obligations.map((obligation) => decide(configuration, obligation)));
}

function getStatuses(decisions: readonly Decision[]): Record<string, string> {
  return Object.fromEntries(decisions.map(({ id, status }) => [id, status]));
}

const OVERHEADS: ExampleOverheads = { contextSwitch: 5, timer: 2, section: 20 };
const TASK = { name: 'control', wcet: 300, period: 20_000, deadline: 20_000, priority: 3 };

function createPair(
  rtos: Partial<ExampleMember> = {},
  linux: Partial<ExampleMember> = {},
  policy: SchedulingPolicy = 'fp',
): StaticConfiguration {
  return createExampleCore(
    [
      { name: 'rtos', share: [1000, 5000], priority: 2, maxDelay: 8000, tasks: [TASK], ...rtos },
      { name: 'linux', share: [4000, 10_000], priority: 1, ...linux },
    ],
    OVERHEADS,
    policy,
  );
}

describe('obligations about time', () => {
  it('are discharged for a core that holds, and the configuration makes the list', async () => {
    expect(getStatuses(await prove(createPair()))).toEqual({
      'time.throttle': 'discharged',
      'time.whole-ticks[rtos:0]': 'discharged',
      'time.whole-ticks[linux:0]': 'discharged',
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

describe('time.delay', () => {
  it.each([
    ['fixed priority', {}, {}, 'fp'],
    ['the less urgent of two', { priority: 1 }, { priority: 2 }, 'fp'],
    ['polling beside burning', { idle: 'poll', priority: 1 }, { idle: 'burn', priority: 2 }, 'fp'],
    ['earliest deadline first', { idle: 'burn' }, { idle: 'burn' }, 'edf'],
  ] as const)('turns at exactly the closed form: %s', async (_, rtos, linux, policy) => {
    const [bound] = computeBounds(createPair(rtos, linux, policy));
    const ticks = bound?.boundTicks ?? 0;
    expect(ticks).toBeGreaterThan(0);
    for (const [maxDelay, status] of [
      [ticks, 'discharged'],
      [ticks - 1, 'refuted'],
    ] as const) {
      const configuration = createPair({ ...rtos, maxDelay }, linux, policy);
      const decisions = await prove(configuration, 'time.delay');
      expect(getStatuses(decisions)['time.delay[rtos:0]']).toBe(status);
    }
  });

  it('names both parties, the bound, what is required, and what would hold', async () => {
    const configuration = createPair(
      { priority: 1, maxDelay: 7000 },
      { priority: 2, share: [2000, 10_000] },
    );
    const decisions = await prove(configuration);
    const refuted = decisions.find(({ id }) => id === 'time.delay[rtos:0]');
    expect(refuted?.finding).toMatchObject({
      code: 'CPU-DELAY',
      at: ['config', 'partitions', 0, 'cpus', 0, 'max-delay'],
      related: [{ at: ['config', 'partitions', 1, 'cpus', 0] }],
    });
    expect(refuted?.finding?.message).toContain('expected at most 7ms, found up to 8.');
    expect(refuted?.finding?.related[0]?.message).toContain('linux has 2ms in every 10ms');
    expect(refuted?.finding?.help).toContain('allow max-delay: 8.');
    expect(refuted?.witness).toMatchObject({ partition: 'rtos', required: '7ms' });
  });

  it('is refuted, not hung, where the others can take the whole core', async () => {
    const decisions = await prove(
      createPair({ priority: 1, maxDelay: 9_000_000 }, { priority: 2, share: [10_000, 10_000] }),
    );
    const refuted = decisions.find(({ id }) => id === 'time.delay[rtos:0]');
    expect(refuted?.status).toBe('refuted');
    expect(refuted?.finding?.message).toContain('no bound');
  });

  it('is refuted where a virtual CPU without a budget is on the same core', async () => {
    const decisions = await prove(createPair({}, { share: null }));
    expect(getStatuses(decisions)['time.delay[rtos:0]']).toBe('refuted');
  });

  it('of a whole core is one section and one tick', async () => {
    for (const [maxDelay, status] of [
      [21, 'discharged'],
      [20, 'refuted'],
    ] as const) {
      const configuration = createExampleCore([{ name: 'rtos', share: null, maxDelay }], OVERHEADS);
      expect(getStatuses(await prove(configuration))).toEqual({ 'time.delay[rtos:0]': status });
    }
  });

  it('does not believe a witness that does not add up', () => {
    const configuration = createPair({ maxDelay: 4000 });
    const delay = listTimeObligations(configuration).find(({ id }) => id === 'time.delay[rtos:0]');
    const run = {
      'wait for a budget': '4000 ticks',
      'then not served for': '0 ticks',
      'section of EL2': '0 ticks',
      served: '0 ticks',
    };
    expect(delay?.confirms(configuration, run)).toBe(true);
    expect(delay?.confirms(configuration, { ...run, served: '1 ticks' })).toBe(false);
    expect(delay?.confirms(configuration, { ...run, 'wait for a budget': '9000 ticks' })).toBe(
      false,
    );
    expect(delay?.confirms(createPair(), run)).toBe(false);
  });
});

async function findRefuted(configuration: StaticConfiguration): Promise<Decision[]> {
  const decisions = await prove(configuration);
  return decisions.filter(({ status }) => status !== 'discharged');
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
  it('give the same verdicts by solver and by closed form', async () => {
    let state = 7;
    const random = (below: number): number => {
      state = (state * 48_271) % 2_147_483_647;
      return state % below;
    };
    for (let run = 0; run < 20; run += 1) {
      const members = Array.from({ length: 3 }, (_, index): ExampleMember => {
        const period = 200 + random(900);
        return {
          name: `guest${index}`,
          share: [40 + random(Math.floor(period / 3)), period],
          priority: random(3),
          idle: (['keep', 'burn', 'poll'] as const)[random(3)] ?? 'keep',
          maxDelay: period + random(800),
        };
      });
      const configuration = createExampleCore(members, { section: random(8), timer: random(3) });
      const statuses = getStatuses(await prove(configuration, 'time.delay'));
      for (const bound of computeBounds(configuration)) {
        const id = `time.delay[${bound.partition}:0]`;
        expect({ members, id, status: statuses[id] }).toEqual({
          members,
          id,
          status: bound.verdict === 'holds' ? 'discharged' : 'refuted',
        });
      }
      expect(Object.values(statuses)).not.toContain('spurious');
      expect(Object.values(statuses)).not.toContain('unknown');
    }
  });
});
