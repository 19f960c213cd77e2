/**
 * Grants: what the configuration says each partition may reach, in ranges for spies.
 *
 * Physical grants come from the one list of regions; nothing here looks at a table.
 */

import type { Access, Path, StaticConfiguration } from '../../model/configuration.ts';
import { HYPERVISOR, listRegions } from '../../model/regions.ts';
import type { Region, RegionClass } from '../../model/regions.ts';
import type { ByteRange } from '../../model/units.ts';
import type { Claimant } from './exclusive.ts';
import type { Limit, Reach } from './contained.ts';
import { toPages } from './spy.ts';

/** Rights on device windows: registers are read and written, never executed. */
const DEVICE_ACCESS: Access = { read: true, write: true, execute: false };

/** Physical pages that a partition owns or shares, with the rights that it was given. */
export function listGrantedPages(configuration: StaticConfiguration, partition: number): Limit[] {
  const limits: Limit[] = [];
  const owner = configuration.partitions[partition];
  for (const grant of owner?.memory ?? []) {
    limits.push({ ...toPages({ base: grant.pa, size: grant.size }), access: grant.access });
  }
  for (const region of listRegions(configuration)) {
    if (region.class === 'device' && region.owner === partition) {
      limits.push({ ...toPages(region), access: DEVICE_ACCESS });
    }
  }
  for (const channel of configuration.channels) {
    for (const end of channel.ends) {
      if (end.partition !== partition) continue;
      const pages = toPages({ base: channel.pa, size: channel.size });
      limits.push({ ...pages, access: end.access });
    }
  }
  return limits;
}

/** Pages of a partition's IPA space that the configuration gives it, with rights. */
export function listGrantedIpas(configuration: StaticConfiguration, partition: number): Reach[] {
  const reaches: Reach[] = [];
  const owner = configuration.partitions[partition];
  const push = (label: string, path: Path, range: ByteRange, access: Access): void =>
    void reaches.push({ label, path, ...toPages(range), access });
  for (const [index, grant] of (owner?.memory ?? []).entries()) {
    const path: Path = ['config', 'partitions', partition, 'memory', index];
    push(`memory ${grant.name}`, path, { base: grant.ipa, size: grant.size }, grant.access);
  }
  for (const [index, grant] of (owner?.devices ?? []).entries()) {
    const device = configuration.platform.devices[grant.device];
    for (const [window, range] of (device?.mmio ?? []).entries()) {
      const path: Path = ['config', 'partitions', partition, 'devices', index];
      const base = grant.windowIpas[window] ?? range.base;
      const label = `window ${window} of device ${device?.name ?? ''}`;
      push(label, path, { base, size: range.size }, DEVICE_ACCESS);
    }
  }
  for (const [index, channel] of configuration.channels.entries()) {
    for (const [side, end] of channel.ends.entries()) {
      if (end.partition !== partition) continue;
      const path: Path = ['config', 'channels', index, 'ends', side];
      push(`channel ${channel.name}`, path, { base: end.ipa, size: channel.size }, end.access);
    }
  }
  return reaches;
}

/** Regions as claimants of pages; null leaves a region out. */
export function listPageClaimants(
  configuration: StaticConfiguration,
  getParty: (region: Region) => string | null,
): Claimant[] {
  return listRegions(configuration).flatMap((region) => {
    const party = region.size === 0 ? null : getParty(region);
    if (party === null) return [];
    return [{ party, label: region.label, path: region.path, ...toPages(region) }];
  });
}

/** Classes that no partition, stream or firewall grant may reach. */
export function isProtected(region: Region): boolean {
  return region.owner === HYPERVISOR && region.class !== 'channel';
}

/** Pages of regions of a class as ranges that are reached, rights aside. */
export function listPagesOfClass(
  configuration: StaticConfiguration,
  wanted: (kind: RegionClass, region: Region) => boolean,
): Reach[] {
  return listRegions(configuration)
    .filter((region) => region.size > 0 && wanted(region.class, region))
    .map(({ label, path, ...region }) => ({ label, path, ...toPages(region), access: null }));
}

/** Name of a partition, for labels and instances. */
export function getPartitionName(configuration: StaticConfiguration, partition: number): string {
  return configuration.partitions[partition]?.name ?? 'nobody';
}

/** Whether stage 2 can hold a partition: every core of it has EL2. */
export function isHeldByStage2(configuration: StaticConfiguration, partition: number): boolean {
  const cpus = configuration.partitions[partition]?.cpus ?? [];
  return cpus.every(
    (cpu) => configuration.platform.cores.find((core) => core.id === cpu.core)?.el2 === true,
  );
}
