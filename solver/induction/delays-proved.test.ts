/**
 * Delays that are proved of cores on which somebody more urgent loses its budget while idle: by
 * induction over the functions of the scheduler, as long as response-time analysis says.
 */

import { afterAll, describe, expect, test } from 'vitest';
import type { IdlePolicy } from '../../model/configuration.ts';
import { createPlan } from '../../model/plan.ts';
import { createSharedCore } from '../../model/testing/small-board.ts';
import type { Share } from '../../model/testing/small-board.ts';
import { proveObligations } from '../prove.ts';
import { createZ3Solver } from '../smt/z3.ts';
import { listInductionObligations } from './obligations.ts';
import { listWatchedDelays } from './watched-delays.ts';

const NIGHTLY = (process.env['HAVEN_NIGHTLY'] ?? '') !== '';
const FULL = { section: 4, contextSwitch: 3, timer: 1, interrupt: 2, reload: 1 } as const;
const FREE = { section: 0, contextSwitch: 0 } as const;
const SHARES: readonly Share[] = [
  { budget: 12, period: 50, priority: 3 },
  { budget: 13, period: 60, phase: 7, priority: 2, slack: true },
  { budget: 20, period: 140, priority: 1, slack: true },
];
/** What the delay of a core with fixed priorities rests on. */
const OF_TIME = new RegExp(
  '^time\\.(preserved|in-window|window-opened|throttled|taken-at-most|served|agreement)\\[',
);

function matches(id: string): boolean {
  return OF_TIME.test(id);
}

const solver = createZ3Solver();

afterAll(() => solver.close());

/** Names of the obligations about time that are not discharged; each resident has a delay. */
async function listOpen(idles: readonly IdlePolicy[], costs: object): Promise<string[]> {
  const shares = SHARES.slice(0, idles.length).map((share, index): Share => ({
    ...share,
    idle: idles[index] ?? 'keep',
  }));
  const configuration = createSharedCore(shares, costs);
  expect(listWatchedDelays(createPlan(configuration))).toHaveLength(shares.length);
  const obligations = listInductionObligations(configuration, { matches });
  const ids = obligations.map(({ id }) => id);
  expect(ids.filter((id) => id.startsWith('time.agreement['))).toHaveLength(shares.length);
  const results = await proveObligations(configuration, obligations, { solver });
  return results.flatMap(({ id, status }) => (status === 'discharged' ? [] : [`${id} ${status}`]));
}

describe('the delay of who is less urgent is proved', () => {
  test.each([
    ['burns', ['burn', 'keep']],
    ['polls', ['poll', 'keep']],
  ] as const)('where the more urgent one %s', { timeout: 120_000 }, async (_what, idles) => {
    expect(await listOpen(idles, FULL)).toEqual([]);
  });

  test.runIf(NIGHTLY).each([
    ['burn', 'poll', 'keep'],
    ['poll', 'burn', 'poll'],
    ['keep', 'poll', 'burn'],
    ['burn', 'keep', 'keep'],
    ['poll', 'poll', 'keep'],
  ] as const)('under %s, %s and %s', { timeout: 1_200_000 }, async (...idles) => {
    expect(await listOpen(idles, FULL)).toEqual([]);
    expect(await listOpen(idles, FREE)).toEqual([]);
  });
});
