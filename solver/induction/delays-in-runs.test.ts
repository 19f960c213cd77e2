/**
 * What follows from the conditions on windows, seen in runs: what residents take of a window that
 * is as long as a response, who is served within it, and how long a budget is waited for.
 */

import { describe, expect, test } from 'vitest';
import type { StaticConfiguration } from '../../model/configuration.ts';
import { createPlan } from '../../model/plan.ts';
import type { Plan } from '../../model/plan.ts';
import {
  SHARED_CORE,
  createSharedCore,
  createSmallBoard,
} from '../../model/testing/small-board.ts';
import type { IdlePolicy } from '../../model/configuration.ts';
import type { Share } from '../../model/testing/small-board.ts';
import { createRandom } from '../../properties/engine/random.ts';
import type { RandomState } from '../../properties/engine/random.ts';
import { mayRun } from '../../properties/inductive/entitlement.ts';
import { settle } from '../../properties/inductive/schedule.ts';
import {
  createAwake,
  drawAction,
  runWatched,
} from '../../properties/inductive/testing/watched-run.ts';
import { watchMachine } from '../../properties/inductive/window-invariants.ts';
import {
  actWatched,
  dispatchWatched,
  isOpenedWithout,
  openWindow,
} from '../../properties/inductive/windows.ts';
import { listInductionObligations } from './obligations.ts';
import { listWatchedDelays } from './watched-delays.ts';
import type { WatchedDelay } from './watched-delays.ts';

const KEPT: readonly Share[] = [
  { budget: 12, period: 50, priority: 3 },
  { budget: 13, period: 60, phase: 7, priority: 2 },
  { budget: 20, period: 130, priority: 1 },
];
const LAST_BURNS: readonly Share[] = [
  { budget: 14, period: 60, priority: 3 },
  { budget: 13, period: 60, phase: 7, priority: 2, idle: 'burn', slack: true },
];
const LOSING: readonly Share[] = [
  { budget: 14, period: 60, priority: 3, idle: 'burn' },
  { budget: 13, period: 70, phase: 7, priority: 2, idle: 'poll', slack: true },
  { budget: 20, period: 140, priority: 1, slack: true },
];
const MIXED: readonly Share[] = [
  { budget: 14, period: 60, priority: 3, idle: 'poll' },
  { budget: 13, period: 90, phase: 7, priority: 2 },
  { budget: 20, period: 160, priority: 1, idle: 'burn' },
];
const FULL = { section: 4, contextSwitch: 3, timer: 1, interrupt: 2, reload: 1 } as const;
const FREE = { section: 0, contextSwitch: 0 } as const;

const BOARDS: readonly (readonly [string, StaticConfiguration])[] = [
  ['kept budgets, and all costs', createSharedCore(KEPT, FULL)],
  ['kept budgets, and no costs', createSharedCore(KEPT, FREE)],
  ['the last of which burns and uses slack', createSharedCore(LAST_BURNS, FULL)],
  ['the small board', createSmallBoard()],
  ['that those above the last burn and poll, and all costs', createSharedCore(LOSING, FULL)],
  ['that those above the last burn and poll, and no costs', createSharedCore(LOSING, FREE)],
  ['the first of which polls, and all costs', createSharedCore(MIXED, FULL)],
];

const RUNS = 40;
const STEPS = 400;

describe.each(BOARDS)('delays by induction, of a core with %s', (_name, configuration) => {
  const plan = createPlan(configuration);
  const planned = plan.cores[SHARED_CORE];
  const residents = planned?.residents ?? [];
  const delays = listWatchedDelays(plan);

  test('exist for each resident', () => {
    expect(delays.map(({ core, index }) => [core, index])).toEqual(
      residents.map((_, index) => [SHARED_CORE, index]),
    );
  });

  test('hold in runs: nobody takes more of a response, and who is busy is served in it', () => {
    const random = createRandom(23);
    const need = 1 + plan.activationTicks;
    const judged = { taken: 0, most: 0, served: 0, throttled: 0 };
    for (let run = 0; run < RUNS; run += 1) {
      const actions = Array.from({ length: STEPS }, () => drawAction(plan, random));
      const machine = watchMachine(plan, createAwake(plan));
      runWatched(plan, machine, actions, random, (at) => {
        const state = machine.cores[SHARED_CORE];
        const { length, shares } = machine.windows[SHARED_CORE] ?? { length: 0, shares: [] };
        if (planned === undefined || state === undefined) throw new Error('the core is there');
        for (const { index, response, throttle, takes, isBehind } of delays) {
          const own = shares[index];
          const account = settle(planned, state, index);
          const wait = account.next - state.clock;
          if (account.budget <= plan.activationTicks) {
            judged.throttled += 1;
            if (wait > throttle) expect({ at, index, wait }).toEqual({ at, index, wait: throttle });
          }
          if (length > response) continue;
          for (const [other, most] of takes.entries()) {
            const taken = shares[other]?.taken ?? 0;
            const loses = residents[other]?.idle !== 'keep';
            if (loses && (shares[other]?.carry ?? 0) > 0) continue;
            judged.taken += 1;
            judged.most = Math.max(judged.most, taken / most);
            if (taken > most)
              expect({ at, index, other, taken }).toEqual({ at, index, other, most });
          }
          if (length < response || own?.busy !== true) continue;
          const isOver = takes.some((most, other) => (shares[other]?.taken ?? 0) > most);
          if (isOver || (!isBehind && own.spare > 0)) continue;
          judged.served += 1;
          const served = isBehind ? own.served : own.taken;
          if (served < need) expect({ at, index, served }).toEqual({ at, index, need });
        }
      });
    }
    expect(judged.throttled).toBeGreaterThan(50);
    expect(judged.taken).toBeGreaterThan(1_000);
    expect(judged.most).toBeGreaterThan(0.4);
    expect(judged.served).toBeGreaterThan(5);
  });
});

/** What was seen of waits. */
interface Waits {
  seen: number;
  /** In a window that was opened before the wait began. */
  sooner: number;
  /** Longest window while somebody waits, as a part of the response. */
  longest: number;
}

/**
 * Opens a window wherever nobody more urgent could run until now, and looks whether the resident is
 * served in it.
 */
function judgeWaits(
  plan: Plan,
  { index, response }: WatchedDelay,
  random: RandomState,
  waits: Waits,
): void {
  const machine = watchMachine(plan, createAwake(plan));
  const core = machine.cores[SHARED_CORE];
  const resident = plan.cores[SHARED_CORE]?.residents[index];
  const window = machine.windows[SHARED_CORE];
  const share = window?.shares[index];
  const account = core?.accounts[index];
  if (core === undefined || resident === undefined) throw new Error('the core is there');
  if (window === undefined || share === undefined || account === undefined) return;
  let opened = false;
  let since: number | null = null;
  const look = (): void => {
    if (share.clear) {
      openWindow(plan, machine, SHARED_CORE);
      expect(isOpenedWithout(plan, machine, SHARED_CORE, index)).toBe(true);
      opened = true;
    }
    const isWaiting = core.running !== index && mayRun(plan, machine, resident, account);
    since = opened && isWaiting ? (since ?? core.clock) : null;
    if (since === null) return;
    waits.seen += 1;
    waits.sooner += Number(window.length > core.clock - since);
    waits.longest = Math.max(waits.longest, window.length / response);
    if (!share.busy || window.length >= response) {
      expect({ busy: share.busy, length: window.length }).toEqual({ busy: true, response });
    }
  };
  for (let count = 0; count < RUNS * STEPS; count += 1) {
    const action = drawAction(plan, random);
    // Less sleep, more waits.
    if (action.kind === 'wait' && count % 4 > 0) continue;
    actWatched(plan, machine, action);
    look();
    for (let one = 0; one < plan.cores.length; one += 1) dispatchWatched(plan, machine, one);
    look();
  }
}

describe('a wait behind who loses its budget while idle', () => {
  test('begins in a window that opened without it, and stays busy until it ends', () => {
    const random = createRandom(29);
    const waits: Waits = { seen: 0, sooner: 0, longest: 0 };
    for (const shares of [LOSING, MIXED]) {
      const plan = createPlan(createSharedCore(shares, FULL));
      const behind = listWatchedDelays(plan).filter(({ isBehind }) => isBehind);
      expect(behind.map(({ index }) => index)).toEqual([1, 2]);
      for (const delay of behind) judgeWaits(plan, delay, random, waits);
    }
    expect(waits.seen).toBeGreaterThan(500);
    expect(waits.sooner).toBeGreaterThan(200);
    expect(waits.longest).toBeGreaterThan(0.5);
  });
});

/** Ids of the obligations about windows that are not about an action. */
function listOfWindows(configuration: StaticConfiguration): string[] {
  const names: string[] = [];
  const matches = (id: string): boolean => {
    if (/^time\.(throttled|window|taken|served|agree)/.test(id)) names.push(id);
    return false;
  };
  listInductionObligations(configuration, { matches });
  return names.toSorted();
}

describe('delays by induction', () => {
  test('count no budget from before of who loses it while idle, and an own section', () => {
    const [first, ...rest] = KEPT;
    if (first === undefined) throw new Error('there are three');
    const listFor = (idle: IdlePolicy): WatchedDelay[] =>
      listWatchedDelays(createPlan(createSharedCore([{ ...first, idle }, ...rest], FULL)));
    const kept = listFor('keep');
    for (const idle of ['burn', 'poll'] as const) {
      const delays = listFor(idle);
      expect(delays.map(({ isBehind }) => isBehind)).toEqual([false, true, true]);
      expect(delays[2]?.takes[0]).toBeLessThan(kept[2]?.takes[0] ?? 0);
    }
    // A = 4, Z = 5 and o = 4: of the last one nobody is less urgent.
    const alone = createSharedCore([{ ...first, idle: 'burn' }, ...rest.slice(1)], FULL);
    const [, last] = listWatchedDelays(createPlan(alone));
    expect(last).toMatchObject({ response: 1 + 4 + 5 + 12 + 4, takes: [12 + 4] });
  });

  test('are not given where a response is longer than a period', () => {
    const long: Share = { budget: 40, period: 100, priority: 2 };
    const short: Share = { budget: 20, period: 50, priority: 1 };
    const plan = createPlan(createSharedCore([long, short], FULL));
    expect(listWatchedDelays(plan).map(({ index }) => index)).toEqual([0]);
  });

  test('make obligations of their own, which other cores do not have', () => {
    expect(listOfWindows(createSmallBoard())).toEqual([
      'time.agreement[left@core1]',
      'time.agreement[right@core1]',
      'time.served[left@core1]',
      'time.served[right@core1]',
      'time.taken-at-most[left@core1 while right@core1 waits]',
      'time.throttled[left@core1]',
      'time.throttled[right@core1]',
      'time.window-opened[left@core1]',
      'time.window-opened[right@core1]',
    ]);
    expect(listOfWindows(createSmallBoard({ policy: 'edf' }))).toEqual([]);
    expect(listOfWindows(createSmallBoard({ policy: 'table' }))).toEqual([]);
  });
});
