/** The analyses that commands are made of; each fills its part of a report draft. */

import type { Diagnostic } from '../formats/diagnostic.ts';
import type { LoadedConfiguration } from '../formats/read.ts';
import { getAreaOfCode } from '../properties/findings.ts';
import type { Finding } from '../properties/findings.ts';
import { formatLocation } from '../report/code-frame.ts';
import { computeRuleTally } from '../report/report.ts';
import type { ObligationResult } from '../solver/obligation.ts';
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
export interface ProofOptions {
  /** Only obligations whose id matches the glob. */
  readonly only?: string;
  /** Per obligation, milliseconds. */
  readonly timeout?: number;
  /** Solver workers at a time. */
  readonly jobs?: number;
  /** Receives each query as SMT-LIB text. */
  readonly onQuery?: (id: string, text: string) => void;
}

/** Proves every obligation; refuted ones become diagnostics. Fills the bounds as well. */
export async function analyseObligations(
  loaded: LoadedConfiguration,
  draft: Draft,
  session: Session,
  options: ProofOptions,
): Promise<ObligationResult[]> {
  const [{ proveConfiguration }, { toDiagnostic }] = await Promise.all([
    import('../solver/prove.ts'),
    import('../formats/read.ts'),
  ]);
  const { only, timeout, jobs, onQuery } = options;
  const results = await proveConfiguration(loaded.configuration, {
    ...(only === undefined ? {} : { only }),
    ...(timeout === undefined ? {} : { timeoutMs: timeout }),
    ...(jobs === undefined ? {} : { jobs }),
    ...(onQuery === undefined ? {} : { onQuery }),
    signal: session.signal,
    onProgress: (done, total, id) =>
      session.progress.show(`proving ${draft.file}: ${done} of ${total}, ${id}`),
  });
  session.progress.clear();
  draft.obligations = results;
  draft.diagnostics = mergeDiagnostics(
    draft.diagnostics,
    results.flatMap(({ finding }) => (finding === null ? [] : [toDiagnostic(loaded, finding)])),
  );
  return results;
}

/** Adds the bounds in closed form; they are what the obligations of time prove. */
export async function analyseBounds(loaded: LoadedConfiguration, draft: Draft): Promise<void> {
  const { computeBounds, computeTaskBounds } = await import('../solver/timing/bounds.ts');
  const { configuration } = loaded;
  const bounds = [...computeBounds(configuration), ...computeTaskBounds(configuration)];
  draft.bounds = bounds.map((bound) => ({
    partition: bound.partition,
    core: bound.core,
    task: bound.kind === 'response' ? bound.task : null,
    kind: bound.kind,
    boundNs: bound.boundNs,
    requiredNs: bound.requiredNs,
    witnessedNs: null,
  }));
}

/** Findings of proofs beside those of rules; the same defect at the same place is shown once. */
export function mergeDiagnostics(
  known: readonly Diagnostic[],
  added: readonly Diagnostic[],
): Diagnostic[] {
  const merged = [...known];
  const keys = new Set(known.map(getKey));
  for (const diagnostic of added) {
    if (keys.has(getKey(diagnostic))) continue;
    keys.add(getKey(diagnostic));
    merged.push(diagnostic);
  }
  return merged;
}

/** Area and places, in any order: rule and obligation word the same defect differently. */
function getKey({ code, at, related }: Diagnostic): string {
  const places = [at, ...related.map((place) => place.at)].map(formatLocation);
  return [getAreaOfCode(code), ...new Set(places)].sort().join(' ');
}
