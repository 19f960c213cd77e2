/**
 * JSON Schema of the file formats, for editors that complete and check while typing.
 */

import * as z from 'zod';

import { configurationSchema } from './configuration-schema.ts';
import { platformSchema } from './platform-schema.ts';
import { WRITTEN_DEFAULT } from './scalars.ts';

/** The part of JSON Schema that the schemas here use. */
export interface JsonSchema {
  readonly $ref?: string;
  readonly title?: string;
  readonly description?: string;
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly default?: unknown;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly items?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
  readonly allOf?: readonly JsonSchema[];
  readonly definitions?: Readonly<Record<string, JsonSchema>>;
}

/** JSON Schema (draft 7, which editors know best) of the configuration file. */
export function generateConfigurationJsonSchema(): JsonSchema {
  return generate(configurationSchema);
}

/** JSON Schema of the platform file. */
export function generatePlatformJsonSchema(): JsonSchema {
  return generate(platformSchema);
}

function generate(schema: z.ZodType): JsonSchema {
  const generated = z.toJSONSchema(schema, { io: 'input', target: 'draft-7' });
  return JSON.parse(JSON.stringify(generated, tidy)) as JsonSchema;
}

/** Renames written defaults, and puts a reference beside its description instead of below it. */
function tidy(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const { [WRITTEN_DEFAULT]: written, allOf, ...rest } = value as Record<string, unknown>;
  const [only] = Array.isArray(allOf) ? (allOf as object[]) : [];
  return { ...only, ...rest, ...(written === undefined ? {} : { default: written }) };
}
