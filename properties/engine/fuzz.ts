/**
 * Fuzz: a campaign of random traces for a configuration. Every property watches every step, a
 * failure shrinks, and what shows something new is kept and varied.
 *
 * A seed reproduces a run exactly as long as it is limited by steps; a limit in time cuts the same
 * sequence short wherever the clock says.
 */

import type { ActionKind } from '../../model/actions.ts';
import type { StaticConfiguration } from '../../model/configuration.ts';
import type { Machine } from '../../model/machine.ts';
import { createMachine } from '../../model/machine.ts';
import { beginTrace, createDrawer, drawAction, drawOperands } from '../generators/draw.ts';
import type { Drawer } from '../generators/draw.ts';
import type { Guide } from '../generators/guide.ts';
import { asAction, createSlot, unpackActions, unpackSlot } from '../generators/slots.ts';
import type { ActionSlot } from '../generators/slots.ts';
import type { Start, Trace } from '../generators/traces.ts';
import { isApplicable } from '../property.ts';
import type { Look, Violation } from '../property.ts';
import { copyMachine } from './copy-machine.ts';
import { createCorpus, keep, toEntry, toTrace } from './corpus.ts';
import type { Corpus, Entry } from './corpus.ts';
import { computeAbstractState, computeFeature, getOutcomeIndex } from './features.ts';
import { beginEntry, endEntry, openJournal, readJournal, writeEntry } from './journal.ts';
import type { Journal } from './journal.ts';
import { addKept, createKeeper, listKept } from './minimise.ts';
import type { Keeper } from './minimise.ts';
import { createRandom, nextBelow } from './random.ts';
import type { RandomState } from './random.ts';
import { createRunner, createStart, runTrace, takeStep, watchMachine } from './run.ts';
import type { Runner, RunnerOptions } from './run.ts';
import { shrinkTrace } from './shrink.ts';
import {
  STATE_INTERVAL,
  countFeature,
  countOutcome,
  countState,
  countEvaluations,
  createStatistics,
  listUnjudged,
  summarise,
} from './statistics.ts';
import type { Coverage, Seen, Statistics } from './statistics.ts';
import { listUnreached } from './unreached.ts';
import type { Unreached } from './unreached.ts';
import { beginRun, isCounted, watchAfter, watchBefore } from './watcher.ts';
import type { Watcher } from './watcher.ts';

/** Longest trace that is drawn, actions. */
export const TRACE_LENGTH_MAX = 512;
/** Shortest one, but for the last of a run. */
const TRACE_LENGTH_MIN = 32;
/** Milliseconds for which the engine runs before it lets signals and timers in. */
const TURN_MS = 50;
/** One trace in so many is drawn anew although there is a corpus. */
const FRESH_INTERVAL = 2;
/** One action in so many of a kept trace is left out, one redrawn, and one put in before it. */
const VARIATION = 32;

/** Milliseconds between two looks at the corpus for who saves it. */
const CHECKPOINT_MS = 60_000;
/** Crashes that are kept: of each message one. */
const CRASHES_MAX = 16;

/** Limits and seeds of a run. */
export interface FuzzOptions extends RunnerOptions {
  /** Integer in [0, 2^31). */
  readonly seed: number;
  /** Stop after about this many steps. */
  readonly steps?: number;
  /** Stop after about this many milliseconds. */
  readonly timeMs?: number;
  /** A step that traces shall come to. */
  readonly guide?: Guide;
  /** Stop as soon as one of these properties has been broken as often as `findings` says. */
  readonly wanted?: ReadonlySet<string>;
  /**
   * Traces that break a property, of which the one is reported that shrinks most; default 1. What
   * shrinking leaves depends on the way in which a trace came to the bug.
   */
  readonly findings?: number;
  /** Every property looks at everything after every step: for few properties and steps. */
  readonly thorough?: boolean;
  /** Traces that are run before any is drawn, whatever the limit in steps. */
  readonly kept?: readonly Trace[];
  /** Whether the result shall have the corpus. */
  readonly keeps?: boolean;
  /** Where the trace at hand is written; default: one that nobody else reads. */
  readonly journal?: Journal;
  /** Where features and abstract states are noted; default: where nobody else sees them. */
  readonly seen?: Seen;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: FuzzProgress) => void;
  /** Called with each property that is broken, and again with each shorter trace that breaks it. */
  readonly onFailure?: (failure: FuzzFailure) => void;
  readonly onCrash?: (crash: Crash) => void;
  /** Called every minute with the corpus, where that is kept. */
  readonly onCheckpoint?: (corpus: readonly Trace[]) => void;
}

/** How far a run is. */
export interface FuzzProgress {
  readonly steps: number;
  readonly traces: number;
  readonly failures: number;
  readonly crashes: number;
  readonly features: number;
  readonly states: number;
  /** Looks at the abstract state, and states that only one of them saw. */
  readonly stateLooks: number;
  readonly statesSeenOnce: number;
  /** Traces that are kept. */
  readonly corpus: number;
  /** Since the latest new feature. */
  readonly sinceNewMs: number;
}

/** The fuzzer itself failed on a trace: neither the trace nor the configuration is judged by it. */
export interface Crash {
  /**
   * `error`: something threw; `memory`: a worker had too little; `exit`: a worker ended; `hang`: a
   * step of a worker had no end.
   */
  readonly reason: 'error' | 'memory' | 'exit' | 'hang';
  readonly message: string;
  /** Seed of the worker, and how many traces it had begun. */
  readonly seed: number;
  readonly traces: number;
  /** Up to the action at which it happened; null where it was between two traces. */
  readonly trace: Trace | null;
}

/** A property that a trace breaks. */
export interface FuzzFailure {
  readonly violation: Violation;
  /** Shrunk. */
  readonly trace: Trace;
  /** Length of the trace as drawn. */
  readonly foundLength: number;
  /** Which trace of the run it was: provenance only. */
  readonly batch: number;
  /** Runs that shrinking took; absent where the trace was not drawn. */
  readonly evaluations?: number;
}

/** What a run found. */
export interface FuzzResult {
  readonly seed: number;
  readonly steps: number;
  readonly traces: number;
  readonly elapsedMs: number;
  readonly stepsPerSecond: number;
  /** At most one for each property. */
  readonly failures: readonly FuzzFailure[];
  readonly coverage: Coverage;
  /** What the coverage sums up. */
  readonly statistics: Statistics;
  readonly crashes: readonly Crash[];
  /** Of the traces that it was given, how many were run; they are the first ones. */
  readonly replayed: number;
  /** Traces that show all that was seen, few and short; none unless they are to be kept. */
  readonly corpus: readonly Trace[];
  /** Possible actions that were never done: more steps, or other seeds, may do them. */
  readonly neverDone: readonly ActionKind[];
  /** Properties that never had anything to judge: of these the run says nothing. */
  readonly neverJudged: readonly string[];
  /** Cancelled before its limit. */
  readonly interrupted: boolean;
}

/** Everything that a run holds. */
interface Campaign {
  readonly runner: Runner;
  readonly options: FuzzOptions;
  readonly drawer: Drawer;
  readonly reset: Machine;
  readonly booted: Machine;
  readonly machine: Machine;
  readonly look: Look;
  /** All properties; those that are asked in most traces only. */
  readonly complete: Watcher;
  readonly usual: Watcher;
  /** The action that is being taken. */
  readonly slot: ActionSlot;
  readonly corpus: Corpus;
  readonly statistics: Statistics;
  readonly failures: Map<string, FuzzFailure>;
  /** How often each property has been broken, and those for which that is enough. */
  readonly found: Map<string, number>;
  readonly settled: Set<string>;
  readonly crashes: Crash[];
  readonly journal: Journal;
  /** Null where the corpus is of no interest after the run. */
  readonly keeper: Keeper | null;
  readonly kept: readonly Entry[];
  /** Traces of `kept` that were run, and their steps. */
  replayed: number;
  replayedSteps: number;
  /** When the latest new feature was noticed, and at which step it was seen. */
  newestMs: number;
  newestAt: number;
  /** Features that the trace at hand was the first to show. */
  readonly news: number[];
}

/** A trace that is being drawn. */
interface Draft {
  readonly start: Start;
  readonly length: number;
  /** The kept trace that it varies, and where it is in that; null for a trace of its own. */
  readonly entry: Entry | null;
  readonly entryLength: number;
  /** It is run as it is. */
  readonly isReplay: boolean;
  entryAt: number;
}

/** Fuzzes the executable spec under a configuration. */
export async function fuzzConfiguration(
  configuration: StaticConfiguration,
  options: FuzzOptions,
): Promise<FuzzResult> {
  const campaign = createCampaign(configuration, options);
  const begin = performance.now();
  let checkpoint = begin + CHECKPOINT_MS;
  const over = (): boolean => isOver(campaign, performance.now() - begin);
  while (!over()) {
    const turn = performance.now() + TURN_MS;
    while (!over() && performance.now() < turn) runSafely(campaign);
    options.onProgress?.(readProgress(campaign));
    if (performance.now() > checkpoint) {
      options.onCheckpoint?.(listCorpus(campaign));
      checkpoint = performance.now() + CHECKPOINT_MS;
    }
    // Lets signals and timers in between two turns.
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  }
  return createResult(campaign, performance.now() - begin);
}

function listCorpus({ keeper }: Campaign): Trace[] {
  return keeper === null ? [] : listKept(keeper).map(toTrace);
}

function readProgress(campaign: Campaign): FuzzProgress {
  const { statistics, failures, crashes, corpus } = campaign;
  const now = performance.now();
  if (campaign.newestAt !== statistics.newestAt) {
    campaign.newestAt = statistics.newestAt;
    campaign.newestMs = now;
  }
  return {
    steps: statistics.steps,
    traces: statistics.traces,
    failures: failures.size,
    crashes: crashes.length,
    features: statistics.featuresSeen,
    states: statistics.statesSeen,
    stateLooks: statistics.stateLooks,
    statesSeenOnce: statistics.statesSeenOnce,
    corpus: corpus.entries.length,
    sinceNewMs: now - campaign.newestMs,
  };
}

/** Runs one trace: of those that are to be run first, or a new one. What throws is a crash. */
function runSafely(campaign: Campaign): void {
  const { kept, replayed, journal, statistics, crashes, options } = campaign;
  const replay = kept[replayed];
  const before = statistics.steps;
  try {
    runOne(campaign, replay);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const { traces, trace } = readJournal(journal);
    const crash = { reason: 'error', message, seed: options.seed, traces, trace } as const;
    if (crashes.length < CRASHES_MAX && crashes.every((one) => one.message !== message)) {
      crashes.push(crash);
      options.onCrash?.(crash);
    }
  }
  endEntry(journal);
  if (replay === undefined) return;
  campaign.replayed += 1;
  campaign.replayedSteps += statistics.steps - before;
}

function createCampaign(configuration: StaticConfiguration, options: FuzzOptions): Campaign {
  const whole = createRunner(configuration, options);
  const properties = whole.properties.filter((one) => isApplicable(one, whole.plan));
  const runner = { ...whole, properties };
  const { plan } = runner;
  const machine = createMachine(plan);
  const look = { complete: options.thorough === true };
  const usual = properties.filter((one) => options.thorough === true || one.sampled === undefined);
  return {
    runner,
    options,
    drawer: createDrawer(plan, options.guide),
    reset: createMachine(plan),
    booted: createStart(runner, { start: 'booted', actions: [] }),
    machine,
    look,
    complete: watchMachine(runner, machine, look),
    usual: watchMachine({ ...runner, properties: usual }, machine, look),
    slot: createSlot(),
    corpus: createCorpus(),
    statistics: createStatistics(options.seen),
    failures: new Map(),
    found: new Map(),
    settled: new Set(),
    crashes: [],
    journal: options.journal ?? openJournal(),
    keeper: options.keeps === true ? createKeeper(runner) : null,
    kept: (options.kept ?? []).map(toEntry),
    replayed: 0,
    replayedSteps: 0,
    newestMs: performance.now(),
    newestAt: 0,
    news: [],
  };
}

function isOver(campaign: Campaign, elapsedMs: number): boolean {
  const { options, statistics, settled } = campaign;
  const { signal, timeMs, wanted } = options;
  if (signal?.aborted === true) return true;
  if (timeMs !== undefined && elapsedMs >= timeMs) return true;
  if (wanted !== undefined && [...settled].some((id) => wanted.has(id))) return true;
  const steps = options.steps ?? (timeMs === undefined ? 0 : Infinity);
  return (
    campaign.replayed === campaign.kept.length && statistics.steps - campaign.replayedSteps >= steps
  );
}

/** Draws, runs and judges one trace; or runs one again that is kept, judged after every step. */
function runOne(campaign: Campaign, replay?: Entry): void {
  const { runner, drawer, machine, statistics, slot, look, news, settled, journal } = campaign;
  const { plan } = runner;
  const index = statistics.traces;
  const random = createRandom(campaign.options.seed + index * 2 ** 31);
  beginTrace(drawer, random);
  const draft = replay === undefined ? createDraft(campaign, random) : createReplay(replay);
  copyMachine(draft.start === 'reset' ? campaign.reset : campaign.booted, machine);
  const isSample = draft.isReplay || index < SAMPLED_FIRST || index % SAMPLED === 0;
  const isLookedAt = isSample || index < LOOKED_AT_FIRST || index % LOOKED_AT === 0;
  const watcher = isSample ? campaign.complete : campaign.usual;
  const thorough = draft.isReplay || campaign.options.thorough === true;
  look.complete = thorough;
  beginRun(watcher);
  news.length = 0;
  statistics.traces += 1;
  const drawn = statistics.steps - campaign.replayedSteps;
  beginEntry(journal, drawn, statistics.traces, draft.isReplay, draft.start);
  const interest = { ignored: settled };
  let newest = 0;
  for (let at = 0; at < draft.length; at += 1) {
    drawNext(campaign, random, draft, slot);
    const action = asAction(slot);
    const kind = slot.kindIndex;
    writeEntry(journal, at, slot);
    look.complete = thorough || (isLookedAt && at === draft.length - 1);
    watchBefore(watcher, kind, action);
    const outcome = takeStep(runner, machine, action);
    statistics.steps += 1;
    if (typeof outcome !== 'string') {
      if (isCounted(interest, outcome)) record(campaign, draft.start, at + 1);
      break;
    }
    const result = getOutcomeIndex(outcome);
    const isNew = countOutcome(statistics, kind, result, slot.core);
    if (isNew || result === 0) {
      // What refuses an action is the feature of a refusal, and that is counted anyway.
      const feature = computeFeature(plan, machine, slot, kind, result);
      if (countFeature(statistics, feature)) {
        news.push(feature);
        newest = at + 1;
      }
    }
    if (statistics.steps % STATE_INTERVAL === 0) {
      countState(statistics, computeAbstractState(machine));
    }
    const violation = watchAfter(watcher, kind, action, outcome, interest);
    if (violation === null) continue;
    record(campaign, draft.start, at + 1);
    break;
  }
  if (newest === 0) return;
  const entry = keep(campaign.corpus, draft.start, journal.cells, newest, news);
  if (campaign.keeper !== null) addKept(campaign.keeper, entry);
}

/** The first so many traces, and then one in so many, are watched by every property. */
const SAMPLED_FIRST = 16;
const SAMPLED = 32;
/** The first so many, and then one in so many, are looked at completely at their end. */
const LOOKED_AT_FIRST = 64;
const LOOKED_AT = 8;

function createReplay(entry: Entry): Draft {
  const length = Math.min(entry.length, TRACE_LENGTH_MAX);
  return { start: entry.start, length, entry, entryLength: length, isReplay: true, entryAt: 0 };
}

/** Half of the traces vary one that was kept; the others are new. */
function createDraft({ corpus, options }: Campaign, random: RandomState): Draft {
  const { entries } = corpus;
  const span = TRACE_LENGTH_MAX - TRACE_LENGTH_MIN;
  const length = TRACE_LENGTH_MIN + nextBelow(random, span + 1);
  const isFresh = entries.length === 0 || nextBelow(random, FRESH_INTERVAL) === 0;
  const entry = isFresh ? null : (entries[nextBelow(random, entries.length)] ?? null);
  const resets = options.guide?.isBooting === true ? 7 : 1;
  const start = nextBelow(random, 8) < resets ? 'reset' : 'booted';
  if (entry === null) {
    return { start, length, entry, entryLength: 0, isReplay: false, entryAt: 0 };
  }
  // All of it, or some of its beginning.
  const whole = entry.length;
  const entryLength = nextBelow(random, 2) === 0 ? whole : 1 + nextBelow(random, whole);
  return { start: entry.start, length, entry, entryLength, isReplay: false, entryAt: 0 };
}

/** The next action: that of the kept trace or a variation of it, and a new one behind its end. */
function drawNext(campaign: Campaign, random: RandomState, draft: Draft, slot: ActionSlot): void {
  const { drawer, machine } = campaign;
  const { entry } = draft;
  if (entry !== null && draft.entryAt < draft.entryLength) {
    const choice = draft.isReplay ? VARIATION : nextBelow(random, VARIATION);
    if (choice === 0) draft.entryAt += 1;
    if (choice !== 1 && draft.entryAt < entry.length) {
      unpackSlot(entry.cells, draft.entryAt, slot);
      draft.entryAt += 1;
      if (choice === 2) drawOperands(drawer, random, machine, slot.kindIndex, slot);
      return;
    }
  }
  drawAction(drawer, random, machine, slot);
}

/** A trace breaks something: finds out what comes first, shrinks it and remembers the shortest. */
function record(campaign: Campaign, start: Start, length: number): void {
  const { runner, statistics, settled, failures, found, options } = campaign;
  const trace = { start, actions: unpackActions(campaign.journal.cells, length) };
  // A complete look at every step may see an earlier one break another property: that one is the
  // cause, and where enough is known of it already, it explains this one.
  const { violation } = runTrace(runner, trace, { ignored: settled });
  if (violation === null) return;
  const { property } = violation;
  const shrunk = shrinkTrace(runner, trace, property);
  const count = (found.get(property) ?? 0) + 1;
  found.set(property, count);
  if (count >= (options.findings ?? 1)) settled.add(property);
  const before = failures.get(property);
  if (before !== undefined && shrunk.trace.actions.length >= before.trace.actions.length) return;
  const failure = {
    violation: shrunk.violation,
    trace: shrunk.trace,
    foundLength: length,
    batch: statistics.traces - 1,
    evaluations: shrunk.evaluations,
  };
  failures.set(property, failure);
  options.onFailure?.(failure);
}

function createResult(campaign: Campaign, elapsedMs: number): FuzzResult {
  const { options, statistics, failures, runner } = campaign;
  const { steps, traces } = statistics;
  const evaluations = countEvaluations([campaign.complete, campaign.usual]);
  const coverage = summarise(statistics, evaluations);
  return {
    seed: options.seed,
    steps,
    traces,
    elapsedMs,
    stepsPerSecond: elapsedMs === 0 ? 0 : Math.round((steps / elapsedMs) * 1000),
    failures: [...failures.values()],
    coverage,
    statistics,
    crashes: campaign.crashes,
    replayed: campaign.replayed,
    corpus: listCorpus(campaign),
    neverDone: listNeverDone(listUnreached(runner.plan, coverage.outcomes)),
    neverJudged: listUnjudged(runner.properties, coverage),
    interrupted: options.signal?.aborted === true,
  };
}

/** Possible actions that were never done. */
export function listNeverDone(unreached: readonly Unreached[]): ActionKind[] {
  return unreached.flatMap(({ action, outcome, reason }) =>
    outcome === 'DONE' && reason === null ? [action] : [],
  );
}
