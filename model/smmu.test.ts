import { describe, expect, test } from 'vitest';
import type { Action } from './actions.ts';
import { CACHE_SLOTS, IN_FLIGHT_SLOTS } from './machine.ts';
import { readWord, readWriter } from './memory.ts';
import { DOORBELL_OFFSET, LPI_FIRST } from './plan.ts';
import { step } from './step.ts';
import {
  BARE,
  CHANNEL_IPA,
  CHANNEL_PA,
  CODE_IPA,
  ITS_BASE,
  LEFT,
  LEFT_STREAM,
  RAM_IPA,
  RAM_PA,
  RIGHT,
  RIGHT_STREAM,
  createReset,
  createSealed,
} from './testing/small-board.ts';
import type { Board } from './testing/small-board.ts';

function act({ plan, machine }: Board, action: Action): string {
  return step(plan, machine, action);
}

const ISSUE = {
  kind: 'dma-issue',
  stream: LEFT_STREAM,
  address: RAM_IPA,
  write: true,
  value: 5,
} as const;
const BARE_ISSUE = {
  kind: 'bare-dma-issue',
  master: 0,
  address: RAM_PA[BARE] ?? 0,
  write: true,
  value: 5,
} as const;
const MSI = { kind: 'msi', stream: LEFT_STREAM, event: 0 } as const;
const FILL = { kind: 'iotlb-fill', slot: 0, stream: LEFT_STREAM, address: RAM_IPA } as const;

describe('a request of a stream', () => {
  test('refuses with DEVICE_IN_RESET before the first step of boot', () => {
    const board = createReset();
    for (const action of [ISSUE, MSI, BARE_ISSUE]) {
      expect(act(board, action)).toBe('DEVICE_IN_RESET');
    }
  });

  test('refuses with BAD_VALUE numbers that no bus carries', () => {
    const board = createSealed();
    for (const address of [-1, 0.5, Number.NaN, Infinity]) {
      expect(act(board, { ...ISSUE, address })).toBe('BAD_VALUE');
    }
    expect(act(board, { ...ISSUE, value: 0.5 })).toBe('BAD_VALUE');
    expect(act(board, ISSUE)).toBe('DONE');
  });

  test('refuses with STREAM_UNKNOWN a stream that nobody owns', () => {
    for (const stream of [0, 9, -1, Number.NaN]) {
      expect(act(createSealed(), { ...ISSUE, stream })).toBe('STREAM_UNKNOWN');
    }
  });

  test('refuses with STREAM_ABORTED while the SMMU is off or the entry is not valid', () => {
    const board = createReset();
    act(board, { kind: 'boot', core: 0, fails: false });
    expect(act(board, ISSUE)).toBe('STREAM_ABORTED');
    const sealed = createSealed();
    const [entry] = sealed.machine.smmu.streams;
    if (entry !== undefined) entry.valid = false;
    expect(act(sealed, ISSUE)).toBe('STREAM_ABORTED');
  });

  test('refuses with PAGE_NOT_MAPPED and PERMISSION what the owner’s table does not give', () => {
    const board = createSealed();
    expect(act(board, { ...ISSUE, address: 0 })).toBe('PAGE_NOT_MAPPED');
    expect(act(board, { ...ISSUE, address: CODE_IPA })).toBe('PERMISSION');
    expect(act(board, { ...ISSUE, address: CODE_IPA, write: false })).toBe('DONE');
    expect(act(board, { ...ISSUE, address: CHANNEL_IPA })).toBe('PERMISSION');
    expect(act(board, { ...ISSUE, address: CHANNEL_IPA, stream: RIGHT_STREAM })).toBe('DONE');
    expect(board.machine.smmu.inFlight[1]?.frame).toBe(CHANNEL_PA / 4096);
  });

  test('refuses with NO_SLOT_FREE while as many requests are in flight as fit', () => {
    const board = createSealed();
    for (let slot = 0; slot < IN_FLIGHT_SLOTS; slot += 1) expect(act(board, ISSUE)).toBe('DONE');
    expect(act(board, ISSUE)).toBe('NO_SLOT_FREE');
    act(board, { kind: 'dma-complete', slot: 2 });
    expect(act(board, ISSUE)).toBe('DONE');
  });

  test('passes an entry in bypass to the physical address itself', () => {
    const board = createSealed();
    const [entry] = board.machine.smmu.streams;
    if (entry !== undefined) entry.translate = false;
    expect(act(board, { ...ISSUE, address: RAM_PA[RIGHT] ?? 0 })).toBe('DONE');
    expect(board.machine.smmu.inFlight[0]?.frame).toBe((RAM_PA[RIGHT] ?? 0) / 4096);
  });

  test('reaches memory on completion, in its owner’s name, even after a reset of it', () => {
    const board = createSealed();
    const frame = (RAM_PA[LEFT] ?? 0) / 4096;
    act(board, ISSUE);
    expect(readWord(board.machine.memory, frame)).toBe(0);
    act(board, { kind: 'system-reset', core: 0 });
    expect(act(board, { kind: 'dma-complete', slot: 0 })).toBe('DONE');
    expect(readWord(board.machine.memory, frame)).toBe(5);
    expect(readWriter(board.machine.memory, frame)).toBe(LEFT);
    expect(board.machine.bus).toMatchObject({ master: LEFT, dma: true, frame, write: true });
  });

  test('refuses with NO_SUCH_SLOT and SLOT_EMPTY to complete what is not in flight', () => {
    const board = createSealed();
    expect(act(board, { kind: 'dma-complete', slot: IN_FLIGHT_SLOTS })).toBe('NO_SUCH_SLOT');
    expect(act(board, { kind: 'dma-complete', slot: 0 })).toBe('SLOT_EMPTY');
  });
});

describe('a message-signalled interrupt', () => {
  test('refuses with NO_DOORBELL_TARGET where there is no ITS, or something else there', () => {
    expect(act(createSealed({ its: false }), MSI)).toBe('NO_DOORBELL_TARGET');
    const board = createSealed();
    for (const entry of board.machine.smmu.tables[LEFT] ?? []) entry.type = 0;
    expect(act(board, MSI)).toBe('NO_DOORBELL_TARGET');
  });

  test('refuses with STREAM_UNKNOWN from a function that nobody owns', () => {
    expect(act(createSealed(), { ...MSI, stream: 9 })).toBe('STREAM_UNKNOWN');
  });

  test('rings like a DMA write to the doorbell page, which cannot be read', () => {
    const address = ITS_BASE + DOORBELL_OFFSET;
    for (const action of [MSI, { ...ISSUE, address, value: 0 }]) {
      const board = createSealed();
      expect(act(board, action)).toBe('DONE');
      const line = board.machine.partitions[LEFT]?.lines.find(({ intId }) => intId === LPI_FIRST);
      expect(line?.pending).toBe(true);
      expect(board.machine.smmu.inFlight.some(({ busy }) => busy)).toBe(false);
    }
    expect(act(createSealed(), { ...ISSUE, address, write: false })).toBe('PERMISSION');
  });
});

describe('a bus master without a stream', () => {
  test('refuses with NO_SUCH_MASTER, BAD_VALUE, FIREWALL_DENIED, NO_SLOT_FREE', () => {
    const board = createSealed();
    expect(act(board, { ...BARE_ISSUE, master: 1 })).toBe('NO_SUCH_MASTER');
    expect(act(board, { ...BARE_ISSUE, address: -1 })).toBe('BAD_VALUE');
    expect(act(board, { ...BARE_ISSUE, value: Number.NaN })).toBe('BAD_VALUE');
    expect(act(board, { ...BARE_ISSUE, address: RAM_PA[LEFT] ?? 0 })).toBe('FIREWALL_DENIED');
    for (let slot = 0; slot < IN_FLIGHT_SLOTS; slot += 1) {
      expect(act(board, BARE_ISSUE)).toBe('DONE');
    }
    expect(act(board, BARE_ISSUE)).toBe('NO_SLOT_FREE');
  });

  test('is what every device is on a board without an SMMU', () => {
    const { plan } = createSealed({ iommu: false });
    expect(plan.streams).toEqual([]);
    expect(plan.bareMasters.map(({ partition }) => partition)).toEqual([LEFT, RIGHT, BARE]);
  });
});

describe('the IOTLB', () => {
  test('refuses with NO_SUCH_SLOT, STREAM_UNKNOWN, STREAM_ABORTED, PAGE_NOT_MAPPED', () => {
    const board = createSealed();
    expect(act(board, { ...FILL, slot: CACHE_SLOTS })).toBe('NO_SUCH_SLOT');
    expect(act(board, { ...FILL, stream: 9 })).toBe('STREAM_UNKNOWN');
    expect(act(board, { ...FILL, address: 0 })).toBe('PAGE_NOT_MAPPED');
    expect(act(createReset(), FILL)).toBe('STREAM_ABORTED');
    expect(act(board, FILL)).toBe('DONE');
    expect(act(board, { ...FILL, kind: 'iotlb-evict' })).toBe('DONE');
    expect(board.machine.smmu.iotlb[0]?.valid).toBe(false);
  });

  test('tells partitions apart by VMID alone: equal VMIDs share translations', () => {
    for (const sameVmid of [false, true]) {
      const board = createSealed({ sameVmid });
      act(board, FILL);
      act(board, { ...ISSUE, stream: RIGHT_STREAM });
      const reached = sameVmid ? LEFT : RIGHT;
      expect(board.machine.smmu.inFlight[0]).toMatchObject({
        master: RIGHT,
        frame: (RAM_PA[reached] ?? 0) / 4096,
      });
    }
  });
});
