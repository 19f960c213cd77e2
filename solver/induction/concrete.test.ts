import { watchMachine } from '../../properties/inductive/window-invariants.ts';
import { describe, expect, test } from 'vitest';
import type { Action } from '../../model/actions.ts';
import { createMemory, writeWord } from '../../model/memory.ts';
import { createSmallBoard } from '../../model/testing/small-board.ts';
import { createRandom } from '../../properties/engine/random.ts';
import {
  createInductiveMachine,
  createRandomMachine,
} from '../../properties/generators/machines.ts';
import { isInShape } from '../../properties/inductive/shape.ts';
import { createMemoryBase } from '../lift/memory.ts';
import { integer, integerVariable } from '../smt/term.ts';
import { listCases } from './cases.ts';
import { assign, assignMemory, decodeAction, decodeMachine, evaluateAny } from './concrete.ts';
import { createInduction } from './phase-model.ts';
import { createTree } from './state.ts';

const { plan, phases, getModel } = createInduction(createSmallBoard(), { invariants: [] });
const ACTION: Action = { kind: 'section', core: 0, ticks: 3 };

function createMemoryOfTwo() {
  const labels = [-2, -1, ...plan.partitions.keys()];
  const memory = createMemoryBase('memory', (path) => createTree(labels, path));
  memory.read(integer(7));
  memory.read(integerVariable('action.ticks'));
  return memory;
}

describe('values of the variables of a case', () => {
  test.each(phases.map((phase, index) => [index, phase] as const))(
    'give back the machine and the action that they were taken from, in phase %i',
    (index, phase) => {
      const model = getModel(phase);
      for (let seed = 0; seed < 10; seed += 1) {
        const random = createRandom(100 * index + seed);
        const machine = model.watched
          ? watchMachine(plan, createInductiveMachine(plan, phase, random))
          : createRandomMachine(plan, phase, random);
        const contents = { ...machine, memory: createMemory() };
        writeWord(contents.memory, 7, 40, 1);
        contents.memory.words.set(3, 50);
        const found = listCases({ plan, phase }, 'section').flatMap((one) => {
          const assignment = assign(model, one, machine, ACTION);
          return assignment === null ? [] : [{ one, assignment }];
        });
        expect(found).toHaveLength(1);
        for (const { one, assignment } of found) {
          const memory = createMemoryOfTwo();
          assignMemory(memory, contents, assignment);
          expect(decodeMachine(model.state, memory, assignment, one.known)).toEqual(contents);
          expect(decodeAction(one, assignment)).toEqual(ACTION);
        }
      }
    },
  );

  test('that are not given are such that the machine is in the shape', () => {
    for (const phase of phases) {
      const { state, shape } = getModel(phase);
      const machine = decodeMachine(state, createMemoryOfTwo(), new Map());
      expect(isInShape(shape, machine)).toBe(true);
    }
  });

  test('are none where the machine or the action belongs to another case', () => {
    const phase = phases.at(-1) ?? { kind: 'sealed' };
    const machine = createRandomMachine(plan, phase, createRandom(1));
    const cases = listCases({ plan, phase }, 'section');
    const assigned = cases.filter((one) => assign(getModel(phase), one, machine, ACTION) !== null);
    expect(cases.length).toBeGreaterThan(assigned.length);
  });

  test('that are not given are as near to 0 as their bounds allow', () => {
    const terms = [
      integerVariable('any'),
      integerVariable('above', { low: 5 }),
      integerVariable('below', { high: -2 }),
    ];
    expect(evaluateAny(terms, new Map())).toEqual([0, 5, -2]);
    expect(evaluateAny(terms, new Map([['above', 9]]))).toEqual([0, 9, -2]);
  });
});
