/**
 * Reading: a configuration file and its platform file, as a static configuration with source
 * positions.
 */

import { resolve } from 'node:path';

import type { Path, Platform, StaticConfiguration } from '../model/configuration.ts';
import type { Finding } from '../properties/findings.ts';
import { compareLocations, type Diagnostic, type Location, startOfFile } from './diagnostic.ts';
import { computeDigest } from './digest.ts';
import { configurationSchema, FORMAT_VERSION } from './haven-yaml/configuration-schema.ts';
import type { RawMap } from './haven-yaml/core-schema.ts';
import { parseSource, type SourceDocument } from './haven-yaml/document.ts';
import {
  isPlatformPath,
  listBuiltInPlatforms,
  locateBuiltInPlatform,
  locatePlatformPath,
  type NamedFile,
  parsePlatformText,
  type PlatformReading,
  readPlatformFile,
} from './haven-yaml/platform-file.ts';
import { checkReferences } from './haven-yaml/references.ts';
import { resolveConfiguration } from './haven-yaml/resolve.ts';
import { problem, validate } from './haven-yaml/validate.ts';
import { adviseKnown } from './suggest.ts';
import { readTextFile } from './text-file.ts';

/** A configuration that was read, with the way back to its source. */
export interface LoadedConfiguration {
  /** The configuration file as the user named it. */
  readonly file: string;
  readonly configuration: StaticConfiguration;
  /**
   * SHA-256 of the canonical JSON of the configuration, hexadecimal; computed when first asked
   * for.
   */
  readonly digest: string;
  /** Remarks that do not keep the configuration from being used. */
  readonly warnings: readonly Diagnostic[];
  /** Text of the configuration and of the platform file, by file name, for code frames. */
  readonly sources: ReadonlyMap<string, string>;
  /** Place of a path, or of its nearest parent that the source has. */
  readonly locate: (path: Path) => Location;
}

/** A file that cannot be used; `diagnostics` are sorted by place and not empty. */
export interface InvalidConfiguration {
  readonly kind: 'invalid';
  readonly file: string;
  /** What the configuration calls its platform, as far as it could be read. */
  readonly platform: string | null;
  readonly diagnostics: readonly Diagnostic[];
  readonly sources: ReadonlyMap<string, string>;
}

/** What reading gives; it never throws because of its input. */
export type ReadResult =
  { readonly kind: 'ok'; readonly loaded: LoadedConfiguration } | InvalidConfiguration;

/** Where to read, other than from the file system at the working directory. */
export interface ReadOptions {
  /** Where relative paths start; default: the working directory of the process. */
  readonly workingDirectory?: string;
  /** Text of the platform file in place of what the configuration names. */
  readonly platform?: { readonly file: string; readonly text: string };
}

/** Reads a configuration file and the platform that it names. */
export function readConfiguration(file: string, options: ReadOptions = {}): ReadResult {
  const read = readTextFile(resolve(options.workingDirectory ?? process.cwd(), file), file);
  if (read.kind === 'ok') return readConfigurationText(read.text, file, options);
  return reject(file, null, [read.diagnostic], new Map());
}

/**
 * Reads the text of a configuration file; `file` gives it a name and the place of a relative
 * platform.
 */
export function readConfigurationText(
  text: string,
  file: string,
  options: ReadOptions = {},
): ReadResult {
  const document = parseSource(text, file);
  const sources = new Map([[file, text]]);
  if (document.diagnostics.length > 0) return reject(file, null, document.diagnostics, sources);
  const root = asMap(document);
  const word = typeof root['platform'] === 'string' ? root['platform'] : null;
  const version = checkVersion(document, root);
  if (version !== null) return reject(file, word, [version], sources);

  const platform = openPlatform(document, word, options);
  if (platform.document !== null) sources.set(platform.document.file, platform.document.text);
  const validated = validate(document, configurationSchema);
  const problems = [
    ...validated.diagnostics,
    ...checkReferences(document, platform.names),
    ...platform.diagnostics,
  ];
  const name = platform.platform?.name ?? word;
  if (problems.length > 0 || validated.value === null || platform.platform === null) {
    return reject(file, name, problems, sources);
  }
  const resolved = resolveConfiguration(validated.value, platform.platform, document);
  if (resolved.diagnostics.length > 0) return reject(file, name, resolved.diagnostics, sources);
  return { kind: 'ok', loaded: load(resolved.configuration, document, platform, sources) };
}

/** A platform file that was read alone, without a configuration. */
export type PlatformReadResult =
  | {
      readonly kind: 'ok';
      readonly platform: Platform;
      readonly sources: ReadonlyMap<string, string>;
    }
  | InvalidConfiguration;

/** Reads a platform by the name of a built-in one or by the path of its file. */
export function readPlatform(word: string, options: ReadOptions = {}): PlatformReadResult {
  const directory = options.workingDirectory ?? process.cwd();
  const found = isPlatformPath(word)
    ? { path: resolve(directory, word), file: word }
    : locateBuiltInPlatform(word, directory);
  const reading = readPlatformFile(found.path, found.file);
  const sources = new Map(
    reading.document === null ? [] : [[found.file, reading.document.text] as const],
  );
  return reading.platform === null
    ? reject(found.file, word, reading.diagnostics, sources)
    : { kind: 'ok', platform: reading.platform, sources };
}

/** The diagnostic of a finding: its paths turned into places. */
export function toDiagnostic(loaded: LoadedConfiguration, finding: Finding): Diagnostic {
  const { code, severity, message, help } = finding;
  const related = finding.related.map((place) => ({
    message: place.message,
    at: loaded.locate(place.at),
  }));
  return { code, severity, message, help, at: loaded.locate(finding.at), related };
}

function load(
  configuration: StaticConfiguration,
  document: SourceDocument,
  platform: PlatformReading,
  sources: ReadonlyMap<string, string>,
): LoadedConfiguration {
  let digest: string | null = null;
  return {
    file: document.file,
    configuration,
    get digest() {
      digest ??= computeDigest(configuration);
      return digest;
    },
    warnings: [],
    sources,
    locate: ([which, ...steps]) => {
      if (which === 'platform') return (platform.document ?? document).locate(steps);
      return document.locate(
        isSingleSchedule(document, steps) ? ['schedule', ...steps.slice(2)] : steps,
      );
    },
  };
}

/** Whether steps go into a schedule that is one entry without a list, so that it has no index. */
function isSingleSchedule(document: SourceDocument, steps: readonly (string | number)[]): boolean {
  return steps[0] === 'schedule' && !Array.isArray(asMap(document)['schedule']);
}

function checkVersion(document: SourceDocument, root: RawMap): Diagnostic | null {
  const version = root['version'];
  if (typeof version !== 'number' || version === FORMAT_VERSION) return null;
  const found = document.describe(['version']);
  return problem(
    'CFG-UNKNOWN-VERSION',
    document.locate(['version']),
    `version: expected ${FORMAT_VERSION}, found ${found}`,
    `write version: ${FORMAT_VERSION}, or use the release of haven that knows the other one`,
  );
}

function openPlatform(
  document: SourceDocument,
  word: string | null,
  options: ReadOptions,
): PlatformReading {
  if (options.platform !== undefined) {
    return parsePlatformText(options.platform.text, options.platform.file);
  }
  const nothing = { platform: null, names: null, document: null };
  // A missing or mistyped key is the schema's to report.
  if (word === null) return { ...nothing, diagnostics: [] };
  const directory = options.workingDirectory ?? process.cwd();
  const configuration: NamedFile = {
    path: resolve(directory, document.file),
    file: document.file,
  };
  if (isPlatformPath(word)) {
    const found = locatePlatformPath(word, configuration);
    const reading = readPlatformFile(found.path, found.file);
    return reading.document === null
      ? blameReference(reading, document.locate(['platform']), found.file)
      : reading;
  }
  const known = listBuiltInPlatforms();
  if (!known.includes(word)) {
    const message = `platform: there is no built-in platform "${word}"`;
    const help = `${adviseKnown(word, 'platforms', known)}; a path of your own begins with ./`;
    const at = document.locate(['platform']);
    return { ...nothing, diagnostics: [problem('CFG-UNKNOWN-NAME', at, message, help)] };
  }
  const found = locateBuiltInPlatform(word, directory);
  return readPlatformFile(found.path, found.file);
}

/** A platform file that cannot be opened is shown where the configuration names it. */
function blameReference(reading: PlatformReading, at: Location, file: string): PlatformReading {
  const diagnostics = reading.diagnostics.map((diagnostic) => ({
    ...diagnostic,
    message: `platform file ${file}: ${diagnostic.message}`,
    help: `${diagnostic.help}; the path is relative to the configuration file`,
    at,
  }));
  return { ...reading, diagnostics };
}

function asMap(document: SourceDocument): RawMap {
  const { root } = document;
  return typeof root === 'object' && root !== null && !Array.isArray(root) ? (root as RawMap) : {};
}

function reject(
  file: string,
  platform: string | null,
  diagnostics: readonly Diagnostic[],
  sources: ReadonlyMap<string, string>,
): InvalidConfiguration {
  // No caller comes here without a diagnostic; if one did, exit 2 without a reason would be worse
  // than this.
  const some =
    diagnostics.length > 0
      ? diagnostics
      : [
          problem(
            'CFG-UNREADABLE',
            startOfFile(file),
            'the file cannot be used',
            'report this file',
          ),
        ];
  const isOther = (diagnostic: Diagnostic): number => (diagnostic.at.file === file ? 0 : 1);
  const sorted = [...some].sort((a, b) => isOther(a) - isOther(b) || compareLocations(a.at, b.at));
  return { kind: 'invalid', file, platform, diagnostics: sorted, sources };
}
