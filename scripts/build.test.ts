/**
 * The bundle carries the text of the spec, which the lifter reads: the same as in the checkout.
 */

import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type * as Invariants from '../properties/inductive/invariants.ts';
import type * as Lift from '../solver/lift/lift.ts';
import { readSources } from '../solver/lift/sources.ts';
import type * as Sources from '../solver/lift/sources.ts';
import { build } from './build.mjs';
import { getPackageRoot } from './package.ts';

/** Below `node_modules`, so that the packages outside of the bundle are found. */
const FOLDER = mkdtempSync(join(getPackageRoot(), 'node_modules', '.haven-bundle-'));
const ENTRIES = [
  'solver/lift/sources.ts',
  'solver/lift/lift.ts',
  'properties/inductive/invariants.ts',
];

async function load<Module>(name: string): Promise<Module> {
  return (await import(pathToFileURL(join(FOLDER, name)).href)) as Module;
}

beforeAll(() => build({ folder: FOLDER, entries: ENTRIES }));
afterAll(() => rmSync(FOLDER, { recursive: true, force: true }));

test('the bundle reads the sources that were copied beside it, and no tests', async () => {
  const bundled = await load<typeof Sources>('sources.js');
  expect(bundled.readSources()).toEqual(readSources());
  expect(readdirSync(join(FOLDER, 'model'))).toContain('step.ts');
  expect(readdirSync(join(FOLDER, 'model'))).not.toContain('step.test.ts');
  rmSync(join(FOLDER, 'model', 'view.ts'));
  expect(bundled.readSources().has('model/view.ts')).toBe(false);
});

test('functions that are lifted by name keep their names in the bundle', async () => {
  const { createLifter } = await load<typeof Lift>('lift.js');
  const { INDUCTIVE_INVARIANTS } = await load<typeof Invariants>('invariants.js');
  const lifter = createLifter(readSources());
  for (const { file, holds } of INDUCTIVE_INVARIANTS) {
    expect(() => lifter.getFunction(file, holds.name)).not.toThrow();
  }
  expect(INDUCTIVE_INVARIANTS.length).toBeGreaterThan(10);
});
