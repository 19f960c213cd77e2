import {
  appendFileSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { CACHE_BYTES_MAX, createCachedSolver, getCacheFolder } from './cache.ts';
import { createFixedSolver } from './fixed-solver.ts';
import { unknown } from './solver.ts';
import type { Answer, Query } from './solver.ts';
import { booleanVariable, equal, integerVariable, or } from './term.ts';

const p = integerVariable('p');
const THREE = { assertions: [equal(p, -3), or([booleanVariable('a b'), equal(p, -3)])] };
const FOUR = { assertions: [equal(p, 4)] };
const MODEL = new Map<string, bigint | boolean>([
  ['p', -3n],
  ['a b', false],
]);
const SAT: Answer = { status: 'sat', model: MODEL, ms: 7 };
const UNSAT: Answer = { status: 'unsat', ms: 7 };

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'haven-cache-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** What one run with the cache answers, and how often it had to ask. */
async function run(answer: Answer, queries: readonly Query[], name = 'z3 1.0 (fixed)') {
  const solver = createFixedSolver(name, answer);
  const problems: string[] = [];
  const onProblem = (message: string): void => void problems.push(message);
  const cached = createCachedSolver(solver, { folder, onProblem });
  cached.warm();
  const answers: Answer[] = [];
  for (const query of queries) answers.push(await cached.check(query));
  await cached.close();
  return { answers, asked: solver.asked.length, calls: solver.calls, problems };
}

function getFile(): string {
  const [name = ''] = readdirSync(folder);
  return join(folder, name);
}

describe('the cache', () => {
  test('gives an earlier answer again, with its values, and says so', async () => {
    await run(SAT, [THREE]);
    const again = await run(UNSAT, [THREE]);
    expect(again).toMatchObject({ asked: 0, problems: [] });
    expect(again.answers).toEqual([{ status: 'sat', model: MODEL, ms: 0, cached: true }]);
  });

  test('tells queries apart by their text, and solvers by their name', async () => {
    await run(UNSAT, [THREE]);
    expect((await run(UNSAT, [THREE])).asked).toBe(0);
    expect((await run(UNSAT, [FOUR])).asked).toBe(1);
    expect((await run(UNSAT, [THREE], 'z3 1.1 (fixed)')).asked).toBe(1);
  });

  test('never keeps unknown', async () => {
    await run(unknown('time-out', 1), [THREE]);
    expect(readdirSync(folder)).toEqual([]);
  });

  test('starts no solver ahead where it holds answers', async () => {
    expect((await run(UNSAT, [THREE])).calls.warm).toBe(1);
    expect((await run(UNSAT, [THREE])).calls.warm).toBe(0);
  });

  test('does not believe a case that satisfies nothing', async () => {
    await run({ ...SAT, model: new Map([...MODEL, ['p', 5n]]) }, [THREE]);
    const again = await run(SAT, [THREE]);
    expect(again).toMatchObject({ asked: 1, answers: [SAT] });
  });

  test('passes over a line that was changed', async () => {
    await run(SAT, [THREE]);
    const text = readFileSync(getFile(), 'utf8');
    const changed = text.replace(/\{.*\}/, '{"status":"unsat"}');
    expect(changed).not.toBe(text);
    writeFileSync(getFile(), changed);
    expect(await run(SAT, [THREE])).toMatchObject({ asked: 1, answers: [SAT] });
  });

  test('passes over a line of another query', async () => {
    await run(UNSAT, [FOUR]);
    const four = readFileSync(getFile(), 'utf8').trim();
    await run(SAT, [THREE]);
    const key = readFileSync(getFile(), 'utf8').trim().split('\n').at(-1)?.slice(0, 64);
    writeFileSync(getFile(), `${key}${four.slice(64)}\n`);
    expect(await run(SAT, [THREE])).toMatchObject({ asked: 1, answers: [SAT] });
  });

  test('survives a file that was cut off or holds something else, and adds to it', async () => {
    await run(UNSAT, [THREE, FOUR]);
    truncateSync(getFile(), readFileSync(getFile()).length - 20);
    appendFileSync(getFile(), '\0\0 something else');
    expect((await run(UNSAT, [THREE, FOUR])).asked).toBe(1);
    expect((await run(UNSAT, [THREE, FOUR])).asked).toBe(0);
  });

  test('adds to what another run writes at the same time', async () => {
    const [one, two] = [THREE, FOUR].map((query) => {
      const solver = createFixedSolver('z3 1.0 (fixed)', UNSAT);
      return { query, cached: createCachedSolver(solver, { folder }) };
    });
    for (const writer of [one, two]) await writer?.cached.check(writer.query);
    expect((await run(UNSAT, [THREE, FOUR])).asked).toBe(0);
  });

  test('starts anew when it has grown too large', async () => {
    await run(UNSAT, [THREE]);
    truncateSync(getFile(), CACHE_BYTES_MAX + 1);
    expect((await run(UNSAT, [THREE])).asked).toBe(1);
    expect(readFileSync(getFile()).length).toBeLessThan(1000);
  });

  test('says what is wrong with a folder that it cannot use, and does without', async () => {
    const file = join(folder, 'file');
    writeFileSync(file, '');
    folder = join(file, 'below');
    const result = await run(UNSAT, [THREE, FOUR]);
    expect(result).toMatchObject({ asked: 2, answers: [UNSAT, UNSAT] });
    expect(result.problems).toEqual([expect.stringContaining('cannot read the cache of proofs')]);
    folder = file;
  });
});

describe('the folder of the cache', () => {
  test('is the one that is named, else the one of the system for caches', () => {
    const xdg = { XDG_CACHE_HOME: '/x' };
    expect(getCacheFolder({ HAVEN_CACHE: '/c', ...xdg }, 'linux')).toBe('/c');
    expect(getCacheFolder(xdg, 'linux')).toBe(join('/x', 'haven'));
    expect(getCacheFolder({ LOCALAPPDATA: '/l' }, 'win32')).toBe(join('/l', 'haven'));
    expect(getCacheFolder({ HAVEN_CACHE: '', XDG_CACHE_HOME: '' }, 'linux')).toMatch(
      /[\\/]\.cache[\\/]haven$/,
    );
  });
});
