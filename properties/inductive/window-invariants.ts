/**
 * Invariants of windows, and what values the fields of one may have.
 *
 * They speak of cores with fixed priorities: there whoever is before another in the order is more
 * urgent at any time.
 */

import type { Machine } from '../../model/machine.ts';
import type { Plan } from '../../model/plan.ts';
import { isReservation } from './entitlement.ts';
import type { InductiveInvariant } from './invariant.ts';
import type { FieldShape, ShapeOf } from './shape.ts';
import {
  isBehindLoss,
  isBlockedOnce,
  isBusyAble,
  isClearWithout,
  isShareBounded,
  openWindow,
} from './windows.ts';
import type { Share, WatchedMachine, Window } from './windows.ts';

const FILE = 'properties/inductive/windows.ts';
const COUNT: FieldShape = { kind: 'integer', low: 0, high: null };
const NOTHING: FieldShape = { kind: 'constant', value: 0 };
const NEVER: FieldShape = { kind: 'constant', value: false };

/**
 * Cores that residents share by fixed priorities, each with a budget that debt and one stay at EL2
 * cannot spend: else a replenishment could be spent before EL2 has noticed it.
 */
export function listWatchedCores({ cores, blockingTicks, overrunTicks }: Plan): number[] {
  return cores.flatMap(({ el2, policy, residents }, core) => {
    const isShared =
      residents.length > 0 &&
      residents.every((one) => isReservation(one) && one.budget > blockingTicks + overrunTicks);
    return el2 && policy === 'fp' && isShared ? [core] : [];
  });
}

/** What values the fields of windows may have: any that a note can give. */
export function describeWindows(plan: Plan): ShapeOf<Window[]> {
  const watched = new Set(listWatchedCores(plan));
  return plan.cores.map((planned, core) =>
    watched.has(core)
      ? {
          length: COUNT,
          shares: planned.residents.map((_, index) => describeShare(isBehindLoss(planned, index))),
        }
      : { length: NOTHING, shares: [] },
  );
}

function describeShare(isBehind: boolean): ShapeOf<Share> {
  return {
    taken: COUNT,
    carry: COUNT,
    first: COUNT,
    early: COUNT,
    epochs: COUNT,
    busy: { kind: 'boolean' },
    blocked: COUNT,
    spare: COUNT,
    clear: isBehind ? { kind: 'boolean' } : NEVER,
    held: isBehind ? COUNT : NOTHING,
    served: isBehind ? COUNT : NOTHING,
  };
}

/** The machine, as it is, with a window on each watched core that opens now. */
export function watchMachine(plan: Plan, machine: Machine): WatchedMachine {
  const watched = new Set(listWatchedCores(plan));
  const windows = plan.cores.map(({ residents }, core): Window => ({
    length: 0,
    shares: watched.has(core) ? residents.map(createShare) : [],
  }));
  const watching = { ...machine, windows };
  for (const core of watched) openWindow(plan, watching, core);
  return watching;
}

function createShare(): Share {
  const untouched = { taken: 0, carry: 0, first: 0, early: 0, epochs: 0, blocked: 0, spare: 0 };
  return { ...untouched, held: 0, served: 0, busy: false, clear: false };
}

/** Index tuples: a watched core, and one of its residents. */
function ofResidents(plan: Plan): readonly (readonly number[])[] {
  return listWatchedCores(plan).flatMap((core) =>
    (plan.cores[core]?.residents ?? []).map((_, index) => [core, index]),
  );
}

/** Of these, the residents that wait for somebody that loses its budget while idle. */
function ofBehindLoss(plan: Plan): readonly (readonly number[])[] {
  return ofResidents(plan).filter(([core = -1, index = -1]) => {
    const planned = plan.cores[core];
    return planned !== undefined && isBehindLoss(planned, index);
  });
}

/** An invariant of machines with windows. */
function watch(
  invariant: Omit<InductiveInvariant, 'holds' | 'file' | 'instances' | 'indices' | 'watched'>,
  holds: (plan: Plan, machine: WatchedMachine, core: number, index: number) => boolean,
  instances = ofResidents,
): InductiveInvariant {
  return {
    ...invariant,
    indices: ['core', 'resident'],
    file: FILE,
    // It is held against machines that have windows alone.
    holds: holds as InductiveInvariant['holds'],
    instances,
    watched: true,
  };
}

/** Every invariant of windows, once. */
export const WINDOW_INVARIANTS: readonly InductiveInvariant[] = [
  watch(
    {
      id: 'time.share',
      statement: 'In a window a resident takes what it had, and Q more with each replenishment.',
      source: 'Strosnider, Lehoczky, Sha 1995; history variables of the window',
      example: 'a replenishment in the middle of a period',
    },
    isShareBounded,
  ),
  watch(
    {
      id: 'time.blocked',
      statement: 'Who can run is held up by one section of somebody less urgent at most.',
      source: 'response-time analysis: blocking by what cannot be pre-empted',
      example: 'a section that begins while somebody more urgent can run',
    },
    isBlockedOnce,
  ),
  watch(
    {
      id: 'time.busy',
      statement: 'While a core is busy for a resident, it or somebody more urgent can run.',
      source: 'busy period of response-time analysis',
      example: 'a wait that leaves a core busy for nobody',
    },
    isBusyAble,
  ),
  watch(
    {
      id: 'time.clear',
      statement:
        'When the core has been idle for who is more urgent, who loses its budget while idle has ' +
        'none, but what it gets at this very instant.',
      source: 'Lehoczky, Sha, Strosnider 1987 (poll); idling periodic server (burn): no jitter',
      example: 'a budget that is kept although nobody has used it',
    },
    isClearWithout,
    ofBehindLoss,
  ),
];
