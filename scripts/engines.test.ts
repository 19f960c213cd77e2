/** The commands that prove, fuzz and replay, end to end. */

import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { getPackageRoot } from './package.ts';
import { runHaven } from './run-haven.ts';

const GOOD = join(getPackageRoot(), 'configs', 'qemu-virt.yaml');

let folder = '';
/** Both partitions own the network card. */
let violated = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'haven-engines-'));
  violated = join(folder, 'violated.yaml');
  const text = readFileSync(GOOD, 'utf8');
  expect(text).toContain('virtio-blk]');
  writeFileSync(violated, text.replace('virtio-blk]', 'virtio-blk, nic]'));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('haven prove', () => {
  test('proves what the glob names and writes the queries for any solver', () => {
    const queries = join(folder, 'queries');
    const run = runHaven([
      'prove',
      '--json',
      '--only',
      'memory.exclusiv?',
      '--smt2',
      queries,
      GOOD,
    ]);
    expect(run).toMatchObject({ exitCode: 0, stderr: '' });
    const ids = [...run.stdout.matchAll(/"id": "([^"]+)"/g)].map((match) => match[1]);
    expect(ids).toEqual(['memory.exclusive']);
    const text = readFileSync(join(queries, 'memory.exclusive.smt2'), 'utf8');
    expect(text).toMatch(/^; memory\.exclusive\n/);
    expect(text).toContain('(check-sat)');
  });

  test('refuses a glob that names nothing, since proving nothing is no proof', () => {
    const run = runHaven(['prove', '--only', 'nothing.*', GOOD]);
    expect(run.exitCode).toBe(2);
    expect(run.stderr).toContain('no obligation matches nothing.*');
  });
});

describe('haven verify', () => {
  test('finds a device with two owners by rule, by proof and by running the spec', () => {
    const parameters = ['--no-spec', '--json', '--seed', '1'];
    const run = runHaven(['verify', ...parameters, 'violated.yaml'], { cwd: folder });
    expect(run).toMatchObject({ exitCode: 1, stderr: '' });
    const [report] = (JSON.parse(run.stdout) as { configs: VerifyReport[] }).configs;
    expect(report?.diagnostics.map(({ code }) => code)).toContain('DEV-TWO-OWNERS');
    const refuted = report?.obligations.filter(({ status }) => status === 'refuted') ?? [];
    expect(refuted.map(({ area }) => area)).toContain('DEV');
    expect(report?.disagreements).toEqual([]);
    expect(report?.fuzz.steps).toBeGreaterThan(0);
  });
});

interface VerifyReport {
  readonly diagnostics: readonly { readonly code: string }[];
  readonly obligations: readonly { readonly area: string; readonly status: string }[];
  readonly disagreements: readonly string[];
  readonly fuzz: { readonly steps: number };
}

interface FuzzFacts {
  readonly steps: number;
  readonly coverage: Readonly<Record<string, number>>;
}

function takeSteps(): FuzzFacts {
  const run = runHaven(['fuzz', '--json', '--seed', '5', '--steps', '2000', GOOD]);
  const { configs } = JSON.parse(run.stdout) as { configs: { fuzz: FuzzFacts }[] };
  const [report] = configs;
  if (report === undefined) throw new Error('no report');
  return { steps: report.fuzz.steps, coverage: report.fuzz.coverage };
}

describe('haven fuzz and haven replay', () => {
  test('what a seed finds is written, replays as open, and departs from a record as fixed', () => {
    const found = runHaven(
      ['fuzz', 'violated.yaml', '--seed', '3', '--steps', '20000', '--out', 'found'],
      { cwd: folder },
    );
    expect(found.exitCode).toBe(1);
    const [name = ''] = readdirSync(join(folder, 'found'));
    expect(found.stdout).toContain(`haven replay ${join('found', name)}`);
    const file = join(folder, 'found', name);

    const open = runHaven(['replay', file]);
    expect(open).toMatchObject({ exitCode: 0, stderr: '' });
    expect(open.stdout).toContain('still fails');

    expect(open.stdout).toMatch(/allowed by violated\.yaml:\d+: /);
    expect(open.stdout).toContain('expected: ');

    const promoted = runHaven(['replay', '--json', '--promote', 'promoted', file], { cwd: folder });
    expect(promoted).toMatchObject({ exitCode: 0, stderr: '' });
    expect(JSON.parse(promoted.stdout)).toMatchObject({
      replays: [{ status: 'open', as_recorded: true, promoted: join('promoted', name) }],
    });
    expect(readdirSync(join(folder, 'promoted'))).toEqual([name]);

    const fixed = join(folder, 'fixed.json');
    const text = readFileSync(file, 'utf8');
    writeFileSync(fixed, text.replace('"status": "open"', '"status": "fixed"'));
    const departed = runHaven(['replay', '--json', fixed]);
    expect(departed.exitCode).toBe(1);
    expect(JSON.parse(departed.stdout)).toMatchObject({
      configs: [{ verdict: 'violated' }],
      replays: [{ status: 'fixed', verdict: 'fails', as_recorded: false }],
    });
  });

  test('a folder that cannot be written does not hide what was found', () => {
    const out = join(folder, 'violated.yaml', 'below-a-file');
    const run = runHaven(['fuzz', 'violated.yaml', '--steps', '5000', '--out', out], {
      cwd: folder,
    });
    expect(run.exitCode).toBe(1);
    expect(run.stderr).toContain('cannot write a counterexample');
  });

  test('a seed reproduces a run of the same number of steps', () => {
    const [first, second] = [takeSteps(), takeSteps()];
    expect(first.steps).toBeGreaterThan(1_000);
    expect(second).toEqual(first);
  });

  test('a replay that may take no time decides nothing', () => {
    const recorded = join(getPackageRoot(), 'counterexamples');
    const name = readdirSync(recorded).find((one) => one.startsWith('time.grid--')) ?? '';
    const run = runHaven(['replay', '--time', '1ms', join(recorded, name)]);
    expect(run.exitCode).toBe(3);
    expect(run.stdout).toContain('the replay did not end within 0.001 s');
    expect(run.stdout).toContain('allow more with --time or --memory');
  });

  test('replay refuses what is no counterexample', () => {
    const run = runHaven(['replay', GOOD]);
    expect(run.exitCode).toBe(2);
    expect(run.stdout).toContain('CFG-COUNTEREXAMPLE');
  });

  test('replay refuses a file whose action lacks a field, and says which and what to do', () => {
    const recorded = join(getPackageRoot(), 'counterexamples');
    const name = readdirSync(recorded).find((one) => one.startsWith('memory.rights--')) ?? '';
    const text = readFileSync(join(recorded, name), 'utf8');
    const old = join(folder, 'old.json');
    writeFileSync(
      old,
      text.replace('"actions": [', '"actions": [{"kind":"interrupt-take","core":0},'),
    );
    const run = runHaven(['replay', old]);
    expect(run.exitCode).toBe(2);
    expect(run.stdout).toContain('actions.0: interrupt-take lacks its field intId');
    expect(run.stdout).toContain('record the trace anew with haven fuzz');
    expect(run.stdout).toContain(old);
  });
});
