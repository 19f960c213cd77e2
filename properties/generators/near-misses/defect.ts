/**
 * Defects: what a near miss has wrong, and what its neighbour has that only looks wrong.
 */

import type { StaticConfiguration } from '../../../model/configuration.ts';

/** One choice after the other, from a list or below a limit; the same choices for the same draw. */
export interface Choices {
  /** An integer in [0, limit); 0 for an empty range. */
  readonly below: (limit: number) => number;
  /** An entry of a list; throws `NothingToChooseError` where it is empty. */
  readonly from: <Entry>(list: readonly Entry[]) => Entry;
}

/** One defect, to be planted in any complete configuration, see `configurationArbitrary`. */
export interface Defect {
  /** What is wrong, for example `memory.shares-last-page`; unique. */
  readonly id: string;
  /** The rule that must refuse it. */
  readonly code: string;
  /** Bugs of checkers that would let it pass, by their rows in the catalogue of known bugs. */
  readonly rows: readonly string[];
  /** Further rules that refuse it, and why the defect cannot be without them. */
  readonly also?: Readonly<Record<string, string>>;
  readonly plant: (configuration: StaticConfiguration, choices: Choices) => StaticConfiguration;
}

/** Something that lies next to a defect, and must be accepted. */
export interface Neighbour {
  readonly id: string;
  /** Bugs of checkers that would refuse it. */
  readonly rows: readonly string[];
  readonly plant: (configuration: StaticConfiguration, choices: Choices) => StaticConfiguration;
}

/** A defect looks for a part that a complete configuration must have: a slip of a generator. */
export class NothingToChooseError extends Error {
  constructor() {
    super('a complete configuration lacks a part that a defect needs');
  }
}

/** The choices of a draw, taken up in order and from the start again. */
export function createChoices(drawn: readonly number[]): Choices {
  let taken = 0;
  const below = (limit: number): number => {
    const number = drawn[taken % Math.max(1, drawn.length)] ?? 0;
    taken += 1;
    return limit <= 0 ? 0 : number % limit;
  };
  return {
    below,
    from: (list) => {
      const entry = list[below(list.length)];
      if (entry === undefined) throw new NothingToChooseError();
      return entry;
    },
  };
}
