/**
 * Validation: a document held against its schema, every mismatch as a diagnostic at its place.
 */

import type * as z from 'zod';

import type { ConfigurationCode } from '../codes.ts';
import type { Diagnostic, Location, RelatedLocation } from '../diagnostic.ts';
import { adviseKnown, findNearest, listWords } from '../suggest.ts';
import { getAcceptor, REFUSED } from './accept.ts';
import type { SourceDocument, SourcePath } from './document.ts';
import type { Refusal } from './scalars.ts';

/** What a document says by its schema; null with at least one diagnostic. */
export type Validated<Value> =
  | { readonly value: Value; readonly diagnostics: readonly [] }
  | { readonly value: null; readonly diagnostics: readonly Diagnostic[] };

/** Holds a document against a schema and collects all mismatches. */
export function validate<Value>(
  document: SourceDocument,
  schema: z.ZodType<Value>,
): Validated<Value> {
  const accepted = getAcceptor(schema)(document.root);
  // An acceptor is compiled from the schema and returns what the schema would.
  if (accepted !== REFUSED) return { value: accepted as Value, diagnostics: [] };
  const parsed = schema.safeParse(document.root, { reportInput: true });
  if (parsed.success) return { value: parsed.data, diagnostics: [] };
  const missing = new Map<string, Missing>();
  const diagnostics: Diagnostic[] = [];
  for (const issue of parsed.error.issues) {
    explainIssue({ document, schema, missing, diagnostics }, issue, []);
  }
  for (const entry of missing.values()) diagnostics.push(explainMissing(document, entry));
  return { value: null, diagnostics };
}

/** A diagnostic of severity error. */
export function problem(
  code: ConfigurationCode,
  at: Location,
  message: string,
  help: string,
  related: readonly RelatedLocation[] = [],
): Diagnostic {
  return { code, severity: 'error', message, help, at, related };
}

/** A path as messages show it: `partitions[0].cpus[2].period`. */
export function formatPath(path: SourcePath): string {
  let text = '';
  for (const step of path) {
    if (typeof step === 'number') text += `[${step}]`;
    else text += text === '' ? step : `.${step}`;
  }
  return text === '' ? 'the file' : text;
}

interface Missing {
  readonly parent: SourcePath;
  /** Key and what it takes. */
  readonly keys: [key: string, expected: string][];
}

interface Explanation {
  readonly document: SourceDocument;
  readonly schema: z.core.$ZodType;
  readonly missing: Map<string, Missing>;
  readonly diagnostics: Diagnostic[];
}

function explainIssue(into: Explanation, issue: z.core.$ZodIssue, prefix: SourcePath): void {
  const path = [...prefix, ...(issue.path as (string | number)[])];
  switch (issue.code) {
    case 'unrecognized_keys':
      for (const key of issue.keys) into.diagnostics.push(explainUnknownKey(into, path, key));
      return;
    case 'invalid_union':
      explainUnion(into, issue, path);
      return;
    case 'invalid_type':
      explainMismatch(into, path, issue.input, {
        refusal: 'CFG-WRONG-TYPE',
        expected: KIND_NAMES[issue.expected] ?? issue.expected,
        help: KIND_HELP[issue.expected] ?? 'write a value of that kind',
      });
      return;
    case 'invalid_value':
      explainMismatch(into, path, issue.input, explainWords(issue.values, issue.input));
      return;
    case 'custom':
      explainMismatch(into, path, issue.input, readRefusal(issue.params, issue.message));
      return;
    // The schemas use none of these checks; should one come, its own message is still shown at its
    // place.
    case 'invalid_element':
    case 'invalid_format':
    case 'invalid_key':
    case 'not_multiple_of':
    case 'too_big':
    case 'too_small':
      explainMismatch(into, path, issue.input, {
        refusal: 'CFG-BAD-VALUE',
        expected: issue.message,
        help: 'see the reference of this key',
      });
  }
}

const KIND_NAMES: Readonly<Record<string, string>> = {
  object: 'a map',
  array: 'a list',
  string: 'text',
  boolean: 'true or false',
};
const KIND_HELP: Readonly<Record<string, string>> = {
  object: 'write a map: { key: value }',
  array: 'write a list: [ … ]; an empty one is []',
  string: 'write text; put a number in quotes',
  boolean: 'write true or false; yes, no, on and off are text in YAML 1.2',
};

function explainWords(values: readonly unknown[], input: unknown): Refusal {
  const words = values.map(String);
  const nearest = typeof input === 'string' ? findNearest(input, words) : null;
  const expected = words.length === 1 ? `"${words.join()}"` : `one of ${listWords(words)}`;
  const help = nearest === null ? `write ${words.join(', ')}` : `did you mean "${nearest}"?`;
  return {
    refusal: typeof input === 'string' ? 'CFG-BAD-VALUE' : 'CFG-WRONG-TYPE',
    expected,
    help,
  };
}

function readRefusal(params: Readonly<Record<string, unknown>> | undefined, text: string): Refusal {
  // Every custom issue is raised by scalars.ts with a Refusal as its parameters.
  return (
    (params as Refusal | undefined) ?? {
      refusal: 'CFG-BAD-VALUE',
      expected: text,
      help: 'see the reference of this key',
    }
  );
}

function explainMismatch(
  into: Explanation,
  path: SourcePath,
  input: unknown,
  refusal: Refusal,
): void {
  const { document, missing, diagnostics } = into;
  const key = path.at(-1);
  if (input === undefined && typeof key === 'string') {
    const parent = path.slice(0, -1);
    const id = formatPath(parent);
    const entry = missing.get(id) ?? { parent, keys: [] };
    entry.keys.push([key, refusal.expected]);
    missing.set(id, entry);
    return;
  }
  const found = document.describe(path);
  const message = `${formatPath(path)}: expected ${refusal.expected}, found ${found}`;
  diagnostics.push(problem(refusal.refusal, document.locate(path), message, refusal.help));
}

function explainMissing(document: SourceDocument, { parent, keys }: Missing): Diagnostic {
  const quoted = keys.map(([key]) => `"${key}"`);
  const subject = quoted.length === 1 ? `key ${quoted.join()} is` : `keys ${quoted.join(', ')} are`;
  const added = keys.map(([key, expected]) => `${key} (${expected})`).join(', ');
  return problem(
    'CFG-MISSING-KEY',
    document.locate(parent),
    `${formatPath(parent)}: ${subject} missing`,
    `add ${added}`,
  );
}

function explainUnion(
  into: Explanation,
  issue: z.core.$ZodIssueInvalidUnion,
  path: SourcePath,
): void {
  // The branch that was meant is the one that accepts the kind of the value, so that its issues lie
  // deeper.
  const meant = issue.errors.find((errors) => !errors.some(isMismatchOfKind));
  if (meant !== undefined) {
    for (const inner of meant) explainIssue(into, inner, path);
    return;
  }
  const kinds = issue.errors.flatMap((errors) => errors.map(describeExpected));
  explainMismatch(into, path, issue.input, {
    refusal: 'CFG-WRONG-TYPE',
    expected: [...new Set(kinds)].join(' or '),
    help: 'see the reference of this key',
  });
}

function isMismatchOfKind(issue: z.core.$ZodIssue): boolean {
  if (issue.path.length > 0) return false;
  if (issue.code === 'custom') return readRefusal(issue.params, '').refusal === 'CFG-WRONG-TYPE';
  return issue.code === 'invalid_type' || issue.code === 'invalid_value';
}

function describeExpected(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_type') return KIND_NAMES[issue.expected] ?? issue.expected;
  if (issue.code === 'invalid_value')
    return issue.values.map((value) => `"${String(value)}"`).join();
  return issue.code === 'custom'
    ? readRefusal(issue.params, issue.message).expected
    : issue.message;
}

function explainUnknownKey(into: Explanation, path: SourcePath, key: string): Diagnostic {
  const { document, schema } = into;
  const known = listKeys(schema, path);
  return problem(
    'CFG-UNKNOWN-KEY',
    document.locateKey([...path, key]),
    `${formatPath(path)}: unknown key "${key.slice(0, 80)}"`,
    adviseKnown(key, 'keys here', known),
  );
}

/** The keys that the schema knows at a path. */
function listKeys(schema: z.core.$ZodType, path: SourcePath): string[] {
  let reached = [schema];
  for (const step of path) reached = reached.flatMap(unwrap).flatMap((part) => descend(part, step));
  return reached.flatMap(unwrap).flatMap((part) => Object.keys(getShape(part)));
}

function unwrap(schema: z.core.$ZodType): z.core.$ZodType[] {
  const { def } = (schema as z.core.$ZodTypes)._zod;
  if (def.type === 'optional' || def.type === 'default') return unwrap(def.innerType);
  if (def.type === 'union') return def.options.flatMap(unwrap);
  return [schema];
}

function descend(schema: z.core.$ZodType, step: string | number): z.core.$ZodType[] {
  const { def } = (schema as z.core.$ZodTypes)._zod;
  if (def.type === 'array') return typeof step === 'number' ? [def.element] : [];
  const child = typeof step === 'string' ? getShape(schema)[step] : undefined;
  return child === undefined ? [] : [child];
}

function getShape(schema: z.core.$ZodType): Readonly<Record<string, z.core.$ZodType>> {
  const { def } = (schema as z.core.$ZodTypes)._zod;
  return def.type === 'object' ? def.shape : {};
}
