/** `haven init`: a commented starter configuration that verifies. */

import { existsSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { pathToFileURL } from 'node:url';

import type { Command } from 'commander';

import { writeNewFile } from '../output.ts';
import { getPackageRoot } from '../package.ts';
import { emitInvalid, emitText } from '../session.ts';
import type { RunCommand } from '../session.ts';
import { UsageError } from '../usage.ts';

interface InitOptions {
  readonly out?: string;
  readonly force?: true;
}

/** Adds `init` to the command line. */
export function addInitCommand(program: Command, run: RunCommand): void {
  program
    .command('init')
    .summary('print a commented starter configuration that verifies')
    .description('Print a commented configuration of two partitions that verifies.')
    .argument('<platform>', 'a built-in platform, or a platform file')
    .option('--out <file>', 'write it to a file')
    .option('--force', 'replace the file if it exists')
    .action((reference: string, options: InitOptions) =>
      run('init', async (session) => {
        const [{ readPlatform }, platformFile, { adviseKnown }, { renderStarter }] =
          await Promise.all([
            import('../../formats/read.ts'),
            import('../../formats/haven-yaml/platform-file.ts'),
            import('../../formats/suggest.ts'),
            import('../starter.ts'),
          ]);
        const isPath = platformFile.isPlatformPath(reference);
        const builtIn = platformFile.listBuiltInPlatforms();
        if (!isPath && !builtIn.includes(reference)) {
          throw new UsageError(
            `there is no built-in platform ${reference}`,
            `${adviseKnown(reference, 'platforms', builtIn)}; or name a platform file`,
          );
        }
        const result = readPlatform(reference);
        if (result.kind === 'invalid') return emitInvalid(session, result);
        const folder = options.out === undefined ? process.cwd() : dirname(resolve(options.out));
        const name = isPath ? referTo(folder, resolve(reference)) : reference;
        const text = renderStarter(result.platform, name, findSchema(folder));
        if (options.out === undefined) return emitText(session, text, { configuration: text });
        writeNewFile(options.out, text, options.force === true);
        const note = `wrote ${options.out}; verify it with: haven verify ${options.out}\n`;
        return emitText(session, session.options.quiet === true ? '' : note, {
          written: options.out,
        });
      }),
    );
}

/** The JSON Schema of configurations as seen from a folder; null where the package has none. */
function findSchema(folder: string): string | null {
  const file = join(getPackageRoot(), 'schema', 'haven-configuration.schema.json');
  return existsSync(file) ? referTo(folder, file) : null;
}

/** A file as seen from a folder, with forward slashes; a URL where they are on different drives. */
function referTo(folder: string, file: string): string {
  const path = relative(folder, file);
  if (resolve(folder, path) !== file || /^[A-Za-z]:/.test(path)) return pathToFileURL(file).href;
  const forward = path.split(sep).join('/');
  return forward.startsWith('.') ? forward : `./${forward}`;
}
