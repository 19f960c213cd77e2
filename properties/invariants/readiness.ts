/**
 * Readiness: who is ready on each core that is shared, noted once after a step for all monitors of
 * time.
 */

import { isReady } from '../../model/execution.ts';
import type { Machine } from '../../model/machine.ts';
import type { Plan, Resident } from '../../model/plan.ts';

/** A core as of the latest step that can change who is ready. */
export interface CoreReadiness {
  readonly residents: readonly Resident[];
  /** Per resident. */
  readonly ready: boolean[];
  /** Per resident, how often its partition has been reset. */
  readonly resets: number[];
  /** Grows with every change: whoever remembers it knows whether there was one. */
  version: number;
}

/** One for each core; on those that somebody has whole nobody is noted. */
export function createReadiness(plan: Plan): CoreReadiness[] {
  return plan.cores.map(({ residents }): CoreReadiness => {
    const noted = residents.some(({ dedicated }) => !dedicated) ? residents : [];
    return {
      residents: noted,
      ready: noted.map(() => false),
      resets: noted.map(() => -1),
      version: 0,
    };
  });
}

/** Notes who is ready now. */
export function noteReadiness(machine: Machine, cores: readonly CoreReadiness[]): void {
  for (let index = 0; index < cores.length; index += 1) {
    const core = cores[index];
    if (core === undefined) continue;
    const { residents, ready, resets } = core;
    for (let at = 0; at < residents.length; at += 1) {
      const resident = residents[at];
      if (resident === undefined) continue;
      const isNow = isReady(machine, resident);
      const count = machine.partitions[resident.partition]?.resets ?? 0;
      if (ready[at] === isNow && resets[at] === count) continue;
      ready[at] = isNow;
      resets[at] = count;
      core.version += 1;
    }
  }
}
