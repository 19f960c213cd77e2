/** The analyses that commands are made of; each fills its part of a report draft. */

import type { LoadedConfiguration } from '../formats/read.ts';
import type { Finding } from '../properties/findings.ts';
import { computeRuleTally } from '../report/report.ts';
import type { Draft } from './session.ts';

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
