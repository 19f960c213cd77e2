/** Errors of the lifter: each names the place in the source and the construct. */

/** A place in a source file; line and column count from 1. */
export interface SourcePlace {
  /** Path from the root of the project: `model/step.ts`. */
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/**
 * A construct outside of the liftable subset, or one whose meaning depends on a symbolic value
 * where it may not. It is raised by the project's own sources only, never by a user's input.
 */
export class LiftError extends Error {
  readonly place: SourcePlace;
  readonly construct: string;

  constructor(place: SourcePlace, construct: string, advice: string) {
    super(`${place.file}:${place.line}:${place.column}: ${construct} cannot be lifted: ${advice}`);
    this.name = 'LiftError';
    this.place = place;
    this.construct = construct;
  }
}
