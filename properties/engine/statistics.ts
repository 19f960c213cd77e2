/**
 * Statistics: what a campaign has done and seen so far.
 */

import { ACTION_KINDS } from '../../model/actions.ts';
import { REFUSALS } from '../../model/outcome.ts';
import type { Outcome } from '../../model/outcome.ts';
import type { Property } from '../property.ts';
import { ABSTRACT_STATES, FEATURES } from './features.ts';
import type { Watcher } from './watcher.ts';

const OUTCOMES: readonly Outcome[] = ['DONE', ...REFUSALS];

/** Times that are told apart: more than these count as these. */
const SEEN_MAX = 255;

/** Cores on which an outcome is told from the same on another. */
const CORES_MAX = 16;

/** Number of outcomes of each kind of action on each core. */
export const OUTCOMES_ON_CORES = ACTION_KINDS.length * OUTCOMES.length * CORES_MAX;

/** Position of an outcome among those, by the positions of kind and outcome. */
export function locateOutcome(kind: number, outcome: number, core: number): number {
  return (kind * OUTCOMES.length + outcome) * CORES_MAX + (core % CORES_MAX);
}

/** Steps between two looks at the abstract state. */
export const STATE_INTERVAL = 64;

/** Memory in which another thread sees what a campaign has seen: features and abstract states. */
export interface Seen {
  readonly features: SharedArrayBuffer;
  readonly states: SharedArrayBuffer;
}

/** Memory in which nothing is seen yet. */
export function createSeen(): Seen {
  return {
    features: new SharedArrayBuffer(FEATURES),
    states: new SharedArrayBuffer(ABSTRACT_STATES),
  };
}

/** Counters of a running campaign. */
export interface Statistics {
  steps: number;
  traces: number;
  /** Per kind and outcome, kinds outermost, in the order of the catalogues. */
  readonly outcomes: Float64Array;
  /** The same for each core: whether it was seen there. */
  readonly cores: Uint8Array;
  /** Per feature, how often, at most 255. */
  readonly features: Uint8Array;
  featuresSeen: number;
  /** Per abstract state, how often at the looks, at most 255. */
  readonly states: Uint8Array;
  statesSeen: number;
  statesSeenOnce: number;
  stateLooks: number;
  /** Step at which the latest new feature was seen. */
  newestAt: number;
}

/** Counters at zero; another thread may look at what is seen. */
export function createStatistics(seen?: Seen): Statistics {
  return {
    steps: 0,
    traces: 0,
    outcomes: new Float64Array(ACTION_KINDS.length * OUTCOMES.length),
    cores: new Uint8Array(OUTCOMES_ON_CORES),
    features: seen === undefined ? new Uint8Array(FEATURES) : new Uint8Array(seen.features),
    featuresSeen: 0,
    states: seen === undefined ? new Uint8Array(ABSTRACT_STATES) : new Uint8Array(seen.states),
    statesSeen: 0,
    statesSeenOnce: 0,
    stateLooks: 0,
    newestAt: 0,
  };
}

/** Counts an action by the positions of its kind and outcome; whether that is new on its core. */
export function countOutcome(
  { outcomes, cores }: Statistics,
  kind: number,
  outcome: number,
  core: number,
): boolean {
  const at = kind * OUTCOMES.length + outcome;
  outcomes[at] = (outcomes[at] ?? 0) + 1;
  const on = locateOutcome(kind, outcome, core);
  if (cores[on] === 1) return false;
  cores[on] = 1;
  return true;
}

/** Counts a feature; whether it is new. */
export function countFeature(statistics: Statistics, feature: number): boolean {
  const { features } = statistics;
  const seen = features[feature] ?? 0;
  if (seen >= SEEN_MAX) return false;
  features[feature] = seen + 1;
  if (seen > 0) return false;
  statistics.featuresSeen += 1;
  statistics.newestAt = statistics.steps;
  return true;
}

/** Counts an abstract state. */
export function countState(statistics: Statistics, state: number): void {
  const { states } = statistics;
  const seen = states[state] ?? 0;
  statistics.stateLooks += 1;
  if (seen >= SEEN_MAX) return;
  states[state] = seen + 1;
  if (seen === 0) {
    statistics.statesSeen += 1;
    statistics.statesSeenOnce += 1;
  } else if (seen === 1) {
    statistics.statesSeenOnce -= 1;
  }
}

/** What is counted in a run, as plain data. */
export interface Coverage {
  /** Per action kind and outcome, how often. */
  readonly outcomes: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** Per property, how often it was evaluated on something that it speaks about. */
  readonly evaluations: Readonly<Record<string, number>>;
  /** Different features seen. */
  readonly features: number;
  /** Different abstract states seen at the looks at them. */
  readonly states: number;
  /**
   * Chance that the next look at the abstract state sees a new one: the share of states seen once
   * among the looks. Source: Good 1953; Böhme 2018, STADS.
   */
  readonly discovery: number;
  /** Steps since the latest new feature. */
  readonly stepsSinceNew: number;
}

/** Sums up a campaign. */
export function summarise(
  statistics: Statistics,
  evaluations: Readonly<Record<string, number>>,
): Coverage {
  const outcomes: Record<string, Record<string, number>> = {};
  for (const [kind, name] of ACTION_KINDS.entries()) {
    for (const [at, outcome] of OUTCOMES.entries()) {
      const count = statistics.outcomes[kind * OUTCOMES.length + at] ?? 0;
      if (count > 0) (outcomes[name] ??= {})[outcome] = count;
    }
  }
  return {
    outcomes,
    evaluations,
    features: statistics.featuresSeen,
    states: statistics.statesSeen,
    discovery: statistics.statesSeenOnce / Math.max(1, statistics.stateLooks),
    stepsSinceNew: statistics.steps - statistics.newestAt,
  };
}

/** How often each property has been evaluated on something that it speaks about. */
export function countEvaluations(watchers: readonly Watcher[]): Record<string, number> {
  const evaluations: Record<string, number> = {};
  for (const { properties, monitors } of watchers) {
    for (const [index, { id }] of properties.entries()) {
      evaluations[id] = (evaluations[id] ?? 0) + (monitors[index]?.countEvaluations() ?? 0);
    }
  }
  return evaluations;
}

/** The counters of several campaigns on one plan, as if they were one. */
export function mergeStatistics(parts: readonly Statistics[]): Statistics {
  const sum = createStatistics();
  for (const part of parts) {
    sum.steps += part.steps;
    sum.traces += part.traces;
    sum.stateLooks += part.stateLooks;
    for (const [at, count] of part.outcomes.entries()) {
      sum.outcomes[at] = (sum.outcomes[at] ?? 0) + count;
    }
    addSeen(sum.features, part.features);
    addSeen(sum.states, part.states);
  }
  const since = parts.map(({ steps, newestAt }) => steps - newestAt);
  sum.newestAt = sum.steps - since.reduce((least, one) => Math.min(least, one), Infinity);
  return recount(sum);
}

/** What several campaigns, which may still run, have seen together; all else is at zero. */
export function uniteSeen(parts: readonly Seen[]): Statistics {
  const sum = createStatistics();
  for (const { features, states } of parts) {
    addSeen(sum.features, new Uint8Array(features));
    addSeen(sum.states, new Uint8Array(states));
  }
  return recount(sum);
}

/** Counts anew what is seen. */
function recount(statistics: Statistics): Statistics {
  const { features, states } = statistics;
  let [featuresSeen, statesSeen, statesSeenOnce] = [0, 0, 0];
  for (const count of features) if (count > 0) featuresSeen += 1;
  for (const count of states) {
    if (count > 0) statesSeen += 1;
    if (count === 1) statesSeenOnce += 1;
  }
  return Object.assign(statistics, { featuresSeen, statesSeen, statesSeenOnce });
}

function addSeen(sum: Uint8Array, part: Uint8Array): void {
  for (let at = 0; at < part.length; at += 1) {
    const count = part[at] ?? 0;
    if (count > 0) sum[at] = Math.min(SEEN_MAX, (sum[at] ?? 0) + count);
  }
}

/** The properties that have something to judge, and among those the ones that never had. */
export function listUnjudged(
  properties: readonly Property[],
  { evaluations }: Coverage,
): readonly string[] {
  return properties.filter(({ id }) => (evaluations[id] ?? 0) === 0).map(({ id }) => id);
}
