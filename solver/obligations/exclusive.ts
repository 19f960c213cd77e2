/**
 * Exclusive claims: no page, line, stream or core is claimed by two parties.
 *
 * One boolean per party, "the spy is in a range of this party"; refuted when two of them hold at
 * once. Linear in the number of ranges. Many ranges are asked about stretch by stretch.
 */

import type { StaticConfiguration } from '../../model/configuration.ts';
import type { Obligation, Witness } from '../obligation.ts';
import { atLeastTwo } from '../smt/term.ts';
import type { Term } from '../smt/term.ts';
import { createFinding } from './claim.ts';
import type { Claim, Party } from './claim.ts';
import { contains, getVariable, isInAny, splitIntoStretches } from './spy.ts';
import type { Spy, SpyRange } from './spy.ts';

/** A range that a party has. Claimants of one party may share; those of two may not. */
export interface Claimant extends Party, SpyRange {
  readonly party: string;
}

/** An exclusive claim about a configuration. */
export interface ExclusiveClaim {
  readonly claim: Claim;
  /** Instance in the id, null where there is one only. */
  readonly instance: string | null;
  readonly spy: Spy;
  /** Everything that is claimed; called again to confirm a witness. */
  readonly list: (configuration: StaticConfiguration) => readonly Claimant[];
}

/** The obligation that no two parties claim the same. */
export function proveExclusive(
  configuration: StaticConfiguration,
  { claim, instance, spy, list }: ExclusiveClaim,
): Obligation {
  const claimants = list(configuration);
  const variable = getVariable(spy);
  return {
    ...claim,
    id: instance === null ? claim.id : `${claim.id}[${instance}]`,
    // Without any claimant the claim would be empty; with one, some value is claimed.
    assume: claimants.length === 0 ? [] : [isInAny(variable, claimants)],
    refute: isInTwo(variable, claimants),
    ...splitIntoStretches(variable, claimants, (ranges) => isInTwo(variable, ranges)),
    decode: (model) => {
      const value = Number(model.get(spy.name));
      const [first, second] = findRivals(claimants, value);
      const [a, b] = [first?.label ?? 'nobody', second?.label ?? 'nobody'];
      return { [spy.name]: spy.show(value), first: a, second: b };
    },
    confirms: (given, witness) => {
      const value = spy.parse(String(witness[spy.name]));
      const held = list(given).filter((one) => contains(one, value));
      const first = held.filter((one) => one.label === witness['first']);
      const second = held.filter((one) => one.label === witness['second']);
      return first.some((a) => second.some((b) => a.party !== b.party));
    },
    finding: (given, witness) => describeRivals(claim, spy, list(given), witness),
  };
}

/** Ranges of two parties hold the spy; the premise that somebody has it follows. */
function isInTwo(spy: Term, claimants: readonly Claimant[]): Term {
  return atLeastTwo(groupByParty(claimants).map((ranges) => isInAny(spy, ranges)));
}

function groupByParty(claimants: readonly Claimant[]): Claimant[][] {
  const groups = new Map<string, Claimant[]>();
  for (const claimant of claimants) {
    const group = groups.get(claimant.party);
    if (group === undefined) groups.set(claimant.party, [claimant]);
    else group.push(claimant);
  }
  return [...groups.values()];
}

/** The first two claimants of the value that belong to different parties. */
function findRivals(claimants: readonly Claimant[], value: number): Claimant[] {
  const held = claimants.filter((one) => contains(one, value));
  const [first] = held;
  const second = held.find((one) => one.party !== first?.party);
  return first === undefined || second === undefined ? [] : [first, second];
}

function describeRivals(
  claim: Claim,
  spy: Spy,
  claimants: readonly Claimant[],
  witness: Witness,
): ReturnType<typeof createFinding> {
  const shown = String(witness[spy.name]);
  const [first, second] = findRivals(claimants, spy.parse(shown));
  if (first === undefined || second === undefined) throw new NoRivalsError(claim.id);
  const [a, b] = [describeClaimant(spy, first), describeClaimant(spy, second)];
  return createFinding(claim, `${spy.name} ${shown} is both in ${a} and in ${b}`, first, second);
}

function describeClaimant(spy: Spy, claimant: Claimant): string {
  const isOne = claimant.end === claimant.low + 1;
  const range = isOne ? '' : ` [${spy.show(claimant.low)}, ${spy.show(claimant.end)})`;
  return `${claimant.label}${range}`;
}

/** A finding is made only of a confirmed witness, hence of two claimants. */
export class NoRivalsError extends Error {
  constructor(id: string) {
    super(`the witness of ${id} names fewer than two parties`);
  }
}
