import { expect, test } from 'vitest';
import { step } from '../../model/step.ts';
import { createSmallBoard } from '../../model/testing/small-board.ts';
import { fuzzConfiguration } from '../engine/fuzz.ts';
import type { StepFunction } from '../engine/run.ts';
import { watchState } from '../property.ts';
import type { Monitor } from '../property.ts';
import { NONINTERFERENCE_PROPERTIES } from './noninterference.ts';

const LOCAL_RESPECT = NONINTERFERENCE_PROPERTIES.filter(
  ({ id }) => id === 'noninterference.local-respect',
);

/** An action after which a search looks at other views only now and then changes all of them. */
const writeReachesEverybody: StepFunction = (plan, machine, action) => {
  const outcome = step(plan, machine, action);
  if (action.kind !== 'register-write' || outcome !== 'DONE') return outcome;
  for (const partition of machine.partitions) {
    for (const line of partition.lines) line.enabled = !line.enabled;
  }
  return outcome;
};

test('an influence is found and named by the action that has it, looked at or not', async () => {
  const { failures } = await fuzzConfiguration(createSmallBoard(), {
    seed: 1,
    steps: 10_000,
    step: writeReachesEverybody,
    properties: LOCAL_RESPECT,
  });
  const [failure] = failures;
  expect(failure?.violation.property).toBe('noninterference.local-respect');
  expect(failure?.violation.message).toContain('register-write');
  expect(failure?.trace.actions.at(-1)?.kind).toBe('register-write');
});

/** Asks a condition on the state 256 times after a step with this outcome. */
function countLooks(complete: boolean, outcome: 'DONE' | 'BAD_VALUE'): number {
  const monitor: Monitor = watchState({ look: { complete } }, (_action, count) => {
    count();
    return null;
  });
  for (let steps = 0; steps < 256; steps += 1) monitor.after({ kind: 'wait', core: 0 }, outcome);
  return monitor.countEvaluations();
}

test('a condition on states is asked after a refusal only where the look is complete', () => {
  expect(countLooks(false, 'DONE')).toBe(256);
  expect(countLooks(true, 'BAD_VALUE')).toBe(256);
  expect(countLooks(false, 'BAD_VALUE')).toBe(0);
});
