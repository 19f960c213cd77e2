/**
 * Inductive invariants: what such a claim is made of.
 */

import type { Machine } from '../../model/machine.ts';
import type { Plan } from '../../model/plan.ts';

/** A condition on states that every action of the spec preserves, together with the others. */
export interface InductiveInvariant {
  readonly id: string;
  readonly statement: string;
  /** Clause, paper or design rule that it comes from. */
  readonly source: string;
  /** A bug that breaks it. */
  readonly example: string;
  /** Names of the indices, in their order, as messages and witnesses show them. */
  readonly indices: readonly string[];
  /** Where `holds` is exported under its own name, from the root of the project. */
  readonly file: string;
  /** The condition for one tuple of indices, in the liftable subset. */
  readonly holds: (plan: Plan, machine: Machine, ...indices: number[]) => boolean;
  /** The tuples for which it is claimed: one small conjunct each. */
  readonly instances: (plan: Plan) => readonly (readonly number[])[];
  /**
   * One more index, the last, is a page frame that anybody may choose: a run tries every written
   * frame, a proof takes a symbolic one.
   */
  readonly spy?: true;
  /** Speaks of a window of time that is noted beside the machine. */
  readonly watched?: true;
  /** Proved only where asked for: it takes a solver minutes, and no other invariant rests on it. */
  readonly costly?: true;
}
