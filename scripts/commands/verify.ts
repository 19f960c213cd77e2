/** `haven verify`: check, then prove, then fuzz for a moment; one verdict. */

import type { Command } from 'commander';

import { findDisagreements } from '../agreement.ts';
import { analyseBounds, analyseObligations, analyseRules } from '../analysis.ts';
import { runOnConfigurations } from '../session.ts';
import type { RunCommand } from '../session.ts';
import { parseDuration } from '../usage.ts';

interface VerifyOptions {
  readonly timeout?: number;
}

/** Adds `verify` to the command line. */
export function addVerifyCommand(program: Command, run: RunCommand): void {
  program
    .command('verify')
    .summary('check, prove and fuzz; one verdict')
    .description('Check every rule, prove every obligation, fuzz the executable spec; one verdict.')
    .argument('<config...>', 'configuration files')
    .option('--timeout <duration>', 'for each obligation, such as 10s', parseDuration)
    .action((files: string[], options: VerifyOptions) =>
      run('verify', (session) =>
        runOnConfigurations(session, files, async (loaded, draft) => {
          const findings = await analyseRules(loaded, draft);
          await analyseBounds(loaded, draft);
          const obligations = await analyseObligations(loaded, draft, session, options);
          draft.disagreements = findDisagreements(findings, obligations);
        }),
      ),
    );
}
