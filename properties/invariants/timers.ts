/**
 * Timers: whom time interrupts when it passes.
 */

import { TIMER_LINE } from '../../model/time.ts';
import { watchEachStep } from '../property.ts';
import type { Context, Monitor, Property, Violation } from '../property.ts';

/** Timers that are armed, and lines of timers that are pending, as numbers of virtual CPUs. */
interface Before {
  readonly armed: Set<number>;
  readonly pending: Set<number>;
}

/** Virtual CPUs of a partition at most: a number for each one of each partition. */
const VCPUS_MAX = 1024;

function watchTimers({ machine, configuration }: Context): Monitor {
  const old: Before = { armed: new Set(), pending: new Set() };
  const note = (): void => {
    old.armed.clear();
    old.pending.clear();
    for (const [partition, { vcpus }] of machine.partitions.entries()) {
      for (const [vcpu, { timerArmed, privateLines }] of vcpus.entries()) {
        const number = partition * VCPUS_MAX + vcpu;
        if (timerArmed) old.armed.add(number);
        if (privateLines[TIMER_LINE]?.pending === true) old.pending.add(number);
      }
    }
  };
  const monitor = watchEachStep((action, outcome, count): Violation | null => {
    if (action.kind !== 'time-passes' || outcome !== 'DONE') return null;
    for (const [partition, { vcpus }] of machine.partitions.entries()) {
      for (const [vcpu, { privateLines }] of vcpus.entries()) {
        const number = partition * VCPUS_MAX + vcpu;
        if (privateLines[TIMER_LINE]?.pending !== true || old.pending.has(number)) continue;
        count();
        if (old.armed.has(number)) continue;
        const name = configuration.partitions[partition]?.name ?? '';
        return {
          property: 'irq.timer',
          message: `the timer of virtual CPU ${vcpu} of ${name} fires, which has armed none`,
          witness: { partition: name, vcpu },
          at: ['config', 'partitions', partition],
          related: [],
        };
      }
    }
    return null;
  });
  return {
    ...monitor,
    kinds: ['time-passes'],
    before: ({ kind }) => {
      if (kind === 'time-passes') note();
    },
  };
}

/** The property of timers. */
export const TIMER_PROPERTY: Property = {
  id: 'irq.timer',
  statement: 'When time passes, it raises the timer of a virtual CPU only where that has armed it.',
  source: 'Arm ARM, CNTV_CVAL_EL0: a virtual timer belongs to one virtual CPU',
  example: 'a timer that fires for another partition than the one that armed it',
  sampled: true,
  watch: watchTimers,
};
