/** Budgets in steps: what proofs say of them, asked of V8 and of budgets that were changed. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { StaticConfiguration } from '../../model/configuration.ts';
import type { Machine } from '../../model/machine.ts';
import { createPlan } from '../../model/plan.ts';
import type { Plan } from '../../model/plan.ts';
import { dispatchWhenDue } from '../../model/scheduler.ts';
import { act, step } from '../../model/step.ts';
import {
  SHARED_CORE,
  createBusy,
  createSharedCore,
  createSmallBoard,
} from '../../model/testing/small-board.ts';
import { createRandom } from '../../properties/engine/random.ts';
import { createInductiveMachine } from '../../properties/generators/machines.ts';
import { actionArbitrary } from '../../properties/generators/traces.ts';
import { listCharged } from './charge-goals.ts';

const SHARE = { period: 50, priority: 1, slack: true } as const;

/** Boards by every policy, with every idle policy and slack, and with sections beyond periods. */
const BOARDS: readonly (readonly [string, StaticConfiguration])[] = [
  [
    'fixed priorities, polling and slack',
    createSmallBoard({
      left: { ...SHARE, budget: 20, priority: 2, idle: 'poll' },
      right: { ...SHARE, budget: 20, phase: 7 },
      timer: 2,
      interrupt: 3,
    }),
  ],
  [
    'deadlines, burning and slack',
    createSharedCore(
      [
        { ...SHARE, budget: 12, idle: 'burn' },
        { ...SHARE, budget: 13, idle: 'poll', phase: 3, priority: 2 },
        { ...SHARE, budget: 14, period: 100, priority: 3 },
      ],
      { policy: 'edf', timer: 1, section: 4 },
    ),
  ],
  [
    'sections longer than periods',
    createSmallBoard({ section: 70, left: { budget: 5, period: 20, priority: 2, phase: 3 } }),
  ],
];

const DRAWS = 600;
const ACTIONS = 6;

describe.each(BOARDS)('budgets of a core with %s', (_name, configuration) => {
  const plan = createPlan(configuration);

  test('become in every micro-step what the grid and who pays make of them', () => {
    const random = createRandom(23);
    const actions = fc.sample(actionArbitrary(plan), { seed: 23, numRuns: DRAWS * ACTIONS });
    let changes = 0;
    const judge = (take: (plan: Plan, machine: Machine) => void, machine: Machine): void => {
      const before = structuredClone(machine);
      take(plan, machine);
      expect(listCharged(plan, before, machine)).toEqual([]);
      const [old, now] = [before, machine].map(({ cores }) => cores[SHARED_CORE]?.accounts);
      if (JSON.stringify(old) !== JSON.stringify(now)) changes += 1;
    };
    for (let draw = 0; draw < DRAWS; draw += 1) {
      const machine = createInductiveMachine(plan, { kind: 'sealed' }, random);
      for (const action of actions.slice(draw * ACTIONS, (draw + 1) * ACTIONS)) {
        judge((_plan, state) => void act(plan, state, action), machine);
        judge((_plan, state) => {
          dispatchWhenDue(plan, state, SHARED_CORE);
        }, machine);
        for (const core of plan.cores.keys()) dispatchWhenDue(plan, machine, core);
      }
    }
    expect(changes).toBeGreaterThan(100);
  });
});

describe('a budget', () => {
  test.each([1, -1])('that is changed by %i beside is named', (ticks) => {
    const { plan, machine } = createBusy();
    const before = structuredClone(machine);
    expect(step(plan, machine, { kind: 'time-passes', core: SHARED_CORE, ticks: 3 })).toBe('DONE');
    expect(listCharged(plan, before, machine)).toEqual([]);
    const account = machine.cores[SHARED_CORE]?.accounts[1];
    if (account === undefined) throw new Error('two share the core');
    account.budget += ticks;
    expect(listCharged(plan, before, machine)).toEqual([`time.charged[${SHARED_CORE},1]`]);
  });

  test('may be lost under polling alone, by who sleeps alone, and all of what is left', () => {
    const share = { budget: 20, period: 50, priority: 2 };
    const listFor = (idle: 'keep' | 'poll', waiting: boolean, rest: number): string[] => {
      const { plan, machine } = createBusy({ left: { ...share, idle } });
      const vcpu = machine.partitions[0]?.vcpus[1];
      const account = machine.cores[SHARED_CORE]?.accounts[0];
      if (vcpu === undefined || account === undefined) throw new Error('left has the core too');
      vcpu.waiting = waiting;
      account.budget = 7;
      const before = structuredClone(machine);
      account.budget = rest;
      return listCharged(plan, before, machine);
    };
    const named = [`time.charged[${SHARED_CORE},0]`];
    expect(listFor('poll', true, 0)).toEqual([]);
    expect(listFor('poll', true, 1)).toEqual(named);
    expect(listFor('poll', false, 0)).toEqual(named);
    expect(listFor('keep', true, 0)).toEqual(named);
  });
});
