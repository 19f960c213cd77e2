/**
 * Cells of proofs about every action: what refutes a mutant of the spec's text, inductive steps and
 * unwinding conditions apart.
 *
 * The obligations are those of `haven prove`, about the patched text, on a small board; the search
 * ends as soon as one of each kind is refuted. Answers are kept: most questions about a mutant are
 * those about the spec itself.
 */

import { buildInductionObligations } from '../solver/induction/obligations.ts';
import { readSources } from '../solver/lift/sources.ts';
import { LiftError } from '../solver/lift/lift-error.ts';
import { proveObligations } from '../solver/prove.ts';
import type { Solver } from '../solver/smt/solver.ts';
import { countInterned, releaseTerms } from '../solver/smt/term.ts';
import { getSubject } from './bug-search.ts';
import type { Mutant } from './catalogue.ts';
import type { Cell, Column } from './cell.ts';
import { applyBug, loadSpec } from './patched-spec.ts';

/** The two kinds of proofs, by their columns. */
export type ProofColumn = 'induction' | 'unwinding';

/** The cells of both kinds of proofs. */
export type ProofCells = Readonly<Record<ProofColumn, Cell>>;

/** What fell when the matrix was made before: asked first. */
export interface ProofHint {
  /** Of an obligation. */
  readonly id: string;
  readonly pass: ProofPass;
}

/** One way through the obligations. */
export interface ProofPass {
  /** The board of `getSubject`. */
  readonly board: string;
  /** With what `haven prove` proves only where it is asked for. */
  readonly isCostly: boolean;
}

/** A mutant of the spec's text. */
type SpecMutant = Extract<Mutant, { kind: 'spec' }>;

/** Terms that are held at most. */
const TERMS_MAX = 3_000_000;

/** Conditions on two states, of noninterference. */
const UNWINDING =
  /^noninterference\.(output-consistency|local-respect|weak-step-consistency|equivalence)\b/;

/** Obligations with conjuncts of invariants that are proved only where they are asked for. */
const COSTLY = /^irq\.preserved\[/;

/** What is still looked for, and what has been found. */
interface Search {
  readonly mutant: SpecMutant;
  readonly solver: Solver;
  readonly found: Record<ProofColumn, Cell | null>;
  readonly begin: number;
  /** Why some obligations could not be made. */
  note: string | null;
}

/** Both cells of a mutant; one that is not among the columns is not looked for. */
export async function runProofCells(
  mutant: Mutant,
  solver: Solver,
  columns: readonly Column[],
  hints: readonly ProofHint[],
): Promise<ProofCells> {
  if (mutant.kind !== 'spec') {
    const reason =
      mutant.kind === 'plan' ? 'proofs take the plan as it is' : 'the spec has no rules';
    const cell: Cell = { verdict: 'not-applicable', reason };
    return { induction: cell, unwinding: cell };
  }
  const isLeftOut = (column: Column): Cell | null =>
    columns.includes(column) ? null : { verdict: 'not-applicable', reason: 'not asked for' };
  const search: Search = {
    mutant,
    solver,
    found: { induction: isLeftOut('induction'), unwinding: isLeftOut('unwinding') },
    begin: performance.now(),
    note: null,
  };
  for (const { id, pass } of hints) await ask(search, pass, (one) => one === id);
  const passes = listPasses(mutant);
  for (const [at, pass] of passes.entries()) {
    // The first pass asks everything; the others look for a broken invariant.
    if (at === 0 ? isOver(search) : search.found.induction !== null) continue;
    await ask(search, pass, pass.isCostly ? (id) => COSTLY.test(id) : isOpen(search));
  }
  const survived: Cell = {
    verdict: 'survived',
    ms: performance.now() - search.begin,
    ...(search.note === null ? {} : { note: search.note }),
  };
  const { induction, unwinding } = search.found;
  return { induction: induction ?? survived, unwinding: unwinding ?? survived };
}

/** Ways through the obligations, until one finds something. */
function listPasses({ bug }: SpecMutant): ProofPass[] {
  const named = bug.configuration ?? 'small';
  // A board small enough to be proved in seconds.
  const board = named.endsWith('.yaml') ? 'small' : named;
  const passes = [{ board, isCostly: false }];
  if (bug.claims.includes('irq')) passes.push({ board, isCostly: true });
  // On this one everything at EL2 takes its time.
  if (bug.claims.length === 0 && board !== 'costly') {
    passes.push({ board: 'costly', isCostly: false });
  }
  return passes;
}

function isOver({ found }: Search): boolean {
  return found.induction !== null && found.unwinding !== null;
}

/** Obligations of the kinds of which none is refuted yet. */
function isOpen({ found }: Search): (id: string) => boolean {
  return (id) => found[getColumn(id)] === null;
}

function getColumn(id: string): ProofColumn {
  return UNWINDING.test(id) ? 'unwinding' : 'induction';
}

/** Asks the obligations that match until one of each kind falls. */
async function ask(
  search: Search,
  pass: ProofPass,
  matches: (id: string) => boolean,
): Promise<void> {
  const { configuration } = getSubject(pass.board);
  const sources = applyBug(readSources(), search.mutant.bug);
  const { parts, invariants, allInvariants } = await loadSpec(sources);
  const building = buildInductionObligations(configuration, {
    sources,
    parts,
    invariants: pass.isCostly ? allInvariants : invariants,
    matches,
  });
  try {
    let isReleased = false;
    for (let next = building.next(); next.done !== true; next = building.next(isReleased)) {
      isReleased = false;
      const { obligations } = next.value;
      for (const obligation of obligations) {
        if (!isOpen(search)(obligation.id)) continue;
        const [result] = await proveObligations(configuration, [obligation], search);
        if (result?.status === 'refuted') note(search, pass, obligation.id);
      }
      if (isOver(search)) return;
      if (countInterned() > TERMS_MAX && obligations.length > 0) {
        releaseTerms();
        isReleased = true;
      }
    }
  } catch (error) {
    if (!(error instanceof LiftError)) throw error;
    search.note = `cannot be lifted: ${error.message}`;
  } finally {
    releaseTerms();
  }
}

function note(search: Search, pass: ProofPass, id: string): void {
  const ms = performance.now() - search.begin;
  search.found[getColumn(id)] = { verdict: 'killed', by: id, pass, ms };
}
