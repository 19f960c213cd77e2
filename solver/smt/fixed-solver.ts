/** A solver that says what it is told to say; for tests of what stands between solver and proof. */

import type { Answer, Query, Solver } from './solver.ts';

/** A solver for tests, and what it was asked. */
export interface FixedSolver extends Solver {
  readonly asked: Query[];
  /** How often `warm` and `close` were called. */
  readonly calls: { warm: number; close: number };
}

/** Answers every query the same. */
export function createFixedSolver(name: string, answer: Answer): FixedSolver {
  const asked: Query[] = [];
  const calls = { warm: 0, close: 0 };
  return {
    name,
    asked,
    calls,
    check(query: Query): Promise<Answer> {
      asked.push(query);
      return Promise.resolve(answer);
    },
    warm(): void {
      calls.warm += 1;
    },
    close(): Promise<void> {
      calls.close += 1;
      return Promise.resolve();
    },
  };
}
