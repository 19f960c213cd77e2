/**
 * Nodes of the term graph, and the table by which two terms built alike are one object.
 *
 * The table holds every node until `releaseTerms`: a node is found by a hash of its content, so
 * that to ask for one that exists costs a look-up and no allocation. The hash depends on the term
 * alone, never on what was built earlier. Nodes are never changed; only `mark` is scratch space of
 * the algorithm that runs at the moment.
 */

import { toExact } from './exact.ts';
import type { Exact } from './exact.ts';
import {
  UNBOUNDED,
  addIntervals,
  divideInterval,
  joinIntervals,
  makeInterval,
  multiplyIntervals,
  toInterval,
} from './interval.ts';
import type { Interval } from './interval.ts';

/** Sort of a term; a `Word` has 64 bits. */
export type Sort = 'Int' | 'Bool' | 'Word';

/** Operators of SMT-LIB that compute a word, all of them modulo 2^64. */
export type WordOperator =
  'bvadd' | 'bvsub' | 'bvmul' | 'bvand' | 'bvor' | 'bvxor' | 'bvnot' | 'bvshl' | 'bvlshr';

/** Operators of SMT-LIB that a term may apply. */
export type Operator =
  '+' | '*' | 'div' | 'mod' | '<=' | '=' | 'not' | 'and' | 'or' | 'ite' | 'bvule' | WordOperator;

/** A value of a sort: what a constant holds, what a model gives to a variable. */
export type Value = bigint | boolean;

/** What every node has. */
interface Node {
  /** Number of the node; unique in the process. */
  readonly id: number;
  /** Of the content: the same on every machine and run. 32 bits. */
  readonly hash: number;
  /** Which table it is in: grows with each `releaseTerms`; 0 for leaves that outlive them. */
  readonly generation: number;
  /** What is known about the value of an integer; null for other sorts. */
  readonly interval: Interval | null;
  /** A constant, or a tree of choices whose leaves are constants. */
  readonly isConstantTree: boolean;
  /** Scratch space of the algorithm at work; see `takeMark`. */
  mark: number;
}

/** An integer literal. */
export interface IntegerConstant extends Node {
  readonly kind: 'integer';
  readonly sort: 'Int';
  readonly value: bigint;
  /** The value in the form that is fast to compute with. */
  readonly exact: Exact;
}

/** `true` or `false`. */
export interface BooleanConstant extends Node {
  readonly kind: 'boolean';
  readonly sort: 'Bool';
  readonly value: boolean;
}

/** A literal of 64 bits, in [0, 2^64). */
export interface WordConstant extends Node {
  readonly kind: 'word';
  readonly sort: 'Word';
  readonly value: bigint;
}

/** A free variable; name, sort and bounds are its identity. */
export interface Variable extends Node {
  readonly kind: 'variable';
  readonly sort: Sort;
  readonly name: string;
  /** Least value that it may have; null for none, as for any but integers. */
  readonly low: bigint | null;
  /** Greatest value that it may have, inclusive; null for none. */
  readonly high: bigint | null;
}

/** An operator applied to terms. */
export interface Application extends Node {
  readonly kind: 'application';
  readonly sort: Sort;
  readonly operator: Operator;
  readonly arguments: readonly Term[];
}

/** An expression; made only by the constructors of `term.ts` and `word.ts`. */
export type Term = IntegerConstant | BooleanConstant | WordConstant | Variable | Application;

/** What constructors accept: literals stand for their constants. */
export type Operand = Term | bigint | number | boolean;

/** Bounds of an integer variable, inclusive; none where left out. */
export interface Bounds {
  readonly low?: bigint | number;
  readonly high?: bigint | number;
}

/**
 * Terms of the wrong sort, of before `releaseTerms` mixed with younger ones, or a non-integer
 * literal: a slip in an encoding, never in a user's input.
 */
export class TermError extends Error {}

/** Integers up to this magnitude outlive `releaseTerms`. */
const SMALL = 1024;

/** Entries of an empty table; a power of two, as every size of it. */
const TABLE_SIZE = 1 << 14;

let generation = 1;
let nextId = 0;
let nextMark = 0;
let slots: (Application | undefined)[] = makeSlots(TABLE_SIZE);
/** The hash of the node in each slot, so that a search reads no node but the one it finds. */
let hashes = new Int32Array(TABLE_SIZE);
let filled = 0;
const smallIntegers: (Term | undefined)[] = makeSlots(2 * SMALL + 1);
let integers = new Map<Exact, Term>();
let words = new Map<bigint, Term>();
const variables = new Map<string, Variable[]>();

function makeSlots<T>(size: number): (T | undefined)[] {
  const list: (T | undefined)[] = [];
  list.length = size;
  return list;
}

/**
 * Forgets every term but variables, booleans and small integers, so that a long-lived process does
 * not grow for ever. Terms of before stay valid to print and evaluate; a term built from one of
 * them throws `TermError`.
 */
export function releaseTerms(): void {
  generation += 1;
  slots = makeSlots(TABLE_SIZE);
  hashes = new Int32Array(TABLE_SIZE);
  filled = 0;
  integers = new Map();
  words = new Map();
  for (const forget of released) forget();
}

/** Applications that the table holds. */
export function countInterned(): number {
  return filled;
}

/** Caches over terms, which are of no use to younger ones. */
const released: (() => void)[] = [];

/** Calls back on each `releaseTerms`: for caches that name terms. */
export function onRelease(forget: () => void): void {
  released.push(forget);
}

/** An even number that no node has as its mark, nor the odd number after it. */
export function takeMark(): number {
  nextMark += 2;
  return nextMark;
}

/** One step of a hash of 32 bits; never 0, which marks an empty slot. */
function mix(hash: number, value: number): number {
  const product = Math.imul(hash ^ value, 0x9e3779b1);
  return product ^ (product >>> 15) || 1;
}

function hashText(seed: number, text: string): number {
  let hash = mix(seed, text.length);
  for (let index = 0; index < text.length; index += 1) hash = mix(hash, text.charCodeAt(index));
  return hash;
}

/** Where the hash of an application starts; a missing operator does not compile. */
const SEED: Readonly<Record<Operator, number>> = {
  '+': 0x11,
  '*': 0x12,
  div: 0x13,
  mod: 0x14,
  '<=': 0x15,
  '=': 0x16,
  not: 0x17,
  and: 0x18,
  or: 0x19,
  ite: 0x1a,
  bvule: 0x1b,
  bvadd: 0x1c,
  bvsub: 0x1d,
  bvmul: 0x1e,
  bvand: 0x1f,
  bvor: 0x20,
  bvxor: 0x21,
  bvnot: 0x22,
  bvshl: 0x23,
  bvlshr: 0x24,
};

/** What tells leaves apart; fields that a kind does not have are null. */
interface LeafFields {
  readonly kind: 'integer' | 'boolean' | 'word' | 'variable';
  readonly sort: Sort;
  readonly value: Value | null;
  readonly exact: Exact | null;
  readonly name: string | null;
  readonly low: bigint | null;
  readonly high: bigint | null;
  readonly interval: Interval | null;
}

/** All leaves have one shape, which keeps reading a field of any term fast. */
function makeLeaf(fields: LeafFields, leafGeneration: number): Term {
  const { kind, sort, value, exact, name, low, high, interval } = fields;
  const text = `${kind} ${sort} ${String(name ?? value)} ${String(low)} ${String(high)}`;
  const leaf = {
    kind,
    id: nextId++,
    sort,
    hash: hashText(0x10, text),
    generation: leafGeneration,
    interval,
    isConstantTree: kind !== 'variable',
    mark: 0,
    value,
    exact,
    name,
    low,
    high,
  };
  return leaf as Term;
}

const NO_FIELDS = { value: null, exact: null, name: null, low: null, high: null, interval: null };

/** The constant true. */
export const TRUE: Term = makeLeaf({ ...NO_FIELDS, kind: 'boolean', sort: 'Bool', value: true }, 0);
/** The constant false. */
export const FALSE: Term = makeLeaf(
  { ...NO_FIELDS, kind: 'boolean', sort: 'Bool', value: false },
  0,
);

/** The boolean constant. */
export function boolean(value: boolean): Term {
  return value ? TRUE : FALSE;
}

/** The integer constant; throws `TermError` for a number that is not a safe integer. */
export function integer(value: bigint | number): Term {
  const exact = toExact(value);
  if (exact === null) throw new TermError(`${value} is no exact integer`);
  if (typeof exact === 'number' && exact >= -SMALL && exact <= SMALL) {
    return (smallIntegers[exact + SMALL] ??= makeInteger(exact, 0));
  }
  let term = integers.get(exact);
  if (term === undefined) {
    term = makeInteger(exact, generation);
    integers.set(exact, term);
  }
  return term;
}

function makeInteger(exact: Exact, leafGeneration: number): Term {
  const value = BigInt(exact);
  const interval = toInterval(exact);
  const fields = { ...NO_FIELDS, kind: 'integer', sort: 'Int', value, exact, interval } as const;
  return makeLeaf(fields, leafGeneration);
}

/** The constant of 64 bits; throws `TermError` unless it is in [0, 2^64). */
export function word(value: bigint): Term {
  let term = words.get(value);
  if (term === undefined) {
    if (BigInt.asUintN(64, value) !== value) {
      throw new TermError(`${value} is no word: expected 0 to 2^64 - 1`);
    }
    term = makeLeaf({ ...NO_FIELDS, kind: 'word', sort: 'Word', value }, generation);
    words.set(value, term);
  }
  return term;
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
  if (RESERVED_NAMES.has(name) || /^[@.$]|^bv[a-z]+$|[|\\]/.test(name) || name === '') {
    throw new TermError(`"${name}" cannot be the name of a variable`);
  }
}

/**
 * A free integer within its bounds, which every query asserts in which it occurs and by which the
 * constructors decide comparisons.
 *
 * Throws `TermError` for bounds that exclude every value, and for a name that is a word of SMT-LIB,
 * may be an operator on words, starts with `$`, `@` or `.`, or has any `|` or `\\`.
 */
export function integerVariable(name: string, { low, high }: Bounds = {}): Term {
  return internVariable(name, 'Int', toBound(low), toBound(high));
}

/** A free boolean; names as for integers. */
export function booleanVariable(name: string): Term {
  return internVariable(name, 'Bool', null, null);
}

/** A free word of 64 bits; names as for integers. */
export function wordVariable(name: string): Term {
  return internVariable(name, 'Word', null, null);
}

function toBound(bound: bigint | number | undefined): bigint | null {
  if (bound === undefined) return null;
  const exact = toExact(bound);
  if (exact === null) throw new TermError(`${bound} is no exact integer`);
  return BigInt(exact);
}

function internVariable(name: string, sort: Sort, low: bigint | null, high: bigint | null): Term {
  const namesakes = variables.get(name);
  for (const known of namesakes ?? []) {
    if (known.sort === sort && known.low === low && known.high === high) return known;
  }
  checkName(name);
  if (low !== null && high !== null && low > high) {
    throw new TermError(`bounds of ${name} exclude every value: ${low} to ${high}`);
  }
  const interval =
    sort === 'Int'
      ? makeInterval(Number(low ?? -Infinity), high === null ? Infinity : Number(high))
      : null;
  const variable = makeLeaf(
    { ...NO_FIELDS, kind: 'variable', sort, name, low, high, interval },
    0,
  ) as Variable;
  if (namesakes === undefined) variables.set(name, [variable]);
  else namesakes.push(variable);
  return variable;
}

/** The operand as a term. */
export function toTerm(operand: Operand): Term {
  if (typeof operand === 'object') return operand;
  return typeof operand === 'boolean' ? boolean(operand) : integer(operand);
}

/** The operand as a term of the sort; throws `TermError` if it is of another. */
export function toSorted(operand: Operand, sort: Sort): Term {
  const term = toTerm(operand);
  if (term.sort !== sort) throw new TermError(`expected ${sort}, found ${term.sort}`);
  return term;
}

/** The application to one argument; nothing is simplified. */
export function applyOne(operator: Operator, sort: Sort, a: Term): Term {
  const hash = mix(SEED[operator], a.hash);
  const mask = hashes.length - 1;
  for (let index = hash & mask; ; index = (index + 1) & mask) {
    if (hashes[index] === 0) return insert(index, operator, sort, [a], hash);
    const known = hashes[index] === hash ? slots[index] : undefined;
    if (known?.operator === operator && known.arguments[0] === a) {
      if (known.arguments.length === 1) return known;
    }
  }
}

/** The application to two arguments; nothing is simplified. */
export function applyTwo(operator: Operator, sort: Sort, a: Term, b: Term): Term {
  const hash = mix(mix(SEED[operator], a.hash), b.hash);
  const mask = hashes.length - 1;
  for (let index = hash & mask; ; index = (index + 1) & mask) {
    if (hashes[index] === 0) return insert(index, operator, sort, [a, b], hash);
    const known = hashes[index] === hash ? slots[index] : undefined;
    if (known?.operator === operator) {
      const list = known.arguments;
      if (list[0] === a && list[1] === b && list.length === 2) return known;
    }
  }
}

/** The choice between two terms of one sort; nothing is simplified. */
export function applyChoice(condition: Term, then: Term, otherwise: Term): Term {
  const hash = mix(mix(mix(SEED.ite, condition.hash), then.hash), otherwise.hash);
  const mask = hashes.length - 1;
  for (let index = hash & mask; ; index = (index + 1) & mask) {
    if (hashes[index] === 0) {
      return insert(index, 'ite', then.sort, [condition, then, otherwise], hash);
    }
    const known = hashes[index] === hash ? slots[index] : undefined;
    if (known?.operator === 'ite') {
      const list = known.arguments;
      if (list[0] === condition && list[1] === then && list[2] === otherwise) return known;
    }
  }
}

/** The application to any number of arguments, which it keeps; nothing is simplified. */
export function applyMany(operator: Operator, sort: Sort, operands: readonly Term[]): Term {
  let hash = SEED[operator];
  for (const operand of operands) hash = mix(hash, operand.hash);
  const mask = hashes.length - 1;
  for (let index = hash & mask; ; index = (index + 1) & mask) {
    if (hashes[index] === 0) return insert(index, operator, sort, operands, hash);
    const known = hashes[index] === hash ? slots[index] : undefined;
    if (known?.operator === operator) {
      if (isSameList(known.arguments, operands)) return known;
    }
  }
}

function isSameList(a: readonly Term[], b: readonly Term[]): boolean {
  if (a.length !== b.length) return false;
  for (let index = 0; index < a.length; index += 1) if (a[index] !== b[index]) return false;
  return true;
}

function insert(
  index: number,
  operator: Operator,
  sort: Sort,
  operands: readonly Term[],
  hash: number,
): Term {
  for (const operand of operands) {
    if (operand.generation !== generation && operand.generation !== 0) {
      throw new TermError('a term of before releaseTerms() is used to build one after it');
    }
  }
  const term: Application = {
    kind: 'application',
    id: nextId++,
    sort,
    hash,
    generation,
    interval: sort === 'Int' ? computeInterval(operator, operands) : null,
    isConstantTree: operator === 'ite' && isTreeOfConstants(operands),
    mark: 0,
    operator,
    arguments: operands,
  };
  slots[index] = term;
  hashes[index] = hash;
  filled += 1;
  if (2 * filled > slots.length) grow();
  return term;
}

function grow(): void {
  const [oldSlots, oldHashes] = [slots, hashes];
  slots = makeSlots(2 * oldSlots.length);
  hashes = new Int32Array(slots.length);
  const mask = hashes.length - 1;
  for (const [position, hash] of oldHashes.entries()) {
    if (hash === 0) continue;
    let index = hash & mask;
    while (hashes[index] !== 0) index = (index + 1) & mask;
    hashes[index] = hash;
    slots[index] = oldSlots[position];
  }
}

function isTreeOfConstants(operands: readonly Term[]): boolean {
  return operands[1]?.isConstantTree === true && operands[2]?.isConstantTree === true;
}

function computeInterval(operator: Operator, operands: readonly Term[]): Interval {
  const [first, second, third] = operands;
  const [a, b] = [first?.interval ?? UNBOUNDED, second?.interval ?? UNBOUNDED];
  const by = second?.kind === 'integer' ? second.exact : 1;
  switch (operator) {
    case '+': {
      let sum = a;
      for (const operand of operands.slice(1)) {
        sum = addIntervals(sum, operand.interval ?? UNBOUNDED);
      }
      return sum;
    }
    case '*':
      return multiplyIntervals(a, b);
    case 'div':
      return divideInterval(a, by);
    case 'mod':
      return makeInterval(0, Number(by) - 1);
    case 'ite':
      return joinIntervals(b, third?.interval ?? UNBOUNDED);
    default:
      return UNBOUNDED;
  }
}

/** t where the term is `not t`, else null. */
export function getNegated(term: Term): Term | null {
  if (term.kind !== 'application' || term.operator !== 'not') return null;
  return term.arguments[0] ?? null;
}

/** All terms reachable from the roots, each once, arguments before what uses them. */
export function listTerms(roots: Iterable<Term>): Term[] {
  const opened = takeMark();
  const listed = opened + 1;
  const order: Term[] = [];
  const pending: Term[] = [...roots].toReversed();
  for (let term = pending.pop(); term !== undefined; term = pending.pop()) {
    if (term.mark === listed) continue;
    if (term.kind !== 'application' || term.mark === opened) {
      term.mark = listed;
      order.push(term);
      continue;
    }
    term.mark = opened;
    pending.push(term);
    const list = term.arguments;
    for (let index = list.length - 1; index >= 0; index -= 1) {
      const argument = list[index];
      if (argument !== undefined && argument.mark !== listed) pending.push(argument);
    }
  }
  return order;
}

/** Number of distinct nodes reachable from the roots, themselves included. */
export function countTerms(roots: Iterable<Term>): number {
  const mark = takeMark();
  const pending: Term[] = [...roots];
  let count = 0;
  for (let term = pending.pop(); term !== undefined; term = pending.pop()) {
    if (term.mark === mark) continue;
    term.mark = mark;
    count += 1;
    if (term.kind === 'application') pending.push(...term.arguments);
  }
  return count;
}

/** The free variables of the roots, in order of first occurrence. */
export function listVariables(roots: Iterable<Term>): Variable[] {
  return listTerms(roots).filter((term) => term.kind === 'variable');
}
