/** What a report says about time: bounds of each core, and what there is to spare. */

import { formatInteger, formatMargin, formatNanoseconds } from './duration.ts';
import { type Chart, renderGantt } from './gantt.ts';
import type { Style } from './style.ts';
import { renderTable } from './table.ts';
import { sanitizeLine } from './text.ts';

/** A bound with the longest wait that a replayed run shows. */
export interface TimingBound {
  /** Null: there is none. */
  readonly ticks: number | null;
  /** Nanoseconds, rounded up. */
  readonly ns: number | null;
  /** `closed`, `phases`, `timeline`, `slots`, `whole`, `deadlines`. */
  readonly method: string;
  /** Null where no run was built. */
  readonly witnessedTicks: number | null;
  /** Nanoseconds, rounded up. */
  readonly witnessedNs: number | null;
}

/** The bounds of one virtual CPU. */
export interface TimingRow {
  readonly core: number;
  readonly partition: string;
  /** Order in which the core's residents run, or `whole`. */
  readonly policy: string;
  /** Share of the core that it has reserved, parts per million; a whole core is 1,000,000. */
  readonly utilisationPpm: number;
  /** D(1). */
  readonly delay: TimingBound;
  /** D(Q), all that one budget gives its guest; null where it has the core whole. */
  readonly fullBudget: TimingBound | null;
  /** W(1). */
  readonly inContract: TimingBound;
  readonly latency: TimingBound;
  /** Nanoseconds; null where none is required. */
  readonly requiredNs: number | null;
  readonly requiredLatencyNs: number | null;
}

/** How far one number can go before something that holds breaks. */
export interface SensitivityRow {
  /** For example `budget of rtos on core 2`. */
  readonly what: string;
  /** As configured, nanoseconds. */
  readonly nowNs: number;
  /** Nanoseconds, rounded so that it still holds; null where it does not hold as it is. */
  readonly leastNs: number | null;
  readonly mostNs: number | null;
  /** What breaks one tick further. */
  readonly breaks: string;
}

/** A run in which a virtual CPU waits for longer than is required. */
export interface TimingTrace {
  readonly title: string;
  readonly chart: Chart;
  /** Counterexample file; null where none was written. */
  readonly file: string | null;
  /** Why none was written on purpose, and how one would be; else null. */
  readonly note: string | null;
}

/** Everything about time that `haven bounds` and `haven explore` say. */
export interface TimingReport {
  readonly rows: readonly TimingRow[];
  /** Changes that were asked for, as they were written; the rows are those with the changes. */
  readonly changes: readonly string[];
  /** Rows without the changes; empty where there are none. */
  readonly before: readonly TimingRow[];
  readonly sensitivity: readonly SensitivityRow[] | null;
  readonly traces: readonly TimingTrace[];
  /** Cores in small numbers; empty where none were explored. */
  readonly explored: readonly ExploredRow[];
  /** What else there is to say, such as why there are no rows. */
  readonly notes: readonly string[];
}

/** A report that says nothing yet. */
export const NO_TIMING: TimingReport = {
  rows: [],
  changes: [],
  before: [],
  sensitivity: null,
  traces: [],
  explored: [],
  notes: [],
};

/** An exact delay, ticks of the explored core. */
export interface ExploredDelay {
  readonly demand: number;
  /** Null: it can be kept waiting for ever. */
  readonly ticks: number | null;
  /** The proved bound for the same small numbers; null where there is none. */
  readonly bound: number | null;
}

/** What exploring a core for one partition gave. */
export interface ExploredRow {
  readonly core: number;
  readonly partition: string;
  readonly policy: string;
  /** Timer ticks that an explored tick stands for. */
  readonly divisor: number;
  /** Kinds of durations that were rounded. */
  readonly rounded: readonly string[];
  readonly timerHz: number;
  /** Null: given up, there are too many. */
  readonly states: number | null;
  readonly delays: readonly ExploredDelay[];
  /** W(1): from instants at which it has budget for an activation and a tick; null: not asked. */
  readonly contract: ExploredDelay | null;
  /** The worst run to the first tick. */
  readonly chart: Chart | null;
}

/** What is said of a bound that a run attains, or by how much the best run misses it. */
export function describeTightness({ ticks, witnessedTicks }: TimingBound): string {
  if (ticks === null || witnessedTicks === null) return '-';
  const gap = ticks - witnessedTicks;
  if (gap === 0) return 'tight';
  return `${formatInteger(gap)} tick${gap === 1 ? '' : 's'} less`;
}

const HEADER = [
  'core',
  'partition',
  'share',
  'blackout',
  'D(1)',
  'D(Q)',
  'in contract',
  'latency',
  'required',
  'margin',
  'witnessed D(1)',
  '',
  'method',
];

/** The tables, and the traces of what is refuted. */
export function renderTiming(
  { rows, changes, before, sensitivity, traces, explored, notes }: TimingReport,
  style: Style,
): string[] {
  const lines: string[] = [];
  if (before.length > 0) {
    lines.push(style.strong('as it is'), ...renderRows(before, style), '');
    lines.push(style.strong(`with ${changes.map(sanitizeLine).join(', ')}`));
  }
  if (rows.length > 0) lines.push(...renderRows(rows, style));
  lines.push(...notes.map(sanitizeLine));
  if (sensitivity !== null) lines.push('', ...renderSensitivity(sensitivity, style));
  for (const { title, chart, file, note } of traces) {
    lines.push('', style.bad(sanitizeLine(title)), ...renderGantt(chart));
    if (file !== null) lines.push(`haven replay ${sanitizeLine(file)}`);
    if (note !== null) lines.push(note);
  }
  for (const row of explored) lines.push(...(lines.length > 0 ? [''] : []), ...renderExplored(row));
  return lines;
}

function renderExplored(row: ExploredRow): string[] {
  const { states, divisor, rounded, timerHz, delays, contract, chart } = row;
  const clock = `${timerHz / 1_000_000} MHz`;
  const exact =
    rounded.length === 0 ? 'nothing is rounded' : `approximate: ${listRounded(rounded)}`;
  const head =
    `${sanitizeLine(row.partition)} on core ${row.core} (${row.policy}): ` +
    `a tick stands for ${formatInteger(divisor)} at ${clock}; ${exact}`;
  if (states === null) return [head, '  too many states; try fewer ticks with --ticks'];
  const named = delays.map((delay) => [`D(${delay.demand})`, delay] as const);
  const all = contract === null ? named : [...named, ['W(1)', contract] as const];
  const cells = all.map(([name, { ticks, bound }]) => [
    name,
    ticks === null ? 'for ever' : formatInteger(ticks),
    bound === null ? 'unbounded' : formatInteger(bound),
    ticks !== null && ticks === bound ? 'exact' : '',
  ]);
  const table = renderTable(
    [['', 'worst', 'bound', ''], ...cells],
    ['left', 'right', 'right', 'left'],
  );
  return [
    head,
    `  ${formatInteger(states)} states`,
    ...table.map((line) => `  ${line}`.trimEnd()),
    ...(chart === null ? [] : renderGantt(chart)),
  ];
}

function listRounded(rounded: readonly string[]): string {
  return `${rounded.join(', ')} are rounded`;
}

function renderRows(rows: readonly TimingRow[], style: Style): string[] {
  const table = renderTable(
    [HEADER, ...rows.map(listCells)],
    HEADER.map((name) =>
      name === 'partition' || name === 'method' || name === '' ? 'left' : 'right',
    ),
  );
  return table.map((line, index) => {
    const row = rows[index - 1];
    if (row === undefined) return style.dim(line);
    return isRowMissed(row) ? style.bad(line) : line;
  });
}

function isAbove({ ns }: TimingBound, required: number | null): boolean {
  return required !== null && (ns === null || ns > required);
}

/** Whether a requirement of a row is not met. */
export function isRowMissed({ delay, latency, requiredNs, requiredLatencyNs }: TimingRow): boolean {
  return isAbove(delay, requiredNs) || isAbove(latency, requiredLatencyNs);
}

function listCells(row: TimingRow): string[] {
  const { delay, requiredNs } = row;
  const isBounded = delay.ns !== null && delay.ticks !== null;
  const tick = isBounded && delay.ticks > 0 ? Math.floor((delay.ns ?? 0) / delay.ticks) : 0;
  return [
    String(row.core),
    sanitizeLine(row.partition),
    formatShare(row.utilisationPpm),
    isBounded ? formatUp(Math.max(0, (delay.ns ?? 0) - tick)) : 'unbounded',
    formatBound(delay),
    row.fullBudget === null ? '-' : formatBound(row.fullBudget),
    formatBound(row.inContract),
    formatBound(row.latency),
    requiredNs === null ? '-' : formatNanoseconds(requiredNs),
    requiredNs === null || delay.ns === null ? '-' : formatMargin(delay.ns, requiredNs),
    delay.witnessedNs === null ? '-' : formatUp(delay.witnessedNs),
    describeTightness(delay),
    delay.method,
  ];
}

/** Parts per million as a percentage, rounded up. */
function formatShare(ppm: number): string {
  return `${Math.ceil(ppm / 1_000) / 10} %`;
}

function formatBound({ ns }: TimingBound): string {
  return ns === null ? 'unbounded' : formatUp(ns);
}

const NS_PER_US = 1_000;
const NS_PER_MS = 1_000_000;

/** A bound to a microsecond, rounded up, so that it still is one; `--json` has the nanoseconds. */
function formatUp(ns: number): string {
  if (ns < NS_PER_MS) return formatNanoseconds(ns);
  return formatNanoseconds(Math.ceil(ns / NS_PER_US) * NS_PER_US);
}

function renderSensitivity(rows: readonly SensitivityRow[], style: Style): string[] {
  const cells = rows.map(({ what, nowNs, leastNs, mostNs, breaks }) => [
    sanitizeLine(what),
    formatNanoseconds(nowNs),
    leastNs === null ? '-' : formatNanoseconds(leastNs),
    mostNs === null ? '-' : formatNanoseconds(mostNs),
    sanitizeLine(breaks),
  ]);
  const header = ['', 'now', 'least', 'most', 'beyond it breaks'];
  const lines = renderTable([header, ...cells], ['left', 'right', 'right', 'right', 'left']);
  return lines.map((line, index) => (index === 0 ? style.dim(line) : line));
}
