/**
 * Obligations: statements about a configuration that a solver discharges or refutes.
 *
 * An obligation is an implication, asked as "is there a case that satisfies `assume` and
 * `refute`?". No such case: the statement holds for every value of the symbolic variables. A case:
 * the model is decoded, re-checked by plain code, and becomes a finding.
 */

import type { StaticConfiguration } from '../model/configuration.ts';
import { getAreaOfId } from '../properties/findings.ts';
import type { Area, Finding } from '../properties/findings.ts';
import type { CaseSearch, RefutedCase } from './induction/case-search.ts';
import type { Term, Value } from './smt/term.ts';
import type { CoreBound } from './timing/certificate-types.ts';

/** Values that a solver found, by variable name. */
export type Model = ReadonlyMap<string, Value>;

/**
 * A case that breaks a statement, in the words of the configuration: `{ page: '0x67fff000', … }`.
 */
export type Witness = Readonly<Record<string, string | number | boolean>>;

/** A part of a statement. */
export interface ObligationPart {
  /** What breaks it. Where this alone is impossible no premise is needed. */
  readonly broken: Term;
  /** It is not worth asking without its premises. */
  readonly needsPremises: boolean;
  /** The same together with its premises; the two are one term where there are none. */
  readonly refute: () => Term;
}

/** What is to be proved, and what to say when it is false. */
export interface Obligation {
  /**
   * `area.claim`, with the instance in brackets where there are several:
   * `dma.stream-confined[nvme:0x8]`.
   */
  readonly id: string;
  /** One sentence that is true when the obligation is discharged. */
  readonly statement: string;
  /** The formula in words. */
  readonly formula: string;
  /** Where the claim comes from: clause of a manual, theorem, or rule of this project. */
  readonly source: string;
  /** Premises; together satisfiable, which is checked on every run. */
  readonly assume: readonly Term[];
  /**
   * Where `refute` holds the premises that it needs itself: all of them, of which the check is that
   * they are satisfiable together.
   */
  readonly premises?: readonly Term[];
  /** A case that may satisfy the premises: where it does, no solver is asked for one. */
  readonly suggestPremises?: () => Model;
  /** A case that satisfies the premises. */
  readonly describePremises?: (model: Model) => Witness;
  /** Satisfiable together with `assume` iff the statement is false. */
  readonly refute: Term;
  /**
   * The statement in parts: `refute` is their disjunction. They are asked one by one, which is
   * faster where they have little in common.
   */
  readonly parts?: readonly ObligationPart[];
  /**
   * Where `refute` leaves premises out that the case of a model has to satisfy too: all of it,
   * asked before the model is decoded.
   */
  readonly complete?: (model: Model) => Term;
  /** The model as a witness. */
  readonly decode: (model: Model) => Witness;
  /** Re-checks the witness against the configuration, without terms or solver. */
  readonly confirms: (configuration: StaticConfiguration, witness: Witness) => boolean;
  /** The witness as a finding that names both parties and what both reach. */
  readonly finding: (configuration: StaticConfiguration, witness: Witness) => Finding;
  /**
   * Decides the statement in place of a solver, by integer arithmetic on a certificate: null where
   * it holds, else what does not. `assume` and `refute` then say the same to a solver.
   */
  readonly check?: () => string | null;
  /** Of a bound that is refuted: its numbers, from which a run that attains it is made. */
  readonly getBound?: () => RefutedBound;
  /** Of an obligation about the spec: the witness as data, so that it can be searched for. */
  readonly getCase?: (witness: Witness) => RefutedCase | null;
}

/**
 * Verdict: `discharged` no case exists; `refuted` a confirmed case; `spurious` a case that plain
 * code does not confirm, so the encoding is wrong; `vacuous` the premises contradict each other;
 * `unknown` the solver gave up or was lost. Only `discharged` passes.
 */
export type ObligationStatus = 'discharged' | 'refuted' | 'spurious' | 'vacuous' | 'unknown';

/** Shown in place of a solver where building the terms has already decided the statement. */
export const SIMPLIFIER = 'simplifier';

/** Shown in place of a solver where a checker of certificates has decided the statement. */
export const CHECKER = 'checker';

/** A bound that is not what is required of it. */
export interface RefutedBound {
  readonly bound: CoreBound;
  /** Ticks. */
  readonly required: number;
}

/** What became of an obligation. */
export interface ObligationResult {
  readonly id: string;
  readonly area: Area;
  readonly statement: string;
  /** The formula in words. */
  readonly formula: string;
  /** Where the claim comes from, as the obligation says. */
  readonly source: string;
  readonly status: ObligationStatus;
  /** Name and version, for example `z3 5.2.0 (wasm)`; or `SIMPLIFIER`, or `CHECKER`. */
  readonly solver: string;
  /** Time in the solver for premises and statement, milliseconds. */
  readonly ms: number;
  /** Distinct nodes of the terms that a solver was asked about the statement; 0 for none. */
  readonly size: number;
  /** Every answer that it rests on was found by an earlier run and kept. */
  readonly cached: boolean;
  /** Present when refuted or spurious. */
  readonly witness: Witness | null;
  /** Present when refuted, and when two solvers contradict each other. */
  readonly finding: Finding | null;
  /** Why it is unknown, vacuous or spurious. */
  readonly detail: string | null;
  /** A case that satisfies the premises; absent or null where none was asked for. */
  readonly premises?: Witness | null;
  /** The numbers of a bound that is refuted; absent for all others. */
  readonly bound?: RefutedBound;
  /** The case of a refuted obligation about the spec, as data. */
  readonly case?: RefutedCase | null;
  /** What became of the search for that case from reset; absent where none was made. */
  readonly search?: CaseSearch;
}

/**
 * The id without its instance: `dma.stream-confined[nvme:0x8]` is an instance of
 * `dma.stream-confined`.
 */
export function getClaim(id: string): string {
  const bracket = id.indexOf('[');
  return bracket === -1 ? id : id.slice(0, bracket);
}

/** Area of an obligation, for example MEM. */
export function getAreaOfObligation(obligation: Obligation): Area {
  return getAreaOfId(obligation.id);
}
