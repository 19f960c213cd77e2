/**
 * Charges of a step: nobody's budget becomes anything but what the grid and who pays make of it.
 *
 * What an account has is asked of the state after the step, what it should have of the state
 * before; replay asks V8 the same of its two states.
 */

import type { Machine } from '../../model/machine.ts';
import type { Plan } from '../../model/plan.ts';
import { computeOwed, mayLoseRest } from '../../properties/inductive/charges.ts';
import { isReservation } from '../../properties/inductive/entitlement.ts';
import { settle } from '../../properties/inductive/schedule.ts';
import { SymbolicObject, toTruth } from '../lift/values.ts';
import type { Value } from '../lift/values.ts';
import { and, equal, ite, lessOrEqual, or } from '../smt/term.ts';
import type { Term } from '../smt/term.ts';
import type { Goal } from './goals.ts';
import type { PhaseModel } from './phase-model.ts';
import { readField, toNumber } from './state-obligation.ts';
import type { FieldSet } from './views.ts';

const CHARGES = 'properties/inductive/charges.ts';
const SCHEDULE = 'properties/inductive/schedule.ts';

/** An account as it stands after a step. */
export interface Settled {
  readonly core: number;
  readonly index: number;
  /** On the grid, ticks. */
  readonly budget: Term;
  readonly clock: Term;
  /** What is left of the budget may have been taken. */
  readonly mayLose: Term;
}

/** Name of the goal about one account, and of its fault. */
function nameOf(core: number, index: number): string {
  return `time.charged[${core},${index}]`;
}

/** Accounts of reservations under a plan, as [core, resident]. */
function listAccounts(plan: Plan): [core: number, index: number][] {
  return plan.cores.flatMap(({ residents }, core) =>
    residents.flatMap((one, index): [number, number][] =>
      isReservation(one) ? [[core, index]] : [],
    ),
  );
}

/** Fields of a core that say what its accounts have. */
const OF_CORE = ['clock', 'running', 'slack'] as const;
/** The same of an account itself. */
const OF_ACCOUNT = ['budget', 'nextReplenishment'] as const;

/** Accounts that a step may have changed, as they stand now that it is done; after the seal. */
export function listSettled(model: PhaseModel, written: FieldSet): Settled[] {
  const { plan, phase, run, lifter, state } = model;
  if (phase.kind !== 'sealed') return [];
  const isWritten = (value: Value, names: readonly string[]): boolean => {
    const keys = value instanceof SymbolicObject ? written.get(value.fields) : undefined;
    return names.some((name) => keys?.has(name) === true);
  };
  return listAccounts(plan).flatMap(([core, index]): Settled[] => {
    const held = readField(state.machine, 'cores', core);
    const account = readField(state.machine, 'cores', core, 'accounts', index);
    if (!isWritten(held, OF_CORE) && !isWritten(account, OF_ACCOUNT)) return [];
    const onGrid = lifter
      .getFunction(SCHEDULE, settle.name)
      .call(run, [plan.cores[core], held, index]);
    const lost = lifter.getFunction(CHARGES, mayLoseRest.name);
    return [
      {
        core,
        index,
        budget: toNumber(readField(onGrid, 'budget')),
        clock: toNumber(readField(held, 'clock')),
        mayLose: toTruth(lost.call(run, [plan, state.machine, core, index])),
      },
    ];
  });
}

/** What must hold of accounts after the step, as goals; asked where the state before it stands. */
export function listChargeGoals(model: PhaseModel, settled: readonly Settled[]): Goal[] {
  const { plan, run, lifter, state } = model;
  const owe = lifter.getFunction(CHARGES, computeOwed.name);
  return settled.map(({ core, index, budget, clock, mayLose }): Goal => {
    const owed = toNumber(owe.call(run, [plan, state.machine, core, index, clock]));
    const rest = ite(lessOrEqual(owed, 0), owed, 0);
    const holds = or([equal(budget, owed), and([mayLose, equal(budget, rest)])]);
    return { area: 'time', claim: 'confined', name: nameOf(core, index), holds };
  });
}

/** Names of the accounts whose budget a step has changed otherwise; none before the seal. */
export function listCharged(plan: Plan, before: Machine, after: Machine): string[] {
  if (!before.boot.sealed) return [];
  return listAccounts(plan).flatMap(([core, index]) => {
    const planned = plan.cores[core];
    const held = after.cores[core];
    if (planned === undefined || held === undefined) return [];
    const { budget } = settle(planned, held, index);
    const owed = computeOwed(plan, before, core, index, held.clock);
    if (budget === owed) return [];
    const isLost = mayLoseRest(plan, after, core, index) && budget === Math.min(owed, 0);
    return isLost ? [] : [nameOf(core, index)];
  });
}
