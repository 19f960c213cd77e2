import { describe, expect, it } from 'vitest';

import type { IdlePolicy } from '../../model/configuration.ts';
import type { CoreBound, CoreBoundKind } from './certificate-types.ts';
import { computeCoreBounds } from './core-bounds.ts';
import { createExampleCore, type ExampleMember } from './example-core.ts';
import { type ExploredCore, exploreDelays, NO_COSTS } from './explore.ts';
import { listCores } from './reservation.ts';

// A realistic core, microseconds, most urgent first, all phases 0.
const REALISTIC = [
  { name: 'iodrv', share: [500, 2000], priority: 4 },
  { name: 'rtos', share: [1000, 5000], priority: 3 },
  { name: 'safety', share: [300, 10_000], priority: 2 },
  { name: 'linux', share: [8000, 20_000], priority: 1 },
] as const;

const BOUNDS = {
  keep: computeRealistic('keep'),
  burn: computeRealistic('burn'),
};

function computeRealistic(idle: IdlePolicy): CoreBound[] {
  return computeCoreBounds(createExampleCore(REALISTIC.map((member) => ({ ...member, idle }))));
}

function listTicks(bounds: readonly CoreBound[], kind: CoreBoundKind): (number | null)[] {
  return bounds.filter((bound) => bound.kind === kind).map((bound) => bound.ticks);
}

function listMethods(bounds: readonly CoreBound[], kind: CoreBoundKind): string[] {
  return bounds.filter((bound) => bound.kind === kind).map((bound) => bound.method);
}

describe('bounds of a realistic core', () => {
  it('use the phases where budgets are kept', () => {
    expect(listTicks(BOUNDS.keep, 'delay')).toEqual([1501, 4501, 11_201, 13_801]);
    expect(listTicks(BOUNDS.keep, 'full-budget')).toEqual([2000, 6000, 11_500, 29_100]);
    expect(listTicks(BOUNDS.keep, 'in-contract')).toEqual([1, 1001, 3501, 4101]);
    expect(listMethods(BOUNDS.keep, 'delay')).toEqual(['closed', 'phases', 'phases', 'phases']);
  });

  it('are read off the timeline where all budgets are burned', () => {
    expect(listTicks(BOUNDS.burn, 'delay')).toEqual([1501, 4501, 9701, 4701]);
    expect(listTicks(BOUNDS.burn, 'full-budget')).toEqual([2000, 5500, 10_000, 20_000]);
    expect(listMethods(BOUNDS.burn, 'delay').slice(2)).toEqual(['timeline', 'timeline']);
  });

  it('hold where a section lets a replenishment come before the tick that was due', () => {
    const costs = { section: 2, contextSwitch: 1 };
    const shares = [
      [4, 10, 2],
      [5, 20, 1],
      [10, 40, 3],
    ] as const;
    const members = shares.map(([budget, period, phase], index): ExampleMember => {
      const share = [budget, period] as const;
      return { name: `guest${index}`, share, phase, priority: 3 - index, idle: 'burn' };
    });
    const configuration = createExampleCore(members, costs);
    const [core] = listCores(configuration);
    const explored: ExploredCore = {
      policy: 'fp',
      reservations: shares.map(([budget, period, phase]) => {
        return { budget, period, phase, idle: 'burn' };
      }),
      target: 2,
      costs: core?.costs ?? NO_COSTS,
      from: 'boot',
      wake: 'event',
      table: null,
    };
    const [exact = 0] = exploreDelays(explored, 1).delays;
    // Of the timeline alone it would be 21, and 29 with each edge moved by all that is paid.
    expect(exact).toBe(38);
    expect(listTicks(computeCoreBounds(configuration), 'delay')[2]).toBeGreaterThanOrEqual(exact);
  });

  it('stay near the timeline where EL2 takes time, and all budgets are burned', () => {
    const costs = { contextSwitch: 5, timer: 2, section: 20, interrupt: 2 };
    const members = REALISTIC.map((member) => ({ ...member, idle: 'burn' as const }));
    const bounds = computeCoreBounds(createExampleCore(members, costs));
    expect(listTicks(bounds, 'delay')).toEqual([1554, 4575, 9838, 4880]);
    expect(listMethods(bounds, 'delay').slice(2)).toEqual(['epochs', 'epochs']);
    // By jitter and by phases it would be 13,895.
  });

  it('fall back to jitter where the phases have too many instants', () => {
    const members = REALISTIC.map((member, index): ExampleMember => {
      const [budget, period] = member.share;
      return { ...member, share: [budget, period * 7 + ([1, 3, 9, 13][index] ?? 0)] };
    });
    const bounds = computeCoreBounds(createExampleCore(members));
    expect(new Set(listMethods(bounds, 'delay'))).toEqual(new Set(['closed']));
  });

  it('have certificates that add up', () => {
    for (const bound of [...BOUNDS.keep, ...BOUNDS.burn]) {
      if (bound.certificate === null) continue;
      const { c, W, throttle, Z, sum, terms } = bound.certificate;
      const taken = terms.map(({ n, J, Q, P, o, x }) => {
        const least = x === null ? W + J : Math.max(0, W - x);
        expect(n).toBe(Math.ceil(least / P));
        return n * Q + o + (x === null ? 0 : Math.min(Q, x, W));
      });
      expect(sum).toBe(taken.reduce((total, ticks) => total + ticks, c + Z));
      expect(sum).toBeLessThanOrEqual(W);
      expect(bound.ticks).toBe(throttle + W);
    }
  });
});

describe('latency', () => {
  const costs = { interrupt: 3 };
  const rtos: ExampleMember = { name: 'rtos', share: [1000, 5000], priority: 2 };
  const linux: ExampleMember = { name: 'linux', share: [4000, 10_000], priority: 1 };

  it('is the delay and one interrupt; in contract no wait for the budget is in it', () => {
    const outside = computeCoreBounds(createExampleCore([rtos, linux], costs));
    // P - Q + o + 1 + Z + I, with o = 3 - 1 and Z = 3.
    expect(listTicks(outside, 'latency')[0]).toBe(4000 + 2 + 1 + 3 + 3);
    const inside = computeCoreBounds(
      createExampleCore([{ ...rtos, inContract: true }, linux], costs),
    );
    expect(listTicks(inside, 'latency')[0]).toBe(1 + 3 + 3);
  });

  it('has no bound where taking the interrupt may spend the budget that is left', () => {
    const [nine, ten] = [9, 10].map((budget) => {
      const member: ExampleMember = { name: 'rtos', share: [budget, 50], priority: 1 };
      return listTicks(computeCoreBounds(createExampleCore([member], { interrupt: 5 })), 'latency');
    });
    // o = 4: of 9 ticks 5 can be counted on.
    expect(nine).toEqual([null]);
    expect(ten).not.toEqual([null]);
  });

  it('of a whole core is a section, a tick and the interrupt', () => {
    const alone: ExampleMember = { name: 'rtos', share: null };
    const bounds = computeCoreBounds(createExampleCore([alone], { ...costs, section: 20 }));
    expect(listTicks(bounds, 'latency')).toEqual([20 + 1 + 3]);
    expect(listMethods(bounds, 'latency')).toEqual(['whole']);
    expect(listTicks(bounds, 'full-budget')).toEqual([]);
  });
});

describe('a core without a bound', () => {
  it('names the reason', () => {
    const members: ExampleMember[] = [
      { name: 'hog', share: [5000, 5000], priority: 2 },
      { name: 'linux', share: [4000, 10_000], priority: 1 },
    ];
    const bounds = computeCoreBounds(createExampleCore(members));
    const own = bounds.filter((bound) => bound.partition === 1);
    expect(own.map(({ ticks, reason }) => [ticks, reason])).toEqual([
      [null, 'overload'],
      [null, 'overload'],
      [null, 'overload'],
      [null, 'overload'],
    ]);
    const edf = computeCoreBounds(createExampleCore(members, {}, 'edf'));
    expect(edf[0]).toMatchObject({ ticks: null, reason: 'edf-needs-burn', method: 'deadlines' });
  });
});
