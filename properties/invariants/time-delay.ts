/**
 * Delay: a ready partition gets what it asks for within its proved bound, and executes within its
 * proved latency of an interrupt.
 *
 * Time at EL2 that it has asked for, or that an interrupt of its own takes, counts as its own. The
 * switch to it does not, nor does the timer interrupt that ends its budget.
 *
 * Who starts anew gives up what it was ready for, be it after `wait`, `cpu-off` or a reset of its
 * partition: the demand begins again where it is ready again, and pays for its activation again.
 * Where another of its virtual CPUs resets it while EL2 works for it on this core, that is at the
 * end of that section, which was of the old demand.
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

/** What who runs has asked EL2 for, or an interrupt of its own; null: it is in no such section. */
type OwnSection = 'section' | 'interrupt-take' | null;

/** Who is in a section on a core, and until when. */
interface OpenSection {
  resident: number;
  end: number;
}

/** A resident whose waiting is watched. */
interface Waiter {
  readonly core: number;
  /** Index into the core's residents. */
  readonly index: number;
  readonly resident: Resident;
  readonly bound: TimeBound;
  /** Resets of its partition. */
  resets: number;
  /** No wait begins before this instant: EL2 still works for what a reset has ended. */
  earliest: number;
  /** Under `latency` the line that it has an interrupt of, index into the GIC's; else -1. */
  line: number;
  /** Ready since this instant, or since it has got its demand; -1 while it is not ready. */
  since: number;
  /** What it has got since then: stretches [begin, end), two numbers each. */
  readonly services: number[];
  /** Ticks in all of them. */
  served: number;
}

function listWaiters({ plan, machine, delayBounds }: Context): Waiter[] {
  return delayBounds.flatMap((bound): Waiter[] => {
    const { core, partition } = bound;
    const residents = plan.cores[core]?.residents ?? [];
    const index = residents.findIndex((one) => one.partition === partition && !one.dedicated);
    const resident = residents[index];
    if (resident === undefined) return [];
    const resets = machine.partitions[partition]?.resets ?? 0;
    const none = { earliest: -1, line: -1, since: -1, services: [], served: 0 };
    return [{ core, index, resident, bound, resets, ...none }];
  });
}

/** Violations of `time.delay`. */
export function watchDelay(context: Context): Monitor {
  const { machine } = context;
  const slices = createSlices(context);
  /** Per core: what who runs is in. */
  const own = machine.cores.map((): OwnSection => null);
  /** Per core: who is in a section of EL2 before the step, index of the resident, and its end. */
  const sections = machine.cores.map((): OpenSection => ({ resident: -1, end: -1 }));
  const waiters = listWaiters(context);
  return {
    ...watchEachStep((action, outcome, count) => {
      if (outcome !== 'DONE') return null;
      for (const waiter of waiters) {
        const core = machine.cores[waiter.core];
        if (core === undefined) continue;
        noteReset(context, waiter, sections[waiter.core]);
        if (waiter.bound.kind === 'latency') followInterrupt(context, waiter, core, action, own);
        else if (!isReady(machine, waiter.resident)) stop(waiter);
        if (waiter.since === -1) continue;
        if (action.kind !== 'time-passes' || action.core !== waiter.core) continue;
        count();
        if (isLate(waiter, core, slices[waiter.core], own[waiter.core] ?? null)) {
          return describe(context, waiter, core);
        }
      }
      noteSection(context, slices, own, action);
      return null;
    }),
    before: (action) => {
      if (action.kind === 'system-reset') recordSections(context, sections);
      if (!recordSlice(context, slices, action) || !machine.boot.sealed) return;
      for (const waiter of waiters) {
        if (waiter.since !== -1 || waiter.bound.kind === 'latency') continue;
        if (!isReady(machine, waiter.resident)) continue;
        waiter.since = Math.max(machine.cores[waiter.core]?.clock ?? -1, waiter.earliest);
      }
    },
  };
}

/** Notes the section that has begun, or that none is any more. */
function noteSection(
  context: Context,
  slices: readonly Slice[],
  own: OwnSection[],
  action: Action,
): void {
  if (action.kind === 'section' || action.kind === 'interrupt-take') own[action.core] = action.kind;
  if (action.kind !== 'time-passes') return;
  const slice = slices[action.core];
  const clock = context.machine.cores[action.core]?.clock ?? 0;
  if (slice !== undefined && clock - slice.clock >= slice.section) own[action.core] = null;
}

/** Remembers the sections that EL2 is in. */
function recordSections({ machine }: Context, sections: readonly OpenSection[]): void {
  for (const [index, { section, running, clock }] of machine.cores.entries()) {
    const open = sections[index];
    if (open === undefined) continue;
    open.resident = section > 0 ? running : -1;
    open.end = clock + section;
  }
}

/** A reset of its partition ends what it was ready for. */
function noteReset({ machine }: Context, waiter: Waiter, open: OpenSection | undefined): void {
  const resets = machine.partitions[waiter.resident.partition]?.resets ?? 0;
  if (resets === waiter.resets) return;
  waiter.resets = resets;
  stop(waiter);
  waiter.earliest = open?.resident === waiter.index ? open.end : -1;
}

function stop(waiter: Waiter): void {
  waiter.since = -1;
  waiter.line = -1;
  waiter.served = 0;
  waiter.services.length = 0;
}

/**
 * An interrupt begins the wait for its handler; what ends the need for it ends the wait. For as
 * long as the partition has asked EL2 for something it has masked its interrupts itself.
 */
function followInterrupt(
  context: Context,
  waiter: Waiter,
  core: CoreState,
  action: Action,
  own: readonly OwnSection[],
): void {
  const { machine, plan } = context;
  const { resident, index } = waiter;
  const isLive =
    core.running === index &&
    core.loaded === index &&
    core.section === 0 &&
    isReady(machine, resident);
  if (isLive || !isAsking(context, waiter, waiter.line)) stop(waiter);
  if (isLive || waiter.since !== -1 || action.kind !== 'line-assert') return;
  const line = action.intId - plan.spiFirst;
  if (!isAsking(context, waiter, line)) return;
  waiter.line = line;
  const isMasked = own[waiter.core] === 'section' && core.running === index;
  const begin = isMasked ? core.clock + core.section : core.clock;
  waiter.since = Math.max(begin, waiter.earliest);
}

/** Whether a line is asserted, enabled, and routed to the core of a resident that has started. */
function isAsking({ machine }: Context, { resident, core }: Waiter, index: number): boolean {
  const line = machine.gic.lines[index];
  if (line === undefined || !line.asserted || !line.enabled) return false;
  if (line.owner !== resident.partition || line.core !== core) return false;
  return machine.partitions[resident.partition]?.vcpus[resident.vcpu]?.on === true;
}

/** Accounts for a slice; whether it has gone on beyond the bound. */
function isLate(
  waiter: Waiter,
  { clock }: CoreState,
  slice: Slice | undefined,
  own: OwnSection,
): boolean {
  const { bound, services } = waiter;
  if (slice === undefined || slice.clock < waiter.since) return false;
  const isServed =
    slice.running === waiter.index && (slice.executing || (slice.section > 0 && own !== null));
  if (isServed && bound.kind !== 'latency' && clock > slice.clock) {
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
