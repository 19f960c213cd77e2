/**
 * Terms: expressions over integers and booleans that a solver can reason about.
 *
 * Two terms built alike are one object: equality is `===`, and a graph that names a node a thousand
 * times holds it once. Each constructor simplifies what it is given (constants folded, sums
 * collected, conjunctions flattened), so that many statements are decided before a solver sees
 * them. The simplifications never depend on what was built earlier, hence neither does the printed
 * text.
 *
 * Sorts follow SMT-LIB 2.6, theory Ints: integers are unbounded, `divide` and `modulo` are
 * Euclidean.
 */

/** Sort of a term. */
export type Sort = 'Int' | 'Bool';

/** Operators of SMT-LIB that a term may apply. */
export type Operator = '+' | '*' | 'div' | 'mod' | '<=' | '=' | 'not' | 'and' | 'or' | 'ite';

/** A value of a sort: what a constant holds, what a model gives to a variable. */
export type Value = bigint | boolean;

/** An integer literal. */
export interface IntegerConstant {
  readonly kind: 'integer';
  readonly id: number;
  readonly sort: 'Int';
  readonly value: bigint;
}

/** `true` or `false`. */
export interface BooleanConstant {
  readonly kind: 'boolean';
  readonly id: number;
  readonly sort: 'Bool';
  readonly value: boolean;
}

/** A free variable; name and sort are its identity. */
export interface Variable {
  readonly kind: 'variable';
  readonly id: number;
  readonly sort: Sort;
  readonly name: string;
}

/** An operator applied to terms. */
export interface Application {
  readonly kind: 'application';
  readonly id: number;
  readonly sort: Sort;
  readonly operator: Operator;
  readonly arguments: readonly Term[];
}

/** An expression; made only by the constructors of this file. */
export type Term = IntegerConstant | BooleanConstant | Variable | Application;

/** What constructors accept: literals stand for their constants. */
export type Operand = Term | bigint | number | boolean;

/**
 * Terms of the wrong sort or a non-integer literal: a slip in an encoding, never in a user's input.
 */
export class TermError extends Error {}

/**
 * Conjunctions longer than this are nested, not copied, so that growing one by one stays linear.
 */
const FLATTEN_LIMIT = 64;

const table = new Map<string, WeakRef<Term>>();
const collected = new FinalizationRegistry((key: string) => {
  // The key may by now belong to a younger twin.
  if (table.get(key)?.deref() === undefined) table.delete(key);
});
let nextId = 0;

function intern(key: string, make: (id: number) => Term): Term {
  const known = table.get(key)?.deref();
  if (known !== undefined) return known;
  const term = Object.freeze(make(nextId++));
  table.set(key, new WeakRef(term));
  collected.register(term, key);
  return term;
}

function apply(operator: Operator, sort: Sort, operands: readonly Term[]): Term {
  const key = `${operator} ${operands.map((operand) => operand.id).join(' ')}`;
  return intern(key, (id) => ({ kind: 'application', id, sort, operator, arguments: operands }));
}

/** The integer constant; throws `TermError` for a number that is not a safe integer. */
export function integer(value: bigint | number): Term {
  if (typeof value === 'number' && !Number.isSafeInteger(value)) {
    throw new TermError(`${value} is no exact integer`);
  }
  const exact = BigInt(value);
  return intern(`i${exact}`, (id) => ({ kind: 'integer', id, sort: 'Int', value: exact }));
}

/** The boolean constant. */
export function boolean(value: boolean): Term {
  return value ? TRUE : FALSE;
}

/**
 * Words of SMT-LIB that a variable cannot have as its name, quoted or not: solvers misread some
 * silently.
 */
const RESERVED_NAMES: ReadonlySet<string> = new Set(
  (
    'abs and as assert distinct div exists false forall implies ite is let match mod not or par ' +
    'select store true xor'
  ).split(' '),
);

function checkName(name: string): void {
  if (RESERVED_NAMES.has(name) || /^[@.$]|[|\\]/.test(name) || name === '') {
    throw new TermError(`"${name}" cannot be the name of a variable`);
  }
}

/**
 * A free integer; throws `TermError` for a word of SMT-LIB, a first `$`, `@` or `.`, and any `|` or
 * `\\`.
 */
export function integerVariable(name: string): Term {
  checkName(name);
  return intern(`vI${name}`, (id) => ({ kind: 'variable', id, sort: 'Int', name }));
}

/** A free boolean; names as for integers. */
export function booleanVariable(name: string): Term {
  checkName(name);
  return intern(`vB${name}`, (id) => ({ kind: 'variable', id, sort: 'Bool', name }));
}

/** The constant true. */
export const TRUE: Term = intern('true', (id) => ({
  kind: 'boolean',
  id,
  sort: 'Bool',
  value: true,
}));
/** The constant false. */
export const FALSE: Term = intern('false', (id) => ({
  kind: 'boolean',
  id,
  sort: 'Bool',
  value: false,
}));

/** The operand as a term. */
export function toTerm(operand: Operand): Term {
  if (typeof operand === 'boolean') return boolean(operand);
  return typeof operand === 'object' ? operand : integer(operand);
}

function toSorted(operand: Operand, sort: Sort): Term {
  const term = toTerm(operand);
  if (term.sort !== sort) throw new TermError(`expected ${sort}, found ${term.sort}`);
  return term;
}

/** A sum as coefficients, so that terms that cancel disappear. */
interface LinearForm {
  readonly coefficients: Map<Term, bigint>;
  constant: bigint;
}

function accumulate(form: LinearForm, term: Term, factor: bigint): void {
  if (term.kind === 'integer') {
    form.constant += factor * term.value;
  } else if (term.kind === 'application' && term.operator === '+') {
    for (const summand of term.arguments) accumulate(form, summand, factor);
  } else {
    const [coefficient, base] = splitCoefficient(term);
    form.coefficients.set(base, (form.coefficients.get(base) ?? 0n) + factor * coefficient);
  }
}

/** `k * t` as [k, t]; any other term as [1, term]. */
function splitCoefficient(term: Term): readonly [bigint, Term] {
  if (term.kind === 'application' && term.operator === '*') {
    const [factor, base] = term.arguments;
    if (factor?.kind === 'integer' && base !== undefined) return [factor.value, base];
  }
  return [1n, term];
}

function fromLinearForm(form: LinearForm): Term {
  const summands: Term[] = [];
  for (const [base, coefficient] of form.coefficients) {
    if (coefficient === 1n) summands.push(base);
    else if (coefficient !== 0n) summands.push(apply('*', 'Int', [integer(coefficient), base]));
  }
  if (form.constant !== 0n || summands.length === 0) summands.push(integer(form.constant));
  const [only] = summands;
  return only !== undefined && summands.length === 1 ? only : apply('+', 'Int', summands);
}

function toLinearForm(positive: readonly Operand[], negative: readonly Operand[]): LinearForm {
  const form: LinearForm = { coefficients: new Map(), constant: 0n };
  for (const operand of positive) accumulate(form, toSorted(operand, 'Int'), 1n);
  for (const operand of negative) accumulate(form, toSorted(operand, 'Int'), -1n);
  return form;
}

/** a - b where it is a constant, else null. */
function computeConstantDifference(a: Term, b: Term): bigint | null {
  if (a === b) return 0n;
  if (isOpaque(a) && isOpaque(b)) return null;
  const difference = fromLinearForm(toLinearForm([a], [b]));
  return difference.kind === 'integer' ? difference.value : null;
}

/** Different terms of this kind never differ by a constant that could be computed. */
function isOpaque(term: Term): boolean {
  return term.kind === 'variable' || (term.kind === 'application' && term.operator === 'ite');
}

/** The sum; 0 for none. */
export function add(...summands: readonly Operand[]): Term {
  return fromLinearForm(toLinearForm(summands, []));
}

/** a - b. */
export function subtract(a: Operand, b: Operand): Term {
  return fromLinearForm(toLinearForm([a], [b]));
}

/**
 * The product; a constant factor is distributed over a sum, two non-constants leave linear
 * arithmetic.
 */
export function multiply(a: Operand, b: Operand): Term {
  const [left, right] = [toSorted(a, 'Int'), toSorted(b, 'Int')];
  if (left.kind === 'integer') return scale(left.value, right);
  if (right.kind === 'integer') return scale(right.value, left);
  return apply('*', 'Int', [left, right]);
}

function scale(factor: bigint, term: Term): Term {
  const form: LinearForm = { coefficients: new Map(), constant: 0n };
  accumulate(form, term, factor);
  return fromLinearForm(form);
}

/** Floor of a / divisor; throws `TermError` unless the divisor is a positive constant. */
export function divide(a: Operand, divisor: bigint | number): Term {
  const [term, by] = [toSorted(a, 'Int'), toDivisor(divisor)];
  if (by === 1n) return term;
  if (term.kind === 'integer') return integer(floorDivide(term.value, by));
  return apply('div', 'Int', [term, integer(by)]);
}

/** a - divisor * floor(a / divisor), in [0, divisor); the divisor is a positive constant. */
export function modulo(a: Operand, divisor: bigint | number): Term {
  const [term, by] = [toSorted(a, 'Int'), toDivisor(divisor)];
  if (by === 1n) return integer(0);
  if (term.kind === 'integer') return integer(term.value - by * floorDivide(term.value, by));
  return apply('mod', 'Int', [term, integer(by)]);
}

function toDivisor(divisor: bigint | number): bigint {
  const by = BigInt(divisor);
  if (by <= 0n) throw new TermError(`divisor ${by} is not positive`);
  return by;
}

function floorDivide(value: bigint, by: bigint): bigint {
  const quotient = value / by;
  return value < 0n && quotient * by !== value ? quotient - 1n : quotient;
}

/** a <= b. */
export function lessOrEqual(a: Operand, b: Operand): Term {
  const [left, right] = [toSorted(a, 'Int'), toSorted(b, 'Int')];
  const difference = computeConstantDifference(left, right);
  return difference === null ? apply('<=', 'Bool', [left, right]) : boolean(difference <= 0n);
}

/** a < b, held as not (b <= a): one comparison operator, so that opposites meet. */
export function less(a: Operand, b: Operand): Term {
  return not(lessOrEqual(b, a));
}

/** low <= value < end: membership in a half-open interval. */
export function within(value: Operand, low: Operand, end: Operand): Term {
  return and([lessOrEqual(low, value), less(value, end)]);
}

/** Equality of two integers or two booleans. */
export function equal(a: Operand, b: Operand): Term {
  const left = toTerm(a);
  const right = toSorted(b, left.sort);
  if (left === right) return TRUE;
  if (left.sort === 'Bool') return equalBooleans(left, right);
  const difference = computeConstantDifference(left, right);
  return difference === null ? apply('=', 'Bool', [left, right]) : boolean(difference === 0n);
}

function equalBooleans(left: Term, right: Term): Term {
  if (left.kind === 'boolean') return left.value ? right : not(right);
  if (right.kind === 'boolean') return right.value ? left : not(left);
  return isNegationOf(left, right) ? FALSE : apply('=', 'Bool', [left, right]);
}

/** not a. */
export function not(a: Operand): Term {
  const term = toSorted(a, 'Bool');
  if (term.kind === 'boolean') return boolean(!term.value);
  return getNegated(term) ?? apply('not', 'Bool', [term]);
}

/** t where the term is `not t`, else null. */
function getNegated(term: Term): Term | null {
  if (term.kind !== 'application' || term.operator !== 'not') return null;
  return term.arguments[0] ?? null;
}

function isNegationOf(a: Term, b: Term): boolean {
  return getNegated(a) === b || getNegated(b) === a;
}

/** Conjunction; true for none. */
export function and(conjuncts: Iterable<Operand>): Term {
  return connect('and', conjuncts, TRUE, FALSE);
}

/** Disjunction; false for none. */
export function or(disjuncts: Iterable<Operand>): Term {
  return connect('or', disjuncts, FALSE, TRUE);
}

function connect(
  operator: 'and' | 'or',
  operands: Iterable<Operand>,
  neutral: Term,
  absorbing: Term,
): Term {
  const members = new Set<Term>();
  for (const operand of operands) {
    for (const term of flatten(operator, toSorted(operand, 'Bool'))) {
      if (term === absorbing) return absorbing;
      if (term !== neutral) members.add(term);
    }
  }
  for (const term of members) {
    const negated = getNegated(term);
    if (negated !== null && members.has(negated)) return absorbing;
  }
  const terms = [...members];
  const [only] = terms;
  if (only === undefined) return neutral;
  return terms.length === 1 ? only : apply(operator, 'Bool', terms);
}

function flatten(operator: 'and' | 'or', term: Term): readonly Term[] {
  const isNested =
    term.kind === 'application' &&
    term.operator === operator &&
    term.arguments.length <= FLATTEN_LIMIT;
  return isNested ? term.arguments : [term];
}

/** a implies b. */
export function implies(a: Operand, b: Operand): Term {
  return or([not(a), b]);
}

/** `then` where the condition holds, else `otherwise`; both of one sort. */
export function ite(condition: Operand, then: Operand, otherwise: Operand): Term {
  const test = toSorted(condition, 'Bool');
  const yes = toTerm(then);
  const no = toSorted(otherwise, yes.sort);
  if (test.kind === 'boolean') return test.value ? yes : no;
  if (yes === no) return yes;
  const negated = getNegated(test);
  if (negated !== null) return ite(negated, no, yes);
  if (yes.kind === 'boolean') return yes.value ? or([test, no]) : and([not(test), no]);
  if (no.kind === 'boolean') return no.value ? or([not(test), yes]) : and([test, yes]);
  return apply('ite', yes.sort, [test, yes, no]);
}

/** At least two of the conditions hold; linear in their number. */
export function atLeastTwo(conditions: readonly Operand[]): Term {
  let seen = FALSE;
  const repeated: Term[] = [];
  for (const condition of conditions) {
    repeated.push(and([seen, condition]));
    seen = or([seen, condition]);
  }
  return or(repeated);
}

/** All terms reachable from the roots, each once, arguments before what uses them. */
export function listTerms(roots: Iterable<Term>): Term[] {
  const order = new Set<Term>();
  const pending: Term[] = [...roots].toReversed();
  const opened = new Set<Term>();
  while (pending.length > 0) {
    const term = pending.pop();
    if (term === undefined || order.has(term)) continue;
    if (term.kind !== 'application' || opened.has(term)) {
      order.add(term);
      continue;
    }
    opened.add(term);
    pending.push(term);
    for (const argument of term.arguments.toReversed()) {
      if (!order.has(argument)) pending.push(argument);
    }
  }
  return [...order];
}

/** The free variables of the roots, in order of first occurrence. */
export function listVariables(roots: Iterable<Term>): Variable[] {
  return listTerms(roots).filter((term) => term.kind === 'variable');
}

/** Value of a term under an assignment; throws `TermError` for a variable without a value. */
export function evaluate(root: Term, assignment: ReadonlyMap<string, Value>): Value {
  const values = new Map<Term, Value>();
  for (const term of listTerms([root])) values.set(term, evaluateNode(term, values, assignment));
  return getValue(values, root);
}

function getValue(values: ReadonlyMap<Term, Value>, term: Term): Value {
  const value = values.get(term);
  // Arguments come before their users in `listTerms`.
  if (value === undefined) throw new TermError('argument not evaluated');
  return value;
}

function evaluateNode(
  term: Term,
  values: ReadonlyMap<Term, Value>,
  assignment: ReadonlyMap<string, Value>,
): Value {
  if (term.kind === 'integer' || term.kind === 'boolean') return term.value;
  if (term.kind === 'variable') {
    const value = assignment.get(term.name);
    if (value === undefined) throw new TermError(`no value for ${term.name}`);
    return value;
  }
  return MEANING[term.operator](term.arguments.map((argument) => getValue(values, argument)));
}

/** What each operator computes; a missing one does not compile. */
const MEANING: Readonly<Record<Operator, (values: readonly Value[]) => Value>> = {
  '+': (values) => values.reduce<bigint>((sum, value) => sum + BigInt(value), 0n),
  '*': ([a = 0n, b = 0n]) => BigInt(a) * BigInt(b),
  div: ([a = 0n, by = 1n]) => floorDivide(BigInt(a), BigInt(by)),
  mod: ([a = 0n, by = 1n]) => BigInt(a) - BigInt(by) * floorDivide(BigInt(a), BigInt(by)),
  '<=': ([a = 0n, b = 0n]) => a <= b,
  '=': ([a, b]) => a === b,
  not: ([a]) => a !== true,
  and: (values) => values.every((value) => value === true),
  or: (values) => values.includes(true),
  ite: ([condition, then = 0n, otherwise = 0n]) => (condition === true ? then : otherwise),
};
