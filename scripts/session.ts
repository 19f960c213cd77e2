/** One run of a command: its options, how it is interrupted, and how its report gets out. */

import { performance } from 'node:perf_hooks';

import type { InvalidConfiguration, LoadedConfiguration } from '../formats/read.ts';
import type { JsonValue } from '../report/json.ts';
import { computeVerdict, computeWorst, EXIT_CODES } from '../report/report.ts';
import type { ConfigurationReport, Report } from '../report/report.ts';
import { chooseStyle } from '../report/style.ts';
import type { ColorChoice, Style } from '../report/style.ts';
import { waitUnlessInterrupted } from './interrupt.ts';
import { getMessage, writeOutputFile, writeStandardOutput } from './output.ts';
import { UsageError } from './usage.ts';
import { createProgress } from './progress.ts';
import type { Progress } from './progress.ts';

/** Options that all commands share. */
export interface OutputOptions {
  readonly json?: true;
  readonly sarif?: string;
  readonly junit?: string;
  readonly html?: string;
  readonly quiet?: true;
  readonly color?: ColorChoice;
}

/** What a command needs besides its own arguments. */
export interface Session {
  readonly command: string;
  readonly version: string;
  readonly options: OutputOptions;
  readonly signal: AbortSignal;
  readonly progress: Progress;
  /** Style of stdout. */
  readonly style: Style;
  /** When the command started, milliseconds of `performance.now()`. */
  readonly startedAt: number;
}

/** Runs a command's work in a session; the work returns the exit code. */
export type RunCommand = (
  command: string,
  work: (session: Session) => Promise<number>,
) => Promise<void>;

/** A report while it is being filled; what it holds when time is up is what gets reported. */
export type Draft = { -readonly [Key in keyof ConfigurationReport]: ConfigurationReport[Key] };

/** What a command does with one configuration that could be read. */
export type Analysis = (
  loaded: LoadedConfiguration,
  draft: Draft,
  session: Session,
) => Promise<void>;

/** Starts a session. */
export function startSession(
  command: string,
  version: string,
  options: OutputOptions,
  signal: AbortSignal,
): Session {
  return {
    command,
    version,
    options,
    signal,
    progress: createProgress(process.stderr, options.quiet !== true),
    style: chooseStyle(options.color ?? 'auto', process.stdout.isTTY, process.env),
    startedAt: performance.now(),
  };
}

/**
 * Reads each configuration, analyses those that can be used, reports all, and returns the exit
 * code.
 */
export async function runOnConfigurations(
  session: Session,
  files: readonly string[],
  analyse: Analysis,
): Promise<number> {
  const [{ readConfiguration }, writeReport] = await Promise.all([
    import('../formats/read.ts'),
    loadWriters(session),
  ]);
  const configurations: ConfigurationReport[] = [];
  for (const file of files) {
    const startedAt = performance.now();
    const draft = createDraft(file);
    configurations.push(draft);
    if (session.signal.aborted) {
      draft.interrupted = true;
      continue;
    }
    const result = readConfiguration(file);
    draft.sources = result.kind === 'ok' ? result.loaded.sources : result.sources;
    if (result.kind === 'invalid') {
      draft.invalid = true;
      draft.platform = result.platform;
      draft.diagnostics = result.diagnostics;
    } else {
      draft.platform = result.loaded.configuration.platform.name;
      // For whoever starts this program and must know when an interruption finds work to stop.
      if ((process.env['HAVEN_ANNOUNCE'] ?? '') !== '') process.stderr.write(`started ${file}\n`);
      draft.diagnostics = result.loaded.warnings;
      draft.interrupted = await analyseUnlessInterrupted(result.loaded, draft, session, analyse);
    }
    draft.ms = performance.now() - startedAt;
  }
  session.progress.clear();
  return writeReport(configurations, NO_SUPPLEMENT);
}

/**
 * Runs the analysis and tells whether it was interrupted; what it then throws no longer matters.
 */
async function analyseUnlessInterrupted(
  loaded: LoadedConfiguration,
  draft: Draft,
  session: Session,
  analyse: Analysis,
): Promise<boolean> {
  try {
    await waitUnlessInterrupted(analyse(loaded, draft, session), session.signal);
  } catch (error) {
    if (!session.signal.aborted) throw error instanceof UsageError ? error : blame(draft, error);
  }
  return session.signal.aborted;
}

/** An error of ours that says which configuration brought it about. */
function blame({ file }: Draft, error: unknown): Error {
  const blamed = new Error(`${getMessage(error)} (in ${file})`, { cause: error });
  if (error instanceof Error && error.stack !== undefined) blamed.stack = error.stack;
  return blamed;
}

/** A draft in which nothing has run yet. */
export function createDraft(file: string): Draft {
  return {
    file,
    platform: null,
    diagnostics: [],
    derivedCodes: [],
    rules: null,
    obligations: null,
    isExplained: false,
    bounds: null,
    timeScope: null,
    timing: null,
    fuzz: null,
    disagreements: [],
    sources: new Map(),
    invalid: false,
    interrupted: false,
    ms: 0,
  };
}

/** Reports input that cannot be used, for commands that work on one file; returns exit code 2. */
export function emitInvalid(session: Session, invalid: InvalidConfiguration): Promise<number> {
  const { file, platform, diagnostics, sources } = invalid;
  const draft = { ...createDraft(file), invalid: true, platform, diagnostics, sources };
  return emitReport(session, [draft]);
}

/** Writes the text, or with `--json` the same facts as one document; returns exit code 0. */
export async function emitText(
  session: Session,
  text: string,
  facts: Readonly<Record<string, JsonValue>>,
): Promise<number> {
  if (session.options.json === true) {
    const { toFactsJson } = await import('../report/json.ts');
    const document = toFactsJson(session.command, session.version, facts);
    await writeStandardOutput(`${JSON.stringify(document, null, 2)}\n`);
  } else {
    await writeStandardOutput(text);
  }
  return 0;
}

/** Writes a report in every form that was asked for, and returns its exit code. */
export async function emitReport(
  session: Session,
  drafts: readonly ConfigurationReport[],
  supplement: Supplement = NO_SUPPLEMENT,
): Promise<number> {
  const write = await loadWriters(session);
  return write(drafts, supplement);
}

/** What a command says beyond its report. */
export interface Supplement {
  /** Stands before the report on a terminal. */
  readonly text: string;
  /** Stand beside `configs` in JSON. */
  readonly facts: Readonly<Record<string, JsonValue>>;
}

const NO_SUPPLEMENT: Supplement = { text: '', facts: {} };

type ReportWriter = (
  drafts: readonly ConfigurationReport[],
  supplement: Supplement,
) => Promise<number>;

/**
 * Loads the modules that write the report. Before the work: a Ctrl-C also ends the process that
 * compiles modules when they run from source, and the report must come out after that.
 */
async function loadWriters(session: Session): Promise<ReportWriter> {
  const { json, quiet, sarif, junit, html } = session.options;
  const [jsonModule, terminalModule, sarifModule, junitModule, htmlModule] = await Promise.all([
    loadIf(json === true, () => import('../report/json.ts')),
    loadIf(json !== true, () => import('../report/terminal.ts')),
    loadIf(sarif !== undefined, () => import('../report/sarif.ts')),
    loadIf(junit !== undefined, () => import('../report/junit.ts')),
    loadIf(html !== undefined, () => import('../report/html.ts')),
  ]);
  return async (drafts, { text, facts }) => {
    const report = finishReport(session, drafts);
    if (sarif !== undefined && sarifModule !== null) {
      writeOutputFile(sarif, printJson(sarifModule.toSarif(report)));
    }
    if (junit !== undefined && junitModule !== null) {
      writeOutputFile(junit, junitModule.toJunit(report));
    }
    if (html !== undefined && htmlModule !== null) {
      writeOutputFile(html, htmlModule.toHtml(report));
    }
    const options = { style: session.style, quiet: quiet === true };
    if (jsonModule !== null) {
      await writeStandardOutput(printJson({ ...jsonModule.toJson(report), ...facts }));
    }
    if (terminalModule !== null) {
      await writeStandardOutput(text + terminalModule.renderTerminal(report, options));
    }
    return EXIT_CODES[computeWorst(report.configurations.map(computeVerdict))];
  };
}

async function loadIf<Module>(
  isWanted: boolean,
  load: () => Promise<Module>,
): Promise<Module | null> {
  return isWanted ? load() : null;
}

/**
 * A copy of the drafts: work that outlived its grace period must not change what is being written.
 */
function finishReport(session: Session, drafts: readonly ConfigurationReport[]): Report {
  const { command, version } = session;
  const configurations = drafts.map((draft) => ({ ...draft }));
  return { command, version, configurations, ms: performance.now() - session.startedAt };
}

function printJson(value: JsonValue): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
