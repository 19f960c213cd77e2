import { test } from '@fast-check/vitest';
import fc from 'fast-check';
import { afterAll, describe, expect } from 'vitest';

import { proveObligations } from '../prove.ts';
import { less } from '../smt/term.ts';
import { createZ3Solver } from '../smt/z3.ts';
import type { Claim } from './claim.ts';
import { proveContained } from './contained.ts';
import { proveEveryEntry } from './every-entry.ts';
import { createExample } from './example-configuration.ts';
import { proveExclusive } from './exclusive.ts';
import { LINE } from './spy.ts';

const solver = createZ3Solver({ jobs: 1 });
const configuration = createExample();

afterAll(() => solver.close());

const CLAIM: Claim = { id: 'irq.test', statement: '', formula: '', source: '', help: '' };
const PLACE = { path: ['config'] as const };
const VALUES = Array.from({ length: 20 }, (_, value) => value);
const RIGHTS = ['read', 'write', 'execute'] as const;

const range = fc
  .tuple(fc.integer({ min: 0, max: 16 }), fc.integer({ min: 0, max: 4 }))
  .map(([low, size]) => ({ low, end: low + size }));
const access = fc.record({ read: fc.boolean(), write: fc.boolean(), execute: fc.boolean() });
const claimants = fc.array(fc.tuple(range, fc.constantFrom('a', 'b', 'c')), { maxLength: 7 });
const limits = fc.array(fc.tuple(range, access), { maxLength: 5 });

function has({ low, end }: { low: number; end: number }, value: number): boolean {
  return low <= value && value < end;
}

async function decide(obligation: Parameters<typeof proveObligations>[1][number]) {
  const [result] = await proveObligations(configuration, [obligation], { solver });
  return result;
}

describe('the solver agrees with trying every value', () => {
  test.prop([claimants], { numRuns: 60 })('on exclusive claims', async (drawn) => {
    const list = drawn.map(([one, party], index) => ({
      ...PLACE,
      ...one,
      party,
      label: `${index}`,
    }));
    const result = await decide(
      proveExclusive(configuration, { claim: CLAIM, instance: null, spy: LINE, list: () => list }),
    );
    const isBroken = VALUES.some(
      (value) => new Set(list.filter((one) => has(one, value)).map((one) => one.party)).size > 1,
    );
    const isEmpty = list.length > 0 && !list.some((one) => one.low < one.end);
    expect(result?.status).toBe(isBroken ? 'refuted' : isEmpty ? 'vacuous' : 'discharged');
  });

  test.prop([limits, limits], { numRuns: 60 })('on containment', async (inner, outer) => {
    const reached = inner.map(([one, rights], index) => ({
      ...PLACE,
      ...one,
      access: rights,
      label: `${index}`,
    }));
    const allowed = outer.map(([one, rights]) => ({ ...one, access: rights }));
    const obligation = proveContained(configuration, {
      claim: CLAIM,
      instance: null,
      spy: LINE,
      reached: () => reached,
      allowed: () => allowed,
      expected: 'what is allowed',
    });
    if (obligation === null) {
      expect(reached).toEqual([]);
      return;
    }
    const pairs = VALUES.flatMap((value) => RIGHTS.map((right) => ({ value, right })));
    const reaching = pairs.filter(({ value, right }) =>
      reached.some((one) => has(one, value) && one.access[right]),
    );
    const isBroken = reaching.some(
      ({ value, right }) => !allowed.some((one) => has(one, value) && one.access[right]),
    );
    const expected = isBroken ? 'refuted' : reaching.length === 0 ? 'vacuous' : 'discharged';
    expect((await decide(obligation))?.status).toBe(expected);
  });

  test.prop(
    [fc.array(fc.record({ used: fc.nat(9), limit: fc.nat(9) }), { minLength: 1, maxLength: 6 })],
    {
      numRuns: 40,
    },
  )('on claims about every entry', async (fields) => {
    const obligation = proveEveryEntry(configuration, {
      claim: CLAIM,
      instance: null,
      list: () =>
        fields.map((one, index) => ({ ...PLACE, fields: one, label: `${index}`, complaint: '' })),
      refute: (field) => less(field('limit'), field('used')),
      isBroken: ({ used = 0, limit = 0 }) => used > limit,
    });
    expect(obligation).not.toBeNull();
    if (obligation === null) return;
    const isBroken = fields.some(({ used, limit }) => used > limit);
    expect((await decide(obligation))?.status).toBe(isBroken ? 'refuted' : 'discharged');
  });
});
