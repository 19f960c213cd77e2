/**
 * Reservations of one core in ticks: what the analysis sees of a static configuration.
 *
 * How the costs of EL2 enter (docs/timing.md, "Overheads"):
 *
 * - A, `activation`: context switch and reload of caches, charged once to whoever wakes, has been
 *   exhausted or was replenished with no budget left; a resume after pre-emption is free (Katcher,
 *   Arakawa and Strosnider 1993: whoever pre-empts pays). It takes a budget of A + 1.
 * - T, `timer`: handling the timer interrupt of who has spent its budget; debt of that one.
 * - S and I: a section of EL2 for the guest that runs, and an interrupt of its that is taken;
 *   charged to it, nothing pre-empts them.
 * - o, `overrun` = max(S, I) - 1 + T: a section begins with one tick of budget at least, and the
 *   timer follows. What is overrun is debt, paid from the next budget, so that a reservation of
 *   budget Q takes at most o more than its budgets in any window, and counts on Q - o of its own.
 * - Z, `section` = max(A, max(S, I) + T): by so much a less urgent reservation delays a more urgent
 *   one, once: the section of who spends its budget in it is followed by the timer at once.
 *
 * EL2 arms only timers that can change its decision; lines of a partition that does not run are
 * masked and cost the others nothing.
 */

import type {
  CoreSchedule,
  IdlePolicy,
  Reservation,
  SchedulingPolicy,
  StaticConfiguration,
} from '../../model/configuration.ts';
import {
  computeTicksCeil,
  computeTicksExactly,
  computeTicksFloor,
  type CoreId,
  type Nanoseconds,
} from '../../model/units.ts';
import type { Interference } from './response.ts';

/** What EL2 does on one core, ticks, each rounded up. */
export interface CostTicks {
  /** A. */
  readonly activation: number;
  /** S. */
  readonly section: number;
  /** I. */
  readonly interrupt: number;
  /** T. */
  readonly timer: number;
}

/** The same as the analysis uses it. */
export interface OverheadTicks {
  /** Z. */
  readonly section: number;
  /** o. */
  readonly overrun: number;
  /** A. */
  readonly activation: number;
  /** T. */
  readonly timer: number;
}

/** A core whose EL2 does nothing. */
export const NO_COST: CostTicks = { activation: 0, section: 0, interrupt: 0, timer: 0 };

/** A core on which EL2 costs nothing: the setting of the literature. */
export const NO_OVERHEAD: OverheadTicks = { section: 0, overrun: 0, activation: 0, timer: 0 };

/** A reservation in ticks. */
export interface ReservationTicks {
  /** 1 <= budget <= period. */
  readonly budget: number;
  readonly period: number;
  /** First replenishment after boot; nothing is served before it. */
  readonly phase: number;
  /** Larger is more urgent; equal ones count against each other. */
  readonly priority: number;
  readonly idle: IdlePolicy;
}

/** One virtual CPU on the core. */
export interface CoreMember {
  /** Index into `partitions`. */
  readonly partition: number;
  /** Index into the partition's `cpus`. */
  readonly cpu: number;
  readonly name: string;
  /** Null: the whole core. */
  readonly reservation: ReservationTicks | null;
  /** Rounded down, so that a bound must meet the stricter value; null where none is required. */
  readonly requiredTicks: number | null;
  readonly requiredNs: Nanoseconds | null;
  /** Longest latency of its lines, rounded down; null where none is required. */
  readonly latencyTicks: number | null;
  /** It has budget whenever one of its lines is asserted: its own promise. */
  readonly inContract: boolean;
  /** It may run uncharged when nobody else is eligible. */
  readonly slack: boolean;
}

/** A slot of a table: [start, end) of the frame. */
export interface SlotTicks {
  readonly start: number;
  readonly end: number;
  /** Index into the members; -1: none of them. */
  readonly member: number;
}

/** A table: slots in order, which do not overlap; gaps belong to nobody. */
export interface TableTicks {
  readonly frame: number;
  readonly slots: readonly SlotTicks[];
}

/** Everything that runs on one core, in the order of the configuration. */
export interface CoreTicks {
  readonly core: CoreId;
  readonly policy: SchedulingPolicy;
  readonly timerHz: number;
  readonly costs: CostTicks;
  readonly overheads: OverheadTicks;
  readonly members: readonly CoreMember[];
  /** Under `table`, else null. */
  readonly table: TableTicks | null;
}

/** Costs of EL2 in ticks, each rounded up. */
export function computeCostTicks(configuration: StaticConfiguration): CostTicks {
  const { timerHz } = configuration.platform;
  const { overheads } = configuration.hypervisor;
  return {
    activation:
      computeTicksCeil(overheads.contextSwitchNs, timerHz) +
      computeTicksCeil(overheads.reloadNs, timerHz),
    section: computeTicksCeil(overheads.longestSectionNs, timerHz),
    interrupt: computeTicksCeil(overheads.interruptNs, timerHz),
    timer: computeTicksCeil(overheads.timerNs, timerHz),
  };
}

/** Longest section of a guest's that nothing pre-empts, an interrupt that it takes being one. */
export function computeLongestSection({ section, interrupt }: CostTicks): number {
  return Math.max(section, interrupt);
}

/** Z, o, A and T of these costs. */
export function computeOverheads(costs: CostTicks): OverheadTicks {
  const longest = computeLongestSection(costs);
  return {
    section: Math.max(costs.activation, longest + costs.timer),
    overrun: Math.max(0, longest - 1) + costs.timer,
    activation: costs.activation,
    timer: costs.timer,
  };
}

/** Every core that some virtual CPU names, in order of its number. */
export function listCores(configuration: StaticConfiguration): CoreTicks[] {
  const costs = computeCostTicks(configuration);
  const { timerHz } = configuration.platform;
  const byCore = new Map<CoreId, CoreMember[]>();
  configuration.partitions.forEach((partition, partitionIndex) => {
    partition.cpus.forEach((cpu, cpuIndex) => {
      const members = byCore.get(cpu.core) ?? [];
      byCore.set(cpu.core, members);
      members.push({
        partition: partitionIndex,
        cpu: cpuIndex,
        name: partition.name,
        reservation: cpu.reservation === null ? null : toTicks(cpu.reservation, timerHz),
        requiredTicks: cpu.maxDelayNs === null ? null : computeTicksFloor(cpu.maxDelayNs, timerHz),
        requiredNs: cpu.maxDelayNs,
        latencyTicks:
          cpu.maxLatencyNs === null ? null : computeTicksFloor(cpu.maxLatencyNs, timerHz),
        inContract: cpu.inContract,
        slack: cpu.reservation?.slack ?? false,
      });
    });
  });
  return [...byCore.entries()]
    .sort(([a], [b]) => a - b)
    .map(([core, members]) => {
      const schedule = configuration.schedules.find((entry) => entry.core === core);
      const hasEl2 = configuration.platform.cores.find((entry) => entry.id === core)?.el2 ?? true;
      return {
        core,
        policy: schedule?.policy ?? 'fp',
        timerHz,
        costs: hasEl2 ? costs : NO_COST,
        overheads: hasEl2 ? computeOverheads(costs) : NO_OVERHEAD,
        members,
        table: schedule?.policy === 'table' ? toTableTicks(schedule, members, timerHz) : null,
      };
    });
}

/** A table in ticks; `time.whole-ticks` refuses what is not whole, here slots get shorter. */
function toTableTicks(
  { frameNs, slots }: CoreSchedule,
  members: readonly CoreMember[],
  timerHz: number,
): TableTicks {
  return {
    frame: computeTicksCeil(frameNs ?? (0 as Nanoseconds), timerHz),
    slots: slots.map(({ partition, startNs, durationNs }) => {
      const start = computeTicksCeil(startNs, timerHz);
      return {
        start,
        end: start + computeTicksFloor(durationNs, timerHz),
        member: members.findIndex((member) => member.partition === partition),
      };
    }),
  };
}

/**
 * A duration in ticks that must be whole; `time.whole-ticks` refuses the others, here they round
 * down.
 */
function toTicks(reservation: Reservation, timerHz: number): ReservationTicks {
  const convert = (duration: Nanoseconds): number =>
    computeTicksExactly(duration, timerHz) ?? computeTicksFloor(duration, timerHz);
  return {
    budget: convert(reservation.budgetNs),
    period: convert(reservation.periodNs),
    phase: convert(reservation.phaseNs),
    priority: reservation.priority,
    idle: reservation.idle,
  };
}

/**
 * Jitter with which a reservation takes its budget, by its own idle policy: a kept budget may be
 * taken at the end of one period and again at the start of the next; one that is burned or polled
 * away may not, counted from the start of a busy interval.
 */
export function computeJitter(reservation: ReservationTicks): number {
  return reservation.idle === 'keep' ? reservation.period - reservation.budget : 0;
}

/** What a more urgent reservation takes from the less urgent ones. */
export function computeInterference(
  reservation: ReservationTicks,
  overheads: OverheadTicks,
): Interference {
  return {
    budget: reservation.budget,
    period: reservation.period,
    jitter: computeJitter(reservation),
    overrun: overheads.overrun,
  };
}

/**
 * Budget that a reservation gets in every period for certain: debt of the one before is taken off.
 */
export function computeSecureBudget(
  reservation: ReservationTicks,
  overheads: OverheadTicks,
): number {
  return reservation.budget - overheads.overrun;
}

/**
 * Part of the secure budget that its guest can use: an activation is taken off. May be zero or
 * less.
 */
export function computeUsableBudget(
  reservation: ReservationTicks,
  overheads: OverheadTicks,
): number {
  return computeSecureBudget(reservation, overheads) - overheads.activation;
}
