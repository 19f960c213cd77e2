import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { createZ3Solver } from '../solver/smt/z3.ts';
import { readRecordedTraces } from './bug-search.ts';
import { MUTANTS, findMutant } from './catalogue.ts';
import type { Mutant } from './catalogue.ts';
import { COLUMNS, runCheckCell, runProveCell } from './cell.ts';
import type { Cell, Column } from './cell.ts';
import { runFuzzCell } from './fuzz-cell.ts';
import {
  PAGE_FILE,
  listKillers,
  listUnseeded,
  printMatrix,
  readMatrix,
  renderMatrix,
  toMutantsJson,
} from './matrix-page.ts';
import { createMatrix } from './matrix.ts';
import { runProofCells } from './proof-cell.ts';
import { UNPROVED } from './unproved.ts';

const ROOT = join(import.meta.dirname, '..');
const MATRIX = readMatrix();
const PROOFS = ['prove', 'induction', 'unwinding'] as const;
const solver = createZ3Solver();

afterAll(() => solver.close());

/** A run of a fuzz cell in a test: cells that take longer are left to `npm run mutants`. */
const STEPS_MAX = 4_000;
/** Of these one in so many is run again; of near misses, of tables, and of proofs. */
const SAMPLED = { runs: 9, draws: 8, tables: 6, proofs: 12 } as const;
/** Proofs that took longer are left to `npm run mutants`, and no test of one takes a minute. */
const PROOF_MS = 3_000;
const PROOF_MS_MAX = 60_000;

/** Mutants whose shrunk trace keeps more: none of ten that seed 1 finds goes the short way. */
const LONG: readonly string[] = ['TOT-02.2'];

/** Rows of mutants that change something. */
const HARMFUL = MATRIX.filter(({ id }) => findMutant(id)?.harmless === null);

type Killed = Extract<Cell, { verdict: 'killed' }>;

interface Kill {
  readonly id: string;
  readonly cell: Killed;
}

/** The kills of a column. */
function listKills(column: Column): Kill[] {
  return MATRIX.flatMap(({ id, cells }) => {
    const cell = cells[column];
    return cell?.verdict === 'killed' ? [{ id, cell }] : [];
  });
}

function pickEvery<Item>(items: readonly Item[], interval: number): Item[] {
  return items.filter((_, at) => at % interval === 0);
}

const SAMPLE = pickEvery(
  listKills('fuzz').filter(({ cell }) => (cell.steps ?? Infinity) <= STEPS_MAX),
  SAMPLED.runs,
);
const DRAWN = pickEvery(
  listKills('fuzz').filter(({ cell }) => cell.drawn !== undefined && cell.steps === undefined),
  SAMPLED.draws,
);
const BOOTED = pickEvery(listKills('prove'), SAMPLED.tables);
const PROVED = pickEvery(
  (['induction', 'unwinding'] as const).flatMap((column) =>
    listKills(column).flatMap(({ id, cell }) => {
      const { pass, ms } = cell;
      return pass === undefined || ms > PROOF_MS ? [] : [{ id, column, cell, pass }];
    }),
  ),
  SAMPLED.proofs,
);

function getMutant(id: string): Mutant {
  const mutant = findMutant(id);
  if (mutant === undefined) throw new Error(`there is no mutant ${id}`);
  return mutant;
}

describe('the committed matrix', () => {
  test('has a row for every mutant and a cell for every check', () => {
    expect(MATRIX.map(({ id }) => id)).toEqual(MUTANTS.map(({ id }) => id));
    const missing = MATRIX.filter(({ cells }) => COLUMNS.some((one) => cells[one] === undefined));
    expect(missing.map(({ id }) => id)).toEqual([]);
  });

  test('is what the page shows', () => {
    const page = readFileSync(join(ROOT, PAGE_FILE), 'utf8').replaceAll('\r\n', '\n');
    expect(page).toBe(renderMatrix(MATRIX));
    expect(printMatrix(MATRIX)).toBe(
      readFileSync(join(ROOT, 'mutants', 'matrix.json'), 'utf8').replaceAll('\r\n', '\n'),
    );
  });

  test('has nothing harmful that survives the fuzzer, or is not tried by it', () => {
    const survivors = HARMFUL.filter(({ cells }) => cells.fuzz?.verdict !== 'killed');
    expect(survivors.map(({ id }) => id)).toEqual([]);
  });

  test('kills in runs within a minute, and within a second as a rule', () => {
    const times = HARMFUL.flatMap(({ cells: { fuzz } }) =>
      fuzz !== undefined && 'ms' in fuzz ? [fuzz.ms] : [],
    );
    expect(Math.max(...times)).toBeLessThan(60_000);
    expect(times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)]).toBeLessThan(1_000);
  });

  test('has no rule that lets its defect through unseen', () => {
    const survivors = MATRIX.filter(({ cells }) => cells.check?.verdict === 'survived');
    expect(survivors.map(({ id }) => id)).toEqual([]);
  });

  test('kills a mutant by what its row names', () => {
    const wrong = HARMFUL.filter(({ id, cells: { fuzz } }) => {
      return fuzz?.verdict === 'killed' && fuzz.by !== findMutant(id)?.property;
    });
    expect(wrong.map(({ id }) => id)).toEqual([]);
  });

  test('has nothing harmful that survives all proofs, but for what is listed with a reason', () => {
    const survivors = HARMFUL.filter(({ cells }) =>
      PROOFS.every((column) => cells[column]?.verdict !== 'killed'),
    );
    expect(survivors.map(({ id }) => id)).toEqual(Object.keys(UNPROVED));
  });

  test('shrinks to at most one and a half times the shortest trace known, but for a few', () => {
    const shortest = new Map(
      readRecordedTraces().map(({ bug, trace }) => [bug, trace.actions.length]),
    );
    const long = HARMFUL.filter(({ id, cells: { fuzz } }) => {
      const known = shortest.get(getMutant(id).bug.name);
      if (fuzz?.verdict !== 'killed' || fuzz.actions === undefined) return false;
      return known !== undefined && fuzz.actions > 1.5 * known;
    });
    expect(long.map(({ id }) => id).filter((id) => !LONG.includes(id))).toEqual([]);
  });

  test('kills nothing that does no harm', () => {
    const killed = MATRIX.filter((row) => !HARMFUL.includes(row) && listKillers(row).length > 0);
    expect(killed).toEqual([]);
    expect(MATRIX.length - HARMFUL.length).toBe(1);
  });
});

describe('a mutant held against a check again', () => {
  test('is not one of a handful', () => {
    expect(SAMPLE.length).toBeGreaterThan(10);
    expect(DRAWN.length + BOOTED.length).toBeGreaterThan(5);
    expect(PROVED.length).toBeGreaterThan(3);
  });

  test.each(SAMPLE)('falls in runs as the matrix says: $id', async ({ id, cell }) => {
    // A trace that is begun is run to its end, and one more may show it: never ten times as many.
    const steps = 10 * (cell.steps ?? 0);
    const again = await runFuzzCell(getMutant(id), { timeMs: Infinity, steps, solver });
    expect(again).toMatchObject({ verdict: 'killed', by: cell.by });
  });

  test.each(DRAWN)('falls to near misses as the matrix says: $id', async ({ id, cell }) => {
    const again = await runFuzzCell(getMutant(id), { timeMs: Infinity, solver });
    expect(again).toMatchObject({ verdict: 'killed', by: cell.by });
    if (again.verdict !== 'killed') return;
    expect(again.drawn).toBeLessThanOrEqual(10 * (cell.drawn ?? 0));
  });

  test.each(BOOTED)('falls in its tables as the matrix says: $id', async ({ id, cell }) => {
    const again = await runProveCell(getMutant(id), { timeMs: Infinity, solver });
    expect(again).toMatchObject({ verdict: 'killed', by: cell.by });
  });

  test.each(PROVED)(
    'falls to what fell before, which is asked first: $id, $column',
    async ({ id, column, cell, pass }) => {
      const hints = [{ id: cell.by, pass }];
      const again = await runProofCells(getMutant(id), solver, [column], hints);
      expect(again[column]).toMatchObject({ verdict: 'killed', by: cell.by });
      const other = column === 'induction' ? 'unwinding' : 'induction';
      expect(again[other].verdict).toBe('not-applicable');
    },
    PROOF_MS_MAX,
  );

  test('survives where the check is blind', async () => {
    const mutant = findMutant('RNG-08');
    if (mutant?.kind !== 'rule') throw new Error('RNG-08 is a mutant of a rule');
    const harmless = { ...mutant.bug, replace: `${mutant.bug.find} // As it was.` };
    const cell = await runCheckCell({ ...mutant, bug: harmless });
    expect(cell.verdict).toBe('survived');
    const blind = await runFuzzCell({ ...mutant, bug: harmless }, { timeMs: 2_000, solver });
    expect(blind.verdict).toBe('survived');
  });
});

describe('a matrix that is made', () => {
  test('is the same with two workers, in the order of the catalogue', async () => {
    const options = { ids: new Set(['S2-14', 'RNG-08']), columns: ['check', 'fuzz'] as const };
    const seen: string[] = [];
    const rows = await createMatrix({
      ...options,
      timeMs: 60_000,
      jobs: 2,
      cache: null,
      onRow: ({ id }) => void seen.push(id),
    });
    expect(rows.map(({ id }) => id)).toEqual(['RNG-08', 'S2-14']);
    expect(seen.toSorted()).toEqual(['RNG-08', 'S2-14']);
    expect(rows.map(({ cells }) => cells.fuzz?.verdict)).toEqual(['killed', 'killed']);
  });

  test('stops when it is told to', async () => {
    const controller = new AbortController();
    controller.abort();
    const rows = await createMatrix({
      timeMs: 1_000,
      jobs: 1,
      cache: null,
      signal: controller.signal,
    });
    expect(rows).toEqual([]);
  });
});

describe('the matrix as JSON', () => {
  const all = toMutantsJson(MATRIX, null);

  test('has every mutant and every kind that does not apply once, with the reason', () => {
    expect(all).toHaveLength(MATRIX.length + listUnseeded().length);
    expect(new Set(all.map(({ id }) => id)).size).toBe(all.length);
    const silent = all.filter(({ applicable, reason }) => applicable !== (reason === null));
    expect(silent).toEqual([]);
  });

  test('has what the contract says of a mutant', () => {
    const one = all.find(({ id }) => id === 'S2-14');
    expect(one).toMatchObject({ applicable: true, killed: true, property: 'memory.rights' });
    expect(one?.by).toEqual(expect.arrayContaining(['fuzz', 'induction']));
  });

  test('has those alone that are named', () => {
    const named = toMutantsJson([], new Set(['S2-05', 'META-01']));
    expect(named.map(({ id, applicable }) => [id, applicable])).toEqual([
      ['S2-05', false],
      ['META-01', true],
    ]);
  });
});
