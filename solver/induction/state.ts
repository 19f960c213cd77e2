/**
 * Symbolic states: a machine of which only the shape is known.
 *
 * Fields that the shape fixes are constants, so that a run meets known structure; the others are
 * variables, named by their path. A field with few possible values is a tree over booleans with the
 * values at its leaves: an index that the lifter can take apart.
 */

import { NONE } from '../../model/machine.ts';
import type { Machine } from '../../model/machine.ts';
import type { Plan } from '../../model/plan.ts';
import { UNWRITTEN } from '../../model/memory.ts';
import type { FieldShape, MachineShape } from '../../properties/inductive/shape.ts';
import { createMemoryBase, MemoryLog } from '../lift/memory.ts';
import type { MemoryBase } from '../lift/memory.ts';
import { SymbolicObject } from '../lift/values.ts';
import type { Fields, Value } from '../lift/values.ts';
import { booleanVariable, integer, integerVariable, ite } from '../smt/term.ts';
import type { Term } from '../smt/term.ts';

/** Where a field stands. */
export interface Place {
  readonly path: string;
  readonly fields: Fields;
  readonly key: string | number;
  readonly shape: FieldShape;
}

/** A machine of a shape. */
export interface SymbolicState {
  readonly machine: SymbolicObject;
  readonly memory: MemoryBase;
  /** Every field but memory, in the order of the machine's own fields. */
  readonly places: readonly Place[];
}

/**
 * A machine with any contents that the shape allows. Fields of one name are one variable in every
 * phase, so that what phases have in common is one question.
 */
export function createState(plan: Plan, shape: MachineShape): SymbolicState {
  const places: Place[] = [];
  const machine = createRecord(shape, '', places) as SymbolicObject;
  const memory = createContents(plan, 'memory');
  const fields = machine.fields as Record<string, Value>;
  fields['memory'] = new SymbolicObject({ log: new MemoryLog(memory) });
  return { machine, memory, places };
}

/** Memory with any words, each written by nobody or some partition; `name` begins its variables. */
export function createContents(plan: Plan, name: string): MemoryBase {
  const labels = [UNWRITTEN, NONE, ...plan.partitions.keys()];
  return createMemoryBase(name, (path) => createTree(labels, path));
}

/** What holds the last field of a path; null where the machine has no such place. */
export function findHolder(
  machine: SymbolicObject,
  path: readonly (string | number)[],
): Fields | null {
  let { fields } = machine;
  for (const key of path.slice(0, -1)) {
    const next = (fields as Record<string | number, Value>)[key];
    if (!(next instanceof SymbolicObject)) return null;
    ({ fields } = next);
  }
  return fields;
}

function isField(shape: object): shape is FieldShape {
  return 'kind' in shape && typeof shape.kind === 'string';
}

function createRecord(shape: object, path: string, places: Place[]): Value {
  const isList = Array.isArray(shape);
  const fields: Fields = isList ? [] : {};
  for (const [key, inner] of Object.entries(shape) as [string, object][]) {
    const below = isList ? `${path}[${key}]` : path === '' ? key : `${path}.${key}`;
    const index = isList ? Number(key) : key;
    const container = fields as Record<string | number, Value>;
    if (isField(inner)) {
      container[index] = createField(inner, below);
      places.push({ path: below, fields, key: index, shape: inner });
    } else {
      container[index] = createRecord(inner, below, places);
    }
  }
  return new SymbolicObject(fields);
}

/** Any value of a field. */
export function createField(shape: FieldShape, path: string): Value {
  switch (shape.kind) {
    case 'constant':
      return shape.value;
    case 'boolean':
      return booleanVariable(path);
    case 'choice':
      return createTree(shape.values, path);
    case 'integer':
      return integerVariable(path, bound(shape));
  }
}

function bound({ low, high }: { readonly low: number | null; readonly high: number | null }): {
  low?: number;
  high?: number;
} {
  return { ...(low === null ? {} : { low }), ...(high === null ? {} : { high }) };
}

/** One of the values, told by as many booleans as it takes: `path#0`, `path#1`, … */
export function createTree(values: readonly number[], path: string): Term {
  const build = (part: readonly number[], bit: number): Term => {
    const [only] = part;
    if (only !== undefined && part.length === 1) return integer(only);
    const half = Math.ceil(part.length / 2);
    const then = build(part.slice(0, half), bit + 1);
    return ite(booleanVariable(`${path}#${bit}`), then, build(part.slice(half), bit + 1));
  };
  return build(values, 0);
}

/** The value of a field. */
export function readPlace({ fields, key }: Place): Value {
  return (fields as Record<string | number, Value>)[key];
}

/** A machine with known contents, as a symbolic run takes it. */
export function createKnownState(machine: Machine, memory: MemoryBase): SymbolicObject {
  const convert = (value: unknown): Value => {
    if (typeof value !== 'object' || value === null) return value as Value;
    if (Array.isArray(value)) return new SymbolicObject(value.map(convert));
    const entries = Object.entries(value).map(([key, one]) => [key, convert(one)] as const);
    return new SymbolicObject(Object.fromEntries(entries));
  };
  const { memory: _contents, ...rest } = machine;
  const state = convert(rest) as SymbolicObject;
  const fields = state.fields as Record<string, Value>;
  fields['memory'] = new SymbolicObject({ log: new MemoryLog(memory) });
  return state;
}
