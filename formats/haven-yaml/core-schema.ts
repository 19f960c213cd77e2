/**
 * Core schema: what a plain scalar of YAML 1.2.2 means (section 10.3.2), with integers exact or
 * refused.
 */

/**
 * A value of the source. Integers are numbers: negative ones stay so, those too large to be exact
 * are
 * Infinity, and every number with fraction or exponent is NaN, as are .inf and .nan.
 */
export type Raw = null | boolean | number | string | readonly Raw[] | RawMap;

/** A map of the source; it has no prototype, so that no key is special. */
export interface RawMap {
  readonly [key: string]: Raw;
}

const WORDS: ReadonlyMap<string, null | boolean> = new Map([
  ...['', '~', 'null', 'Null', 'NULL'].map((word) => [word, null] as const),
  ...['true', 'True', 'TRUE'].map((word) => [word, true] as const),
  ...['false', 'False', 'FALSE'].map((word) => [word, false] as const),
]);
const INTEGER = /^(?:[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+)$/;
/** Floating-point numbers with digits, infinities, and what is no number. */
const FLOAT = new RegExp(
  [
    /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/,
    /^[-+]?\.(?:inf|Inf|INF)$/,
    /^\.(?:nan|NaN|NAN)$/,
  ]
    .map(({ source }) => source)
    .join('|'),
);
const LEADING_ZERO = /^[-+]?0[0-9]+$/;
/** First characters of everything that is not text. */
const SPECIAL = /^[-+.~0-9nNtTfF]|^$/;

/** The value of a plain scalar. */
export function resolvePlain(source: string): Raw {
  if (!SPECIAL.test(source)) return source;
  if (INTEGER.test(source)) return resolveInteger(source);
  if (FLOAT.test(source)) return NaN;
  const word = WORDS.get(source);
  return word === undefined ? source : word;
}

/**
 * Whether a plain scalar is a decimal integer that begins with 0: octal to some, decimal to YAML
 * 1.2.
 */
export function hasLeadingZero(source: string): boolean {
  return LEADING_ZERO.test(source);
}

function resolveInteger(source: string): number {
  // At most 15 characters are exact in every base; longer ones are rare and go through the exact
  // path. The sum makes 0 of -0.
  if (source.length <= 15) return Number(source) + 0;
  const negative = source.startsWith('-');
  const digits = negative || source.startsWith('+') ? source.slice(1) : source;
  const value = resolveLongInteger(digits);
  return negative ? 0 - value : value;
}

function resolveLongInteger(digits: string): number {
  // More than 22 digits are beyond 2^53 in base 8 already, unless they are zeros.
  if (digits.length > 24) return Infinity;
  const value = BigInt(digits);
  return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : Infinity;
}
