/**
 * Certificates: the arithmetic of a bound under fixed priority, as data that `check-certificate.ts`
 * checks.
 *
 * Facts are read off a core, certificates are searched for; the two meet in the checker only.
 */

import { divideCeil } from './arithmetic.ts';
import type { Certificate, CertificateTerm } from './certificate-types.ts';
import type { CertificateFacts, ServerFacts } from './check-certificate.ts';
import {
  computeNext,
  computePhasedResponse,
  countReplenishments,
  listStarts,
  type PhasedParty,
} from './phases.ts';
import { computeLongestSection, type CoreMember, type CoreTicks } from './reservation.ts';
import { computeResponse } from './response.ts';

/** What a window is about. */
export interface WindowDemand {
  /** Ticks charged to the virtual CPU until it is served, its activation included; at least 1. */
  readonly need: number;
  /** Before the window it may have to wait for its budget. */
  readonly throttled: boolean;
  /** The begin of the window is known, so that no busy interval is looked for. */
  readonly phased: boolean;
}

/**
 * What a certificate for this virtual CPU must say; null where it, or one more urgent, has no
 * budget between 1 and its period, or the core has another policy.
 */
export function readFacts(
  core: CoreTicks,
  member: CoreMember,
  { need, throttled, phased }: WindowDemand,
): CertificateFacts | null {
  const about = { core: core.core, target: member.name, c: need };
  const others = core.members.filter((other) => other !== member);
  const longest = computeLongestSection(core.costs);
  const own = member.reservation;
  if (own === null) {
    return others.length > 0 ? null : { ...about, throttle: 0, Z: longest, servers: [] };
  }
  const { activation, timer } = core.costs;
  const o = Math.max(0, longest - 1) + timer;
  const servers: ServerFacts[] = [];
  let Z = 0;
  for (const { name, reservation, slack } of others) {
    if (reservation === null || core.policy !== 'fp') return null;
    const { budget: Q, period: P, phase, idle, priority } = reservation;
    if (Q < 1 || Q > P || Q <= o) return null;
    const J = idle === 'keep' ? P - Q : 0;
    if (priority >= own.priority) servers.push({ server: name, J, Q, P, o, phase });
    // What is not kept is counted from where a busy interval begins, in an own section maybe.
    const isBusy = !phased && priority >= own.priority && idle !== 'keep';
    if (slack) Z = Math.max(Z, longest);
    if (isBusy || priority <= own.priority) Z = Math.max(Z, activation, longest + timer);
  }
  const back = own.idle === 'poll' ? own.period : own.period - own.budget + o + activation;
  return { ...about, throttle: throttled ? Math.max(back, own.phase) : 0, Z, servers };
}

/** The window whatever the phases are; null where the more urgent ones leave nothing. */
export function certifyWindow(facts: CertificateFacts): Certificate | null {
  const parties = facts.servers.map(({ J, Q, P, o }) => ({
    budget: Q,
    period: P,
    jitter: J,
    overrun: o,
  }));
  const point = computeResponse(facts.c, facts.Z, parties);
  if (point.kind === 'none') return null;
  const W = point.ticks;
  const terms = facts.servers.map(({ server, J, Q, P, o }): CertificateTerm => ({
    server,
    n: divideCeil(W + J, P),
    J,
    Q,
    P,
    o,
    x: null,
  }));
  return addUp(facts, W, null, terms);
}

/** The windows that begin at these instants; null where one has no end. */
export function certifyPhases(
  facts: CertificateFacts,
  starts: readonly number[],
): readonly Certificate[] | null {
  const parties = listPhased(facts);
  const certificates: Certificate[] = [];
  for (const start of starts) {
    const point = computePhasedResponse(facts.c, facts.Z, parties, start);
    if (point.kind === 'none') return null;
    const terms = facts.servers.map(({ server, Q, P, o, phase }): CertificateTerm => {
      const x = computeNext({ budget: Q, period: P, overrun: o, phase }, start);
      return { server, n: countReplenishments(P, x, point.ticks), J: 0, Q, P, o, x };
    });
    certificates.push(addUp(facts, point.ticks, start, terms));
  }
  return certificates;
}

function listPhased({ servers }: CertificateFacts): PhasedParty[] {
  return servers.map(({ Q, P, o, phase }) => ({ budget: Q, period: P, overrun: o, phase }));
}

/** Begins of windows that can be the longest, as `listStarts`. */
export function listWindowStarts(
  facts: CertificateFacts,
  own: { readonly phase: number; readonly period: number },
): ReturnType<typeof listStarts> {
  return listStarts(own, listPhased(facts));
}

function addUp(
  { core, target, c, throttle, Z }: CertificateFacts,
  W: number,
  start: number | null,
  terms: readonly CertificateTerm[],
): Certificate {
  const taken = terms.map(({ n, Q, o, x }) => (x === null ? 0 : Math.min(Q, x, W)) + n * Q + o);
  const sum = taken.reduce((total, ticks) => total + ticks, c + Z);
  return { core, target, c, W, throttle, start, terms, Z, sum };
}
