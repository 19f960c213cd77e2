import { describe, expect, test } from 'vitest';
import type { AccessAction, BusAction, TlbAction } from './actions.ts';
import { CACHE_SLOTS } from './machine.ts';
import { readWord, readWriter } from './memory.ts';
import { X0 } from './registers.ts';
import { step } from './step.ts';
import {
  ALIAS_LOCAL,
  BARE,
  BARE_CORE,
  CHANNEL_IPA,
  CHANNEL_PA,
  CODE_IPA,
  LEFT,
  RAM_IPA,
  RAM_PA,
  RAM_SIZE,
  RIGHT,
  SHARED_CORE,
  createBusy,
  createReset,
  createSealed,
} from './testing/small-board.ts';
import type { Board } from './testing/small-board.ts';

function access(
  { plan, machine }: Board,
  kind: AccessAction['kind'],
  address: number,
  core = 0,
  value = 7,
): string {
  return step(plan, machine, { kind, core, address, value });
}

function bus({ plan, machine }: Board, kind: BusAction['kind'], address: number, core = BARE_CORE) {
  return step(plan, machine, { kind, core, address, value: 9 });
}

function tlb({ plan, machine }: Board, action: Partial<TlbAction>): string {
  return step(plan, machine, { kind: 'tlb-fill', core: 0, slot: 0, address: RAM_IPA, ...action });
}

describe('access through stage 2', () => {
  test('refuses with NOT_SEALED, NO_SUCH_CORE, CORE_IDLE where nobody executes', () => {
    expect(access(createReset(), 'read', RAM_IPA)).toBe('NOT_SEALED');
    const board = createSealed();
    expect(access(board, 'read', RAM_IPA, 9)).toBe('NO_SUCH_CORE');
    expect(access(board, 'read', RAM_IPA, SHARED_CORE)).toBe('CORE_IDLE');
    expect(access(board, 'read', RAM_IPA, 0)).toBe('DONE');
  });

  test('refuses with BAD_VALUE a word that is not a safe integer', () => {
    const board = createSealed();
    expect(access(board, 'write', RAM_IPA, 0, 0.5)).toBe('BAD_VALUE');
    expect(access(board, 'write', RAM_IPA, 0, -1)).toBe('DONE');
  });

  test.each([
    ['the byte before a mapping', RAM_IPA - 1],
    ['the byte behind a mapping', RAM_IPA + RAM_SIZE],
    ['not a number', Number.NaN],
    ['infinity', Infinity],
    ['minus one', -1],
  ])('refuses with PAGE_NOT_MAPPED %s', (_, address) => {
    expect(access(createSealed(), 'read', address)).toBe('PAGE_NOT_MAPPED');
  });

  test('reaches the first and the last byte of a mapping', () => {
    const board = createSealed();
    expect(access(board, 'read', RAM_IPA)).toBe('DONE');
    expect(access(board, 'read', RAM_IPA + RAM_SIZE - 1)).toBe('DONE');
  });

  test('refuses with PERMISSION what the mapping does not grant', () => {
    const board = createSealed();
    expect(access(board, 'fetch', RAM_IPA)).toBe('PERMISSION');
    expect(access(board, 'write', CODE_IPA)).toBe('PERMISSION');
    expect(access(board, 'write', CHANNEL_IPA)).toBe('PERMISSION');
    expect(access(board, 'fetch', CODE_IPA)).toBe('DONE');
    expect(access(board, 'write', CHANNEL_IPA, 2)).toBe('DONE');
  });

  test('gives equal IPAs of two partitions different frames', () => {
    const { plan, machine } = createSealed();
    access({ plan, machine }, 'write', RAM_IPA, 0, 1);
    access({ plan, machine }, 'write', RAM_IPA, 2, 2);
    const [left = 0, right = 0] = RAM_PA;
    expect([left, right].map((pa) => readWord(machine.memory, pa / 4096))).toEqual([1, 2]);
    expect(readWriter(machine.memory, right / 4096)).toBe(RIGHT);
  });

  test('carries a word through a channel into x0 of the reader', () => {
    const { plan, machine } = createSealed();
    access({ plan, machine }, 'write', CHANNEL_IPA, 2, 1234);
    access({ plan, machine }, 'read', CHANNEL_IPA, 0);
    expect(machine.cores[0]?.registers[X0]).toBe(1234);
    expect(machine.bus).toMatchObject({ master: LEFT, frame: CHANNEL_PA / 4096, write: false });
  });
});

describe('a core without EL2', () => {
  test('refuses with NO_SUCH_CORE, CORE_HAS_EL2, CORE_UNUSED the wrong cores', () => {
    const board = createSealed();
    expect(bus(board, 'bus-read', 0, 9)).toBe('NO_SUCH_CORE');
    expect(bus(board, 'bus-read', 0, 0)).toBe('CORE_HAS_EL2');
    const [first] = board.plan.configuration.partitions;
    expect(first).toBeDefined();
    const plan = {
      ...board.plan,
      cores: board.plan.cores.map((core) => ({ ...core, residents: [] })),
    };
    expect(bus({ plan, machine: board.machine }, 'bus-read', 0)).toBe('CORE_UNUSED');
  });

  test('refuses with BAD_VALUE an address that is no natural number', () => {
    for (const address of [-1, 0.5, Number.NaN, Infinity, 2 ** 60]) {
      expect(bus(createSealed(), 'bus-write', address)).toBe('BAD_VALUE');
    }
  });

  test('refuses with FIREWALL_DENIED what the firewall does not grant', () => {
    const board = createSealed();
    const [left = 0] = RAM_PA;
    const own = RAM_PA[BARE] ?? 0;
    expect(bus(board, 'bus-write', left)).toBe('FIREWALL_DENIED');
    expect(bus(board, 'bus-write', own + 0x8000 - 0x1000 + CODE_IPA)).toBe('FIREWALL_DENIED');
    expect(bus(board, 'bus-write', own)).toBe('DONE');
    expect(bus(board, 'bus-write', own + RAM_SIZE)).toBe('FIREWALL_DENIED');
  });

  test('reaches everything where there is no firewall', () => {
    const board = createSealed({ firewall: false });
    expect(bus(board, 'bus-write', RAM_PA[LEFT] ?? 0)).toBe('DONE');
    expect(readWriter(board.machine.memory, (RAM_PA[LEFT] ?? 0) / 4096)).toBe(BARE);
  });

  test('puts out aliases as the address behind them, and leaves the word read in x0', () => {
    const board = createSealed();
    expect(bus(board, 'bus-write', ALIAS_LOCAL)).toBe('DONE');
    expect(board.machine.bus.frame).toBe((RAM_PA[BARE] ?? 0) / 4096);
    expect(bus(board, 'bus-write', ALIAS_LOCAL + 0x1000)).toBe('FIREWALL_DENIED');
    expect(bus(board, 'bus-read', RAM_PA[BARE] ?? 0)).toBe('DONE');
    expect(board.machine.cores[BARE_CORE]?.registers[X0]).toBe(9);
  });
});

describe('the TLB', () => {
  test('refuses with NO_SUCH_CORE, NO_SUCH_SLOT, CORE_IDLE, PAGE_NOT_MAPPED', () => {
    const board = createSealed();
    expect(tlb(board, { core: 9 })).toBe('NO_SUCH_CORE');
    expect(tlb(board, { slot: CACHE_SLOTS })).toBe('NO_SUCH_SLOT');
    expect(tlb(board, { core: SHARED_CORE })).toBe('CORE_IDLE');
    expect(tlb(board, { address: 0 })).toBe('PAGE_NOT_MAPPED');
    expect(tlb(board, {})).toBe('DONE');
    expect(tlb(board, { kind: 'tlb-evict' })).toBe('DONE');
    expect(board.machine.cores[0]?.tlb[0]?.valid).toBe(false);
  });

  test('keeps entries over a world switch, told apart by VMID', () => {
    for (const sameVmid of [false, true]) {
      const board = createBusy({ sameVmid });
      const { plan, machine } = board;
      expect(plan.cores[SHARED_CORE]?.residents[machine.cores[1]?.loaded ?? -1]?.partition).toBe(
        LEFT,
      );
      tlb(board, { core: SHARED_CORE });
      step(plan, machine, { kind: 'wait', core: SHARED_CORE });
      step(plan, machine, { kind: 'time-passes', core: SHARED_CORE, ticks: 2 });
      expect(access(board, 'write', RAM_IPA, SHARED_CORE)).toBe('DONE');
      const reached = sameVmid ? LEFT : RIGHT;
      expect(machine.bus).toMatchObject({ master: RIGHT, frame: (RAM_PA[reached] ?? 0) / 4096 });
    }
  });
});
