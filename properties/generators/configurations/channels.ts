/**
 * Channels: who is at which end, with which rights, and who rings whom.
 */

import type { Access, Channel, Notify } from '../../../model/configuration.ts';
import { PAGE_SIZE, type Ipa, type Pa } from '../../../model/units.ts';
import type { Numbering } from './numbering.ts';
import type { ChannelSketch, Sketch } from './sketch.ts';

const READ: Access = { read: true, write: false, execute: false };
const WRITE: Access = { read: true, write: true, execute: false };

/** Index of the partition at each end; none where there is nobody to talk to. */
export function listChannelEnds({ first, ends }: ChannelSketch, sketch: Sketch): number[] {
  const count = sketch.partitions.length + sketch.bare.length;
  if (count < 2) return [];
  const from = ((first % count) + count) % count;
  return Array.from({ length: Math.min(ends, count) }, (_, index) => (from + index) % count);
}

/** Sketches of the channels that have ends. */
export function listChannelSketches(sketch: Sketch): ChannelSketch[] {
  return sketch.channels.filter((channel) => listChannelEnds(channel, sketch).length > 0);
}

/**
 * Pages of a channel. One with two ends on cores without EL2 fills its granules: the firewall opens
 * whole ones to both, and what is left would be a flow that nobody declared.
 */
export function countChannelPages(channel: ChannelSketch, sketch: Sketch): number {
  const isBare = (partition: number): boolean => partition >= sketch.partitions.length;
  const { granule } = sketch.space;
  if (listChannelEnds(channel, sketch).filter(isBare).length < 2) return channel.pages;
  return Math.ceil(channel.pages / granule) * granule;
}

/** Every channel. `findPa` and `findIpa` say where it lies, and where a partition sees it. */
export function createChannels(
  sketch: Sketch,
  numbering: Numbering,
  findPa: (channel: number) => Pa,
  findIpa: (channel: number, partition: number) => Ipa,
): Channel[] {
  return listChannelSketches(sketch).map((channel, index) => {
    const ends = listChannelEnds(channel, sketch);
    return {
      name: `channel${index}`,
      pa: findPa(index),
      size: countChannelPages(channel, sketch) * PAGE_SIZE,
      ends: ends.map((partition, position) => ({
        partition,
        ipa: findIpa(index, partition),
        access: position === 0 || channel.both ? WRITE : READ,
      })),
      notify: createDoorbells(channel, ends, sketch, numbering),
    };
  });
}

/** Doorbells between the first two ends, where both run under EL2. */
function createDoorbells(
  { rings, ringsBack }: ChannelSketch,
  [from = -1, to = -1]: readonly number[],
  { partitions }: Sketch,
  { nextLine }: Numbering,
): Notify[] {
  const count = partitions.length;
  if (from >= count || to >= count) return [];
  return [
    ...(rings ? [{ from, to, irq: nextLine() }] : []),
    ...(ringsBack ? [{ from: to, to: from, irq: nextLine() }] : []),
  ];
}
