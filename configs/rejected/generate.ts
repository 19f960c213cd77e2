/**
 * Writes the rejected configurations from the good ones and the edits:
 * `npx tsx configs/rejected/generate.ts`.
 */

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

import { RULES } from '../../properties/rules/all.ts';
import { EDITS, type Edit } from './edits.ts';

/** The folder of the rejected configurations. */
export const REJECTED = dirname(fileURLToPath(import.meta.url));

/** A file to be written, and where its defect is. */
export interface RejectedFile {
  /** Relative to the folder, with `/`. */
  readonly name: string;
  readonly text: string;
  /** Lines of the edit, 1-based and inclusive; null for a file that only names a platform. */
  readonly lines: { readonly first: number; readonly last: number } | null;
}

/** The good configurations. */
export const GOOD: readonly string[] = ['good.yaml', 'good-table.yaml'];

/** Name of the rejected configuration of a rule: `mem-overlap.yaml`. */
export function getRejectedName(code: string): string {
  return `${code.toLowerCase()}.yaml`;
}

/** The good configuration that an edit starts from. */
function getGoodName(edit: Edit): string {
  return edit.base ?? 'good.yaml';
}

/** The one or two files of a defect: the configuration first. */
export function createRejectedFiles(edit: Edit): RejectedFile[] {
  const name = getRejectedName(edit.code);
  const good = readGood(getGoodName(edit));
  if (edit.in === 'config') return [{ name, ...applyEdit(good, edit) }];
  const reference = { find: './platforms/board.yaml', replace: `./platforms/${name}` };
  const config = applyEdit(good, { ...edit, ...reference });
  const platform = applyEdit(readGood('platforms/board.yaml'), edit);
  return [
    { name, text: config.text, lines: null },
    { name: `platforms/${name}`, ...platform },
  ];
}

/** Text of a file of the folder, without its first comment. */
function readGood(name: string): string {
  const text = readFileSync(join(REJECTED, name), 'utf8').replaceAll('\r\n', '\n');
  return text.slice(text.indexOf('\n') + 1);
}

function applyEdit(good: string, edit: Edit): Omit<RejectedFile, 'name'> {
  const { code, find, replace, upTo } = edit;
  const [before, rest, ...others] = good.split(find);
  if (before === undefined || rest === undefined || others.length > 0) {
    throw new AmbiguousEditError(code);
  }
  const after = upTo === undefined ? rest : rest.slice(rest.indexOf(upTo));
  const rule = RULES.find((candidate) => candidate.code === code);
  const edited = edit.in === 'platform' ? 'the platform' : getGoodName(edit);
  const head = [
    `# ${code}: ${rule?.title ?? ''}`,
    `# The edit of ${edited}: ${describeEdit(edit)}`,
  ];
  const first = head.length + before.split('\n').length;
  const last = first + replace.replace(/\n$/, '').split('\n').length - 1;
  const text = `${head.join('\n')}\n${before}${replace}${after}`;
  return { text, lines: { first, last } };
}

function describeEdit({ find, replace }: Edit): string {
  if (replace.startsWith(find)) return `adds ${flatten(replace.slice(find.length))}`;
  if (replace === '') return `removes ${flatten(find)}`;
  return `${flatten(find)} becomes ${flatten(replace)}`;
}

/** Text of an edit in one short line. */
function flatten(text: string): string {
  const line = text
    .replace(/\s+/g, ' ')
    .replace(/^[ ,-]+/, '')
    .trim();
  return line.length <= LINE_MAX ? line : `${line.slice(0, LINE_MAX)} …`;
}

const LINE_MAX = 76;

/** A find text of ours that the good file does not have exactly once: a slip in `edits.ts`. */
export class AmbiguousEditError extends Error {
  constructor(code: string) {
    super(`the text of edit ${code} is not exactly once in the good file`);
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  mkdirSync(join(REJECTED, 'platforms'), { recursive: true });
  for (const file of EDITS.flatMap(createRejectedFiles)) {
    writeFileSync(join(REJECTED, file.name), file.text);
  }
}
