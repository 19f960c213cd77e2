/**
 * Delay bounds: the least bounds that are sound, in the form in which a run of the executable spec
 * is judged.
 */

import type { StaticConfiguration } from '../../model/configuration.ts';
import type { TimeBound } from '../../properties/property.ts';
import type { CoreBound } from './certificate-types.ts';
import { computeCoreBounds } from './core-bounds.ts';

/**
 * Of every virtual CPU on a shared core the least bounds of D(1), of a full budget, and of the
 * latency of its interrupts, where there are such; ticks, cores by their index in the platform. Who
 * has a core whole waits for nobody, and is left out.
 */
export function listDelayBounds(configuration: StaticConfiguration): TimeBound[] {
  const cores = configuration.platform.cores.map(({ id }) => id);
  const bounds = computeCoreBounds(configuration);
  return bounds.flatMap((bound): TimeBound[] => {
    const { kind, partition, cpuIndex, demand } = bound;
    const cpu = configuration.partitions[partition]?.cpus[cpuIndex];
    if (kind === 'in-contract' || bound.ticks === null || cpu?.reservation === null) return [];
    const ticks =
      kind === 'latency' && cpu?.inContract === true ? addWait(bounds, bound) : bound.ticks;
    if (ticks === null) return [];
    return [{ partition, core: cores.indexOf(bound.core), kind, demand, ticks }];
  });
}

/**
 * Latency from any instant, also of who promises one in contract alone: a run asserts its lines at
 * any time.
 */
function addWait(bounds: readonly CoreBound[], latency: CoreBound): number | null {
  const find = (kind: CoreBound['kind']): number | null =>
    bounds.find(
      (one) =>
        one.kind === kind &&
        one.partition === latency.partition &&
        one.cpuIndex === latency.cpuIndex,
    )?.ticks ?? null;
  const [delay, contract] = [find('delay'), find('in-contract')];
  if (delay === null || contract === null || latency.ticks === null) return null;
  return delay + (latency.ticks - contract);
}
