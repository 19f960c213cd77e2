import { describe, expect, test } from 'vitest';
import type { Action, CallAction } from './actions.ts';
import { NONE } from './machine.ts';
import { MIDR_CORTEX_A55, REGISTERS, X0 } from './registers.ts';
import { dispatchWhenDue, wake } from './scheduler.ts';
import { step } from './step.ts';
import {
  DOORBELL_LINE,
  LEFT,
  LEFT_LINE,
  RAM_IPA,
  RIGHT,
  SHARED_CORE,
  createBusy,
  createSealed,
} from './testing/small-board.ts';
import type { Board } from './testing/small-board.ts';
import { TIMER_LINE } from './time.ts';

function act({ plan, machine }: Board, action: Action): string {
  return step(plan, machine, action);
}

function call(board: Board, kind: CallAction['kind'], core = 0): string {
  return act(board, { kind, core });
}

function numberOf(treatment: string, name?: string): number {
  return REGISTERS.findIndex(
    (one) => one.treatment === treatment && (name === undefined || one.name === name),
  );
}

/** Enables a line of who executes on the core. */
function enable(board: Board, core: number, intId: number): void {
  expect(act(board, { kind: 'distributor', core, operation: 'enable', intId, vcpu: 0 })).toBe(
    'DONE',
  );
}

/** Resident of the partition on the shared core. */
function residentOf({ plan }: Board, partition: number): number {
  const residents = plan.cores[SHARED_CORE]?.residents ?? [];
  return residents.findIndex((one) => one.partition === partition);
}

describe('registers', () => {
  test('refuses with NO_SUCH_REGISTER a class that does not exist', () => {
    for (const register of [-1, REGISTERS.length, 0.5, Number.NaN]) {
      const action = { kind: 'register-read', core: 0, register, value: 0 } as const;
      expect(act(createSealed(), action)).toBe('NO_SUCH_REGISTER');
    }
  });

  test('refuses with REGISTER_TRAPPED every trapped class, read or written', () => {
    const board = createSealed();
    for (const [register, { treatment }] of REGISTERS.entries()) {
      const read = act(board, { kind: 'register-read', core: 0, register, value: 0 });
      expect(read).toBe(treatment === 'trapped' ? 'REGISTER_TRAPPED' : 'DONE');
    }
    const register = numberOf('trapped');
    const write = act(board, { kind: 'register-write', core: 0, register, value: 0 });
    expect(write).toBe('REGISTER_TRAPPED');
  });

  test('refuses with REGISTER_CONSTANT a write to a constant one, whose read is constant', () => {
    const board = createSealed();
    const register = numberOf('constant', 'midr_el1');
    expect(act(board, { kind: 'register-write', core: 0, register, value: 1 })).toBe(
      'REGISTER_CONSTANT',
    );
    expect(act(board, { kind: 'register-read', core: 0, register, value: 0 })).toBe('DONE');
    expect(board.machine.cores[0]?.registers[X0]).toBe(MIDR_CORTEX_A55);
  });

  test('give each virtual CPU its own MPIDR, not that of the core', () => {
    const board = createBusy();
    const register = numberOf('constant', 'mpidr_el1');
    act(board, { kind: 'register-read', core: SHARED_CORE, register, value: 0 });
    expect(board.machine.cores[SHARED_CORE]?.registers[X0]).toBe(1);
    act(board, { kind: 'register-read', core: 2, register, value: 0 });
    expect(board.machine.cores[2]?.registers[X0]).toBe(0);
  });

  test('refuses with BAD_VALUE a value that is no safe integer', () => {
    const write = { kind: 'register-write', core: 0, register: 3 } as const;
    expect(act(createSealed(), { ...write, value: Number.NaN })).toBe('BAD_VALUE');
    const board = createSealed();
    expect(act(board, { ...write, value: 5 })).toBe('DONE');
    act(board, { ...write, kind: 'register-read', value: 0 });
    expect(board.machine.cores[0]?.registers[X0]).toBe(5);
  });
});

describe('CPU_ON', () => {
  test('refuses with NO_SUCH_VCPU beyond the own virtual CPUs', () => {
    for (const vcpu of [-1, 2, 0.5]) {
      expect(act(createSealed(), { kind: 'cpu-on', core: 0, vcpu })).toBe('NO_SUCH_VCPU');
    }
  });

  test('refuses with VCPU_ALREADY_ON what runs, and starts what does not', () => {
    const board = createSealed();
    expect(act(board, { kind: 'cpu-on', core: 0, vcpu: 0 })).toBe('VCPU_ALREADY_ON');
    expect(act(board, { kind: 'cpu-on', core: 0, vcpu: 1 })).toBe('DONE');
    expect(board.machine.partitions[LEFT]?.vcpus[1]?.on).toBe(true);
    expect(board.machine.partitions[RIGHT]?.vcpus[1]?.on).toBe(false);
  });

  test('starts with cleared registers and no timer, whether its state was live or saved', () => {
    for (const live of [true, false]) {
      const board = createBusy();
      const core = SHARED_CORE;
      act(board, { kind: 'register-write', core, register: 3, value: 5 });
      act(board, { kind: 'arm-timer', core, ticks: 1000 });
      if (live) for (const one of [2]) act(board, { kind: 'system-reset', core: one });
      call(board, 'cpu-off', core);
      const state = board.machine.cores[core];
      expect(state?.loaded === residentOf(board, LEFT)).toBe(live);
      expect(act(board, { kind: 'cpu-on', core: 0, vcpu: 1 })).toBe('DONE');
      act(board, { kind: 'time-passes', core, ticks: 2 });
      expect(state?.loaded).toBe(residentOf(board, LEFT));
      expect(state?.registers).toEqual(REGISTERS.map(() => 0));
      expect(state?.registerWriters).toEqual(REGISTERS.map(() => NONE));
      expect(board.machine.partitions[LEFT]?.vcpus[1]?.timerArmed).toBe(false);
    }
  });

  test('keeps an SGI that came while the virtual CPU was off', () => {
    const board = createSealed();
    act(board, { kind: 'send-sgi', core: 0, intId: 3, vcpu: 1 });
    act(board, { kind: 'cpu-on', core: 0, vcpu: 1 });
    act(board, { kind: 'time-passes', core: SHARED_CORE, ticks: 2 });
    const fill = { kind: 'list-register-fill', core: SHARED_CORE, intId: 3 } as const;
    expect(act(board, fill)).toBe('NO_INTERRUPT');
    enable(board, SHARED_CORE, 3);
    expect(act(board, fill)).toBe('DONE');
    expect(act(board, { kind: 'interrupt-acknowledge', core: SHARED_CORE })).toBe('DONE');
  });
});

describe('calls', () => {
  test('refuses with SMC_TRAPPED and CALL_UNKNOWN what EL2 does not offer', () => {
    expect(call(createSealed(), 'smc')).toBe('SMC_TRAPPED');
    expect(call(createSealed(), 'unknown-call')).toBe('CALL_UNKNOWN');
  });

  test('CPU_OFF of the last virtual CPU leaves the partition off for good', () => {
    const board = createSealed();
    expect(call(board, 'cpu-off')).toBe('DONE');
    expect(board.machine.cores[0]?.running).toBe(NONE);
    wake(board.plan, board.machine, LEFT, 0);
    dispatchWhenDue(board.plan, board.machine, 0);
    expect(act(board, { kind: 'cpu-on', core: 0, vcpu: 0 })).toBe('CORE_IDLE');
  });

  test('a waiting virtual CPU gives the core to the next', () => {
    const board = createBusy();
    const core = SHARED_CORE;
    expect(call(board, 'wait', core)).toBe('DONE');
    expect(board.machine.cores[core]?.running).toBe(residentOf(board, RIGHT));
  });
});

describe('WFI', () => {
  test('returns at once while an enabled line is pending, not while a disabled one is', () => {
    const board = createSealed();
    act(board, { kind: 'send-sgi', core: 0, intId: 1, vcpu: 0 });
    enable(board, 0, 1);
    expect(call(board, 'wait')).toBe('DONE');
    expect(board.machine.partitions[LEFT]?.vcpus[0]?.waiting).toBe(false);
    act(board, { kind: 'distributor', core: 0, operation: 'disable', intId: 1, vcpu: 0 });
    call(board, 'wait');
    expect(board.machine.partitions[LEFT]?.vcpus[0]?.waiting).toBe(true);
  });

  test('returns at once while a physical interrupt is there that EL2 has not taken yet', () => {
    const board = createSealed();
    enable(board, 0, LEFT_LINE);
    act(board, { kind: 'line-assert', intId: LEFT_LINE });
    call(board, 'wait');
    expect(board.machine.partitions[LEFT]?.vcpus[0]?.waiting).toBe(false);
    act(board, { kind: 'line-deassert', intId: LEFT_LINE });
    call(board, 'wait');
    expect(board.machine.partitions[LEFT]?.vcpus[0]?.waiting).toBe(true);
  });

  test('ends with the virtual timer if its line is enabled', () => {
    for (const enabled of [true, false]) {
      const board = createSealed();
      if (enabled) enable(board, 0, TIMER_LINE);
      act(board, { kind: 'arm-timer', core: 0, ticks: 7 });
      call(board, 'wait');
      act(board, { kind: 'time-passes', core: 0, ticks: 100 });
      expect(board.machine.cores[0]?.clock).toBe(7);
      expect(board.machine.partitions[LEFT]?.vcpus[0]?.waiting).toBe(!enabled);
    }
  });
});

describe('doorbells', () => {
  test('refuses with NO_SUCH_DOORBELL what no channel declares', () => {
    expect(act(createSealed(), { kind: 'notify', core: 0, doorbell: 0 })).toBe('NO_SUCH_DOORBELL');
    expect(act(createSealed(), { kind: 'notify', core: 2, doorbell: 1 })).toBe('NO_SUCH_DOORBELL');
  });

  test('ring the receiver, and wake it where it has enabled the line', () => {
    for (const enabled of [true, false]) {
      const board = createSealed();
      if (enabled) enable(board, 0, DOORBELL_LINE);
      call(board, 'wait');
      expect(act(board, { kind: 'notify', core: 2, doorbell: 0 })).toBe('DONE');
      const line = board.machine.partitions[LEFT]?.lines.find((one) => one.intId === DOORBELL_LINE);
      expect(line?.pending).toBe(true);
      expect(board.machine.partitions[LEFT]?.vcpus[0]?.waiting).toBe(!enabled);
    }
  });
});

describe('SYSTEM_RESET', () => {
  test('puts lines, routes, timers and registers back, and leaves memory and table', () => {
    const board = createBusy();
    const { machine } = board;
    enable(board, 0, LEFT_LINE);
    act(board, { kind: 'distributor', core: 0, operation: 'route', intId: LEFT_LINE, vcpu: 1 });
    act(board, { kind: 'line-assert', intId: LEFT_LINE });
    const take = { kind: 'interrupt-take', core: SHARED_CORE, intId: LEFT_LINE } as const;
    expect(act(board, take)).toBe('DONE');
    expect(act(board, { ...take, kind: 'list-register-fill' })).toBe('DONE');
    act(board, { kind: 'register-write', core: SHARED_CORE, register: 3, value: 5 });
    act(board, { kind: 'write', core: 0, address: RAM_IPA, value: 77 });
    const table = structuredClone(machine.stage2);
    expect(call(board, 'system-reset', 0)).toBe('DONE');
    expect(machine.gic.lines[LEFT_LINE - 32]).toMatchObject({
      enabled: false,
      active: false,
      pending: true,
      core: 0,
    });
    const state = machine.partitions[LEFT];
    expect(state?.lines[0]).toMatchObject({ enabled: false, pending: false, target: 0 });
    expect(state?.vcpus.map(({ on, waiting }) => [on, waiting])).toEqual([
      [true, false],
      [false, false],
    ]);
    expect(machine.cores[SHARED_CORE]?.listRegisters.every((one) => one.state === 0)).toBe(true);
    expect(machine.stage2).toEqual(table);
    act(board, { kind: 'read', core: 0, address: RAM_IPA, value: 0 });
    expect(machine.cores[0]?.registers[X0]).toBe(77);
  });

  test('changes no account of another partition, whatever runs on its other cores', () => {
    const board = createBusy();
    const core = SHARED_CORE;
    call(board, 'wait', core);
    act(board, { kind: 'time-passes', core, ticks: 2 });
    const other = residentOf(board, RIGHT);
    const state = board.machine.cores[core];
    expect([state?.running, state?.section]).toEqual([other, 0]);
    const before = structuredClone(state?.accounts[other]);
    for (let again = 0; again < 10; again += 1) call(board, 'system-reset', 0);
    expect(state?.accounts[other]).toEqual(before);
    expect([state?.running, state?.section]).toEqual([other, 0]);
  });

  test('gives no budget back and makes the next dispatch an activation', () => {
    const board = createBusy();
    const own = board.machine.cores[SHARED_CORE]?.accounts[residentOf(board, LEFT)];
    act(board, { kind: 'time-passes', core: SHARED_CORE, ticks: 4 });
    const budget = own?.budget;
    call(board, 'system-reset', 0);
    expect(own?.budget).toBe(budget);
    expect(own?.activation).toBe(true);
  });
});
