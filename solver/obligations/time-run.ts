/** Runs of a core: what obligations about time share in ids, places, witnesses and words. */

import type { Path, StaticConfiguration } from '../../model/configuration.ts';
import type { RelatedPlace } from '../../properties/findings.ts';
import type { Model } from '../obligation.ts';
import type { Term } from '../smt/term.ts';
import { evaluate } from '../smt/term.ts';
import type { Certificate, CertificateTerm, CoreBound } from '../timing/certificate-types.ts';
import { computeMemberBounds } from '../timing/core-bounds.ts';
import type { NoBound, Supply, SupplyParty } from '../timing/delay.ts';
import { formatTicks } from '../timing/duration.ts';
import { type CoreMember, type CoreTicks, listCores } from '../timing/reservation.ts';

/** A virtual CPU and the core that it is on. */
export interface PlacedMember {
  readonly core: CoreTicks;
  readonly member: CoreMember;
}

/** Bounds that have been computed, by virtual CPU: several obligations rest on the same. */
const KNOWN_BOUNDS = new WeakMap<CoreMember, readonly CoreBound[]>();

/** Bounds of a virtual CPU, one of each kind. */
export function listBounds({ core, member }: PlacedMember): readonly CoreBound[] {
  const known = KNOWN_BOUNDS.get(member);
  if (known !== undefined) return known;
  const bounds = computeMemberBounds(core, member);
  KNOWN_BOUNDS.set(member, bounds);
  return bounds;
}

/** Instance of an id: `rtos:2`; with the index of the virtual CPU where the core is named twice. */
export function getInstance({ core, member }: PlacedMember): string {
  const twins = core.members.filter((other) => other.partition === member.partition);
  const instance = `${member.name}:${core.core}`;
  return twins.length === 1 ? instance : `${instance}.${member.cpu}`;
}

/** Place of a virtual CPU, or of one of its keys. */
export function getCpuPath(member: CoreMember, key: string | null = null): Path {
  const path: Path = ['config', 'partitions', member.partition, 'cpus', member.cpu];
  return key === null ? path : [...path, key];
}

/** The same virtual CPU in a configuration; null where it is gone. */
export function findPlaced(
  configuration: StaticConfiguration,
  { core, member }: PlacedMember,
): PlacedMember | null {
  const found = listCores(configuration).find((entry) => entry.core === core.core);
  const same = found?.members.find(
    (entry) => entry.partition === member.partition && entry.cpu === member.cpu,
  );
  return found === undefined || same === undefined ? null : { core: found, member: same };
}

/** The members of a core other than this one, in the order in which a supply counts them. */
export function listOthers({ core, member }: PlacedMember): CoreMember[] {
  return core.members.filter((other) => other !== member);
}

/** The parties of a supply; none where there is no supply. */
export function listParties(supply: Supply | null): readonly SupplyParty[] {
  return supply === null || supply.kind === 'whole-core' ? [] : supply.parties;
}

/** Value of a variable of a model; 0 where the formula does not name it. */
export function readTicks(model: Model, variable: Term): number {
  const name = variable.kind === 'variable' ? variable.name : '';
  return model.has(name) ? Number(evaluate(variable, model)) : 0;
}

/** Numbers of a witness in which ticks are also durations. */
export function describeTicks(
  ticks: Readonly<Record<string, number>>,
  timerHz: number,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(ticks).map(([name, value]) => [
      name,
      `${value} ticks (${formatTicks(value, timerHz)})`,
    ]),
  );
}

/** Why there is no bound, as the end of a sentence. */
export function explainReason(reason: NoBound): string {
  switch (reason) {
    case 'overload':
      return 'the reservations before it can take the whole core';
    case 'iterations':
      return 'the load is so close to the whole core that the search for a bound was given up';
    case 'budget-below-overheads':
      return 'one context switch and one overrun of EL2 can use up its whole budget';
    case 'malformed':
      return 'a reservation of the core has no budget, or more than its period';
    case 'shared-with-whole-core':
      return 'a virtual CPU without a budget is on the same core';
    case 'edf-needs-burn':
      return 'under earliest deadline first every reservation must burn its idle budget';
    case 'deadline-missed':
      return 'the reservations of the core ask for more than there is before some deadline';
    case 'overflow':
      return 'a number of ticks exceeds 2^53';
  }
}

/** How a reservation is given: `1ms in every 5ms, priority 2`. */
export function describeShare(member: CoreMember, timerHz: number): string {
  const { reservation } = member;
  if (reservation === null) return 'the whole core';
  const { budget, period, priority } = reservation;
  const share = `${formatTicks(budget, timerHz)} in every ${formatTicks(period, timerHz)}`;
  return `${share}, priority ${priority}`;
}

/** Ticks that a term of a certificate takes of its window. */
export function computeTaken({ n, Q, o, x }: CertificateTerm, window: number): number {
  return (x === null ? 0 : Math.min(Q, x, window)) + n * Q + o;
}

/** The other virtual CPUs of the core as places, with what each takes of a window. */
export function describeOthers(
  placed: PlacedMember,
  certificate: Certificate | null,
): RelatedPlace[] {
  const { timerHz } = placed.core;
  return listOthers(placed).map((other) => {
    const term = certificate?.terms.find(({ server }) => server === other.name);
    const share = `${other.name} has ${describeShare(other, timerHz)}`;
    const part =
      certificate === null || term === undefined
        ? 'and shares the core'
        : `and takes up to ${formatTicks(computeTaken(term, certificate.W), timerHz)} of this time`;
    return { message: `${share}, ${part}`, at: getCpuPath(other) };
  });
}
