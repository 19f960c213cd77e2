/**
 * Time: delays, schedulability and task response times of a configuration, as obligations.
 *
 * Two layers. Lemmas about one account, by induction (`time.throttle`, `time.window`,
 * `time.phased-window`): how long a reservation is throttled, and what it takes in any window.
 * Claims about one core, by addition (`time.reservation-schedulable`, `time.delay`, `time.latency`,
 * `time.task-response`): time that passes is time that somebody took. What is added up is a
 * certificate, which a checker adds up again. docs/timing.md has the argument that joins them.
 */

import type { Path, StaticConfiguration } from '../../model/configuration.ts';
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
import { computeMemberBounds } from '../timing/core-bounds.ts';
import { formatNanoseconds, formatTicks } from '../timing/duration.ts';
import { encodeDemand } from '../timing/encoding.ts';
import {
  computeInterference,
  type CoreMember,
  type CoreTicks,
  listCores,
} from '../timing/reservation.ts';
import { computeRequest, type Interference } from '../timing/response.ts';
import { getCodeOfClaim } from './claim.ts';
import { NO_OVERFLOW, WHOLE_TICKS } from './time-claims.ts';
import { proveInterrupts, proveSlots, proveWellFormed } from './time-core.ts';
import { proveBurns, proveDeadlines } from './time-deadlines.ts';
import { proveBounds, proveSchedulable } from './time-delay.ts';
import { provePhasedWindow, proveThrottle, proveWindow } from './time-lemmas.ts';
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
 * Every obligation about time; which ones is a function of cores, reservations, tables, what is
 * required of delays and latencies, rates and tasks.
 */
export function listTimeObligations(configuration: StaticConfiguration): Obligation[] {
  const cores = listCores(configuration);
  const isThrottled = cores.some(
    (core) => core.policy !== 'table' && listReserved(core).length > 0,
  );
  const obligations = cores.flatMap((core) => {
    const reserved = listReserved(core).map((member) => ({ core, member }));
    const placed = core.members.map((member) => ({ core, member }));
    return [
      ...reserved.flatMap((each) => [proveWholeTicks(configuration, each), proveWellFormed(each)]),
      reserved.length > 0 ? proveNoOverflow(core) : null,
      proveSlots(core),
      proveBurns(core),
      proveDeadlines(core),
      ...listInterfering(core).flatMap((member) => [
        proveWindow({ core, member }),
        isPhased(core) ? provePhasedWindow({ core, member }) : null,
      ]),
      ...placed.flatMap((each) => [
        proveSchedulable(each),
        ...proveBounds(configuration, each),
        proveInterrupts(configuration, each),
      ]),
    ];
  });
  return [
    ...(isThrottled ? [proveThrottle()] : []),
    ...obligations.filter((obligation) => obligation !== null),
    ...listTaskObligations(configuration),
  ];
}

function listReserved(core: CoreTicks): CoreMember[] {
  return core.members.filter((member) => member.reservation !== null);
}

/** Reservations that another one of the same core has to wait for, under fixed priority. */
function listInterfering(core: CoreTicks): CoreMember[] {
  if (core.policy !== 'fp') return [];
  return listReserved(core).filter(({ reservation }) =>
    core.members.some(
      (other) =>
        other.reservation !== null &&
        reservation !== null &&
        other.reservation !== reservation &&
        other.reservation.priority <= reservation.priority,
    ),
  );
}

/** Whether a bound that is required on the core rests on phases. */
function isPhased(core: CoreTicks): boolean {
  return core.members.some(
    (member) =>
      (member.requiredTicks !== null || member.latencyTicks !== null) &&
      computeMemberBounds(core, member).some(
        ({ kind, method }) => (kind === 'delay' || kind === 'latency') && method === 'phases',
      ),
  );
}

/** Ticks in the duration of this name, rounded down. */
function getTicks(name: string): Term {
  return integerVariable(`ticks.${name}`);
}

/** The obligation that the durations of a reservation are whole ticks. */
function proveWholeTicks(configuration: StaticConfiguration, placed: PlacedMember): Obligation {
  const { core, member } = placed;
  const path = getCpuPath(member);
  const durations = listDurations(configuration, placed);
  const isBroken = (): boolean =>
    durations.some(({ ns }) => (BigInt(ns) * BigInt(core.timerHz)) % BigInt(NS_PER_S) !== 0n);
  return {
    ...WHOLE_TICKS,
    id: `${WHOLE_TICKS.id}[${getInstance(placed)}]`,
    statement:
      `${core.policy === 'table' ? 'Slots' : 'Budget, period and phase'} of ${member.name} ` +
      `on core ${core.core} are whole ticks ` +
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
        at: broken?.at ?? path,
        related: [{ message: 'the timer is here', at: ['platform', 'timer'] }],
      };
    },
  };
}

/** A duration that must be whole ticks, and where it is. */
interface PlacedDuration {
  readonly name: string;
  readonly ns: number;
  readonly at: Path;
}

/** Durations of a reservation, or of the slots that it stands for. */
function listDurations(
  configuration: StaticConfiguration,
  { core, member }: PlacedMember,
): readonly PlacedDuration[] {
  const cpu = configuration.partitions[member.partition]?.cpus[member.cpu];
  if (cpu === undefined || cpu.reservation === null) return [];
  const index = configuration.schedules.findIndex((schedule) => schedule.core === core.core);
  const schedule = configuration.schedules[index];
  if (schedule?.policy === 'table') {
    const at: Path = ['config', 'schedule', index];
    const slots = schedule.slots.flatMap(({ partition, startNs, durationNs }, slot) =>
      partition === member.partition
        ? [
            { name: `start of slot ${slot}`, ns: startNs, at: [...at, 'slots', slot] as Path },
            {
              name: `duration of slot ${slot}`,
              ns: durationNs,
              at: [...at, 'slots', slot] as Path,
            },
          ]
        : [],
    );
    return [{ name: 'frame', ns: schedule.frameNs ?? 0, at: [...at, 'frame'] }, ...slots];
  }
  const { budgetNs, periodNs, phaseNs } = cpu.reservation;
  return [
    { name: 'budget', ns: budgetNs, at: getCpuPath(member, 'budget') },
    { name: 'period', ns: periodNs, at: getCpuPath(member, 'period') },
    { name: 'phase', ns: phaseNs, at: getCpuPath(member, 'phase') },
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
