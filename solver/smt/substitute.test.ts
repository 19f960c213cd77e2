import { test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';

import { substitute, substituteAll } from './substitute.ts';
import {
  TRUE,
  TermError,
  add,
  booleanVariable,
  divide,
  evaluate,
  integer,
  integerVariable,
  ite,
  less,
  multiply,
  not,
  toTerm,
} from './term.ts';
import type { Term, Value } from './term.ts';
import { anyTwin, assignments, makeVariable } from './twins.ts';
import { word } from './word.ts';

const x = integerVariable('x');
const y = integerVariable('y');
const a = booleanVariable('a');

describe('substitution', () => {
  test.prop([anyTwin, assignments, assignments], { numRuns: 1000 })(
    'of values for some variables and then for the rest is evaluation',
    (twin, values, others) => {
      const constants = Object.entries(values).map(([name, value]): [Term, Term] => {
        const variable = makeVariable(name);
        const isWord = variable.sort === 'Word' && typeof value === 'bigint';
        return [variable, isWord ? word(value) : toTerm(value)];
      });
      const half = substitute(twin.term, new Map(constants.slice(0, 4)));
      const mixed = { ...others, ...Object.fromEntries(Object.entries(values).slice(0, 4)) };
      const assignment = new Map<string, Value>(Object.entries(mixed));
      expect(evaluate(half, assignment)).toBe(twin.compute(mixed));
      const whole = substitute(half, new Map(constants));
      expect(whole.kind !== 'application' && whole.kind !== 'variable' && whole.value).toBe(
        twin.compute(values),
      );
    },
  );

  test('replaces all keys at once, and nodes as well as variables', () => {
    const swapped = new Map<Term, Term>([
      [x, y],
      [y, x],
    ]);
    expect(substitute(add(x, multiply(2, y)), swapped)).toBe(add(y, multiply(2, x)));
    expect(substitute(ite(less(x, y), x, 3), new Map([[less(x, y), TRUE]]))).toBe(x);
    expect(substituteAll([x, not(a), y], new Map([[a, TRUE]]))).toEqual([x, not(TRUE), y]);
    expect(substitute(divide(x, 4), new Map([[x, integer(9)]]))).toBe(integer(2));
  });

  test('keeps the sort', () => {
    expect(() => substitute(x, new Map([[x, a]]))).toThrow(TermError);
    expect(() => substitute(divide(x, 4), new Map([[integer(4), y]]))).toThrow(TermError);
  });
});
