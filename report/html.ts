/** One self-contained page: no script, no font, no request to anywhere, readable on paper. */

import type { Diagnostic } from '../formats/diagnostic.ts';
import { renderDiagnostic } from './code-frame.ts';
import { formatCount, formatMargin, formatMilliseconds, formatNanoseconds } from './duration.ts';
import { cell, table } from './markup.ts';
import { renderProof } from './html-proof.ts';
import { computeVerdict } from './report.ts';
import type { BoundRow, ConfigurationReport, FuzzSummary, Report } from './report.ts';
import { PLAIN } from './style.ts';
import { formatWitnessed } from './terminal.ts';
import { escapeMarkup } from './text.ts';
import { renderTiming } from './timing.ts';

const STYLE = `
:root { color-scheme: light dark; --good: #17803d; --bad: #c02626; --warn: #a16207; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 64rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.4rem } h2 { font-size: 1.15rem; margin-top: 2.5rem } h3 { font-size: 1rem }
table { border-collapse: collapse; margin: .5rem 0 } td, th { padding: .2rem .8rem .2rem 0; }
th { text-align: left; border-bottom: 1px solid } td { vertical-align: top }
td.number { text-align: right; font-variant-numeric: tabular-nums }
section { border-left: 3px solid var(--bad); padding: .1rem 1rem; margin: 1rem 0 }
section.warning { border-color: var(--warn) } section p { margin: .4rem 0; overflow-wrap: anywhere }
pre { overflow-x: auto; line-height: 1.3; margin: .4rem 0 }
.holds, .discharged { color: var(--good) } .violated, .invalid, .refuted { color: var(--bad) }
summary { cursor: pointer; padding: .15rem 0; overflow-wrap: anywhere }
summary > code { font-weight: 600 }
details > *:not(summary) { margin-left: 1.2rem } dl { margin: .3rem 0 }
dt { float: left; clear: left; width: 6rem; opacity: .7 } dd { margin-left: 6rem }
details table { font-size: .87rem } h4 { margin: 1.2rem 0 .3rem }
.wide { overflow-x: auto } td.number { white-space: nowrap }
details td:first-child { min-width: 12rem; overflow-wrap: anywhere }
details td:nth-child(3) { white-space: nowrap } details td:nth-child(n+6) { min-width: 12rem }
.inconclusive, .spurious, .vacuous, .unknown { color: var(--warn) }
`;

/** The report as an HTML document. */
export function toHtml(report: Report): string {
  return [
    '<!doctype html>',
    '<html lang="en"><head><meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<title>haven ${escapeMarkup(report.command)}</title><style>${STYLE}</style></head><body>`,
    `<h1>haven ${escapeMarkup(report.command)}</h1>`,
    `<p>Version ${escapeMarkup(report.version)}, ${formatMilliseconds(report.ms)} in all.</p>`,
    renderOverview(report),
    ...report.configurations.map(renderConfiguration),
    '</body></html>',
    '',
  ].join('\n');
}

function renderOverview(report: Report): string {
  const rows = report.configurations.map((configuration) => {
    const verdict = computeVerdict(configuration);
    return [
      cell(configuration.file),
      cell(configuration.platform ?? '-'),
      `<td class="${verdict}"><strong>${verdict}</strong></td>`,
      cell(formatMilliseconds(configuration.ms), true),
    ];
  });
  return table(['configuration', 'platform', 'verdict', 'time'], rows);
}

function renderConfiguration(report: ConfigurationReport): string {
  const verdict = computeVerdict(report);
  const parts = [
    `<h2>${escapeMarkup(report.file)}: <span class="${verdict}">${verdict}</span></h2>`,
    ...report.disagreements.map((text) => `<p class="violated">${escapeMarkup(text)}</p>`),
    ...report.diagnostics.map((diagnostic) => renderFrame(diagnostic, report)),
  ];
  if (report.invalid) return parts.join('\n');
  if (report.rules !== null) {
    const rows = report.rules.map(({ area, rules, violated }) => [
      cell(area),
      cell(String(rules), true),
      cell(String(violated), true),
    ]);
    parts.push('<h3>Rules</h3>', table(['area', 'rules', 'violated'], rows));
  }
  if (report.bounds !== null) parts.push('<h3>Bounds</h3>', renderBounds(report.bounds));
  if (report.timeScope !== null) {
    const { assumed, bus } = report.timeScope;
    parts.push(`<p>${escapeMarkup(assumed)} ${escapeMarkup(bus)}</p>`);
  }
  if (report.timing !== null) {
    parts.push(`<pre>${escapeMarkup(renderTiming(report.timing, PLAIN).join('\n'))}</pre>`);
  }
  if (report.fuzz !== null) parts.push('<h3>Fuzz</h3>', renderFuzz(report.fuzz));
  if (report.obligations !== null)
    parts.push('<h3>Obligations</h3>', renderProof(report.obligations, report.isExplained));
  return parts.join('\n');
}

/** The headline may wrap; the frame below it points at columns and must not. */
function renderFrame(diagnostic: Diagnostic, report: ConfigurationReport): string {
  const [headline = '', ...frame] = renderDiagnostic(diagnostic, report.sources).split('\n');
  return (
    `<section class="${diagnostic.severity}"><p><strong>${escapeMarkup(headline)}</strong></p>` +
    `<pre>${escapeMarkup(frame.join('\n'))}</pre></section>`
  );
}

function renderBounds(bounds: readonly BoundRow[]): string {
  const rows = bounds.map((row) => [
    cell(row.task === null ? row.partition : `${row.partition}/${row.task}`),
    cell(String(row.core), true),
    cell(row.kind),
    cell(row.boundNs === null ? 'unbounded' : formatNanoseconds(row.boundNs), true),
    cell(row.requiredNs === null ? '-' : formatNanoseconds(row.requiredNs), true),
    cell(
      row.boundNs === null || row.requiredNs === null
        ? '-'
        : formatMargin(row.boundNs, row.requiredNs),
      true,
    ),
    cell(formatWitnessed(row), true),
    cell(row.method ?? '-'),
  ]);
  return table(
    ['partition', 'core', 'kind', 'bound', 'required', 'margin', 'witnessed', 'method'],
    rows,
  );
}

function renderFuzz(fuzz: FuzzSummary): string {
  const items = [...fuzz.failures, ...fuzz.counterexamples.map((file) => `haven replay ${file}`)];
  return (
    `<p>Seed ${fuzz.seed}, ${formatCount(fuzz.steps)} steps, ` +
    `${fuzz.failures.length === 0 ? 'no counterexample' : 'counterexamples:'}</p>` +
    (items.length === 0
      ? ''
      : `<ul>${items.map((item) => `<li>${escapeMarkup(item)}</li>`).join('')}</ul>`)
  );
}
