/**
 * Traces: fast-check arbitraries for actions and for sequences of them.
 *
 * Exported for users who embed the properties in tests of their own.
 */

import fc from 'fast-check';
import type { Arbitrary } from 'fast-check';
import type { Action, ActionKind } from '../../model/actions.ts';
import { CACHE_SLOTS, IN_FLIGHT_SLOTS, NONE, createMachine } from '../../model/machine.ts';
import { EVENTS_PER_DEVICE } from '../../model/plan.ts';
import type { Plan } from '../../model/plan.ts';
import { REGISTERS } from '../../model/registers.ts';
import { step } from '../../model/step.ts';
import { guidedArbitrary } from './guide.ts';
import type { Guide } from './guide.ts';
import { collectOperands } from './operands.ts';
import type { Operands } from './operands.ts';

/** Where a trace begins: at reset, or after an undisturbed boot. */
export type Start = 'reset' | 'booted';

/** A run to be: where it starts and what happens. */
export interface Trace {
  readonly start: Start;
  readonly actions: readonly Action[];
}

/**
 * How often each action is drawn, relative to the others; the record does not compile without one.
 */
const WEIGHTS: Readonly<Record<ActionKind, number>> = {
  boot: 1,
  read: 12,
  write: 12,
  fetch: 3,
  'bus-read': 3,
  'bus-write': 3,
  'register-read': 4,
  'register-write': 6,
  'cpu-on': 4,
  'cpu-off': 1,
  'system-reset': 1,
  wait: 3,
  smc: 1,
  'unknown-call': 1,
  notify: 4,
  section: 3,
  distributor: 12,
  'send-sgi': 4,
  'arm-timer': 4,
  'dma-issue': 10,
  'bare-dma-issue': 2,
  'dma-complete': 8,
  'line-assert': 10,
  'line-deassert': 4,
  msi: 4,
  'interrupt-take': 10,
  'interrupt-acknowledge': 7,
  'interrupt-end': 7,
  'list-register-spill': 3,
  'list-register-fill': 8,
  'time-passes': 30,
  'tlb-fill': 4,
  'tlb-evict': 1,
  'iotlb-fill': 4,
  'iotlb-evict': 1,
};

/**
 * Rounds in which the prelude tries to start virtual CPUs before it leaves the rest to the trace.
 */
const PRELUDE_ROUNDS_MAX = 64;

/** Sections of a burst: on a small board as long as some periods. */
const OVERRUNS = 24;

/** INTID of an SGI that a burst handles. */
const SGI = 0;

/** Longest time that the prelude lets pass at once, ticks: about a millisecond on both boards. */
const PRELUDE_TICKS_MAX = 50_000;

/**
 * The actions that bring a machine from reset to where partitions run: boot undisturbed to the
 * seal, then each partition starts its other virtual CPUs as soon as it executes.
 */
export function listBootActions(plan: Plan): Action[] {
  const machine = createMachine(plan);
  const actions: Action[] = [];
  const attempt = (action: Action): boolean => {
    if (step(plan, machine, action) !== 'DONE') return false;
    actions.push(action);
    return true;
  };
  const cores = plan.cores.flatMap((core, index) => (core.el2 && core.used ? [index] : []));
  for (let progress = true; progress && !machine.boot.sealed;) {
    progress = cores.filter((core) => attempt({ kind: 'boot', core, fails: false })).length > 0;
  }
  const vcpusMax = Math.max(0, ...plan.partitions.map(({ vcpus }) => vcpus.length));
  for (let round = 0; round < PRELUDE_ROUNDS_MAX; round += 1) {
    const started = machine.partitions.every(({ vcpus }) => vcpus.every(({ on }) => on));
    if (started) break;
    for (const core of cores) {
      for (let vcpu = 1; vcpu < vcpusMax; vcpu += 1) attempt({ kind: 'cpu-on', core, vcpu });
      const shared = plan.cores[core]?.residents.some(({ dedicated }) => !dedicated) === true;
      if (shared) attempt({ kind: 'time-passes', core, ticks: PRELUDE_TICKS_MAX });
    }
  }
  return actions;
}

/** Any action, with operands that love the boundaries of this plan. */
export function actionArbitrary(plan: Plan): Arbitrary<Action> {
  const operands = collectOperands(plan);
  const parts = Object.entries(WEIGHTS).map(([kind, weight]) => ({
    weight,
    arbitrary: createActionArbitrary(kind as ActionKind, plan, operands),
  }));
  return fc.oneof(...parts);
}

/**
 * A trace of at most `maxLength` actions or bursts of them; one in eight starts at reset and may
 * fail to boot. With a guide every other action is one near its step, and where that is one of boot
 * seven in eight start at reset.
 */
export function traceArbitrary(plan: Plan, maxLength: number, guide?: Guide): Arbitrary<Trace> {
  const action = guide === undefined ? burstArbitrary(plan) : guidedBurstArbitrary(plan, guide);
  const [bootedWeight, resetWeight] = guide?.isBooting === true ? [1, 7] : [7, 1];
  const boot = recordOf({
    kind: fc.constant('boot' as const),
    core: fc.constantFrom(...collectOperands(plan).cores),
    fails: fc.nat({ max: 63 }).map((draw) => draw === 63),
  });
  const bootStep: Arbitrary<Action[]> = boot.map((bootAction) => [bootAction]);
  const booting = fc.oneof({ weight: 4, arbitrary: bootStep }, { weight: 1, arbitrary: action });
  return fc.oneof(
    { weight: bootedWeight, arbitrary: createTraceArbitrary('booted', action, maxLength) },
    { weight: resetWeight, arbitrary: createTraceArbitrary('reset', booting, maxLength) },
  );
}

function createTraceArbitrary(
  start: Start,
  action: Arbitrary<Action[]>,
  maxLength: number,
): Arbitrary<Trace> {
  const actions = fc.array(action, { minLength: 0, maxLength, size: 'max' });
  return recordOf({ start: fc.constant(start), actions: actions.map((bursts) => bursts.flat()) });
}

/** The same as without a guide, and as often an action near its step. */
function guidedBurstArbitrary(plan: Plan, guide: Guide): Arbitrary<Action[]> {
  const ofKind = createActionArbitrary(guide.kind, plan, collectOperands(plan));
  const near = guidedArbitrary(plan, guide, actionArbitrary(plan), ofKind);
  return fc.oneof(
    burstArbitrary(plan),
    near.map((action) => [action]),
  );
}

/** Single actions, and now and then a burst that chance alone would seldom compose. */
function burstArbitrary(plan: Plan): Arbitrary<Action[]> {
  const single = actionArbitrary(plan).map((action) => [action]);
  const bursts = [
    ...listInterruptBursts(plan),
    ...listRouteBursts(plan),
    ...listSpillBursts(plan),
    ...listWirelessBursts(plan),
    ...listSwitchBursts(plan),
    ...listTakeBursts(plan),
    ...listDmaBursts(plan),
    ...listRequestBursts(plan),
    ...listSectionBursts(plan),
    ...listOverrunBursts(plan),
  ];
  if (bursts.length === 0) return single;
  return fc.oneof(
    { weight: 13, arbitrary: single },
    { weight: 1, arbitrary: fc.constantFrom(...bursts) },
  );
}

/** A device raises its line and the owner handles it. */
function listInterruptBursts(plan: Plan): Action[][] {
  return plan.routes
    .filter(({ core }) => core >= 0)
    .map(({ intId, core }) => [
      { kind: 'distributor', core, operation: 'enable', intId, vcpu: 0 },
      { kind: 'line-assert', intId },
      { kind: 'interrupt-take', core, intId },
      ...listPasses(core, plan.interruptTicks),
      { kind: 'list-register-fill', core, intId },
      { kind: 'interrupt-acknowledge', core },
      { kind: 'line-deassert', intId },
      { kind: 'interrupt-end', core, intId },
    ]);
}

/** What EL2 has begun comes to its end. */
function listPasses(core: number, ticks: number): Action[] {
  return ticks > 0 ? [{ kind: 'time-passes', core, ticks }] : [];
}

/** A partition enables a line of its own and routes it to its last virtual CPU. */
function listRouteBursts(plan: Plan): Action[][] {
  return plan.routes
    .filter(({ core }) => core >= 0)
    .map(({ intId, core, partition }) => {
      const vcpu = (plan.partitions[partition]?.vcpus.length ?? 1) - 1;
      return [
        { kind: 'distributor', core, operation: 'enable', intId, vcpu },
        { kind: 'distributor', core, operation: 'route', intId, vcpu },
      ];
    });
}

/** EL2 lists a line that is pending, frees the list registers, and lists it again. */
function listSpillBursts(plan: Plan): Action[][] {
  return plan.routes
    .filter(({ core }) => core >= 0)
    .map(({ intId, core }) => [
      { kind: 'distributor', core, operation: 'enable', intId, vcpu: 0 },
      { kind: 'distributor', core, operation: 'set-pending', intId, vcpu: 0 },
      { kind: 'list-register-fill', core, intId },
      ...Array.from({ length: plan.listRegisters }, (_, slot): Action => ({
        kind: 'list-register-spill',
        core,
        slot,
      })),
      { kind: 'list-register-fill', core, intId },
    ]);
}

/** A partition handles what pends without a wire: an SGI, and a doorbell or an LPI. */
function listWirelessBursts(plan: Plan): Action[][] {
  return plan.partitions.flatMap(({ lines, vcpus }) => {
    const core = vcpus[0]?.core ?? NONE;
    if (plan.cores[core]?.el2 !== true) return [];
    const wireless = lines.filter(({ physical }) => !physical).slice(0, 1);
    const intIds = [...wireless.map(({ intId }) => intId), SGI];
    return [
      [
        ...intIds.flatMap((intId): Action[] => [
          { kind: 'distributor', core, operation: 'enable', intId, vcpu: 0 },
          { kind: 'distributor', core, operation: 'set-pending', intId, vcpu: 0 },
          { kind: 'list-register-fill', core, intId },
        ]),
        ...intIds.map((): Action => ({ kind: 'interrupt-acknowledge', core })),
        ...intIds.map((intId): Action => ({ kind: 'interrupt-end', core, intId })),
      ],
    ];
  });
}

/** A line is routed to a shared core and listed, and the core changes hands. */
function listSwitchBursts(plan: Plan): Action[][] {
  return plan.cores.flatMap(({ residents }, core) =>
    residents.flatMap(({ dedicated, partition, vcpu, budget }): Action[][] => {
      const [line] = plan.partitions[partition]?.lines ?? [];
      if (dedicated || line === undefined) return [];
      const { intId } = line;
      return [
        [
          { kind: 'distributor', core, operation: 'enable', intId, vcpu },
          { kind: 'distributor', core, operation: 'route', intId, vcpu },
          { kind: 'distributor', core, operation: 'set-pending', intId, vcpu },
          { kind: 'list-register-fill', core, intId },
          { kind: 'time-passes', core, ticks: budget },
          { kind: 'interrupt-acknowledge', core },
        ],
      ];
    }),
  );
}

/** A wired line is routed to a shared core, and EL2 takes it there. */
function listTakeBursts(plan: Plan): Action[][] {
  return plan.cores.flatMap(({ residents }, core) =>
    residents.flatMap(({ dedicated, partition, vcpu }): Action[][] => {
      const line = plan.partitions[partition]?.lines.find(({ physical }) => physical);
      if (dedicated || line === undefined) return [];
      const { intId } = line;
      return [
        [
          { kind: 'distributor', core, operation: 'enable', intId, vcpu },
          { kind: 'distributor', core, operation: 'route', intId, vcpu },
          { kind: 'line-assert', intId },
          { kind: 'interrupt-take', core, intId },
          ...listPasses(core, plan.interruptTicks),
        ],
      ];
    }),
  );
}

/** A device asks for more than can be in flight. */
function listRequestBursts(plan: Plan): Action[][] {
  return plan.streams.slice(0, 1).map(({ stream, partition }) => {
    const address = plan.partitions[partition]?.dma[0]?.ipa ?? 0;
    return Array.from({ length: IN_FLIGHT_SLOTS + 1 }, (): Action => ({
      kind: 'dma-issue',
      stream,
      address,
      write: false,
      value: 0,
    }));
  });
}

/** Near the end of its budget a partition asks for one section after another, before each ends. */
function listSectionBursts(plan: Plan): Action[][] {
  const ticks = plan.sectionTicks;
  return plan.cores.flatMap(({ residents }, core) =>
    residents
      .filter(({ dedicated }) => !dedicated)
      .map(({ budget }): Action[] => [
        { kind: 'time-passes', core, ticks: budget },
        { kind: 'time-passes', core, ticks: budget - 1 },
        ...Array.from({ length: 4 }, (): Action[] => [
          { kind: 'section', core, ticks },
          { kind: 'time-passes', core, ticks: ticks - 1 },
        ]).flat(),
      ]),
  );
}

/** Whoever runs works at EL2 all the time, over the ends of budgets and periods. */
function listOverrunBursts(plan: Plan): Action[][] {
  const ticks = plan.sectionTicks;
  return plan.cores.flatMap(({ residents }, core) => {
    if (ticks === 0 || residents.every(({ dedicated }) => dedicated)) return [];
    const pairs = Array.from({ length: OVERRUNS }, (): Action[] => [
      { kind: 'section', core, ticks },
      { kind: 'time-passes', core, ticks },
    ]);
    return [pairs.flat()];
  });
}

/** A device writes to the first page of its owner's memory and the write arrives. */
function listDmaBursts(plan: Plan): Action[][] {
  return plan.streams.map(({ stream, partition }) => {
    const address = plan.partitions[partition]?.dma[0]?.ipa ?? 0;
    return [
      { kind: 'dma-issue', stream, address, write: true, value: 1 },
      { kind: 'dma-complete', slot: 0 },
    ];
  });
}

/**
 * A record with a prototype: without one, which is fast-check's default, V8 keeps the fields in a
 * dictionary, and the spec reads them several times slower.
 */
function recordOf<Fields>(fields: {
  readonly [Key in keyof Fields]: Arbitrary<Fields[Key]>;
}): Arbitrary<Fields> {
  return fc.record<Fields>(fields, { noNullPrototype: true });
}

/** Four times in five a number of the first pool. */
function mostly(usual: readonly number[], stray: readonly number[]): Arbitrary<number> {
  return fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(...usual) },
    { weight: 1, arbitrary: fc.constantFrom(...stray) },
  );
}

/** The arbitrary of one kind of action. */
function createActionArbitrary(
  kind: ActionKind,
  plan: Plan,
  operands: Operands,
): Arbitrary<Action> {
  const core = fc.constantFrom(...operands.cores);
  const value = fc.nat({ max: 0xffff });
  const vcpu = fc.constantFrom(...operands.vcpus);
  const ipa = mostly(operands.mappedIpas, operands.strayIpas);
  const pa = fc.constantFrom(...operands.pas);
  const stream = mostly(operands.ownedStreams, operands.strayStreams);
  const intId = mostly(operands.ownedLines, operands.strayLines);
  const write = fc.boolean();
  switch (kind) {
    case 'boot':
      return recordOf({ kind: fc.constant(kind), core, fails: fc.constant(false) });
    case 'read':
    case 'write':
    case 'fetch':
      return recordOf({ kind: fc.constant(kind), core, address: ipa, value });
    case 'bus-read':
    case 'bus-write':
      return recordOf({ kind: fc.constant(kind), core, address: pa, value });
    case 'register-read':
    case 'register-write': {
      const register = fc.nat({ max: REGISTERS.length - 1 });
      return recordOf({ kind: fc.constant(kind), core, register, value });
    }
    case 'cpu-on':
      return recordOf({ kind: fc.constant(kind), core, vcpu });
    case 'cpu-off':
    case 'system-reset':
    case 'wait':
    case 'smc':
    case 'unknown-call':
      return recordOf({ kind: fc.constant(kind), core });
    case 'notify':
      return recordOf({
        kind: fc.constant(kind),
        core,
        doorbell: fc.constantFrom(...operands.doorbells),
      });
    case 'section':
      return recordOf({
        kind: fc.constant(kind),
        core,
        ticks: fc.constantFrom(...operands.sections),
      });
    case 'distributor': {
      const operation = fc.constantFrom(
        'enable' as const,
        'enable' as const,
        'disable' as const,
        'set-pending' as const,
        'clear-pending' as const,
        'route' as const,
      );
      return recordOf({ kind: fc.constant(kind), core, operation, intId, vcpu });
    }
    case 'send-sgi':
      return recordOf({ kind: fc.constant(kind), core, intId: fc.nat({ max: 16 }), vcpu });
    case 'arm-timer':
    case 'time-passes':
      return recordOf({
        kind: fc.constant(kind),
        core,
        ticks: fc.constantFrom(...operands.ticks),
      });
    case 'dma-issue':
      return recordOf({ kind: fc.constant(kind), stream, address: ipa, write, value });
    case 'bare-dma-issue': {
      const master = fc.nat({ max: plan.bareMasters.length });
      return recordOf({ kind: fc.constant(kind), master, address: pa, write, value });
    }
    case 'dma-complete':
      return recordOf({ kind: fc.constant(kind), slot: fc.nat({ max: IN_FLIGHT_SLOTS - 1 }) });
    case 'line-assert':
    case 'line-deassert':
      return recordOf({ kind: fc.constant(kind), intId });
    case 'msi':
      return recordOf({
        kind: fc.constant(kind),
        stream,
        event: fc.nat({ max: EVENTS_PER_DEVICE }),
      });
    case 'interrupt-acknowledge':
      return recordOf({ kind: fc.constant(kind), core });
    case 'interrupt-take':
    case 'interrupt-end':
    case 'list-register-fill':
      return recordOf({ kind: fc.constant(kind), core, intId });
    case 'list-register-spill':
      return recordOf({
        kind: fc.constant(kind),
        core,
        slot: fc.nat({ max: Math.max(0, plan.listRegisters - 1) }),
      });
    case 'tlb-fill':
    case 'tlb-evict': {
      const slot = fc.nat({ max: CACHE_SLOTS - 1 });
      return recordOf({ kind: fc.constant(kind), core, slot, address: ipa });
    }
    case 'iotlb-fill':
    case 'iotlb-evict': {
      const slot = fc.nat({ max: CACHE_SLOTS - 1 });
      return recordOf({ kind: fc.constant(kind), slot, stream, address: ipa });
    }
  }
}
