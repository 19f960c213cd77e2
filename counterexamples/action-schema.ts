/**
 * Schema of the actions that a counterexample carries: each kind with its fields, no more and no
 * less.
 */

import { z } from 'zod';
import type { ZodType } from 'zod';
import type { Action, ActionKind } from '../model/actions.ts';

type Narrow<One, Kind> = One extends Action ? (Kind extends One['kind'] ? One : never) : never;

/** The fields of a kind of action. */
type Fields<Kind extends ActionKind> = Omit<Narrow<Action, Kind>, 'kind'>;

/** A schema for each field of each kind; it does not compile when a kind or a field is missing. */
type FieldTable = {
  readonly [Kind in ActionKind]: {
    readonly [Field in keyof Fields<Kind>]-?: ZodType<Fields<Kind>[Field]>;
  };
};

const number = z.number();
const boolean = z.boolean();
const address = z
  .string()
  .regex(/^0x[0-9a-f]+$/)
  .transform(Number);

const access = { core: number, address, value: number };
const register = { core: number, register: number, value: number };
const call = { core: number };
const line = { intId: number };
const interrupt = { core: number, intId: number };
const tlb = { core: number, slot: number, address };
const iotlb = { slot: number, stream: number, address };

const FIELDS: FieldTable = {
  boot: { core: number, fails: boolean },
  read: access,
  write: access,
  fetch: access,
  'bus-read': access,
  'bus-write': access,
  'register-read': register,
  'register-write': register,
  'cpu-on': { core: number, vcpu: number },
  'cpu-off': call,
  'system-reset': call,
  wait: call,
  smc: call,
  'unknown-call': call,
  notify: { core: number, doorbell: number },
  section: { core: number, ticks: number },
  distributor: {
    core: number,
    operation: z.enum(['enable', 'disable', 'set-pending', 'clear-pending', 'route']),
    intId: number,
    vcpu: number,
  },
  'send-sgi': { core: number, intId: number, vcpu: number },
  'arm-timer': { core: number, ticks: number },
  'dma-issue': { stream: number, address, write: boolean, value: number },
  'bare-dma-issue': { master: number, address, write: boolean, value: number },
  'dma-complete': { slot: number },
  'line-assert': line,
  'line-deassert': line,
  msi: { stream: number, event: number },
  'interrupt-take': interrupt,
  'interrupt-acknowledge': { core: number },
  'interrupt-end': interrupt,
  'list-register-spill': { core: number, slot: number },
  'list-register-fill': interrupt,
  'time-passes': { core: number, ticks: number },
  'tlb-fill': tlb,
  'tlb-evict': tlb,
  'iotlb-fill': iotlb,
  'iotlb-evict': iotlb,
};

/** An action as it stands in a file: its kind, and fields that are still to be looked at. */
export interface WrittenAction {
  readonly kind: ActionKind;
  readonly [field: string]: unknown;
}

/** What reading an action gives. */
export type ActionResult =
  | { readonly kind: 'ok'; readonly action: Action }
  | { readonly kind: 'invalid'; readonly message: string };

/** What to do about an action that has other fields than the spec gives it. */
const HELP = 'the actions of the spec have changed since: record the trace anew with haven fuzz';

/** Reads an action; one with a field too many, too few or of another type is refused. */
export function decodeAction({ kind, ...written }: WrittenAction): ActionResult {
  const fields: Readonly<Record<string, ZodType>> = FIELDS[kind];
  const missing = Object.keys(fields).find((field) => !Object.hasOwn(written, field));
  if (missing !== undefined) {
    return { kind: 'invalid', message: `${kind} lacks its field ${missing}; ${HELP}` };
  }
  const stray = Object.keys(written).find((field) => !Object.hasOwn(fields, field));
  if (stray !== undefined) {
    return { kind: 'invalid', message: `${kind} has no field ${stray}; ${HELP}` };
  }
  const decoded: Record<string, unknown> = { kind };
  for (const [field, schema] of Object.entries(fields)) {
    const parsed = schema.safeParse(written[field]);
    if (!parsed.success) {
      const found = JSON.stringify(written[field]);
      const message = `${field} of ${kind}: expected ${describe(schema)}, found ${found}`;
      return { kind: 'invalid', message };
    }
    decoded[field] = parsed.data;
  }
  // The table has a schema for every field of the kind.
  return { kind: 'ok', action: decoded as unknown as Action };
}

function describe(schema: ZodType): string {
  if (schema === address) return 'an address such as "0x1000"';
  if (schema instanceof z.ZodEnum) return `one of ${schema.options.join(', ')}`;
  return schema === boolean ? 'true or false' : 'a number';
}
