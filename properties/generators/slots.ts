/**
 * Slots: actions whose fields are written again and again, so that a search allocates nothing for
 * a step.
 *
 * A slot has the fields of every kind, and so one layout; those that its kind lacks keep what they
 * had, and nobody reads them.
 */

import { ACTION_KINDS } from '../../model/actions.ts';
import type { Action, ActionKind, DistributorAction } from '../../model/actions.ts';

/** An action that can be overwritten by any other. */
export interface ActionSlot {
  kind: ActionKind;
  /** Position of `kind` in `ACTION_KINDS`. */
  kindIndex: number;
  core: number;
  fails: boolean;
  address: number;
  value: number;
  register: number;
  vcpu: number;
  doorbell: number;
  ticks: number;
  operation: DistributorAction['operation'];
  intId: number;
  stream: number;
  write: boolean;
  master: number;
  slot: number;
  event: number;
}

/** Name of a field of an action. */
export type ActionField = Exclude<keyof ActionSlot, 'kind' | 'kindIndex'>;

type FieldsOf<Kind extends ActionKind> = Exclude<keyof Extract<Action, { kind: Kind }>, 'kind'>;

/** The fields of each kind; the table does not compile with one that a kind lacks. */
export const ACTION_FIELDS: {
  readonly [Kind in ActionKind]: readonly (ActionField & FieldsOf<Kind>)[];
} = {
  boot: ['core', 'fails'],
  read: ['core', 'address', 'value'],
  write: ['core', 'address', 'value'],
  fetch: ['core', 'address', 'value'],
  'bus-read': ['core', 'address', 'value'],
  'bus-write': ['core', 'address', 'value'],
  'register-read': ['core', 'register', 'value'],
  'register-write': ['core', 'register', 'value'],
  'cpu-on': ['core', 'vcpu'],
  'cpu-off': ['core'],
  'system-reset': ['core'],
  wait: ['core'],
  smc: ['core'],
  'unknown-call': ['core'],
  notify: ['core', 'doorbell'],
  section: ['core', 'ticks'],
  distributor: ['core', 'operation', 'intId', 'vcpu'],
  'send-sgi': ['core', 'intId', 'vcpu'],
  'arm-timer': ['core', 'ticks'],
  'dma-issue': ['stream', 'address', 'write', 'value'],
  'bare-dma-issue': ['master', 'address', 'write', 'value'],
  'dma-complete': ['slot'],
  'line-assert': ['intId'],
  'line-deassert': ['intId'],
  msi: ['stream', 'event'],
  'interrupt-take': ['core', 'intId'],
  'interrupt-acknowledge': ['core'],
  'interrupt-end': ['core', 'intId'],
  'list-register-spill': ['core', 'slot'],
  'list-register-fill': ['core', 'intId'],
  'time-passes': ['core', 'ticks'],
  'tlb-fill': ['core', 'slot', 'address'],
  'tlb-evict': ['core', 'slot', 'address'],
  'iotlb-fill': ['slot', 'stream', 'address'],
  'iotlb-evict': ['slot', 'stream', 'address'],
};

const KINDS: ReadonlyMap<ActionKind, number> = new Map(
  ACTION_KINDS.map((kind, index) => [kind, index]),
);

/** Position of a kind in `ACTION_KINDS`. */
export function getKindIndex(kind: ActionKind): number {
  return KINDS.get(kind) ?? 0;
}

/** A slot, with an action that nothing refuses to refuse. */
export function createSlot(): ActionSlot {
  return {
    kind: 'smc',
    kindIndex: getKindIndex('smc'),
    core: 0,
    fails: false,
    address: 0,
    value: 0,
    register: 0,
    vcpu: 0,
    doorbell: 0,
    ticks: 0,
    operation: 'enable',
    intId: 0,
    stream: 0,
    write: false,
    master: 0,
    slot: 0,
    event: 0,
  };
}

/** The slot as an action, for who reads it before it is written again. */
export function asAction(slot: ActionSlot): Action {
  return slot as Action;
}

/** The action that a slot holds, with the fields of its kind and no others. */
export function readSlot(slot: ActionSlot): Action {
  const fields: readonly ActionField[] = ACTION_FIELDS[slot.kind];
  const action: Record<string, unknown> = { kind: slot.kind };
  for (const field of fields) action[field] = slot[field];
  // The table of fields is that of the kinds.
  return action as unknown as Action;
}

/** Writes an action into a slot. */
export function writeSlot(slot: ActionSlot, action: Action): void {
  const source = action as Readonly<Partial<ActionSlot>> & Pick<Action, 'kind'>;
  slot.kind = source.kind;
  slot.kindIndex = getKindIndex(source.kind);
  slot.core = source.core ?? 0;
  slot.fails = source.fails ?? false;
  slot.address = source.address ?? 0;
  slot.value = source.value ?? 0;
  slot.register = source.register ?? 0;
  slot.vcpu = source.vcpu ?? 0;
  slot.doorbell = source.doorbell ?? 0;
  slot.ticks = source.ticks ?? 0;
  slot.operation = source.operation ?? 'enable';
  slot.intId = source.intId ?? 0;
  slot.stream = source.stream ?? 0;
  slot.write = source.write ?? false;
  slot.master = source.master ?? 0;
  slot.slot = source.slot ?? 0;
  slot.event = source.event ?? 0;
}

/** Copies a slot. */
export function copySlot(from: ActionSlot, to: ActionSlot): void {
  to.kind = from.kind;
  to.kindIndex = from.kindIndex;
  to.core = from.core;
  to.fails = from.fails;
  to.address = from.address;
  to.value = from.value;
  to.register = from.register;
  to.vcpu = from.vcpu;
  to.doorbell = from.doorbell;
  to.ticks = from.ticks;
  to.operation = from.operation;
  to.intId = from.intId;
  to.stream = from.stream;
  to.write = from.write;
  to.master = from.master;
  to.slot = from.slot;
  to.event = from.event;
}

/** Numbers that a packed slot takes. */
export const SLOT_WIDTH = 16;

const OPERATIONS: readonly DistributorAction['operation'][] = [
  'enable',
  'disable',
  'set-pending',
  'clear-pending',
  'route',
];

/** Writes a slot as numbers, number `at` of those in `cells`. */
export function packSlot(slot: ActionSlot, cells: Float64Array, at: number): void {
  const base = SLOT_WIDTH * at;
  cells[base] = slot.kindIndex;
  cells[base + 1] = slot.core;
  cells[base + 2] = slot.fails ? 1 : 0;
  cells[base + 3] = slot.address;
  cells[base + 4] = slot.value;
  cells[base + 5] = slot.register;
  cells[base + 6] = slot.vcpu;
  cells[base + 7] = slot.doorbell;
  cells[base + 8] = slot.ticks;
  cells[base + 9] = slot.operation === 'enable' ? 0 : OPERATIONS.indexOf(slot.operation);
  cells[base + 10] = slot.intId;
  cells[base + 11] = slot.stream;
  cells[base + 12] = slot.write ? 1 : 0;
  cells[base + 13] = slot.master;
  cells[base + 14] = slot.slot;
  cells[base + 15] = slot.event;
}

/** Reads what `packSlot` has written. */
export function unpackSlot(cells: Float64Array, at: number, slot: ActionSlot): void {
  const base = SLOT_WIDTH * at;
  const kindIndex = cells[base] ?? 0;
  slot.kind = ACTION_KINDS[kindIndex] ?? 'smc';
  slot.kindIndex = kindIndex;
  slot.core = cells[base + 1] ?? 0;
  slot.fails = cells[base + 2] === 1;
  slot.address = cells[base + 3] ?? 0;
  slot.value = cells[base + 4] ?? 0;
  slot.register = cells[base + 5] ?? 0;
  slot.vcpu = cells[base + 6] ?? 0;
  slot.doorbell = cells[base + 7] ?? 0;
  slot.ticks = cells[base + 8] ?? 0;
  slot.operation = OPERATIONS[cells[base + 9] ?? 0] ?? 'enable';
  slot.intId = cells[base + 10] ?? 0;
  slot.stream = cells[base + 11] ?? 0;
  slot.write = cells[base + 12] === 1;
  slot.master = cells[base + 13] ?? 0;
  slot.slot = cells[base + 14] ?? 0;
  slot.event = cells[base + 15] ?? 0;
}

/** The actions of slots that are packed one after the other. */
export function unpackActions(cells: Float64Array, length: number): Action[] {
  const slot = createSlot();
  return Array.from({ length }, (_, at) => {
    unpackSlot(cells, at, slot);
    return readSlot(slot);
  });
}

/** Packs actions one after the other. */
export function packActions(actions: readonly Action[]): Float64Array {
  const cells = new Float64Array(SLOT_WIDTH * actions.length);
  const slot = createSlot();
  for (const [at, action] of actions.entries()) {
    writeSlot(slot, action);
    packSlot(slot, cells, at);
  }
  return cells;
}
