import { readFileSync } from 'node:fs';

import { describe, expect, it } from 'vitest';

import type { PlatformDescription } from '../formats/device-tree/description.ts';
import { readDeviceTree } from '../formats/device-tree/fdt.ts';
import { platformFromDeviceTree } from '../formats/device-tree/platform.ts';
import { isOverlapping } from '../model/units.ts';
import { getCell, parseIntIds, parseStreamIds, readFacts } from './facts.ts';
import { generatePlatforms } from './generate.ts';
import { describeImx95 } from './imx95.ts';
import { describeQemuVirt } from './qemu-virt.ts';

const imx95 = describeImx95();
const virt = describeQemuVirt();

describe('platform files', () => {
  it.each(generatePlatforms())('$file is what the fact tables give', ({ file, text }) => {
    const committed = readFileSync(new URL(file, import.meta.url), 'utf8');
    expect(committed.replaceAll('\r\n', '\n')).toBe(text);
  });

  it.each([imx95, virt])('$name names each device, range and core once', (platform) => {
    for (const list of [platform.devices, platform.memory, platform.reserved]) {
      const names = list.map(({ name }) => name);
      expect(new Set(names).size).toBe(names.length);
    }
    expect(new Set(platform.cores.map(({ id }) => id)).size).toBe(platform.cores.length);
  });

  it.each([imx95, virt])('$name gives each line and each stream to one device', (platform) => {
    const lines = platform.devices.flatMap(({ irqs }) => irqs);
    expect(findRepeated(lines)).toEqual([]);
    expect(findRepeated(platform.devices.flatMap(({ streams }) => streams))).toEqual([]);
    const modes = platform.devices.filter(({ name }) => !name.endsWith('-ep'));
    expect(findRepeated(modes.flatMap(({ itsDeviceIds }) => itsDeviceIds))).toEqual([]);
  });

  it.each([imx95, virt])('$name says of every device where it is from', (platform) => {
    for (const { name, source } of platform.devices) {
      expect(source, name).toMatch(/\w/);
    }
  });

  it.each([imx95, virt])(
    '$name has no two devices on the same bytes but modes of one',
    (platform) => {
      expect(findOverlappingDevices(platform)).toEqual(
        platform.name === 'imx95' ? ['pcie0 pcie0-ep', 'pcie1 pcie1-ep'] : [],
      );
    },
  );
});

describe('platform imx95', () => {
  it('accounts for every row of the fact table that has a line or a stream', () => {
    const known = new Set([
      ...imx95.devices.flatMap(({ irqs }) => irqs),
      ...(imx95.iommu?.irqs ?? []),
    ]);
    const streams = new Set(imx95.devices.flatMap((device) => device.streams));
    for (const row of readFacts('imx95-devices.tsv')) {
      if (getCell(row, 'name').startsWith('ppi.')) continue;
      for (const irq of parseIntIds(getCell(row, 'gic_intid'))) expect(known).toContain(irq);
      for (const { id } of parseStreamIds(getCell(row, 'stream_ids'))) {
        expect(streams).toContain(id);
      }
    }
  });

  it('holds all six A55 by Aff1, the M7 without EL2 and the M33 as firmware', () => {
    expect(imx95.cores.map(({ mpidr }) => mpidr)).toEqual([
      0x000,
      0x100,
      0x200,
      0x300,
      0x400,
      0x500,
      null,
      null,
    ]);
    expect(imx95.cores[6]).toMatchObject({ type: 'cortex-m7', el2: false, firmware: false });
    expect(imx95.cores[7]).toMatchObject({ type: 'cortex-m33', el2: false, firmware: true });
  });

  it('keeps the ITS DeviceID apart from the StreamID', () => {
    const pcie1 = imx95.devices.find(({ name }) => name === 'pcie1');
    expect(pcie1?.streams[0]).toBe(0x18);
    expect(pcie1?.itsDeviceIds[0]).toBe(0x98);
  });

  it('gives the PCIe hosts the four lines of their slots besides their own', () => {
    const irqs = imx95.devices
      .filter(({ name }) => /^pcie[01]$/.test(name))
      .map((host) => host.irqs);
    expect(irqs).toEqual([
      [342, 338, 339, 340, 341],
      [348, 344, 345, 346, 347],
    ]);
  });

  it('merges the windows of USB3 into one device', () => {
    const usb3 = imx95.devices.find(({ name }) => name === 'usb3');
    expect(usb3?.mmio.map(({ base }) => base)).toEqual([
      0x4c010010, 0x4c100000, 0x4c1f0000, 0x4c1f0040, 0x4c1fc000,
    ]);
  });
});

describe('platform qemu-virt', () => {
  const blob = readFileSync(
    new URL('../formats/device-tree/fixtures/qemu-virt.dtb', import.meta.url),
  );
  const read = readDeviceTree(blob);
  if (read.kind === 'invalid') throw new Error(read.message);
  const dumped = platformFromDeviceTree(read.root, read.reservations);
  if (dumped.kind === 'invalid') throw new Error(dumped.message);
  const { platform } = dumped;

  it('agrees with the device tree that QEMU dumps on cores, memory, GIC and SMMU', () => {
    expect(virt.cores.map(({ mpidr }) => mpidr)).toEqual(platform.cores.map(({ mpidr }) => mpidr));
    expect(virt.memory).toMatchObject(
      platform.memory.map(({ name, base, size }) => ({ name, base, size })),
    );
    const { distributor, redistributors, its, reservedIrqs } = platform.interrupts;
    expect(virt.interrupts).toMatchObject({ distributor, redistributors, its, reservedIrqs });
    const { base, size, irqs } = platform.iommu ?? { base: 0, size: 0, irqs: [] };
    expect(virt.iommu).toMatchObject({ base, size, irqs });
  });

  it('agrees with it on the windows and lines of every device but the PCI host', () => {
    const ours = new Set(describeDevices(virt));
    // One flash node has two banks, which are two devices here, and neither has a line.
    const theirs = describeDevices({
      ...platform,
      devices: platform.devices.filter(({ source }) => source?.startsWith('/pcie@') === false),
    });
    expect(theirs.length).toBeGreaterThan(35);
    expect(theirs.filter((line) => !ours.has(line))).toEqual([]);
  });
});

/**
 * Each window with the lines of its device: what two descriptions of one device share, whatever its
 * name.
 */
function describeDevices(from: PlatformDescription): string[] {
  return from.devices.flatMap(({ mmio, irqs }) =>
    mmio.map(({ base, size }) => `${base.toString(16)} ${size} ${irqs.join()}`),
  );
}

function findRepeated(values: readonly number[]): number[] {
  return values.filter((value, index) => values.indexOf(value) !== index);
}

function findOverlappingDevices(platform: PlatformDescription): string[] {
  const pairs = new Set<string>();
  for (const [index, a] of platform.devices.entries()) {
    for (const b of platform.devices.slice(index + 1)) {
      if (a.mmio.some((x) => b.mmio.some((y) => isOverlapping(x, y)))) {
        pairs.add([a.name, b.name].sort().join(' '));
      }
    }
  }
  return [...pairs].sort();
}
