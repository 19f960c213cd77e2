/**
 * Diagnostics: what is wrong, and where in which file.
 */

import type { Severity } from '../properties/findings.ts';

/** A stretch of a text file. Lines and columns count from 1, columns in UTF-16 code units. */
export interface Location {
  /** The file as the user named it. */
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly endLine: number;
  /** Exclusive. */
  readonly endColumn: number;
}

/** A second place that has to do with a diagnostic. */
export interface RelatedLocation {
  readonly message: string;
  readonly at: Location;
}

/** A problem with its place in the source. */
export interface Diagnostic {
  /** For example `CFG-UNKNOWN-KEY`; its area stands before the first dash. */
  readonly code: string;
  readonly severity: Severity;
  /** Both parties, expected and found. */
  readonly message: string;
  /** What to do. */
  readonly help: string;
  readonly at: Location;
  readonly related: readonly RelatedLocation[];
}

/** The first column of the first line: the place of a problem with a whole file. */
export function startOfFile(file: string): Location {
  return { file, line: 1, column: 1, endLine: 1, endColumn: 1 };
}

/** Order of places in one file. */
export function compareLocations(a: Location, b: Location): number {
  return a.line - b.line || a.column - b.column;
}
