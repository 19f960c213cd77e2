import { describe, expect, test } from 'vitest';
import type { Action } from './actions.ts';
import { step } from './step.ts';
import {
  BARE_CORE,
  LEFT,
  SHARED_CORE,
  createBusy,
  createReset,
  createSealed,
} from './testing/small-board.ts';
import type { Board } from './testing/small-board.ts';
import { TIMER_LINE, computeTicksToEvent } from './time.ts';

function act({ plan, machine }: Board, action: Action): string {
  return step(plan, machine, action);
}

describe('time', () => {
  test('refuses with NO_SUCH_CORE, NOT_SEALED, CORE_UNUSED where no schedule runs', () => {
    const pass = { kind: 'time-passes', ticks: 1 } as const;
    expect(act(createSealed(), { ...pass, core: 9 })).toBe('NO_SUCH_CORE');
    expect(act(createReset(), { ...pass, core: 0 })).toBe('NOT_SEALED');
    expect(act(createSealed(), { ...pass, core: BARE_CORE })).toBe('CORE_UNUSED');
  });

  test('refuses with NO_TIME_PASSES amounts that are none, and clocks beyond counting', () => {
    for (const ticks of [0, -1, 0.5, Number.NaN, Infinity]) {
      expect(act(createSealed(), { kind: 'time-passes', core: 0, ticks })).toBe('NO_TIME_PASSES');
    }
    const board = createSealed();
    const ticks = Number.MAX_SAFE_INTEGER;
    expect(act(board, { kind: 'time-passes', core: 0, ticks })).toBe('DONE');
    expect(act(board, { kind: 'time-passes', core: 0, ticks: 1 })).toBe('NO_TIME_PASSES');
  });

  test('stops at the next event, be it a section, a budget, a period or a timer', () => {
    const board = createBusy();
    const { plan, machine } = board;
    const state = machine.cores[SHARED_CORE];
    expect(computeTicksToEvent(plan, machine, SHARED_CORE)).toBe(18);
    act(board, { kind: 'arm-timer', core: SHARED_CORE, ticks: 7 });
    expect(computeTicksToEvent(plan, machine, SHARED_CORE)).toBe(7);
    act(board, { kind: 'section', core: SHARED_CORE, ticks: 3 });
    expect(computeTicksToEvent(plan, machine, SHARED_CORE)).toBe(3);
    const stops: number[] = [];
    for (let event = 0; event < 6; event += 1) {
      act(board, { kind: 'time-passes', core: SHARED_CORE, ticks: 1000 });
      stops.push(state?.clock ?? -1);
    }
    expect(stops).toEqual([5, 9, 20, 22, 40, 50]);
  });

  test('stops at the end of a slot', () => {
    const table = { frame: 9, slots: [{ partition: LEFT, start: 2, duration: 3 }] };
    const board = createBusy({ policy: 'table', table, contextSwitch: 0 });
    const stops = Array.from({ length: 6 }, () => {
      act(board, { kind: 'time-passes', core: SHARED_CORE, ticks: 1000 });
      return board.machine.cores[SHARED_CORE]?.clock;
    });
    expect(stops).toEqual([2, 5, 9, 11, 14, 18]);
  });

  test('is unbounded on a core where nothing can happen by itself', () => {
    const { plan, machine } = createSealed();
    expect(computeTicksToEvent(plan, machine, 0)).toBe(Infinity);
    expect(computeTicksToEvent(plan, machine, 9)).toBe(Infinity);
  });

  test('passes on one core alone', () => {
    const board = createSealed();
    act(board, { kind: 'time-passes', core: 0, ticks: 5 });
    expect(board.machine.cores.map(({ clock }) => clock)).toEqual([5, 0, 0, 0, 0]);
  });
});

describe('a section', () => {
  test('refuses with BAD_VALUE lengths beyond the longest, with CORE_AT_EL2 a second one', () => {
    const section = { kind: 'section', core: 0 } as const;
    for (const ticks of [0, -1, 6, 0.5, Number.NaN, Infinity]) {
      expect(act(createSealed(), { ...section, ticks })).toBe('BAD_VALUE');
    }
    const board = createSealed();
    expect(act(board, { ...section, ticks: 5 })).toBe('DONE');
    expect(act(board, { ...section, ticks: 1 })).toBe('CORE_AT_EL2');
    act(board, { kind: 'time-passes', core: 0, ticks: 4 });
    expect(act(board, { ...section, ticks: 1 })).toBe('CORE_AT_EL2');
    act(board, { kind: 'time-passes', core: 0, ticks: 4 });
    expect(board.machine.cores[0]?.clock).toBe(5);
    expect(act(board, { ...section, ticks: 1 })).toBe('DONE');
  });

  test('is charged to its caller', () => {
    const board = createBusy();
    const budget = board.machine.cores[SHARED_CORE]?.accounts[0]?.budget ?? 0;
    act(board, { kind: 'section', core: SHARED_CORE, ticks: 5 });
    act(board, { kind: 'time-passes', core: SHARED_CORE, ticks: 5 });
    expect(board.machine.cores[SHARED_CORE]?.accounts[0]?.budget).toBe(budget - 5);
  });
});

describe('the virtual timer', () => {
  test('refuses with BAD_VALUE instants that never come', () => {
    const arm = { kind: 'arm-timer', core: 0 } as const;
    for (const ticks of [0, -1, 0.5, Number.NaN, Infinity]) {
      expect(act(createSealed(), { ...arm, ticks })).toBe('BAD_VALUE');
    }
    const board = createSealed();
    act(board, { kind: 'time-passes', core: 0, ticks: 1 });
    expect(act(board, { ...arm, ticks: Number.MAX_SAFE_INTEGER })).toBe('BAD_VALUE');
    expect(act(board, { ...arm, ticks: 1 })).toBe('DONE');
  });

  test('fires once, at its instant, on the virtual CPU that armed it, running or not', () => {
    const board = createBusy();
    const own = board.machine.partitions[LEFT]?.vcpus[1];
    act(board, { kind: 'arm-timer', core: SHARED_CORE, ticks: 25 });
    while ((board.machine.cores[SHARED_CORE]?.clock ?? 0) < 26) {
      act(board, { kind: 'time-passes', core: SHARED_CORE, ticks: 1 });
    }
    expect(own?.timerArmed).toBe(true);
    act(board, { kind: 'time-passes', core: SHARED_CORE, ticks: 1 });
    expect(board.machine.cores[SHARED_CORE]).toMatchObject({ clock: 27, running: 1 });
    expect(own?.timerArmed).toBe(false);
    expect(own?.privateLines[TIMER_LINE]?.pending).toBe(true);
  });
});
