/**
 * Spies: the one symbolic thing (page, line, stream, core) that stands for all of them.
 *
 * "No page has two owners" is asked as "is there a page p with two owners", p symbolic: the query
 * grows with the number of ranges, not of pairs.
 */

import { PAGE_SIZE, computePages } from '../../model/units.ts';
import type { ByteRange } from '../../model/units.ts';
import type { Obligation } from '../obligation.ts';
import { TRUE, and, integerVariable, less, lessOrEqual, or, within } from '../smt/term.ts';
import type { Term } from '../smt/term.ts';

/** Half-open range of whatever a spy stands for. */
export interface SpyRange {
  readonly low: number;
  readonly end: number;
}

/** A kind of thing with its symbolic representative. */
export interface Spy {
  /** Name of the variable and of the field of a witness. */
  readonly name: string;
  /** A value as messages and witnesses show it. */
  readonly show: (value: number) => string;
  /** The value again, from what `show` made of it. */
  readonly parse: (text: string) => number;
}

const showHexadecimal = (value: number): string => `0x${value.toString(16)}`;

/** A physical page, shown as the address of its first byte. */
export const PAGE: Spy = {
  name: 'page',
  show: (value) => showHexadecimal(value * PAGE_SIZE),
  parse: (text) => Number(text) / PAGE_SIZE,
};
/** A page of a partition's IPA space, shown as the address of its first byte. */
export const IPA_PAGE: Spy = { ...PAGE, name: 'ipa' };
/** An interrupt line, by INTID. */
export const LINE: Spy = { name: 'line', show: String, parse: Number };
/** A StreamID. */
export const STREAM: Spy = { name: 'stream', show: showHexadecimal, parse: Number };
/** A core, by its number in the platform. */
export const CORE: Spy = { name: 'core', show: String, parse: Number };
/** A VMID. */
export const VMID: Spy = { name: 'vmid', show: String, parse: Number };

/** The symbolic representative. */
export function getVariable(spy: Spy): Term {
  return integerVariable(spy.name);
}

/** The spy is in one of the ranges. */
export function isInAny(spy: Term, ranges: readonly SpyRange[]): Term {
  return or(ranges.map((range) => within(spy, range.low, range.end)));
}

/** Whether a value lies in a range. */
export function contains(range: SpyRange, value: number): boolean {
  return range.low <= value && value < range.end;
}

/** Ranges that begin in one stretch. */
const STRETCH_RANGES = 32;

/**
 * The statement in parts, one per stretch of the values of the spy; the stretches together are all
 * values. A part names no range that lies outside its stretch: the time of a solver grows with the
 * square of the ranges that it is asked about at once. No parts for ranges that fit one stretch.
 *
 * `refute` is what breaks the statement where these ranges alone hold the spy, premises included.
 */
export function splitIntoStretches<Range extends SpyRange>(
  spy: Term,
  ranges: readonly Range[],
  refute: (ranges: readonly Range[]) => Term,
): Pick<Obligation, 'parts'> {
  const lows = [...new Set(ranges.map(({ low }) => low))].toSorted((a, b) => a - b);
  const cuts = lows.filter((_, index) => index > 0 && index % STRETCH_RANGES === 0);
  if (cuts.length === 0) return {};
  const parts = [-Infinity, ...cuts].map((low, index) => {
    const end = cuts[index] ?? Infinity;
    const near = ranges.filter((range) => low < range.end && range.low < end);
    const broken = and([isInStretch(spy, { low, end }), refute(near)]);
    // Asked one by one: a bundle of them would be what they were split from.
    return { broken, needsPremises: true, refute: () => broken };
  });
  return { parts };
}

/** The spy is in the stretch, whose ends may be infinite. */
function isInStretch(spy: Term, { low, end }: SpyRange): Term {
  return and([
    Number.isFinite(low) ? lessOrEqual(low, spy) : TRUE,
    Number.isFinite(end) ? less(spy, end) : TRUE,
  ]);
}

/** The pages that a range of bytes touches; none for an empty one. */
export function toPages(range: ByteRange): SpyRange {
  const pages = computePages(range);
  return { low: pages.base / PAGE_SIZE, end: (pages.base + pages.size) / PAGE_SIZE };
}

/** A range of one value. */
export function only(value: number): SpyRange {
  return { low: value, end: value + 1 };
}
