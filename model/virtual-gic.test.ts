import { describe, expect, test } from 'vitest';
import type { Action, DistributorAction } from './actions.ts';
import { LR_ACTIVE, LR_INVALID, LR_PENDING } from './list-registers.ts';
import { X0 } from './registers.ts';
import { step } from './step.ts';
import {
  DOORBELL_LINE,
  LEFT,
  LEFT_LINE,
  LEFT_OTHER_LINE,
  RIGHT_LINE,
  SHARED_CORE,
  createBusy,
  createSealed,
} from './testing/small-board.ts';
import type { Board } from './testing/small-board.ts';

function act({ plan, machine }: Board, action: Action): string {
  return step(plan, machine, action);
}

function distribute(
  board: Board,
  operation: DistributorAction['operation'],
  intId: number,
  vcpu = 0,
  core = 0,
): string {
  return act(board, { kind: 'distributor', core, operation, intId, vcpu });
}

function registersOf(board: Board, core = 0): number[][] {
  return (board.machine.cores[core]?.listRegisters ?? [])
    .filter(({ state }) => state !== LR_INVALID)
    .map(({ intId, state }) => [intId, state]);
}

function fill(board: Board, intId: number, core = 0): string {
  return act(board, { kind: 'list-register-fill', core, intId });
}

/** A line of `left` is asserted, enabled, taken and in a list register. */
function createListed(): Board {
  const board = createSealed();
  distribute(board, 'enable', LEFT_LINE);
  act(board, { kind: 'line-assert', intId: LEFT_LINE });
  expect(act(board, { kind: 'interrupt-take', core: 0, intId: LEFT_LINE })).toBe('DONE');
  expect(fill(board, LEFT_LINE)).toBe('DONE');
  return board;
}

/** Whether virtual CPU `vcpu` of `left` waits in WFI. */
function isWaiting({ machine }: Board, vcpu: number): boolean | undefined {
  return machine.partitions[LEFT]?.vcpus[vcpu]?.waiting;
}

function physical(board: Board) {
  return board.machine.gic.lines[LEFT_LINE - board.plan.spiFirst];
}

describe('the virtual distributor', () => {
  test('refuses with LINE_NOT_OWNED every line but the own', () => {
    const board = createSealed();
    const before = structuredClone(board.machine);
    for (const operation of [
      'enable',
      'disable',
      'set-pending',
      'clear-pending',
      'route',
    ] as const) {
      for (const intId of [RIGHT_LINE, 63, 1019, -1, 0.5, Number.NaN, Infinity]) {
        expect(distribute(board, operation, intId)).toBe('LINE_NOT_OWNED');
      }
    }
    expect(board.machine).toEqual(before);
    expect(distribute(board, 'enable', LEFT_LINE)).toBe('DONE');
  });

  test('enables the physical line with the virtual one, and disables it again', () => {
    const board = createSealed();
    distribute(board, 'enable', LEFT_LINE);
    expect(physical(board)?.enabled).toBe(true);
    distribute(board, 'disable', LEFT_LINE);
    expect(physical(board)?.enabled).toBe(false);
  });

  test('wakes the target of a line that is enabled while its wire is asserted', () => {
    const board = createBusy();
    distribute(board, 'route', LEFT_LINE, 1);
    act(board, { kind: 'line-assert', intId: LEFT_LINE });
    act(board, { kind: 'wait', core: SHARED_CORE });
    expect(isWaiting(board, 1)).toBe(true);
    distribute(board, 'enable', LEFT_LINE);
    expect(isWaiting(board, 1)).toBe(false);
  });

  test('puts no line into a list register: EL2 does when it likes', () => {
    const board = createSealed();
    distribute(board, 'set-pending', DOORBELL_LINE);
    distribute(board, 'enable', DOORBELL_LINE);
    distribute(board, 'set-pending', DOORBELL_LINE);
    expect(registersOf(board)).toEqual([]);
    expect(fill(board, DOORBELL_LINE)).toBe('DONE');
    expect(registersOf(board)).toEqual([[DOORBELL_LINE, LR_PENDING]]);
  });

  test('has a line listed only while it is enabled, whenever it became pending', () => {
    const board = createSealed();
    expect(distribute(board, 'set-pending', DOORBELL_LINE)).toBe('DONE');
    expect(fill(board, DOORBELL_LINE)).toBe('NO_INTERRUPT');
    distribute(board, 'enable', DOORBELL_LINE);
    expect(fill(board, DOORBELL_LINE)).toBe('DONE');
    expect(registersOf(board)).toEqual([[DOORBELL_LINE, LR_PENDING]]);
    distribute(board, 'disable', DOORBELL_LINE);
    expect(registersOf(board)).toEqual([]);
  });

  test('wakes the target of a line that becomes pending, if it is enabled', () => {
    for (const enabled of [true, false]) {
      const board = createBusy();
      distribute(board, 'route', LEFT_LINE, 1);
      if (enabled) distribute(board, 'enable', LEFT_LINE);
      act(board, { kind: 'wait', core: SHARED_CORE });
      expect(isWaiting(board, 1)).toBe(true);
      expect(distribute(board, 'set-pending', LEFT_LINE)).toBe('DONE');
      expect(isWaiting(board, 1)).toBe(!enabled);
    }
  });

  test('wakes the target of a pending line when it is enabled', () => {
    const board = createBusy();
    distribute(board, 'route', DOORBELL_LINE, 1);
    distribute(board, 'set-pending', DOORBELL_LINE);
    act(board, { kind: 'wait', core: SHARED_CORE });
    expect(isWaiting(board, 1)).toBe(true);
    distribute(board, 'enable', DOORBELL_LINE);
    expect(isWaiting(board, 1)).toBe(false);
  });

  test('clears what is pending, and gives back a physical line that nobody acknowledged', () => {
    const board = createListed();
    expect(distribute(board, 'clear-pending', LEFT_LINE)).toBe('DONE');
    expect(registersOf(board)).toEqual([]);
    expect(physical(board)).toMatchObject({ active: false, pending: true });
  });

  test('leaves an active line in its list register, whatever the guest writes', () => {
    const board = createListed();
    act(board, { kind: 'interrupt-acknowledge', core: 0 });
    distribute(board, 'clear-pending', LEFT_LINE);
    distribute(board, 'disable', LEFT_LINE);
    expect(registersOf(board)).toEqual([[LEFT_LINE, LR_ACTIVE]]);
    expect(physical(board)?.active).toBe(true);
  });
});

describe('a route', () => {
  test('refuses with LINE_NOT_OWNED private lines, with NO_SUCH_VCPU foreign targets', () => {
    const board = createSealed();
    expect(distribute(board, 'route', 27, 1)).toBe('LINE_NOT_OWNED');
    expect(distribute(board, 'route', LEFT_LINE, 2)).toBe('NO_SUCH_VCPU');
    expect(distribute(board, 'route', LEFT_LINE, -1)).toBe('NO_SUCH_VCPU');
    expect(distribute(board, 'route', LEFT_LINE, 1)).toBe('DONE');
    expect(physical(board)?.core).toBe(SHARED_CORE);
  });

  test('refuses with BAD_VALUE to move an active line', () => {
    const board = createListed();
    act(board, { kind: 'interrupt-acknowledge', core: 0 });
    expect(distribute(board, 'route', LEFT_LINE, 1)).toBe('BAD_VALUE');
    act(board, { kind: 'interrupt-end', core: 0, intId: LEFT_LINE });
    expect(distribute(board, 'route', LEFT_LINE, 1)).toBe('DONE');
  });

  test.each(['asserted', 'taken', 'listed'])(
    'takes a line that is %s along and wakes the new target',
    (until) => {
      const board = createBusy();
      act(board, { kind: 'wait', core: SHARED_CORE });
      distribute(board, 'enable', LEFT_LINE);
      act(board, { kind: 'line-assert', intId: LEFT_LINE });
      if (until !== 'asserted') act(board, { kind: 'interrupt-take', core: 0, intId: LEFT_LINE });
      if (until === 'listed') expect(fill(board, LEFT_LINE)).toBe('DONE');
      expect(registersOf(board).length).toBe(until === 'listed' ? 1 : 0);
      expect(distribute(board, 'route', LEFT_LINE, 1)).toBe('DONE');
      expect(registersOf(board)).toEqual([]);
      expect(isWaiting(board, 1)).toBe(false);
    },
  );
});

describe('an SGI', () => {
  test('refuses with NO_SUCH_LINE beyond 0 to 15, with NO_SUCH_VCPU beyond the partition', () => {
    const board = createSealed();
    const send = { kind: 'send-sgi', core: 0, intId: 0, vcpu: 0 } as const;
    for (const intId of [-1, 16, 0.5, Number.NaN]) {
      expect(act(board, { ...send, intId })).toBe('NO_SUCH_LINE');
    }
    for (const vcpu of [-1, 2, 0.5]) expect(act(board, { ...send, vcpu })).toBe('NO_SUCH_VCPU');
    expect(act(board, { ...send, intId: 15, vcpu: 1 })).toBe('DONE');
  });

  test('pends on the target alone: private lines are banked', () => {
    const board = createSealed();
    act(board, { kind: 'send-sgi', core: 0, intId: 5, vcpu: 1 });
    const pending = board.machine.partitions.map(({ vcpus }) =>
      vcpus.map(({ privateLines }) => privateLines[5]?.pending),
    );
    expect(pending).toEqual([[false, true], [false, false], [false]]);
  });

  test('wakes its target if it is enabled there, and is in no list register before a fill', () => {
    for (const enabled of [true, false]) {
      const board = createBusy();
      if (enabled) distribute(board, 'enable', 5, 0, SHARED_CORE);
      act(board, { kind: 'send-sgi', core: SHARED_CORE, intId: 5, vcpu: 1 });
      expect(registersOf(board, SHARED_CORE)).toEqual([]);
      expect(fill(board, 5, SHARED_CORE)).toBe(enabled ? 'DONE' : 'NO_INTERRUPT');
      const other = createBusy();
      if (enabled) distribute(other, 'enable', 5, 0, SHARED_CORE);
      act(other, { kind: 'wait', core: SHARED_CORE });
      act(other, { kind: 'send-sgi', core: 0, intId: 5, vcpu: 1 });
      expect(isWaiting(other, 1)).toBe(!enabled);
    }
  });
});

describe('acknowledge and end', () => {
  test('refuses with NO_INTERRUPT without a pending list register', () => {
    const board = createSealed();
    expect(act(board, { kind: 'interrupt-acknowledge', core: 0 })).toBe('NO_INTERRUPT');
    distribute(board, 'enable', LEFT_LINE);
    act(board, { kind: 'line-assert', intId: LEFT_LINE });
    act(board, { kind: 'interrupt-take', core: 0, intId: LEFT_LINE });
    expect(act(board, { kind: 'interrupt-acknowledge', core: 0 })).toBe('NO_INTERRUPT');
    const listed = createListed();
    expect(act(listed, { kind: 'interrupt-acknowledge', core: 0 })).toBe('DONE');
    expect(listed.machine.cores[0]?.registers[X0]).toBe(LEFT_LINE);
    expect(act(listed, { kind: 'interrupt-acknowledge', core: 0 })).toBe('NO_INTERRUPT');
  });

  test('gives the lowest INTID first, in whichever order they were listed', () => {
    const board = createSealed();
    for (const intId of [LEFT_OTHER_LINE, LEFT_LINE]) {
      distribute(board, 'enable', intId);
      distribute(board, 'set-pending', intId);
      expect(fill(board, intId)).toBe('DONE');
    }
    for (const intId of [LEFT_LINE, LEFT_OTHER_LINE]) {
      expect(act(board, { kind: 'interrupt-acknowledge', core: 0 })).toBe('DONE');
      expect(board.machine.cores[0]?.registers[X0]).toBe(intId);
    }
  });

  test('refuses with LINE_NOT_OWNED, INTERRUPT_NOT_ACTIVE to end what is not active', () => {
    const board = createListed();
    const end = { kind: 'interrupt-end', core: 0 } as const;
    expect(act(board, { ...end, intId: RIGHT_LINE })).toBe('LINE_NOT_OWNED');
    expect(act(board, { ...end, intId: LEFT_LINE })).toBe('INTERRUPT_NOT_ACTIVE');
    act(board, { kind: 'interrupt-acknowledge', core: 0 });
    expect(act(board, { ...end, intId: LEFT_LINE })).toBe('DONE');
    expect(registersOf(board)).toEqual([]);
  });

  test('refuses with INTERRUPT_NOT_ACTIVE to end what another virtual CPU has active', () => {
    const board = createBusy();
    distribute(board, 'enable', LEFT_LINE);
    act(board, { kind: 'line-assert', intId: LEFT_LINE });
    act(board, { kind: 'interrupt-take', core: 0, intId: LEFT_LINE });
    fill(board, LEFT_LINE);
    act(board, { kind: 'interrupt-acknowledge', core: 0 });
    const end = { kind: 'interrupt-end', intId: LEFT_LINE } as const;
    expect(act(board, { ...end, core: SHARED_CORE })).toBe('INTERRUPT_NOT_ACTIVE');
    expect(act(board, { ...end, core: 0 })).toBe('DONE');
  });

  test('leave pending what became so while it was active, for a fill to list again', () => {
    const board = createListed();
    act(board, { kind: 'interrupt-acknowledge', core: 0 });
    distribute(board, 'set-pending', LEFT_LINE);
    expect(registersOf(board)).toEqual([[LEFT_LINE, LR_ACTIVE]]);
    act(board, { kind: 'interrupt-end', core: 0, intId: LEFT_LINE });
    expect(registersOf(board)).toEqual([]);
    expect(fill(board, LEFT_LINE)).toBe('DONE');
    expect(registersOf(board)).toEqual([[LEFT_LINE, LR_PENDING]]);
  });
});

describe('spill and fill', () => {
  const slot = { core: 0, slot: 0 } as const;

  test('refuses with NO_SUCH_CORE, NO_SUCH_SLOT, CORE_IDLE, LIST_REGISTER_EMPTY', () => {
    const board = createSealed();
    const spill = { kind: 'list-register-spill', ...slot } as const;
    expect(act(board, { ...spill, core: 9 })).toBe('NO_SUCH_CORE');
    expect(act(board, { ...spill, slot: 2 })).toBe('NO_SUCH_SLOT');
    expect(act(board, { ...spill, core: SHARED_CORE })).toBe('CORE_IDLE');
    expect(act(board, spill)).toBe('LIST_REGISTER_EMPTY');
    expect(act(createListed(), spill)).toBe('DONE');
  });

  test('refuses to fill: NO_SUCH_CORE, CORE_IDLE, LINE_NOT_OWNED, NO_INTERRUPT, FULL', () => {
    const board = createSealed({ listRegisters: 1 });
    expect(fill(board, LEFT_OTHER_LINE, 9)).toBe('NO_SUCH_CORE');
    expect(fill(board, LEFT_OTHER_LINE, SHARED_CORE)).toBe('CORE_IDLE');
    for (const intId of [-1, 999, RIGHT_LINE]) expect(fill(board, intId)).toBe('LINE_NOT_OWNED');
    expect(fill(board, LEFT_OTHER_LINE)).toBe('NO_INTERRUPT');
    for (const intId of [LEFT_LINE, LEFT_OTHER_LINE]) {
      distribute(board, 'enable', intId);
      distribute(board, 'set-pending', intId);
    }
    // Either may come first, and what is listed already is listed once.
    expect(fill(board, LEFT_OTHER_LINE)).toBe('DONE');
    expect(fill(board, LEFT_LINE)).toBe('LIST_REGISTERS_FULL');
    expect(fill(board, LEFT_OTHER_LINE)).toBe('DONE');
    expect(registersOf(board)).toEqual([[LEFT_OTHER_LINE, LR_PENDING]]);
  });

  test('refuse with LINE_NOT_OWNED to list what another virtual CPU shall take', () => {
    const board = createBusy();
    distribute(board, 'enable', LEFT_LINE);
    distribute(board, 'set-pending', LEFT_LINE);
    expect(fill(board, LEFT_LINE, SHARED_CORE)).toBe('LINE_NOT_OWNED');
    distribute(board, 'route', LEFT_LINE, 1);
    expect(fill(board, LEFT_LINE)).toBe('LINE_NOT_OWNED');
    expect(fill(board, LEFT_LINE, SHARED_CORE)).toBe('DONE');
  });

  test('list an active line as active, whether it is pending again or not', () => {
    for (const again of [false, true]) {
      const board = createListed();
      act(board, { kind: 'interrupt-acknowledge', core: 0 });
      if (again) distribute(board, 'set-pending', LEFT_LINE);
      act(board, { kind: 'list-register-spill', ...slot });
      expect(fill(board, LEFT_LINE)).toBe('DONE');
      expect(registersOf(board)).toEqual([[LEFT_LINE, LR_ACTIVE]]);
    }
  });

  test('lose nothing: a spilled active line can be ended, a pending one comes back', () => {
    const board = createListed();
    act(board, { kind: 'list-register-spill', ...slot });
    expect(act(board, { kind: 'interrupt-acknowledge', core: 0 })).toBe('NO_INTERRUPT');
    expect(fill(board, LEFT_LINE)).toBe('DONE');
    expect(act(board, { kind: 'interrupt-acknowledge', core: 0 })).toBe('DONE');
    act(board, { kind: 'list-register-spill', ...slot });
    act(board, { kind: 'line-deassert', intId: LEFT_LINE });
    expect(act(board, { kind: 'interrupt-end', core: 0, intId: LEFT_LINE })).toBe('DONE');
    expect(physical(board)).toMatchObject({ active: false, pending: false });
  });
});
