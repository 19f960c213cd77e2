/**
 * Checks what certifies a bound: integers without limit, no search, and nothing of the code that
 * found it.
 *
 * What a certificate says of its core is held against facts that the caller reads off the
 * configuration, and what it adds up is added again.
 */

import type { Certificate, CertificateTerm } from './certificate-types.ts';

/** A more urgent reservation as a certificate must count it. */
export interface ServerFacts extends Pick<CertificateTerm, 'server' | 'J' | 'Q' | 'P' | 'o'> {
  /** Its first replenishment after boot. */
  readonly phase: number;
}

/** What a certificate must say, but for what was searched: start, W, n, x and the sum. */
export interface CertificateFacts extends Pick<
  Certificate,
  'core' | 'target' | 'c' | 'throttle' | 'Z'
> {
  readonly servers: readonly ServerFacts[];
}

/** Null where W ticks suffice, in the window that begins at `start`, or in any; else why not. */
export function checkCertificate(given: Certificate, facts: CertificateFacts): string | null {
  for (const key of ['core', 'target', 'c', 'throttle', 'Z'] as const) {
    if (given[key] !== facts[key]) return `${key} is ${given[key]}, expected ${facts[key]}`;
  }
  for (const [index, server] of facts.servers.entries()) {
    const term = given.terms[index];
    if (term === undefined) return `${server.server} is not counted`;
    for (const key of ['server', 'Q', 'P', 'o'] as const) {
      if (term[key] !== server[key]) return `${key} of ${server.server} is ${term[key]}`;
    }
    const failure = checkTerm(given, term, server);
    if (failure !== null) return `${failure} of ${server.server} is wrong`;
  }
  if (given.terms.length > facts.servers.length) return 'it counts a reservation twice';
  const { c, Z, W } = given;
  const start = given.start ?? 0;
  if (![c, Z, W, start, given.sum].every(isCount)) return 'a number is no count of ticks';
  const taken = given.terms.map((term) => computeTaken(term, BigInt(W)));
  const sum = taken.reduce((total, ticks) => total + ticks, BigInt(c) + BigInt(Z));
  if (sum !== BigInt(given.sum)) return `sum is ${given.sum}, expected ${sum}`;
  return sum <= BigInt(W) ? null : `${sum} ticks do not fit a window of ${W}`;
}

/** The entry of a term that does not count its replenishments right; null for none. */
function checkTerm(given: Certificate, term: CertificateTerm, server: ServerFacts): string | null {
  const numbers = [term.n, term.J, term.Q, term.P, term.o, term.x ?? 0, given.W];
  if (!numbers.every(isCount) || term.Q < 1 || term.Q > term.P) return 'a number';
  const [n, P, W] = [BigInt(term.n), BigInt(term.P), BigInt(given.W)];
  if ((term.x === null) !== (given.start === null)) return 'x';
  if (term.J !== (term.x === null ? server.J : 0)) return 'J';
  let span = W + BigInt(term.J);
  if (term.x !== null && given.start !== null) {
    const x = BigInt(term.x);
    const next = BigInt(given.start) + x;
    if (x >= P || (next - BigInt(server.phase)) % P !== 0n) return 'x';
    span = W > x ? W - x : 0n;
  }
  return span <= n * P && (n === 0n || (n - 1n) * P < span) ? null : 'n';
}

/** Ticks that a term takes. */
function computeTaken({ n, Q, o, x }: CertificateTerm, W: bigint): bigint {
  const first = x === null ? 0n : [BigInt(Q), BigInt(x), W].reduce((a, b) => (a < b ? a : b));
  return first + BigInt(n) * BigInt(Q) + BigInt(o);
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

/**
 * Certificates of windows that begin at known instants. Null where each holds, none is longer than
 * `longest`, and the instants `phase + k * period` of all series are among their begins, modulo a
 * common multiple of all periods.
 */
export function checkPhases(
  given: readonly Certificate[],
  facts: CertificateFacts,
  series: readonly { readonly phase: number; readonly period: number }[],
  longest: number,
): string | null {
  const begins = new Set<bigint>();
  for (const certificate of given) {
    const failure = checkCertificate(certificate, facts);
    if (failure !== null) return failure;
    if (certificate.W > longest) return `a window of ${certificate.W} is longer than ${longest}`;
    if (certificate.start === null) return 'a window has no begin';
    begins.add(BigInt(certificate.start));
  }
  const periods = [...series, ...facts.servers.map(({ P }) => ({ period: P }))];
  const hyper = periods.reduce((all, { period }) => findMultiple(all, BigInt(period)), 1n);
  for (const { phase, period } of series) {
    const step = BigInt(period);
    const first = ((BigInt(phase) % step) + step) % step;
    for (let at = first; at < hyper; at += step) {
      if (!begins.has(at)) return `no window begins at ${at}`;
    }
  }
  return null;
}

/** Least common multiple. */
function findMultiple(a: bigint, b: bigint): bigint {
  let [high, low] = [a, b];
  while (low !== 0n) [high, low] = [low, high % low];
  return (a / high) * b;
}
