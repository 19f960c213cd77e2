/**
 * Delay bounds: the proved delays in the form in which a run of the executable spec is judged.
 */

import type { StaticConfiguration } from '../../model/configuration.ts';
import type { TimeBound } from '../../properties/property.ts';
import { computeBounds } from './bounds.ts';

/** The bound of every virtual CPU that has one, in ticks; cores by their index in the platform. */
export function listDelayBounds(configuration: StaticConfiguration): TimeBound[] {
  const cores = configuration.platform.cores.map(({ id }) => id);
  return computeBounds(configuration).flatMap(({ partitionIndex, core, boundTicks }) =>
    boundTicks === null
      ? []
      : [
          {
            partition: partitionIndex,
            core: cores.indexOf(core),
            kind: 'delay',
            demand: 1,
            ticks: boundTicks,
          },
        ],
  );
}
