/** Whether a model is one: the terms' own meaning decides, not a solver. */

import { TermError, evaluate } from './term.ts';
import type { Term, Value } from './term.ts';

/** Every assertion is true under the model; false also where it lacks a variable's value. */
export function isModel(assertions: readonly Term[], model: ReadonlyMap<string, Value>): boolean {
  try {
    return assertions.every((assertion) => evaluate(assertion, model) === true);
  } catch (error) {
    if (error instanceof TermError) return false;
    throw error;
  }
}
