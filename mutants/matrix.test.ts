import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { createZ3Solver } from '../solver/smt/z3.ts';
import { MUTANTS, findMutant } from './catalogue.ts';
import { COLUMNS, runCheckCell } from './cell.ts';
import type { Cell } from './cell.ts';
import { runFuzzCell } from './fuzz-cell.ts';
import { PAGE_FILE, listUnseeded, printMatrix, readMatrix, renderMatrix } from './matrix-page.ts';
import { toMutantsJson } from './matrix-page.ts';
import { createMatrix } from './matrix.ts';
import { runProofCells } from './proof-cell.ts';

const ROOT = join(import.meta.dirname, '..');
const MATRIX = readMatrix();
const PROOFS = ['prove', 'induction', 'unwinding'] as const;
const solver = createZ3Solver();

afterAll(() => solver.close());

/** Mutants that no proof refutes, and why. */
const UNPROVED: Readonly<Record<string, string>> = {};

/** A run of a fuzz cell in a test: cells that take longer are left to `npm run mutants`. */
const STEPS_MAX = 4_000;
/** One in so many of these is run again. */
const SAMPLED = 9;

type Killed = Extract<Cell, { verdict: 'killed' }>;

const SAMPLE = MATRIX.flatMap(({ id, cells }) => {
  const cell = cells.fuzz;
  return cell?.verdict === 'killed' && (cell.steps ?? Infinity) <= STEPS_MAX
    ? [{ id, cell: cell satisfies Killed }]
    : [];
}).filter((_, at) => at % SAMPLED === 0);

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

  test('has nothing that survives the fuzzer, or the rules', () => {
    const survivors = MATRIX.filter(
      ({ cells }) => cells.fuzz?.verdict === 'survived' || cells.check?.verdict === 'survived',
    );
    expect(survivors.map(({ id }) => id)).toEqual([]);
  });

  test('has nothing that survives all proofs, but for what is listed with a reason', () => {
    const survivors = MATRIX.filter(({ cells }) =>
      PROOFS.every((column) => cells[column]?.verdict !== 'killed'),
    );
    expect(survivors.map(({ id }) => id)).toEqual(Object.keys(UNPROVED));
  });
});

describe('a mutant held against a check again', () => {
  test('is not one of a handful', () => {
    expect(SAMPLE.length).toBeGreaterThan(10);
  });

  test.each(SAMPLE)('falls in runs as the matrix says: $id', async ({ id, cell }) => {
    const mutant = findMutant(id);
    if (mutant === undefined) throw new Error(`there is no mutant ${id}`);
    // A trace that is begun is run to its end, and one more may show it: never ten times as many.
    const steps = 10 * (cell.steps ?? 0);
    const again = await runFuzzCell(mutant, { timeMs: Infinity, steps, solver });
    expect(again).toMatchObject({ verdict: 'killed', by: cell.by });
    if (again.verdict !== 'killed') return;
    expect(again.actions).toBeLessThanOrEqual(cell.actions ?? 0);
    expect(again.evaluations).toBeLessThanOrEqual(cell.evaluations ?? 0);
  });

  test('falls to what fell before, which is asked first', async () => {
    const mutant = findMutant('S2-14');
    const cell = MATRIX.find(({ id }) => id === 'S2-14')?.cells.induction;
    if (mutant === undefined || cell?.verdict !== 'killed' || cell.pass === undefined) {
      throw new Error('no hint');
    }
    const hints = [{ id: cell.by, pass: cell.pass }];
    const again = await runProofCells(mutant, solver, ['induction'], hints);
    expect(again.induction).toMatchObject({ verdict: 'killed', by: cell.by });
    expect(again.unwinding.verdict).toBe('not-applicable');
  });

  test('survives where the check is blind', async () => {
    const mutant = findMutant('RNG-08');
    if (mutant?.kind !== 'rule') throw new Error('RNG-08 is a mutant of a rule');
    const harmless = { ...mutant.bug, replace: `${mutant.bug.find} // As it was.` };
    const cell = await runCheckCell({ ...mutant, bug: harmless });
    expect(cell.verdict).toBe('survived');
    const blind = { ...mutant, bug: { ...harmless, run: 'memory.exclusive' } };
    const runs = await runFuzzCell(blind, { timeMs: Infinity, steps: 2_000, solver });
    expect(runs.verdict).toBe('survived');
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
    expect(rows.map(({ cells }) => cells.fuzz?.verdict)).toEqual(['not-applicable', 'killed']);
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
