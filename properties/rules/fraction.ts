/** Fractions: exact sums of shares of a core; no rounding decides a verdict. */

/** A non-negative rational number. */
export interface Fraction {
  readonly numerator: bigint;
  /** Greater than 0. */
  readonly denominator: bigint;
}

/** Part of a whole, both integers; `whole` greater than 0. */
export interface Share {
  readonly part: number;
  readonly whole: number;
}

/**
 * Exact sum of part / whole over all shares with a whole greater than 0.
 * Parts of one whole are added first, so that the denominator grows with distinct wholes only.
 */
export function computeSum(shares: readonly Share[]): Fraction {
  const parts = new Map<number, bigint>();
  for (const { part, whole } of shares) {
    if (whole > 0) parts.set(whole, (parts.get(whole) ?? 0n) + BigInt(part));
  }
  let numerator = 0n;
  let denominator = 1n;
  for (const [whole, part] of parts) {
    numerator = numerator * BigInt(whole) + part * denominator;
    denominator *= BigInt(whole);
  }
  return { numerator, denominator };
}

/** Whether a is greater than b. */
export function isGreater(a: Fraction, b: Fraction): boolean {
  return a.numerator * b.denominator > b.numerator * a.denominator;
}

/** A fraction as a percentage with up to two decimals, rounded up: `110%`, `100.01%`. */
export function formatPercent({ numerator, denominator }: Fraction): string {
  const hundredths = (numerator * 10_000n + denominator - 1n) / denominator;
  const decimals = (hundredths % 100n).toString().padStart(2, '0').replace(/0+$/, '');
  return `${hundredths / 100n}${decimals === '' ? '' : `.${decimals}`}%`;
}
