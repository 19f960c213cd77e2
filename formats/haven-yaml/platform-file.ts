/**
 * Platform files: found by name or path, and read.
 */

import { existsSync, readdirSync } from 'node:fs';
import { dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

import type { Platform } from '../../model/configuration.ts';
import type { Diagnostic } from '../diagnostic.ts';
import { readTextFile } from '../text-file.ts';
import { parseSource, type SourceDocument } from './document.ts';
import { platformSchema } from './platform-schema.ts';
import { checkPlatformReferences, listPlatformNames, type PlatformNames } from './references.ts';
import { resolvePlatform } from './resolve.ts';
import { validate } from './validate.ts';

/** A platform file that was found, valid or not. */
export interface PlatformReading {
  /** Null where there are diagnostics. */
  readonly platform: Platform | null;
  /** Names declared in it, as far as they are readable; null where the file is not even YAML. */
  readonly names: PlatformNames | null;
  /** Null where the file could not be read. */
  readonly document: SourceDocument | null;
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Reads the text of a platform file; total. Many configurations name the same platform, so the last
 * few readings are kept and given again for the same text under the same name.
 */
export function parsePlatformText(text: string, file: string): PlatformReading {
  const kept = readings.find((entry) => entry.text === text && entry.file === file);
  if (kept !== undefined) return kept.reading;
  const reading = parseAnew(text, file);
  readings.push({ text, file, reading });
  if (readings.length > READINGS_MAX) readings.shift();
  return reading;
}

const READINGS_MAX = 4;
const readings: { text: string; file: string; reading: PlatformReading }[] = [];

function parseAnew(text: string, file: string): PlatformReading {
  const document = parseSource(text, file);
  if (document.diagnostics.length > 0) {
    return { platform: null, names: null, document, diagnostics: document.diagnostics };
  }
  const validated = validate(document, platformSchema);
  const diagnostics = [...validated.diagnostics, ...checkPlatformReferences(document)];
  const platform =
    validated.value === null || diagnostics.length > 0 ? null : resolvePlatform(validated.value);
  return { platform, names: listPlatformNames(document.root), document, diagnostics };
}

/** Reads a platform file. `file` is how diagnostics name it, `path` where it is. */
export function readPlatformFile(path: string, file: string): PlatformReading {
  const read = readTextFile(path, file);
  return read.kind === 'ok'
    ? parsePlatformText(read.text, file)
    : { platform: null, names: null, document: null, diagnostics: [read.diagnostic] };
}

/** Whether the `platform` key is a path and not the name of a built-in platform. */
export function isPlatformPath(word: string): boolean {
  return /[/\\]|\.(?:ya?ml|json)$/i.test(word);
}

/** A file with the name that diagnostics give it. */
export interface NamedFile {
  readonly path: string;
  readonly file: string;
}

/** The platform file at a path relative to the configuration file. */
export function locatePlatformPath(word: string, configuration: NamedFile): NamedFile {
  // Backslashes separate folders in files written on Windows; no platform file has one in its name.
  const portable = word.replaceAll('\\', '/');
  if (isAbsolute(portable)) return { path: portable, file: portable };
  return {
    path: resolve(dirname(configuration.path), portable),
    file: join(dirname(configuration.file), portable),
  };
}

/** The file of a built-in platform, which may not exist. */
export function locateBuiltInPlatform(name: string, workingDirectory: string): NamedFile {
  const path = join(platformFolder(), `${name}.yaml`);
  const near = relative(workingDirectory, path);
  const isBelow = !near.startsWith(`..${sep}`) && !isAbsolute(near);
  return { path, file: isBelow ? near : path };
}

/** Names of the platforms that ship with the package, sorted. */
export function listBuiltInPlatforms(): string[] {
  const folder = platformFolder();
  if (!existsSync(folder)) return [];
  const files = readdirSync(folder).filter((file) => file.endsWith('.yaml'));
  return files.map((file) => file.slice(0, -'.yaml'.length)).sort();
}

/**
 * `platforms/` of the package: this module runs from the source tree and from `dist`, which lies
 * deeper.
 */
function platformFolder(): string {
  const start = dirname(fileURLToPath(import.meta.url));
  let folder = start;
  while (!existsSync(join(folder, 'package.json'))) {
    const parent = dirname(folder);
    if (parent === folder) return join(start, 'platforms');
    folder = parent;
  }
  return join(folder, 'platforms');
}
