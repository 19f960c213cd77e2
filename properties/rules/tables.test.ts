import { fc, test as property } from '@fast-check/vitest';
import { expect, test } from 'vitest';

import { PAGE_SIZE } from '../../model/units.ts';
import type { IpaClaim } from './claims.ts';
import { computeStage2Limit, computeStage2Size } from './tables.ts';

const MIB = 2 ** 20;
const GIB = 2 ** 30;

function claim(ipa: number, pa: number, size: number): IpaClaim {
  const access = { read: true, write: true, execute: false };
  const facts = { partition: 0, owner: 'linux', name: 'ram', entry: 0, part: 0 };
  return { kind: 'memory', ipa, pa, size, access, ...facts };
}

/** Tables counted entry by entry: a leaf wherever a whole aligned block fits, else a table. */
function countTables(claims: readonly IpaClaim[]): number {
  const needs = (span: number): number => {
    const slots = new Set<number>();
    for (const { ipa, pa, size } of claims) {
      for (let slot = Math.floor(ipa / span); slot * span < ipa + size; slot += 1) {
        const isWhole = ipa <= slot * span && (slot + 1) * span <= ipa + size;
        if (!isWhole || (ipa - pa) % span !== 0) slots.add(slot);
      }
    }
    return slots.size;
  };
  return 1 + needs(GIB) + needs(2 * MIB);
}

test('a 1 GiB block needs the root only; a page more needs a table of each level', () => {
  expect(computeStage2Size([claim(GIB, 2 * GIB, GIB)])).toBe(PAGE_SIZE);
  expect(computeStage2Size([claim(GIB, 2 * GIB, GIB + PAGE_SIZE)])).toBe(3 * PAGE_SIZE);
});

test('512 MiB whose IPA and PA differ by a page need 257 level-3 tables, aligned none', () => {
  expect(computeStage2Size([claim(GIB, 0, 512 * MIB)])).toBe(2 * PAGE_SIZE);
  expect(computeStage2Size([claim(GIB + PAGE_SIZE, 0, 512 * MIB)])).toBe((2 + 257) * PAGE_SIZE);
});

const pages = fc.record({
  ipa: fc.nat(2 ** 20),
  shift: fc.constantFrom(0, 1, 512, 512 * 512),
  size: fc.integer({ min: 1, max: 2 ** 11 }),
});

property.prop([fc.array(pages, { maxLength: 5 })])('sizes equal a count entry by entry', (list) => {
  const claims = list.map(({ ipa, shift, size }) =>
    claim(ipa * PAGE_SIZE, (ipa + shift) * PAGE_SIZE, size * PAGE_SIZE),
  );
  expect(computeStage2Size(claims)).toBe(countTables(claims) * PAGE_SIZE);
  expect(computeStage2Limit([claims])).toBeGreaterThanOrEqual(computeStage2Size(claims));
});
