/**
 * Regulation: how long work takes on a core whose accesses to memory are regulated.
 *
 * In each period T the core may issue q accesses; with the last of them it stalls until the next
 * period, whatever it would do. Yun et al., MemGuard, RTAS 2013. An access takes between the
 * shortest and the longest time only while the accesses that all regulated cores may issue fit
 * into the period.
 */

import type { Regulation } from '../../model/configuration.ts';
import { computeTicksCeil, computeTicksFloor } from '../../model/units.ts';
import { checkExact, divideFloor } from './arithmetic.ts';
import type { TaskTicks } from './tasks.ts';

/** Regulation of one core in ticks. */
export interface RegulationTicks {
  /** q: accesses in each period, at least 1. */
  readonly accesses: number;
  /** T. */
  readonly period: number;
  /** Shortest and longest time of an access. */
  readonly accessMin: number;
  readonly accessMax: number;
}

/** Regulation in ticks, rounded so that work takes longer. */
export function toRegulationTicks(regulation: Regulation, timerHz: number): RegulationTicks {
  return {
    accesses: regulation.accesses,
    period: computeTicksCeil(regulation.periodNs, timerHz),
    accessMin: computeTicksFloor(regulation.accessMinNs, timerHz),
    accessMax: computeTicksCeil(regulation.accessMaxNs, timerHz),
  };
}

/**
 * Longest that `work` ticks and `accesses` accesses take in any order on a core that nobody else
 * has: e + m * L + the stalls, of which there are k = 1 + floor(m / q), or m / q where there is no
 * work and q divides m. The first may begin after accesses of an earlier job, as short as they can
 * be; the others come after q own ones.
 */
export function computeRegulatedTime(
  work: number,
  accesses: number,
  { accesses: allowed, period, accessMin, accessMax }: RegulationTicks,
): number {
  const whole = divideFloor(accesses, allowed);
  const stalls = work === 0 && accesses % allowed === 0 ? whole : whole + 1;
  const busy = checkExact(work + checkExact(accesses * accessMax));
  if (stalls === 0) return busy;
  const first = Math.max(0, period - allowed * accessMin);
  const later = Math.max(0, period - allowed * accessMax);
  return checkExact(busy + first + checkExact((stalls - 1) * later));
}

/**
 * The same without stalls: where others use the core in between, each period of the regulation may
 * have one stall, which is nobody's own doing; `toStallTask` has them.
 */
export function computeAccessTime(
  work: number,
  accesses: number,
  { accessMax }: RegulationTicks,
): number {
  return checkExact(work + checkExact(accesses * accessMax));
}

/** Stalls of a core that several partitions use, as something urgent that comes in each period. */
export function toStallTask({ accesses, period, accessMin }: RegulationTicks): TaskTicks {
  const wcet = Math.max(0, period - accesses * accessMin);
  return { wcet, period, jitter: period, blocking: 0 };
}
