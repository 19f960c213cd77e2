/**
 * Obligations about states: what the invariants imply, and that looking alike is an equivalence.
 */

import type { StaticConfiguration } from '../../model/configuration.ts';
import { LR_INVALID } from '../../model/list-registers.ts';
import { PRIVATE_LINES } from '../../model/machine.ts';
import type { Machine } from '../../model/machine.ts';
import type { Plan } from '../../model/plan.ts';
import { createGrantMap, findGrant } from '../../properties/grants.ts';
import type { Grant, GrantMap } from '../../properties/grants.ts';
import { isSame } from '../lift/operators.ts';
import { SymbolicObject, toTruth } from '../lift/values.ts';
import type { Value } from '../lift/values.ts';
import type { Obligation, Witness } from '../obligation.ts';
import { getCodeOfClaim } from '../obligations/claim.ts';
import {
  and,
  equal,
  implies,
  integerVariable,
  listVariables,
  not,
  or,
  toTerm,
  within,
} from '../smt/term.ts';
import type { Term } from '../smt/term.ts';
import { getInductionClaim } from './claims.ts';
import { decodeMachine, suggestState } from './concrete.ts';
import { selectRelevant } from './phase-model.ts';
import type { Induction, PhaseModel } from './phase-model.ts';
import { isInductiveState } from './replay.ts';
import type { ReplayContext } from './replay.ts';

/** What obligations about states are made from. */
interface Setting {
  readonly configuration: StaticConfiguration;
  readonly plan: Plan;
  readonly grants: GrantMap;
  readonly replay: ReplayContext;
  /** The sealed phase. */
  readonly model: PhaseModel;
}

/** Obligations about every state in which the invariants hold. */
export function listStateObligations(induction: Induction, replay: ReplayContext): Obligation[] {
  const sealed = induction.phases.find(({ kind }) => kind === 'sealed');
  if (sealed === undefined) return [];
  const { configuration, plan } = induction;
  const model = induction.getModel(sealed);
  const setting = { configuration, plan, grants: createGrantMap(configuration), replay, model };
  return [
    ...listCachedObligations(setting),
    ...listRequestObligations(setting),
    ...listListedObligations(setting),
    ...listEquivalenceObligations(setting),
  ];
}

function read(value: Value, ...path: (string | number)[]): Value {
  let current = value;
  for (const key of path) {
    if (!(current instanceof SymbolicObject)) return undefined;
    current = (current.fields as Record<string | number, Value>)[key];
  }
  return current;
}

function size(value: Value): number {
  return value instanceof SymbolicObject && Array.isArray(value.fields) ? value.fields.length : 0;
}

function number(value: Value): Term {
  return toTerm(value as Term | number);
}

/** An obligation that no state of the sealed phase breaks. */
function create(
  { replay, model }: Setting,
  claimId: string,
  instance: string,
  refute: Term,
  isBroken: (machine: Machine) => boolean,
): Obligation {
  const machines = new WeakMap<Witness, Machine>();
  const claim = getInductionClaim(claimId);
  const { statement, formula, source, help } = claim;
  const premises = model.conjuncts.map(({ term }) => term);
  return {
    id: `${claimId}[${instance}]`,
    statement,
    formula,
    source,
    assume: [],
    premises,
    suggestPremises: () => suggestState(model, []),
    refute: and([...selectRelevant(premises, [refute]), refute]),
    // A state to confirm satisfies the premises too that have nothing to do with what fails.
    complete: () => and([...premises, refute]),
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
    finding: () => ({
      code: getCodeOfClaim(claim),
      severity: 'error',
      message: `${instance}: the invariants do not imply it: ${statement}`,
      help,
      at: ['config'],
      related: [],
    }),
  };
}

function isGranted(grants: readonly Grant[], frame: Term, right: (grant: Grant) => Term): Term {
  return or(grants.map((grant) => and([within(frame, grant.first, grant.past), right(grant)])));
}

/** What a TLB holds leads to pages that the configuration grants. */
function listCachedObligations(setting: Setting): Obligation[] {
  const { plan, grants, model } = setting;
  return plan.cores.flatMap((planned, core) => {
    if (!planned.el2 || !planned.used) return [];
    const tlb = read(model.state.machine, 'cores', core, 'tlb');
    return Array.from({ length: size(tlb) }, (_, slot) => {
      const entry = read(tlb, slot);
      const part = (name: string): Value => read(entry, name);
      const wrong = plan.partitions.map(({ vmid }, partition) => {
        const granted = isGranted(
          grants.ofPartition[partition] ?? [],
          number(part('frame')),
          (grant) =>
            and([
              implies(toTruth(part('read')), grant.read),
              implies(toTruth(part('write')), grant.write),
              implies(toTruth(part('execute')), grant.execute),
            ]),
        );
        return and([toTruth(isSame(part('vmid'), vmid)), not(granted)]);
      });
      const refute = and([toTruth(part('valid')), or(wrong)]);
      const instance = `core${core}, slot ${slot}`;
      return create(setting, 'memory.cached-granted', instance, refute, ({ cores }) => {
        const found = cores[core]?.tlb[slot];
        const owner = plan.partitions.findIndex(({ vmid }) => vmid === found?.vmid);
        if (found === undefined || !found.valid) return false;
        const accepts = (grant: Grant): boolean =>
          (!found.read || grant.read) &&
          (!found.write || grant.write) &&
          (!found.execute || grant.execute);
        return findGrant(grants, owner, found.frame, accepts) === undefined;
      });
    });
  });
}

/** A request in flight is for a page that the configuration grants to its master. */
function listRequestObligations(setting: Setting): Obligation[] {
  const { plan, grants, model } = setting;
  const slots = read(model.state.machine, 'smmu', 'inFlight');
  if (plan.streams.length + plan.bareMasters.length === 0) return [];
  return Array.from({ length: size(slots) }, (_, slot) => {
    const part = (name: string): Value => read(slots, slot, name);
    const wrong = plan.partitions.map((_partition, partition) => {
      const granted = isGranted(
        grants.ofPartition[partition] ?? [],
        number(part('frame')),
        (grant) =>
          and([
            grant.dma,
            implies(toTruth(part('write')), grant.write),
            implies(not(toTruth(part('write'))), grant.read),
          ]),
      );
      return and([toTruth(isSame(part('master'), partition)), not(granted)]);
    });
    const refute = and([toTruth(part('busy')), or(wrong)]);
    return create(setting, 'dma.in-flight-granted', `slot ${slot}`, refute, ({ smmu }) => {
      const found = smmu.inFlight[slot];
      if (found === undefined || !found.busy) return false;
      const accepts = (grant: Grant): boolean =>
        grant.dma && (found.write ? grant.write : grant.read);
      return findGrant(grants, found.master, found.frame, accepts) === undefined;
    });
  });
}

/** INTIDs that the configuration gives to a partition: its devices' and its doorbells'. */
function listGivenLines(configuration: StaticConfiguration, partition: number): number[] {
  const owned = configuration.partitions[partition]?.devices ?? [];
  return [
    ...owned.flatMap(({ device }) => configuration.platform.devices[device]?.irqs ?? []),
    ...configuration.channels.flatMap(({ notify }) =>
      notify.flatMap(({ to, irq }) => (to === partition ? [irq] : [])),
    ),
  ];
}

/** A list register in use names a line that the configuration gives to who is live. */
function listListedObligations(setting: Setting): Obligation[] {
  const { configuration, plan, model } = setting;
  return plan.cores.flatMap((planned, core) => {
    if (!planned.el2 || !planned.used) return [];
    const state = read(model.state.machine, 'cores', core);
    const registers = read(state, 'listRegisters');
    return Array.from({ length: size(registers) }, (_, slot) => {
      const part = (name: string): Value => read(registers, slot, name);
      const intId = number(part('intId'));
      const linesOf = planned.residents.map(({ partition }) => [
        ...listGivenLines(configuration, partition),
        ...plan.events.flatMap((event) => (event.partition === partition ? [event.intId] : [])),
      ]);
      const given = linesOf.map((lines, resident) => {
        const own = or([within(intId, 0, PRIVATE_LINES), ...lines.map((id) => equal(intId, id))]);
        return and([toTruth(isSame(read(state, 'loaded'), resident)), own]);
      });
      const used = not(toTruth(isSame(part('state'), LR_INVALID)));
      const refute = and([used, not(or(given))]);
      const instance = `core${core}, slot ${slot}`;
      return create(setting, 'irq.listed-owned', instance, refute, ({ cores }) => {
        const found = cores[core]?.listRegisters[slot];
        if (found === undefined || found.state === LR_INVALID) return false;
        if (found.intId >= 0 && found.intId < PRIVATE_LINES) {
          return linesOf[cores[core]?.loaded ?? -1] === undefined;
        }
        return linesOf[cores[core]?.loaded ?? -1]?.includes(found.intId) !== true;
      });
    });
  });
}

/** Equality of as many numbers as the view has is an equivalence, whatever they are. */
function listEquivalenceObligations(setting: Setting): Obligation[] {
  const { configuration, plan, model } = setting;
  return plan.partitions.map((_, partition) => {
    const elements = (model.views[partition] ?? []).flatMap((piece) => piece.elements);
    const [s = [], t = [], u = []] = ['first', 'second', 'third'].map((state) =>
      elements.map(({ name }) => integerVariable(`${state}/${name}`)),
    );
    const refute = or([
      ...s.map((value) => not(equal(value, value))),
      ...s.map((value, index) => {
        const [other, last] = [t[index] ?? value, u[index] ?? value];
        return or([
          and([equal(value, other), not(equal(other, value))]),
          and([equal(value, other), equal(other, last), not(equal(value, last))]),
        ]);
      }),
    ]);
    const name = configuration.partitions[partition]?.name ?? '';
    // What a function gives is equal to itself: no state breaks it, whatever a solver says.
    return create(setting, 'noninterference.equivalence', name, refute, () => false);
  });
}
