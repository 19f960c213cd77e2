/**
 * Boot actions: the undisturbed way from reset to where partitions run.
 */

import type { Action } from '../../model/actions.ts';
import { createMachine } from '../../model/machine.ts';
import type { Plan } from '../../model/plan.ts';
import { step } from '../../model/step.ts';

/**
 * Rounds in which the prelude tries to start virtual CPUs before it leaves the rest to the trace.
 */
const PRELUDE_ROUNDS_MAX = 64;

/** Longest time that the prelude lets pass at once, ticks: about a millisecond on both boards. */
const PRELUDE_TICKS_MAX = 50_000;

/**
 * The actions that bring a machine from reset to where partitions run: boot undisturbed to the
 * seal, then each partition starts its other virtual CPUs as soon as it executes.
 */
export function listBootActions(plan: Plan): Action[] {
  const machine = createMachine(plan);
  const actions: Action[] = [];
  const attempt = (action: Action): boolean => {
    if (step(plan, machine, action) !== 'DONE') return false;
    actions.push(action);
    return true;
  };
  const cores = plan.cores.flatMap((core, index) => (core.el2 && core.used ? [index] : []));
  for (let progress = true; progress && !machine.boot.sealed;) {
    progress = cores.filter((core) => attempt({ kind: 'boot', core, fails: false })).length > 0;
  }
  const vcpusMax = Math.max(0, ...plan.partitions.map(({ vcpus }) => vcpus.length));
  for (let round = 0; round < PRELUDE_ROUNDS_MAX; round += 1) {
    const started = machine.partitions.every(({ vcpus }) => vcpus.every(({ on }) => on));
    if (started) break;
    for (const core of cores) {
      for (let vcpu = 1; vcpu < vcpusMax; vcpu += 1) attempt({ kind: 'cpu-on', core, vcpu });
      const shared = plan.cores[core]?.residents.some(({ dedicated }) => !dedicated) === true;
      if (shared) attempt({ kind: 'time-passes', core, ticks: PRELUDE_TICKS_MAX });
    }
  }
  return actions;
}
