import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Action } from './actions.ts';
import type { SchedulingPolicy } from './configuration.ts';
import { NONE, createMachine } from './machine.ts';
import { createPlan } from './plan.ts';
import { dispatchWhenDue, requestDispatch, wake } from './scheduler.ts';
import { act, step } from './step.ts';
import {
  LEFT,
  LEFT_LINE,
  SHARED_CORE,
  createBusy,
  createSharedCore,
  seal,
} from './testing/small-board.ts';
import type { Board, Share, SmallBoardOptions } from './testing/small-board.ts';

const CORE = SHARED_CORE;

function createShared(shares: readonly Share[], options: SmallBoardOptions = {}): Board {
  const plan = createPlan(createSharedCore(shares, options));
  return seal({ plan, machine: createMachine(plan) });
}

function getState({ machine }: Board) {
  const state = machine.cores[CORE];
  if (state === undefined) throw new Error('the board has the shared core');
  return state;
}

function pass({ plan, machine }: Board, ticks: number): string {
  return step(plan, machine, { kind: 'time-passes', core: CORE, ticks });
}

/** Wakes virtual CPU 0 of a partition, as an interrupt does, and lets its core choose anew. */
function rouse({ plan, machine }: Board, partition: number): void {
  wake(plan, machine, partition, 0);
  dispatchWhenDue(plan, machine, CORE);
}

/** Lets time pass until the clock of the core shows `until`; who ran in each tick. */
function trace(board: Board, until: number): string {
  let seen = '';
  while (getState(board).clock < until) {
    const { running, clock } = getState(board);
    pass(board, until - clock);
    seen += (running === NONE ? '.' : String(running)).repeat(getState(board).clock - clock);
  }
  return seen;
}

function block({ plan, machine }: Board): string {
  return step(plan, machine, { kind: 'wait', core: CORE });
}

const FREE = { contextSwitch: 0, section: 0 };
const HIGH: Share = { budget: 2, period: 5, priority: 2 };
const LOW: Share = { budget: 3, period: 10, priority: 1 };

describe('reservations', () => {
  test('run by priority, each for its budget in each of its periods', () => {
    expect(trace(createShared([LOW, HIGH], FREE), 20)).toBe('0011100...0011100...');
  });

  test('are ordered by priority, then by place in the configuration', () => {
    const { plan } = createShared([LOW, HIGH, { ...HIGH }]);
    expect(plan.cores[CORE]?.residents.map(({ partition }) => partition)).toEqual([1, 2, 0]);
  });

  test('run by the next replenishment under edf', () => {
    const board = createShared([LOW, { ...HIGH, priority: 0 }], { ...FREE, policy: 'edf' });
    expect(trace(board, 10)).toBe('1100011...');
  });

  test('have no budget before their phase', () => {
    expect(trace(createShared([{ ...HIGH, phase: 3 }], FREE), 10)).toBe('...00...00');
  });

  test('lose what they did not use: a replenishment sets the budget, it does not add', () => {
    const board = createShared([HIGH], FREE);
    block(board);
    trace(board, 12);
    rouse(board, 0);
    expect(trace(board, 18)).toBe('00.00.');
  });
});

describe('an idle reservation', () => {
  test.each([
    ['keep', 'keeps its budget until the period ends', '1110000...'],
    ['burn', 'burns it', '0011100...'],
    ['poll', 'loses it at once', '111..00...'],
  ] as const)('under %s %s', (idle, _, seen) => {
    const board = createShared([{ ...HIGH, idle }, LOW], FREE);
    block(board);
    const first = trace(board, 3);
    rouse(board, 0);
    expect(first + trace(board, 10)).toBe(seen);
  });

  test('under poll keeps its budget while somebody more urgent runs', () => {
    const board = createShared([HIGH, { ...LOW, idle: 'poll' }], FREE);
    trace(board, 2);
    block(board);
    expect(getState(board).accounts[1]?.budget).toBe(0);
    const other = createShared([HIGH, { ...LOW, idle: 'poll' }], FREE);
    const vcpu = other.machine.partitions[1]?.vcpus[0];
    if (vcpu !== undefined) vcpu.waiting = true;
    trace(other, 1);
    rouse(other, 1);
    expect(getState(other).accounts[1]?.budget).toBe(3);
    expect(trace(other, 5)).toBe('0111');
  });
});

const SGI = 3;

/** `left` waits on the shared core; its line is routed there, and its wire is asserted. */
function createWaiting(): Board {
  const board = createBusy({ contextSwitch: 0 });
  const line = { intId: LEFT_LINE, vcpu: 1, core: 0 };
  const sgi = { intId: SGI, vcpu: 1, core: CORE };
  const actions: Action[] = [
    { kind: 'distributor', operation: 'route', ...line },
    { kind: 'distributor', operation: 'enable', ...sgi },
    { kind: 'wait', core: CORE },
    { kind: 'line-assert', intId: LEFT_LINE },
  ];
  for (const action of actions) expect(step(board.plan, board.machine, action)).toBe('DONE');
  return board;
}

describe('a core chooses anew', () => {
  test.each<[string, Action]>([
    ['an SGI', { kind: 'send-sgi', core: 0, intId: SGI, vcpu: 1 }],
    [
      'a line that is enabled',
      { kind: 'distributor', core: 0, operation: 'enable', intId: LEFT_LINE, vcpu: 1 },
    ],
  ])('in the same step, when %s from another core wakes somebody', (_, action) => {
    const { plan, machine } = createWaiting();
    const state = machine.cores[CORE];
    const [left] = plan.cores[CORE]?.residents ?? [];
    expect(left?.partition).toBe(LEFT);
    expect(state).toMatchObject({ running: 1, loaded: 1 });
    expect(step(plan, machine, action)).toBe('DONE');
    expect(state).toMatchObject({ running: 0, loaded: 0, dispatchDue: false });
  });

  test('once what happens in the step has happened, and no sooner', () => {
    const { plan, machine } = createWaiting();
    const others = structuredClone(machine.cores.filter((_, core) => core !== CORE));
    expect(act(plan, machine, { kind: 'send-sgi', core: 0, intId: SGI, vcpu: 1 })).toBe('DONE');
    expect(machine.cores[CORE]).toMatchObject({ running: 1, dispatchDue: true });
    dispatchWhenDue(plan, machine, CORE);
    expect(machine.cores[CORE]).toMatchObject({ running: 0, dispatchDue: false });
    expect(machine.cores.filter((_, core) => core !== CORE)).toEqual(others);
  });

  test('only if it has to: whoever does not wait is not woken', () => {
    const { plan, machine } = createBusy();
    const before = structuredClone(machine);
    wake(plan, machine, LEFT, 1);
    for (let core = 0; core < plan.cores.length; core += 1) dispatchWhenDue(plan, machine, core);
    expect(machine).toEqual(before);
  });

  test('and nothing happens where there is no such core', () => {
    const { plan, machine } = createBusy();
    const before = structuredClone(machine);
    for (const core of [-1, 0.5, plan.cores.length, Number.NaN]) {
      requestDispatch(machine, core);
      dispatchWhenDue(plan, machine, core);
    }
    expect(machine).toEqual(before);
  });
});

describe('an EL2 section', () => {
  test('is not pre-empted; what it takes beyond the budget is debt', () => {
    const board = createShared([LOW, { ...HIGH, phase: 1 }], { ...FREE, section: 4 });
    expect(step(board.plan, board.machine, { kind: 'section', core: CORE, ticks: 4 })).toBe('DONE');
    expect(trace(board, 4)).toBe('1111');
    expect(getState(board).accounts[1]?.budget).toBe(-1);
    expect(trace(board, 10)).toBe('0000..');
    expect(getState(board).accounts[1]?.budget).toBe(2);
  });

  test('postpones a wake-up to its end', () => {
    const board = createShared([LOW, HIGH], { ...FREE, section: 4 });
    block(board);
    step(board.plan, board.machine, { kind: 'section', core: CORE, ticks: 2 });
    rouse(board, 1);
    expect(trace(board, 4)).toBe('1100');
  });
});

describe('an activation', () => {
  test('is charged the switch once; a resume after a pre-emption is free', () => {
    const board = createShared(
      [
        { ...LOW, budget: 6 },
        { ...HIGH, budget: 3, phase: 4 },
      ],
      {
        contextSwitch: 1,
        section: 0,
      },
    );
    expect(getState(board).section).toBe(1);
    trace(board, 4);
    expect(getState(board)).toMatchObject({ running: 0, section: 1 });
    expect(trace(board, 7)).toBe('000');
    expect(getState(board)).toMatchObject({ running: 1, section: 0 });
    expect(getState(board).accounts[1]?.budget).toBe(2);
  });

  test('needs the switch and one tick: with less the reservation waits for its period', () => {
    const board = createShared([{ ...HIGH, budget: 3 }], { contextSwitch: 2, section: 0 });
    trace(board, 2);
    block(board);
    rouse(board, 0);
    expect(getState(board).running).toBe(NONE);
    expect(trace(board, 8)).toBe('...000');
  });

  test('that needs more than the budget never runs', () => {
    expect(trace(createShared([HIGH], { contextSwitch: 2 }), 20)).toBe('.'.repeat(20));
  });
});

describe('slack', () => {
  test('goes round robin to those who may use it, uncharged, while nobody is eligible', () => {
    const tiny = { budget: 1, period: 6, priority: 1, slack: true };
    const board = createShared([tiny, tiny, { ...tiny, slack: false }], FREE);
    expect(trace(board, 3)).toBe('012');
    const seen: number[] = [];
    for (let round = 0; round < 3; round += 1) {
      seen.push(getState(board).running);
      expect(getState(board).slack).toBe(true);
      pass(board, 1);
    }
    expect(seen).toEqual([0, 1, 0]);
    expect(getState(board).accounts.map(({ budget }) => budget)).toEqual([1, 1, 1]);
    expect(getState(board)).toMatchObject({ running: 0, slack: false });
  });
});

/** A reservation of the reference. */
interface Server {
  readonly share: Share;
  readonly order: number;
  ready: boolean;
  budget: number;
  /** The next dispatch pays for the switch. */
  fresh: boolean;
}

/**
 * The reference: the schedule tick by tick, from its definition and not from the spec's code.
 * Servers stand in order of priority.
 */
interface Reference {
  readonly policy: SchedulingPolicy;
  readonly switchTicks: number;
  readonly servers: readonly Server[];
  now: number;
  section: number;
  running: Server | null;
  onCore: Server | null;
  slack: boolean;
}

function createReference(shares: readonly Share[], options: SmallBoardOptions): Reference {
  const sorted = shares.toSorted((a, b) => b.priority - a.priority);
  const reference: Reference = {
    policy: options.policy ?? 'fp',
    switchTicks: options.contextSwitch ?? 0,
    servers: sorted.map((share, order) => ({ share, order, ready: true, budget: 0, fresh: true })),
    now: 0,
    section: 0,
    running: null,
    onCore: null,
    slack: false,
  };
  replenish(reference);
  choose(reference);
  return reference;
}

function replenish({ servers, now }: Reference): void {
  for (const server of servers) {
    const since = now - (server.share.phase ?? 0);
    if (since < 0 || since % server.share.period !== 0) continue;
    if (server.budget <= 0) server.fresh = true;
    server.budget = server.share.budget + Math.min(server.budget, 0);
  }
}

/** Ticks until the next replenishment: the deadline under edf. */
function untilNext({ now }: Reference, { share }: Server): number {
  const since = now - (share.phase ?? 0);
  return since < 0 ? -since : share.period - (since % share.period);
}

function hasBudget(reference: Reference, server: Server): boolean {
  return server.budget > (server.fresh ? reference.switchTicks : 0);
}

function choose(reference: Reference): void {
  if (reference.section > 0) return;
  const order = reference.servers.toSorted((a, b) =>
    reference.policy === 'fp'
      ? a.order - b.order
      : untilNext(reference, a) - untilNext(reference, b) || a.order - b.order,
  );
  let chosen: Server | null = null;
  for (const server of order) {
    const burns = server.share.idle === 'burn';
    if (burns ? server.budget > 0 : server.ready && hasBudget(reference, server)) {
      chosen = server;
      break;
    }
    if (server.share.idle === 'poll' && !server.ready) server.budget = Math.min(server.budget, 0);
  }
  reference.slack = chosen === null;
  chosen ??= order.find(({ share, ready }) => share.slack === true && ready) ?? null;
  reference.slack &&= chosen !== null;
  reference.running = chosen;
  if (chosen === null || !chosen.ready) return;
  if (chosen.fresh && !reference.slack) {
    if (!hasBudget(reference, chosen)) return;
    chosen.fresh = false;
    reference.section = reference.switchTicks;
  }
  reference.onCore = chosen;
}

function tick(reference: Reference): void {
  if (reference.running !== null && !reference.slack) reference.running.budget -= 1;
  if (reference.section > 0) reference.section -= 1;
  reference.now += 1;
  replenish(reference);
  choose(reference);
}

function isExecuting({ running, onCore, section }: Reference): boolean {
  return running !== null && running === onCore && running.ready && section === 0;
}

/** What the spec and the reference must agree upon. */
function summarize(reference: Reference): unknown {
  return {
    clock: reference.now,
    running: reference.running?.order ?? NONE,
    slack: reference.slack,
    section: reference.section,
    budgets: reference.servers.map(({ budget }) => budget),
  };
}

function summarizeSpec(board: Board): unknown {
  const { clock, running, slack, section, accounts } = getState(board);
  return { clock, running, slack, section, budgets: accounts.map(({ budget }) => budget) };
}

type Move = readonly ['pass' | 'block' | 'wake' | 'section', number];

/** Makes the same move on both; returns whether both took it. */
function move(board: Board, reference: Reference, [kind, amount]: Move): void {
  if (kind === 'pass') {
    const before = getState(board).clock;
    expect(pass(board, amount)).toBe('DONE');
    const passed = getState(board).clock - before;
    expect(passed).toBeGreaterThan(0);
    for (let count = 0; count < passed; count += 1) tick(reference);
    return;
  }
  if (kind === 'wake') {
    const server = reference.servers[amount % reference.servers.length];
    const resident = board.plan.cores[CORE]?.residents[server?.order ?? NONE];
    rouse(board, resident?.partition ?? NONE);
    if (server !== undefined) server.ready = true;
    choose(reference);
    return;
  }
  const able = isExecuting(reference);
  const ticks = 1 + (amount % 4);
  const outcome =
    kind === 'block'
      ? block(board)
      : step(board.plan, board.machine, { kind: 'section', core: CORE, ticks });
  expect(outcome === 'DONE').toBe(able);
  if (!able || reference.running === null) return;
  if (kind === 'section') {
    reference.section = ticks;
    return;
  }
  reference.running.ready = false;
  reference.running.fresh = true;
  choose(reference);
}

const shareArbitrary = (idle: readonly ('keep' | 'burn' | 'poll')[], priority: number) =>
  fc
    .record({
      period: fc.integer({ min: 1, max: 12 }),
      budget: fc.integer({ min: 1, max: 6 }),
      phase: fc.integer({ min: 0, max: 5 }),
      idle: fc.constantFrom(...idle),
    })
    .map((share): Share => ({ ...share, budget: Math.min(share.budget, share.period), priority }));

const moveArbitrary: fc.Arbitrary<Move> = fc.tuple(
  fc.constantFrom('pass', 'pass', 'pass', 'block', 'wake', 'section'),
  fc.integer({ min: 1, max: 9 }),
);

describe('the schedule', () => {
  test.each(['fp', 'edf'] as const)(
    'is tick by tick that of the definition under %s, with every idle policy',
    (policy) => {
      const shares = fc.tuple(
        ...[3, 2, 1].map((priority) => shareArbitrary(['keep', 'burn', 'poll'], priority)),
      );
      let runs = 0;
      fc.assert(
        fc.property(
          shares,
          fc.nat({ max: 3 }),
          fc.nat({ max: 2 }),
          fc.array(moveArbitrary, { minLength: 20, maxLength: 80, size: 'max' }),
          (drawn, slack, contextSwitch, moves) => {
            const members = drawn.map((share, index) => ({ ...share, slack: index === slack }));
            const options = { policy, contextSwitch, section: 4 };
            const board = createShared(members, options);
            const reference = createReference(members, options);
            expect(summarizeSpec(board)).toEqual(summarize(reference));
            for (const one of moves) {
              move(board, reference, one);
              expect(summarizeSpec(board)).toEqual(summarize(reference));
              runs += 1;
            }
          },
        ),
        { seed: 13, numRuns: 300 },
      );
      expect(runs).toBeGreaterThan(6000);
    },
  );
});
