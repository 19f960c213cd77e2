import { describe, expect, test } from 'vitest';
import type { Action } from '../../model/actions.ts';
import type { StaticConfiguration } from '../../model/configuration.ts';
import { step } from '../../model/step.ts';
import {
  LEFT,
  LEFT_LINE,
  RIGHT_LINE,
  SHARED_CORE,
  createSharedCore,
  createSmallBoard,
} from '../../model/testing/small-board.ts';
import type { Share, SmallBoardOptions } from '../../model/testing/small-board.ts';
import { PROPERTIES } from '../catalogue.ts';
import { fuzzConfiguration } from '../engine/fuzz.ts';
import { createRunner, narrowRunner, runTrace } from '../engine/run.ts';
import type { StepFunction } from '../engine/run.ts';
import type { TimeBound } from '../property.ts';

const CORE = SHARED_CORE;
const FREE: SmallBoardOptions = { contextSwitch: 0, section: 4 };
const HIGH: Share = { budget: 2, period: 5, priority: 2 };
const LOW: Share = { budget: 3, period: 10, priority: 1 };

const PASS: Action = { kind: 'time-passes', core: CORE, ticks: 1 };
const SECTION: Action = { kind: 'section', core: CORE, ticks: 4 };

function pass(ticks: number): Action[] {
  return Array.from({ length: ticks }, () => PASS);
}

/** What a property says of these actions after boot; null where it holds. */
function judge(
  property: string,
  configuration: StaticConfiguration,
  actions: readonly Action[],
  options: { readonly bounds?: readonly TimeBound[]; readonly step?: StepFunction } = {},
): string | null {
  const runner = createRunner(configuration, {
    delayBounds: options.bounds ?? [],
    step: options.step ?? step,
  });
  const trace = { start: 'booted', actions } as const;
  return runTrace(narrowRunner(runner, property), trace).violation?.message ?? null;
}

const losesWakeUps: StepFunction = (plan, machine, action) => {
  const vcpu = machine.partitions[LEFT]?.vcpus[1];
  const before = vcpu?.waiting === true;
  const outcome = step(plan, machine, action);
  if (action.kind === 'line-assert' && vcpu !== undefined) vcpu.waiting = before;
  return outcome;
};

const handlesForFree: StepFunction = (plan, machine, action) => {
  const outcome = step(plan, machine, action);
  const core = machine.cores[CORE];
  if (core?.accounts[core.running]?.exhausted === true) core.section = 0;
  return outcome;
};

const starvesSecond: StepFunction = (plan, machine, action) => {
  const outcome = step(plan, machine, action);
  const account = machine.cores[CORE]?.accounts[1];
  if (account !== undefined) account.budget = Math.min(account.budget, 0);
  return outcome;
};

/** The first resident gets so many budgets and no more. */
function givesOnly(budgets: number): StepFunction {
  return (plan, machine, action) => {
    const outcome = step(plan, machine, action);
    const account = machine.cores[CORE]?.accounts[0];
    if (account?.epochs === budgets) account.nextReplenishment = 10_000;
    return outcome;
  };
}

/** Left alone, its first virtual CPU on the shared core and the second with a core of its own. */
function createTwin(left: Share): StaticConfiguration {
  const board = createSmallBoard({ contextSwitch: 8, section: 0, left });
  const partitions = board.partitions
    .slice(LEFT, LEFT + 1)
    .map((partition) => ({ ...partition, cpus: partition.cpus.toReversed() }));
  return { ...board, partitions, channels: [] };
}

describe('time.delay', () => {
  const shared = createSharedCore([HIGH, LOW], FREE);
  const bound = { partition: 1, core: CORE, kind: 'full-budget', demand: 3 } as const;

  test('holds of a demand at its worst, and of no tick less', () => {
    // High runs at 0, 1, 5, 6, 10, 11 and low at 2, 3, 4, 12, 13, 14.
    const actions = pass(40);
    expect(judge('time.delay', shared, actions, { bounds: [{ ...bound, ticks: 10 }] })).toBeNull();
    expect(judge('time.delay', shared, actions, { bounds: [{ ...bound, ticks: 9 }] })).toMatch(
      /is ready since \d+ and has had 2 of 3 ticks/,
    );
  });

  test('counts time at EL2 that the partition has asked for as its own', () => {
    const actions = [...pass(2), SECTION, ...pass(4)];
    const bounds = [{ ...bound, ticks: 5 }];
    expect(judge('time.delay', shared, actions, { bounds })).toBeNull();
    expect(judge('time.delay', shared, [...actions, ...pass(5)], { bounds })).toMatch(/of 3 ticks/);
  });

  test('begins a latency with an interrupt, whether that wakes the partition or not', () => {
    const board = createSmallBoard({ contextSwitch: 0 });
    const line = { intId: LEFT_LINE, vcpu: 1, core: 0 };
    const actions: Action[] = [
      { kind: 'distributor', operation: 'route', ...line },
      { kind: 'distributor', operation: 'enable', ...line },
      // Boot has taken the first budget; the next comes at 50.
      ...pass(32),
      { kind: 'wait', core: CORE },
      { kind: 'line-assert', intId: LEFT_LINE },
      ...pass(40),
    ];
    const latency = { partition: LEFT, core: CORE, kind: 'latency', demand: 1, ticks: 36 } as const;
    const bounds = [latency];
    expect(judge('time.delay', board, actions, { bounds })).toBeNull();
    const late = /^left on core 1 has an interrupt since \d+ and has not executed/;
    expect(judge('time.delay', board, actions, { bounds, step: losesWakeUps })).toMatch(late);
    // What somebody else gives up, or another line, does not end the wait.
    const others: Action[] = [
      ...actions.slice(0, -40),
      { kind: 'system-reset', core: 2 },
      { kind: 'line-deassert', intId: RIGHT_LINE },
      ...pass(40),
    ];
    expect(judge('time.delay', board, others, { bounds, step: losesWakeUps })).toMatch(late);
    const ended: Action[] = [
      ...actions.slice(0, -40),
      { kind: 'line-deassert', intId: LEFT_LINE },
      ...pass(40),
    ];
    expect(judge('time.delay', board, ended, { bounds, step: losesWakeUps })).toBeNull();
  });

  test('begins a latency behind a section that the partition has asked for', () => {
    const board = createSmallBoard({ contextSwitch: 0, section: 5 });
    const line = { intId: LEFT_LINE, vcpu: 1, core: 0 };
    const assert: Action = { kind: 'line-assert', intId: LEFT_LINE };
    const section: Action = { kind: 'section', core: CORE, ticks: 5 };
    const begin: Action[] = [
      { kind: 'distributor', operation: 'route', ...line },
      { kind: 'distributor', operation: 'enable', ...line },
      // Boot has taken the first budget; the next comes at 50.
      ...pass(30),
    ];
    const latency = { partition: LEFT, core: CORE, kind: 'latency', demand: 1, ticks: 4 } as const;
    const bounds = [latency];
    const masked = [...begin, section, assert, ...pass(5)];
    expect(judge('time.delay', board, masked, { bounds })).toBeNull();
    // Without one it begins at once: here while nobody gives it the core.
    const asleep: Action[] = [...begin, { kind: 'wait', core: CORE }, assert, ...pass(5)];
    expect(judge('time.delay', board, asleep, { bounds })).toBeNull();
    expect(judge('time.delay', board, asleep, { bounds, step: losesWakeUps })).toMatch(
      /has not executed/,
    );
  });

  test('begins anew with a reset, which pays for another activation', () => {
    const one = createSharedCore([{ budget: 10, period: 50, priority: 1 }], {
      contextSwitch: 8,
      section: 0,
    });
    // Its proved bounds: 40 until its budget comes back, 8 that it may have had, 8, and demand.
    const own = { partition: 0, core: CORE } as const;
    const delay = { ...own, kind: 'delay', demand: 1, ticks: 57 } as const;
    const full = { ...own, kind: 'full-budget', demand: 2, ticks: 58 } as const;
    // Boot has begun the switch to it at 0. What is left of the budget pays for no other.
    const reset: Action = { kind: 'system-reset', core: CORE };
    for (const bounds of [[delay], [full]]) {
      expect(judge('time.delay', one, [...pass(8), reset, ...pass(60)], { bounds })).toBeNull();
      // From the reset on the bound holds as before it.
      const options = { bounds, step: givesOnly(1) };
      expect(judge('time.delay', one, [...pass(8), reset, ...pass(60)], options)).toMatch(
        /is ready since 8 and has had 0 of \d ticks/,
      );
    }
  });

  test('begins anew behind the section in which another virtual CPU resets the partition', () => {
    const board = createTwin({ budget: 16, period: 50, priority: 1 });
    const bounds = [{ partition: LEFT, core: CORE, kind: 'delay', demand: 1, ticks: 51 }] as const;
    // Boot ends at 16, with the first budget spent. The switch to it begins at 50, and the other
    // virtual CPU ends at once what it is for.
    const reset: Action = { kind: 'system-reset', core: 0 };
    const actions = [...pass(34), reset, ...pass(60)];
    expect(judge('time.delay', board, actions, { bounds })).toBeNull();
    expect(judge('time.delay', board, actions, { bounds, step: givesOnly(2) })).toMatch(
      /is ready since 58 and has had 0 of 1 ticks at 109/,
    );
  });
});

describe('a run without proved bounds', () => {
  test('says that it has not judged delays', async () => {
    const shared = createSharedCore([HIGH, LOW], FREE);
    const properties = PROPERTIES.filter(({ id }) => id === 'time.delay');
    const options = { seed: 1, steps: 400, properties };
    expect((await fuzzConfiguration(shared, options)).neverJudged).toEqual(['time.delay']);
    const delayBounds = [
      { partition: 1, core: CORE, kind: 'full-budget', demand: 3, ticks: 100 },
    ] as const;
    const judged = await fuzzConfiguration(shared, { ...options, delayBounds });
    expect(judged.neverJudged).toEqual([]);
  });
});

describe('time.grid', () => {
  test('holds of sections that go on over the end of a period', () => {
    const shared = createSharedCore([{ budget: 9, period: 10, priority: 1 }], FREE);
    const actions = Array.from({ length: 20 }, () => [SECTION, ...pass(4)]).flat();
    expect(judge('time.grid', shared, actions)).toBeNull();
    expect(judge('time.budget', shared, actions)).toBeNull();
    expect(judge('time.window', shared, actions)).toBeNull();
  });

  test('sees a timer interrupt that nobody pays for', () => {
    const shared = createSharedCore([HIGH, LOW], { ...FREE, timer: 1 });
    expect(judge('time.grid', shared, pass(10))).toBeNull();
    expect(judge('time.grid', shared, pass(10), { step: handlesForFree })).toMatch(
      /EL2 takes 0 ticks of its time where it states 1/,
    );
  });
});

describe('time.supply', () => {
  test('speaks of periods through which a reservation is ready, and of no other', () => {
    const shared = createSharedCore([HIGH, LOW], { contextSwitch: 0, section: 0 });
    expect(judge('time.supply', shared, pass(30))).toBeNull();
    expect(judge('time.supply', shared, pass(30), { step: starvesSecond })).toMatch(
      /^guest1 was ready throughout .* got 0 ticks; it is promised 3$/,
    );
    const asleep: Action[] = [...pass(3), { kind: 'wait', core: CORE }, ...pass(30)];
    expect(judge('time.supply', shared, asleep)).toBeNull();
  });
});
