/**
 * Proving: every obligation of a configuration through a solver, and the verdict of each.
 */

import type { StaticConfiguration } from '../model/configuration.ts';
import { listObligations } from './obligations/list.ts';
import { SIMPLIFIER, getAreaOfObligation, getClaim } from './obligation.ts';
import type { Model, Obligation, ObligationResult, ObligationStatus } from './obligation.ts';
import { printScript } from './smt/print.ts';
import type { Answer, Solver } from './smt/solver.ts';
import { FALSE, TRUE, and, listTerms } from './smt/term.ts';
import type { Term } from './smt/term.ts';
import { createZ3Solver } from './smt/z3.ts';

/** How to prove. */
export interface ProveOptions {
  /** Only obligations whose id or claim matches; `*` stands for any text, `?` for one character. */
  readonly only?: string;
  /** Wall-clock limit of one query, milliseconds. */
  readonly timeoutMs?: number;
  /** Limit of one query in steps of z3, the same on every machine. */
  readonly resourceLimit?: number;
  /** Solver threads. */
  readonly jobs?: number;
  /** Aborting it ends every solver within a second; what is open becomes `unknown`. */
  readonly signal?: AbortSignal;
  /** Called when an obligation is decided. */
  readonly onProgress?: (done: number, total: number, id: string) => void;
  /**
   * Receives each query as a self-contained SMT-LIB script: the statement under its id, premises
   * apart.
   */
  readonly onQuery?: (id: string, text: string) => void;
  /** Another solver than z3; closed by the caller. */
  readonly solver?: Solver;
}

/**
 * Decides every obligation of the configuration, in the order of the list. Never rejects for a
 * solver.
 */
export async function proveConfiguration(
  configuration: StaticConfiguration,
  options: ProveOptions = {},
): Promise<ObligationResult[]> {
  const pattern = options.only === undefined ? null : compileGlob(options.only);
  const obligations = listObligations(configuration).filter(
    ({ id }) => pattern === null || pattern.test(id) || pattern.test(getClaim(id)),
  );
  return proveObligations(configuration, obligations, options);
}

/** Decides the given obligations; `proveConfiguration` with a list of one's own. */
export async function proveObligations(
  configuration: StaticConfiguration,
  obligations: readonly Obligation[],
  options: ProveOptions = {},
): Promise<ObligationResult[]> {
  for (const obligation of obligations) printQueries(obligation, options.onQuery);
  const solver = options.solver ?? createZ3Solver(options);
  const premises = new Map<Term, Promise<Answer>>();
  let done = 0;
  try {
    return await Promise.all(
      obligations.map(async (obligation) => {
        const result = await decide(configuration, obligation, solver, premises);
        done += 1;
        options.onProgress?.(done, obligations.length, obligation.id);
        return result;
      }),
    );
  } finally {
    if (options.solver === undefined) await solver.close();
  }
}

/** A glob as an anchored pattern; brackets of instances stand for themselves. */
function compileGlob(glob: string): RegExp {
  const source = glob.replaceAll(/[.+^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*');
  return new RegExp(`^${source.replaceAll('?', '.')}$`);
}

function printQueries(obligation: Obligation, onQuery: ProveOptions['onQuery']): void {
  if (onQuery === undefined) return;
  const { id, statement, formula, source, assume, refute } = obligation;
  const about = [id, statement, `Formula: ${formula}`, `Source: ${source}`];
  onQuery(
    id,
    printScript(
      [...assume, refute],
      [...about, 'Expected: unsat. A model is a case that breaks the statement.'],
      'unsat',
    ),
  );
  if (assume.length === 0) return;
  onQuery(
    `${id}.premises`,
    printScript(
      assume,
      [...about, 'Expected: sat. Premises that contradict prove anything.'],
      'sat',
    ),
  );
}

/** What the answers make of an obligation. */
interface Decision {
  readonly status: ObligationStatus;
  readonly detail: string | null;
  readonly ms: number;
  readonly solver: string;
  readonly model: Model | null;
}

async function decide(
  configuration: StaticConfiguration,
  obligation: Obligation,
  solver: Solver,
  premises: Map<Term, Promise<Answer>>,
): Promise<ObligationResult> {
  const decision = await ask(obligation, solver, premises);
  const { id, statement, formula, source, assume, refute } = obligation;
  const { model, ...decided } = decision;
  const area = getAreaOfObligation(obligation);
  const size = listTerms([...assume, refute]).length;
  const result = { id, area, statement, formula, source, ...decided, size, cached: false };
  if (model === null) return { ...result, witness: null, finding: null };
  const witness = obligation.decode(model);
  if (!obligation.confirms(configuration, witness)) {
    const spurious = 'the solver found a case that the configuration does not have';
    return { ...result, status: 'spurious', witness, finding: null, detail: spurious };
  }
  return { ...result, witness, finding: obligation.finding(configuration, witness) };
}

/**
 * Asks for a case that breaks the statement; where there is none, whether the premises hold at all.
 */
async function ask(
  { assume, refute }: Obligation,
  solver: Solver,
  premises: Map<Term, Promise<Answer>>,
): Promise<Decision> {
  const broken = await check(and([...assume, refute]), solver);
  if (broken.status === 'sat') {
    return {
      status: 'refuted',
      detail: null,
      ms: broken.ms,
      solver: broken.by,
      model: broken.model,
    };
  }
  if (broken.status === 'unknown') return giveUp(broken, broken.ms, broken.by);
  const premise = and(assume);
  const premiseAnswer = premises.get(premise) ?? check(premise, solver);
  premises.set(premise, premiseAnswer);
  const satisfied = await premiseAnswer;
  const ms = broken.ms + satisfied.ms;
  if (satisfied.status === 'unknown') return giveUp(satisfied, ms, solver.name);
  if (satisfied.status === 'unsat') {
    const detail = 'the premises contradict each other';
    return { status: 'vacuous', detail, ms, solver: solver.name, model: null };
  }
  return { status: 'discharged', detail: null, ms, solver: broken.by, model: null };
}

function giveUp(answer: { readonly reason: string }, ms: number, solver: string): Decision {
  return { status: 'unknown', detail: answer.reason, ms, solver, model: null };
}

/** An answer and who gave it: terms that were simplified to a constant need no solver. */
async function check(term: Term, solver: Solver): Promise<Answer & { readonly by: string }> {
  if (term === FALSE) return { status: 'unsat', ms: 0, by: SIMPLIFIER };
  if (term === TRUE) return { status: 'sat', model: new Map(), ms: 0, by: SIMPLIFIER };
  const answer = await solver.check({ assertions: [term] });
  return { ...answer, by: solver.name };
}
