/**
 * Corpus folder: traces that a campaign keeps from one run to the next, a file for each, in a
 * folder for each configuration file.
 *
 * A file is named by its content, so that the same corpus is the same files. What is no trace is
 * told and left alone.
 */

import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { z } from 'zod';
import { ACTION_KINDS } from '../model/actions.ts';
import type { Action } from '../model/actions.ts';
import { TRACE_LENGTH_MAX } from '../properties/engine/fuzz.ts';
import type { Trace } from '../properties/generators/traces.ts';
import { decodeAction } from './action-schema.ts';
import { encodeAction } from './format.ts';

/** Version of the format. */
export const TRACE_SCHEMA = 1;

const traceSchema = z.strictObject({
  schema: z.literal(TRACE_SCHEMA),
  start: z.enum(['reset', 'booted']),
  actions: z
    .array(z.looseObject({ kind: z.enum(ACTION_KINDS) }))
    .min(1)
    .max(TRACE_LENGTH_MAX),
});

/** A trace with the file that holds it. */
export interface StoredTrace {
  readonly path: string;
  readonly trace: Trace;
}

/** A file that is no trace, and why. */
export interface SkippedFile {
  readonly path: string;
  readonly message: string;
}

/** What is in a folder, by name. */
export interface StoredCorpus {
  readonly stored: readonly StoredTrace[];
  readonly skipped: readonly SkippedFile[];
}

/** The folder inside `folder` that belongs to a configuration file. */
export function nameCorpusFolder(folder: string, file: string): string {
  const stem = basename(file.replaceAll('\\', '/')).replace(/\.[^.]*$/, '');
  return join(folder, stem.toLowerCase().replace(/[^a-z0-9-]+/g, '-'));
}

/** Reads a folder; one that is not there is empty. Throws what the file system throws besides. */
export function readCorpus(folder: string): StoredCorpus {
  if (!existsSync(folder)) return { stored: [], skipped: [] };
  const stored: StoredTrace[] = [];
  const skipped: SkippedFile[] = [];
  for (const entry of readdirSync(folder, { withFileTypes: true }).toSorted(compareNames)) {
    const path = join(folder, entry.name);
    const decoded =
      entry.isFile() && entry.name.endsWith('.json')
        ? decodeTrace(readFileSync(path, 'utf8'))
        : 'expected only files named *.json here';
    if (typeof decoded === 'string') skipped.push({ path, message: decoded });
    else stored.push({ path, trace: decoded });
  }
  return { stored, skipped };
}

/** By code units: the same order everywhere. */
function compareNames(a: { readonly name: string }, b: { readonly name: string }): number {
  if (a.name === b.name) return 0;
  return a.name < b.name ? -1 : 1;
}

/** The trace that a file's text holds, or why it holds none. */
function decodeTrace(text: string): Trace | string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return `not JSON: ${error instanceof Error ? error.message : 'unreadable'}`;
  }
  const parsed = traceSchema.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const place = issue?.path.join('.') ?? '';
    return `no trace: ${place === '' ? 'the document' : place}: ${issue?.message ?? ''}`;
  }
  const actions: Action[] = [];
  for (const [index, action] of parsed.data.actions.entries()) {
    const result = decodeAction(action);
    if (result.kind === 'invalid') return `actions.${index}: ${result.message}`;
    actions.push(result.action);
  }
  return { start: parsed.data.start, actions };
}

function encodeTrace({ start, actions }: Trace): string {
  const lines = actions.map((action) => `    ${encodeAction(action)}`).join(',\n');
  const head = `{\n  "schema": ${TRACE_SCHEMA},\n  "start": "${start}",\n  "actions": [\n`;
  return `${head}${lines}\n  ]\n}\n`;
}

/**
 * Writes traces into a folder, each by a rename, and then takes those files of `replaced` away that
 * are none of them. Throws what the file system throws.
 */
export function writeCorpus(
  folder: string,
  traces: readonly Trace[],
  replaced: readonly StoredTrace[],
): void {
  mkdirSync(folder, { recursive: true });
  const paths = new Set<string>();
  for (const trace of traces) {
    const text = encodeTrace(trace);
    const name = createHash('sha256').update(text).digest('hex').slice(0, 16);
    const path = join(folder, `${name}.json`);
    paths.add(path);
    // One of this name has this content, or is damaged and not ours to mend.
    if (existsSync(path)) continue;
    const part = `${path}.${process.pid}.part`;
    writeFileSync(part, text);
    renameSync(part, path);
  }
  for (const { path } of replaced) if (!paths.has(path)) rmSync(path, { force: true });
}
