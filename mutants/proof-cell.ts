/**
 * Cells of proofs about every action: what refutes a mutant of the spec's text, inductive steps and
 * unwinding conditions apart.
 *
 * The obligations are those of `haven prove`, about the patched text, on a small board; the search
 * ends as soon as one of each kind is refuted. Answers are kept: most questions about a mutant are
 * those about the spec itself.
 */

import { buildInductionObligations } from '../solver/induction/obligations.ts';
import type { InductionObligationOptions } from '../solver/induction/obligations.ts';
import { readSources } from '../solver/lift/sources.ts';
import { LiftError } from '../solver/lift/lift-error.ts';
import { proveObligations } from '../solver/prove.ts';
import type { Solver } from '../solver/smt/solver.ts';
import { countInterned, releaseTerms } from '../solver/smt/term.ts';
import { getSubject } from './bug-search.ts';
import type { Mutant } from './catalogue.ts';
import type { Cell, Column } from './cell.ts';
import { applyBug, loadSpec } from './patched-spec.ts';

/** The cells of both kinds of proofs. */
export interface ProofCells {
  readonly induction: Cell;
  readonly unwinding: Cell;
}

/** What an earlier run says falls: asked first. */
export interface ProofHints {
  readonly induction: string | null;
  readonly unwinding: string | null;
  /** What fell is a claim that is proved only where it is asked for. */
  readonly isCostly: boolean;
}

/** Obligations with conjuncts of invariants that are proved only where they are asked for. */
const COSTLY = /^irq\.preserved\[/;

/** Terms that are held at most. */
const TERMS_MAX = 3_000_000;

/** Conditions on two states, of noninterference. */
const UNWINDING =
  /^noninterference\.(output-consistency|local-respect|weak-step-consistency|equivalence)\b/;

/** What is still looked for, and what has been found. */
interface Search {
  readonly found: { induction: Cell | null; unwinding: Cell | null };
  readonly begin: number;
}

/** Both cells of a mutant; one that is not among the columns is not looked for. */
export async function runProofCells(
  mutant: Mutant,
  solver: Solver,
  columns: readonly Column[],
  hints: ProofHints,
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
    found: { induction: isLeftOut('induction'), unwinding: isLeftOut('unwinding') },
    begin: performance.now(),
  };
  const hinted = [hints.induction, hints.unwinding].filter((hint) => hint !== null);
  const isHinted = (id: string): boolean => hinted.includes(id);
  let note: string | null = null;
  if (hinted.length > 0) note = await ask(mutant, solver, search, isHinted, hints.isCostly);
  if (!isOver(search)) note = await ask(mutant, solver, search, isOpen(search), false);
  if (search.found.induction === null && mutant.bug.claims.includes('irq')) {
    note = await ask(mutant, solver, search, (id) => COSTLY.test(id), true);
  }
  const survived: Cell = {
    verdict: 'survived',
    ms: performance.now() - search.begin,
    ...(note === null ? {} : { note }),
  };
  const { induction, unwinding } = search.found;
  return { induction: induction ?? survived, unwinding: unwinding ?? survived };
}

function isOver({ found }: Search): boolean {
  return found.induction !== null && found.unwinding !== null;
}

/** Obligations of the kinds of which none is refuted yet. */
function isOpen({ found }: Search): (id: string) => boolean {
  return (id) => (UNWINDING.test(id) ? found.unwinding === null : found.induction === null);
}

/** Asks the obligations that match until one of each kind falls; a note where they cannot be. */
async function ask(
  mutant: Extract<Mutant, { kind: 'spec' }>,
  solver: Solver,
  search: Search,
  matches: (id: string) => boolean,
  isCostly: boolean,
): Promise<string | null> {
  const { configuration } = getSubject(getProofBoard(mutant));
  const sources = applyBug(readSources(), mutant.bug);
  const { parts, ...spec } = await loadSpec(sources);
  const invariants = isCostly ? spec.allInvariants : spec.invariants;
  const options: InductionObligationOptions = { sources, parts, invariants, matches };
  try {
    const building = buildInductionObligations(configuration, options);
    let isReleased = false;
    for (let next = building.next(); next.done !== true; next = building.next(isReleased)) {
      isReleased = false;
      const open = next.value.obligations.filter(({ id }) => isOpen(search)(id));
      for (const obligation of open) {
        if (!isOpen(search)(obligation.id)) continue;
        const [result] = await proveObligations(configuration, [obligation], { solver });
        if (result?.status !== 'refuted') continue;
        const ms = performance.now() - search.begin;
        const cell: Cell = {
          verdict: 'killed',
          by: obligation.id,
          ...(isCostly && COSTLY.test(obligation.id) ? { isCostly } : {}),
          ms,
        };
        search.found[UNWINDING.test(obligation.id) ? 'unwinding' : 'induction'] = cell;
      }
      if (isOver(search)) return null;
      if (countInterned() > TERMS_MAX && next.value.obligations.length > 0) {
        releaseTerms();
        isReleased = true;
      }
    }
    return null;
  } catch (error) {
    if (error instanceof LiftError) return `cannot be lifted: ${error.message}`;
    throw error;
  } finally {
    releaseTerms();
  }
}

/** A board small enough to be proved in seconds. */
function getProofBoard({ bug }: Extract<Mutant, { kind: 'spec' }>): string {
  const name = bug.configuration ?? 'small';
  return name.endsWith('.yaml') ? 'small' : name;
}
