import { fileURLToPath } from 'node:url';

import { describe, expect, it } from 'vitest';

import { readConfiguration } from '../formats/read.ts';
import { listRegions } from '../model/regions.ts';
import type { Partition, StaticConfiguration } from '../model/configuration.ts';
import { type ByteRange, computeEnd, isContained, isOverlapping } from '../model/units.ts';
import { checkConfiguration } from '../properties/rules/check.ts';
import { computeBounds, computeTaskBounds } from '../solver/timing/bounds.ts';

function load(name: string): StaticConfiguration {
  const result = readConfiguration(fileURLToPath(new URL(name, import.meta.url)));
  if (result.kind === 'invalid') {
    throw new Error(result.diagnostics.map(({ message }) => message).join('\n'));
  }
  expect(result.loaded.warnings).toEqual([]);
  return result.loaded.configuration;
}

const virt = load('qemu-virt.yaml');
const imx95 = load('imx95.yaml');
const both = [
  { name: 'qemu-virt.yaml', configuration: virt },
  { name: 'imx95.yaml', configuration: imx95 },
];

describe('shipped configurations', () => {
  it.each(both)('$name breaks no rule and raises no warning', ({ configuration }) => {
    expect(checkConfiguration(configuration)).toEqual([]);
  });

  it.each(both)(
    '$name requires a delay of every share of a core, and it is met',
    ({ configuration }) => {
      const shares = computeBounds(configuration).filter(({ policy }) => policy !== 'whole-core');
      expect(shares.map(({ partition }) => partition)).toEqual(['linux', 'rtos']);
      for (const { verdict, boundTicks, requiredTicks } of shares) {
        expect(verdict).toBe('holds');
        // A margin, but none that would hide a bound twice as large.
        expect(boundTicks).toBeGreaterThan((requiredTicks ?? 0) / 2);
      }
    },
  );

  it.each(both)('$name has tasks that meet their deadlines', ({ configuration }) => {
    const bounds = computeTaskBounds(configuration);
    expect(bounds.map(({ verdict }) => verdict)).toEqual(['holds', 'holds']);
  });

  it.each(both)('$name has bus masters behind the SMMU on both sides', ({ configuration }) => {
    const countStreams = ({ devices }: Partition): number =>
      devices.flatMap(({ device }) => configuration.platform.devices[device]?.streams ?? []).length;
    const [linux, rtos] = configuration.partitions;
    expect(linux === undefined ? 0 : countStreams(linux)).toBeGreaterThan(0);
    expect(rtos === undefined ? 0 : countStreams(rtos)).toBeGreaterThan(0);
  });
});

describe('configuration of the i.MX95', () => {
  it('gives the M7 memory where it is or where the core sees it', () => {
    const freertos = imx95.partitions.find(({ name }) => name === 'freertos');
    const aliases = imx95.platform.cores.find(({ type }) => type === 'cortex-m7')?.aliases ?? [];
    for (const { ipa, pa, size } of freertos?.memory ?? []) {
      const isAliased = aliases.some((alias) => alias.local === ipa && alias.base === pa);
      expect(isAliased || Number(ipa) === Number(pa), `${ipa} ${size}`).toBe(true);
    }
  });

  it('puts rpmsg into the window that both boot chains share', () => {
    const rpmsg = imx95.channels.find(({ name }) => name === 'rpmsg');
    expect(
      rpmsg === undefined
        ? null
        : { base: Number(rpmsg.pa), end: computeEnd({ base: rpmsg.pa, size: rpmsg.size }) },
    ).toEqual({
      base: 0x88000000,
      end: 0x88400000,
    });
  });

  it('shares no firewall granule between the M7 and anybody else', () => {
    const m7 = imx95.partitions.findIndex(({ name }) => name === 'freertos');
    const regions = listRegions(imx95).filter((region) => region.class !== 'channel');
    const windows = imx95.platform.firewall?.windows ?? [];
    const granted = windows.flatMap(({ base, size, granule }) =>
      regions
        .filter((region) => isContained(region, { base, size }))
        .map((region) => ({ ...region, ...widenToGranules(region, granule) })),
    );
    const own = granted.filter(({ owner }) => owner === m7);
    const foreign = granted.filter(({ owner }) => owner !== m7);
    expect(own.length).toBeGreaterThanOrEqual(7);
    expect(own.filter((a) => foreign.some((b) => isOverlapping(a, b)))).toEqual([]);
  });
});

/** Smallest range of whole granules that covers a range. */
function widenToGranules({ base, size }: ByteRange, granule: number): ByteRange {
  const first = Math.floor(base / granule) * granule;
  return { base: first, size: Math.ceil((base + size) / granule) * granule - first };
}
