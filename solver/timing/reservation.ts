/**
 * Reservations of one core in ticks: what the analysis sees of a static configuration.
 *
 * How overheads enter (docs/timing.md, "Overheads"):
 *
 * - Z, `section`: longest EL2 section that nothing pre-empts, a context switch being one. It delays
 * a reservation once, by a less urgent one. - o, `overrun`: longest section on behalf of a guest +
 * timer + 1 tick of timer resolution, 0 on a core without either cost. What is overrun is debt,
 * paid from the next budget, so that a reservation of budget Q takes at most o more than its
 * budgets in any window, and can count on Q - o of its own. - `activation`: context switch + timer.
 * Charged to the budget of the reservation that is activated, once, and covers the later resume of
 * the pre-empted one (Katcher, Arakawa and Strosnider 1993: whoever pre-empts pays). Less budget
 * than this cannot start an activation. - `timer`: handling the timer interrupt of one
 * replenishment, taken from the processor once per period of every other reservation on the core,
 * whatever its priority. Counting less urgent ones is pessimistic for an EL2 that arms only those
 * timers that can change its decision.
 *
 * Lines of a partition that does not run are masked and cost the others nothing.
 */

import type {
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

/** Costs of EL2 on one core, ticks, each rounded up. */
export interface OverheadTicks {
  readonly section: number;
  readonly overrun: number;
  readonly activation: number;
  readonly timer: number;
}

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
}

/** Everything that runs on one core, in the order of the configuration. */
export interface CoreTicks {
  readonly core: CoreId;
  readonly policy: SchedulingPolicy;
  readonly timerHz: number;
  readonly overheads: OverheadTicks;
  readonly members: readonly CoreMember[];
}

/** Costs of EL2 in ticks, each rounded up. */
export function computeOverheadTicks(configuration: StaticConfiguration): OverheadTicks {
  const { timerHz } = configuration.platform;
  const { contextSwitchNs, timerNs, longestSectionNs } = configuration.hypervisor.overheads;
  const call = computeTicksCeil(longestSectionNs, timerHz);
  const contextSwitch = computeTicksCeil(contextSwitchNs, timerHz);
  const timer = computeTicksCeil(timerNs, timerHz);
  return {
    section: Math.max(call, contextSwitch),
    timer,
    overrun: call + timer === 0 ? 0 : call + timer + 1,
    activation: contextSwitch + timer,
  };
}

/** Every core that some virtual CPU names, in order of its number. */
export function listCores(configuration: StaticConfiguration): CoreTicks[] {
  const overheads = computeOverheadTicks(configuration);
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
        overheads: hasEl2 ? overheads : NO_OVERHEAD,
        members,
      };
    });
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
    budget: reservation.budget + overheads.timer,
    period: reservation.period,
    jitter: computeJitter(reservation),
    overrun: overheads.overrun,
  };
}

/** What the timer of a less urgent reservation takes from the more urgent ones. */
export function computeTimerInterference(
  reservation: ReservationTicks,
  overheads: OverheadTicks,
): Interference {
  return { budget: overheads.timer, period: reservation.period, jitter: 0, overrun: 0 };
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
