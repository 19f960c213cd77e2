/**
 * Normal forms of comparisons between integers, so that equal statements meet in one node.
 *
 * Of `a <= b` and of its opposite only one is a node, the other its negation: `k <= P` for a sum P
 * without negative coefficients, `P <= N + k` with a constant k >= 0 for two such sums that share
 * no base. Coefficients are divided by their greatest common divisor; intervals decide what they
 * can.
 */

import {
  addExact,
  floorDivideExact,
  greatestCommonDivisor,
  moduloExact,
  multiplyExact,
} from './exact.ts';
import type { Exact } from './exact.ts';
import { UNBOUNDED } from './interval.ts';
import { LinearForm, getBase, getOffset, withOffset } from './linear.ts';
import { FALSE, TRUE, applyTwo, boolean, integer, onRelease } from './node.ts';
import type { Term } from './node.ts';
import { and, applySymmetric, equalBooleans, ite, not, or } from './proposition.ts';

/**
 * A linear form as `divisor * positive + constant - divisor * negative`, where both sums have
 * positive coefficients without common divisor; the divisor is 0 where there are none.
 */
interface Difference {
  readonly positive: LinearForm;
  readonly negative: LinearForm;
  readonly constant: Exact;
  readonly divisor: Exact;
}

function splitBySign(form: LinearForm): Difference {
  const [positive, negative] = [new LinearForm(), new LinearForm()];
  const { bases, coefficients } = form;
  let divisor: Exact = 0;
  for (const coefficient of coefficients) divisor = greatestCommonDivisor(divisor, coefficient);
  for (let index = 0; index < bases.length; index += 1) {
    const [base, coefficient] = [bases[index], coefficients[index] ?? 0];
    if (base === undefined || coefficient === 0) continue;
    const reduced = divisor === 1 ? coefficient : floorDivideExact(coefficient, divisor);
    if (reduced > 0) positive.append(base, reduced);
    else negative.append(base, multiplyExact(-1, reduced));
  }
  return { positive, negative, constant: form.constant, divisor };
}

function subtractForms(a: Term, b: Term): LinearForm {
  const form = new LinearForm();
  form.accumulate(a, 1);
  form.accumulate(b, -1);
  return form;
}

/** The sum with a constant added. */
function withConstant(form: LinearForm, constant: Exact): Term {
  form.constant = constant;
  return form.toTerm();
}

/** a <= b. */
export function decideLessOrEqual(a: Term, b: Term): Term {
  const [left, right] = [a.interval ?? UNBOUNDED, b.interval ?? UNBOUNDED];
  if (a === b || left.high <= right.low) return TRUE;
  if (left.low > right.high) return FALSE;
  const [first, second] = [getBase(a), getBase(b)];
  // From a to b, less what they have in common.
  const distance = addExact(getOffset(b), multiplyExact(-1, getOffset(a)));
  if (a.kind === 'integer' && second !== null) {
    return atLeast(multiplyExact(-1, distance), second);
  }
  if (b.kind === 'integer' && first !== null) return not(atLeast(addExact(distance, 1), first));
  if (first !== null && second !== null) return compareBases(first, second, distance);
  const form = subtractForms(a, b);
  const { low, high } = form.getInterval();
  if (high <= 0) return TRUE;
  if (low > 0) return FALSE;
  return fromDifference(splitBySign(form));
}

/** a <= b + distance for two summands. */
function compareBases(a: Term, b: Term, distance: Exact): Term {
  if (a === b) return boolean(distance >= 0);
  if (distance >= 0) return applyTwo('<=', 'Bool', a, withOffset(b, distance));
  return not(applyTwo('<=', 'Bool', b, withOffset(a, addExact(-1, multiplyExact(-1, distance)))));
}

/** That the difference is at most 0, in its normal form. */
function fromDifference({ positive, negative, constant, divisor }: Difference): Term {
  if (divisor === 0) return boolean(constant <= 0);
  const bound = floorDivideExact(multiplyExact(-1, constant), divisor);
  const beyond = addExact(bound, 1);
  if (negative.bases.length === 0) return not(atLeast(beyond, positive.toTerm()));
  if (positive.bases.length === 0) return atLeast(multiplyExact(-1, bound), negative.toTerm());
  if (bound >= 0) {
    return applyTwo('<=', 'Bool', positive.toTerm(), withConstant(negative, bound));
  }
  const opposite = withConstant(positive, multiplyExact(-1, beyond));
  return not(applyTwo('<=', 'Bool', negative.toTerm(), opposite));
}

/** low <= term. */
function atLeast(low: Exact, term: Term): Term {
  if (!term.isConstantTree) return applyTwo('<=', 'Bool', integer(low), term);
  return distribute(term, `>=${low}`, (leaf) => {
    const interval = leaf.interval ?? UNBOUNDED;
    if (leaf.kind === 'integer') return leaf.exact >= low;
    if (low <= interval.low) return true;
    return low > interval.high ? false : null;
  });
}

/** a = b. */
export function decideEqual(a: Term, b: Term): Term {
  const [left, right] = [a.interval ?? UNBOUNDED, b.interval ?? UNBOUNDED];
  if (a === b) return TRUE;
  if (left.high < right.low || right.high < left.low) return FALSE;
  const [first, second] = [getBase(a), getBase(b)];
  const distance = addExact(getOffset(b), multiplyExact(-1, getOffset(a)));
  if (a.kind === 'integer' && second !== null) {
    return isConstant(second, multiplyExact(-1, distance));
  }
  if (b.kind === 'integer' && first !== null) return isConstant(first, distance);
  if (a.isConstantTree && b.isConstantTree) return equalTrees(a, b);
  if (first !== null && second !== null) return equateBases(first, second, distance);
  const form = subtractForms(a, b);
  const { low, high } = form.getInterval();
  if (low > 0 || high < 0) return FALSE;
  const { positive, negative, constant, divisor } = splitBySign(form);
  if (divisor === 0) return boolean(constant === 0);
  if (moduloExact(constant, divisor) !== 0) return FALSE;
  const rest = floorDivideExact(constant, divisor);
  if (negative.bases.length === 0) return isConstant(positive.toTerm(), multiplyExact(-1, rest));
  if (positive.bases.length === 0) return isConstant(negative.toTerm(), rest);
  if (rest >= 0) return equalOpaque(withConstant(positive, rest), negative.toTerm());
  return equalOpaque(positive.toTerm(), withConstant(negative, multiplyExact(-1, rest)));
}

/** a = b + distance for two summands. */
function equateBases(a: Term, b: Term, distance: Exact): Term {
  if (a === b) return boolean(distance === 0);
  if (distance >= 0) return equalOpaque(a, withOffset(b, distance));
  return equalOpaque(withOffset(a, multiplyExact(-1, distance)), b);
}

/**
 * Two trees of constants, branch by branch: of trees that are built alike little more is left than
 * that their conditions are equal. Trees with too many branches in common meet in one of the
 * constants that both have.
 */
function equalTrees(a: Term, b: Term): Term {
  const [ofA, ofB] = [getLeaves(a), getLeaves(b)];
  const branchwise = equalBranches(a, b, new Map(), 4 * (ofA.size + ofB.size));
  if (branchwise !== null) return branchwise;
  const common = [...ofA].filter((value) => ofB.has(value));
  return or(common.map((value) => and([isConstant(a, value), isConstant(b, value)])));
}

/** The same, comparing at most so many pairs of branches: null where there are more. */
function equalBranches(
  a: Term,
  b: Term,
  known: Map<Term, Map<Term, Term>>,
  pairsMax: number,
): Term | null {
  let pairs = 0;
  const compare = (one: Term, other: Term): Term | null => {
    if (one === other) return TRUE;
    if (one.kind === 'integer') return isConstant(other, one.exact);
    if (other.kind === 'integer') return isConstant(one, other.exact);
    if (areDisjoint(one, other)) return FALSE;
    const before = known.get(one)?.get(other);
    if (before !== undefined) return before;
    pairs += 1;
    if (pairs > pairsMax || one.kind !== 'application' || other.kind !== 'application') return null;
    // A tree of constants is made of `ite` alone.
    const [first, then, otherwise] = one.arguments as readonly [Term, Term, Term];
    const [second, yes, no] = other.arguments as readonly [Term, Term, Term];
    const [both, onlyFirst] = [compare(then, yes), compare(then, no)];
    const [onlySecond, neither] = [compare(otherwise, yes), compare(otherwise, no)];
    if (both === null || onlyFirst === null || onlySecond === null || neither === null) return null;
    const result =
      onlyFirst === FALSE && onlySecond === FALSE
        ? and([equalBooleans(first, second), ite(first, both, neither)])
        : ite(first, ite(second, both, onlyFirst), ite(second, onlySecond, neither));
    const ofOne = known.get(one) ?? new Map<Term, Term>();
    known.set(one, ofOne.set(other, result));
    return result;
  };
  return compare(a, b);
}

/** Whether two trees of constants have no constant in common. */
function areDisjoint(a: Term, b: Term): boolean {
  const [left, right] = [a.interval ?? UNBOUNDED, b.interval ?? UNBOUNDED];
  if (left.high < right.low || right.high < left.low) return true;
  const others = getLeaves(b);
  for (const value of getLeaves(a)) if (others.has(value)) return false;
  return true;
}

const leaves = new Map<Term, ReadonlySet<Exact>>();
onRelease(() => leaves.clear());

/** The constants at the leaves of a tree; those of a subtree are remembered. */
export function getLeaves(root: Term): ReadonlySet<Exact> {
  const known = leaves.get(root);
  if (known !== undefined) return known;
  const found = new Set<Exact>();
  const seen = new Set<Term>();
  const pending: Term[] = [root];
  for (let term = pending.pop(); term !== undefined; term = pending.pop()) {
    if (seen.has(term)) continue;
    seen.add(term);
    const before = leaves.get(term);
    if (before !== undefined) for (const value of before) found.add(value);
    else if (term.kind === 'integer') found.add(term.exact);
    else if (term.kind === 'application') pending.push(...term.arguments.slice(1));
  }
  leaves.set(root, found);
  return found;
}

/** Sides that have a single value each, and not a different one, are equal. */
function equalOpaque(a: Term, b: Term): Term {
  const [left, right] = [a.interval ?? UNBOUNDED, b.interval ?? UNBOUNDED];
  const isSingle = left.low === left.high && right.low === right.high;
  if (isSingle && left.low === right.low && isExactEnd(left.low)) return TRUE;
  return applySymmetric(a, b);
}

/** Ends at the last safe integers may have been widened to them. */
function isExactEnd(end: number): boolean {
  return Math.abs(end) < Number.MAX_SAFE_INTEGER;
}

/** term = value. */
function isConstant(term: Term, value: Exact): Term {
  const interval = term.interval ?? UNBOUNDED;
  if (value < interval.low || value > interval.high) return FALSE;
  if (interval.low === interval.high && isExactEnd(interval.low)) return TRUE;
  if (!term.isConstantTree) return applyTwo('=', 'Bool', term, integer(value));
  return distribute(term, `=${value}`, (leaf) => {
    if (leaf.kind === 'integer') return leaf.exact === value;
    const { low, high } = leaf.interval ?? UNBOUNDED;
    return value < low || value > high ? false : null;
  });
}

/** Equality of two words. */
export function equalWords(a: Term, b: Term): Term {
  if (a === b) return TRUE;
  if (a.kind === 'word' && b.kind === 'word') return FALSE;
  if (a.kind === 'word') return isWord(b, a);
  return b.kind === 'word' ? isWord(a, b) : applySymmetric(a, b);
}

function isWord(term: Term, constant: Term): Term {
  if (!term.isConstantTree) return applyTwo('=', 'Bool', term, constant);
  return distribute(term, `#${constant.id}`, (leaf) =>
    leaf.kind === 'word' ? leaf === constant : null,
  );
}

/**
 * Results of tests on trees and their subtrees, by test: a tree that grows step by step is tested
 * again and again, and each time only what is new is looked at.
 */
const tested = new Map<string, Map<Term, Term>>();
onRelease(() => tested.clear());

/**
 * A test of a tree of constants as a combination of the tree's conditions: `decide` says what the
 * test gives for a leaf, and for a subtree where that is known already, else null. Linear in the
 * distinct nodes of the tree. `test` names the test.
 */
function distribute(root: Term, test: string, decide: (term: Term) => boolean | null): Term {
  const known = tested.get(test);
  const results = known ?? new Map<Term, Term>();
  if (known === undefined) tested.set(test, results);
  const pending: Term[] = [root];
  for (let term = pending.at(-1); term !== undefined; term = pending.at(-1)) {
    const decided = results.has(term) ? null : decide(term);
    if (decided !== null) results.set(term, boolean(decided));
    const [condition, then, otherwise] = term.kind === 'application' ? term.arguments : [];
    const isLeaf = condition === undefined || then === undefined || otherwise === undefined;
    if (results.has(term) || isLeaf) {
      pending.pop();
      continue;
    }
    const [yes, no] = [results.get(then), results.get(otherwise)];
    if (yes !== undefined && no !== undefined) results.set(term, ite(condition, yes, no));
    if (yes === undefined) pending.push(then);
    if (no === undefined) pending.push(otherwise);
  }
  return results.get(root) ?? FALSE;
}
