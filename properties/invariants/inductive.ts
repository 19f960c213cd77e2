/**
 * Inductive invariants and the shape of states, held against runs: what a proof assumes of any
 * state is looked at in those that are reached.
 */

import type { ActionKind } from '../../model/actions.ts';
import type { Plan } from '../../model/plan.ts';
import { computePhase, describePhase } from '../inductive/phase.ts';
import type { InductiveInvariant } from '../inductive/invariant.ts';
import { INDUCTIVE_INVARIANTS } from '../inductive/invariants.ts';
import { getShape, isInShape, listOutside } from '../inductive/shape.ts';
import type { FieldShape } from '../inductive/shape.ts';
import { watchEachStep } from '../property.ts';
import type { Context, Monitor, Property, Violation } from '../property.ts';

/** Invariants that a property of an older list looks at after every step, with words of its own. */
const WATCHED_ELSEWHERE: readonly string[] = [
  'memory.cached',
  'dma.cached',
  'irq.delivered',
  'irq.agreed',
  'noninterference.registers',
];

/** Actions after which an invariant is looked at while searching too, where they are few. */
const WATCHED_AFTER: Readonly<Record<string, readonly ActionKind[]>> = {
  'dma.streams-in-order': ['boot'],
};

type Instances = readonly (readonly number[])[];

const instancesOfPlan = new WeakMap<Plan, Map<string, Instances>>();

/** The instances of an invariant, remembered for each plan: a search watches many runs. */
function getInstances(plan: Plan, { id, instances }: InductiveInvariant): Instances {
  const lists = instancesOfPlan.get(plan) ?? new Map<string, Instances>();
  instancesOfPlan.set(plan, lists);
  const list = lists.get(id) ?? instances(plan);
  lists.set(id, list);
  return list;
}

function watchInvariant(context: Context, invariant: InductiveInvariant): Monitor {
  const { plan, machine } = context;
  const instances = getInstances(plan, invariant);
  const monitor = watchEachStep((_action, _outcome, count) => {
    for (const indices of instances) {
      count();
      if (invariant.spy !== true) {
        if (!invariant.holds(plan, machine, ...indices)) return describeBroken(invariant, indices);
        continue;
      }
      for (const frame of machine.memory.words.keys()) {
        if (invariant.holds(plan, machine, ...indices, frame)) continue;
        return describeBroken(invariant, [...indices, frame]);
      }
    }
    return null;
  });
  return { ...monitor, kinds: WATCHED_AFTER[invariant.id] ?? [] };
}

function describeBroken(invariant: InductiveInvariant, indices: readonly number[]): Violation {
  const named = indices.map((index, at) => [invariant.indices[at] ?? 'index', index] as const);
  const where = named.map(([name, index]) => `${name} ${index}`).join(', ');
  const claim = invariant.statement.replace(/\.$/, '');
  return {
    property: invariant.id,
    message: `expected: ${claim}; found otherwise at ${where}`,
    witness: Object.fromEntries(named),
    at: ['config'],
    related: [],
  };
}

function watchShape(context: Context): Monitor {
  const { plan, machine } = context;
  const monitor = watchEachStep((_action, _outcome, count) => {
    const phase = computePhase(plan, machine);
    const shape = getShape(plan, phase);
    count();
    if (isInShape(shape, machine)) return null;
    const [first] = listOutside(shape, machine);
    const path = first?.path ?? 'the machine';
    const expected = first?.expected === undefined ? 'no such field' : describe(first.expected);
    const found = String(first?.found ?? 'no such field');
    return {
      property: 'seal.shape',
      message: `${path} is ${found}; expected in phase ${describePhase(phase)}: ${expected}`,
      witness: { path, found },
      at: ['config'],
      related: [],
    };
  });
  return { ...monitor, kinds: [] };
}

function describe(shape: FieldShape): string {
  switch (shape.kind) {
    case 'constant':
      return String(shape.value);
    case 'choice':
      return `one of ${shape.values.join(', ')}`;
    case 'boolean':
      return 'true or false';
    case 'integer':
      return `an integer from ${shape.low ?? 'below'} to ${shape.high ?? 'above'}`;
  }
}

/** The shape, and every inductive invariant that no other property looks at. */
export const INDUCTIVE_PROPERTIES: readonly Property[] = [
  {
    id: 'seal.shape',
    statement: 'Every field of the machine has a value that the phase of boot allows it.',
    source: 'immutability: what boot programs stays, and nothing runs before the seal',
    example: 'a core that partitions do not use and that runs',
    sampled: true,
    watch: watchShape,
  },
  ...INDUCTIVE_INVARIANTS.filter(({ id }) => !WATCHED_ELSEWHERE.includes(id)).map(
    (invariant): Property => ({
      id: invariant.id,
      statement: invariant.statement,
      source: invariant.source,
      example: invariant.example,
      appliesTo: (plan) => invariant.instances(plan).length > 0,
      watch: (context) => watchInvariant(context, invariant),
    }),
  ),
];
