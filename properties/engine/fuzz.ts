/**
 * Fuzz: a campaign of random traces for a configuration. Every property watches every step, a
 * failure shrinks, and what shows something new is kept and varied.
 *
 * A seed reproduces a run exactly as long as it is limited by steps; a limit in time cuts the same
 * sequence short wherever the clock says.
 */

import type { ActionKind } from '../../model/actions.ts';
import { ACTION_KINDS } from '../../model/actions.ts';
import type { StaticConfiguration } from '../../model/configuration.ts';
import type { Machine } from '../../model/machine.ts';
import { createMachine } from '../../model/machine.ts';
import type { Plan } from '../../model/plan.ts';
import { beginTrace, createDrawer, drawAction, drawOperands } from '../generators/draw.ts';
import type { Drawer } from '../generators/draw.ts';
import type { Guide } from '../generators/guide.ts';
import { asAction, copySlot, createSlot, getKindIndex, readSlot } from '../generators/slots.ts';
import type { ActionSlot } from '../generators/slots.ts';
import type { Start, Trace } from '../generators/traces.ts';
import type { Look, Violation } from '../property.ts';
import { copyMachine } from './copy-machine.ts';
import { createCorpus, keep } from './corpus.ts';
import type { Corpus, Entry } from './corpus.ts';
import { computeAbstractState, computeFeature, getOutcomeIndex } from './features.ts';
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
import type { Coverage, Statistics } from './statistics.ts';
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
  /** Stop as soon as one of these properties is broken. */
  readonly wanted?: ReadonlySet<string>;
  /** Every property looks at everything after every step: for few properties and steps. */
  readonly thorough?: boolean;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: FuzzProgress) => void;
}

/** How far a run is. */
export interface FuzzProgress {
  readonly steps: number;
  readonly traces: number;
  readonly failures: number;
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
  readonly slots: readonly ActionSlot[];
  readonly corpus: Corpus;
  readonly statistics: Statistics;
  readonly failures: Map<string, FuzzFailure>;
  readonly known: Set<string>;
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
  entryAt: number;
}

/** Fuzzes the executable spec under a configuration. */
export async function fuzzConfiguration(
  configuration: StaticConfiguration,
  options: FuzzOptions,
): Promise<FuzzResult> {
  const campaign = createCampaign(configuration, options);
  const begin = performance.now();
  const over = (): boolean => isOver(campaign, performance.now() - begin);
  while (!over()) {
    const turn = performance.now() + TURN_MS;
    while (!over() && performance.now() < turn) runOne(campaign);
    const { steps, traces } = campaign.statistics;
    options.onProgress?.({ steps, traces, failures: campaign.failures.size });
    // Lets signals and timers in between two turns.
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  }
  return createResult(campaign, performance.now() - begin);
}

function createCampaign(configuration: StaticConfiguration, options: FuzzOptions): Campaign {
  const whole = createRunner(configuration, options);
  const properties = whole.properties.filter((one) => one.appliesTo?.(whole.plan) ?? true);
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
    slots: Array.from({ length: TRACE_LENGTH_MAX }, createSlot),
    corpus: createCorpus(),
    statistics: createStatistics(),
    failures: new Map(),
    known: new Set(),
    news: [],
  };
}

function isOver({ options, statistics, failures }: Campaign, elapsedMs: number): boolean {
  const { signal, timeMs, wanted } = options;
  if (signal?.aborted === true) return true;
  if (timeMs !== undefined && elapsedMs >= timeMs) return true;
  if (wanted !== undefined && [...failures.keys()].some((id) => wanted.has(id))) return true;
  const steps = options.steps ?? (timeMs === undefined ? 0 : Infinity);
  return statistics.steps >= steps;
}

/** Draws, runs and judges one trace. */
function runOne(campaign: Campaign): void {
  const { runner, drawer, machine, statistics, slots, look, news, known } = campaign;
  const { plan } = runner;
  const index = statistics.traces;
  const random = createRandom(campaign.options.seed + index * 2 ** 31);
  beginTrace(drawer, random);
  const draft = createDraft(campaign, random);
  copyMachine(draft.start === 'reset' ? campaign.reset : campaign.booted, machine);
  const watcher = index % SAMPLED === 0 ? campaign.complete : campaign.usual;
  const thorough = campaign.options.thorough === true;
  look.complete = thorough;
  beginRun(watcher);
  news.length = 0;
  statistics.traces += 1;
  const interest = { ignored: known };
  let newest = 0;
  for (let at = 0; at < draft.length; at += 1) {
    const slot = slots[at];
    if (slot === undefined) break;
    drawNext(campaign, random, draft, slot);
    const action = asAction(slot);
    const kind = getKindIndex(slot.kind);
    look.complete = thorough || at === draft.length - 1;
    watchBefore(watcher, kind, action);
    const outcome = takeStep(runner, machine, action);
    statistics.steps += 1;
    if (typeof outcome !== 'string') {
      if (isCounted(interest, outcome)) record(campaign, draft.start, at + 1);
      break;
    }
    const result = getOutcomeIndex(outcome);
    const isNew = countOutcome(statistics, kind, result);
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
  if (newest > 0) keep(campaign.corpus, draft.start, slots, newest, news);
}

/** One trace in so many is watched by every property. */
const SAMPLED = 16;

/** Half of the traces vary one that was kept; the others are new. */
function createDraft({ corpus, options }: Campaign, random: RandomState): Draft {
  const { entries } = corpus;
  const span = TRACE_LENGTH_MAX - TRACE_LENGTH_MIN;
  const length = TRACE_LENGTH_MIN + nextBelow(random, span + 1);
  const isFresh = entries.length === 0 || nextBelow(random, FRESH_INTERVAL) === 0;
  const entry = isFresh ? null : (entries[nextBelow(random, entries.length)] ?? null);
  const resets = options.guide?.isBooting === true ? 7 : 1;
  const start = nextBelow(random, 8) < resets ? 'reset' : 'booted';
  if (entry === null) return { start, length, entry, entryLength: 0, entryAt: 0 };
  // All of it, or some of its beginning.
  const whole = entry.slots.length;
  const entryLength = nextBelow(random, 2) === 0 ? whole : 1 + nextBelow(random, whole);
  return { start: entry.start, length, entry, entryLength, entryAt: 0 };
}

/** The next action: that of the kept trace or a variation of it, and a new one behind its end. */
function drawNext(campaign: Campaign, random: RandomState, draft: Draft, slot: ActionSlot): void {
  const { drawer, machine } = campaign;
  const { entry } = draft;
  if (entry !== null && draft.entryAt < draft.entryLength) {
    const choice = nextBelow(random, VARIATION);
    if (choice === 0) draft.entryAt += 1;
    const kept = entry.slots[draft.entryAt];
    if (choice !== 1 && kept !== undefined) {
      draft.entryAt += 1;
      if (choice === 2) drawOperands(drawer, random, machine, kept.kind, slot);
      else copySlot(kept, slot);
      return;
    }
  }
  drawAction(drawer, random, machine, slot);
}

/** A trace breaks something: finds out what comes first, shrinks it and remembers it. */
function record(campaign: Campaign, start: Start, length: number): void {
  const { runner, statistics, known, failures } = campaign;
  const trace = { start, actions: campaign.slots.slice(0, length).map(readSlot) };
  // A complete look at every step may see an earlier one break another property: that one is the
  // cause, and where it is known already, it explains this one.
  const { violation } = runTrace(runner, trace, { ignored: known });
  if (violation === null) return;
  const shrunk = shrinkTrace(runner, trace, violation.property);
  known.add(violation.property);
  failures.set(violation.property, {
    violation: shrunk.violation,
    trace: shrunk.trace,
    foundLength: length,
    batch: statistics.traces - 1,
    evaluations: shrunk.evaluations,
  });
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
    neverDone: listNeverDone(runner, coverage),
    neverJudged: listUnjudged(runner.properties, coverage),
    interrupted: options.signal?.aborted === true,
  };
}

/** Actions that the plan makes impossible: they are always refused. */
function isPossible(plan: Plan, kind: ActionKind): boolean {
  const streams = plan.streams.length > 0;
  switch (kind) {
    case 'smc':
    case 'unknown-call':
      return false;
    case 'bus-read':
    case 'bus-write':
      return plan.cores.some(({ el2, used }) => used && !el2);
    case 'bare-dma-issue':
      return plan.bareMasters.length > 0;
    case 'notify':
      return plan.partitions.some(({ doorbells }) => doorbells.length > 0);
    case 'msi':
      return plan.events.length > 0;
    case 'dma-issue':
    case 'dma-complete':
    case 'iotlb-fill':
      return streams;
    default:
      return true;
  }
}

/** Possible actions that were never done. */
function listNeverDone(runner: Runner, coverage: Coverage): ActionKind[] {
  return ACTION_KINDS.filter((kind) => {
    const done = coverage.outcomes[kind]?.['DONE'] ?? 0;
    return isPossible(runner.plan, kind) && done === 0;
  });
}
