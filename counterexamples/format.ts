/**
 * Counterexample file: a trace that breaks a property, with everything that a replay needs.
 *
 * The actions are the record; where the trace was found is provenance only. Addresses are
 * hexadecimal strings. The configuration is inline, without the devices that nobody has, and so is
 * its digest.
 */

import { createHash } from 'node:crypto';
import { z } from 'zod';
import { ACTION_KINDS } from '../model/actions.ts';
import type { Action } from '../model/actions.ts';
import type { StaticConfiguration } from '../model/configuration.ts';
import type { Start } from '../properties/generators/traces.ts';
import { TIME_BOUND_KINDS } from '../properties/property.ts';
import type { TimeBound } from '../properties/property.ts';
import { decodeAction } from './action-schema.ts';
import { configurationSchema } from './configuration-schema.ts';

/** Version of the format. */
export const COUNTEREXAMPLE_SCHEMA = 1;

/** `open` must still fail, `fixed` must pass. */
export type Status = 'open' | 'fixed';

/** A recorded trace. */
export interface Counterexample {
  readonly tool: string;
  /** Id of the property that it breaks. */
  readonly property: string;
  readonly status: Status;
  /** Where the configuration came from: name of the file and digest of all that it says. */
  readonly source: { readonly file: string; readonly digest: string };
  readonly configuration: StaticConfiguration;
  /** Proved bounds that the trace was judged by. */
  readonly delayBounds: readonly TimeBound[];
  readonly start: Start;
  readonly actions: readonly Action[];
  /** What the property says when the trace breaks it. */
  readonly expected: {
    readonly message: string;
    readonly witness: Readonly<Record<string, number | string>>;
  };
  readonly found: Readonly<Record<string, number | string>>;
  /** Lines of the configuration file that have to do with it; absent in older files. */
  readonly allowed?: readonly AllowingLine[];
}

/** A line of a configuration file, as it was. */
export interface AllowingLine {
  /** What it has to do with the violation; empty for the line itself. */
  readonly message: string;
  /** Name of the file, without its folder. */
  readonly file: string;
  readonly line: number;
  readonly text: string;
}

/** What reading a file gives. */
export type DecodeResult =
  | { readonly kind: 'ok'; readonly counterexample: Counterexample }
  | { readonly kind: 'invalid'; readonly message: string };

/** Which fields an action has depends on its kind: `decodeAction` looks at them. */
const actionSchema = z.looseObject({ kind: z.enum(ACTION_KINDS) });

const fileSchema = z.strictObject({
  schema: z.literal(COUNTEREXAMPLE_SCHEMA),
  tool: z.string(),
  property: z.string().regex(/^[a-z]+\.[a-z-]+$/),
  status: z.enum(['open', 'fixed']),
  source: z.strictObject({ file: z.string(), digest: z.string() }),
  digest: z.string(),
  configuration: configurationSchema,
  delayBounds: z.array(
    z.strictObject({
      partition: z.number().int(),
      core: z.number().int(),
      kind: z.enum(TIME_BOUND_KINDS).default('delay'),
      demand: z.number().int().positive().default(1),
      ticks: z.number().int().positive(),
    }),
  ),
  start: z.enum(['reset', 'booted']),
  actions: z.array(actionSchema).max(1_000_000),
  expected: z.strictObject({
    message: z.string(),
    witness: z.record(z.string(), z.union([z.number(), z.string()])),
  }),
  found: z.record(z.string(), z.union([z.number(), z.string()])),
  allowed: z
    .array(
      z.strictObject({
        message: z.string(),
        file: z.string(),
        line: z.number().int(),
        text: z.string(),
      }),
    )
    .optional(),
});

/** Fields of actions that are addresses. */
const ADDRESS_FIELD = 'address';

/** Digest of a configuration as it stands in the file: SHA-256 of its JSON. */
export function computeDigest(configuration: unknown): string {
  return `sha256:${createHash('sha256').update(JSON.stringify(configuration)).digest('hex')}`;
}

/** The text of a counterexample file: small parts on a line each, the configuration on one. */
export function encodeCounterexample(counterexample: Counterexample): string {
  const { configuration, actions, ...rest } = counterexample;
  const lines = [
    ['schema', JSON.stringify(COUNTEREXAMPLE_SCHEMA)],
    ...Object.entries(rest).map(([key, value]) => [key, JSON.stringify(value)]),
    ['actions', `[\n${actions.map((action) => `    ${encodeAction(action)}`).join(',\n')}\n  ]`],
    ['digest', JSON.stringify(computeDigest(configuration))],
    ['configuration', JSON.stringify(configuration)],
  ];
  return `{\n${lines.map(([key, value]) => `  "${key}": ${value}`).join(',\n')}\n}\n`;
}

/** An action as it stands in a file, on one line. */
export function encodeAction(action: Action): string {
  const entries = Object.entries(action).map(([key, value]) => [
    key,
    key === ADDRESS_FIELD && typeof value === 'number' ? `0x${value.toString(16)}` : value,
  ]);
  return JSON.stringify(Object.fromEntries(entries));
}

/**
 * Reads a counterexample; anything else than one is an error that says where it departs from the
 * format.
 */
export function decodeCounterexample(text: string): DecodeResult {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message : 'unreadable';
    return { kind: 'invalid', message: `not JSON: ${reason}` };
  }
  const parsed = fileSchema.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const place = issue?.path.join('.') ?? '';
    const where = place === '' ? 'the document' : place;
    return {
      kind: 'invalid',
      message: `no counterexample file: ${where}: ${issue?.message ?? ''}`,
    };
  }
  const { configuration, actions, digest, ...rest } = parsed.data;
  const written = computeDigest((value as { readonly configuration: unknown }).configuration);
  if (digest !== written) {
    return {
      kind: 'invalid',
      message:
        `the configuration inside was changed: its digest is ${written}, ` +
        `the file says ${digest}; record the trace anew with haven fuzz`,
    };
  }
  const decoded: Action[] = [];
  for (const [index, action] of actions.entries()) {
    const result = decodeAction(action);
    if (result.kind === 'invalid') {
      return { kind: 'invalid', message: `actions.${index}: ${result.message}` };
    }
    decoded.push(result.action);
  }
  const { tool, property, status, source, delayBounds, start, expected, found, allowed } = rest;
  return {
    kind: 'ok',
    counterexample: {
      tool,
      property,
      status,
      source,
      // The schema has checked every field; the model's units are brands without a run-time part.
      configuration: configuration as unknown as StaticConfiguration,
      delayBounds,
      start,
      actions: decoded,
      expected,
      found,
      ...(allowed === undefined ? {} : { allowed }),
    },
  };
}

/** The configuration without the devices that nobody has and firmware does not keep. */
export function trimConfiguration(configuration: StaticConfiguration): StaticConfiguration {
  const { platform, partitions } = configuration;
  const used = new Set(partitions.flatMap(({ devices }) => devices.map(({ device }) => device)));
  const kept = platform.devices.flatMap((device, index) =>
    used.has(index) || device.firmware ? [index] : [],
  );
  return {
    ...configuration,
    platform: {
      ...platform,
      devices: kept.flatMap((index) => platform.devices[index] ?? []),
    },
    partitions: partitions.map((partition) => ({
      ...partition,
      devices: partition.devices.map((grant) => ({ ...grant, device: kept.indexOf(grant.device) })),
    })),
  };
}
