/** Durations and counts as a person reads them, in the fitting unit. */

const NS_PER_US = 1_000;
const NS_PER_MS = 1_000_000;
const NS_PER_S = 1_000_000_000;

/** Whole nanoseconds as text, exactly: `800 ns`, `20.5 us`, `5.038416 ms`, `1.25 s`. */
export function formatNanoseconds(ns: number): string {
  if (ns < NS_PER_US) return `${ns} ns`;
  if (ns < NS_PER_MS) return `${formatExactly(ns, 3)} us`;
  if (ns < NS_PER_S) return `${formatExactly(ns, 6)} ms`;
  return `${formatExactly(ns, 9)} s`;
}

/** `ns` with the decimal point moved `places` to the left; a rounded bound would not be a bound. */
function formatExactly(ns: number, places: number): string {
  const digits = String(ns).padStart(places + 1, '0');
  const whole = digits.slice(0, -places);
  const fraction = digits.slice(-places).replace(/0+$/, '');
  return fraction === '' ? whole : `${whole}.${fraction}`;
}

/** Wall-clock milliseconds as text: `7 ms`, `3.24 s`. */
export function formatMilliseconds(ms: number): string {
  if (ms < 1_000) return `${Math.max(0, Math.round(ms))} ms`;
  return `${formatDigits(ms / 1_000)} s`;
}

/** A count as text: `950`, `12.5 k`, `1.2 M`. */
export function formatCount(count: number): string {
  if (count < 10_000) return `${Math.round(count)}`;
  if (count < 1_000_000) return `${formatDigits(count / 1_000)} k`;
  return `${formatDigits(count / 1_000_000)} M`;
}

/** A count as text, every digit of it: `950`, `2,345`. */
export function formatInteger(count: number): string {
  return count.toLocaleString('en-US', { maximumFractionDigits: 0 });
}

/**
 * Share of the requirement that the bound leaves free, `37 %`; negative where the bound exceeds it.
 */
export function formatMargin(boundNs: number, requiredNs: number): string {
  if (requiredNs <= 0) return '-';
  return `${Math.floor(((requiredNs - boundNs) / requiredNs) * 100)} %`;
}

/** A verb-free plural: `1 rule`, `3 rules`. */
export function formatPlural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

function formatDigits(value: number): string {
  return String(Number(value.toPrecision(3)));
}
