/**
 * Text files: read with a limit, so that no input can exhaust memory.
 */

import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

import type { Diagnostic } from './diagnostic.ts';
import { startOfFile } from './diagnostic.ts';
import type { ConfigurationCode } from './codes.ts';

/** Largest file that is read: 16 MiB, some 150,000 regions. */
export const FILE_BYTES_MAX = 16 * 1024 * 1024;

/** The text of a file without byte order mark, or why there is none. */
export type TextFile =
  | { readonly kind: 'ok'; readonly text: string }
  | { readonly kind: 'invalid'; readonly diagnostic: Diagnostic };

/**
 * Reads a UTF-8 file of at most 16 MiB; total. `file` is how diagnostics name it, `path` where it
 * is.
 * Pipes are read as files are.
 */
export function readTextFile(path: string, file: string): TextFile {
  let bytes: Uint8Array | TextFile;
  try {
    const descriptor = openSync(path, 'r');
    try {
      bytes = readBytes(descriptor, file);
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    return explainError(error, file);
  }
  return bytes instanceof Uint8Array ? decodeText(bytes, file) : bytes;
}

/** Decodes UTF-8 text; refuses NUL bytes and invalid sequences. */
export function decodeText(bytes: Uint8Array, file: string): TextFile {
  const help =
    'save it as UTF-8 text; a device tree blob is turned into a platform by: haven platform';
  if (bytes.includes(0)) {
    return refuse('CFG-NOT-TEXT', file, 'the file holds NUL bytes: expected UTF-8 text', help);
  }
  try {
    return { kind: 'ok', text: new TextDecoder('utf-8', { fatal: true }).decode(bytes) };
  } catch {
    return refuse('CFG-NOT-TEXT', file, 'the file is not valid UTF-8: expected UTF-8 text', help);
  }
}

function readBytes(descriptor: number, file: string): Uint8Array | TextFile {
  const status = fstatSync(descriptor);
  if (status.isDirectory()) return refuseDirectory(file);
  if (status.isFile() && status.size > FILE_BYTES_MAX) return refuseLarge(file, status.size);
  const chunks: Buffer[] = [];
  let total = 0;
  for (;;) {
    const chunk = Buffer.alloc(status.isFile() && total === 0 ? status.size + 1 : 65_536);
    const count = readSync(descriptor, chunk);
    if (count === 0) return Buffer.concat(chunks, total);
    chunks.push(chunk.subarray(0, count));
    total += count;
    if (total > FILE_BYTES_MAX) return refuseLarge(file, total);
  }
}

function refuseDirectory(file: string): TextFile {
  const help = 'name a file in it, for example its .yaml';
  return refuse('CFG-UNREADABLE', file, 'this is a directory: expected a file', help);
}

function refuseLarge(file: string, size: number): TextFile {
  const mebibytes = Math.ceil(size / 1024 / 1024);
  const message = `the file has at least ${mebibytes} MiB: expected at most 16 MiB`;
  return refuse('CFG-LIMIT', file, message, 'is this the right file? A configuration has some KiB');
}

const ERROR_TEXTS: Readonly<Record<string, readonly [message: string, help: string]>> = {
  ENOENT: ['the file does not exist', 'check the spelling of the path'],
  ENOTDIR: ['a part of the path is not a directory', 'check the spelling of the path'],
  EACCES: ['the file may not be read', 'give this user the right to read it'],
  EPERM: ['the file may not be read', 'give this user the right to read it'],
  ENAMETOOLONG: ['the path is too long', 'check the spelling of the path'],
  ELOOP: ['the path leads through a loop of symbolic links', 'name the file itself'],
};

function explainError(error: unknown, file: string): TextFile {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
  if (code === 'EISDIR') return refuseDirectory(file);
  const [message, help] = ERROR_TEXTS[code] ?? [
    `the file cannot be read (${code})`,
    'check that the path names a readable file',
  ];
  return refuse('CFG-UNREADABLE', file, message, help);
}

function refuse(code: ConfigurationCode, file: string, message: string, help: string): TextFile {
  const at = startOfFile(file);
  return {
    kind: 'invalid',
    diagnostic: { code, severity: 'error', message, help, at, related: [] },
  };
}
