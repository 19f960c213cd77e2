import { describe, expect, test } from 'vitest';
import type { Action } from './actions.ts';
import { LR_INVALID } from './list-registers.ts';
import { step } from './step.ts';
import {
  LEFT,
  LEFT_LINE,
  LEFT_OTHER_LINE,
  LEFT_STREAM,
  RIGHT,
  RIGHT_LINE,
  SHARED_CORE,
  createBusy,
  createReset,
  createSealed,
} from './testing/small-board.ts';
import type { Board } from './testing/small-board.ts';
import { LPI_FIRST } from './plan.ts';

function act({ plan, machine }: Board, action: Action): string {
  return step(plan, machine, action);
}

function enable(board: Board, intId: number, core = 0): void {
  act(board, { kind: 'distributor', core, operation: 'enable', intId, vcpu: 0 });
}

function take(board: Board, intId: number, core = 0): string {
  return act(board, { kind: 'interrupt-take', core, intId });
}

function lineOf({ plan, machine }: Board, intId: number) {
  return machine.gic.lines[intId - plan.spiFirst];
}

describe('a line', () => {
  test('refuses with NO_SUCH_LINE an INTID that is no SPI of the board', () => {
    const board = createSealed();
    for (const intId of [-1, 0, 31, 64, 31.5, Number.NaN]) {
      expect(act(board, { kind: 'line-assert', intId })).toBe('NO_SUCH_LINE');
    }
    for (const intId of [32, 63]) expect(act(board, { kind: 'line-assert', intId })).toBe('DONE');
  });

  test('is pending while its wire is asserted and it is not active', () => {
    const board = createSealed();
    enable(board, LEFT_LINE);
    act(board, { kind: 'line-assert', intId: LEFT_LINE });
    expect(lineOf(board, LEFT_LINE)).toMatchObject({ pending: true, active: false });
    act(board, { kind: 'line-deassert', intId: LEFT_LINE });
    expect(lineOf(board, LEFT_LINE)).toMatchObject({ pending: false, active: false });
    act(board, { kind: 'line-assert', intId: LEFT_LINE });
    take(board, LEFT_LINE);
    act(board, { kind: 'line-assert', intId: LEFT_LINE });
    expect(lineOf(board, LEFT_LINE)).toMatchObject({ pending: false, active: true });
    act(board, { kind: 'list-register-fill', core: 0, intId: LEFT_LINE });
    act(board, { kind: 'interrupt-acknowledge', core: 0 });
    act(board, { kind: 'interrupt-end', core: 0, intId: LEFT_LINE });
    expect(lineOf(board, LEFT_LINE)).toMatchObject({ pending: true, active: false });
  });

  test('wakes its target, and only it, if the line is enabled', () => {
    for (const enabled of [true, false]) {
      const board = createSealed();
      if (enabled) enable(board, LEFT_LINE);
      for (const core of [0, 2]) act(board, { kind: 'wait', core });
      act(board, { kind: 'line-assert', intId: LEFT_LINE });
      expect(board.machine.partitions[LEFT]?.vcpus[0]?.waiting).toBe(!enabled);
      expect(board.machine.partitions[RIGHT]?.vcpus[0]?.waiting).toBe(true);
    }
  });

  test('that nobody owns reaches nobody', () => {
    const board = createSealed();
    const before = structuredClone(board.machine.partitions);
    expect(act(board, { kind: 'line-assert', intId: 63 })).toBe('DONE');
    expect(board.machine.partitions).toEqual(before);
    expect(take(board, 63)).toBe('NO_INTERRUPT');
  });
});

describe('taking an interrupt', () => {
  test('refuses with NO_SUCH_CORE, NOT_SEALED, CORE_IDLE where nobody can take one', () => {
    expect(take(createReset(), LEFT_LINE, 9)).toBe('NO_SUCH_CORE');
    expect(take(createReset(), LEFT_LINE)).toBe('NOT_SEALED');
    expect(take(createSealed(), LEFT_LINE, SHARED_CORE)).toBe('CORE_IDLE');
  });

  test('refuses with NO_SUCH_LINE an INTID that is no SPI of the board', () => {
    const board = createSealed();
    for (const intId of [-1, 0, 31, 64, 32.5, LPI_FIRST, Number.NaN, Infinity]) {
      expect(take(board, intId)).toBe('NO_SUCH_LINE');
    }
    for (const intId of [32, 63]) expect(take(board, intId)).toBe('NO_INTERRUPT');
  });

  test('refuses with CORE_AT_EL2 during a section, and takes it behind', () => {
    const board = createSealed();
    enable(board, LEFT_LINE);
    act(board, { kind: 'line-assert', intId: LEFT_LINE });
    act(board, { kind: 'section', core: 0, ticks: 2 });
    expect(take(board, LEFT_LINE)).toBe('CORE_AT_EL2');
    act(board, { kind: 'time-passes', core: 0, ticks: 2 });
    expect(take(board, LEFT_LINE)).toBe('DONE');
  });

  test('refuses with NO_INTERRUPT a disabled, an active, a quiet and a foreign line', () => {
    const board = createSealed();
    act(board, { kind: 'line-assert', intId: LEFT_LINE });
    act(board, { kind: 'line-assert', intId: RIGHT_LINE });
    enable(board, RIGHT_LINE, 2);
    expect(take(board, LEFT_LINE)).toBe('NO_INTERRUPT');
    expect(take(board, RIGHT_LINE)).toBe('NO_INTERRUPT');
    enable(board, LEFT_LINE);
    expect(take(board, LEFT_LINE)).toBe('DONE');
    expect(take(board, LEFT_LINE)).toBe('NO_INTERRUPT');
    enable(board, LEFT_OTHER_LINE);
    expect(take(board, LEFT_OTHER_LINE)).toBe('NO_INTERRUPT');
    expect(take(board, RIGHT_LINE, 2)).toBe('DONE');
  });

  test('refuses with NO_INTERRUPT a line that is routed to another core of its owner', () => {
    const board = createBusy();
    enable(board, LEFT_LINE);
    act(board, { kind: 'line-assert', intId: LEFT_LINE });
    expect(take(board, LEFT_LINE, SHARED_CORE)).toBe('NO_INTERRUPT');
    act(board, { kind: 'distributor', core: 0, operation: 'route', intId: LEFT_LINE, vcpu: 1 });
    expect(take(board, LEFT_LINE)).toBe('NO_INTERRUPT');
    expect(take(board, LEFT_LINE, SHARED_CORE)).toBe('DONE');
  });

  test.each([
    [LEFT_LINE, LEFT_OTHER_LINE],
    [LEFT_OTHER_LINE, LEFT_LINE],
  ])('takes any of the lines that are signalled, and it alone: %i before %i', (first, second) => {
    const board = createSealed();
    for (const intId of [first, second]) {
      enable(board, intId);
      act(board, { kind: 'line-assert', intId });
    }
    expect(take(board, first)).toBe('DONE');
    expect(lineOf(board, first)).toMatchObject({ pending: false, active: true });
    expect(lineOf(board, second)).toMatchObject({ pending: true, active: false });
    expect(take(board, second)).toBe('DONE');
    expect(lineOf(board, second)).toMatchObject({ pending: false, active: true });
  });

  test('leaves the virtual line pending, in no list register', () => {
    const board = createSealed();
    enable(board, LEFT_LINE);
    act(board, { kind: 'line-assert', intId: LEFT_LINE });
    expect(take(board, LEFT_LINE)).toBe('DONE');
    const virtual = board.machine.partitions[LEFT]?.lines.find(({ intId }) => intId === LEFT_LINE);
    expect(virtual).toMatchObject({ pending: true, active: false });
    expect(board.machine.cores[0]?.listRegisters.every(({ state }) => state === LR_INVALID)).toBe(
      true,
    );
  });

  test('leaves the lines of who does not run on the core pending', () => {
    const board = createBusy();
    const core = SHARED_CORE;
    enable(board, LEFT_LINE);
    act(board, { kind: 'distributor', core: 0, operation: 'route', intId: LEFT_LINE, vcpu: 1 });
    act(board, { kind: 'wait', core });
    act(board, { kind: 'time-passes', core, ticks: 2 });
    const running = board.plan.cores[core]?.residents[board.machine.cores[core]?.running ?? -1];
    expect(running?.partition).toBe(RIGHT);
    for (const line of board.machine.gic.lines) if (line.owner === LEFT) line.pending = true;
    expect(take(board, LEFT_LINE, core)).toBe('NO_INTERRUPT');
  });
});

describe('the ITS', () => {
  const msi = { kind: 'msi', stream: LEFT_STREAM } as const;

  test('refuses with EVENT_UNKNOWN an event that it has no entry for', () => {
    const board = createSealed();
    expect(act(board, { ...msi, event: 2 })).toBe('EVENT_UNKNOWN');
    expect(act(board, { ...msi, event: -1 })).toBe('EVENT_UNKNOWN');
    expect(act(board, { ...msi, event: 1 })).toBe('DONE');
  });

  test('rings the LPI of the function’s owner and nobody else’s', () => {
    const board = createSealed();
    act(board, { ...msi, event: 0 });
    const pending = board.machine.partitions.flatMap(({ lines }, partition) =>
      lines.filter((line) => line.pending).map(({ intId }) => [partition, intId]),
    );
    expect(pending).toEqual([[LEFT, LPI_FIRST]]);
  });
});
