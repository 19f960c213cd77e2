import { describe, expect, test } from 'vitest';
import type { Action } from '../../model/actions.ts';
import type { Line } from '../../model/machine.ts';
import { step } from '../../model/step.ts';
import {
  LEFT_LINE,
  RIGHT_LINE,
  SHARED_CORE,
  createSmallBoard,
} from '../../model/testing/small-board.ts';
import { createRunner, runTrace } from '../engine/run.ts';
import { countEvaluations } from '../engine/statistics.ts';
import type { StepFunction } from '../engine/run.ts';
import type { Violation } from '../property.ts';
import { INTERRUPT_PROPERTIES } from './interrupts.ts';

const TAKEN = INTERRUPT_PROPERTIES.filter(({ id }) => id === 'irq.taken');

const SIGNALLED: readonly Action[] = [
  { kind: 'distributor', core: 0, operation: 'enable', intId: LEFT_LINE, vcpu: 0 },
  { kind: 'line-assert', intId: LEFT_LINE },
];

/** EL2 that takes whatever it is asked to. */
const takeAnything: StepFunction = (plan, machine, action) => {
  if (action.kind !== 'interrupt-take') return step(plan, machine, action);
  const line: Line | undefined = machine.gic.lines[action.intId - plan.spiFirst];
  if (line === undefined) return 'DONE';
  line.pending = false;
  line.active = true;
  return 'DONE';
};

/** The same, and leaves the line of `left` pending. */
const takeAndPend: StepFunction = (plan, machine, action) => {
  const outcome = takeAnything(plan, machine, action);
  const line = machine.gic.lines[LEFT_LINE - plan.spiFirst];
  if (line !== undefined) line.pending = true;
  return outcome;
};

/** What the property says of a trace, and how often it judged. */
function judge(stepFunction: StepFunction, actions: readonly Action[]): [Violation | null, number] {
  const runner = createRunner(createSmallBoard(), { step: stepFunction, properties: TAKEN });
  const { violation, watcher } = runTrace(runner, { start: 'booted', actions });
  return [violation, countEvaluations([watcher])['irq.taken'] ?? 0];
}

function take(core: number, intId: number): Action {
  return { kind: 'interrupt-take', core, intId };
}

describe('irq.taken', () => {
  test.each<[string, readonly Action[], Action]>([
    ['is no line', [], take(0, 9)],
    ['was not pending', SIGNALLED.slice(0, 1), take(0, LEFT_LINE)],
    ['was disabled', SIGNALLED.slice(1), take(0, LEFT_LINE)],
    ['was routed to core 0', SIGNALLED, take(2, LEFT_LINE)],
    [
      'belongs to right, and left ran there',
      [
        { kind: 'distributor', core: 2, operation: 'enable', intId: RIGHT_LINE, vcpu: 0 },
        { kind: 'line-assert', intId: RIGHT_LINE },
        { kind: 'distributor', core: 2, operation: 'route', intId: RIGHT_LINE, vcpu: 1 },
      ],
      take(SHARED_CORE, RIGHT_LINE),
    ],
  ])('says of an interrupt that is taken that it %s', (fault, before, wrong) => {
    const [violation, count] = judge(takeAnything, [...before, wrong]);
    expect(violation?.property).toBe('irq.taken');
    expect(violation?.message).toContain(`which ${fault}`);
    expect(count).toBe(1);
    expect(judge(step, [...before, wrong])).toEqual([null, 0]);
  });

  test('says so of a line that was active, which may be pending in a wrong spec', () => {
    const [violation] = judge(takeAndPend, [...SIGNALLED, take(0, LEFT_LINE), take(0, LEFT_LINE)]);
    expect(violation?.message).toContain('which was active');
  });

  test('judges what is taken rightly, and nothing that is refused', () => {
    const again = take(0, LEFT_LINE);
    expect(judge(step, [...SIGNALLED, again, again])).toEqual([null, 1]);
  });
});
