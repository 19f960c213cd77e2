/**
 * Time: nobody gets more than its budget, replenishment keeps to its grid, and nobody waits beyond
 * its bound.
 *
 * The monitors measure with the clock and with who runs, never with the scheduler's own accounts,
 * but for the one that says who may change those.
 */

import { NONE } from '../../model/machine.ts';
import type { CoreState } from '../../model/machine.ts';
import type { Plan, Resident } from '../../model/plan.ts';
import { watchAnew, watchEachStep } from '../property.ts';
import { computeDomain } from './domain.ts';
import { hasTimelines, watchBurn } from './time-burn.ts';
import { watchDelay } from './time-delay.ts';
import { watchGrid, watchTable } from './time-grid.ts';
import { SCHEDULING_KINDS, hasReservations, isShared, nameOf, pathOf } from './time-slices.ts';
import { hasPromises, watchSupply } from './time-supply.ts';
import { watchWindow } from './time-window.ts';
import type { Context, Monitor, Property, Violation } from '../property.ts';

/** The budget that a resident has used in its current period. */
interface Consumption {
  epochs: number;
  ticks: number;
}

function watchBudget(context: Context): Monitor {
  const used: Consumption[][] = context.machine.cores.map((core) =>
    core.accounts.map(() => ({ epochs: 0, ticks: 0 })),
  );
  const overrun = context.plan.overrunTicks;
  const judge = (index: number, core: CoreState, count: () => void): Violation | null => {
    const slice = context.slices[index];
    const resident = context.plan.cores[index]?.residents[slice?.running ?? -1];
    const consumption = used[index]?.[slice?.running ?? -1];
    if (slice === undefined || resident === undefined || consumption === undefined) return null;
    if (!slice.charged) return null;
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
        `${nameOf(context, resident)} has used ${consumption.ticks} ticks of core ${index} in ` +
        `one period; its budget is ${resident.budget}, overrun at most ${overrun}`,
      witness: { core: index, used: consumption.ticks, budget: resident.budget },
      at: pathOf(resident),
      related: [],
    };
  };
  return watchEachStep((action, _outcome, count) => {
    if (action.kind !== 'time-passes') return null;
    const core = context.machine.cores[action.core];
    return core === undefined ? null : judge(action.core, core, count);
  });
}

/** Those of the actions that somebody does who pays for them. */
const CHARGING_KINDS = SCHEDULING_KINDS.filter(
  (kind) => kind !== 'boot' && kind !== 'time-passes' && kind !== 'interrupt-take',
);

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
              `${action.kind} by ${actor} charges ${nameOf(context, resident)} on core ${index}: ` +
              `budget ${before.budget} to ${now.budget}, ` +
              `a new activation to pay: ${String(now.activation)}`,
            witness: { actor, charged: nameOf(context, resident), core: index },
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

function watchWhole(context: Context): Monitor {
  const { plan, machine } = context;
  const owned = plan.cores.flatMap(({ residents }, index) => {
    const whole = residents.find(({ dedicated }) => dedicated);
    return whole === undefined ? [] : [{ index, whole, residents }];
  });
  const monitor = watchEachStep((_action, _outcome, count) => {
    for (const { index, whole, residents } of owned) {
      const at = machine.cores[index]?.running ?? NONE;
      const running = at === NONE ? undefined : residents[at];
      if (running === undefined) continue;
      count();
      if (running.partition === whole.partition) continue;
      return {
        property: 'cpu.whole',
        message:
          `${nameOf(context, running)} runs on core ${index}, which ` +
          `${nameOf(context, whole)} has whole`,
        witness: { core: index },
        at: pathOf(running),
        related: [{ message: 'the whole core', at: pathOf(whole) }],
      };
    }
    return null;
  });
  return { ...monitor, kinds: SCHEDULING_KINDS };
}

function hasTables(plan: Plan): boolean {
  return plan.cores.some((planned) => isShared(planned) && planned.policy === 'table');
}

function hasShares(plan: Plan): boolean {
  return plan.cores.some(isShared);
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
    watch: (context) => watchAnew(() => watchBudget(context), ['time-passes']),
  },
  {
    id: 'time.window',
    statement: 'In no window is a reservation charged for more than all others count with.',
    source: 'Strosnider, Lehoczky, Sha 1995; time demand with jitter, Bernat, Burns 1999',
    example: 'an overrun that is forgiven at the end of each period',
    appliesTo: hasReservations,
    watch: (context) => watchAnew(() => watchWindow(context), ['time-passes']),
  },
  {
    id: 'time.grid',
    statement: 'Budgets come back at phase + k * period: whoever then has one runs in its turn.',
    source: 'Haven’s scheduler; Xen ARINC 653 drifted by restarting the frame from now',
    example: 'the next period starts when the handler ran',
    appliesTo: hasReservations,
    watch: (context) => watchAnew(() => watchGrid(context), SCHEDULING_KINDS),
  },
  {
    id: 'time.table',
    statement: 'Slots begin and end by the table, each for its partition; the rest is slack.',
    source: 'ARINC 653 P1, partition scheduling by a major frame',
    example: 'a frame that begins with its second slot',
    appliesTo: hasTables,
    watch: (context) => watchAnew(() => watchTable(context), SCHEDULING_KINDS),
  },
  {
    id: 'time.supply',
    statement: 'Whoever is ready for a whole period gets its budget in it, where that fits.',
    source: 'Shin, Lee 2003, periodic resource model: the guarantee in every period',
    example: 'a replenishment that is lost while the core is idle',
    appliesTo: hasPromises,
    watch: (context) => watchAnew(() => watchSupply(context), SCHEDULING_KINDS),
  },
  {
    id: 'time.burn',
    statement: 'Supply is a function of time where all that is more urgent burns what it leaves.',
    source: 'idling periodic server; non-interference as equality of traces',
    example: 'an idle budget that is kept where it is to be burnt',
    appliesTo: hasTimelines,
    watch: (context) => watchAnew(() => watchBurn(context), ['time-passes']),
  },
  {
    id: 'time.charge',
    statement: 'What one partition does is charged to it, and to nobody else.',
    source: 'temporal isolation: the preemptor pays; seL4 charges before it reconfigures',
    example: 'a reset that makes whoever runs on another core pay for a switch',
    appliesTo: hasReservations,
    watch: (context) => ({ ...watchCharge(context), kinds: CHARGING_KINDS }),
  },
  {
    id: 'time.delay',
    statement: 'A ready partition gets what it asks for within its proved worst-case delay.',
    source: 'response-time analysis with jitter; Bernat, Burns 1999',
    example: 'a higher reservation that runs without budget',
    appliesTo: hasShares,
    watch: (context) => watchAnew(() => watchDelay(context), SCHEDULING_KINDS),
  },
  {
    id: 'cpu.whole',
    statement: 'On a core that a partition has whole, nobody else ever runs.',
    source: 'temporal isolation of whole cores',
    example: 'a second partition that names the core with a budget',
    appliesTo: hasWholeCores,
    watch: watchWhole,
  },
];
