/** Durations that the timer counts, or that are added to what it counts: all whole ticks. */

import type { Path } from '../../model/configuration.ts';
import type { Nanoseconds } from '../../model/units.ts';
import { formatDuration } from './describe.ts';
import { iterateShares } from './placed-cpu.ts';
import type { RuleContext } from './rule.ts';

/** A duration with what it is, for messages, and its place. */
export interface PlacedDuration {
  readonly what: string;
  readonly found: Nanoseconds;
  readonly at: Path;
}

/** Every duration that has to be whole ticks. */
export function* iterateDurations(context: RuleContext): Generator<PlacedDuration> {
  for (const { cpu, owner, path, reservation } of iterateShares(context)) {
    const what = `of ${owner} on core ${cpu.core}`;
    const { budgetNs, periodNs, phaseNs } = reservation;
    yield { what: `budget ${what}`, found: budgetNs, at: [...path, 'budget'] };
    yield { what: `period ${what}`, found: periodNs, at: [...path, 'period'] };
    yield { what: `phase ${what}`, found: phaseNs, at: [...path, 'phase'] };
  }
  yield* iterateTableDurations(context);
  yield* iterateArrivals(context);
  for (const [index, { core, periodNs }] of context.configuration.bandwidth.entries()) {
    const what = `period of the bandwidth of core ${core}`;
    yield { what, found: periodNs, at: ['config', 'bandwidth', index, 'period'] };
  }
}

function* iterateTableDurations({ configuration }: RuleContext): Generator<PlacedDuration> {
  for (const [index, { core, frameNs, slots }] of configuration.schedules.entries()) {
    const path: Path = ['config', 'schedule', index];
    if (frameNs !== null) {
      yield { what: `frame of core ${core}`, found: frameNs, at: [...path, 'frame'] };
    }
    for (const [position, { startNs, durationNs }] of slots.entries()) {
      const what = `of slot ${position} on core ${core}`;
      const at: Path = [...path, 'slots', position];
      yield { what: `start ${what}`, found: startNs, at: [...at, 'start'] };
      yield { what: `duration ${what}`, found: durationNs, at: [...at, 'duration'] };
    }
  }
}

/** When work comes: jitter and blocking of tasks, distances and jitter of lines. */
function* iterateArrivals({ configuration }: RuleContext): Generator<PlacedDuration> {
  for (const [index, { name, tasks, interruptRates }] of configuration.partitions.entries()) {
    const path: Path = ['config', 'partitions', index];
    for (const [position, { name: task, jitterNs, blockingNs }] of tasks.entries()) {
      const at: Path = [...path, 'tasks', position];
      const what = `of task ${task} of ${name}`;
      yield { what: `jitter ${what}`, found: jitterNs, at: [...at, 'jitter'] };
      yield { what: `blocking ${what}`, found: blockingNs, at: [...at, 'blocking'] };
    }
    for (const [position, { irq, distanceNs, jitterNs }] of interruptRates.entries()) {
      const at: Path = [...path, 'interrupt-rates', position];
      const what = `of line ${irq} of ${name}`;
      yield { what: `distance ${what}`, found: distanceNs, at: [...at, 'distance'] };
      yield { what: `jitter ${what}`, found: jitterNs, at: [...at, 'jitter'] };
    }
  }
}

/** The nearest durations that are whole ticks and whole nanoseconds: `992ns or 1.008us`. */
export function formatNearestTicks(duration: Nanoseconds, timerHz: number): string {
  // Whole ticks at whole nanoseconds lie on multiples of 1 s divided by gcd(1 s, frequency).
  const grid = 1_000_000_000 / computeGcd(1_000_000_000, timerHz);
  const below = duration - (duration % grid);
  const above = formatDuration(below + grid);
  return below > 0 ? `${formatDuration(below)} or ${above}` : above;
}

function computeGcd(a: number, b: number): number {
  return b === 0 ? a : computeGcd(b, a % b);
}
