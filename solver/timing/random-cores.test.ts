/**
 * The bounds against the explorer on random small cores: every policy, every cost, known phases and
 * any phases. No bound is ever exceeded; how many are attained is printed.
 */

import { describe, expect, it } from 'vitest';

import type {
  IdlePolicy,
  SchedulingPolicy,
  StaticConfiguration,
} from '../../model/configuration.ts';
import { computeMemberSupply } from './bounds.ts';
import type { BoundMethod, CoreBoundKind } from './certificate-types.ts';
import { computeCoreBounds } from './core-bounds.ts';
import { computeDelay } from './delay.ts';
import { createExampleCore, type ExampleTable } from './example-core.ts';
import {
  ExplorationLimitError,
  type Exploration,
  type ExploredCore,
  type ExploredCosts,
  type ExploredReservation,
  exploreDelays,
  NO_COSTS,
} from './explore.ts';
import { listCores } from './reservation.ts';

type Random = (below: number) => number;

/** Park and Miller's generator with a fixed seed, so that every run sees the same cores. */
function createRandom(seed: number): Random {
  let state = seed;
  return (below) => {
    state = (state * 48_271) % 2_147_483_647;
    return state % below;
  };
}

/** What a sweep draws. */
interface Draw {
  readonly policy: SchedulingPolicy;
  readonly costs: boolean;
  /** Phases as EL2 sets them; else all phases are tried, and bounds may not use them. */
  readonly known: boolean;
  /** What idle budgets do: any of the three, or the same for all. */
  readonly idle: IdlePolicy | 'mixed';
  readonly seed: number;
  /** Cores that are compared. */
  readonly count: number;
  /** Least share of bounds that are attained, percent, known to hold for these draws. */
  readonly share: number;
}

function drawCosts(random: Random): ExploredCosts {
  return {
    activation: random(3),
    section: random(3),
    interrupt: random(3),
    timer: random(2),
  };
}

function drawReservations(random: Random, draw: Draw, least: number): ExploredReservation[] {
  const count = 2 + random(draw.known && !draw.costs ? 3 : 2);
  const wide = draw.policy === 'edf' && draw.costs ? 3 * least : 0;
  return Array.from({ length: count }, () => {
    const budget = least + random(2);
    const period = Math.max(3, budget + wide + least * (count - 1) + random(6));
    const any = (['keep', 'burn', 'poll'] as const)[random(3)] ?? 'keep';
    const idle = draw.idle === 'mixed' ? any : draw.idle;
    const phase = draw.known ? random(period - budget + 1) : null;
    return { budget, period, idle, phase, slack: random(4) === 0 };
  });
}

function drawTable(random: Random, count: number): NonNullable<ExploredCore['table']> {
  let at = random(3);
  const slots = Array.from({ length: count + random(3) }, (_, index) => {
    const start = at;
    const end = start + 1 + random(6);
    at = end + random(2) * random(4);
    return { start, end, resident: index < count ? index : random(count) };
  });
  return { frame: at + random(3), slots };
}

function drawCore(random: Random, draw: Draw): ExploredCore {
  const costs = draw.costs ? drawCosts(random) : NO_COSTS;
  const debt = Math.max(0, Math.max(costs.section, costs.interrupt) - 1) + costs.timer;
  const drawn = drawReservations(random, draw, debt + costs.activation + 1);
  const table = draw.policy === 'table' ? drawTable(random, drawn.length) : null;
  const reservations =
    table === null
      ? drawn
      : drawn.map((each) => ({ ...each, budget: 1, period: table.frame, phase: 0 }));
  return {
    policy: draw.policy,
    reservations,
    target: random(reservations.length),
    costs,
    from: 'boot',
    wake: 'event',
    table,
  };
}

function toTable(table: ExploredCore['table']): ExampleTable | undefined {
  if (table === null) return undefined;
  return {
    frame: table.frame,
    slots: table.slots.map(({ start, end, resident }) => [resident, start, end - start] as const),
  };
}

/** The same core as a configuration; one microsecond is one tick. */
function toConfiguration({ policy, reservations, costs, table }: ExploredCore) {
  const members = reservations.map(({ budget, period, idle, phase, slack }, index) => ({
    name: `guest${index}`,
    share: [budget, period] as const,
    priority: policy === 'fp' ? reservations.length - index : 0,
    idle,
    phase: phase ?? 0,
    slack: slack ?? false,
  }));
  const { activation, section, interrupt, timer } = costs;
  const overheads = { contextSwitch: activation, section, interrupt, timer };
  const slots = toTable(table);
  return createExampleCore(members, overheads, policy, slots === undefined ? {} : { table: slots });
}

/** One bound, and what is true. */
interface Comparison {
  /** It is the least of all methods, else D(c) of a method that needs no phases. */
  readonly least: boolean;
  readonly kind: CoreBoundKind;
  readonly method: BoundMethod;
  readonly demand: number;
  readonly bound: number;
  readonly exact: number;
}

/** The least bounds, where phases are known, with what the explorer finds. */
function compareLeast(
  configuration: StaticConfiguration,
  { target }: ExploredCore,
  { delays, inContract }: Exploration,
): Comparison[] {
  return computeCoreBounds(configuration).flatMap(({ partition, kind, method, demand, ticks }) => {
    if (partition !== target || ticks === null || kind === 'latency') return [];
    const exact = (kind === 'in-contract' ? inContract : delays)[demand - 1];
    return [{ least: true, kind, method, demand, bound: ticks, exact: exact ?? Number.NaN }];
  });
}

/** D(c) for every demand up to a budget by the method that needs no phases. */
function compareClosed(
  configuration: StaticConfiguration,
  { target, policy }: ExploredCore,
  { delays }: Exploration,
): Comparison[] {
  const [core] = listCores(configuration);
  const member = core?.members[target];
  if (core === undefined || member === undefined) throw new Error('the target is on the core');
  const result = computeMemberSupply(core, member);
  if (result.kind === 'none') return [];
  const method = policy === 'edf' ? 'deadlines' : policy === 'table' ? 'slots' : 'closed';
  return delays.flatMap((exact, index) => {
    const point = computeDelay(result.supply, index + 1);
    if (point.kind === 'none') return [];
    return [{ least: false, kind: 'delay', method, demand: index + 1, bound: point.ticks, exact }];
  });
}

/** Null where there is no bound, or too many states for a test. */
function compare(core: ExploredCore, known: boolean): Comparison[] | null {
  const configuration = toConfiguration(core);
  const full = computeCoreBounds(configuration).find(
    ({ partition, kind }) => partition === core.target && kind === 'full-budget',
  );
  if (full?.ticks === null || full === undefined) return null;
  try {
    const found = exploreDelays(core, full.demand, 10_000);
    const closed = compareClosed(configuration, core, found);
    return known ? [...compareLeast(configuration, core, found), ...closed] : closed;
  } catch (error) {
    if (error instanceof ExplorationLimitError) return null;
    throw error;
  }
}

function sweep(draw: Draw): { compared: number; tally: Map<string, [number, number]> } {
  const random = createRandom(draw.seed);
  const tally = new Map<string, [number, number]>();
  let compared = 0;
  while (compared < draw.count) {
    const core = drawCore(random, draw);
    const comparisons = compare(core, draw.known);
    if (comparisons === null) continue;
    compared += 1;
    for (const comparison of comparisons) {
      expect({ core, ...comparison }).toSatisfy(
        ({ exact, bound }: Comparison) => exact >= 1 && exact <= bound,
      );
      const name = comparison.least ? comparison.method : 'without phases';
      const entry = tally.get(name) ?? [0, 0];
      tally.set(name, entry);
      entry[0] += Number(comparison.exact === comparison.bound);
      entry[1] += 1;
    }
  }
  return { compared, tally };
}

function createDraw(
  policy: SchedulingPolicy,
  idle: Draw['idle'],
  has: { readonly costs: boolean; readonly known: boolean },
  seed: number,
  count: number,
  share: number,
): Draw {
  return { policy, idle, ...has, seed, count, share };
}

const FREE = { costs: false, known: true };
const FREE_ANY = { costs: false, known: false };
const PAID = { costs: true, known: true };
const PAID_ANY = { costs: true, known: false };

const DRAWS: readonly Draw[] = [
  createDraw('fp', 'mixed', FREE, 1, 500, 80),
  createDraw('fp', 'mixed', FREE_ANY, 2, 250, 95),
  createDraw('fp', 'mixed', PAID, 3, 250, 15),
  createDraw('fp', 'mixed', PAID_ANY, 4, 50, 15),
  createDraw('fp', 'keep', FREE, 5, 250, 88),
  createDraw('fp', 'keep', PAID, 6, 150, 55),
  createDraw('fp', 'burn', FREE, 7, 250, 98),
  createDraw('fp', 'burn', PAID, 8, 150, 0),
  createDraw('edf', 'burn', FREE, 9, 250, 99),
  createDraw('edf', 'burn', FREE_ANY, 10, 150, 0),
  createDraw('edf', 'burn', PAID, 11, 100, 0),
  createDraw('table', 'burn', FREE, 12, 250, 100),
  createDraw('table', 'burn', PAID, 13, 250, 95),
];

describe('no bound of a random small core is exceeded', () => {
  it('on at least 2,000 of them', () => {
    expect(DRAWS.reduce((sum, { count }) => sum + count, 0)).toBeGreaterThanOrEqual(2000);
  });

  it.each(DRAWS)('under $policy, $idle, costs: $costs, known phases: $known', (draw) => {
    const { compared, tally } = sweep(draw);
    let [exact, all] = [0, 0];
    for (const [name, [attained, count]] of tally) {
      if (draw.known && name === 'without phases') continue;
      exact += attained;
      all += count;
    }
    const parts = [...tally].map(([method, [attained, count]]) => `${method} ${attained}/${count}`);
    const phases = draw.known ? 'known phases' : 'all phases';
    const costs = draw.costs ? 'costs' : 'no costs';
    const percent = Math.floor((100 * exact) / all);
    console.log(
      `${draw.policy}, ${draw.idle}, ${costs}, ${phases}: ${compared} cores, ` +
        `${exact} of ${all} bounds exact (${percent} %): ${parts.join(', ')}`,
    );
    expect(exact * 100).toBeGreaterThanOrEqual(all * draw.share);
  });
});
