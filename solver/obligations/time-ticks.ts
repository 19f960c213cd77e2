/** Exact arithmetic: durations that are whole ticks, sums that stay below 2^53. */

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
  modulo,
  not,
  or,
} from '../smt/term.ts';
import { TickOverflowError } from '../timing/arithmetic.ts';
import { formatNanoseconds, formatTicks } from '../timing/duration.ts';
import { encodeDemand } from '../timing/encoding.ts';
import { computeInterference, type CoreTicks } from '../timing/reservation.ts';
import { computeRequest, type Interference } from '../timing/response.ts';
import { getCodeOfClaim } from './claim.ts';
import { NO_OVERFLOW, WHOLE_TICKS } from './time-claims.ts';
import {
  describeShare,
  getCpuPath,
  getInstance,
  type PlacedMember,
  readTicks,
} from './time-run.ts';

const NS_PER_S = 1_000_000_000;

/** The obligation that the durations of a reservation are whole ticks. */
export function proveWholeTicks(
  configuration: StaticConfiguration,
  placed: PlacedMember,
): Obligation {
  const { core, member } = placed;
  const path = getCpuPath(member);
  const durations = listDurations(configuration, placed);
  const scale = (ns: number): bigint => BigInt(ns) * BigInt(core.timerHz);
  const isBroken = ({ ns }: PlacedDuration): boolean => scale(ns) % BigInt(NS_PER_S) !== 0n;
  return {
    ...WHOLE_TICKS,
    id: `${WHOLE_TICKS.id}[${getInstance(placed)}]`,
    statement:
      `${core.policy === 'table' ? 'Slots' : 'Budget, period and phase'} of ${member.name} ` +
      `on core ${core.core} are whole ticks ` +
      `of ${core.timerHz} Hz.`,
    assume: [],
    refute: or(durations.map(({ ns }) => not(equal(modulo(integer(scale(ns)), NS_PER_S), 0)))),
    decode: () => ({
      partition: member.name,
      core: core.core,
      ...Object.fromEntries(
        durations.map(({ name, ns }) => [
          name,
          `${formatNanoseconds(ns)}, at least ${scale(ns) / BigInt(NS_PER_S)} ticks`,
        ]),
      ),
    }),
    confirms: () => durations.some(isBroken),
    finding: (): Finding => {
      const broken = durations.find(isBroken);
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
export function proveNoOverflow(core: CoreTicks): Obligation {
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
