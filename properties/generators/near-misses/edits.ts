/**
 * Edits: parts put into configurations, and places found in them.
 */

import type {
  Channel,
  Core,
  CoreSchedule,
  Device,
  FirewallWindow,
  MemoryGrant,
  NamedRange,
  Partition,
  Platform,
  StaticConfiguration,
  VirtualCpu,
} from '../../../model/configuration.ts';
import { listOwnedRanges } from '../../../model/regions.ts';
import {
  computePages,
  type ByteRange,
  type CoreId,
  type Ipa,
  PAGE_SIZE,
  type Pa,
  type Vmid,
} from '../../../model/units.ts';
import { mergeRanges } from '../../rules/sweep.ts';
import { type Choices, NothingToChooseError } from './defect.ts';

/** IPAs from here up are free in every drawn partition. */
export const FREE_IPA = 0x30_0000_0000;
/** Physical addresses from here up are nothing at all on a drawn board. */
export const FAR = 0x40_0000_0000;
/** Granule of the windows that are added for channels between cores without EL2, bytes. */
export const GRANULE = 2 ** 16;

/** The list with the entry at an index changed. */
export function withEntry<Entry>(
  list: readonly Entry[],
  index: number,
  change: Partial<Entry>,
): Entry[] {
  return list.map((entry, at) => (at === index ? { ...entry, ...change } : entry));
}

/** The configuration with other facts of its platform. */
export function withPlatform(
  configuration: StaticConfiguration,
  change: Partial<Platform>,
): StaticConfiguration {
  return { ...configuration, platform: { ...configuration.platform, ...change } };
}

/** The configuration with one partition changed. */
export function withPartition(
  configuration: StaticConfiguration,
  index: number,
  change: Partial<Partition>,
): StaticConfiguration {
  return { ...configuration, partitions: withEntry(configuration.partitions, index, change) };
}

/** The configuration with one device of the platform changed. */
export function withDevice(
  configuration: StaticConfiguration,
  index: number,
  change: Partial<Device>,
): StaticConfiguration {
  return withPlatform(configuration, {
    devices: withEntry(configuration.platform.devices, index, change),
  });
}

/** The configuration with one channel changed. */
export function withChannel(
  configuration: StaticConfiguration,
  index: number,
  change: Partial<Channel>,
): StaticConfiguration {
  return { ...configuration, channels: withEntry(configuration.channels, index, change) };
}

/** The configuration with one virtual CPU of a partition changed. */
export function withCpu(
  configuration: StaticConfiguration,
  { partition, index }: PlacedCpu,
  change: Partial<VirtualCpu>,
): StaticConfiguration {
  const { cpus = [] } = configuration.partitions[partition] ?? {};
  return withPartition(configuration, partition, { cpus: withEntry(cpus, index, change) });
}

/** The configuration with more memory for a partition: readable, writable, at a free IPA. */
export function addMemory(
  configuration: StaticConfiguration,
  partition: number,
  grant: Omit<Partial<MemoryGrant>, 'pa'> & { readonly pa: number; readonly size: number },
): StaticConfiguration {
  const { memory = [] } = configuration.partitions[partition] ?? {};
  const added: MemoryGrant = {
    name: `added${memory.length}`,
    ipa: (FREE_IPA + memory.length * 2 ** 30) as Ipa,
    access: { read: true, write: true, execute: false },
    ...grant,
    pa: grant.pa as Pa,
  };
  return withPartition(configuration, partition, { memory: [...memory, added] });
}

/**
 * The configuration with one more device of a partition, which sees its windows in a free place, or
 * where they are without EL2.
 */
export function addDevice(
  configuration: StaticConfiguration,
  partition: number,
  facts: Partial<Device>,
): StaticConfiguration {
  const { devices } = configuration.platform;
  const device: Device = {
    name: `added${devices.length}`,
    mmio: [],
    irqs: [],
    streams: [],
    itsDeviceIds: [],
    dma: false,
    firmware: false,
    ...facts,
  };
  const added = withPlatform(configuration, { devices: [...devices, device] });
  const owner = added.partitions[partition];
  if (owner === undefined) return added;
  const isBare = listGuests(added).bare.includes(partition);
  const free = FREE_IPA + devices.length * 2 ** 32;
  const windowIpas = device.mmio.map(
    ({ base }) => (isBare ? base : free + (base % PAGE_SIZE)) as Ipa,
  );
  const grants = [...owner.devices, { device: devices.length, windowIpas }];
  return withPartition(added, partition, { devices: grants });
}

/** The configuration with one more bank of RAM. */
export function addBank(
  configuration: StaticConfiguration,
  base: number,
  size: number,
): StaticConfiguration {
  const { memory } = configuration.platform;
  const bank: NamedRange = { name: `added${memory.length}`, base: base as Pa, size };
  return withPlatform(configuration, { memory: [...memory, bank] });
}

/** The configuration with one more window of its firewall, of any number of regions. */
export function addWindow(
  configuration: StaticConfiguration,
  { base, size }: ByteRange,
  granule: number = PAGE_SIZE,
): StaticConfiguration {
  const { firewall } = configuration.platform;
  if (firewall === null) return configuration;
  const name = `added${firewall.windows.length}`;
  const added: FirewallWindow = { name, base: base as Pa, size, granule, regions: null };
  return withPlatform(configuration, {
    firewall: { ...firewall, windows: [...firewall.windows, added] },
  });
}

/** The first page of `pages` pages of RAM that nobody has, and that share no granule. */
export function findFree(configuration: StaticConfiguration, pages: number): number {
  const { firewall, memory } = configuration.platform;
  const granules = (firewall?.windows ?? []).map(({ granule }) => granule);
  const unit = Math.max(PAGE_SIZE, ...granules);
  const taken = mergeRanges(
    listOwnedRanges(configuration).map((range) => {
      const { base, size } = computePages(range);
      const from = Math.floor(base / unit) * unit;
      return { base: from, size: Math.ceil((base + size) / unit) * unit - from };
    }),
  );
  for (const bank of mergeRanges(memory)) {
    let from = bank.base;
    for (const range of [...taken, { base: bank.base + bank.size, size: 0 }]) {
      if (range.base + range.size < from) continue;
      if (Math.min(range.base, bank.base + bank.size) - from >= pages * PAGE_SIZE) return from;
      from = Math.max(from, range.base + range.size);
    }
  }
  throw new NothingToChooseError();
}

/** Indices of the partitions under EL2, and of the others. */
export function listGuests({ platform, partitions }: StaticConfiguration): {
  readonly guests: readonly number[];
  readonly bare: readonly number[];
} {
  const without = new Set(platform.cores.filter(({ el2 }) => !el2).map(({ id }) => id));
  const indices = partitions.map((_, index) => index);
  const isBare = (index: number): boolean =>
    partitions[index]?.cpus.some(({ core }) => without.has(core)) === true;
  return {
    guests: indices.filter((index) => !isBare(index)),
    bare: indices.filter(isBare),
  };
}

/** Two different partitions under EL2. */
export function chooseTwo(
  configuration: StaticConfiguration,
  choices: Choices,
): readonly [one: number, other: number] {
  const { guests } = listGuests(configuration);
  const one = choices.from(guests);
  return [one, choices.from(guests.filter((guest) => guest !== one))];
}

/** A virtual CPU with its place. */
export interface PlacedCpu {
  readonly partition: number;
  readonly index: number;
  readonly cpu: VirtualCpu;
  /** `whole` where the core is not shared. */
  readonly policy: CoreSchedule['policy'] | 'whole';
  /** What is known of the core; null where the platform has none of that id. */
  readonly core: Core | null;
}

/** Every virtual CPU with its place. */
export function listCpus({ partitions, schedules, platform }: StaticConfiguration): PlacedCpu[] {
  return partitions.flatMap(({ cpus }, partition) =>
    cpus.map((cpu, index) => ({
      partition,
      index,
      cpu,
      policy:
        cpu.reservation === null
          ? 'whole'
          : (schedules.find(({ core }) => core === cpu.core)?.policy ?? 'fp'),
      core: platform.cores.find(({ id }) => id === cpu.core) ?? null,
    })),
  );
}

/** A device that a partition has. */
export interface OwnedDevice {
  readonly partition: number;
  /** Index of the grant in the partition. */
  readonly grant: number;
  /** Index of the device in the platform. */
  readonly device: number;
  readonly facts: Device;
}

/** Every device that a partition has. */
export function listDevices({ platform, partitions }: StaticConfiguration): OwnedDevice[] {
  return partitions.flatMap(({ devices }, partition) =>
    devices.flatMap(({ device }, grant) => {
      const facts = platform.devices[device];
      return facts === undefined ? [] : [{ partition, grant, device, facts }];
    }),
  );
}

/** A duration that is whole ticks and whole nanoseconds, the shortest there is, ns. */
export function computeUnit({ platform }: StaticConfiguration): number {
  const greatest = (a: number, b: number): number => (b === 0 ? a : greatest(b, a % b));
  return 1e9 / greatest(1e9, platform.timerHz);
}

/** The configuration with a partition on a core of its own without EL2; memory at an address. */
function addBareGuest(configuration: StaticConfiguration, pa: number): StaticConfiguration {
  const { platform, partitions } = configuration;
  const vmids = new Set<number>(partitions.map(({ vmid }) => vmid));
  const vmid = Array.from({ length: vmids.size + 1 }, (_, index) => index + 1).find(
    (one) => !vmids.has(one),
  );
  const core: Core = {
    id: (Math.max(...platform.cores.map(({ id }) => id)) + 1) as CoreId,
    type: 'cortex-m7',
    affinity: null,
    el2: false,
    aliases: [],
    firmware: false,
  };
  const partition: Partition = {
    name: `added${partitions.length}`,
    vmid: (vmid ?? 1) as Vmid,
    cpus: [
      {
        core: core.id,
        reservation: null,
        maxDelayNs: null,
        maxLatencyNs: null,
        inContract: false,
        taskPolicy: 'fp',
      },
    ],
    memory: [
      {
        name: 'added',
        pa: pa as Pa,
        size: GRANULE,
        ipa: pa as Ipa,
        access: { read: true, write: true, execute: true },
      },
    ],
    devices: [],
    entry: pa as Ipa,
    tasks: [],
    interruptRates: [],
  };
  const planted = withPlatform(configuration, { cores: [...platform.cores, core] });
  return { ...planted, partitions: [...partitions, partition] };
}

/**
 * The configuration with channels between a partition on a core without EL2 and another that is
 * added. The ranges lie within four granules from `FAR` on, of a window of the firewall.
 */
export function addBareChannels(
  configuration: StaticConfiguration,
  bare: number,
  ranges: readonly ByteRange[],
): StaticConfiguration {
  const window = { base: FAR, size: 8 * GRANULE };
  const space = addWindow(addBank(configuration, window.base, window.size), window, GRANULE);
  const planted = addBareGuest(space, FAR + 4 * GRANULE);
  const access = { read: true, write: true, execute: false };
  const ends = [bare, configuration.partitions.length];
  const added = ranges.map(({ base, size }, index): Channel => ({
    name: `added${configuration.channels.length + index}`,
    pa: base as Pa,
    size,
    ends: ends.map((partition) => ({ partition, ipa: base as Ipa, access })),
    notify: [],
  }));
  return { ...planted, channels: [...planted.channels, ...added] };
}
