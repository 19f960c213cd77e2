/**
 * Time: cores of a sketch with who runs on them, and reservations that fit their cores.
 *
 * Budgets fit by construction. Whatever the order in which they run, in the shortest period of a
 * core everybody gets its budget twice where it may be kept (it comes late, then early), else once,
 * and everybody overruns once and one section blocks: the shortest period is at least as long as
 * that. So every budget is served in its period under every policy.
 */

import type {
  CoreSchedule,
  Overheads,
  Reservation,
  SchedulingPolicy,
  Slot,
} from '../../../model/configuration.ts';
import type { CoreId, Nanoseconds } from '../../../model/units.ts';
import type { MemberSketch, OverheadSketch, SharedCoreSketch, Sketch } from './sketch.ts';

/** A core under EL2 with the partitions that have it. */
export interface UsedCore {
  /** Null: the core is whole for its only resident. */
  readonly schedule: CoreSchedule | null;
  readonly residents: readonly {
    /** Index of the partition. */
    readonly partition: number;
    readonly reservation: Reservation | null;
  }[];
}

/** Overheads of a sketch. */
export function createOverheads(sketch: OverheadSketch, unitNs: number): Overheads {
  const toNs = (units: number): Nanoseconds => (units * unitNs) as Nanoseconds;
  return {
    contextSwitchNs: toNs(sketch.contextSwitch),
    reloadNs: toNs(sketch.reload),
    timerNs: toNs(sketch.timer),
    interruptNs: toNs(sketch.interrupt),
    longestSectionNs: toNs(sketch.section),
  };
}

/** Time by which a budget can be overrun, units. */
export function computeOverrun({ section, interrupt, timer }: OverheadSketch): number {
  return Math.max(0, Math.max(section, interrupt)) + timer;
}

/** The longest section of EL2 that somebody else has begun, units. */
export function computeBlocking(overheads: OverheadSketch): number {
  const { section, interrupt, contextSwitch, reload, timer } = overheads;
  return Math.max(section, interrupt, contextSwitch + reload, timer);
}

/** What is taken of a budget before the partition does anything, units. */
export function computeLost(overheads: OverheadSketch, lines: number): number {
  const { contextSwitch, reload, interrupt } = overheads;
  return 2 * contextSwitch + reload + computeOverrun(overheads) + 2 * lines * interrupt;
}

/** What is left of any budget for the partition itself at least, units. */
export const LEAST_GAIN = 2;

/** Lines of each partition: their interrupts are taken out of its budgets. */
export type LineCounts = readonly number[];

/**
 * Every core under EL2 that somebody has, in the order of the sketch: whole ones, shared ones, and
 * one for each partition that has none. Ids are given out by `numberOf`.
 */
export function createUsedCores(
  sketch: Sketch,
  unitNs: number,
  lines: LineCounts,
  numberOf: (index: number) => CoreId,
): UsedCore[] {
  const count = sketch.partitions.length;
  // A partition alone has no one to share with.
  const shared = count > 1 ? sketch.sharedCores : [];
  const whole = sketch.wholeCores.map((owner) => owner % count);
  const served = new Set([
    ...whole,
    ...shared.flatMap((core) => listResidents(core, count).map(({ partition }) => partition)),
  ]);
  for (let index = 0; index < count; index += 1) if (!served.has(index)) whole.push(index);
  return [
    ...whole.map((partition) => ({
      schedule: null,
      residents: [{ partition, reservation: null }],
    })),
    ...shared.map((core, index) => {
      const units = { unitNs, lines, overheads: sketch.overheads };
      return createSharedCore(
        core,
        listResidents(core, count),
        units,
        numberOf(whole.length + index),
      );
    }),
  ];
}

/** A member with its partition. */
interface Resident {
  readonly partition: number;
  readonly member: MemberSketch;
}

function listResidents({ first, members }: SharedCoreSketch, count: number): Resident[] {
  return members
    .slice(0, count)
    .map((member, index) => ({ member, partition: (first + index) % count }));
}

/** What times of a core are counted by. */
interface Units {
  readonly unitNs: number;
  readonly lines: LineCounts;
  readonly overheads: OverheadSketch;
}

function computeBudget({ partition, member }: Resident, { overheads, lines }: Units): number {
  return computeLost(overheads, lines[partition] ?? 0) + LEAST_GAIN + member.budget;
}

function createSharedCore(
  sketch: SharedCoreSketch,
  residents: readonly Resident[],
  units: Units,
  core: CoreId,
): UsedCore {
  const { policy } = sketch;
  if (policy === 'table') return createTable(sketch, residents, units, core);
  const overrun = computeOverrun(units.overheads);
  const needed = residents.reduce((sum, resident) => {
    const services = getIdle(policy, resident.member) === 'burn' ? 1 : 2;
    return sum + services * computeBudget(resident, units) + overrun;
  }, computeBlocking(units.overheads));
  const shortest = needed + sketch.spare;
  const toNs = (count: number): Nanoseconds => (count * units.unitNs) as Nanoseconds;
  return {
    schedule: { core, policy, frameNs: null, slots: [] },
    residents: residents.map((resident, index) => {
      const { partition, member } = resident;
      const budget = computeBudget(resident, units);
      const period = shortest * member.times + member.longer;
      const reservation: Reservation = {
        budgetNs: toNs(budget),
        periodNs: toNs(period),
        phaseNs: toNs(Math.floor(((period - budget) * member.phase) / 16)),
        priority: sketch.reversed ? index + 1 : residents.length - index,
        idle: getIdle(policy, member),
        slack: member.slack,
      };
      return { partition, reservation };
    }),
  };
}

/** Under EDF every budget burns. */
function getIdle(policy: SchedulingPolicy, { idle }: MemberSketch): Reservation['idle'] {
  return policy === 'edf' ? 'burn' : idle;
}

/** Slots one behind the other: a round in which everybody has one, and more for some. */
function createTable(
  { members, spare, reversed }: SharedCoreSketch,
  residents: readonly Resident[],
  units: Units,
  core: CoreId,
): UsedCore {
  const toNs = (count: number): Nanoseconds => (count * units.unitNs) as Nanoseconds;
  const order = reversed ? residents.toReversed() : residents;
  const rounds = Math.max(0, ...members.map(({ slots }) => slots));
  const slots: Slot[] = [];
  let end = 0;
  for (let round = 0; round <= rounds; round += 1) {
    for (const resident of order.filter(({ member }) => member.slots >= round)) {
      const start = end + resident.member.pause;
      const duration = computeBudget(resident, units) + computeBlocking(units.overheads);
      slots.push({
        partition: resident.partition,
        startNs: toNs(start),
        durationNs: toNs(duration),
      });
      end = start + duration;
    }
  }
  const frame = end + spare;
  return {
    schedule: { core, policy: 'table', frameNs: toNs(frame), slots },
    residents: residents.map(({ partition, member }) => ({
      partition,
      reservation: {
        budgetNs: sumSlots(slots, partition),
        periodNs: toNs(frame),
        phaseNs: toNs(0),
        priority: 0,
        idle: 'burn',
        slack: member.slack,
      },
    })),
  };
}

/** All that a partition has of a frame, ns. */
export function sumSlots(slots: readonly Slot[], partition: number): Nanoseconds {
  const own = slots.filter((slot) => slot.partition === partition);
  return own.reduce((sum, { durationNs }) => sum + durationNs, 0) as Nanoseconds;
}
