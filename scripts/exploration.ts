/** Exploration: one shared core with small numbers, every state of it, beside its bounds. */

import type { StaticConfiguration } from '../model/configuration.ts';
import type { ChartKind, ChartStretch } from '../report/gantt.ts';
import type { ExploredDelay, ExploredRow } from '../report/timing.ts';
import { computeMemberSupply } from '../solver/timing/bounds.ts';
import { computeLeastDelay } from '../solver/timing/core-bounds.ts';
import {
  type Exploration,
  ExplorationLimitError,
  exploreDelays,
  type ExploredCore,
  type Trace,
} from '../solver/timing/explore.ts';
import { StateRangeError } from '../solver/timing/explore-core.ts';
import {
  computeOverheads,
  type CoreMember,
  type CoreTicks,
  listCores,
} from '../solver/timing/reservation.ts';

/** Longest period of an explored core where nothing else is said, ticks. */
export const EXPLORED_TICKS = 40;
/** States after which an exploration is given up. */
export const STATES_MAX = 1_000_000;
/** Delays D(1), D(2), … that are asked for, at most. */
const DEMANDS_MAX = 6;

/** A core in small numbers. */
export interface ScaledCore {
  readonly core: CoreTicks;
  /** Timer ticks that one explored tick stands for. */
  readonly divisor: number;
  /** Durations that were rounded: the result then says nothing exact about the configuration. */
  readonly rounded: readonly string[];
}

/** Cores that several share by reservations or slots, so that there is something to explore. */
export function listSharedCores(configuration: StaticConfiguration): CoreTicks[] {
  return listCores(configuration).filter(({ members }) =>
    members.every(({ reservation }) => reservation !== null),
  );
}

/**
 * The core with its longest period as `ticks` ticks, or by the greatest common divisor where that
 * is as small. Budgets are rounded down, costs up, neither to 0.
 */
export function scaleCore(core: CoreTicks, ticks: number): ScaledCore {
  const times = core.members.flatMap(({ reservation }) =>
    reservation === null ? [] : [reservation.budget, reservation.period, reservation.phase],
  );
  const slots = core.table?.slots.flatMap(({ start, end }) => [start, end]) ?? [];
  const costs = Object.values(core.costs);
  const longest = Math.max(1, ...times, core.table?.frame ?? 0);
  const common = [...times, ...slots, ...costs].reduce(computeGcd, 0);
  const divisor = Math.max(common, Math.ceil(longest / ticks), 1);
  const rounded = new Set<string>();
  const divide = (value: number, name: string, round: (quotient: number) => number): number => {
    if (value % divisor !== 0) rounded.add(name);
    return round(value / divisor);
  };
  const up = (value: number, name: string): number => divide(value, name, Math.ceil);
  const down = (value: number, name: string): number => divide(value, name, Math.floor);
  const scaled = {
    activation: up(core.costs.activation, 'costs of EL2'),
    section: up(core.costs.section, 'costs of EL2'),
    interrupt: up(core.costs.interrupt, 'costs of EL2'),
    timer: up(core.costs.timer, 'costs of EL2'),
  };
  const members = core.members.map((member): CoreMember => {
    const { reservation } = member;
    if (reservation === null) return member;
    const period = Math.max(1, down(reservation.period, 'periods'));
    const budget = Math.min(period, Math.max(1, down(reservation.budget, 'budgets')));
    const phase = Math.min(period - budget, down(reservation.phase, 'phases'));
    return { ...member, reservation: { ...reservation, budget, period, phase } };
  });
  const table =
    core.table === null
      ? null
      : {
          frame: Math.max(1, down(core.table.frame, 'frames')),
          slots: core.table.slots.map((slot) => ({
            ...slot,
            start: down(slot.start, 'slots'),
            end: down(slot.end, 'slots'),
          })),
        };
  return {
    core: { ...core, members, table, costs: scaled, overheads: computeOverheads(scaled) },
    divisor,
    rounded: [...rounded],
  };
}

function computeGcd(a: number, b: number): number {
  return b === 0 ? a : computeGcd(b, a % b);
}

/** Members in the order in which the explorer runs them. */
function sortMembers({ policy, members }: CoreTicks): readonly CoreMember[] {
  if (policy !== 'fp') return members;
  return [...members].sort(
    (a, b) =>
      (b.reservation?.priority ?? 0) - (a.reservation?.priority ?? 0) ||
      members.indexOf(a) - members.indexOf(b),
  );
}

function toExplored(core: CoreTicks, target: CoreMember): ExploredCore {
  const members = sortMembers(core);
  return {
    policy: core.policy,
    reservations: members.flatMap(({ reservation, slack }) =>
      reservation === null
        ? []
        : [
            {
              budget: reservation.budget,
              period: reservation.period,
              idle: reservation.idle,
              phase: reservation.phase,
              slack,
            },
          ],
    ),
    target: members.indexOf(target),
    costs: core.costs,
    from: 'boot',
    wake: 'event',
    table:
      core.table === null
        ? null
        : {
            frame: core.table.frame,
            slots: core.table.slots.flatMap(({ start, end, member }) => {
              const one = core.members[member];
              return one === undefined ? [] : [{ start, end, resident: members.indexOf(one) }];
            }),
          },
  };
}

/** Explores every member of a core; what is too large says so. */
export function exploreCore({ core, divisor, rounded }: ScaledCore): ExploredRow[] {
  return core.members.map((member): ExploredRow => {
    const row = {
      core: core.core,
      partition: member.name,
      policy: core.policy,
      divisor,
      rounded,
      timerHz: core.timerHz,
    };
    const bounds = listDemandBounds(core, member);
    try {
      const explored = toExplored(core, member);
      const found = exploreDelays(explored, Math.max(1, bounds.length), STATES_MAX);
      const delays = found.delays.map((ticks, index) =>
        describeDelay(ticks, index + 1, bounds[index] ?? null),
      );
      // Under a table there is no budget to be in contract with.
      const [ready = 0] = found.inContract;
      const contract =
        core.policy === 'table' || bounds[0] === null
          ? null
          : describeDelay(ready, 1, computeLeastDelay(core, member, 1, true));
      const chart = chartWorst(core, explored, found);
      return { ...row, states: found.states, delays, contract, chart };
    } catch (error) {
      if (error instanceof ExplorationLimitError || error instanceof StateRangeError) {
        return { ...row, states: null, delays: [], contract: null, chart: null };
      }
      throw error;
    }
  });
}

function describeDelay(ticks: number, demand: number, bound: number | null): ExploredDelay {
  return { demand, ticks: Number.isFinite(ticks) ? ticks : null, bound };
}

/** Bounds on D(1), D(2), … of a member, the least that are sound. */
function listDemandBounds(core: CoreTicks, member: CoreMember): (number | null)[] {
  const result = computeMemberSupply(core, member);
  if (result.kind === 'none' || result.supply.kind === 'whole-core') return [null];
  const count = Math.min(DEMANDS_MAX, result.supply.usable);
  return Array.from({ length: count }, (_, index) => computeLeastDelay(core, member, index + 1));
}

function chartWorst(
  core: CoreTicks,
  explored: ExploredCore,
  found: Exploration,
): ExploredRow['chart'] {
  const trace = found.findTrace(1);
  if (trace === null) return null;
  const members = sortMembers(core);
  const end = (trace.steps.at(-1)?.at ?? 0) + (trace.steps.at(-1)?.ticks ?? 0);
  const from = trace.steps[trace.ready]?.at ?? end;
  return {
    rows: members.map(({ name }, index) => ({
      name,
      replenished: listReplenished(explored, index, end),
      ready: index === explored.target ? [{ from, to: end }] : [],
    })),
    stretches: listStretches(trace),
    waiter: explored.target,
    wait: { from, to: end },
  };
}

/** Instants before `end` at which a budget comes back or a slot begins. */
function listReplenished(
  { reservations, table }: ExploredCore,
  index: number,
  end: number,
): number[] {
  const own = reservations[index];
  const starts =
    table === null
      ? [own?.phase ?? 0]
      : table.slots.filter(({ resident }) => resident === index).map(({ start }) => start);
  const period = table?.frame ?? own?.period ?? end;
  return starts.flatMap((start) =>
    Array.from({ length: Math.max(0, Math.ceil((end - start) / period)) }, (_, turn) => {
      return start + turn * period;
    }),
  );
}

const KINDS: Readonly<Record<Trace['steps'][number]['kind'], ChartKind>> = {
  run: 'run',
  burn: 'burn',
  section: 'section',
  activation: 'activation',
  timer: 'timer',
  slack: 'slack',
  idle: 'run',
  wake: 'burn',
};

function listStretches({ steps }: Trace): ChartStretch[] {
  const stretches: ChartStretch[] = [];
  for (const { at, ticks, kind, by } of steps) {
    if (ticks === 0) continue;
    const holder = kind === 'idle' ? null : by;
    const last = stretches.at(-1);
    if (last !== undefined && last.by === holder && last.kind === KINDS[kind] && last.to === at) {
      stretches[stretches.length - 1] = { ...last, to: at + 1 };
    } else stretches.push({ from: at, to: at + 1, by: holder, kind: KINDS[kind] });
  }
  return stretches;
}
