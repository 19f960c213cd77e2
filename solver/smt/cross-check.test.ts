import { describe, expect, test } from 'vitest';

import { createCrossCheck } from './cross-check.ts';
import { createFixedSolver } from './fixed-solver.ts';
import { unknown } from './solver.ts';
import type { Answer } from './solver.ts';
import { equal, integerVariable } from './term.ts';

const THREE = { assertions: [equal(integerVariable('p'), 3)] };
const UNSAT: Answer = { status: 'unsat', ms: 1 };
const SAT: Answer = { status: 'sat', model: new Map([['p', 3n]]), ms: 2 };
const FALSE_SAT: Answer = { status: 'sat', model: new Map([['p', 4n]]), ms: 2 };

function ask(first: Answer, second: Answer): Promise<Answer> {
  const solvers = [createFixedSolver('one 1', first), createFixedSolver('two 2', second)] as const;
  return createCrossCheck(...solvers).check(THREE);
}

describe('a cross-check', () => {
  test('is named after both, and starts and ends both', async () => {
    const [one, two] = [createFixedSolver('one 1', SAT), createFixedSolver('two 2', SAT)];
    const both = createCrossCheck(one, two);
    both.warm();
    await both.close();
    expect(both.name).toBe('one 1 + two 2');
    expect([one.calls, two.calls]).toEqual([
      { warm: 1, close: 1 },
      { warm: 1, close: 1 },
    ]);
  });

  test('answers what both say, in the time of both, with the case of the first', async () => {
    expect(await ask(UNSAT, UNSAT)).toEqual({ status: 'unsat', ms: 2 });
    expect(await ask(SAT, FALSE_SAT)).toMatchObject({ status: 'sat', model: new Map([['p', 3n]]) });
  });

  test('asks both the same printed text', async () => {
    const [one, two] = [createFixedSolver('one', UNSAT), createFixedSolver('two', UNSAT)];
    await createCrossCheck(one, two).check(THREE);
    expect(one.asked[0]?.text).toContain('(assert');
    expect(one.asked[0]?.text).toBe(two.asked[0]?.text);
  });

  test.each([
    [SAT, UNSAT, 'one 1 says sat, two 2 says unsat; the case of one 1 is one, so two 2 is wrong'],
    [UNSAT, SAT, 'one 1 says unsat, two 2 says sat; the case of two 2 is one, so one 1 is wrong'],
    [UNSAT, FALSE_SAT, 'one 1 says unsat, two 2 says sat; the case of two 2 is none'],
  ])('names both where they contradict each other, and who is wrong: %#', async (a, b, text) => {
    expect(await ask(a, b)).toEqual({
      status: 'unknown',
      isContradiction: true,
      ms: 3,
      reason: `the solvers contradict each other: ${text}`,
    });
  });

  test('gives up where either gives up, saying who', async () => {
    const tired = unknown('time-out', 5);
    expect(await ask(UNSAT, tired)).toEqual(
      unknown('one 1 says unsat; two 2 says unknown (time-out)', 6),
    );
    expect(await ask(tired, SAT)).toMatchObject({ status: 'unknown' });
    expect(await ask(tired, tired)).toEqual(tired.status === 'unknown' ? { ...tired, ms: 10 } : 0);
  });

  test('is cached only where both answers are', async () => {
    const kept: Answer = { status: 'unsat', ms: 0, cached: true };
    expect(await ask(kept, kept)).toEqual({ status: 'unsat', ms: 0, cached: true });
    expect(await ask(kept, UNSAT)).toEqual({ status: 'unsat', ms: 1 });
  });
});
