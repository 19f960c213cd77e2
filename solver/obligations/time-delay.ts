/**
 * Delay: every virtual CPU runs within its max-delay, and every budget is served within its period.
 */

import type { Finding } from '../../properties/findings.ts';
import type { Model, Obligation, Witness } from '../obligation.ts';
import {
  add,
  and,
  divide,
  equal,
  integerVariable,
  less,
  lessOrEqual,
  multiply,
  type Term,
} from '../smt/term.ts';
import { adviseDelay } from '../timing/advice.ts';
import { TickOverflowError } from '../timing/arithmetic.ts';
import { computeMemberBound, computeMemberSupply } from '../timing/bounds.ts';
import {
  computeDeadlineBlocking,
  listDeadlineWork,
  type NoBound,
  type Supply,
  type SupplyParty,
} from '../timing/delay.ts';
import { formatTicks } from '../timing/duration.ts';
import { testDemand } from '../timing/edf.ts';
import {
  DEADLINE_RUN,
  encodeDeadlineRun,
  encodeRun,
  encodeWindow,
  RUN,
} from '../timing/encoding.ts';
import type { CoreTicks, ReservationTicks } from '../timing/reservation.ts';
import { computeDemand, computeResponse } from '../timing/response.ts';
import { type Claim, getCodeOfClaim } from './claim.ts';
import { DEADLINES_MET, DELAY, SCHEDULABLE } from './time-claims.ts';
import {
  decodeTaken,
  describeOthers,
  describeShare,
  describeTicks,
  explainReason,
  findPlaced,
  formatRequired,
  getCpuPath,
  getInstance,
  listParties,
  parseTicks,
  type PlacedMember,
  readTicks,
} from './time-run.ts';

/** The supply of a virtual CPU, or null with the reason. */
function readSupply({ core, member }: PlacedMember): {
  readonly supply: Supply | null;
  readonly reason: NoBound | null;
} {
  try {
    const result = computeMemberSupply(core, member);
    if (result.kind === 'supply') return { supply: result.supply, reason: null };
    return { supply: null, reason: result.reason };
  } catch (error) {
    if (error instanceof TickOverflowError) return { supply: null, reason: 'overflow' };
    throw error;
  }
}

/**
 * Response time of `need` ticks as the instant to look at; null: none is known, look at the end.
 */
function findCut(need: number, supply: Supply): number | null {
  try {
    const parties = listParties(supply);
    const response = computeResponse(need, supply.section, parties);
    return response.kind === 'found' ? response.ticks : null;
  } catch (error) {
    if (error instanceof TickOverflowError) return null;
    throw error;
  }
}

/**
 * Runs of a core and those in which the virtual CPU has not run `required` ticks after it was
 * ready.
 */
function encodeDelay(
  supply: Supply | null,
  required: number,
): { readonly assume: readonly Term[]; readonly refute: Term } {
  if (supply === null) {
    // Nothing is known of the core, so any wait is possible.
    return { assume: [lessOrEqual(0, RUN.wait)], refute: equal(RUN.wait, required) };
  }
  if (supply.kind === 'earliest-deadline') {
    const { elapsed, current, next } = DEADLINE_RUN;
    const isUnserved = less(add(current, next), 1 + supply.activation);
    return {
      assume: encodeDeadlineRun(supply),
      refute: and([equal(elapsed, required), isUnserved]),
    };
  }
  const need = 1 + (supply.kind === 'whole-core' ? 0 : supply.activation);
  return {
    assume: encodeRun(supply, findCut(need, supply)),
    refute: and([equal(add(RUN.wait, RUN.window), required), less(RUN.served, need)]),
  };
}

/** The obligation that a virtual CPU runs within its max-delay; null where it has none. */
export function proveDelay(placed: PlacedMember): Obligation | null {
  const { core, member } = placed;
  const required = member.requiredTicks;
  if (required === null) return null;
  const { supply } = readSupply(placed);
  return {
    ...DELAY,
    id: `${DELAY.id}[${getInstance(placed)}]`,
    statement:
      `${member.name}, ready on core ${core.core}, runs within ${formatRequired(member)}, ` +
      'whatever the others do.',
    ...encodeDelay(supply, required),
    decode: (model) => decodeDelay(placed, supply, model),
    confirms: (configuration, witness) => {
      const found = findPlaced(configuration, placed);
      if (found === null || !isDelayViolated(found)) return false;
      return supply === null || isPossibleRun(supply, witness);
    },
    finding: (configuration) => describeDelay(findPlaced(configuration, placed) ?? placed),
  };
}

function isDelayViolated({ core, member }: PlacedMember): boolean {
  return computeMemberBound(core, member).verdict === 'violated';
}

function decodeDelay(placed: PlacedMember, supply: Supply | null, model: Model): Witness {
  const { core, member } = placed;
  const bound = computeMemberBound(core, member);
  const parties = listParties(supply);
  const run =
    supply?.kind === 'earliest-deadline'
      ? {
          'elapsed without running': readTicks(model, DEADLINE_RUN.elapsed),
          'served before': readTicks(model, DEADLINE_RUN.before),
        }
      : {
          'wait for a budget': readTicks(model, RUN.wait),
          'then not served for': readTicks(model, RUN.window),
          'section of EL2': readTicks(model, RUN.section),
          served: readTicks(model, RUN.served),
          ...decodeTaken(model, placed, parties),
        };
  return {
    partition: member.name,
    core: core.core,
    required: formatRequired(member),
    bound: bound.boundTicks === null ? 'none' : formatTicks(bound.boundTicks, core.timerHz),
    ...describeTicks(run, core.timerHz),
  };
}

/** Whether a decoded run adds up and nobody took more than its demand; plain arithmetic. */
function isPossibleRun(supply: Supply, witness: Witness): boolean {
  if (supply.kind === 'earliest-deadline') {
    return parseTicks(witness, 'elapsed without running') >= 0;
  }
  const length = parseTicks(witness, 'then not served for');
  const wait = parseTicks(witness, 'wait for a budget');
  const section = parseTicks(witness, 'section of EL2');
  const names = Object.keys(witness).filter((name) => name.startsWith('taken by '));
  const taken = names.reduce((sum, name) => sum + parseTicks(witness, name), 0);
  const most = listParties(supply).reduce((sum, party) => sum + computeDemand(party, length), 0);
  const throttle = supply.kind === 'whole-core' ? 0 : supply.throttle;
  const isAllowed = wait <= throttle && section <= supply.section && taken <= most;
  return isAllowed && parseTicks(witness, 'served') + section + taken === length;
}

function describeDelay(placed: PlacedMember): Finding {
  const { core, member } = placed;
  const { supply, reason } = readSupply(placed);
  const bound = computeMemberBound(core, member);
  const parties = listParties(supply);
  const format = (ticks: number): string => formatTicks(ticks, core.timerHz);
  const found =
    bound.boundTicks === null
      ? `no bound, because ${explainReason(bound.reason ?? reason ?? 'overload')}`
      : `up to ${format(bound.boundTicks)}`;
  const window = supply === null ? null : findCut(getNeed(supply), supply);
  const parts = describeParts(supply, window, format);
  return {
    code: getCodeOfClaim(DELAY),
    severity: 'error',
    message:
      `${member.name} has ${describeShare(member, core.timerHz)} on core ${core.core} and can be ` +
      `ready and not run: expected at most ${formatRequired(member)}, found ${found}${parts}`,
    help: adviseDelay(core, member),
    at: getCpuPath(member, 'max-delay'),
    related: describeOthers(placed, parties, (party) =>
      window === null ? null : computeDemand(party, window),
    ),
  };
}

function getNeed(supply: Supply): number {
  return 1 + (supply.kind === 'whole-core' ? 0 : supply.activation);
}

function describeParts(
  supply: Supply | null,
  window: number | null,
  format: (ticks: number) => string,
): string {
  if (supply === null || window === null) return '';
  if (supply.kind === 'whole-core') return `, all of it a section of EL2`;
  if (supply.kind === 'earliest-deadline') {
    return `: its budget may come early in one period and late in the next`;
  }
  const parts = [`${format(supply.throttle)} until its budget comes back`];
  const taken = supply.parties.reduce((sum, party) => sum + computeDemand(party, window), 0);
  if (taken > 0) parts.push(`${format(taken)} for the others on the core`);
  const own = supply.section + supply.activation;
  if (own > 0) parts.push(`${format(own)} in EL2`);
  return `: ${parts.join(', then ')}`;
}

/** The obligation that a reservation gets its budget in every period, under fixed priority. */
export function proveSchedulable(placed: PlacedMember): Obligation | null {
  const { core, member } = placed;
  const { reservation } = member;
  if (reservation === null || core.policy === 'edf') return null;
  const { supply } = readSupply(placed);
  return {
    ...SCHEDULABLE,
    id: `${SCHEDULABLE.id}[${getInstance(placed)}]`,
    statement:
      `${member.name} gets ${formatTicks(reservation.budget, core.timerHz)} of core ` +
      `${core.core} in every ${formatTicks(reservation.period, core.timerHz)}, ` +
      'whatever the others do.',
    ...encodeSchedulable(supply, reservation),
    decode: (model) => decodeSchedulable(placed, listParties(supply), model),
    confirms: (configuration) => {
      const found = findPlaced(configuration, placed);
      return found !== null && !computeMemberBound(found.core, found.member).schedulable;
    },
    finding: (configuration) => describeSchedulable(findPlaced(configuration, placed) ?? placed),
  };
}

function encodeSchedulable(
  supply: Supply | null,
  { budget, period }: ReservationTicks,
): { readonly assume: readonly Term[]; readonly refute: Term } {
  if (supply === null) {
    return { assume: [lessOrEqual(0, RUN.served)], refute: less(RUN.served, Math.max(1, budget)) };
  }
  return {
    assume: encodeWindow(supply.section, listParties(supply), findCut(budget, supply)),
    refute: and([equal(RUN.window, period), less(RUN.served, budget)]),
  };
}

function decodeSchedulable(
  placed: PlacedMember,
  parties: readonly SupplyParty[],
  model: Model,
): Witness {
  const { core, member } = placed;
  return {
    partition: member.name,
    core: core.core,
    share: describeShare(member, core.timerHz),
    ...describeTicks(
      {
        'since its replenishment': readTicks(model, RUN.window),
        served: readTicks(model, RUN.served),
        'section of EL2': readTicks(model, RUN.section),
        ...decodeTaken(model, placed, parties),
      },
      core.timerHz,
    ),
  };
}

function describeSchedulable(placed: PlacedMember): Finding {
  const { core, member } = placed;
  const { supply, reason } = readSupply(placed);
  const { responseTicks } = computeMemberBound(core, member);
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
    related: describeOthers(placed, listParties(supply), (party) => computeDemand(party, period)),
  };
}

/** A core under earliest deadline first whose reservations are all well formed, or null. */
function listDeadlineReservations(core: CoreTicks): readonly ReservationTicks[] | null {
  const reservations: ReservationTicks[] = [];
  for (const { reservation } of core.members) {
    if (reservation === null || reservation.budget < 1) return null;
    if (reservation.budget > reservation.period) return null;
    reservations.push(reservation);
  }
  return core.policy === 'edf' && reservations.length > 0 ? reservations : null;
}

/**
 * The obligation that earliest deadline first serves every budget in its period; null for others.
 */
export function proveDeadlines(core: CoreTicks): Obligation | null {
  const reservations = listDeadlineReservations(core);
  if (reservations === null) return null;
  const instant = integerVariable('instant');
  const blocking = computeDeadlineBlocking(reservations.length, core.overheads);
  const work = listDeadlineWork(reservations);
  const demand = work.map(({ budget, period }) => multiply(budget, divide(instant, period)));
  const claim: Claim = DEADLINES_MET;
  return {
    ...claim,
    id: `${claim.id}[${core.core}]`,
    assume: [lessOrEqual(Math.min(...work.map(({ period }) => period)), instant)],
    refute: less(instant, add(...demand, blocking)),
    decode: (model) => {
      const ticks = readTicks(model, instant);
      return {
        core: core.core,
        instant: `${ticks} ticks (${formatTicks(ticks, core.timerHz)})`,
      };
    },
    confirms: () => testDemand(work, blocking).kind === 'late',
    finding: () => describeDeadlines(core, work, blocking),
  };
}

function describeDeadlines(
  core: CoreTicks,
  work: Parameters<typeof testDemand>[0],
  blocking: number,
): Finding {
  const verdict = testDemand(work, blocking);
  const [first, ...rest] = core.members;
  const found =
    verdict.kind === 'late'
      ? `${formatTicks(verdict.demandTicks, core.timerHz)} asked for within ` +
        formatTicks(verdict.windowTicks, core.timerHz)
      : 'no answer';
  const names = core.members.map((member) => member.name).join(', ');
  return {
    code: getCodeOfClaim(DEADLINES_MET),
    severity: 'error',
    message:
      `the reservations of ${names} on core ${core.core} do not fit: ` +
      `expected no more than there is before any deadline, found ${found}`,
    help: DEADLINES_MET.help,
    at: first === undefined ? ['config', 'schedule'] : getCpuPath(first, 'budget'),
    related: rest.map((member) => ({
      message: `${member.name} has ${describeShare(member, core.timerHz)}`,
      at: getCpuPath(member),
    })),
  };
}

/** Obligations of one core about runs, in the order of its members. */
export function listRunObligations(core: CoreTicks): Obligation[] {
  const members = core.members.flatMap((member) => [
    proveSchedulable({ core, member }),
    proveDelay({ core, member }),
  ]);
  return [proveDeadlines(core), ...members].filter((obligation) => obligation !== null);
}
