/**
 * Words: what a load gives and a store leaves is the word of the page that the bus names.
 */

import type { AccessAction, Action, ActionKind, BusAction } from '../../model/actions.ts';
import { NONE } from '../../model/machine.ts';
import { readWord } from '../../model/memory.ts';
import { X0 } from '../../model/registers.ts';
import { PAGE_SIZE } from '../../model/units.ts';
import { formatAddress } from '../findings.ts';
import { watchEachStep } from '../property.ts';
import type { Context, Monitor, Property, Violation } from '../property.ts';

const KINDS: readonly ActionKind[] = ['read', 'write', 'bus-read', 'bus-write'];

function isAccess(action: Action): action is AccessAction | BusAction {
  return KINDS.includes(action.kind);
}

function watchWords({ machine }: Context): Monitor {
  let loaded = NONE;
  const monitor = watchEachStep((action, outcome, count): Violation | null => {
    if (outcome !== 'DONE' || !isAccess(action)) return null;
    const core = machine.cores[action.core];
    // Where the core has another guest by now, the word is with the one before.
    if (core === undefined || core.loaded !== loaded) return null;
    count();
    const { frame } = machine.bus;
    const isLoad = action.kind === 'read' || action.kind === 'bus-read';
    const expected = isLoad ? readWord(machine.memory, frame) : action.value;
    const found = isLoad ? core.registers[X0] : readWord(machine.memory, frame);
    if (found === expected) return null;
    const page = formatAddress(frame * PAGE_SIZE);
    return {
      property: 'memory.word',
      message: isLoad
        ? `a load from page ${page}, which holds ${expected}, gives ${found}`
        : `a store of ${expected} leaves ${found} in page ${page}`,
      witness: { page, expected, found: String(found) },
      at: ['config'],
      related: [],
    };
  });
  return {
    ...monitor,
    kinds: KINDS,
    before: (action) => {
      if (isAccess(action)) loaded = machine.cores[action.core]?.loaded ?? NONE;
    },
  };
}

/** The property of words. */
export const WORD_PROPERTY: Property = {
  id: 'memory.word',
  statement:
    'A load gives the word of the page that is reached, and a store leaves its word there.',
  source: 'Arm ARM, memory model: the page that translation names is the one that is accessed',
  example: 'a load at the end of a region that returns what lies behind it',
  sampled: true,
  watch: watchWords,
};
