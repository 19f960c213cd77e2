/**
 * Drawn configurations are proved to isolate: what the rules accept, the solver does too.
 */

import fc from 'fast-check';
import { expect, test } from 'vitest';

import { configurationArbitrary } from '../properties/generators/configurations.ts';
import { proveConfiguration } from './prove.ts';

const IS_NIGHTLY = process.env['HAVEN_NIGHTLY'] === '1';

test.each([
  ['any', {}, IS_NIGHTLY ? 60 : 2],
  ['complete', { complete: true }, IS_NIGHTLY ? 20 : 1],
] as const)(
  'every obligation of drawn configurations is discharged: %s',
  async (_, constraints, numRuns) => {
    for (const configuration of fc.sample(configurationArbitrary(constraints), {
      numRuns,
      seed: 2,
    })) {
      const results = await proveConfiguration(configuration, { jobs: 1 });
      expect(results.length).toBeGreaterThan(20);
      expect(results.filter(({ status }) => status !== 'discharged')).toEqual([]);
    }
  },
  IS_NIGHTLY ? 1_800_000 : 180_000,
);
