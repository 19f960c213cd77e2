/**
 * Windows in runs: what is proved of any of them is seen in those of random traces, and noting
 * changes nothing.
 */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { StaticConfiguration } from '../../model/configuration.ts';
import { createMachine } from '../../model/machine.ts';
import type { Machine } from '../../model/machine.ts';
import { createPlan } from '../../model/plan.ts';
import type { Plan } from '../../model/plan.ts';
import { act } from '../../model/step.ts';
import { dispatchWhenDue } from '../../model/scheduler.ts';
import {
  SHARED_CORE,
  createSharedCore,
  createSmallBoard,
} from '../../model/testing/small-board.ts';
import type { Share } from '../../model/testing/small-board.ts';
import { createRandom } from '../engine/random.ts';
import { createInductiveMachine } from '../generators/machines.ts';
import { actionArbitrary } from '../generators/traces.ts';
import { createAwake, drawAction, runWatched } from './testing/watched-run.ts';
import { WINDOW_INVARIANTS, listWatchedCores, watchMachine } from './window-invariants.ts';
import {
  actWatched,
  computeBlocking,
  dispatchWatched,
  isBlockedOnce,
  isBusyAble,
  openWindow,
} from './windows.ts';
import type { WatchedMachine, Window } from './windows.ts';

const KEPT: readonly Share[] = [
  { budget: 12, period: 50, priority: 3 },
  { budget: 13, period: 60, phase: 7, priority: 2 },
  { budget: 20, period: 100, priority: 1 },
];
const MIXED: readonly Share[] = [
  { budget: 12, period: 50, priority: 3, idle: 'burn' },
  { budget: 13, period: 60, phase: 7, priority: 2, idle: 'poll' },
  { budget: 20, period: 100, priority: 1, slack: true },
];
const FULL = { section: 4, contextSwitch: 3, timer: 1, interrupt: 2, reload: 1 } as const;
const FREE = { section: 0, contextSwitch: 0 } as const;
const LATE = { section: 4, contextSwitch: 0, timer: 2 } as const;

/** Boards that differ in what idle budgets become and in what takes time at EL2. */
const BOARDS: readonly (readonly [string, StaticConfiguration])[] = [
  ['kept budgets, and all costs', createSharedCore(KEPT, FULL)],
  ['kept budgets, and no costs', createSharedCore(KEPT, FREE)],
  ['kept budgets, and long sections', createSharedCore(KEPT, LATE)],
  ['burning, polling and slack, and all costs', createSharedCore(MIXED, FULL)],
  ['burning, polling and slack, and no costs', createSharedCore(MIXED, FREE)],
  ['burning, polling and slack, and long sections', createSharedCore(MIXED, LATE)],
  ['one of everything beside the core', createSmallBoard({ its: true, timer: 1, interrupt: 3 })],
];

const RUNS = 30;
const STEPS = 200;

/** Names of the conditions on windows that do not hold. */
function listBroken(plan: Plan, machine: WatchedMachine): string[] {
  const residents = machine.cores[SHARED_CORE]?.accounts ?? [];
  return WINDOW_INVARIANTS.flatMap(({ id, holds }) =>
    [...residents.keys()]
      .filter((index) => !holds(plan, machine, SHARED_CORE, index))
      .map((index) => `${id} ${index}`),
  );
}

/** Fails where some condition on windows does not hold. */
function expectKept(plan: Plan, machine: WatchedMachine, at: string): void {
  const broken = listBroken(plan, machine);
  if (broken.length > 0) expect({ at, broken }).toEqual({ at, broken: [] });
}

function getWindow({ windows }: WatchedMachine): Window {
  const window = windows[SHARED_CORE];
  if (window === undefined) throw new Error('every core has a window');
  return window;
}

describe.each(BOARDS)('the conditions on windows, of a core with %s', (_name, configuration) => {
  const plan = createPlan(configuration);

  test('are said of every resident of the shared core', () => {
    const residents = plan.cores[SHARED_CORE]?.residents ?? [];
    expect(listWatchedCores(plan)).toEqual([SHARED_CORE]);
    const loses = residents.findIndex(({ idle }) => idle !== 'keep');
    const behind = loses < 0 ? [] : [...residents.keys()].slice(loses + 1);
    for (const { id, instances } of WINDOW_INVARIANTS) {
      const said = id === 'time.clear' ? behind : [...residents.keys()];
      expect(instances(plan)).toEqual(said.map((index) => [SHARED_CORE, index]));
    }
  });

  test('hold after every micro-step of runs from boot, whenever a window was opened', () => {
    const random = createRandom(11);
    const seen = { longest: 0, epochs: 0, busy: 0, held: 0 };
    for (let run = 0; run < RUNS; run += 1) {
      const actions = Array.from({ length: STEPS }, () => drawAction(plan, random));
      const machine = watchMachine(plan, createAwake(plan));
      runWatched(plan, machine, actions, random, (at) => {
        expectKept(plan, machine, at);
        const { length, shares } = getWindow(machine);
        seen.longest = Math.max(seen.longest, length);
        for (const { epochs, busy, blocked } of shares) {
          seen.epochs = Math.max(seen.epochs, epochs);
          seen.busy = Math.max(seen.busy, busy ? length : 0);
          seen.held = Math.max(seen.held, busy ? blocked : 0);
        }
      });
    }
    // They are no windows in which nothing happens.
    expect(seen.longest).toBeGreaterThan(100);
    expect(seen.epochs).toBeGreaterThan(2);
    expect(seen.busy).toBeGreaterThan(30);
    expect(seen.held > 0).toBe(plan.blockingTicks > 0);
  });

  test('are kept by any action, from states that no run may reach', () => {
    const random = createRandom(13);
    const drawn = fc.sample(actionArbitrary(plan), { seed: 13, numRuns: RUNS * STEPS });
    for (let run = 0; run < RUNS; run += 1) {
      const start = createInductiveMachine(plan, { kind: 'sealed' }, random);
      const machine = watchMachine(plan, start);
      const actions = drawn
        .slice(run * STEPS, (run + 1) * STEPS)
        .flatMap((action) => [action, drawAction(plan, random)]);
      runWatched(plan, machine, actions, random, (at) => {
        expectKept(plan, machine, at);
      });
    }
  });

  test('are seen by noting alone: the machine is the same without windows', () => {
    const random = createRandom(17);
    const actions = Array.from({ length: STEPS * 5 }, () => drawAction(plan, random));
    const plain: Machine = createAwake(plan);
    const watched = watchMachine(plan, createAwake(plan));
    runWatched(plan, watched, actions, random, () => undefined);
    for (const action of actions) {
      act(plan, plain, action);
      for (let core = 0; core < plan.cores.length; core += 1) dispatchWhenDue(plan, plain, core);
    }
    const { windows, ...machine } = watched;
    expect(machine).toEqual(plain);
    expect(windows).toHaveLength(plan.cores.length);
  });
});

/** A machine with a window that is some ticks long, while the second resident is held up. */
function createHeldUp(shares = KEPT): { plan: Plan; machine: WatchedMachine; window: Window } {
  const plan = createPlan(createSharedCore(shares, FULL));
  const machine = watchMachine(plan, createAwake(plan));
  for (let count = 0; count < 6; count += 1) {
    actWatched(plan, machine, { kind: 'time-passes', core: SHARED_CORE, ticks: 1 });
    dispatchWatched(plan, machine, SHARED_CORE);
  }
  return { plan, machine, window: getWindow(machine) };
}

/** Ways to spoil a window, each with what it breaks. */
const SPOILT: readonly (readonly [string, string, (window: Window) => void])[] = [
  [
    'time that nobody has had',
    'time.share 0',
    ({ shares: [first] }) => {
      if (first !== undefined) first.taken += 20;
    },
  ],
  [
    'a budget that nobody can have had at the opening',
    'time.share 1',
    ({ shares: [, second] }) => {
      if (second !== undefined) second.carry = 14;
    },
  ],
  [
    'a first replenishment at another instant',
    'time.share 2',
    ({ shares: [, , third] }) => {
      if (third !== undefined) third.first += 1;
    },
  ],
  [
    'a replenishment that was not',
    'time.share 0',
    ({ shares: [first] }) => {
      if (first !== undefined) first.epochs += 1;
    },
  ],
  [
    'more time taken early than there was',
    'time.share 1',
    ({ shares: [, second] }) => {
      if (second !== undefined) second.early += 1;
    },
  ],
  [
    'time that is neither charged nor held up',
    'time.blocked 1',
    ({ shares: [, second] }) => {
      if (second !== undefined) second.blocked += 1;
    },
  ],
];

/** The same where those above the last burn and poll. */
const SPOILT_BEHIND: readonly (readonly [string, string, (window: Window) => void])[] = [
  [
    'time in which it was neither held up nor served',
    'time.blocked 2',
    ({ shares: [, , third] }) => {
      if (third !== undefined) third.held += 1;
    },
  ],
  [
    'a wait behind more than one section, its own counted',
    'time.blocked 2',
    (window) => {
      const [, second, third] = window.shares;
      if (second === undefined || third === undefined) return;
      window.length += 20;
      second.blocked += 20;
      second.busy = false;
      third.taken += 20;
      third.held += 20;
    },
  ],
  [
    'a budget that is there when the core has been idle for who is more urgent',
    'time.clear 2',
    ({ shares: [, , third] }) => {
      if (third !== undefined) third.clear = true;
    },
  ],
];

describe('a condition on windows', () => {
  test.each(SPOILT_BEHIND)('is broken by %s: %s', (_what, broken, spoil) => {
    const { plan, machine, window } = createHeldUp(MIXED);
    expect(listBroken(plan, machine)).toEqual([]);
    spoil(window);
    expect(listBroken(plan, machine)).toContain(broken);
  });

  test('counts too little for an activation as nothing under poll, but of who runs', () => {
    const { plan, machine } = createHeldUp(MIXED);
    const core = machine.cores[SHARED_CORE];
    const account = core?.accounts[1];
    if (core === undefined || account === undefined) throw new Error('three share the core');
    const openWith = (budget: number): number => {
      account.budget = budget;
      openWindow(plan, machine, SHARED_CORE);
      return getWindow(machine).shares[1]?.carry ?? -1;
    };
    core.running = 0;
    account.activation = true;
    expect(openWith(plan.activationTicks)).toBe(0);
    expect(openWith(plan.activationTicks + 1)).toBe(plan.activationTicks + 1);
    core.running = 1;
    core.slack = false;
    expect(openWith(plan.activationTicks)).toBe(plan.activationTicks);
    core.running = 0;
    account.activation = false;
    expect(openWith(1)).toBe(1);
  });

  test.each(SPOILT)('is broken by %s: %s', (_what, broken, spoil) => {
    const { plan, machine, window } = createHeldUp();
    expect(listBroken(plan, machine)).toEqual([]);
    spoil(window);
    expect(listBroken(plan, machine)).toContain(broken);
  });

  test('is broken by two sections of who is less urgent in a busy interval', () => {
    const { plan, machine, window } = createHeldUp();
    const [first] = window.shares;
    const charged = window.shares.map(({ taken }) => taken);
    if (first === undefined) throw new Error('there are three');
    const planned = plan.cores[SHARED_CORE];
    if (planned === undefined) throw new Error('the board has the core');
    const most = computeBlocking(plan, planned, 0);
    window.length = (charged[0] ?? 0) + most + 1;
    first.blocked = most + 1;
    expect(isBlockedOnce(plan, machine, SHARED_CORE, 0)).toBe(false);
    window.length -= 1;
    first.blocked -= 1;
    expect(isBlockedOnce(plan, machine, SHARED_CORE, 0)).toBe(true);
    // Who is not busy may be held up as long as it takes.
    first.busy = false;
    window.length += 50;
    first.blocked += 50;
    expect(isBlockedOnce(plan, machine, SHARED_CORE, 0)).toBe(true);
  });

  test('is broken by a core that is busy for whom nobody runs', () => {
    const { plan, machine } = createHeldUp();
    const [, second] = getWindow(machine).shares;
    for (const { vcpus } of machine.partitions) {
      for (const vcpu of vcpus) vcpu.waiting = true;
    }
    const core = machine.cores[SHARED_CORE];
    if (core === undefined || second === undefined) throw new Error('three share the core');
    core.section = 0;
    expect(isBusyAble(plan, machine, SHARED_CORE, 1)).toBe(false);
    second.busy = false;
    expect(isBusyAble(plan, machine, SHARED_CORE, 1)).toBe(true);
  });

  test('is said of windows that begin in any state, at any instant', () => {
    const random = createRandom(19);
    for (const [, configuration] of BOARDS) {
      const plan = createPlan(configuration);
      for (let draw = 0; draw < 200; draw += 1) {
        const start = createInductiveMachine(plan, { kind: 'sealed' }, random);
        const machine = watchMachine(plan, start);
        expect(listBroken(plan, machine)).toEqual([]);
        expect(getWindow(machine).length).toBe(0);
      }
    }
  });
});

describe('a core has no window', () => {
  const low: Share = { budget: 13, period: 50, priority: 2 };
  test.each([
    ['by deadlines', createSmallBoard({ policy: 'edf' })],
    ['by a table', createSmallBoard({ policy: 'table' })],
    [
      'with a budget that debt and one stay at EL2 can spend',
      createSmallBoard({ left: low, ...FULL, section: 6 }),
    ],
  ])('%s', (_name, configuration) => {
    const plan = createPlan(configuration);
    expect(listWatchedCores(plan)).toEqual([]);
    const { windows } = watchMachine(plan, createMachine(plan));
    expect(windows).toEqual(plan.cores.map(() => ({ length: 0, shares: [] })));
  });

  test('only if its budgets are as short as that', () => {
    const roomy = createSmallBoard({ left: { ...low, budget: 14 }, ...FULL, section: 6 });
    expect(listWatchedCores(createPlan(roomy))).toEqual([SHARED_CORE]);
  });
});
