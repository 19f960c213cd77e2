/** Durations as messages print them: `4.056ms`, `20us`. */

import { computeNanosecondsCeil } from '../../model/units.ts';

const UNITS = [
  { name: 's', ns: 1_000_000_000 },
  { name: 'ms', ns: 1_000_000 },
  { name: 'us', ns: 1000 },
] as const;

/** Nanoseconds in the largest unit of which there is at least one, exactly. */
export function formatNanoseconds(ns: number): string {
  const unit = UNITS.find((entry) => ns >= entry.ns);
  if (unit === undefined) return `${ns}ns`;
  const whole = Math.floor(ns / unit.ns);
  const digits = String(unit.ns).length - 1;
  const fraction = String(ns % unit.ns)
    .padStart(digits, '0')
    .replace(/0+$/, '');
  return fraction === '' ? `${whole}${unit.name}` : `${whole}.${fraction}${unit.name}`;
}

/** A number of ticks as a duration, rounded up to nanoseconds. */
export function formatTicks(ticks: number, timerHz: number): string {
  return formatNanoseconds(computeNanosecondsCeil(ticks, timerHz));
}
