import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readConfiguration } from '../../formats/read.ts';
import { ACTION_KINDS } from '../../model/actions.ts';
import { createPlan } from '../../model/plan.ts';
import { createSmallBoard } from '../../model/testing/small-board.ts';
import { isTakable } from '../../properties/inductive/interrupts.ts';
import type { InductiveInvariant } from '../../properties/inductive/invariant.ts';
import { listPhases } from '../../properties/inductive/phase.ts';
import { createExample } from '../obligations/example-configuration.ts';
import { getClaim } from '../obligation.ts';
import { proveObligations } from '../prove.ts';
import { listCases } from './cases.ts';
import { INDUCTION_CLAIMS } from './claims.ts';
import { MICRO_STEP_KINDS } from './micro-steps.ts';
import { listInductionObligations } from './obligations.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const NIGHTLY = process.env['HAVEN_NIGHTLY'] === '1';

function isInitial(id: string): boolean {
  return id === 'seal.initial';
}

function listKinds(ids: readonly string[], separator: string): string[] {
  const kinds = ids.flatMap((id) => {
    const match = new RegExp(`\\[([a-z-]+)${separator}`).exec(id);
    return match?.[1] === undefined ? [] : [match[1]];
  });
  return [...new Set(kinds)].toSorted();
}

describe('obligations about the spec', () => {
  const configuration = createExample();
  const obligations = listInductionObligations(configuration);
  const ids = obligations.map(({ id }) => id);

  test('have ids of their own, each of a claim that can be explained', () => {
    expect(new Set(ids).size).toBe(ids.length);
    const ofTables = listInductionObligations(createSmallBoard({ policy: 'table' }), {
      matches: (id) => /^time\.(in-slot\[dispatch|slot-promise)/.test(id),
    });
    const claims = new Set([...ids, ...ofTables.map(({ id }) => id)].map(getClaim));
    expect([...claims].toSorted()).toEqual(INDUCTION_CLAIMS.map(({ id }) => id).toSorted());
  });

  test('are as many as the example always makes', () => {
    expect(ids.length).toBe(EXAMPLE_COUNT);
  });

  test('speak of every action of the spec: by whoever is current, and for every pair', () => {
    const kinds = [...ACTION_KINDS, 'dispatch'].toSorted();
    expect(listKinds(ids, ' by ')).toEqual(kinds);
    expect(listKinds(ids, ': ')).toEqual(kinds);
  });

  test('have cases of every action in every phase', () => {
    const plan = createPlan(configuration);
    for (const phase of listPhases(plan)) {
      for (const kind of MICRO_STEP_KINDS) {
        expect(listCases({ plan, phase }, kind).length).toBeGreaterThan(0);
      }
    }
  });

  test('are refuted at reset where an invariant does not hold there', async () => {
    const never: InductiveInvariant = {
      id: 'irq.taken-at-once',
      statement: 'The first line may be taken on core 0.',
      source: 'test',
      example: 'every state in which nothing is signalled',
      indices: ['core', 'INTID'],
      file: 'properties/inductive/interrupts.ts',
      holds: isTakable,
      instances: ({ spiFirst }) => [[0, spiFirst]],
    };
    const options = { invariants: [never], matches: isInitial };
    const initial = listInductionObligations(configuration, options);
    const [result] = await proveObligations(configuration, initial, { jobs: 1 });
    expect(result).toMatchObject({ id: 'seal.initial', status: 'refuted' });
    expect(result?.finding?.message).toContain('irq.taken-at-once[0,');
  });

  test('are discharged where cores reach memory, with a state for the premises', async () => {
    const own = obligations.filter(({ id }) => /^memory\.confined\[(read|write) by /.test(id));
    const results = await proveObligations(configuration, own, { jobs: 1 });
    expect(results.length).toBeGreaterThan(1);
    for (const { id, status, premises } of results) {
      expect({ id, status }).toEqual({ id, status: 'discharged' });
      expect(Object.keys(premises ?? {}).length).toBeGreaterThan(0);
    }
  });
});

/** Obligations about the spec under the configurations that ship. */
const BOARD_COUNTS = { 'qemu-virt': 1192, imx95: 1869 };

test.each(Object.entries(BOARD_COUNTS))(
  'obligations about the spec are as many as %s always makes',
  { timeout: 120_000 },
  (board, count) => {
    const read = readConfiguration(join(ROOT, 'configs', `${board}.yaml`));
    if (read.kind !== 'ok') throw new Error(`${board} does not read`);
    expect(listInductionObligations(read.loaded.configuration)).toHaveLength(count);
  },
);

/** Obligations about the spec under the example configuration. */
const EXAMPLE_COUNT = 1435;

test.runIf(NIGHTLY)(
  'every obligation about the spec under the example is discharged',
  { timeout: 3_600_000 },
  async () => {
    const configuration = createExample();
    const results = await proveObligations(configuration, listInductionObligations(configuration), {
      timeoutMs: 300_000,
    });
    expect(results.filter(({ status }) => status !== 'discharged')).toEqual([]);
  },
);
