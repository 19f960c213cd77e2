/**
 * Seeded bugs that leave a state behind which no action of the spec leads to: what the inductive
 * invariants exclude.
 */

import { getRunningResident, getRunningVcpu } from '../model/execution.ts';
import { LR_ACTIVE, LR_INVALID, LR_PENDING } from '../model/list-registers.ts';
import { BOOT_STAGE2 } from '../model/machine.ts';
import type { Line, Machine } from '../model/machine.ts';
import { writeWord } from '../model/memory.ts';
import type { Plan } from '../model/plan.ts';
import { step } from '../model/step.ts';
import { computePage, isCovering } from '../model/translation.ts';
import type { StepFunction } from '../properties/engine/run.ts';
import { afterStep } from './seeded-bug.ts';
import type { SeededBug } from './seeded-bug.ts';

/** The physical line with this INTID, if some partition owns it. */
function findOwned(plan: Plan, machine: Machine, intId: number): Line | undefined {
  const line = machine.gic.lines[intId - plan.spiFirst];
  return line === undefined || line.owner < 0 ? undefined : line;
}

const sectionHasNoEnd = afterStep((plan, machine, action, outcome) => {
  if (action.kind !== 'section' || outcome !== 'DONE') return outcome;
  const core = machine.cores[action.core];
  if (core !== undefined) core.section = 2 * plan.blockingTicks + 1;
  return outcome;
});

const refusedWriteIsDone = afterStep((plan, machine, action, outcome) => {
  if (action.kind !== 'write' || outcome !== 'PERMISSION') return outcome;
  const self = getRunningResident(plan, machine, action.core);
  const table = machine.stage2[self?.partition ?? -1] ?? [];
  const entry = table.find((one) => isCovering(one, action.address));
  if (self === undefined || entry === undefined) return outcome;
  const frame = computePage(entry.pa + action.address - entry.ipa);
  writeWord(machine.memory, frame, action.value, self.partition);
  return outcome;
});

const requestLosesAddress = afterStep((_plan, machine, action, outcome) => {
  if (action.kind !== 'dma-issue' || outcome !== 'DONE') return outcome;
  for (const request of machine.smmu.inFlight) request.frame = 0;
  return outcome;
});

const streamIsValidTooSoon = afterStep(({ bootCore }, machine, action, outcome) => {
  if (action.kind !== 'boot' || machine.boot.steps[bootCore] !== BOOT_STAGE2) return outcome;
  for (const entry of machine.smmu.streams) entry.valid ||= entry.translate;
  return outcome;
});

const acknowledgedStaysPending = afterStep((_plan, machine, action, outcome) => {
  if (action.kind !== 'interrupt-acknowledge' || outcome !== 'DONE') return outcome;
  for (const register of machine.cores[action.core]?.listRegisters ?? []) {
    if (register.state === LR_ACTIVE) register.state = LR_PENDING;
  }
  return outcome;
});

const lineIsListedTwice = afterStep((_plan, machine, action, outcome) => {
  if (action.kind !== 'distributor' || outcome !== 'DONE') return outcome;
  const registers = machine.cores[action.core]?.listRegisters ?? [];
  const valid = registers.find(({ state }) => state !== LR_INVALID);
  const free = registers.find(({ state }) => state === LR_INVALID);
  if (valid !== undefined && free !== undefined) Object.assign(free, valid);
  return outcome;
});

const disableIsNotForwarded = afterStep((plan, machine, action, outcome) => {
  if (action.kind !== 'distributor' || outcome !== 'DONE') return outcome;
  const line = findOwned(plan, machine, action.intId);
  if (action.operation === 'disable' && line !== undefined) line.enabled = true;
  return outcome;
});

const clearedLineStaysActive = afterStep((plan, machine, action, outcome) => {
  if (action.kind !== 'distributor' || outcome !== 'DONE') return outcome;
  const line = findOwned(plan, machine, action.intId);
  if (action.operation !== 'clear-pending' || line === undefined) return outcome;
  line.active = true;
  line.pending = false;
  return outcome;
});

const routeIsNotForwarded: StepFunction = (plan, machine, action) => {
  const line = action.kind === 'distributor' ? findOwned(plan, machine, action.intId) : undefined;
  const core = line?.core ?? -1;
  const outcome = step(plan, machine, action);
  if (line !== undefined) line.core = core;
  return outcome;
};

const deassertedLineStaysPending = afterStep((plan, machine, action, outcome) => {
  if (action.kind !== 'line-deassert' || outcome !== 'DONE') return outcome;
  const line = findOwned(plan, machine, action.intId);
  if (line !== undefined) line.pending = true;
  return outcome;
});

const savesForWhoComes: StepFunction = (plan, machine, action) => {
  const before = machine.cores.map(({ loaded }) => loaded);
  const outcome = step(plan, machine, action);
  for (const [index, { loaded }] of machine.cores.entries()) {
    const residents = plan.cores[index]?.residents ?? [];
    const left = residents[before[index] ?? -1];
    const comes = residents[loaded];
    if (left === undefined || comes === undefined || left === comes) continue;
    const home = machine.partitions[comes.partition]?.vcpus[comes.vcpu];
    if (home !== undefined) home.savedWriters[1] = left.partition;
  }
  return outcome;
};

const turnedOffWhileWaiting: StepFunction = (plan, machine, action) => {
  const vcpu = action.kind === 'wait' ? getRunningVcpu(plan, machine, action.core) : undefined;
  const outcome = step(plan, machine, action);
  if (vcpu?.waiting === true && outcome === 'DONE') vcpu.on = false;
  return outcome;
};

const replenishesLate = afterStep((_plan, machine, action, outcome) => {
  if (action.kind !== 'time-passes' || outcome !== 'DONE') return outcome;
  const core = machine.cores[action.core];
  for (const account of core?.accounts ?? []) {
    account.nextReplenishment = Math.min(account.nextReplenishment, core?.clock ?? 0);
  }
  return outcome;
});

const timerIsArmedInThePast: StepFunction = (plan, machine, action) => {
  const vcpu = action.kind === 'arm-timer' ? getRunningVcpu(plan, machine, action.core) : undefined;
  const outcome = step(plan, machine, action);
  if (action.kind !== 'arm-timer' || vcpu === undefined || outcome !== 'DONE') return outcome;
  vcpu.timerAt -= action.ticks;
  return outcome;
};

const runsOnWithoutBudget = afterStep((plan, machine, action, outcome) => {
  if (action.kind !== 'time-passes' || outcome !== 'DONE') return outcome;
  const core = machine.cores[action.core];
  const account = core?.accounts[core.running];
  const resident = plan.cores[action.core]?.residents[core?.running ?? -1];
  if (core === undefined || account === undefined || resident?.dedicated !== false) return outcome;
  core.section = 0;
  account.budget = 0;
  return outcome;
});

/** A seeded bug for the shape and for every invariant without a bug of an older property. */
export const STATE_BUGS: readonly SeededBug[] = [
  { name: 'a section has no end', property: 'seal.shape', step: sectionHasNoEnd },
  {
    name: 'a refused write is done all the same',
    property: 'memory.last-writer',
    step: refusedWriteIsDone,
  },
  {
    name: 'a stream is valid as soon as its table is named',
    property: 'dma.streams-in-order',
    step: streamIsValidTooSoon,
  },
  { name: 'requests lose their address', property: 'dma.in-flight', step: requestLosesAddress },
  {
    name: 'a list register says pending of what is acknowledged',
    property: 'irq.agreed',
    step: acknowledgedStaysPending,
  },
  { name: 'a line is listed twice', property: 'irq.listed-once', step: lineIsListedTwice },
  {
    name: 'a disable is not forwarded',
    property: 'irq.enable-forwarded',
    step: disableIsNotForwarded,
  },
  {
    name: 'a cleared line stays active',
    property: 'irq.active-forwarded',
    step: clearedLineStaysActive,
  },
  { name: 'a route is not forwarded', property: 'irq.route-forwarded', step: routeIsNotForwarded },
  {
    name: 'a deasserted line stays pending',
    property: 'irq.level',
    step: deassertedLineStaysPending,
  },
  {
    name: 'world switch saves for who comes',
    property: 'noninterference.saved',
    step: savesForWhoComes,
  },
  { name: 'turned off while waiting', property: 'cpu.waiter-on', step: turnedOffWhileWaiting },
  {
    name: 'replenishments come late',
    property: 'time.replenishment-ahead',
    step: replenishesLate,
  },
  {
    name: 'a timer is armed in the past',
    property: 'time.timer-ahead',
    step: timerIsArmedInThePast,
  },
  {
    name: 'a reservation runs on without budget',
    property: 'time.charged-in-budget',
    step: runsOnWithoutBudget,
  },
];
