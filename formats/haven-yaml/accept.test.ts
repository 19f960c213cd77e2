import { fc, test as fuzz } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';

import * as z from 'zod';

import {
  EXAMPLE_CONFIGURATION,
  EXAMPLE_PLATFORM,
  EXAMPLE_TABLE_CONFIGURATION,
} from '../example-files.ts';
import { getAcceptor, REFUSED } from './accept.ts';
import { configurationSchema } from './configuration-schema.ts';
import { parseSource } from './document.ts';
import { platformSchema } from './platform-schema.ts';
import { integer, size, withDefault } from './scalars.ts';

/** Whether the acceptor says what zod says: the same value, or that there is none. */
function expectSameAsZod(schema: z.ZodType, value: unknown): boolean {
  const parsed = schema.safeParse(value);
  expect(getAcceptor(schema)(value)).toEqual(parsed.success ? parsed.data : REFUSED);
  return parsed.success;
}

const FILES = [
  { name: 'configuration', schema: configurationSchema, text: EXAMPLE_CONFIGURATION },
  { name: 'table', schema: configurationSchema, text: EXAMPLE_TABLE_CONFIGURATION },
  { name: 'platform', schema: platformSchema, text: EXAMPLE_PLATFORM },
];

/** Replacements for a value of the source; the last stands for taking it away. */
const REPLACEMENTS = [
  null,
  true,
  -1,
  0,
  7,
  Infinity,
  NaN,
  '',
  'x',
  '4KiB',
  '1ms',
  [],
  {},
  undefined,
];

type Replacement = (typeof REPLACEMENTS)[number];

/** The value with its n-th part, counted depth first, replaced. */
function replacePart(value: unknown, part: number, by: Replacement): unknown {
  let count = -1;
  const copy = (current: unknown): unknown => {
    count += 1;
    if (count === part) return by;
    if (Array.isArray(current)) return current.map(copy).filter((one) => one !== undefined);
    if (typeof current !== 'object' || current === null) return current;
    const entries = Object.entries(current).map(([key, inner]) => [key, copy(inner)] as const);
    return Object.fromEntries(entries.filter(([, inner]) => inner !== undefined));
  };
  return copy(value);
}

describe.each(FILES)('the acceptor of the $name file', ({ schema, text }) => {
  const { root } = parseSource(text, 'f');

  test('accepts the example to the value of zod', () => {
    expect(expectSameAsZod(schema, root)).toBe(true);
  });

  fuzz.prop([fc.nat(250), fc.constantFrom(...REPLACEMENTS)], { seed: 3, numRuns: 600 })(
    'agrees with zod wherever one value is another or missing',
    (part, by) => {
      expectSameAsZod(schema, replacePart(root, part, by));
    },
  );

  test('refuses a key that the schema does not know', () => {
    expect(expectSameAsZod(schema, { ...(root as object), stray: 1 })).toBe(false);
  });
});

describe('an acceptor', () => {
  test('gives each reader a default of its own', () => {
    const accept = getAcceptor(z.strictObject({ list: z.array(integer).default([]) }));
    const [first, second] = [accept({}), accept({})] as { list: number[] }[];
    expect(first).toEqual({ list: [] });
    expect(first?.list).not.toBe(second?.list);
  });

  test('reports nothing of a refusal to the next value', () => {
    const accept = getAcceptor(size);
    expect([accept('4kb'), accept('4KiB')]).toEqual([REFUSED, 4096]);
  });

  test.each([
    ['an open map', z.object({ a: integer }), { a: 1, b: 2 }],
    ['a check on top of a type', z.array(integer).min(2), [1]],
    ['a type without an acceptor', z.tuple([integer, integer]), [1, 2]],
    ['a written default', z.strictObject({ a: withDefault(size, 0, '0') }), {}],
    ['a literal', z.literal('none'), 'none'],
  ])('leaves no room between itself and zod: %s', (_name, schema, value) => {
    expectSameAsZod(schema, value);
  });
});
