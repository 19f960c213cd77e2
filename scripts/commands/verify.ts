/** `haven verify`: check, then prove, then fuzz for a moment; one verdict. */

import type { Command } from 'commander';

import { findDisagreements } from '../agreement.ts';
import { analyseBounds, analyseObligations, analyseRules } from '../analysis.ts';
import { analyseRandomly } from '../campaign.ts';
import { runOnConfigurations } from '../session.ts';
import type { RunCommand } from '../session.ts';
import { addSolverOptions } from '../solver-options.ts';
import type { SolverOptions } from '../solver-options.ts';
import { parseDuration, parseInteger } from '../usage.ts';

const SEED_MAX = 2 ** 31 - 1;
/** A verdict is the same every time: other seeds are for `haven fuzz`. */
const VERIFY_SEED = 1;

interface VerifyOptions extends SolverOptions {
  readonly timeout?: number;
  readonly seed?: number;
  readonly out?: string;
}

/** Adds `verify` to the command line. */
export function addVerifyCommand(program: Command, run: RunCommand): void {
  const command = program
    .command('verify')
    .summary('check, prove and fuzz; one verdict')
    .description('Check every rule, prove every obligation, fuzz the executable spec; one verdict.')
    .argument('<config...>', 'configuration files');
  addSolverOptions(command)
    .option('--timeout <duration>', 'for each obligation, such as 10s', parseDuration)
    .option('--seed <n>', 'seed of the fuzzer (default 1)', parseInteger(0, SEED_MAX))
    .option('--out <dir>', 'for counterexample files (default counterexamples)')
    .action((files: string[], options: VerifyOptions) =>
      run('verify', (session) =>
        runOnConfigurations(session, files, async (loaded, draft) => {
          const { seed, out } = options;
          const findings = await analyseRules(loaded, draft);
          await analyseBounds(loaded, draft);
          const obligations = await analyseObligations(loaded, draft, session, options);
          draft.disagreements = findDisagreements(findings, obligations);
          if (session.signal.aborted) return;
          await analyseRandomly(loaded, draft, session, {
            seed: seed ?? VERIFY_SEED,
            ...(out === undefined ? {} : { out }),
          });
        }),
      ),
    );
}
