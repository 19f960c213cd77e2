/**
 * Demands: tasks, rates of lines, regulated bandwidth and required bounds, each so modest that it
 * is met.
 */

import type {
  InterruptRate,
  Regulation,
  Reservation,
  Task,
  VirtualCpu,
} from '../../../model/configuration.ts';
import type { CoreId, IntId, Nanoseconds } from '../../../model/units.ts';
import type { BandwidthSketch, OverheadSketch, PartitionSketch } from './sketch.ts';
import { computeBlocking, computeLost, LEAST_GAIN, type UsedCore } from './time.ts';

/** What a virtual CPU is called by here. */
export interface Placed {
  readonly core: CoreId;
  readonly reservation: Reservation | null;
}

/** What demands are measured by. */
export interface Measures {
  readonly unitNs: number;
  readonly overheads: OverheadSketch;
  /** Lines of the partition. */
  readonly lines: readonly IntId[];
  /** Anything interrupts the partition. */
  readonly isInterrupted: boolean;
  readonly bandwidth: readonly Regulation[];
}

/** A regulated core that is shared stalls for fewer units than this in a period. */
const STALLS = 3;
/** For each unit of that its period has so many of the longest period of its residents. */
const STALL_DISTANCE = 2;
/** It may make so many times the accesses of the sketch. */
const SHARED_ACCESSES = 16;

function toUnits(nanoseconds: number, { unitNs }: Measures): number {
  return Math.ceil(nanoseconds / unitNs);
}

/** A core under EL2 that somebody has. */
type NumberedCore = UsedCore & { readonly id: CoreId };

/** Regulation of cores by a sketch: all their accesses fit the period, and it is one for all. */
export function createBandwidth(
  sketch: BandwidthSketch,
  cores: readonly NumberedCore[],
  unitNs: number,
): Regulation[] {
  if (sketch.cores === 'shared') return createSharedBandwidth(sketch, cores, unitNs);
  const regulated = { none: [], some: cores.slice(1), all: cores }[sketch.cores];
  const { accesses, accessMinNs, wider } = sketch;
  const accessMaxNs = accessMinNs + wider;
  const busyNs = regulated.length * accesses * accessMaxNs;
  const periodNs = (Math.ceil(busyNs / unitNs) + sketch.spare) * unitNs;
  return regulated.map(({ id }) => ({
    core: id,
    accesses,
    periodNs: periodNs as Nanoseconds,
    accessMinNs: accessMinNs as Nanoseconds,
    accessMaxNs: accessMaxNs as Nanoseconds,
  }));
}

/**
 * Regulation of the last shared core alone, with accesses so long that it stalls for less than its
 * residents gain.
 */
function createSharedBandwidth(
  { accesses, spare }: BandwidthSketch,
  cores: readonly NumberedCore[],
  unitNs: number,
): Regulation[] {
  const shared = cores.findLast(({ schedule }) => schedule !== null);
  if (shared === undefined) return [];
  const periods = shared.residents.map(({ reservation }) => reservation?.periodNs ?? 0);
  const stall = spare % STALLS;
  const allowed = SHARED_ACCESSES * accesses;
  const least = Math.ceil((STALL_DISTANCE * stall * Math.max(...periods)) / unitNs / allowed);
  const accessNs = Math.max(1, least) * unitNs;
  return [
    {
      core: shared.id,
      accesses: allowed,
      periodNs: (allowed * accessNs + stall * unitNs) as Nanoseconds,
      accessMinNs: accessNs as Nanoseconds,
      accessMaxNs: accessNs as Nanoseconds,
    },
  ];
}

/** Longest period of the partition's reservations, units; 100 where all of its cores are whole. */
function computeLongestPeriod(cpus: readonly Placed[], measures: Measures): number {
  const periods = cpus.map(({ reservation }) => toUnits(reservation?.periodNs ?? 0, measures));
  return Math.max(100 * (1 + measures.overheads.interrupt), ...periods);
}

/** A rate for each line: at most twice in any period of the partition's. */
export function createRates(
  { rates, wcet }: PartitionSketch,
  cpus: readonly Placed[],
  measures: Measures,
): InterruptRate[] {
  if (!rates) return [];
  const distance = computeLongestPeriod(cpus, measures) + wcet;
  return measures.lines.map((irq) => ({
    irq,
    distanceNs: (distance * measures.unitNs) as Nanoseconds,
    jitterNs: (wcet * measures.unitNs) as Nanoseconds,
  }));
}

/** Longest stall of a regulated core in each period, units. */
function computeStall(
  { accesses, periodNs, accessMinNs }: Regulation,
  { unitNs }: Measures,
): number {
  return Math.ceil(periodNs / unitNs) - accesses * Math.floor(accessMinNs / unitNs);
}

/**
 * Whether the cpu gains more than it loses by stalls: always where it has its core whole, else
 * where stalls are short and far between; longer ones may take every budget whole.
 */
function isServed({ core, reservation }: Placed, measures: Measures): boolean {
  const regulation = measures.bandwidth.find((entry) => entry.core === core);
  if (reservation === null || regulation === undefined) return true;
  const stall = computeStall(regulation, measures);
  return STALL_DISTANCE * stall * reservation.periodNs <= regulation.periodNs;
}

/**
 * Tasks of each virtual CPU, with periods in which their cpu gets many times what they need; none
 * where stalls may take that.
 */
export function createTasks(
  sketch: PartitionSketch,
  cpus: readonly Placed[],
  measures: Measures,
): Task[] {
  const able = cpus.filter((cpu) => isServed(cpu, measures));
  return able.flatMap((cpu, place) =>
    Array.from({ length: sketch.tasks }, (_, index) => {
      const regulation = measures.bandwidth.find(({ core }) => core === cpu.core);
      const period = computeTaskPeriod(sketch, cpu, measures);
      const toNs = (units: number): Nanoseconds => (units * measures.unitNs) as Nanoseconds;
      return {
        name: `task${place}-${index}`,
        core: cpu.core,
        wcetNs: toNs(sketch.wcet),
        periodNs: toNs(period),
        deadlineNs: toNs(period - index),
        priority: sketch.taskPolicy === 'edf' ? 0 : sketch.tasks - index,
        jitterNs: toNs(index),
        blockingNs: toNs(index),
        accesses: regulation === undefined ? 0 : Math.min(regulation.accesses, 1 + index),
      };
    }),
  );
}

/** So many periods of the reservation that each of the tasks is done with time left, units. */
function computeTaskPeriod(
  sketch: PartitionSketch,
  { core, reservation }: Placed,
  measures: Measures,
): number {
  const { tasks, wcet } = sketch;
  const { overheads, lines, bandwidth } = measures;
  const regulation = bandwidth.find((entry) => entry.core === core);
  const lost = computeLost(overheads, lines.length);
  if (reservation === null) {
    const stall = 3 * toUnits(regulation?.periodNs ?? 0, measures);
    const demand = tasks * (wcet + stall + 2);
    return 20 * (demand + lost + 100 * (1 + overheads.interrupt)) + computeBlocking(overheads);
  }
  const period = toUnits(reservation.periodNs, measures);
  if (regulation !== undefined) {
    const accesses = tasks * toUnits(regulation.accessMaxNs, measures);
    const demand = tasks * (wcet + accesses + 2) + computeStall(regulation, measures);
    return period * (20 + 4 * Math.ceil(demand / LEAST_GAIN));
  }
  const demand = tasks * (wcet + 2);
  const gained = Math.max(1, toUnits(reservation.budgetNs, measures) - lost);
  return period * (20 + 4 * Math.ceil(demand / gained));
}

/** A virtual CPU, with the bounds that it requires where they are certain to hold. */
export function createCpu(
  { requires, taskPolicy }: PartitionSketch,
  { core, reservation }: Placed,
  measures: Measures,
): VirtualCpu {
  const { unitNs, overheads, lines, isInterrupted } = measures;
  const lost = computeLost(overheads, lines.length) + computeBlocking(overheads);
  const isWhole = reservation === null;
  const delayNs = isWhole ? 100 * (1 + lost) * unitNs : 5 * reservation.periodNs;
  return {
    core,
    reservation,
    maxDelayNs: requires ? (delayNs as Nanoseconds) : null,
    maxLatencyNs: requires && isWhole && isInterrupted ? (delayNs as Nanoseconds) : null,
    inContract: requires && !isWhole && isInterrupted,
    taskPolicy,
  };
}
