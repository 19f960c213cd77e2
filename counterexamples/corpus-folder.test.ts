import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Trace } from '../properties/generators/traces.ts';
import { nameCorpusFolder, readCorpus, writeCorpus } from './corpus-folder.ts';

const FIRST: Trace = {
  start: 'booted',
  actions: [{ kind: 'read', core: 1, address: 2 ** 40, value: 0 }],
};
const SECOND: Trace = { start: 'reset', actions: [{ kind: 'boot', core: 0, fails: true }] };

let root = '';
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'haven-corpus-'));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

function sort(traces: readonly Trace[]): Trace[] {
  return traces.toSorted((a, b) => (a.start < b.start ? -1 : 1));
}

describe('a corpus folder', () => {
  test('gives back the traces that were written, and the same files for the same traces', () => {
    const [one, other] = [join(root, 'one'), join(root, 'other')];
    writeCorpus(one, [FIRST, SECOND], []);
    writeCorpus(other, [SECOND, FIRST], []);
    const { stored, skipped } = readCorpus(one);
    expect(sort(stored.map(({ trace }) => trace))).toEqual([FIRST, SECOND]);
    expect(skipped).toEqual([]);
    expect(readdirSync(other)).toEqual(readdirSync(one));
  });

  test('loses what is replaced, and nothing else', () => {
    const folder = join(root, 'replaced');
    writeCorpus(folder, [FIRST, SECOND], []);
    writeFileSync(join(folder, 'notes.txt'), 'mine');
    const { stored } = readCorpus(folder);
    writeCorpus(folder, [SECOND], stored);
    expect(readCorpus(folder).stored.map(({ trace }) => trace)).toEqual([SECOND]);
    expect(readdirSync(folder)).toContain('notes.txt');
  });

  test('is empty where there is none', () => {
    expect(readCorpus(join(root, 'nowhere'))).toEqual({ stored: [], skipped: [] });
  });

  test('is one for each configuration file', () => {
    expect(nameCorpusFolder('c', 'configs/My Board.v2.yaml')).toBe(join('c', 'my-board-v2'));
  });

  test.each([
    ['cut short', '{"schema": 1, "start"', 'not JSON'],
    ['of another version', '{"schema": 2, "start": "reset", "actions": []}', 'no trace: schema'],
    ['with no action', '{"schema": 1, "start": "reset", "actions": []}', 'no trace: actions'],
    [
      'with a stray field',
      '{"schema": 1, "start": "reset", "actions": [{"kind": "smc", "core": 0, "intId": 1}]}',
      'actions.0: smc has no field intId',
    ],
    [
      'too long',
      JSON.stringify({
        schema: 1,
        start: 'reset',
        actions: Array.from({ length: 513 }, () => ({ kind: 'smc' })),
      }),
      'no trace: actions',
    ],
  ])('tells of a file that is %s, and leaves it alone', (name, text, reason) => {
    const folder = join(root, name);
    writeCorpus(folder, [FIRST], []);
    const path = join(folder, '0damaged.json');
    writeFileSync(path, text);
    const { stored, skipped } = readCorpus(folder);
    expect(stored).toHaveLength(1);
    expect(skipped).toMatchObject([{ path, message: expect.stringContaining(reason) as unknown }]);
    writeCorpus(folder, [], stored);
    expect(readdirSync(folder)).toEqual(['0damaged.json']);
    expect(readFileSync(path, 'utf8')).toBe(text);
  });

  test('tells of what is no file of its own', () => {
    const folder = join(root, 'foreign');
    mkdirSync(join(folder, 'inner.json'), { recursive: true });
    writeFileSync(join(folder, 'a.part'), '');
    expect(readCorpus(folder).skipped.map(({ path }) => path)).toEqual([
      join(folder, 'a.part'),
      join(folder, 'inner.json'),
    ]);
  });
});
