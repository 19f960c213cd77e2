/**
 * Shrinking: a failing trace becomes a shorter one that breaks the same property.
 *
 * fast-check shrinks first, since it knows how the operands were drawn. What it leaves is then
 * reduced by removing one action and pairs of actions at a time until nothing more can go (Zeller,
 * Hildebrandt 2002, Simplifying and Isolating Failure-Inducing Input: 1-minimality).
 */

import type { Action } from '../../model/actions.ts';
import type { Trace } from '../generators/traces.ts';
import { runTrace } from './run.ts';
import type { Runner } from './run.ts';

/** Traces longer than this are reduced by single removals only: pairs are quadratic. */
const PAIRS_UP_TO = 40;

/** Whether the trace breaks this very property. */
export function isFailing(runner: Runner, trace: Trace, property: string): boolean {
  return runTrace(runner, trace, { target: property }).violation !== null;
}

/** The shortest trace that removals find; it breaks the same property. */
export function reduceTrace(runner: Runner, failing: Trace, property: string): Trace {
  let trace = cutAfterViolation(runner, failing, property);
  const booted = skipBoot(trace);
  if (isFailing(runner, booted, property)) trace = cutAfterViolation(runner, booted, property);
  for (;;) {
    const shorter = removeOne(runner, trace, property) ?? removePair(runner, trace, property);
    if (shorter === null) return trace;
    trace = shorter;
  }
}

/** The same without its boot: what breaks after an undisturbed boot is told without it. */
function skipBoot(trace: Trace): Trace {
  return { start: 'booted', actions: trace.actions.filter(({ kind }) => kind !== 'boot') };
}

function cutAfterViolation(runner: Runner, trace: Trace, property: string): Trace {
  const { steps } = runTrace(runner, trace, { target: property });
  return { start: trace.start, actions: trace.actions.slice(0, steps) };
}

function removeOne(runner: Runner, trace: Trace, property: string): Trace | null {
  for (let at = trace.actions.length - 1; at >= 0; at -= 1) {
    const candidate = without(trace, [at]);
    if (isFailing(runner, candidate, property)) return candidate;
  }
  return null;
}

function removePair(runner: Runner, trace: Trace, property: string): Trace | null {
  const { length } = trace.actions;
  if (length > PAIRS_UP_TO) return null;
  for (let first = 0; first < length; first += 1) {
    for (let second = first + 1; second < length; second += 1) {
      const candidate = without(trace, [first, second]);
      if (isFailing(runner, candidate, property)) return candidate;
    }
  }
  return null;
}

function without(trace: Trace, positions: readonly number[]): Trace {
  const actions: Action[] = trace.actions.filter((_, index) => !positions.includes(index));
  return { start: trace.start, actions };
}
