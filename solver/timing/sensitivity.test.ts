import { describe, expect, it } from 'vitest';

import type { StaticConfiguration } from '../../model/configuration.ts';
import type { Nanoseconds } from '../../model/units.ts';
import { computeCoreBounds } from './core-bounds.ts';
import { createExampleCore, type ExampleMember } from './example-core.ts';
import { listCores } from './reservation.ts';
import { changeConfiguration, computeSensitivity, listRequirements } from './sensitivity.ts';

const RTOS: ExampleMember = {
  name: 'rtos',
  share: [1000, 5000],
  priority: 2,
  maxDelay: 4500,
  maxLatency: 4600,
  tasks: [{ name: 'control', wcet: 800, period: 20_000, deadline: 6000, priority: 1 }],
};
const LINUX: ExampleMember = { name: 'linux', share: [4000, 10_000], priority: 1, maxDelay: 9000 };

function setBudget(configuration: StaticConfiguration, partition: number, ticks: number) {
  const budgetNs = (ticks * 1000) as Nanoseconds;
  return changeConfiguration(configuration, [
    { partition, cpuIndex: 0, reservation: { budgetNs } },
  ]);
}

function countBroken(configuration: StaticConfiguration): number {
  return listCores(configuration)
    .flatMap((core) => listRequirements(configuration, core))
    .filter(({ holds }) => !holds).length;
}

describe('sensitivity', () => {
  const configuration = createExampleCore([RTOS, LINUX], { interrupt: 5 });
  const { budgets, requirements } = computeSensitivity(configuration);

  it('says how far each budget can go, and not one tick further', () => {
    expect(countBroken(configuration)).toBe(0);
    expect(budgets).toHaveLength(2);
    for (const { partition, budget, most, least } of budgets) {
      expect(most).toBeGreaterThanOrEqual(budget);
      expect(least).toBeLessThanOrEqual(budget);
      expect(countBroken(setBudget(configuration, partition, most))).toBe(0);
      expect(countBroken(setBudget(configuration, partition, least))).toBe(0);
      expect(countBroken(setBudget(configuration, partition, most + 1))).toBeGreaterThan(0);
      expect(countBroken(setBudget(configuration, partition, least - 1))).toBeGreaterThan(0);
    }
  });

  it('names what breaks', () => {
    const [rtos, linux] = budgets;
    expect(rtos?.breaksBelow.map(({ kind, partition }) => [kind, partition])).toEqual([
      ['deadline', 0],
    ]);
    expect(rtos?.breaksAbove.map(({ partition }) => partition)).toContain(1);
    expect(linux?.breaksAbove.map(({ kind, partition }) => [kind, partition])).toEqual([
      ['budget', 1],
    ]);
  });

  it('says by how much each requirement can be tightened', () => {
    const delay = requirements.find(({ kind, partition }) => kind === 'delay' && partition === 0);
    // P - Q + o + 1 + Z, with o = 4 and Z = 5.
    expect(delay).toMatchObject({ required: 4500, least: 4000 + 4 + 5 + 1, holds: true });
    const tight = (delay?.least ?? 0) * 1000;
    for (const [maxDelayNs, broken] of [
      [tight, 0],
      [tight - 1000, 1],
    ] as const) {
      const changed = changeConfiguration(configuration, [
        { partition: 0, cpuIndex: 0, maxDelayNs: maxDelayNs as Nanoseconds },
      ]);
      expect(countBroken(changed)).toBe(broken);
    }
  });

  it('does not hold what is broken already against a budget', () => {
    const broken = createExampleCore([{ ...RTOS, maxDelay: 10 }, LINUX]);
    const [rtos] = computeSensitivity(broken).budgets;
    expect(rtos?.breaksAbove.map(({ kind }) => kind)).not.toContain('delay');
    expect(rtos?.most).toBeGreaterThan(1000);
  });

  it('leaves the budgets of a table alone', () => {
    const table = { frame: 100, slots: [[0, 0, 40] as const, [1, 50, 20] as const] };
    const members: ExampleMember[] = [
      { name: 'a', share: [40, 100], idle: 'burn', maxDelay: 70 },
      { name: 'b', share: [20, 100], idle: 'burn' },
    ];
    const found = computeSensitivity(createExampleCore(members, {}, 'table', { table }));
    expect(found.budgets).toEqual([]);
    expect(found.requirements[1]).toMatchObject({ kind: 'delay', required: 70, least: 61 });
  });
});

describe('a changed configuration', () => {
  it('has the new numbers, and the one that was given keeps its own', () => {
    const configuration = createExampleCore([RTOS, LINUX]);
    const before = JSON.stringify(configuration);
    const changed = changeConfiguration(configuration, [
      {
        partition: 0,
        cpuIndex: 0,
        reservation: { budgetNs: 2_000_000 as Nanoseconds },
        maxDelayNs: null,
        inContract: true,
      },
    ]);
    expect(JSON.stringify(configuration)).toBe(before);
    expect(changed.partitions[0]?.cpus[0]).toMatchObject({
      inContract: true,
      maxDelayNs: null,
      maxLatencyNs: 4_600_000,
      reservation: { budgetNs: 2_000_000, periodNs: 5_000_000 },
    });
    expect(changed.partitions[1]).toEqual(configuration.partitions[1]);
    expect(computeCoreBounds(changed)[0]?.ticks).toBe(3001);
  });
});
