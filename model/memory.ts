/**
 * Memory: one word for each page frame, with the label of its last writer.
 *
 * The single place in the model that is not a record or an array: every access goes through
 * `readWord`, `readWriter` and `writeWord`, so that another reading of the model can put an array
 * theory in its place.
 */

/** Label of a frame that nobody has written since reset. */
export const UNWRITTEN = -2;

/** Page frames by number; a frame that was never written holds 0. */
export interface Memory {
  readonly words: Map<number, number>;
  readonly writers: Map<number, number>;
}

/** Memory at reset. */
export function createMemory(): Memory {
  return { words: new Map(), writers: new Map() };
}

/** The word of a frame. */
export function readWord(memory: Memory, frame: number): number {
  return memory.words.get(frame) ?? 0;
}

/** Partition that wrote the frame last, or `UNWRITTEN`. */
export function readWriter(memory: Memory, frame: number): number {
  return memory.writers.get(frame) ?? UNWRITTEN;
}

/** Writes a word and its label. */
export function writeWord(memory: Memory, frame: number, value: number, writer: number): void {
  memory.words.set(frame, value);
  memory.writers.set(frame, writer);
}
