import { describe, expect, test } from 'vitest';
import { step } from './step.ts';
import {
  BARE,
  BARE_CORE,
  LEFT,
  RAM_IPA,
  RIGHT,
  SHARED_CORE,
  createBusy,
  createSealed,
} from './testing/small-board.ts';
import type { Board } from './testing/small-board.ts';
import { HIDDEN_FIELDS, createView, getDomain, observe } from './view.ts';

/** What all partitions observe, as text. */
function observeAll({ plan, machine }: Board): string {
  const views = plan.partitions.map((_, partition) => {
    const view = createView();
    observe(plan, machine, partition, view);
    return view;
  });
  return JSON.stringify(views);
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
  const board = createBusy();
  step(board.plan, board.machine, { kind: 'arm-timer', core: 0, ticks: 9 });
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

  test('hides nothing that the machine does not have', () => {
    const known = [...paths, 'memory.words', 'memory.writers'];
    const stray = Object.keys(HIDDEN_FIELDS).filter(
      (one) => !known.some((path) => path === one || path.startsWith(`${one}.`)),
    );
    expect(stray).toEqual([]);
  });

  test('shows a word to those who can read its frame, and to nobody else', () => {
    const { plan, machine } = createSealed();
    step(plan, machine, { kind: 'write', core: 0, address: RAM_IPA, value: 3 });
    const seen = [LEFT, RIGHT, BARE].map((partition) => {
      const view = createView();
      observe(plan, machine, partition, view);
      return view.memory.length / 2;
    });
    expect(seen).toEqual([1, 0, 0]);
  });

  test('shows every word to a core that neither stage 2 nor a firewall holds', () => {
    const { plan, machine } = createSealed({ firewall: false });
    step(plan, machine, { kind: 'write', core: 0, address: RAM_IPA, value: 3 });
    const view = createView();
    observe(plan, machine, BARE, view);
    expect(view.memory.length / 2).toBe(1);
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
