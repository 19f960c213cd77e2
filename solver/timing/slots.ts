/**
 * Slots: the exact delay under a time table, whose slots come at fixed places of a frame.
 *
 * Each begin of a slot is an activation of its resident, so is a wake within it; an activation
 * takes A + 1 ticks of what is left of the slot. A section that somebody else has begun at the
 * end of what was before may run into a slot; one of somebody who uses slack may begin in it,
 * where its resident is not ready.
 */

import { checkExact, divideFloor } from './arithmetic.ts';
import type { FixedPoint } from './response.ts';
import { computeLongestSection, type CoreMember, type CoreTicks } from './reservation.ts';

/** A slot of one resident. */
export interface OwnSlot {
  readonly start: number;
  readonly end: number;
  /** Longest that a section of somebody else runs into it. */
  readonly spill: number;
}

/** What a resident of a table counts on. */
export interface SlotSupply {
  readonly frame: number;
  /** In order; at least one. */
  readonly slots: readonly OwnSlot[];
  readonly activation: number;
  /** Longest section that may have just begun where the resident gets ready within a slot. */
  readonly blocking: number;
  /** Ticks that its guest gets in each frame for certain, at least 1. */
  readonly usable: number;
}

/** Longest section of others on the core that run uncharged; 0 where nobody else may. */
export function computeSlackSection(core: CoreTicks, member: CoreMember): number {
  const others = core.members.some((other) => other !== member && other.slack);
  return others ? computeLongestSection(core.costs) : 0;
}

/** What a member of a core with a table counts on; null where its slots give its guest nothing. */
export function computeMemberSlots(core: CoreTicks, member: CoreMember): SlotSupply | null {
  const { table, costs } = core;
  if (table === null) return null;
  const index = core.members.indexOf(member);
  const blocking = computeSlackSection(core, member);
  const excess = Math.max(0, computeLongestSection(costs) - 1);
  const foreign = table.slots.filter((slot) => slot.member !== index);
  const slots = table.slots
    .filter((slot) => slot.member === index && slot.end > slot.start)
    .map(({ start, end }): OwnSlot => {
      const gaps = foreign.map((other) => (start - other.end + table.frame) % table.frame);
      const gap = blocking > 0 ? 0 : Math.min(...gaps);
      return { start, end, spill: Math.max(0, excess - gap) };
    });
  const { activation } = costs;
  const usable = slots.reduce((sum, slot) => sum + computeUsable(slot, activation), 0);
  return usable < 1 ? null : { frame: table.frame, slots, activation, blocking, usable };
}

function computeUsable({ start, end, spill }: OwnSlot, activation: number): number {
  return Math.max(0, end - start - spill - activation);
}

/**
 * From here on this slot is too short for who wakes; whoever is ready earlier gets as much more.
 */
function computeReady({ start, end }: OwnSlot, { blocking, activation }: SlotSupply): number {
  return Math.max(start, end - blocking - activation);
}

/** Longest from any instant at which the resident is ready until it has got `demand` >= 1 ticks. */
export function computeSlotDelay(supply: SlotSupply, demand: number): FixedPoint {
  let worst = 0;
  supply.slots.forEach((slot, index) => {
    worst = Math.max(worst, computeFinish(supply, index, demand) - computeReady(slot, supply));
  });
  return { kind: 'found', ticks: checkExact(worst) };
}

/** Longest that it does not run on the way to any demand of at most one frame's ticks. */
export function computeSlotWait(supply: SlotSupply): number {
  const { slots, activation, usable } = supply;
  let worst = 0;
  slots.forEach((slot, index) => {
    // The wait grows only with the first tick of a slot.
    let demand = 1;
    for (let next = 1; next <= slots.length && demand <= usable; next += 1) {
      const wait = computeFinish(supply, index, demand) - computeReady(slot, supply) - demand;
      worst = Math.max(worst, wait);
      const passed = slots[(index + next) % slots.length];
      demand += passed === undefined ? 0 : computeUsable(passed, activation);
    }
  });
  return worst;
}

/** When `demand` ticks have been got in slots after this one, from the frame that it is in. */
function computeFinish(
  { frame, slots, activation, usable }: SlotSupply,
  index: number,
  demand: number,
): number {
  const frames = divideFloor(demand - 1, usable);
  let left = demand - frames * usable;
  let base = checkExact(frames * frame);
  for (let next = index + 1; ; next += 1) {
    if (next % slots.length === 0) base += frame;
    const slot = slots[next % slots.length];
    // The index is taken modulo the length.
    if (slot === undefined) throw new RangeError('a slot is one of the slots');
    const got = computeUsable(slot, activation);
    if (left <= got) return base + slot.start + slot.spill + activation + left;
    left -= got;
  }
}
