/**
 * Exact integers: a `number` where that is safe, a `bigint` where it is not.
 *
 * Most integers of an encoding are small, and arithmetic on numbers is many times as fast as on
 * bigints. A value has one form only, so that `===` compares values; the relational operators of
 * the language compare across the two forms exactly.
 */

/** An integer: a number iff that is safe, else a bigint. Zero is never negative. */
export type Exact = number | bigint;

/** The integer in its one form; null for a number that is no safe integer. */
export function toExact(value: bigint | number): Exact | null {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? value + 0 : null;
  return fromBigint(value);
}

function fromBigint(value: bigint): Exact {
  const near = Number(value);
  return Number.isSafeInteger(near) ? near : value;
}

/** a + b. */
export function addExact(a: Exact, b: Exact): Exact {
  if (typeof a === 'number' && typeof b === 'number') {
    const sum = a + b;
    if (Number.isSafeInteger(sum)) return sum;
  }
  return fromBigint(BigInt(a) + BigInt(b));
}

/** a * b. */
export function multiplyExact(a: Exact, b: Exact): Exact {
  if (typeof a === 'number' && typeof b === 'number') {
    const product = a * b;
    // Adding zero turns a negative zero into the one of `Exact`.
    if (Number.isSafeInteger(product)) return product + 0;
  }
  return fromBigint(BigInt(a) * BigInt(b));
}

/** Floor of a / by, for a positive `by`. */
export function floorDivideExact(a: Exact, by: Exact): Exact {
  // The quotient of two safe integers is rounded to an integer only where it is one.
  if (typeof a === 'number' && typeof by === 'number') return Math.floor(a / by) + 0;
  const [dividend, divisor] = [BigInt(a), BigInt(by)];
  const quotient = dividend / divisor;
  const isBelow = dividend < 0n && quotient * divisor !== dividend;
  return fromBigint(isBelow ? quotient - 1n : quotient);
}

/** a - by * floor(a / by), in [0, by), for a positive `by`. */
export function moduloExact(a: Exact, by: Exact): Exact {
  if (typeof a === 'number' && typeof by === 'number') {
    const rest = a % by;
    return rest < 0 ? rest + by : rest + 0;
  }
  return addExact(a, multiplyExact(-1, multiplyExact(by, floorDivideExact(a, by))));
}

/** Greatest common divisor of the magnitudes; gcd(0, b) is the magnitude of b. */
export function greatestCommonDivisor(a: Exact, b: Exact): Exact {
  if (a === 1 || b === 1) return 1;
  let [large, small] = [a < 0 ? multiplyExact(-1, a) : a, b < 0 ? multiplyExact(-1, b) : b];
  while (small !== 0) [large, small] = [small, moduloExact(large, small)];
  return large;
}
