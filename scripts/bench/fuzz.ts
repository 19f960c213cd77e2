/** What the fuzzer does in a second, alone and in two jobs, and what it holds in memory. */

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import fc from 'fast-check';

import { fuzzConfiguration } from '../../properties/engine/fuzz.ts';
import { createJudge } from '../../properties/engine/judge.ts';
import { fuzzInParallel } from '../../properties/engine/parallel.ts';
import { createRunner } from '../../properties/engine/run.ts';
import { traceArbitrary } from '../../properties/generators/traces.ts';
import { listDelayBounds } from '../../solver/timing/delay-bounds.ts';
import { atLeast, below, type Figure } from './figure.ts';
import { BOARDS, readBoard, type Effort } from './measures.ts';

/** Steps a second that the campaign is to take on `STEPS_BOARD`, on one core. */
const STEPS_MIN = 3_000_000;
const STEPS_BOARD = BOARDS[0];
/** What two jobs are to do, of what one does. */
const TWO_JOBS_MIN = 1.8;
/** Steps a second of a property of fast-check over traces. */
const PLAIN_MIN = 200_000;
/** Actions of a trace of such a property, at most, and traces of one run of it. */
const PLAIN_LENGTH = 256;
const PLAIN_RUNS = 500;
/** Megabytes by which a run may grow once its corpus is full. */
const GROWTH_MAX = 32;

const SEED = 1;

/** Steps a second of the campaign on each board, every property watching, delays bounded. */
export async function measureCampaign({ rateMs }: Effort): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const board of BOARDS) {
    const configuration = readBoard(board);
    const delayBounds = listDelayBounds(configuration);
    const options = { seed: SEED, timeMs: 2 * rateMs, delayBounds };
    // The first run compiles what the second one runs.
    await fuzzConfiguration(configuration, options);
    const { stepsPerSecond, failures } = await fuzzConfiguration(configuration, options);
    const limit = board === STEPS_BOARD ? STEPS_MIN / 1000 : undefined;
    const remark = `${failures.length} failures`;
    const name = `fuzz ${board}, all properties`;
    figures.push(atLeast(name, stepsPerSecond / 1000, 'k steps/s', limit, remark));
  }
  return figures;
}

/** What two jobs do of what one does, both in workers, in turns. */
export async function measureTwoJobs({ rateMs }: Effort): Promise<Figure[]> {
  const configuration = readBoard(STEPS_BOARD);
  const delayBounds = listDelayBounds(configuration);
  const run = async (jobs: number): Promise<number> => {
    const options = { seed: SEED, timeMs: 2 * rateMs, delayBounds, isolated: true, jobs };
    return (await fuzzInParallel(configuration, options)).steps;
  };
  let [one, two] = [0, 0];
  for (let round = 0; round < 3; round += 1) {
    one += await run(1);
    two += await run(2);
  }
  return [atLeast('fuzz in two jobs, of one', two / one, 'times', TWO_JOBS_MIN)];
}

/** Steps a second of a property of fast-check: traces drawn by it, and judged. */
export function measurePlain({ rateMs }: Effort): Figure[] {
  const configuration = readBoard(STEPS_BOARD);
  const runner = createRunner(configuration, { delayBounds: listDelayBounds(configuration) });
  const traces = traceArbitrary(runner.plan, PLAIN_LENGTH);
  const isBroken = createJudge(runner);
  let steps = 0;
  const property = fc.property(traces, (trace) => {
    steps += trace.actions.length;
    return !isBroken(trace);
  });
  fc.assert(property, { seed: SEED, numRuns: PLAIN_RUNS });
  steps = 0;
  const begin = performance.now();
  for (let seed = 1; performance.now() - begin < rateMs; seed += 1) {
    fc.assert(property, { seed, numRuns: PLAIN_RUNS });
  }
  const rate = steps / (performance.now() - begin);
  return [atLeast('property of fast-check, all properties', rate, 'k steps/s', PLAIN_MIN / 1000)];
}

/** What a run holds in memory at its end, above what it held in the middle. */
export async function measureMemory({ rateMs }: Effort): Promise<Figure[]> {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const configuration = readBoard(STEPS_BOARD);
  let middle = 0;
  const begin = performance.now();
  const timeMs = 8 * rateMs;
  const measure = (): number => {
    collect();
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    return (heapUsed + arrayBuffers) / 2 ** 20;
  };
  await fuzzConfiguration(configuration, {
    seed: SEED,
    timeMs,
    onProgress: () => {
      if (middle === 0 && performance.now() - begin > timeMs / 2) middle = measure();
    },
  });
  const growth = measure() - middle;
  return [below('memory that the second half of a run adds', growth, 'MB', GROWTH_MAX)];
}
