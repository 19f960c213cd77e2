/**
 * Resolution: validated files turned into the static configuration, names into indices.
 */

import type {
  CoreSchedule,
  DeviceGrant,
  MemoryGrant,
  Partition,
  Platform,
  Regulation,
  Reservation,
  StaticConfiguration,
  VirtualCpu,
} from '../../model/configuration.ts';
import type {
  Affinity,
  ByteRange,
  CoreId,
  IntId,
  Ipa,
  ItsDeviceId,
  Nanoseconds,
  Pa,
  StreamId,
  Vmid,
} from '../../model/units.ts';
import type { Diagnostic } from '../diagnostic.ts';
import type { ConfigurationFile } from './configuration-schema.ts';
import type { SourceDocument, SourcePath } from './document.ts';
import type { PlatformFile } from './platform-schema.ts';
import { ADDRESS_END } from './quantities.ts';
import { formatPath, problem } from './validate.ts';

/** A name that references.ts has accepted is not found: a slip of ours, never of a user's input. */
export class UnresolvedNameError extends Error {
  constructor(name: string) {
    super(`"${name}" passed the check of references and does not resolve`);
  }
}

/** The platform of a validated platform file. */
export function resolvePlatform(file: PlatformFile): Platform {
  const { interrupts } = file;
  return {
    name: file.name,
    cores: file.cores.map((core) => ({
      id: core.id as CoreId,
      type: core.type,
      affinity: core.mpidr === undefined ? null : (core.mpidr as Affinity),
      el2: core.el2,
      aliases: core.aliases.map(({ local, base, size }) => ({ local, base, size })),
      firmware: core.firmware,
    })),
    memory: file.memory.map(resolveNamedRange),
    reserved: file.reserved.map(resolveNamedRange),
    interrupts: {
      kind: interrupts.controller,
      distributor: resolveRange(interrupts.distributor),
      redistributors: resolveRange(interrupts.redistributors),
      its: interrupts.its === undefined ? null : resolveRange(interrupts.its),
      spiFirst: interrupts.spi.first,
      spiCount: interrupts.spi.count,
      listRegisters: interrupts['list-registers'],
      reservedIrqs: interrupts['reserved-irqs'] as IntId[],
    },
    iommu: resolveIommu(file.iommu),
    firewall: resolveFirewall(file.firewall),
    timerHz: file.timer.frequency,
    devices: file.devices.map((device) => ({
      name: device.name,
      mmio: device.mmio.map(resolveRange),
      irqs: device.irqs as IntId[],
      streams: device.streams as StreamId[],
      itsDeviceIds: device['its-device-ids'] as ItsDeviceId[],
      dma: device.dma ?? device.streams.length > 0,
      firmware: device.firmware,
    })),
  };
}

function resolveRange({ base, size }: ByteRange): ByteRange {
  return { base, size };
}

function resolveNamedRange(range: { name: string; base: number; size: number }): {
  name: string;
  base: Pa;
  size: number;
} {
  return { name: range.name, base: range.base as Pa, size: range.size };
}

function resolveIommu(iommu: PlatformFile['iommu']): Platform['iommu'] {
  if (iommu === 'none') return null;
  return {
    kind: iommu.kind,
    base: iommu.base as Pa,
    size: iommu.size,
    streamIdBits: iommu['stream-id-bits'],
    irqs: iommu.irqs as IntId[],
  };
}

function resolveFirewall(firewall: PlatformFile['firewall']): Platform['firewall'] {
  if (firewall === undefined) return null;
  return {
    kind: firewall.kind,
    managers: firewall.managers.map(resolveNamedRange),
    windows: firewall.windows.map((window) => ({
      ...resolveNamedRange(window),
      granule: window.granule,
      regions: window.regions ?? null,
    })),
  };
}

/** A resolved configuration, or what keeps its windows from having an address. */
export interface Resolved {
  readonly configuration: StaticConfiguration;
  readonly diagnostics: readonly Diagnostic[];
}

/** The static configuration of validated files whose references hold. */
export function resolveConfiguration(
  file: ConfigurationFile,
  platform: Platform,
  document: SourceDocument,
): Resolved {
  const diagnostics: Diagnostic[] = [];
  const devices = indexByName(platform.devices);
  const partitions = indexByName(file.partitions);
  const { memory, overheads } = file.hypervisor;
  const schedules = resolveSchedules(file.schedule ?? [], partitions);
  const configuration: StaticConfiguration = {
    platform,
    hypervisor: {
      memory: memory.map(resolveNamedRange),
      overheads: {
        contextSwitchNs: overheads['context-switch'] as Nanoseconds,
        reloadNs: overheads.reload as Nanoseconds,
        timerNs: overheads.timer as Nanoseconds,
        interruptNs: overheads.interrupt as Nanoseconds,
        longestSectionNs: overheads['longest-section'] as Nanoseconds,
      },
    },
    partitions: file.partitions.map((partition, index) => ({
      ...resolvePartition(partition, index, schedules),
      devices: partition.devices.map((entry, position) => {
        const path = ['partitions', index, 'devices', position];
        return resolveDevice(entry, platform, devices, { document, path, diagnostics });
      }),
    })),
    channels: file.channels.map((channel) => ({
      name: channel.name,
      pa: channel.pa as Pa,
      size: channel.size,
      ends: channel.ends.map((end) => ({
        partition: lookUp(partitions, end.partition),
        ipa: end.ipa as Ipa,
        access: end.access,
      })),
      notify: channel.notify.map((entry) => ({
        from: lookUp(partitions, entry.from),
        to: lookUp(partitions, entry.to),
        irq: entry.irq as IntId,
      })),
    })),
    schedules,
    bandwidth: file.bandwidth.map(resolveRegulation),
  };
  return { configuration, diagnostics };
}

function resolveSchedules(
  schedule: NonNullable<ConfigurationFile['schedule']>,
  partitions: ReadonlyMap<string, number>,
): CoreSchedule[] {
  return (Array.isArray(schedule) ? schedule : [schedule]).map(
    ({ core, policy, frame, slots = [] }) => ({
      core: core as CoreId,
      policy,
      frameNs: frame === undefined ? null : (frame as Nanoseconds),
      slots: slots.map(({ partition, start, duration }) => ({
        partition: lookUp(partitions, partition),
        startNs: start as Nanoseconds,
        durationNs: duration as Nanoseconds,
      })),
    }),
  );
}

function resolveRegulation(entry: ConfigurationFile['bandwidth'][number]): Regulation {
  return {
    core: entry.core as CoreId,
    accesses: entry.accesses,
    periodNs: entry.period as Nanoseconds,
    accessMinNs: entry['access-min'] as Nanoseconds,
    accessMaxNs: entry['access-max'] as Nanoseconds,
  };
}

type PartitionFile = ConfigurationFile['partitions'][number];

function resolvePartition(
  partition: PartitionFile,
  index: number,
  schedules: readonly CoreSchedule[],
): Omit<Partition, 'devices'> {
  const underEdf = new Set(
    partition.cpus.filter((cpu) => cpu['tasks-policy'] === 'edf').map((cpu) => cpu.core),
  );
  return {
    name: partition.name,
    vmid: partition.vmid as Vmid,
    cpus: partition.cpus.map((cpu) => resolveCpu(cpu, index, schedules)),
    // What the file says of a memory is what the model says: a list of this length is not copied.
    memory: partition.memory as unknown as readonly MemoryGrant[],
    entry: partition.entry as Ipa,
    tasks: partition.tasks.map((task) => ({
      name: task.name,
      core: task.core as CoreId,
      wcetNs: task.wcet as Nanoseconds,
      periodNs: task.period as Nanoseconds,
      deadlineNs: task.deadline as Nanoseconds,
      priority: underEdf.has(task.core) ? 0 : (task.priority ?? 0),
      jitterNs: task.jitter as Nanoseconds,
      blockingNs: task.blocking as Nanoseconds,
      accesses: task.accesses,
    })),
    interruptRates: partition['interrupt-rates'].map(({ irq, distance, jitter }) => ({
      irq: irq as IntId,
      distanceNs: distance as Nanoseconds,
      jitterNs: jitter as Nanoseconds,
    })),
  };
}

type CpuFile = PartitionFile['cpus'][number];

function resolveCpu(
  cpu: CpuFile,
  partition: number,
  schedules: readonly CoreSchedule[],
): VirtualCpu {
  const table = schedules.find(({ core, policy }) => core === cpu.core && policy === 'table');
  const { 'max-delay': maxDelay, 'max-latency': maxLatency } = cpu;
  return {
    core: cpu.core as CoreId,
    reservation:
      table === undefined ? resolveReservation(cpu) : resolveSlots(table, partition, cpu.slack),
    maxDelayNs: maxDelay === undefined ? null : (maxDelay as Nanoseconds),
    maxLatencyNs: maxLatency === undefined ? null : (maxLatency as Nanoseconds),
    inContract: cpu['in-contract'],
    taskPolicy: cpu['tasks-policy'],
  };
}

function resolveReservation(cpu: CpuFile): Reservation | null {
  const { budget, period } = cpu;
  if (budget === undefined || period === undefined) return null;
  return {
    budgetNs: budget as Nanoseconds,
    periodNs: period as Nanoseconds,
    phaseNs: cpu.phase as Nanoseconds,
    // Absent only on a core under edf, where no priority is read.
    priority: cpu.priority ?? 0,
    idle: cpu.idle,
    slack: cpu.slack,
  };
}

/** What the slots of a partition amount to: all of them in each frame, whether it runs or not. */
function resolveSlots(table: CoreSchedule, partition: number, slack: boolean): Reservation {
  const own = table.slots.filter((slot) => slot.partition === partition);
  return {
    budgetNs: own.reduce((sum, { durationNs }) => sum + durationNs, 0) as Nanoseconds,
    periodNs: table.frameNs ?? (0 as Nanoseconds),
    phaseNs: 0 as Nanoseconds,
    priority: 0,
    idle: 'burn',
    slack,
  };
}

interface DevicePlace {
  readonly document: SourceDocument;
  readonly path: SourcePath;
  readonly diagnostics: Diagnostic[];
}

function resolveDevice(
  entry: PartitionFile['devices'][number],
  platform: Platform,
  devices: ReadonlyMap<string, number>,
  place: DevicePlace,
): DeviceGrant {
  const device = lookUp(devices, typeof entry === 'string' ? entry : entry.name);
  const windows = platform.devices[device]?.mmio ?? [];
  const ipa = typeof entry === 'string' ? undefined : entry.ipa;
  const first = windows[0];
  if (ipa === undefined) return { device, windowIpas: windows.map(({ base }) => base as Ipa) };
  const path = [...place.path, 'ipa'];
  const at = place.document.locate(path);
  if (first === undefined) {
    const message = `${formatPath(path)}: the device has no window that could be placed`;
    place.diagnostics.push(problem('CFG-BAD-VALUE', at, message, 'remove ipa'));
    return { device, windowIpas: [] };
  }
  const windowIpas = windows.map(({ base }) => (ipa + (base - first.base)) as Ipa);
  if (windowIpas.some((window) => window < 0 || window >= ADDRESS_END)) {
    const message = `${formatPath(path)}: a window would lie outside of [0, 2^52)`;
    const help =
      'windows keep their distance from the first one; choose an ipa that fits all of them';
    place.diagnostics.push(problem('CFG-OUT-OF-RANGE', at, message, help));
  }
  return { device, windowIpas };
}

function indexByName(entries: readonly { readonly name: string }[]): ReadonlyMap<string, number> {
  return new Map(entries.map((entry, index) => [entry.name, index]));
}

function lookUp(indices: ReadonlyMap<string, number>, name: string): number {
  const index = indices.get(name);
  if (index === undefined) throw new UnresolvedNameError(name);
  return index;
}
