/**
 * Random numbers for loops that may not allocate: sfc32, a counter-based generator that passes
 * PractRand.
 *
 * Source: Chris Doty-Humphrey, PractRand, "sfc" (small fast counting) generator, 32-bit variant.
 */

/** State of a generator: four 32-bit words. */
export interface RandomState {
  a: number;
  b: number;
  c: number;
  counter: number;
}

/** A generator whose stream depends on the seed alone. */
export function createRandom(seed: number): RandomState {
  const state = { a: seed | 0, b: Math.floor(seed / 2 ** 32) | 0, c: 0x9e3779b9 | 0, counter: 1 };
  for (let round = 0; round < 12; round += 1) nextWord(state);
  return state;
}

/** The next 32 random bits, as an integer in [0, 2^32). */
export function nextWord(state: RandomState): number {
  const sum = (((state.a + state.b) | 0) + state.counter) | 0;
  state.counter = (state.counter + 1) | 0;
  state.a = state.b ^ (state.b >>> 9);
  state.b = (state.c + (state.c << 3)) | 0;
  state.c = ((state.c << 21) | (state.c >>> 11)) + sum;
  state.c |= 0;
  return sum >>> 0;
}

/**
 * A random integer in [0, limit); bias below 2^-20 for the limits that occur. 0 for an empty range.
 */
export function nextBelow(state: RandomState, limit: number): number {
  return limit <= 0 ? 0 : Math.floor((nextWord(state) / 2 ** 32) * limit);
}
