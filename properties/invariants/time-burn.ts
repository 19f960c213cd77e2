/**
 * Burn: where a reservation and all that are more urgent burn their idle budget, its supply is a
 * function of time alone.
 *
 * Beside the run goes the timeline that the plan gives, without anybody's demand and without time
 * at EL2. Without costs at EL2 both are equal at every instant; else they differ by what sections
 * and debt can shift, and no more. Non-interference as an equality of traces: no partition can tell
 * from its supply what the others do.
 */

import type { Plan, PlannedCore, Resident } from '../../model/plan.ts';
import { watchEachStep } from '../property.ts';
import type { Context, Monitor } from '../property.ts';
import { isShared, nameOf, pathOf } from './time-slices.ts';
import { computeBudgetResponse } from './time-supply.ts';

/** A reservation on the timeline. */
interface Server {
  readonly resident: Resident;
  /** Ticks by which supply may differ. */
  readonly tolerance: number;
  budget: number;
  next: number;
  /** Ticks on the timeline since it began, and ticks charged in the run. */
  planned: number;
  charged: number;
}

/** The timeline of a core up to an instant. */
interface Timeline {
  readonly isEdf: boolean;
  readonly servers: readonly Server[];
  clock: number;
}

/** The reservations of a core whose supply is a function of time, with what it may be off. */
function listServers(plan: Plan, planned: PlannedCore): Server[] {
  const { residents, policy } = planned;
  if (!isShared(planned) || policy === 'table') return [];
  const keeps = residents.findIndex(({ idle }) => idle !== 'burn');
  const burning = keeps === -1 ? residents : residents.slice(0, keeps);
  if (policy === 'edf' && keeps !== -1) return [];
  const servers: Server[] = [];
  for (const [index, resident] of burning.entries()) {
    // Work is done in the same order: the sum over all that are as urgent is off by a section at
    // most, and by the debt of each; one of them by the difference of two such sums.
    const tolerance = 2 * (plan.blockingTicks + (index + 1) * plan.overrunTicks);
    const response = computeBudgetResponse(plan, planned, index);
    if (tolerance > 0 && (policy === 'edf' || response === null)) break;
    servers.push({ resident, tolerance, budget: 0, next: resident.phase, planned: 0, charged: 0 });
  }
  return servers;
}

/** Whether some reservation has a supply that is a function of time. */
export function hasTimelines(plan: Plan): boolean {
  return plan.cores.some((planned) => listServers(plan, planned).length > 0);
}

/** Lets time pass on the timeline. */
function advance(timeline: Timeline, until: number): void {
  const { servers } = timeline;
  for (;;) {
    let running: Server | undefined = undefined;
    let event = until;
    for (const server of servers) {
      while (server.next <= timeline.clock) {
        server.budget = server.resident.budget;
        server.next += server.resident.period;
      }
      event = Math.min(event, server.next);
      if (server.budget <= 0) continue;
      if (running === undefined) running = server;
      else if (timeline.isEdf && server.next < running.next) running = server;
    }
    if (timeline.clock >= until) return;
    if (running !== undefined) {
      event = Math.min(event, timeline.clock + running.budget);
      running.budget -= event - timeline.clock;
      running.planned += event - timeline.clock;
    }
    timeline.clock = event;
  }
}

/** Violations of `time.burn`. */
export function watchBurn(context: Context): Monitor {
  const { plan, machine } = context;
  const timelines = plan.cores.map((planned, core): Timeline => {
    const timeline = {
      isEdf: planned.policy === 'edf',
      servers: listServers(plan, planned),
      clock: 0,
    };
    // A run that begins after boot has come here by the same timeline.
    advance(timeline, machine.cores[core]?.clock ?? 0);
    for (const server of timeline.servers) server.charged = server.planned;
    return timeline;
  });
  return watchEachStep((action, outcome, count) => {
    if (action.kind !== 'time-passes' || outcome !== 'DONE') return null;
    const timeline = timelines[action.core];
    const slice = context.slices[action.core];
    const clock = machine.cores[action.core]?.clock ?? 0;
    if (timeline === undefined || slice === undefined) return null;
    const payer = slice.charged ? timeline.servers[slice.running] : undefined;
    if (payer !== undefined) payer.charged += clock - slice.clock;
    advance(timeline, clock);
    for (const { resident, tolerance, planned, charged } of timeline.servers) {
      count();
      if (Math.abs(planned - charged) <= tolerance) continue;
      return {
        property: 'time.burn',
        message:
          `${nameOf(context, resident)} has been supplied with ${charged} ticks of core ` +
          `${action.core} at ${clock}; by time alone it is ${planned}, give or take ${tolerance}`,
        witness: { core: action.core, clock, charged, planned, tolerance },
        at: pathOf(resident),
        related: [],
      };
    }
    return null;
  });
}
