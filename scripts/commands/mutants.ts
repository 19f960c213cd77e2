/** `haven mutants`: every seeded bug held against every check, from a checkout of the sources. */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import type { Command } from 'commander';

import type { Cell, Column } from '../../mutants/cell.ts';
import type { MatrixRow } from '../../mutants/matrix.ts';
import type { JsonValue } from '../../report/json.ts';
import { writeOutputFile } from '../output.ts';
import { getPackageRoot } from '../package.ts';
import { emitText } from '../session.ts';
import type { RunCommand, Session } from '../session.ts';
import { parseDuration, parseInteger, UsageError } from '../usage.ts';

/** Each worker holds a solver, about 300 MiB. */
const JOBS_MAX = 64;
/** Of the fuzzer, for each mutant. */
const TIME_MS = 60_000;

interface MutantsOptions {
  readonly only?: string;
  readonly columns?: string;
  /** Milliseconds. */
  readonly time?: number;
  readonly jobs?: number;
  readonly cache?: boolean;
  readonly out?: string;
}

/** Adds `mutants` to the command line. */
export function addMutantsCommand(program: Command, run: RunCommand): void {
  program
    .command('mutants')
    .summary('hold every seeded bug against every check')
    .description(
      'Seed known bugs into the spec, the plan and the rules, one at a time, and make the matrix ' +
        'of which check finds which. Needs a checkout of the sources; all of it takes an hour.',
    )
    .option('--only <ids>', 'these mutants, such as S2-14,DMA-01; a kind such as S2-14 has several')
    .option('--columns <names>', 'some of check, prove, fuzz, induction, unwinding')
    .option('--time <duration>', 'for the fuzzer, for each mutant (default 60s)', parseDuration)
    .option('--jobs <n>', 'mutants at a time (default 1)', parseInteger(1, JOBS_MAX))
    .option('--no-cache', 'prove anew what an earlier run has decided')
    .option('--out <file>', 'write the matrix as Markdown')
    .action((options: MutantsOptions) =>
      run('mutants', (session) => holdMutants(session, options)),
    );
}

/** The modules of the checkout: they read and change its sources, so that no bundle holds them. */
interface Modules {
  readonly matrix: typeof import('../../mutants/matrix.ts');
  readonly page: typeof import('../../mutants/matrix-page.ts');
  readonly catalogue: typeof import('../../mutants/catalogue.ts');
  readonly cell: typeof import('../../mutants/cell.ts');
}

async function holdMutants(session: Session, options: MutantsOptions): Promise<number> {
  const modules = await loadModules();
  const named = options.only === undefined ? null : new Set(options.only.split(','));
  const ids = chooseMutants(modules, named);
  const columns = chooseColumns(modules, options.columns);
  const { getCacheFolder } = await import('../../solver/smt/cache.ts');
  const rows = await modules.matrix.createMatrix({
    ids,
    columns,
    timeMs: options.time ?? TIME_MS,
    jobs: options.jobs ?? 1,
    earlier: modules.page.readMatrix(),
    cache: options.cache === false ? null : getCacheFolder(),
    signal: session.signal,
    onRow: (row, done, total) => {
      session.progress.show(`${done} of ${total}: ${row.id}`);
    },
  });
  session.progress.clear();
  if (options.out !== undefined) {
    writeOutputFile(options.out, modules.page.renderMatrix(rows));
  }
  const mutants = modules.page.toMutantsJson(rows, named);
  const unseeded = named === null ? [] : mutants.filter(({ cells }) => isEmpty(cells));
  const notes = unseeded.map(({ id, name, reason, property }) =>
    reason === null ? `${id}: ${name}\n  test      ${property}` : `${id}: ${name}\n  – ${reason}`,
  );
  const text = [...notes, printRows(modules, rows, session.options.quiet === true)].join('\n');
  await emitText(session, text, {
    interrupted: session.signal.aborted,
    mutants: mutants.map((mutant): JsonValue => ({ ...mutant })),
  });
  if (rows.some((row) => modules.page.hasSurvived(row))) return EXIT_SURVIVED;
  return session.signal.aborted ? EXIT_INCONCLUSIVE : 0;
}

function isEmpty(cells: object): boolean {
  return Object.keys(cells).length === 0;
}

/** Some mutant survives every check that applies. */
const EXIT_SURVIVED = 1;
/** Not all mutants were tried. */
const EXIT_INCONCLUSIVE = 3;

async function loadModules(): Promise<Modules> {
  const folder = join(getPackageRoot(), 'mutants');
  if (!existsSync(join(folder, 'matrix.ts'))) {
    throw new UsageError(
      'haven mutants changes the sources of haven, and this installation has none',
      'run it in a checkout: npm ci && npm run -s haven -- mutants',
    );
  }
  const { register } = await import('tsx/esm/api');
  register();
  const load = async <Name extends keyof Modules>(file: string): Promise<Modules[Name]> =>
    (await import(pathToFileURL(join(folder, file)).href)) as Modules[Name];
  return {
    matrix: await load<'matrix'>('matrix.ts'),
    page: await load<'page'>('matrix-page.ts'),
    catalogue: await load<'catalogue'>('catalogue.ts'),
    cell: await load<'cell'>('cell.ts'),
  };
}

/** Ids of mutants that were asked for: each word names one, or a kind with all its mutants. */
function chooseMutants(modules: Modules, named: ReadonlySet<string> | null): Set<string> {
  const { MUTANTS } = modules.catalogue;
  if (named === null) return new Set(MUTANTS.map(({ id }) => id));
  const unseeded = new Set(modules.page.listUnseeded().map(({ id }) => id));
  const chosen = new Set<string>();
  for (const word of named) {
    const matching = MUTANTS.filter(({ id, row }) => id === word || row?.id === word);
    for (const { id } of matching) chosen.add(id);
    if (matching.length > 0 || unseeded.has(word)) continue;
    throw new UsageError(
      `there is no mutant ${JSON.stringify(word)}`,
      'ids are those of docs/mutants.md, with commas between them',
    );
  }
  return chosen;
}

function chooseColumns({ cell }: Modules, columns: string | undefined): readonly Column[] {
  if (columns === undefined) return cell.COLUMNS;
  const words = columns.split(',');
  for (const word of words) {
    if (cell.COLUMNS.some((column) => column === word)) continue;
    throw new UsageError(
      `there is no column ${JSON.stringify(word)}`,
      `expected some of ${cell.COLUMNS.join(', ')}, with commas between them`,
    );
  }
  return cell.COLUMNS.filter((column) => words.includes(column));
}

/** A few lines for each mutant: its name, what must fall, and what each check makes of it. */
function printRows(
  { page, catalogue }: Modules,
  rows: readonly MatrixRow[],
  quiet: boolean,
): string {
  const shown = quiet ? rows.filter((row) => page.hasSurvived(row)) : rows;
  const lines = shown.map((row) => {
    const mutant = catalogue.findMutant(row.id);
    const head = `${row.id}: ${mutant?.bug.name ?? ''} (${mutant?.property ?? 'no property'})`;
    const cells = Object.entries(row.cells).map(([column, cell]) => describe(page, column, cell));
    return [head, ...cells].join('\n');
  });
  const killed = rows.filter((row) => page.listKillers(row).length > 0).length;
  const survived = rows.filter((row) => page.hasSurvived(row)).length;
  const untried = rows.length - killed - survived;
  const rest = untried === 0 ? '' : `, ${untried} that none of these checks can see`;
  const count = `${rows.length} mutant${rows.length === 1 ? '' : 's'}`;
  const sum = `${count}: ${killed} killed, ${survived} survive${rest}`;
  return `${[...lines, sum].join('\n')}\n`;
}

function describe(page: Modules['page'], column: string, cell: Cell): string {
  const text = cell.verdict === 'not-applicable' ? `– ${cell.reason}` : page.describeCell(cell);
  const note = cell.verdict === 'survived' && cell.note !== undefined ? ` (${cell.note})` : '';
  return `  ${column.padEnd(10)}${text}${note}`;
}
