/**
 * Cross-check: every query goes to two solvers, and counts only where both say the same.
 */

import { isModel } from './model.ts';
import { unknown, withText } from './solver.ts';
import type { Answer, Query, Solver } from './solver.ts';

/**
 * Both solvers as one, `z3 5.2.0 (wasm) + cvc5 1.0.3`. `sat` and `unsat` are answered where both
 * say so; a second solver that gives up makes the query `unknown`, since a second opinion was asked
 * for; one that says the opposite makes it `unknown` as a contradiction.
 */
export function createCrossCheck(first: Solver, second: Solver): Solver {
  return {
    name: `${first.name} + ${second.name}`,
    async check(query: Query): Promise<Answer> {
      const shared = withText(query);
      const [one, other] = await Promise.all([first.check(shared), second.check(shared)]);
      return combine(query, { solver: first, answer: one }, { solver: second, answer: other });
    },
    warm(): void {
      first.warm();
      second.warm();
    },
    async close(): Promise<void> {
      await Promise.all([first.close(), second.close()]);
    },
  };
}

/** An answer and whose it is. */
interface Opinion {
  readonly solver: Solver;
  readonly answer: Answer;
}

function combine(query: Query, first: Opinion, second: Opinion): Answer {
  const [one, other] = [first.answer, second.answer];
  const ms = one.ms + other.ms;
  if (one.status === 'unknown' || other.status === 'unknown') {
    const said = [first, second].map(describeOpinion);
    // The same words twice say no more than once.
    const isAlike =
      one.status === 'unknown' && other.status === 'unknown' && one.reason === other.reason;
    return unknown(isAlike ? one.reason : said.join('; '), ms);
  }
  if (one.status !== other.status) {
    const said = describeContradiction(query, first, second);
    const reason = `the solvers contradict each other: ${said}`;
    return { status: 'unknown', reason, ms, isContradiction: true };
  }
  const { cached: _, ...answer } = one;
  const isCached = one.cached === true && other.cached === true;
  return { ...answer, ms, ...(isCached ? { cached: true } : {}) };
}

function describeOpinion({ solver, answer }: Opinion): string {
  const reason = answer.status === 'unknown' ? ` (${answer.reason})` : '';
  return `${solver.name} says ${answer.status}${reason}`;
}

/** Who is wrong can be told: a model either satisfies the assertions or does not. */
function describeContradiction(query: Query, first: Opinion, second: Opinion): string {
  const said = `${describeOpinion(first)}, ${describeOpinion(second)}`;
  const [satisfied, opposite] = first.answer.status === 'sat' ? [first, second] : [second, first];
  if (satisfied.answer.status !== 'sat') return said;
  return isModel(query.assertions, satisfied.answer.model)
    ? `${said}; the case of ${satisfied.solver.name} is one, so ${opposite.solver.name} is wrong`
    : `${said}; the case of ${satisfied.solver.name} is none`;
}
