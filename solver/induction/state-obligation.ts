/**
 * An obligation about states: no state after the seal in which the invariants hold breaks it.
 */

import type { StaticConfiguration } from '../../model/configuration.ts';
import { NONE } from '../../model/machine.ts';
import type { Machine } from '../../model/machine.ts';
import type { Plan } from '../../model/plan.ts';
import type { GrantMap } from '../../properties/grants.ts';
import { SymbolicObject } from '../lift/values.ts';
import type { Value } from '../lift/values.ts';
import type { Obligation, Witness } from '../obligation.ts';
import { getCodeOfClaim } from '../obligations/claim.ts';
import { and, listVariables, toTerm } from '../smt/term.ts';
import type { Term } from '../smt/term.ts';
import { getInductionClaim } from './claims.ts';
import { decodeMachine, limitIntegers, suggestState } from './concrete.ts';
import { selectRelevant } from './phase-model.ts';
import type { PhaseModel } from './phase-model.ts';
import { isInductiveState } from './replay.ts';
import type { ReplayContext } from './replay.ts';

/** What obligations about states are made from. */
export interface Setting {
  readonly configuration: StaticConfiguration;
  readonly plan: Plan;
  readonly grants: GrantMap;
  readonly replay: ReplayContext;
  /** Obligations that are wanted, by their ids. */
  readonly matches: (id: string) => boolean;
  /** The sealed phase; made when it is first asked for. */
  readonly getModel: () => PhaseModel;
}

/** The field of a symbolic record at a path; undefined where it has none. */
export function readField(value: Value, ...path: (string | number)[]): Value {
  let current = value;
  for (const key of path) {
    if (!(current instanceof SymbolicObject)) return undefined;
    current = (current.fields as Record<string | number, Value>)[key];
  }
  return current;
}

/** A field that holds a number, as a term. */
export function toNumber(value: Value): Term {
  return toTerm(value as Term | number);
}

/** An obligation that no state of the sealed phase breaks; none where it is not wanted. */
export function createStateObligation(
  { replay, matches, getModel }: Setting,
  claimId: string,
  instance: string,
  describe: (model: PhaseModel) => Term,
  isBroken: (machine: Machine) => boolean,
): Obligation[] {
  if (!matches(`${claimId}[${instance}]`)) return [];
  const model = getModel();
  const refute = describe(model);
  const machines = new WeakMap<Witness, Machine>();
  const claim = getInductionClaim(claimId);
  const { statement, formula, source, help } = claim;
  const premises = model.conjuncts.map(({ term }) => term);
  const obligation: Obligation = {
    id: `${claimId}[${instance}]`,
    statement,
    formula,
    source,
    assume: [],
    premises,
    suggestPremises: () => suggestState(model, []),
    refute: and([...selectRelevant(premises, [refute]), refute]),
    // A state to confirm satisfies the premises too that have nothing to do with what fails.
    complete: () => limitIntegers(and([...premises, refute])),
    decode: (values) => {
      const witness = Object.fromEntries(
        listVariables([refute]).map(({ name }) => [name, String(values.get(name) ?? 'any')]),
      );
      machines.set(witness, decodeMachine(model.state, model.state.memory, values));
      return witness;
    },
    confirms: (_configuration, witness) => {
      const machine = machines.get(witness);
      return machine !== undefined && isInductiveState(replay, machine) && isBroken(machine);
    },
    getCase: () => ({ action: null, current: 'nobody', partition: NONE, conjunct: claimId }),
    finding: () => ({
      code: getCodeOfClaim(claim),
      severity: 'error',
      message: `${instance}: the invariants do not imply it: ${statement}`,
      help,
      at: ['config'],
      related: [],
    }),
  };
  return [obligation];
}
