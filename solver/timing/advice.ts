/**
 * Advice: the smallest change of one number of a reservation that makes its delay claim hold and
 * breaks no other claim of the core.
 */

import { computeTicksCeil, type Nanoseconds } from '../../model/units.ts';
import { computeGcd } from './arithmetic.ts';
import { computeMemberBound } from './bounds.ts';
import { formatTicks } from './duration.ts';
import type { CoreMember, CoreTicks, ReservationTicks } from './reservation.ts';

/** Advice is given on this grid where the timer allows it, ns. */
const GRID_NS = 10_000 as Nanoseconds;
const NS_PER_S = 1_000_000_000;

/** Ticks between two values that may be advised: whole nanoseconds, close to the grid. */
function computeStep(timerHz: number): number {
  const whole = timerHz / computeGcd(timerHz, NS_PER_S);
  return Math.max(1, Math.round(computeTicksCeil(GRID_NS, timerHz) / whole)) * whole;
}

/** The core with other numbers for one member. */
function replaceReservation(
  core: CoreTicks,
  member: CoreMember,
  reservation: ReservationTicks,
): { readonly core: CoreTicks; readonly member: CoreMember } {
  const changed = { ...member, reservation };
  const members = core.members.map((other) => (other === member ? changed : other));
  return { core: { ...core, members }, member: changed };
}

/** Number of members whose claim fails, or who do not get their budget. */
function countBroken(core: CoreTicks): number {
  return core.members.filter((member) => {
    const bound = computeMemberBound(core, member);
    return bound.verdict === 'violated' || !bound.schedulable;
  }).length;
}

/**
 * Smallest number of steps in [1, last] for which the predicate holds, if it ever does from some
 * on.
 */
function findFirst(last: number, holds: (steps: number) => boolean): number | null {
  if (last < 1 || !holds(last)) return null;
  let [low, high] = [1, last];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (holds(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/**
 * A value of `change(steps)` that makes the member's claim hold and breaks nothing else, or null.
 */
function findChange(
  core: CoreTicks,
  member: CoreMember,
  last: number,
  change: (steps: number) => ReservationTicks,
): ReservationTicks | null {
  const steps = findFirst(last, (count) => {
    const changed = replaceReservation(core, member, change(count));
    return computeMemberBound(changed.core, changed.member).verdict === 'holds';
  });
  if (steps === null) return null;
  const found = change(steps);
  const changed = replaceReservation(core, member, found);
  const bound = computeMemberBound(changed.core, changed.member);
  return bound.schedulable && countBroken(changed.core) < countBroken(core) ? found : null;
}

/** Ways to make a violated delay claim hold, as a sentence. */
export function adviseDelay(core: CoreTicks, member: CoreMember): string {
  const { reservation } = member;
  const { boundTicks } = computeMemberBound(core, member);
  const ways: string[] = [];
  const step = computeStep(core.timerHz);
  if (boundTicks !== null) {
    const allowed = Math.ceil(boundTicks / step) * step;
    ways.push(`allow max-delay: ${formatTicks(allowed, core.timerHz)}`);
  }
  if (reservation !== null) {
    const { budget, period } = reservation;
    const onGrid = Math.ceil(period / step) * step;
    const shorter = findChange(core, member, Math.floor((period - budget) / step), (steps) => ({
      ...reservation,
      period: onGrid - steps * step,
    }));
    if (shorter !== null)
      ways.push(`shorten its period to ${formatTicks(shorter.period, core.timerHz)}`);
    const start = Math.floor(budget / step) * step;
    const larger = findChange(core, member, Math.floor((period - start) / step), (steps) => ({
      ...reservation,
      budget: start + steps * step,
    }));
    if (larger !== null)
      ways.push(`raise its budget to ${formatTicks(larger.budget, core.timerHz)}`);
  }
  if (ways.length > 0) return ways.join(', or ');
  return (
    `no budget, period or max-delay of ${member.name} alone can hold: ` +
    'lower the load of the core'
  );
}
