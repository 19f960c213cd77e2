/**
 * The report on a terminal: what fails, with code frames, then a summary to be read in ten seconds.
 */

import type { Diagnostic } from '../formats/diagnostic.ts';
import { renderDiagnostic } from './code-frame.ts';
import { formatCount, formatMargin, formatMilliseconds, formatNanoseconds } from './duration.ts';
import { formatPlural } from './duration.ts';
import { renderCampaign } from './fuzz.ts';
import { renderFailing, renderPassing, renderProofCounts } from './proof.ts';
import { computeVerdict } from './report.ts';
import type { BoundRow, ConfigurationReport, FuzzSummary, Report, Verdict } from './report.ts';
import type { RuleTally, TimeScope } from './report.ts';
import { renderTable } from './table.ts';
import type { Style } from './style.ts';
import { renderTiming } from './timing.ts';
import { sanitizeLine } from './text.ts';

/** Diagnostics printed per configuration; the rest is counted. */
const DIAGNOSTICS_SHOWN = 50;
/** Diagnostics of places that are shown already, a line each; the rest is counted. */
const ECHOES_SHOWN = 20;

/** What the terminal shows. */
export interface TerminalOptions {
  readonly style: Style;
  /** Only what fails: nothing at all for a configuration that holds. */
  readonly quiet: boolean;
}

/** The whole report as text, with a trailing line break unless it is empty. */
export function renderTerminal(report: Report, options: TerminalOptions): string {
  const blocks = report.configurations
    .map((configuration) => renderConfiguration(configuration, options, report))
    .filter((block) => block !== '');
  if (report.configurations.length > 1 && !options.quiet) {
    blocks.push(renderTotals(report, options.style));
  }
  return blocks.length === 0 ? '' : `${blocks.join('\n\n')}\n`;
}

function renderConfiguration(
  report: ConfigurationReport,
  options: TerminalOptions,
  whole: Report,
): string {
  const verdict = computeVerdict(report);
  if (options.quiet && verdict === 'holds') return '';
  const { style } = options;
  const blocks = [
    // A proof is about its claims; elsewhere the count in the summary says enough of what passed.
    ...(whole.command === 'prove' && !options.quiet ? renderPassing(report, style) : []),
    ...renderDiagnostics(report, style),
    ...renderFailing(report, style),
    ...report.disagreements.map((text) =>
      style.bad(`error of this toolkit, please report it: ${sanitizeLine(text)}`),
    ),
  ];
  if (report.timing !== null) blocks.push(renderTiming(report.timing, style).join('\n'));
  const painted = paintVerdict(verdict, getWords(whole), style);
  blocks.push([renderVerdict(report, painted, style), ...renderSummary(report, style)].join('\n'));
  return blocks.join('\n\n');
}

function renderDiagnostics(report: ConfigurationReport, style: Style): string[] {
  const { framed, also } = separateEchoes(report);
  const shown = framed
    .slice(0, DIAGNOSTICS_SHOWN)
    .map((diagnostic) => renderDiagnostic(diagnostic, report.sources, style));
  const rest = framed.length - shown.length;
  if (rest > 0) shown.push(style.dim(`... and ${rest} more; --json has them all`));
  if (also.length > 0) {
    const lines = also
      .slice(0, ECHOES_SHOWN)
      .map(({ code, message }) => `  ${style.bad(sanitizeLine(code))}: ${sanitizeLine(message)}`);
    const more = also.length - lines.length;
    if (more > 0) lines.push(style.dim(`  ... and ${more} more; --json has them all`));
    shown.push(['the same places are also found by proof or run:', ...lines].join('\n'));
  }
  return shown;
}

/**
 * One slip refutes several claims. Those at a place that a diagnostic before them has shown already
 * get a line each instead of a frame.
 */
function separateEchoes(report: ConfigurationReport): {
  readonly framed: readonly Diagnostic[];
  readonly also: readonly Diagnostic[];
} {
  const framed: Diagnostic[] = [];
  const also: Diagnostic[] = [];
  const shownLines = new Set<string>();
  for (const diagnostic of report.diagnostics) {
    const places = [diagnostic.at, ...diagnostic.related.map((related) => related.at)];
    const lines = places.map(({ file, line }) => `${file}:${line}`);
    if (
      report.derivedCodes.includes(diagnostic.code) &&
      lines.some((line) => shownLines.has(line))
    ) {
      also.push(diagnostic);
      continue;
    }
    framed.push(diagnostic);
    for (const line of lines) shownLines.add(line);
  }
  return { framed, also };
}

type VerdictWords = Readonly<Record<Verdict, string>>;

const VERDICT_WORDS: VerdictWords = {
  holds: 'holds',
  violated: 'VIOLATED',
  invalid: 'INVALID',
  inconclusive: 'INCONCLUSIVE',
};

/** A replay does not judge a configuration: it says whether a record is right. */
const REPLAY_WORDS: VerdictWords = {
  ...VERDICT_WORDS,
  holds: 'as recorded',
  violated: 'NOT AS RECORDED',
};

function getWords({ command }: Report): VerdictWords {
  return command === 'replay' ? REPLAY_WORDS : VERDICT_WORDS;
}

function paintVerdict(verdict: Verdict, words: VerdictWords, style: Style): string {
  const word = words[verdict];
  if (verdict === 'holds') return style.good(word);
  return verdict === 'inconclusive' ? style.warn(word) : style.bad(word);
}

function renderVerdict(report: ConfigurationReport, verdict: string, style: Style): string {
  const platform = report.platform === null ? '' : ` on ${sanitizeLine(report.platform)}`;
  const stopped = report.interrupted ? ', interrupted' : '';
  return (
    `${style.strong(sanitizeLine(report.file))}${platform}: ${verdict}` +
    `${stopped} ${style.dim(`(${formatMilliseconds(report.ms)})`)}`
  );
}

function renderSummary(report: ConfigurationReport, style: Style): string[] {
  const lines: string[] = [];
  const add = (name: string, text: string): void => {
    lines.push(`  ${style.dim(name.padEnd(11))} ${text}`);
  };
  const addAll = (name: string, texts: readonly string[]): void => {
    for (const [index, text] of texts.entries()) add(index === 0 ? name : '', text);
  };
  if (report.invalid) {
    add('input', formatPlural(countErrors(report), 'error'));
    return lines;
  }
  if (report.rules !== null) add('rules', renderRules(report.rules, report, style));
  if (report.obligations !== null) {
    addAll('obligations', renderProofCounts(report.obligations, style));
  }
  if (report.bounds !== null && report.bounds.length > 0) {
    addAll('bounds', renderBounds(listShown(report), style));
    if (report.timeScope !== null) addAll('', listScopeLines(report.timeScope, style));
  }
  if (report.fuzz !== null) {
    add('fuzz', renderFuzz(report.fuzz, style));
    for (const [name, texts] of renderCampaign(report.fuzz, style)) addAll(name, texts);
  }
  return lines;
}

function countErrors(report: ConfigurationReport): number {
  return report.diagnostics.filter(({ severity }) => severity === 'error').length;
}

function renderRules(
  tallies: readonly RuleTally[],
  report: ConfigurationReport,
  style: Style,
): string {
  const violated = tallies.reduce((sum, tally) => sum + tally.violated, 0);
  const total = tallies.reduce((sum, tally) => sum + tally.rules, 0);
  const warnings = report.diagnostics.filter(({ severity }) => severity === 'warning').length;
  const areas = tallies.map(({ area, rules, violated: bad }) =>
    bad === 0 ? `${area} ${rules}` : style.bad(`${area} ${rules - bad}/${rules}`),
  );
  const head = violated === 0 ? `${total} hold` : style.bad(`${violated} of ${total} violated`);
  const tail = warnings === 0 ? '' : style.warn(`, ${formatPlural(warnings, 'warning')}`);
  return `${head}${tail} ${style.dim('|')} ${areas.join(' ')}`;
}

/** With a table of its own for virtual CPUs, only tasks are left for the summary. */
function listShown({ bounds, timing }: ConfigurationReport): readonly BoundRow[] {
  const isTabled = timing !== null && timing.rows.length > 0;
  return (bounds ?? []).filter(({ task }) => !isTabled || task !== null);
}

const SCOPE_COLUMNS = 86;

/** What the bounds rest on and what they leave out, in lines that fit below the table. */
function listScopeLines({ assumed, bus }: TimeScope, style: Style): string[] {
  return [assumed, bus].flatMap((text) => {
    const lines: string[] = [];
    for (const word of sanitizeLine(text).split(' ')) {
      const last = lines.at(-1);
      if (last === undefined || last.length + word.length + 1 > SCOPE_COLUMNS) lines.push(word);
      else lines[lines.length - 1] = `${last} ${word}`;
    }
    return lines.map(style.dim);
  });
}

/** The table of bounds, one line each, the header first; nothing for no bounds. */
function renderBounds(bounds: readonly BoundRow[], style: Style): string[] {
  const rows = bounds.map((row) => [
    sanitizeLine(formatParty(row)),
    String(row.core),
    row.kind,
    row.boundNs === null ? 'unbounded' : formatNanoseconds(row.boundNs),
    row.requiredNs === null ? '-' : formatNanoseconds(row.requiredNs),
    row.boundNs === null || row.requiredNs === null
      ? '-'
      : formatMargin(row.boundNs, row.requiredNs),
    formatWitnessed(row),
    row.method ?? '-',
  ]);
  if (bounds.length === 0) return [];
  const header = [
    'partition',
    'core',
    'kind',
    'bound',
    'required',
    'margin',
    'witnessed',
    'method',
  ];
  const lines = renderTable(
    [header, ...rows],
    ['left', 'right', 'left', 'right', 'right', 'right', 'right', 'left'],
  );
  const table = lines.map((line, index) => {
    const row = bounds[index - 1];
    if (index === 0 || row === undefined) return style.dim(line);
    return isMissed(row) ? style.bad(line) : line;
  });
  return [...table, ...listUnwitnessed(bounds).map((line) => style.dim(line))];
}

/** Why bounds have no run that shows them, those of one reason together. */
function listUnwitnessed(bounds: readonly BoundRow[]): string[] {
  const parties = new Map<string, Set<string>>();
  for (const row of bounds) {
    if (row.unwitnessed === null) continue;
    const known = parties.get(row.unwitnessed) ?? new Set<string>();
    parties.set(row.unwitnessed, known.add(`${formatParty(row)} on core ${row.core}`));
  }
  return [...parties].map(
    ([reason, names]) => `not witnessed: ${sanitizeLine([...names].join(', '))}, because ${reason}`,
  );
}

/** Whose bound it is: `rtos`, or `rtos/control` for one of its tasks. */
export function formatParty(row: BoundRow): string {
  return row.task === null ? row.partition : `${row.partition}/${row.task}`;
}

/** The longest wait that a run shows, `tight` where it is the bound. */
export function formatWitnessed({ boundNs, witnessedNs, unwitnessed }: BoundRow): string {
  if (witnessedNs === null) return unwitnessed === null ? '-' : 'none';
  return witnessedNs === boundNs ? 'tight' : formatNanoseconds(witnessedNs);
}

/** Whether a bound exceeds what is required, or there is none where one is required. */
export function isMissed(row: BoundRow): boolean {
  return row.requiredNs !== null && (row.boundNs === null || row.boundNs > row.requiredNs);
}

function renderMissed(title: string, names: readonly string[]): string {
  return names.length === 0 ? '' : `\n    ${title}: ${names.map(sanitizeLine).join(', ')}`;
}

/** What more steps may judge, and what they cannot. */
function renderUnjudged({ neverJudged, isUnbounded }: FuzzSummary): string {
  const isVain = (property: string): boolean => isUnbounded === true && property === 'time.delay';
  const [vain] = neverJudged.filter(isVain);
  const others = neverJudged.filter((property) => !isVain(property));
  return (
    renderMissed('properties never judged, so try more steps', others) +
    (vain === undefined
      ? ''
      : `\n    ${vain} never judged: no delay here has a bound to exceed; haven bounds tells why`)
  );
}

function renderFuzz(fuzz: FuzzSummary, style: Style): string {
  const speed = fuzz.ms > 0 ? ` (${formatCount((fuzz.steps / fuzz.ms) * 1_000)} steps/s)` : '';
  const head = `seed ${fuzz.seed}, ${formatCount(fuzz.steps)} steps${speed}`;
  const unreached = renderMissed('actions never done', fuzz.neverDone) + renderUnjudged(fuzz);
  if (fuzz.failures.length === 0) return `${head}, no counterexample${unreached}`;
  const lines = fuzz.failures.map((failure) => `\n    ${sanitizeLine(failure)}`);
  const files = fuzz.counterexamples.map((file) => `\n    haven replay ${sanitizeLine(file)}`);
  const found = style.bad(formatPlural(fuzz.failures.length, 'counterexample'));
  return `${head}, ${found}${lines.join('')}${files.join('')}`;
}

function renderTotals(report: Report, style: Style): string {
  const verdicts = report.configurations.map(computeVerdict);
  const words = (['holds', 'violated', 'invalid', 'inconclusive'] as const).flatMap((verdict) => {
    const count = verdicts.filter((other) => other === verdict).length;
    return count === 0 ? [] : [`${count} ${paintVerdict(verdict, getWords(report), style)}`];
  });
  const noun = report.command === 'replay' ? 'record' : 'configuration';
  return (
    `${formatPlural(verdicts.length, noun)}: ${words.join(', ')} ` +
    style.dim(`(${formatMilliseconds(report.ms)})`)
  );
}
