/** Wrong usage, and the arguments that every command reads the same way. */

import { InvalidArgumentError } from 'commander';

/** The command line asks for something that cannot be done; exit code 2. */
export class UsageError extends Error {
  /** What to do instead; may be empty. */
  readonly help: string;

  constructor(message: string, help = '') {
    super(message);
    this.help = help;
  }
}

const MS_PER_UNIT: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  min: 60_000,
  h: 3_600_000,
};

/** Longest duration that a timer of Node can wait, milliseconds. */
const DURATION_MS_MAX = 2 ** 31 - 1;

/** A duration argument such as `500ms`, `10s`, `2min`, `1h`, in milliseconds, above 0. */
export function parseDuration(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|min|m|h)$/.exec(text);
  const ms = Number(match?.[1]) * (MS_PER_UNIT[match?.[2] ?? ''] ?? Number.NaN);
  if (!(ms > 0)) throw new InvalidArgumentError('expected a duration such as 500ms, 10s or 2min.');
  if (ms > DURATION_MS_MAX) throw new InvalidArgumentError('longer than 24 days.');
  return ms;
}

const HZ_PER_UNIT: Readonly<Record<string, number>> = { Hz: 1, kHz: 1_000, MHz: 1_000_000 };

/** A frequency argument such as `24MHz` or `62.5MHz`, in whole hertz above 0. */
export function parseFrequency(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(Hz|kHz|MHz)$/.exec(text);
  const hertz = Number(match?.[1]) * (HZ_PER_UNIT[match?.[2] ?? ''] ?? Number.NaN);
  if (!Number.isSafeInteger(hertz) || hertz <= 0) {
    throw new InvalidArgumentError('expected a frequency such as 24MHz or 62.5MHz.');
  }
  return hertz;
}

/** An integer argument of at least `min` and at most `max`, decimal or hexadecimal. */
export function parseInteger(min: number, max = Number.MAX_SAFE_INTEGER) {
  return (text: string): number => {
    const value = /^(\d+|0x[0-9a-f]+)$/i.test(text) ? Number(text) : Number.NaN;
    if (!Number.isSafeInteger(value) || value < min || value > max) {
      throw new InvalidArgumentError(`expected an integer from ${min} to ${max}.`);
    }
    return value;
  };
}
