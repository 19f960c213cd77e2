/** Grounds of bounds: the rules about time, some of which no bound can do without. */

import type { LoadedConfiguration } from '../formats/read.ts';
import { addDerived } from './analysis.ts';
import type { Draft } from './session.ts';

/** Rules about time: those on cores, on rates, and that there is a partition at all. */
const ABOUT_TIME = /^(CPU-|IRQ-RATE-|CFG-NO-PARTITIONS$)/;

/** Rules that say that there is too much to do: bounds are what shows how much too much. */
const TOO_MUCH: ReadonlySet<string> = new Set([
  'CPU-OVERCOMMITTED',
  'CPU-BUDGET-MINIMUM',
  'CPU-DELAY-IMPOSSIBLE',
  'CPU-TASK-OVERLOAD',
  'CPU-BANDWIDTH-TOTAL',
  'CPU-RATE-DEMAND',
]);

/**
 * Adds what breaks the rules about time to the report. Returns the codes on account of which no
 * number about time would mean anything; none where there can be bounds.
 */
export async function findGroundless(
  loaded: LoadedConfiguration,
  draft: Draft,
): Promise<readonly string[]> {
  const [{ checkConfiguration }, { toDiagnostic }] = await Promise.all([
    import('../properties/rules/check.ts'),
    import('../formats/read.ts'),
  ]);
  const findings = checkConfiguration(loaded.configuration).filter(({ code }) =>
    ABOUT_TIME.test(code),
  );
  addDerived(
    draft,
    findings.map((finding) => toDiagnostic(loaded, finding)),
  );
  const errors = findings.filter(({ severity }) => severity === 'error');
  return [...new Set(errors.map(({ code }) => code))].filter((code) => !TOO_MUCH.has(code));
}

/** Why there are no bounds, in words for the report. */
export function describeGroundless(codes: readonly string[]): string {
  return `nothing about time is computed, because it would rest on what breaks ${codes.join(', ')}`;
}
