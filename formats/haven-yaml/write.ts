/**
 * Writing: a static configuration as the text of a configuration file and of its platform file.
 *
 * What the reader makes of the two is the configuration again, but for names that stand for
 * nothing there. Sizes and addresses are written in full: no unit rounds them.
 */

import { Scalar, stringify } from 'yaml';

import type {
  Access,
  CoreSchedule,
  DeviceGrant,
  NamedRange,
  Partition,
  Platform,
  Reservation,
  StaticConfiguration,
  VirtualCpu,
} from '../../model/configuration.ts';
import type { ByteRange } from '../../model/units.ts';
import { FORMAT_VERSION } from './configuration-schema.ts';

/** The texts of the two files. */
export interface WrittenConfiguration {
  readonly configuration: string;
  readonly platform: string;
}

/**
 * The two files, of which the first names the second by `platformFile`. A configuration that no
 * file can say (a device window apart from the others of its device, a priority under a table) is
 * written as near as a file can.
 */
export function writeConfiguration(
  configuration: StaticConfiguration,
  platformFile: string,
): WrittenConfiguration {
  return {
    configuration: toYaml(describeConfiguration(configuration, platformFile)),
    platform: toYaml(describePlatform(configuration.platform)),
  };
}

/** No line is folded and no entry stands for another. */
function toYaml(value: unknown): string {
  return stringify(value, { lineWidth: 0, aliasDuplicateObjects: false });
}

function describeConfiguration(configuration: StaticConfiguration, platformFile: string): unknown {
  const { hypervisor, partitions, channels, schedules, bandwidth } = configuration;
  const { overheads } = hypervisor;
  const nameOf = (index: number): string => partitions[index]?.name ?? `partition${index}`;
  return {
    version: FORMAT_VERSION,
    platform: platformFile,
    hypervisor: {
      memory: hypervisor.memory.map(describeNamed),
      overheads: {
        'context-switch': ns(overheads.contextSwitchNs),
        reload: ns(overheads.reloadNs),
        timer: ns(overheads.timerNs),
        interrupt: ns(overheads.interruptNs),
        'longest-section': ns(overheads.longestSectionNs),
      },
    },
    partitions: partitions.map((partition) => describePartition(configuration, partition)),
    channels: channels.map(({ name, pa, size, ends, notify }) => ({
      name,
      pa: hex(pa),
      size,
      ends: ends.map(({ partition, ipa, access }) => ({
        partition: nameOf(partition),
        ipa: hex(ipa),
        access: describeAccess(access),
      })),
      notify: notify.map(({ from, to, irq }) => ({ from: nameOf(from), to: nameOf(to), irq })),
    })),
    schedule: schedules.map((schedule) => describeSchedule(schedule, nameOf)),
    bandwidth: bandwidth.map(({ core, accesses, periodNs, accessMinNs, accessMaxNs }) => ({
      core,
      accesses,
      period: ns(periodNs),
      'access-min': ns(accessMinNs),
      'access-max': ns(accessMaxNs),
    })),
  };
}

function describePartition(configuration: StaticConfiguration, partition: Partition): unknown {
  const { name, vmid, cpus, memory, devices, entry, tasks, interruptRates } = partition;
  return {
    name,
    vmid,
    cpus: cpus.map((cpu) => describeCpu(configuration, cpu)),
    memory: memory.map((grant) => ({
      name: grant.name,
      ipa: hex(grant.ipa),
      pa: hex(grant.pa),
      size: grant.size,
      access: describeAccess(grant.access),
    })),
    devices: devices.map((grant) => describeDevice(configuration.platform, grant)),
    entry: hex(entry),
    tasks: tasks.map((task) => ({
      name: task.name,
      core: task.core,
      wcet: ns(task.wcetNs),
      period: ns(task.periodNs),
      deadline: ns(task.deadlineNs),
      priority: task.priority,
      jitter: ns(task.jitterNs),
      blocking: ns(task.blockingNs),
      accesses: task.accesses,
    })),
    'interrupt-rates': interruptRates.map(({ irq, distanceNs, jitterNs }) => ({
      irq,
      distance: ns(distanceNs),
      jitter: ns(jitterNs),
    })),
  };
}

function describeCpu({ schedules }: StaticConfiguration, cpu: VirtualCpu): unknown {
  const { core, reservation, maxDelayNs, maxLatencyNs, inContract, taskPolicy } = cpu;
  const isTable = schedules.some((entry) => entry.core === core && entry.policy === 'table');
  return {
    core,
    ...(reservation === null ? {} : describeReservation(reservation, isTable)),
    ...(maxDelayNs === null ? {} : { 'max-delay': ns(maxDelayNs) }),
    ...(maxLatencyNs === null ? {} : { 'max-latency': ns(maxLatencyNs) }),
    'in-contract': inContract,
    'tasks-policy': taskPolicy,
  };
}

/** Of what a partition has by a table, its slots say all but the slack. */
function describeReservation(reservation: Reservation, isTable: boolean): object {
  const { budgetNs, periodNs, phaseNs, priority, idle, slack } = reservation;
  if (isTable) return { slack };
  return {
    budget: ns(budgetNs),
    period: ns(periodNs),
    phase: ns(phaseNs),
    priority,
    idle,
    slack,
  };
}

/** A device by its name where its windows are where the platform has them. */
function describeDevice({ devices }: Platform, { device, windowIpas }: DeviceGrant): unknown {
  const { name = `device${device}`, mmio = [] } = devices[device] ?? {};
  const [ipa = 0] = windowIpas;
  return mmio[0] === undefined || mmio[0].base === ipa ? name : { name, ipa: hex(ipa) };
}

function describeSchedule(
  { core, policy, frameNs, slots }: CoreSchedule,
  nameOf: (index: number) => string,
): unknown {
  if (policy !== 'table') return { core, policy };
  return {
    core,
    policy,
    frame: ns(frameNs ?? 0),
    slots: slots.map(({ partition, startNs, durationNs }) => ({
      partition: nameOf(partition),
      start: ns(startNs),
      duration: ns(durationNs),
    })),
  };
}

function describePlatform(platform: Platform): unknown {
  const { cores, interrupts, iommu, firewall, timerHz, devices } = platform;
  return {
    name: platform.name,
    cores: cores.map(({ id, type, affinity, el2, aliases, firmware }) => ({
      id,
      type,
      ...(affinity === null ? {} : { mpidr: hex(affinity) }),
      el2,
      aliases: aliases.map(({ local, base, size }) => ({
        local: hex(local),
        base: hex(base),
        size,
      })),
      firmware,
    })),
    memory: platform.memory.map(describeNamed),
    reserved: platform.reserved.map(describeNamed),
    interrupts: {
      controller: interrupts.kind,
      distributor: describeRange(interrupts.distributor),
      redistributors: describeRange(interrupts.redistributors),
      ...(interrupts.its === null ? {} : { its: describeRange(interrupts.its) }),
      spi: { first: interrupts.spiFirst, count: interrupts.spiCount },
      'list-registers': interrupts.listRegisters,
      'reserved-irqs': interrupts.reservedIrqs,
    },
    iommu:
      iommu === null
        ? 'none'
        : {
            kind: iommu.kind,
            ...describeRange(iommu),
            'stream-id-bits': iommu.streamIdBits,
            irqs: iommu.irqs,
          },
    ...(firewall === null
      ? {}
      : {
          firewall: {
            kind: firewall.kind,
            managers: firewall.managers.map(describeNamed),
            windows: firewall.windows.map(({ granule, regions, ...window }) => ({
              ...describeNamed(window),
              granule,
              ...(regions === null ? {} : { regions }),
            })),
          },
        }),
    timer: { frequency: timerHz },
    devices: devices.map(({ name, mmio, irqs, streams, itsDeviceIds, dma, firmware }) => ({
      name,
      mmio: mmio.map(describeRange),
      irqs,
      streams,
      'its-device-ids': itsDeviceIds,
      dma,
      firmware,
    })),
  };
}

function describeRange({ base, size }: ByteRange): { base: Scalar<number>; size: number } {
  return { base: hex(base), size };
}

function describeNamed({ name, base, size }: NamedRange): object {
  return { name, ...describeRange({ base, size }) };
}

/** An address as people write it. */
function hex(address: number): Scalar<number> {
  const scalar = new Scalar(address);
  scalar.format = 'HEX';
  return scalar;
}

function ns(nanoseconds: number): string {
  return `${nanoseconds}ns`;
}

function describeAccess({ read, write, execute }: Access): string {
  return `${read ? 'r' : ''}${write ? 'w' : ''}${execute ? 'x' : ''}`;
}
