/** Bounds under fixed priority as arithmetic: what certifies them, and whether it does. */

import { TickOverflowError } from '../timing/arithmetic.ts';
import type { Certificate, CoreBound } from '../timing/certificate-types.ts';
import {
  certifyPhases,
  certifyWindow,
  listWindowStarts,
  readFacts,
  type WindowDemand,
} from '../timing/certificate.ts';
import {
  type CertificateFacts,
  checkCertificate,
  checkPhases,
} from '../timing/check-certificate.ts';
import { checkEpochs } from '../timing/check-epochs.ts';
import { checkTimeline } from '../timing/check-timeline.ts';
import type { CoreMember } from '../timing/reservation.ts';
import type { PlacedMember } from './time-run.ts';

/** Bounds that the configuration can require of a virtual CPU. */
export type RequiredKind = 'delay' | 'latency';

const NONE = 'the others leave nothing to it';

function getDemand(
  { core, member }: PlacedMember,
  kind: RequiredKind,
  { method }: CoreBound,
): WindowDemand {
  const isContract = kind === 'latency' && member.inContract;
  const activation = member.reservation === null ? 0 : core.costs.activation;
  return { need: 1 + activation, throttled: !isContract, phased: method === 'phases' };
}

/** The certificate of a window whatever the phases are; null where there is none. */
function certify(facts: CertificateFacts | null): Certificate | null {
  try {
    return facts === null ? null : certifyWindow(facts);
  } catch (error) {
    if (error instanceof TickOverflowError) return null;
    throw error;
  }
}

/** What certifies a bound, or nearly does; null where there is no bound. */
export function certifyBound(
  placed: PlacedMember,
  kind: RequiredKind,
  bound: CoreBound,
): Certificate | null {
  if (bound.ticks === null || bound.certificate !== null) return bound.certificate;
  return certify(readFacts(placed.core, placed.member, getDemand(placed, kind, bound)));
}

/** Null where the virtual CPU is served within `required` ticks; else what does not hold. */
export function checkBound(
  placed: PlacedMember,
  kind: RequiredKind,
  bound: CoreBound,
  required: number,
): string | null {
  if (bound.ticks === null) return NONE;
  const { core, member } = placed;
  const demand = getDemand(placed, kind, bound);
  const facts = readFacts(core, member, demand);
  if (facts === null) return NONE;
  const more = kind === 'latency' ? core.costs.interrupt : 0;
  const allowed = required - more;
  if (bound.method === 'phases') return checkPhased(placed, facts, bound, allowed);
  const certificate = certifyBound(placed, kind, bound);
  const failure = certificate === null ? NONE : checkCertificate(certificate, facts);
  const ticks = certificate === null ? Infinity : certificate.throttle + certificate.W;
  if (failure === null && ticks <= allowed) return compare(bound, ticks + more);
  if (!isRun(bound)) return failure ?? `${ticks} ticks exceed ${allowed}`;
  return checkBurned(placed, facts, bound, demand, allowed);
}

/** Whether a bound is read off runs of what burns its idle budget. */
export function isRun({ method }: CoreBound): boolean {
  return method === 'timeline' || method === 'epochs';
}

/** Two ways to one bound must agree; what is read off runs may be below its certificate. */
function compare(bound: CoreBound, certified: number): string | null {
  const { ticks } = bound;
  const isSame = ticks === certified || (isRun(bound) && (ticks ?? 0) < certified);
  return isSame ? null : `the bound is ${ticks} ticks, its certificate says ${certified}`;
}

/** Every window that can be the longest, after a wait and without one. */
function checkPhased(
  { member }: PlacedMember,
  facts: CertificateFacts,
  { certificate }: CoreBound,
  allowed: number,
): string | null {
  const own = member.reservation;
  const starts = own === null ? null : listWindowStarts(facts, own);
  if (own === null || starts === null || certificate === null) return NONE;
  const free = { ...facts, throttle: 0 };
  const named = checkCertificate(certificate, certificate.throttle === 0 ? free : facts);
  if (named !== null) return named;
  const isThrottled = facts.throttle > 0;
  const ready = certifyPhases(free, starts.free) ?? [];
  const throttled = isThrottled ? (certifyPhases(facts, starts.replenished) ?? []) : [];
  const begins = facts.servers.map(({ phase, Q, P }) => ({ phase: phase - Q, period: P }));
  return (
    checkPhases(ready, free, begins, allowed) ??
    (isThrottled ? checkPhases(throttled, facts, [own], allowed - facts.throttle) : null)
  );
}

/** The schedule once more, where all that is as urgent burns its idle budget. */
function checkBurned(
  { core, member }: PlacedMember,
  { c, Z, servers }: CertificateFacts,
  { method }: CoreBound,
  { throttled }: WindowDemand,
  allowed: number,
): string | null {
  const own = member.reservation;
  if (own === null) return NONE;
  const urgent = core.members
    .filter((other) => other !== member && getPriority(other) >= own.priority)
    .sort((a, b) => getPriority(b) - getPriority(a));
  const reservations = urgent.flatMap(({ reservation }) => reservation ?? []);
  if (own.idle !== 'burn' || reservations.some(({ idle }) => idle !== 'burn')) {
    return 'not all that is more urgent burns its idle budget';
  }
  if (reservations.some(({ priority }) => priority === own.priority)) {
    return 'another reservation is as urgent';
  }
  const { section, interrupt, timer, activation } = core.costs;
  if (c !== activation + 1) return 'what is run is about one tick';
  if (method === 'epochs') {
    const unserved = urgent.find((each) => checkBudget({ core, member: each }) !== null);
    if (unserved !== undefined) return `the budget of ${unserved.name} is not always served`;
    const overrun = Math.max(0, Math.max(section, interrupt) - 1) + timer;
    const burning = reservations.map((each) => ({ ...each, overrun }));
    const scene = { own: { ...own, overrun }, urgent: burning, activation, section: Z };
    return checkEpochs(scene, !throttled, allowed);
  }
  const debts = servers.reduce((sum, { o }) => sum + o, Z);
  if (section + interrupt + timer + activation + debts > 0) {
    return 'EL2 takes time, which moves a timeline by more than that time';
  }
  return checkTimeline([...reservations, own], activation, allowed);
}

function getPriority({ reservation }: CoreMember): number {
  return reservation?.priority ?? 0;
}

function readBudgetFacts({ core, member }: PlacedMember): CertificateFacts | null {
  const need = member.reservation?.budget ?? 0;
  return readFacts(core, member, { need, throttled: false, phased: false });
}

/** What certifies that a budget is served after its replenishment; null where nothing does. */
export function certifyBudget(placed: PlacedMember): Certificate | null {
  return certify(readBudgetFacts(placed));
}

/** Null where a budget is served within its period; else what does not hold. */
export function checkBudget(placed: PlacedMember): string | null {
  const facts = readBudgetFacts(placed);
  const certificate = certify(facts);
  const period = placed.member.reservation?.period ?? 0;
  if (facts === null || certificate === null) return NONE;
  const failure = checkCertificate(certificate, facts);
  if (failure !== null) return failure;
  return certificate.W <= period ? null : `${certificate.W} ticks exceed the period of ${period}`;
}
