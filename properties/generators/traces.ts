/**
 * Traces: fast-check arbitraries for actions and for sequences of them.
 *
 * Exported for users who embed the properties in tests of their own. What they draw is what a
 * campaign draws; they shrink by `listCandidates`.
 */

import fc from 'fast-check';
import type { Action } from '../../model/actions.ts';
import { createMachine } from '../../model/machine.ts';
import type { Machine } from '../../model/machine.ts';
import type { Plan } from '../../model/plan.ts';
import { step } from '../../model/step.ts';
import { copyMachine } from '../engine/copy-machine.ts';
import { createRandom, nextBelow } from '../engine/random.ts';
import { listBootActions } from './boot-actions.ts';
import { beginTrace, createDrawer, drawAction, drawOperands, drawKind } from './draw.ts';
import type { Drawer } from './draw.ts';
import type { Guide } from './guide.ts';
import { listCandidates, listSimplerActions } from './reduction.ts';
import type { Place } from './reduction.ts';
import { asAction, createSlot, readSlot } from './slots.ts';

/** Where a trace begins: at reset, or after an undisturbed boot. */
export type Start = 'reset' | 'booted';

/** A run to be: where it starts and what happens. */
export interface Trace {
  readonly start: Start;
  readonly actions: readonly Action[];
}

/** Any action, with operands that love the boundaries of this plan. */
export function actionArbitrary(plan: Plan): fc.Arbitrary<Action> {
  return new ActionArbitrary(plan);
}

/**
 * A trace of at most `maxLength` actions; one in eight starts at reset and may fail to boot. With a
 * guide every other action is one near its step, and where that is one of boot seven in eight start
 * at reset.
 */
export function traceArbitrary(plan: Plan, maxLength: number, guide?: Guide): fc.Arbitrary<Trace> {
  return new TraceArbitrary(plan, maxLength, guide);
}

/** The machines between which a trace is drawn. */
interface Machines {
  readonly reset: Machine;
  readonly booted: Machine;
  /** The one that moves. */
  readonly current: Machine;
}

function createMachines(plan: Plan, boot: readonly Action[]): Machines {
  const booted = createMachine(plan);
  for (const action of boot) step(plan, booted, action);
  return { reset: createMachine(plan), booted, current: createMachine(plan) };
}

function drawSeed(random: fc.Random): number {
  return random.nextInt() >>> 0;
}

class ActionArbitrary extends fc.Arbitrary<Action> {
  private readonly drawer: Drawer;
  private readonly slot = createSlot();

  constructor(plan: Plan) {
    super();
    this.drawer = createDrawer(plan);
  }

  generate(mrng: fc.Random): fc.Value<Action> {
    const random = createRandom(drawSeed(mrng));
    drawOperands(this.drawer, random, null, drawKind(this.drawer, random), this.slot);
    return new fc.Value(readSlot(this.slot), undefined);
  }

  canShrinkWithoutContext(value: unknown): value is Action {
    return typeof value === 'object' && value !== null && 'kind' in value;
  }

  shrink(action: Action): fc.Stream<fc.Value<Action>> {
    return fc.stream(
      listSimplerActions(action)
        .map((simpler) => new fc.Value(simpler, undefined))
        .values(),
    );
  }
}

class TraceArbitrary extends fc.Arbitrary<Trace> {
  private readonly plan: Plan;
  private readonly maxLength: number;
  private readonly resetsInEight: number;
  private readonly drawer: Drawer;
  private readonly boot: readonly Action[];
  private readonly machines: Machines;
  private readonly slot = createSlot();

  constructor(plan: Plan, maxLength: number, guide?: Guide) {
    super();
    this.plan = plan;
    this.maxLength = maxLength;
    this.resetsInEight = guide?.isBooting === true ? 7 : 1;
    this.drawer = createDrawer(plan, guide);
    this.boot = listBootActions(plan);
    this.machines = createMachines(plan, this.boot);
  }

  generate(mrng: fc.Random): fc.Value<Trace> {
    const random = createRandom(drawSeed(mrng));
    const { reset, booted, current } = this.machines;
    const start = nextBelow(random, 8) < this.resetsInEight ? 'reset' : 'booted';
    copyMachine(start === 'reset' ? reset : booted, current);
    beginTrace(this.drawer, random);
    const length = nextBelow(random, this.maxLength + 1);
    const actions: Action[] = [];
    for (let at = 0; at < length; at += 1) {
      drawAction(this.drawer, random, current, this.slot);
      step(this.plan, current, asAction(this.slot));
      actions.push(readSlot(this.slot));
    }
    return new fc.Value({ start, actions }, undefined);
  }

  canShrinkWithoutContext(value: unknown): value is Trace {
    return typeof value === 'object' && value !== null && 'actions' in value;
  }

  shrink(trace: Trace, context?: unknown): fc.Stream<fc.Value<Trace>> {
    const candidates = listCandidates(this.plan, this.boot, trace, context as Place | undefined);
    return fc.stream(toValues(candidates));
  }
}

function* toValues(
  candidates: ReturnType<typeof listCandidates>,
): Generator<fc.Value<Trace>, void> {
  for (const { trace, place } of candidates) yield new fc.Value(trace, place);
}
