/** A configuration with nothing but one shared core: the setting of the timing tests. */

import type {
  IdlePolicy,
  Overheads,
  Partition,
  SchedulingPolicy,
  StaticConfiguration,
  Task,
} from '../../model/configuration.ts';
import type { Affinity, CoreId, Ipa, Nanoseconds, Vmid } from '../../model/units.ts';

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
  readonly tasks?: readonly ExampleTask[];
}

/** A task of a partition, microseconds. */
export interface ExampleTask {
  readonly name: string;
  readonly wcet: number;
  readonly period: number;
  readonly deadline: number;
  readonly priority: number;
}

/** Overheads in microseconds; none by default. */
export interface ExampleOverheads {
  readonly contextSwitch?: number;
  readonly timer?: number;
  readonly section?: number;
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
        reservation:
          share === null
            ? null
            : {
                budgetNs: toNs(share[0]),
                periodNs: toNs(share[1]),
                phaseNs: toNs(member.phase ?? 0),
                priority: member.priority ?? 0,
                idle: member.idle ?? 'keep',
                slack: false,
              },
      },
    ],
    memory: [],
    devices: [],
    entry: 0 as Ipa,
    tasks: (member.tasks ?? []).map(toTask),
  };
}

/** A board with one core at 1 MHz, shared by these partitions. */
export function createExampleCore(
  members: readonly ExampleMember[],
  overheads: ExampleOverheads = {},
  policy: SchedulingPolicy = 'fp',
): StaticConfiguration {
  const range = { base: 0, size: 0 };
  const core = { id: 0 as CoreId, type: 'cortex-a55', affinity: 0 as Affinity };
  const given: Overheads = {
    contextSwitchNs: toNs(overheads.contextSwitch ?? 0),
    timerNs: toNs(overheads.timer ?? 0),
    interruptNs: toNs(0),
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
    schedules: policy === 'fp' ? [] : [{ core: 0 as CoreId, policy }],
  };
}
