/**
 * Numbering: lines, streams, VMIDs and cores of a sketch, with a liking for the ends of each range.
 */

import type { Affinity, CoreId, IntId, StreamId, Vmid } from '../../../model/units.ts';
import type { NumberSketch } from './sketch.ts';

/** Timer frequencies of boards, Hz: round numbers, i.MX95, QEMU. */
const FREQUENCIES = [1_000_000, 24_000_000, 62_500_000] as const;

/** First INTID that is no SPI. */
const SPI_END = 1020;
const SPI_FIRST = 32;

/** What the platform says about its numbers, and the next ones that nobody has. */
export interface Numbering {
  readonly timerHz: number;
  /** Nanoseconds of a unit: the shortest time that is whole nanoseconds and whole ticks. */
  readonly unitNs: number;
  readonly spiFirst: number;
  readonly spiCount: number;
  readonly streamIdBits: number;
  readonly nextLine: () => IntId;
  readonly nextStream: () => StreamId;
}

/** The numbers of a sketch, none of them given out yet. */
export function createNumbering(sketch: NumberSketch): Numbering {
  const timerHz = FREQUENCIES[sketch.frequency % FREQUENCIES.length] ?? FREQUENCIES[0];
  let lines = 0;
  let streams = 0;
  const { lines: style, streamIdBits } = sketch;
  const isLast = sketch.streams === 'last';
  return {
    timerHz,
    unitNs: 1e9 / computeGcd(1e9, timerHz),
    spiFirst: SPI_FIRST,
    spiCount: style === 'last' ? SPI_END - SPI_FIRST : 224,
    streamIdBits,
    nextLine: () => numberLine(style, (lines += 1) - 1) as IntId,
    nextStream: () => {
      streams += 1;
      return (isLast ? 2 ** streamIdBits - streams : streams - 1) as StreamId;
    },
  };
}

/** From 32 up, around the second word of the bitmaps of a GIC, or from 1019 down. */
function numberLine(style: NumberSketch['lines'], index: number): number {
  if (style === 'first') return SPI_FIRST + index;
  return style === 'words' ? 62 + index : SPI_END - 1 - index;
}

function computeGcd(a: number, b: number): number {
  return b === 0 ? a : computeGcd(b, a % b);
}

/** VMID of the partition with that index among `count`: from 1, around 256, or up to 65535. */
export function numberVmid({ vmids }: NumberSketch, index: number, count: number): Vmid {
  const first = { first: 1, byte: 255, last: 2 ** 16 - count }[vmids];
  return (first + index) as Vmid;
}

/** Id of a core: not its index and not its affinity, where ids are sparse. */
export function numberCore({ cores }: NumberSketch, index: number): CoreId {
  return (cores === 'dense' ? index : 3 * index + 1) as CoreId;
}

/** Affinity of a core, counted in Aff0 or, as on i.MX95, in Aff1. */
export function numberAffinity({ affinities }: NumberSketch, index: number): Affinity {
  return (affinities === 'aff0' ? index : index * 0x100) as Affinity;
}
