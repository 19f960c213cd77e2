/**
 * Starts: what a partition, or one of its virtual CPUs, finds when it starts, and that none does
 * after boot has failed.
 */

import type { Action } from '../../model/actions.ts';
import { NONE } from '../../model/machine.ts';
import type { Vcpu } from '../../model/machine.ts';
import { REGISTERS } from '../../model/registers.ts';
import { watchEachStep } from '../property.ts';
import type { Context, Monitor, Property, Violation } from '../property.ts';
import { computeDomain } from './domain.ts';

/** The first thing of an earlier life that a virtual CPU still has, in words; null for none. */
function findLeft({ timerArmed, saved }: Vcpu): string | null {
  if (timerArmed) return 'an armed timer';
  const index = saved.findIndex((value) => value !== 0);
  return index === -1 ? null : `a value in ${REGISTERS[index]?.name ?? `register ${index}`}`;
}

/** The virtual CPUs that an action starts anew, as positions in their partition. */
function listStarted(action: Action, count: number): number[] {
  if (action.kind === 'cpu-on') return [action.vcpu];
  return action.kind === 'system-reset' ? Array.from({ length: count }, (_, index) => index) : [];
}

function watchStarts(context: Context): Monitor {
  const { machine, configuration } = context;
  let domain: number | null = null;
  const monitor = watchEachStep((action, outcome, count): Violation | null => {
    const vcpus = machine.partitions[domain ?? NONE]?.vcpus;
    if (outcome !== 'DONE' || domain === null || vcpus === undefined) return null;
    for (const index of listStarted(action, vcpus.length)) {
      const vcpu = vcpus[index];
      if (vcpu === undefined) continue;
      count();
      const left = findLeft(vcpu);
      if (left === null) continue;
      const partition = configuration.partitions[domain]?.name ?? '';
      return {
        property: 'cpu.start',
        message: `virtual CPU ${index} of ${partition} starts anew with ${left}; expected none`,
        witness: { partition, vcpu: index, left },
        at: ['config', 'partitions', domain],
        related: [],
      };
    }
    return null;
  });
  return {
    ...monitor,
    kinds: ['cpu-on', 'system-reset'],
    before: (action) => {
      domain = computeDomain(context, action);
    },
  };
}

/** Actions that do something only while a partition executes. */
const EXECUTED: readonly Action['kind'][] = ['read', 'write', 'fetch', 'register-read', 'wait'];

function watchFailure(): Monitor {
  let failed: number | null = null;
  const monitor = watchEachStep((action, outcome, count): Violation | null => {
    if (action.kind === 'boot') {
      if (action.fails && outcome === 'DONE') failed ??= action.core;
      return null;
    }
    if (failed === null || !EXECUTED.includes(action.kind)) return null;
    count();
    if (outcome !== 'DONE') return null;
    return {
      property: 'seal.failure',
      message: `${action.kind} executes although a step of boot of core ${failed} has failed`,
      witness: { action: action.kind, core: failed },
      at: ['config'],
      related: [],
    };
  });
  return {
    ...monitor,
    kinds: ['boot', ...EXECUTED],
    refusals: true,
    begin: () => {
      failed = null;
    },
  };
}

/** Properties of starts. */
export const START_PROPERTIES: readonly Property[] = [
  {
    id: 'cpu.start',
    statement: 'A virtual CPU that starts, or starts again, has cleared registers and no timer.',
    source: 'Arm DEN 0022, CPU_ON and SYSTEM_RESET; reuse of what held something needs a scrub',
    example: 'a reset that keeps the saved registers',
    sampled: true,
    watch: watchStarts,
  },
  {
    id: 'seal.failure',
    statement: 'Once a step of boot of any core has failed, no partition executes.',
    source: 'immutability: boot reaches running only if every step succeeded',
    example: 'a failure that is forgotten unless the boot core reports it',
    watch: watchFailure,
  },
];
