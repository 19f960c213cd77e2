/**
 * Time: nobody gets more than its budget, replenishment keeps to its grid, and nobody waits beyond
 * its bound.
 *
 * The monitors measure with the clock and with who runs, never with the scheduler's own accounts.
 */

import type { Action } from '../../model/actions.ts';
import type { CoreState } from '../../model/machine.ts';
import { isReady } from '../../model/execution.ts';
import type { Plan, Resident } from '../../model/plan.ts';
import { watchEachStep } from '../property.ts';
import { computeDomain } from './domain.ts';
import type { Context, Monitor, Property, Violation } from '../property.ts';

/** Path of the virtual CPU that a resident is. */
function pathOf(resident: Resident): Violation['at'] {
  return ['config', 'partitions', resident.partition, 'cpus', resident.vcpu];
}

function name(context: Context, resident: Resident): string {
  return context.configuration.partitions[resident.partition]?.name ?? '';
}

/** Who ran on each core during the step that just ended, and for how long. */
interface Slice {
  clock: number;
  running: number;
  /** Executing guest instructions rather than EL2 on its behalf. */
  executing: boolean;
  charged: boolean;
}

function createSlices(context: Context): Slice[] {
  return context.machine.cores.map(() => ({
    clock: 0,
    running: -1,
    executing: false,
    charged: false,
  }));
}

/** Remembers a core before time passes on it; returns whether the action lets time pass. */
function recordSlice(context: Context, slices: readonly Slice[], action: Action): boolean {
  if (action.kind !== 'time-passes') return false;
  const core = context.machine.cores[action.core];
  const slice = slices[action.core];
  if (core === undefined || slice === undefined) return false;
  slice.clock = core.clock;
  slice.running = core.running;
  slice.executing = core.section === 0 && core.loaded === core.running;
  slice.charged = !core.slack;
  return true;
}

/** The budget that a resident has used in its current period. */
interface Consumption {
  epochs: number;
  ticks: number;
}

function watchBudget(context: Context): Monitor {
  const slices = createSlices(context);
  const used: Consumption[][] = context.machine.cores.map((core) =>
    core.accounts.map(() => ({ epochs: 0, ticks: 0 })),
  );
  const overrun = context.plan.overrunTicks;
  const judge = (index: number, core: CoreState, count: () => void): Violation | null => {
    const slice = slices[index];
    const resident = context.plan.cores[index]?.residents[slice?.running ?? -1];
    const consumption = used[index]?.[slice?.running ?? -1];
    if (slice === undefined || resident === undefined || consumption === undefined) return null;
    if (resident.dedicated || !slice.charged || core.clock === slice.clock) return null;
    count();
    // A section can go on over the end of a period: what runs behind it counts in the next one.
    const length = Math.max(1, resident.period);
    for (let from = slice.clock; from < core.clock;) {
      const period = Math.floor((from - resident.phase) / length);
      const until = Math.min(core.clock, resident.phase + (period + 1) * length);
      if (consumption.epochs !== period) consumption.ticks = 0;
      consumption.epochs = period;
      consumption.ticks += until - from;
      from = until;
    }
    if (consumption.ticks <= resident.budget + overrun) return null;
    return {
      property: 'time.budget',
      message:
        `${name(context, resident)} has used ${consumption.ticks} ticks of core ${index} in one ` +
        `period; its budget is ${resident.budget}, overrun at most ${overrun}`,
      witness: { core: index, used: consumption.ticks, budget: resident.budget },
      at: pathOf(resident),
      related: [],
    };
  };
  return {
    ...watchEachStep((action, _outcome, count) => {
      if (action.kind !== 'time-passes') return null;
      const core = context.machine.cores[action.core];
      return core === undefined ? null : judge(action.core, core, count);
    }),
    before: (action) => {
      recordSlice(context, slices, action);
    },
  };
}

function watchGrid(context: Context): Monitor {
  return watchEachStep((action, _outcome, count) => {
    if (action.kind !== 'time-passes') return null;
    const core = context.machine.cores[action.core];
    const residents = context.plan.cores[action.core]?.residents ?? [];
    for (const [index, resident] of residents.entries()) {
      const account = core?.accounts[index];
      if (resident.dedicated || resident.period <= 0 || account === undefined) continue;
      // In a section EL2 is late.
      if (core === undefined || !context.machine.boot.sealed || core.section > 0) continue;
      count();
      const since = core.clock - resident.phase;
      const epochs = since < 0 ? 0 : Math.floor(since / resident.period) + 1;
      const next = resident.phase + epochs * resident.period;
      if (account.epochs === epochs && account.nextReplenishment === next) continue;
      return {
        property: 'time.grid',
        message:
          `${name(context, resident)} on core ${action.core} at ${core.clock}: replenished ` +
          `${account.epochs} times, next at ${account.nextReplenishment}; the grid says ` +
          `${epochs} times, next at ${next}`,
        witness: { core: action.core, clock: core.clock, expected: next },
        at: pathOf(resident),
        related: [],
      };
    }
    return null;
  });
}

/** A resident whose waiting is watched. */
interface Waiter {
  readonly core: number;
  /** Index into the core's residents. */
  readonly index: number;
  readonly resident: Resident;
  /** Proved delay, ticks. */
  readonly bound: number;
  /** Ready and not served since this instant; -1 while it is not ready. */
  since: number;
}

function listWaiters({ plan, delayBounds }: Context): Waiter[] {
  return delayBounds.flatMap(({ core, partition, ticks }) => {
    const residents = plan.cores[core]?.residents ?? [];
    const index = residents.findIndex((one) => one.partition === partition && !one.dedicated);
    const resident = residents[index];
    return resident === undefined ? [] : [{ core, index, resident, bound: ticks, since: -1 }];
  });
}

function watchDelay(context: Context): Monitor {
  const { machine } = context;
  const slices = createSlices(context);
  const waiters = listWaiters(context);
  const judge = (waiter: Waiter, core: CoreState): Violation | null => {
    const slice = slices[waiter.core];
    if (slice === undefined) return null;
    const served = slice.running === waiter.index && slice.executing && core.clock > slice.clock;
    if (served) waiter.since = core.clock;
    if (core.clock - waiter.since < waiter.bound) return null;
    return {
      property: 'time.delay',
      message:
        `${name(context, waiter.resident)} on core ${waiter.core} is ready since ` +
        `${waiter.since} and has had no tick at ${core.clock}; its bound is ${waiter.bound} ticks`,
      witness: { core: waiter.core, ready: waiter.since, now: core.clock, bound: waiter.bound },
      at: pathOf(waiter.resident),
      related: [],
    };
  };
  const restart = (waiter: Waiter, index: number): void => {
    const core = machine.cores[index];
    if (core === undefined || waiter.core !== index || core.running !== waiter.index) return;
    if (waiter.since !== -1) waiter.since = core.clock;
  };
  return {
    ...watchEachStep((action, outcome, count) => {
      for (const waiter of waiters) {
        if (!isReady(machine, waiter.resident)) waiter.since = -1;
        // Who asks for a section executes at that instant: what follows is time of its own.
        if (action.kind === 'section' && outcome === 'DONE') restart(waiter, action.core);
        if (action.kind !== 'time-passes' || action.core !== waiter.core) continue;
        const core = machine.cores[waiter.core];
        if (core === undefined || waiter.since === -1) continue;
        count();
        const violation = judge(waiter, core);
        if (violation !== null) return violation;
      }
      return null;
    }),
    before: (action) => {
      if (!recordSlice(context, slices, action) || !machine.boot.sealed) return;
      for (const waiter of waiters) {
        const isWaiting = waiter.since !== -1 || !isReady(machine, waiter.resident);
        if (!isWaiting) waiter.since = machine.cores[waiter.core]?.clock ?? -1;
      }
    },
  };
}

/** What an account says, for comparison. */
interface Balance {
  budget: number;
  activation: boolean;
}

/** Remembers every account before a step. */
function recordBalances(context: Context, balances: readonly (readonly Balance[])[]): void {
  const { cores } = context.machine;
  for (let index = 0; index < cores.length; index += 1) {
    const accounts = cores[index]?.accounts ?? [];
    for (let at = 0; at < accounts.length; at += 1) {
      const account = accounts[at];
      const balance = balances[index]?.[at];
      if (account === undefined || balance === undefined) continue;
      balance.budget = account.budget;
      balance.activation = account.activation;
    }
  }
}

/**
 * A partition's action may let another run, and so begin its activation or, under `poll`, take the
 * budget for which it has no work; it charges nobody else anything.
 */
function watchCharge(context: Context): Monitor {
  const balances: readonly (readonly Balance[])[] = context.machine.cores.map((core) =>
    core.accounts.map(() => ({ budget: 0, activation: false })),
  );
  let domain: number | null = null;
  const isCharged = (resident: Resident, before: Balance, now: Balance): boolean => {
    if (!before.activation && now.activation) return true;
    return resident.idle !== 'poll' && before.budget !== now.budget;
  };
  return {
    ...watchEachStep((action, outcome, count) => {
      if (domain === null || outcome !== 'DONE') return null;
      for (let index = 0; index < context.machine.cores.length; index += 1) {
        const residents = context.plan.cores[index]?.residents ?? [];
        for (let at = 0; at < residents.length; at += 1) {
          const resident = residents[at];
          const before = balances[index]?.[at];
          const now = context.machine.cores[index]?.accounts[at];
          if (resident === undefined || before === undefined || now === undefined) continue;
          if (resident.dedicated || resident.partition === domain) continue;
          count();
          if (!isCharged(resident, before, now)) continue;
          const actor = context.configuration.partitions[domain]?.name ?? 'the environment';
          return {
            property: 'time.charge',
            message:
              `${action.kind} by ${actor} charges ${name(context, resident)} on core ${index}: ` +
              `budget ${before.budget} to ${now.budget}, ` +
              `a new activation to pay: ${String(now.activation)}`,
            witness: { actor, charged: name(context, resident), core: index },
            at: pathOf(resident),
            related: [],
          };
        }
      }
      return null;
    }),
    before: (action) => {
      domain = computeDomain(context, action);
      if (domain !== null) recordBalances(context, balances);
    },
  };
}

function hasReservations(plan: Plan): boolean {
  return plan.cores.some(({ residents }) => residents.some(({ dedicated }) => !dedicated));
}

function hasWholeCores(plan: Plan): boolean {
  return plan.cores.some(({ el2, residents }) => el2 && residents.some((one) => one.dedicated));
}

/** Properties of the schedule. */
export const TIME_PROPERTIES: readonly Property[] = [
  {
    id: 'time.budget',
    statement: 'In no period does a reservation use more than its budget plus the stated overrun.',
    source: 'temporal isolation; Strosnider, Lehoczky, Sha 1995',
    example: 'a refund on pre-emption',
    appliesTo: hasReservations,
    watch: watchBudget,
  },
  {
    id: 'time.grid',
    statement: 'Replenishments happen at phase + k * period, each once.',
    source: 'Haven’s scheduler; Xen ARINC 653 drifted by restarting the frame from now',
    example: 'the next period starts when the handler ran',
    appliesTo: hasReservations,
    watch: watchGrid,
  },
  {
    id: 'time.charge',
    statement: 'What one partition does is charged to it, and to nobody else.',
    source: 'temporal isolation: the preemptor pays; seL4 charges before it reconfigures',
    example: 'a reset that makes whoever runs on another core pay for a switch',
    appliesTo: hasReservations,
    watch: watchCharge,
  },
  {
    id: 'time.delay',
    statement: 'A ready partition executes within its proved worst-case delay.',
    source: 'response-time analysis with jitter; Bernat, Burns 1999',
    example: 'a higher reservation that runs without budget',
    appliesTo: hasReservations,
    watch: watchDelay,
  },
  {
    id: 'cpu.whole',
    statement: 'On a core that a partition has whole, nobody else ever runs.',
    source: 'temporal isolation of whole cores',
    example: 'a second partition that names the core with a budget',
    appliesTo: hasWholeCores,
    watch: (context) =>
      watchEachStep((_action, _outcome, count) => {
        for (const [index, core] of context.machine.cores.entries()) {
          const residents = context.plan.cores[index]?.residents ?? [];
          const whole = residents.find(({ dedicated }) => dedicated);
          const running = residents[core.running];
          if (whole === undefined || running === undefined) continue;
          count();
          if (running.partition === whole.partition) continue;
          return {
            property: 'cpu.whole',
            message:
              `${name(context, running)} runs on core ${index}, which ` +
              `${name(context, whole)} has whole`,
            witness: { core: index },
            at: pathOf(running),
            related: [{ message: 'the whole core', at: pathOf(whole) }],
          };
        }
        return null;
      }),
  },
];
