/** `haven replay`: a counterexample, step by step, on the executable spec as it is now. */

import { resolve } from 'node:path';
import { performance } from 'node:perf_hooks';

import type { Command } from 'commander';

import type { Counterexample } from '../../counterexamples/format.ts';
import type { ReplayResult } from '../../counterexamples/replay.ts';
import { renderStory } from '../../counterexamples/story.ts';
import type { Diagnostic } from '../../formats/diagnostic.ts';
import { startOfFile } from '../../formats/diagnostic.ts';
import { getAreaOfId } from '../../properties/findings.ts';
import type { JsonValue } from '../../report/json.ts';
import type { Style } from '../../report/style.ts';
import { renderTable } from '../../report/table.ts';
import { sanitizeLine } from '../../report/text.ts';
import { getMessage } from '../output.ts';
import { createDraft, emitReport } from '../session.ts';
import type { Draft, RunCommand, Session } from '../session.ts';
import { UsageError, parseDuration, parseInteger } from '../usage.ts';

interface ReplayOptions {
  readonly promote?: string;
  readonly memory?: number;
  readonly time?: number;
}

/** Adds `replay` to the command line. */
export function addReplayCommand(program: Command, run: RunCommand): void {
  program
    .command('replay')
    .summary('replay a counterexample step by step')
    .description(
      'Replay counterexamples. One that is open must still fail, one that is fixed must pass.',
    )
    .argument('<file...>', 'counterexample files')
    .option('--promote <dir>', 'record as a regression there, with the status that it has now')
    .option('--memory <megabytes>', 'for each file (default 2048)', parseInteger(64))
    .option('--time <duration>', 'for each file (default 60s)', parseDuration)
    .action((files: string[], options: ReplayOptions) =>
      run('replay', async (session) => {
        const drafts: Draft[] = [];
        const texts: string[] = [];
        const replays: JsonValue[] = [];
        for (const file of files) {
          const draft = createDraft(file);
          drafts.push(draft);
          const begin = performance.now();
          const replayed = await replayFile(file, draft, options, session.signal);
          draft.ms = performance.now() - begin;
          if (replayed === null) continue;
          const { counterexample, result } = replayed;
          if (replayed.promoted !== null && session.options.quiet !== true) {
            texts.push(`${replayed.promoted}: ${counterexample.status} regression`);
          }
          if (!(session.options.quiet === true && result.asRecorded)) {
            texts.push(renderReplay(file, counterexample, result, session));
          }
          replays.push({ ...toFacts(file, counterexample, result), promoted: replayed.promoted });
        }
        const text = texts.map((part) => `${part}\n\n`).join('');
        return emitReport(session, drafts, { text, facts: { replays } });
      }),
    );
}

interface Replayed {
  readonly counterexample: Counterexample;
  readonly result: ReplayResult;
  /** The file that it was promoted to. */
  readonly promoted: string | null;
}

/** Replays a file; null where it cannot be used, or was interrupted, which the draft then says. */
async function replayFile(
  file: string,
  draft: Draft,
  { promote: folder, memory, time }: ReplayOptions,
  signal: AbortSignal,
): Promise<Replayed | null> {
  const [{ readTextFile }, { decodeCounterexample }, { replayWithin }] = await Promise.all([
    import('../../formats/text-file.ts'),
    import('../../counterexamples/format.ts'),
    import('../../counterexamples/guarded-replay.ts'),
  ]);
  const read = readTextFile(resolve(file), file);
  if (read.kind === 'invalid') return reject(draft, read.diagnostic);
  const decoded = decodeCounterexample(read.text);
  if (decoded.kind === 'invalid') {
    const help = 'files of this format are what haven fuzz writes';
    return reject(draft, createDiagnostic(file, 'CFG-COUNTEREXAMPLE', decoded.message, help));
  }
  const { counterexample } = decoded;
  const result = await replayWithin(counterexample, {
    ...(memory === undefined ? {} : { memoryMb: memory }),
    ...(time === undefined ? {} : { timeMs: time }),
    signal,
  });
  if (result === null) {
    draft.interrupted = true;
    return null;
  }
  draft.platform = counterexample.configuration.platform.name;
  if (folder !== undefined && result.verdict !== 'fails-otherwise') {
    return recordAnew(folder, file, counterexample, result);
  }
  if (!result.asRecorded) draft.diagnostics = [createDeparture(file, counterexample, result)];
  // A replay that does not end has judged nothing.
  draft.interrupted = !result.asRecorded && isLost(result);
  return { counterexample, result, promoted: null };
}

/** Makes it a regression: `fixed` where the spec passes now, `open` where it still fails. */
async function recordAnew(
  folder: string,
  file: string,
  counterexample: Counterexample,
  result: ReplayResult,
): Promise<Replayed> {
  const { promoteCounterexample } = await import('../../counterexamples/record.ts');
  const status = result.verdict === 'passes' ? 'fixed' : 'open';
  const promotedAs: Counterexample = { ...counterexample, status };
  try {
    const promoted = promoteCounterexample(folder, file, promotedAs);
    return { counterexample: promotedAs, result: { ...result, asRecorded: true }, promoted };
  } catch (error) {
    throw new UsageError(
      `cannot promote ${file} to ${folder}: ${getMessage(error)}`,
      'name a folder that you may write to with --promote',
    );
  }
}

function reject(draft: Draft, diagnostic: Diagnostic): null {
  draft.invalid = true;
  draft.diagnostics = [diagnostic];
  return null;
}

/** Whether the replay itself came to no end. */
function isLost({ story }: ReplayResult): boolean {
  return story.steps.at(-1)?.outcome === 'LOST';
}

/** Says how the spec and the record differ: an open one that passes, a fixed one that fails. */
function createDeparture(
  file: string,
  { property, status }: Counterexample,
  result: ReplayResult,
): Diagnostic {
  const { verdict, violation } = result;
  const found =
    verdict === 'passes' ? 'the trace now passes' : `it breaks ${violation?.property ?? ''}`;
  const expected = status === 'open' ? `expected it to break ${property}` : 'expected it to pass';
  if (isLost(result)) {
    const message = `recorded as ${status}: ${expected}, yet ${violation?.message ?? ''}`;
    const help = 'allow more with --time or --memory; if no amount is enough, please report it';
    return { ...createDiagnostic(file, 'SEAL-CRASH', message, help), severity: 'warning' };
  }
  const help =
    status === 'open'
      ? 'if the spec was mended, set "status" to "fixed" so that it stays mended'
      : 'what was mended is broken again; the steps above show how';
  const name = property.slice(property.indexOf('.') + 1).toUpperCase();
  const message = `recorded as ${status}: ${expected}, yet ${found}`;
  return createDiagnostic(file, `${getAreaOfId(property)}-${name}`, message, help);
}

function createDiagnostic(file: string, code: string, message: string, help: string): Diagnostic {
  return { code, severity: 'error', message, help, at: startOfFile(file), related: [] };
}

function renderReplay(
  file: string,
  { property, status }: Counterexample,
  { verdict, story, violation }: ReplayResult,
  { style }: Session,
): string {
  const { before, after } = renderStory(story, (rows) =>
    renderTable(
      rows.map((row) => row.map(sanitizeLine)),
      ['right', 'left', 'left'],
    ),
  );
  return [
    `${style.strong(sanitizeLine(file))}: ${property}, recorded as ${status}`,
    ...before.map((line) => `  ${line}`),
    `  ${renderVerdict(verdict, violation, style)}`,
    ...after.map((line) => `  ${sanitizeLine(line)}`),
  ].join('\n');
}

function renderVerdict(
  verdict: ReplayResult['verdict'],
  violation: ReplayResult['violation'],
  style: Style,
): string {
  if (violation === null) return style.good('passes: no property is broken');
  const head = verdict === 'fails' ? 'still fails' : 'fails otherwise';
  const message = `${head}: ${violation.property}: ${violation.message}`;
  return style.bad(sanitizeLine(message));
}

function toFacts(
  file: string,
  { property, status }: Counterexample,
  { verdict, asRecorded, story, violation }: ReplayResult,
): Readonly<Record<string, JsonValue>> {
  return {
    file,
    property,
    status,
    verdict,
    as_recorded: asRecorded,
    start: story.begin,
    steps: story.steps.map(({ sentence, outcome }) => ({ action: sentence, outcome })),
    expected: story.expected === null ? null : { ...story.expected },
    allowed_by: story.allowed,
    changes: story.changes,
    more_changes: story.moreChanges,
    violation:
      violation === null
        ? null
        : {
            property: violation.property,
            message: violation.message,
            witness: { ...violation.witness },
          },
  };
}
