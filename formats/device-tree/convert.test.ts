import { readFileSync } from 'node:fs';

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { parsePlatformText } from '../haven-yaml/platform-file.ts';
import { convertDeviceTree } from './convert.ts';
import type { DescribedDevice, PlatformDescription } from './description.ts';
import { readDeviceTree } from './fdt.ts';
import { type DeviceTreeOptions, platformFromDeviceTree } from './platform.ts';

function convert(
  fixture: string,
  options: DeviceTreeOptions = {},
): { platform: PlatformDescription; warnings: string[] } {
  const read = readDeviceTree(readFileSync(new URL(`fixtures/${fixture}`, import.meta.url)));
  if (read.kind === 'invalid') throw new Error(read.message);
  const result = platformFromDeviceTree(read.root, read.reservations, options);
  if (result.kind === 'invalid') throw new Error(result.message);
  return result;
}

const { platform: board, warnings } = convert('board.dtb');

function getDevice(name: string): DescribedDevice | undefined {
  return board.devices.find((device) => device.name === name);
}

describe('platformFromDeviceTree', () => {
  it('takes affinities from /cpus and skips what is no processor there', () => {
    expect(board.cores.map(({ id, type, mpidr }) => [id, type, mpidr])).toEqual([
      [0, 'cortex-a55', 0x0],
      [1, 'cortex-a55', 0x100],
    ]);
  });

  it('takes banks and reserved ranges, from nodes and from the reservation block', () => {
    expect(board.memory).toMatchObject([
      { name: 'dram0', base: 0x80000000, size: 2 ** 30 },
      { name: 'dram1', base: 0x100000000, size: 2 ** 31 },
    ]);
    expect(board.reserved).toMatchObject([
      { base: 0x80000000, size: 0x100000 },
      { name: 'optee', base: 0x8a000000, size: 0x2000000 },
      { name: 'optee-1', base: 0x8e000000, size: 0x200000 },
    ]);
  });

  it('takes the GIC with its ITS, and keeps further frames from every partition', () => {
    expect(board.interrupts).toMatchObject({
      distributor: { base: 0x48000000, size: 0x10000 },
      redistributors: { base: 0x48060000, size: 0x40000 },
      its: { base: 0x48040000, size: 0x20000 },
      reservedIrqs: [25, 26],
    });
    expect(getDevice('gic')).toMatchObject({ firmware: true, mmio: [{ base: 0x48200000 }] });
    expect(getDevice('msi-controller-48140000')).toMatchObject({ firmware: true });
  });

  it('makes the SPIs cover the highest line in the tree, in steps of 32', () => {
    expect(board.interrupts.spiCount).toBe(352);
    expect(convert('board.dtb', { spiCount: 384 }).platform.interrupts.spiCount).toBe(384);
  });

  it('takes the SMMU with its lines, each once', () => {
    expect(board.iommu).toMatchObject({ base: 0x490d0000, size: 0x100000, irqs: [357, 360] });
  });

  it('carries windows through ranges to the address that the CPU uses', () => {
    expect(getDevice('uart1')).toMatchObject({
      mmio: [{ base: 0x40380000, size: 0x1000 }],
      irqs: [51],
      dma: false,
    });
  });

  it('takes streams and DeviceIDs from iommus, iommu-map and msi-map', () => {
    expect(getDevice('mmc')).toMatchObject({ streams: [1], dma: true });
    expect(getDevice('pcie')).toMatchObject({
      streams: [0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17],
      itsDeviceIds: [0x90, 0x91, 0x92, 0x93, 0x94, 0x95, 0x96, 0x97],
      irqs: [342, 338, 339],
    });
  });

  it('follows a line through the interrupt map of a bus and reports one that it lacks', () => {
    expect(getDevice('rtc')).toMatchObject({ mmio: [{ base: 0x1d001000 }], irqs: [138] });
    expect(getDevice('kmi')).toMatchObject({ mmio: [{ base: 0x1c002000 }], irqs: [] });
    expect(warnings.join('\n')).toContain('/motherboard/kmi@2000: its interrupts cannot be read');
  });

  it('gives a PCI host the CPU side of its ranges', () => {
    expect(getDevice('pcie')?.mmio).toEqual([
      { base: 0x4c300000, size: 0x10000 },
      { base: 0x6ff00000, size: 0x100000 },
      { base: 0x910000000, size: 0x10000000 },
    ]);
  });

  it('reports a map too large to be functions instead of inventing 65536 streams', () => {
    expect(getDevice('bus')).toMatchObject({ streams: [], dma: true });
    expect(warnings.join('\n')).toContain('/bus@60000000: iommu-map covers 65536 requesters');
  });

  it('marks what only firmware may use', () => {
    expect(getDevice('secure-timer')?.firmware).toBe(true);
    expect(getDevice('power')?.firmware).toBe(true);
    expect(getDevice('serial-390000')?.firmware).toBe(false);
  });

  it.each([
    '/soc/serial@390000: its line into /soc/interrupt-controller@b0000',
    '/soc/dma-controller@210000: 1 of 2 windows',
    '/soc/watchdog@2d0000: its line into a private',
    'such as /soc/i2c@530000/eeprom@50',
    '/reserved-memory/linux,cma: no fixed address',
    '/psci: called by hvc',
    '/cpus/cpu@200: the tree says that the core failed',
    'redistributors in 2 regions',
    'the tree disables the SMMU',
    'a second arm,gic-v3-its',
    'buses are no devices, only what lies on them is: /soc;',
  ])('reports what it cannot describe: %s', (text) => {
    expect(warnings.join('\n')).toContain(text);
  });

  it('takes the frequency from the caller or the tree, else assumes and reports it', () => {
    expect(board.timerHz).toBe(24_000_000);
    expect(convert('qemu-virt.dtb', { timerHz: 1_000_000_000 }).platform.timerHz).toBe(1e9);
    const assumed = convert('qemu-virt.dtb');
    expect(assumed.platform.timerHz).toBe(62_500_000);
    expect(assumed.warnings.join('\n')).toContain('62.5 MHz is assumed');
  });
});

describe('convertDeviceTree', () => {
  it('prints the description with its warnings as comments', () => {
    const blob = readFileSync(new URL('fixtures/board.dtb', import.meta.url));
    const result = convertDeviceTree(blob, { file: 'board.dtb', name: 'mine' });
    if (result.kind === 'invalid') throw new Error(result.message);
    expect(result.yaml).toContain('# Made from the device tree board.dtb');
    expect(result.yaml).toContain('# - /psci: called by hvc');
    expect(result.yaml).toContain('name: mine\n');
    expect(result.yaml).toContain('mmio: [ { base: 0x40380000, size: 4KiB } ]');
  });

  it.each(['board.dtb', 'qemu-virt.dtb'])(
    '%s becomes a file that reads back without a word',
    (name) => {
      const blob = readFileSync(new URL(`fixtures/${name}`, import.meta.url));
      const result = convertDeviceTree(blob);
      const reading = parsePlatformText(result.kind === 'ok' ? result.yaml : '', name);
      expect(reading.diagnostics).toEqual([]);
      expect(reading.platform?.devices.map((device) => device.name)).toEqual(
        convert(name).platform.devices.map((device) => device.name),
      );
    },
  );

  it('makes a name of whatever the tree calls a core', () => {
    const blob = Uint8Array.from(readFileSync(new URL('fixtures/board.dtb', import.meta.url)));
    blob[Buffer.from(blob).indexOf('arm,cortex-a55') + 6] = 0xff;
    const result = convertDeviceTree(blob);
    expect(result.kind === 'ok' ? result.yaml : '').toContain('type: co-tex-a55');
  });

  it('never prints a file that cannot be read back, whatever the blob says', () => {
    const blob = readFileSync(new URL('fixtures/board.dtb', import.meta.url));
    const mutation = fc.record({ offset: fc.nat(blob.length - 1), value: fc.nat(255) });
    let converted = 0;
    fc.assert(
      fc.property(fc.array(mutation, { minLength: 1, maxLength: 6 }), (mutations) => {
        const bytes = Uint8Array.from(blob);
        for (const { offset, value } of mutations) bytes[offset] = value;
        const result = convertDeviceTree(bytes);
        if (result.kind === 'invalid') return;
        converted += 1;
        expect(parsePlatformText(result.yaml, 'mutated').diagnostics).toEqual([]);
      }),
      { numRuns: 300, seed: 1 },
    );
    expect(converted).toBeGreaterThan(50);
  });

  it('leaves the banks to the user where the boot loader fills in their size', () => {
    const blob = Uint8Array.from(readFileSync(new URL('fixtures/board.dtb', import.meta.url)));
    // device_type of the only memory node: m becomes n, so that none is left.
    const at = Buffer.from(blob).indexOf(
      'memory\0',
      Buffer.from(blob).indexOf('memory@80000000') + 15,
    );
    blob[at] = 'n'.charCodeAt(0);
    const result = convertDeviceTree(blob);
    expect(result).toMatchObject({ kind: 'ok', yaml: expect.stringContaining('memory: []') });
    expect(result.kind === 'ok' ? result.warnings.join('\n') : '').toContain('add the banks');
  });

  it('refuses a tree without GICv3 and says so', () => {
    const blob = Uint8Array.from(readFileSync(new URL('fixtures/board.dtb', import.meta.url)));
    const at = Buffer.from(blob).indexOf('arm,gic-v3\0');
    blob[at + 9] = '2'.charCodeAt(0);
    expect(convertDeviceTree(blob)).toMatchObject({
      kind: 'invalid',
      message: expect.stringContaining('GICv3'),
    });
  });
});
