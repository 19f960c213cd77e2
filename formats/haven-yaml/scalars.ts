/**
 * Scalars: the schema of each kind of single value, for the reader and for JSON Schema alike.
 *
 * The JSON Schema of a scalar is what an editor checks while typing; the parser decides.
 */

import * as z from 'zod';

import type { ConfigurationCode } from '../codes.ts';
import {
  INTEGER_END,
  INTID_END,
  LINE_COUNT_END,
  parseAddress,
  parseAffinity,
  parseDuration,
  parseFrequency,
  parseInteger,
  parseIntId,
  parseLineCount,
  parseRegistersSize,
  parseSize,
  parseStreamIdBits,
  type Quantity,
} from './quantities.ts';

/** What a scalar schema says about a value that it refuses, beside its place. */
export interface Refusal {
  readonly refusal: ConfigurationCode;
  /** For "expected …, found …". */
  readonly expected: string;
  readonly help: string;
}

function quantity(
  parse: (value: unknown) => Quantity,
  json: Readonly<Record<string, unknown>> & { readonly id: string },
): z.ZodType<number> {
  return z
    .unknown()
    .transform((value, context): number => {
      const parsed = parse(value);
      if (parsed.ok) return parsed.value;
      const { code, expected, help } = parsed;
      refuse(context, value, { refusal: code, expected, help });
      return z.NEVER;
    })
    .meta(json);
}

function refuse(context: z.RefinementCtx, input: unknown, refusal: Refusal): void {
  context.issues.push({ code: 'custom', input, message: refusal.expected, params: { ...refusal } });
}

/** The JSON Schema of integers in [0, end), decimal or hexadecimal. */
function describeInteger(id: string, end: number) {
  return {
    id,
    description: `An integer from 0 to ${end - 1}, decimal or hexadecimal; in JSON also "0x…".`,
    anyOf: [
      { type: 'integer', minimum: 0, exclusiveMaximum: end },
      { type: 'string', pattern: '^0[xX][0-9a-fA-F]+$' },
    ],
  };
}

/** A non-negative integer of 32 bits. */
export const integer = quantity(parseInteger, describeInteger('integer', INTEGER_END));

/** An INTID. */
export const intId = quantity(parseIntId, describeInteger('intid', INTID_END));

/** A number of SPIs or list registers. */
export const lineCount = quantity(parseLineCount, describeInteger('line-count', LINE_COUNT_END));

/** Width of a StreamID in bits. */
export const streamIdBits = quantity(parseStreamIdBits, {
  id: 'stream-id-bits',
  description: 'A width in bits, 0 to 32.',
  type: 'integer',
  minimum: 0,
  maximum: 32,
});

/** Affinity fields of MPIDR_EL1. */
export const affinity = quantity(parseAffinity, {
  id: 'affinity',
  description: 'Aff3 in bits [39:32], Aff2 to Aff0 in [23:0], hexadecimal as a rule.',
  anyOf: [
    { type: 'integer', minimum: 0, exclusiveMaximum: 2 ** 40 },
    { type: 'string', pattern: '^0[xX][0-9a-fA-F]+$' },
  ],
});

/** A byte address. */
export const address = quantity(parseAddress, {
  id: 'address',
  description: 'A byte address below 2^52, hexadecimal as a rule; in JSON also "0x…".',
  anyOf: [
    { type: 'integer', minimum: 0, exclusiveMaximum: 2 ** 52 },
    { type: 'string', pattern: '^0[xX][0-9a-fA-F]+$' },
  ],
});

/** A size in bytes. */
export const size = quantity(parseSize, {
  id: 'size',
  description: 'A size: bytes, or 64KiB, 2MiB, 1GiB (powers of 1024).',
  anyOf: [
    { type: 'integer', minimum: 0, exclusiveMaximum: 2 ** 52 },
    { type: 'string', pattern: '^(0[xX][0-9a-fA-F]+|[0-9]+(\\.[0-9]+)?(KiB|MiB|GiB|TiB))$' },
  ],
});

/** Size of a block of registers in bytes. */
export const registersSize = quantity(parseRegistersSize, {
  id: 'registers-size',
  description: 'A size of at least one byte: bytes, or 64KiB, 2MiB, 1GiB (powers of 1024).',
  anyOf: [
    { type: 'integer', minimum: 1, exclusiveMaximum: 2 ** 52 },
    { type: 'string', pattern: '^(0[xX][0-9a-fA-F]+|[0-9]+(\\.[0-9]+)?(KiB|MiB|GiB|TiB))$' },
  ],
});

/** A duration in nanoseconds. */
export const duration = quantity(parseDuration, {
  id: 'duration',
  description: 'A duration with its unit: 800ns, 250us, 2.5ms, 1s. A whole number of nanoseconds.',
  type: 'string',
  pattern: '^[0-9]+(\\.[0-9]+)?(ns|us|ms|s)$',
});

/** A frequency in Hz. */
export const frequency = quantity(parseFrequency, {
  id: 'frequency',
  description: 'A frequency: 24MHz, 62.5MHz, or an integer in Hz.',
  anyOf: [
    { type: 'integer', exclusiveMinimum: 0 },
    { type: 'string', pattern: '^[0-9]+(\\.[0-9]+)?(Hz|kHz|MHz|GHz)$' },
  ],
});

const NAME_PATTERN = /^[A-Za-z0-9_][A-Za-z0-9_.,@+:#-]{0,126}$/;

/** A name: it appears in messages, ids and file names, so that blanks and slashes are refused. */
export const name: z.ZodType<string> = z
  .unknown()
  .transform((value, context): string => {
    if (typeof value === 'string' && NAME_PATTERN.test(value)) return value;
    const quoted = typeof value === 'number' || typeof value === 'boolean';
    refuse(context, value, {
      refusal: typeof value === 'string' ? 'CFG-BAD-VALUE' : 'CFG-WRONG-TYPE',
      expected: 'a name',
      help: quoted
        ? 'put the name in quotes'
        : 'use up to 127 letters, digits and . _ - + @ , : # and begin with a letter or digit',
    });
    return z.NEVER;
  })
  .meta({
    id: 'name',
    description: 'A name: letters, digits and . _ - + @ , : #',
    type: 'string',
    pattern: NAME_PATTERN.source,
  });

/** Rights of a mapping, as a file states them. */
export interface Rights {
  readonly read: boolean;
  readonly write: boolean;
  readonly execute: boolean;
}

/** The rights that each word states. */
const RIGHTS: ReadonlyMap<unknown, Rights> = new Map(
  ['r', 'w', 'x', 'rw', 'rx', 'wx', 'rwx'].map((word) => [
    word,
    { read: word.includes('r'), write: word.includes('w'), execute: word.includes('x') },
  ]),
);

/** Rights of a mapping: some of r, w and x in this order. */
export const access: z.ZodType<Rights> = z
  .unknown()
  .transform((value, context) => {
    const rights = RIGHTS.get(value);
    // A copy: whoever changes the rights of one entry does not change those of others.
    if (rights !== undefined) return { ...rights };
    refuse(context, value, {
      refusal: typeof value === 'string' ? 'CFG-BAD-VALUE' : 'CFG-WRONG-TYPE',
      expected: 'rights',
      help: `write ${suggestAccess(value)}`,
    });
    return z.NEVER;
  })
  .meta({
    id: 'access',
    description: 'Rights: some of r, w and x, in this order.',
    enum: [...RIGHTS.keys()],
  });

function suggestAccess(value: unknown): string {
  const letters = typeof value === 'string' ? value.toLowerCase() : '';
  const word = ['r', 'w', 'x'].filter((right) => letters.includes(right)).join('');
  return /^[rwx-]+$/.test(letters) && word !== '' ? word : 'r, rw, rx or rwx';
}

/**
 * A schema with a default. `written` is the default as a file would say it: JSON Schema shows the
 * value
 * before parsing, and zod drops a default whose parser changes the value.
 */
export function withDefault<Value>(
  schema: z.ZodType<Value>,
  value: NonNullable<Value>,
  written: string | number,
): z.ZodDefault<z.ZodType<Value>> {
  return z._default(schema, value as never).meta({ [WRITTEN_DEFAULT]: written });
}

/**
 * Key under which the JSON Schema of zod carries a written default, until json-schema.ts renames
 * it.
 */
export const WRITTEN_DEFAULT = 'x-default';

/** Where a fact is from; kept for the reader, not interpreted. */
export const source = z
  .string()
  .optional()
  .meta({ description: 'Where the fact is from: manual and section, device tree, file and line.' });
