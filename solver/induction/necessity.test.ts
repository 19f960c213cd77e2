/**
 * Necessity: an invariant that is taken out leaves something unproved.
 *
 * Most are premises: without one, an obligation of another claim has a case that breaks it. The
 * rest are claims in themselves: nothing rests on them, and without one it is what they say that is
 * no longer proved.
 */

import { afterAll, describe, expect, test } from 'vitest';
import type { StaticConfiguration } from '../../model/configuration.ts';
import { createSmallBoard } from '../../model/testing/small-board.ts';
import { INDUCTIVE_INVARIANTS } from '../../properties/inductive/invariants.ts';
import type { InductiveInvariant } from '../../properties/inductive/invariant.ts';
import { WINDOW_INVARIANTS } from '../../properties/inductive/window-invariants.ts';
import { proveObligations } from '../prove.ts';
import { createZ3Solver } from '../smt/z3.ts';
import { listInductionObligations } from './obligations.ts';

const IS_NIGHTLY = (process.env['HAVEN_NIGHTLY'] ?? '') !== '';
const CONFIGURATION = createSmallBoard({ its: true });
/** The more urgent one loses its budget while idle. */
const POLLING = createSmallBoard({
  left: { budget: 20, period: 50, priority: 2, idle: 'poll' },
});
/** Invariants that speak of something that the usual board has not, with one that has it. */
const NEEDED: Readonly<Record<string, StaticConfiguration>> = {
  'time.slot-ahead': createSmallBoard({ policy: 'table' }),
  'time.slot-begun': createSmallBoard({ policy: 'table' }),
  'time.slot-own': createSmallBoard({ policy: 'table' }),
  'time.polled': POLLING,
  'time.clear': POLLING,
};
const PROVED = [...INDUCTIVE_INVARIANTS, ...WINDOW_INVARIANTS].filter(
  ({ costly }) => costly !== true,
);
const solver = createZ3Solver();

afterAll(() => solver.close());

/** Per invariant an obligation that does not hold without it. */
const FALLS: Readonly<Record<string, string>> = {
  'memory.cached': 'memory.confined[read by left@core1]',
  'dma.streams-in-order': 'seal.preserved[boot by boot]',
  'dma.cached': 'dma.preserved[dma-issue by right]',
  'dma.in-flight': 'dma.confined[dma-complete by left]',
  'irq.delivered': 'irq.listed-owned[core1, slot 0]',
  'noninterference.registers': 'noninterference.preserved[dispatch by right@core1]',
  'noninterference.saved': 'noninterference.preserved[dispatch by left@core1]',
  'time.replenishment-ahead': 'cpu.preserved[time-passes by left@core1]',
  'time.timer-ahead': 'cpu.preserved[time-passes by left@core0]',
  'time.charged-in-budget': 'cpu.preserved[time-passes by right@core1]',
  'time.slot-ahead': 'cpu.preserved[time-passes by left@core1]',
  'time.slot-begun': 'time.slot-promise[right@core1]',
  'time.slot-own': 'time.slot-promise[right@core1]',
  'time.account': 'time.throttled[left@core1]',
  'time.section': 'time.window-opened[right@core1]',
  'time.most-urgent': 'time.in-window[time-passes by right@core1]',
  'time.share': 'time.taken-at-most[left@core1 while right@core1 waits]',
  'time.blocked': 'time.served[right@core1]',
  'time.busy': 'time.in-window[dispatch by right@core1]',
  'time.polled': 'time.in-window[time-passes by right@core1]',
  'time.clear': 'time.window-opened[right@core1]',
};

/** Claims about states, each with the invariant that it rests on. */
const OF_STATES: Readonly<Record<string, string>> = {
  'memory.cached-granted[core1, slot 0]': 'memory.cached',
  'dma.in-flight-granted[slot 0]': 'dma.in-flight',
  'irq.listed-owned[core1, slot 1]': 'irq.delivered',
  'time.throttled[right@core1]': 'time.account',
  'time.taken-at-most[left@core1 while right@core1 waits]': 'time.account',
  'time.served[left@core1]': 'time.blocked',
};

/** Invariants on which nothing rests, each with what is no longer proved without it. */
const CLAIMS_ONLY: Readonly<Record<string, string>> = {
  'memory.last-writer': 'that a page is written by grant only, as its last writer shows',
  'irq.enable-forwarded': 'that a partition switches its physical lines on and off by itself',
  'irq.active-forwarded': 'that no physical line stays active for good',
  'irq.route-forwarded': 'that a physical line comes to the core of who takes it',
  'irq.level': 'that an interrupt is not taken twice for one wire',
  'irq.listed-once': 'that no line is in two list registers at once',
  'cpu.waiter-on': 'that nobody waits who was not started',
  'cpu.waiter-unsignalled': 'that nobody goes on waiting whom an interrupt must wake',
  'time.runner-awake': 'that nobody keeps a core and waits',
};

/** Names of the obligations that are not discharged with these invariants, of those that match. */
async function listOpen(
  invariants: readonly InductiveInvariant[],
  matches: (id: string) => boolean,
  configuration = CONFIGURATION,
): Promise<string[]> {
  const obligations = listInductionObligations(configuration, { invariants, matches });
  expect(obligations).not.toHaveLength(0);
  const results = await proveObligations(configuration, obligations, { solver });
  return results.flatMap(({ id, status }) => (status === 'discharged' ? [] : [`${id} ${status}`]));
}

describe('an inductive invariant', () => {
  test('is a premise of something else or a claim in itself', () => {
    const ids = PROVED.map(({ id }) => id).toSorted();
    expect([...Object.keys(FALLS), ...Object.keys(CLAIMS_ONLY)].toSorted()).toEqual(ids);
  });

  test.each(Object.entries(FALLS))('is needed: without %s falls %s', async (left, id) => {
    const matches = (one: string): boolean => one === id;
    const rest = PROVED.filter((invariant) => invariant.id !== left);
    expect(await listOpen(PROVED, matches, NEEDED[left])).toEqual([]);
    expect(await listOpen(rest, matches, NEEDED[left])).toEqual([`${id} refuted`]);
  });

  test.each(Object.entries(OF_STATES))('is what %s rests on: %s', async (id, left) => {
    const matches = (one: string): boolean => one === id;
    const rest = PROVED.filter((invariant) => invariant.id !== left);
    expect(await listOpen(PROVED, matches)).toEqual([]);
    expect(await listOpen(rest, matches)).toEqual([`${id} refuted`]);
  });

  // Without all of them at once: what holds then holds without any one.
  test.runIf(IS_NIGHTLY)(
    'is a claim only where all others hold without it',
    async () => {
      const rest = PROVED.filter(({ id }) => !(id in CLAIMS_ONLY));
      expect(await listOpen(rest, () => true)).toEqual([]);
    },
    1_800_000,
  );
});
