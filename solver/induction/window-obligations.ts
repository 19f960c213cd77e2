/**
 * Obligations about windows of time: that any can be opened, what residents take of one that is as
 * long as a response, and that who can run is served within it.
 *
 * Together with `time.in-window` and `time.throttled` they give the worst-case delay from the
 * functions of the scheduler themselves: throttle wait + W.
 */

import type { Machine } from '../../model/machine.ts';
import type { Resident } from '../../model/plan.ts';
import { settle } from '../../properties/inductive/schedule.ts';
import { listWatchedCores } from '../../properties/inductive/window-invariants.ts';
import type { WatchedMachine, Window } from '../../properties/inductive/windows.ts';
import {
  isBlockedOnce,
  isBusyAble,
  isOpenedWithout,
  isShareBounded,
  openWindow,
} from '../../properties/inductive/windows.ts';
import { toBooleanTerm, toTruth } from '../lift/values.ts';
import type { Obligation } from '../obligation.ts';
import { add, and, boolean, equal, lessOrEqual, not } from '../smt/term.ts';
import type { Term } from '../smt/term.ts';
import { computeBounds } from '../timing/bounds.ts';
import type { PhaseModel } from './phase-model.ts';
import { createStateObligation, readField, toNumber } from './state-obligation.ts';
import type { Setting } from './state-obligation.ts';
import { computeDelay, listWatchedDelays } from './watched-delays.ts';
import type { WatchedDelay } from './watched-delays.ts';

const WINDOWS = 'properties/inductive/windows.ts';

function getWindow(machine: Machine, core: number): Window | undefined {
  return (machine as WatchedMachine).windows[core];
}

/** All obligations about windows that are not about an action. */
export function listWindowObligations(setting: Setting): Obligation[] {
  const { plan } = setting;
  const delays = listWatchedDelays(plan);
  return [
    ...listWatchedCores(plan).flatMap((core) =>
      (plan.cores[core]?.residents ?? []).flatMap((resident, index) => [
        ...listThrottled(setting, core, index, resident),
        ...listOpened(setting, core, index),
      ]),
    ),
    ...delays.flatMap((delay) => [
      ...listTaken(setting, delay),
      ...listServed(setting, delay),
      ...listAgreement(setting, delay),
    ]),
  ];
}

function nameOf({ plan, configuration }: Setting, core: number, index: number): string {
  const partition = plan.cores[core]?.residents[index]?.partition ?? -1;
  const id = configuration.platform.cores[core]?.id ?? core;
  return `${configuration.partitions[partition]?.name ?? ''}@core${id}`;
}

/** What a function of the spec's sources says of the state as it stands. */
function ask(
  { lifter, run, plan, state }: PhaseModel,
  file: string,
  name: string,
  ...indices: readonly number[]
): Term {
  const value = lifter.getFunction(file, name).call(run, [plan, state.machine, ...indices]);
  const term = toBooleanTerm(value);
  if (term === null) throw new RangeError(`${name} gives no boolean`);
  return term;
}

/** What holds of a window that is opened, of one resident. */
const OPENED = [isShareBounded, isBlockedOnce, isBusyAble, isOpenedWithout] as const;

function listOpened(setting: Setting, core: number, index: number): Obligation[] {
  const describe = (model: PhaseModel): Term => {
    const { lifter, run, plan, state } = model;
    const mark = run.mark();
    lifter.getFunction(WINDOWS, openWindow.name).call(run, [plan, state.machine, core]);
    const kept = OPENED.map(({ name }) => ask(model, WINDOWS, name, core, index));
    run.rollBack(mark);
    return not(and(kept));
  };
  const instance = nameOf(setting, core, index);
  return createStateObligation(setting, 'time.window-opened', instance, describe, (machine) => {
    const { plan } = setting;
    const opened = structuredClone(machine) as WatchedMachine;
    openWindow(plan, opened, core);
    return !OPENED.every((holds) => holds(plan, opened, core, index));
  });
}

function listThrottled(
  setting: Setting,
  core: number,
  index: number,
  { period, budget, idle }: Resident,
): Obligation[] {
  const { activationTicks, overrunTicks } = setting.plan;
  const wait = idle === 'poll' ? period : period - (budget - overrunTicks) + activationTicks;
  const describe = (model: PhaseModel): Term => {
    const { lifter, run, plan, state } = model;
    const planned = plan.cores[core];
    const cores = readField(state.machine, 'cores', core);
    const account = lifter
      .getFunction('properties/inductive/schedule.ts', settle.name)
      .call(run, [planned, cores, index]);
    const ahead = toNumber(readField(account, 'next'));
    const clock = toNumber(readField(cores, 'clock'));
    const scarce = lessOrEqual(toNumber(readField(account, 'budget')), activationTicks);
    return and([scarce, not(lessOrEqual(ahead, add(clock, wait)))]);
  };
  const instance = nameOf(setting, core, index);
  return createStateObligation(setting, 'time.throttled', instance, describe, (machine) => {
    const planned = setting.plan.cores[core];
    const state = machine.cores[core];
    if (planned === undefined || state === undefined) return false;
    const account = settle(planned, state, index);
    return account.budget <= activationTicks && account.next - state.clock > wait;
  });
}

/** Of who loses its budget while idle the take is known where the window begins without any. */
function listTaken(setting: Setting, { core, index, response, takes }: WatchedDelay): Obligation[] {
  const residents = setting.plan.cores[core]?.residents ?? [];
  return takes.flatMap((most, other) => {
    const loses = residents[other]?.idle !== 'keep';
    const describe = ({ state }: PhaseModel): Term => {
      const window = readField(state.machine, 'windows', core);
      const of = (field: string): Term => toNumber(readField(window, 'shares', other, field));
      return and([
        equal(toNumber(readField(window, 'length')), response),
        ...(loses ? [equal(of('carry'), 0)] : []),
        not(lessOrEqual(of('taken'), most)),
      ]);
    };
    const instance = `${nameOf(setting, core, other)} while ${nameOf(setting, core, index)} waits`;
    return createStateObligation(setting, 'time.taken-at-most', instance, describe, (machine) => {
      const window = getWindow(machine, core);
      const share = window?.shares[other];
      if (share === undefined || window?.length !== response) return false;
      return share.taken > most && !(loses && share.carry > 0);
    });
  });
}

/**
 * The closed form, from the configuration alone, says the same: of equal priorities it counts each
 * as more urgent than the other, and may say more. None where it gives no bound.
 */
function listAgreement(setting: Setting, delay: WatchedDelay): Obligation[] {
  const { plan, configuration } = setting;
  const { core, index } = delay;
  const residents = plan.cores[core]?.residents ?? [];
  const resident = residents[index];
  const closed = computeBounds(configuration).find(
    ({ partitionIndex, cpuIndex }) =>
      partitionIndex === resident?.partition && cpuIndex === resident.vcpu,
  )?.boundTicks;
  if (resident === undefined || typeof closed !== 'number') return [];
  const found = computeDelay(plan, delay);
  const isTied = residents.some((one) => one !== resident && one.priority === resident.priority);
  const differs = isTied ? found > closed : found !== closed;
  const describe = (): Term => boolean(differs);
  const instance = nameOf(setting, core, index);
  return createStateObligation(setting, 'time.agreement', instance, describe, () => differs);
}

function listServed(
  setting: Setting,
  { core, index, response, takes, isBehind }: WatchedDelay,
): Obligation[] {
  const need = 1 + setting.plan.activationTicks;
  const describe = ({ state }: PhaseModel): Term => {
    const window = readField(state.machine, 'windows', core);
    const of = (one: number, field: string): Term =>
      toNumber(readField(window, 'shares', one, field));
    return and([
      equal(toNumber(readField(window, 'length')), response),
      toTruth(readField(window, 'shares', index, 'busy')),
      ...(isBehind ? [] : [equal(of(index, 'spare'), 0)]),
      ...takes.map((most, other) => lessOrEqual(of(other, 'taken'), most)),
      not(lessOrEqual(need, of(index, isBehind ? 'served' : 'taken'))),
    ]);
  };
  const instance = nameOf(setting, core, index);
  return createStateObligation(setting, 'time.served', instance, describe, (machine) => {
    const window = getWindow(machine, core);
    const own = window?.shares[index];
    if (window?.length !== response || own?.busy !== true) return false;
    if (takes.some((most, other) => (window.shares[other]?.taken ?? 0) > most)) return false;
    return isBehind ? own.served < need : own.spare === 0 && own.taken < need;
  });
}
