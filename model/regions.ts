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

/** A physical range with its class and owner. */
export interface Region extends ByteRange {
  readonly class: RegionClass;
  /**
   * Index into `partitions`; `HYPERVISOR` for its own and the firmware's; channels have `ends`
   * instead.
   */
  readonly owner: number;
  /** Index into `channels` for a channel region, else -1. */
  readonly channel: number;
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
  return [
    ...listPartitionRegions(configuration),
    ...listChannelRegions(configuration),
    ...listHypervisorRegions(configuration),
  ];
}

function listPartitionRegions(configuration: StaticConfiguration): Region[] {
  const regions: Region[] = [];
  for (const [owner, partition] of configuration.partitions.entries()) {
    for (const [index, grant] of partition.memory.entries()) {
      regions.push({
        class: 'memory',
        owner,
        channel: -1,
        base: grant.pa,
        size: grant.size,
        label: `memory ${grant.name} of ${partition.name}`,
        path: ['config', 'partitions', owner, 'memory', index],
      });
    }
    for (const [index, grant] of partition.devices.entries()) {
      const device = configuration.platform.devices[grant.device];
      if (device === undefined) continue;
      for (const [window, range] of device.mmio.entries()) {
        regions.push({
          class: 'device',
          owner,
          channel: -1,
          base: range.base,
          size: range.size,
          label: `window ${window} of device ${device.name} of ${partition.name}`,
          path: ['config', 'partitions', owner, 'devices', index],
        });
      }
    }
  }
  return regions;
}

function listChannelRegions(configuration: StaticConfiguration): Region[] {
  return configuration.channels.map((channel, index) => ({
    class: 'channel',
    owner: HYPERVISOR,
    channel: index,
    base: channel.pa,
    size: channel.size,
    label: `channel ${channel.name}`,
    path: ['config', 'channels', index],
  }));
}

function listHypervisorRegions(configuration: StaticConfiguration): Region[] {
  const { platform, hypervisor } = configuration;
  const regions: Region[] = hypervisor.memory.map((range, index) =>
    protectedRegion('hypervisor', range, `hypervisor memory ${range.name}`, [
      'config',
      'hypervisor',
      'memory',
      index,
    ]),
  );
  const gic = platform.interrupts;
  regions.push(
    protectedRegion('gic-distributor', gic.distributor, 'GIC distributor', [
      'platform',
      'interrupts',
      'distributor',
    ]),
    protectedRegion('gic-redistributors', gic.redistributors, 'GIC redistributors', [
      'platform',
      'interrupts',
      'redistributors',
    ]),
  );
  if (gic.its !== null) {
    regions.push(protectedRegion('gic-its', gic.its, 'GIC ITS', ['platform', 'interrupts', 'its']));
  }
  if (platform.iommu !== null) {
    regions.push(protectedRegion('smmu', platform.iommu, 'SMMU registers', ['platform', 'iommu']));
  }
  for (const [index, manager] of (platform.firewall?.managers ?? []).entries()) {
    regions.push(
      protectedRegion('firewall', manager, `firewall manager ${manager.name}`, [
        'platform',
        'firewall',
        'managers',
        index,
      ]),
    );
  }
  for (const [index, range] of platform.reserved.entries()) {
    regions.push(
      protectedRegion('firmware', range, `firmware memory ${range.name}`, [
        'platform',
        'reserved',
        index,
      ]),
    );
  }
  for (const [index, device] of platform.devices.entries()) {
    if (!device.firmware) continue;
    for (const [window, range] of device.mmio.entries()) {
      regions.push(
        protectedRegion('firmware', range, `window ${window} of firmware device ${device.name}`, [
          'platform',
          'devices',
          index,
        ]),
      );
    }
  }
  return regions;
}

function protectedRegion(kind: RegionClass, range: ByteRange, label: string, path: Path): Region {
  return {
    class: kind,
    owner: HYPERVISOR,
    channel: -1,
    base: range.base,
    size: range.size,
    label,
    path,
  };
}
