/** What `haven fuzz` does: a campaign with its corpus, its findings, and what it says meanwhile. */

import { randomInt } from 'node:crypto';
import { performance } from 'node:perf_hooks';

import type { SkippedFile, StoredTrace } from '../counterexamples/corpus-folder.ts';
import type { LoadedConfiguration } from '../formats/read.ts';
import type { FuzzProgress, FuzzResult } from '../properties/engine/fuzz.ts';
import type { Trace } from '../properties/generators/traces.ts';
import type { TimeBound, Violation } from '../properties/property.ts';
import { getAreaOfId } from '../properties/findings.ts';
import type { Finding } from '../properties/findings.ts';
import { formatCount, formatMilliseconds, formatPlural } from '../report/duration.ts';
import { formatChance } from '../report/fuzz.ts';
import type { FuzzCampaign } from '../report/report.ts';
import { addDerived, createRecorder, listAllowing } from './analysis.ts';
import { getMessage } from './output.ts';
import { createLineProgress } from './progress.ts';
import type { Draft, Session } from './session.ts';
import { UsageError } from './usage.ts';

/** What a fuzz run may be told; without steps or time it takes `FUZZ_STEPS`. */
export interface FuzzLimits {
  readonly seed?: number;
  readonly steps?: number;
  readonly timeMs?: number;
  /** Workers; without it there is none, and this thread does it. */
  readonly jobs?: number;
  /** Folder for counterexample files; default `counterexamples`. */
  readonly out?: string;
  /** Folder in which traces are kept from run to run. */
  readonly corpus?: string;
  /** Megabytes for each worker. */
  readonly memoryMb?: number;
  /** Progress as lines, where standard error is no terminal. */
  readonly progress?: boolean;
  /** How much of the statistics a terminal shows. */
  readonly shown?: FuzzCampaign['shown'];
}

/** Steps of the fuzzer where nothing else is said: a few seconds, and the same run every time. */
export const FUZZ_STEPS = 200_000;

/** Traces that break a property, of which the shortest is reported. */
const FINDINGS = 10;

/**
 * Fuzzes the executable spec under the configuration. What it finds becomes diagnostics, and files
 * that `haven replay` reads.
 */
export async function analyseRandomly(
  loaded: LoadedConfiguration,
  draft: Draft,
  session: Session,
  limits: FuzzLimits,
): Promise<void> {
  const [{ fuzzInParallel }, { listDelayBounds }, { toDiagnostic }, corpus] = await Promise.all([
    import('../properties/engine/parallel.ts'),
    import('../solver/timing/delay-bounds.ts'),
    import('../formats/read.ts'),
    openCorpus(limits.corpus, draft.file),
  ]);
  const { steps, timeMs, jobs } = limits;
  // The proved delays, which the fuzzer tries to exceed.
  const delayBounds = listDelayBounds(loaded.configuration);
  const begin = performance.now();
  const progress = limits.progress === true ? createLineProgress(session) : session.progress;
  let sinceNewMs = 0;
  const result = await fuzzInParallel(loaded.configuration, {
    jobs: jobs ?? 1,
    isolated: jobs !== undefined,
    seed: limits.seed ?? randomInt(SEED_END),
    ...(steps === undefined && timeMs !== undefined ? {} : { steps: steps ?? FUZZ_STEPS }),
    ...(timeMs === undefined ? {} : { timeMs }),
    ...(limits.memoryMb === undefined ? {} : { memoryMb: limits.memoryMb }),
    delayBounds,
    kept: corpus?.stored.map(({ trace }) => trace) ?? [],
    keeps: corpus !== null,
    findings: FINDINGS,
    signal: session.signal,
    onProgress: (latest) => {
      ({ sinceNewMs } = latest);
      progress.show(describeProgress(draft.file, latest, performance.now() - begin));
    },
    onCheckpoint: (traces) => saveCorpus(corpus, traces, []),
  });
  progress.clear();
  const isSaved = saveCorpus(corpus, result.corpus, listReplaced(corpus, result));
  const files = await recordFindings(loaded, delayBounds, result, session, limits.out);
  draft.fuzz = {
    seed: result.seed,
    steps: result.steps,
    ms: result.elapsedMs,
    coverage: countActions(result),
    neverDone: result.neverDone,
    neverJudged: result.neverJudged,
    isUnbounded: delayBounds.length === 0,
    counterexamples: files.failures.filter((path) => path !== null),
    failures: result.failures.map(({ violation }) => `${violation.property}: ${violation.message}`),
    campaign: {
      ...(await summariseCampaign(loaded, result)),
      msSinceNew: sinceNewMs,
      corpus:
        corpus === null
          ? null
          : {
              folder: corpus.folder,
              read: corpus.stored.length,
              replayed: result.replayed,
              kept: isSaved ? result.corpus.length : corpus.stored.length,
              skipped: corpus.skipped,
            },
      crashes: result.crashes.map(({ reason, message, seed, traces }, index) => ({
        reason,
        message,
        seed,
        traces,
        file: files.crashes[index] ?? null,
      })),
      stories: await tellStories(loaded, delayBounds, result),
      shown: limits.shown ?? 'nothing',
    },
  };
  addDerived(
    draft,
    result.failures.map(({ violation }) => toDiagnostic(loaded, toFinding(violation))),
  );
}

async function summariseCampaign(
  { configuration }: LoadedConfiguration,
  { traces, coverage }: FuzzResult,
): Promise<Omit<FuzzCampaign, 'msSinceNew' | 'corpus' | 'crashes' | 'stories' | 'shown'>> {
  const [{ createPlan }, { listUnreached }] = await Promise.all([
    import('../model/plan.ts'),
    import('../properties/engine/unreached.ts'),
  ]);
  const { features, states, discovery, outcomes, evaluations } = coverage;
  const unreached = listUnreached(createPlan(configuration), outcomes);
  return { traces, features, states, discovery, outcomes, evaluations, unreached };
}

/** One line that says how far a run is. */
export function describeProgress(file: string, progress: FuzzProgress, ms: number): string {
  const { steps, traces, states, features, corpus, failures, crashes, sinceNewMs } = progress;
  const chance = progress.statesSeenOnce / Math.max(1, progress.stateLooks);
  const parts = [
    `${formatCount(steps)} steps (${formatCount((steps / Math.max(1, ms)) * 1_000)}/s)`,
    `${formatPlural(failures, 'failure')}${crashes === 0 ? '' : `, ${crashes} crashed`}`,
    `${formatCount(features)} features, the latest ${formatMilliseconds(sinceNewMs)} ago`,
    `${formatCount(states)} states, new with a chance of ${formatChance(chance)}`,
    `${formatCount(traces)} traces, ${formatCount(corpus)} kept`,
  ];
  return `fuzzing ${file}: ${parts.join('; ')}`;
}

/** A corpus that a run begins with. */
interface OpenCorpus {
  readonly folder: string;
  readonly stored: readonly StoredTrace[];
  readonly skipped: readonly SkippedFile[];
  readonly write: (
    folder: string,
    traces: readonly Trace[],
    replaced: readonly StoredTrace[],
  ) => void;
}

/** Reads the corpus of a configuration; null where none is asked for. */
async function openCorpus(folder: string | undefined, file: string): Promise<OpenCorpus | null> {
  if (folder === undefined) return null;
  const { nameCorpusFolder, readCorpus, writeCorpus } =
    await import('../counterexamples/corpus-folder.ts');
  const own = nameCorpusFolder(folder, file);
  try {
    return { folder: own, ...readCorpus(own), write: writeCorpus };
  } catch (error) {
    const help = 'name a folder that you may read and write with --corpus';
    throw new UsageError(`cannot read the corpus in ${own}: ${getMessage(error)}`, help);
  }
}

/** What is in the new corpus all the same; only where all of it was run. */
function listReplaced(corpus: OpenCorpus | null, { replayed }: FuzzResult): readonly StoredTrace[] {
  return corpus !== null && replayed === corpus.stored.length ? corpus.stored : [];
}

/** Saves the corpus; whether that went well. A folder must not turn a run into bad usage. */
function saveCorpus(
  corpus: OpenCorpus | null,
  traces: readonly Trace[],
  replaced: readonly StoredTrace[],
): boolean {
  if (corpus === null) return false;
  try {
    corpus.write(corpus.folder, traces, replaced);
    return true;
  } catch (error) {
    process.stderr.write(
      `haven: cannot write the corpus to ${corpus.folder}: ${getMessage(error)}; ` +
        'name a folder that you may write to with --corpus\n',
    );
    return false;
  }
}

/** Failures whose stories are told; files hold all of them. */
const STORIES_MAX = 4;

/** What led to the first failures, as `haven replay` shows it. */
async function tellStories(
  loaded: LoadedConfiguration,
  delayBounds: readonly TimeBound[],
  { failures }: FuzzResult,
): Promise<string[][]> {
  if (failures.length === 0) return [];
  const [{ replayTrace }, { renderStory }, { renderTable }] = await Promise.all([
    import('../counterexamples/replay.ts'),
    import('../counterexamples/story.ts'),
    import('../report/table.ts'),
  ]);
  return failures.slice(0, STORIES_MAX).map(({ violation, trace }) => {
    const { configuration } = loaded;
    const { property } = violation;
    const allowed = listAllowing(loaded, violation);
    const { story } = replayTrace({ configuration, delayBounds, property, allowed, ...trace });
    const { before, after } = renderStory(story, (rows) =>
      renderTable(rows, ['right', 'left', 'left']),
    );
    return [`${property}, ${before[0] ?? ''}`, ...before.slice(1), ...after];
  });
}

/** Writes each failure and each crash to a file of its own; null for those that have none. */
async function recordFindings(
  loaded: LoadedConfiguration,
  delayBounds: readonly TimeBound[],
  { failures, crashes, seed }: FuzzResult,
  session: Session,
  folder?: string,
): Promise<Record<'failures' | 'crashes', readonly (string | null)[]>> {
  if (failures.length === 0 && crashes.length === 0) return { failures: [], crashes: [] };
  const [write, { toFailure }] = await Promise.all([
    createRecorder(loaded, delayBounds, session, folder),
    import('../counterexamples/record.ts'),
  ]);
  return {
    failures: failures.map((failure) => write(failure, { seed })),
    crashes: crashes.map((crash) => {
      const failure = toFailure(crash);
      return failure === null ? null : write(failure, { seed: crash.seed });
    }),
  };
}

/** Exclusive end of the seeds that the fuzzer takes. */
const SEED_END = 2 ** 31;

/** Steps of each kind of action, whatever their outcome. */
function countActions({ coverage }: FuzzResult): Record<string, number> {
  return Object.fromEntries(
    Object.entries(coverage.outcomes).map(([kind, outcomes]) => [
      kind,
      Object.values(outcomes).reduce((sum, count) => sum + count, 0),
    ]),
  );
}

/** A property violated in a run, as a finding: `memory.rights` gives MEM-RIGHTS. */
function toFinding({ property, message, at, related }: Violation): Finding {
  const name = property.slice(property.indexOf('.') + 1).toUpperCase();
  return {
    code: `${getAreaOfId(property)}-${name}`,
    severity: 'error',
    message,
    help: 'replay the counterexample to see how it comes to this',
    at,
    related,
  };
}
