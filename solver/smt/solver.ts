/**
 * The interface of a solver: assertions in, an answer out. Back ends implement it.
 */

import { printAssertions } from './print.ts';
import type { Term, Value } from './term.ts';

/** A question: is there an assignment that makes every assertion true? */
export interface Query {
  readonly assertions: readonly Term[];
  /** The assertions as `printAssertions` prints them, where that has been done already. */
  readonly text?: string;
}

/**
 * An answer. `sat` comes with a value for every variable of the query; `unknown` with the reason: a
 * limit, a lost solver, a cancellation, two solvers that contradict each other. An `unknown` is
 * never evidence for anything. `ms` is time in the solver, milliseconds; `cached` stands where an
 * earlier run found the answer.
 */
export type Answer =
  | {
      readonly status: 'sat';
      readonly model: ReadonlyMap<string, Value>;
      readonly ms: number;
      readonly cached?: true;
    }
  | { readonly status: 'unsat'; readonly ms: number; readonly cached?: true }
  | {
      readonly status: 'unknown';
      readonly reason: string;
      readonly ms: number;
      /** One solver says sat, the other unsat: a defect of one of them. */
      readonly isContradiction?: true;
    };

/** A solver that answers any number of queries, several at once where it can. */
export interface Solver {
  /** Name and version as results show them: `z3 5.2.0 (wasm)`. */
  readonly name: string;
  /** Never rejects: what goes wrong inside is an `unknown` with its reason. */
  check(query: Query): Promise<Answer>;
  /** Starts up now what the first query would start, while the caller builds terms. */
  warm(): void;
  /** Ends every thread and process; open queries are answered `unknown`. Safe to call twice. */
  close(): Promise<void>;
}

/** The printed assertions of a query, printed at most once per query that carries its text. */
export function getText(query: Query): string {
  return query.text ?? printAssertions(query.assertions);
}

/** The query with its text, for whoever hands it on more than once. */
export function withText(query: Query): Query {
  return { assertions: query.assertions, text: getText(query) };
}

/** The answer of a solver that gave up. */
export function unknown(reason: string, ms: number): Answer {
  return { status: 'unknown', reason, ms };
}
