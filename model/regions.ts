/**
 * Regions: the one list of physical ranges of every class, over which ownership is judged.
 *
 * The sweep of `properties/rules`, the obligations of `solver/obligations` and the oracles of the
 * fuzzer all read this list, so that no class of region can be left out of one of them.
 */

import type { Path, StaticConfiguration } from './configuration.ts';
import type { ByteRange } from './units.ts';

/** What a region is. */
export type RegionClass =
  | 'memory'
  | 'device'
  | 'channel'
  | 'hypervisor'
  | 'gic-distributor'
  | 'gic-redistributors'
  | 'gic-its'
  | 'smmu'
  | 'firewall'
  | 'firmware';

/** Owner of a region that no partition may reach. */
export const HYPERVISOR = -1;

/** A physical range with its class and owner, and where the configuration or platform has it. */
export interface OwnedRange extends ByteRange {
  readonly class: RegionClass;
  /**
   * Index into `partitions`; `HYPERVISOR` for its own and the firmware's; channels have `ends`
   * instead.
   */
  readonly owner: number;
  /** Index into `channels` for a channel region, else -1. */
  readonly channel: number;
  /**
   * Index of the entry in the list that has it, such as `memory` of a partition; -1 without one.
   */
  readonly entry: number;
  /** Index of the window of a device, else -1. */
  readonly part: number;
}

/** An owned range with what messages say of it. */
export interface Region extends OwnedRange {
  /** For messages: "memory ram of linux", "window 0 of device uart0 of rtos". */
  readonly label: string;
  /** Where the configuration or the platform says so. */
  readonly path: Path;
}

/**
 * Every region of a configuration: guest memory, devices, channels, hypervisor, GIC, SMMU,
 * firewall, firmware.
 */
export function listRegions(configuration: StaticConfiguration): Region[] {
  return listOwnedRanges(configuration).map((range) => describeRange(configuration, range));
}

/**
 * The same regions in the same order without labels and paths, which take longer to make than the
 * rest of a region: of 10,000 regions that nobody has anything to say about, none are made.
 */
export function listOwnedRanges(configuration: StaticConfiguration): OwnedRange[] {
  const ranges: OwnedRange[] = [];
  listPartitionRanges(configuration, ranges);
  for (const [index, { pa, size }] of configuration.channels.entries()) {
    ranges.push(createRange('channel', HYPERVISOR, pa, size, index));
  }
  listHypervisorRanges(configuration, ranges);
  return ranges;
}

function listPartitionRanges(configuration: StaticConfiguration, into: OwnedRange[]): void {
  for (const [owner, { memory, devices }] of configuration.partitions.entries()) {
    for (let entry = 0; entry < memory.length; entry += 1) {
      const grant = memory[entry];
      if (grant !== undefined) into.push(createRange('memory', owner, grant.pa, grant.size, entry));
    }
    for (const [entry, grant] of devices.entries()) {
      const { mmio = [] } = configuration.platform.devices[grant.device] ?? {};
      for (const [part, { base, size }] of mmio.entries()) {
        into.push(createRange('device', owner, base, size, entry, part));
      }
    }
  }
}

function listHypervisorRanges(configuration: StaticConfiguration, into: OwnedRange[]): void {
  const { platform, hypervisor } = configuration;
  const push = (kind: RegionClass, { base, size }: ByteRange, entry = -1, part = -1): void =>
    void into.push(createRange(kind, HYPERVISOR, base, size, entry, part));
  for (const [index, range] of hypervisor.memory.entries()) push('hypervisor', range, index);
  const gic = platform.interrupts;
  push('gic-distributor', gic.distributor);
  push('gic-redistributors', gic.redistributors);
  if (gic.its !== null) push('gic-its', gic.its);
  if (platform.iommu !== null) push('smmu', platform.iommu);
  for (const [index, manager] of (platform.firewall?.managers ?? []).entries()) {
    push('firewall', manager, index);
  }
  for (const [index, range] of platform.reserved.entries()) push('firmware', range, index);
  for (const [index, device] of platform.devices.entries()) {
    if (!device.firmware) continue;
    for (const [window, range] of device.mmio.entries()) push('firmware', range, index, window);
  }
}

function createRange(
  kind: RegionClass,
  owner: number,
  base: number,
  size: number,
  entry: number,
  part = -1,
): OwnedRange {
  const channel = kind === 'channel' ? entry : -1;
  return { class: kind, owner, channel, base, size, entry, part };
}

/** The region that an owned range of the configuration is: with its label and path. */
export function describeRange(configuration: StaticConfiguration, range: OwnedRange): Region {
  const { class: kind, owner, channel, base, size, entry, part } = range;
  const [label, path] = nameRange(configuration, range);
  return { class: kind, owner, channel, base, size, entry, part, label, path };
}

function nameRange(
  { platform, hypervisor, partitions, channels }: StaticConfiguration,
  { class: kind, owner, entry, part }: OwnedRange,
): [label: string, path: Path] {
  const partition = partitions[owner];
  switch (kind) {
    case 'memory':
      return [
        `memory ${partition?.memory[entry]?.name ?? '?'} of ${partition?.name ?? '?'}`,
        ['config', 'partitions', owner, 'memory', entry],
      ];
    case 'device': {
      const device = platform.devices[partition?.devices[entry]?.device ?? -1];
      return [
        `window ${part} of device ${device?.name ?? '?'} of ${partition?.name ?? '?'}`,
        ['config', 'partitions', owner, 'devices', entry],
      ];
    }
    case 'channel':
      return [`channel ${channels[entry]?.name ?? '?'}`, ['config', 'channels', entry]];
    case 'hypervisor': {
      const label = `hypervisor memory ${hypervisor.memory[entry]?.name ?? '?'}`;
      return [label, ['config', 'hypervisor', 'memory', entry]];
    }
    case 'gic-distributor':
      return ['GIC distributor', ['platform', 'interrupts', 'distributor']];
    case 'gic-redistributors':
      return ['GIC redistributors', ['platform', 'interrupts', 'redistributors']];
    case 'gic-its':
      return ['GIC ITS', ['platform', 'interrupts', 'its']];
    case 'smmu':
      return ['SMMU registers', ['platform', 'iommu']];
    case 'firewall': {
      const label = `firewall manager ${platform.firewall?.managers[entry]?.name ?? '?'}`;
      return [label, ['platform', 'firewall', 'managers', entry]];
    }
    case 'firmware': {
      if (part === -1) {
        const label = `firmware memory ${platform.reserved[entry]?.name ?? '?'}`;
        return [label, ['platform', 'reserved', entry]];
      }
      const label = `window ${part} of firmware device ${platform.devices[entry]?.name ?? '?'}`;
      return [label, ['platform', 'devices', entry]];
    }
  }
}
