/**
 * Bugs of the scheduler and of time.
 */

import type { SourceBug } from '../source-bug.ts';
import { BUDGET_BUGS } from './scheduler.ts';

const SCHEDULER = { component: 'scheduler', file: 'model/scheduler.ts', claims: [] } as const;

const SCHEDULER_BUGS: readonly SourceBug[] = [
  {
    ...SCHEDULER,
    name: 'whoever waits keeps the core as long as it has budget',
    row: 'SCH-15',
    find: 'return ready && account.budget >= computeLeastBudget(plan, account);',
    replace: 'return account.budget >= computeLeastBudget(plan, account);',
    breaks: 'A reservation that waits keeps others from running, although it does not burn.',
    property: 'time.grid',
  },
  {
    ...SCHEDULER,
    name: 'what a section takes beyond the budget is forgotten',
    row: 'SCH-02',
    find: '  account.exhausted = true;\n',
    replace: '  account.exhausted = true;\n  account.budget = 0;\n',
    breaks: 'A reservation runs over in every period and never pays.',
    property: 'time.window',
    configuration: 'costly',
  },
  {
    ...SCHEDULER,
    name: 'whoever is ready runs without budget',
    row: 'SCH-09',
    find: 'return ready && account.budget >= computeLeastBudget(plan, account);',
    replace: 'return ready;',
    breaks: 'The clock stands still, or goes back, for whoever has no budget left.',
    property: 'time.budget',
    configuration: 'small',
  },
  {
    ...SCHEDULER,
    name: 'each period is a tick too long',
    row: 'SCH-04',
    find: 'account.nextReplenishment += resident.period;',
    replace: 'account.nextReplenishment += resident.period + 1;',
    breaks: 'The periods of a reservation drift.',
    property: 'time.grid',
  },
  {
    ...SCHEDULER,
    name: 'whoever is found idle loses its budget',
    row: 'SCH-13',
    find: "if (resident.idle === 'poll' && !resident.dedicated",
    replace: 'if (!resident.dedicated',
    breaks: 'A reservation that keeps its budget loses it while it waits.',
    property: 'time.charge',
  },
  {
    ...SCHEDULER,
    name: 'whoever is polled keeps its budget',
    row: null,
    find: "if (resident.idle === 'poll' && !resident.dedicated && !isReady(machine, resident)) {",
    replace: 'if (resident.dedicated && !isReady(machine, resident)) {',
    breaks: 'A budget that is polled is taken twice in a row from those who are less urgent.',
    property: 'time.polled',
    configuration: 'polling',
  },
  {
    ...SCHEDULER,
    name: 'whoever burns pays only where its registers are loaded',
    row: null,
    find: 'return resident !== undefined && !resident.dedicated && !state.slack;',
    replace: `if (resident === undefined || resident.dedicated || state.slack) return false;
  return resident.idle !== 'burn' || state.loaded === state.running;`,
    breaks: 'A reservation that burns while it waits keeps the core beyond its budget.',
    property: 'time.burn',
    configuration: 'free',
  },
  {
    ...SCHEDULER,
    name: 'the least urgent reservation runs first',
    row: 'SCH-06',
    find: `    if (chosen === NONE) {
      chosen = index;
      if (planned.policy === 'fp') break;
`,
    replace: `    if (chosen === NONE || planned.policy === 'fp') {
      chosen = index;
`,
    breaks: 'A reservation waits longer than its bound.',
    property: 'time.delay',
  },
  {
    ...SCHEDULER,
    name: 'EL2 sections are pre-empted',
    row: 'SCH-11',
    find: '!planned.el2 || state.section > 0) return;',
    replace: '!planned.el2) return;',
    breaks: 'Time that EL2 works for one partition is charged to another.',
    property: 'time.grid',
  },
];

const PERIOD_BUGS: readonly SourceBug[] = [
  {
    ...SCHEDULER,
    name: 'what ran since the boundary counts in both periods',
    row: 'SCH-01',
    find: 'const before = account.budget + since;',
    replace: 'const before = account.budget;',
    breaks: 'A section over the end of a period costs its caller twice.',
    property: 'time.grid',
    configuration: 'late',
  },
  {
    ...SCHEDULER,
    name: 'the first budget comes at boot, and not at the phase',
    row: 'SCH-03',
    find: 'account.nextReplenishment = resident.phase;',
    replace: 'account.nextReplenishment = 0;',
    breaks: 'A reservation has its periods where others count with another’s.',
    property: 'time.grid',
    configuration: 'costly',
  },
  {
    ...SCHEDULER,
    name: 'who has spent its budget once is marked for good',
    row: 'SCH-05',
    find: '    account.exhausted = false;\n',
    replace: '',
    breaks: 'The timer interrupts of a reservation are nobody’s time.',
    property: 'time.grid',
    configuration: 'costly',
  },
  {
    ...SCHEDULER,
    name: 'the next period begins beyond what a counter holds',
    row: 'SCH-16',
    find: 'account.nextReplenishment += resident.period;',
    replace: 'account.nextReplenishment = (account.nextReplenishment + resident.period) % 64;',
    breaks: 'A reservation is replenished whenever EL2 looks.',
    property: 'time.budget',
    configuration: 'exact',
  },
  {
    ...SCHEDULER,
    name: 'each frame but the first begins with the second slot',
    row: 'SCH-18',
    find: '      state.slot = 0;\n      state.frameStart',
    replace: '      state.slot = 1;\n      state.frameStart',
    breaks: 'Whoever has the first slot does not get it.',
    property: 'time.table',
    configuration: 'table',
  },
  {
    ...SCHEDULER,
    name: 'budget comes back in every other period',
    row: 'SCH-23',
    find: 'account.nextReplenishment += resident.period;',
    replace: 'account.nextReplenishment += 2 * resident.period;',
    breaks: 'A reservation gets half of its budget.',
    property: 'time.supply',
    configuration: 'small',
  },
];

const CHOICE_BUGS: readonly SourceBug[] = [
  {
    ...SCHEDULER,
    name: 'a wake-up does not have the core choose anew',
    row: 'SCH-06',
    find: '  requestDispatch(machine, plan.partitions[partition]?.vcpus[vcpu]?.core ?? -1);\n',
    replace: '',
    breaks: 'A virtual CPU that an interrupt wakes waits for the next event of its core.',
    property: 'time.delay',
    configuration: 'roomy',
  },
  {
    ...SCHEDULER,
    name: 'a wake-up has the core of the first virtual CPU choose anew',
    row: 'SCH-20',
    find: 'plan.partitions[partition]?.vcpus[vcpu]?.core ?? -1',
    replace: 'plan.partitions[partition]?.vcpus[0]?.core ?? -1',
    breaks: 'A virtual CPU that an interrupt wakes waits for the next event of its core.',
    property: 'time.delay',
    configuration: 'roomy',
  },
  {
    ...SCHEDULER,
    file: 'model/calls.ts',
    name: 'CPU_ON has the core of its caller choose anew',
    row: 'SCH-20',
    find: 'requestDispatch(machine, planned.core);',
    replace: 'requestDispatch(machine, action.core);',
    breaks: 'A virtual CPU that is started waits for the next event of its core.',
    property: 'time.delay',
    configuration: 'roomy',
  },
  {
    ...SCHEDULER,
    file: 'model/boot.ts',
    name: 'only the boot core chooses who runs after the seal',
    row: 'IMM-06',
    find: 'requestDispatch(machine, core);',
    replace: 'requestDispatch(machine, plan.bootCore);',
    breaks: 'Other cores stay idle after boot, although partitions are ready there.',
    property: 'time.delay',
  },
  {
    ...SCHEDULER,
    file: 'model/step.ts',
    name: 'a step ends before the first core has chosen',
    row: null,
    find: 'for (let core = 0; core < plan.cores.length; core += 1) dispatchWhenDue',
    replace: 'for (let core = 1; core < plan.cores.length; core += 1) dispatchWhenDue',
    breaks: 'Whoever has the first core never runs.',
    property: 'seal.shape',
    claims: ['seal'],
  },
  {
    ...SCHEDULER,
    name: 'a core that has chosen is to choose again',
    row: null,
    find: '  state.dispatchDue = false;\n',
    replace: '',
    breaks: 'What any partition does has every core choose anew.',
    property: 'seal.shape',
    claims: ['seal'],
  },
];

const TIME = { component: 'time', file: 'model/time.ts', claims: [] } as const;

const TIME_BUGS: readonly SourceBug[] = [
  {
    ...TIME,
    name: 'time passes and nobody is chosen anew',
    row: 'SCH-12',
    find: '  requestDispatch(machine, action.core);\n',
    replace: '',
    breaks: 'A reservation is not stopped when its budget is spent.',
    property: 'time.budget',
  },
  {
    ...TIME,
    name: 'whoever uses slack pays a tick for it',
    row: 'SCH-11',
    find: '  chargeRunning(planned, state, ticks);\n',
    replace: `  chargeRunning(planned, state, ticks);
  const user = state.accounts[state.running];
  if (state.slack && user !== undefined && user.budget + plan.overrunTicks > 0) {
    user.budget -= 1;
  }
`,
    breaks: 'A reservation gets less of its next budget for time that nobody else wanted.',
    property: 'time.grid',
    configuration: 'costly',
  },
  {
    ...TIME,
    name: 'nobody is charged',
    row: 'SCH-11',
    find: 'account.budget -= ticks;',
    replace: 'account.budget -= 0;',
    breaks: 'A reservation runs beyond its budget.',
    property: 'time.budget',
  },
  {
    ...TIME,
    name: 'EL2 sections are not charged',
    row: 'SCH-11',
    find: '  if (!isCharged(planned, state)) return;\n',
    replace: '  if (!isCharged(planned, state) || state.section > 0) return;\n',
    breaks: 'A reservation runs beyond its budget at EL2.',
    property: 'time.budget',
  },
  {
    ...TIME,
    name: 'the first resident is charged for all',
    row: 'SCH-10',
    find: 'const account = state.accounts[state.running];',
    replace: 'const account = state.accounts[0];',
    breaks: 'One reservation pays for another, which runs beyond its budget.',
    property: 'time.budget',
  },
  {
    ...TIME,
    name: 'time runs past the end of a budget',
    row: 'SCH-12',
    find: 'Math.min(action.ticks, computeTicksToEvent(plan, machine, action.core))',
    replace: 'action.ticks',
    breaks: 'A reservation is not stopped when its budget is spent.',
    property: 'time.budget',
  },
  {
    ...TIME,
    name: 'an EL2 section may take as long as it likes',
    row: 'TOT-02',
    find: 'if (action.ticks < 1 || action.ticks > plan.sectionTicks)',
    replace: 'if (action.ticks < 1)',
    breaks: 'A partition keeps interrupts masked beyond the bound that all others count with.',
    property: 'seal.shape',
  },
  {
    ...TIME,
    file: 'model/execution.ts',
    name: 'a partition executes during an EL2 section',
    row: 'TOT-02',
    find: "  if (state.section > 0) return 'CORE_AT_EL2';\n",
    replace: '',
    breaks: 'A partition asks for one section after another and never gives the core up.',
    property: 'time.budget',
  },
  {
    ...TIME,
    name: 'a timer fires for the first partition',
    row: 'LEAK-06',
    find: 'machine, resident.partition, resident.vcpu, TIMER_LINE);',
    replace: 'machine, 0, resident.vcpu, TIMER_LINE);',
    breaks: 'A partition interrupts another by arming its timer.',
    property: 'irq.timer',
    claims: ['noninterference'],
  },
];

/** Bugs of the schedule. */
export const SCHEDULE_BUGS = [
  ...SCHEDULER_BUGS,
  ...PERIOD_BUGS,
  ...CHOICE_BUGS,
  ...TIME_BUGS,
  ...BUDGET_BUGS,
];
