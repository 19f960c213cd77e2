/**
 * What follows from the conditions on windows, seen in runs: what residents take of a window that
 * is as long as a response, who is served within it, and how long a budget is waited for.
 */

import { describe, expect, test } from 'vitest';
import type { StaticConfiguration } from '../../model/configuration.ts';
import { createPlan } from '../../model/plan.ts';
import {
  SHARED_CORE,
  createSharedCore,
  createSmallBoard,
} from '../../model/testing/small-board.ts';
import type { Share } from '../../model/testing/small-board.ts';
import { createRandom } from '../../properties/engine/random.ts';
import { settle } from '../../properties/inductive/schedule.ts';
import {
  createAwake,
  drawAction,
  runWatched,
} from '../../properties/inductive/testing/watched-run.ts';
import { watchMachine } from '../../properties/inductive/window-invariants.ts';
import { listInductionObligations } from './obligations.ts';
import { listWatchedDelays } from './window-obligations.ts';

const KEPT: readonly Share[] = [
  { budget: 12, period: 50, priority: 3 },
  { budget: 13, period: 60, phase: 7, priority: 2 },
  { budget: 20, period: 130, priority: 1 },
];
const LAST_BURNS: readonly Share[] = [
  { budget: 14, period: 60, priority: 3 },
  { budget: 13, period: 60, phase: 7, priority: 2, idle: 'burn', slack: true },
];
const FULL = { section: 4, contextSwitch: 3, timer: 1, interrupt: 2, reload: 1 } as const;
const FREE = { section: 0, contextSwitch: 0 } as const;

const BOARDS: readonly (readonly [string, StaticConfiguration])[] = [
  ['kept budgets, and all costs', createSharedCore(KEPT, FULL)],
  ['kept budgets, and no costs', createSharedCore(KEPT, FREE)],
  ['the last of which burns and uses slack', createSharedCore(LAST_BURNS, FULL)],
  ['the small board', createSmallBoard()],
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
        for (const { index, response, throttle, takes } of delays) {
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
            judged.taken += 1;
            judged.most = Math.max(judged.most, taken / most);
            if (taken > most)
              expect({ at, index, other, taken }).toEqual({ at, index, other, most });
          }
          if (length < response || own?.busy !== true || own.spare > 0) continue;
          judged.served += 1;
          if (own.taken < need)
            expect({ at, index, taken: own.taken }).toEqual({ at, index, need });
        }
      });
    }
    expect(judged.throttled).toBeGreaterThan(50);
    expect(judged.taken).toBeGreaterThan(1_000);
    expect(judged.most).toBeGreaterThan(0.4);
    expect(judged.served).toBeGreaterThan(5);
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
  test('are not given to who waits for somebody that loses its budget while idle', () => {
    for (const idle of ['burn', 'poll'] as const) {
      const [first, ...rest] = KEPT;
      if (first === undefined) throw new Error('there are three');
      const plan = createPlan(createSharedCore([{ ...first, idle }, ...rest], FULL));
      expect(listWatchedDelays(plan).map(({ index }) => index)).toEqual([0]);
    }
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
