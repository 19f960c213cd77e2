import { fileURLToPath } from 'node:url';

import { describe, expect, test } from 'vitest';

import { MissingSolverError, PROGRAMS, createProcessSolver, findProgram } from './process.ts';
import type { ProcessOptions } from './process.ts';
import type { Answer, Solver } from './solver.ts';
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

const FAKE = fileURLToPath(new URL('./fake-solver.mjs', import.meta.url));
const p = integerVariable('p');
const THREE = { assertions: [equal(p, 3)] };

/** A solver whose program is the stand-in in the given mode. */
function createFake(mode: string, options: Partial<ProcessOptions> = {}): Solver {
  const command = [process.execPath, FAKE, mode];
  return createProcessSolver({ program: 'z3', command, jobs: 1, ...options });
}

async function askFake(mode: string, options: Partial<ProcessOptions> = {}): Promise<Answer> {
  const solver = createFake(mode, options);
  try {
    return await solver.check(THREE);
  } finally {
    await solver.close();
  }
}

/** Fermat's last theorem for cubes: no solver ends by itself. */
function createEndlessQuery(): Term[] {
  const cubes = ['x', 'y', 'z'].map((name) => {
    const term = integerVariable(name);
    return multiply(term, multiply(term, term));
  });
  const [x = p, y = p, z = p] = cubes;
  return [...cubes.map((cube) => less(8, cube)), equal(add(x, y), z)];
}

describe('a solver process', () => {
  test('is asked for values after sat', async () => {
    expect(await askFake('sat')).toMatchObject({ status: 'sat', model: new Map([['p', 3n]]) });
  });

  test('is believed when it says unsat and nothing else', async () => {
    expect(await askFake('unsat')).toMatchObject({ status: 'unsat' });
  });

  test.each([
    ['gives up', 'unknown', 'incomplete'],
    ['prints an error before its answer', 'error', 'unknown sort'],
    ['prints anything else', 'garbage', 'I think it is unsat'],
    ['dies', 'die', 'ended with exit code 139: segmentation fault'],
    ['runs out of memory', 'memory', 'out of memory'],
  ])('that %s gives unknown with its text', async (_, mode, reason) => {
    expect(await askFake(mode)).toMatchObject({
      status: 'unknown',
      reason: expect.stringContaining(reason),
    });
  });

  test('that hangs is ended at the time-out', async () => {
    expect(await askFake('hang', { timeoutMs: 300 })).toMatchObject({
      status: 'unknown',
      reason: 'time-out after 300 ms',
    });
  });

  test('that dies is replaced for the next query', async () => {
    const solver = createFake('die');
    const answers = await Promise.all([solver.check(THREE), solver.check(THREE)]);
    expect(answers).toMatchObject([{ status: 'unknown' }, { status: 'unknown' }]);
    await solver.close();
  });

  test('is ended by a cancellation, and ends what waits', async () => {
    const controller = new AbortController();
    const solver = createFake('hang', { signal: controller.signal });
    const open = [solver.check(THREE), solver.check(THREE)];
    setTimeout(() => controller.abort(), 300);
    for (const answer of [...open, Promise.all(open).then(() => solver.check(THREE))]) {
      expect(await answer).toMatchObject({ status: 'unknown', reason: 'cancelled' });
    }
    await solver.close();
    await solver.close();
  });

  test('of a program that is not there, or is another, is an error that says what to do', () => {
    const missing = { program: 'cvc5', command: ['no-such-solver'] } as const;
    expect(() => createProcessSolver(missing)).toThrow(MissingSolverError);
    expect(() => createFake('stranger')).toThrow(/does not answer as z3 does/);
  });
});

for (const program of PROGRAMS) {
  const name = findProgram(program);
  describe.skipIf(name === null)(`native ${program}, where it is on the PATH`, () => {
    test('is named with its version', () => {
      const solver = createProcessSolver({ program, jobs: 1 });
      expect(solver.name).toMatch(new RegExp(`^${program} \\d+\\.\\d+`));
    });

    test('answers many queries at once, each its own, with values', async () => {
      const solver = createProcessSolver({ program, jobs: 2 });
      solver.warm();
      const flag = booleanVariable('a b');
      const answers = await Promise.all(
        Array.from({ length: 40 }, (_, index) =>
          solver.check({
            assertions: [within(p, index - 20, index - 20 + (index % 2)), not(flag)],
          }),
        ),
      );
      for (const [index, answer] of answers.entries()) {
        expect(answer.status).toBe(index % 2 === 0 ? 'unsat' : 'sat');
        if (answer.status !== 'sat') continue;
        expect(Object.fromEntries(answer.model)).toEqual({ p: BigInt(index - 20), 'a b': false });
      }
      await solver.close();
    });

    test('gives up at the time-out and goes on with the next query', async () => {
      const solver = createProcessSolver({ program, jobs: 1, timeoutMs: 700 });
      const endless = solver.check({ assertions: createEndlessQuery() });
      const next = solver.check(THREE);
      expect(await endless).toMatchObject({
        status: 'unknown',
        reason: expect.stringMatching(/time-out|incomplete/i),
      });
      expect(await next).toMatchObject({ status: 'sat', model: new Map([['p', 3n]]) });
      await solver.close();
    });

    test('leaves its memory limit as unknown, not as a crash', async () => {
      const solver = createProcessSolver({ program, jobs: 1, memoryMiB: 8 });
      const answer = await solver.check({ assertions: createEndlessQuery() });
      expect(answer.status).toBe('unknown');
      await solver.close();
    });
  });
}
