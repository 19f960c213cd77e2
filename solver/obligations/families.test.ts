import { test } from '@fast-check/vitest';
import fc from 'fast-check';
import { afterAll, describe, expect } from 'vitest';

import { createLargeConfiguration } from '../../properties/rules/large-configuration.ts';
import { proveConfiguration, proveObligations } from '../prove.ts';
import { evaluate, less, or } from '../smt/term.ts';
import type { Term } from '../smt/term.ts';
import { createZ3Solver } from '../smt/z3.ts';
import type { Claim } from './claim.ts';
import { proveContained } from './contained.ts';
import { proveEveryEntry, proveLookup } from './every-entry.ts';
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
/** So many that they are asked about in parts; some reach from one part into the next. */
const crowds = fc
  .array(fc.tuple(fc.constantFrom(1, 1, 40), fc.constantFrom('a', 'a', 'a', 'b')), {
    minLength: 100,
    maxLength: 100,
  })
  .map((drawn) =>
    drawn.map(([length, party], index) => ({
      ...PLACE,
      low: 2 * index,
      end: 2 * index + length,
      party,
      label: `${index}`,
    })),
  );
const entries = fc.array(fc.record({ used: fc.nat(9), limit: fc.nat(9) }), {
  minLength: 1,
  maxLength: 6,
});

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
      expect(reached.filter(({ access: given }) => RIGHTS.some((right) => given[right]))).toEqual(
        [],
      );
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

  test.each([
    [false, true],
    [true, false],
  ])('on what gives no right, of which nothing is claimed', (read, isNothing) => {
    const rights = { read, write: false, execute: false };
    const obligation = proveContained(configuration, {
      claim: CLAIM,
      instance: null,
      spy: LINE,
      reached: () => [{ ...PLACE, low: 0, end: 1, access: rights, label: '0' }],
      allowed: () => [],
      expected: 'what is allowed',
    });
    expect(obligation === null).toBe(isNothing);
  });

  test.prop([crowds], { numRuns: 20 })('on the parts of an exclusive claim', async (list) => {
    const claim = { claim: CLAIM, instance: null, spy: LINE };
    const { parts = [], refute } = proveExclusive(configuration, { ...claim, list: () => list });
    expect(parts.length).toBeGreaterThan(2);
    const together = or(parts.map((part) => part.refute()));
    const values = Array.from({ length: 260 }, (_, value) => value);
    const listBroken = (term: Term): number[] =>
      values.filter((value) => evaluate(term, new Map([['line', BigInt(value)]])) === true);
    const broken = values.filter(
      (value) => new Set(list.filter((one) => has(one, value)).map((one) => one.party)).size > 1,
    );
    expect([listBroken(refute), listBroken(together)]).toEqual([broken, broken]);
  });

  test.each([0, 31, 32, 98])(
    'on exclusive claims in parts, where a range begins past number %i',
    async (position) => {
      const singles = Array.from({ length: 100 }, (_, index) => ({
        ...PLACE,
        low: 2 * index,
        end: 2 * index + 1,
        party: 'a',
        label: `${index}`,
      }));
      for (const party of ['a', 'b']) {
        const stranger = { ...PLACE, low: 2 * position + 1, end: 2 * position + 3, party };
        const list = [...singles, { ...stranger, label: 'stranger' }];
        const claim = { claim: CLAIM, instance: null, spy: LINE, list: () => list };
        const result = await decide(proveExclusive(configuration, claim));
        expect(result?.status).toBe(party === 'a' ? 'discharged' : 'refuted');
      }
    },
  );

  test.prop([entries], { numRuns: 40 })('on claims about every entry', async (fields) => {
    const isBroken = fields.some(({ used, limit }) => used > limit);
    const expected = isBroken ? 'refuted' : 'discharged';
    for (const prove of [proveEveryEntry, proveLookup]) {
      const obligation = prove(configuration, {
        claim: CLAIM,
        instance: null,
        list: () =>
          fields.map((one, index) => ({ ...PLACE, fields: one, label: `${index}`, complaint: '' })),
        refute: (field) => less(field('limit'), field('used')),
        isBroken: ({ used = 0, limit = 0 }) => used > limit,
      });
      const result = obligation === null ? undefined : await decide(obligation);
      expect(result?.status).toBe(expected);
    }
  });
});

describe('16 partitions with 40 memories each', () => {
  const size = { partitions: 16, regions: 640, devices: 16 };
  // Four times what any question takes; in one piece each, four obligations take four times this.
  const resourceLimit = 200_000;

  test('are proved within a few steps of the solver', async () => {
    const results = await proveConfiguration(createLargeConfiguration(size), { resourceLimit });
    expect(results.filter(({ status }) => status !== 'discharged')).toEqual([]);
  });

  test.each([
    ['memory.whole-pages', 'ipa', 0x800],
    ['memory.ipa-in-space', 'ipa', 2 ** 39],
    ['memory.no-overflow', 'pa', 2 ** 40],
    ['memory.exclusive', 'pa', -0x2_0000],
    ['channel.declared', 'pa', -0x2_0000],
  ] as const)('fall where one memory is moved, and %s names it', async (only, field, distance) => {
    const given = structuredClone(createLargeConfiguration(size));
    const grant = given.partitions[7]?.memory[20];
    if (grant === undefined) throw new Error('there is no such memory');
    Object.assign(grant, { [field]: grant[field] + distance });
    const results = await proveConfiguration(given, { only, resourceLimit });
    expect(results.map(({ status }) => status)).toEqual(['refuted']);
    const places = results.flatMap(({ finding }) =>
      finding === null ? [] : [finding.at, ...finding.related.map((one) => one.at)],
    );
    expect(places).toContainEqual(['config', 'partitions', 7, 'memory', 20]);
  });
});
