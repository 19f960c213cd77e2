/**
 * Grants: what a partition may reach, read off the configuration and nothing else.
 *
 * The oracle of the fuzzer. It does not look at the plan or the tables, so that a mistake in
 * compiling the configuration is seen.
 */

import type { Path, StaticConfiguration } from '../model/configuration.ts';
import { HYPERVISOR, listRegions } from '../model/regions.ts';
import type { Region } from '../model/regions.ts';
import { PAGE_SIZE, computeEnd, computePages, isOverlapping } from '../model/units.ts';
import type { ByteRange } from '../model/units.ts';

/** A run of page frames [first, past) that a partition may reach. */
export interface Grant {
  readonly first: number;
  readonly past: number;
  readonly read: boolean;
  readonly write: boolean;
  readonly execute: boolean;
  /** Cores and devices alike may reach it; a device window is for cores only. */
  readonly dma: boolean;
  /** Index of the channel that grants it, -1 for the partition's own. */
  readonly channel: number;
  readonly label: string;
  readonly path: Path;
}

/**
 * Frames [first, past) of a region that belongs to one party, for looking up who else has a frame.
 */
export interface OwnedFrames {
  readonly first: number;
  readonly past: number;
  readonly region: Region;
}

/** Grants of every partition and the owners of all frames. */
export interface GrantMap {
  readonly ofPartition: readonly (readonly Grant[])[];
  readonly owned: readonly OwnedFrames[];
}

/** Reads the grants off a configuration. */
export function createGrantMap(configuration: StaticConfiguration): GrantMap {
  return {
    ofPartition: configuration.partitions.map((_, index) => listGrants(configuration, index)),
    owned: listRegions(configuration).map((region) => {
      const pages = computePages(region);
      return { first: pages.base / PAGE_SIZE, past: computeEnd(pages) / PAGE_SIZE, region };
    }),
  };
}

/** Everything that one partition may reach. */
function listGrants(configuration: StaticConfiguration, index: number): Grant[] {
  const partition = configuration.partitions[index];
  if (partition === undefined) return [];
  const held = isHeldByFirewall(configuration, index);
  const widen = (range: ByteRange): ByteRange =>
    held ? computeGranules(configuration, computePages(range)) : computePages(range);
  const own = partition.memory.map((memory, position) =>
    createGrant(widen({ base: memory.pa, size: memory.size }), memory.access, {
      dma: true,
      channel: -1,
      label: `memory ${memory.name} of ${partition.name}`,
      path: ['config', 'partitions', index, 'memory', position],
    }),
  );
  const windows = partition.devices.flatMap((grant, position) => {
    const device = configuration.platform.devices[grant.device];
    return (device?.mmio ?? []).map((range) =>
      createGrant(
        widen(range),
        { read: true, write: true, execute: false },
        {
          dma: held,
          channel: -1,
          label: `device ${device?.name ?? ''} of ${partition.name}`,
          path: ['config', 'partitions', index, 'devices', position],
        },
      ),
    );
  });
  const shared = configuration.channels.flatMap((channel, position) =>
    channel.ends.flatMap((end, at) =>
      end.partition !== index
        ? []
        : [
            createGrant(widen({ base: channel.pa, size: channel.size }), end.access, {
              dma: true,
              channel: position,
              label: `channel ${channel.name}`,
              path: ['config', 'channels', position, 'ends', at],
            }),
          ],
    ),
  );
  return [...own, ...windows, ...shared];
}

function createGrant(
  pages: ByteRange,
  access: { readonly read: boolean; readonly write: boolean; readonly execute: boolean },
  rest: Pick<Grant, 'dma' | 'channel' | 'label' | 'path'>,
): Grant {
  const { read, write, execute } = access;
  const first = Math.floor(pages.base / PAGE_SIZE);
  return { first, past: first + Math.ceil(pages.size / PAGE_SIZE), read, write, execute, ...rest };
}

/** A partition with a core that has no EL2 is held by the bus firewall, in granules. */
export function isHeldByFirewall(configuration: StaticConfiguration, index: number): boolean {
  return (configuration.partitions[index]?.cpus ?? []).some(
    ({ core }) => configuration.platform.cores.find(({ id }) => id === core)?.el2 === false,
  );
}

function computeGranules(configuration: StaticConfiguration, range: ByteRange): ByteRange {
  const windows = configuration.platform.firewall?.windows ?? [];
  const window = windows.find((one) => isOverlapping(one, range));
  if (window === undefined) return range;
  const base = range.base - ((range.base - window.base) % window.granule);
  const granules = Math.ceil((computeEnd(range) - base) / window.granule);
  return { base, size: granules * window.granule };
}

/** The grant of a partition that covers a frame and satisfies the condition, if any. */
export function findGrant(
  grants: GrantMap,
  partition: number,
  frame: number,
  accepts: (grant: Grant) => boolean,
): Grant | undefined {
  for (const grant of grants.ofPartition[partition] ?? []) {
    if (grant.first <= frame && frame < grant.past && accepts(grant)) return grant;
  }
  return undefined;
}

/**
 * A region that covers the frame and belongs to somebody else: another partition or the hypervisor.
 */
export function findForeignRegion(
  grants: GrantMap,
  partition: number,
  frame: number,
): Region | undefined {
  for (const { first, past, region } of grants.owned) {
    if (frame < first || frame >= past || region.channel >= 0) continue;
    if (region.owner !== partition || region.owner === HYPERVISOR) return region;
  }
  return undefined;
}
