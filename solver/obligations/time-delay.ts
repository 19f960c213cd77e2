/**
 * Delay: every virtual CPU runs within its max-delay, takes its interrupts within its max-latency,
 * and every budget is served within its period.
 *
 * A bound under fixed priority is arithmetic on what the lemmas say of each reservation: a
 * certificate, which a checker adds up again from the configuration. A bound under a table or by
 * deadlines is asked of a solver, about every instant.
 */

import type { Path, StaticConfiguration } from '../../model/configuration.ts';
import type { Finding } from '../../properties/findings.ts';
import type { Model, Obligation, RefutedBound, Witness } from '../obligation.ts';
import { add, and, boolean, equal, less, lessOrEqual, type Term } from '../smt/term.ts';
import { adviseDelay } from '../timing/advice.ts';
import { TickOverflowError } from '../timing/arithmetic.ts';
import { computeMemberBound, computeMemberSupply } from '../timing/bounds.ts';
import type { Certificate, CoreBound } from '../timing/certificate-types.ts';
import type { NoBound, ReservedSupply, Supply } from '../timing/delay.ts';
import { formatNanoseconds, formatTicks } from '../timing/duration.ts';
import {
  DEADLINE_RUN,
  encodeCertificate,
  encodeDeadlineRun,
  encodeSlotRun,
  RUN,
} from '../timing/encoding.ts';
import { computeMemberSlots } from '../timing/slots.ts';
import { type Claim, getCodeOfClaim } from './claim.ts';
import { certifyBound, certifyBudget, checkBound, checkBudget, isRun } from './time-certificate.ts';
import { DELAY, LATENCY, SCHEDULABLE } from './time-claims.ts';
import {
  computeTaken,
  describeOthers,
  describeShare,
  describeTicks,
  explainReason,
  findPlaced,
  getCpuPath,
  getInstance,
  listBounds,
  type PlacedMember,
  readTicks,
} from './time-run.ts';

/** A bound that is required of a virtual CPU. */
interface Requirement {
  readonly claim: Claim;
  readonly kind: 'delay' | 'latency';
  readonly placed: PlacedMember;
  /** Ticks, rounded down. */
  readonly required: number;
  readonly requiredNs: number;
  /** Where it is required. */
  readonly at: Path;
}

/** What is required of a virtual CPU, in the order of the claims. */
function listRequirements(configuration: StaticConfiguration, placed: PlacedMember): Requirement[] {
  const { member } = placed;
  const { requiredTicks, requiredNs, latencyTicks } = member;
  const cpu = configuration.partitions[member.partition]?.cpus[member.cpu];
  const requirements: Requirement[] = [];
  if (requiredTicks !== null) {
    requirements.push({
      claim: DELAY,
      kind: 'delay',
      placed,
      required: requiredTicks,
      requiredNs: requiredNs ?? 0,
      at: getCpuPath(member, 'max-delay'),
    });
  }
  if (latencyTicks !== null) {
    requirements.push({
      claim: LATENCY,
      kind: 'latency',
      placed,
      required: latencyTicks,
      requiredNs: cpu?.maxLatencyNs ?? 0,
      at: getCpuPath(member, 'max-latency'),
    });
  }
  return requirements;
}

/** The bound of this kind, least of all that are sound. */
function findBound(placed: PlacedMember, kind: Requirement['kind']): CoreBound {
  const bound = listBounds(placed).find((each) => each.kind === kind);
  // Every virtual CPU has one of each kind, though it may be without ticks.
  if (bound === undefined) throw new NoBoundError(kind);
  return bound;
}

/** A kind of bound that is not computed: a slip in the list, never in a user's input. */
export class NoBoundError extends Error {
  constructor(kind: string) {
    super(`no bound of kind ${kind}`);
  }
}

/** The supply of a virtual CPU; null where there is none. */
function readSupply({ core, member }: PlacedMember): Supply | null {
  try {
    const result = computeMemberSupply(core, member);
    return result.kind === 'supply' ? result.supply : null;
  } catch (error) {
    if (error instanceof TickOverflowError) return null;
    throw error;
  }
}

/** Who decides a bound, and the case that would break it. */
type Statement = Pick<Obligation, 'assume' | 'refute'> & Partial<Pick<Obligation, 'check'>>;

/** By slots and deadlines a solver is asked; all else is arithmetic. */
function stateBound(requirement: Requirement, bound: CoreBound): Statement {
  const { placed, kind, required } = requirement;
  const allowed = required - (kind === 'latency' ? placed.core.costs.interrupt : 0);
  const slots = bound.method === 'slots' ? computeMemberSlots(placed.core, placed.member) : null;
  if (slots !== null) return encodeSlotRun(slots, allowed);
  const supply = readSupply(placed);
  if (bound.method === 'deadlines' && supply?.kind === 'earliest-deadline') {
    return encodeDeadline(supply, allowed, kind === 'latency' && placed.member.inContract);
  }
  const check = (): string | null => checkBound(placed, kind, bound, required);
  const certificate = certifyBound(placed, kind, bound);
  const isCertified = certificate !== null && certificate.throttle + certificate.W <= allowed;
  if (isRun(bound) && !isCertified) {
    // A schedule that has been run is no formula: there is nothing left to ask about it.
    return { assume: [], refute: boolean(check() !== null), check };
  }
  return { ...encodeBound(certificate, allowed), check };
}

/** A run by deadlines without one tick of the guest; in contract its budget was enough for one. */
function encodeDeadline(
  supply: ReservedSupply,
  allowed: number,
  isContract: boolean,
): { readonly assume: readonly Term[]; readonly refute: Term } {
  const { before, elapsed, current, next } = DEADLINE_RUN;
  const need = 1 + supply.activation;
  const contract = [equal(RUN.section, 0), lessOrEqual(add(before, need), supply.secure)];
  return {
    assume: [...encodeDeadlineRun(supply), ...(isContract ? contract : [])],
    refute: and([equal(elapsed, allowed), less(isContract ? current : add(current, next), need)]),
  };
}

/** A certificate as a query; without one any wait is possible. */
function encodeBound(
  certificate: Certificate | null,
  allowed: number,
): { readonly assume: readonly Term[]; readonly refute: Term } {
  if (certificate === null) {
    return { assume: [lessOrEqual(0, RUN.wait)], refute: less(allowed, RUN.wait) };
  }
  return encodeCertificate(certificate, allowed);
}

/** The obligations that a virtual CPU runs, and takes its interrupts, within what is required. */
export function proveBounds(
  configuration: StaticConfiguration,
  placed: PlacedMember,
): Obligation[] {
  return listRequirements(configuration, placed).map((requirement) => proveBound(requirement));
}

function proveBound(requirement: Requirement): Obligation {
  const { claim, placed, kind, required } = requirement;
  const { core, member } = placed;
  const bound = findBound(placed, kind);
  const within = `within ${formatNanoseconds(requirement.requiredNs)}, whatever the others do.`;
  return {
    ...claim,
    id: `${claim.id}[${getInstance(placed)}]`,
    statement:
      kind === 'delay'
        ? `${member.name}, ready on core ${core.core}, runs ${within}`
        : `${member.name} takes its interrupts on core ${core.core} ${within}`,
    ...stateBound(requirement, bound),
    decode: (model) => decodeBound(requirement, bound, model),
    confirms: (configuration) => {
      const found = findPlaced(configuration, placed);
      if (found === null) return false;
      const { ticks } = findBound(found, kind);
      return ticks === null || ticks > required;
    },
    finding: () => describeBound(requirement, bound),
    getBound: (): RefutedBound => ({ bound, required }),
  };
}

function decodeBound(requirement: Requirement, bound: CoreBound, model: Model): Witness {
  const { placed, kind, requiredNs } = requirement;
  const { core, member } = placed;
  const certificate = certifyBound(placed, kind, bound);
  const { timerHz } = core;
  const run = decodeRun(bound, certificate, model);
  return {
    partition: member.name,
    core: core.core,
    required: formatNanoseconds(requiredNs),
    bound: bound.ticks === null ? 'none' : formatTicks(bound.ticks, timerHz),
    method: bound.method,
    ...describeTicks(run, timerHz),
  };
}

function decodeRun(
  { method }: CoreBound,
  certificate: Certificate | null,
  model: Model,
): Record<string, number> {
  if (method === 'slots') return { 'ready after the frame begins': readTicks(model, RUN.wait) };
  if (method === 'deadlines') {
    return {
      'elapsed without running': readTicks(model, DEADLINE_RUN.elapsed),
      'served before': readTicks(model, DEADLINE_RUN.before),
    };
  }
  return certificate === null ? {} : decodeCertificate(certificate);
}

function decodeCertificate({ throttle, c, Z, terms, W }: Certificate): Record<string, number> {
  return {
    'wait for a budget': throttle,
    'then served within': W,
    'of it its own': c,
    'section of EL2': Z,
    ...Object.fromEntries(terms.map((term) => [`taken by ${term.server}`, computeTaken(term, W)])),
  };
}

function describeBound(requirement: Requirement, bound: CoreBound): Finding {
  const { claim, placed, kind, requiredNs, at } = requirement;
  const { core, member } = placed;
  const certificate = certifyBound(placed, kind, bound);
  const format = (ticks: number): string => formatTicks(ticks, core.timerHz);
  const found =
    bound.ticks === null
      ? `no bound, because ${explainReason(getReason(bound))}`
      : `up to ${format(bound.ticks)}`;
  const parts = bound.ticks === null ? '' : describeParts(requirement, bound, certificate);
  const can =
    kind === 'delay' ? 'can be ready and not run' : 'can be kept from taking its interrupts';
  return {
    code: getCodeOfClaim(claim),
    severity: 'error',
    message:
      `${member.name} has ${describeShare(member, core.timerHz)} on core ${core.core} ` +
      `and ${can}: ` +
      `expected at most ${formatNanoseconds(requiredNs)}, found ${found}${parts}`,
    help: kind === 'delay' ? adviseDelay(core, member) : claim.help,
    at,
    related: describeOthers(placed, certificate),
  };
}

/** Why a bound has no ticks; `computeMemberBounds` gives it as text. */
function getReason({ reason }: CoreBound): NoBound {
  return (reason ?? 'overload') as NoBound;
}

/** What a bound is made of, as the end of a sentence. */
function describeParts(
  { kind, placed }: Requirement,
  { method }: CoreBound,
  certificate: Certificate | null,
): string {
  const { core } = placed;
  const format = (ticks: number): string => formatTicks(ticks, core.timerHz);
  if (method === 'whole') return ', all of it a section of EL2';
  if (method === 'slots') return ': its slots are that far apart, sections of EL2 included';
  if (method === 'deadlines') {
    return ': its budget may come early in one period and late in the next';
  }
  if (certificate === null) return '';
  const { throttle, terms, W, Z } = certificate;
  const parts = throttle > 0 ? [`${format(throttle)} until its budget comes back`] : [];
  const taken = terms.reduce((sum, term) => sum + computeTaken(term, W), 0);
  if (taken > 0) parts.push(`${format(taken)} for the others on the core`);
  const own = Z + core.costs.activation + (kind === 'latency' ? core.costs.interrupt : 0);
  if (own > 0) parts.push(`${format(own)} in EL2`);
  return parts.length === 0 ? '' : `: ${parts.join(', then ')}`;
}

/** The obligation that a reservation gets its budget in every period, under fixed priority. */
export function proveSchedulable(placed: PlacedMember): Obligation | null {
  const { core, member } = placed;
  const { reservation } = member;
  if (reservation === null || core.policy !== 'fp') return null;
  const { budget, period } = reservation;
  const certificate = certifyBudget(placed);
  return {
    ...SCHEDULABLE,
    id: `${SCHEDULABLE.id}[${getInstance(placed)}]`,
    statement:
      `${member.name} gets ${formatTicks(budget, core.timerHz)} of core ` +
      `${core.core} in every ${formatTicks(period, core.timerHz)}, ` +
      'whatever the others do.',
    ...encodeBound(certificate, period),
    check: () => checkBudget(placed),
    decode: () => ({
      partition: member.name,
      core: core.core,
      share: describeShare(member, core.timerHz),
      ...describeTicks(certificate === null ? {} : decodeCertificate(certificate), core.timerHz),
    }),
    confirms: (configuration) => {
      const found = findPlaced(configuration, placed);
      return found !== null && !computeMemberBound(found.core, found.member).schedulable;
    },
    finding: (configuration) => describeSchedulable(findPlaced(configuration, placed) ?? placed),
  };
}

function describeSchedulable(placed: PlacedMember): Finding {
  const { core, member } = placed;
  const { responseTicks, reason } = computeMemberBound(core, member);
  const certificate = certifyBudget(placed);
  const format = (ticks: number): string => formatTicks(ticks, core.timerHz);
  const period = member.reservation?.period ?? 0;
  const found =
    responseTicks === null
      ? `no bound, because ${explainReason(reason ?? 'overload')}`
      : `up to ${format(responseTicks)}`;
  return {
    code: getCodeOfClaim(SCHEDULABLE),
    severity: 'error',
    message:
      `${member.name} has ${describeShare(member, core.timerHz)} on core ${core.core}, ` +
      `but its budget is not served in time: expected within ${format(period)}, found ${found}`,
    help: SCHEDULABLE.help,
    at: getCpuPath(member, 'budget'),
    related: describeOthers(placed, certificate),
  };
}
