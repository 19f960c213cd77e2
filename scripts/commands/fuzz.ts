/** `haven fuzz`: random action sequences on the executable spec. */

import type { Command } from 'commander';

import { analyseRandomly } from '../campaign.ts';
import type { FuzzLimits } from '../campaign.ts';
import { runOnConfigurations } from '../session.ts';
import type { RunCommand } from '../session.ts';
import { parseDuration, parseInteger } from '../usage.ts';

const SEED_MAX = 2 ** 31 - 1;
/** More workers than any machine has cores are a slip of the finger. */
const JOBS_MAX = 256;

interface FuzzCommandOptions {
  readonly seed?: number;
  readonly steps?: number;
  readonly time?: number;
  readonly jobs?: number;
  readonly out?: string;
  readonly corpus?: string;
  readonly memory?: number;
  readonly progress?: true;
  readonly stats?: true;
}

/** Adds `fuzz` to the command line. */
export function addFuzzCommand(program: Command, run: RunCommand): void {
  program
    .command('fuzz')
    .summary('run random action sequences on the executable spec')
    .description('Look for action sequences that break isolation, and shrink what is found.')
    .argument('<config...>', 'configuration files')
    .option('--seed <n>', 'reproduces a run of the same number of steps', parseInteger(0, SEED_MAX))
    .option('--steps <n>', 'stop after about so many steps (default 200000)', parseInteger(1))
    .option('--time <duration>', 'stop after so long', parseDuration)
    .option('--jobs <n>', 'workers (default 1)', parseInteger(1, JOBS_MAX))
    .option('--out <dir>', 'for counterexample files (default counterexamples)')
    .option('--corpus <dir>', 'keeps traces that show something new, and runs them first')
    .option('--memory <megabytes>', 'for each worker (default 2048)', parseInteger(64))
    .option('--progress', 'a line every 10 s where standard error is no terminal')
    .option('--stats', 'what each action met and how often each property was judged')
    .action((files: string[], options: FuzzCommandOptions) =>
      run('fuzz', (session) =>
        runOnConfigurations(session, files, (loaded, draft) =>
          analyseRandomly(loaded, draft, session, toLimits(options)),
        ),
      ),
    );
}

function toLimits({
  seed,
  steps,
  time,
  jobs,
  out,
  corpus,
  memory,
  ...rest
}: FuzzCommandOptions): FuzzLimits {
  return {
    ...(seed === undefined ? {} : { seed }),
    ...(steps === undefined ? {} : { steps }),
    ...(time === undefined ? {} : { timeMs: time }),
    jobs: jobs ?? 1,
    ...(out === undefined ? {} : { out }),
    ...(corpus === undefined ? {} : { corpus }),
    ...(memory === undefined ? {} : { memoryMb: memory }),
    progress: rest.progress === true,
    shown: rest.stats === true ? 'everything' : 'summary',
  };
}
