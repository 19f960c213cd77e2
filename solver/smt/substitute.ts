/**
 * Substitution: terms rebuilt with other terms in place of some of their nodes, and simplified on
 * the way.
 */

import {
  TermError,
  booleanVariable,
  getNegated,
  integerVariable,
  listTerms,
  toTerm,
  wordVariable,
} from './node.ts';
import type { Application, Operator, Term, Variable } from './node.ts';
import { add, and, divide, equal, ite, lessOrEqual, modulo, multiply, not, or } from './term.ts';
import {
  wordAdd,
  wordAnd,
  wordLessOrEqual,
  wordMultiply,
  wordNot,
  wordOr,
  wordShiftLeft,
  wordShiftRight,
  wordSubtract,
  wordXor,
} from './word.ts';

/** A variable of the same sort and bounds under another name. */
export function renameVariable({ sort, low, high }: Variable, name: string): Term {
  if (sort === 'Bool') return booleanVariable(name);
  if (sort === 'Word') return wordVariable(name);
  return integerVariable(name, {
    ...(low === null ? {} : { low }),
    ...(high === null ? {} : { high }),
  });
}

/** The term with each key of the map replaced; throws `TermError` where the sorts differ. */
export function substitute(root: Term, replacements: ReadonlyMap<Term, Term>): Term {
  return substituteAll([root], replacements)[0] ?? root;
}

/**
 * The terms with each key of the map replaced by its value, all at once: what is put in is not
 * looked through again. Nodes that the terms share are rebuilt once; a key `not t` replaces `t`
 * too.
 */
export function substituteAll(
  roots: readonly Term[],
  replacements: ReadonlyMap<Term, Term>,
): Term[] {
  const opposites = new Map<Term, Term>();
  for (const [term, replacement] of replacements) {
    if (term.sort !== replacement.sort) {
      throw new TermError(`expected ${term.sort}, found ${replacement.sort}`);
    }
    const negated = getNegated(term);
    if (negated !== null) opposites.set(negated, not(replacement));
  }
  const results = new Map<Term, Term>();
  for (const term of listTerms(roots)) {
    const replacement = replacements.get(term) ?? opposites.get(term);
    if (replacement !== undefined) results.set(term, replacement);
    else if (term.kind === 'application') results.set(term, rebuild(term, results));
  }
  return roots.map((root) => results.get(root) ?? root);
}

/** The application to what its arguments have become. */
function rebuild(term: Application, results: ReadonlyMap<Term, Term>): Term {
  const list = term.arguments.map((argument) => results.get(argument) ?? argument);
  const isChanged = list.some((argument, index) => argument !== term.arguments[index]);
  return isChanged ? CONSTRUCTORS[term.operator](list) : term;
}

const ZERO = toTerm(0);

/** The divisor of a division, which is a constant in every term and stays one. */
function getDivisor(term: Term): bigint {
  if (term.kind !== 'integer') throw new TermError('a divisor cannot be replaced');
  return term.value;
}

/** How each operator builds its term; a missing one does not compile. */
const CONSTRUCTORS: Readonly<Record<Operator, (list: readonly Term[]) => Term>> = {
  '+': (list) => add(...list),
  '*': ([a = ZERO, b = ZERO]) => multiply(a, b),
  div: ([a = ZERO, by = ZERO]) => divide(a, getDivisor(by)),
  mod: ([a = ZERO, by = ZERO]) => modulo(a, getDivisor(by)),
  '<=': ([a = ZERO, b = ZERO]) => lessOrEqual(a, b),
  '=': ([a = ZERO, b = ZERO]) => equal(a, b),
  not: ([a = ZERO]) => not(a),
  and,
  or,
  ite: ([condition = ZERO, a = ZERO, b = ZERO]) => ite(condition, a, b),
  bvule: ([a = ZERO, b = ZERO]) => wordLessOrEqual(a, b),
  bvadd: ([a = ZERO, b = ZERO]) => wordAdd(a, b),
  bvsub: ([a = ZERO, b = ZERO]) => wordSubtract(a, b),
  bvmul: ([a = ZERO, b = ZERO]) => wordMultiply(a, b),
  bvand: ([a = ZERO, b = ZERO]) => wordAnd(a, b),
  bvor: ([a = ZERO, b = ZERO]) => wordOr(a, b),
  bvxor: ([a = ZERO, b = ZERO]) => wordXor(a, b),
  bvnot: ([a = ZERO]) => wordNot(a),
  bvshl: ([a = ZERO, by = ZERO]) => wordShiftLeft(a, by),
  bvlshr: ([a = ZERO, by = ZERO]) => wordShiftRight(a, by),
};
