/** The `--json` document, schema 1. Fields are only ever added within a schema number. */

import type { Diagnostic, Location } from '../formats/diagnostic.ts';
import { getAreaOfCode } from '../properties/findings.ts';
import type { CaseSearch } from '../solver/induction/case-search.ts';
import type { ObligationResult } from '../solver/obligation.ts';
import { renderGantt } from './gantt.ts';
import { computeVerdict } from './report.ts';
import type { ConfigurationReport, FuzzCampaign, FuzzSummary, Report } from './report.ts';
import type { TimingBound, TimingReport, TimingRow } from './timing.ts';

/** Number of the document's schema. */
export const JSON_SCHEMA_NUMBER = 1;

/** What JSON can hold. */
export type JsonValue =
  null | boolean | number | string | readonly JsonValue[] | { readonly [key: string]: JsonValue };

/**
 * The report as one JSON value. Lists that a command does not compute are empty, `fuzz` is null.
 */
export function toJson(report: Report): Readonly<Record<string, JsonValue>> {
  return {
    schema: JSON_SCHEMA_NUMBER,
    tool: { name: 'haven', version: report.version },
    command: report.command,
    ms: round(report.ms),
    configs: report.configurations.map(toConfigurationJson),
  };
}

/** The document of a command that judges no configuration: its facts stand beside an empty list. */
export function toFactsJson(
  command: string,
  version: string,
  facts: Readonly<Record<string, JsonValue>>,
): JsonValue {
  const tool = { name: 'haven', version };
  return { schema: JSON_SCHEMA_NUMBER, tool, command, configs: [], ...facts };
}

/**
 * The same document where there is nothing to report on: wrong usage, or a failure of the toolkit.
 */
export function toErrorJson(
  command: string,
  version: string,
  error: { readonly code: string; readonly message: string; readonly help: string },
): JsonValue {
  return {
    schema: JSON_SCHEMA_NUMBER,
    tool: { name: 'haven', version },
    command,
    configs: [],
    error: { ...error, area: getAreaOfCode(error.code), severity: 'error' },
  };
}

function toConfigurationJson(report: ConfigurationReport): JsonValue {
  return {
    file: report.file,
    platform: report.platform,
    verdict: computeVerdict(report),
    interrupted: report.interrupted,
    ms: round(report.ms),
    diagnostics: report.diagnostics.map(toDiagnosticJson),
    rules: (report.rules ?? []).map(({ area, rules, violated }) => ({ area, rules, violated })),
    obligations: (report.obligations ?? []).map((result) => ({
      ...toObligationJson(result),
      ...(report.isExplained ? toExplanationJson(result) : {}),
    })),
    bounds: (report.bounds ?? []).map((row) => ({
      partition: row.partition,
      core: row.core,
      task: row.task,
      kind: row.kind,
      bound_ns: row.boundNs,
      required_ns: row.requiredNs,
      witnessed_ns: row.witnessedNs,
      unwitnessed: row.unwitnessed,
      method: row.method,
    })),
    time_scope: report.timeScope === null ? null : { ...report.timeScope },
    timing: report.timing === null ? null : toTimingJson(report.timing),
    fuzz: report.fuzz === null ? null : toFuzzJson(report.fuzz),
    disagreements: report.disagreements,
  };
}

function toTimingJson(timing: TimingReport): JsonValue {
  return {
    rows: timing.rows.map(toTimingRowJson),
    changes: timing.changes,
    before: timing.before.map(toTimingRowJson),
    sensitivity:
      timing.sensitivity?.map(({ what, nowNs, leastNs, mostNs, breaks }) => ({
        what,
        now_ns: nowNs,
        least_ns: leastNs,
        most_ns: mostNs,
        breaks,
      })) ?? null,
    traces: timing.traces.map(({ title, chart, file, note }) => ({
      title,
      counterexample: file,
      note,
      gantt: renderGantt(chart),
    })),
    explored: timing.explored.map((row) => ({
      core: row.core,
      partition: row.partition,
      policy: row.policy,
      divisor: row.divisor,
      rounded: row.rounded,
      states: row.states,
      delays: row.delays.map((delay) => ({ ...delay })),
      in_contract: row.contract === null ? null : { ...row.contract },
      gantt: row.chart === null ? null : renderGantt(row.chart),
    })),
    notes: [...timing.notes],
  };
}

function toTimingRowJson(row: TimingRow): JsonValue {
  return {
    core: row.core,
    partition: row.partition,
    policy: row.policy,
    utilisation_ppm: row.utilisationPpm,
    delay: toTimingBoundJson(row.delay),
    full_budget: row.fullBudget === null ? null : toTimingBoundJson(row.fullBudget),
    in_contract: toTimingBoundJson(row.inContract),
    latency: toTimingBoundJson(row.latency),
    required_ns: row.requiredNs,
    required_latency_ns: row.requiredLatencyNs,
  };
}

function toTimingBoundJson(bound: TimingBound): JsonValue {
  return {
    ticks: bound.ticks,
    bound_ns: bound.ns,
    witnessed_ticks: bound.witnessedTicks,
    witnessed_ns: bound.witnessedNs,
    method: bound.method,
  };
}

function toDiagnosticJson(diagnostic: Diagnostic): JsonValue {
  return {
    area: getAreaOfCode(diagnostic.code),
    code: diagnostic.code,
    severity: diagnostic.severity,
    message: diagnostic.message,
    help: diagnostic.help,
    at: toLocationJson(diagnostic.at),
    related: diagnostic.related.map((related) => ({
      message: related.message,
      at: toLocationJson(related.at),
    })),
  };
}

function toLocationJson(at: Location): JsonValue {
  return {
    file: at.file,
    line: at.line,
    column: at.column,
    end_line: at.endLine,
    end_column: at.endColumn,
  };
}

function toObligationJson(obligation: ObligationResult): Readonly<Record<string, JsonValue>> {
  return {
    area: obligation.area,
    id: obligation.id,
    statement: obligation.statement,
    status: obligation.status,
    solver: obligation.solver,
    ms: round(obligation.ms),
    size: obligation.size,
    cached: obligation.cached,
    witness: toPlain(obligation.witness),
    detail: obligation.detail,
    search: obligation.search === undefined ? null : toSearchJson(obligation.search),
  };
}

function toSearchJson(search: CaseSearch): JsonValue {
  if (search.kind !== 'reached') return { ...search };
  const { file, ...rest } = search;
  return { ...rest, counterexample: file };
}

/** What `--explain` adds: thousands of instances would repeat the same sentences. */
function toExplanationJson(obligation: ObligationResult): Readonly<Record<string, JsonValue>> {
  return {
    formula: obligation.formula,
    source: obligation.source,
    premises: toPlain(obligation.premises ?? null),
  };
}

function toFuzzJson(fuzz: FuzzSummary): JsonValue {
  return {
    seed: fuzz.seed,
    steps: fuzz.steps,
    steps_per_second: fuzz.ms > 0 ? Math.round((fuzz.steps / fuzz.ms) * 1_000) : 0,
    ms: round(fuzz.ms),
    coverage: { ...fuzz.coverage },
    never_done: fuzz.neverDone,
    never_judged: fuzz.neverJudged,
    counterexamples: fuzz.counterexamples,
    failures: fuzz.failures,
    ...(fuzz.campaign === undefined ? {} : toCampaignJson(fuzz.campaign)),
  };
}

function toCampaignJson(campaign: FuzzCampaign): Readonly<Record<string, JsonValue>> {
  const { corpus, unreached, crashes } = campaign;
  return {
    traces: campaign.traces,
    features: campaign.features,
    states: campaign.states,
    discovery: campaign.discovery,
    ms_since_new: round(campaign.msSinceNew),
    outcomes: toPlain(campaign.outcomes),
    evaluations: { ...campaign.evaluations },
    unreached: unreached.map((one) => ({ ...one })),
    corpus:
      corpus === null
        ? null
        : { ...corpus, skipped: corpus.skipped.map(({ path, message }) => ({ path, message })) },
    stories: campaign.stories,
    crashes: crashes.map(({ file, ...rest }) => ({ ...rest, counterexample: file })),
  };
}

/**
 * Any data as JSON: words (`bigint`) become hexadecimal strings, and what JSON lacks becomes null.
 */
export function toPlain(value: unknown): JsonValue {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'number') return Number.isFinite(value) ? value : null;
  if (typeof value === 'bigint') return `0x${value.toString(16)}`;
  if (Array.isArray(value)) return value.map(toPlain);
  if (value instanceof Map) return toPlain(Object.fromEntries(value));
  if (typeof value === 'object') {
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, toPlain(inner)]));
  }
  return null;
}

function round(ms: number): number {
  return Math.round(ms * 1_000) / 1_000;
}
