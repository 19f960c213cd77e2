/**
 * Guide: actions near a given one, for a search that wants to come to a certain step.
 */

import type { ActionKind } from '../../model/actions.ts';
import type { Plan } from '../../model/plan.ts';
import { PAGE_SIZE } from '../../model/units.ts';
import { nextBelow } from '../engine/random.ts';
import type { RandomState } from '../engine/random.ts';
import { ACTION_FIELDS } from './slots.ts';
import type { ActionField, ActionSlot } from './slots.ts';

/** The step that a search wants to come to. Plain data. */
export interface Guide {
  /** Kind of action that is drawn often. */
  readonly kind: ActionKind;
  /** Its operands, by the names of the fields of actions; those that are not known are absent. */
  readonly operands: Operands;
  /** Whose addresses, lines, streams and cores are drawn often; NONE for nobody's. */
  readonly partition: number;
  /** Traces start at reset as a rule: the step is one of boot. */
  readonly isBooting: boolean;
}

type Operand = number | boolean | string;

/** Values of fields, by the name of the field. */
type Operands = Readonly<Record<string, Operand>>;

/** What a guide says of each field. */
export interface GuidedFields {
  readonly given: ReadonlyMap<string, Operand>;
  /** What the partition has, by the field that names it. */
  readonly own: ReadonlyMap<string, readonly number[]>;
}

/** The fields that say what an action does rather than on what, which a guide leaves alone. */
const UNGUIDED: ActionField = 'fails';

/** Prepares a guide for a plan. */
export function prepareGuide(plan: Plan, { operands, partition }: Guide): GuidedFields {
  return {
    given: new Map(Object.entries(operands)),
    own: new Map(Object.entries(listOwn(plan, partition))),
  };
}

function listOwn(plan: Plan, partition: number): Readonly<Record<string, readonly number[]>> {
  const planned = plan.partitions[partition];
  if (planned === undefined) return {};
  return {
    core: planned.vcpus.map(({ core }) => core),
    address: [...planned.stage2, ...planned.dma, ...planned.firewall].flatMap(({ ipa, size }) => [
      ipa,
      ipa + size - PAGE_SIZE,
      ipa + size - 1,
    ]),
    intId: planned.lines.map(({ intId }) => intId),
    stream: plan.streams.flatMap((one) => (one.partition === partition ? [one.stream] : [])),
  };
}

/** Gives the action every operand of the step that its kind has. */
export function replaceAll({ given }: GuidedFields, slot: ActionSlot): void {
  const fields: readonly ActionField[] = ACTION_FIELDS[slot.kind];
  for (const field of fields) {
    const value = given.get(field);
    if (value !== undefined && field !== UNGUIDED) setField(slot, field, value);
  }
}

/** For each field the operand of the step, or one of the partition, or what it has: 2 to 1 to 1. */
export function replaceSome(
  { given, own }: GuidedFields,
  random: RandomState,
  slot: ActionSlot,
): void {
  const fields: readonly ActionField[] = ACTION_FIELDS[slot.kind];
  for (const field of fields) {
    if (field === UNGUIDED) continue;
    const value = given.get(field);
    const others = own.get(field) ?? [];
    const usual = value === undefined ? 0 : 2;
    const draw = nextBelow(random, usual + (others.length === 0 ? 0 : 1) + 1);
    if (value !== undefined && draw < usual) setField(slot, field, value);
    else if (others.length > 0 && draw === usual) {
      setField(slot, field, others[nextBelow(random, others.length)] ?? 0);
    }
  }
}

/** Sets a field; a field of one name has one type in all actions. */
function setField(slot: ActionSlot, field: ActionField, value: Operand): void {
  Reflect.set(slot, field, value);
}
