import { describe, expect, it } from 'vitest';

import { checkEpochs, type EpochFacts } from './check-epochs.ts';
import { computeCoreBounds } from './core-bounds.ts';
import {
  type BurnedScene,
  computeEpochContract,
  computeEpochDelay,
  type Epochs,
  listEpochs,
} from './epochs.ts';
import { createExampleCore, type ExampleMember } from './example-core.ts';
import { exploreDelays } from './explore.ts';
import { listCores } from './reservation.ts';

/** Numbers in [from, to], the same in each run. */
function createDraw(seed: number): (from: number, to: number) => number {
  let state = seed;
  return (from, to) => {
    state = (state * 48_271) % 2_147_483_647;
    return from + (state % (to - from + 1));
  };
}

const PERIODS = [
  [10, 20, 40],
  [12, 12, 24],
  [15, 30, 30],
  [9, 18, 36],
  [16, 32, 16],
] as const;

function createMembers(draw: (from: number, to: number) => number): ExampleMember[] {
  const periods = PERIODS[draw(0, PERIODS.length - 1)] ?? PERIODS[0];
  return periods.slice(0, draw(2, 3)).map((period, index) => {
    const budget = draw(4, Math.max(4, Math.floor(period * 0.45)));
    const share = [budget, period] as const;
    const phase = draw(0, period - budget);
    return { name: `guest${index}`, share, phase, priority: 9 - index, idle: 'burn' };
  });
}

describe('bounds by epochs', () => {
  it('are exceeded in no state of random small cores, where a moved timeline would be', () => {
    const draw = createDraw(7);
    let [compared, exact, cores] = [0, 0, 0];
    while (compared < 400 && cores < 4000) {
      cores += 1;
      const costs = { section: draw(0, 2), timer: draw(0, 1), contextSwitch: draw(0, 1) };
      const members = createMembers(draw);
      const configuration = createExampleCore(members, costs);
      const [core] = listCores(configuration);
      const bounds = computeCoreBounds(configuration).filter(
        ({ method, kind }) => method === 'epochs' && kind !== 'latency',
      );
      for (const { partition, kind, demand, ticks } of bounds) {
        if (core === undefined || ticks === null) continue;
        const found = exploreDelays(
          {
            policy: 'fp',
            reservations: members.map(({ share, phase = 0 }) => {
              const [budget, period] = share ?? [1, 1];
              return { budget, period, phase, idle: 'burn' };
            }),
            target: partition,
            costs: core.costs,
            from: 'boot',
            wake: 'event',
            table: null,
          },
          demand,
        );
        const delays = kind === 'in-contract' ? found.inContract : found.delays;
        const worst = delays[demand - 1] ?? 0;
        expect({ members, costs, kind, ticks, worst }).toSatisfy(
          (each: { ticks: number; worst: number }) => each.worst <= each.ticks,
        );
        compared += 1;
        if (worst === ticks) exact += 1;
      }
    }
    console.log(`${compared} bounds by epochs of ${cores} cores, ${exact} exact`);
    expect(compared).toBeGreaterThan(300);
  });
});

interface Case {
  readonly facts: EpochFacts;
  readonly epochs: Epochs;
}

function createCase(draw: (from: number, to: number) => number): Case | null {
  const [own, ...urgent] = createMembers(draw)
    .reverse()
    .map(({ share, phase = 0 }) => {
      const [budget, period] = share ?? [1, 1];
      return { budget, period, phase, overrun: 0 };
    });
  if (own === undefined) return null;
  const overrun = draw(0, 2);
  const [activation, section] = [draw(0, 2), overrun + draw(0, 2)];
  const scene: BurnedScene = {
    own: { ...own, secure: own.budget - overrun },
    parties: urgent.map((each) => ({ ...each, overrun })),
    activation,
    section,
  };
  if (scene.own.secure - activation < 1) return null;
  const epochs = listEpochs(scene);
  if (epochs === null) return null;
  const facts = { own: { ...own, overrun }, urgent: [...scene.parties], activation, section };
  return { facts, epochs };
}

describe('the check of a bound by epochs', () => {
  it('accepts the bound and no tick less, from any instant and in contract', () => {
    const draw = createDraw(3);
    let judged = 0;
    for (let round = 0; round < 400; round += 1) {
      const found = createCase(draw);
      if (found === null) continue;
      judged += 1;
      const { facts, epochs } = found;
      const delay = computeEpochDelay(epochs, 1);
      const contract = computeEpochContract(epochs, 1);
      expect(checkEpochs(facts, false, delay), JSON.stringify(facts)).toBeNull();
      expect(checkEpochs(facts, false, delay - 1), JSON.stringify(facts)).not.toBeNull();
      expect(checkEpochs(facts, true, contract), JSON.stringify(facts)).toBeNull();
      expect(checkEpochs(facts, true, contract - 1), JSON.stringify(facts)).not.toBeNull();
    }
    expect(judged).toBeGreaterThan(150);
  });

  it('has no answer where epochs are too many, or one is not served', () => {
    const [own, other] = [9973, 9967].map((period) => {
      return { budget: 2, period, phase: 0, overrun: 0 };
    });
    if (own === undefined || other === undefined) throw new Error('there are two');
    const long = { own, urgent: [{ ...other, period: 9949 * 9967 }], activation: 0, section: 1 };
    expect(checkEpochs(long, false, 1e6)).toContain('repeat');
    const full = { ...other, period: own.period, budget: own.period - 1 };
    const late = { own, urgent: [full], activation: 0, section: 1 };
    expect(checkEpochs(late, false, 1e6)).toContain('not served in time');
  });
});
