/**
 * Replay: a state and an action that a solver has found, taken by V8.
 *
 * Nothing that a solver says is believed before the spec itself has done it.
 */

import type { StaticConfiguration } from '../../model/configuration.ts';
import type { Machine } from '../../model/machine.ts';
import type { Plan } from '../../model/plan.ts';
import { createView, observe } from '../../model/view.ts';
import type { View } from '../../model/view.ts';
import { createGrantMap, findGrant } from '../../properties/grants.ts';
import type { Grant } from '../../properties/grants.ts';
import type { InductiveInvariant } from '../../properties/inductive/invariant.ts';
import { isTakable } from '../../properties/inductive/interrupts.ts';
import { computePhase } from '../../properties/inductive/phase.ts';
import { describeShapeWithinStep, listOutside } from '../../properties/inductive/shape.ts';
import { describeWindows } from '../../properties/inductive/window-invariants.ts';
import { listActivated } from './activation-goals.ts';
import { listCharged } from './charge-goals.ts';
import { listDelayed } from './slot-goals.ts';
import { listStartFaults } from './start-goals.ts';
import { takeMicroStep } from './micro-steps.ts';
import type { MicroOutcome, MicroStep, StepParts } from './micro-steps.ts';

/** What a replay is done with. */
export interface ReplayContext {
  readonly configuration: StaticConfiguration;
  readonly plan: Plan;
  readonly invariants: readonly InductiveInvariant[];
  readonly parts: StepParts;
}

/** A step that was replayed. */
export interface Replayed {
  readonly action: MicroStep;
  readonly outcome: MicroOutcome;
  readonly before: Machine;
  readonly after: Machine;
}

/** Name of the goal about doorbells, and of its fault. */
export const RUNG = 'the doorbell rung';

/** Doorbells that channels declare for a partition. */
export function countDoorbells({ configuration }: Plan, partition: number): number {
  const all = configuration.channels.flatMap(({ notify }) => notify);
  return all.filter(({ from }) => from === partition).length;
}

/** Takes the micro-step from a copy of the state. */
export function replayStep(context: ReplayContext, before: Machine, step: MicroStep): Replayed {
  const after = structuredClone(before);
  const outcome = takeMicroStep(context.parts, context.plan, after, step);
  return { action: step, outcome, before, after };
}

/** Whether a state is one that proofs start from: in its shape, and every invariant holds. */
export function isInductiveState(context: ReplayContext, machine: Machine): boolean {
  return listBroken(context, machine).length === 0;
}

/** Names of the fields outside of their shape, and of the invariants that do not hold. */
export function listBroken({ plan, invariants }: ReplayContext, machine: Machine): string[] {
  const plain = describeShapeWithinStep(plan, computePhase(plan, machine));
  const shape = 'windows' in machine ? { ...plain, windows: describeWindows(plan) } : plain;
  const broken = listOutside(shape, machine).map(({ path }) => path);
  for (const invariant of invariants) {
    if (invariant.watched === true && !('windows' in machine)) continue;
    const frames = invariant.spy === true ? [...machine.memory.writers.keys()] : [null];
    for (const indices of invariant.instances(plan)) {
      for (const frame of frames) {
        const all = frame === null ? indices : [...indices, frame];
        if (invariant.holds(plan, machine, ...all)) continue;
        const shown = frame === null ? indices.join(',') : 'page';
        broken.push(`${invariant.id}[${shown}]`);
      }
    }
  }
  return broken;
}

/** What a step in the name of `domain` must not have done, by the names that goals have. */
export function listFaults(
  context: ReplayContext,
  { action, outcome, before, after }: Replayed,
  domain: number,
): string[] {
  const faults = [
    ...listBroken(context, after),
    ...listCharged(context.plan, before, after),
    ...listDelayed(context.plan, before, after, action, domain),
    ...listActivated(context.plan, before, after, domain),
    ...listStartFaults(context.plan, after, action, outcome, domain),
  ];
  if (action.kind === 'interrupt-take' && outcome === 'DONE') {
    if (!isTakable(context.plan, before, action.core, action.intId)) faults.push('the line taken');
  }
  if (action.kind === 'notify' && outcome === 'DONE') {
    const isOwn = action.doorbell < countDoorbells(context.plan, domain);
    if (!isOwn) faults.push(RUNG);
  }
  if (action.kind === 'dispatch') {
    for (const [core, { dispatchDue }] of after.cores.entries()) {
      const mayBe = core !== action.core && before.cores[core]?.dispatchDue === true;
      if (dispatchDue && !mayBe) faults.push(`cores[${core}].dispatchDue`);
    }
  }
  const { bus } = after;
  if (bus.count !== before.bus.count) {
    const accepts = (grant: Grant): boolean =>
      (bus.write ? grant.write : bus.fetch ? grant.execute : grant.read) && (grant.dma || !bus.dma);
    const grants = createGrantMap(context.configuration);
    if (findGrant(grants, bus.master, bus.frame, accepts) === undefined) {
      faults.push('the page reached');
    }
  }
  if (outcome !== 'DONE') {
    for (const { path } of listDifferences(before, after)) faults.push(`refused: ${path}`);
  }
  return faults;
}

/** A field that differs between two states. */
export interface Difference {
  readonly path: string;
  readonly before: string;
  readonly after: string;
}

/** Fields that differ, in the order of the state; memory by frame. */
export function listDifferences(before: unknown, after: unknown, path = ''): Difference[] {
  if (Object.is(before, after)) return [];
  if (before instanceof Map && after instanceof Map) {
    const keys = new Set([...before.keys(), ...after.keys()]);
    return [...keys].flatMap((key) =>
      listDifferences(before.get(key), after.get(key), `${path}[${String(key)}]`),
    );
  }
  if (typeof before !== 'object' || typeof after !== 'object' || !before || !after) {
    return [{ path, before: String(before), after: String(after) }];
  }
  const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...keys].flatMap((key) => {
    const inner = Array.isArray(before) ? `${path}[${key}]` : path === '' ? key : `${path}.${key}`;
    return listDifferences(Reflect.get(before, key), Reflect.get(after, key), inner);
  });
}

/** What a partition observes of a state. */
export function lookAt(plan: Plan, machine: Machine, partition: number): View {
  const view = createView();
  observe(plan, machine, partition, view);
  return view;
}

/** Whether two views are equal, list registers only where a virtual CPU is live in both. */
export function isSameView(
  before: View,
  after: View,
  declared: (frame: number) => boolean,
): boolean {
  const strip = (view: View, other: View): unknown => ({
    ...view,
    listRegisters: view.listRegisters.map((list, index) =>
      list[0] === 1 && other.listRegisters[index]?.[0] === 1 ? list : [],
    ),
    memory: listWords(view).filter(([frame]) => !declared(frame ?? 0)),
  });
  return listDifferences(strip(before, after), strip(after, before)).length === 0;
}

function listWords({ memory }: View): number[][] {
  return memory.flatMap((frame, index) =>
    index % 2 === 0 ? [[frame, memory[index + 1] ?? 0]] : [],
  );
}
