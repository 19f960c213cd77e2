/**
 * Reach: whether the machine comes to a refuted case from reset.
 *
 * The fuzzer draws actions near that of the case and looks for a violation of the properties that
 * see at run time what the obligation claims. What it finds is an ordinary counterexample; where it
 * finds none, the case may start in a state that no trace comes to.
 */

import type { StaticConfiguration } from '../../model/configuration.ts';
import { PROPERTIES } from '../../properties/catalogue.ts';
import { fuzzConfiguration } from '../../properties/engine/fuzz.ts';
import type { FuzzFailure } from '../../properties/engine/fuzz.ts';
import { getReporter } from '../../properties/engine/run.ts';
import type { StepFunction } from '../../properties/engine/run.ts';
import type { Guide } from '../../properties/generators/guide.ts';
import type { TimeBound } from '../../properties/property.ts';
import { getClaim } from '../obligation.ts';
import type { ObligationResult } from '../obligation.ts';
import type { CaseSearch, RefutedCase } from './case-search.ts';
import { TRANSLATION } from './contracts.ts';
import type { MicroStepKind } from './micro-steps.ts';

/** Steps of a search where nothing else is said: seconds, of a costly property over ten. */
export const REACH_STEPS = 100_000;
/** Cases that are searched for where nothing else is said. */
export const REACH_CASES_MAX = 5;
/** A verdict is the same every time. */
const REACH_SEED = 1;

/** How to search. */
export interface ReachOptions {
  /** Proved delays that traces are judged by. */
  readonly delayBounds?: readonly TimeBound[];
  /** The transition function: the spec's own, or one with a seeded bug. */
  readonly step?: StepFunction;
  /** Integer in [0, 2^31); default 1. */
  readonly seed?: number;
  /** Steps for each case; default `REACH_STEPS`. */
  readonly steps?: number;
  readonly signal?: AbortSignal;
  /** Called now and then with the id of the obligation and the steps so far. */
  readonly onProgress?: (id: string, steps: number) => void;
}

/** How to search for the cases of several obligations. */
export interface ReachAllOptions extends ReachOptions {
  /** Cases that are searched for, those with the smallest obligations; the others are left out. */
  readonly casesMax?: number;
  /** Keeps a trace that was found; returns the file, or null where it cannot be written. */
  readonly record: (result: ObligationResult, failure: FuzzFailure, seed: number) => string | null;
}

/** What a search gives: what is to be said of it, and where it found something the trace. */
export interface Reach {
  readonly search: CaseSearch;
  readonly failure: FuzzFailure | null;
}

/**
 * Searches for the cases of the refuted obligations about the spec; the results with what became of
 * it, in their order. Others are left as they are, and so is what no run can show.
 */
export async function reachAll(
  configuration: StaticConfiguration,
  results: readonly ObligationResult[],
  options: ReachAllOptions,
): Promise<ObligationResult[]> {
  const refuted = results.filter(
    ({ id, status, case: found }) =>
      status === 'refuted' && (found ?? null) !== null && !OF_NO_RUN.includes(getClaim(id)),
  );
  const bySize = refuted.toSorted((a, b) => a.size - b.size);
  const chosen = bySize.slice(0, options.casesMax ?? REACH_CASES_MAX);
  const leftOut = { searched: chosen.length, refuted: refuted.length };
  const searches = new Map<ObligationResult, CaseSearch>();
  for (const result of chosen) {
    const { search, failure } = await reachCase(configuration, result, options);
    const file =
      failure === null || search.kind !== 'reached'
        ? null
        : options.record(result, failure, search.seed);
    searches.set(result, search.kind === 'reached' ? { ...search, file } : search);
  }
  return results.map((result) => {
    if (!refuted.includes(result)) return result;
    return { ...result, search: searches.get(result) ?? { kind: 'left-out', ...leftOut } };
  });
}

/**
 * Searches for one case. Deterministic, unless it is interrupted. An obligation without a case is
 * searched for without a guide.
 */
export async function reachCase(
  configuration: StaticConfiguration,
  result: Pick<ObligationResult, 'id' | 'case'>,
  options: ReachOptions = {},
): Promise<Reach> {
  const { id, case: refuted = null } = result;
  const wanted = new Set(listWanted(id, refuted));
  const reporters = new Set([...wanted].map(getReporter));
  const guide = refuted === null ? null : createGuide(refuted);
  const { seed = REACH_SEED, steps: limit = REACH_STEPS, onProgress } = options;
  const { failures, steps, interrupted } = await fuzzConfiguration(configuration, {
    seed,
    steps: limit,
    wanted,
    properties: PROPERTIES.filter((one) => reporters.has(one.id)),
    thorough: true,
    ...(guide === null ? {} : { guide }),
    ...(options.delayBounds === undefined ? {} : { delayBounds: options.delayBounds }),
    ...(options.step === undefined ? {} : { step: options.step }),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
    onProgress: (progress) => onProgress?.(id, progress.steps),
  });
  const searched = { seed, steps, properties: [...wanted] };
  const failure = failures.find(({ violation }) => wanted.has(violation.property));
  if (failure === undefined) {
    const kind = interrupted ? 'interrupted' : 'not-reached';
    return { search: { kind, ...searched }, failure: null };
  }
  const { violation, trace } = failure;
  const length = { start: trace.start, actions: trace.actions.length };
  const { property } = violation;
  return { search: { kind: 'reached', ...searched, property, ...length, file: null }, failure };
}

// ------------------------------------------------------------------ properties

const VIEWS = ['noninterference.local-respect', 'noninterference.memory'] as const;
const TWO_RUNS = ['noninterference.two-runs', ...VIEWS] as const;

/** What sees that somebody takes more time than others count with. */
const SEES_TAKEN = ['time.window', 'time.budget'] as const;
/** What sees that somebody waits longer than it may. */
const SEES_WAITING = ['time.delay', 'time.grid', 'time.supply'] as const;
const SEES_WINDOWS = [...SEES_TAKEN, ...SEES_WAITING] as const;

/** Per claim the properties that see at run time what it claims. */
const SEEN_BY: Readonly<Record<string, readonly string[]>> = {
  'memory.confined': [
    'memory.confined',
    'memory.rights',
    'memory.exclusive',
    'hypervisor.unreachable',
  ],
  'dma.confined': ['dma.confined', 'dma.exclusive', 'dma.before-live', 'hypervisor.unreachable'],
  'irq.confined': ['irq.taken'],
  'memory.cached-granted': ['memory.cached', 'memory.confined', 'memory.rights'],
  'dma.in-flight-granted': ['dma.in-flight', 'dma.confined'],
  'irq.listed-owned': ['irq.delivered'],
  'noninterference.refusal': ['noninterference.refusal'],
  'noninterference.local-respect': VIEWS,
  'noninterference.weak-step-consistency': TWO_RUNS,
  'noninterference.output-consistency': TWO_RUNS,
  'time.confined': ['time.charge', ...SEES_WINDOWS],
  'time.in-slot': ['time.table', 'time.delay'],
  'time.slot-promise': ['time.table', 'time.delay'],
  'time.throttled': ['time.grid', 'time.supply', 'time.delay'],
  'time.window-opened': SEES_WINDOWS,
  'time.taken-at-most': SEES_TAKEN,
  'time.served': SEES_WAITING,
};

/**
 * Windows are noted beside the machine: no property of runs has their invariants, so those are
 * wanted that see what follows from them.
 */
const SEEN_IN_WINDOWS: Readonly<Record<string, readonly string[]>> = {
  'time.share': SEES_TAKEN,
  'time.blocked': SEES_WAITING,
  'time.busy': SEES_WAITING,
  'time.clear': ['time.polled', ...SEES_TAKEN, ...SEES_WAITING],
};

/** Claims that two computations agree: no run shows that they do not. */
const OF_NO_RUN: readonly string[] = ['time.agreement'];

/** Actions of devices that the SMMU translates for. */
const BY_STREAM: readonly MicroStepKind[] = ['dma-issue', 'msi'];

/** What sees that a TLB gives another translation than the table. */
const SEES_TLB = ['memory.cached', 'memory.rights', 'memory.confined'] as const;
/** The same of the IOTLB. */
const SEES_IOTLB = ['dma.cached', 'dma.confined'] as const;

/**
 * The properties that see the fault: those of the claim; for what is preserved the invariant of the
 * conjunct, or where that is a field the shape; for what is kept of windows what follows from it.
 */
export function listWanted(id: string, refuted: RefutedCase | null): readonly string[] {
  if (refuted?.conjunct === TRANSLATION) {
    return BY_STREAM.includes(refuted.action?.kind ?? 'dispatch') ? SEES_IOTLB : SEES_TLB;
  }
  const ofClaim = SEEN_BY[getClaim(id)];
  if (ofClaim !== undefined) return ofClaim;
  const invariant = getClaim(refuted?.conjunct ?? '');
  if (getClaim(id) === 'time.in-window') return SEEN_IN_WINDOWS[invariant] ?? SEES_WINDOWS;
  return PROPERTIES.some((property) => property.id === invariant) ? [invariant] : ['seal.shape'];
}

// ------------------------------------------------------------------ guide

/**
 * Largest operand that is drawn: a trace has hundreds of actions, and numbers up to this stay exact
 * when so many are added. Nor are negative ones drawn: a file has addresses as hexadecimal strings.
 */
const OPERAND_MAX = 2 ** 44;

/** What traces shall come to; null where the case has no step. */
function createGuide({ action, current, partition }: RefutedCase): Guide | null {
  if (action === null) return null;
  // No action is a dispatch: a core chooses anew where time passes, above all.
  const { kind, ...fields } = action;
  const operands = Object.entries(fields).filter(
    ([, value]) => typeof value !== 'number' || (value >= 0 && value <= OPERAND_MAX),
  );
  return {
    kind: kind === 'dispatch' ? 'time-passes' : kind,
    operands: Object.fromEntries(operands),
    partition,
    isBooting: current === 'boot',
  };
}
