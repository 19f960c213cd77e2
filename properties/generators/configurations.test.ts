/**
 * Drawn configurations keep every rule, hold under a short campaign, and have every part that one
 * can have.
 */

import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';

import type { StaticConfiguration } from '../../model/configuration.ts';
import { computePageBase } from '../../model/units.ts';
import { fuzzConfiguration } from '../engine/fuzz.ts';
import { checkConfiguration } from '../rules/check.ts';
import { configurationArbitrary } from './configurations.ts';

const IS_NIGHTLY = process.env['HAVEN_NIGHTLY'] === '1';
const CHECKED = IS_NIGHTLY ? 20_000 : 300;
const FUZZED = IS_NIGHTLY ? 400 : 16;
const TIMEOUT_MS = IS_NIGHTLY ? 1_200_000 : 120_000;

/** Warnings that drawn configurations may have: they are no defects. */
const WARNINGS = ['CPU-BANDWIDTH-UNREGULATED', 'DMA-FIREWALL-ONLY'];

function listCodes(configuration: StaticConfiguration): string[] {
  const codes = checkConfiguration(configuration).map(({ code }) => code);
  return codes.filter((code) => !WARNINGS.includes(code));
}

function isLarge({ partitions }: StaticConfiguration): boolean {
  return partitions.flatMap(({ memory }) => memory).length > 4;
}

describe.each([
  ['any', {}],
  ['complete', { complete: true }],
])('a drawn configuration, %s,', (_, constraints) => {
  property.prop([configurationArbitrary(constraints)], { numRuns: CHECKED, seed: 1 })(
    'breaks no rule',
    (configuration) => {
      expect(listCodes(configuration)).toEqual([]);
    },
    TIMEOUT_MS,
  );

  property.prop([configurationArbitrary(constraints)], { numRuns: FUZZED, seed: 2 })(
    'isolates as far as a short campaign sees',
    async (configuration) => {
      const { failures } = await fuzzConfiguration(configuration, { seed: 1, steps: 2000 });
      expect(failures.map(({ violation }) => violation)).toEqual([]);
    },
    TIMEOUT_MS,
  );

  test('shrinks to one that breaks no rule either', () => {
    const arbitrary = configurationArbitrary(constraints);
    const judged: StaticConfiguration[] = [];
    const { counterexample } = fc.check(
      fc.property(arbitrary, (configuration) => {
        judged.push(configuration);
        return !isLarge(configuration);
      }),
      { numRuns: 100, seed: 3 },
    );
    const [smallest] = counterexample ?? [];
    expect(judged.flatMap(listCodes)).toEqual([]);
    expect(smallest?.partitions.flatMap(({ memory }) => memory).length).toBeLessThan(7);
  });
});

/** Parts of a configuration, and whether one has them. */
const PARTS: Readonly<Record<string, (configuration: StaticConfiguration) => boolean>> = {
  'a core shared by fixed priorities': ({ schedules }) => schedules.some(isPolicy('fp')),
  'a core shared under EDF': ({ schedules }) => schedules.some(isPolicy('edf')),
  'a core with a table': ({ schedules }) => schedules.some(isPolicy('table')),
  'a whole core': (configuration) => listCpus(configuration).some((cpu) => !cpu.reservation),
  'a phase': hasReservation(({ phaseNs }) => phaseNs > 0),
  'a budget that is kept': hasReservation(({ idle }) => idle === 'keep'),
  'a budget that polls': hasReservation(({ idle }) => idle === 'poll'),
  slack: hasReservation(({ slack }) => slack),
  'two devices in one page': ({ platform }) =>
    platform.devices.some((device, index) =>
      device.mmio.some(({ base }) =>
        platform.devices.some(
          (other, at) => at > index && other.mmio.some((window) => isSamePage(window.base, base)),
        ),
      ),
    ),
  'a device with two streams': ({ platform }) =>
    platform.devices.some(({ streams }) => streams.length > 1),
  'a device with events of the ITS': ({ platform }) =>
    platform.devices.some(({ itsDeviceIds }) => itsDeviceIds.length > 0),
  'no SMMU': ({ platform }) => platform.iommu === null,
  'a channel that can be written at both ends': ({ channels }) =>
    channels.some(({ ends }) => ends.every(({ access }) => access.write)),
  'a doorbell': ({ channels }) => channels.some(({ notify }) => notify.length > 0),
  'a core without EL2': (configuration) =>
    listCpus(configuration).some(({ core }) =>
      configuration.platform.cores.some(({ id, el2 }) => id === core && !el2),
    ),
  'an alias': ({ platform }) => platform.cores.some(({ aliases }) => aliases.length > 0),
  'a master that only the firewall holds': ({ platform, partitions }) =>
    partitions.some(({ devices }) =>
      devices.some(({ device }) => {
        const facts = platform.devices[device];
        return facts?.dma === true && facts.streams.length === 0;
      }),
    ),
  bandwidth: ({ bandwidth }) => bandwidth.length > 0,
  'tasks on a shared core of regulated bandwidth': (configuration) =>
    configuration.partitions.some(({ tasks, cpus }) =>
      tasks.some(
        ({ core, accesses }) =>
          accesses > 0 && cpus.some((cpu) => cpu.core === core && cpu.reservation !== null),
      ),
    ),
  'tasks under EDF': ({ partitions }) =>
    partitions.some(({ tasks, cpus }) =>
      tasks.some(({ core }) => cpus.some((cpu) => cpu.core === core && cpu.taskPolicy === 'edf')),
    ),
  'rates of lines': ({ partitions }) => partitions.some((each) => each.interruptRates.length > 0),
  'line 32': hasLine(32),
  'line 63': hasLine(63),
  'line 64': hasLine(64),
  'line 1019': hasLine(1019),
  'two banks that touch': ({ platform }) => platform.memory.length > 1,
  'memory across 32 bits': ({ platform: { memory } }) =>
    (memory[0]?.base ?? 0) < 2 ** 32 && memory.some(({ base, size }) => base + size > 2 ** 32),
  'a page at the end of the IPA space': ({ partitions }) =>
    partitions.some(({ memory }) => memory.some(({ ipa, size }) => ipa + size === 2 ** 39)),
};

function isPolicy(policy: string) {
  return (schedule: StaticConfiguration['schedules'][number]): boolean =>
    schedule.policy === policy;
}

function listCpus({ partitions }: StaticConfiguration) {
  return partitions.flatMap(({ cpus }) => cpus);
}

function hasReservation(
  holds: (reservation: NonNullable<ReturnType<typeof listCpus>[number]['reservation']>) => boolean,
) {
  return (configuration: StaticConfiguration): boolean =>
    listCpus(configuration).some(({ reservation }) => reservation !== null && holds(reservation));
}

function isSamePage(one: number, other: number): boolean {
  return computePageBase(one) === computePageBase(other);
}

function hasLine(line: number) {
  return ({ platform }: StaticConfiguration): boolean =>
    platform.devices.some(({ irqs }) => irqs.some((irq) => irq === line));
}

test('among 300 drawn configurations every part appears, and is missing', () => {
  const drawn = fc.sample(configurationArbitrary(), { numRuns: 300, seed: 4 });
  for (const [part, holds] of Object.entries(PARTS)) {
    expect(drawn.some(holds), part).toBe(true);
    expect(drawn.every(holds), part).toBe(false);
  }
});
