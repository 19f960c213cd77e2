/** `haven explore` as its users meet it, and the cores in small numbers that it is about. */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';

import { readConfiguration } from '../formats/read.ts';
import { exploreCore, listSharedCores, scaleCore } from './exploration.ts';
import { getPackageRoot } from './package.ts';
import { runHaven } from './run-haven.ts';

const GOOD = join(getPackageRoot(), 'configs', 'qemu-virt.yaml');

let folder = '';
/** The shipped configuration where EL2 takes no time: all its numbers divide. */
let free = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'haven explore '));
  free = join(folder, 'free.yaml');
  const text = readFileSync(GOOD, 'utf8');
  const costs = /overheads: \{.*\}/.exec(text)?.[0] ?? '';
  expect(costs).not.toBe('');
  const none = '{ context-switch: 0us, timer: 0us, interrupt: 0us, longest-section: 0us }';
  writeFileSync(free, text.replace(costs, `overheads: ${none}`));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

const documentSchema = z.object({
  command: z.literal('explore'),
  configs: z.tuple([
    z.object({
      verdict: z.string(),
      disagreements: z.array(z.string()),
      timing: z.object({
        explored: z.array(
          z.object({
            core: z.int(),
            partition: z.string(),
            divisor: z.int().positive(),
            rounded: z.array(z.string()),
            states: z.int().nullable(),
            delays: z.array(
              z.object({ demand: z.int(), ticks: z.int().nullable(), bound: z.int().nullable() }),
            ),
            in_contract: z
              .object({ ticks: z.int().nullable(), bound: z.int().nullable() })
              .nullable(),
            gantt: z.array(z.string()).nullable(),
          }),
        ),
      }),
    }),
  ]),
});

describe('haven explore', () => {
  test('finds the delays exactly where nothing is rounded, and charts the worst', () => {
    const run = runHaven(['explore', '--json', free]);
    expect(run).toMatchObject({ exitCode: 0, stderr: '' });
    const [{ timing, disagreements }] = documentSchema.parse(JSON.parse(run.stdout)).configs;
    expect(disagreements).toEqual([]);
    expect(timing.explored.map(({ partition }) => partition)).toEqual(['linux', 'rtos']);
    for (const { divisor, rounded, delays, gantt } of timing.explored) {
      // 1 ms of a timer of 62.5 MHz.
      expect(divisor).toBe(62_500);
      expect(rounded).toEqual([]);
      expect(delays[0]?.ticks).toBe(delays[0]?.bound);
      expect(gantt?.[0]).toMatch(/^rtos /);
    }
    // 6 ms until its budget comes back, 1 ms of the RTOS, and the tick that it waits for.
    expect(timing.explored[0]?.delays[0]?.ticks).toBe(8);
    // With budget it waits for the RTOS alone, at most for two of its budgets.
    expect(timing.explored[0]?.in_contract).toMatchObject({ ticks: 3, bound: 3 });
  });

  test('says what it rounds, and how many states there are', () => {
    const run = runHaven(['explore', GOOD, '--core', '2', '--ticks', '20']);
    expect(run.exitCode).toBe(0);
    expect(run.stdout).toContain('approximate: costs of EL2 are rounded');
    expect(run.stdout).toMatch(/^ {2}[\d,]+ states$/m);
  });

  test('refuses a core that is not shared, and names those that are', () => {
    const run = runHaven(['explore', GOOD, '--core', '0']);
    expect(run.exitCode).toBe(2);
    expect(run.stderr).toContain('core 0 is not shared');
    expect(run.stderr).toContain('shared cores: 2');
    const none = runHaven(['explore', GOOD, '--core', '9']);
    expect(none.exitCode).toBe(2);
    expect(none.stderr).toContain('there is no core 9: qemu-virt has 0, 1, 2, 3');
  });

  test('has nothing to explore where no core is shared', () => {
    const alone = join(folder, 'alone.yaml');
    const text = readFileSync(GOOD, 'utf8');
    writeFileSync(
      alone,
      text.replaceAll(/^ *- \{ core: 2, budget.*\n/gm, '').replace(/^.*name: control.*\n/m, ''),
    );
    const run = runHaven(['explore', alone]);
    expect(run).toMatchObject({ exitCode: 0, stderr: '' });
    expect(run.stdout).toContain('there is nothing to explore');
  });

  test('is inconclusive where there are too many states', () => {
    const run = runHaven(['explore', GOOD, '--ticks', '10000']);
    expect(run.exitCode).toBe(3);
    expect(run.stdout).toContain('too many states; try fewer ticks with --ticks');
  });
});

describe('a core in small numbers', () => {
  test.each(['qemu-virt.yaml', 'imx95.yaml', 'rejected/good-table.yaml'])(
    'of %s never waits for longer than its bound, by slots for exactly as long',
    (name) => {
      const read = readConfiguration(join(getPackageRoot(), 'configs', name));
      if (read.kind !== 'ok') throw new Error(`${name} is valid`);
      const cores = listSharedCores(read.loaded.configuration);
      expect(cores.length).toBeGreaterThan(0);
      for (const core of cores) {
        for (const { delays, policy, contract } of exploreCore(scaleCore(core, 40))) {
          expect(delays.length).toBeGreaterThan(0);
          expect(contract === null).toBe(policy === 'table');
          for (const { ticks, bound } of [...delays, ...(contract === null ? [] : [contract])]) {
            if (bound === null) continue;
            expect(ticks).toBeLessThanOrEqual(bound);
            if (policy === 'table') expect(ticks).toBe(bound);
          }
        }
      }
    },
  );
});
