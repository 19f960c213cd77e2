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
import type { Context, Monitor, TimeBound, Violation } from '../property.ts';
import type { CoreReadiness } from './readiness.ts';
import { SCHEDULING_KINDS, nameOf, pathOf } from './time-slices.ts';
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
  readonly readiness: CoreReadiness;
  /** Of the readiness that was looked at last. */
  version: number;
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

function listWaiters({ plan, delayBounds, readiness }: Context): Waiter[] {
  return delayBounds.flatMap((bound): Waiter[] => {
    const { core, partition } = bound;
    const residents = plan.cores[core]?.residents ?? [];
    const index = residents.findIndex((one) => one.partition === partition && !one.dedicated);
    const [resident, noted] = [residents[index], readiness[core]];
    if (resident === undefined || noted === undefined) return [];
    const none = { version: -1, resets: 0, earliest: -1, line: -1, since: -1, served: 0 };
    return [{ core, index, resident, bound, readiness: noted, services: [], ...none }];
  });
}

function restart(waiter: Waiter): void {
  stop(waiter);
  waiter.version = waiter.readiness.version;
  waiter.resets = waiter.readiness.resets[waiter.index] ?? 0;
  waiter.earliest = -1;
}

/** Violations of `time.delay`. */
export function watchDelay(context: Context): Monitor {
  const { machine, slices } = context;
  /** Per core: what who runs is in. */
  const own = machine.cores.map((): OwnSection => null);
  /** Per core: who is in a section of EL2 before the step, index of the resident, and its end. */
  const sections = machine.cores.map((): OpenSection => ({ resident: -1, end: -1 }));
  const waiters = listWaiters(context);
  let evaluations = 0;
  return {
    kinds: SCHEDULING_KINDS,
    begin: () => {
      own.fill(null);
      for (const open of sections) open.resident = open.end = -1;
      for (const waiter of waiters) restart(waiter);
    },
    before: (action) => {
      if (action.kind === 'system-reset') recordSections(context, sections);
      if (action.kind !== 'time-passes' || !machine.boot.sealed) return;
      for (let at = 0; at < waiters.length; at += 1) {
        const waiter = waiters[at];
        if (waiter === undefined || waiter.since !== -1) continue;
        if (waiter.bound.kind === 'latency') continue;
        if (waiter.readiness.ready[waiter.index] !== true) continue;
        waiter.since = Math.max(machine.cores[waiter.core]?.clock ?? -1, waiter.earliest);
      }
    },
    after: (action, outcome) => {
      if (outcome !== 'DONE') return null;
      for (let at = 0; at < waiters.length; at += 1) {
        const waiter = waiters[at];
        const core = machine.cores[waiter?.core ?? 0];
        if (waiter === undefined || core === undefined) continue;
        if (waiter.version !== waiter.readiness.version) noteReadiness(waiter, sections);
        if (waiter.since === -1 && action.kind !== 'line-assert') continue;
        if (waiter.bound.kind === 'latency') followInterrupt(context, waiter, core, action, own);
        if (waiter.since === -1) continue;
        if (action.kind !== 'time-passes' || action.core !== waiter.core) continue;
        evaluations += 1;
        if (isLate(waiter, core, slices[waiter.core], own[waiter.core] ?? null)) {
          return describe(context, waiter, core);
        }
      }
      noteSection(context, slices, own, action);
      return null;
    },
    countEvaluations: () => evaluations,
  };
}

/** A reset ends what it was ready for, and so does waiting, but for an interrupt. */
function noteReadiness(waiter: Waiter, sections: readonly OpenSection[]): void {
  const { readiness, index, bound } = waiter;
  waiter.version = readiness.version;
  noteReset(waiter, sections[waiter.core]);
  if (bound.kind !== 'latency' && readiness.ready[index] !== true) stop(waiter);
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
function noteReset(waiter: Waiter, open: OpenSection | undefined): void {
  const resets = waiter.readiness.resets[waiter.index] ?? 0;
  if (resets === waiter.resets) return;
  waiter.resets = resets;
  stop(waiter);
  waiter.earliest = open?.resident === waiter.index ? open.end : -1;
}

function stop(waiter: Waiter): void {
  waiter.since = -1;
  waiter.line = -1;
  waiter.served = 0;
  if (waiter.services.length > 0) waiter.services.length = 0;
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
