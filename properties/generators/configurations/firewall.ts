/**
 * Firewall: windows over all of RAM and all registers, for cores that stage 2 does not hold.
 */

import type { Firewall, StaticConfiguration } from '../../../model/configuration.ts';
import { listOwnedRanges } from '../../../model/regions.ts';
import { isOverlapping, PAGE_SIZE, type ByteRange, type Pa } from '../../../model/units.ts';
import { listHolders } from '../../rules/granules.ts';
import { mergeRanges } from '../../rules/sweep.ts';
import type { Sketch } from './sketch.ts';

/** The configuration with its firewall, whose windows are given. */
export function withFirewall(
  configuration: StaticConfiguration,
  { space, partitions }: Sketch,
  managers: Firewall['managers'],
  windows: readonly (ByteRange & { readonly name: string })[],
): StaticConfiguration {
  const granule = space.granule * PAGE_SIZE;
  const held = listOwnedRanges(configuration).filter((range) =>
    listHolders(configuration, range).some((holder) => holder >= partitions.length),
  );
  const firewall: Firewall = {
    kind: 'trdc',
    managers,
    windows: windows.map(({ name, base, size }) => ({
      name,
      base: base as Pa,
      size,
      granule,
      regions: space.countsRegions
        ? mergeRanges(held.filter((range) => isOverlapping(range, { base, size }))).length
        : null,
    })),
  };
  return { ...configuration, platform: { ...configuration.platform, firewall } };
}
