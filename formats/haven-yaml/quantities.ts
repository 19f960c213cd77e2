/**
 * Quantities: sizes, addresses, durations and frequencies as text, turned into exact integers.
 *
 * Nothing here goes through a floating-point fraction: `2.5ms` is 2,500,000 ns by decimal
 * arithmetic on its
 * digits, and `0.3ns` is refused because it is no integer.
 */

import type { ConfigurationCode } from '../codes.ts';

/** A value of the source: a scalar, or a list or map where a scalar was expected. */
export type Scalar = unknown;

/** An exact integer, or why there is none. */
export type Quantity =
  | { readonly ok: true; readonly value: number }
  | {
      readonly ok: false;
      readonly code: ConfigurationCode;
      /** What was expected, for "expected …, found …". */
      readonly expected: string;
      readonly help: string;
    };

/**
 * Exclusive end of addresses and sizes: 52 bits, the widest that Armv8 has, so that base + size is
 * exact.
 */
export const ADDRESS_END = 2 ** 52;

const HEXADECIMAL = /^0x[0-9a-f]+$/i;
const DECIMAL = /^[0-9]+$/;
const SEPARATED = /^(0x)?[0-9a-f]+([_',][0-9a-f]+)+$/i;
const DECIMAL_WITH_UNIT = /^([0-9]+)(?:\.([0-9]+))? ?([a-zA-Zµμ]+)$/;

const SIZE_UNITS: Readonly<Record<string, bigint>> = {
  KiB: 1024n,
  MiB: 1024n ** 2n,
  GiB: 1024n ** 3n,
  TiB: 1024n ** 4n,
};
const DURATION_UNITS: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
};
const FREQUENCY_UNITS: Readonly<Record<string, bigint>> = {
  Hz: 1n,
  kHz: 1_000n,
  MHz: 1_000_000n,
  GHz: 1_000_000_000n,
};

/** What people write for a unit, and the unit that they are likely to mean. */
const UNIT_SLIPS: Readonly<Record<string, string>> = {
  b: 'B',
  k: 'KiB',
  kb: 'KiB',
  kib: 'KiB',
  m: 'MiB',
  mb: 'MiB',
  mib: 'MiB',
  g: 'GiB',
  gb: 'GiB',
  gib: 'GiB',
  t: 'TiB',
  tb: 'TiB',
  tib: 'TiB',
  ns: 'ns',
  nsec: 'ns',
  us: 'us',
  usec: 'us',
  µs: 'us',
  μs: 'us',
  ms: 'ms',
  msec: 'ms',
  millis: 'ms',
  s: 's',
  sec: 's',
  hz: 'Hz',
  khz: 'kHz',
  mhz: 'MHz',
  ghz: 'GHz',
};

/** Exclusive end of integers: ids, counts and priorities of real systems have at most 32 bits. */
export const INTEGER_END = 2 ** 32;

/**
 * A non-negative integer below 2^32: `33`, `0x21`, or the hexadecimal number as a string, as JSON
 * needs it.
 */
export function parseInteger(value: Scalar): Quantity {
  return parseWholeNumber(value, 'an integer', INTEGER_END);
}

/** Exclusive end of INTIDs: GICD_TYPER.IDbits states at most 24 bits (Arm IHI 0069, 2.2). */
export const INTID_END = 2 ** 24;

/** An INTID. */
export function parseIntId(value: Scalar): Quantity {
  return parseWholeNumber(value, 'an integer', INTID_END);
}

/** Exclusive end of numbers of lines: above what any GIC has, and small enough to model. */
export const LINE_COUNT_END = 2 ** 12;

/** A number of SPIs or list registers; how many a GICv3 may have is a rule's to say. */
export function parseLineCount(value: Scalar): Quantity {
  return parseWholeNumber(value, 'an integer', LINE_COUNT_END);
}

/** Widest StreamID that SMMU_IDR1.SIDSIZE can state, bits (Arm IHI 0070, 6.3.2). */
const STREAM_ID_BITS_MAX = 32;

/** Width of a StreamID, bits: 0 to 32. */
export function parseStreamIdBits(value: Scalar): Quantity {
  return parseWholeNumber(value, 'a width in bits', STREAM_ID_BITS_MAX + 1);
}

/**
 * Affinity of a core, as MPIDR_EL1 has it: Aff3 in [39:32], Aff2 to Aff0 in [23:0], all else zero
 * (Arm DDI 0487, MPIDR_EL1).
 */
export function parseAffinity(value: Scalar): Quantity {
  const parsed = parseWholeNumber(value, 'an affinity', 2 ** 40);
  if (!parsed.ok || Math.floor(parsed.value / 2 ** 24) % 2 ** 8 === 0) return parsed;
  return refuse(
    'CFG-OUT-OF-RANGE',
    'an affinity: Aff3 in bits [39:32], Aff2 to Aff0 in [23:0]',
    'leave out the bits of MPIDR_EL1 that are no affinity',
  );
}

/** Size of a block of registers, bytes: a block of none would stand for nothing. */
export function parseRegistersSize(value: Scalar): Quantity {
  const parsed = parseSize(value);
  if (!parsed.ok || parsed.value > 0) return parsed;
  return refuse(
    'CFG-OUT-OF-RANGE',
    'a size of at least 1 byte',
    'write how long the registers are',
  );
}

/** A byte address below 2^52: an integer, hexadecimal as a rule. */
export function parseAddress(value: Scalar): Quantity {
  if (typeof value === 'string' && DECIMAL_WITH_UNIT.test(value) && !HEXADECIMAL.test(value)) {
    return refuse('CFG-BAD-UNIT', 'an address', 'addresses have no unit: write 0x40000000');
  }
  return parseWholeNumber(value, 'an address', ADDRESS_END);
}

/**
 * A size in bytes below 2^52: an integer, or a number of KiB, MiB, GiB or TiB that is whole bytes.
 */
export function parseSize(value: Scalar): Quantity {
  const expected = 'a size';
  if (typeof value !== 'string' || (!value.endsWith('iB') && isWithoutUnit(value))) {
    return parseWholeNumber(value, expected, ADDRESS_END);
  }
  return parseWithUnit(
    value,
    expected,
    SIZE_UNITS,
    'bytes, or 64KiB, 2MiB, 1GiB',
    'byte',
    ADDRESS_END,
  );
}

function isWithoutUnit(text: string): boolean {
  return HEXADECIMAL.test(text) || DECIMAL.test(text) || SEPARATED.test(text);
}

/** A duration in nanoseconds: `800ns`, `250us`, `2.5ms`, `1s`. A bare number is refused. */
export function parseDuration(value: Scalar): Quantity {
  const expected = 'a duration';
  if (typeof value === 'number') {
    const example = Number.isSafeInteger(value) && value >= 0 ? value : 10;
    return refuse(
      'CFG-BAD-UNIT',
      'a duration with its unit',
      `a bare number has no unit: write ${example}ms or ${example}us`,
    );
  }
  const end = Number.MAX_SAFE_INTEGER + 1;
  return parseWithUnit(
    value,
    expected,
    DURATION_UNITS,
    '250us, 2.5ms, 1s or 800ns',
    'nanosecond',
    end,
  );
}

/**
 * A frequency in Hz: `24MHz`, `62.5MHz`, or an integer in Hz, as device trees have it. Not zero.
 */
export function parseFrequency(value: Scalar): Quantity {
  const expected = 'a frequency';
  const end = 2 ** 40;
  const parsed =
    typeof value === 'number'
      ? parseWholeNumber(value, expected, end)
      : parseWithUnit(value, expected, FREQUENCY_UNITS, '24MHz or 62.5MHz', 'hertz', end);
  if (parsed.ok && parsed.value === 0) {
    return refuse('CFG-OUT-OF-RANGE', 'a frequency above 0 Hz', 'write for example 24MHz');
  }
  return parsed;
}

function parseWholeNumber(value: Scalar, expected: string, end: number): Quantity {
  if (typeof value === 'number' && value >= 0 && value < end) return { ok: true, value };
  const limit = end === ADDRESS_END ? 'below 2^52' : `below ${end}`;
  if (typeof value === 'string') {
    if (SEPARATED.test(value)) {
      const plain = value.replaceAll(/[_',]/g, '');
      return refuse('CFG-BAD-NUMBER', expected, `numbers have no separators: write ${plain}`);
    }
    if (!HEXADECIMAL.test(value)) {
      const help = DECIMAL.test(value)
        ? 'remove the quotes'
        : `write ${expected} such as 4096 or 0x1000`;
      return refuse('CFG-WRONG-TYPE', expected, help);
    }
    const number = value.length <= 2 + 14 ? Number(value) : Infinity;
    return parseWholeNumber(number, expected, end);
  }
  if (typeof value !== 'number') {
    return refuse('CFG-WRONG-TYPE', expected, `write ${expected} such as 4096 or 0x1000`);
  }
  if (Number.isNaN(value)) {
    return refuse('CFG-BAD-NUMBER', `${expected} without fraction or exponent`, 'write an integer');
  }
  if (value < 0) {
    return refuse(
      'CFG-OUT-OF-RANGE',
      `${expected} of at least 0`,
      'write an integer of at least 0',
    );
  }
  return refuse('CFG-OUT-OF-RANGE', `${expected} ${limit}`, `write an integer ${limit}`);
}

function parseWithUnit(
  value: Scalar,
  expected: string,
  units: Readonly<Record<string, bigint>>,
  examples: string,
  smallest: string,
  end: number,
): Quantity {
  if (typeof value !== 'string') return refuse('CFG-WRONG-TYPE', expected, `write ${examples}`);
  const match = DECIMAL_WITH_UNIT.exec(value);
  const whole = match?.[1] ?? '';
  const fraction = match?.[2] ?? '';
  const unit = match?.[3] ?? '';
  if (match === null || whole.length + fraction.length > 40) {
    const code = /^[0-9]/.test(value) ? 'CFG-BAD-UNIT' : 'CFG-WRONG-TYPE';
    return refuse(code, expected, `write ${examples}`);
  }
  const scale = Object.hasOwn(units, unit) ? units[unit] : undefined;
  if (scale === undefined || value.includes(' ')) {
    return refuse('CFG-BAD-UNIT', expected, suggestUnit(value, unit, units, examples));
  }
  const product = fraction === '' && whole.length < 16 ? Number(whole) * Number(scale) : Infinity;
  // A product of integers that stays below 2^53 was never rounded.
  if (product < end) return { ok: true, value: product };
  const scaled = BigInt(whole + fraction) * scale;
  const divisor = 10n ** BigInt(fraction.length);
  if (scaled % divisor !== 0n) {
    const nearest = scaled / divisor;
    const help = `${value} is not a whole number of ${smallest}s; the nearest below is ${nearest}`;
    return refuse('CFG-BAD-NUMBER', `${expected} in whole ${smallest}s`, help);
  }
  const exact = scaled / divisor;
  if (exact >= BigInt(end)) {
    const help = `${value} is ${exact} ${smallest}s; write fewer than ${end}`;
    return refuse('CFG-OUT-OF-RANGE', `${expected} below ${end} ${smallest}s`, help);
  }
  return { ok: true, value: Number(exact) };
}

function suggestUnit(
  value: string,
  unit: string,
  units: Readonly<Record<string, bigint>>,
  examples: string,
): string {
  const digits = value.slice(0, value.length - unit.length).trimEnd();
  const lower = unit.toLowerCase();
  const meant = Object.hasOwn(UNIT_SLIPS, lower) ? UNIT_SLIPS[lower] : undefined;
  if (meant === 'B' && 'KiB' in units) return `bytes have no unit: write ${digits}`;
  if (meant === undefined || !Object.hasOwn(units, meant)) {
    return `"${unit}" is no such unit; write ${examples}`;
  }
  return `write ${digits}${meant}`;
}

function refuse(code: ConfigurationCode, expected: string, help: string): Quantity {
  return { ok: false, code, expected, help };
}
