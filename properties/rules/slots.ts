/** CPU: tables, in which each partition of a core has fixed slots in a frame that repeats. */

import type { CoreSchedule, Path, Slot } from '../../model/configuration.ts';
import { formatDuration } from './describe.ts';
import {
  computeActivation,
  groupByCore,
  iterateReservations,
  relateActivation,
} from './placed-cpu.ts';
import { defineRule, getPartitionName, type Rule, type RuleContext } from './rule.ts';

const TABLES = 'Cyclic executive in a major frame: ARINC 653, XtratuM, PikeOS';

/** A table with its place. */
interface PlacedTable {
  readonly table: CoreSchedule;
  readonly path: Path;
}

/** A slot with its table and place. */
interface PlacedSlot extends PlacedTable {
  readonly slot: Slot;
  readonly owner: string;
  /** Of the slot. */
  readonly at: Path;
}

function* iterateTables({ configuration }: RuleContext): Generator<PlacedTable> {
  for (const [index, table] of configuration.schedules.entries()) {
    if (table.policy === 'table') yield { table, path: ['config', 'schedule', index] };
  }
}

function* iterateSlots({ configuration }: RuleContext, placed: PlacedTable): Generator<PlacedSlot> {
  for (const [index, slot] of placed.table.slots.entries()) {
    const owner = getPartitionName(configuration, slot.partition);
    yield { ...placed, slot, owner, at: [...placed.path, 'slots', index] };
  }
}

function computeSlotEnd({ startNs, durationNs }: Slot): number {
  return startNs + durationNs;
}

/** Both ends of a slot, half-open: `[1ms, 5ms)`. */
function formatSlot(slot: Slot): string {
  return `[${formatDuration(slot.startNs)}, ${formatDuration(computeSlotEnd(slot))})`;
}

const tableOverlap = defineRule({
  code: 'CPU-TABLE-OVERLAP',
  title: 'Validate that the slots of a table stand in order and do not overlap.',
  reason: 'Two partitions would own the core at one time, and which of them runs is not decided.',
  source: `${TABLES}; XtratuM and a653rs check the same`,
  example: {
    before: 'start: 0us, duration: 2ms, then start: 1ms',
    after: 'start: 0us, duration: 2ms, then start: 2ms',
  },
  *violations(context) {
    for (const table of iterateTables(context)) {
      let latest: PlacedSlot | null = null;
      for (const placed of iterateSlots(context, table)) {
        const { slot, owner, at } = placed;
        if (latest !== null && slot.startNs < computeSlotEnd(latest.slot)) {
          yield {
            message:
              `slot ${formatSlot(slot)} of ${owner} on core ${table.table.core} begins before ` +
              `slot ${formatSlot(latest.slot)} of ${latest.owner} ends: expected a start of at ` +
              `least ${formatDuration(computeSlotEnd(latest.slot))}, ` +
              `found ${formatDuration(slot.startNs)}`,
            help: 'write the slots in the order of time, each behind the end of the one before',
            at: [...at, 'start'],
            related: [{ message: `the slot of ${latest.owner} is here`, at: latest.at }],
          };
        }
        const ends = latest === null ? 0 : computeSlotEnd(latest.slot);
        if (latest === null || computeSlotEnd(slot) > ends) latest = placed;
      }
    }
  },
});

const tableFrame = defineRule({
  code: 'CPU-TABLE-FRAME',
  title: 'Validate that every slot of a table ends within the frame.',
  reason: 'What is left of the slot at the end of the frame would fall into the next one.',
  source: TABLES,
  example: {
    before: 'frame: 10ms, start: 9ms, duration: 2ms',
    after: 'frame: 10ms, start: 8ms, duration: 2ms',
  },
  *violations(context) {
    for (const table of iterateTables(context)) {
      const { core, frameNs } = table.table;
      const frame = frameNs ?? 0;
      if (frame <= 0) {
        yield {
          message: `frame of core ${core} is empty: expected more than 0, found 0ns`,
          help: 'state after how long the slots repeat',
          at: [...table.path, 'frame'],
        };
      }
      for (const { slot, owner, at } of iterateSlots(context, table)) {
        if (computeSlotEnd(slot) <= frame || frame <= 0) continue;
        yield {
          message:
            `slot ${formatSlot(slot)} of ${owner} on core ${core} ends behind the frame: ` +
            `expected an end of at most ${formatDuration(frame)}, ` +
            `found ${formatDuration(computeSlotEnd(slot))}`,
          help: 'shorten the slot, or lengthen the frame',
          at,
          related: [
            { message: `the frame is ${formatDuration(frame)}`, at: [...table.path, 'frame'] },
          ],
        };
      }
    }
  },
});

const tablePartition = defineRule({
  code: 'CPU-TABLE-PARTITION',
  title: 'Validate that exactly the partitions with a cpu on the core have slots.',
  reason: 'A slot for somebody else is idle time; a partition without a slot never runs.',
  source: `${TABLES}; Muen and POK demand that every partition is scheduled`,
  example: {
    before: 'cpus: [{ core: 2 }], no slot on core 2',
    after: 'slots: [{ partition: linux, start: 0us, duration: 4ms }]',
  },
  *violations(context) {
    const groups = groupByCore(iterateReservations(context));
    for (const table of iterateTables(context)) {
      const { core, slots } = table.table;
      const residents = groups.get(core) ?? [];
      for (const { slot, owner, at } of iterateSlots(context, table)) {
        if (residents.some(({ partition }) => partition === slot.partition)) continue;
        yield {
          message:
            `slot ${formatSlot(slot)} on core ${core} is for ${owner}, which has no cpu there: ` +
            'expected a partition with a cpu on the core',
          help: `add { core: ${core} } to the cpus of ${owner}, or remove the slot`,
          at: [...at, 'partition'],
        };
      }
      for (const { partition, owner, path } of residents) {
        if (slots.some((slot) => slot.partition === partition)) continue;
        yield {
          message:
            `${owner} has a cpu on core ${core} and no slot in its table: ` +
            'expected at least one, found none',
          help: 'give it a slot, or remove the cpu',
          at: path,
          related: [{ message: `the table of core ${core} is here`, at: table.path }],
        };
      }
    }
  },
});

const tableShort = defineRule({
  code: 'CPU-TABLE-SHORT',
  title: 'Validate that every slot is longer than an activation.',
  reason: 'Every slot begins with a context switch and a reload; in a shorter one nobody runs.',
  source: 'Charge the preemptor: each slot pays for its own activation',
  example: { before: 'context-switch: 5us, duration: 5us', after: 'duration: 1ms' },
  *violations(context) {
    const activation = computeActivation(context);
    for (const table of iterateTables(context)) {
      for (const { slot, owner, at } of iterateSlots(context, table)) {
        if (slot.durationNs > activation) continue;
        yield {
          message:
            `slot ${formatSlot(slot)} of ${owner} on core ${table.table.core} is used up by its ` +
            `activation: expected more than ${formatDuration(activation)}, ` +
            `found ${formatDuration(slot.durationNs)}`,
          help: 'lengthen the slot, or join it with another one of the partition',
          at: [...at, 'duration'],
          related: relateActivation(context),
        };
      }
    }
  },
});

/** The rules on tables. */
export const SLOT_RULES: readonly Rule[] = [tableOverlap, tableFrame, tablePartition, tableShort];
