/** Options of commands that prove: which solvers answer, and whether answers are kept. */

import { InvalidArgumentError, Option } from 'commander';
import type { Command } from 'commander';

import type { BackEnd } from '../solver/smt/back-ends.ts';
import type { Solver } from '../solver/smt/solver.ts';
import { UsageError } from './usage.ts';

/** Names of solvers; those that the solver folder knows, here so that help costs no import. */
const NAMES: readonly BackEnd[] = ['wasm', 'z3', 'cvc5'];

/** What the options say. */
export interface SolverOptions {
  readonly solver?: BackEnd;
  /** True where no solver is named. */
  readonly crossCheck?: BackEnd | true;
  /** False with `--no-cache`. */
  readonly cache?: boolean;
  /** Prove every action of the spec as well; true unless it is switched off. */
  readonly spec?: boolean;
}

/** Adds the options to a command. */
export function addSolverOptions(command: Command): Command {
  refuseSpecOption(command);
  return command
    .addOption(
      new Option('--solver <name>', 'z3 from the package, or z3 or cvc5 from the PATH').choices(
        NAMES,
      ),
    )
    .option(
      '--cross-check [solver]',
      'ask a second solver too, by default cvc5 or else z3 from the PATH; both must agree',
      parseSecondSolver,
    )
    .option('--no-cache', 'ask anew what an earlier run has decided')
    .option('--no-spec', 'leave out the proofs about every action of the spec: tables and bounds');
}

/** The nearest option by its letters is another one: `--seed` of `verify`. */
function refuseSpecOption(command: Command): void {
  command.addOption(new Option('--spec').hideHelp()).on('option:spec', () => {
    const help = 'every action of the spec is proved unless --no-spec leaves that out';
    throw new UsageError("unknown option '--spec'", help);
  });
}

/** The value is optional, so that whatever follows the option comes here. */
function parseSecondSolver(text: string): BackEnd {
  const name = NAMES.find((known) => known === text);
  if (name !== undefined) return name;
  throw new InvalidArgumentError(
    `expected one of ${NAMES.join(', ')}; without a name, put --cross-check after the files.`,
  );
}

/** Limits of a run. */
interface Limits {
  readonly timeoutMs?: number;
  readonly jobs?: number;
  readonly signal: AbortSignal;
}

/** The solver that the options ask for; a program that is missing is wrong usage. */
export async function createChosenSolver(options: SolverOptions, limits: Limits): Promise<Solver> {
  const [{ createSolver }, { getCacheFolder }, { MissingSolverError }] = await Promise.all([
    import('../solver/smt/back-ends.ts'),
    import('../solver/smt/cache.ts'),
    import('../solver/smt/process.ts'),
  ]);
  const { solver, crossCheck, cache } = options;
  try {
    return createSolver({
      ...limits,
      ...(solver === undefined ? {} : { solver }),
      ...(crossCheck === undefined ? {} : { crossCheck: crossCheck === true ? 'any' : crossCheck }),
      ...(cache === false ? {} : { cache: { folder: getCacheFolder(), onProblem: warnOnce } }),
    });
  } catch (error) {
    if (error instanceof MissingSolverError) throw new UsageError(error.message, error.help);
    throw error;
  }
}

let hasWarned = false;

/** A cache that cannot be used costs time, never a verdict: said once, and the run goes on. */
function warnOnce(problem: string): void {
  if (hasWarned) return;
  hasWarned = true;
  process.stderr.write(
    `haven: ${problem}; going on without it; HAVEN_CACHE names another folder, ` +
      '--no-cache does without\n',
  );
}
