import { afterAll, describe, expect, it } from 'vitest';

import { FALSE, or, type Term } from '../smt/term.ts';
import { createZ3Solver } from '../smt/z3.ts';
import {
  type AccountTicks,
  buildThrottleLemma,
  buildWindowInduction,
  buildWindowSafety,
  CONJUNCTS,
} from './lemmas.ts';

const solver = createZ3Solver({ jobs: 1 });
afterAll(() => solver.close());

async function check(...parts: readonly Term[]): Promise<string> {
  const answer = await solver.check({ assertions: [or(parts)] });
  return answer.status;
}

const ACCOUNTS: readonly AccountTicks[] = [
  [1, 1, 0],
  [2, 10, 0],
  [3, 10, 2],
  [10, 10, 3],
  [62_500, 312_500, 1376],
  [2, 10, 5],
  [8000 * 24, 20_000 * 24, 150],
  [23_804, 27_245, 26_595],
].map(([budget = 0, period = 0, overrun = 0]) => ({ budget, period, overrun }));

const KINDS = ['any', 'busy', 'known'] as const;

describe('the lemma of the throttled account', () => {
  it('holds for every budget, period, overrun and activation, and not one tick lower', async () => {
    const { base, step, safe, attained } = buildThrottleLemma();
    expect(await check(base, step, safe)).toBe('unsat');
    expect(await check(attained)).toBe('sat');
    expect(await check(buildThrottleLemma(1).safe)).toBe('sat');
  });

  it('is not attained where it claims a tick more', async () => {
    const { safe, attained } = buildThrottleLemma(-1);
    expect(await check(safe)).toBe('unsat');
    expect(await check(attained)).toBe('unsat');
  });

  it('needs its invariant', async () => {
    const [pace] = CONJUNCTS.throttle;
    expect(await check(buildThrottleLemma(0, pace).safe)).toBe('sat');
  });
});

describe.each(KINDS)('the lemma of a window, %s', (kind) => {
  it('has a base and a step that hold for every budget, period and overrun', async () => {
    const { base, step } = buildWindowInduction(kind);
    expect(await check(base)).toBe('unsat');
    expect(await check(step)).toBe('unsat');
  });

  it.each(ACCOUNTS)(
    'implies the claim of $budget in $period, and not one tick less',
    async (is) => {
      const { counts, safe, attained } = buildWindowSafety(kind, is);
      expect(counts).toBe(FALSE);
      expect(await check(safe)).toBe('unsat');
      expect(await check(attained)).toBe('sat');
      expect(await check(buildWindowSafety(kind, is, 1).safe)).toBe('sat');
    },
  );

  it('is not attained where it claims a tick more', async () => {
    const { safe, attained } = buildWindowSafety(kind, { budget: 3, period: 10, overrun: 2 }, -1);
    expect(await check(safe)).toBe('unsat');
    expect(await check(attained)).toBe('unsat');
  });

  it.each(CONJUNCTS[kind])('needs the conjunct %s', async (name) => {
    const is = { budget: 3, period: 10, overrun: 2 };
    const { base, step } = buildWindowInduction(kind, name);
    expect(await check(base, step, buildWindowSafety(kind, is, 0, name).safe)).toBe('sat');
  });
});
