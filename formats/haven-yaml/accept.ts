/**
 * Acceptance: the value that a schema makes of a document that keeps it, in one pass.
 *
 * Nearly every file that is read is valid, and zod takes most of the time of a large one, because
 * it is always ready to explain. An acceptor is compiled from the same schema and only accepts;
 * whatever it does not accept is left to zod, which explains it. A test holds that both agree.
 */

import * as z from 'zod';

/** What an acceptor returns for a value that the schema refuses. */
export const REFUSED: unique symbol = Symbol('refused');

/** Parses a value: the output of the schema, or `REFUSED`; undefined stands for an absent key. */
export type Acceptor = (value: unknown) => unknown;

const compiled = new WeakMap<z.core.$ZodType, Acceptor>();

/** The acceptor of a schema; compiled when it is first asked for. */
export function getAcceptor(schema: z.core.$ZodType): Acceptor {
  const known = compiled.get(schema);
  if (known !== undefined) return known;
  const acceptor = compileAcceptor(schema);
  compiled.set(schema, acceptor);
  return acceptor;
}

function compileAcceptor(schema: z.core.$ZodType): Acceptor {
  const { def } = (schema as z.core.$ZodTypes)._zod;
  // Checks on top of a type are rare in these schemas, and zod's own business.
  if (def.checks !== undefined && def.checks.length > 0) return compileByZod(schema);
  switch (def.type) {
    case 'object':
      return def.catchall?._zod.def.type === 'never'
        ? compileObject(def.shape)
        : compileByZod(schema);
    case 'array':
      return compileArray(getAcceptor(def.element));
    case 'union':
      return compileUnion(def.options.map(getAcceptor));
    case 'optional': {
      const inner = getAcceptor(def.innerType);
      return (value) => (value === undefined ? undefined : inner(value));
    }
    case 'default': {
      const inner = getAcceptor(def.innerType);
      // Read each time: zod makes a new one, so that nobody shares a list.
      return (value) => (value === undefined ? def.defaultValue : inner(value));
    }
    case 'enum':
      return compileWords(Object.values(def.entries));
    case 'literal':
      return compileWords(def.values);
    case 'boolean':
      return (value) => (typeof value === 'boolean' ? value : REFUSED);
    case 'string':
      return (value) => (typeof value === 'string' ? value : REFUSED);
    case 'pipe':
      return compileTransform(def.in, def.out) ?? compileByZod(schema);
    default:
      return compileByZod(schema);
  }
}

function compileByZod(schema: z.core.$ZodType): Acceptor {
  return (value) => {
    const parsed = z.core.safeParse(schema, value);
    return parsed.success ? parsed.data : REFUSED;
  };
}

function compileObject(shape: Readonly<Record<string, z.core.$ZodType>>): Acceptor {
  const keys = Object.keys(shape);
  const acceptors = Object.values(shape).map(getAcceptor);
  return (value) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return REFUSED;
    const input = value as Readonly<Record<string, unknown>>;
    const output: Record<string, unknown> = {};
    let present = 0;
    for (let field = 0; field < keys.length; field += 1) {
      const key = keys[field] ?? '';
      const found = input[key];
      if (found !== undefined) present += 1;
      const accepted = acceptors[field]?.(found);
      if (accepted === REFUSED) return REFUSED;
      if (accepted !== undefined) output[key] = accepted;
    }
    // Counted, because a list of the keys of each of 10,000 entries is work for the collector.
    for (const _ in input) present -= 1;
    return present === 0 ? output : REFUSED;
  };
}

function compileArray(accept: Acceptor): Acceptor {
  return (value) => {
    if (!Array.isArray(value)) return REFUSED;
    const output: unknown[] = [];
    for (const element of value as readonly unknown[]) {
      const accepted = accept(element);
      if (accepted === REFUSED) return REFUSED;
      output.push(accepted);
    }
    return output;
  };
}

function compileUnion(options: readonly Acceptor[]): Acceptor {
  return (value) => {
    for (const accept of options) {
      const accepted = accept(value);
      if (accepted !== REFUSED) return accepted;
    }
    return REFUSED;
  };
}

function compileWords(words: readonly unknown[]): Acceptor {
  return (value) => (words.includes(value) ? value : REFUSED);
}

/** The scalars of scalars.ts: anything, through a function that reports what it refuses. */
function compileTransform(from: z.core.$ZodType, to: z.core.$ZodType): Acceptor | null {
  const { def } = (to as z.core.$ZodTypes)._zod;
  if (from._zod.def.type !== 'unknown' || def.type !== 'transform') return null;
  const { transform } = def;
  const payload: z.core.ParsePayload = { value: undefined, issues: [] };
  return (value) => {
    const output: unknown = transform(value, payload);
    if (payload.issues.length === 0) return output;
    payload.issues.length = 0;
    return REFUSED;
  };
}
