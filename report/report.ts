/**
 * Reports: what a command found out about each configuration, before anyone prints it.
 *
 * The terminal, JSON, SARIF, JUnit and HTML writers beside this file all read the same `Report`, so
 * that no format can say more, or less, than another.
 */

import type { Diagnostic } from '../formats/diagnostic.ts';
import { getAreaOfCode } from '../properties/findings.ts';
import type { Area } from '../properties/findings.ts';
import type { ObligationResult } from '../solver/obligation.ts';
import type { TimingReport } from './timing.ts';

/** What is known about a configuration after a command. */
export type Verdict = 'holds' | 'violated' | 'invalid' | 'inconclusive';

/** The rules that a check ran, and how many of them found something to refuse. */
export interface RuleTally {
  readonly area: Area;
  /** Rules of the area that ran. */
  readonly rules: number;
  /** Rules of the area that reported at least one error. */
  readonly violated: number;
}

/** A bound on the time of one reservation, whole core or task. */
export interface BoundRow {
  readonly partition: string;
  readonly core: number;
  /** The task whose response time it is; null for a bound of the virtual CPU. */
  readonly task: string | null;
  /** For example `delay`, `response`. */
  readonly kind: string;
  /** Nanoseconds; null where there is no finite bound. */
  readonly boundNs: number | null;
  /** Nanoseconds; null where the configuration requires none. */
  readonly requiredNs: number | null;
  /** Nanoseconds that a replayed trace attains, rounded up; null where none was built. */
  readonly witnessedNs: number | null;
  /** Why no trace was built; null where one was, or none was wanted. */
  readonly unwitnessed: string | null;
  /** How the bound was found, for example `closed`, `phases`; null where only one way is known. */
  readonly method: string | null;
}

/** What is said below every bound on time: what it rests on, and what it leaves out. */
export interface TimeScope {
  /** Costs of EL2 as configured, and what a bound means. */
  readonly assumed: string;
  /** Whether interference on the bus is inside of the claim. */
  readonly bus: string;
}

/** What random exploration of the executable spec saw. */
export interface FuzzSummary {
  readonly seed: number;
  readonly steps: number;
  readonly ms: number;
  /** Steps by kind of action, or whatever the engine counts. */
  readonly coverage: Readonly<Record<string, number>>;
  /** Actions that were never done. */
  readonly neverDone: readonly string[];
  /** Properties that never had anything to judge: a run without them decides nothing. */
  readonly neverJudged: readonly string[];
  /** No delay is bounded, so that none can be exceeded, whatever the number of steps. */
  readonly isUnbounded?: boolean;
  /** Files that hold what it found, relative to the working directory. */
  readonly counterexamples: readonly string[];
  /** One line per failure: which property, and what it saw. */
  readonly failures: readonly string[];
  readonly campaign?: FuzzCampaign;
}

/** What a fuzz run did in detail. */
export interface FuzzCampaign {
  readonly traces: number;
  /** Different features and abstract states seen. */
  readonly features: number;
  readonly states: number;
  /** Chance that the next look at the abstract state sees a new one (Good-Turing). */
  readonly discovery: number;
  /** Time at the end without a new feature. */
  readonly msSinceNew: number;
  /** Per kind of action and outcome, `DONE` or what refused it, how often. */
  readonly outcomes: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** Per property, how often it was evaluated on something that it speaks about. */
  readonly evaluations: Readonly<Record<string, number>>;
  /** Outcomes that actions never had; the reason is null where none is known. */
  readonly unreached: readonly {
    readonly action: string;
    readonly outcome: string;
    readonly reason: string | null;
  }[];
  /** The traces kept in a folder; null where none are. */
  readonly corpus: {
    readonly folder: string;
    /** Traces that were there, of those the ones that were run, and those that are there now. */
    readonly read: number;
    readonly replayed: number;
    readonly kept: number;
    /** Files that are no traces. */
    readonly skipped: readonly { readonly path: string; readonly message: string }[];
  } | null;
  /** Where the fuzzer itself failed; `file` is null where no trace could be written. */
  readonly crashes: readonly {
    readonly reason: string;
    readonly message: string;
    readonly seed: number;
    readonly traces: number;
    readonly file: string | null;
  }[];
  /** Of the first failures, what led to each: who did what, and what should have happened. */
  readonly stories: readonly (readonly string[])[];
  /** How much of this a terminal shows. */
  readonly shown: 'nothing' | 'summary' | 'everything';
}

/** Everything found out about one configuration. A part that did not run is null. */
export interface ConfigurationReport {
  /** As the user named it. */
  readonly file: string;
  /** Name of the platform; null where it could not be read. */
  readonly platform: string | null;
  readonly diagnostics: readonly Diagnostic[];
  /** Codes of the diagnostics that come of proofs and runs; the others come of rules. */
  readonly derivedCodes: readonly string[];
  readonly rules: readonly RuleTally[] | null;
  readonly obligations: readonly ObligationResult[] | null;
  /** Obligations are to be shown with formula, source and size, not only counted. */
  readonly isExplained: boolean;
  readonly bounds: readonly BoundRow[] | null;
  /** Said wherever bounds are shown; null where there are none. */
  readonly timeScope: TimeScope | null;
  /** Tables and runs about time, where the command is about nothing else. */
  readonly timing: TimingReport | null;
  readonly fuzz: FuzzSummary | null;
  /** Check and proof contradict each other: always a defect of the toolkit, never of the input. */
  readonly disagreements: readonly string[];
  /** Text of every file that a diagnostic points into, for code frames. */
  readonly sources: ReadonlyMap<string, string>;
  /** The input could not be used, so nothing but `diagnostics` means anything. */
  readonly invalid: boolean;
  /** The run was stopped before everything was decided. */
  readonly interrupted: boolean;
  /** Wall-clock time of this configuration, milliseconds. */
  readonly ms: number;
}

/** What one run of a command found out. */
export interface Report {
  readonly command: string;
  readonly version: string;
  readonly configurations: readonly ConfigurationReport[];
  readonly ms: number;
}

/** The verdict: wrong input first, then any violation, then anything undecided; else it holds. */
export function computeVerdict(report: Omit<ConfigurationReport, 'ms'>): Verdict {
  if (report.invalid) return 'invalid';
  if (isViolated(report)) return 'violated';
  if (isUndecided(report)) return 'inconclusive';
  return 'holds';
}

function isViolated(report: Omit<ConfigurationReport, 'ms'>): boolean {
  return (
    report.diagnostics.some((diagnostic) => diagnostic.severity === 'error') ||
    (report.obligations ?? []).some((obligation) => obligation.status === 'refuted') ||
    (report.fuzz?.failures.length ?? 0) > 0 ||
    (report.fuzz?.counterexamples.length ?? 0) > 0
  );
}

/**
 * Only `discharged` passes. A part that ran and did nothing has decided nothing, and a
 * contradiction of our own is no proof either.
 */
function isUndecided(report: Omit<ConfigurationReport, 'ms'>): boolean {
  return (
    report.interrupted ||
    report.disagreements.length > 0 ||
    (report.timing?.explored ?? []).some(({ states }) => states === null) ||
    report.obligations?.length === 0 ||
    report.fuzz?.steps === 0 ||
    (report.fuzz?.neverJudged.length ?? 0) > 0 ||
    (report.fuzz?.campaign?.crashes.length ?? 0) > 0 ||
    (report.obligations ?? []).some((obligation) => obligation.status !== 'discharged')
  );
}

/** Exit code of a verdict: 0 holds, 1 violated, 2 invalid, 3 inconclusive. */
export const EXIT_CODES: Readonly<Record<Verdict, number>> = {
  holds: 0,
  violated: 1,
  invalid: 2,
  inconclusive: 3,
};

const WORST_FIRST: readonly Verdict[] = ['invalid', 'violated', 'inconclusive', 'holds'];

/** The worst verdict of several, in the order invalid, violated, inconclusive, holds. */
export function computeWorst(verdicts: readonly Verdict[]): Verdict {
  return WORST_FIRST.find((verdict) => verdicts.includes(verdict)) ?? 'holds';
}

/** Order in which areas are shown everywhere. */
export const AREAS: readonly Area[] = [
  'CFG',
  'MEM',
  'DEV',
  'DMA',
  'IRQ',
  'CPU',
  'CHN',
  'HYP',
  'SEAL',
  'NI',
];

/** Counts the rules of each area, and those of them that an error of the diagnostics violates. */
export function computeRuleTally(
  codes: readonly string[],
  diagnostics: readonly Pick<Diagnostic, 'code' | 'severity'>[],
): RuleTally[] {
  const violated = new Set(
    diagnostics.filter(({ severity }) => severity === 'error').map(({ code }) => code),
  );
  return AREAS.map((area) => {
    const own = codes.filter((code) => getAreaOfCode(code) === area);
    return { area, rules: own.length, violated: own.filter((code) => violated.has(code)).length };
  }).filter((tally) => tally.rules > 0);
}
