/**
 * Granules: what a bus firewall cannot tell apart.
 *
 * A firewall grants whole granules (i.MX95 TRDC: 64 KiB slots of peripherals). A partition on a
 * core without EL2 reaches all that lies in a granule of which it may reach a part.
 */

import type { Channel, FirewallWindow, StaticConfiguration } from '../../model/configuration.ts';
import { describeRange, HYPERVISOR, type OwnedRange } from '../../model/regions.ts';
import { computePages, isOverlapping, PAGE_SIZE, type ByteRange } from '../../model/units.ts';
import {
  computeIntersection,
  createRange,
  formatRange,
  formatSize,
  relateRegion,
} from './describe.ts';
import { getPartitionName, type RuleContext, type Violation } from './rule.ts';
import { findOverlaps, isCovered, mergeRanges } from './sweep.ts';

/** Two regions in one granule; `intruder` may reach the first and not the second. */
interface SharedGranule {
  readonly region: OwnedRange;
  readonly neighbour: OwnedRange;
  /** Index into `partitions`. */
  readonly intruder: number;
}

/**
 * Violations by pairs of regions that share a granule though no page, where a partition on a
 * core without EL2 may reach one and not the other. A pair belongs to the class of the region
 * that it may reach.
 */
export function* findSharedGranules(
  context: RuleContext,
  kind: 'memory' | 'device' | 'channel',
): Generator<Violation> {
  const { configuration, runsWithoutEl2 } = context;
  if (!runsWithoutEl2.includes(true)) return;
  for (const [index, window] of (configuration.platform.firewall?.windows ?? []).entries()) {
    if (window.granule <= PAGE_SIZE) continue;
    for (const shared of listSharedGranules(context, window)) {
      if (shared.region.class !== kind) continue;
      const { intruder } = shared;
      const region = describeRange(configuration, shared.region);
      const neighbour = describeRange(configuration, shared.neighbour);
      const granule = formatSize(window.granule);
      yield {
        message:
          `firewall window ${window.name} grants ${granule} at a time: ` +
          `${getPartitionName(configuration, intruder)}, which has no stage 2, may reach ` +
          `${region.label} ${formatRange(region)} and with it ${neighbour.label} ` +
          formatRange(neighbour),
        help: 'keep the two in different granules, or give both to one partition',
        at: region.path,
        related: [
          relateRegion(neighbour),
          {
            message: `window ${window.name} ${formatRange(window)}, granule ${granule}`,
            at: ['platform', 'firewall', 'windows', index],
          },
        ],
      };
    }
  }
}

/**
 * Violations by what is left of granules beside a channel: where two of its ends are on cores
 * without EL2, both reach that, and no channel between them has it.
 */
export function* findUndeclaredRests(context: RuleContext): Generator<Violation> {
  const { configuration, runsWithoutEl2 } = context;
  if (!runsWithoutEl2.includes(true)) return;
  for (const [index, window] of (configuration.platform.firewall?.windows ?? []).entries()) {
    if (window.granule <= PAGE_SIZE) continue;
    for (const [position, channel] of configuration.channels.entries()) {
      const range = { base: channel.pa, size: channel.size };
      if (channel.size === 0 || !isOverlapping(range, window)) continue;
      const granules = computeGranules(range, window);
      const pair = listPairs(channel, runsWithoutEl2).find(
        ([one, other]) => !isCovered(granules, listBetween(configuration, one, other)),
      );
      if (pair === undefined) continue;
      const both = pair.map((partition) => getPartitionName(configuration, partition));
      const granule = formatSize(window.granule);
      yield {
        message:
          `firewall window ${window.name} grants ${granule} at a time: ${both.join(' and ')}, ` +
          `which have no stage 2, both reach ${formatRange(granules)}, and channel ` +
          `${channel.name} has only ${formatRange(range)}`,
        help: 'let the channel begin and end with a granule',
        at: ['config', 'channels', position],
        related: [
          {
            message: `window ${window.name} ${formatRange(window)}, granule ${granule}`,
            at: ['platform', 'firewall', 'windows', index],
          },
        ],
      };
    }
  }
}

/** Pairs of different partitions on cores without EL2 that a channel joins. */
function listPairs(
  { ends }: Channel,
  runsWithoutEl2: readonly boolean[],
): (readonly [one: number, other: number])[] {
  const bare = [...new Set(ends.map(({ partition }) => partition))].filter(
    (partition) => runsWithoutEl2[partition] === true,
  );
  return bare.flatMap((one, at) => bare.slice(at + 1).map((other) => [one, other] as const));
}

/** What the channels between two partitions have, sorted and disjoint. */
function listBetween({ channels }: StaticConfiguration, one: number, other: number): ByteRange[] {
  const between = channels.filter(({ ends }) =>
    [one, other].every((partition) => ends.some((end) => end.partition === partition)),
  );
  return mergeRanges(between.map(({ pa, size }) => ({ base: pa, size })));
}

function listSharedGranules(context: RuleContext, window: FirewallWindow): SharedGranule[] {
  const inside = context.regions.filter((region) => isOverlapping(region, window));
  const granules = inside.map((region) => computeGranules(region, window));
  const { pairs } = findOverlaps(granules, (first, second) => {
    const a = inside[first];
    const b = inside[second];
    return a !== undefined && b !== undefined && isAmongOthers(context, a, b);
  });
  return pairs.flatMap(([first, second]) => {
    const a = inside[first];
    const b = inside[second];
    return a === undefined || b === undefined
      ? []
      : [...listIntrusions(context, a, b), ...listIntrusions(context, b, a)];
  });
}

/**
 * Whole granules, counted from the base of the window, that cover the part of a region inside
 * it.
 */
function computeGranules(region: ByteRange, window: FirewallWindow): ByteRange {
  const { base, granule } = window;
  const part = computeIntersection(region, window);
  const from = Math.floor((part.base - base) / granule);
  const to = Math.ceil((part.base + part.size - base) / granule);
  return createRange(base + from * granule, base + to * granule);
}

/**
 * Whether a pair shares no page (that has rules of its own) and one of them may intrude on the
 * other.
 */
function isAmongOthers(context: RuleContext, a: OwnedRange, b: OwnedRange): boolean {
  if (isOverlapping(computePages(a), computePages(b))) return false;
  return listIntrusions(context, a, b).length + listIntrusions(context, b, a).length > 0;
}

function listIntrusions(
  context: RuleContext,
  region: OwnedRange,
  neighbour: OwnedRange,
): SharedGranule[] {
  const allowed = listHolders(context.configuration, neighbour);
  const intruder = listHolders(context.configuration, region).find(
    (holder) => context.runsWithoutEl2[holder] === true && !allowed.includes(holder),
  );
  return intruder === undefined ? [] : [{ region, neighbour, intruder }];
}

/**
 * Partitions that may reach a region: its owner, the ends of a channel, nobody for what EL2
 * keeps.
 */
export function listHolders(configuration: StaticConfiguration, region: OwnedRange): number[] {
  if (region.class === 'channel') {
    return (configuration.channels[region.channel]?.ends ?? []).map((end) => end.partition);
  }
  return region.owner === HYPERVISOR ? [] : [region.owner];
}
