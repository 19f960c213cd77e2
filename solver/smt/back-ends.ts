/** Which solvers answer: the one in the package, a native one, or two that check each other. */

import { createCachedSolver } from './cache.ts';
import type { CacheOptions } from './cache.ts';
import { createCrossCheck } from './cross-check.ts';
import { MissingSolverError, createProcessSolver, findProgram } from './process.ts';
import type { Program } from './process.ts';
import type { Solver } from './solver.ts';
import { createZ3Solver } from './z3.ts';
import type { Z3Options } from './z3.ts';

/** A solver by the name that users give it; `wasm` is z3 from the package. */
export type BackEnd = 'wasm' | Program;

/** Every back end, the default first. */
export const BACK_ENDS: readonly BackEnd[] = ['wasm', 'z3', 'cvc5'];

/** Second solvers in the order of preference: another program first, then another build of z3. */
const SECOND_SOLVERS: readonly BackEnd[] = ['cvc5', 'z3', 'wasm'];

/** Who answers, and within which limits. */
export interface BackEndOptions extends Z3Options {
  /** Default `wasm`. */
  readonly solver?: BackEnd;
  /** A second solver that is asked every query too; `any` takes the best one that is there. */
  readonly crossCheck?: BackEnd | 'any';
  /** Keeps answers of both; default none. */
  readonly cache?: CacheOptions;
}

/**
 * The solver that the options describe; nothing is started yet. Throws `MissingSolverError` for a
 * program that is not there, and for a solver that is to check itself.
 */
export function createSolver(options: BackEndOptions = {}): Solver {
  const { solver = 'wasm', crossCheck, cache, ...limits } = options;
  const create = (backEnd: BackEnd): Solver => {
    const made =
      backEnd === 'wasm'
        ? createZ3Solver(limits)
        : createProcessSolver({ ...limits, program: backEnd });
    return cache === undefined ? made : createCachedSolver(made, cache);
  };
  if (crossCheck === undefined) return create(solver);
  const second = crossCheck === 'any' ? findSecondSolver(solver) : crossCheck;
  if (second === solver) {
    throw new MissingSolverError(
      `${solver} cannot check itself`,
      `name two of ${BACK_ENDS.join(', ')}, such as --solver wasm --cross-check cvc5`,
    );
  }
  return createCrossCheck(create(solver), create(second));
}

function findSecondSolver(first: BackEnd): BackEnd {
  const found = SECOND_SOLVERS.find(
    (backEnd) => backEnd !== first && (backEnd === 'wasm' || findProgram(backEnd) !== null),
  );
  // With `wasm` as the first, neither of the others may be there.
  if (found !== undefined) return found;
  throw new MissingSolverError(
    'no second solver: neither cvc5 nor z3 starts on the PATH',
    "install one (Debian's packages are called cvc5 and z3)",
  );
}
