/**
 * Time: delays, schedulability and task response times of a configuration, as obligations.
 *
 * Two layers. Lemmas about one account, by induction (`time.throttle`, `time.window`): how long a
 * reservation is throttled, and what it takes in any window. Claims about one core, by addition
 * (`time.reservation-schedulable`, `time.delay`, `time.task-response`): time that passes is time
 * that somebody took. docs/timing.md has the argument that joins them.
 */

import type { StaticConfiguration } from '../../model/configuration.ts';
import type { Finding } from '../../properties/findings.ts';
import type { Obligation } from '../obligation.ts';
import {
  add,
  and,
  equal,
  integer,
  integerVariable,
  less,
  lessOrEqual,
  multiply,
  not,
  or,
  type Term,
} from '../smt/term.ts';
import { TickOverflowError } from '../timing/arithmetic.ts';
import { formatNanoseconds, formatTicks } from '../timing/duration.ts';
import { encodeDemand } from '../timing/encoding.ts';
import { assumeThrottle, assumeWindow, refuteThrottle, refuteWindow } from '../timing/lemmas.ts';
import {
  computeInterference,
  type CoreMember,
  type CoreTicks,
  listCores,
} from '../timing/reservation.ts';
import { computeRequest, type Interference } from '../timing/response.ts';
import { type Claim, getCodeOfClaim } from './claim.ts';
import { NO_OVERFLOW, THROTTLE, WHOLE_TICKS, WINDOW } from './time-claims.ts';
import { listRunObligations } from './time-delay.ts';
import {
  describeShare,
  getCpuPath,
  getInstance,
  type PlacedMember,
  readTicks,
} from './time-run.ts';
import { listTaskObligations } from './time-task.ts';

const NS_PER_S = 1_000_000_000;

/**
 * Every obligation about time; which ones is a function of cores, reservations, max-delays and
 * tasks.
 */
export function listTimeObligations(configuration: StaticConfiguration): Obligation[] {
  const cores = listCores(configuration);
  const reserved = cores.filter((core) => listReserved(core).length > 0);
  return [
    ...(reserved.length > 0 ? [proveThrottle()] : []),
    ...cores.flatMap((core) => [
      ...listReserved(core).map((member) => proveWholeTicks(configuration, { core, member })),
      ...(listReserved(core).length > 0 ? [proveNoOverflow(core)] : []),
      ...listInterfering(core).map((member) => proveWindow({ core, member })),
      ...listRunObligations(core),
    ]),
    ...listTaskObligations(configuration),
  ];
}

function listReserved(core: CoreTicks): CoreMember[] {
  return core.members.filter((member) => member.reservation !== null);
}

/** Reservations that another one of the same core has to wait for, under fixed priority. */
function listInterfering(core: CoreTicks): CoreMember[] {
  if (core.policy === 'edf') return [];
  return listReserved(core).filter(({ reservation }) => {
    if (reservation === null || reservation.budget < 1) return false;
    if (reservation.budget > reservation.period) return false;
    return core.members.some(
      (other) =>
        other.reservation !== null &&
        other.reservation !== reservation &&
        other.reservation.priority <= reservation.priority,
    );
  });
}

/**
 * A lemma has no case that a configuration could be blamed for: a model of it is a slip of the
 * encoding.
 */
function createLemma(
  claim: Claim,
  instance: string | null,
  assume: readonly Term[],
  refute: Term,
): Obligation {
  return {
    ...claim,
    id: instance === null ? claim.id : `${claim.id}[${instance}]`,
    assume,
    refute,
    decode: (model) => Object.fromEntries([...model].map(([name, value]) => [name, Number(value)])),
    confirms: () => false,
    finding: () => ({
      code: getCodeOfClaim(claim),
      severity: 'error',
      message: claim.statement,
      help: claim.help,
      at: ['config', 'partitions'],
      related: [],
    }),
  };
}

function proveThrottle(): Obligation {
  return createLemma(THROTTLE, null, assumeThrottle(), refuteThrottle());
}

function proveWindow(placed: PlacedMember): Obligation {
  const { core, member } = placed;
  const { reservation } = member;
  const refute = reservation === null ? not(true) : refuteWindow(reservation, core.overheads);
  return {
    ...createLemma(WINDOW, getInstance(placed), assumeWindow(), refute),
    statement:
      `${member.name}, ${describeShare(member, core.timerHz)}, takes no more than its demand ` +
      `of core ${core.core} in any window that another waits.`,
  };
}

/** Ticks in the duration of this name, rounded down. */
function getTicks(name: string): Term {
  return integerVariable(`ticks.${name}`);
}

/** The obligation that the durations of a reservation are whole ticks. */
function proveWholeTicks(configuration: StaticConfiguration, placed: PlacedMember): Obligation {
  const { core, member } = placed;
  const path = getCpuPath(member);
  const durations = listDurations(configuration, member);
  const isBroken = (): boolean =>
    durations.some(({ ns }) => (BigInt(ns) * BigInt(core.timerHz)) % BigInt(NS_PER_S) !== 0n);
  return {
    ...WHOLE_TICKS,
    id: `${WHOLE_TICKS.id}[${getInstance(placed)}]`,
    statement:
      `Budget, period and phase of ${member.name} on core ${core.core} are whole ticks ` +
      `of ${core.timerHz} Hz.`,
    assume: durations.flatMap(({ name, ns }) => {
      const scaled = integer(BigInt(ns) * BigInt(core.timerHz));
      return [
        lessOrEqual(multiply(NS_PER_S, getTicks(name)), scaled),
        less(scaled, multiply(NS_PER_S, add(getTicks(name), 1))),
      ];
    }),
    refute: or(
      durations.map(({ name, ns }) =>
        not(equal(multiply(NS_PER_S, getTicks(name)), integer(BigInt(ns) * BigInt(core.timerHz)))),
      ),
    ),
    decode: (model) => ({
      partition: member.name,
      core: core.core,
      ...Object.fromEntries(
        durations.map(({ name, ns }) => [
          name,
          `${formatNanoseconds(ns)}, at least ${readTicks(model, getTicks(name))} ticks`,
        ]),
      ),
    }),
    confirms: isBroken,
    finding: (): Finding => {
      const broken = durations.find(
        ({ ns }) => (BigInt(ns) * BigInt(core.timerHz)) % BigInt(NS_PER_S) !== 0n,
      );
      return {
        code: getCodeOfClaim(WHOLE_TICKS),
        severity: 'error',
        message:
          `${broken?.name ?? 'duration'} of ${member.name} on core ${core.core}: ` +
          `expected whole ticks of ${core.timerHz} Hz, found ${formatNanoseconds(broken?.ns ?? 0)}`,
        help: WHOLE_TICKS.help,
        at: broken === undefined ? path : getCpuPath(member, broken.name),
        related: [{ message: 'the timer is here', at: ['platform', 'timer'] }],
      };
    },
  };
}

function listDurations(
  configuration: StaticConfiguration,
  member: CoreMember,
): readonly { readonly name: string; readonly ns: number }[] {
  const cpu = configuration.partitions[member.partition]?.cpus[member.cpu];
  if (cpu === undefined || cpu.reservation === null) return [];
  const { budgetNs, periodNs, phaseNs } = cpu.reservation;
  return [
    { name: 'budget', ns: budgetNs },
    { name: 'period', ns: periodNs },
    { name: 'phase', ns: phaseNs },
  ];
}

/** The obligation that what is added up for the bounds of a core stays exact. */
function proveNoOverflow(core: CoreTicks): Obligation {
  const window = integerVariable('window');
  const { limit, need, parties } = listMagnitudes(core);
  const isBroken = (): boolean => {
    try {
      const request = computeRequest(need, core.overheads.section, parties, limit);
      return !Number.isSafeInteger(limit + request);
    } catch (error) {
      if (error instanceof TickOverflowError) return true;
      throw error;
    }
  };
  const total = add(
    need,
    core.overheads.section,
    window,
    ...parties.map((party) => encodeDemand(party, window)),
  );
  const [first, ...rest] = core.members;
  return {
    ...NO_OVERFLOW,
    id: `${NO_OVERFLOW.id}[${core.core}]`,
    assume: [lessOrEqual(0, window), lessOrEqual(window, limit)],
    refute: and([less(Number.MAX_SAFE_INTEGER, total)]),
    decode: (model) => ({ core: core.core, window: readTicks(model, window) }),
    confirms: isBroken,
    finding: () => ({
      code: getCodeOfClaim(NO_OVERFLOW),
      severity: 'error',
      message:
        `bounds of core ${core.core} cannot be exact: expected sums below 2^53 ticks, found more ` +
        `within ${formatTicks(limit, core.timerHz)}`,
      help: NO_OVERFLOW.help,
      at: first === undefined ? ['config', 'partitions'] : getCpuPath(first),
      related: rest.map((member) => ({
        message: `${member.name} has ${describeShare(member, core.timerHz)}`,
        at: getCpuPath(member),
      })),
    }),
  };
}

/** The largest numbers that the bounds of a core are made of. */
function listMagnitudes(core: CoreTicks): {
  readonly limit: number;
  readonly need: number;
  readonly parties: readonly Interference[];
} {
  const reservations = core.members.flatMap(({ reservation }) =>
    reservation === null || reservation.period < 1 ? [] : [reservation],
  );
  const required = core.members.map((member) => member.requiredTicks ?? 0);
  return {
    limit: Math.max(0, ...required, ...reservations.map(({ period, phase }) => period + phase)),
    need: Math.max(0, ...reservations.map(({ budget }) => budget)),
    parties: reservations.map((reservation) => {
      const party = computeInterference(reservation, core.overheads);
      return { ...party, jitter: Math.max(0, party.jitter) };
    }),
  };
}
