/**
 * Bugs of what the checker lets a core promise: budgets, periods, slots, whole cores.
 */

import type { RuleBug } from '../rule-bug.ts';

const CPU = { file: 'properties/rules/cpu.ts' } as const;

/** Bugs of schedules. */
export const PROMISE_BUGS: readonly RuleBug[] = [
  {
    ...CPU,
    name: 'a budget may be twice its period',
    row: 'SCH-07',
    find: 'if (budgetNs <= periodNs || periodNs <= 0) continue;',
    replace: 'if (budgetNs <= 2 * periodNs || periodNs <= 0) continue;',
    breaks: 'A budget promises more than there is.',
    property: 'CPU-BUDGET-PERIOD',
    run: 'time.window',
  },
  {
    ...CPU,
    name: 'budgets of a core may add up to two cores',
    row: 'SCH-07',
    find: 'const whole = { numerator: 1n, denominator: 1n };',
    replace: 'const whole = { numerator: 2n, denominator: 1n };',
    breaks: 'Not every partition gets the budget that it was promised.',
    property: 'CPU-OVERCOMMITTED',
    run: null,
    unseen: 'a run is held against bounds, and nobody who gets too little has one',
  },
  {
    ...CPU,
    name: 'the least budget is computed before overheads become ticks',
    row: 'SCH-08',
    find: 'Math.max(2 * contextSwitchNs + reloadNs, computeActivation(context))',
    replace: '2 * contextSwitchNs + reloadNs',
    breaks: 'A budget is used up by the switch to the partition, which never runs.',
    property: 'CPU-BUDGET-MINIMUM',
    nearMiss: [
      ['context-switch: 5us', 'context-switch: 1ns, reload: 1ns'],
      ['budget: 1ms', 'budget: 32ns'],
      ['wcet: 300us, period: 20ms', 'wcet: 10ns, period: 20ms'],
      ['wcet: 100us', 'wcet: 10ns'],
      [', max-delay: 9ms', ''],
    ],
    run: null,
    unseen: 'whoever never runs has no bound that a run could break',
  },
  {
    ...CPU,
    name: 'two partitions may have one core whole',
    row: 'SCH-19',
    find: 'if (other.partition === whole.partition) continue;',
    replace: 'if (other.partition === whole.partition || other.cpu.reservation === null) continue;',
    breaks: 'One of the two never runs, or both run at the cost of each other.',
    property: 'CPU-WHOLE-SHARED',
    run: 'cpu.whole',
  },
  {
    name: 'a slot may end behind its frame',
    row: 'SCH-18',
    file: 'properties/rules/slots.ts',
    find: 'if (computeSlotEnd(slot) <= frame || frame <= 0) continue;',
    replace: 'if (slot.startNs <= frame || frame <= 0) continue;',
    breaks: 'Whoever has the slot gets less than it says.',
    property: 'CPU-TABLE-FRAME',
    run: null,
    unseen: 'the plan ends a slot with its frame, and runs are held against the plan',
  },
];
