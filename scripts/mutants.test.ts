/** `haven mutants`: which mutants it takes, what it prints and how it ends. */

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { runHaven } from './run-haven.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'haven-mutants-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('haven mutants', () => {
  test('holds a kind of mutant against the columns that are named', () => {
    const page = join(folder, 'page.md');
    const columns = ['--columns', 'check,fuzz'];
    const run = runHaven(['mutants', '--only', 'SHM-01', ...columns, '--out', page]);
    expect(run.stderr).toBe('');
    expect(run.exitCode).toBe(0);
    expect(run.stdout).toContain('fuzz      channel.doorbell (1 action');
    expect(run.stdout).toContain('2 mutants: 2 killed, 0 survive');
    expect(readFileSync(page, 'utf8')).toContain('| SHM-01.2 |');
  });

  test('says of each as JSON whether it applies, what kills it and what must', () => {
    const run = runHaven(['mutants', '--json', '--only', 'SHM-01,S2-05', '--columns', 'fuzz']);
    const { mutants } = JSON.parse(run.stdout) as { mutants: readonly object[] };
    const killed = { applicable: true, killed: true, by: ['fuzz'], property: 'channel.doorbell' };
    expect(mutants).toMatchObject([
      { id: 'SHM-01', ...killed },
      { id: 'SHM-01.2', ...killed },
      { id: 'S2-05', applicable: false, killed: false, by: [], property: null },
    ]);
  });

  test('ends with 1 where a mutant survives every check that it was held against', () => {
    const run = runHaven(['mutants', '--only', 'LEAK-05', '--columns', 'fuzz', '--time', '1ms']);
    expect(run.exitCode).toBe(1);
    expect(run.stdout).toContain('1 mutant: 0 killed, 1 survive');
  });

  test.each([
    [['--only', 'XX-1'], 'there is no mutant "XX-1"'],
    [['--columns', 'fuzz,speed'], 'there is no column "speed"'],
    [['--time', '5'], '--time'],
    [['--jobs', '0'], '--jobs'],
  ])('refuses %j in a line, without a stack trace', (parameters, expected) => {
    const run = runHaven(['mutants', ...parameters]);
    expect(run.exitCode).toBe(2);
    expect(run.stdout).toBe('');
    expect(run.stderr).toContain(expected);
    expect(run.stderr).not.toMatch(/\n\s+at /);
  });
});
