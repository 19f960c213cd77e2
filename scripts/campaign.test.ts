/** `haven fuzz` as a campaign: corpus, statistics, progress. */

import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { describeProgress } from './campaign.ts';
import { getPackageRoot } from './package.ts';
import { runHaven } from './run-haven.ts';

const GOOD = join(getPackageRoot(), 'configs', 'qemu-virt.yaml');

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'haven-campaign-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Fuzz {
  readonly steps: number;
  readonly features: number;
  readonly corpus: { readonly read: number; readonly replayed: number; readonly kept: number };
  readonly unreached: readonly { action: string; outcome: string; reason: string | null }[];
}

function fuzz(corpus: string, seed: string): { stdout: string; fuzz: Fuzz } {
  const parameters = ['fuzz', '--json', '--seed', seed, '--steps', '3000', '--corpus', corpus];
  const run = runHaven([...parameters, GOOD]);
  // So few steps need not judge every property.
  expect([0, 3]).toContain(run.exitCode);
  expect(run.stderr).toBe('');
  const [report] = (JSON.parse(run.stdout) as { configs: { fuzz: Fuzz }[] }).configs;
  if (report === undefined) throw new Error('no report');
  return { stdout: run.stdout, fuzz: report.fuzz };
}

/** Names and texts of the files of a corpus. */
function readAll(corpus: string): (readonly [string, string])[] {
  const inner = join(corpus, 'qemu-virt');
  return readdirSync(inner).map((name) => [name, readFileSync(join(inner, name), 'utf8')] as const);
}

describe('a corpus', () => {
  test('is the same files for the same seed, and is run first by the next run', () => {
    const [one, other] = [join(folder, 'one'), join(folder, 'other')];
    const first = fuzz(one, '1').fuzz;
    expect(first.corpus).toMatchObject({ read: 0, replayed: 0 });
    fuzz(other, '1');
    expect(readAll(other)).toEqual(readAll(one));
    expect(readAll(one)).toHaveLength(first.corpus.kept);

    writeFileSync(join(one, 'qemu-virt', 'broken.json'), 'no trace');
    const second = fuzz(one, '2');
    expect(second.fuzz.corpus).toMatchObject({
      read: first.corpus.kept,
      replayed: first.corpus.kept,
    });
    expect(second.fuzz.features).toBeGreaterThan(first.features);
    expect(second.stdout).toContain('broken.json');
    expect(readdirSync(join(one, 'qemu-virt'))).toContain('broken.json');
    expect(fuzz(one, '2').fuzz.unreached).toContainEqual({
      action: 'bus-read',
      outcome: 'DONE',
      reason: 'every core has EL2',
    });
  });

  test('that cannot be written does not hide what was found', () => {
    const run = runHaven(['fuzz', '--corpus', join(GOOD, 'below'), GOOD]);
    // A folder below a file is not there, and cannot be made: what was found is reported all the
    // same.
    expect(run.exitCode).toBe(0);
    expect(run.stderr).toContain('name a folder that you may write to with --corpus');
  });
});

test('--stats shows what each action met and how often each property was judged', () => {
  const run = runHaven(['fuzz', '--seed', '1', '--steps', '3000', '--stats', GOOD]);
  expect(run.exitCode).toBe(3);
  expect(run.stdout).toMatch(/action +tried +done +refused/);
  expect(run.stdout).toMatch(/time-passes +[\d,]+ +[\d,]+ +NO_TIME_PASSES [\d,]+/);
  expect(run.stdout).toMatch(/memory\.rights +[\d,]+/);
  expect(run.stdout).toContain('every core has EL2: bus-read DONE');
});

test('a line of progress names what a run has seen and how fast it is', () => {
  const progress = {
    steps: 1_200_000,
    traces: 4_800,
    failures: 1,
    crashes: 2,
    features: 612,
    states: 2_978,
    stateLooks: 1_000,
    statesSeenOnce: 5,
    corpus: 120,
    sinceNewMs: 12_000,
  };
  expect(describeProgress('a.yaml', progress, 4_000)).toBe(
    'fuzzing a.yaml: 1.2 M steps (300 k/s); 1 failure, 2 crashed; ' +
      '612 features, the latest 12 s ago; 2978 states, new with a chance of 0.5 %; ' +
      '4800 traces, 120 kept',
  );
});
