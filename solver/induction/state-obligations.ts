/**
 * Obligations about states: what the invariants imply, and that looking alike is an equivalence.
 */

import type { StaticConfiguration } from '../../model/configuration.ts';
import { LR_INVALID } from '../../model/list-registers.ts';
import { CACHE_SLOTS, IN_FLIGHT_SLOTS, PRIVATE_LINES } from '../../model/machine.ts';
import { createGrantMap, findGrant } from '../../properties/grants.ts';
import type { Grant } from '../../properties/grants.ts';
import { isSame } from '../lift/operators.ts';
import { toTruth } from '../lift/values.ts';
import type { Value } from '../lift/values.ts';
import type { Obligation } from '../obligation.ts';
import { and, equal, implies, integerVariable, not, or, within } from '../smt/term.ts';
import type { Term } from '../smt/term.ts';
import type { Induction, PhaseModel } from './phase-model.ts';
import type { ReplayContext } from './replay.ts';
import { listSlotObligations } from './slot-goals.ts';
import { createStateObligation, readField, toNumber } from './state-obligation.ts';
import type { Setting } from './state-obligation.ts';
import { listWindowObligations } from './window-obligations.ts';

/** Obligations about every state in which the invariants hold. */
export function listStateObligations(
  induction: Induction,
  replay: ReplayContext,
  matches: (id: string) => boolean,
): Obligation[] {
  const sealed = induction.phases.find(({ kind }) => kind === 'sealed');
  if (sealed === undefined) return [];
  const { configuration, plan } = induction;
  const grants = createGrantMap(configuration);
  const getModel = (): PhaseModel => induction.getModel(sealed);
  const setting = { configuration, plan, grants, replay, matches, getModel };
  return [
    ...listCachedObligations(setting),
    ...listRequestObligations(setting),
    ...listListedObligations(setting),
    ...listEquivalenceObligations(setting),
    ...listWindowObligations(setting),
    ...listSlotObligations(setting),
  ];
}

function listIndices(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}

function isGranted(grants: readonly Grant[], frame: Term, right: (grant: Grant) => Term): Term {
  return or(grants.map((grant) => and([within(frame, grant.first, grant.past), right(grant)])));
}

/** What a TLB holds leads to pages that the configuration grants. */
function listCachedObligations(setting: Setting): Obligation[] {
  const { plan, grants } = setting;
  return plan.cores.flatMap((planned, core) => {
    if (!planned.el2 || !planned.used) return [];
    return listIndices(CACHE_SLOTS).flatMap((slot) => {
      const describe = ({ state }: PhaseModel): Term => {
        const part = (name: string): Value =>
          readField(state.machine, 'cores', core, 'tlb', slot, name);
        const wrong = plan.partitions.map(({ vmid }, partition) => {
          const granted = isGranted(
            grants.ofPartition[partition] ?? [],
            toNumber(part('frame')),
            (grant) =>
              and([
                implies(toTruth(part('read')), grant.read),
                implies(toTruth(part('write')), grant.write),
                implies(toTruth(part('execute')), grant.execute),
              ]),
          );
          return and([toTruth(isSame(part('vmid'), vmid)), not(granted)]);
        });
        return and([toTruth(part('valid')), or(wrong)]);
      };
      const instance = `core${core}, slot ${slot}`;
      return createStateObligation(
        setting,
        'memory.cached-granted',
        instance,
        describe,
        ({ cores }) => {
          const found = cores[core]?.tlb[slot];
          const owner = plan.partitions.findIndex(({ vmid }) => vmid === found?.vmid);
          if (found === undefined || !found.valid) return false;
          const accepts = (grant: Grant): boolean =>
            (!found.read || grant.read) &&
            (!found.write || grant.write) &&
            (!found.execute || grant.execute);
          return findGrant(grants, owner, found.frame, accepts) === undefined;
        },
      );
    });
  });
}

/** A request in flight is for a page that the configuration grants to its master. */
function listRequestObligations(setting: Setting): Obligation[] {
  const { plan, grants } = setting;
  if (plan.streams.length + plan.bareMasters.length === 0) return [];
  return listIndices(IN_FLIGHT_SLOTS).flatMap((slot) => {
    const describe = ({ state }: PhaseModel): Term => {
      const part = (name: string): Value =>
        readField(state.machine, 'smmu', 'inFlight', slot, name);
      const wrong = plan.partitions.map((_partition, partition) => {
        const granted = isGranted(
          grants.ofPartition[partition] ?? [],
          toNumber(part('frame')),
          (grant) =>
            and([
              grant.dma,
              implies(toTruth(part('write')), grant.write),
              implies(not(toTruth(part('write'))), grant.read),
            ]),
        );
        return and([toTruth(isSame(part('master'), partition)), not(granted)]);
      });
      return and([toTruth(part('busy')), or(wrong)]);
    };
    return createStateObligation(
      setting,
      'dma.in-flight-granted',
      `slot ${slot}`,
      describe,
      ({ smmu }) => {
        const found = smmu.inFlight[slot];
        if (found === undefined || !found.busy) return false;
        const accepts = (grant: Grant): boolean =>
          grant.dma && (found.write ? grant.write : grant.read);
        return findGrant(grants, found.master, found.frame, accepts) === undefined;
      },
    );
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
  const { configuration, plan } = setting;
  return plan.cores.flatMap((planned, core) => {
    if (!planned.el2 || !planned.used) return [];
    return listIndices(plan.listRegisters).flatMap((slot) => {
      const linesOf = planned.residents.map(({ partition }) => [
        ...listGivenLines(configuration, partition),
        ...plan.events.flatMap((event) => (event.partition === partition ? [event.intId] : [])),
      ]);
      const describe = ({ state: { machine } }: PhaseModel): Term => {
        const register = readField(machine, 'cores', core, 'listRegisters', slot);
        const intId = toNumber(readField(register, 'intId'));
        const given = linesOf.map((lines, resident) => {
          const own = or([within(intId, 0, PRIVATE_LINES), ...lines.map((id) => equal(intId, id))]);
          return and([toTruth(isSame(readField(machine, 'cores', core, 'loaded'), resident)), own]);
        });
        return and([
          not(toTruth(isSame(readField(register, 'state'), LR_INVALID))),
          not(or(given)),
        ]);
      };
      const instance = `core${core}, slot ${slot}`;
      return createStateObligation(setting, 'irq.listed-owned', instance, describe, ({ cores }) => {
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
  const { configuration, plan } = setting;
  return plan.partitions.flatMap((_, partition) => {
    const describe = ({ views }: PhaseModel): Term => {
      const elements = (views[partition] ?? []).flatMap((piece) => piece.elements);
      const [s = [], t = [], u = []] = ['first', 'second', 'third'].map((state) =>
        elements.map(({ name }) => integerVariable(`${state}/${name}`)),
      );
      return or([
        ...s.map((value) => not(equal(value, value))),
        ...s.map((value, index) => {
          const [other, last] = [t[index] ?? value, u[index] ?? value];
          return or([
            and([equal(value, other), not(equal(other, value))]),
            and([equal(value, other), equal(other, last), not(equal(value, last))]),
          ]);
        }),
      ]);
    };
    const name = configuration.partitions[partition]?.name ?? '';
    // What a function gives is equal to itself: no state breaks it, whatever a solver says.
    return createStateObligation(
      setting,
      'noninterference.equivalence',
      name,
      describe,
      () => false,
    );
  });
}
