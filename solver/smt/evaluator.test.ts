import { test } from '@fast-check/vitest';
import fc from 'fast-check';
import { describe, expect } from 'vitest';

import { createEvaluator } from './evaluator.ts';
import { add, booleanVariable, integerVariable, modulo, multiply } from './term.ts';
import type { Value } from './term.ts';
import { anyTwin, assignments } from './twins.ts';
import { wordAdd, wordVariable } from './word.ts';

const x = integerVariable('x');

describe('an evaluator', () => {
  test.prop([fc.array(anyTwin, { minLength: 1, maxLength: 3 }), assignments, assignments], {
    numRuns: 500,
  })(
    'gives what plain evaluation gives, one assignment after the other',
    (twins, first, second) => {
      const { evaluate } = createEvaluator(twins.map((twin) => twin.term));
      for (const values of [first, second]) {
        const results = evaluate(new Map<string, Value>(Object.entries(values)));
        const plain = results.map((value) => (typeof value === 'number' ? BigInt(value) : value));
        expect(plain).toEqual(twins.map((twin) => twin.compute(values)));
        expect(results.every((value) => !Object.is(value, -0))).toBe(true);
      }
    },
  );

  test('takes numbers and gives numbers where they are exact', () => {
    const { evaluate } = createEvaluator([add(x, 1), booleanVariable('a')]);
    expect(evaluate(new Map<string, Value | number>(Object.entries({ x: 4, a: true })))).toEqual([
      5,
      true,
    ]);
  });

  test('is exact beyond the safe integers', () => {
    const y = integerVariable('y');
    const { evaluate } = createEvaluator([multiply(x, y), modulo(multiply(x, y), 10), add(x, y)]);
    const far = 2n ** 40n + 1n;
    expect(evaluate(new Map(Object.entries({ x: far, y: far })))).toEqual([
      far * far,
      Number((far * far) % 10n),
      Number(2n * far),
    ]);
    const [, rest] = evaluate(new Map(Object.entries({ x: 2n ** 70n + 3n, y: 1n })));
    expect(rest).toBe(Number((2n ** 70n + 3n) % 10n));
    const low = createEvaluator([modulo(x, 1000)]);
    expect(low.evaluate(new Map([['x', -Number.MAX_SAFE_INTEGER]]))).toEqual([9]);
  });

  test('refuses a variable without a value of its sort', () => {
    const { evaluate, variables } = createEvaluator([wordAdd(wordVariable('u'), 1n)]);
    expect(variables.map(({ name }) => name)).toEqual(['u']);
    expect(() => evaluate(new Map())).toThrow('no value for u');
    expect(() => evaluate(new Map([['u', 3]]))).toThrow('3 is no value of u: Word');
  });
});
