/** Earliest deadline first: no more is asked for by any deadline than there is, and all burn. */

import type { Finding } from '../../properties/findings.ts';
import type { Obligation } from '../obligation.ts';
import { add, divide, integerVariable, less, lessOrEqual, multiply, or } from '../smt/term.ts';
import { computeDeadlineBlocking, listDeadlineWork } from '../timing/delay.ts';
import { formatTicks } from '../timing/duration.ts';
import { testDemand } from '../timing/edf.ts';
import type { CoreTicks, ReservationTicks } from '../timing/reservation.ts';
import { type Claim, createFinding, getCodeOfClaim } from './claim.ts';
import { BURNS, DEADLINES_MET } from './time-claims.ts';
import { describeShare, getCpuPath, readTicks } from './time-run.ts';

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

/** The obligation that every reservation of a core burns its idle budget; null but under `edf`. */
export function proveBurns(core: CoreTicks): Obligation | null {
  if (core.policy !== 'edf' || listDeadlineReservations(core) === null) return null;
  const findKept = (): CoreTicks['members'][number] | undefined =>
    core.members.find(({ reservation }) => reservation?.idle !== 'burn');
  const isKept = core.members.map(({ reservation }) => reservation?.idle !== 'burn');
  return {
    ...BURNS,
    id: `${BURNS.id}[${core.core}]`,
    assume: [],
    refute: or(isKept),
    decode: () => ({ core: core.core, partition: findKept()?.name ?? '' }),
    confirms: () => findKept() !== undefined,
    finding: () => {
      const kept = findKept();
      const found = kept?.reservation?.idle ?? 'none';
      const path =
        kept === undefined ? (['config', 'schedule'] as const) : getCpuPath(kept, 'idle');
      return createFinding(
        BURNS,
        `${kept?.name ?? ''} is scheduled by deadline on core ${core.core}: ` +
          `expected idle: burn, found ${found}`,
        { label: '', path },
      );
    },
  };
}
