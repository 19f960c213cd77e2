/**
 * Catalogue: all properties of the machine, in the order in which a step is judged.
 */

import { INDUCTIVE_PROPERTIES } from './invariants/inductive.ts';
import { INTERRUPT_PROPERTIES } from './invariants/interrupts.ts';
import { NONINTERFERENCE_PROPERTIES } from './invariants/noninterference.ts';
import { START_PROPERTIES } from './invariants/starts.ts';
import { TABLE_PROPERTIES } from './invariants/tables.ts';
import { TIME_PROPERTIES } from './invariants/time.ts';
import { TIMER_PROPERTY } from './invariants/timers.ts';
import { TRANSACTION_PROPERTIES } from './invariants/transactions.ts';
import { WORD_PROPERTY } from './invariants/words.ts';
import type { Property } from './property.ts';

/** Every property that a run is judged by. */
export const PROPERTIES: readonly Property[] = [
  ...TRANSACTION_PROPERTIES,
  WORD_PROPERTY,
  ...TABLE_PROPERTIES,
  ...INTERRUPT_PROPERTIES,
  TIMER_PROPERTY,
  ...TIME_PROPERTIES,
  ...START_PROPERTIES,
  ...NONINTERFERENCE_PROPERTIES,
  ...INDUCTIVE_PROPERTIES,
];

/** Violations that no monitor reports because the engine itself sees them. */
export const ENGINE_PROPERTIES: readonly Omit<Property, 'watch'>[] = [
  {
    id: 'seal.total',
    statement: 'Every action in every state has an outcome; none throws.',
    source: 'totality of the step function: a bad input harms only its sender',
    example: 'an index from a partition that is used unchecked',
  },
  {
    id: 'seal.crash',
    statement:
      'Every trace can be run and judged: nothing throws, takes all memory or ends the program. ' +
      'Where something does, the fuzzer goes on, and the verdict is inconclusive.',
    source: 'a fuzzer that stops has judged nothing',
    example: 'a list in a monitor that grows with every step',
  },
  {
    id: 'noninterference.refusal',
    statement: 'A refused action changes nothing that any partition observes.',
    source: 'Haven: guards first, then one effect',
    example: 'a check that comes after the first write',
  },
];
