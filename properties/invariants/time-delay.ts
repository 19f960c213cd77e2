/**
 * Delay: a ready partition gets what it asks for within its proved bound, and executes within its
 * proved latency of an interrupt.
 *
 * Time at EL2 that it has asked for, or that an interrupt of its own takes, counts as its own. The
 * switch to it does not, nor does the timer interrupt that ends its budget.
 */

import type { Action } from '../../model/actions.ts';
import { isReady } from '../../model/execution.ts';
import type { CoreState } from '../../model/machine.ts';
import type { Resident } from '../../model/plan.ts';
import { watchEachStep } from '../property.ts';
import type { Context, Monitor, TimeBound, Violation } from '../property.ts';
import { createSlices, nameOf, pathOf, recordSlice } from './time-slices.ts';
import type { Slice } from './time-slices.ts';

/** Stretches of service that are remembered: older ones begin no window any more. */
const SERVICES_MAX = 64;

/** A resident whose waiting is watched. */
interface Waiter {
  readonly core: number;
  /** Index into the core's residents. */
  readonly index: number;
  readonly resident: Resident;
  readonly bound: TimeBound;
  /** Ready since this instant, or since it has got its demand; -1 while it is not ready. */
  since: number;
  /** What it has got since then: stretches [begin, end), two numbers each. */
  readonly services: number[];
  /** Ticks in all of them. */
  served: number;
}

function listWaiters({ plan, delayBounds }: Context): Waiter[] {
  return delayBounds.flatMap((bound): Waiter[] => {
    const { core, partition } = bound;
    const residents = plan.cores[core]?.residents ?? [];
    const index = residents.findIndex((one) => one.partition === partition && !one.dedicated);
    const resident = residents[index];
    if (resident === undefined) return [];
    return [{ core, index, resident, bound, since: -1, services: [], served: 0 }];
  });
}

/** Violations of `time.delay`. */
export function watchDelay(context: Context): Monitor {
  const { machine } = context;
  const slices = createSlices(context);
  /** Per core: the section that it is in is one of who runs. */
  const isOwn = machine.cores.map(() => false);
  const waiters = listWaiters(context);
  return {
    ...watchEachStep((action, outcome, count) => {
      if (outcome !== 'DONE') return null;
      for (const waiter of waiters) {
        const core = machine.cores[waiter.core];
        if (core === undefined) continue;
        if (waiter.bound.kind === 'latency') followInterrupt(context, waiter, core, action);
        else if (!isReady(machine, waiter.resident)) stop(waiter);
        if (waiter.since === -1) continue;
        if (action.kind !== 'time-passes' || action.core !== waiter.core) continue;
        count();
        if (isLate(waiter, core, slices[waiter.core], isOwn[waiter.core] === true)) {
          return describe(context, waiter, core);
        }
      }
      noteSection(context, slices, isOwn, action);
      return null;
    }),
    before: (action) => {
      if (!recordSlice(context, slices, action) || !machine.boot.sealed) return;
      for (const waiter of waiters) {
        if (waiter.since !== -1 || waiter.bound.kind === 'latency') continue;
        if (!isReady(machine, waiter.resident)) continue;
        waiter.since = machine.cores[waiter.core]?.clock ?? -1;
      }
    },
  };
}

/** Whose the section is that has begun, or that none is any more. */
function noteSection(
  context: Context,
  slices: readonly Slice[],
  isOwn: boolean[],
  action: Action,
): void {
  if (action.kind === 'section' || action.kind === 'interrupt-take') isOwn[action.core] = true;
  if (action.kind !== 'time-passes') return;
  const slice = slices[action.core];
  const clock = context.machine.cores[action.core]?.clock ?? 0;
  if (slice !== undefined && clock - slice.clock >= slice.section) isOwn[action.core] = false;
}

function stop(waiter: Waiter): void {
  waiter.since = -1;
  waiter.served = 0;
  waiter.services.length = 0;
}

/** An interrupt begins the wait for its handler; what may end the need for it ends the wait. */
function followInterrupt(
  { machine, plan }: Context,
  waiter: Waiter,
  core: CoreState,
  action: Action,
): void {
  const { resident, index } = waiter;
  const isLive =
    core.running === index &&
    core.loaded === index &&
    core.section === 0 &&
    isReady(machine, resident);
  if (isLive || ENDS_INTERRUPT.has(action.kind)) stop(waiter);
  if (isLive || waiter.since !== -1 || action.kind !== 'line-assert') return;
  const line = machine.gic.lines[action.intId - plan.spiFirst];
  const isOn = machine.partitions[resident.partition]?.vcpus[resident.vcpu]?.on === true;
  if (line === undefined || !line.enabled || !isOn) return;
  if (line.owner === resident.partition && line.core === waiter.core) waiter.since = core.clock;
}

/** Actions after which a line need not have a handler any more. */
const ENDS_INTERRUPT: ReadonlySet<Action['kind']> = new Set([
  'line-deassert',
  'distributor',
  'cpu-off',
  'system-reset',
]);

/** Accounts for a slice; whether it has gone on beyond the bound. */
function isLate(
  waiter: Waiter,
  { clock }: CoreState,
  slice: Slice | undefined,
  isOwn: boolean,
): boolean {
  const { bound, services } = waiter;
  const isServed =
    slice?.running === waiter.index && (slice.executing || (slice.section > 0 && isOwn));
  if (slice !== undefined && isServed && bound.kind !== 'latency' && clock > slice.clock) {
    const missing = bound.demand - waiter.served;
    services.push(slice.clock, clock);
    waiter.served += clock - slice.clock;
    if (waiter.served >= bound.demand && slice.clock + missing - waiter.since > bound.ticks) {
      return true;
    }
    forget(waiter);
  }
  return clock - waiter.since >= bound.ticks;
}

/** Lets the window begin as late as it may: with its demand served but for one tick. */
function forget(waiter: Waiter): void {
  const { services, bound } = waiter;
  while (waiter.served >= bound.demand || services.length > 2 * SERVICES_MAX) {
    const [begin = 0, end = 0] = services;
    const surplus =
      services.length > 2 * SERVICES_MAX ? end - begin : waiter.served - bound.demand + 1;
    const dropped = Math.min(end - begin, surplus);
    waiter.served -= dropped;
    waiter.since = begin + dropped;
    if (waiter.since === end) services.splice(0, 2);
    else services[0] = waiter.since;
  }
}

function describe(context: Context, waiter: Waiter, { clock }: CoreState): Violation {
  const { bound, since, served, core, resident } = waiter;
  const what =
    bound.kind === 'latency'
      ? `has an interrupt since ${since} and has not executed`
      : `is ready since ${since} and has had ${served} of ${bound.demand} ticks`;
  return {
    property: 'time.delay',
    message:
      `${nameOf(context, resident)} on core ${core} ${what} at ${clock}; ` +
      `its bound is ${bound.ticks} ticks`,
    witness: { core, ready: since, now: clock, bound: bound.ticks },
    at: pathOf(resident),
    related: [],
  };
}
