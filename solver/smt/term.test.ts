import { test } from '@fast-check/vitest';
import fc from 'fast-check';
import { describe, expect } from 'vitest';

import { printAssertions, printScript } from './print.ts';
import {
  FALSE,
  TRUE,
  TermError,
  add,
  and,
  atLeastTwo,
  booleanVariable,
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
  subtract,
  within,
} from './term.ts';
import type { Term, Value } from './term.ts';

const x = integerVariable('x');
const y = integerVariable('y');
const a = booleanVariable('a');
const b = booleanVariable('b');

/** A formula built twice: as a term, and as a function of the same variables. */
interface Twin {
  readonly term: Term;
  readonly compute: (values: Readonly<Record<string, Value>>) => Value;
}

const integers: fc.Arbitrary<Twin> = fc.letrec<{ integer: Twin; boolean: Twin }>((tie) => ({
  integer: fc.oneof(
    { maxDepth: 4 },
    fc.bigInt(-5n, 5n).map((value) => ({ term: integer(value), compute: () => value })),
    fc.constantFrom('x', 'y').map((name) => ({
      term: integerVariable(name),
      compute: (values: Readonly<Record<string, Value>>) => values[name] ?? 0n,
    })),
    fc.tuple(tie('integer'), tie('integer')).map(([l, r]) => ({
      term: add(l.term, r.term),
      compute: (v: Readonly<Record<string, Value>>) => BigInt(l.compute(v)) + BigInt(r.compute(v)),
    })),
    fc.tuple(tie('integer'), tie('integer')).map(([l, r]) => ({
      term: subtract(l.term, r.term),
      compute: (v: Readonly<Record<string, Value>>) => BigInt(l.compute(v)) - BigInt(r.compute(v)),
    })),
    fc.tuple(tie('integer'), fc.bigInt(-3n, 3n)).map(([l, factor]) => ({
      term: multiply(factor, l.term),
      compute: (v: Readonly<Record<string, Value>>) => factor * BigInt(l.compute(v)),
    })),
    fc.tuple(tie('integer'), fc.integer({ min: 1, max: 4 })).map(([l, by]) => ({
      term: modulo(l.term, by),
      compute: (v: Readonly<Record<string, Value>>) => {
        const rest = BigInt(l.compute(v)) % BigInt(by);
        return rest < 0n ? rest + BigInt(by) : rest;
      },
    })),
    fc.tuple(tie('boolean'), tie('integer'), tie('integer')).map(([c, l, r]) => ({
      term: ite(c.term, l.term, r.term),
      compute: (v: Readonly<Record<string, Value>>) =>
        c.compute(v) === true ? l.compute(v) : r.compute(v),
    })),
  ),
  boolean: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom('a', 'b').map((name) => ({
      term: booleanVariable(name),
      compute: (values: Readonly<Record<string, Value>>) => values[name] ?? false,
    })),
    fc.tuple(tie('integer'), tie('integer')).map(([l, r]) => ({
      term: lessOrEqual(l.term, r.term),
      compute: (v: Readonly<Record<string, Value>>) => l.compute(v) <= r.compute(v),
    })),
    fc.tuple(tie('integer'), tie('integer')).map(([l, r]) => ({
      term: equal(l.term, r.term),
      compute: (v: Readonly<Record<string, Value>>) => l.compute(v) === r.compute(v),
    })),
    fc.tuple(tie('boolean'), tie('boolean')).map(([l, r]) => ({
      term: equal(l.term, r.term),
      compute: (v: Readonly<Record<string, Value>>) => l.compute(v) === r.compute(v),
    })),
    tie('boolean').map((l) => ({
      term: not(l.term),
      compute: (v: Readonly<Record<string, Value>>) => l.compute(v) !== true,
    })),
    fc.array(tie('boolean'), { maxLength: 4 }).map((all) => ({
      term: and(all.map((one) => one.term)),
      compute: (v: Readonly<Record<string, Value>>) => all.every((one) => one.compute(v) === true),
    })),
    fc.array(tie('boolean'), { maxLength: 4 }).map((all) => ({
      term: or(all.map((one) => one.term)),
      compute: (v: Readonly<Record<string, Value>>) => all.some((one) => one.compute(v) === true),
    })),
    fc.array(tie('boolean'), { maxLength: 4 }).map((all) => ({
      term: atLeastTwo(all.map((one) => one.term)),
      compute: (v: Readonly<Record<string, Value>>) =>
        all.filter((one) => one.compute(v) === true).length >= 2,
    })),
    fc.tuple(tie('boolean'), tie('boolean'), tie('boolean')).map(([c, l, r]) => ({
      term: ite(c.term, l.term, r.term),
      compute: (v: Readonly<Record<string, Value>>) =>
        c.compute(v) === true ? l.compute(v) : r.compute(v),
    })),
  ),
})).boolean;

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

  test.prop([integers, fc.bigInt(-9n, 9n), fc.bigInt(-9n, 9n), fc.boolean(), fc.boolean()])(
    'have after simplification the value that they had before',
    (twin, xValue, yValue, aValue, bValue) => {
      const values = { x: xValue, y: yValue, a: aValue, b: bValue };
      const assignment = new Map<string, Value>(Object.entries(values));
      expect(evaluate(twin.term, assignment)).toBe(twin.compute(values));
    },
  );
});

describe('printed terms', () => {
  test('define a shared node once and refer to it', () => {
    const shared = add(x, y);
    const text = printAssertions([lessOrEqual(shared, 5), lessOrEqual(0, shared)]);
    expect(text).toBe(
      '(declare-const x Int)\n(declare-const y Int)\n(define-fun $0 () Int (+ x y))\n' +
        '(assert (not (<= 6 $0)))\n(assert (<= 0 $0))\n',
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
