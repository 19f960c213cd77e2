/**
 * Guide: actions near a given one, for a search that wants to come to a certain step.
 */

import fc from 'fast-check';
import type { Arbitrary } from 'fast-check';
import type { Action, ActionKind } from '../../model/actions.ts';
import type { Plan } from '../../model/plan.ts';
import { PAGE_SIZE } from '../../model/units.ts';

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

/** Values of fields, by the name of the field. */
type Operands = Readonly<Record<string, number | boolean | string>>;

/** Fields that say what an action is, rather than on what. */
const FIXED_FIELDS: readonly string[] = ['kind', 'fails'];

/**
 * Actions near the step: as often of its kind as of any, each with some of its operands, or with
 * those of the partition.
 */
export function guidedArbitrary(
  plan: Plan,
  guide: Guide,
  any: Arbitrary<Action>,
  ofKind: Arbitrary<Action>,
): Arbitrary<Action> {
  const drawn = drawOperands(plan, guide);
  const replaceSome = (actions: Arbitrary<Action>): Arbitrary<Action> =>
    fc.tuple(actions, drawn).map(([action, operands]) => replaceAll(action, operands));
  return fc.oneof(
    { weight: 2, arbitrary: ofKind.map((action) => replaceAll(action, guide.operands)) },
    { weight: 3, arbitrary: replaceSome(ofKind) },
    { weight: 5, arbitrary: replaceSome(any) },
  );
}

/** For each field the operand of the step, or one of the partition, or none: 2 to 1 to 1. */
function drawOperands(plan: Plan, { operands, partition }: Guide): Arbitrary<Operands> {
  const own = listOwn(plan, partition);
  const names = [...new Set([...Object.keys(operands), ...Object.keys(own)])];
  const draws = names.map((name) => {
    const given = operands[name];
    const others = own[name] ?? [];
    return fc.oneof(
      ...(given === undefined ? [] : [{ weight: 2, arbitrary: fc.constant(given) }]),
      ...(others.length === 0 ? [] : [{ weight: 1, arbitrary: fc.constantFrom(...others) }]),
      { weight: 1, arbitrary: fc.constant(null) },
    );
  });
  return fc.tuple(...draws).map((values): Operands => {
    const chosen: Record<string, number | boolean | string> = {};
    for (const [at, name] of names.entries()) {
      const value = values[at] ?? null;
      if (value !== null) chosen[name] = value;
    }
    return chosen;
  });
}

/** What a partition has, by the field that names it. */
function listOwn(plan: Plan, partition: number): Readonly<Record<string, readonly number[]>> {
  const planned = plan.partitions[partition];
  if (planned === undefined) return {};
  return {
    core: planned.vcpus.map(({ core }) => core),
    address: [...planned.stage2, ...planned.dma].flatMap(({ ipa, size }) => [
      ipa,
      ipa + size - PAGE_SIZE,
      ipa + size - 1,
    ]),
    intId: planned.lines.map(({ intId }) => intId),
    stream: plan.streams.flatMap((one) => (one.partition === partition ? [one.stream] : [])),
  };
}

/** The action with these operands in those of its fields that have their names. */
function replaceAll(action: Action, operands: Operands): Action {
  const replaced: Record<string, unknown> = { ...action };
  for (const name of Object.keys(action)) {
    if (!FIXED_FIELDS.includes(name) && name in operands) replaced[name] = operands[name];
  }
  // A field of one name has one type in all actions.
  return replaced as unknown as Action;
}
