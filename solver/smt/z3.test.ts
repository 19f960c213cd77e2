import { afterAll, describe, expect, test } from 'vitest';

import {
  add,
  booleanVariable,
  equal,
  integerVariable,
  less,
  multiply,
  not,
  within,
} from './term.ts';
import type { Term } from './term.ts';
import { computeResourceLimit, createZ3Solver, getZ3Name } from './z3.ts';

const p = integerVariable('p');
const solver = createZ3Solver({ jobs: 1 });

afterAll(() => solver.close());

function cube(term: Term | undefined): Term {
  return multiply(term ?? 0, multiply(term ?? 0, term ?? 0));
}

/** Fermat's last theorem for cubes: z3 searches for ever. */
function createEndlessQuery(): Term[] {
  const [x, y, z] = ['x', 'y', 'z'].map((name) => integerVariable(name));
  const positive = [x, y, z].map((term) => less(2, term ?? 0));
  return [...positive, equal(add(cube(x), cube(y)), cube(z))];
}

describe('z3', () => {
  test('names itself with its version', () => {
    expect(getZ3Name()).toMatch(/^z3 \d+\.\d+\.\d+ \(wasm\)$/);
  });

  test('answers sat with a value for every variable, negative ones too', async () => {
    const flag = booleanVariable('a b');
    const assertions = [equal(add(p, 7), 3), not(flag), within(integerVariable('free'), 5, 6)];
    const answer = await solver.check({ assertions });
    expect(answer).toMatchObject({ status: 'sat' });
    if (answer.status !== 'sat') return;
    expect(Object.fromEntries(answer.model)).toEqual({ p: -4n, 'a b': false, free: 5n });
  });

  test('answers unsat where there is no case', async () => {
    const answer = await solver.check({ assertions: [less(p, 3), less(3, p)] });
    expect(answer.status).toBe('unsat');
  });

  test('answers many queries at once, each its own', async () => {
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, index) =>
        solver.check({ assertions: [within(p, index, index + (index % 2))] }),
      ),
    );
    expect(answers.map(({ status }) => status)).toEqual(
      Array.from({ length: 40 }, (_, index) => (index % 2 === 0 ? 'unsat' : 'sat')),
    );
  });

  test('answers unknown at the limit of steps', async () => {
    const limited = createZ3Solver({ jobs: 1, resourceLimit: 1 });
    const answer = await limited.check({ assertions: [equal(multiply(p, p), 1234)] });
    expect(answer).toMatchObject({ status: 'unknown', reason: 'limit of 1 steps reached' });
    await limited.close();
  });

  test('makes a limit of steps of the time-out, so that every machine gives up alike', async () => {
    const limited = createZ3Solver({ jobs: 1, timeoutMs: 1000 });
    const answer = await limited.check({ assertions: createEndlessQuery() });
    // A machine that is busy with much else is slower than any limit of steps foresees.
    expect([
      `limit of ${computeResourceLimit(1000)} steps reached`,
      'time-out after 1000 ms',
    ]).toContain(Reflect.get(answer, 'reason'));
    expect(answer.status).toBe('unknown');
    await limited.close();
  });

  test('answers what is asked after it was warmed, and closes where nothing is', async () => {
    const [warm, idle] = [createZ3Solver({ jobs: 2 }), createZ3Solver({ jobs: 1 })];
    warm.warm();
    idle.warm();
    await idle.close();
    expect(await warm.check({ assertions: [within(p, 3, 4)] })).toMatchObject({ status: 'sat' });
    await warm.close();
  });

  test('answers unknown at the time-out and goes on with the next query', async () => {
    const limited = createZ3Solver({ jobs: 1, timeoutMs: 1500, resourceLimit: 0 });
    const endless = limited.check({ assertions: createEndlessQuery() });
    const next = limited.check({ assertions: [within(p, 3, 4)] });
    expect(await endless).toMatchObject({
      status: 'unknown',
      reason: expect.stringMatching(/time-out/),
    });
    expect(await next).toMatchObject({ status: 'sat' });
    await limited.close();
  });

  test('answers unknown when cancelled, running or waiting, and ever after', async () => {
    const controller = new AbortController();
    const cancelled = createZ3Solver({ jobs: 1, signal: controller.signal });
    const answers = [
      cancelled.check({ assertions: createEndlessQuery() }),
      cancelled.check({ assertions: [less(p, 3)] }),
    ];
    setTimeout(() => controller.abort(), 300);
    const later = Promise.all(answers).then(() => cancelled.check({ assertions: [less(p, 3)] }));
    for (const answer of [...answers, later]) {
      expect(await answer).toMatchObject({ status: 'unknown', reason: 'cancelled' });
    }
    await cancelled.close();
    await cancelled.close();
  });
});
