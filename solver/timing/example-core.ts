/** A configuration with nothing but one shared core: the setting of the timing tests. */

import type {
  CoreSchedule,
  IdlePolicy,
  Overheads,
  Partition,
  SchedulingPolicy,
  StaticConfiguration,
  Task,
  TaskPolicy,
} from '../../model/configuration.ts';
import type { Affinity, CoreId, IntId, Ipa, Nanoseconds, Vmid } from '../../model/units.ts';

/** One microsecond is one tick. */
const TIMER_HZ = 1_000_000;

/** A partition with one virtual CPU on the core; all durations in microseconds, hence ticks. */
export interface ExampleMember {
  readonly name: string;
  /** Null: the whole core. */
  readonly share: readonly [budget: number, period: number] | null;
  /** Larger is more urgent. */
  readonly priority?: number;
  readonly idle?: IdlePolicy;
  readonly phase?: number;
  readonly maxDelay?: number;
  readonly maxLatency?: number;
  readonly inContract?: boolean;
  readonly slack?: boolean;
  readonly taskPolicy?: TaskPolicy;
  readonly interruptRates?: readonly ExampleRate[];
  readonly tasks?: readonly ExampleTask[];
}

/** How often a line is asserted, microseconds. */
export interface ExampleRate {
  readonly distance: number;
  readonly jitter?: number;
}

/** A task of a partition, microseconds. */
export interface ExampleTask {
  readonly name: string;
  readonly wcet: number;
  readonly period: number;
  readonly deadline: number;
  readonly priority: number;
  readonly jitter?: number;
  readonly blocking?: number;
  readonly accesses?: number;
}

/** Overheads in microseconds; none by default. */
export interface ExampleOverheads {
  readonly contextSwitch?: number;
  readonly reload?: number;
  readonly timer?: number;
  readonly interrupt?: number;
  readonly section?: number;
}

/** A table in microseconds: the partition of each slot by its index among the members. */
export interface ExampleTable {
  readonly frame: number;
  readonly slots: readonly (readonly [partition: number, start: number, duration: number])[];
}

/** Regulation of the core's accesses to memory; durations in microseconds. */
export interface ExampleRegulation {
  readonly accesses: number;
  readonly period: number;
  readonly accessMin: number;
  readonly accessMax: number;
}

function toNs(microseconds: number): Nanoseconds {
  return (microseconds * 1000) as Nanoseconds;
}

function toTask(task: ExampleTask): Task {
  return {
    name: task.name,
    core: 0 as CoreId,
    wcetNs: toNs(task.wcet),
    periodNs: toNs(task.period),
    deadlineNs: toNs(task.deadline),
    priority: task.priority,
    jitterNs: toNs(task.jitter ?? 0),
    blockingNs: toNs(task.blocking ?? 0),
    accesses: task.accesses ?? 0,
  };
}

function toPartition(member: ExampleMember, index: number): Partition {
  const { share } = member;
  return {
    name: member.name,
    vmid: (index + 1) as Vmid,
    cpus: [
      {
        core: 0 as CoreId,
        maxDelayNs: member.maxDelay === undefined ? null : toNs(member.maxDelay),
        maxLatencyNs: member.maxLatency === undefined ? null : toNs(member.maxLatency),
        inContract: member.inContract ?? false,
        taskPolicy: member.taskPolicy ?? 'fp',
        reservation:
          share === null
            ? null
            : {
                budgetNs: toNs(share[0]),
                periodNs: toNs(share[1]),
                phaseNs: toNs(member.phase ?? 0),
                priority: member.priority ?? 0,
                idle: member.idle ?? 'keep',
                slack: member.slack ?? false,
              },
      },
    ],
    memory: [],
    devices: [],
    entry: 0 as Ipa,
    tasks: (member.tasks ?? []).map(toTask),
    interruptRates: (member.interruptRates ?? []).map(({ distance, jitter }, line) => ({
      irq: (32 + line) as IntId,
      distanceNs: toNs(distance),
      jitterNs: toNs(jitter ?? 0),
    })),
  };
}

/** What few cores have. */
export interface ExampleExtras {
  readonly table?: ExampleTable;
  readonly regulation?: ExampleRegulation;
}

function toSchedule(policy: SchedulingPolicy, table: ExampleTable | undefined): CoreSchedule {
  return {
    core: 0 as CoreId,
    policy,
    frameNs: table === undefined ? null : toNs(table.frame),
    slots: (table?.slots ?? []).map(([partition, start, duration]) => ({
      partition,
      startNs: toNs(start),
      durationNs: toNs(duration),
    })),
  };
}

/** A board with one core at 1 MHz, shared by these partitions. */
export function createExampleCore(
  members: readonly ExampleMember[],
  overheads: ExampleOverheads = {},
  policy: SchedulingPolicy = 'fp',
  { table, regulation }: ExampleExtras = {},
): StaticConfiguration {
  const range = { base: 0, size: 0 };
  const core = { id: 0 as CoreId, type: 'cortex-a55', affinity: 0 as Affinity };
  const given: Overheads = {
    contextSwitchNs: toNs(overheads.contextSwitch ?? 0),
    reloadNs: toNs(overheads.reload ?? 0),
    timerNs: toNs(overheads.timer ?? 0),
    interruptNs: toNs(overheads.interrupt ?? 0),
    longestSectionNs: toNs(overheads.section ?? 0),
  };
  return {
    platform: {
      name: 'example',
      cores: [{ ...core, el2: true, aliases: [], firmware: false }],
      memory: [],
      reserved: [],
      interrupts: {
        kind: 'gic-v3',
        distributor: range,
        redistributors: range,
        its: null,
        spiFirst: 32,
        spiCount: 32,
        listRegisters: 4,
        reservedIrqs: [],
      },
      iommu: null,
      firewall: null,
      timerHz: TIMER_HZ,
      devices: [],
    },
    hypervisor: { memory: [], overheads: given },
    partitions: members.map(toPartition),
    channels: [],
    schedules: policy === 'fp' ? [] : [toSchedule(policy, table)],
    bandwidth:
      regulation === undefined
        ? []
        : [
            {
              core: 0 as CoreId,
              accesses: regulation.accesses,
              periodNs: toNs(regulation.period),
              accessMinNs: toNs(regulation.accessMin),
              accessMaxNs: toNs(regulation.accessMax),
            },
          ],
  };
}
