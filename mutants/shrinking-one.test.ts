import { beforeAll, describe, expect, test } from 'vitest';
import type { FuzzFailure } from '../properties/engine/fuzz.ts';
import { readRecordedTraces, searchBug } from './bug-search.ts';
import { SOURCE_BUGS } from './source-bugs.ts';

/** One bug in so many. */
const SAMPLED = 5;
/** What all shrunk traces of the sample may have, of the shortest that are known. */
const LONGER_MAX = 1.2;
/** Runs that shrinking may take for one of these bugs, on average. */
const EVALUATIONS_MEAN_MAX = 70;
const EVALUATIONS_MAX = 150;
/** Bugs with known traces of up to so many actions take no more than `EVALUATIONS_MAX`. */
const SHORT = 5;

/** The first trace that is found for a bug, shrunk, and the length of the shortest one known. */
interface Shrunk {
  readonly bug: string;
  readonly known: number;
  readonly failure: FuzzFailure;
}

async function shrinkSample(): Promise<Shrunk[]> {
  const recorded = new Map(readRecordedTraces().map((one) => [one.bug, one]));
  const shrunk: Shrunk[] = [];
  for (const [at, bug] of SOURCE_BUGS.entries()) {
    const one = recorded.get(bug.name);
    if (one === undefined || at % SAMPLED !== 0) continue;
    const failure = await searchBug(bug, one.seed + 1);
    const known = one.trace.actions.length;
    if (failure !== null) shrunk.push({ bug: bug.name, known, failure });
  }
  return shrunk;
}

describe('the first trace that is found', () => {
  let sample: Shrunk[] = [];
  beforeAll(async () => {
    sample = await shrinkSample();
  }, 120_000);

  test('is found for a sample of bugs', () => {
    expect(sample.length).toBeGreaterThan(15);
  });

  test('shrinks, over all of them, to little more than the shortest that is known', () => {
    const known = sample.reduce((sum, one) => sum + one.known, 0);
    const length = sample.reduce((sum, { failure }) => sum + failure.trace.actions.length, 0);
    expect(length).toBeLessThanOrEqual(LONGER_MAX * known);
  });

  test('shrinks in few runs', () => {
    const runs = sample.reduce((sum, { failure }) => sum + (failure.evaluations ?? 0), 0);
    expect(runs).toBeLessThanOrEqual(EVALUATIONS_MEAN_MAX * sample.length);
    const slow = sample.filter(
      ({ known, failure }) => known <= SHORT && (failure.evaluations ?? 0) > EVALUATIONS_MAX,
    );
    expect(slow.map(({ bug }) => bug)).toEqual([]);
  });
});
