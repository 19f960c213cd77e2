import { expect, test } from 'vitest';
import { createSmallBoard } from '../../model/testing/small-board.ts';
import { createView } from '../../model/view.ts';
import { SymbolicObject } from '../lift/values.ts';
import type { Value } from '../lift/values.ts';
import { toTerm } from '../smt/term.ts';
import type { Operand, Term } from '../smt/term.ts';
import { createInduction } from './phase-model.ts';

/** The numbers of a view, in the order of its parts. */
function flatten(value: Value): Term[] {
  if (!(value instanceof SymbolicObject)) return [toTerm(value as Operand)];
  return Object.values(value.fields).flatMap((inner) => flatten(inner));
}

test('the pieces of a view are the whole view, but for memory', () => {
  const { phases, plan, lifter, getModel } = createInduction(createSmallBoard({ its: true }));
  for (const phase of phases) {
    const { run, state, views } = getModel(phase);
    for (const [partition, pieces] of views.entries()) {
      const parts = Object.keys(createView()).map(
        (part) => [part, new SymbolicObject([])] as const,
      );
      const view = new SymbolicObject(Object.fromEntries<Value>(parts));
      const mark = run.mark();
      const observe = lifter.getFunction('model/view.ts', 'observeState');
      observe.call(run, [plan, state.machine, partition, view]);
      const table = lifter.getFunction('model/view.ts', 'observeTable');
      table.call(run, [state.machine, partition, Reflect.get(view.fields, 'table') as Value]);
      const whole = flatten(view);
      run.rollBack(mark);
      expect(pieces.flatMap(({ elements }) => elements.map(({ value }) => value))).toEqual(whole);
      expect(whole.length).toBeGreaterThan(20);
    }
  }
});
