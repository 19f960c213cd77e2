/**
 * Bounds of a core with what certifies them: the arithmetic that a checker repeats without any
 * search.
 *
 * All values are timer ticks, integers, at least 0 unless said otherwise.
 */

import type { CoreId } from '../../model/units.ts';

/**
 * What is bounded. `delay`: from any instant at which the virtual CPU is ready until it has run
 * for one tick. `full-budget`: until it has run for all that one budget gives its guest.
 * `in-contract`: as `delay`, from an instant at which it has budget for an activation and a tick.
 * `latency`: from the assertion of one of its lines to the first instruction of its handler.
 */
export type CoreBoundKind = 'delay' | 'full-budget' | 'in-contract' | 'latency';

/**
 * How a bound was found; the least of those that apply counts. `closed`: response time with jitter.
 * `phases`: response time from every phase that matters. `timeline`: all that matters burns its
 * idle budget, so supply is a function of time. `epochs`: the same where EL2 takes time: each
 * budget comes so late at most, and is used up so early. `slots`: the table itself. `whole`: nobody
 * else has the core. `deadlines`: earliest deadline first, periodic resource model.
 */
export type BoundMethod =
  'closed' | 'phases' | 'timeline' | 'epochs' | 'slots' | 'whole' | 'deadlines';

/**
 * What one more urgent reservation takes of a window of `W` ticks.
 *
 * Where `x` is null: (n - 1) * P < W + J <= n * P, and it takes n * Q + o.
 * Else its next replenishment is `x` ticks after the window begins (0: at its begin), J is 0, n is
 * the least with W - x <= n * P, and it takes min(Q, x, W) + n * Q + o.
 */
export interface CertificateTerm {
  /** Name of the partition. */
  readonly server: string;
  /** Replenishments in the window that count. */
  readonly n: number;
  /** Jitter: P - Q where its idle budget is kept, else 0. */
  readonly J: number;
  /** Budget. */
  readonly Q: number;
  /** Period. */
  readonly P: number;
  /** Debt that its overrun can leave. */
  readonly o: number;
  /** From the begin of the window to its next replenishment, [0, P); null where not known. */
  readonly x: number | null;
}

/**
 * Arithmetic of a bound: sum = c + Z + what all terms take, sum <= W, and the bound is throttle +
 * W, for `latency` and one interrupt more.
 */
export interface Certificate {
  readonly core: CoreId;
  /** Name of the partition that is kept waiting. */
  readonly target: string;
  /** Ticks charged to the target until it is served: its demand and its activation. */
  readonly c: number;
  /** Length of the window in which it is eligible. */
  readonly W: number;
  /** Longest before the window: until its budget comes back; 0 where it has budget. */
  readonly throttle: number;
  /**
   * Where `phases` is the method: begin of the window that is longest, modulo the hyperperiod; the
   * others are in `listStarts`. Else null.
   */
  readonly start: number | null;
  readonly terms: readonly CertificateTerm[];
  /** Longest section of somebody less urgent that may have just begun. */
  readonly Z: number;
  readonly sum: number;
}

/** A bound of one virtual CPU on its core. */
export interface CoreBound {
  readonly core: CoreId;
  /** Index into `partitions`. */
  readonly partition: number;
  /** Index into the partition's `cpus`. */
  readonly cpuIndex: number;
  readonly kind: CoreBoundKind;
  /** Ticks that its guest gets until it counts as served. */
  readonly demand: number;
  /** Null: there is none, `reason` says why. */
  readonly ticks: number | null;
  readonly method: BoundMethod;
  /** For `closed` and `phases`; the others are read off runs, a table, or a model. */
  readonly certificate: Certificate | null;
  /** Why there is no bound; null where there is one. */
  readonly reason: string | null;
}
