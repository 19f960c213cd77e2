/**
 * Digest: the identity of a configuration, independent of how its files are written.
 */

import { createHash } from 'node:crypto';

import type { StaticConfiguration } from '../model/configuration.ts';

/** SHA-256 of the canonical JSON of a configuration, 64 hexadecimal digits. */
export function computeDigest(configuration: StaticConfiguration): string {
  return createHash('sha256').update(formatCanonicalJson(configuration)).digest('hex');
}

/**
 * JSON without blanks and with the keys of every map sorted, so that equal values give equal text.
 */
export function formatCanonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) => {
    if (typeof part !== 'object' || part === null || Array.isArray(part)) return part;
    return Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}
