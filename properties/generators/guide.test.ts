import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Action } from '../../model/actions.ts';
import { NONE } from '../../model/machine.ts';
import { createPlan } from '../../model/plan.ts';
import { createSmallBoard } from '../../model/testing/small-board.ts';
import type { Guide } from './guide.ts';
import { traceArbitrary } from './traces.ts';
import type { Trace } from './traces.ts';

const PLAN = createPlan(createSmallBoard());
const TRACES = 200;

const GUIDE: Guide = {
  kind: 'tlb-fill',
  operands: { core: 1, slot: 1, address: 0x1234_5000 },
  partition: NONE,
  isBooting: false,
};

function sample(guide?: Guide): Trace[] {
  return fc.sample(traceArbitrary(PLAN, 20, guide), { seed: 1, numRuns: TRACES });
}

function countShare(traces: readonly Trace[], is: (action: Action) => boolean): number {
  const actions = traces.flatMap((trace) => trace.actions);
  return actions.filter(is).length / actions.length;
}

function isStep(action: Action): boolean {
  return (
    action.kind === 'tlb-fill' &&
    action.core === 1 &&
    action.slot === 1 &&
    action.address === 0x1234_5000
  );
}

/** Of another kind, and about the page of the step. */
function isNear(action: Action): boolean {
  return action.kind !== 'tlb-fill' && 'address' in action && action.address === 0x1234_5000;
}

function isOnCore(action: Action): boolean {
  return 'core' in action && action.core === 0;
}

function isFailure(action: Action): boolean {
  return action.kind === 'boot' && action.fails;
}

function computeResetShare(traces: readonly Trace[]): number {
  return traces.filter(({ start }) => start === 'reset').length / TRACES;
}

describe('a guided trace', () => {
  test('comes to the step often, which no other trace comes to', () => {
    expect(countShare(sample(GUIDE), isStep)).toBeGreaterThan(0.05);
    expect(countShare(sample(), isStep)).toBe(0);
  });

  test('has other actions with the operands of the step', () => {
    expect(countShare(sample(GUIDE), isNear)).toBeGreaterThan(0.03);
    expect(countShare(sample(), isNear)).toBe(0);
  });

  test('has the cores of the partition more often', () => {
    const left = { ...GUIDE, operands: {}, partition: 0 };
    const bare = { ...GUIDE, operands: {} };
    expect(PLAN.partitions[0]?.vcpus.map(({ core }) => core)).toContain(0);
    expect(countShare(sample(left), isOnCore)).toBeGreaterThan(countShare(sample(bare), isOnCore));
  });

  test('starts at reset as a rule where the step is one of boot', () => {
    const boot: Guide = { ...GUIDE, kind: 'boot', operands: { core: 0 }, isBooting: true };
    expect(computeResetShare(sample(boot))).toBeGreaterThan(0.7);
    expect(computeResetShare(sample(GUIDE))).toBeLessThan(0.3);
  });

  test('keeps what makes an action fail or not', () => {
    const boot: Guide = { ...GUIDE, kind: 'boot', operands: { core: 0 } };
    const failing: Guide = { ...boot, operands: { core: 0, fails: true } };
    expect(countShare(sample(failing), isFailure)).toBe(countShare(sample(boot), isFailure));
  });
});
