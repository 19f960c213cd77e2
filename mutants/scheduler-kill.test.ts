import { describe, expect, test } from 'vitest';
import type { StaticConfiguration } from '../model/configuration.ts';
import { PROPERTIES } from '../properties/catalogue.ts';
import { createRandom } from '../properties/engine/random.ts';
import type { Property, TimeBound } from '../properties/property.ts';
import { readSources } from '../solver/lift/sources.ts';
import { listDelayBounds } from '../solver/timing/delay-bounds.ts';
import { drawCore, runCore } from './one-core.ts';
import { applyBug, loadSpec } from './patched-spec.ts';
import { BUDGET_BUGS } from './source-bugs/scheduler.ts';

const IS_NIGHTLY = (process.env['HAVEN_NIGHTLY'] ?? '') !== '';
/** Cores that the spec itself is held against, and each bug at most. */
const CORES = 400;
const CORES_OF_BUG = IS_NIGHTLY ? CORES : 60;

/** Oracles by the numbers that the list of bugs has for them. */
const ORACLES = {
  O1: 'time.delay',
  O2: 'time.window',
  O3: 'time.grid',
  O5: 'time.budget',
  O6: 'time.burn',
} as const;

type Oracle = keyof typeof ORACLES;

/** The oracles that find each bug by its row, TIME-1 to TIME-24. */
const FOUND_BY: readonly (readonly Oracle[])[] = [
  ['O2'],
  ['O3'],
  ['O1', 'O6'],
  ['O5', 'O2'],
  ['O1'],
  ['O2', 'O5', 'O1'],
  ['O2', 'O5'],
  ['O2', 'O5'],
  ['O3'],
  ['O5', 'O2'],
  ['O5', 'O2'],
  ['O3', 'O1'],
  ['O3', 'O1'],
  ['O1'],
  ['O2', 'O5'],
  ['O3'],
  ['O3', 'O1'],
  ['O1'],
  ['O2', 'O5'],
  ['O2', 'O5'],
  ['O2', 'O5'],
  ['O6'],
  ['O1', 'O6'],
  ['O2', 'O5'],
];

const ROWS = FOUND_BY.map((oracles, index) => {
  const row = `TIME-${index + 1}`;
  const bug = BUDGET_BUGS.find((one) => one.row === row);
  if (bug === undefined) throw new Error(`no bug is seeded for ${row}`);
  return { bug, row, name: bug.name, expected: oracles.map((oracle) => ORACLES[oracle]) };
});

const JUDGED = new Set<string>([
  ...Object.values(ORACLES),
  'time.supply',
  'time.table',
  'time.charge',
]);
const OF_TIME = PROPERTIES.filter(({ id }) => JUDGED.has(id));

interface Core {
  readonly configuration: StaticConfiguration;
  readonly delayBounds: readonly TimeBound[];
}

const known = new Map<number, Core>();

function getCore(seed: number): Core {
  const remembered = known.get(seed);
  if (remembered !== undefined) return remembered;
  const configuration = drawCore(createRandom(seed));
  const core = { configuration, delayBounds: listDelayBounds(configuration) };
  known.set(seed, core);
  return core;
}

const SOURCES = readSources();

/**
 * How many cores break each property, of those with seeds from 0 on; ends as soon as all of the
 * expected are broken.
 */
async function countKilled(
  sources: typeof SOURCES,
  cores: number,
  expected: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const spec = await loadSpec(sources);
  const killed = new Map<string, number>();
  for (let seed = 0; seed < cores; seed += 1) {
    const { configuration, delayBounds } = getCore(seed);
    const missing = (id: string): boolean => IS_NIGHTLY || (killed.get(id) ?? 0) === 0;
    const properties: readonly Property[] = OF_TIME.filter(({ id }) => missing(id));
    for (const id of runCore(createRandom(seed), configuration, spec, properties, delayBounds)) {
      killed.set(id, (killed.get(id) ?? 0) + 1);
    }
    const isDone = expected.length > 0 && expected.every((id) => killed.has(id));
    if (isDone && !IS_NIGHTLY) break;
  }
  return killed;
}

describe('a core of random reservations with bursty demands', () => {
  test('breaks no property of time by the spec itself', async () => {
    expect(Object.fromEntries(await countKilled(SOURCES, CORES, []))).toEqual({});
  });

  test.each(ROWS)('finds $row, $name, by $expected', async ({ bug, row, expected }) => {
    const killed = await countKilled(applyBug(SOURCES, bug), CORES_OF_BUG, expected);
    const table = JSON.stringify(Object.fromEntries(killed));
    if (IS_NIGHTLY) console.log(`${row}, of ${CORES_OF_BUG} cores: ${table}`);
    expect(expected.filter((id) => killed.has(id))).not.toEqual([]);
    if (!IS_NIGHTLY) return;
    expect([...killed.keys()]).toEqual(expect.arrayContaining(expected));
  });
});
