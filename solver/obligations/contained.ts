/**
 * Containment claims: whatever is reached is granted, with rights no wider.
 *
 * One spy and one right, both symbolic: refuted when the spy is in a range that is reached with
 * that right, and in no range that is granted with it.
 */

import type { Access, StaticConfiguration } from '../../model/configuration.ts';
import type { Finding } from '../../properties/findings.ts';
import type { Obligation } from '../obligation.ts';
import { and, equal, integerVariable, not, or, within } from '../smt/term.ts';
import type { Term } from '../smt/term.ts';
import { createFinding } from './claim.ts';
import type { Claim, Party } from './claim.ts';
import { contains, getVariable } from './spy.ts';
import type { Spy, SpyRange } from './spy.ts';

/** Rights in the order of the symbolic right. */
const RIGHTS = ['read', 'write', 'execute'] as const;

/** A range that is reached. */
export interface Reach extends Party, SpyRange {
  /** With what rights; null where rights do not matter. */
  readonly access: Access | null;
}

/** A range in which reaching is allowed. */
export interface Limit extends SpyRange {
  /** Rights allowed; null for all. */
  readonly access: Access | null;
}

/** A containment claim about a configuration. */
export interface ContainmentClaim {
  readonly claim: Claim;
  readonly instance: string | null;
  readonly spy: Spy;
  readonly reached: (configuration: StaticConfiguration) => readonly Reach[];
  readonly allowed: (configuration: StaticConfiguration) => readonly Limit[];
  /** What was expected, for the message: "memory that linux owns or shares". */
  readonly expected: string;
}

/**
 * The obligation that every reach is allowed; null where nothing is reached, so that nothing is
 * claimed.
 */
export function proveContained(
  configuration: StaticConfiguration,
  containment: ContainmentClaim,
): Obligation | null {
  const { claim, instance, spy } = containment;
  const reached = containment.reached(configuration).filter(hasRight);
  if (reached.length === 0) return null;
  const variable = getVariable(spy);
  const right = integerVariable('right');
  return {
    ...claim,
    id: instance === null ? claim.id : `${claim.id}[${instance}]`,
    assume: [within(right, 0, RIGHTS.length), isReached(variable, right, reached)],
    refute: not(isReached(variable, right, containment.allowed(configuration))),
    decode: (model) => {
      const value = Number(model.get(spy.name));
      const index = Number(model.get('right') ?? 0n);
      const first = reached.find((one) => reaches(one, value, index));
      const name = RIGHTS[index] ?? 'read';
      return { [spy.name]: spy.show(value), right: name, first: first?.label ?? 'nobody' };
    },
    confirms: (given, witness) => {
      const value = spy.parse(String(witness[spy.name]));
      const index = RIGHTS.findIndex((name) => name === witness['right']);
      const isReal = containment
        .reached(given)
        .some((one) => one.label === witness['first'] && reaches(one, value, index));
      return isReal && !containment.allowed(given).some((one) => reaches(one, value, index));
    },
    finding: (given, witness) => {
      const shown = String(witness[spy.name]);
      const first = containment.reached(given).find((one) => one.label === witness['first']);
      if (first === undefined) throw new NoReachError(claim.id);
      return describeReach(containment, shown, String(witness['right']), first);
    },
  };
}

/** Whether a range is reached at all: a device has no use of pages that may be executed only. */
function hasRight({ access }: Reach): boolean {
  return access === null || RIGHTS.some((name) => access[name]);
}

function isReached(spy: Term, right: Term, ranges: readonly Limit[]): Term {
  return or(
    ranges.map((range) => {
      const isIn = within(spy, range.low, range.end);
      const { access } = range;
      if (access === null) return isIn;
      const granted = RIGHTS.flatMap((name, index) => (access[name] ? [equal(right, index)] : []));
      return and([isIn, or(granted)]);
    }),
  );
}

function reaches(range: Limit, value: number, right: number): boolean {
  const name = RIGHTS[right];
  return contains(range, value) && name !== undefined && (range.access?.[name] ?? true);
}

function describeReach(
  { claim, spy, expected }: ContainmentClaim,
  shown: string,
  right: string,
  first: Reach,
): Finding {
  const verb =
    first.access === null ? 'is in' : `can be ${RIGHT_VERBS[right] ?? 'reached'} through`;
  const isOne = first.end === first.low + 1;
  const range = isOne ? '' : ` [${spy.show(first.low)}, ${spy.show(first.end)})`;
  const message = `${spy.name} ${shown} ${verb} ${first.label}${range}, outside ${expected}`;
  return createFinding(claim, message, first);
}

const RIGHT_VERBS: Readonly<Record<string, string>> = {
  read: 'read',
  write: 'written',
  execute: 'executed',
};

/** A finding is made only of a confirmed witness, hence of a range that reaches it. */
export class NoReachError extends Error {
  constructor(id: string) {
    super(`the witness of ${id} names no range that is reached`);
  }
}
