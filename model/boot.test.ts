import { describe, expect, test } from 'vitest';
import { BOOT_OFF, BOOT_SEALED, BOOT_SMMU, BOOT_STAGE2 } from './machine.ts';
import { step } from './step.ts';
import {
  BARE_CORE,
  LEFT,
  LEFT_LINE,
  LEFT_STREAM,
  RIGHT,
  createReset,
  createSealed,
} from './testing/small-board.ts';
import type { Board } from './testing/small-board.ts';

function boot({ plan, machine }: Board, core: number, fails = false): string {
  return step(plan, machine, { kind: 'boot', core, fails });
}

describe('boot', () => {
  test('refuses with NO_SUCH_CORE a core that the board does not have', () => {
    const board = createReset();
    expect(boot(board, board.plan.cores.length)).toBe('NO_SUCH_CORE');
    expect(boot(board, 0)).toBe('DONE');
  });

  test('refuses with CORE_UNUSED a core without EL2 and a core that nobody has', () => {
    const board = createReset();
    expect(boot(board, BARE_CORE)).toBe('CORE_UNUSED');
    expect(boot(board, 4)).toBe('CORE_UNUSED');
  });

  test('refuses with BOOT_FAILED every step after one that failed', () => {
    const board = createReset();
    expect(boot(board, 0, true)).toBe('DONE');
    expect(boot(board, 0)).toBe('BOOT_FAILED');
    expect(board.machine.boot.steps[0]).toBe(BOOT_OFF);
  });

  test('refuses with BOOT_OUT_OF_ORDER a core that would overtake the boot core', () => {
    const board = createReset();
    expect(boot(board, 1)).toBe('BOOT_OUT_OF_ORDER');
    boot(board, 0);
    expect(boot(board, 1)).toBe('DONE');
    expect(boot(board, 1)).toBe('BOOT_OUT_OF_ORDER');
  });

  test('refuses with ALREADY_SEALED a core that has sealed', () => {
    const board = createSealed();
    expect(boot(board, 0)).toBe('ALREADY_SEALED');
  });

  test('silences what firmware left in the SMMU with its first step', () => {
    const board = createReset();
    const { smmu } = board.machine;
    expect(smmu.enabled && smmu.streams.every(({ valid, translate }) => valid && !translate)).toBe(
      true,
    );
    boot(board, 0);
    expect(smmu.enabled).toBe(false);
    expect(smmu.abortWhenOff).toBe(true);
    expect(smmu.streams.some(({ valid }) => valid)).toBe(false);
  });

  test('writes stream entries word by word, the valid bit last, then enables the SMMU', () => {
    const board = createReset();
    const { smmu, boot: state } = board.machine;
    boot(board, 0);
    const seen: string[] = [];
    for (let word = 0; state.steps[0] === BOOT_STAGE2 && word < 10; word += 1) {
      boot(board, 0);
      const [first] = smmu.streams;
      seen.push(`${first?.translate} ${first?.valid} ${smmu.enabled}`);
    }
    expect(seen).toEqual([
      'true false false',
      'true true false',
      'true true false',
      'true true false',
      'true true true',
    ]);
    expect(state.steps[0]).toBe(BOOT_SMMU);
    expect(smmu.streams.map(({ table }) => table)).toEqual([LEFT, RIGHT]);
  });

  test('leaves every line disabled, with its owner and route', () => {
    const { plan, machine } = createSealed();
    const line = machine.gic.lines[LEFT_LINE - plan.spiFirst];
    expect(line).toMatchObject({ enabled: false, group: 1, owner: LEFT, core: 0 });
    expect(machine.gic.lines[0]).toMatchObject({ enabled: false, owner: -1, core: -1 });
  });

  test('keeps a line pending that a device asserts before the lines are routed', () => {
    const board = createReset();
    step(board.plan, board.machine, { kind: 'line-assert', intId: LEFT_LINE });
    for (let round = 0; round < 20; round += 1) for (const core of [0, 1, 2]) boot(board, core);
    expect(board.machine.gic.lines[LEFT_LINE - 32]?.pending).toBe(true);
  });

  test('lets nobody run before the last core has sealed', () => {
    const board = createReset();
    for (let round = 0; round < 20; round += 1) for (const core of [0, 1]) boot(board, core);
    expect(board.machine.boot.steps.slice(0, 2)).toEqual([BOOT_SEALED, BOOT_SEALED]);
    expect(board.machine.boot.sealed).toBe(false);
    const read = { kind: 'read', core: 0, address: 0x1000, value: 0 } as const;
    expect(step(board.plan, board.machine, read)).toBe('NOT_SEALED');
    for (let round = 0; round < 20; round += 1) boot(board, 2);
    expect(board.machine.boot.sealed).toBe(true);
    expect(step(board.plan, board.machine, read)).toBe('DONE');
  });

  test('starts virtual CPU 0 of each partition and no other', () => {
    const { machine } = createSealed();
    expect(machine.partitions.map(({ vcpus }) => vcpus.map(({ on }) => on))).toEqual([
      [true, false],
      [true, false],
      [true],
    ]);
  });

  test('lets a device pass nothing until the SMMU holds it', () => {
    const board = createReset();
    const issue = {
      kind: 'dma-issue',
      stream: LEFT_STREAM,
      address: 0x1000,
      write: true,
      value: 1,
    } as const;
    expect(step(board.plan, board.machine, issue)).toBe('DEVICE_IN_RESET');
    const seen = new Set<string>();
    while (board.machine.boot.steps[0] !== BOOT_SMMU) {
      boot(board, 0);
      seen.add(step(board.plan, board.machine, issue));
    }
    expect([...seen]).toEqual(['STREAM_ABORTED', 'DONE']);
  });
});
