/** Gantt charts in text: who has a core when, one line per reservation, at most 100 columns. */

import { formatInteger } from './duration.ts';
import { sanitizeLine } from './text.ts';

/** What a core does for one of those that share it. */
export type ChartKind = 'run' | 'section' | 'interrupt' | 'activation' | 'timer' | 'slack' | 'burn';

/** A stretch of time on the core: [from, to), ticks. */
export interface ChartStretch {
  readonly from: number;
  readonly to: number;
  /** Index into the rows; null: nobody has the core. */
  readonly by: number | null;
  readonly kind: ChartKind;
}

/** One line of the chart. */
export interface ChartRow {
  readonly name: string;
  /** Instants at which its budget comes back, or its slots begin. */
  readonly replenished: readonly number[];
  readonly ready: readonly { readonly from: number; readonly to: number }[];
}

/** A core over some time, and the wait that the chart is about. */
export interface Chart {
  readonly rows: readonly ChartRow[];
  readonly stretches: readonly ChartStretch[];
  /** Index of the row that waits. */
  readonly waiter: number;
  /** Ticks: it is ready from the first on, and served at the second. */
  readonly wait: { readonly from: number; readonly to: number };
}

/** Columns of time; names and blanks make at most 100 of it. */
const COLUMNS_MAX = 80;
const NAME_MAX = 16;
/** Lines of the list below the chart. */
const STEPS_MAX = 40;

/** Marks, in the order in which they win where a column has several. */
const MARKS: readonly (readonly [ChartKind, string, string])[] = [
  ['section', 's', 'section of EL2 for it'],
  ['interrupt', 'i', 'its interrupt'],
  ['activation', 'a', 'switch to it'],
  ['timer', 't', 'timer'],
  ['run', '#', 'runs'],
  ['slack', '=', 'runs on slack'],
  ['burn', '~', 'budget passes unused'],
];
const REPLENISHED = '|';
const READY = '.';

/** Words of the list below the chart. */
const DOES: Readonly<Record<ChartKind, string>> = {
  run: 'runs',
  section: 'has a section of EL2',
  interrupt: 'has its interrupt taken',
  activation: 'is switched to',
  timer: 'is stopped by the timer',
  slack: 'runs on slack',
  burn: 'has the core and does not run',
};

/** The chart with its legend, and the wait step by step; lines of at most 100 columns. */
export function renderGantt(chart: Chart): string[] {
  const { rows, wait } = chart;
  const scale = Math.max(1, Math.ceil((wait.to - wait.from) / (COLUMNS_MAX - 12)));
  const begin = Math.max(0, wait.from - 10 * scale);
  const columns = Math.ceil((wait.to - begin) / scale);
  const names = rows.map(({ name }) => sanitizeLine(name).slice(0, NAME_MAX));
  const width = Math.max(0, ...names.map((name) => name.length));
  const spans = Array.from({ length: columns }, (_, column) => ({
    from: begin + column * scale,
    to: Math.min(wait.to, begin + (column + 1) * scale),
  }));
  const used = new Set<string>();
  const lines = rows.map((row, index) => {
    const cells = spans.map((span) => {
      const mark = chooseMark(chart, row, index, span);
      used.add(mark);
      return mark;
    });
    return `${(names[index] ?? '').padEnd(width)}  ${cells.join('')}`.trimEnd();
  });
  const ready = Math.floor((wait.from - begin) / scale);
  const ruler = `${' '.repeat(width + 2 + ready)}^ready`;
  const served = '^served';
  const end = width + 2 + columns - 1;
  const isRoom = ruler.length < end;
  const marks = isRoom ? `${ruler.padEnd(end)}^`.replace(/\^$/, '^served') : `${ruler}, ${served}`;
  const per = scale === 1 ? 'a column is a tick' : `a column is ${formatInteger(scale)} ticks`;
  return [...lines, marks.slice(0, 100), ...listLegend(used, per), ...listSteps(chart)];
}

interface Span {
  readonly from: number;
  readonly to: number;
}

function overlaps(a: Span, b: Span): boolean {
  return a.from < b.to && b.from < a.to;
}

/** What a row shows in a column: what is short and decides comes first. */
function chooseMark(chart: Chart, row: ChartRow, index: number, span: Span): string {
  const { stretches, waiter, wait } = chart;
  if (index === waiter && span.to === wait.to) {
    // The tick for which it has waited is the last.
    const last = stretches.find(
      ({ from, to, by }) => by === index && from < wait.to && to >= wait.to,
    );
    const mark = MARKS.find(([kind]) => kind === last?.kind);
    if (mark !== undefined) return mark[1];
  }
  // What comes back in the last column, which is the waiter's, is shown in the one before.
  const isNextToLast = index === waiter && span.to + (span.to - span.from) >= wait.to;
  const end = isNextToLast ? wait.to : span.to;
  if (row.replenished.some((at) => at >= span.from && at < end)) return REPLENISHED;
  const own = stretches.filter(({ by, ...rest }) => by === index && overlaps(rest, span));
  const found = MARKS.find(([kind]) => own.some((stretch) => stretch.kind === kind));
  if (found !== undefined) return found[1];
  return row.ready.some((ready) => overlaps(ready, span)) ? READY : ' ';
}

function listLegend(used: ReadonlySet<string>, per: string): string[] {
  const entries = [
    ...MARKS.filter(([, mark]) => used.has(mark)).map(([, mark, text]) => `${mark} ${text}`),
    ...(used.has(READY) ? [`${READY} ready`] : []),
    ...(used.has(REPLENISHED) ? [`${REPLENISHED} budget comes back`] : []),
  ];
  const lines: string[] = [];
  let line = `(${per}`;
  for (const entry of entries) {
    if (line.length + entry.length + 3 > 100) {
      lines.push(`${line},`);
      line = ` ${entry}`;
    } else line = `${line}, ${entry}`;
  }
  return [...lines, `${line})`];
}

/** The wait, a line for each stretch: ticks since it was ready. */
function listSteps({ rows, stretches, wait, waiter }: Chart): string[] {
  const steps = stretches
    .filter((stretch) => overlaps(stretch, wait))
    .map(({ from, to, by, kind }) => {
      const begin = formatInteger(Math.max(from, wait.from) - wait.from);
      const end = formatInteger(Math.min(to, wait.to) - wait.from);
      const who = by === null ? 'nobody has the core' : `${rows[by]?.name ?? ''} ${DOES[kind]}`;
      return { span: `[${begin}, ${end})`, who: sanitizeLine(who) };
    });
  const shown = [...steps.slice(0, STEPS_MAX - 1), ...steps.slice(STEPS_MAX - 1).slice(-1)];
  const width = Math.max(0, ...shown.map(({ span }) => span.length));
  const left = steps.length - shown.length;
  const lines = shown.map(({ span, who }) => `  ${span.padStart(width)}  ${who}`.slice(0, 100));
  if (left > 0) lines.splice(-1, 0, `  ... ${formatInteger(left)} more`);
  return [`ticks since ${sanitizeLine(rows[waiter]?.name ?? '')} is ready:`, ...lines];
}
