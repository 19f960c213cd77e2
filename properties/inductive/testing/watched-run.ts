/**
 * Watched run: a machine with windows that takes random micro-steps, on a core that several share.
 */

import type { Action } from '../../../model/actions.ts';
import { createMachine } from '../../../model/machine.ts';
import type { Machine } from '../../../model/machine.ts';
import type { Plan } from '../../../model/plan.ts';
import { step } from '../../../model/step.ts';
import { SHARED_CORE, seal } from '../../../model/testing/small-board.ts';
import { TIMER_LINE } from '../../../model/time.ts';
import { nextBelow } from '../../engine/random.ts';
import type { RandomState } from '../../engine/random.ts';
import { actWatched, dispatchWatched, openWindow } from '../windows.ts';
import type { WatchedMachine } from '../windows.ts';

/** In one step of this many a window is opened anew. */
const OPENING_INTERVAL = 40;
/** Time passes by less than this at once, ticks. */
const TICKS_MAX = 12;

/** The board after boot, with all virtual CPUs started and their timers let through. */
export function createAwake(plan: Plan): Machine {
  const { machine } = seal({ plan, machine: createMachine(plan) });
  for (let core = 0; core < plan.cores.length; core += 1) {
    step(plan, machine, { kind: 'cpu-on', core, vcpu: 1 });
  }
  for (const { vcpus } of machine.partitions) {
    for (const { privateLines } of vcpus) {
      const line = privateLines[TIMER_LINE];
      if (line !== undefined) line.enabled = true;
    }
  }
  return machine;
}

/** What a guest, EL2 and the clock do on the shared core: above all, time passes. */
export function drawAction(plan: Plan, random: RandomState): Action {
  const core = SHARED_CORE;
  const drawn = nextBelow(random, 24);
  if (drawn < 10) return { kind: 'time-passes', core, ticks: 1 + nextBelow(random, TICKS_MAX) };
  if (drawn < 13) {
    return { kind: 'section', core, ticks: 1 + nextBelow(random, Math.max(1, plan.sectionTicks)) };
  }
  if (drawn < 16) return { kind: 'arm-timer', core, ticks: 1 + nextBelow(random, 60) };
  if (drawn < 20) return { kind: 'wait', core };
  if (drawn < 21) return { kind: 'list-register-fill', core, intId: TIMER_LINE };
  if (drawn < 22) return { kind: 'interrupt-acknowledge', core };
  if (drawn < 23) return { kind: 'interrupt-end', core, intId: TIMER_LINE };
  return {
    kind: 'distributor',
    core,
    operation: 'clear-pending',
    intId: TIMER_LINE,
    vcpu: 0,
  };
}

/** Takes micro-steps, and opens the window of the shared core now and then; looks after each. */
export function runWatched(
  plan: Plan,
  machine: WatchedMachine,
  actions: readonly Action[],
  random: RandomState,
  look: (at: string) => void,
): void {
  for (const action of actions) {
    if (nextBelow(random, OPENING_INTERVAL) === 0) {
      openWindow(plan, machine, SHARED_CORE);
      look('a window is opened');
    }
    actWatched(plan, machine, action);
    look(action.kind);
    for (let core = 0; core < plan.cores.length; core += 1) {
      dispatchWatched(plan, machine, core);
    }
    look(`${action.kind}, and each core has chosen`);
  }
}
