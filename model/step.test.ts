import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ACTION_KINDS } from './actions.ts';
import type { Action, ActionKind } from './actions.ts';
import { REFUSALS } from './outcome.ts';
import { DOORBELL_OFFSET } from './plan.ts';
import { dispatchWhenDue } from './scheduler.ts';
import { act, step } from './step.ts';
import {
  CODE_IPA,
  DOORBELL_LINE,
  ITS_BASE,
  LEFT_LINE,
  LEFT_STREAM,
  RAM_IPA,
  RAM_PA,
  RIGHT_LINE,
  RIGHT_STREAM,
  createBusy,
  createReset,
} from './testing/small-board.ts';
import type { Board, SmallBoardOptions } from './testing/small-board.ts';

/** Numbers that no caller should be trusted with. */
const STRANGE = [
  Number.NaN,
  Infinity,
  -Infinity,
  -0,
  -1,
  0.5,
  31.999,
  2 ** 31,
  2 ** 32,
  2 ** 53,
  -(2 ** 53),
  Number.MAX_VALUE,
  Number.MIN_VALUE,
];

/** One number in eight is strange, the others are from the pool. */
function numberOf(...pool: readonly number[]): fc.Arbitrary<number> {
  return fc.oneof(
    { weight: 7, arbitrary: fc.constantFrom(...pool) },
    { weight: 1, arbitrary: fc.constantFrom(...STRANGE) },
  );
}

const addresses = [RAM_IPA, RAM_IPA + 0x3fff, CODE_IPA, 0, ...RAM_PA, ITS_BASE + DOORBELL_OFFSET];
const lines = [
  0,
  5,
  16,
  27,
  31,
  LEFT_LINE,
  LEFT_LINE,
  LEFT_LINE,
  RIGHT_LINE,
  DOORBELL_LINE,
  63,
  64,
  8192,
  8194,
];

/** Every field that any action has, so that each kind finds its own. */
const FIELDS = {
  core: numberOf(0, 0, 1, 1, 1, 2, 3, 4, 9),
  fails: fc.nat({ max: 40 }).map((draw) => draw === 0),
  address: numberOf(...addresses),
  value: numberOf(0, 1, 2, 77),
  register: numberOf(0, 3, 13, 19, 20, 22),
  vcpu: numberOf(0, 1, 1, 2),
  doorbell: numberOf(0, 0, 1),
  ticks: numberOf(1, 2, 5, 18, 100),
  operation: fc.constantFrom(
    'enable',
    'enable',
    'disable',
    'set-pending',
    'clear-pending',
    'route',
  ),
  intId: numberOf(...lines),
  stream: numberOf(LEFT_STREAM, RIGHT_STREAM, 9),
  write: fc.boolean(),
  master: numberOf(0, 0, 1),
  slot: numberOf(0, 1, 2, 3, 4),
  event: numberOf(0, 1, 2),
};

/** Two SGIs at once, which chance alone seldom composes: they fill a single list register. */
const TWO_SGIS: readonly Action[] = [0, 5].flatMap((intId): Action[] => [
  { kind: 'distributor', core: 0, operation: 'enable', intId, vcpu: 0 },
  { kind: 'send-sgi', core: 0, intId, vcpu: 0 },
  { kind: 'list-register-fill', core: 0, intId },
]);

function actionsOf(kinds: readonly ActionKind[], length: number): fc.Arbitrary<Action[]> {
  const action = fc.record({ kind: fc.constantFrom(...kinds), ...FIELDS });
  // Extra fields are no harm: each transition reads its own.
  const single = (action as fc.Arbitrary<Action>).map((one): readonly Action[] => [one]);
  const burst = fc.oneof(
    { weight: 100, arbitrary: single },
    { weight: 1, arbitrary: fc.constant(TWO_SGIS) },
  );
  const bursts = fc.array(burst, { minLength: length, maxLength: length, size: 'max' });
  return bursts.map((actions) => actions.flat());
}

/** Every number and boolean of the machine in a fixed order, memory included. */
function listLeaves(value: unknown, leaves: unknown[] = []): unknown[] {
  if (value instanceof Map) for (const pair of value) leaves.push(...(pair as unknown[]));
  else if (typeof value !== 'object' || value === null) leaves.push(value);
  else for (const child of Object.values(value)) listLeaves(child, leaves);
  return leaves;
}

function isSame(before: readonly unknown[], after: readonly unknown[]): boolean {
  if (before.length !== after.length) return false;
  return before.every((leaf, index) => Object.is(leaf, after[index]));
}

/** All kinds, those more often that only together come far. */
const USUAL_KINDS: readonly ActionKind[] = [
  ...ACTION_KINDS,
  ...(['distributor', 'distributor', 'distributor'] as const),
  ...(['list-register-fill', 'list-register-fill'] as const),
  ...([
    'interrupt-acknowledge',
    'interrupt-acknowledge',
    'interrupt-end',
    'interrupt-end',
  ] as const),
  ...(['line-assert', 'line-assert', 'interrupt-take', 'interrupt-take', 'time-passes'] as const),
];

/** Boards that differ in what can be refused on them. */
const BOARDS: readonly SmallBoardOptions[] = [
  {},
  { left: { budget: 20, period: 50, priority: 2, idle: 'burn' }, listRegisters: 1 },
  { its: false, iommu: false, firewall: false, sameVmid: true },
  {
    policy: 'edf',
    right: { budget: 20, period: 100, priority: 1, idle: 'poll', slack: true },
    listRegisters: 1,
  },
];

function createBoard(index: number, reset: boolean): Board {
  const options = BOARDS[index % BOARDS.length] ?? {};
  return reset ? createReset(options) : createBusy(options);
}

const boardArbitrary = fc
  .tuple(fc.nat({ max: BOARDS.length - 1 }), fc.nat({ max: 5 }))
  .map(([index, draw]) => ({ index, reset: draw === 0 }));

/** Some of the actions after which a core has to choose anew who runs. */
const DISPATCHING: readonly ActionKind[] = ['cpu-off', 'system-reset', 'time-passes', 'wait'];

/** What keeps any guest action from being executed. */
const GUEST_REFUSALS = [
  'NO_SUCH_CORE',
  'BOOT_FAILED',
  'NOT_SEALED',
  'CORE_AT_EL2',
  'CORE_IDLE',
  'VCPU_OFF',
  'VCPU_WAITING',
];

/** Refusals of each action kind by the table of actions in docs/spec.md. */
function readDocumentedRefusals(): Map<string, string[]> {
  const text = readFileSync(join(import.meta.dirname, '..', 'docs', 'spec.md'), 'utf8');
  const rows = text.split('\n').map((line) => line.split('|').map((cell) => cell.trim()));
  const documented = new Map<string, string[]>();
  for (const [, kinds = '', who = '', , refusals = ''] of rows) {
    const names = [...refusals.matchAll(/`([A-Z0-9_]+)`/g)].map((match) => match[1] ?? '');
    if (who === 'guest') names.push(...GUEST_REFUSALS);
    for (const [, kind = ''] of kinds.matchAll(/`([a-z-]+)`/g)) documented.set(kind, names);
  }
  return documented;
}

describe('step', () => {
  test('has an outcome for every action with any numbers, and a refusal changes nothing', () => {
    const known = new Set<string>(['DONE', ...REFUSALS]);
    const seen = new Set<string>();
    fc.assert(
      fc.property(boardArbitrary, actionsOf(USUAL_KINDS, 60), ({ index, reset }, actions) => {
        const { plan, machine } = createBoard(index, reset);
        let before = listLeaves(machine);
        for (const action of actions) {
          const outcome = step(plan, machine, action);
          expect(known).toContain(outcome);
          const after = listLeaves(machine);
          if (outcome !== 'DONE') {
            seen.add(outcome);
            expect({ action, same: isSame(before, after) }).toEqual({ action, same: true });
          }
          before = after;
        }
      }),
      { seed: 3, numRuns: 400 },
    );
    expect(seen.size).toBeGreaterThan(25);
  });

  test('ends when each core that has to choose has chosen, in any order, and no other', () => {
    const due = new Set<string>();
    fc.assert(
      fc.property(boardArbitrary, actionsOf(USUAL_KINDS, 60), ({ index, reset }, actions) => {
        const { plan, machine } = createBoard(index, reset);
        for (const action of actions) {
          const whole = structuredClone(machine);
          const outcome = act(plan, machine, action);
          const marked = machine.cores.flatMap(({ dispatchDue }, core) =>
            dispatchDue ? [core] : [],
          );
          if (marked.length > 0) due.add(action.kind);
          // The order in which cores choose is of no account.
          for (const core of marked.toReversed()) dispatchWhenDue(plan, machine, core);
          expect(step(plan, whole, action)).toBe(outcome);
          expect(whole.cores.filter(({ dispatchDue }) => dispatchDue)).toEqual([]);
          expect({ action, same: isSame(listLeaves(whole), listLeaves(machine)) }).toEqual({
            action,
            same: true,
          });
        }
      }),
      { seed: 6, numRuns: 60 },
    );
    expect([...due]).toEqual(expect.arrayContaining([...DISPATCHING]));
  });

  test('leaves safe integers in every counter and address of the machine', () => {
    fc.assert(
      fc.property(boardArbitrary, actionsOf(USUAL_KINDS, 100), ({ index, reset }, actions) => {
        const { plan, machine } = createBoard(index, reset);
        for (const action of actions) step(plan, machine, action);
        const strange = listLeaves(machine).filter(
          (leaf) => typeof leaf !== 'boolean' && !Number.isSafeInteger(leaf),
        );
        expect(strange).toEqual([]);
      }),
      { seed: 4, numRuns: 200 },
    );
  });

  test('reaches every refusal, does every action, and refuses with what docs/spec.md says', () => {
    const refused = new Map<ActionKind, Set<string>>(ACTION_KINDS.map((kind) => [kind, new Set()]));
    const done = new Set<string>();
    const draw = fc.tuple(boardArbitrary, actionsOf(USUAL_KINDS, 200));
    for (const [{ index, reset }, actions] of fc.sample(draw, { seed: 5, numRuns: 1200 })) {
      const { plan, machine } = createBoard(index, reset);
      for (const action of actions) {
        const outcome = step(plan, machine, action);
        if (outcome === 'DONE') done.add(action.kind);
        else refused.get(action.kind)?.add(outcome);
      }
    }
    const seen = new Set([...refused.values()].flatMap((outcomes) => [...outcomes]));
    expect(REFUSALS.filter((one) => !seen.has(one))).toEqual([]);
    // An SMC and an unknown call are always refused: that is what they are for.
    expect(ACTION_KINDS.filter((kind) => !done.has(kind))).toEqual(['smc', 'unknown-call']);
    const documented = readDocumentedRefusals();
    const unwritten = [...refused].flatMap(([kind, outcomes]) =>
      [...outcomes]
        .filter((one) => documented.get(kind)?.includes(one) !== true)
        .map((one) => `${kind}: ${one}`),
    );
    expect(unwritten).toEqual([]);
  });
});
