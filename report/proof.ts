/** What a terminal shows of proofs: a line per claim, and in full whatever did not pass. */

import { INDUCTION_CLAIMS } from '../solver/induction/claims.ts';
import { getClaim } from '../solver/obligation.ts';
import type { ObligationResult, ObligationStatus, Witness } from '../solver/obligation.ts';
import {
  FAILING_STATUSES,
  countStatus,
  getInstance,
  groupByClaim,
  listFailingCounts,
} from './claims.ts';
import {
  computeWorstStatus,
  describeDecision,
  isSearched,
  listSearchLines,
  listSolverCounts,
  summariseClaim,
} from './claims.ts';
import type { ClaimResults } from './claims.ts';
import { formatInteger, formatPlural } from './duration.ts';
import { AREAS } from './report.ts';
import type { ConfigurationReport } from './report.ts';
import type { Style } from './style.ts';
import { renderTable } from './table.ts';
import { sanitizeLine } from './text.ts';

/** Results that did not pass, shown in full per claim; the rest is counted. */
const SHOWN_PER_CLAIM = 20;
/** The same over all claims of a configuration; each claim has its line all the same. */
const SHOWN_PER_CONFIGURATION = 100;
/** Most obligations that are explained one by one. */
const EXPLAINED_MAX = 50;
/** Columns that names of instances are folded to. */
const FOLDED_COLUMNS = 90;
/** Lines of a witness. */
const WITNESS_LINES = 12;

/**
 * A line per claim all of whose obligations are discharged. Where the report is to be explained and
 * has few obligations, a paragraph for each of these instead.
 */
export function renderPassing(report: ConfigurationReport, style: Style): string[] {
  const results = report.obligations ?? [];
  const claims = groupByClaim(results);
  const passing = claims.filter((claim) => computeWorstStatus(claim.results) === 'discharged');
  if (isEachExplained(report)) {
    return results
      .filter(({ status }) => status === 'discharged')
      .map((result) => renderExplanation(result, style));
  }
  if (passing.length === 0) return [];
  const rows = passing.map((claim) => [
    sanitizeLine(claim.claim),
    sanitizeLine(summariseClaim(claim)),
  ]);
  const lines = renderTable(rows, ['left', 'left']);
  const blocks = [lines.map((line) => `${mark('discharged', style)} ${line}`).join('\n')];
  if (report.isExplained) {
    blocks.push(
      style.dim(
        `${formatInteger(results.length)} obligations match; --only that leaves ` +
          `${EXPLAINED_MAX} or fewer explains each`,
      ),
    );
  }
  return blocks;
}

/** Whether the obligations of the report are few enough to be explained one by one. */
function isEachExplained({ isExplained, obligations }: ConfigurationReport): boolean {
  return isExplained && (obligations ?? []).length <= EXPLAINED_MAX;
}

/**
 * Every claim with an obligation that did not pass: a line that counts and names these, and in full
 * those that no diagnostic explains, or whose case was searched for.
 */
export function renderFailing(report: ConfigurationReport, style: Style): string[] {
  const lines: string[] = [];
  const blocks: string[] = [];
  let room = SHOWN_PER_CONFIGURATION;
  for (const claim of groupByClaim(report.obligations ?? [])) {
    const failing = claim.results.filter((result) => isFailing(result, report));
    if (failing.length === 0) continue;
    const open = failing.filter(
      (result) => report.isExplained || isSearched(result) || !hasDiagnostic(result),
    );
    const shown = open.slice(0, Math.min(SHOWN_PER_CLAIM, room));
    room -= shown.length;
    blocks.push(...shown.map((result) => renderFailure(result, report, style)));
    if (claim.results.length === 1 && shown.length === 1) continue;
    lines.push(renderFailingClaim(claim, style));
    const named = failing.filter((result) => !shown.includes(result));
    lines.push(...listInstances(named, style));
  }
  const leftOut = report.obligations?.find(({ search }) => search?.kind === 'left-out');
  if (leftOut !== undefined) lines.push(...listSearchLines(leftOut).map(style.dim));
  return lines.length === 0 ? blocks : [...blocks, lines.join('\n')];
}

/** After an interruption the count in the summary says enough of what was not decided. */
function isFailing({ status }: ObligationResult, { interrupted }: ConfigurationReport): boolean {
  return status !== 'discharged' && !(status === 'unknown' && interrupted);
}

function hasDiagnostic({ status, finding }: ObligationResult): boolean {
  return status === 'refuted' && finding !== null;
}

function renderFailingClaim(claim: ClaimResults, style: Style): string {
  const worst = computeWorstStatus(claim.results);
  const name = style.strong(sanitizeLine(claim.claim));
  return `${mark(worst, style)} ${name}  ${sanitizeLine(summariseClaim(claim))}`;
}

/** Instances that are not shown in full, a line for each status; the surplus counted. */
function listInstances(results: readonly ObligationResult[], style: Style): string[] {
  return FAILING_STATUSES.flatMap((status) => {
    const instances = results
      .filter((result) => result.status === status)
      .map(({ id }) => sanitizeLine(getInstance(id)))
      .filter((instance) => instance !== '');
    if (instances.length === 0) return [];
    const rest = instances.length - SHOWN_PER_CLAIM;
    const lines = [
      `${status}:`,
      ...foldWords(instances.slice(0, SHOWN_PER_CLAIM)).map((line) => `  ${line}`),
      ...(rest > 0
        ? [style.dim(`  ... and ${formatInteger(rest)} more; --json has them all`)]
        : []),
    ];
    return lines.map((line) => `  ${line}`);
  });
}

/** The words on lines of at most `FOLDED_COLUMNS`, longer words on lines of their own. */
function foldWords(words: readonly string[]): string[] {
  const lines: string[] = [];
  for (const word of words) {
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + word.length > FOLDED_COLUMNS) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}

function renderFailure(
  result: ObligationResult,
  report: ConfigurationReport,
  style: Style,
): string {
  if (report.isExplained) return renderExplanation(result, style);
  const detail = result.detail === null ? '' : `\n  ${sanitizeLine(result.detail)}`;
  const head = paint(result.status, style)(`${result.status}[${sanitizeLine(result.id)}]`);
  const [sentence, ...shown] = listSearchLines(result);
  const search = sentence === undefined ? [] : [`  ${sentence}`, ...shown.map((at) => `    ${at}`)];
  return [
    head + style.strong(`: ${sanitizeLine(result.statement)}`) + detail,
    ...search.map(sanitizeLine),
  ].join('\n');
}

/** Everything known about one obligation. */
function renderExplanation(result: ObligationResult, style: Style): string {
  const { status, detail, premises, witness } = result;
  const facts: [string, readonly string[]][] = [
    ['formula', [result.formula]],
    ['source', [result.source]],
    ['size', [`${formatInteger(result.size)} distinct term ${plural('node', result.size)}`]],
    ['status', [describeDecision(result)]],
    ['detail', detail === null ? [] : [detail]],
    ['premises', premises === undefined || premises === null ? [] : describePremises(premises)],
    ['broken by', witness === null ? [] : describeCase(witness)],
    ['search', listSearchLines(result).slice(0, 1)],
  ];
  const rows = facts.flatMap(([name, texts]) =>
    texts.map((text, index) => {
      const label = (index === 0 ? name : '').padEnd(9);
      return `    ${style.dim(label)} ${sanitizeLine(text)}`;
    }),
  );
  const id = style.strong(sanitizeLine(result.id));
  return [`${mark(status, style)} ${id}`, `  ${sanitizeLine(result.statement)}`, ...rows].join(
    '\n',
  );
}

function describePremises(premises: Witness): string[] {
  const values = describeCase(premises);
  return values.length === 0 ? ['hold in every case'] : ['hold, for example, where', ...values];
}

/** The values of a case, one per line; the surplus counted. */
function describeCase(values: Witness): string[] {
  const all = Object.entries(values).map(([name, value]) => `${name} = ${value}`);
  if (all.length <= WITNESS_LINES) return all;
  const shown = all.slice(0, WITNESS_LINES - 1);
  return [...shown, `... and ${formatPlural(all.length - shown.length, 'value')} more`];
}

const OF_SPEC: ReadonlySet<string> = new Set(INDUCTION_CLAIMS.map(({ id }) => id));

function isOfSpec({ id }: ObligationResult): boolean {
  return OF_SPEC.has(getClaim(id));
}

/**
 * The counts of a proof, one or two lines: how many are discharged and by whom, then by area.
 */
export function renderProofCounts(
  obligations: readonly ObligationResult[],
  style: Style,
): string[] {
  const total = obligations.length;
  const discharged = countStatus(obligations, 'discharged');
  const head = `${formatInteger(discharged)} of ${formatInteger(total)} discharged`;
  const by = listSolverCounts(obligations);
  const parts = [
    (discharged === total ? head : style.bad(head)) +
      (by.length === 0 ? '' : ` (${sanitizeLine(by.join(', '))})`),
    ...listFailingCounts(obligations).map(style.bad),
  ];
  const areas = AREAS.flatMap((area) => {
    const own = obligations.filter((obligation) => obligation.area === area);
    if (own.length === 0) return [];
    const good = countStatus(own, 'discharged');
    const all = formatInteger(own.length);
    return [good === own.length ? `${area} ${all}` : style.bad(`${area} ${good}/${all}`)];
  });
  const isWithoutSpec = areas.length > 1 && !obligations.some(isOfSpec);
  const reason = discharged === total ? '' : ', which rests on these';
  const without = 'tables and bounds only: nothing is proved about the actions of the spec';
  return [
    parts.join(', '),
    ...(areas.length === 0 ? [] : [areas.join(' ')]),
    ...(isWithoutSpec ? [style.dim(without + reason)] : []),
  ];
}

function mark(status: ObligationStatus, style: Style): string {
  if (status === 'discharged') return style.good('✓');
  return paint(status, style)(status === 'refuted' ? '✗' : '?');
}

function paint(status: ObligationStatus, style: Style): (text: string) => string {
  return status === 'refuted' ? style.bad : style.warn;
}

function plural(noun: string, count: number): string {
  return count === 1 ? noun : `${noun}s`;
}
