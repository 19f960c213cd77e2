/** The analyses that commands are made of; each fills its part of a report draft. */

import type { AllowingLine } from '../counterexamples/format.ts';
import type { Diagnostic } from '../formats/diagnostic.ts';
import type { LoadedConfiguration } from '../formats/read.ts';
import type { FuzzFailure } from '../properties/engine/fuzz.ts';
import type { TimeBound, Violation } from '../properties/property.ts';
import { getAreaOfCode } from '../properties/findings.ts';
import type { Finding } from '../properties/findings.ts';
import { formatLocation } from '../report/code-frame.ts';
import { computeRuleTally } from '../report/report.ts';
import { getClaim } from '../solver/obligation.ts';
import type { ObligationResult } from '../solver/obligation.ts';
import { getMessage } from './output.ts';
import { createChosenSolver } from './solver-options.ts';
import type { SolverOptions } from './solver-options.ts';
import { UsageError } from './usage.ts';
import type { Draft, Session } from './session.ts';

/** Runs every rule that needs no solver. Returns the findings, for comparison with proofs. */
export async function analyseRules(loaded: LoadedConfiguration, draft: Draft): Promise<Finding[]> {
  const [{ checkConfiguration }, { RULES }, { toDiagnostic }] = await Promise.all([
    import('../properties/rules/check.ts'),
    import('../properties/rules/all.ts'),
    import('../formats/read.ts'),
  ]);
  const findings = checkConfiguration(loaded.configuration);
  draft.diagnostics = [
    ...draft.diagnostics,
    ...findings.map((finding) => toDiagnostic(loaded, finding)),
  ];
  draft.rules = computeRuleTally(
    RULES.map(({ code }) => code),
    draft.diagnostics,
  );
  return findings;
}

/** What a proof run may be told. */
export interface ProofOptions extends SolverOptions {
  /** Only obligations whose id matches the glob. */
  readonly only?: string;
  /** Per obligation, milliseconds. */
  readonly timeout?: number;
  /** Solver workers at a time. */
  readonly jobs?: number;
  /** Receives each query as SMT-LIB text. */
  readonly onQuery?: (id: string, text: string) => void;
  /** Folder for counterexample files; default `counterexamples`. */
  readonly out?: string;
}

/**
 * Proves every obligation; refuted ones become diagnostics, and those about the spec are searched
 * for from reset.
 */
export async function analyseObligations(
  loaded: LoadedConfiguration,
  draft: Draft,
  session: Session,
  options: ProofOptions,
): Promise<ObligationResult[]> {
  const [{ proveConfiguration, proveSpec }, { toDiagnostic }] = await Promise.all([
    import('../solver/prove.ts'),
    import('../formats/read.ts'),
  ]);
  const { only, timeout, jobs, onQuery } = options;
  const limits = {
    ...(timeout === undefined ? {} : { timeoutMs: timeout }),
    ...(jobs === undefined ? {} : { jobs }),
    signal: session.signal,
  };
  const solver = await createChosenSolver(options, limits);
  const proof = {
    ...limits,
    ...(only === undefined ? {} : { only }),
    ...(onQuery === undefined ? {} : { onQuery }),
    solver,
    onProgress: (done: number, total: number, id: string) =>
      session.progress.show(
        `proving ${draft.file}: ${total === 0 ? id : `${done} of ${total}, ${id}`}`,
      ),
  };
  const { configuration } = loaded;
  const prove = async (): Promise<ObligationResult[]> => {
    const tables = await proveConfiguration(configuration, proof);
    if (options.spec === false) return tables;
    // Proofs about the spec start from tables that hold; without them the report says so.
    const holds =
      tables.every(({ status }) => status === 'discharged') &&
      draft.diagnostics.every(({ severity }) => severity !== 'error');
    return holds ? [...tables, ...(await proveSpec(configuration, proof))] : tables;
  };
  const results = await prove().finally(() => solver.close());
  session.progress.clear();
  if (results.length === 0 && only !== undefined) {
    throw await createNoMatchError(only, options.spec !== false);
  }
  draft.obligations = results;
  addDerived(
    draft,
    results.flatMap(({ finding }) => (finding === null ? [] : [toDiagnostic(loaded, finding)])),
  );
  draft.obligations = await searchForCases(loaded, draft, session, results, options.out);
  return results;
}

/** Searches from reset for the cases that refute obligations about the spec. */
async function searchForCases(
  loaded: LoadedConfiguration,
  draft: Draft,
  session: Session,
  results: readonly ObligationResult[],
  folder: string | undefined,
): Promise<readonly ObligationResult[]> {
  if (results.every((result) => (result.case ?? null) === null)) return results;
  const [{ reachAll }, { listDelayBounds }] = await Promise.all([
    import('../solver/induction/reach.ts'),
    import('../solver/timing/delay-bounds.ts'),
  ]);
  const delayBounds = listDelayBounds(loaded.configuration);
  const write = await createRecorder(loaded, delayBounds, session, folder);
  const searched = await reachAll(loaded.configuration, results, {
    delayBounds,
    signal: session.signal,
    onProgress: (id, steps) =>
      session.progress.show(`searching ${draft.file} for ${id}: ${steps} steps`),
    record: ({ id: obligation }, failure, seed) => write(failure, { seed, obligation }),
  });
  session.progress.clear();
  return searched;
}

async function createNoMatchError(only: string, isWithSpec: boolean): Promise<UsageError> {
  const [{ findNearest }, { CLAIMS }, { INDUCTION_CLAIMS }] = await Promise.all([
    import('../formats/suggest.ts'),
    import('../solver/claims.ts'),
    import('../solver/induction/claims.ts'),
  ]);
  const claim = getClaim(only);
  const isOfSpec = INDUCTION_CLAIMS.some(({ id }) => id === claim.replace(/\*$/, ''));
  if (isOfSpec && !isWithSpec) {
    return new UsageError(
      `no obligation about tables or bounds matches ${only}`,
      'that claim is about the actions of the spec: leave --no-spec out',
    );
  }
  const ids = CLAIMS.map(({ id }) => id);
  // Of a claim that there is, it is the instance that this configuration does not have.
  const known = ids.find((id) => id === claim);
  const advice =
    known === undefined
      ? adviseNearest(findNearest(claim, ids))
      : `--only '${known}' takes all that the configuration makes of the claim`;
  return new UsageError(`no obligation matches ${only}`, advice);
}

function adviseNearest(nearest: string | null): string {
  const meant = nearest === null ? '' : `did you mean ${nearest}? `;
  return `${meant}haven explain alone lists all ids`;
}

/** Adds the least bounds, which the obligations of time prove, and what runs show of them. */
export async function analyseBounds(loaded: LoadedConfiguration, draft: Draft): Promise<void> {
  const { describeScope, listBoundRows, listWitnessedBounds } = await import('./timing.ts');
  const { configuration } = loaded;
  const bounds = listWitnessedBounds(configuration, true);
  draft.bounds = listBoundRows(configuration, bounds, false);
  draft.timeScope = describeScope(configuration);
}

/** Writes a failure to a file of its own; gives the path, or null where it cannot be written. */
export type Recorder = (
  failure: FuzzFailure,
  origin: { readonly seed: number; readonly obligation?: string },
) => string | null;

/** Gets ready to write failures to files of a folder; one that cannot be written is told. */
export async function createRecorder(
  loaded: LoadedConfiguration,
  delayBounds: readonly TimeBound[],
  session: Session,
  folder = 'counterexamples',
): Promise<Recorder> {
  const { recordFailure, writeCounterexample } = await import('../counterexamples/record.ts');
  const { configuration, file, digest } = loaded;
  return (failure, origin) => {
    const allowed = listAllowing(loaded, failure.violation);
    const provenance = { tool: `haven-model ${session.version}`, file, digest, allowed, ...origin };
    const record = recordFailure(configuration, delayBounds, failure, provenance);
    try {
      return writeCounterexample(folder, record);
    } catch (error) {
      // What was found counts all the same: a folder must not turn a violation into bad usage.
      process.stderr.write(
        `haven: cannot write a counterexample to ${folder}: ${getMessage(error)}; ` +
          'name a folder that you may write to with --out\n',
      );
      return null;
    }
  };
}

/** The lines of the configuration that a violation names. */
export function listAllowing(
  loaded: LoadedConfiguration,
  { at, related }: Pick<Violation, 'at' | 'related'>,
): AllowingLine[] {
  return [{ message: '', at }, ...related].flatMap((place) => {
    if (place.at.length < 2) return [];
    const { file, line } = loaded.locate(place.at);
    const text = loaded.sources.get(file)?.split(/\r?\n/)[line - 1];
    const name = file.split(/[\\/]/).at(-1) ?? file;
    return text === undefined ? [] : [{ message: place.message, file: name, line, text }];
  });
}

/** Adds what proofs and runs found; the same defect at the same places is shown once. */
export function addDerived(draft: Draft, added: readonly Diagnostic[]): void {
  const keys = new Set(draft.diagnostics.map(getKey));
  const diagnostics = [...draft.diagnostics];
  for (const diagnostic of added) {
    if (keys.has(getKey(diagnostic))) continue;
    keys.add(getKey(diagnostic));
    diagnostics.push(diagnostic);
  }
  draft.diagnostics = diagnostics;
  draft.derivedCodes = [...new Set([...draft.derivedCodes, ...added.map(({ code }) => code)])];
}

/** Area and places, in any order: rule and obligation word the same defect differently. */
function getKey({ code, at, related }: Diagnostic): string {
  const places = [at, ...related.map((place) => place.at)].map(formatLocation);
  return [getAreaOfCode(code), ...new Set(places)].sort().join(' ');
}
