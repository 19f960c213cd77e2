/**
 * Configurations: a fast-check arbitrary of valid ones, with all parts that one can have.
 *
 * Exported for users who embed the properties in tests of their own. A configuration is drawn as a
 * sketch in small numbers and laid out, so that none is thrown away and each shrinks towards a
 * small board.
 */

import type fc from 'fast-check';
import type { StaticConfiguration } from '../../model/configuration.ts';
import { layOut } from './configurations/lay-out.ts';
import { completeSketchArbitrary, sketchArbitrary } from './configurations/sketch-arbitrary.ts';

/** What is asked of drawn configurations. */
export interface ConfigurationConstraints {
  /**
   * Each has something of everything: two partitions or more, cores shared under each policy, a
   * core without EL2, devices of everybody, channels, tasks, rates and bandwidth. Default false.
   */
  readonly complete?: boolean;
}

/**
 * A configuration that keeps every rule: `checkConfiguration` finds no error in it. Warnings are
 * possible: of masters that only a bus firewall holds, and of cores left out of a regulation.
 */
export function configurationArbitrary(
  constraints: ConfigurationConstraints = {},
): fc.Arbitrary<StaticConfiguration> {
  const sketches = constraints.complete === true ? completeSketchArbitrary() : sketchArbitrary();
  return sketches.map(layOut);
}
