/**
 * Near misses are refused for what is wrong with them, and their neighbours are accepted.
 */

import { fc } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';

import type { StaticConfiguration } from '../../model/configuration.ts';
import { RULES } from '../rules/all.ts';
import { checkConfiguration } from '../rules/check.ts';
import { DEFECTS, nearHitArbitrary, nearMissArbitrary } from './near-misses.ts';
import { NEIGHBOURS } from './near-misses/neighbours.ts';

const RUNS = process.env['HAVEN_NIGHTLY'] === '1' ? 500 : 8;
const TIMEOUT_MS = 120_000;

function listErrors(configuration: StaticConfiguration): string[] {
  const errors = checkConfiguration(configuration).filter(({ severity }) => severity === 'error');
  return [...new Set(errors.map(({ code }) => code))];
}

describe('a near miss', () => {
  test.each(DEFECTS.map((defect) => [defect.id, defect] as const))(
    'with %s is refused for that',
    (_, defect) => {
      fc.assert(
        fc.property(nearMissArbitrary([defect]), ({ configuration }) => {
          const codes = listErrors(configuration);
          expect(codes).toContain(defect.code);
          const known = [defect.code, ...Object.keys(defect.also ?? {})];
          expect(codes.filter((code) => !known.includes(code))).toEqual([]);
        }),
        { numRuns: RUNS, seed: 1 },
      );
    },
    TIMEOUT_MS,
  );

  test('is wrong in one thing: the configuration in which it was planted is valid', () => {
    fc.assert(
      fc.property(nearMissArbitrary(), ({ valid, configuration, defect }) => {
        expect(listErrors(valid)).toEqual([]);
        expect(configuration, defect.id).not.toEqual(valid);
      }),
      { numRuns: 4 * RUNS, seed: 2 },
    );
  });

  test('breaks further rules only where a reason is given that some draw needs', () => {
    const unneeded = DEFECTS.flatMap((defect) => {
      const drawn = fc.sample(nearMissArbitrary([defect]), { numRuns: 80, seed: 3 });
      const codes = new Set(
        defect.also === undefined
          ? []
          : drawn.flatMap(({ configuration }) => listErrors(configuration)),
      );
      return Object.keys(defect.also ?? {})
        .filter((code) => !codes.has(code))
        .map((code) => `${defect.id}: ${code}`);
    });
    expect(unneeded).toEqual([]);
  }, 60_000);
});

describe('a neighbour of a defect', () => {
  test.each(NEIGHBOURS.map((neighbour) => [neighbour.id, neighbour] as const))(
    'with %s is accepted',
    (_, neighbour) => {
      fc.assert(
        fc.property(nearHitArbitrary([neighbour]), ({ configuration }) => {
          expect(listErrors(configuration)).toEqual([]);
        }),
        { numRuns: RUNS, seed: 1 },
      );
    },
    TIMEOUT_MS,
  );
});

/** Known bugs of checkers of configurations that no near miss can show, and why. */
const NOT_PLANTED: Readonly<Record<string, string>> = {
  'RNG-15': 'a reader that carries a value over: nothing of a configuration that was read',
  'RNG-16': 'no configuration has cache colours',
  'RNG-18': 'nothing is allocated: every range is stated',
  'DMA-12': 'CPU and SMMU walk tables of one kind: no configuration chooses another',
  'DMA-17': 'no configuration has identity windows of firmware: nothing passes an SMMU unseen',
};

/** Rows of the catalogue of known bugs that a solver finds in a configuration alone. */
const ROWS = Object.entries({
  RNG: Array.from({ length: 19 }, (_, index) => index + 1),
  DMA: [1, 3, 4, 5, 6, 12, 16, 17],
  IRQ: [1, 3, 6, 17, 18, 20],
  SCH: [7, 8, 18, 19, 21],
}).flatMap(([area, numbers]) => numbers.map((row) => `${area}-${String(row).padStart(2, '0')}`));

describe('near misses', () => {
  test('have ids of their own and name rules that exist', () => {
    const ids = [...DEFECTS, ...NEIGHBOURS].map(({ id }) => id);
    expect(new Set(DEFECTS.map(({ id }) => id)).size).toBe(DEFECTS.length);
    expect(ids.length).toBe(DEFECTS.length + NEIGHBOURS.length);
    const codes = new Set(RULES.map(({ code }) => code));
    const named = DEFECTS.flatMap(({ code, also = {} }) => [code, ...Object.keys(also)]);
    expect(named.filter((code) => !codes.has(code))).toEqual([]);
  });

  test('are there for every rule whose breach is an error', () => {
    const planted = new Set(DEFECTS.flatMap(({ code, also = {} }) => [code, ...Object.keys(also)]));
    const missing = RULES.filter(({ severity }) => severity === 'error')
      .map(({ code }) => code)
      .filter((code) => !planted.has(code));
    expect(missing).toEqual([]);
  });

  test('are there for every known bug of checkers, but for those that cannot show', () => {
    const planted = new Set([...DEFECTS, ...NEIGHBOURS].flatMap(({ rows }) => rows));
    expect(ROWS.filter((row) => !planted.has(row))).toEqual(Object.keys(NOT_PLANTED));
  });
});
