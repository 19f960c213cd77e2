/** `haven prove`: every proof obligation, by the solver. */

import { basename, extname, join } from 'node:path';

import type { Command } from 'commander';

import { analyseBounds, analyseObligations } from '../analysis.ts';
import type { ProofOptions } from '../analysis.ts';
import { writeOutputFile } from '../output.ts';
import { runOnConfigurations } from '../session.ts';
import type { RunCommand } from '../session.ts';
import { addSolverOptions } from '../solver-options.ts';
import { parseDuration, parseInteger } from '../usage.ts';

/** Most solver workers that can be asked for; each holds about 100 MiB. */
const JOBS_MAX = 64;

interface ProveOptions extends ProofOptions {
  readonly smt2?: string;
  readonly explain?: true;
}

/** Adds `prove` to the command line. */
export function addProveCommand(program: Command, run: RunCommand): void {
  const command = program
    .command('prove')
    .summary('discharge every proof obligation by a solver')
    .description('Prove every obligation by z3; a refuted one names what both parties reach.')
    .argument('<config...>', 'configuration files');
  addSolverOptions(command)
    .option('--only <id-glob>', "only obligations whose id matches, such as 'memory.*'")
    .option('--timeout <duration>', 'for each obligation, such as 10s', parseDuration)
    .option('--jobs <n>', 'solvers at a time', parseInteger(1, JOBS_MAX))
    .option('--smt2 <dir>', 'write each query as an SMT-LIB file, for any other solver')
    .option('--out <dir>', 'for counterexample files (default counterexamples)')
    .option('--explain', 'formula, source, size and premises of each; best with --only')
    .action((files: string[], options: ProveOptions) =>
      run('prove', (session) => {
        const folders = options.smt2 === undefined ? [] : listQueryFolders(options.smt2, files);
        return runOnConfigurations(session, files, async (loaded, draft) => {
          const folder = folders[files.indexOf(draft.file)];
          const onQuery = folder === undefined ? {} : { onQuery: createQueryWriter(folder) };
          draft.isExplained = options.explain === true;
          await analyseBounds(loaded, draft);
          await analyseObligations(loaded, draft, session, { ...options, ...onQuery });
        });
      }),
    );
}

/**
 * The folder itself for one configuration; a folder in it, named after the file, for each of
 * several.
 */
function listQueryFolders(folder: string, files: readonly string[]): string[] {
  if (files.length === 1) return [folder];
  const taken = new Set<string>();
  return files.map((file) => join(folder, claimName(basename(file, extname(file)), taken)));
}

/**
 * Writes each query to a file named after its obligation, with characters that every system allows.
 */
function createQueryWriter(folder: string): (id: string, text: string) => void {
  const taken = new Set<string>();
  return (id, text) => writeOutputFile(join(folder, `${claimName(id, taken)}.smt2`), text);
}

/** The name in safe characters, with a number where another name came out the same. */
function claimName(name: string, taken: Set<string>): string {
  const safe =
    name
      .replaceAll(']', '')
      .replace(/[^A-Za-z0-9._-]+/g, '-')
      .replace(/^[-.]+|[-.]+$/g, '') || 'query';
  let candidate = safe;
  // Compared without case: some file systems make no difference.
  for (let number = 2; taken.has(candidate.toLowerCase()); number += 1) {
    candidate = `${safe}-${number}`;
  }
  taken.add(candidate.toLowerCase());
  return candidate;
}
