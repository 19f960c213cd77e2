/**
 * SARIF 2.1.0 (OASIS): what code hosts and editors read to annotate the lines of a configuration.
 */

import { isAbsolute } from 'node:path';
import { pathToFileURL } from 'node:url';

import type { Diagnostic, Location } from '../formats/diagnostic.ts';
import { getAreaOfCode } from '../properties/findings.ts';
import { getClaim } from '../solver/obligation.ts';
import { isSearched, listSearchLines } from './claims.ts';
import type { JsonValue } from './json.ts';
import { computeVerdict } from './report.ts';
import type { ConfigurationReport, Report } from './report.ts';

const SARIF_SCHEMA =
  'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json';

/** The report as a SARIF log with one run. Obligations that did not pass become results as well. */
export function toSarif(report: Report): JsonValue {
  const results = report.configurations.flatMap((configuration) => [
    ...configuration.diagnostics.map((diagnostic) => toResult(diagnostic)),
    ...toObligationResults(configuration),
    ...toFuzzResults(configuration),
  ]);
  const ids = [...new Set(results.map((result) => result.ruleId))].sort();
  const indices = new Map(ids.map((id, index) => [id, index]));
  return {
    $schema: SARIF_SCHEMA,
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'haven',
            semanticVersion: report.version,
            rules: ids.map((id) => ({
              id,
              name: id,
              shortDescription: { text: `${id} (haven explain ${id})` },
            })),
          },
        },
        invocations: [
          {
            executionSuccessful: report.configurations.every(
              (configuration) =>
                computeVerdict(configuration) !== 'invalid' && !configuration.interrupted,
            ),
          },
        ],
        columnKind: 'utf16CodeUnits',
        results: results.map((result) => ({
          ...result,
          ruleIndex: indices.get(result.ruleId) ?? -1,
        })),
      },
    ],
  };
}

interface SarifResult {
  readonly [key: string]: JsonValue;
  readonly ruleId: string;
}

function toResult(diagnostic: Diagnostic): SarifResult {
  const help = diagnostic.help === '' ? '' : `\n${diagnostic.help}`;
  return {
    ruleId: diagnostic.code,
    level: diagnostic.severity,
    message: { text: diagnostic.message + help },
    locations: [{ physicalLocation: toPhysicalLocation(diagnostic.at) }],
    relatedLocations: diagnostic.related.map((related, index) => ({
      id: index + 1,
      message: { text: related.message },
      physicalLocation: toPhysicalLocation(related.at),
    })),
    properties: { area: getAreaOfCode(diagnostic.code) },
  };
}

/**
 * Refuted obligations stand among the diagnostics already; those that were not decided do not, nor
 * does what became of a search. The claim is the rule, as a rule for each of thousands of instances
 * would tell nobody anything.
 */
function toObligationResults(report: ConfigurationReport): SarifResult[] {
  return (report.obligations ?? [])
    .filter((result) => result.status !== 'discharged')
    .filter((result) => result.finding === null || isSearched(result))
    .map((obligation) => ({
      ruleId: getClaim(obligation.id),
      level: obligation.status === 'refuted' ? 'error' : 'warning',
      message: {
        text: [
          `${obligation.id} is ${obligation.status}: ${obligation.statement}`,
          ...(obligation.detail === null ? [] : [obligation.detail]),
          ...listSearchLines(obligation),
        ].join('\n'),
      },
      locations: [{ physicalLocation: { artifactLocation: { uri: toUri(report.file) } } }],
    }));
}

function toFuzzResults(report: ConfigurationReport): SarifResult[] {
  return (report.fuzz?.failures ?? []).map((failure) => ({
    // Each failure begins with the property that it breaks.
    ruleId: failure.split(':')[0] ?? failure,
    level: 'error',
    message: { text: failure },
    locations: [{ physicalLocation: { artifactLocation: { uri: toUri(report.file) } } }],
  }));
}

function toPhysicalLocation(at: Location): JsonValue {
  return {
    artifactLocation: { uri: toUri(at.file) },
    region: {
      startLine: at.line,
      startColumn: at.column,
      endLine: Math.max(at.line, at.endLine),
      endColumn: at.endLine > at.line ? at.endColumn : Math.max(at.column, at.endColumn),
    },
  };
}

/** A file as a URI reference: relative files stay relative, whatever the platform's separator. */
function toUri(file: string): string {
  if (isAbsolute(file)) return pathToFileURL(file).href;
  return file.replaceAll('\\', '/').split('/').map(encodeURIComponent).join('/');
}
