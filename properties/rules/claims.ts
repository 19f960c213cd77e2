/**
 * Claims on the IPA space: every range that a partition sees, of whatever class, in one list.
 *
 * Memory, device windows and channel ends are checked alike for alignment, address space and
 * identity; the rules of each area take their own kind from this list.
 */

import type { Access, Core, Path, StaticConfiguration } from '../../model/configuration.ts';
import type { ByteRange } from '../../model/units.ts';

/** A range of a partition's IPA space and the PA range behind it, both `size` bytes long. */
export interface IpaClaim {
  readonly kind: 'memory' | 'device' | 'channel';
  /** Index into `partitions`. */
  readonly partition: number;
  /** Name of the partition. */
  readonly owner: string;
  readonly ipa: number;
  readonly pa: number;
  readonly size: number;
  readonly access: Access;
  /** For messages: "memory ram", "window 0 of device uart0", "channel telemetry". */
  readonly label: string;
  /** The entry that claims the range. */
  readonly path: Path;
}

/** Rights of a device window: data only. */
const DEVICE_ACCESS: Access = { read: true, write: true, execute: false };

/** Every claim, grouped by partition. */
export function listIpaClaims(configuration: StaticConfiguration): IpaClaim[][] {
  const claims = configuration.partitions.map((_, index) => [
    ...listMemoryClaims(configuration, index),
    ...listDeviceClaims(configuration, index),
  ]);
  for (const [index, channel] of configuration.channels.entries()) {
    for (const [position, end] of channel.ends.entries()) {
      claims[end.partition]?.push({
        kind: 'channel',
        partition: end.partition,
        owner: configuration.partitions[end.partition]?.name ?? '?',
        ipa: end.ipa,
        pa: channel.pa,
        size: channel.size,
        access: end.access,
        label: `channel ${channel.name}`,
        path: ['config', 'channels', index, 'ends', position],
      });
    }
  }
  return claims;
}

function listMemoryClaims(configuration: StaticConfiguration, partition: number): IpaClaim[] {
  const { name: owner = '?', memory = [] } = configuration.partitions[partition] ?? {};
  return memory.map((grant, index) => ({
    kind: 'memory',
    partition,
    owner,
    ipa: grant.ipa,
    pa: grant.pa,
    size: grant.size,
    access: grant.access,
    label: `memory ${grant.name}`,
    path: ['config', 'partitions', partition, 'memory', index],
  }));
}

function listDeviceClaims(configuration: StaticConfiguration, partition: number): IpaClaim[] {
  const claims: IpaClaim[] = [];
  const { name: owner = '?', devices = [] } = configuration.partitions[partition] ?? {};
  for (const [index, grant] of devices.entries()) {
    const device = configuration.platform.devices[grant.device];
    for (const [window, range] of (device?.mmio ?? []).entries()) {
      claims.push({
        kind: 'device',
        partition,
        owner,
        ipa: grant.windowIpas[window] ?? range.base,
        pa: range.base,
        size: range.size,
        access: DEVICE_ACCESS,
        label: `window ${window} of device ${device?.name ?? '?'}`,
        path: ['config', 'partitions', partition, 'devices', index],
      });
    }
  }
  return claims;
}

/** The range of intermediate physical addresses that a claim takes. */
export function getIpaRange(claim: IpaClaim): ByteRange {
  return { base: claim.ipa, size: claim.size };
}

/** The range of physical addresses behind a claim. */
export function getPaRange(claim: IpaClaim): ByteRange {
  return { base: claim.pa, size: claim.size };
}

/** Cores that a partition names and the platform has. */
export function listCoresOf(configuration: StaticConfiguration, partition: number): Core[] {
  const named = new Set(configuration.partitions[partition]?.cpus.map((cpu) => cpu.core));
  return configuration.platform.cores.filter((core) => named.has(core.id));
}

/**
 * Whether a core without translation sees the PA range under the claimed address: unchanged, or
 * through one of its aliases (i.MX95 M7: ITCM 0x203c0000 at 0x0).
 */
export function isSeenByCore(claim: IpaClaim, core: Core): boolean {
  if (claim.ipa === claim.pa) return true;
  return core.aliases.some(
    (alias) =>
      alias.base <= claim.pa &&
      claim.pa + claim.size <= alias.base + alias.size &&
      claim.ipa === alias.local + (claim.pa - alias.base),
  );
}
