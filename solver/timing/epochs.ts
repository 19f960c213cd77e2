/**
 * Epochs: delays of a reservation that burns its idle budget below others that do, phases known,
 * on a core on which EL2 takes time.
 *
 * The schedule is no function of time there: a section moves an edge of it, and what is replenished
 * meanwhile moves the edge further. But each epoch of the reservation, from one replenishment to
 * the next, has a latest instant by which it has been given n ticks, and an earliest by which it
 * can have used m. With `count(s, t)` the replenishments of a more urgent one in [s, t):
 *
 * - Late: let the more urgent ones be busy from s on, without a gap up to the replenishment or
 *   beyond it. Until the n-th tick nothing else runs but one section that had begun before, so it
 *   is over at the least t with  s + Z + n + sum of (count(s, t) * Q + o) <= t.
 * - Early: at the end of its m-th tick, or of the section that this ends with, nothing more urgent
 *   had budget when that section began. So all that came before has been burned, but for debt:
 *   t >= s + m + sum of (count(s, t - Z + 1) * Q - o), for every s up to the replenishment.
 *
 * Who gets ready when m ticks have been used, does so at the early instant of m or later, and gets
 * what it asks for by the late instant, of this epoch or the next.
 */

import { checkExact } from './arithmetic.ts';
import { computeHyperperiod, type PhasedParty, STARTS_MAX } from './phases.ts';
import { computeResponse } from './response.ts';

/** A reservation that burns, and what is more urgent, which burns too: ticks. */
export interface BurnedScene {
  readonly own: {
    readonly budget: number;
    /** Of each budget, what is certain whatever was overrun before. */
    readonly secure: number;
    readonly period: number;
    readonly phase: number;
  };
  /** More urgent, each of which gets all its budget in every period. */
  readonly parties: readonly PhasedParty[];
  readonly activation: number;
  /** Z: longest section that may have begun before, whoever's. */
  readonly section: number;
}

/** A function of whole numbers that never falls: `values[i]` from `starts[i]` on. */
interface Stairs {
  readonly starts: readonly number[];
  readonly values: readonly number[];
}

/** One period of the reservation. */
interface Epoch {
  /** Its replenishment. */
  readonly at: number;
  /** Latest instant of the n-th tick, less n. */
  readonly late: Stairs;
  /** Earliest instant of the m-th tick, less m. */
  readonly early: Stairs;
}

/** All epochs that can differ. */
export interface Epochs {
  readonly scene: BurnedScene;
  readonly list: readonly Epoch[];
}

/** Replenishments that are looked at, at most, of all epochs together. */
const STEPS_MAX = 400_000;

/**
 * The epochs of a reservation until they repeat; null where they are too many, or one may not give
 * all of its budget.
 */
export function listEpochs(scene: BurnedScene): Epochs | null {
  const { own, parties, section } = scene;
  const busy = computeResponse(
    1,
    section,
    parties.map((party) => ({ ...party, jitter: 0 })),
  );
  const hyper = computeHyperperiod([own.period, ...parties.map(({ period }) => period)]);
  if (busy.kind === 'none' || hyper === null) return null;
  const settled = Math.max(own.phase, ...parties.map(({ phase }) => phase)) + busy.ticks;
  const last = checkExact(settled + hyper + own.period);
  if ((last - own.phase) / own.period > STARTS_MAX) return null;
  const list: Epoch[] = [];
  let steps = 0;
  for (let at = own.phase; at <= last; at += own.period) {
    const arrivals = listArrivals(parties, Math.max(0, at - busy.ticks), at + 2 * own.period);
    const begins = arrivals.filter((arrival) => arrival.at < at).map((arrival) => arrival.at);
    const all = [...new Set([...begins, at])];
    steps += all.length * arrivals.length;
    if (steps > STEPS_MAX) return null;
    const late = join(
      all.flatMap((begin) => climbLate(scene, arrivals, begin, at)),
      at + section,
    );
    const early = join(
      all.flatMap((begin) => climbEarly(scene, arrivals, begin)),
      at,
    );
    if (read(late, own.budget) + own.budget > at + own.period) return null;
    list.push({ at, late, early });
  }
  return { scene, list };
}

/** A replenishment of a more urgent one. */
interface Arrival {
  readonly at: number;
  readonly party: number;
}

/** Replenishments in [from, until), in order. */
function listArrivals(
  parties: readonly PhasedParty[],
  from: number,
  until: number,
): readonly Arrival[] {
  const arrivals: Arrival[] = [];
  parties.forEach(({ phase, period }, party) => {
    const first = phase + Math.max(0, Math.ceil((from - phase) / period)) * period;
    for (let at = first; at < until; at += period) arrivals.push({ at, party });
  });
  return arrivals.sort((a, b) => a.at - b.at || a.party - b.party);
}

/** From `start` on a function is `value` at least. */
interface Step {
  readonly start: number;
  readonly value: number;
}

/** The least function that is no less than any step, and no less than `least`. */
function join(steps: readonly Step[], least: number): Stairs {
  const starts = [0];
  const values = [least];
  for (const { start, value } of [...steps].sort((a, b) => a.start - b.start)) {
    const last = values.length - 1;
    if (value <= (values[last] ?? 0)) continue;
    if (start <= (starts[last] ?? 0)) values[last] = value;
    else {
      starts.push(start);
      values.push(value);
    }
  }
  return { starts, values };
}

/** Value of stairs at a number, at least 0. */
function read({ starts, values }: Stairs, at: number): number {
  let [low, high] = [0, starts.length - 1];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if ((starts[middle] ?? 0) <= at) low = middle;
    else high = middle - 1;
  }
  return values[low] ?? 0;
}

/** Steps of the late instants where the more urgent ones are busy from `begin` on. */
function climbLate(
  { own, parties, section }: BurnedScene,
  arrivals: readonly Arrival[],
  begin: number,
  at: number,
): Step[] {
  const steps: Step[] = [];
  const isMet = parties.map(() => false);
  let [start, value] = [0, checkExact(begin + section)];
  for (const arrival of arrivals) {
    if (arrival.at < begin) continue;
    if (arrival.at > begin) start = Math.max(start, arrival.at - value + 1);
    if (start > own.budget) break;
    // What is not busy up to the replenishment is no such begin.
    if (start > 0 && value < at) return [];
    const party = parties[arrival.party];
    if (party === undefined) continue;
    const debt = isMet[arrival.party] === true ? 0 : party.overrun;
    isMet[arrival.party] = true;
    value = checkExact(value + party.budget + debt);
    steps.push({ start, value });
  }
  return value < at ? [] : steps;
}

/** Steps of the early instants by what has come since `begin`. */
function climbEarly(
  { own, parties, section }: BurnedScene,
  arrivals: readonly Arrival[],
  begin: number,
): Step[] {
  const held = Math.max(1, section);
  const steps: Step[] = [];
  const isMet = parties.map(() => false);
  let [start, value] = [0, begin];
  for (const arrival of arrivals) {
    if (arrival.at < begin) continue;
    start = Math.max(start, arrival.at + held - value);
    if (start > own.budget) break;
    const party = parties[arrival.party];
    if (party === undefined) continue;
    const debt = isMet[arrival.party] === true ? 0 : party.overrun;
    isMet[arrival.party] = true;
    value = checkExact(value + Math.max(0, party.budget - debt));
    steps.push({ start, value });
  }
  return steps;
}

/**
 * Longest from an instant at which it has budget for an activation and `demand` ticks until it has
 * got them.
 */
export function computeEpochContract({ scene, list }: Epochs, demand: number): number {
  const { own, activation } = scene;
  const need = activation + demand;
  let worst = 0;
  for (const { late, early } of list) {
    // Between two steps of the late instants the early ones can only come closer.
    for (const start of late.starts) {
      const used = Math.max(0, start - need);
      if (used + need > own.budget) break;
      worst = Math.max(worst, read(late, used + need) + need - read(early, used));
    }
  }
  return worst;
}

/** Longest from any instant until it has got `demand` ticks, at most what one budget gives. */
export function computeEpochDelay(epochs: Epochs, demand: number): number {
  const { scene, list } = epochs;
  const { own, activation } = scene;
  const need = activation + demand;
  const most = own.secure - activation;
  let worst = computeEpochContract(epochs, demand);
  list.forEach(({ late }, index) => {
    const before = list[index - 1];
    if (before === undefined) {
      worst = Math.max(worst, read(late, need) + need);
      return;
    }
    const { starts } = before.early;
    starts.forEach((_, step) => {
      // What has been used at most while the early instants are on this step.
      const used = Math.min(most, (starts[step + 1] ?? Number.POSITIVE_INFINITY) - 1);
      const given = most - used;
      if (given >= demand) return;
      const rest = need - given;
      worst = Math.max(worst, read(late, rest) + rest - read(before.early, used) - used);
    });
  });
  return worst;
}
