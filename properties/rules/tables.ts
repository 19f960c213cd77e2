/**
 * Tables: how much memory stage-2 tables and the stream table take at least.
 *
 * 4 KiB granule, 39-bit IPA space, one level-1 table of 512 entries of 1 GiB. A range takes a 1
 * GiB or 2 MiB block wherever IPA and PA allow it, so that the figure is the least that any
 * builder needs.
 */

import type { StaticConfiguration } from '../../model/configuration.ts';
import { computePageBase, PAGE_SIZE, type ByteRange } from '../../model/units.ts';
import type { IpaClaim } from './claims.ts';
import { isCovered, mergeRanges } from './sweep.ts';

/** Bytes of one level-1 entry. */
const LEVEL_1_SPAN = 2 ** 30;
/** Bytes of one level-2 entry. */
const LEVEL_2_SPAN = 2 ** 21;
/** Bytes of a stream table entry. */
const STREAM_ENTRY_SIZE = 64;
/** StreamIDs per second-level stream table (SPLIT = 8). */
const STREAM_SPAN = 256;
/** Bytes of a first-level stream table descriptor. */
const STREAM_DESCRIPTOR_SIZE = 8;

/** Least sizes of all tables, bytes. */
export interface TableSizes {
  /** Per partition under stage 2. */
  readonly stage2: readonly { readonly partition: number; readonly bytes: number }[];
  readonly streamTable: number;
}

/** Least sizes of the stage-2 tables of each partition under EL2 and of the stream table. */
export function computeTableSizes(
  configuration: StaticConfiguration,
  ipaClaims: readonly (readonly IpaClaim[])[],
): TableSizes {
  const el2 = new Set(
    configuration.platform.cores.filter((core) => core.el2).map((core) => core.id),
  );
  const stage2: { partition: number; bytes: number }[] = [];
  for (const [partition, claims] of ipaClaims.entries()) {
    const cpus = configuration.partitions[partition]?.cpus ?? [];
    if (!cpus.some((cpu) => el2.has(cpu.core))) continue;
    stage2.push({ partition, bytes: computeStage2Size(claims) });
  }
  return { stage2, streamTable: computeStreamTableSize(configuration) };
}

/**
 * A size that no stage-2 tables exceed, from nothing but the number of claims and what they
 * cover: a claim leaves at most its first and its last entry of a level to be shared.
 */
export function computeStage2Limit(ipaClaims: readonly (readonly IpaClaim[])[]): number {
  let tables = ipaClaims.length;
  for (const claims of ipaClaims) {
    for (const { size } of claims) {
      tables += Math.ceil(size / LEVEL_1_SPAN) + Math.ceil(size / LEVEL_2_SPAN) + 4;
    }
  }
  return tables * PAGE_SIZE;
}

/** Least size of the tables that map the claims: a root, and tables wherever no block fits. */
export function computeStage2Size(claims: readonly IpaClaim[]): number {
  const mapped = claims.filter((claim) => claim.size > 0);
  const level2 = countSlots(mapped, LEVEL_1_SPAN);
  const level3 = countSlots(mapped, LEVEL_2_SPAN);
  return (1 + level2 + level3) * PAGE_SIZE;
}

/** Entries of the given span that need a table of the next level. */
function countSlots(claims: readonly IpaClaim[], span: number): number {
  const whole: ByteRange[] = [];
  const edges: number[] = [];
  for (const { ipa, pa, size } of claims) {
    const base = computePageBase(ipa);
    const end = computePageBase(ipa + size - 1) + PAGE_SIZE;
    const first = Math.floor(base / span);
    if (ipa !== pa && (ipa - pa) % span !== 0) {
      whole.push({ base: first, size: Math.ceil(end / span) - first });
      continue;
    }
    // Blocks fit: only the first and the last entry can be covered in part.
    const last = Math.floor(end / span);
    if (first * span !== base) edges.push(first);
    if (last * span !== end) edges.push(last);
  }
  const merged = mergeRanges(whole);
  const count = merged.reduce((sum, slots) => sum + slots.size, 0);
  return count + countDistinct(edges.filter((edge) => !isCovered({ base: edge, size: 1 }, merged)));
}

function countDistinct(numbers: readonly number[]): number {
  const sorted = Float64Array.from(numbers).sort();
  return sorted.reduce((count, number, at) => (number === sorted[at - 1] ? count : count + 1), 0);
}

/**
 * The smaller of a linear and a two-level stream table that hold every stream of an owned
 * device.
 */
export function computeStreamTableSize({ platform, partitions }: StaticConfiguration): number {
  if (platform.iommu === null) return 0;
  const streams = partitions.flatMap((partition) =>
    partition.devices.flatMap((grant) => [...(platform.devices[grant.device]?.streams ?? [])]),
  );
  let bits = 0;
  for (const stream of streams) while (2 ** bits <= stream) bits += 1;
  const linear = 2 ** bits * STREAM_ENTRY_SIZE;
  const spans = new Set(streams.map((stream) => Math.floor(stream / STREAM_SPAN)));
  const twoLevel =
    Math.ceil(2 ** bits / STREAM_SPAN) * STREAM_DESCRIPTOR_SIZE +
    spans.size * STREAM_SPAN * STREAM_ENTRY_SIZE;
  return Math.ceil(Math.min(linear, twoLevel) / PAGE_SIZE) * PAGE_SIZE;
}
