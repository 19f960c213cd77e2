/**
 * Time: delays, schedulability and task response times of a configuration, as obligations.
 *
 * Two layers. Lemmas about one account, by induction (`time.throttle`, `time.window`,
 * `time.phased-window`): how long a reservation is throttled, and what it takes in any window.
 * Claims about one core, by addition (`time.reservation-schedulable`, `time.delay`, `time.latency`,
 * `time.task-response`): time that passes is time that somebody took. What is added up is a
 * certificate, which a checker adds up again. docs/timing.md has the argument that joins them.
 */

import type { StaticConfiguration } from '../../model/configuration.ts';
import type { Obligation } from '../obligation.ts';
import { type CoreMember, type CoreTicks, listCores } from '../timing/reservation.ts';
import { proveInterrupts, proveSlots, proveWellFormed } from './time-core.ts';
import { proveBurns, proveDeadlines } from './time-deadlines.ts';
import { proveBounds, proveSchedulable } from './time-delay.ts';
import { provePhasedWindow, proveThrottle, proveWindow } from './time-lemmas.ts';
import { listBounds } from './time-run.ts';
import { listTaskObligations } from './time-task.ts';
import { proveNoOverflow, proveWholeTicks } from './time-ticks.ts';

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
      listBounds({ core, member }).some(
        ({ kind, method }) => (kind === 'delay' || kind === 'latency') && method === 'phases',
      ),
  );
}
