import { join } from 'node:path';

import { describe, expect, test } from 'vitest';

import { readConfiguration } from '../../formats/read.ts';
import type { StaticConfiguration } from '../../model/configuration.ts';
import { computeTaskBounds, type TaskBound } from '../timing/bounds.ts';
import { createExampleCore, type ExampleMember } from '../timing/example-core.ts';
import { createTheatre } from './construct.ts';
import { findTaskWitness, type TaskWitness } from './tasks.ts';

const ROOT = join(import.meta.dirname, '..', '..');

function listTaskWitnesses(
  configuration: StaticConfiguration,
): { readonly bound: TaskBound; readonly found: TaskWitness }[] {
  const theatre = createTheatre(configuration);
  return computeTaskBounds(configuration).map((bound) => ({
    bound,
    found: findTaskWitness(theatre, configuration, bound),
  }));
}

describe.each(['qemu-virt.yaml', 'imx95.yaml'])('every task of %s', (name) => {
  test('takes as long as its bound in some run, but for one tick', () => {
    const result = readConfiguration(join(ROOT, 'configs', name));
    if (result.kind !== 'ok') throw new Error(`${name} is valid`);
    const all = listTaskWitnesses(result.loaded.configuration);
    expect(all).toHaveLength(2);
    for (const { bound, found } of all) {
      const ticks = found.kind === 'found' ? found.ticks : 0;
      expect(ticks).toBeLessThanOrEqual(bound.boundTicks ?? 0);
      expect(ticks).toBeGreaterThanOrEqual((bound.boundTicks ?? 0) - 1);
    }
  });
});

const TASKS = [
  { name: 'fast', wcet: 300, period: 20_000, deadline: 20_000, priority: 3, jitter: 50 },
  { name: 'slow', wcet: 900, period: 25_000, deadline: 25_000, priority: 1, blocking: 7 },
];
const RTOS: ExampleMember = { name: 'rtos', share: [1000, 5000], priority: 2, tasks: TASKS };
const LINUX: ExampleMember = { name: 'linux', share: [4000, 10_000], priority: 1 };

describe('tasks of a partition that shares its core', () => {
  test('are as late as their bounds where EL2 takes no time, over more budgets than one', () => {
    const all = listTaskWitnesses(createExampleCore([RTOS, LINUX]));
    // 4000 + 300 and its jitter; 300 + 907 need two budgets: 4000 + 5000 + 207.
    expect(all.map(({ bound }) => bound.boundTicks)).toEqual([4350, 9207]);
    expect(all.map(({ found }) => (found.kind === 'found' ? found.ticks : 0))).toEqual([
      4350, 9207,
    ]);
  });

  test('are never later than their bounds', () => {
    let state = 5;
    const draw = (from: number, to: number): number => {
      state = (state * 48_271) % 2_147_483_647;
      return from + (state % (to - from + 1));
    };
    let [judged, close] = [0, 0];
    for (let round = 0; round < 40; round += 1) {
      const tasks = Array.from({ length: draw(1, 3) }, (_, index) => {
        const period = draw(120, 400);
        const timing = { wcet: draw(1, 15), period, deadline: period, jitter: draw(0, 9) };
        return { name: `task${index}`, ...timing, priority: index, blocking: draw(0, 4) };
      });
      const idle = (['keep', 'burn', 'poll'] as const)[draw(0, 2)] ?? 'keep';
      const members: ExampleMember[] = [
        { name: 'own', share: [draw(12, 20), 60], priority: draw(0, 2), idle, tasks },
        { name: 'other', share: [draw(10, 20), draw(40, 80)], priority: 1, idle },
      ];
      const costs = { section: draw(0, 3), timer: draw(0, 1), contextSwitch: draw(0, 2) };
      for (const { bound, found } of listTaskWitnesses(createExampleCore(members, costs))) {
        if (found.kind !== 'found') continue;
        judged += 1;
        const place = JSON.stringify({ members, costs, task: bound.task });
        expect(found.ticks, place).toBeLessThanOrEqual(bound.boundTicks ?? 0);
        if (found.ticks * 2 > (bound.boundTicks ?? 0)) close += 1;
      }
    }
    console.log(`${judged} responses of tasks, ${close} above half of their bounds`);
    expect(judged).toBeGreaterThan(40);
    expect(close).toBeGreaterThan(judged / 2);
  });
});

function listReasons(configuration: StaticConfiguration): string[] {
  return listTaskWitnesses(configuration).map(({ found }) =>
    found.kind === 'none' ? found.reason : 'found',
  );
}

describe('a task without a run', () => {
  test('is one by deadlines, one of regulated accesses, and one without a bound', () => {
    const edf = createExampleCore([{ ...RTOS, taskPolicy: 'edf' }, LINUX]);
    expect(new Set(listReasons(edf))).toEqual(
      new Set(['of tasks by deadlines it is only known that all are met']),
    );
    const regulation = { accesses: 10, period: 100, accessMin: 1, accessMax: 2 };
    const regulated = createExampleCore([RTOS], {}, 'fp', { regulation });
    expect(new Set(listReasons(regulated))).toEqual(
      new Set(['the spec knows no stalls of memory']),
    );
    const hog: ExampleMember = { name: 'hog', share: [9500, 10_000], priority: 3 };
    expect(new Set(listReasons(createExampleCore([RTOS, hog])))).toEqual(
      new Set(['it has no bound']),
    );
  });
});
