/** JUnit XML: what continuous-integration servers show as a list of tests. */

import { getAreaOfCode } from '../properties/findings.ts';
import { listSearchLines } from './claims.ts';
import { formatLocation, renderDiagnostic } from './code-frame.ts';
import { computeVerdict } from './report.ts';
import type { ConfigurationReport, Report } from './report.ts';
import { escapeMarkup } from './text.ts';

interface TestCase {
  readonly group: string;
  readonly name: string;
  readonly ms: number;
  /** Null where the case passes; `error` where nothing was decided. */
  readonly problem: { readonly kind: 'failure' | 'error'; readonly type: string } | null;
  readonly message: string;
  readonly text: string;
}

/**
 * The report as a JUnit document: one suite per configuration, one case per area of rules,
 * diagnostic, obligation and fuzz run. Times are in seconds, as the format wants.
 */
export function toJunit(report: Report): string {
  const suites = report.configurations.map(renderSuite);
  const all = report.configurations.flatMap(listCases);
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="haven ${escapeMarkup(report.command)}" ${renderCounts(all)} ` +
      `time="${seconds(report.ms)}">`,
    ...suites,
    '</testsuites>',
    '',
  ].join('\n');
}

function renderSuite(report: ConfigurationReport): string {
  const cases = listCases(report);
  return [
    `  <testsuite name="${escapeMarkup(report.file)}" ${renderCounts(cases)} ` +
      `time="${seconds(report.ms)}">`,
    ...cases.map(renderCase),
    '  </testsuite>',
  ].join('\n');
}

function renderCounts(cases: readonly TestCase[]): string {
  const failures = cases.filter(({ problem }) => problem?.kind === 'failure').length;
  const errors = cases.filter(({ problem }) => problem?.kind === 'error').length;
  return `tests="${cases.length}" failures="${failures}" errors="${errors}" skipped="0"`;
}

function renderCase(testCase: TestCase): string {
  const head =
    `    <testcase classname="${escapeMarkup(testCase.group)}" ` +
    `name="${escapeMarkup(testCase.name)}" time="${seconds(testCase.ms)}"`;
  if (testCase.problem === null) return `${head}/>`;
  const { kind, type } = testCase.problem;
  return [
    `${head}>`,
    `      <${kind} type="${escapeMarkup(type)}" message="${escapeMarkup(testCase.message)}">` +
      `${escapeMarkup(testCase.text)}</${kind}>`,
    '    </testcase>',
  ].join('\n');
}

function listCases(report: ConfigurationReport): TestCase[] {
  const cases = [...listRuleCases(report), ...listDiagnosticCases(report)];
  for (const obligation of report.obligations ?? []) {
    const passed = obligation.status === 'discharged';
    const kind = obligation.status === 'refuted' ? 'failure' : 'error';
    cases.push({
      group: 'obligations',
      name: obligation.id,
      ms: obligation.ms,
      problem: passed ? null : { kind, type: obligation.status },
      message: obligation.statement,
      text: [
        obligation.detail ?? obligation.finding?.message ?? obligation.statement,
        ...listSearchLines(obligation),
      ].join('\n'),
    });
  }
  if (report.fuzz !== null) {
    const { failures, counterexamples, ms, seed } = report.fuzz;
    cases.push({
      group: 'fuzz',
      name: `seed ${seed}`,
      ms,
      problem: failures.length === 0 ? null : { kind: 'failure', type: 'counterexample' },
      message: failures[0] ?? '',
      text: [...failures, ...counterexamples].join('\n'),
    });
  }
  if (computeVerdict(report) === 'inconclusive' && cases.every(({ problem }) => problem === null)) {
    const message = report.interrupted ? 'interrupted' : report.disagreements.join('\n');
    const problem = { kind: 'error', type: 'inconclusive' } as const;
    cases.push({ group: 'verdict', name: 'decided', ms: 0, problem, message, text: message });
  }
  return cases;
}

/** One passing case per area whose rules all hold; violated rules are cases of their own. */
function listRuleCases(report: ConfigurationReport): TestCase[] {
  return (report.rules ?? [])
    .filter(({ violated }) => violated === 0)
    .map(({ area, rules }) => ({
      group: 'rules',
      name: `${area}: ${rules} hold`,
      ms: 0,
      problem: null,
      message: '',
      text: '',
    }));
}

function listDiagnosticCases(report: ConfigurationReport): TestCase[] {
  const groupOf = (code: string): string =>
    report.derivedCodes.includes(code) ? 'findings' : report.invalid ? 'input' : 'rules';
  return report.diagnostics
    .filter(({ severity }) => severity === 'error')
    .map((diagnostic) => ({
      group: `${groupOf(diagnostic.code)}.${getAreaOfCode(diagnostic.code)}`,
      name: `${diagnostic.code} at ${formatLocation(diagnostic.at)}`,
      ms: 0,
      problem: { kind: 'failure' as const, type: diagnostic.code },
      message: diagnostic.message,
      text: renderDiagnostic(diagnostic, report.sources),
    }));
}

function seconds(ms: number): string {
  return (ms / 1_000).toFixed(3);
}
