/** A board of shared cores on which every claim about time holds: what the bench proves. */

import type { StaticConfiguration } from '../../model/configuration.ts';
import type { CoreId, Vmid } from '../../model/units.ts';
import { createExampleCore } from '../../solver/timing/example-core.ts';

/** Periods of the reservations of a core, microseconds: harmonic in part, as in practice. */
export const PERIODS: readonly number[] = [1000, 2000, 2500, 4000, 5000, 8000, 10_000, 20_000];
/** As long, and all prime: the schedule repeats after 1.6 * 10^29 microseconds. */
export const PRIME_PERIODS: readonly number[] = [
  1009, 2003, 2503, 4001, 5003, 8009, 10_007, 20_011,
];
const IDLE = ['keep', 'burn', 'poll'] as const;

/**
 * Cores with eight reservations each, most urgent by period, idle policies in turn, half of the
 * core asked for; each with a max-delay and a max-latency.
 */
export function createSharedCores(
  cores: number,
  timerHz: number,
  periods: readonly number[] = PERIODS,
): StaticConfiguration {
  const overheads = { contextSwitch: 2, reload: 3, timer: 1, interrupt: 1, section: 5 };
  const list = Array.from({ length: cores }, (_, core) =>
    periods.map((period, index) => ({
      core: core as CoreId,
      example: createExampleCore(
        [
          {
            name: `guest${core}-${index}`,
            share: [Math.floor(period / 20) + core, period],
            priority: periods.length - index,
            idle: IDLE[(core + index) % IDLE.length] ?? 'keep',
            maxDelay: 4 * period,
            maxLatency: 4 * period,
          },
        ],
        overheads,
      ),
    })),
  ).flat();
  const base = createExampleCore([], overheads);
  return {
    ...base,
    platform: {
      ...base.platform,
      timerHz,
      cores: base.platform.cores.flatMap((each) =>
        Array.from({ length: cores }, (_, id) => ({ ...each, id: id as CoreId })),
      ),
    },
    partitions: list.flatMap(({ core, example }, index) =>
      example.partitions.map((partition) => ({
        ...partition,
        vmid: (index + 1) as Vmid,
        cpus: partition.cpus.map((cpu) => ({ ...cpu, core })),
      })),
    ),
  };
}
