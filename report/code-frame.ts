/**
 * Code frames: a diagnostic with the source lines of both parties, marked, as compilers print it.
 */

import type { Diagnostic, Location } from '../formats/diagnostic.ts';
import { PLAIN } from './style.ts';
import type { Style } from './style.ts';
import { sanitizeLine } from './text.ts';

/** Columns of a source line that are shown; a longer line is cut around the mark. */
const FRAME_COLUMNS = 96;

/**
 * A diagnostic as text: headline, a frame for each place, and what to do. No trailing line break.
 */
export function renderDiagnostic(
  diagnostic: Diagnostic,
  sources: ReadonlyMap<string, string>,
  style: Style = PLAIN,
): string {
  const paint = diagnostic.severity === 'error' ? style.bad : style.warn;
  const places = [diagnostic.at, ...diagnostic.related.map((related) => related.at)];
  const gutter = Math.max(...places.map((place) => String(place.line).length));
  const rule = `${' '.repeat(gutter)} ${style.dim('|')}`;
  const lines = [
    `${paint(`${diagnostic.severity}[${sanitizeLine(diagnostic.code)}]`)}${style.strong(
      `: ${sanitizeLine(diagnostic.message)}`,
    )}`,
    ...renderPlace(diagnostic.at, '-->', '^', '', gutter, sources, style, paint),
  ];
  for (const related of diagnostic.related) {
    lines.push(
      ...renderPlace(related.at, ':::', '-', related.message, gutter, sources, style, style.note),
    );
  }
  if (diagnostic.help !== '') {
    lines.push(
      rule,
      `${' '.repeat(gutter)} = ${style.note('help')}: ${sanitizeLine(diagnostic.help)}`,
    );
  }
  return lines.join('\n');
}

function renderPlace(
  at: Location,
  arrow: string,
  mark: string,
  message: string,
  gutter: number,
  sources: ReadonlyMap<string, string>,
  style: Style,
  paint: (text: string) => string,
): string[] {
  const pad = ' '.repeat(gutter);
  const head = `${pad}${style.dim(arrow)} ${formatLocation(at)}`;
  const source = getLine(sources.get(at.file), at.line);
  if (source === null) return message === '' ? [head] : [head, `${pad}   ${sanitizeLine(message)}`];
  const { text, start, width } = cutAround(source, at);
  const label = message === '' ? '' : ` ${sanitizeLine(message)}`;
  return [
    head,
    `${pad} ${style.dim('|')}`,
    `${style.dim(String(at.line).padStart(gutter))} ${style.dim('|')} ${text}`,
    `${pad} ${style.dim('|')} ${' '.repeat(start)}${paint(mark.repeat(width) + label)}`,
  ];
}

/** A place as editors and terminals link it: `configs/a.yaml:12:9`. */
export function formatLocation(at: Location): string {
  return `${sanitizeLine(at.file)}:${at.line}:${at.column}`;
}

function getLine(source: string | undefined, line: number): string | null {
  if (source === undefined) return null;
  return source.split('\n', line)[line - 1] ?? null;
}

interface MarkedLine {
  readonly text: string;
  /** Columns before the mark. */
  readonly start: number;
  /** Columns of the mark, at least 1. */
  readonly width: number;
}

/** The part of a line that holds the marked span, at most `FRAME_COLUMNS` wide. */
function cutAround(source: string, at: Location): MarkedLine {
  const line = sanitizeLine(source);
  const first = Math.min(Math.max(at.column - 1, 0), line.length);
  const end = at.endLine > at.line ? line.trimEnd().length : at.endColumn - 1;
  const last = Math.min(Math.max(end, first + 1), Math.max(line.length, first + 1));
  if (line.length <= FRAME_COLUMNS) return { text: line, start: first, width: last - first };
  const from = first < FRAME_COLUMNS / 2 ? 0 : first - 8;
  const lead = from === 0 ? '' : '...';
  const text = lead + line.slice(from, from + FRAME_COLUMNS);
  const start = first - from + lead.length;
  return { text, start, width: Math.min(last - first, Math.max(1, text.length - start)) };
}
