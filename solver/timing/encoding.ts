/**
 * Encoding: the run of a core as one virtual CPU sees it, in linear integer terms.
 *
 * A run is a wait for the next budget, then a window in which the virtual CPU is eligible. Until
 * any instant of that window processor time is what the virtual CPU was served, one section of EL2,
 * and what each other party took; a party takes no more than its demand in a window as long, which
 * `time.window` proves per reservation. The run is looked at in the instant that the closed form
 * names. Every instant would be sound, so a wrong closed form can make a proof fail but never
 * succeed.
 */

import {
  add,
  and,
  divide,
  equal,
  integerVariable,
  ite,
  less,
  lessOrEqual,
  multiply,
  type Operand,
  or,
  type Term,
} from '../smt/term.ts';
import type { Certificate } from './certificate-types.ts';
import type { ReservedSupply, Supply } from './delay.ts';
import type { Interference } from './response.ts';
import type { SlotSupply } from './slots.ts';

/** Variables of a run, ticks. */
export const RUN = {
  /** From the instant at which the virtual CPU is ready to its next budget. */
  wait: integerVariable('wait'),
  /** From then to the end of the run. */
  window: integerVariable('window'),
  /** Length of the part of the window that is accounted for. */
  observed: integerVariable('observed'),
  /** What the virtual CPU got in that part. */
  served: integerVariable('served'),
  /** What a section of EL2 took that was under way or not to be pre-empted. */
  section: integerVariable('section'),
} as const;

/** What the party at this index of the supply took until `observed`. */
export function getTaken(index: number): Term {
  return integerVariable(`taken.${index}`);
}

/** Most that a party takes in a window: ceil((window + J) / P) * Q + o. */
export function encodeDemand(party: Interference, window: Operand): Term {
  const releases = divide(add(window, party.jitter + party.period - 1), party.period);
  return add(multiply(party.budget, releases), party.overrun);
}

/** low <= value <= high. */
export function between(low: Operand, value: Operand, high: Operand): Term {
  return and([lessOrEqual(low, value), lessOrEqual(value, high)]);
}

/**
 * A window of any length, accounted for at `cut`, or at its end where it is shorter or `cut` is
 * null.
 */
export function encodeWindow(
  section: number,
  parties: readonly Interference[],
  cut: number | null,
): Term[] {
  const { window, observed, served } = RUN;
  const taken = parties.map((_, index) => getTaken(index));
  return [
    lessOrEqual(0, window),
    equal(observed, cut === null ? window : ite(lessOrEqual(window, cut), window, cut)),
    lessOrEqual(0, served),
    between(0, RUN.section, section),
    ...parties.map((party, index) => between(0, getTaken(index), encodeDemand(party, observed))),
    equal(observed, add(served, RUN.section, ...taken)),
  ];
}

/** A run under fixed priority, or of a whole core. */
export function encodeRun(supply: Supply, cut: number | null): Term[] {
  const throttle = supply.kind === 'whole-core' ? 0 : supply.throttle;
  const parties = supply.kind === 'whole-core' ? [] : supply.parties;
  return [between(0, RUN.wait, throttle), ...encodeWindow(supply.section, parties, cut)];
}

/**
 * What a certificate says, as a run without anything to divide: in the window of `W` ticks all time
 * is the target's, the section's or the others'. The case that breaks it: the target is not served
 * in it, or the wait and the window exceed what is `allowed`.
 */
export function encodeCertificate(
  { c, W, throttle, Z, terms }: Certificate,
  allowed: number,
): { readonly assume: readonly Term[]; readonly refute: Term } {
  const most = terms.map(({ n, Q, o, x }) => (x === null ? 0 : Math.min(Q, x, W)) + n * Q + o);
  const taken = most.map((_, index) => getTaken(index));
  return {
    assume: [
      between(0, RUN.wait, throttle),
      between(0, RUN.section, Z),
      lessOrEqual(0, RUN.served),
      ...most.map((ticks, index) => between(0, getTaken(index), ticks)),
      equal(W, add(RUN.served, RUN.section, ...taken)),
    ],
    refute: or([less(RUN.served, c), less(allowed, add(RUN.wait, W))]),
  };
}

/**
 * A run of a core with a table in which its resident, ready at any instant of the frame, has not
 * got one tick within `required`: in each of its slots it is too late for an activation, or served
 * later than that.
 */
export function encodeSlotRun(
  { frame, slots, activation, blocking }: SlotSupply,
  required: number,
): { readonly assume: readonly Term[]; readonly refute: Term } {
  const frames = Math.ceil(required / Math.max(1, frame)) + 1;
  const places = Array.from({ length: Math.min(frames, SLOT_FRAMES_MAX) }, (_, index) =>
    slots.map(({ start, end, spill }) => ({
      start: start + index * frame,
      end: end + index * frame,
      spill,
    })),
  ).flat();
  const ready = RUN.wait;
  return {
    assume: [between(0, ready, frame - 1)],
    refute: and(
      places.map(({ start, end, spill }) => {
        // Who gets ready in its slot may find a section that has just begun.
        const late = add(ready, blocking);
        const free = start + spill;
        const inSlot = ite(lessOrEqual(free, late), late, free);
        const begin = ite(lessOrEqual(ready, start), free, inSlot);
        const served = add(begin, activation, 1);
        return or([less(end, served), less(add(ready, required), served)]);
      }),
    ),
  };
}

/** Frames in which a slot is looked for: no delay is longer than two. */
const SLOT_FRAMES_MAX = 3;

/** Variables of a run under earliest deadline first, ticks. */
export const DEADLINE_RUN = {
  /** From the last replenishment to the instant at which the virtual CPU is ready. */
  since: integerVariable('since'),
  /** What it got of that budget before. */
  before: integerVariable('before'),
  /** What it gets of that budget in the run. */
  current: integerVariable('current'),
  /** What it gets of the next budget in the run. */
  next: integerVariable('next'),
  /** From the instant at which it is ready to the end of the run. */
  elapsed: integerVariable('elapsed'),
} as const;

/**
 * A run of up to two periods under earliest deadline first: each budget is served by the end of its
 * period, so that what is missing of it never exceeds what is left of the period, nor a section
 * more.
 */
export function encodeDeadlineRun(supply: ReservedSupply): Term[] {
  const { period, secure, section, throttle } = supply;
  const { since, before, current, next, elapsed } = DEADLINE_RUN;
  const late = Math.max(0, throttle - (period - secure));
  const passed = add(elapsed, multiply(-1, RUN.section));
  const left = add(period, multiply(-1, since));
  const inCurrent = lessOrEqual(passed, left);
  const intoNext = add(passed, multiply(-1, left));
  return [
    between(0, since, period - 1),
    and([between(0, before, secure), lessOrEqual(before, since)]),
    between(0, RUN.section, section + late),
    between(0, current, secure),
    between(0, next, secure),
    lessOrEqual(0, elapsed),
    lessOrEqual(secure, add(before, current, ite(inCurrent, add(left, multiply(-1, passed)), 0))),
    lessOrEqual(
      secure,
      add(
        next,
        ite(
          inCurrent,
          secure,
          ite(lessOrEqual(intoNext, period), add(period, multiply(-1, intoNext)), 0),
        ),
      ),
    ),
  ];
}
