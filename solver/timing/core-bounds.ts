/**
 * Bounds of a core: for each virtual CPU the least of all bounds that are sound for it, and the
 * method that gave it.
 *
 * `closed` asks nothing of the phases; `phases`, `timeline` and `epochs` use that EL2 sets them
 * all, and are left out where their hyperperiod has too many instants to look at. No number is a
 * float; what leaves the safe integers has no bound. docs/timing.md has the formulas.
 */

import type { StaticConfiguration } from '../../model/configuration.ts';
import { checkExact, divideCeil, TickOverflowError } from './arithmetic.ts';
import { computeMemberSupply, isSchedulable } from './bounds.ts';
import type { BoundMethod, Certificate, CoreBound, CoreBoundKind } from './certificate-types.ts';
import {
  computeBlocking,
  computeDelay,
  type NoBound,
  type ReservedSupply,
  type Supply,
} from './delay.ts';
import { computeEpochContract, computeEpochDelay, type Epochs, listEpochs } from './epochs.ts';
import {
  computeNext,
  countReplenishments,
  findWorstWindow,
  listStarts,
  type PhasedParty,
  type WorstWindow,
} from './phases.ts';
import {
  type CoreMember,
  type CoreTicks,
  listCores,
  type ReservationTicks,
} from './reservation.ts';
import { computeDemand, computeResponse } from './response.ts';
import { computeSlackSection } from './slots.ts';
import {
  type BurnedCore,
  computeTimelineContract,
  computeTimelineDelay,
  type Timeline,
  traceTimeline,
} from './timeline.ts';

/** A bound by one method. */
interface Candidate {
  readonly method: BoundMethod;
  readonly ticks: number;
  readonly certificate: Certificate | null;
}

/** One bound of a member by all methods; none where there is no bound. */
type ListCandidates = (demand: number, contract: boolean) => Candidate[];

/** What all bounds of a member are made of. */
interface Place {
  readonly core: CoreTicks;
  readonly member: CoreMember;
  readonly own: ReservationTicks;
  readonly supply: ReservedSupply;
  /** The more urgent ones, as in `supply.parties`. */
  readonly urgent: readonly CoreMember[];
  /** Longest section of somebody else that may have just begun. */
  readonly blocking: number;
}

/** Bounds of every virtual CPU, by core, then in the order of the configuration. */
export function computeCoreBounds(configuration: StaticConfiguration): CoreBound[] {
  return listCores(configuration).flatMap((core) =>
    core.members.flatMap((member) => computeMemberBounds(core, member)),
  );
}

/** What there is for a member: how to list bounds, or why there is none. */
type Listing =
  { readonly list: ListCandidates; readonly full: number | null } | { readonly reason: NoBound };

/** What `compute` gives, or that a number leaves the safe integers. */
function guard<Result>(compute: () => Result): Result | { readonly reason: NoBound } {
  try {
    return compute();
  } catch (error) {
    if (error instanceof TickOverflowError) return { reason: 'overflow' };
    throw error;
  }
}

/**
 * Bounds of one virtual CPU: delay, full budget unless it has the core whole, contract, latency.
 */
export function computeMemberBounds(core: CoreTicks, member: CoreMember): CoreBound[] {
  const listing = guard(() => findListing(core, member));
  const bound = (kind: CoreBoundKind, demand: number, contract: boolean): CoreBound => {
    const found =
      'reason' in listing ? listing : guard(() => findBest(listing.list(demand, contract)));
    const best = 'reason' in found ? null : found;
    return {
      core: core.core,
      partition: member.partition,
      cpuIndex: member.cpu,
      kind,
      demand,
      ticks: best?.ticks ?? null,
      method: best?.method ?? getMethod(core, member),
      certificate: best?.certificate ?? null,
      reason: 'reason' in found ? found.reason : null,
    };
  };
  const full = 'reason' in listing ? null : listing.full;
  const delay = bound('delay', 1, false);
  const contract = bound('in-contract', 1, true);
  return [
    delay,
    ...(full === null ? [] : [bound('full-budget', full, false)]),
    contract,
    addInterrupt(member.inContract ? contract : delay, core.costs.interrupt, full),
  ];
}

/**
 * The least bound on D(demand), or with `contract` on W(demand), by all methods; null where there
 * is none. `demand` is at most what one budget gives its guest.
 */
export function computeLeastDelay(
  core: CoreTicks,
  member: CoreMember,
  demand: number,
  contract = false,
): number | null {
  const listing = guard(() => findListing(core, member));
  if ('reason' in listing) return null;
  const found = guard(() => findBest(listing.list(demand, contract)));
  return 'reason' in found ? null : found.ticks;
}

/**
 * Latency: EL2 takes the interrupt, and the virtual CPU runs as any that gets ready. None where
 * taking it may spend all the budget that is left, `usable`: then the handler waits once more.
 */
function addInterrupt(bound: CoreBound, interrupt: number, usable: number | null): CoreBound {
  if (bound.ticks === null) return { ...bound, kind: 'latency' };
  if (usable !== null && usable <= interrupt) {
    const reason: NoBound = 'budget-below-overheads';
    return { ...bound, kind: 'latency', ticks: null, certificate: null, reason };
  }
  return { ...bound, kind: 'latency', ticks: bound.ticks + interrupt };
}

function findListing(core: CoreTicks, member: CoreMember): Listing {
  const result = computeMemberSupply(core, member);
  if (result.kind === 'none') return { reason: result.reason };
  const { supply } = result;
  return {
    list: createLister(core, member, supply),
    full: supply.kind === 'whole-core' ? null : supply.usable,
  };
}

/** The least, of equal ones the first. */
function findBest(candidates: readonly Candidate[]): Candidate | { readonly reason: NoBound } {
  const [first, ...rest] = candidates;
  if (first === undefined) return { reason: 'overload' };
  return rest.reduce((least, each) => (each.ticks < least.ticks ? each : least), first);
}

/** The method that is named where there is no bound. */
function getMethod(core: CoreTicks, member: CoreMember): BoundMethod {
  if (member.reservation === null) return 'whole';
  if (core.policy === 'table') return 'slots';
  return core.policy === 'edf' ? 'deadlines' : 'closed';
}

/** All methods that apply to a member. */
function createLister(core: CoreTicks, member: CoreMember, supply: Supply): ListCandidates {
  const own = member.reservation;
  if (supply.kind === 'whole-core' || own === null) {
    return (demand) => toCandidates('whole', computeTicks(supply, demand));
  }
  if (supply.slots !== null) {
    return (demand) => toCandidates('slots', computeTicks(supply, demand));
  }
  const others = core.members.filter((other) => other !== member);
  const urgent = supply.parties.flatMap(({ other }) => others[other] ?? []);
  const reservations = others.flatMap(({ reservation }) => reservation ?? []);
  const slack = computeSlackSection(core, member);
  const blocking = computeBlocking(own, reservations, core.overheads, slack);
  const place: Place = { core, member, own, supply, urgent, blocking };
  const timeline = findTimeline(place);
  const phased = supply.kind === 'fixed-priority' ? createPhased(place) : () => [];
  const epochs = timeline === null ? findEpochs(place) : null;
  return (demand, contract) => [
    ...(supply.kind === 'earliest-deadline'
      ? toCandidates(
          'deadlines',
          contract ? computeDeadlineContract(supply) : computeTicks(supply, demand),
        )
      : listClosed(place, demand, contract)),
    ...phased(demand, contract),
    ...listTimeline(place, timeline, demand, contract),
    ...listFromEpochs(epochs, demand, contract),
  ];
}

function computeTicks(supply: Supply, demand: number): number | null {
  const point = computeDelay(supply, demand);
  return point.kind === 'found' ? point.ticks : null;
}

function toCandidates(method: BoundMethod, ticks: number | null): Candidate[] {
  return ticks === null ? [] : [{ method, ticks, certificate: null }];
}

/**
 * W(1) under earliest deadline first: what is left of a budget is served by the end of its period,
 * so that no more is left of the period than what others may take and the budget itself.
 */
function computeDeadlineContract({ period, secure, activation }: ReservedSupply): number {
  return period - secure + activation + 1;
}

/** By jitter: whatever the phases are. `demand` is at most one usable budget. */
function listClosed(place: Place, demand: number, contract: boolean): Candidate[] {
  const { supply } = place;
  const need = demand + supply.activation;
  const point = computeResponse(need, supply.section, supply.parties);
  if (point.kind === 'none') return [];
  const throttle = contract ? 0 : supply.throttle;
  const certificate: Certificate = {
    ...describe(place, need, throttle, point.ticks),
    Z: supply.section,
    start: null,
    terms: supply.parties.map((party, index) => ({
      server: place.urgent[index]?.name ?? '',
      n: divideCeil(point.ticks + party.jitter, party.period),
      J: party.jitter,
      Q: party.budget,
      P: party.period,
      o: party.overrun,
      x: null,
    })),
    sum: supply.parties.reduce(
      (sum, party) => sum + computeDemand(party, point.ticks),
      need + supply.section,
    ),
  };
  return [{ method: 'closed', ticks: checkExact(throttle + point.ticks), certificate }];
}

function describe(
  { core, member }: Place,
  need: number,
  throttle: number,
  window: number,
): Pick<Certificate, 'core' | 'target' | 'c' | 'W' | 'throttle'> {
  return { core: core.core, target: member.name, c: need, W: window, throttle };
}

/** By phases, where there are not too many; `demand` is at most one usable budget. */
function createPhased(place: Place): ListCandidates {
  const { own, supply, urgent, blocking } = place;
  const parties = supply.parties.map(({ budget, period, overrun }, index): PhasedParty => ({
    budget,
    period,
    overrun,
    phase: urgent[index]?.reservation?.phase ?? 0,
  }));
  const starts = listStarts(own, parties);
  if (starts === null || parties.length === 0) return () => [];
  return (demand, contract) => {
    const need = demand + supply.activation;
    const free = findWorstWindow(need, blocking, parties, starts.free);
    if (free === null) return [];
    const ready = describePhases(place, parties, need, 0, free);
    if (contract) return [ready];
    const throttled = findWorstWindow(need, blocking, parties, starts.replenished);
    if (throttled === null) return [];
    const waited = describePhases(place, parties, need, supply.throttle, throttled);
    return [waited.ticks >= ready.ticks ? waited : ready];
  };
}

function describePhases(
  place: Place,
  parties: readonly PhasedParty[],
  need: number,
  throttle: number,
  { start, window }: WorstWindow,
): Candidate {
  const terms = parties.map((party, index) => {
    const x = computeNext(party, start);
    return {
      server: place.urgent[index]?.name ?? '',
      n: countReplenishments(party.period, x, window),
      J: 0,
      Q: party.budget,
      P: party.period,
      o: party.overrun,
      x,
    };
  });
  const taken = terms.map(({ n, Q, o, x }) => Math.min(Q, x, window) + n * Q + o);
  const certificate: Certificate = {
    ...describe(place, need, throttle, window),
    Z: place.blocking,
    start,
    terms,
    sum: taken.reduce((sum, ticks) => sum + ticks, need + place.blocking),
  };
  return { method: 'phases', ticks: checkExact(throttle + window), certificate };
}

/** The timeline of a member, where all that matters to it burns; null where not. */
function findTimeline({ core, member, own, supply, urgent }: Place): Timeline | null {
  const isFixed = supply.kind === 'fixed-priority';
  const costs = core.overheads;
  // A section moves an edge, and what is replenished meanwhile moves it further.
  if (supply.section + costs.overrun + costs.activation > 0) return null;
  const others = isFixed ? urgent : core.members.filter((other) => other !== member);
  const reserved = [...others, member].sort(
    (a, b) =>
      (b.reservation?.priority ?? 0) - (a.reservation?.priority ?? 0) ||
      core.members.indexOf(a) - core.members.indexOf(b),
  );
  const reservations = reserved.flatMap((each) => each.reservation ?? []);
  const isBurned = reservations.every(({ idle }) => idle === 'burn');
  const isTied = reservations.some((each) => each !== own && each.priority === own.priority);
  if (!isBurned || (isFixed && isTied)) return null;
  const timed: BurnedCore = {
    policy: isFixed ? 'fp' : 'edf',
    reservations: reservations.map(({ budget, period, phase }, index) => ({
      budget: reserved[index] === member ? supply.secure : budget,
      period,
      phase,
    })),
    target: reserved.indexOf(member),
  };
  return traceTimeline(timed);
}

/** The epochs of a member, where all that matters to it burns; null where not. */
function findEpochs({ core, member, own, supply, urgent }: Place): Epochs | null {
  if (supply.kind !== 'fixed-priority' || urgent.length === 0) return null;
  const reservations = urgent.flatMap(({ reservation }) => reservation ?? []);
  const isBurned = [own, ...reservations].every(({ idle }) => idle === 'burn');
  if (!isBurned || reservations.some(({ priority }) => priority === own.priority)) return null;
  // What is not served in its period is lost, and then is not in the way of anybody.
  if (![member, ...urgent].every((each) => isServed(core, each))) return null;
  return listEpochs({
    own: { budget: own.budget, secure: supply.secure, period: own.period, phase: own.phase },
    parties: reservations.map(({ budget, period, phase }) => {
      return { budget, period, phase, overrun: core.overheads.overrun };
    }),
    activation: supply.activation,
    section: supply.section,
  });
}

/** Whether a member gets its budget in every period, whatever the phases are. */
function isServed(core: CoreTicks, member: CoreMember): boolean {
  const result = computeMemberSupply(core, member);
  return result.kind === 'supply' && isSchedulable(result.supply);
}

/** From the epochs; `demand` is at most one usable budget. */
function listFromEpochs(epochs: Epochs | null, demand: number, contract: boolean): Candidate[] {
  if (epochs === null) return [];
  return toCandidates(
    'epochs',
    contract ? computeEpochContract(epochs, demand) : computeEpochDelay(epochs, demand),
  );
}

/** From the timeline, on a core on which EL2 takes no time. */
function listTimeline(
  { supply }: Place,
  timeline: Timeline | null,
  demand: number,
  contract: boolean,
): Candidate[] {
  if (timeline === null) return [];
  const ticks = contract
    ? computeTimelineContract(timeline, supply.secure, supply.activation)
    : computeTimelineDelay(timeline, supply.activation, demand);
  return toCandidates('timeline', ticks);
}
