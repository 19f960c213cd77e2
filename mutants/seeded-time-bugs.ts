/**
 * Seeded bugs of the schedule: one for each property of time that has none of an older kind.
 */

import { NONE } from '../model/machine.ts';
import type { Account, Machine } from '../model/machine.ts';
import type { Plan } from '../model/plan.ts';
import { step } from '../model/step.ts';
import type { StepFunction } from '../properties/engine/run.ts';
import { afterStep } from './seeded-bug.ts';
import type { SeededBug } from './seeded-bug.ts';

/** The account of whoever runs on a core, if it is a reservation. */
function getPayer(plan: Plan, machine: Machine, core: number): Account | undefined {
  const running = machine.cores[core]?.running ?? NONE;
  const resident = plan.cores[core]?.residents[running];
  return resident?.dedicated === false ? machine.cores[core]?.accounts[running] : undefined;
}

/** Changes every account that has just been replenished. */
function afterReplenishment(change: (account: Account) => void): StepFunction {
  return (plan, machine, action) => {
    const before = machine.cores.map(({ accounts }) => accounts.map(({ epochs }) => epochs));
    const outcome = step(plan, machine, action);
    for (const [index, core] of machine.cores.entries()) {
      for (const [at, account] of core.accounts.entries()) {
        if (before[index]?.[at] !== account.epochs) change(account);
      }
    }
    return outcome;
  };
}

const lastTickIsFree: StepFunction = (plan, machine, action) => {
  const account = action.kind === 'time-passes' ? getPayer(plan, machine, action.core) : undefined;
  const outcome = step(plan, machine, action);
  if (account !== undefined && account.budget < 2) account.budget += 1;
  return outcome;
};

const halfIsLost = afterReplenishment((account) => {
  account.budget = Math.floor(account.budget / 2);
});

const waiterLosesBudget: StepFunction = (plan, machine, action) => {
  const account = action.kind === 'wait' ? getPayer(plan, machine, action.core) : undefined;
  const outcome = step(plan, machine, action);
  if (account !== undefined && outcome === 'DONE') account.budget = 1;
  return outcome;
};

const slotsDrift: StepFunction = (plan, machine, action) => {
  const before = machine.cores.map(({ slot }) => slot);
  const outcome = step(plan, machine, action);
  for (const [index, core] of machine.cores.entries()) {
    if (core.slot !== before[index]) core.frameStart += 5;
  }
  return outcome;
};

const slotNeverEnds = afterStep((plan, machine, action, outcome) => {
  if (action.kind !== 'time-passes' || outcome !== 'DONE') return outcome;
  const core = machine.cores[action.core];
  if (core !== undefined) core.frameStart -= 2 * (plan.cores[action.core]?.frame ?? 0);
  return outcome;
});

const sectionTakesTooMuch = afterStep((plan, machine, action, outcome) => {
  if (action.kind !== 'section' || outcome !== 'DONE') return outcome;
  const account = getPayer(plan, machine, action.core);
  if (account !== undefined) account.budget = -1 - plan.overrunTicks;
  return outcome;
});

const handlerTakesLonger = afterStep((plan, machine, action, outcome) => {
  if (action.kind !== 'time-passes' || outcome !== 'DONE') return outcome;
  const core = machine.cores[action.core];
  if (core === undefined || getPayer(plan, machine, action.core)?.exhausted !== true) {
    return outcome;
  }
  if (core.section === plan.timerTicks) core.section += 1;
  return outcome;
});

const runnerFallsAsleep = afterStep((plan, machine, action, outcome) => {
  if (action.kind !== 'time-passes' || outcome !== 'DONE') return outcome;
  const resident = plan.cores[action.core]?.residents[machine.cores[action.core]?.running ?? -1];
  const vcpu = machine.partitions[resident?.partition ?? -1]?.vcpus[resident?.vcpu ?? -1];
  if (vcpu !== undefined) vcpu.waiting = true;
  return outcome;
});

const coreIdles = afterStep((plan, machine, action, outcome) => {
  if (action.kind !== 'time-passes' || outcome !== 'DONE') return outcome;
  const core = machine.cores[action.core];
  if (core === undefined || core.section > 0) return outcome;
  if (getPayer(plan, machine, action.core) !== undefined) core.running = NONE;
  return outcome;
});

const frameBeginsLate = afterStep((plan, machine, action, outcome) => {
  if (action.kind !== 'time-passes' || outcome !== 'DONE') return outcome;
  const core = machine.cores[action.core];
  if (plan.cores[action.core]?.policy === 'table' && core?.slot === 0) core.frameStart += 1;
  return outcome;
});

const slotIsLeft = afterStep((plan, machine, action, outcome) => {
  if (action.kind !== 'time-passes' || outcome !== 'DONE') return outcome;
  const core = machine.cores[action.core];
  if (plan.cores[action.core]?.policy !== 'table' || core === undefined) return outcome;
  if (core.section === 0 && !core.slack) core.running = NONE;
  return outcome;
});

const pollsNobody = afterStep((plan, machine, action, outcome) => {
  if (action.kind !== 'time-passes' || outcome !== 'DONE') return outcome;
  for (const [index, account] of (machine.cores[action.core]?.accounts ?? []).entries()) {
    const resident = plan.cores[action.core]?.residents[index];
    if (resident?.idle === 'poll' && account.budget === 0) account.budget = resident.budget;
  }
  return outcome;
});

/** Every one of them. */
export const TIME_BUGS: readonly SeededBug[] = [
  {
    name: 'the last tick of a budget is free',
    property: 'time.window',
    step: lastTickIsFree,
    configuration: 'exact',
  },
  { name: 'half of a budget comes back', property: 'time.supply', step: halfIsLost },
  {
    name: 'whoever waits loses the budget that it would burn',
    property: 'time.burn',
    step: waiterLosesBudget,
    configuration: 'free',
  },
  {
    name: 'each slot is too long',
    property: 'time.table',
    step: slotsDrift,
    configuration: 'table',
  },
  {
    name: 'a slot lies behind',
    property: 'time.slot-ahead',
    step: slotNeverEnds,
    configuration: 'table',
  },
  {
    name: 'a frame begins when EL2 looks at it',
    property: 'time.slot-begun',
    step: frameBeginsLate,
    configuration: 'table',
  },
  {
    name: 'whoever has a slot leaves it with each event',
    property: 'time.slot-own',
    step: slotIsLeft,
    configuration: 'table',
  },
  {
    name: 'a section takes more than an overrun',
    property: 'time.account',
    step: sectionTakesTooMuch,
  },
  {
    name: 'the timer’s handler takes longer',
    property: 'time.section',
    step: handlerTakesLonger,
  },
  { name: 'whoever runs falls asleep', property: 'time.runner-awake', step: runnerFallsAsleep },
  { name: 'a core idles after each event', property: 'time.most-urgent', step: coreIdles },
  {
    name: 'what is lost by polling comes back at once',
    property: 'time.polled',
    step: pollsNobody,
    configuration: 'polling',
  },
];
