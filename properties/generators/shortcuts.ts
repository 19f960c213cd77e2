/**
 * Shortcuts: shorter ways to where a trace may have come, which leaving actions out does not show.
 *
 * Most of a long trace waits: time passes from event to event until the right partition runs on the
 * right core. Whoever runs may give the core up at once instead; and what the last action shows may
 * show on a core where nobody has to wait.
 */

import type { Action } from '../../model/actions.ts';
import { createMachine } from '../../model/machine.ts';
import type { Machine } from '../../model/machine.ts';
import type { Plan } from '../../model/plan.ts';
import { step } from '../../model/step.ts';
import { computeTicksToEvent } from '../../model/time.ts';
import { createRandom } from '../engine/random.ts';
import { createDrawer, drawOperands } from './draw.ts';
import { createSlot, getKindIndex, readSlot } from './slots.ts';

/** Times that the last action is drawn anew, alone. */
const DRAWS = 12;
/** Requests that are tried alone: the latest. */
const TRANSFERS_MAX = 4;
/** Seed of those draws: the same trace shrinks the same way. */
const SEED = 1;

/** Instead of a stretch of time: an action of whoever runs, or `hop`: time up to the next event. */
type Stride = 'wait' | 'cpu-off' | 'system-reset' | 'hop';

/** Actions at the end of a stretch of time that stay, where that leaves `LONG` of it. */
const KEPT: readonly number[] = [0, 1, 2, 3];
const LONG = 5;

/** Ways to pass a stretch of time, in few actions. */
const STRIDES: readonly (readonly Stride[])[] = [
  ['wait'],
  ['cpu-off'],
  ['hop'],
  ['wait', 'hop'],
  ['cpu-off', 'hop'],
  ['cpu-off', 'hop', 'hop'],
];

/** Further ways in which a whole trace may pass that ends with time. */
const WHOLE_STRIDES: readonly (readonly Stride[])[] = [
  ['system-reset'],
  ['system-reset', 'hop'],
  ['hop', 'wait'],
  ['hop', 'cpu-off'],
  ['hop', 'hop'],
  ['hop', 'wait', 'hop'],
];

/**
 * Traces from an undisturbed boot, all shorter than these actions, that have nothing of them but
 * what their last action is. `boot` boots a machine.
 */
export function* listDetours(
  plan: Plan,
  boot: readonly Action[],
  actions: readonly Action[],
): Generator<readonly Action[], void> {
  const last = actions.at(-1);
  if (last === undefined || actions.length === 1) return;
  if (last.kind === 'dma-complete') yield* listTransfers(actions);
  if (!('core' in last)) return;
  const { core } = last;
  if (last.kind !== 'time-passes') yield* listRedrawn(plan, boot, last);
  else {
    for (const strides of [...STRIDES, ...WHOLE_STRIDES]) {
      if (strides.length < actions.length) yield passTime(plan, boot, [], strides, core);
    }
  }
  if (isTime(last) || last.kind === 'wait' || last.kind === 'cpu-off') {
    // The least that one virtual CPU can leave to the next: a word in a register.
    if (actions.length > 2)
      yield [
        { kind: 'register-write', core, register: 0, value: 1 },
        { kind: 'wait', core },
      ];
  }
}

/** Traces from an undisturbed boot, all shorter than these actions, that waste less time. */
export function* listShortcuts(
  plan: Plan,
  boot: readonly Action[],
  actions: readonly Action[],
): Generator<readonly Action[], void> {
  const last = actions.at(-1);
  if (last === undefined || actions.length === 1) return;
  yield* listWithoutTime(actions, last);
  yield* listStrides(plan, boot, actions);
}

/** One request of a device alone, in the first slot, which the last action completes. */
function* listTransfers(actions: readonly Action[]): Generator<readonly Action[], void> {
  const requests = actions.filter(({ kind }) => kind === 'dma-issue' || kind === 'bare-dma-issue');
  if (actions.length < 3) return;
  for (const request of requests.toReversed().slice(0, TRANSFERS_MAX)) {
    yield [request, { kind: 'dma-complete', slot: 0 }];
  }
}

/** Without any passing of time; with the last action, or with one that gives the core up. */
function* listWithoutTime(
  actions: readonly Action[],
  last: Action,
): Generator<readonly Action[], void> {
  const others = actions.slice(0, -1).filter((action) => !isTime(action));
  if (others.length + 1 === actions.length) return;
  yield [...others, last];
  if (last.kind !== 'time-passes') return;
  yield [...others, { kind: 'wait', core: last.core }];
  yield [...others, { kind: 'cpu-off', core: last.core }];
}

/** The last action alone, by anybody who can take it at once. */
function* listRedrawn(
  plan: Plan,
  boot: readonly Action[],
  last: Action,
): Generator<readonly Action[], void> {
  const machine = bootMachine(plan, boot);
  const drawer = createDrawer(plan);
  const random = createRandom(SEED);
  const slot = createSlot();
  for (let draw = 0; draw < DRAWS; draw += 1) {
    drawOperands(drawer, random, machine, getKindIndex(last.kind), slot);
    if (last.kind === 'distributor') slot.operation = last.operation;
    yield [readSlot(slot)];
  }
}

/** With a stretch of time in fewer actions: the first stretch first. */
function* listStrides(
  plan: Plan,
  boot: readonly Action[],
  actions: readonly Action[],
): Generator<readonly Action[], void> {
  for (let begin = 0; begin < actions.length - 1;) {
    const end = findEnd(actions, begin);
    const first = actions[begin];
    if (first !== undefined && 'core' in first) {
      for (const kept of KEPT) {
        const length = end - begin - kept;
        if (length < (kept === 0 ? 2 : LONG)) continue;
        for (const strides of STRIDES) {
          if (strides.length >= length) continue;
          const way = passTime(plan, boot, actions.slice(0, begin), strides, first.core);
          yield [...way, ...actions.slice(end - kept)];
        }
      }
    }
    begin = Math.max(end, begin + 1);
  }
}

/** Where the stretch of time on one core ends that begins there; the last action is in none. */
function findEnd(actions: readonly Action[], begin: number): number {
  const first = actions[begin];
  let end = begin;
  while (end < actions.length - 1) {
    const action = actions[end];
    if (action === undefined || !isTime(action) || first === undefined) break;
    if (!('core' in action) || !('core' in first) || action.core !== first.core) break;
    end += 1;
  }
  return end;
}

function isTime({ kind }: Action): boolean {
  return kind === 'time-passes' || kind === 'section';
}

/** Actions that pass time on a core, behind those that come before. */
function passTime(
  plan: Plan,
  boot: readonly Action[],
  before: readonly Action[],
  strides: readonly Stride[],
  core: number,
): Action[] {
  const machine = bootMachine(plan, [...boot, ...before]);
  return [...before, ...strides.map((stride) => takeStride(plan, machine, stride, core))];
}

function takeStride(plan: Plan, machine: Machine, stride: Stride, core: number): Action {
  const ticks = Math.max(1, computeTicksToEvent(plan, machine, core));
  const isHop = stride === 'hop';
  const action: Action = isHop ? { kind: 'time-passes', core, ticks } : { kind: stride, core };
  step(plan, machine, action);
  return action;
}

function bootMachine(plan: Plan, boot: readonly Action[]): Machine {
  const machine = createMachine(plan);
  for (const action of boot) step(plan, machine, action);
  return machine;
}
