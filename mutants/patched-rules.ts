/**
 * Patched rules: `haven check` with one seeded bug in its own text.
 *
 * The checker alone gets the change, with its own copy of what it imports: proofs and fuzzer read
 * the project's files as they are.
 */

import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Diagnostic } from '../formats/diagnostic.ts';
import { readConfigurationText, toDiagnostic } from '../formats/read.ts';
import type { LoadedConfiguration } from '../formats/read.ts';
import type { StaticConfiguration } from '../model/configuration.ts';
import type { Finding } from '../properties/findings.ts';
import type { Sources } from '../solver/lift/sources.ts';
import { applyBug, bundleSources } from './patched-spec.ts';
import type { RuleBug } from './rule-bug.ts';

/** `checkConfiguration` of some text. */
export type Checker = (configuration: StaticConfiguration) => Finding[];

const ROOT = join(import.meta.dirname, '..');
/** Folders that the checker is made of. */
const FOLDERS = ['model', 'properties', 'properties/rules'];
const REJECTED = join(ROOT, 'configs', 'rejected');

/** Reads the text that the checker is made of. */
export function readRuleSources(): Sources {
  const sources = new Map<string, string>();
  for (const folder of FOLDERS) {
    for (const name of readdirSync(join(ROOT, folder)).toSorted()) {
      if (!name.endsWith('.ts') || name.endsWith('.test.ts')) continue;
      sources.set(`${folder}/${name}`, readFileSync(join(ROOT, folder, name), 'utf8'));
    }
  }
  return sources;
}

/** The checker of these sources. Rejects with `SourcesError`. */
export async function loadChecker(sources: Sources): Promise<Checker> {
  const entry = "export { checkConfiguration } from './properties/rules/check.ts';";
  const { checkConfiguration } = await bundleSources(sources, entry);
  return checkConfiguration as Checker;
}

/** The checker with the bug in it. */
export function loadBuggyChecker(bug: RuleBug): Promise<Checker> {
  return loadChecker(applyBug(readRuleSources(), bug));
}

/** A configuration that must be rejected, with the name of its file. */
export interface RejectedConfiguration {
  readonly name: string;
  readonly loaded: LoadedConfiguration;
}

/** The configuration that a bug lets through. */
export function readNearMiss(bug: RuleBug): RejectedConfiguration {
  if (bug.nearMiss === undefined) return readRejected(`${bug.property.toLowerCase()}.yaml`);
  let text = readText('good.yaml');
  for (const [find, replace] of bug.nearMiss) {
    if (text.split(find).length !== 2) throw new NearMissError(bug.name, find);
    text = text.replace(find, () => replace);
  }
  return { name: 'near miss', loaded: load(text, 'good.yaml') };
}

const known = new Map<string, RejectedConfiguration>();

/** The rejected configuration of that file name. */
export function readRejected(name: string): RejectedConfiguration {
  const remembered = known.get(name);
  if (remembered !== undefined) return remembered;
  const rejected = { name, loaded: load(readText(name), name) };
  known.set(name, rejected);
  return rejected;
}

/** Whether there is a rejected configuration for a rule. */
export function hasRejected(code: string): boolean {
  return existsSync(join(REJECTED, `${code.toLowerCase()}.yaml`));
}

function readText(name: string): string {
  return readFileSync(join(REJECTED, name), 'utf8').replaceAll('\r\n', '\n');
}

function load(text: string, name: string): LoadedConfiguration {
  const read = readConfigurationText(text, join(REJECTED, name));
  if (read.kind !== 'ok') throw new NearMissError(name, read.diagnostics[0]?.message ?? '');
  return read.loaded;
}

/** What a checker says of a configuration, where it says it. */
export function diagnose(checker: Checker, { loaded }: RejectedConfiguration): Diagnostic[] {
  return checker(loaded.configuration).map((finding) => toDiagnostic(loaded, finding));
}

/** An edit of ours that the good file does not have exactly once, or a file that does not read. */
export class NearMissError extends Error {
  constructor(name: string, found: string) {
    super(`the near miss of "${name}" cannot be made: ${JSON.stringify(found)}`);
  }
}
