/**
 * Near misses: valid configurations with exactly one defect, and with something that only looks
 * like one.
 *
 * Exported for users who embed a checker of their own in tests: it must refuse the former, naming
 * the defect, and accept the latter.
 */

import fc from 'fast-check';
import type { StaticConfiguration } from '../../model/configuration.ts';
import { configurationArbitrary } from './configurations.ts';
import { CHANNEL_DEFECTS } from './near-misses/channels.ts';
import { createChoices } from './near-misses/defect.ts';
import type { Defect, Neighbour } from './near-misses/defect.ts';
import { DEVICE_DEFECTS } from './near-misses/devices.ts';
import { INTERRUPT_DEFECTS } from './near-misses/interrupts.ts';
import { MEMORY_DEFECTS } from './near-misses/memory.ts';
import { NEIGHBOURS } from './near-misses/neighbours.ts';
import { TIME_DEFECTS } from './near-misses/time.ts';

/** Every defect that near misses have. */
export const DEFECTS: readonly Defect[] = [
  ...MEMORY_DEFECTS,
  ...DEVICE_DEFECTS,
  ...INTERRUPT_DEFECTS,
  ...TIME_DEFECTS,
  ...CHANNEL_DEFECTS,
];

/** A configuration with one defect. */
export interface NearMiss {
  readonly defect: Defect;
  readonly configuration: StaticConfiguration;
  /** The valid configuration in which the defect was planted. */
  readonly valid: StaticConfiguration;
}

/** A configuration with something that only looks like a defect: no rule is broken. */
export interface NearHit {
  readonly neighbour: Neighbour;
  readonly configuration: StaticConfiguration;
}

/** Choices that a defect makes at most. */
const CHOICES = 8;

function choices(): fc.Arbitrary<number[]> {
  return fc.array(fc.nat(999), { minLength: CHOICES, maxLength: CHOICES });
}

/** A near miss with one of the defects; of all of them by default. */
export function nearMissArbitrary(defects: readonly Defect[] = DEFECTS): fc.Arbitrary<NearMiss> {
  return fc
    .tuple(fc.constantFrom(...defects), configurationArbitrary({ complete: true }), choices())
    .map(([defect, valid, drawn]) => ({
      defect,
      valid,
      configuration: defect.plant(valid, createChoices(drawn)),
    }));
}

/** A configuration with one of the neighbours of defects; of all of them by default. */
export function nearHitArbitrary(
  neighbours: readonly Neighbour[] = NEIGHBOURS,
): fc.Arbitrary<NearHit> {
  return fc
    .tuple(fc.constantFrom(...neighbours), configurationArbitrary({ complete: true }), choices())
    .map(([neighbour, valid, drawn]) => ({
      neighbour,
      configuration: neighbour.plant(valid, createChoices(drawn)),
    }));
}
