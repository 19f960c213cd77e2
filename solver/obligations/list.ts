/** The one list of obligations: what is proved about a configuration, and every claim that there is. */

import type { StaticConfiguration } from '../../model/configuration.ts';
import type { Obligation } from '../obligation.ts';
import { listMemoryObligations } from './memory.ts';

/** Every obligation of a configuration, by area, in a fixed order; ids are unique. */
export function listObligations(configuration: StaticConfiguration): Obligation[] {
  return [...listMemoryObligations(configuration)].filter((obligation) => obligation !== null);
}
