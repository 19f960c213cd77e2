import { describe, expect, test } from 'vitest';
import { LR_ACTIVE, LR_INVALID, LR_PENDING } from './list-registers.ts';
import { step } from './step.ts';
import {
  BARE,
  BARE_CORE,
  LEFT,
  LEFT_LINE,
  LEFT_STREAM,
  RAM_IPA,
  RAM_PA,
  RIGHT,
  SHARED_CORE,
  createBusy,
  createSealed,
} from './testing/small-board.ts';
import type { Board } from './testing/small-board.ts';
import { PAGE_SIZE } from './units.ts';
import {
  ALIGNED_FIELDS,
  HIDDEN_FIELDS,
  createView,
  getDomain,
  isObservable,
  observe,
} from './view.ts';
import type { View } from './view.ts';

/** First frame of the memory of `left`. */
const RAM_FRAME = (RAM_PA[LEFT] ?? 0) / PAGE_SIZE;

/** What all partitions observe, as text. */
function observeAll({ plan, machine }: Board): string {
  const views = plan.partitions.map((_, partition) => {
    const view = createView();
    observe(plan, machine, partition, view);
    return view;
  });
  return JSON.stringify(views);
}

function look({ plan, machine }: Board, partition: number): View {
  const view = createView();
  observe(plan, machine, partition, view);
  return view;
}

/** A board on which every part of the view holds something. */
function createFull(): Board {
  const board = createBusy();
  const { plan, machine } = board;
  const sgi = { intId: 1, vcpu: 0, core: 0 };
  step(plan, machine, { kind: 'arm-timer', core: 0, ticks: 9 });
  step(plan, machine, { kind: 'distributor', operation: 'enable', ...sgi });
  step(plan, machine, { kind: 'send-sgi', ...sgi });
  step(plan, machine, { kind: 'list-register-fill', ...sgi });
  const request = { stream: LEFT_STREAM, address: RAM_IPA, write: true, value: 7 };
  step(plan, machine, { kind: 'dma-issue', ...request });
  return board;
}

interface Leaf {
  /** Path without array indices. */
  readonly path: string;
  readonly holder: Record<string, unknown>;
  readonly key: string;
}

/** Every number and boolean of the state; memory is a matter of its own. */
function listLeaves(value: unknown, path = ''): Leaf[] {
  if (typeof value !== 'object' || value === null || value instanceof Map) return [];
  const holder = value as Record<string, unknown>;
  return Object.entries(value).flatMap(([key, child]: [string, unknown]) => {
    const below = Array.isArray(value) ? path : [path, key].filter((one) => one !== '').join('.');
    if (typeof child === 'object') return listLeaves(child, below);
    return [{ path: below, holder, key }];
  });
}

function isHidden(path: string): boolean {
  return Object.keys(HIDDEN_FIELDS).some((one) => path === one || path.startsWith(`${one}.`));
}

describe('the view', () => {
  const board = createFull();
  const leaves = listLeaves(board.machine);
  const paths = [...new Set(leaves.map(({ path }) => path))];

  test.each(paths)('shows a change of %s to somebody, or that is hidden for a reason', (path) => {
    const before = observeAll(board);
    let seen = 0;
    for (const { holder, key } of leaves.filter((one) => one.path === path)) {
      const old = holder[key];
      holder[key] = typeof old === 'boolean' ? !old : Number(old) + 1;
      if (observeAll(board) !== before) seen += 1;
      holder[key] = old;
    }
    expect(seen > 0).toBe(!isHidden(path));
  });

  test.each([
    ['hides', HIDDEN_FIELDS],
    ['aligns', ALIGNED_FIELDS],
  ])('%s nothing that the machine does not have', (_verb, fields) => {
    const known = [...paths, 'memory.words', 'memory.writers'];
    const stray = Object.keys(fields).filter(
      (one) => !known.some((path) => path === one || path.startsWith(`${one}.`)),
    );
    expect(stray).toEqual([]);
  });

  test('shows a word to those who can read its frame, and to nobody else', () => {
    const sealed = createSealed();
    step(sealed.plan, sealed.machine, { kind: 'write', core: 0, address: RAM_IPA, value: 3 });
    const seen = [LEFT, RIGHT, BARE].map((partition) => look(sealed, partition).memory);
    expect(seen).toEqual([[RAM_FRAME, 3], [], []]);
  });

  test('shows every word to a core that neither stage 2 nor a firewall holds', () => {
    const open = createSealed({ firewall: false });
    step(open.plan, open.machine, { kind: 'write', core: 0, address: RAM_IPA, value: 3 });
    expect(look(open, BARE).memory).toEqual([RAM_FRAME, 3]);
    expect(isObservable(open.plan, BARE, 0)).toBe(true);
  });

  test('does not tell a frame that holds 0 from one that was never written', () => {
    const sealed = createSealed();
    const before = look(sealed, LEFT);
    step(sealed.plan, sealed.machine, { kind: 'write', core: 0, address: RAM_IPA, value: 0 });
    expect(look(sealed, LEFT)).toEqual(before);
  });

  test('shows list registers to who is live on the core, whatever their state is', () => {
    const full = createFull();
    const [own] = look(full, LEFT).listRegisters;
    expect(own).toEqual([1, 1 + 8, 0]);
    const core = full.machine.cores[0];
    const [register] = core?.listRegisters ?? [];
    if (core === undefined || register === undefined) throw new Error('core 0 has them');
    for (const state of [LR_INVALID, LR_PENDING, LR_ACTIVE]) {
      register.state = state;
      expect(look(full, LEFT).listRegisters[0]).toEqual([1, state + 8, 0]);
    }
    core.loaded = -1;
    expect(look(full, LEFT).listRegisters[0]).toEqual([0, 0, 0]);
  });

  test('shows a physical line and a request in flight to their owner alone', () => {
    const full = createFull();
    const before = [LEFT, RIGHT, BARE].map((partition) => look(full, partition));
    step(full.plan, full.machine, { kind: 'line-assert', intId: LEFT_LINE });
    step(full.plan, full.machine, { kind: 'dma-complete', slot: 0 });
    const after = [LEFT, RIGHT, BARE].map((partition) => look(full, partition));
    expect(before[LEFT]?.requests.slice(0, 4)).toEqual([1, RAM_FRAME, 1, 7]);
    expect(after[LEFT]?.requests.slice(0, 4)).toEqual([0, 0, 0, 0]);
    expect(after[LEFT]?.physicalLines[0]).toBe(1 + 4 + 16);
    expect(after.slice(RIGHT)).toEqual(before.slice(RIGHT));
  });
});

test('the domain of a core is who runs there, and always the owner of a core without EL2', () => {
  const { plan, machine } = createSealed();
  expect([0, SHARED_CORE, 2, BARE_CORE, 9].map((core) => getDomain(plan, machine, core))).toEqual([
    LEFT,
    -1,
    RIGHT,
    BARE,
    -1,
  ]);
});
