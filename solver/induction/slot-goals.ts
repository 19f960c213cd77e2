/**
 * Delays under a time table: no step makes the promise to a resident later, and it is never further
 * ahead than the bound of the table.
 */

import { NONE } from '../../model/machine.ts';
import type { Machine } from '../../model/machine.ts';
import type { Plan } from '../../model/plan.ts';
import { isAwake } from '../../properties/inductive/entitlement.ts';
import {
  computePromise,
  isPromised,
  isServed,
  isWaiting,
} from '../../properties/inductive/slot-promise.ts';
import { SymbolicObject, toTruth } from '../lift/values.ts';
import type { Value } from '../lift/values.ts';
import type { Obligation } from '../obligation.ts';
import { FALSE, add, and, lessOrEqual, not, or } from '../smt/term.ts';
import type { Term } from '../smt/term.ts';
import { computeBounds } from '../timing/bounds.ts';
import type { Case } from './cases.ts';
import type { Goal } from './goals.ts';
import type { MicroStep } from './micro-steps.ts';
import type { PhaseModel } from './phase-model.ts';
import { createStateObligation, readField, toNumber } from './state-obligation.ts';
import type { Setting } from './state-obligation.ts';
import type { FieldSet } from './views.ts';

const PROMISE = 'properties/inductive/slot-promise.ts';
const ENTITLEMENT = 'properties/inductive/entitlement.ts';

/** A resident with slots, as a step leaves it. */
export interface Promised {
  readonly core: number;
  readonly index: number;
  /** It is awake. */
  readonly awake: Term;
  /** Instant of its first tick. */
  readonly promise: Term;
}

/** Name of the goal about one resident, and of its fault. */
function nameOf(core: number, index: number): string {
  return `time.slot-promise[${core},${index}]`;
}

/** Residents that a table promises something, as [core, resident]. */
function listResidents(plan: Plan): [core: number, index: number][] {
  return plan.cores.flatMap(({ residents }, core) =>
    residents.flatMap((_, index): [number, number][] =>
      isPromised(plan, core, index) ? [[core, index]] : [],
    ),
  );
}

/** Fields of a core that a promise is made of. */
const OF_CORE = 'clock section running slack slot frameStart dispatchDue'.split(' ');

/** Residents whose promise a step may have changed, as they stand now that it is done. */
export function listPromised(model: PhaseModel, written: FieldSet): Promised[] {
  const { plan, phase, run, lifter, state } = model;
  if (phase.kind !== 'sealed') return [];
  const isWritten = (value: Value, names: readonly string[]): boolean => {
    const keys = value instanceof SymbolicObject ? written.get(value.fields) : undefined;
    return names.some((name) => keys?.has(name) === true);
  };
  return listResidents(plan).flatMap(([core, index]): Promised[] => {
    const resident = plan.cores[core]?.residents[index];
    if (resident === undefined) return [];
    const { partition, vcpu } = resident;
    const held = readField(state.machine, 'cores', core);
    const account = readField(state.machine, 'cores', core, 'accounts', index);
    const sleeper = readField(state.machine, 'partitions', partition, 'vcpus', vcpu);
    const isTouched =
      isWritten(held, OF_CORE) ||
      isWritten(account, ['activation']) ||
      isWritten(sleeper, ['on', 'waiting']);
    if (!isTouched) return [];
    const findAwake = lifter.getFunction(ENTITLEMENT, isAwake.name);
    const findPromise = lifter.getFunction(PROMISE, computePromise.name);
    const awake = toTruth(findAwake.call(run, [state.machine, resident]));
    const promise = toNumber(findPromise.call(run, [plan, state.machine, core, index]));
    return [{ core, index, awake, promise }];
  });
}

/** Whether its own partition resets a resident, which then begins to wait anew. */
function isReset(plan: Plan, kind: string, domain: number, core: number, index: number): boolean {
  return kind === 'system-reset' && plan.cores[core]?.residents[index]?.partition === domain;
}

/** What must hold of promises after the step, as goals; asked where the state before it stands. */
export function listPromiseGoals(
  model: PhaseModel,
  { kind, domain, action }: Case,
  promised: readonly Promised[],
): Goal[] {
  const { plan, run, lifter, state } = model;
  const ask = (name: string, core: number, index: number): Value =>
    lifter.getFunction(PROMISE, name).call(run, [plan, state.machine, core, index]);
  return promised.flatMap(({ core, index, awake, promise }): Goal[] => {
    if (isReset(plan, kind, domain, core, index)) return [];
    const resident = plan.cores[core]?.residents[index];
    if (resident === undefined) return [];
    const before = toNumber(ask(computePromise.name, core, index));
    const wasAwake = toTruth(
      lifter.getFunction(ENTITLEMENT, isAwake.name).call(run, [state.machine, resident]),
    );
    const got = action['core'] === core ? toTruth(ask(isServed.name, core, index)) : FALSE;
    const holds = or([not(wasAwake), not(awake), got, lessOrEqual(promise, before)]);
    return [{ area: 'time', claim: 'in-slot', name: nameOf(core, index), holds }];
  });
}

/** Names of the residents whose promise a step has made later; `domain` is who has acted. */
export function listDelayed(
  plan: Plan,
  before: Machine,
  after: Machine,
  action: MicroStep,
  domain: number,
): string[] {
  if (!before.boot.sealed) return [];
  return listResidents(plan).flatMap(([core, index]) => {
    const resident = plan.cores[core]?.residents[index];
    if (resident === undefined || !isAwake(before, resident) || !isAwake(after, resident)) {
      return [];
    }
    if (isReset(plan, action.kind, domain, core, index)) return [];
    if ('core' in action && action.core === core && isServed(plan, before, core, index)) return [];
    const was = computePromise(plan, before, core, index);
    return computePromise(plan, after, core, index) <= was ? [] : [nameOf(core, index)];
  });
}

/**
 * The promise to whoever waits lies ahead, and no further than the delay of the closed form: the
 * delay under a table follows, and a difference is a mistake in one of the two.
 */
export function listSlotObligations(setting: Setting): Obligation[] {
  const { plan, configuration } = setting;
  const bounds = computeBounds(configuration);
  return listResidents(plan).flatMap(([core, index]) => {
    const resident = plan.cores[core]?.residents[index];
    const bound = bounds.find(
      ({ partitionIndex, cpuIndex }) =>
        partitionIndex === resident?.partition && cpuIndex === resident.vcpu,
    );
    const most = bound?.boundTicks ?? null;
    const name = configuration.partitions[resident?.partition ?? NONE]?.name ?? '';
    const id = configuration.platform.cores[core]?.id ?? core;
    return most === null
      ? []
      : createPromiseObligation(setting, core, index, most, `${name}@core${id}`);
  });
}

/** That the promise is at most so many ticks ahead. */
export function createPromiseObligation(
  setting: Setting,
  core: number,
  index: number,
  most: number,
  instance: string,
): Obligation[] {
  const { plan } = setting;
  const describe = ({ lifter, run, state }: PhaseModel): Term => {
    const ask = (name: string): Value =>
      lifter.getFunction(PROMISE, name).call(run, [plan, state.machine, core, index]);
    const clock = toNumber(readField(state.machine, 'cores', core, 'clock'));
    const promise = toNumber(ask(computePromise.name));
    const ahead = lessOrEqual(add(clock, 1), promise);
    const near = lessOrEqual(promise, add(clock, most));
    return and([toTruth(ask(isWaiting.name)), not(and([ahead, near]))]);
  };
  return createStateObligation(setting, 'time.slot-promise', instance, describe, (machine) => {
    const clock = machine.cores[core]?.clock ?? 0;
    const promise = computePromise(plan, machine, core, index);
    if (!isWaiting(plan, machine, core, index)) return false;
    return promise <= clock || promise > clock + most;
  });
}
