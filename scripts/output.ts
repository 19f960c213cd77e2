/** Where output goes: stdout, and the files of `--sarif`, `--junit` and `--html`. */

import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

import { UsageError } from './usage.ts';

/** Writes a file and the folders above it. A file that cannot be written is a usage error. */
export function writeOutputFile(file: string, text: string): void {
  try {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  } catch (error) {
    throw new UsageError(
      `cannot write ${file}: ${getMessage(error)}`,
      'name a file in a folder that you may write to',
    );
  }
}

/** Writes a file that must not exist yet, unless it is to be replaced. */
export function writeNewFile(file: string, text: string, isReplacing: boolean): void {
  if (!isReplacing && existsSync(file)) {
    throw new UsageError(`${file} exists already`, 'name another file, or replace it with --force');
  }
  writeOutputFile(file, text);
}

/** Text of whatever was thrown. */
export function getMessage(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/**
 * Writes to stdout and waits until it is out. A reader that has gone away (`haven ... | head`) is
 * no error: the exit code still tells the verdict. Any other failure is: an incomplete document
 * must not look whole.
 */
export async function writeStandardOutput(text: string): Promise<void> {
  if (text === '') return;
  await new Promise<void>((resolve, reject) => {
    process.stdout.write(text, (error) => {
      if (error === null || error === undefined || isBrokenPipe(error)) resolve();
      else reject(new UsageError(`cannot write to standard output: ${getMessage(error)}`));
    });
  });
}

/** Keeps a stream whose reader has gone away from ending the program with a stack trace. */
export function surviveBrokenPipes(): void {
  for (const stream of [process.stdout, process.stderr]) {
    // The callback of each write sees the error as well, and decides what it means.
    stream.on('error', () => undefined);
  }
}

function isBrokenPipe(error: Error): boolean {
  return 'code' in error && (error.code === 'EPIPE' || error.code === 'ERR_STREAM_DESTROYED');
}
