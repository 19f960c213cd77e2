/**
 * Steps of the spec until, after so many, one does what no step may do.
 */

import { step } from '../../../model/step.ts';
import type { StepFunction } from '../run.ts';

/**
 * The spec's transition function for `steps` steps; the next one takes all memory (`memory`) or
 * ends the thread (`exit`).
 */
export function createFaultyStep(fault: string, steps: number): StepFunction {
  let taken = 0;
  return (plan, machine, action) => {
    taken += 1;
    if (taken > steps) {
      if (fault === 'exit') process.exit(9);
      const hoard: number[][] = [];
      for (;;) hoard.push(Array.from({ length: 100_000 }, () => taken + 0.5));
    }
    return step(plan, machine, action);
  };
}
