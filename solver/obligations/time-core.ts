/** What the bounds of a core rest on: well-formed accounts, a table, rates of interrupts. */

import type { StaticConfiguration } from '../../model/configuration.ts';
import { computeTicksCeil, computeTicksFloor } from '../../model/units.ts';
import type { Obligation } from '../obligation.ts';
import {
  add,
  and,
  integerVariable,
  less,
  lessOrEqual,
  multiply,
  not,
  or,
  subtract,
  within,
} from '../smt/term.ts';
import { formatTicks } from '../timing/duration.ts';
import type { CoreTicks, SlotTicks } from '../timing/reservation.ts';
import { createFinding } from './claim.ts';
import { INTERRUPTS, SLOTS, WELL_FORMED } from './time-claims.ts';
import {
  describeShare,
  findPlaced,
  getCpuPath,
  getInstance,
  type PlacedMember,
  readTicks,
} from './time-run.ts';

/** The obligation that the lemmas are about this reservation; null where there is none. */
export function proveWellFormed(placed: PlacedMember): Obligation | null {
  const { core, member } = placed;
  const { reservation } = member;
  if (reservation === null || core.policy === 'table') return null;
  const { budget, period, phase } = reservation;
  const { overrun, activation } = core.overheads;
  const least = overrun + activation + 1;
  const isBroken = budget < least || budget > period || phase < 0;
  const format = (ticks: number): string => formatTicks(ticks, core.timerHz);
  return {
    ...WELL_FORMED,
    id: `${WELL_FORMED.id}[${getInstance(placed)}]`,
    assume: [],
    refute: or([less(budget, least), less(period, budget), less(phase, 0)]),
    decode: () => ({
      partition: member.name,
      core: core.core,
      share: describeShare(member, core.timerHz),
      'least budget': format(least),
    }),
    confirms: () => isBroken,
    finding: () =>
      createFinding(
        WELL_FORMED,
        `${member.name} has ${describeShare(member, core.timerHz)} on core ${core.core}: ` +
          `expected a budget of ${format(least)}, so that EL2 leaves a tick, up to its period`,
        { label: '', path: getCpuPath(member, 'budget') },
      ),
  };
}

/** An instant of a frame. */
const INSTANT = integerVariable('instant');

/** The obligation that no two slots of a table meet; null for other cores. */
export function proveSlots(core: CoreTicks): Obligation | null {
  const { table } = core;
  if (table === null) return null;
  const { frame, slots } = table;
  const inSlots = slots.map(({ start, end }) => within(INSTANT, start, end));
  const meets = inSlots.flatMap((inSlot, index) =>
    inSlots.slice(index + 1).map((inOther) => and([inSlot, inOther])),
  );
  const isOutside = and([or(inSlots), not(within(INSTANT, 0, frame))]);
  const hold = (ticks: number): SlotTicks[] =>
    slots.filter(({ start, end }) => start <= ticks && ticks < end);
  return {
    ...SLOTS,
    id: `${SLOTS.id}[${core.core}]`,
    assume: [lessOrEqual(0, INSTANT)],
    refute: or([...meets, isOutside]),
    decode: (model) => {
      const ticks = readTicks(model, INSTANT);
      return { core: core.core, instant: ticks, slots: hold(ticks).length, frame };
    },
    confirms: (_, { instant }) => {
      const held = hold(Number(instant));
      return held.length > 1 || (held.length === 1 && Number(instant) >= frame);
    },
    finding: (_, { instant }) => {
      const ticks = Number(instant);
      const held = hold(ticks);
      const names = held.map(({ member }) => core.members[member]?.name ?? 'nobody');
      const at = `${formatTicks(ticks, core.timerHz)} after the frame of core ${core.core} begins`;
      return createFinding(
        SLOTS,
        held.length > 1
          ? `slots of ${names.join(' and ')} meet: expected one slot ${at}, found ${held.length}`
          : `the slot of ${names.join()} leaves the frame: expected none ${at}, found one`,
        { label: '', path: ['config', 'schedule'] },
      );
    },
  };
}

/** The obligation that interrupts fit a budget; null where none costs anything. */
export function proveInterrupts(
  configuration: StaticConfiguration,
  placed: PlacedMember,
): Obligation | null {
  const { core, member } = placed;
  const { reservation } = member;
  const rates = configuration.partitions[member.partition]?.interruptRates ?? [];
  const cost = core.costs.interrupt;
  if (reservation === null || cost === 0 || rates.length === 0) return null;
  const { budget, period } = reservation;
  const lines = rates.map(({ irq, distanceNs, jitterNs }) => ({
    irq,
    count: integerVariable(`count.${irq}`),
    // Rounded so that more interrupts come.
    distance: Math.max(1, computeTicksFloor(distanceNs, core.timerHz)),
    span: period + computeTicksCeil(jitterNs, core.timerHz),
  }));
  const total = lines.reduce(
    (sum, { distance, span }) => sum + Math.ceil(span / distance) * cost,
    0,
  );
  const format = (ticks: number): string => formatTicks(ticks, core.timerHz);
  return {
    ...INTERRUPTS,
    id: `${INTERRUPTS.id}[${getInstance(placed)}]`,
    statement:
      `Interrupts of ${member.name} take no more than its budget of core ${core.core}, ` +
      `${format(budget)} in every ${format(period)}.`,
    assume: lines.flatMap(({ count, distance, span }) => [
      lessOrEqual(0, count),
      less(multiply(distance, subtract(count, 1)), span),
    ]),
    refute: less(budget, add(...lines.map(({ count }) => multiply(cost, count)))),
    decode: (model) => ({
      partition: member.name,
      core: core.core,
      ...Object.fromEntries(
        lines.map(({ irq, count }) => [`interrupts of ${irq}`, readTicks(model, count)]),
      ),
    }),
    confirms: (given) => findPlaced(given, placed) !== null && total > budget,
    finding: () =>
      createFinding(
        INTERRUPTS,
        `interrupts of ${member.name} take up to ${format(total)} of a period on core ` +
          `${core.core}: expected at most its budget of ${format(budget)}`,
        { label: '', path: getCpuPath(member, 'budget') },
        {
          label: 'the rates are here',
          path: ['config', 'partitions', member.partition, 'interrupt-rates'],
        },
      ),
  };
}
