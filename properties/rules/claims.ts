/**
 * Claims on the IPA space: every range that a partition sees, of whatever class, in one list.
 *
 * Memory, device windows and channel ends are checked alike for alignment, address space and
 * identity; the rules of each area take their own kind from this list.
 */

import type { Access, Core, Path, StaticConfiguration } from '../../model/configuration.ts';
import type { ByteRange } from '../../model/units.ts';

/**
 * A range of a partition's IPA space and the PA range behind it, both `size` bytes long. What
 * messages say of it is made when one is, since a configuration may hold 100,000 claims.
 */
export interface IpaClaim {
  readonly kind: 'memory' | 'device' | 'channel';
  /** Index into `partitions`. */
  readonly partition: number;
  /** Name of the partition. */
  readonly owner: string;
  /** Name of the memory, the device or the channel. */
  readonly name: string;
  /** Index of the entry that claims the range: of `memory`, `devices` or `channels`. */
  readonly entry: number;
  /** Index of the window of a device or of the end of a channel, else 0. */
  readonly part: number;
  readonly ipa: number;
  readonly pa: number;
  readonly size: number;
  readonly access: Access;
}

/** Rights of a device window: data only. */
const DEVICE_ACCESS: Access = { read: true, write: true, execute: false };

/** Every claim, grouped by partition. */
export function listIpaClaims(configuration: StaticConfiguration): IpaClaim[][] {
  const claims = configuration.partitions.map((_, index) => [
    ...listMemoryClaims(configuration, index),
    ...listDeviceClaims(configuration, index),
  ]);
  for (const [entry, channel] of configuration.channels.entries()) {
    for (const [part, end] of channel.ends.entries()) {
      claims[end.partition]?.push({
        kind: 'channel',
        partition: end.partition,
        owner: configuration.partitions[end.partition]?.name ?? '?',
        name: channel.name,
        entry,
        part,
        ipa: end.ipa,
        pa: channel.pa,
        size: channel.size,
        access: end.access,
      });
    }
  }
  return claims;
}

function listMemoryClaims(configuration: StaticConfiguration, partition: number): IpaClaim[] {
  const { name: owner = '?', memory = [] } = configuration.partitions[partition] ?? {};
  return memory.map(({ name, ipa, pa, size, access }, entry) => ({
    kind: 'memory',
    partition,
    owner,
    name,
    entry,
    part: 0,
    ipa,
    pa,
    size,
    access,
  }));
}

function listDeviceClaims(configuration: StaticConfiguration, partition: number): IpaClaim[] {
  const claims: IpaClaim[] = [];
  const { name: owner = '?', devices = [] } = configuration.partitions[partition] ?? {};
  for (const [entry, grant] of devices.entries()) {
    const { name = '?', mmio = [] } = configuration.platform.devices[grant.device] ?? {};
    for (const [part, range] of mmio.entries()) {
      claims.push({
        kind: 'device',
        partition,
        owner,
        name,
        entry,
        part,
        ipa: grant.windowIpas[part] ?? range.base,
        pa: range.base,
        size: range.size,
        access: DEVICE_ACCESS,
      });
    }
  }
  return claims;
}

/** A claim in messages: "memory ram", "window 0 of device uart0", "channel telemetry". */
export function formatClaim({ kind, name, part }: IpaClaim): string {
  return kind === 'device' ? `window ${part} of device ${name}` : `${kind} ${name}`;
}

/** The entry that claims the range. */
export function getClaimPath({ kind, partition, entry, part }: IpaClaim): Path {
  if (kind === 'channel') return ['config', 'channels', entry, 'ends', part];
  return ['config', 'partitions', partition, kind === 'memory' ? 'memory' : 'devices', entry];
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
