/**
 * Propositions: negation, conjunction, disjunction, choice, and what two booleans have in common.
 */

import {
  FALSE,
  TRUE,
  applyChoice,
  applyMany,
  applyOne,
  applyTwo,
  boolean,
  getNegated,
  takeMark,
  toSorted,
  toTerm,
} from './node.ts';
import type { Application, Operand, Term } from './node.ts';

/**
 * Conjunctions longer than this are nested, not copied, so that growing one by one stays linear.
 */
const FLATTEN_LIMIT = 64;

/** Absorption looks at lists up to this long only, on both levels. */
const ABSORB_LIMIT = 16;

/** not a. */
export function not(a: Operand): Term {
  const term = toSorted(a, 'Bool');
  if (term.kind === 'boolean') return boolean(!term.value);
  return getNegated(term) ?? applyOne('not', 'Bool', term);
}

/** Conjunction; true for none. */
export function and(conjuncts: Iterable<Operand>): Term {
  return connect('and', conjuncts);
}

/** Disjunction; false for none. */
export function or(disjuncts: Iterable<Operand>): Term {
  return connect('or', disjuncts);
}

type Connective = 'and' | 'or';

function getNeutral(operator: Connective): Term {
  return operator === 'and' ? TRUE : FALSE;
}

function getAbsorbing(operator: Connective): Term {
  return operator === 'and' ? FALSE : TRUE;
}

function getDual(operator: Connective): Connective {
  return operator === 'and' ? 'or' : 'and';
}

function connect(operator: Connective, operands: Iterable<Operand>): Term {
  // A generator may build terms while it is read, and so take marks.
  const list = Array.isArray(operands) ? (operands as readonly Operand[]) : [...operands];
  const mark = takeMark();
  const members: Term[] = [];
  let isNested = false;
  for (const operand of list) {
    const term = toSorted(operand, 'Bool');
    const parts = isApplicationOf(term, operator, FLATTEN_LIMIT) ? term.arguments : [term];
    for (const part of parts) {
      if (!enter(part, operator, mark, members)) return getAbsorbing(operator);
      isNested ||= getDisjuncts(part, operator) !== null;
    }
  }
  if (isNested && members.length > 1 && members.length <= ABSORB_LIMIT) {
    const shorter = absorb(operator, members, mark);
    if (shorter !== null) return connect(operator, shorter);
  }
  const [only, second] = members;
  if (only === undefined) return getNeutral(operator);
  if (second === undefined) return only;
  if (members.length === 2) return applyTwo(operator, 'Bool', only, second);
  return applyMany(operator, 'Bool', members);
}

function isApplicationOf(term: Term, operator: string, limit: number): term is Application {
  return (
    term.kind === 'application' && term.operator === operator && term.arguments.length <= limit
  );
}

/**
 * Adds a member unless it is there already; false where it decides the whole. A member marks the
 * term that it asserts or denies: evenly or oddly.
 */
function enter(member: Term, operator: Connective, mark: number, members: Term[]): boolean {
  if (member.kind === 'boolean') return member === getNeutral(operator);
  const negated = getNegated(member);
  const [base, sign] = negated === null ? [member, mark] : [negated, mark + 1];
  if (base.mark === sign) return true;
  if (base.mark === mark || base.mark === mark + 1) return false;
  base.mark = sign;
  members.push(member);
  return true;
}

/** A member of a conjunction that is itself a disjunction, written `or(…)` or `not(and(…))`. */
interface Disjuncts {
  readonly list: readonly Term[];
  readonly isNegated: boolean;
}

function getDisjuncts(member: Term, operator: Connective): Disjuncts | null {
  if (isApplicationOf(member, getDual(operator), ABSORB_LIMIT)) {
    return { list: member.arguments, isNegated: false };
  }
  const negated = getNegated(member);
  if (negated === null || !isApplicationOf(negated, operator, ABSORB_LIMIT)) return null;
  return { list: negated.arguments, isNegated: true };
}

/**
 * `a and (a or b)` is `a`, and `a and (not a or b)` is `a and b`; likewise for the dual. Null where
 * there is nothing to shorten. Each step rests on members that are parts of the one it shortens,
 * hence never on one another.
 */
function absorb(operator: Connective, members: readonly Term[], mark: number): Term[] | null {
  const kept: (readonly Term[] | null)[] = [];
  let isShorter = false;
  for (const member of members) {
    const disjuncts = getDisjuncts(member, operator);
    const rest = disjuncts === null ? null : listOpen(disjuncts, mark);
    kept.push(rest);
    isShorter ||= rest !== null && rest.length !== disjuncts?.list.length;
  }
  if (!isShorter) return null;
  // The marks are read; from here on terms may be built.
  return members.map((member, index) => {
    const rest = kept[index] ?? null;
    const disjuncts = getDisjuncts(member, operator);
    if (rest === null || disjuncts === null || rest.length === disjuncts.list.length) {
      return member;
    }
    if (rest === ABSORBED) return getNeutral(operator);
    if (disjuncts.isNegated) return not(connect(operator, rest));
    return connect(getDual(operator), rest);
  });
}

/** Stands for the parts of a disjunction that another member implies. */
const ABSORBED: readonly Term[] = [];

/** The parts that the marks do not decide; `ABSORBED` where one of them is a member. */
function listOpen({ list, isNegated }: Disjuncts, mark: number): readonly Term[] {
  const open: Term[] = [];
  for (const part of list) {
    const negated = getNegated(part);
    const base = negated ?? part;
    const asserted = (negated !== null) === isNegated ? mark : mark + 1;
    if (base.mark === asserted) return ABSORBED;
    if (base.mark !== mark && base.mark !== mark + 1) open.push(part);
  }
  return open;
}

/** `then` where the condition holds, else `otherwise`; both of one sort. */
export function ite(condition: Operand, then: Operand, otherwise: Operand): Term {
  const test = toSorted(condition, 'Bool');
  const first = toTerm(then);
  const second = toSorted(otherwise, first.sort);
  if (test.kind === 'boolean') return test.value ? first : second;
  const negated = getNegated(test);
  if (negated !== null) return ite(negated, second, first);
  const yes = choose(first, test, 1);
  const no = choose(second, test, 2);
  if (yes === no) return yes;
  return yes.sort === 'Bool' ? chooseBoolean(test, yes, no) : applyChoice(test, yes, no);
}

/** The branch of a choice by the same condition, 1 for `then` and 2 for `otherwise`. */
function choose(term: Term, condition: Term, branch: 1 | 2): Term {
  if (term.kind !== 'application') return term;
  if (term.operator === 'ite' && term.arguments[0] === condition) {
    return term.arguments[branch] ?? term;
  }
  const negated = getNegated(term);
  if (negated === null) return term;
  const chosen = choose(negated, condition, branch);
  return chosen === negated ? term : not(chosen);
}

function chooseBoolean(test: Term, yes: Term, no: Term): Term {
  if (yes.kind === 'boolean') return yes.value ? or([test, no]) : and([not(test), no]);
  if (no.kind === 'boolean') return no.value ? or([not(test), yes]) : and([test, yes]);
  if (yes === test) return or([test, no]);
  if (no === test) return and([test, yes]);
  if (getNegated(yes) === test) return and([yes, no]);
  if (getNegated(no) === test) return or([no, yes]);
  if (getNegated(yes) === no || getNegated(no) === yes) return equalBooleans(test, yes);
  return factorOut(test, yes, no) ?? factorOut(not(test), no, yes) ?? applyChoice(test, yes, no);
}

/** `ite(c, a or b, a)` is `a or (c and b)`, likewise for `and`; null for another choice. */
function factorOut(test: Term, yes: Term, no: Term): Term | null {
  for (const operator of ['or', 'and'] as const) {
    const rest = withoutMembers(operator, yes, no);
    if (rest === null) continue;
    const guard = operator === 'or' ? test : not(test);
    return connect(operator, [no, connect(getDual(operator), [guard, connect(operator, rest)])]);
  }
  return null;
}

/** The members of a term that another has not, where it has all of the other's; else null. */
function withoutMembers(operator: Connective, term: Term, other: Term): Term[] | null {
  if (!isApplicationOf(term, operator, ABSORB_LIMIT)) return null;
  const members = isApplicationOf(other, operator, ABSORB_LIMIT) ? other.arguments : [other];
  if (members.length >= term.arguments.length) return null;
  if (!members.every((member) => term.arguments.includes(member))) return null;
  return term.arguments.filter((member) => !members.includes(member));
}

/** Equality of two booleans, held without negations of its sides, so that opposites meet. */
export function equalBooleans(left: Term, right: Term): Term {
  if (left === right) return TRUE;
  if (left.kind === 'boolean') return left.value ? right : not(right);
  if (right.kind === 'boolean') return right.value ? left : not(left);
  const [first, second] = [getNegated(left), getNegated(right)];
  if (first !== null) return not(equalBooleans(first, right));
  if (second !== null) return not(equalBooleans(left, second));
  return applySymmetric(left, right);
}

/** Equality of two terms, whichever is named first; nothing is simplified. */
export function applySymmetric(left: Term, right: Term): Term {
  const isOrdered = left.hash <= right.hash;
  return isOrdered ? applyTwo('=', 'Bool', left, right) : applyTwo('=', 'Bool', right, left);
}
