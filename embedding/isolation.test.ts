/**
 * What others test by: nothing is found in the spec, and a seeded bug is, shrunk and told.
 */

import { fc } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';

import { createSmallBoard } from '../model/testing/small-board.ts';
import { step } from '../model/step.ts';
import { createRunner, runTrace, type StepFunction } from '../properties/engine/run.ts';
import { traceArbitrary } from '../properties/generators/traces.ts';
import { assertIsolation, findViolation, IsolationError } from './isolation.ts';
import { testIsolation } from './vitest.ts';

/** The TLB caches the neighbour of the page that was asked for. */
const leaky: StepFunction = (plan, machine, action) => {
  const outcome = step(plan, machine, action);
  if (action.kind === 'tlb-fill' && outcome === 'DONE') {
    const entry = machine.cores[action.core]?.tlb[action.slot];
    if (entry !== undefined) entry.frame += 1;
  }
  return outcome;
};

/** One kind of action cannot be taken. */
const throwing: StepFunction = (plan, machine, action) => {
  if (action.kind === 'tlb-fill') throw new Error('no such thing');
  return step(plan, machine, action);
};

/** None can be. */
const broken = (): never => {
  throw new Error('no such machine');
};

const board = createSmallBoard();

function isolation(): void {
  assertIsolation(board, { step: leaky });
}

describe('a test of isolation', () => {
  test('finds nothing in the spec', () => {
    expect(findViolation(board, { numRuns: 40 })).toBeNull();
    expect(() => assertIsolation(board, { numRuns: 5 })).not.toThrow();
  });

  test('finds a seeded bug and shrinks it to a trace that breaks the same property', () => {
    const failure = findViolation(board, { step: leaky });
    expect(failure?.trace.actions.map(({ kind }) => kind)).toEqual(['tlb-fill']);
    expect(failure?.foundLength).toBeGreaterThan(1);
    if (failure === null) return;
    const { violation } = runTrace(createRunner(board, { step: leaky }), failure.trace);
    expect(violation?.property).toBe(failure.violation.property);
  });

  test('tells who did what, and what is wrong with it', () => {
    expect(isolation).toThrow(IsolationError);
    expect(isolation).toThrow(
      /is broken: .*\nafter a boot that nothing disturbed:\n {2}1\. the TLB of core .*: done\n/,
    );
    expect(isolation).toThrow(/\nexpected: .*/);
    expect(isolation).toThrow(/\nthe last step changes core \d: tlb/);
  });

  test('draws the same for the same seed', () => {
    const options = { step: leaky, seed: 7 };
    expect(findViolation(board, options)).toEqual(findViolation(board, options));
  });

  test('tells of a step that throws', () => {
    const failure = findViolation(board, { step: throwing });
    expect(failure?.violation.property).toBe('seal.total');
    expect(failure?.story).toMatch(/throws: no such thing\n.*\n {2}1\. the TLB of core .*: throws/);
  });

  test('never passes where not even boot can be run', () => {
    expect(() => findViolation(board, { step: broken })).toThrow('no such machine');
  });

  test('is what any property of fast-check over traces is', () => {
    const runner = createRunner(board);
    fc.assert(
      fc.property(
        traceArbitrary(runner.plan, 16),
        (trace) => runTrace(runner, trace).violation === null,
      ),
      { numRuns: 10, seed: 1 },
    );
  });
});

testIsolation(board, { title: 'isolation in one test', numRuns: 10, together: true });
testIsolation(board, { title: 'isolation by property', numRuns: 3, maxLength: 16 });
