/** `haven check`: every rule that needs no solver. */

import type { Command } from 'commander';

import { analyseRules } from '../analysis.ts';
import { runOnConfigurations } from '../session.ts';
import type { RunCommand } from '../session.ts';

/** Adds `check` to the command line. */
export function addCheckCommand(program: Command, run: RunCommand): void {
  program
    .command('check')
    .summary('check every rule that needs no solver')
    .description('Check syntax, references, ranges, ownership and schedule sanity; milliseconds.')
    .argument('<config...>', 'configuration files')
    .action((files: string[]) =>
      run('check', (session) =>
        runOnConfigurations(session, files, async (loaded, draft) => {
          await analyseRules(loaded, draft);
        }),
      ),
    );
}
