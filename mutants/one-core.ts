/**
 * One core: random schedules with random, bursty demands, for holding the oracles of time against
 * bugs of the scheduler.
 */

import type { Action } from '../model/actions.ts';
import type { StaticConfiguration } from '../model/configuration.ts';
import { isReady } from '../model/execution.ts';
import type { Machine } from '../model/machine.ts';
import { createPlan } from '../model/plan.ts';
import type { Plan } from '../model/plan.ts';
import { createSharedCore } from '../model/testing/small-board.ts';
import type { Share, SmallBoardOptions } from '../model/testing/small-board.ts';
import { TIMER_LINE } from '../model/time.ts';
import type { IntId, Ipa } from '../model/units.ts';
import { nextBelow } from '../properties/engine/random.ts';
import type { RandomState } from '../properties/engine/random.ts';
import { listBootActions } from '../properties/generators/boot-actions.ts';
import { createGrantMap } from '../properties/grants.ts';
import { createSlices, recordSlice } from '../properties/invariants/time-slices.ts';
import { COMPLETE_LOOK } from '../properties/property.ts';
import type { Property, TimeBound } from '../properties/property.ts';
import type { LoadedSpec } from './patched-spec.ts';

/** The shared core of the small board. */
const CORE = 1;
/** First shared line: each partition has one, in the order of the partitions. */
const FIRST_LINE = 32;
/** Ticks of a run. */
const RUN_TICKS = 1200;
/** Steps of a run at most: a bug may let the clock stand still. */
const RUN_STEPS_MAX = 12_000;

function draw(random: RandomState, low: number, high: number): number {
  return low + nextBelow(random, high - low + 1);
}

/** A core with two to four reservations, periods of 6 to 25 ticks; or with a table. */
export function drawCore(random: RandomState): StaticConfiguration {
  const isCostly = nextBelow(random, 2) === 1;
  const contextSwitch = isCostly ? nextBelow(random, 2) : 0;
  const costs: SmallBoardOptions = {
    contextSwitch,
    section: isCostly ? draw(random, 1, 3) : 0,
    timer: isCostly ? nextBelow(random, 2) : 0,
    interrupt: isCostly ? nextBelow(random, 3) : 0,
  };
  const kind = nextBelow(random, 10);
  const count = draw(random, 2, 4);
  const shares = Array.from({ length: count }, (_, index): Share => {
    const period = draw(random, 6, 25);
    // Now and then the least urgent wants more than there is: it runs on into its next period.
    const isGreedy = index === count - 1 && nextBelow(random, 2) === 0;
    const fair = Math.floor((1.2 * period) / count);
    const most = isGreedy ? period : Math.max(contextSwitch + 2, fair);
    const budget = draw(random, contextSwitch + 1, most);
    const phase = nextBelow(random, period - budget + 1);
    const idle = drawIdle(random, kind);
    const slack = nextBelow(random, 4) === 0;
    return { period, budget, phase, priority: count - index, idle, slack };
  });
  if (kind === 9)
    return withLines(createSharedCore(shares, { ...costs, ...drawTable(random, count) }));
  const policy = kind === 8 ? 'edf' : 'fp';
  return withLines(createSharedCore(shares, { ...costs, policy }));
}

/** Mostly keep or burn; all burn under edf, which is kind 8; polls now and then. */
function drawIdle(random: RandomState, kind: number): NonNullable<Share['idle']> {
  if (kind === 8 || kind < 3) return 'burn';
  if (kind === 7 && nextBelow(random, 2) === 0) return 'poll';
  return nextBelow(random, 2) === 0 ? 'keep' : 'burn';
}

function drawTable(random: RandomState, partitions: number): SmallBoardOptions {
  let frame = 0;
  const slots = Array.from({ length: draw(random, partitions, 6) }, (_, index) => {
    const start = frame + nextBelow(random, 3);
    const duration = draw(random, 2, 6);
    frame = start + duration;
    return { partition: index % partitions, start, duration };
  });
  return { policy: 'table', table: { frame: frame + nextBelow(random, 3), slots } };
}

/** The same with a device and its line for each partition. */
function withLines(configuration: StaticConfiguration): StaticConfiguration {
  const base = 0x800_0000;
  const size = 0x1000;
  const devices = configuration.partitions.map((_, index) => ({
    name: `device${index}`,
    mmio: [{ base: base + index * size, size }],
    irqs: [(FIRST_LINE + index) as IntId],
    streams: [],
    itsDeviceIds: [],
    dma: false,
    firmware: false,
  }));
  return {
    ...configuration,
    platform: { ...configuration.platform, devices },
    partitions: configuration.partitions.map((partition, index) => ({
      ...partition,
      devices: [{ device: index, windowIpas: [(base + index * size) as Ipa] }],
    })),
  };
}

/** How a partition behaves for a while. */
interface Demand {
  /** Out of 16: how often it waits when it runs, how often it works at EL2, how often it resets. */
  waits: number;
  sections: number;
  resets: number;
  /** Ticks after which its timer wakes it, at most. */
  sleep: number;
  /** Out of 16: how often its device asks for it. */
  interrupts: number;
}

function drawDemand(random: RandomState): Demand {
  const isBusy = nextBelow(random, 2) === 0;
  return {
    waits: isBusy ? 0 : draw(random, 1, 12),
    sections: nextBelow(random, 3) === 0 ? draw(random, 1, 8) : 0,
    resets: nextBelow(random, 6) === 0 ? 1 : 0,
    sleep: draw(random, 1, 24),
    interrupts: nextBelow(random, 3) === 0 ? draw(random, 1, 6) : 0,
  };
}

/** What partitions and devices do at an instant; time passes after it. */
function drawActions(
  random: RandomState,
  plan: Plan,
  machine: Machine,
  demands: readonly Demand[],
): Action[] {
  const state = machine.cores[CORE];
  const actions: Action[] = [];
  for (const [partition, demand] of demands.entries()) {
    if (nextBelow(random, 64) >= demand.interrupts) continue;
    actions.push({ kind: 'line-assert', intId: FIRST_LINE + partition });
  }
  const running = plan.cores[CORE]?.residents[state?.running ?? -1];
  const demand = demands[running?.partition ?? -1];
  if (running !== undefined && demand !== undefined && state?.section === 0) {
    const intId = FIRST_LINE + running.partition;
    const line = { kind: 'distributor', core: CORE, vcpu: 0, intId } as const;
    const timer = { ...line, intId: TIMER_LINE } as const;
    const chance = (sixteenths: number): boolean => nextBelow(random, 16) < sixteenths;
    if (chance(2 * demand.interrupts)) {
      actions.push({ ...line, operation: 'enable' });
      actions.push({ kind: 'interrupt-take', core: CORE, intId });
    } else if (isReady(machine, running) && chance(demand.sections)) {
      const ticks = draw(random, 1, Math.max(1, plan.sectionTicks));
      actions.push({ kind: 'section', core: CORE, ticks });
    } else if (chance(demand.waits)) {
      actions.push(
        { ...line, operation: 'enable' },
        { ...timer, operation: 'enable' },
        { kind: 'line-deassert', intId },
        { ...line, operation: 'clear-pending' },
        { ...timer, operation: 'clear-pending' },
        { kind: 'arm-timer', core: CORE, ticks: draw(random, 1, demand.sleep) },
        { kind: 'wait', core: CORE },
      );
    } else if (nextBelow(random, 64) < demand.resets) {
      actions.push({ kind: 'system-reset', core: CORE });
    }
  }
  const ticks = nextBelow(random, 3) === 0 ? draw(random, 1, 12) : 1;
  actions.push({ kind: 'time-passes', core: CORE, ticks });
  return actions;
}

/** Ids of the properties that a run of `RUN_TICKS` ticks breaks; each is judged until it falls. */
export function runCore(
  random: RandomState,
  configuration: StaticConfiguration,
  spec: LoadedSpec,
  properties: readonly Property[],
  delayBounds: readonly TimeBound[],
): readonly string[] {
  const plan = createPlan(configuration);
  const machine = spec.createMachine(plan);
  for (const action of listBootActions(plan)) spec.step(plan, machine, action);
  const context = {
    configuration,
    plan,
    machine,
    grants: createGrantMap(configuration),
    delayBounds,
    step: spec.step,
    look: COMPLETE_LOOK,
    slices: createSlices({ machine }),
  };
  let monitors = properties.map((property) => property.watch(context));
  for (const monitor of monitors) monitor.begin?.();
  const fallen: string[] = [];
  const demands = configuration.partitions.map(() => drawDemand(random));
  let steps = 0;
  while ((machine.cores[CORE]?.clock ?? 0) < RUN_TICKS && steps < RUN_STEPS_MAX) {
    if (nextBelow(random, 24) === 0) {
      demands[nextBelow(random, demands.length)] = drawDemand(random);
    }
    for (const action of drawActions(random, plan, machine, demands)) {
      steps += 1;
      recordSlice(context, context.slices, action);
      for (const monitor of monitors) monitor.before?.(action);
      const outcome = spec.step(plan, machine, action);
      monitors = monitors.filter((monitor) => {
        const violation = monitor.after(action, outcome);
        if (violation !== null) fallen.push(violation.property);
        return violation === null;
      });
    }
  }
  return fallen;
}
