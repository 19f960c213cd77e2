/**
 * Memory: what lies in RAM, where RAM is, and where partitions see their share of it.
 */

import type { Access, MemoryGrant, NamedRange } from '../../../model/configuration.ts';
import { IPA_END, PA_END, PAGE_SIZE, type Ipa, type Pa } from '../../../model/units.ts';
import { countChannelPages, listChannelEnds, listChannelSketches } from './channels.ts';
import type { MemorySketch, Placement, Sketch } from './sketch.ts';
import type { Block, LaidOut } from './space.ts';

function rights(text: string): Access {
  const has = (letter: string): boolean => text.includes(letter);
  return { read: has('r'), write: has('w'), execute: has('x') };
}

/** Rights that memory may have; the first half can be executed. */
const ACCESSES = ['rwx', 'rx', 'x', 'rw', 'r', 'rw'].map(rights);

/** Pages of tables for one range of a partition: its own levels and those at its ends. */
const TABLES_PER_CLAIM = 8;
/** Pages of the stream table: two levels, streams in at most two spans of 256. */
const STREAM_TABLE_PAGES = 10;
/** Ranges for which there is room besides. */
const CLAIMS_SPARE = 4;

/** Everything that takes room in RAM. */
export function listRamBlocks(sketch: Sketch): Block[] {
  const channels = listChannelSketches(sketch);
  const owners = [...sketch.partitions, ...sketch.bare];
  const ends = channels.reduce((sum, each) => sum + listChannelEnds(each, sketch).length, 0);
  const windows = sketch.groups.reduce((sum, { devices }) => sum + Math.max(2, devices), 0);
  const memories = owners.reduce((sum, { memory }) => sum + memory.length, 0);
  const claims = memories + windows + ends + owners.length + CLAIMS_SPARE;
  const { imagePages, reserved, free } = sketch.space;
  return [
    { key: 'image', pages: imagePages },
    { key: 'tables', pages: TABLES_PER_CLAIM * claims + STREAM_TABLE_PAGES },
    ...owners.flatMap(({ memory }, owner) =>
      memory.map(({ pages }, index) => ({ key: `memory${owner}.${index}`, pages })),
    ),
    ...channels.map((channel, index) => ({
      key: `channel${index}`,
      pages: countChannelPages(channel, sketch),
    })),
    ...Array.from({ length: reserved }, (_, index) => ({ key: `reserved${index}`, pages: 1 })),
    ...(free > 0 ? [{ key: 'free', pages: free }] : []),
  ];
}

/** The blocks in RAM whose keys match, under their keys. */
export function listRanges(
  blocks: readonly Block[],
  ram: LaidOut,
  base: number,
  keys: RegExp,
): NamedRange[] {
  return blocks
    .filter(({ key }) => keys.test(key))
    .map(({ key, pages }) => ({
      name: key,
      base: (base + ram.find(key)) as Pa,
      size: pages * PAGE_SIZE,
    }));
}

/** First address of RAM: it ends with the address space, or lies across the end of 32 bits. */
export function placeRam({ space, bare }: Sketch, size: number): number {
  switch (space.ram) {
    case 'zero':
      return 0;
    case 'low':
      return 0x4000_0000;
    case 'straddling':
      return 2 ** 32 - Math.floor(size / 2 ** 17) * 2 ** 16;
    case 'top':
      // A core without EL2 sees physical addresses, and the IPA space ends before them.
      return (bare.length > 0 ? IPA_END : PA_END) - size;
  }
}

/** RAM as one bank, or as two that touch. */
export function createBanks({ space }: Sketch, base: number, size: number): NamedRange[] {
  const first = Math.floor((size * space.cut) / 16 / PAGE_SIZE) * PAGE_SIZE;
  const low = { name: 'low', base: base as Pa, size: first };
  const high = { name: 'high', base: (base + first) as Pa, size: size - first };
  return first > 0 ? [low, high] : [high];
}

/** Where a partition sees its memories and channels, and the memories themselves. */
export interface PartitionView {
  readonly memory: readonly MemoryGrant[];
  readonly channels: ReadonlyMap<number, Ipa>;
}

/**
 * The view of a partition. Where RAM ends beyond the IPA space it cannot see it where it is, and
 * sees it in the middle.
 */
export function createView(
  sketch: Sketch,
  owner: number,
  placement: Placement,
  ram: LaidOut,
  base: number,
): PartitionView {
  const memory = [...sketch.partitions, ...sketch.bare][owner]?.memory ?? [];
  const channels = listChannelSketches(sketch).flatMap((channel, index) =>
    listChannelEnds(channel, sketch).includes(owner)
      ? [{ index, pages: countChannelPages(channel, sketch) }]
      : [],
  );
  const isIdentity = placement === 'identity' && base + ram.size <= IPA_END;
  const pages =
    memory.reduce((sum, each) => sum + each.gap + each.pages, 0) +
    channels.reduce((sum, each) => sum + each.pages, 0);
  let next = startView(placement, pages * PAGE_SIZE);
  const take = (key: string, gap: number, count: number): { ipa: Ipa; pa: Pa } => {
    const pa = base + ram.find(key);
    const ipa = isIdentity ? pa : next + gap * PAGE_SIZE;
    next += (gap + count) * PAGE_SIZE;
    return { ipa: ipa as Ipa, pa: pa as Pa };
  };
  return {
    memory: memory.map((each, index) => createMemory(each, index, owner, take)),
    channels: new Map(
      channels.map((each) => [each.index, take(`channel${each.index}`, 0, each.pages).ipa]),
    ),
  };
}

function startView(placement: Placement, size: number): number {
  if (placement === 'zero') return 0;
  return placement === 'top' ? IPA_END - size : 0x4000_0000;
}

function createMemory(
  { access, gap, pages }: MemorySketch,
  index: number,
  owner: number,
  take: (key: string, gap: number, pages: number) => { ipa: Ipa; pa: Pa },
): MemoryGrant {
  // Code lies in the first one.
  const kind = index === 0 ? access % 3 : access % ACCESSES.length;
  return {
    name: `memory${index}`,
    ...take(`memory${owner}.${index}`, gap, pages),
    size: pages * PAGE_SIZE,
    access: ACCESSES[kind] ?? rights('rwx'),
  };
}
