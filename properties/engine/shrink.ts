/**
 * Shrinking: a failing trace becomes a short one that breaks the same property.
 *
 * fast-check drives it, as it does for whoever embeds the arbitraries in tests.
 */

import fc from 'fast-check';
import { traceArbitrary } from '../generators/traces.ts';
import type { Trace } from '../generators/traces.ts';
import type { Violation } from '../property.ts';
import { narrowRunner, runTrace } from './run.ts';
import type { Runner } from './run.ts';

/** Evaluations that shrinking may take before it settles for what it has. */
const EVALUATIONS_MAX = 1000;

/** A trace that breaks a property, as short as shrinking has made it. */
export interface ShrunkTrace {
  readonly trace: Trace;
  readonly violation: Violation;
  /** Runs that it took. */
  readonly evaluations: number;
}

/**
 * Shrinks a trace that breaks the property `target`. Throws `LostViolationError` where it does not.
 */
export function shrinkTrace(runner: Runner, failing: Trace, target: string): ShrunkTrace {
  const narrow = narrowRunner(runner, target);
  let evaluations = 0;
  let best: { trace: Trace; violation: Violation } | null = null;
  // Different ways of reduction come to the same trace.
  const tried = new Set<string>();
  const property = fc.property(traceArbitrary(runner.plan, 0), (trace) => {
    const text = JSON.stringify(trace);
    if (tried.has(text)) return true;
    tried.add(text);
    evaluations += 1;
    if (evaluations > EVALUATIONS_MAX) return true;
    const { violation } = runTrace(narrow, trace, { target });
    if (violation === null) return true;
    best = { trace, violation };
    return false;
  });
  fc.check(property, { examples: [[failing]], numRuns: 1, seed: 0 });
  const found: { trace: Trace; violation: Violation } | null = best;
  if (found === null) throw new LostViolationError(target);
  return { ...(found as { trace: Trace; violation: Violation }), evaluations };
}

/** A trace that was found to break a property does not break it when it is run again. */
export class LostViolationError extends Error {
  constructor(property: string) {
    super(`the trace that was found does not break ${property} again`);
  }
}
