/**
 * Bounds: for every virtual CPU how long it can be kept waiting, for every task how long it takes.
 */

import type {
  SchedulingPolicy,
  StaticConfiguration,
  Task,
  TaskPolicy,
} from '../../model/configuration.ts';
import {
  computeNanosecondsCeil,
  computeTicksCeil,
  computeTicksFloor,
  type CoreId,
  type Nanoseconds,
} from '../../model/units.ts';
import { compareUtilisation, computeUtilisationPpm, TickOverflowError } from './arithmetic.ts';
import {
  computeBudgetResponse,
  computeDeadlineSupply,
  computeDelay,
  computeFixedPrioritySupply,
  type NoBound,
  type Supply,
  type SupplyResult,
} from './delay.ts';
import {
  computeLongestSection,
  type CoreMember,
  type CoreTicks,
  listCores,
  type ReservationTicks,
} from './reservation.ts';
import {
  computeAccessTime,
  computeRegulatedTime,
  type RegulationTicks,
  toRegulationTicks,
  toStallTask,
} from './regulation.ts';
import type { FixedPoint } from './response.ts';
import { testTaskDeadlines } from './task-deadlines.ts';
import { computeMemberSlots, computeSlackSection, computeSlotWait } from './slots.ts';
import { type JobResponse, listJobResponses, type TaskTicks } from './tasks.ts';

/** `unclaimed`: nothing is required. `violated` includes that there is no bound. */
export type BoundVerdict = 'holds' | 'violated' | 'unclaimed';

/** What one bound of either kind has. */
interface Bound {
  readonly partition: string;
  /** Index into `partitions`. */
  readonly partitionIndex: number;
  readonly core: CoreId;
  /** Null: there is none, `reason` says why. */
  readonly boundTicks: number | null;
  /** Rounded up. */
  readonly boundNs: Nanoseconds | null;
  readonly requiredTicks: number | null;
  readonly requiredNs: Nanoseconds | null;
  readonly verdict: BoundVerdict;
  readonly reason: NoBound | null;
}

/** Longest from any instant at which a virtual CPU is ready until it has run for one tick. */
export interface PartitionBound extends Bound {
  readonly kind: 'delay';
  /** Index into the partition's `cpus`. */
  readonly cpuIndex: number;
  readonly policy: SchedulingPolicy | 'whole-core';
  /** Longest that it is ready and gets nothing: one tick below the bound. */
  readonly blackoutTicks: number | null;
  /** Share of the core that all its reservations ask for, parts per million, rounded up. */
  readonly utilisationPpm: number;
  /** Response time of one full budget, W(Q); under earliest deadline first null. */
  readonly responseTicks: number | null;
  /** Every budget is served within its period. */
  readonly schedulable: boolean;
  /** D(c) of one usable budget: the longest until all that a period grants has been served. */
  readonly fullBudgetTicks: number | null;
}

/** Longest from the arrival of a job to its end. */
export interface TaskBound extends Bound {
  readonly kind: 'response';
  readonly task: string;
  /** Index into the partition's `tasks`. */
  readonly taskIndex: number;
}

/** What one virtual CPU of a core can count on beside all others of that core. */
export function computeMemberSupply(core: CoreTicks, member: CoreMember): SupplyResult {
  const others = core.members.filter((other) => other !== member);
  const { reservation } = member;
  if (reservation === null) {
    if (others.length > 0) return { kind: 'none', reason: 'shared-with-whole-core' };
    return {
      kind: 'supply',
      supply: { kind: 'whole-core', section: computeLongestSection(core.costs) },
    };
  }
  if (core.policy === 'table') return computeTableSupply(core, member, reservation);
  const reservations: ReservationTicks[] = [];
  for (const other of others) {
    if (other.reservation === null) return { kind: 'none', reason: 'shared-with-whole-core' };
    reservations.push(other.reservation);
  }
  return core.policy === 'edf'
    ? computeDeadlineSupply(reservation, reservations, core.overheads)
    : computeFixedPrioritySupply(
        reservation,
        reservations,
        core.overheads,
        computeSlackSection(core, member),
      );
}

/** The supply of a table: a budget that nobody interrupts, in slots. */
function computeTableSupply(
  core: CoreTicks,
  member: CoreMember,
  { budget, period }: ReservationTicks,
): SupplyResult {
  const slots = computeMemberSlots(core, member);
  if (slots === null) return { kind: 'none', reason: 'budget-below-overheads' };
  const { usable, activation } = slots;
  const throttle = computeSlotWait(slots) - activation;
  return {
    kind: 'supply',
    supply: {
      kind: 'fixed-priority',
      budget: Math.min(budget, period),
      period,
      throttle,
      secure: usable + activation,
      usable,
      activation,
      section: 0,
      parties: [],
      slots,
    },
  };
}

/** Whether every budget of this supply is served within its period: W(Q) <= P. */
export function isSchedulable(supply: Supply): boolean {
  if (supply.kind !== 'fixed-priority') return true;
  const response = computeBudgetResponse(supply);
  return response.kind === 'found' && response.ticks <= supply.period;
}

/** Delay bound of every virtual CPU, by core, then in the order of the configuration. */
export function computeBounds(configuration: StaticConfiguration): PartitionBound[] {
  return listCores(configuration).flatMap((core) =>
    core.members.map((member) => computeMemberBound(core, member)),
  );
}

/** Delay bound of one virtual CPU. */
export function computeMemberBound(core: CoreTicks, member: CoreMember): PartitionBound {
  const result = guardOverflow(() => computeMemberSupply(core, member));
  const supply = result.kind === 'supply' ? result.supply : null;
  const delay = supply === null ? null : guardPoint(() => computeDelay(supply, 1));
  const boundTicks = delay?.kind === 'found' ? delay.ticks : null;
  const response =
    supply?.kind === 'fixed-priority' ? guardPoint(() => computeBudgetResponse(supply)) : null;
  const schedulable =
    supply !== null && guardPoint(() => toPoint(isSchedulable(supply))).kind === 'found';
  const full =
    supply === null || supply.kind === 'whole-core'
      ? null
      : guardPoint(() => computeDelay(supply, supply.usable));
  return {
    kind: 'delay',
    partition: member.name,
    partitionIndex: member.partition,
    cpuIndex: member.cpu,
    core: core.core,
    policy: member.reservation === null ? 'whole-core' : core.policy,
    ...describeBound(boundTicks, member.requiredTicks, core.timerHz),
    requiredNs: member.requiredNs,
    blackoutTicks: boundTicks === null ? null : boundTicks - 1,
    utilisationPpm: computeCoreUtilisation(core),
    responseTicks: response?.kind === 'found' ? response.ticks : null,
    schedulable,
    fullBudgetTicks: full?.kind === 'found' ? full.ticks : null,
    reason: result.kind === 'none' ? result.reason : delay?.kind === 'none' ? delay.reason : null,
  };
}

/** Share of a core that its reservations ask for, parts per million, rounded up. */
export function computeCoreUtilisation(core: CoreTicks): number {
  const shares = core.members.flatMap(({ reservation }) =>
    reservation === null || reservation.period < 1 ? [] : [reservation],
  );
  return computeUtilisationPpm(shares);
}

function toPoint(holds: boolean): FixedPoint {
  return holds ? { kind: 'found', ticks: 0 } : { kind: 'none', reason: 'overload' };
}

function describeBound(
  boundTicks: number | null,
  requiredTicks: number | null,
  timerHz: number,
): Pick<Bound, 'boundTicks' | 'boundNs' | 'requiredTicks' | 'verdict'> {
  const boundNs = boundTicks === null ? null : computeNanosecondsCeil(boundTicks, timerHz);
  if (requiredTicks === null) {
    return { boundTicks, boundNs, requiredTicks, verdict: 'unclaimed' };
  }
  const holds = boundTicks !== null && boundTicks <= requiredTicks;
  return { boundTicks, boundNs, requiredTicks, verdict: holds ? 'holds' : 'violated' };
}

type Guarded = SupplyResult | { readonly kind: 'none'; readonly reason: NoBound };

function guardOverflow(compute: () => SupplyResult): Guarded {
  try {
    return compute();
  } catch (error) {
    if (error instanceof TickOverflowError) return { kind: 'none', reason: 'overflow' };
    throw error;
  }
}

type GuardedPoint = FixedPoint | { readonly kind: 'none'; readonly reason: 'overflow' };

function guardPoint(compute: () => FixedPoint): GuardedPoint {
  try {
    return compute();
  } catch (error) {
    if (error instanceof TickOverflowError) return { kind: 'none', reason: 'overflow' };
    throw error;
  }
}

/** Regulation of a core in ticks; null where its accesses to memory are not regulated. */
function findRegulation(configuration: StaticConfiguration, core: CoreId): RegulationTicks | null {
  const regulation = configuration.bandwidth.find((entry) => entry.core === core);
  if (regulation === undefined) return null;
  return toRegulationTicks(regulation, configuration.platform.timerHz);
}

/** Whether several virtual CPUs name a core. */
function isShared({ partitions }: StaticConfiguration, core: CoreId): boolean {
  return partitions.flatMap(({ cpus }) => cpus).filter((cpu) => cpu.core === core).length > 1;
}

/**
 * A task in ticks, rounded so that it asks for more and more often; on a core whose accesses are
 * regulated with the time that they take, and the stalls where nobody else has the core.
 */
export function toTaskTicks(configuration: StaticConfiguration, task: Task): TaskTicks {
  const { timerHz } = configuration.platform;
  const work = computeTicksCeil(task.wcetNs, timerHz);
  const regulation = findRegulation(configuration, task.core);
  const compute = isShared(configuration, task.core) ? computeAccessTime : computeRegulatedTime;
  return {
    wcet: regulation === null ? work : compute(work, task.accesses, regulation),
    period: computeTicksFloor(task.periodNs, timerHz),
    jitter: computeTicksCeil(task.jitterNs, timerHz),
    blocking: computeTicksCeil(task.blockingNs, timerHz),
  };
}

/**
 * What runs before every task of a partition on a core: EL2 takes its interrupts, as often as its
 * lines promise, on the core of its first virtual CPU; and stalls for accesses, on a regulated core
 * that others use too.
 */
export function listSystemTasks(
  configuration: StaticConfiguration,
  partitionIndex: number,
  core: CoreId,
): TaskTicks[] {
  const { timerHz } = configuration.platform;
  const partition = configuration.partitions[partitionIndex];
  const rates = partition?.cpus[0]?.core === core ? partition.interruptRates : [];
  const wcet = computeTicksCeil(configuration.hypervisor.overheads.interruptNs, timerHz);
  const lines = rates.map(({ distanceNs, jitterNs }) => ({
    wcet,
    period: computeTicksFloor(distanceNs, timerHz),
    jitter: computeTicksCeil(jitterNs, timerHz),
    blocking: 0,
  }));
  const regulation = findRegulation(configuration, core);
  const stalls =
    regulation !== null && isShared(configuration, core) ? [toStallTask(regulation)] : [];
  return [...lines, ...stalls].filter((task) => task.wcet > 0);
}

/**
 * What of the same partition and core may run before this task: tasks, equal priorities too; under
 * earliest deadline first all others; its interrupts and stalls.
 */
export function listUrgentTasks(
  configuration: StaticConfiguration,
  partitionIndex: number,
  taskIndex: number,
): TaskTicks[] {
  const tasks = configuration.partitions[partitionIndex]?.tasks ?? [];
  const own = tasks[taskIndex];
  if (own === undefined) return [];
  const urgent = tasks
    .filter((task, index) => index !== taskIndex && task.core === own.core)
    .filter((task) => task.priority >= own.priority)
    .map((task) => toTaskTicks(configuration, task));
  return [...urgent, ...listSystemTasks(configuration, partitionIndex, own.core)];
}

/** How a partition orders its tasks on a core; `fp` where it has no virtual CPU there. */
export function getTaskPolicy(
  configuration: StaticConfiguration,
  partitionIndex: number,
  core: CoreId,
): TaskPolicy {
  const cpus = configuration.partitions[partitionIndex]?.cpus ?? [];
  return cpus.find((cpu) => cpu.core === core)?.taskPolicy ?? 'fp';
}

/**
 * The virtual CPU that runs a partition's tasks on a core, with its core; null where there is none.
 */
export function findTaskMember(
  configuration: StaticConfiguration,
  partitionIndex: number,
  coreId: CoreId,
): { readonly core: CoreTicks; readonly member: CoreMember } | null {
  const core = listCores(configuration).find((entry) => entry.core === coreId);
  const member = core?.members.find((entry) => entry.partition === partitionIndex);
  return core === undefined || member === undefined ? null : { core, member };
}

/** Response bound of every task, in the order of the configuration. */
export function computeTaskBounds(configuration: StaticConfiguration): TaskBound[] {
  return configuration.partitions.flatMap((partition, partitionIndex) =>
    partition.tasks.map((task, taskIndex) => {
      const place = findTaskMember(configuration, partitionIndex, task.core);
      const result =
        place === null ? 'malformed' : computeTaskTicks(configuration, place, task, taskIndex);
      return describeTask(configuration, partitionIndex, taskIndex, task, result);
    }),
  );
}

/** Response bound of a task of the partition of a virtual CPU, on the core as it is given. */
export function computePlacedTaskBound(
  configuration: StaticConfiguration,
  place: { readonly core: CoreTicks; readonly member: CoreMember },
  taskIndex: number,
): TaskBound | null {
  const { partition } = place.member;
  const task = configuration.partitions[partition]?.tasks[taskIndex];
  if (task === undefined) return null;
  const result = computeTaskTicks(configuration, place, task, taskIndex);
  return describeTask(configuration, partition, taskIndex, task, result);
}

function describeTask(
  configuration: StaticConfiguration,
  partitionIndex: number,
  taskIndex: number,
  task: Task,
  result: number | NoBound,
): TaskBound {
  const { timerHz } = configuration.platform;
  const requiredTicks = computeTicksFloor(task.deadlineNs, timerHz);
  const boundTicks = typeof result === 'number' ? result : null;
  return {
    kind: 'response',
    partition: configuration.partitions[partitionIndex]?.name ?? '',
    partitionIndex,
    core: task.core,
    task: task.name,
    taskIndex,
    ...describeBound(boundTicks, requiredTicks, timerHz),
    requiredNs: task.deadlineNs,
    reason: typeof result === 'number' ? null : result,
  };
}

/** Worst response time of a task in ticks, or why there is none. */
function computeTaskTicks(
  configuration: StaticConfiguration,
  { core, member }: { readonly core: CoreTicks; readonly member: CoreMember },
  task: Task,
  taskIndex: number,
): number | NoBound {
  const { partition } = member;
  const result = guardOverflow(() => computeMemberSupply(core, member));
  if (result.kind === 'none') return result.reason;
  if (getTaskPolicy(configuration, partition, task.core) === 'edf') {
    return computeDeadlineTicks(configuration, partition, task, result.supply);
  }
  const own = toTaskTicks(configuration, task);
  const urgent = listUrgentTasks(configuration, partition, taskIndex);
  if ([own, ...urgent].some((each) => each.period < 1)) return 'malformed';
  return computeSuppliedResponse(result.supply, own, urgent);
}

/**
 * The deadline of a task whose partition orders its tasks by deadlines, where the test says that
 * all meet theirs; else why there is no bound.
 */
function computeDeadlineTicks(
  configuration: StaticConfiguration,
  partitionIndex: number,
  own: Task,
  supply: Supply,
): number | NoBound {
  const { timerHz } = configuration.platform;
  const tasks = (configuration.partitions[partitionIndex]?.tasks ?? [])
    .filter((task) => task.core === own.core)
    .map((task) => ({
      ...toTaskTicks(configuration, task),
      deadline: computeTicksFloor(task.deadlineNs, timerHz),
    }));
  const system = listSystemTasks(configuration, partitionIndex, own.core);
  if (!isSchedulable(supply) || isOverloaded(supply, [...tasks, ...system])) return 'overload';
  try {
    const verdict = testTaskDeadlines(tasks, system, (demand) => computeDelay(supply, demand));
    if (verdict === 'met') return computeTicksFloor(own.deadlineNs, timerHz);
    return verdict === 'late' ? 'deadline-missed' : verdict;
  } catch (error) {
    if (error instanceof TickOverflowError) return 'overflow';
    throw error;
  }
}

/** Worst response time over a supply, or why there is none. */
function computeSuppliedResponse(
  supply: Supply,
  own: TaskTicks,
  urgent: readonly TaskTicks[],
): number | NoBound {
  try {
    const jobs = listSuppliedJobs(supply, own, urgent);
    return jobs === null ? 'overload' : Math.max(...jobs.map((job) => job.response));
  } catch (error) {
    if (error instanceof TickOverflowError) return 'overflow';
    throw error;
  }
}

/**
 * Jobs of the longest busy interval of a task over a supply; null where budgets are not served in
 * time or the tasks ask for more than the supply has. Throws `TickOverflowError`.
 */
export function listSuppliedJobs(
  supply: Supply,
  own: TaskTicks,
  urgent: readonly TaskTicks[],
): readonly JobResponse[] | null {
  if (!isSchedulable(supply)) return null;
  if (isOverloaded(supply, [own, ...urgent])) return null;
  return listJobResponses(own, urgent, (demand) => computeDelay(supply, demand));
}

/** Whether tasks ask for more than a supply has; false where a period is malformed. */
function isOverloaded(supply: Supply, tasks: readonly TaskTicks[]): boolean {
  if (tasks.some(({ period }) => period < 1)) return false;
  const shares = tasks.map(({ wcet, period }) => ({ budget: wcet, period }));
  if (supply.kind !== 'whole-core') {
    shares.push({ budget: supply.period - supply.usable, period: supply.period });
  }
  return compareUtilisation(shares) > 0;
}
