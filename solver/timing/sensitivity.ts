/**
 * Sensitivity: how far a budget can grow or shrink, and how far a requirement can be tightened,
 * before something that holds breaks; and the same configuration with other numbers.
 *
 * A budget is searched by bisection on whole ticks: at the value found everything that holds now
 * still does, and one tick further something breaks. Bounds that use phases need not be monotone in
 * a budget, so that beyond the break there may be values that hold again.
 */

import type {
  Partition,
  Reservation,
  StaticConfiguration,
  VirtualCpu,
} from '../../model/configuration.ts';
import type { CoreId, Nanoseconds } from '../../model/units.ts';
import { TickOverflowError } from './arithmetic.ts';
import { computeMemberSupply, computePlacedTaskBound, isSchedulable } from './bounds.ts';
import type { CoreBound } from './certificate-types.ts';
import { computeMemberBounds } from './core-bounds.ts';
import { type CoreMember, type CoreTicks, listCores } from './reservation.ts';

/** Something that is required of time, with what it has. */
export interface Requirement {
  /** `budget`: every budget is served within its period. The others are as in the configuration. */
  readonly kind: 'budget' | 'delay' | 'latency' | 'deadline';
  readonly core: CoreId;
  /** Index into `partitions`. */
  readonly partition: number;
  /** Index into the partition's `cpus`. */
  readonly cpuIndex: number;
  /** Index into the partition's `tasks`; null but for a deadline. */
  readonly task: number | null;
  /** Ticks; null for a budget. */
  readonly required: number | null;
  /** Least that could be required, ticks; null where there is no bound, or for a budget. */
  readonly least: number | null;
  readonly holds: boolean;
}

/** How far one budget can go. */
export interface BudgetSensitivity {
  readonly core: CoreId;
  /** Index into `partitions`. */
  readonly partition: number;
  /** Index into the partition's `cpus`. */
  readonly cpuIndex: number;
  readonly budget: number;
  readonly period: number;
  /** Largest and smallest budget with which all that holds still holds, ticks. */
  readonly most: number;
  readonly least: number;
  /** What breaks one tick further; empty where the budget is the period, or one tick. */
  readonly breaksAbove: readonly Requirement[];
  readonly breaksBelow: readonly Requirement[];
}

/** What a configuration has to spare. */
export interface Sensitivity {
  readonly budgets: readonly BudgetSensitivity[];
  /** `required - least` is by how much each can be tightened. */
  readonly requirements: readonly Requirement[];
}

/** Sensitivity of every budget that is no table's, and of every requirement. */
export function computeSensitivity(configuration: StaticConfiguration): Sensitivity {
  const cores = listCores(configuration);
  return {
    budgets: cores
      .filter(({ policy }) => policy !== 'table')
      .flatMap((core) =>
        core.members.flatMap((member) => {
          const found = computeBudgetSensitivity(configuration, core, member);
          return found === null ? [] : [found];
        }),
      ),
    requirements: cores.flatMap((core) => listRequirements(configuration, core)),
  };
}

/** What is required of one core, with the bounds that it has. */
export function listRequirements(
  configuration: StaticConfiguration,
  core: CoreTicks,
): Requirement[] {
  return core.members.flatMap((member) => {
    const place = { core: core.core, partition: member.partition, cpuIndex: member.cpu };
    const bounds = computeMemberBounds(core, member);
    const create = (
      kind: Requirement['kind'],
      required: number | null,
      least: number | null,
      task: number | null = null,
    ): Requirement[] => {
      if (required === null) return [];
      return [
        { ...place, kind, task, required, least, holds: least !== null && least <= required },
      ];
    };
    const first = core.members.find(({ partition }) => partition === member.partition);
    const tasks = first === member ? (configuration.partitions[member.partition]?.tasks ?? []) : [];
    return [
      ...(member.reservation === null
        ? []
        : [{ ...place, kind: 'budget' as const, ...NO_TICKS, holds: isServed(core, member) }]),
      ...create('delay', member.requiredTicks, getTicks(bounds, 'delay')),
      ...create('latency', member.latencyTicks, getTicks(bounds, 'latency')),
      ...tasks.flatMap((task, index) => {
        if (task.core !== core.core) return [];
        const bound = computePlacedTaskBound(configuration, { core, member }, index);
        return bound === null
          ? []
          : create('deadline', bound.requiredTicks, bound.boundTicks, index);
      }),
    ];
  });
}

const NO_TICKS = { task: null, required: null, least: null } as const;

function getTicks(bounds: readonly CoreBound[], kind: CoreBound['kind']): number | null {
  return bounds.find((bound) => bound.kind === kind)?.ticks ?? null;
}

/** Whether a member gets its budget in every period. */
function isServed(core: CoreTicks, member: CoreMember): boolean {
  try {
    const result = computeMemberSupply(core, member);
    return result.kind === 'supply' && isSchedulable(result.supply);
  } catch (error) {
    if (error instanceof TickOverflowError) return false;
    throw error;
  }
}

/** The core with another budget for one member. */
function replaceBudget(core: CoreTicks, member: CoreMember, budget: number): CoreTicks {
  const members = core.members.map((other) =>
    other === member && other.reservation !== null
      ? { ...other, reservation: { ...other.reservation, budget } }
      : other,
  );
  return { ...core, members };
}

function computeBudgetSensitivity(
  configuration: StaticConfiguration,
  core: CoreTicks,
  member: CoreMember,
): BudgetSensitivity | null {
  const { reservation } = member;
  if (reservation === null || reservation.budget < 1) return null;
  const { budget, period } = reservation;
  if (budget > period) return null;
  const held = listRequirements(configuration, core).map(({ holds }) => holds);
  const listBroken = (ticks: number): Requirement[] =>
    listRequirements(configuration, replaceBudget(core, member, ticks)).filter(
      ({ holds }, index) => held[index] === true && !holds,
    );
  const holdsAt = (ticks: number): boolean => listBroken(ticks).length === 0;
  const most = findLast(budget, period, holdsAt);
  const least = -findLast(-budget, -1, (ticks) => holdsAt(-ticks));
  return {
    core: core.core,
    partition: member.partition,
    cpuIndex: member.cpu,
    budget,
    period,
    most,
    least,
    breaksAbove: most === period ? [] : listBroken(most + 1),
    breaksBelow: least === 1 ? [] : listBroken(least - 1),
  };
}

/** A value in [first, last] that holds and whose next does not, or `last`; `first` holds. */
function findLast(first: number, last: number, holds: (value: number) => boolean): number {
  if (holds(last)) return last;
  let [low, high] = [first, last];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (holds(middle)) low = middle;
    else high = middle;
  }
  return low;
}

/** Other numbers for one virtual CPU; what is not named stays. */
export interface Change {
  /** Index into `partitions`. */
  readonly partition: number;
  /** Index into the partition's `cpus`. */
  readonly cpuIndex: number;
  /** Of its reservation; ignored where it has the core whole. */
  readonly reservation?: Partial<Reservation>;
  readonly maxDelayNs?: Nanoseconds | null;
  readonly maxLatencyNs?: Nanoseconds | null;
  readonly inContract?: boolean;
}

/** The configuration with these changes, in order; the one given stays as it is. */
export function changeConfiguration(
  configuration: StaticConfiguration,
  changes: readonly Change[],
): StaticConfiguration {
  return changes.reduce<StaticConfiguration>(
    (changed, change) => ({
      ...changed,
      partitions: changed.partitions.map((partition, index) =>
        index === change.partition ? changePartition(partition, change) : partition,
      ),
    }),
    configuration,
  );
}

function changePartition(partition: Partition, change: Change): Partition {
  return {
    ...partition,
    cpus: partition.cpus.map((cpu, index) =>
      index === change.cpuIndex ? changeCpu(cpu, change) : cpu,
    ),
  };
}

function changeCpu(cpu: VirtualCpu, change: Change): VirtualCpu {
  const { reservation, maxDelayNs, maxLatencyNs, inContract } = change;
  return {
    ...cpu,
    reservation: cpu.reservation === null ? null : { ...cpu.reservation, ...reservation },
    maxDelayNs: maxDelayNs === undefined ? cpu.maxDelayNs : maxDelayNs,
    maxLatencyNs: maxLatencyNs === undefined ? cpu.maxLatencyNs : maxLatencyNs,
    inContract: inContract ?? cpu.inContract,
  };
}
