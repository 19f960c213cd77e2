/**
 * Phases: families of states by how far boot has come.
 *
 * Within a phase most of what boot programs is fixed, so that a proof meets constants. Every state
 * is in exactly one phase; only boot actions lead from one to another, and always forward.
 */

import { BOOT_OFF, BOOT_SEALED, BOOT_STAGE2, createMachine } from '../../model/machine.ts';
import type { Machine } from '../../model/machine.ts';
import type { Plan } from '../../model/plan.ts';
import { step } from '../../model/step.ts';

/** How far boot has come. */
export type Phase =
  | {
      readonly kind: 'boot';
      /** Last complete step of the boot core, `BOOT_OFF` to `BOOT_SEALED`; it goes first. */
      readonly leader: number;
    }
  | { readonly kind: 'sealed' };

/** Every phase that a machine of this plan can be in, in the order of boot. */
export function listPhases(plan: Plan): Phase[] {
  const phases: Phase[] = [{ kind: 'boot', leader: BOOT_OFF }];
  if (plan.bootCore === -1) return phases;
  // The boot core waits in its last step for the others, if there are any.
  const others = plan.cores.some(({ el2, used }, core) => el2 && used && core !== plan.bootCore);
  const last = others ? BOOT_SEALED : BOOT_SEALED - 1;
  for (let leader = BOOT_STAGE2; leader <= last; leader += 1) {
    phases.push({ kind: 'boot', leader });
  }
  return [...phases, { kind: 'sealed' }];
}

/** The phase of a state. */
export function computePhase(plan: Plan, machine: Machine): Phase {
  if (machine.boot.sealed) return { kind: 'sealed' };
  const leader = machine.boot.steps[plan.bootCore] ?? BOOT_OFF;
  return { kind: 'boot', leader };
}

/** A name of the phase, for messages and tables: `boot-1`, `sealed`. */
export function describePhase(phase: Phase): string {
  return phase.kind === 'sealed' ? 'sealed' : `boot-${phase.leader}`;
}

/**
 * The first state of the phase in which nothing but boot has happened, and nothing has failed:
 * other cores are still at reset, but for the sealed phase.
 */
export function createReference(plan: Plan, phase: Phase): Machine {
  const machine = createMachine(plan);
  const isReached = (): boolean =>
    describePhase(computePhase(plan, machine)) === describePhase(phase);
  const others = plan.cores.flatMap((_, core) => (core === plan.bootCore ? [] : [core]));
  for (const core of [plan.bootCore, ...others]) {
    while (!isReached()) {
      if (step(plan, machine, { kind: 'boot', core, fails: false }) !== 'DONE') break;
    }
  }
  return machine;
}
