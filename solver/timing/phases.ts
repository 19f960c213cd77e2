/**
 * Phases: response times where the replenishment of each more urgent reservation is known, as EL2
 * sets them all.
 *
 * In a window of w ticks that begins x ticks before its next replenishment, a reservation takes at
 * most min(Q, x) + ceil((w - x) / P) * Q + o. Where some x is below its Q, a window that begins one
 * tick earlier and ends with the same is no shorter; where each is above, so is one that begins one
 * tick later. So only windows that begin Q ticks before a replenishment can be the longest, and
 * those that begin when the own reservation has been throttled and is replenished.
 */

import { checkExact, compareUtilisation, divideCeil } from './arithmetic.ts';
import { type FixedPoint, findFixedPoint } from './response.ts';

/** A more urgent reservation with its phase, ticks. */
export interface PhasedParty {
  readonly budget: number;
  readonly period: number;
  readonly phase: number;
  readonly overrun: number;
}

/** Windows that are looked at, at most; where there are more, jitter must do. */
export const STARTS_MAX = 8192;

/** Least common multiple of periods, or null where it exceeds 2^53. */
export function computeHyperperiod(periods: readonly number[]): number | null {
  let hyper = 1n;
  for (const period of periods) {
    let [a, b] = [hyper, BigInt(period)];
    while (b !== 0n) [a, b] = [b, a % b];
    hyper = (hyper / a) * BigInt(period);
    if (hyper > BigInt(Number.MAX_SAFE_INTEGER)) return null;
  }
  return Number(hyper);
}

/** value modulo `modulus`, in [0, modulus). */
function reduce(value: number, modulus: number): number {
  return ((value % modulus) + modulus) % modulus;
}

/** From `start` to the next replenishment of a party, [0, P). */
export function computeNext({ phase, period }: PhasedParty, start: number): number {
  return reduce(phase - start, period);
}

/**
 * Begins of windows that can be the longest, in [0, H): all of them (`free`), and those at which
 * the own reservation, (phase, period), is replenished. Null where there are more than
 * `STARTS_MAX`.
 */
export function listStarts(
  own: { readonly phase: number; readonly period: number },
  parties: readonly PhasedParty[],
): { readonly free: readonly number[]; readonly replenished: readonly number[] } | null {
  const free = listInstants(
    parties.map(({ budget, period, phase }) => ({ phase: phase - budget, period })),
    parties.map(({ period }) => period),
  );
  const replenished = listInstants([own], [own.period, ...parties.map(({ period }) => period)]);
  return free === null || replenished === null
    ? null
    : { free: parties.length === 0 ? [0] : free, replenished };
}

/** Instants phase + k * period of any of the series, modulo the hyperperiod of `periods`. */
function listInstants(
  series: readonly { readonly phase: number; readonly period: number }[],
  periods: readonly number[],
): number[] | null {
  const hyper = computeHyperperiod(periods);
  if (hyper === null) return null;
  const count = series.reduce((sum, { period }) => sum + hyper / period, 0);
  if (count > STARTS_MAX) return null;
  const instants = new Set<number>();
  for (const { phase, period } of series) {
    for (let at = reduce(phase, period); at < hyper; at += period) instants.add(at);
  }
  return [...instants].sort((a, b) => a - b);
}

/**
 * Replenishments of a party in a window after `next` ticks: least n with window - next <= n * P.
 */
export function countReplenishments(period: number, next: number, window: number): number {
  return divideCeil(Math.max(0, window - next), period);
}

/** Ticks that a party takes at most of a window whose begin is `next` before its replenishment. */
export function computePhasedDemand(party: PhasedParty, next: number, window: number): number {
  const first = Math.min(party.budget, next, window);
  const later = checkExact(countReplenishments(party.period, next, window) * party.budget);
  return checkExact(first + later + party.overrun);
}

/** W_s(need): as `computeResponse`, for the window that begins at `start`. */
export function computePhasedResponse(
  need: number,
  section: number,
  parties: readonly PhasedParty[],
  start: number,
): FixedPoint {
  const next = parties.map((party) => computeNext(party, start));
  return findFixedPoint(need + section, (window) => {
    let request = need + section;
    parties.forEach((party, index) => {
      request = checkExact(request + computePhasedDemand(party, next[index] ?? 0, window));
    });
    return request;
  });
}

/** The longest of some windows. */
export interface WorstWindow {
  readonly start: number;
  readonly window: number;
}

/** The longest window of those that begin at `starts`; null where one has no end. */
export function findWorstWindow(
  need: number,
  section: number,
  parties: readonly PhasedParty[],
  starts: readonly number[],
): WorstWindow | null {
  if (parties.length > 0 && compareUtilisation(parties) >= 0) return null;
  let worst: WorstWindow | null = null;
  for (const start of starts) {
    const point = computePhasedResponse(need, section, parties, start);
    if (point.kind === 'none') return null;
    if (worst === null || point.ticks > worst.window) worst = { start, window: point.ticks };
  }
  return worst;
}
