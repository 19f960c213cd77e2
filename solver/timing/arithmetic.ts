/**
 * Exact arithmetic on ticks: no value is rounded, no value is silently too large.
 *
 * Ticks are safe integers. Whatever leaves that range throws `TickOverflowError`, and `bounds.ts`
 * turns it into a reported reason, so that a bound is exact or absent.
 */

/** A number of ticks left the range of safe integers, |n| < 2^53. */
export class TickOverflowError extends Error {
  constructor() {
    super('a number of ticks exceeds 2^53 - 1');
  }
}

/** The value itself where it is a safe integer. Throws `TickOverflowError` otherwise. */
export function checkExact(value: number): number {
  if (!Number.isSafeInteger(value)) throw new TickOverflowError();
  return value;
}

/**
 * floor(dividend / divisor) for dividend >= 0, divisor >= 1; exact where a double's quotient is
 * not.
 */
export function divideFloor(dividend: number, divisor: number): number {
  return (dividend - (dividend % divisor)) / divisor;
}

/** ceil(dividend / divisor) for dividend >= 0, divisor >= 1. */
export function divideCeil(dividend: number, divisor: number): number {
  return divideFloor(dividend, divisor) + (dividend % divisor === 0 ? 0 : 1);
}

/** Greatest common divisor of two positive integers. */
export function computeGcd(a: number, b: number): number {
  let [larger, smaller] = [a, b];
  while (smaller !== 0) [larger, smaller] = [smaller, larger % smaller];
  return larger;
}

/** A share of a processor: `budget` ticks in every `period` ticks. */
export interface Share {
  readonly budget: number;
  readonly period: number;
}

/** Sign of (sum of budget / period) - 1: -1 below full load, 0 exactly full, 1 above. Exact. */
export function compareUtilisation(shares: readonly Share[]): -1 | 0 | 1 {
  let numerator = 0n;
  let denominator = 1n;
  for (const share of shares) {
    numerator = numerator * BigInt(share.period) + BigInt(share.budget) * denominator;
    denominator *= BigInt(share.period);
  }
  if (numerator === denominator) return 0;
  return numerator < denominator ? -1 : 1;
}

/** Sum of budget / period in parts per million, rounded up: for people, never for a decision. */
export function computeUtilisationPpm(shares: readonly Share[]): number {
  let total = 0n;
  for (const share of shares) {
    total += (BigInt(share.budget) * 1_000_000n + BigInt(share.period) - 1n) / BigInt(share.period);
  }
  return Number(total);
}
