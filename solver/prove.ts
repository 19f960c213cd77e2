/**
 * Proving: every obligation of a configuration through a solver, and the verdict of each.
 */

import type { StaticConfiguration } from '../model/configuration.ts';
import type { Finding } from '../properties/findings.ts';
import { buildInductionObligations } from './induction/obligations.ts';
import type { InductionObligationOptions } from './induction/obligations.ts';
import { listObligations } from './obligations/list.ts';
import { CHECKER, SIMPLIFIER, getAreaOfObligation, getClaim } from './obligation.ts';
import type {
  Model,
  Obligation,
  ObligationPart,
  ObligationResult,
  ObligationStatus,
  Witness,
} from './obligation.ts';
import { isModel } from './smt/model.ts';
import { printScript } from './smt/print.ts';
import { unknown } from './smt/solver.ts';
import type { Answer, Solver } from './smt/solver.ts';
import {
  FALSE,
  TRUE,
  and,
  countInterned,
  countTerms,
  listVariables,
  or,
  releaseTerms,
} from './smt/term.ts';
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
  /** Solver threads; with a solver of one's own, how many queries that one takes at a time. */
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
  /**
   * Another solver than z3 from the package, see `createSolver`; it brings its own limits, and is
   * closed by the caller.
   */
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
  const matches = createMatcher(options.only);
  const solver = options.solver ?? createZ3Solver(options);
  // The solver starts while the terms are built.
  solver.warm();
  try {
    const obligations = listObligations(configuration).filter(({ id }) => matches(id));
    return await proveObligations(configuration, obligations, { ...options, solver });
  } finally {
    if (options.solver === undefined) await solver.close();
  }
}

/** How to prove what is claimed of the spec: of the program's own, unless told otherwise. */
export interface ProveSpecOptions
  extends ProveOptions, Pick<InductionObligationOptions, 'sources' | 'parts' | 'invariants'> {}

/** Terms that are held at most before all that is open is decided and they are released. */
const TERMS_MAX = 3_000_000;

/** Milliseconds of building terms between two looks at what else there is to do. */
const SLICE_MS = 50;

/**
 * Decides every obligation about the spec under the configuration, for every action and traces of
 * any length. They rest on those of `proveConfiguration`, which speak of the tables that boot
 * builds.
 */
export async function proveSpec(
  configuration: StaticConfiguration,
  options: ProveSpecOptions = {},
): Promise<ObligationResult[]> {
  const matches = createMatcher(options.only);
  const solver = options.solver ?? createZ3Solver(options);
  solver.warm();
  try {
    const building = buildInductionObligations(configuration, { ...options, matches });
    const decider = createDecider(configuration, solver, options);
    const batches: Promise<readonly ObligationResult[]>[] = [];
    let slice = performance.now();
    let isReleased = false;
    for (let next = building.next(); next.done !== true; next = building.next(isReleased)) {
      const { at, obligations } = next.value;
      isReleased = false;
      // Solvers work on one batch while the terms of the next are built.
      if (obligations.length > 0) batches.push(decider.decideAll(obligations));
      if (countInterned() > TERMS_MAX && obligations.length > 0) {
        await Promise.all(batches);
        releaseTerms();
        decider.forget();
        isReleased = true;
      }
      if (performance.now() - slice < SLICE_MS) continue;
      options.onProgress?.(decider.countDone(), 0, `lifting ${at}`);
      await new Promise((resolve) => {
        setImmediate(resolve);
      });
      if (options.signal?.aborted === true) return [];
      slice = performance.now();
    }
    return (await Promise.all(batches)).flat();
  } finally {
    if (options.solver === undefined) await solver.close();
    releaseTerms();
  }
}

/** Decides the given obligations; `proveConfiguration` with a list of one's own. */
export async function proveObligations(
  configuration: StaticConfiguration,
  obligations: readonly Obligation[],
  options: ProveOptions = {},
): Promise<ObligationResult[]> {
  const solver = options.solver ?? createZ3Solver(options);
  try {
    return await createDecider(configuration, solver, options).decideAll(obligations);
  } finally {
    if (options.solver === undefined) await solver.close();
  }
}

/** Decides obligations, one list after another. */
interface Decider {
  /** Decides every obligation of a list; results are in its order. */
  readonly decideAll: (obligations: readonly Obligation[]) => Promise<ObligationResult[]>;
  /** Obligations that have been decided. */
  readonly countDone: () => number;
  /** Forgets what is known of premises: their terms have been released. */
  readonly forget: () => void;
}

function createDecider(
  configuration: StaticConfiguration,
  solver: Solver,
  options: ProveOptions,
): Decider {
  const premises: Premises = new Map();
  const asked = rememberAnswers(solver);
  const lanes = Math.max(LANES_MIN, LANES_PER_JOB * (options.jobs ?? 1));
  let done = 0;
  let total = 0;
  const decideAll = async (obligations: readonly Obligation[]): Promise<ObligationResult[]> => {
    const results: ObligationResult[] = [];
    const waiting = obligations.entries();
    total += obligations.length;
    /** Takes one obligation after the other: no more than a few texts are held at a time. */
    const work = async (): Promise<void> => {
      for (const [index, obligation] of waiting) {
        results[index] = await decide(configuration, obligation, asked, premises);
        done += 1;
        options.onProgress?.(done, total, obligation.id);
      }
    };
    for (const obligation of obligations) printQueries(obligation, options.onQuery);
    await Promise.all(Array.from({ length: Math.min(lanes, obligations.length) }, work));
    return results;
  };
  const forget = (): void => {
    premises.clear();
    asked.forget();
  };
  return { decideAll, countDone: () => done, forget };
}

/** Obligations that are open at a time: enough that no solver waits for the next text. */
const LANES_MIN = 16;
const LANES_PER_JOB = 4;

/** Answers to premises, which many obligations share, with the case that satisfies them. */
type Premises = Map<Term, Promise<NamedAnswer & { readonly shown: Witness | null }>>;

/** Whether an id or its claim matches a glob; all do where there is none. */
function createMatcher(only: string | undefined): (id: string) => boolean {
  if (only === undefined) return () => true;
  const pattern = compileGlob(only);
  return (id) => pattern.test(id) || pattern.test(getClaim(id));
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
  const print = (assertions: readonly Term[], expected: 'sat' | 'unsat', note: string): string => {
    const variables = listVariables(assertions).length;
    const size = `Size: ${countTerms(assertions)} terms, ${variables} variables`;
    return printScript(assertions, [...about, size, `Expected: ${expected}. ${note}`], expected);
  };
  const statementNote = 'A model is a case that breaks the statement.';
  onQuery(id, print([...assume, refute], 'unsat', statementNote));
  if (assume.length === 0) return;
  const premisesNote = 'Premises that contradict prove anything.';
  onQuery(`${id}.premises`, print(assume, 'sat', premisesNote));
}

/** What the answers make of an obligation. */
interface Decision {
  readonly status: ObligationStatus;
  readonly detail: string | null;
  readonly ms: number;
  /** Distinct nodes of the terms asked about. */
  readonly size: number;
  readonly solver: string;
  readonly cached: boolean;
  readonly model: Model | null;
  /** A case that satisfies the premises, where the obligation can tell. */
  readonly premises: Witness | null;
  /** Two solvers contradict each other. */
  readonly isContradiction: boolean;
}

async function decide(
  configuration: StaticConfiguration,
  obligation: Obligation,
  solver: Solver,
  premises: Premises,
): Promise<ObligationResult> {
  const decision = await ask(obligation, solver, premises);
  const { id, statement, formula, source } = obligation;
  const { model, isContradiction, ...decided } = decision;
  const area = getAreaOfObligation(obligation);
  const result = { id, area, statement, formula, source, ...decided };
  if (model === null) {
    const finding = isContradiction ? createContradiction(id, decision.detail ?? '') : null;
    return { ...result, witness: null, finding };
  }
  const whole = obligation.complete?.(model);
  const completed = whole === undefined ? null : await check(whole, solver);
  const witness = obligation.decode(completed?.status === 'sat' ? completed.model : model);
  if (!obligation.confirms(configuration, witness)) {
    const spurious = 'the solver found a case that the configuration does not have';
    const detail = decision.solver === CHECKER ? decision.detail : spurious;
    return { ...result, status: 'spurious', witness, finding: null, detail };
  }
  const finding = obligation.finding(configuration, witness);
  const bound = obligation.getBound === undefined ? {} : { bound: obligation.getBound() };
  return { ...result, ...bound, witness, finding, case: obligation.getCase?.(witness) ?? null };
}

/** A wrong solver fails the run, with a diagnostic: nothing that either says can be relied on. */
function createContradiction(id: string, detail: string): Finding {
  return {
    code: 'CFG-SOLVERS',
    severity: 'error',
    message: `${id}: ${detail}`,
    help: 'write the query with prove --smt2, ask a third solver, report the one that is wrong',
    at: ['config'],
    related: [],
  };
}

/**
 * Asks for a case that breaks the statement; where there is none, whether the premises hold at all.
 */
async function ask(obligation: Obligation, solver: Solver, premises: Premises): Promise<Decision> {
  if (obligation.check !== undefined) return askChecker(obligation.check);
  const { assume, parts, premises: all = assume } = obligation;
  const broken = await (parts === undefined
    ? checkAll([and([...assume, obligation.refute])], solver)
    : checkParts(parts, solver));
  const { size } = broken;
  if (broken.status === 'sat') return conclude('refuted', broken, { model: broken.model, size });
  if (broken.status === 'unknown') return { ...giveUp(broken), size };
  const premise = and(all);
  const premiseAnswer = premises.get(premise) ?? checkPremise(obligation, premise, solver);
  premises.set(premise, premiseAnswer);
  const satisfied = await premiseAnswer;
  const ms = broken.ms + satisfied.ms;
  if (satisfied.status === 'unknown') return { ...giveUp(satisfied), ms, size };
  if (satisfied.status === 'unsat') {
    const detail = 'the premises contradict each other';
    return conclude('vacuous', satisfied, { detail, ms, size });
  }
  const cached = isKept(broken) && isKept(satisfied);
  return conclude('discharged', broken, {
    ms,
    size,
    cached: cached && broken.by !== SIMPLIFIER,
    premises: satisfied.shown,
  });
}

/** Arithmetic in place of a solver: what it does not accept has a case, which is then described. */
function askChecker(verify: () => string | null): Decision {
  const begin = performance.now();
  const detail = verify();
  const answer = { status: 'unsat', ms: performance.now() - begin, by: CHECKER } as const;
  if (detail === null) return conclude('discharged', answer, {});
  return conclude('refuted', answer, { detail, model: new Map() });
}

/** Whether the premises hold in some case: in the suggested one, or in one that a solver finds. */
async function checkPremise(
  { suggestPremises, describePremises }: Obligation,
  premise: Term,
  solver: Solver,
): Promise<NamedAnswer & { readonly shown: Witness | null }> {
  const model = suggestPremises?.();
  const isSuggested = model !== undefined && isModel([premise], model);
  const answer = isSuggested
    ? ({ status: 'sat', model, ms: 0, by: SIMPLIFIER } as const)
    : await check(premise, solver);
  const shown = answer.status === 'sat' ? describePremises?.(answer.model) : undefined;
  return { ...answer, shown: shown ?? null };
}

/** Terms of parts that are asked together, without their premises. */
const TOGETHER_MAX = 1500;
/** Terms of one part that is worth asking without its premises. */
const ALONE_MAX = 500;

/**
 * Asks for a case of each part. Most parts hold whatever the premises say, and are small: many are
 * asked at once, and only where there is a case each of them with its premises.
 */
async function checkParts(parts: readonly ObligationPart[], solver: Solver): Promise<AskedAnswer> {
  const answers: AskedAnswer[] = [];
  // Parts of one statement are much alike: what one bundle needs the next needs too.
  let isWorthTrying = true;
  for (const bundle of bundleParts(parts.filter(({ broken }) => broken !== FALSE))) {
    const isAlone: boolean =
      isWorthTrying &&
      bundle.every(
        ({ broken, needsPremises }) => !needsPremises && countTerms([broken]) <= ALONE_MAX,
      );
    if (isAlone) {
      const answer = await checkAll([or(bundle.map(({ broken }) => broken))], solver);
      const isFinal = answer.status === 'unsat' || isContradictory(answer);
      if (isFinal) answers.push(answer);
      if (answer.status === 'unsat') continue;
      // Solvers that contradict each other are not asked until they agree.
      if (isFinal) break;
      isWorthTrying = false;
    }
    const answer = await checkAll(
      bundle.map(({ refute }) => refute()),
      solver,
    );
    answers.push(answer);
    if (answer.status !== 'unsat') break;
  }
  return joinAnswers(answers, solver);
}

function isContradictory(answer: Answer): boolean {
  return answer.status === 'unknown' && answer.isContradiction === true;
}

function bundleParts(parts: readonly ObligationPart[]): ObligationPart[][] {
  const bundles: ObligationPart[][] = [];
  let size = Infinity;
  for (const part of parts) {
    size += countTerms([part.broken]);
    if (size > TOGETHER_MAX) {
      bundles.push([]);
      size = countTerms([part.broken]);
    }
    bundles.at(-1)?.push(part);
  }
  return bundles;
}

/** Asks for a case of each term in turn: the first one counts, and so does the first unknown. */
async function checkAll(terms: readonly Term[], solver: Solver): Promise<AskedAnswer> {
  const answers: AskedAnswer[] = [];
  for (const term of terms.filter((one) => one !== FALSE)) {
    const answer = await check(term, solver);
    answers.push({ ...answer, size: countTerms([term]) });
    if (answer.status !== 'unsat') break;
  }
  return joinAnswers(answers, solver);
}

/** The last answer, for all: it is the only one that may not be `unsat`. */
function joinAnswers(answers: readonly AskedAnswer[], solver: Solver): AskedAnswer {
  const sum = (of: (answer: AskedAnswer) => number): number =>
    answers.reduce((total, answer) => total + of(answer), 0);
  const [ms, size] = [sum((answer) => answer.ms), sum((answer) => answer.size)];
  const last = answers.at(-1);
  if (last !== undefined && last.status !== 'unsat') return { ...last, ms, size };
  const cached = answers.every(isKept) ? { cached: true as const } : {};
  const by = last === undefined ? SIMPLIFIER : solver.name;
  return { status: 'unsat', ms, size, ...cached, by };
}

function conclude(
  status: ObligationStatus,
  answer: NamedAnswer,
  rest: Partial<Decision>,
): Decision {
  const { ms, by: solver } = answer;
  const cached = answer.status !== 'unknown' && answer.cached === true;
  const nothing = { size: 0, detail: null, model: null, premises: null, isContradiction: false };
  return { status, ms, solver, cached, ...nothing, ...rest };
}

function giveUp(answer: NamedAnswer & { readonly status: 'unknown' }): Decision {
  const { reason: detail, isContradiction = false } = answer;
  return conclude('unknown', answer, { detail, isContradiction });
}

/** Nothing had to be asked for it in this run. */
function isKept(answer: NamedAnswer): boolean {
  return answer.by === SIMPLIFIER || (answer.status !== 'unknown' && answer.cached === true);
}

/** An answer and who gave it. */
type NamedAnswer = Answer & { readonly by: string };

/** An answer, and the size of the terms that it is about. */
type AskedAnswer = NamedAnswer & { readonly size: number };

/** The solver, asked once only about a term that many obligations rest on. */
function rememberAnswers(solver: Solver): Solver & { readonly forget: () => void } {
  const answers = new Map<Term, Promise<Answer>>();
  return {
    name: solver.name,
    warm: () => solver.warm(),
    close: () => solver.close(),
    forget: () => answers.clear(),
    check: async (query) => {
      const [term] = query.assertions;
      const known = term === undefined ? undefined : answers.get(term);
      if (known !== undefined) return { ...(await known), ms: 0 };
      const answer = solver.check(query);
      if (term !== undefined) answers.set(term, answer);
      return answer;
    },
  };
}

/** Terms that were simplified to a constant need no solver; a model that is none is no answer. */
async function check(term: Term, solver: Solver): Promise<NamedAnswer> {
  if (term === FALSE) return { status: 'unsat', ms: 0, by: SIMPLIFIER };
  if (term === TRUE) return { status: 'sat', model: new Map(), ms: 0, by: SIMPLIFIER };
  const answer = await solver.check({ assertions: [term] });
  if (answer.status !== 'sat' || isModel([term], answer.model)) {
    return { ...answer, by: solver.name };
  }
  const reason = 'the case that the solver names does not satisfy what it was asked';
  return { ...unknown(reason, answer.ms), by: solver.name };
}
