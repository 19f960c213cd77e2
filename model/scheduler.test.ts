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

/** Takes an interrupt of whoever has the core. */
function take(board: Board): string {
  const { plan, machine } = board;
  const line = machine.gic.lines[0];
  const resident = plan.cores[CORE]?.residents[getState(board).running];
  if (line === undefined) throw new Error('the board has shared lines');
  const pending = { enabled: true, pending: true, active: false };
  Object.assign(line, { ...pending, core: CORE, owner: resident?.partition ?? NONE });
  return step(plan, machine, { kind: 'interrupt-take', core: CORE, intId: plan.spiFirst });
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

describe('a replenishment in a section', () => {
  test('is handled at its end, as if in time: what ran before it is of the old period', () => {
    const board = createShared([{ budget: 3, period: 5, priority: 1 }], { ...FREE, section: 4 });
    trace(board, 2);
    step(board.plan, board.machine, { kind: 'section', core: CORE, ticks: 4 });
    expect(trace(board, 6)).toBe('0000');
    expect(getState(board).accounts[0]).toMatchObject({ budget: 0, nextReplenishment: 10 });
    expect(trace(board, 15)).toBe('....000..');
  });

  test('is handled once for each period that has passed', () => {
    const board = createShared([{ budget: 2, period: 2, priority: 1 }], { ...FREE, section: 5 });
    step(board.plan, board.machine, { kind: 'section', core: CORE, ticks: 5 });
    trace(board, 5);
    const account = getState(board).accounts[0];
    expect(account).toMatchObject({ budget: 1, nextReplenishment: 6, epochs: 3 });
  });
});

describe('the timer that ends a budget', () => {
  test('is handled in time of the reservation whose budget it is: debt', () => {
    const board = createShared([LOW, HIGH], { ...FREE, timer: 1 });
    expect(trace(board, 10)).toBe('000110011.');
    expect(getState(board).accounts.map(({ budget }) => budget)).toEqual([1, 2]);
  });

  test('is not needed where the period ends with the budget', () => {
    const board = createShared([{ budget: 5, period: 5, priority: 1 }], { ...FREE, timer: 1 });
    expect(trace(board, 10)).toBe('0'.repeat(10));
    expect(getState(board).accounts[0]?.budget).toBe(5);
  });
});

describe('taking an interrupt', () => {
  test('is time at EL2 that whoever runs pays for', () => {
    const board = createShared([HIGH], { ...FREE, interrupt: 3 });
    expect(take(board)).toBe('DONE');
    expect(getState(board)).toMatchObject({ running: 0, section: 3 });
    expect(trace(board, 5)).toBe('000..');
    expect(getState(board).accounts[0]?.budget).toBe(1);
  });

  test('is for nothing where it takes no tick', () => {
    const board = createShared([HIGH], FREE);
    expect(take(board)).toBe('DONE');
    expect(getState(board).section).toBe(0);
  });
});

describe('a table', () => {
  const slot = { partition: 0, start: 1, duration: 3 };
  const table = { frame: 10, slots: [slot, { ...slot, partition: 1, start: 4 }] };
  const two: readonly Share[] = [LOW, LOW];

  function createTable(options: SmallBoardOptions = {}, slack = false): Board {
    const shares = two.map((share) => ({ ...share, slack }));
    return createShared(shares, { ...FREE, policy: 'table', table, ...options });
  }

  test('gives each its slots in every frame, and nothing else', () => {
    const board = createTable();
    expect(trace(board, 20)).toBe('.000111....000111...');
    block(board);
    expect(trace(board, 25)).toBe('.0001');
  });

  test('gives gaps, and slots that nobody uses, to whoever may use slack', () => {
    const board = createTable({}, true);
    trace(board, 2);
    block(board);
    expect(trace(board, 10)).toBe('1'.repeat(8));
    expect(getState(board)).toMatchObject({ running: 1, slack: true, slot: 0, frameStart: 10 });
  });

  test('has each slot pay for the switch to it, and so each wake-up', () => {
    const board = createTable({ contextSwitch: 1, reload: 1 });
    trace(board, 1);
    expect(getState(board)).toMatchObject({ running: 0, section: 2 });
    trace(board, 4);
    expect(getState(board)).toMatchObject({ running: 1, section: 2 });
    trace(board, 6);
    block(board);
    rouse(board, 1);
    expect(getState(board).running).toBe(NONE);
  });

  test('begins a slot late where a section has not ended, and ends it in time', () => {
    const board = createTable({ section: 4 });
    trace(board, 3);
    step(board.plan, board.machine, { kind: 'section', core: CORE, ticks: 3 });
    expect(trace(board, 10)).toBe('0001...');
  });

  test('passes over slots that begin and end within a section', () => {
    const board = createTable({ section: 9 });
    trace(board, 2);
    step(board.plan, board.machine, { kind: 'section', core: CORE, ticks: 9 });
    expect(trace(board, 17)).toBe('000000000000111');
    expect(getState(board)).toMatchObject({ frameStart: 10, slot: 3 });
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
  /** The timer has said that the budget is spent. */
  stopped: boolean;
}

/**
 * The reference: the schedule tick by tick, from its definition and not from the spec's code.
 * Servers stand in order of priority. Every tick is accounted at once: what EL2 finds out late, at
 * the end of a section, it must find as if it had been in time.
 */
interface Reference {
  readonly costs: Costs;
  readonly policy: SchedulingPolicy;
  readonly table: Table;
  readonly servers: readonly Server[];
  now: number;
  section: number;
  running: Server | null;
  onCore: Server | null;
  slack: boolean;
}

/** Ticks that EL2 takes. */
interface Costs {
  readonly activation: number;
  readonly timer: number;
  readonly interrupt: number;
  readonly section: number;
}

type Table = NonNullable<SmallBoardOptions['table']>;

const NO_TABLE: Table = { frame: 1, slots: [] };

function createReference(shares: readonly Share[], options: SmallBoardOptions): Reference {
  const policy = options.policy ?? 'fp';
  const sorted = policy === 'table' ? shares : shares.toSorted((a, b) => b.priority - a.priority);
  const one = { ready: true, budget: 0, fresh: true, stopped: false };
  const reference: Reference = {
    policy,
    table: options.table ?? NO_TABLE,
    costs: {
      activation: (options.contextSwitch ?? 0) + (options.reload ?? 0),
      timer: options.timer ?? 0,
      interrupt: options.interrupt ?? 0,
      section: options.section ?? 0,
    },
    servers: sorted.map((share, order) => ({ share, order, ...one })),
    now: 0,
    section: 0,
    running: null,
    onCore: null,
    slack: false,
  };
  begin(reference);
  choose(reference);
  return reference;
}

/** What begins at this instant: a period, or a slot. */
function begin({ policy, table, servers, now }: Reference): void {
  if (policy === 'table') {
    for (const { partition, start } of table.slots) {
      const server = servers[partition];
      if (server !== undefined && start === now % table.frame) server.fresh = true;
    }
    return;
  }
  for (const server of servers) {
    const since = now - (server.share.phase ?? 0);
    if (since < 0 || since % server.share.period !== 0) continue;
    if (server.budget <= 0) server.fresh = true;
    server.budget = server.share.budget + Math.min(server.budget, 0);
    server.stopped = false;
  }
}

/** Ticks until the next replenishment: the deadline under edf. */
function untilNext({ now }: Reference, { share }: Server): number {
  const since = now - (share.phase ?? 0);
  return since < 0 ? -since : share.period - (since % share.period);
}

/** Ticks that a server can run now, if it is chosen: of its budget, or of its slot. */
function countLeft({ policy, table, now }: Reference, server: Server): number {
  if (policy !== 'table') return server.budget;
  const at = now % table.frame;
  const slot = table.slots.find(({ start, duration }) => start <= at && at < start + duration);
  return slot?.partition === server.order ? slot.start + slot.duration - at : 0;
}

function hasEnough(reference: Reference, server: Server): boolean {
  return countLeft(reference, server) > (server.fresh ? reference.costs.activation : 0);
}

function isPaying({ policy, running, slack }: Reference): boolean {
  return policy !== 'table' && running !== null && !slack;
}

/** The first in order that may run; whoever polls in vain on the way loses its budget. */
function findChosen(reference: Reference): Server | null {
  const order =
    reference.policy === 'edf'
      ? reference.servers.toSorted(
          (a, b) => untilNext(reference, a) - untilNext(reference, b) || a.order - b.order,
        )
      : reference.servers;
  for (const server of order) {
    const burns = reference.policy !== 'table' && server.share.idle === 'burn';
    if (burns ? server.budget > 0 : server.ready && hasEnough(reference, server)) return server;
    if (server.share.idle === 'poll' && !server.ready) server.budget = Math.min(server.budget, 0);
  }
  return null;
}

function choose(reference: Reference): void {
  if (reference.section > 0) return;
  const { running, costs, servers } = reference;
  if (isPaying(reference) && running !== null && running.budget <= 0 && !running.stopped) {
    running.stopped = true;
    running.fresh = true;
    reference.section = costs.timer;
    if (costs.timer > 0) return;
  }
  const chosen = findChosen(reference);
  const next = chosen ?? servers.find(({ share, ready }) => share.slack === true && ready) ?? null;
  reference.slack = chosen === null && next !== null;
  reference.running = next;
  if (next === null || !next.ready) return;
  if (next.fresh && !reference.slack) {
    if (!hasEnough(reference, next)) return;
    next.fresh = false;
    reference.section = costs.activation;
  }
  reference.onCore = next;
}

function tick(reference: Reference): void {
  if (isPaying(reference) && reference.running !== null) reference.running.budget -= 1;
  if (reference.section > 0) reference.section -= 1;
  reference.now += 1;
  begin(reference);
  choose(reference);
}

function isOnCore({ running, onCore, section }: Reference): boolean {
  return running !== null && running === onCore && section === 0;
}

/** What the spec and the reference must agree upon; on budgets when EL2 has caught up. */
function summarize(reference: Reference): unknown {
  const { policy, section } = reference;
  return {
    clock: reference.now,
    running: reference.running?.order ?? NONE,
    slack: reference.slack,
    section,
    budgets: section > 0 || policy === 'table' ? [] : reference.servers.map(({ budget }) => budget),
  };
}

function summarizeSpec(board: Board): unknown {
  const { clock, running, slack, section, accounts } = getState(board);
  const isTable = board.plan.cores[CORE]?.policy === 'table';
  const budgets = section > 0 || isTable ? [] : accounts.map(({ budget }) => budget);
  return { clock, running, slack, section, budgets };
}

type Move = readonly ['pass' | 'block' | 'wake' | 'section' | 'take', number];

/** Makes the same move on both; both take it, or neither. */
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
    if (server === undefined || server.ready) return;
    server.ready = true;
    choose(reference);
    return;
  }
  const ticks = 1 + (amount % 4);
  // An interrupt is taken for whoever has the core, whether it waits or not.
  const isAble = kind === 'take' || reference.running?.ready === true;
  const able =
    isOnCore(reference) && isAble && (kind !== 'section' || ticks <= reference.costs.section);
  const { plan, machine } = board;
  const ask = {
    block: () => block(board),
    take: () => take(board),
    section: () => step(plan, machine, { kind: 'section', core: CORE, ticks }),
  };
  expect(ask[kind]() === 'DONE').toBe(able);
  if (!able || reference.running === null) return;
  if (kind === 'section') reference.section = ticks;
  else if (kind === 'take') reference.section = reference.costs.interrupt;
  else {
    reference.running.ready = false;
    reference.running.fresh = true;
    choose(reference);
  }
}
const shareArbitrary = (priority: number) =>
  fc
    .record({
      period: fc.integer({ min: 1, max: 12 }),
      budget: fc.integer({ min: 1, max: 6 }),
      phase: fc.integer({ min: 0, max: 5 }),
      idle: fc.constantFrom('keep' as const, 'burn' as const, 'poll' as const),
    })
    .map((share): Share => ({ ...share, budget: Math.min(share.budget, share.period), priority }));

/** Slots with gaps before them, and a gap behind the last; a partition may have none or many. */
const tableArbitrary: fc.Arbitrary<Table> = fc
  .record({
    slots: fc.array(
      fc.record({
        partition: fc.nat({ max: 2 }),
        start: fc.nat({ max: 3 }),
        duration: fc.integer({ min: 1, max: 7 }),
      }),
      { minLength: 1, maxLength: 5 },
    ),
    rest: fc.nat({ max: 4 }),
  })
  .map(({ slots, rest }) => {
    let frame = 0;
    const placed = slots.map(({ partition, start, duration }) => {
      frame += start + duration;
      return { partition, start: frame - duration, duration };
    });
    return { frame: frame + rest, slots: placed };
  });

const moveArbitrary: fc.Arbitrary<Move> = fc.tuple(
  fc.constantFrom('pass', 'pass', 'pass', 'block', 'wake', 'section', 'take'),
  fc.integer({ min: 1, max: 9 }),
);

const FREE_COSTS = fc.constant({ ...FREE, reload: 0, timer: 0, interrupt: 0 });

const costsArbitrary = fc.record({
  contextSwitch: fc.nat({ max: 2 }),
  reload: fc.nat({ max: 1 }),
  section: fc.constant(4),
  timer: fc.nat({ max: 2 }),
  interrupt: fc.nat({ max: 5 }),
});

const POLICIES = ['fp', 'edf', 'table'] as const;

describe('the schedule', () => {
  test.each([
    ...POLICIES.map((policy) => [policy, 'no time at EL2', FREE_COSTS] as const),
    ...POLICIES.map((policy) => [policy, 'switches, timers, sections', costsArbitrary] as const),
  ])('is tick by tick that of the definition under %s with %s', (policy, _, costs) => {
    const shares = fc.tuple(...[3, 2, 1].map(shareArbitrary));
    const moves = fc.array(moveArbitrary, { minLength: 20, maxLength: 80, size: 'max' });
    let runs = 0;
    fc.assert(
      fc.property(shares, fc.nat({ max: 3 }), tableArbitrary, costs, moves, (...all) => {
        const [drawn, slack, frame, given, made] = all;
        // One alone uses slack: whose turn it is when several do is not a matter of ticks.
        const members = drawn.map((share, index) => ({ ...share, slack: index === slack }));
        const table = policy === 'table' ? { table: frame } : {};
        const options = { policy, ...given, ...table };
        const board = createShared(members, options);
        const reference = createReference(members, options);
        expect(summarizeSpec(board)).toEqual(summarize(reference));
        for (const one of made) {
          move(board, reference, one);
          expect(summarizeSpec(board)).toEqual(summarize(reference));
          runs += 1;
        }
      }),
      { seed: 13, numRuns: 300 },
    );
    expect(runs).toBeGreaterThan(6000);
  });
});
