import { join } from 'node:path';

import { describe, expect, test } from 'vitest';

import { readConfiguration } from '../../formats/read.ts';
import type { StaticConfiguration } from '../../model/configuration.ts';
import type { CoreId, Nanoseconds } from '../../model/units.ts';
import type { CoreBound } from '../timing/certificate-types.ts';
import { computeCoreBounds } from '../timing/core-bounds.ts';
import { createTheatre, findWitness, type Witness } from './construct.ts';
import { replayWait } from './replay.ts';

const ROOT = join(import.meta.dirname, '..', '..');

function read(name: string): StaticConfiguration {
  const result = readConfiguration(join(ROOT, 'configs', name));
  if (result.kind !== 'ok') throw new Error(`${name} is valid`);
  return result.loaded.configuration;
}

/** Every bound of a configuration with its witness. */
function listWitnesses(
  configuration: StaticConfiguration,
): { readonly bound: CoreBound; readonly witness: Witness | null }[] {
  const theatre = createTheatre(configuration);
  return computeCoreBounds(configuration).map((bound) => ({
    bound,
    witness: findWitness(theatre, bound),
  }));
}

describe.each(['qemu-virt.yaml', 'imx95.yaml'])('every bound of %s', (name) => {
  const configuration = read(name);
  const withEl2 = new Set(configuration.platform.cores.flatMap(({ id, el2 }) => (el2 ? [id] : [])));
  const all = listWitnesses(configuration).filter(({ bound }) => withEl2.has(bound.core));

  test('has a run of the spec that comes within one tick of it and never exceeds it', () => {
    expect(all.length).toBeGreaterThan(12);
    for (const { bound, witness } of all) {
      expect(bound.ticks, bound.kind).not.toBeNull();
      expect(witness?.ticks, bound.kind).toBeLessThanOrEqual(bound.ticks ?? 0);
      expect(witness?.ticks, bound.kind).toBeGreaterThanOrEqual((bound.ticks ?? 0) - 1);
    }
  });

  test('has a run whose last tick matters: one action less shows a shorter wait', () => {
    const theatre = createTheatre(configuration);
    for (const { bound, witness } of all.filter(({ bound: { kind } }) => kind === 'delay')) {
      if (witness === null) continue;
      const core = configuration.platform.cores.findIndex(({ id }) => id === bound.core);
      const stage = theatre.stageOf(core);
      const resident = (stage.plan.cores[core]?.residents ?? []).findIndex(
        ({ partition, vcpu }) => partition === bound.partition && vcpu === bound.cpuIndex,
      );
      const question = { resident, kind: bound.kind, demand: bound.demand };
      const shorter = replayWait(stage, witness.actions.slice(0, -1), question);
      expect(shorter.wait?.ticks ?? 0).toBeLessThan(witness.ticks);
      expect(replayWait(stage, witness.actions, question).wait?.ticks).toBe(witness.ticks);
    }
  });
});

describe('a table', () => {
  test('has runs that come within one tick of its bounds where nobody uses slack', () => {
    const rtos = listWitnesses(read('rejected/good-table.yaml')).filter(
      ({ bound }) => bound.partition === 1 && bound.core === 2 && bound.kind === 'delay',
    );
    expect(rtos).toHaveLength(1);
    for (const { bound, witness } of rtos) {
      expect((bound.ticks ?? 0) - (witness?.ticks ?? 0)).toBeLessThanOrEqual(1);
      expect(witness?.ticks).toBeLessThanOrEqual(bound.ticks ?? 0);
    }
  });
});

const MS = 1_000_000;

function ns(ticks: number): Nanoseconds {
  return (ticks * MS) as Nanoseconds;
}

/** A board of one shared core at 1 kHz: a tick is a millisecond. */
function createSmall(draw: (from: number, to: number) => number): StaticConfiguration {
  const base = read('qemu-virt.yaml');
  const count = draw(1, 2);
  return {
    ...base,
    platform: { ...base.platform, timerHz: 1000 },
    hypervisor: {
      ...base.hypervisor,
      overheads: {
        contextSwitchNs: ns(draw(0, 2)),
        reloadNs: ns(0),
        timerNs: ns(draw(0, 1)),
        interruptNs: ns(draw(0, 1)),
        longestSectionNs: ns(draw(0, 3)),
      },
    },
    channels: [],
    partitions: base.partitions.slice(0, count).map((partition, index) => {
      const period = draw(12, 40);
      const budget = draw(8, Math.max(8, Math.floor(period / count)));
      return {
        ...partition,
        tasks: [],
        cpus: [
          {
            core: 2 as CoreId,
            reservation: {
              budgetNs: ns(budget),
              periodNs: ns(period),
              phaseNs: ns(draw(0, period - budget)),
              priority: 10 - index,
              idle: (['keep', 'keep', 'burn', 'poll'] as const)[draw(0, 3)] ?? 'keep',
              slack: draw(0, 5) === 0,
            },
            maxDelayNs: null,
            maxLatencyNs: null,
            inContract: false,
            taskPolicy: 'fp',
          },
        ],
      };
    }),
  };
}

describe('bounds of random cores', () => {
  test('are exceeded by no witness, whatever the idle policies are', () => {
    let state = 4;
    const draw = (from: number, to: number): number => {
      state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
      return from + (Math.floor(state / 65_536) % (to - from + 1));
    };
    let compared = 0;
    for (let round = 0; round < 30; round += 1) {
      for (const { bound, witness } of listWitnesses(createSmall(draw))) {
        if (bound.ticks === null || witness === null) continue;
        compared += 1;
        expect(witness.ticks, JSON.stringify(bound)).toBeLessThanOrEqual(bound.ticks);
      }
    }
    expect(compared).toBeGreaterThan(100);
  });
});
