/**
 * The kill matrix as a page and as JSON.
 */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { COLUMNS } from './cell.ts';
import type { Cell, Column } from './cell.ts';
import { MUTANTS, ROWS } from './catalogue.ts';
import type { Mutant } from './catalogue.ts';
import type { MatrixRow } from './matrix.ts';
import { META_ROWS } from './meta.ts';
import { UNPROVED } from './unproved.ts';

/** Where the matrix is committed, from the root of the project. */
export const MATRIX_FILE = 'mutants/matrix.json';
/** The page that is made of it. */
export const PAGE_FILE = 'docs/mutants.md';

const ROOT = join(import.meta.dirname, '..');

/** The committed matrix. */
export function readMatrix(): readonly MatrixRow[] {
  return JSON.parse(readFileSync(join(ROOT, MATRIX_FILE), 'utf8')) as readonly MatrixRow[];
}

/** The text of `MATRIX_FILE`. */
export function printMatrix(rows: readonly MatrixRow[]): string {
  return `${JSON.stringify(rows.map(roundTimes), null, 2)}\n`;
}

/** Times are for orientation: tenths of a second are enough. */
function roundTimes({ id, cells }: MatrixRow): MatrixRow {
  const rounded = Object.entries(cells).map(([column, cell]) => [
    column,
    'ms' in cell ? { ...cell, ms: Math.ceil(cell.ms / 100) * 100 } : cell,
  ]);
  return { id, cells: Object.fromEntries(rounded) as MatrixRow['cells'] };
}

/** The columns that killed a mutant. */
export function listKillers({ cells }: MatrixRow): Column[] {
  return COLUMNS.filter((column) => cells[column]?.verdict === 'killed');
}

/** Whether some check that applies let a harmful mutant survive, and none killed it. */
export function hasSurvived(row: MatrixRow): boolean {
  if (getMutant(row.id).harmless !== null) return false;
  const verdicts = Object.values(row.cells).map(({ verdict }) => verdict);
  return verdicts.includes('survived') && !verdicts.includes('killed');
}

/** One entry of `haven mutants --json`. */
export interface MutantJson {
  readonly id: string;
  readonly applicable: boolean;
  readonly killed: boolean;
  readonly by: readonly string[];
  readonly property: string | null;
  readonly name: string;
  /** Why it does not apply; null where it does. */
  readonly reason: string | null;
  readonly cells: Readonly<Record<string, Readonly<Record<string, string | number>>>>;
}

/**
 * Rows as `haven mutants --json` prints them: those of the matrix, then those without cells that
 * are named, or all of them.
 */
export function toMutantsJson(
  rows: readonly MatrixRow[],
  named: ReadonlySet<string> | null,
): MutantJson[] {
  const seeded = rows.map((row): MutantJson => {
    const mutant = getMutant(row.id);
    const by = listKillers(row);
    const cells = Object.entries(row.cells).map(([column, cell]) => [column, { ...cell }]);
    return {
      id: row.id,
      applicable: mutant.harmless === null,
      killed: by.length > 0,
      by,
      property: mutant.property,
      name: mutant.bug.name,
      reason: mutant.harmless,
      cells: Object.fromEntries(cells) as MutantJson['cells'],
    };
  });
  return [...seeded, ...listUnseeded().filter(({ id }) => named?.has(id) ?? true)];
}

/** What has no cells: kinds that do not apply, and mutants of checks, which tests find. */
export function listUnseeded(): MutantJson[] {
  const left = ROWS.filter(({ reason }) => reason !== null).map(
    ({ id, change, reason }): MutantJson => ({
      id,
      applicable: false,
      killed: false,
      by: [],
      property: null,
      name: change,
      reason,
      cells: {},
    }),
  );
  const meta = META_ROWS.map(({ id, change, file, title }): MutantJson => ({
    id,
    applicable: true,
    killed: true,
    by: ['test'],
    property: `${file}: ${title}`,
    name: change,
    reason: null,
    cells: {},
  }));
  return [...left, ...meta];
}

function getMutant(id: string): Mutant {
  const mutant = MUTANTS.find((one) => one.id === id);
  if (mutant === undefined) throw new UnknownMutantError(id);
  return mutant;
}

/** A row of a matrix that the catalogue does not have: the matrix is of other sources. */
export class UnknownMutantError extends Error {
  constructor(id: string) {
    super(`there is no mutant ${id} in the catalogue; make the matrix anew: npm run mutants`);
  }
}

/** A cell in few words: what falls, after how many actions and seconds. */
export function describeCell(cell: Cell | undefined): string {
  if (cell === undefined) return 'not run';
  if (cell.verdict === 'not-applicable') return '–';
  if (cell.verdict === 'survived') return 'survived';
  const { by, drawn, shownBy = by, actions, ms } = cell;
  const facts = [
    ...(drawn === undefined ? [] : [plural(drawn, 'draw')]),
    ...(shownBy === by ? [] : [shownBy]),
    ...(actions === undefined ? [] : [plural(actions, 'action')]),
    formatSeconds(ms),
  ];
  return `${by} (${facts.join(', ')})`;
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** The text of `PAGE_FILE`. */
export function renderMatrix(exact: readonly MatrixRow[]): string {
  const rows = exact.map(roundTimes);
  const sections = [
    '# Kill matrix',
    INTRODUCTION,
    renderCounts(rows),
    '## Mutants',
    renderTable(
      ['id', 'mutant', 'must fall', ...COLUMNS],
      rows.map((row) => {
        const { bug, property } = getMutant(row.id);
        const cells = COLUMNS.map((column) => describeCell(row.cells[column]));
        return [row.id, bug.name, property ?? '–', ...cells];
      }),
    ),
    '## What no proof refutes',
    renderUnproved(rows),
    '## What does no harm',
    renderHarmless(rows),
    '## What survives a check',
    renderSurvivors(rows),
    '## Why a check does not apply',
    renderReasons(rows),
    '## Kinds of bugs that nothing here can have',
    renderTable(
      ['id', 'kind', 'reason'],
      ROWS.flatMap(({ id, change, reason }) => (reason === null ? [] : [[id, change, reason]])),
    ),
    '## Mutants of the checks',
    'Each has a test that fails.',
    renderTable(
      ['id', 'mutant', 'test'],
      META_ROWS.map(({ id, change, file, title }) => [id, change, `${file}: ${title}`]),
    ),
  ];
  return `${sections.join('\n\n')}\n`;
}

const INTRODUCTION = `Each mutant is one small change that is wrong: of the spec's text, of the
plan that boot programs, or of the rules of \`haven check\`. The kinds come from bugs of real
hypervisors, IOMMU drivers, interrupt controllers and schedulers. Each is held against every check:

- **check**: the rejected configuration of a rule is no longer rejected. Only rules have these.
- **prove**: an obligation is refuted, about the configuration that the rules let through, or about
  the tables that boot leaves.
- **fuzz**: a run breaks the property that must fall, from seed 1, with all properties watching. The
  actions are those of the shrunk trace. A mutant of a rule must let a near miss through, which is
  drawn with one defect of any kind; and what it lets through must break a property in a run where
  there is one that can see it.
- **induction**: an obligation about one step from any state is refuted: the first that is.
- **unwinding**: one of noninterference is, on two states.

Generated from \`mutants/matrix.json\` by \`npm run mutants\`, which makes both anew; so does
\`haven mutants\` for any part. Times are of one run on a busy machine; answers of solvers to
questions that are the same without the mutant were there already.`;

function renderCounts(rows: readonly MatrixRow[]): string {
  const counts = COLUMNS.map((column) => {
    const cells = rows.map(({ cells: of }) => of[column]);
    const count = (verdict: Cell['verdict']): string =>
      String(cells.filter((cell) => cell?.verdict === verdict).length);
    const missing = String(cells.filter((cell) => cell === undefined).length);
    return [column, count('killed'), count('survived'), count('not-applicable'), missing];
  });
  const left = ROWS.filter(({ reason }) => reason !== null).length;
  const killed = rows.filter((row) => listKillers(row).length > 0).length;
  const survived = rows.filter(hasSurvived).length;
  return [
    `${rows.length} mutants of ${ROWS.length - left} kinds: ${killed} are killed, ${survived} ` +
      `survive; ${left} kinds do not apply; ${META_ROWS.length} mutants of checks.`,
    renderTable(['check', 'kills', 'lets survive', 'does not apply', 'not run'], counts),
    renderTimes(rows),
  ].join('\n\n');
}

/** How long the fuzzer takes for a kill, with shrinking. */
function renderTimes(rows: readonly MatrixRow[]): string {
  const times = rows
    .flatMap(({ cells: { fuzz } }) => (fuzz?.verdict === 'killed' ? [fuzz.ms] : []))
    .toSorted((a, b) => a - b);
  const [median, slowest] = [times[Math.floor(times.length / 2)], times.at(-1)];
  if (median === undefined || slowest === undefined) return 'The fuzzer has killed nothing.';
  return (
    `The fuzzer takes ${formatSeconds(median)} for the median kill and ` +
    `${formatSeconds(slowest)} for the slowest one, with shrinking, on one core.`
  );
}

function formatSeconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

function renderUnproved(rows: readonly MatrixRow[]): string {
  const lines = rows.flatMap(({ id }) => {
    const reason = UNPROVED[id];
    return reason === undefined ? [] : [[id, getMutant(id).bug.name, reason]];
  });
  if (lines.length === 0) return 'Nothing.';
  return ['Runs find these.', renderTable(['id', 'mutant', 'the hole'], lines)].join('\n\n');
}

function renderHarmless(rows: readonly MatrixRow[]): string {
  const lines = rows.flatMap(({ id }) => {
    const { bug, harmless } = getMutant(id);
    return harmless === null ? [] : [[id, bug.name, harmless]];
  });
  if (lines.length === 0) return 'Nothing.';
  const text = 'No state that is reached is another one, so that no check can find these.';
  return [text, renderTable(['id', 'mutant', 'why'], lines)].join('\n\n');
}

function renderSurvivors(rows: readonly MatrixRow[]): string {
  const survivors = rows.flatMap((row) =>
    COLUMNS.flatMap((column) => {
      const cell = row.cells[column];
      if (cell?.verdict !== 'survived') return [];
      return [[row.id, getMutant(row.id).bug.name, column, cell.note ?? '']];
    }),
  );
  if (survivors.length === 0) return 'Nothing.';
  return renderTable(['id', 'mutant', 'check', 'note'], survivors);
}

function renderReasons(rows: readonly MatrixRow[]): string {
  const reasons = new Map<string, string[]>();
  for (const { id, cells } of rows) {
    for (const column of COLUMNS) {
      const cell = cells[column];
      if (cell?.verdict !== 'not-applicable') continue;
      const key = `${column}: ${cell.reason}`;
      reasons.set(key, [...(reasons.get(key) ?? []), id]);
    }
  }
  const lines = [...reasons].map(([reason, ids]) => {
    const named = ids.length > IDS_MAX ? plural(ids.length, 'mutant') : ids.join(', ');
    return `- ${reason} (${named})`;
  });
  return lines.toSorted().join('\n');
}

/** Mutants that are named one by one; more are counted. */
const IDS_MAX = 12;

function renderTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => '---'), ...rows].map(renderLine).join('\n');
}

function renderLine(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}
