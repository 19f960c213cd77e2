/** The `haven` command line: options that all commands share, and what happens when one fails. */

import { Command, CommanderError, Option } from 'commander';

import { addBoundsCommand } from './commands/bounds.ts';
import { addCheckCommand } from './commands/check.ts';
import { addExplainCommand } from './commands/explain.ts';
import { addExploreCommand } from './commands/explore.ts';
import { addFuzzCommand } from './commands/fuzz.ts';
import { addInitCommand } from './commands/init.ts';
import { addMutantsCommand } from './commands/mutants.ts';
import { addPlatformCommand } from './commands/platform.ts';
import { addProveCommand } from './commands/prove.ts';
import { listenForInterrupt } from './interrupt.ts';
import { addReplayCommand } from './commands/replay.ts';
import { addVerifyCommand } from './commands/verify.ts';
import { getMessage, surviveBrokenPipes, writeStandardOutput } from './output.ts';
import { getVersion } from './package.ts';
import { startSession } from './session.ts';
import type { OutputOptions, RunCommand } from './session.ts';
import { UsageError } from './usage.ts';

/** Exit code for input or usage that cannot be used. */
const EXIT_UNUSABLE = 2;

/**
 * Runs the command line and returns the exit code: 0 holds, 1 violated, 2 unusable input or usage,
 * 3 inconclusive. Never throws; a defect of this program is reported as one, with code 2, never as
 * success.
 */
export async function runCommandLine(parameters: readonly string[]): Promise<number> {
  surviveBrokenPipes();
  enterCallersFolder(process.env);
  let exitCode = 0;
  const program = createProgram(async (command, work) => {
    const options = program.opts<OutputOptions>();
    exitCode = await work(startSession(command, getVersion(), options, listenForInterrupt()));
  });
  try {
    await program.parseAsync(parameters, { from: 'user' });
    return exitCode;
  } catch (error) {
    // Help and version end by an exception too, with code 0.
    if (error instanceof CommanderError && error.exitCode === 0) return 0;
    return reportFailure(error, parameters);
  }
}

/**
 * `npm run haven` starts in the package's folder and names the caller's in INIT_CWD: relative paths
 * are relative to that one. Other npm scripts that happen to call `haven` keep their own working
 * directory.
 */
function enterCallersFolder(environment: NodeJS.ProcessEnv): void {
  const folder = environment['INIT_CWD'];
  const event = environment['npm_lifecycle_event'];
  const isOurScript =
    event === 'haven' && (environment['npm_package_name'] ?? 'haven-model') === 'haven-model';
  if (folder === undefined || folder === '' || !(event === undefined || isOurScript)) return;
  try {
    process.chdir(folder);
  } catch {
    // The folder is gone: paths then are relative to where the program runs, and named in every
    // message.
  }
}

/** The commands with their options. */
export function createProgram(run: RunCommand): Command {
  const program = new Command('haven')
    .description('Check, prove and fuzz static partition configurations of the Haven hypervisor.')
    .version(getVersion(), '--version', 'print the version')
    .option('--json', 'print one JSON document on standard output and nothing else')
    .option('--sarif <file>', 'write SARIF 2.1.0, for code hosts and editors')
    .option('--junit <file>', 'write JUnit XML, for continuous-integration servers')
    .option('--html <file>', 'write one self-contained page')
    .option('--quiet', 'print only what fails')
    .addOption(
      new Option('--color <when>', 'colour the output').choices(['auto', 'always', 'never']),
    )
    .configureHelp({ showGlobalOptions: true })
    .showHelpAfterError(
      'Run haven --help for the commands, haven <command> --help for one of them.',
    )
    .exitOverride()
    .addHelpText(
      'after',
      '\nExit codes: 0 everything holds, 1 violated, 2 unusable input or usage, 3 inconclusive.',
    );
  for (const add of COMMANDS) add(program, run);
  return program;
}

const COMMANDS: readonly ((program: Command, run: RunCommand) => void)[] = [
  addCheckCommand,
  addProveCommand,
  addFuzzCommand,
  addVerifyCommand,
  addBoundsCommand,
  addExploreCommand,
  addMutantsCommand,
  addReplayCommand,
  addExplainCommand,
  addInitCommand,
  addPlatformCommand,
];

async function reportFailure(error: unknown, parameters: readonly string[]): Promise<number> {
  const isUsage = error instanceof CommanderError || error instanceof UsageError;
  const help = error instanceof UsageError ? error.help : '';
  const message = isUsage
    ? getMessage(error).replace(/^error: /, '')
    : `internal error: ${getMessage(error)}; please report it`;
  // Commander has printed its own message by now.
  if (!(error instanceof CommanderError)) {
    process.stderr.write(`error: ${message}${help === '' ? '' : `\n  help: ${help}`}\n`);
    const stack = error instanceof Error ? error.stack : undefined;
    if (!isUsage && (process.env['HAVEN_DEBUG'] ?? '') !== '') process.stderr.write(`${stack}\n`);
  }
  if (parameters.includes('--json')) {
    const { toErrorJson } = await import('../report/json.ts');
    const command = parameters.find((parameter) => !parameter.startsWith('-')) ?? '';
    const code = isUsage ? 'CFG-USAGE' : 'CFG-INTERNAL';
    const document = toErrorJson(command, getVersion(), { code, message, help });
    // A broken standard output is what may have brought us here.
    await writeStandardOutput(`${JSON.stringify(document, null, 2)}\n`).catch(() => undefined);
  }
  return EXIT_UNUSABLE;
}
