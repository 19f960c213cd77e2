/**
 * Makes the kill matrix and writes it to the project: `npm run mutants`. It takes an hour or so;
 * what fell the last time is asked first. With ids as arguments it makes these rows anew and keeps
 * the rest; `--columns fuzz,check` makes these columns alone.
 */

import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { getCacheFolder } from '../solver/smt/cache.ts';
import { MUTANTS } from './catalogue.ts';
import { COLUMNS } from './cell.ts';
import type { MatrixRow } from './matrix.ts';
import { createMatrix } from './matrix.ts';
import { MATRIX_FILE, PAGE_FILE, printMatrix, readMatrix, renderMatrix } from './matrix-page.ts';

const ROOT = join(import.meta.dirname, '..');
/** Of one run of the fuzzer, milliseconds: what every mutant has to fall in. */
const TIME_MS = 60_000;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { columns: { type: 'string' }, jobs: { type: 'string', default: '1' } },
});
const wanted = values.columns?.split(',') ?? COLUMNS;
const earlier = existsSync(join(ROOT, MATRIX_FILE)) ? readMatrix() : [];
const rows = new Map<string, MatrixRow>(earlier.map((row) => [row.id, row]));

await createMatrix({
  ...(positionals.length === 0 ? {} : { ids: new Set(positionals) }),
  columns: COLUMNS.filter((column) => wanted.includes(column)),
  timeMs: TIME_MS,
  jobs: Number(values.jobs),
  earlier,
  cache: getCacheFolder(),
  onRow: (row, done, total) => {
    const cells = { ...rows.get(row.id)?.cells, ...row.cells };
    rows.set(row.id, { id: row.id, cells });
    console.log(`${done} of ${total}: ${row.id}`);
    write();
  },
});
write();

/** Writes what there is: a run that is ended early loses nothing. */
function write(): void {
  const ordered = MUTANTS.flatMap(({ id }) => rows.get(id) ?? []);
  writeFileSync(join(ROOT, MATRIX_FILE), printMatrix(ordered));
  writeFileSync(join(ROOT, PAGE_FILE), renderMatrix(ordered));
}
