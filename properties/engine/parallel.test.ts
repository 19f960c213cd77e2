import { afterEach, describe, expect, test, vi } from 'vitest';
import { createSmallBoard } from '../../model/testing/small-board.ts';
import { PROPERTIES } from '../catalogue.ts';
import { watchEachStep } from '../property.ts';
import type { Property } from '../property.ts';
import { fuzzConfiguration } from './fuzz.ts';
import type { FuzzProgress, FuzzResult } from './fuzz.ts';
import { fuzzInParallel } from './parallel.ts';
import { createSeen, uniteSeen } from './statistics.ts';

const BOARD = createSmallBoard({ its: true });

/** What of a result may not depend on the clock. */
function pickFindings({ steps, traces, failures, crashes, corpus, coverage }: FuzzResult): unknown {
  return { steps, traces, failures, crashes, corpus, coverage };
}

/** A bound that the fuzzer exceeds: so that there is something to find. */
const delayBounds = [{ partition: 0, core: 1, kind: 'delay', demand: 1, ticks: 1 }] as const;

describe('the same seed, jobs and corpus', () => {
  test.each([1, 2])('give the same findings and corpus with %i jobs', async (jobs) => {
    const options = { seed: 5, steps: 3_000, jobs, isolated: true, keeps: true, delayBounds };
    const first = await fuzzInParallel(BOARD, options);
    expect(first.failures.length).toBeGreaterThan(0);
    expect(first.corpus.length).toBeGreaterThan(3);
    const second = await fuzzInParallel(BOARD, options);
    expect(pickFindings(second)).toEqual(pickFindings(first));
    const kept = { ...options, kept: first.corpus };
    const [third, fourth] = [await fuzzInParallel(BOARD, kept), await fuzzInParallel(BOARD, kept)];
    expect(pickFindings(fourth)).toEqual(pickFindings(third));
    expect(third.replayed).toBe(first.corpus.length);
  });

  test('of one job are the same in a worker as in this thread', async () => {
    const options = { seed: 5, steps: 3_000, jobs: 1, keeps: true };
    const [inside, outside] = [
      await fuzzInParallel(BOARD, options),
      await fuzzInParallel(BOARD, { ...options, isolated: true }),
    ];
    expect(pickFindings(outside)).toEqual(pickFindings(inside));
  });
});

test('what several workers see is counted once, also of one that died', async () => {
  const [left, right] = [createSeen(), createSeen()];
  new Uint8Array(left.states).set([2, 1, 0, 1]);
  new Uint8Array(right.states).set([1, 0, 0, 1]);
  new Uint8Array(left.features).set([1, 0, 3]);
  const united = uniteSeen([left, right]);
  expect(united).toMatchObject({ featuresSeen: 2, statesSeen: 3, statesSeenOnce: 1 });
  const shown: FuzzProgress[] = [];
  const onProgress = (progress: FuzzProgress): void => void shown.push(progress);
  const options = { seed: 5, steps: 3_000, jobs: 2, delayBounds };
  const { coverage, failures } = await fuzzInParallel(BOARD, { ...options, onProgress });
  const latest = shown.at(-1);
  expect(latest?.failures).toBe(failures.length);
  expect(latest?.features).toBeGreaterThan(0);
  expect(latest?.features).toBeLessThanOrEqual(coverage.features);
  expect(latest?.states).toBeLessThanOrEqual(coverage.states);
});

function fuzz(fault: string, jobs: number): Promise<FuzzResult> {
  vi.stubEnv('HAVEN_FAULT', fault);
  const entry = new URL('testing/faulty-worker.mjs', import.meta.url);
  const limits = { steps: 2_500, jobs, isolated: true, memoryMb: 128, hangMs: 4_000 };
  return fuzzInParallel(BOARD, { seed: 7, ...limits, keeps: true, entry });
}

describe('a worker that dies', () => {
  afterEach(() => {
    vi.unstubAllEnvs();
  });

  test.each([
    ['exit 7 1500', 'exit', 2],
    ['memory 7 1500', 'memory', 1],
    ['hang 7 1500', 'hang', 1],
  ] as const)('(%s) is replaced, and its trace is told', async (fault, reason, jobs) => {
    const result = await fuzz(fault, jobs);
    expect(result.crashes).toMatchObject([{ reason, seed: 7 }]);
    const [crash] = result.crashes;
    expect(crash?.trace?.actions.length).toBeGreaterThan(0);
    // The boot of the machine that traces start with takes some of the 1,500.
    expect(result.steps).toBeGreaterThanOrEqual(2_500);
    expect(result.failures).toEqual([]);
    expect(result.neverJudged.length).toBeLessThan(PROPERTIES.length);
    expect(result.corpus.length).toBeGreaterThan(3);
    // The same trace kills the worker every time.
    const again = await fuzz(fault, jobs);
    expect(again.crashes).toEqual(result.crashes);
  });

  test('before its first trace ends the run, as no other would do better', async () => {
    await expect(fuzz('exit 7 0', 1)).rejects.toThrow('lost before its first trace');
  });
});

test('what a property throws is a crash of the fuzzer, and the run goes on', async () => {
  const [first] = PROPERTIES;
  if (first === undefined) throw new Error('no property');
  const broken: Property = {
    ...first,
    id: 'seal.broken',
    watch: () =>
      watchEachStep((action, _, count) => {
        count();
        if (action.kind === 'cpu-off') throw new Error('out of order');
        return null;
      }),
  };
  const result = await fuzzConfiguration(BOARD, { seed: 1, steps: 4_000, properties: [broken] });
  expect(result.steps).toBeGreaterThanOrEqual(4_000);
  expect(result.crashes).toMatchObject([{ reason: 'error', message: 'out of order', seed: 1 }]);
  expect(result.crashes[0]?.trace?.actions.at(-1)?.kind).toBe('cpu-off');
});
