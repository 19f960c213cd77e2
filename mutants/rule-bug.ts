/**
 * Rule bug: a change of the text of `haven check` that makes it let a defect through.
 */

/** One replacement in the good configuration: text found there once, and text in its place. */
export type Replacement = readonly [find: string, replace: string];

/** A bug seeded into the text of the rules, or of what they read configurations with. */
export interface RuleBug {
  /** What is wrong, in words; no other bug has it. */
  readonly name: string;
  /** Kind of bug that is known from real checkers, such as RNG-04. */
  readonly row: string;
  /** Path of the patched file from the root of the project; the checker alone gets the change. */
  readonly file: `properties/rules/${string}.ts` | 'model/regions.ts';
  /** Text that occurs exactly once in the file. */
  readonly find: string;
  readonly replace: string;
  /** What it lets through, one sentence. */
  readonly breaks: string;
  /** Code of the rule that no longer finds what it must. */
  readonly property: string;
  /**
   * The configuration that is let through, as edits of `configs/rejected/good.yaml`; the rejected
   * configuration of the rule where absent.
   */
  readonly nearMiss?: readonly Replacement[];
  /** Id of the run-time property that falls where the fuzzer runs what is let through. */
  readonly run: string | null;
  /** With `run` null: why no run shows the defect. */
  readonly unseen?: string;
}
