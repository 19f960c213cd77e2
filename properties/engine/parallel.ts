/**
 * Parallel fuzzing: several workers, each with a seed of its own that follows from the run's seed.
 *
 * The same seed, steps, number of jobs and corpus give the same findings: results are merged in the
 * order of the jobs, whichever ends first. A worker that dies leaves the trace behind that it was
 * running, and another goes on in its place with the next seed.
 */

import { performance } from 'node:perf_hooks';
import type { StaticConfiguration } from '../../model/configuration.ts';
import { createPlan } from '../../model/plan.ts';
import type { Trace } from '../generators/traces.ts';
import { toEntry, toTrace } from './corpus.ts';
import { fuzzConfiguration, listNeverDone } from './fuzz.ts';
import type { FuzzFailure, FuzzOptions, FuzzProgress, FuzzResult } from './fuzz.ts';
import { createMinimiser, minimise } from './minimise.ts';
import { createRunner } from './run.ts';
import { mergeStatistics, summarise, uniteSeen } from './statistics.ts';
import type { Seen } from './statistics.ts';
import { listUnreached } from './unreached.ts';
import { runShare } from './worker-share.ts';

/** Distance of the seeds of two jobs: odd and large, so that their batches do not meet. */
const SEED_DISTANCE = 0x2545f491;

/** Milliseconds for which a count of what all workers have seen is good enough to be shown. */
const UNION_MS = 1_000;

/** What a parallel run may be told; it always runs the spec itself. */
export type ParallelOptions = Omit<
  FuzzOptions,
  | 'step'
  | 'properties'
  | 'guide'
  | 'wanted'
  | 'thorough'
  | 'journal'
  | 'seen'
  | 'onFailure'
  | 'onCrash'
> & {
  /** Number of workers. */
  readonly jobs: number;
  /** One job runs in a worker too, so that this thread outlives it; default: in this thread. */
  readonly isolated?: boolean;
  /** Megabytes that a worker may take for what it remembers; default 2048. */
  readonly memoryMb?: number;
  /** Milliseconds after which a worker that has not gone on is given up; default 60,000. */
  readonly hangMs?: number;
  /** Entry of the workers; default the one beside this file. */
  readonly entry?: URL;
};

/**
 * Fuzzes a configuration with several workers. Rejects with `LostWorkerError` when one cannot even
 * begin.
 */
export async function fuzzInParallel(
  configuration: StaticConfiguration,
  options: ParallelOptions,
): Promise<FuzzResult> {
  const jobs = Math.max(1, options.jobs);
  if (jobs === 1 && options.isolated !== true) return fuzzConfiguration(configuration, options);
  const progress: (FuzzProgress | undefined)[] = Array.from({ length: jobs });
  const union = createUnion();
  const corpora: (readonly Trace[])[] = Array.from({ length: jobs }, () => []);
  const shares = await Promise.all(
    progress.map((_, job) =>
      runShare(configuration, options, {
        seed: (options.seed + job * SEED_DISTANCE) % 2 ** 31,
        steps: options.steps === undefined ? null : Math.ceil(options.steps / jobs),
        onStart: union.add,
        onFailure: union.addFailure,
        onProgress: (latest) => {
          progress[job] = latest;
          const latestOfAll = progress.filter((one) => one !== undefined);
          options.onProgress?.(sumProgress(latestOfAll, union.count()));
        },
        onCheckpoint: (corpus) => {
          corpora[job] = corpus;
          options.onCheckpoint?.(mergeCorpora(configuration, corpora));
        },
      }),
    ),
  );
  return mergeResults(configuration, shares.flat(), options.seed);
}

/** What only a union of all workers tells. */
type United = Pick<FuzzProgress, 'features' | 'states' | 'statesSeenOnce' | 'failures'>;

/** What workers have seen together, those that died included. */
interface Union {
  readonly add: (seen: Seen) => void;
  readonly addFailure: (failure: FuzzFailure) => void;
  readonly count: () => United;
}

function createUnion(): Union {
  const parts: Seen[] = [];
  const broken = new Set<string>();
  let counted = uniteSeen(parts);
  let countedAt = -Infinity;
  return {
    add: (seen) => void parts.push(seen),
    addFailure: ({ violation }) => void broken.add(violation.property),
    count: () => {
      if (performance.now() >= countedAt + UNION_MS) {
        counted = uniteSeen(parts);
        countedAt = performance.now();
      }
      const { featuresSeen, statesSeen, statesSeenOnce } = counted;
      return { features: featuresSeen, states: statesSeen, statesSeenOnce, failures: broken.size };
    },
  };
}

function sumProgress(parts: readonly FuzzProgress[], united: United): FuzzProgress {
  const sum = (pick: (part: FuzzProgress) => number): number =>
    parts.reduce((total, part) => total + pick(part), 0);
  return {
    steps: sum((part) => part.steps),
    traces: sum((part) => part.traces),
    crashes: sum((part) => part.crashes),
    stateLooks: sum((part) => part.stateLooks),
    corpus: sum((part) => part.corpus),
    sinceNewMs: Math.min(...parts.map((part) => part.sinceNewMs)),
    ...united,
  };
}

/** The corpora of all jobs as one, in their order. */
function mergeCorpora(
  configuration: StaticConfiguration,
  corpora: readonly (readonly Trace[])[],
): readonly Trace[] {
  const [first = [], ...others] = corpora.filter((corpus) => corpus.length > 0);
  if (others.length === 0) return first;
  const minimiser = createMinimiser(createRunner(configuration));
  return minimise(minimiser, [first, ...others].flat().map(toEntry)).map(toTrace);
}

function mergeResults(
  configuration: StaticConfiguration,
  results: readonly FuzzResult[],
  seed: number,
): FuzzResult {
  const [only, ...others] = results;
  if (only !== undefined && others.length === 0) return { ...only, seed };
  const failures = new Map<string, FuzzFailure>();
  const statistics = mergeStatistics(results.map((result) => result.statistics));
  for (const result of results) {
    for (const failure of result.failures) {
      const { property } = failure.violation;
      const before = failures.get(property)?.trace.actions.length ?? Infinity;
      if (failure.trace.actions.length < before) failures.set(property, failure);
    }
  }
  const { steps, traces } = statistics;
  const elapsedMs = Math.max(...results.map((result) => result.elapsedMs));
  const coverage = summarise(statistics, sumEvaluations(results));
  const plan = createPlan(configuration);
  // Who has interrupted the run waits; the next one minimises.
  const interrupted = results.some((result) => result.interrupted);
  const corpora = results.map(({ corpus }) => corpus);
  return {
    seed,
    steps,
    traces,
    elapsedMs,
    stepsPerSecond: elapsedMs === 0 ? 0 : Math.round((steps / elapsedMs) * 1000),
    failures: [...failures.values()],
    crashes: results.flatMap(({ crashes }) => crashes),
    replayed: Math.min(...results.map(({ replayed }) => replayed)),
    corpus: interrupted ? corpora.flat() : mergeCorpora(configuration, corpora),
    coverage,
    statistics,
    neverDone: listNeverDone(listUnreached(plan, coverage.outcomes)),
    neverJudged: intersect(results.map(({ neverJudged }) => neverJudged)),
    interrupted,
  };
}

/** What is in every list. */
function intersect<Item>([first, ...rest]: readonly (readonly Item[])[]): Item[] {
  return (first ?? []).filter((item) => rest.every((items) => items.includes(item)));
}

function sumEvaluations(parts: readonly FuzzResult[]): Record<string, number> {
  const sum: Record<string, number> = {};
  for (const { coverage } of parts) {
    for (const [id, count] of Object.entries(coverage.evaluations)) {
      sum[id] = (sum[id] ?? 0) + count;
    }
  }
  return sum;
}
