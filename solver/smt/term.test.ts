import { test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';

import { printAssertions, printScript } from './print.ts';
import {
  FALSE,
  TRUE,
  TermError,
  add,
  and,
  boolean,
  booleanVariable,
  countTerms,
  divide,
  equal,
  evaluate,
  implies,
  integer,
  integerVariable,
  ite,
  less,
  lessOrEqual,
  listTerms,
  listVariables,
  modulo,
  multiply,
  not,
  or,
  releaseTerms,
  subtract,
  within,
} from './term.ts';
import type { Term, Value } from './term.ts';
import { anyTwin, assignments } from './twins.ts';
import { word } from './word.ts';

const x = integerVariable('x');
const y = integerVariable('y');
const a = booleanVariable('a');
const b = booleanVariable('b');

/** One of four numbers, told by two booleans of this name. */
function buildTree(name: string): Term {
  const [high, low] = [booleanVariable(`${name}#0`), booleanVariable(`${name}#1`)];
  return ite(high, ite(low, 7, 6), ite(low, 5, 2));
}

describe('terms', () => {
  test('built alike are one object', () => {
    expect(add(x, 1, y)).toBe(add(x, 1, y));
    expect(and([a, within(x, 0, 5)])).toBe(and([a, within(x, 0, 5)]));
    expect(integerVariable('same')).not.toBe(booleanVariable('same'));
  });

  test('fold constants and cancel summands', () => {
    expect(subtract(add(x, y, 3), add(y, x))).toBe(integer(3));
    expect(less(x, add(x, 1))).toBe(TRUE);
    expect(equal(add(x, 1), x)).toBe(FALSE);
    expect(multiply(0, x)).toBe(integer(0));
    expect(divide(-7, 2)).toBe(integer(-4));
    expect(modulo(-7, 2)).toBe(integer(1));
  });

  test('decide contradictions, tautologies and choices between equals', () => {
    expect(and([a, b, not(a)])).toBe(FALSE);
    expect(or([a, not(a)])).toBe(TRUE);
    expect(and([])).toBe(TRUE);
    expect(or([])).toBe(FALSE);
    expect(implies(a, a)).toBe(TRUE);
    expect(not(not(a))).toBe(a);
    expect(ite(a, x, x)).toBe(x);
    expect(ite(not(a), x, y)).toBe(ite(a, y, x));
    expect(less(x, y)).toBe(not(lessOrEqual(y, x)));
  });

  test('of the wrong sort, inexact, or with a name that solvers misread are refused', () => {
    expect(() => add(x, a)).toThrow(TermError);
    expect(() => and([x])).toThrow(TermError);
    expect(() => integer(0.5)).toThrow(TermError);
    expect(() => integer(2 ** 53)).toThrow(TermError);
    expect(() => divide(x, 0)).toThrow(TermError);
    expect(() => integerVariable('distinct')).toThrow(TermError);
    expect(() => booleanVariable('$0')).toThrow(TermError);
    expect(() => integerVariable('bvadd')).toThrow(TermError);
    expect(() => booleanVariable('a|b')).toThrow(TermError);
  });

  test('nested 100,000 deep neither overflow the stack nor print nested', () => {
    let chain: Term = x;
    for (let step = 0; step < 100_000; step += 1) chain = ite(a, add(chain, 1), y);
    const values = new Map<string, Value>([
      ['a', true],
      ['x', 0n],
      ['y', 7n],
    ]);
    expect(evaluate(chain, values)).toBe(100_000n);
    const text = printAssertions([equal(chain, 3)]);
    const depths = text.split('\n').map((line) => line.split('(').length);
    expect(Math.max(...depths)).toBeLessThan(1000);
  });

  test.prop([anyTwin, assignments], { numRuns: 2000 })(
    'have after simplification the value that they had before',
    (twin, values) => {
      const assignment = new Map<string, Value>(Object.entries(values));
      expect(evaluate(twin.term, assignment)).toBe(twin.compute(values));
    },
  );
});

function buildMany(): Term[] {
  return Array.from({ length: 20_000 }, (_, index) => ite(a, add(x, index), y));
}

describe('interned terms', () => {
  test('are found again in a table that has grown', () => {
    const first = buildMany();
    expect(buildMany().every((term, index) => term === first[index])).toBe(true);
    expect(new Set(first).size).toBe(20_000);
  });

  test('of before a release keep their value, but build no term after it', () => {
    const old = add(x, y);
    const large = integer(5000);
    releaseTerms();
    expect(evaluate(old, new Map(Object.entries({ x: 2n, y: 3n })))).toBe(5n);
    expect(printAssertions([equal(add(x, y), 3)])).toContain('(+ x y)');
    expect(() => ite(a, old, x)).toThrow(TermError);
    expect(() => and([a, equal(x, large)])).not.toThrow();
    expect(() => ite(a, large, x)).toThrow(TermError);
    expect(add(x, y)).not.toBe(old);
    expect(integerVariable('x')).toBe(x);
    expect(boolean(true)).toBe(TRUE);
  });

  test('are counted once each', () => {
    const shared = add(x, y);
    expect(countTerms([shared])).toBe(3);
    expect(countTerms([shared, ite(a, shared, x), shared])).toBe(5);
  });
});

describe('bounds of variables', () => {
  const p = integerVariable('p', { low: 0, high: 7 });

  test('are part of the variable', () => {
    expect(integerVariable('p', { low: 0n, high: 7n })).toBe(p);
    expect(integerVariable('p')).not.toBe(p);
    expect(() => integerVariable('p', { low: 2, high: 1 })).toThrow('exclude every value');
    expect(() => integerVariable('p', { low: 0.5 })).toThrow(TermError);
  });

  test('decide comparisons that every value or none satisfies', () => {
    expect(lessOrEqual(0, p)).toBe(TRUE);
    expect(less(p, 8)).toBe(TRUE);
    expect(less(p, 7)).not.toBe(TRUE);
    expect(lessOrEqual(8, p)).toBe(FALSE);
    expect(equal(p, 8)).toBe(FALSE);
    expect(equal(p, 7)).not.toBe(FALSE);
    expect(less(add(multiply(2, p), ite(a, 0, 5)), 20)).toBe(TRUE);
    expect(less(add(multiply(2, p), ite(a, 0, 5)), 19)).not.toBe(TRUE);
    expect(lessOrEqual(multiply(p, p), 49)).toBe(TRUE);
    expect(equal(integerVariable('only', { low: 3, high: 3 }), 3)).toBe(TRUE);
  });

  test('decide nothing where an end is no safe integer', () => {
    const far = integerVariable('far', { low: 2n ** 60n, high: 2n ** 61n });
    expect(lessOrEqual(2 ** 50, far)).toBe(TRUE);
    expect(lessOrEqual(far, 2n ** 60n).kind).toBe('application');
    expect(equal(far, 2n ** 61n).kind).toBe('application');
    expect(equal(integerVariable('edge', { low: 2n ** 53n - 1n }), 2n ** 53n - 1n).kind).toBe(
      'application',
    );
  });

  test('decide quotients and remainders', () => {
    expect(divide(p, 8)).toBe(integer(0));
    expect(modulo(p, 8)).toBe(p);
    expect(modulo(p, 7)).not.toBe(p);
    expect(divide(subtract(p, 8), 8)).toBe(integer(-1));
    expect(modulo(subtract(p, 8), 8)).toBe(p);
    expect(divide(add(multiply(4096, x), multiply(512, p)), 4096)).toBe(x);
    expect(modulo(add(multiply(4096, x), p), 4096)).toBe(p);
  });

  test('compare trees that are built alike by their conditions', () => {
    const bits = ([0, 1] as const).map((bit) =>
      equal(booleanVariable(`one#${bit}`), booleanVariable(`two#${bit}`)),
    );
    expect(equal(buildTree('one'), buildTree('two'))).toBe(and(bits));
    const swapped = ite(booleanVariable('three'), 2, ite(booleanVariable('four'), 7, 1));
    const meet = equal(buildTree('one'), swapped);
    for (let values = 0; values < 16; values += 1) {
      const names = ['one#0', 'one#1', 'three', 'four'];
      const model = new Map(names.map((name, bit) => [name, ((values >> bit) & 1) === 1]));
      const [one, other] = [buildTree('one'), swapped].map((tree) => evaluate(tree, model));
      expect(evaluate(meet, model)).toBe(one === other);
    }
  });

  test('take the quotient and the remainder of each leaf of a tree of constants', () => {
    const bits = [booleanVariable('high'), booleanVariable('low')] as const;
    const tree = ite(bits[0], ite(bits[1], 7, 6), ite(bits[1], 5, 2));
    expect(divide(tree, 2)).toBe(ite(bits[0], 3, ite(bits[1], 2, 1)));
    expect(modulo(tree, 2)).toBe(ite(bits[1], 1, 0));
    expect(equal(divide(tree, 2), 9)).toBe(FALSE);
  });
});

describe('sums', () => {
  test('lose their multiples of a divisor', () => {
    expect(divide(add(multiply(8, x), y, 13), 4)).toBe(
      add(multiply(2, x), 3, divide(add(y, 1), 4)),
    );
    expect(modulo(add(multiply(8, x), y, 13), 4)).toBe(modulo(add(y, 1), 4));
    expect(divide(add(x, y), 4)).toBe(divide(add(x, y), 4));
  });

  test('are compared in one form', () => {
    expect(equal(add(x, 3), add(y, 3))).toBe(equal(x, y));
    expect(equal(x, y)).toBe(equal(y, x));
    expect(equal(multiply(2, x), 6)).toBe(equal(x, 3));
    expect(equal(multiply(2, x), add(multiply(4, y), 1))).toBe(FALSE);
    expect(equal(subtract(x, y), 4)).toBe(equal(add(y, 4), x));
    expect(lessOrEqual(add(x, 3), add(y, 3))).toBe(lessOrEqual(x, y));
    expect(lessOrEqual(multiply(2, x), 7)).toBe(lessOrEqual(x, 3));
    expect(less(x, 4)).toBe(lessOrEqual(x, 3));
    expect(less(x, y)).toBe(lessOrEqual(add(x, 1), y));
    expect(less(add(x, 5), add(y, 2))).toBe(lessOrEqual(add(x, 4), y));
    expect(equal(add(x, 5), add(y, 2))).toBe(equal(y, add(x, 3)));
    expect(equal(add(x, 5), 7)).toBe(equal(x, 2));
    expect(lessOrEqual(7, add(x, 5))).toBe(lessOrEqual(2, x));
    expect(lessOrEqual(subtract(add(x, y), y), 3)).toBe(lessOrEqual(x, 3));
    expect(lessOrEqual(subtract(0, x), -3)).toBe(lessOrEqual(3, x));
    expect(lessOrEqual(multiply(2n ** 70n, x), 2n ** 71n)).toBe(lessOrEqual(x, 2));
  });
});

describe('choices', () => {
  const c = booleanVariable('c');

  test('by the same condition are one choice', () => {
    expect(ite(a, ite(a, x, y), 3)).toBe(ite(a, x, 3));
    expect(ite(a, 3, ite(a, x, y))).toBe(ite(a, 3, y));
    expect(ite(a, not(ite(a, b, c)), c)).toBe(ite(a, not(b), c));
    expect(ite(a, ite(a, x, y), x)).toBe(x);
    expect(ite(not(a), ite(a, x, y), 3)).toBe(ite(a, 3, y));
  });

  test('between booleans that repeat the condition are connectives', () => {
    expect(ite(a, a, b)).toBe(or([a, b]));
    expect(ite(a, b, a)).toBe(and([a, b]));
    expect(ite(a, not(a), b)).toBe(and([not(a), b]));
    expect(ite(a, b, not(a))).toBe(or([not(a), b]));
    expect(ite(a, b, not(b))).toBe(equal(a, b));
    expect(ite(a, not(b), b)).toBe(not(equal(a, b)));
  });

  test('between constants are compared by their conditions', () => {
    const tree = ite(a, 1, ite(b, 2, 3));
    expect(equal(tree, 1)).toBe(a);
    expect(equal(tree, 2)).toBe(and([not(a), b]));
    expect(equal(add(tree, 5), 8)).toBe(and([not(a), not(b)]));
    expect(equal(tree, 4)).toBe(FALSE);
    expect(lessOrEqual(tree, 1)).toBe(a);
    expect(lessOrEqual(2, tree)).toBe(not(a));
    expect(equal(ite(a, word(1n), word(2n)), word(2n))).toBe(not(a));
    expect(equal(ite(a, 1, x), 1).kind).toBe('application');
  });

  test('between constants are compared in time linear in their distinct nodes', () => {
    let tree: Term = integer(0);
    for (let level = 0; level < 200; level += 1) {
      const [left, right] = [booleanVariable(`l${level}`), booleanVariable(`r${level}`)];
      tree = ite(left, ite(right, tree, level), ite(c, tree, -level));
    }
    expect(countTerms([equal(tree, 3)])).toBeLessThan(3000);
  });
});

describe('connectives', () => {
  const c = booleanVariable('c');

  test('absorb what a member implies', () => {
    expect(and([a, or([a, b])])).toBe(a);
    expect(or([a, and([a, b])])).toBe(a);
    expect(and([a, or([not(a), b])])).toBe(and([a, b]));
    expect(or([not(a), and([a, b])])).toBe(or([not(a), b]));
    expect(and([a, not(and([a, b]))])).toBe(and([a, not(b)]));
    expect(and([not(a), not(and([a, b]))])).toBe(not(a));
    expect(and([a, or([not(a), b]), or([not(b), c])])).toBe(and([a, b, c]));
    expect(and([a, or([not(a), b]), not(b)])).toBe(FALSE);
    expect(and([or([a, b]), or([a, b, c])]).kind).toBe('application');
  });

  test('of booleans are equal or opposite whatever the signs', () => {
    expect(equal(not(a), not(b))).toBe(equal(a, b));
    expect(equal(not(a), b)).toBe(not(equal(b, a)));
  });
});

describe('printed terms', () => {
  test('define a shared node once and refer to it', () => {
    const shared = add(x, y);
    const text = printAssertions([lessOrEqual(shared, 5), lessOrEqual(0, shared)]);
    expect(text).toBe(
      '(declare-const x Int)\n(declare-const y Int)\n(declare-const $0 Int)\n' +
        '(assert (= $0 (+ x y)))\n(assert (not (<= 6 $0)))\n(assert (<= 0 $0))\n',
    );
  });

  test('quote names and write negative numbers as SMT-LIB has them', () => {
    const text = printAssertions([equal(integerVariable('a b'), -3)]);
    expect(text).toContain('(declare-const |a b| Int)');
    expect(text).toContain('(= |a b| (- 3))');
  });

  test('are a self-contained script with comment, expected answer and logic', () => {
    const script = printScript([less(x, 3)], ['first\nsecond'], 'unsat');
    expect(script).toBe(
      '; first\n; second\n(set-info :status unsat)\n(set-logic QF_LIA)\n' +
        '(declare-const x Int)\n(assert (not (<= 3 x)))\n(check-sat)\n',
    );
    expect(printScript([equal(multiply(x, y), 3)])).toContain('QF_NIA');
  });

  test('do not depend on what was built before', () => {
    const p = integerVariable('younger');
    const before = printAssertions([and([less(p, x), equal(add(p, x), 3)])]);
    const renamed = printAssertions([and([less(y, x), equal(add(y, x), 3)])]);
    expect(before.replaceAll('younger', 'y')).toBe(renamed);
    expect(listVariables([add(p, x)])).toEqual([p, x]);
    expect(listTerms([x])).toEqual([x]);
  });
});
