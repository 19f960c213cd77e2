import { expect, test } from 'vitest';
import { REGISTERS } from './registers.ts';
import { step } from './step.ts';
import { LEFT, LEFT_LINE, RIGHT, SHARED_CORE, createBusy } from './testing/small-board.ts';
import { raiseLine } from './virtual-gic.ts';
import { switchWorld } from './world-switch.ts';

/** `left` is on the shared core with values of its own in every register, `right` has others. */
function createFilled() {
  const { plan, machine } = createBusy();
  const residents = plan.cores[SHARED_CORE]?.residents ?? [];
  const left = residents.findIndex(({ partition }) => partition === LEFT);
  const right = residents.findIndex(({ partition }) => partition === RIGHT);
  const core = machine.cores[SHARED_CORE];
  const saved = machine.partitions[RIGHT]?.vcpus[1];
  if (core === undefined || saved === undefined) throw new Error('the board has both');
  expect(core.loaded).toBe(left);
  for (let register = 0; register < REGISTERS.length; register += 1) {
    const switched = REGISTERS[register]?.treatment === 'switched';
    core.registers[register] = switched ? 100 + register : 0;
    core.registerWriters[register] = LEFT;
    saved.saved[register] = switched ? 200 + register : 0;
    saved.savedWriters[register] = RIGHT;
  }
  return { plan, machine, core, left, right };
}

test('replaces every switched register and brings each back', () => {
  const { plan, machine, core, left, right } = createFilled();
  const before = structuredClone(core.registers);
  switchWorld(plan, machine, SHARED_CORE, right);
  for (const [register, { treatment }] of REGISTERS.entries()) {
    expect(core.registers[register]).toBe(treatment === 'switched' ? 200 + register : 0);
    if (treatment === 'switched') expect(core.registerWriters[register]).toBe(RIGHT);
  }
  switchWorld(plan, machine, SHARED_CORE, left);
  expect(core.registers).toEqual(before);
});

test('empties the list registers; a line that waits in memory can be listed again', () => {
  const { plan, machine, core, left, right } = createFilled();
  const line = machine.partitions[LEFT]?.lines[0];
  Object.assign(line ?? {}, { enabled: true, target: 1 });
  raiseLine(plan, machine, LEFT, LEFT_LINE);
  const fill = { kind: 'list-register-fill', core: SHARED_CORE, intId: LEFT_LINE } as const;
  const held = (): number[] =>
    core.listRegisters.filter(({ state }) => state !== 0).map(({ intId }) => intId);
  expect(step(plan, machine, fill)).toBe('DONE');
  expect(held()).toEqual([LEFT_LINE]);
  switchWorld(plan, machine, SHARED_CORE, right);
  expect(held()).toEqual([]);
  switchWorld(plan, machine, SHARED_CORE, left);
  expect(held()).toEqual([]);
  expect(step(plan, machine, fill)).toBe('DONE');
  expect(held()).toEqual([LEFT_LINE]);
});
