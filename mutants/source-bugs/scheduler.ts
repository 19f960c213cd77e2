/**
 * Bugs of budget schedulers that are known from real systems: rows TIME-1 to TIME-24.
 *
 * Each names the oracle that its row says finds it. Sources stand with each bug.
 */

import type { SourceBug } from '../source-bug.ts';

const SCHEDULER = {
  component: 'scheduler',
  file: 'model/scheduler.ts',
  claims: [],
  configuration: 'costly',
} as const;
const TIME = {
  component: 'time',
  file: 'model/time.ts',
  claims: [],
  configuration: 'costly',
} as const;

/** What a replenishment leaves in the account. */
const RECHARGE = 'account.budget = resident.budget + Math.min(before, 0) - since;';
/** When a replenishment is due. */
const DUE = 'if (account.nextReplenishment > state.clock) break;';
/** What time at EL2 and in the guest costs. */
const CHARGE = 'account.budget -= ticks;';

/** Budgets that come back wrongly. */
const REPLENISHMENT_BUGS: readonly SourceBug[] = [
  {
    ...SCHEDULER,
    name: 'an overrun is forgiven: a debt is cut to nothing',
    // POSIX SCHED_SPORADIC; seL4 263a2b95b.
    row: 'TIME-1',
    find: RECHARGE,
    replace: 'account.budget = resident.budget - since;',
    breaks: 'A reservation runs over in every period and never pays.',
    property: 'time.window',
    configuration: 'late',
  },
  {
    ...SCHEDULER,
    name: 'the next replenishment is counted from now',
    // Xen ARINC 653 f2927d8343; Zephyr 103726, 107588.
    row: 'TIME-2',
    find: 'account.nextReplenishment += resident.period;',
    replace: 'account.nextReplenishment = state.clock + resident.period;',
    breaks: 'Periods drift by as much as each handler is late.',
    property: 'time.grid',
  },
  {
    ...TIME,
    name: 'what ran before the boundary is charged after it',
    // Xen RTDS 514e5eb015.
    row: 'TIME-3',
    find: `  chargeRunning(planned, state, ticks);
  state.clock += ticks;
  state.section = Math.max(0, state.section - ticks);
  if (state.section === 0) {
    for (let index = 0; index < planned.residents.length; index += 1) {
      replenishWhenDue(planned, state, index);
    }
    turnWhenDue(planned, state);
  }
`,
    replace: `  state.clock += ticks;
  state.section = Math.max(0, state.section - ticks);
  if (state.section === 0) {
    for (let index = 0; index < planned.residents.length; index += 1) {
      replenishWhenDue(planned, state, index);
    }
    turnWhenDue(planned, state);
  }
  chargeRunning(planned, state, ticks);
`,
    breaks: 'A reservation pays from its new budget for what it used of the old one.',
    property: 'time.burn',
    configuration: 'free',
  },
  {
    ...SCHEDULER,
    name: 'the level of whoever has spent its budget wraps to the highest',
    // Xen RTDS 410d44fcf3: demoted and refilled when spent, by levels modulo two or more.
    row: 'TIME-4',
    find: '  account.exhausted = true;\n',
    replace: `  account.exhausted = true;
  if (account.epochs % 2 === 0) account.budget += 4 + plan.activationTicks;
`,
    breaks: 'A reservation that has spent its budget goes on as the most urgent.',
    property: 'time.budget',
    configuration: 'exact',
  },
  {
    ...SCHEDULER,
    name: 'a wake-up refills a budget in mid-period',
    // Linux df8eac8cafce, 3effcb4247e7, constrained deadlines.
    row: 'TIME-8',
    find: '  state.waiting = false;\n',
    replace: `  state.waiting = false;
  const place = plan.partitions[partition]?.vcpus[vcpu];
  const resident = plan.cores[place?.core ?? NONE]?.residents[place?.resident ?? NONE];
  const account = machine.cores[place?.core ?? NONE]?.accounts[place?.resident ?? NONE];
  if (resident !== undefined && account !== undefined && account.budget <= 1) {
    account.budget = resident.budget;
  }
`,
    breaks: 'A reservation that waits at the end of its budget gets another.',
    property: 'time.budget',
    configuration: 'exact',
  },
  {
    ...SCHEDULER,
    name: 'a budget may be used before it is due',
    // SeL4 521f7e3c1: ready one worst case of the kernel early.
    row: 'TIME-9',
    find: DUE,
    replace: 'if (account.nextReplenishment > state.clock + 1) break;',
    breaks: 'A reservation runs before its period begins.',
    property: 'time.grid',
  },
  {
    ...SCHEDULER,
    name: 'budget accumulates',
    row: 'TIME-10',
    find: RECHARGE,
    replace: 'account.budget = resident.budget + account.budget;',
    breaks: 'A reservation saves budget up and takes it all at once.',
    property: 'time.budget',
    configuration: 'exact',
  },
  {
    ...SCHEDULER,
    name: 'what is unused of one period survives the next',
    // Linux CFS bandwidth since de53fd7aedb1, there by design.
    row: 'TIME-11',
    find: RECHARGE,
    replace: 'account.budget = Math.min(resident.budget + before, 2 * resident.budget) - since;',
    breaks: 'A reservation takes twice its budget in one period.',
    property: 'time.window',
    configuration: 'exact',
  },
  {
    ...SCHEDULER,
    name: 'a replenishment on an idle core is lost',
    // Xen 8969e435d4, f294e3abe4; tgoskits 1713.
    row: 'TIME-12',
    find: RECHARGE,
    replace: `const kept = state.running === NONE ? before : resident.budget + Math.min(before, 0);
    account.budget = kept - since;`,
    breaks: 'Whoever waits for its budget on an idle core waits a period longer.',
    property: 'time.grid',
  },
  {
    ...SCHEDULER,
    name: 'of replenishments at one instant only the first acts',
    // Xen RTDS de8b2f49d7.
    row: 'TIME-13',
    find: RECHARGE,
    replace: `const first = state.accounts[0]?.nextReplenishment ?? 0;
    const last = first - (planned.residents[0]?.period ?? 0);
    const skipped = index > 0 && last === account.nextReplenishment;
    account.budget = skipped ? account.budget : resident.budget + Math.min(before, 0) - since;`,
    breaks: 'Whose period begins with that of the most urgent gets no budget.',
    property: 'time.grid',
    configuration: 'exact',
  },
  {
    ...SCHEDULER,
    name: 'the period of one reservation is a tick too long',
    row: 'TIME-16',
    find: 'account.nextReplenishment += resident.period;',
    replace: 'account.nextReplenishment += resident.period + Number(index === 0);',
    breaks: 'The periods of the most urgent drift.',
    property: 'time.grid',
  },
  {
    ...SCHEDULER,
    name: 'instants are compared by their low bits',
    // FreeRTOS 918; seL4 MAX_RELEASE_TIME.
    row: 'TIME-17',
    find: DUE,
    replace: 'if (account.nextReplenishment % 64 > state.clock % 64) break;',
    breaks: 'Each time that the counter wraps replenishments come early.',
    property: 'time.grid',
    configuration: 'exact',
  },
  {
    ...SCHEDULER,
    name: 'a clock that steps back makes a budget grow',
    // Xen 779511f4bf, 4074e4ebe9.
    row: 'TIME-24',
    find: RECHARGE,
    replace: `account.budget = resident.budget + Math.min(before, 0) - since;
    account.budget += account.epochs % 2;`,
    breaks: 'A reservation gets a tick more in every other period.',
    property: 'time.budget',
    configuration: 'exact',
  },
];

/** Time that is charged wrongly. */
const CHARGE_BUGS: readonly SourceBug[] = [
  {
    ...TIME,
    name: 'time is charged twice',
    // SeL4 483f0ae22, 9253704d2, 8373f0a0a.
    row: 'TIME-5',
    find: CHARGE,
    replace: 'account.budget -= 2 * ticks;',
    breaks: 'A reservation gets half of its budget.',
    property: 'time.delay',
  },
  {
    ...TIME,
    name: 'whoever runs at the tick pays for all',
    // Xen credit scheduler, Zhou et al. 2011.
    row: 'TIME-6',
    find: CHARGE,
    replace: `const after = Math.floor((state.clock + ticks) / 4);
    account.budget -= 4 * (after - Math.floor(state.clock / 4));`,
    breaks: 'Whoever waits before the tick never pays.',
    property: 'time.window',
    configuration: 'exact',
  },
  {
    ...SCHEDULER,
    name: 'what ran before a pre-emption is refunded',
    // SeL4 bbd3f5ab1, b33d4680f.
    row: 'TIME-7',
    find: '  state.slack = slack !== NONE;\n',
    replace: `  const left = state.accounts[state.running];
  const resident = planned.residents[state.running];
  if (left !== undefined && resident !== undefined && chosen !== state.running) {
    if (!state.slack && left.budget > 0) left.budget = resident.budget;
  }
  state.slack = slack !== NONE;
`,
    breaks: 'Whoever is pre-empted often has a budget without end.',
    property: 'time.budget',
    configuration: 'exact',
  },
  {
    ...SCHEDULER,
    name: 'nobody runs while the first reservation with budget waits',
    // Xen 0f1dec89d3: idle picked instead of the next.
    row: 'TIME-14',
    find: `    if (!isEligible(plan, machine, resident, account)) continue;
    if (chosen === NONE) {
`,
    replace: `    if (!isEligible(plan, machine, resident, account)) {
      if (index === 0 && account.budget > 0) return NONE;
      continue;
    }
    if (chosen === NONE) {
`,
    breaks: 'The core idles while others are ready.',
    property: 'time.delay',
    configuration: 'small',
  },
  {
    ...TIME,
    name: 'a reservation runs on with a budget of nothing',
    // SeL4 a6c29549f, c9ad175fb.
    row: 'TIME-15',
    find: 'ticks = state.accounts[state.running]?.budget ?? Infinity;',
    replace: 'ticks = (state.accounts[state.running]?.budget ?? Infinity) + 1;',
    breaks: 'A reservation runs a tick longer than its budget.',
    property: 'time.budget',
    configuration: 'exact',
  },
  {
    ...TIME,
    name: 'the timer of whoever does not run is charged to who does',
    row: 'TIME-18',
    find: '    fireTimerWhenDue(plan, machine, resident, state.clock);\n',
    replace: `    const fired = getVcpuOf(machine, resident);
    const payer = state.accounts[state.running];
    if (fired !== undefined && fired.timerArmed && fired.timerAt <= state.clock) {
      if (payer !== undefined) payer.budget -= 1;
    }
    fireTimerWhenDue(plan, machine, resident, state.clock);
`,
    breaks: 'A partition takes the budget of another by arming its timer.',
    property: 'time.delay',
    configuration: 'exact',
  },
  {
    ...TIME,
    file: 'model/gic.ts',
    name: 'taking an interrupt is refunded',
    // TDMA hypervisors before Beckert, Neukirchner, Ernst, Petters 2014.
    row: 'TIME-19',
    find: '  state.section = plan.interruptTicks;\n',
    replace: `  state.section = plan.interruptTicks;
  const account = state.accounts[state.running];
  if (account !== undefined) account.budget += plan.interruptTicks;
`,
    breaks: 'Handlers of one partition run without limit in the time of others.',
    property: 'time.grid',
  },
  {
    ...TIME,
    name: 'a section that a partition asks for is refunded',
    // SeL4 9663e1e6f, 7c3b80d3e.
    row: 'TIME-20',
    find: '  state.section = action.ticks;\n',
    replace: `  state.section = action.ticks;
  const account = state.accounts[state.running];
  if (account !== undefined) account.budget += action.ticks;
`,
    breaks: 'A partition works at EL2 without paying.',
    property: 'time.budget',
    configuration: 'late',
  },
  {
    ...SCHEDULER,
    file: 'model/calls.ts',
    name: 'a reset grants a fresh budget',
    // SeL4 9253704d2; Xen eec1a570c0.
    row: 'TIME-21',
    find: `    endActivation(machine, place.core, place.resident);
    requestDispatch(machine, place.core);
`,
    replace: `    endActivation(machine, place.core, place.resident);
    const account = machine.cores[place.core]?.accounts[place.resident];
    const resident = plan.cores[place.core]?.residents[place.resident];
    if (account !== undefined && resident !== undefined) account.budget += resident.budget;
    requestDispatch(machine, place.core);
`,
    breaks: 'A partition resets itself whenever its budget is spent.',
    property: 'time.budget',
    configuration: 'exact',
  },
  {
    ...SCHEDULER,
    name: 'idle budget is kept where it is to be burnt',
    row: 'TIME-22',
    find: "  if (resident.idle === 'burn') return account.budget > 0;\n",
    replace: '',
    breaks: 'The supply of those who are less urgent tells whether somebody waits.',
    property: 'time.burn',
    configuration: 'free',
  },
  {
    ...SCHEDULER,
    name: 'whoever uses slack is not pre-empted by a replenishment',
    // Xen 463b958317.
    row: 'TIME-23',
    find: '  if (isExhausted(planned, state)) {\n',
    replace: `  const user = planned.residents[state.running];
  if (state.slack && user !== undefined && isReady(machine, user)) return;
  if (isExhausted(planned, state)) {
`,
    breaks: 'Whoever has a budget waits for somebody who has none.',
    property: 'time.delay',
  },
];

/** The bugs of budget schedulers, by their rows. */
export const BUDGET_BUGS: readonly SourceBug[] = [...REPLENISHMENT_BUGS, ...CHARGE_BUGS].toSorted(
  (one, other) => Number(one.row?.slice(5)) - Number(other.row?.slice(5)),
);
