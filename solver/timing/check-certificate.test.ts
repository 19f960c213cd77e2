import { describe, expect, it } from 'vitest';

import { certifyPhases, certifyWindow, listWindowStarts, readFacts } from './certificate.ts';
import type { Certificate } from './certificate-types.ts';
import { type CertificateFacts, checkCertificate, checkPhases } from './check-certificate.ts';
import { checkTimeline } from './check-timeline.ts';
import { computeMemberBounds } from './core-bounds.ts';
import { createExampleCore, type ExampleMember } from './example-core.ts';
import { type CoreMember, type CoreTicks, listCores } from './reservation.ts';
import { computeTimelineDelay, traceTimeline } from './timeline.ts';

const MEMBERS: readonly ExampleMember[] = [
  { name: 'iodrv', share: [500, 2000], priority: 4 },
  { name: 'rtos', share: [1000, 5000], priority: 3, idle: 'burn', phase: 100 },
  { name: 'linux', share: [8000, 20_000], priority: 1 },
];

function readPlace(members = MEMBERS): { readonly core: CoreTicks; readonly member: CoreMember } {
  const [core] = listCores(createExampleCore(members, { section: 20, timer: 2, contextSwitch: 5 }));
  const member = core?.members.at(-1);
  if (core === undefined || member === undefined) throw new Error('the example has one core');
  return { core, member };
}

function readExample(): { readonly facts: CertificateFacts; readonly certificate: Certificate } {
  const { core, member } = readPlace();
  const facts = readFacts(core, member, {
    need: 1 + core.costs.activation,
    throttled: true,
    phased: false,
  });
  const certificate = facts === null ? null : certifyWindow(facts);
  if (facts === null || certificate === null) throw new Error('the example has a bound');
  return { facts, certificate };
}

/** The certificate with one number changed; of the first term where `key` is one of its own. */
function change(certificate: Certificate, key: string, by: number): Certificate {
  if (key in certificate) {
    const value = certificate[key as keyof Certificate];
    return { ...certificate, [key]: Number(value) + by };
  }
  const [first, ...others] = certificate.terms;
  if (first === undefined) return certificate;
  const value = first[key as keyof typeof first];
  return { ...certificate, terms: [{ ...first, [key]: Number(value) + by }, ...others] };
}

describe('a certificate', () => {
  it('is accepted as it was made', () => {
    const { facts, certificate } = readExample();
    expect(checkCertificate(certificate, facts)).toBeNull();
  });

  it.each(['core', 'c', 'throttle', 'Z', 'sum', 'n', 'J', 'Q', 'P', 'o'])(
    'is refused where %s is one off',
    (key) => {
      const { facts, certificate } = readExample();
      expect(checkCertificate(change(certificate, key, 1), facts)).not.toBeNull();
      expect(checkCertificate(change(certificate, key, -1), facts)).not.toBeNull();
    },
  );

  it('is refused where its window is a tick shorter', () => {
    const { facts, certificate } = readExample();
    expect(certificate.sum).toBe(certificate.W);
    expect(checkCertificate(change(certificate, 'W', -1), facts)).toContain('do not fit');
  });

  it('is refused where a reservation is left out, counted twice or another', () => {
    const { facts, certificate } = readExample();
    const [first, second] = certificate.terms;
    if (first === undefined || second === undefined) throw new Error('two are more urgent');
    for (const terms of [[first], [first, second, second], [second, first], [first, first]]) {
      expect(checkCertificate({ ...certificate, terms }, facts)).not.toBeNull();
    }
    const named = { ...certificate, target: 'rtos' };
    expect(checkCertificate(named, facts)).not.toBeNull();
  });

  it('is refused, and throws nothing, where a number is none', () => {
    const { facts, certificate } = readExample();
    for (const value of [0.5, -1, Number.NaN, 2 ** 60]) {
      expect(checkCertificate({ ...certificate, W: value }, facts)).not.toBeNull();
      const terms = certificate.terms.map((term) => ({ ...term, n: value }));
      expect(checkCertificate({ ...certificate, terms }, facts)).not.toBeNull();
    }
  });
});

describe('certificates of phases', () => {
  const { core, member } = readPlace();
  const facts = readFacts(core, member, { need: 6, throttled: false, phased: true });
  const own = member.reservation;
  if (facts === null || own === null) throw new Error('the example has a bound');
  const starts = listWindowStarts(facts, own);
  const certificates = certifyPhases(facts, starts?.free ?? []) ?? [];
  const begins = facts.servers.map(({ phase, Q, P }) => ({ phase: phase - Q, period: P }));
  const longest = Math.max(...certificates.map(({ W }) => W));

  it('are accepted for all windows that can be the longest', () => {
    expect(certificates.length).toBeGreaterThan(1);
    expect(checkPhases(certificates, facts, begins, longest)).toBeNull();
  });

  it('are refused where one window is longer, or one is not looked at', () => {
    expect(checkPhases(certificates, facts, begins, longest - 1)).toContain('longer');
    for (const index of certificates.keys()) {
      const rest = certificates.filter((_, other) => other !== index);
      expect(checkPhases(rest, facts, begins, longest)).toContain('no window begins');
    }
  });

  it.each(['start', 'x', 'n', 'J', 'W', 'sum'])('are refused where %s is one off', (key) => {
    const [first, ...rest] = certificates;
    if (first === undefined) throw new Error('there are windows');
    // A window may begin earlier than it says only where the first replenishment does not move.
    const changed = [change(first, key, -1), ...rest];
    expect(checkPhases(changed, facts, begins, longest)).not.toBeNull();
  });
});

describe('a timeline that is run once more', () => {
  it('agrees with the bound that was read off it, to the tick', () => {
    let state = 11;
    const random = (below: number): number => {
      state = (state * 48_271) % 2_147_483_647;
      return state % below;
    };
    let judged = 0;
    for (let run = 0; run < 300; run += 1) {
      const reservations = Array.from({ length: 1 + random(3) }, () => {
        const period = 3 + random(10);
        return { period, budget: 1 + random(Math.ceil(period / 2)), phase: random(4) };
      });
      const target = reservations.length - 1;
      const timeline = traceTimeline({ policy: 'fp', reservations, target });
      const activation = random(3);
      const delay = timeline === null ? null : computeTimelineDelay(timeline, activation, 1);
      if (delay === null) continue;
      judged += 1;
      expect({
        reservations,
        activation,
        is: checkTimeline(reservations, activation, delay),
      }).toEqual({ reservations, activation, is: null });
      expect(checkTimeline(reservations, activation, delay - 1)).not.toBeNull();
    }
    expect(judged).toBeGreaterThan(150);
  });

  it('has no answer where the schedule is too long', () => {
    const primes = [9973, 9967, 9949].map((period) => ({ budget: 1, period, phase: 0 }));
    expect(checkTimeline(primes, 0, 10_000)).toContain('repeat');
  });
});

describe('facts that are read off a core', () => {
  it.each(['keep', 'burn', 'poll'] as const)('are those of its bounds: %s', (idle) => {
    let judged = 0;
    for (const slack of [true, false]) {
      const members = MEMBERS.map((each) => ({ ...each, idle, slack }));
      const { core } = readPlace(members);
      for (const member of core.members) {
        for (const { kind, method, certificate } of computeMemberBounds(core, member)) {
          if (certificate === null) continue;
          const facts = readFacts(core, member, {
            need: certificate.c,
            // The longest of all windows may be one without a wait.
            throttled: kind !== 'in-contract' && certificate.throttle > 0,
            phased: method === 'phases',
          });
          judged += 1;
          expect(facts === null ? 'none' : checkCertificate(certificate, facts)).toBeNull();
        }
      }
    }
    expect(judged).toBeGreaterThan(0);
  });
});
