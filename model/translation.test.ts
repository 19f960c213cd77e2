import { describe, expect, test } from 'vitest';
import type { CachedEntry, TableEntry } from './machine.ts';
import {
  TYPE_DEVICE,
  TYPE_DOORBELL,
  TYPE_NORMAL,
  computePage,
  createTableEntry,
  fillCache,
  isPermitted,
  translate,
} from './translation.ts';

const ENTRY: TableEntry = {
  ipa: 0x4000,
  pa: 0x1_2000,
  size: 0x2000,
  read: true,
  write: false,
  execute: false,
  type: TYPE_DEVICE,
};

function createSlot(): CachedEntry {
  const rights = { read: false, write: false, execute: false };
  return { valid: false, vmid: 0, page: 0, frame: 0, type: 0, ...rights };
}

describe('translation by the table', () => {
  test('keeps the page within the run and the byte within the page', () => {
    for (const [address, frame] of [
      [0x4000, 0x12],
      [0x4fff, 0x12],
      [0x5000, 0x13],
      [0x5fff, 0x13],
    ] as const) {
      expect(translate([], [ENTRY], 1, address, 'read')).toEqual({
        fault: 'DONE',
        frame,
        type: TYPE_DEVICE,
      });
    }
    for (const address of [0x3fff, 0x6000, -0x4000, Number.NaN, Infinity]) {
      expect(translate([], [ENTRY], 1, address, 'read').fault).toBe('PAGE_NOT_MAPPED');
    }
  });

  test('finds a page before it looks at rights, each right for itself', () => {
    expect(translate([], [ENTRY], 1, 0x4000, 'write').fault).toBe('PERMISSION');
    expect(translate([], [ENTRY], 1, 0x6000, 'write').fault).toBe('PAGE_NOT_MAPPED');
    const execute = { ...ENTRY, read: false, execute: true };
    expect(isPermitted(execute, 'fetch')).toBe(true);
    expect(isPermitted(execute, 'read')).toBe(false);
    expect(isPermitted(execute, 'write')).toBe(false);
  });
});

describe('translation by the cache', () => {
  test('is preferred to the table, for its VMID and its page only', () => {
    const slot = createSlot();
    expect(fillCache(slot, [{ ...ENTRY, pa: 0x5_0000 }], 1, 0x5123)).toBe('DONE');
    expect(slot).toMatchObject({ valid: true, vmid: 1, page: 5, frame: 0x51, read: true });
    expect(translate([slot], [ENTRY], 1, 0x5000, 'read').frame).toBe(0x51);
    expect(translate([slot], [ENTRY], 2, 0x5000, 'read').frame).toBe(0x13);
    expect(translate([slot], [ENTRY], 1, 0x4000, 'read').frame).toBe(0x12);
    expect(translate([slot], [ENTRY], 1, 0x5000, 'write').fault).toBe('PERMISSION');
    slot.valid = false;
    expect(translate([slot], [ENTRY], 1, 0x5000, 'read').frame).toBe(0x13);
  });

  test('is not filled with what the table does not hold', () => {
    const slot = createSlot();
    expect(fillCache(slot, [ENTRY], 1, 0x6000)).toBe('PAGE_NOT_MAPPED');
    expect(slot).toEqual(createSlot());
  });
});

test('a page number is exact up to the largest address', () => {
  expect(computePage(2 ** 48 - 1)).toBe(2 ** 36 - 1);
  expect(computePage(4095)).toBe(0);
});

test('a table entry carries what is planned, the memory type as a number', () => {
  const { type: _type, ...range } = ENTRY;
  const types = (['normal', 'device', 'doorbell'] as const).map(
    (type) => createTableEntry({ ...range, type }).type,
  );
  expect(types).toEqual([TYPE_NORMAL, TYPE_DEVICE, TYPE_DOORBELL]);
  expect(createTableEntry({ ...range, type: 'device' })).toEqual(ENTRY);
});
