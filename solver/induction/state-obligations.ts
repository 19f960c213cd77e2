/**
 * Obligations about states: what the invariants imply, and that looking alike is an equivalence.
 */

import { LR_INVALID } from '../../model/list-registers.ts';
import { PRIVATE_LINES } from '../../model/machine.ts';
import type { StaticConfiguration } from '../../model/configuration.ts';
import { createGrantMap } from '../../properties/grants.ts';
import type { Grant } from '../../properties/grants.ts';
import { isSame } from '../lift/operators.ts';
import { SymbolicObject, toBooleanTerm } from '../lift/values.ts';
import type { Value } from '../lift/values.ts';
import type { Obligation } from '../obligation.ts';
import { getCodeOfClaim } from '../obligations/claim.ts';
import { substituteAll } from '../smt/substitute.ts';
import {
  and,
  booleanVariable,
  equal,
  implies,
  integerVariable,
  listVariables,
  not,
  or,
  toTerm,
  within,
} from '../smt/term.ts';
import type { Term, Variable } from '../smt/term.ts';
import { getInductionClaim } from './claims.ts';
import { selectRelevant } from './phase-model.ts';
import type { Induction, PhaseModel } from './phase-model.ts';
import { observeElements } from './views.ts';

/** Obligations about every state in which the invariants hold. */
export function listStateObligations(induction: Induction): Obligation[] {
  const sealed = induction.phases.find(({ kind }) => kind === 'sealed');
  if (sealed === undefined) return [];
  const model = induction.getModel(sealed);
  return [
    ...listCachedObligations(induction, model),
    ...listRequestObligations(induction, model),
    ...listListedObligations(induction, model),
    ...listEquivalenceObligations(induction, model),
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

function truth(value: Value): Term {
  const term = toBooleanTerm(value);
  // Fields that are read here are booleans, and comparisons give them.
  if (term === null) throw new RangeError('no truth value');
  return term;
}

function number(value: Value): Term {
  return toTerm(value as Term | number);
}

/** An obligation that no state of the sealed phase breaks. */
function create(model: PhaseModel, claimId: string, instance: string, refute: Term): Obligation {
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
    refute: and([...selectRelevant(premises, [refute]), refute]),
    decode: (values) =>
      Object.fromEntries(
        listVariables([refute]).map(({ name }) => [name, String(values.get(name) ?? 'any')]),
      ),
    // The terms are read off the invariants and the configuration; there is no step to replay.
    confirms: () => true,
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
function listCachedObligations(
  { configuration, plan }: Induction,
  model: PhaseModel,
): Obligation[] {
  const grants = createGrantMap(configuration);
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
              implies(truth(part('read')), grant.read),
              implies(truth(part('write')), grant.write),
              implies(truth(part('execute')), grant.execute),
            ]),
        );
        return and([truth(isSame(part('vmid'), vmid)), not(granted)]);
      });
      const refute = and([truth(part('valid')), or(wrong)]);
      return create(model, 'memory.cached-granted', `core${core}, slot ${slot}`, refute);
    });
  });
}

/** A request in flight is for a page that the configuration grants to its master. */
function listRequestObligations(
  { configuration, plan }: Induction,
  model: PhaseModel,
): Obligation[] {
  const grants = createGrantMap(configuration);
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
            implies(truth(part('write')), grant.write),
            implies(not(truth(part('write'))), grant.read),
          ]),
      );
      return and([truth(isSame(part('master'), partition)), not(granted)]);
    });
    const refute = and([truth(part('busy')), or(wrong)]);
    return create(model, 'dma.in-flight-granted', `slot ${slot}`, refute);
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
function listListedObligations(
  { configuration, plan }: Induction,
  model: PhaseModel,
): Obligation[] {
  return plan.cores.flatMap((planned, core) => {
    if (!planned.el2 || !planned.used) return [];
    const state = read(model.state.machine, 'cores', core);
    const registers = read(state, 'listRegisters');
    return Array.from({ length: size(registers) }, (_, slot) => {
      const part = (name: string): Value => read(registers, slot, name);
      const intId = number(part('intId'));
      const given = planned.residents.map(({ partition }, resident) => {
        const events = plan.events.flatMap((event) =>
          event.partition === partition ? [event.intId] : [],
        );
        const lines = [...listGivenLines(configuration, partition), ...events];
        const own = or([within(intId, 0, PRIVATE_LINES), ...lines.map((id) => equal(intId, id))]);
        return and([truth(isSame(read(state, 'loaded'), resident)), own]);
      });
      const used = not(truth(isSame(part('state'), LR_INVALID)));
      const refute = and([used, not(or(given))]);
      return create(model, 'irq.listed-owned', `core${core}, slot ${slot}`, refute);
    });
  });
}

/** Equality of what a function gives is an equivalence; asked of the view as it really is. */
function listEquivalenceObligations(
  { configuration, plan }: Induction,
  model: PhaseModel,
): Obligation[] {
  return plan.partitions.map((_, partition) => {
    const first = observeElements(model, partition).map(({ value }) => value);
    const [second, third] = ['second/', 'third/'].map((prefix) => copy(first, prefix));
    const [s, t, u] = [first, second ?? [], third ?? []];
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
    return create(model, 'noninterference.equivalence', name, refute);
  });
}

/** The same terms over variables of their own. */
function copy(terms: readonly Term[], prefix: string): Term[] {
  const map = new Map<Term, Term>();
  for (const variable of listVariables(terms)) map.set(variable, createCopy(variable, prefix));
  return substituteAll(terms, map);
}

function createCopy({ name, sort, low, high }: Variable, prefix: string): Term {
  if (sort === 'Bool') return booleanVariable(prefix + name);
  return integerVariable(prefix + name, {
    ...(low === null ? {} : { low }),
    ...(high === null ? {} : { high }),
  });
}
