/**
 * The interface of a solver: assertions in, an answer out. Back ends implement it.
 */

import type { Term, Value } from './term.ts';

/** A question: is there an assignment that makes every assertion true? */
export interface Query {
  readonly assertions: readonly Term[];
}

/**
 * An answer. `sat` comes with a value for every variable of the query; `unknown` with the reason: a
 * limit, a lost solver, a cancellation. An `unknown` is never evidence for anything.
 */
export type Answer =
  | { readonly status: 'sat'; readonly model: ReadonlyMap<string, Value>; readonly ms: number }
  | { readonly status: 'unsat'; readonly ms: number }
  | { readonly status: 'unknown'; readonly reason: string; readonly ms: number };

/** A solver that answers any number of queries, several at once where it can. */
export interface Solver {
  /** Name and version as results show them: `z3 5.2.0 (wasm)`. */
  readonly name: string;
  /** Never rejects: what goes wrong inside is an `unknown` with its reason. */
  check(query: Query): Promise<Answer>;
  /** Ends every thread; queries still open are answered `unknown`. Safe to call twice. */
  close(): Promise<void>;
}
