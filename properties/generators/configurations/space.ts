/**
 * Space: blocks laid out one behind the other, in an order and with gaps that are drawn.
 */

import { PAGE_SIZE } from '../../../model/units.ts';
import type { SpaceSketch } from './sketch.ts';

/** Something that takes whole pages. */
export interface Block {
  readonly key: string;
  readonly pages: number;
}

/** Blocks with their places. */
export interface LaidOut {
  /** First address of the block with that key; throws `MissingBlockError` where there is none. */
  readonly find: (key: string) => number;
  /** Length of everything, bytes. */
  readonly size: number;
}

/** A block is asked for that was not laid out: a slip of the generator. */
export class MissingBlockError extends Error {
  constructor(key: string) {
    super(`no block "${key}" was laid out`);
  }
}

/**
 * Lays blocks out from 0 up, each on a multiple of `alignment` bytes and of nobody else's
 * `alignment`.
 */
export function layOutBlocks(
  blocks: readonly Block[],
  { ranks, gaps }: SpaceSketch,
  alignment: number,
): LaidOut {
  const order = blocks
    .map((block, index) => ({ block, rank: ranks[index % ranks.length] ?? 0 }))
    .toSorted((a, b) => a.rank - b.rank);
  const places = new Map<string, number>();
  let end = 0;
  for (const [index, { block }] of order.entries()) {
    places.set(block.key, end);
    const size = Math.ceil((block.pages * PAGE_SIZE) / alignment) * alignment;
    const gap = index === order.length - 1 ? 0 : (gaps[index % gaps.length] ?? 0);
    end += size + gap * alignment;
  }
  const find = (key: string): number => {
    const place = places.get(key);
    if (place === undefined) throw new MissingBlockError(key);
    return place;
  };
  return { find, size: end };
}
