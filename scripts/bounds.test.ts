/** `haven bounds` as its users meet it. */

import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';

import { getPackageRoot } from './package.ts';
import { runHaven } from './run-haven.ts';

const GOOD = join(getPackageRoot(), 'configs', 'qemu-virt.yaml');

let folder = '';
/** One edit away from the shipped configuration: a delay that cannot be met. */
let tight = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'haven bounds '));
  tight = join(folder, 'tight.yaml');
  const text = readFileSync(GOOD, 'utf8');
  expect(text).toContain('max-delay: 6ms');
  writeFileSync(tight, text.replace('max-delay: 6ms', 'max-delay: 4ms'));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

const bound = z.object({
  ticks: z.int().positive().nullable(),
  bound_ns: z.int().positive().nullable(),
  witnessed_ticks: z.int().positive().nullable(),
  witnessed_ns: z.int().positive().nullable(),
  method: z.enum(['closed', 'phases', 'timeline', 'epochs', 'slots', 'whole', 'deadlines']),
});
const row = z.object({
  core: z.int(),
  partition: z.string(),
  utilisation_ppm: z.int(),
  delay: bound,
  full_budget: bound.nullable(),
  in_contract: bound,
  latency: bound,
  required_ns: z.int().nullable(),
});
const documentSchema = z.object({
  schema: z.literal(1),
  command: z.literal('bounds'),
  configs: z.tuple([
    z.object({
      verdict: z.enum(['holds', 'violated']),
      bounds: z.array(
        z.object({
          partition: z.string(),
          core: z.int(),
          kind: z.enum(['delay', 'full-budget', 'in-contract', 'latency', 'response']),
          bound_ns: z.int().nullable(),
          required_ns: z.int().nullable(),
          witnessed_ns: z.int().nullable(),
        }),
      ),
      time_scope: z.object({ assumed: z.string().min(1), bus: z.string().min(1) }),
      timing: z.object({
        rows: z.array(row),
        before: z.array(row),
        changes: z.array(z.string()),
        sensitivity: z
          .array(z.object({ what: z.string(), now_ns: z.int(), most_ns: z.int().nullable() }))
          .nullable(),
        traces: z.array(z.object({ counterexample: z.string().nullable() })),
      }),
    }),
  ]),
});

function readConfig(stdout: string): z.infer<typeof documentSchema>['configs'][0] {
  return documentSchema.parse(JSON.parse(stdout)).configs[0];
}

describe('haven bounds', () => {
  test('prints a table of cores and partitions and says what is left out', () => {
    const run = runHaven(['bounds', GOOD]);
    expect(run).toMatchObject({ exitCode: 0, stderr: '' });
    expect(run.stdout).toMatch(/^ +2 {2}linux +40 % .* 12 ms +41 % .* tight +phases$/m);
    expect(run.stdout).toMatch(/^ +2 {2}rtos +20 % .* 6 ms +32 % .* 1 tick less +closed$/m);
    expect(run.stdout.replaceAll(/\s+/g, ' ')).toContain('interference on the bus, in shared');
  });

  test('fills the bounds of the document, each with what a run shows', () => {
    const run = runHaven(['bounds', '--json', GOOD]);
    expect(run.exitCode).toBe(0);
    const { bounds, timing } = readConfig(run.stdout);
    for (const { kind, bound_ns, witnessed_ns } of bounds) {
      if (kind === 'response') continue;
      expect(witnessed_ns).toBeLessThanOrEqual(bound_ns ?? 0);
      expect(witnessed_ns).toBeGreaterThanOrEqual((bound_ns ?? 0) * 0.99);
    }
    expect(timing.rows.map(({ core, partition }) => `${partition}@${core}`)).toEqual([
      'linux@0',
      'linux@1',
      'linux@2',
      'rtos@2',
      'rtos@3',
    ]);
  });

  test('exits with 1 and shows the run where a requirement is refuted; its file replays', () => {
    const out = join(folder, 'found');
    const run = runHaven(['bounds', tight, '--out', out]);
    expect(run).toMatchObject({ exitCode: 1, stderr: '' });
    expect(run.stdout).toContain('error[CPU-DELAY]');
    expect(run.stdout).toMatch(/^rtos +[#.|]+#$/m);
    const files = readdirSync(out);
    expect(files).toHaveLength(1);
    const replay = runHaven(['replay', join(out, files[0] ?? '')]);
    expect(replay.exitCode).toBe(0);
    expect(replay.stdout).toContain('still fails: time.delay');
  });

  test('tries another budget, and shows both before and after', () => {
    const run = runHaven(['bounds', '--json', GOOD, '--what-if', 'linux@2.budget=8ms']);
    const { verdict, timing } = readConfig(run.stdout);
    // 8 ms of Linux and the 1 ms of the RTOS do not fit its period.
    expect(run.exitCode).toBe(1);
    expect(verdict).toBe('violated');
    const shares = [timing.before, timing.rows].map((rows) =>
      rows.flatMap(({ core, partition, utilisation_ppm }) =>
        core === 2 && partition === 'linux' ? [utilisation_ppm] : [],
      ),
    );
    expect(shares).toEqual([[400_000], [800_000]]);
  });

  test('writes no counterexample of a trial unless a folder is named, and says how', () => {
    const cwd = mkdtempSync(join(folder, 'trial '));
    const change = ['--what-if', 'rtos@2.max-delay=4ms'];
    const run = runHaven(['bounds', GOOD, ...change], { cwd });
    expect(run.exitCode).toBe(1);
    expect(readdirSync(cwd)).toEqual([]);
    expect(run.stdout).toMatch(/^rtos +[#.|]+#$/m);
    expect(run.stdout).toContain('no counterexample was written; --out <dir> writes it');
    const named = runHaven(['bounds', GOOD, ...change, '--out', 'found'], { cwd });
    expect(named.stdout).not.toContain('no counterexample was written');
    const files = readdirSync(join(cwd, 'found'));
    expect(files).toHaveLength(1);
    expect(runHaven(['replay', join(cwd, 'found', files[0] ?? '')]).exitCode).toBe(0);
  });

  test('applies several changes in order', () => {
    const changes = ['linux@2.period=20ms', 'linux@2.budget=12ms', 'rtos@2.max-delay=5ms'];
    const options = changes.flatMap((change) => ['--what-if', change]);
    const run = runHaven(['bounds', '--json', '--no-witness', GOOD, ...options]);
    const { timing } = readConfig(run.stdout);
    expect(timing.changes).toEqual(changes);
    expect(timing.rows.find(({ required_ns }) => required_ns === 5_000_000)?.partition).toBe(
      'rtos',
    );
  });

  test('says how far budgets can grow', () => {
    const run = runHaven(['bounds', '--json', '--sensitivity', '--no-witness', GOOD]);
    const { timing } = readConfig(run.stdout);
    const linux = timing.sensitivity?.find(({ what }) => what === 'budget of linux on core 2');
    expect(linux?.now_ns).toBe(4_000_000);
    expect(linux?.most_ns).toBeGreaterThan(4_000_000);
    expect(linux?.most_ns).toBeLessThan(10_000_000);
  });

  test('gives no witness where none is wanted', () => {
    const run = runHaven(['bounds', '--json', '--no-witness', GOOD]);
    const { bounds } = readConfig(run.stdout);
    expect(bounds.every(({ witnessed_ns }) => witnessed_ns === null)).toBe(true);
  });

  test('refuses a file that cannot be read with exit code 2', () => {
    expect(runHaven(['bounds', join(folder, 'none.yaml')]).exitCode).toBe(2);
  });
});

describe('a change that cannot be tried', () => {
  test.each([
    ['linxu@2.budget=8ms', 'did you mean "linux"?'],
    ['linux@2.bugdet=5ms', 'did you mean "budget"?'],
    ['linux@3.budget=5ms', 'it is on cores: 0, 1, 2'],
    ['linux@0.budget=5ms', 'core 0 whole'],
    ['linux@2.budget=5', 'write 250us, 2.5ms, 1s or 800ns'],
    ['linux@2.budget=12ms', 'budget <= period'],
    ['linux@2.budget=1ns', 'expected a whole number of ticks of 62500000 Hz, found 1ns'],
    ['linux@2.idle=brun', 'did you mean "burn"?'],
    ['linux', 'expected partition@core.key=value'],
    ['linux@2.budget=abc', 'expected a duration, found "abc"'],
    ['linux@2.budget=-1ms', 'expected a duration, found "-1ms"'],
    ['linux@2.budget=', 'expected a duration, found nothing'],
    ['linux@2.priority=', 'expected an integer without fraction or exponent, found nothing'],
    ['linux@2.priority=1.5', 'found "1.5"'],
    ['linux@2.max-delay=-3ms', 'found "-3ms"'],
    ['linux@9.budget=5ms', 'qemu-virt.yaml'],
  ])('%s is refused with exit code 2 and %s', (change, advice) => {
    const run = runHaven(['bounds', GOOD, '--what-if', change]);
    expect(run).toMatchObject({ exitCode: 2, stdout: '' });
    expect(run.stderr).toContain(advice);
    expect(run.stderr).not.toMatch(/\n\s+at /);
  });
});

describe('a configuration that breaks rules about time', () => {
  test.each([
    ['cpu-edf-idle.yaml', 'CPU-EDF-IDLE'],
    ['cpu-table-overlap.yaml', 'CPU-TABLE-OVERLAP'],
    ['cpu-priority-twice.yaml', 'CPU-PRIORITY-TWICE'],
    ['cpu-whole-shared.yaml', 'CPU-WHOLE-SHARED'],
    ['irq-rate-distance.yaml', 'IRQ-RATE-DISTANCE'],
  ])('%s has no bounds and no states, and the rule is named', (name, code) => {
    const file = join(getPackageRoot(), 'configs', 'rejected', name);
    for (const command of ['bounds', 'explore']) {
      const run = runHaven([command, file]);
      expect(run).toMatchObject({ exitCode: 1, stderr: '' });
      expect(run.stdout).toContain(`error[${code}]`);
      expect(run.stdout).toContain(`it would rest on what breaks ${code}`);
    }
  });

  test('by asking for too much of a core has its bounds shown', () => {
    const file = join(getPackageRoot(), 'configs', 'rejected', 'cpu-overcommitted.yaml');
    const run = runHaven(['bounds', file, '--no-witness']);
    expect(run.exitCode).toBe(1);
    expect(run.stdout).toContain('error[CPU-OVERCOMMITTED]');
    expect(run.stdout).toMatch(/^core +partition +share/m);
  });

  test('after a change on trial is told so too', () => {
    const run = runHaven(['bounds', GOOD, '--what-if', 'rtos@2.priority=1']);
    expect(run.exitCode).toBe(1);
    expect(run.stdout).toContain('error[CPU-PRIORITY-TWICE]');
  });
});
