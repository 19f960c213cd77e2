/**
 * The bounds against the executable spec: random guests, random cores, no delay above its bound.
 */

import { describe, expect, it } from 'vitest';

import type { SchedulingPolicy } from '../../model/configuration.ts';
import { createMachine, type Machine } from '../../model/machine.ts';
import { createPlan, type Plan } from '../../model/plan.ts';
import { dispatchWhenDue, wake } from '../../model/scheduler.ts';
import { step } from '../../model/step.ts';
import { computeCoreBounds } from './core-bounds.ts';
import { createExampleCore, type ExampleMember, type ExampleTable } from './example-core.ts';

type Random = (below: number) => number;

function createRandom(seed: number): Random {
  let state = seed;
  return (below) => {
    state = (state * 48_271) % 2_147_483_647;
    return state % below;
  };
}

function createSealedMachine(plan: Plan): Machine {
  const machine = createMachine(plan);
  for (let tries = 0; tries < 10 && !machine.boot.sealed; tries += 1) {
    step(plan, machine, { kind: 'boot', core: 0, fails: false });
  }
  expect(machine.boot.sealed).toBe(true);
  return machine;
}

/** Random guests on the core: longest that each was ready and got nothing, by partition, ticks. */
function runGuests(plan: Plan, machine: Machine, random: Random, events: number): number[] {
  const residents = plan.cores[0]?.residents ?? [];
  const state = machine.cores[0];
  if (state === undefined) throw new Error('the core is in the plan');
  const worst = plan.partitions.map(() => 0);
  const waited = plan.partitions.map(() => 0);
  let call = 0;
  for (let event = 0; event < events; event += 1) {
    const choice = random(8);
    if (choice === 0) step(plan, machine, { kind: 'wait', core: 0 });
    if (choice === 1) {
      const ticks = 1 + random(Math.max(1, plan.sectionTicks));
      if (step(plan, machine, { kind: 'section', core: 0, ticks }) === 'DONE') call = ticks;
    }
    if (choice === 2) wake(plan, machine, random(plan.partitions.length), 0);
    if (choice === 3) plan.partitions.forEach((_, index) => wake(plan, machine, index, 0));
    dispatchWhenDue(plan, machine, 0);
    const served = state.section === 0 || call > 0 ? state.loaded : -1;
    const runs = state.running === state.loaded ? served : -1;
    const before = state.clock;
    step(plan, machine, { kind: 'time-passes', core: 0, ticks: 1 + random(4) });
    const passed = state.clock - before;
    call = Math.max(0, call - passed);
    residents.forEach((resident, index) => {
      const { partition } = resident;
      const isWaiting = machine.partitions[partition]?.vcpus[0]?.waiting === true;
      const total = (waited[partition] ?? 0) + passed;
      if (index === runs || isWaiting) waited[partition] = 0;
      else waited[partition] = total;
      worst[partition] = Math.max(worst[partition] ?? 0, waited[partition] ?? 0);
    });
  }
  return worst;
}

/** Two or three guests that mostly fit on the core. */
function createMembers(
  random: Random,
  policy: SchedulingPolicy,
  section: number,
): readonly ExampleMember[] {
  const count = 2 + random(2);
  return Array.from({ length: count }, (_, index): ExampleMember => {
    const period = 20 + random(40);
    const most = Math.max(1, Math.floor(period / count) - 8);
    const budget = Math.min(period, 8 + 2 * section + random(most));
    const idle = (['keep', 'burn', 'poll'] as const)[random(3)] ?? 'keep';
    return {
      name: `guest${index}`,
      share: [budget, period],
      idle: policy === 'edf' ? 'burn' : idle,
      phase: random(Math.max(1, period - budget)),
      priority: index,
    };
  });
}

/** A table with a slot for each guest at least, and gaps. */
function createTable(random: Random, count: number, activation: number): ExampleTable {
  let at = random(5);
  const slots = Array.from({ length: count + random(3) }, (_, index) => {
    const start = at;
    const duration = activation + 4 + random(12);
    at = start + duration + random(2) * random(6);
    return [index < count ? index : random(count), start, duration] as const;
  });
  return { frame: at + random(5), slots };
}

describe('the executable spec', () => {
  it.each(['fp', 'edf', 'table'] as const)(
    'never keeps a ready virtual CPU waiting for longer than its bound under %s',
    (policy) => {
      const random = createRandom(11);
      let close = 0;
      let compared = 0;
      for (let run = 0; run < 60; run += 1) {
        const section = random(3) * random(3);
        const members = createMembers(random, policy, section);
        const contextSwitch = random(3);
        const overheads = { section, contextSwitch, reload: random(2), timer: random(3) };
        const table = createTable(random, members.length, contextSwitch + overheads.reload);
        const extras = policy === 'table' ? { table } : {};
        const configuration = createExampleCore(members, overheads, policy, extras);
        const plan = createPlan(configuration);
        const worst = runGuests(plan, createSealedMachine(plan), random, 4000);
        for (const { kind, ticks, partition, method } of computeCoreBounds(configuration)) {
          if (kind !== 'delay' || ticks === null) continue;
          const observed = worst[partition] ?? 0;
          expect({ members, overheads, extras, partition, method, observed }).toSatisfy(
            (found: { observed: number }) => found.observed < ticks,
          );
          compared += 1;
          if (observed * 2 > ticks) close += 1;
        }
      }
      console.log(`${policy}: ${compared} bounds, ${close} reached by more than half`);
      expect(close).toBeGreaterThan(compared / 4);
    },
  );
});
