import { describe, expect, test } from 'vitest';
import {
  LR_ACTIVE,
  LR_INVALID,
  LR_PENDING,
  emptyListRegisters,
  findVirtualLine,
  loadLine,
  unloadLine,
} from './list-registers.ts';
import type { CoreState, VirtualLine } from './machine.ts';
import { LEFT, LEFT_LINE, RIGHT_LINE, createSealed } from './testing/small-board.ts';

function createLine(intId: number, state: Partial<VirtualLine> = {}): VirtualLine {
  const idle = { enabled: true, pending: true, active: false, target: 0, physical: false };
  return { intId, ...idle, ...state };
}

function getCore(): CoreState {
  const core = createSealed().machine.cores[0];
  if (core === undefined) throw new Error('the board has a core 0');
  return core;
}

describe('finding a line', () => {
  test('gives the virtual CPU’s private lines and the partition’s shared ones', () => {
    const { machine } = createSealed();
    const [zero, one] = machine.partitions[LEFT]?.vcpus ?? [];
    expect(findVirtualLine(machine, LEFT, 0, 5)).toBe(zero?.privateLines[5]);
    expect(findVirtualLine(machine, LEFT, 1, 31)).toBe(one?.privateLines[31]);
    expect(findVirtualLine(machine, LEFT, 1, LEFT_LINE)?.intId).toBe(LEFT_LINE);
    for (const intId of [-1, 32, RIGHT_LINE, Number.NaN, 0.5]) {
      expect(findVirtualLine(machine, LEFT, 0, intId)).toBe(undefined);
    }
    expect(findVirtualLine(machine, 9, 0, 5)).toBe(undefined);
    expect(findVirtualLine(machine, LEFT, 9, 5)).toBe(undefined);
  });
});

describe('loading a line', () => {
  test('takes a free list register, with state and HW bit of the line', () => {
    const core = getCore();
    expect(loadLine(core, createLine(40, { physical: true }))).toBe('DONE');
    expect(loadLine(core, createLine(41, { active: true }))).toBe('DONE');
    expect(core.listRegisters).toEqual([
      { state: LR_PENDING, intId: 40, physical: true },
      { state: LR_ACTIVE, intId: 41, physical: false },
    ]);
  });

  test('refuses with LIST_REGISTERS_FULL when none is free', () => {
    const core = getCore();
    for (const intId of [40, 41]) expect(loadLine(core, createLine(intId))).toBe('DONE');
    expect(loadLine(core, createLine(42))).toBe('LIST_REGISTERS_FULL');
    unloadLine(core, 40);
    expect(loadLine(core, createLine(42))).toBe('DONE');
  });

  test('never holds one INTID twice, not even behind a free one', () => {
    const core = getCore();
    for (const intId of [40, 41]) loadLine(core, createLine(intId));
    unloadLine(core, 40);
    expect(loadLine(core, createLine(41))).toBe('DONE');
    expect(core.listRegisters.filter(({ state }) => state !== LR_INVALID).length).toBe(1);
  });
});

describe('emptying', () => {
  test('empties every list register', () => {
    const { machine } = createSealed();
    const core = machine.cores[0];
    if (core !== undefined) loadLine(core, createLine(40, { physical: true }));
    emptyListRegisters(machine, 0);
    for (const register of core?.listRegisters ?? []) {
      expect(register).toEqual({ state: LR_INVALID, intId: 0, physical: false });
    }
  });
});
