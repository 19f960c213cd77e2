/** `haven platform`: a platform file from a flattened device tree. */

import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';

import type { Command } from 'commander';

import { startOfFile } from '../../formats/diagnostic.ts';
import { sanitizeLine } from '../../report/text.ts';
import { getMessage, writeNewFile } from '../output.ts';
import { emitInvalid, emitText } from '../session.ts';
import type { RunCommand, Session } from '../session.ts';
import { parseFrequency, parseInteger } from '../usage.ts';

interface PlatformOptions {
  readonly name?: string;
  readonly timer?: number;
  readonly streamIdBits?: number;
  readonly out?: string;
  readonly force?: true;
}

/** Adds `platform` to the command line. */
export function addPlatformCommand(program: Command, run: RunCommand): void {
  program
    .command('platform')
    .summary('make a platform file from a device tree blob')
    .description('Make a platform file from a flattened device tree; what it lacks is warned of.')
    .argument('<dtb>', 'device tree blob')
    .option('--name <name>', 'name of the platform')
    .option('--timer <frequency>', 'of the generic timer, such as 24MHz', parseFrequency)
    .option('--stream-id-bits <n>', 'width of a StreamID', parseInteger(1, 32))
    .option('--out <file>', 'write it to a file')
    .option('--force', 'replace the file if it exists')
    .action((file: string, options: PlatformOptions) =>
      run('platform', async (session) => {
        const read = await convert(file, options);
        if (read.kind === 'invalid') return rejectBlob(session, file, read.message);
        for (const warning of session.options.json === true ? [] : read.warnings) {
          process.stderr.write(`warning: ${sanitizeLine(warning)}\n`);
        }
        const { yaml, warnings } = read;
        if (options.out === undefined) {
          return emitText(session, yaml, { platform: yaml, warnings });
        }
        writeNewFile(options.out, yaml, options.force === true);
        const note = session.options.quiet === true ? '' : `wrote ${options.out}\n`;
        return emitText(session, note, { written: options.out, warnings });
      }),
    );
}

async function convert(file: string, options: PlatformOptions) {
  const [{ convertDeviceTree }, { BLOB_BYTES_MAX }] = await Promise.all([
    import('../../formats/device-tree/convert.ts'),
    import('../../formats/device-tree/fdt.ts'),
  ]);
  const blob = readBlob(file, BLOB_BYTES_MAX);
  if (typeof blob === 'string') return { kind: 'invalid' as const, message: blob };
  const { name, timer, streamIdBits } = options;
  return convertDeviceTree(blob, {
    file: basename(file),
    ...(name === undefined ? {} : { name }),
    ...(timer === undefined ? {} : { timerHz: timer }),
    ...(streamIdBits === undefined ? {} : { streamIdBits }),
  });
}

/** The bytes of a regular file of at most `bytesMax`, or why there are none. */
function readBlob(file: string, bytesMax: number): Uint8Array | string {
  try {
    const descriptor = openSync(file, 'r');
    try {
      const facts = fstatSync(descriptor);
      if (!facts.isFile()) return 'not a regular file';
      if (facts.size > bytesMax) return `larger than ${bytesMax} bytes: no device tree is`;
      return readFileSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    return `cannot be read: ${getMessage(error)}`;
  }
}

function rejectBlob(session: Session, file: string, message: string): Promise<number> {
  const diagnostic = {
    code: 'CFG-DEVICE-TREE',
    severity: 'error' as const,
    message,
    help: 'a blob is what dtc, a kernel build or "qemu -machine dumpdtb=" writes',
    at: startOfFile(file),
    related: [],
  };
  const diagnostics = [diagnostic];
  return emitInvalid(session, {
    kind: 'invalid',
    file,
    platform: null,
    diagnostics,
    sources: new Map(),
  });
}
