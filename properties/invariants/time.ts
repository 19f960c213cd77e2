/**
 * Time: nobody gets more than its budget, replenishment keeps to its grid, and nobody waits beyond
 * its bound.
 *
 * The monitors measure with the clock and with who runs, never with the scheduler's own accounts,
 * but for the one that says who may change those.
 */

import type { Action } from '../../model/actions.ts';
import { NONE } from '../../model/machine.ts';
import type { Account } from '../../model/machine.ts';
import type { Plan, Resident } from '../../model/plan.ts';
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
  const { machine, plan, slices } = context;
  const used: readonly (readonly Consumption[])[] = machine.cores.map((core) =>
    core.accounts.map(() => ({ epochs: 0, ticks: 0 })),
  );
  const all = used.flat();
  const overrun = plan.overrunTicks;
  let evaluations = 0;
  return {
    kinds: ['time-passes'],
    begin: () => {
      for (const one of all) one.epochs = one.ticks = 0;
    },
    after: (action) => {
      if (action.kind !== 'time-passes') return null;
      const index = action.core;
      const [core, slice] = [machine.cores[index], slices[index]];
      if (core === undefined || slice?.charged !== true) return null;
      const resident = plan.cores[index]?.residents[slice.running];
      const consumption = used[index]?.[slice.running];
      if (resident === undefined || consumption === undefined) return null;
      evaluations += 1;
      consume(resident, consumption, slice.clock, core.clock);
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
    },
    countEvaluations: () => evaluations,
  };
}

/** Accounts for time: what runs behind the end of a period counts in the next one. */
function consume(
  { period, phase }: Resident,
  consumption: Consumption,
  begin: number,
  end: number,
): void {
  const length = Math.max(1, period);
  for (let from = begin; from < end;) {
    const epoch = Math.floor((from - phase) / length);
    const until = Math.min(end, phase + (epoch + 1) * length);
    if (consumption.epochs !== epoch) consumption.ticks = 0;
    consumption.epochs = epoch;
    consumption.ticks += until - from;
    from = until;
  }
}

/** Those of the actions that somebody does who pays for them. */
const CHARGING_KINDS = SCHEDULING_KINDS.filter(
  (kind) => kind !== 'boot' && kind !== 'time-passes' && kind !== 'interrupt-take',
);

/** An account, and what it said before a step. */
interface Balance {
  readonly core: number;
  readonly at: number;
  readonly resident: Resident;
  budget: number;
  activation: boolean;
}

function listBalances({ cores }: Plan): Balance[] {
  return cores.flatMap(({ residents }, core) =>
    residents.flatMap((resident, at) =>
      resident.dedicated ? [] : [{ core, at, resident, budget: 0, activation: false }],
    ),
  );
}

/**
 * A partition's action may let another run, and so begin its activation or, under `poll`, take the
 * budget for which it has no work; it charges nobody else anything.
 */
function watchCharge(context: Context): Monitor {
  const { machine, plan } = context;
  const balances = listBalances(plan);
  let domain: number | null = null;
  let evaluations = 0;
  return {
    kinds: CHARGING_KINDS,
    before: (action) => {
      domain = computeDomain(context, action);
      if (domain === null) return;
      for (let index = 0; index < balances.length; index += 1) {
        const balance = balances[index];
        const account = machine.cores[balance?.core ?? 0]?.accounts[balance?.at ?? 0];
        if (balance === undefined || account === undefined) continue;
        balance.budget = account.budget;
        balance.activation = account.activation;
      }
    },
    after: (action, outcome) => {
      if (domain === null || outcome !== 'DONE') return null;
      for (let index = 0; index < balances.length; index += 1) {
        const balance = balances[index];
        if (balance === undefined || balance.resident.partition === domain) continue;
        const account = machine.cores[balance.core]?.accounts[balance.at];
        if (account === undefined) continue;
        evaluations += 1;
        const isBegun = !balance.activation && account.activation;
        const isTaken = balance.budget !== account.budget && balance.resident.idle !== 'poll';
        if (isBegun || isTaken) return describeCharge(context, action, domain, balance, account);
      }
      return null;
    },
    countEvaluations: () => evaluations,
  };
}

function describeCharge(
  context: Context,
  action: Action,
  domain: number,
  { resident, core, budget }: Balance,
  now: Account,
): Violation {
  const actor = context.configuration.partitions[domain]?.name ?? 'the environment';
  return {
    property: 'time.charge',
    message:
      `${action.kind} by ${actor} charges ${nameOf(context, resident)} on core ${core}: ` +
      `budget ${budget} to ${now.budget}, ` +
      `a new activation to pay: ${String(now.activation)}`,
    witness: { actor, charged: nameOf(context, resident), core },
    at: pathOf(resident),
    related: [],
  };
}

function watchWhole(context: Context): Monitor {
  const { plan, machine } = context;
  const owned = plan.cores.flatMap(({ residents }, index) => {
    const whole = residents.find(({ dedicated }) => dedicated);
    return whole === undefined ? [] : [{ index, whole, residents }];
  });
  let evaluations = 0;
  return {
    kinds: SCHEDULING_KINDS,
    after: () => {
      for (let at = 0; at < owned.length; at += 1) {
        const one = owned[at];
        const place = machine.cores[one?.index ?? 0]?.running ?? NONE;
        const running = place === NONE ? undefined : one?.residents[place];
        if (one === undefined || running === undefined) continue;
        evaluations += 1;
        if (running.partition === one.whole.partition) continue;
        return {
          property: 'cpu.whole',
          message:
            `${nameOf(context, running)} runs on core ${one.index}, which ` +
            `${nameOf(context, one.whole)} has whole`,
          witness: { core: one.index },
          at: pathOf(running),
          related: [{ message: 'the whole core', at: pathOf(one.whole) }],
        };
      }
      return null;
    },
    countEvaluations: () => evaluations,
  };
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
    watch: watchBudget,
  },
  {
    id: 'time.window',
    statement: 'In no window is a reservation charged for more than all others count with.',
    source: 'Strosnider, Lehoczky, Sha 1995; time demand with jitter, Bernat, Burns 1999',
    example: 'an overrun that is forgiven at the end of each period',
    appliesTo: hasReservations,
    watch: watchWindow,
  },
  {
    id: 'time.grid',
    statement: 'Budgets come back at phase + k * period: whoever then has one runs in its turn.',
    source: 'Haven’s scheduler; Xen ARINC 653 drifted by restarting the frame from now',
    example: 'the next period starts when the handler ran',
    appliesTo: hasReservations,
    watch: watchGrid,
  },
  {
    id: 'time.table',
    statement: 'Slots begin and end by the table, each for its partition; the rest is slack.',
    source: 'ARINC 653 P1, partition scheduling by a major frame',
    example: 'a frame that begins with its second slot',
    appliesTo: hasTables,
    watch: watchTable,
  },
  {
    id: 'time.supply',
    statement: 'Whoever is ready for a whole period gets its budget in it, where that fits.',
    source: 'Shin, Lee 2003, periodic resource model: the guarantee in every period',
    example: 'a replenishment that is lost while the core is idle',
    appliesTo: hasPromises,
    watch: watchSupply,
  },
  {
    id: 'time.burn',
    statement: 'Supply is a function of time where all that is more urgent burns what it leaves.',
    source: 'idling periodic server; non-interference as equality of traces',
    example: 'an idle budget that is kept where it is to be burnt',
    appliesTo: hasTimelines,
    watch: watchBurn,
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
    statement: 'A ready partition gets what it asks for within its proved worst-case delay.',
    source: 'response-time analysis with jitter; Bernat, Burns 1999',
    example: 'a higher reservation that runs without budget',
    appliesTo: hasShares,
    watch: watchDelay,
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
