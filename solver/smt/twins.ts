/**
 * Twins for tests: random formulas built twice, as a term and as a plain function of the same
 * variables, so that whatever the constructors simplify can be compared with what was meant.
 */

import fc from 'fast-check';

import {
  add,
  and,
  atLeastTwo,
  booleanVariable,
  divide,
  equal,
  integer,
  integerVariable,
  ite,
  lessOrEqual,
  modulo,
  multiply,
  not,
  or,
  subtract,
} from './term.ts';
import type { Term, Value } from './term.ts';
import {
  word,
  wordAdd,
  wordAnd,
  wordLess,
  wordLessOrEqual,
  wordMultiply,
  wordNot,
  wordOr,
  wordShiftLeft,
  wordShiftRight,
  wordSubtract,
  wordVariable,
  wordXor,
} from './word.ts';

/** Values of the variables by name. */
export type Values = Readonly<Record<string, Value>>;

/** A formula built twice. */
export interface Twin {
  readonly term: Term;
  readonly compute: (values: Values) => Value;
}

/** Bounds of the variables that have some, inclusive. */
const BOUNDS: Readonly<Record<string, readonly [number, number]>> = { p: [0, 7], q: [-3, 4] };

/** Values for the variables of every twin, within their bounds. */
export const assignments: fc.Arbitrary<Record<string, Value>> = fc.record({
  x: fc.bigInt(-9n, 9n),
  y: fc.bigInt(-9n, 9n),
  p: fc.bigInt(0n, 7n),
  q: fc.bigInt(-3n, 4n),
  a: fc.boolean(),
  b: fc.boolean(),
  u: fc.oneof(fc.bigInt(0n, 3n), fc.bigInt(0n, 2n ** 64n - 1n)),
  v: fc.oneof(fc.bigInt(0n, 70n), fc.bigInt(0n, 2n ** 64n - 1n)),
});

/** The variable of a twin. */
export function makeVariable(name: string): Term {
  if (name === 'a' || name === 'b') return booleanVariable(name);
  if (name === 'u' || name === 'v') return wordVariable(name);
  const [low, high] = BOUNDS[name] ?? [];
  return integerVariable(name, low === undefined || high === undefined ? {} : { low, high });
}

function twinOfVariable(name: string): Twin {
  return { term: makeVariable(name), compute: (values) => values[name] ?? false };
}

function twinOfConstant(term: Term, value: Value): Twin {
  return { term, compute: () => value };
}

/** A twin of an operator from twins of what it is applied to. */
function combine(
  parts: readonly Twin[],
  build: (terms: readonly [Term, Term, ...Term[]]) => Term,
  compute: (values: readonly [bigint, bigint, ...bigint[]], plain: readonly Value[]) => Value,
): Twin {
  const terms = parts.map((part) => part.term);
  const [first = integer(0), second = first, ...rest] = terms;
  return {
    term: build([first, second, ...rest]),
    compute(values) {
      const plain = parts.map((part) => part.compute(values));
      const [a = 0n, b = 0n, ...more] = plain.map(BigInt);
      return compute([a, b, ...more], plain);
    },
  };
}

/** Twins of the three sorts, each made of the others. */
interface Sorts {
  integer: Twin;
  boolean: Twin;
  word: Twin;
}

type Tie = fc.LetrecTypedTie<Sorts>;

function floorDivide(a: bigint, by: bigint): bigint {
  const rest = ((a % by) + by) % by;
  return (a - rest) / by;
}

function makeIntegers(tie: Tie): fc.Arbitrary<Twin> {
  const pair = fc.tuple(tie('integer'), tie('integer'));
  const scaled = fc.tuple(tie('integer'), fc.bigInt(-4n, 4n));
  const divided = fc.tuple(tie('integer'), fc.bigInt(1n, 8n));
  return fc.oneof(
    { maxDepth: 4, depthSize: 'max' },
    fc.oneof(
      fc.bigInt(-9n, 9n).map((value) => twinOfConstant(integer(value), value)),
      fc.constantFrom('x', 'y', 'p', 'q').map(twinOfVariable),
    ),
    pair.map((both) =>
      combine(
        both,
        ([l, r]) => add(l, r),
        ([l, r]) => l + r,
      ),
    ),
    pair.map((both) =>
      combine(
        both,
        ([l, r]) => subtract(l, r),
        ([l, r]) => l - r,
      ),
    ),
    pair.map((both) =>
      combine(
        both,
        ([l, r]) => multiply(l, r),
        ([l, r]) => l * r,
      ),
    ),
    scaled.map(([one, factor]) =>
      combine(
        [one],
        ([l]) => multiply(factor, l),
        ([l]) => factor * l,
      ),
    ),
    divided.map(([one, by]) =>
      combine(
        [one],
        ([l]) => divide(l, by),
        ([l]) => floorDivide(l, by),
      ),
    ),
    divided.map(([one, by]) =>
      combine(
        [one],
        ([l]) => modulo(l, by),
        ([l]) => l - by * floorDivide(l, by),
      ),
    ),
    fc.tuple(tie('boolean'), tie('integer'), tie('integer')).map(choose),
  );
}

function choose(parts: readonly Twin[]): Twin {
  return combine(
    parts,
    ([condition, then, otherwise = then]) => ite(condition, then, otherwise),
    (_, [condition, then = false, otherwise = false]) => (condition === true ? then : otherwise),
  );
}

function makeBooleans(tie: Tie): fc.Arbitrary<Twin> {
  const list = fc.array(tie('boolean'), { maxLength: 4 });
  const integers = fc.tuple(tie('integer'), tie('integer'));
  const words = fc.tuple(tie('word'), tie('word'));
  const booleans = fc.tuple(tie('boolean'), tie('boolean'));
  return fc.oneof(
    { maxDepth: 4, depthSize: 'max' },
    fc.constantFrom('a', 'b').map(twinOfVariable),
    integers.map((both) =>
      combine(
        both,
        ([l, r]) => lessOrEqual(l, r),
        ([l, r]) => l <= r,
      ),
    ),
    fc.oneof(integers, words, booleans).map((both) =>
      combine(
        both,
        ([l, r]) => equal(l, r),
        (_, [l, r]) => l === r,
      ),
    ),
    words.map((both) =>
      combine(
        both,
        ([l, r]) => wordLessOrEqual(l, r),
        ([l, r]) => l <= r,
      ),
    ),
    words.map((both) =>
      combine(
        both,
        ([l, r]) => wordLess(l, r),
        ([l, r]) => l < r,
      ),
    ),
    tie('boolean').map((one) =>
      combine(
        [one],
        ([l]) => not(l),
        ([l]) => l === 0n,
      ),
    ),
    list.map((all) => connectTwins(all, and, (values) => values.every((one) => one === true))),
    list.map((all) => connectTwins(all, or, (values) => values.includes(true))),
    list.map((all) =>
      connectTwins(all, atLeastTwo, (values) => values.filter((one) => one === true).length >= 2),
    ),
    fc.tuple(tie('boolean'), tie('boolean'), tie('boolean')).map(choose),
  );
}

function connectTwins(
  all: readonly Twin[],
  build: (terms: readonly Term[]) => Term,
  compute: (values: readonly Value[]) => boolean,
): Twin {
  return {
    term: build(all.map((one) => one.term)),
    compute: (values) => compute(all.map((one) => one.compute(values))),
  };
}

type OnWords = readonly [(l: Term, r: Term) => Term, (l: bigint, r: bigint) => bigint];

const ON_WORDS: readonly OnWords[] = [
  [wordAdd, (l, r) => l + r],
  [wordSubtract, (l, r) => l - r],
  [wordMultiply, (l, r) => l * r],
  [wordAnd, (l, r) => l & r],
  [wordOr, (l, r) => l | r],
  [wordXor, (l, r) => l ^ r],
  [(l) => wordNot(l), (l) => ~l],
  [wordShiftLeft, (l, r) => (r < 64n ? l << r : 0n)],
  [wordShiftRight, (l, r) => (r < 64n ? l >> r : 0n)],
];

function makeWords(tie: Tie): fc.Arbitrary<Twin> {
  const constants = fc.constantFrom(0n, 1n, 2n, 63n, 64n, 2n ** 63n, 2n ** 64n - 1n);
  return fc.oneof(
    { maxDepth: 4, depthSize: 'max' },
    fc.oneof(
      constants.map((value) => twinOfConstant(word(value), value)),
      fc.constantFrom('u', 'v').map(twinOfVariable),
    ),
    fc
      .tuple(fc.constantFrom(...ON_WORDS), tie('word'), tie('word'))
      .map(([[build, compute], left, right]) =>
        combine(
          [left, right],
          ([l, r]) => build(l, r),
          ([l, r]) => BigInt.asUintN(64, compute(l, r)),
        ),
      ),
    fc.tuple(tie('boolean'), tie('word'), tie('word')).map(choose),
  );
}

/** Twins of each sort. */
export const twins: fc.LetrecValue<Sorts> = fc.letrec<Sorts>((tie) => ({
  integer: makeIntegers(tie),
  boolean: makeBooleans(tie),
  word: makeWords(tie),
}));

/** A twin of any sort. */
export const anyTwin: fc.Arbitrary<Twin> = fc.oneof(twins.boolean, twins.integer, twins.word);
