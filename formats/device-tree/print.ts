/**
 * Prints a platform description as a platform file: addresses in hexadecimal, sizes in binary
 * units.
 */

import { Document, isMap, isScalar, isSeq, Scalar, type YAMLMap } from 'yaml';

import type { ByteRange } from '../../model/units.ts';
import type {
  DescribedCore,
  DescribedDevice,
  DescribedFirewall,
  DescribedInterrupts,
  DescribedIommu,
  DescribedRange,
  PlatformDescription,
  Sourced,
} from './description.ts';

/** Widest line that a flow collection may make, columns. */
const LINE_WIDTH = 100;

/**
 * The text of a platform file that says what the description says; the same input gives the same
 * text.
 */
export function printPlatform(platform: PlatformDescription): string {
  const content = {
    name: platform.name,
    cores: platform.cores.map(describeCore),
    memory: platform.memory.map(describeRange),
    ...(platform.reserved.length > 0 && { reserved: platform.reserved.map(describeRange) }),
    interrupts: describeInterrupts(platform.interrupts),
    iommu: platform.iommu === null ? 'none' : describeIommu(platform.iommu),
    ...(platform.firewall !== null && { firewall: describeFirewall(platform.firewall) }),
    timer: { frequency: formatFrequency(platform.timerHz), source: platform.timerSource },
    devices: platform.devices.map(describeDevice),
  };
  const document = new Document(content);
  if (platform.notes.length > 0) {
    document.commentBefore = platform.notes
      .map((line) => (line === '' ? ' ' : ` ${line}`))
      .join('\n');
  }
  const root = document.contents;
  if (isMap(root)) {
    for (const pair of root.items.slice(1)) {
      if (isScalar(pair.key)) pair.key.spaceBefore = true;
    }
    for (const pair of root.items) layOut(pair.value, true);
  }
  return document.toString({
    lineWidth: LINE_WIDTH,
    minContentWidth: 0,
    flowCollectionPadding: true,
  });
}

/**
 * Named entries stand in blocks; a range or a list of numbers, which has no name, takes one line.
 */
function layOut(node: unknown, isTop: boolean): void {
  if (isSeq(node)) {
    node.flow = !node.items.some((item) => isMap(item) && isNamed(item));
    for (const item of node.items) layOut(item, false);
  } else if (isMap(node)) {
    node.flow = !isTop && !isNamed(node);
    for (const pair of node.items) layOut(pair.value, false);
  }
}

function isNamed(map: YAMLMap): boolean {
  return map.has('name') || map.has('id');
}

function describeCore(core: DescribedCore): object {
  return {
    id: core.id,
    type: core.type,
    ...(core.mpidr !== null && { mpidr: hexadecimal(core.mpidr) }),
    ...(!core.el2 && { el2: false }),
    ...(core.firmware && { firmware: true }),
    ...(core.aliases.length > 0 && {
      aliases: core.aliases.map((alias) => ({
        local: hexadecimal(alias.local),
        ...describeBytes(alias),
      })),
    }),
    ...describeSource(core),
  };
}

function describeRange(range: DescribedRange): object {
  return { name: range.name, ...describeBytes(range), ...describeSource(range) };
}

function describeInterrupts(interrupts: DescribedInterrupts): object {
  return {
    controller: 'gic-v3',
    distributor: describeBytes(interrupts.distributor),
    redistributors: describeBytes(interrupts.redistributors),
    ...(interrupts.its !== null && { its: describeBytes(interrupts.its) }),
    spi: { first: interrupts.spiFirst, count: interrupts.spiCount },
    'list-registers': interrupts.listRegisters,
    ...(interrupts.reservedIrqs.length > 0 && { 'reserved-irqs': interrupts.reservedIrqs }),
    ...describeSource(interrupts),
  };
}

function describeIommu(iommu: DescribedIommu): object {
  return {
    kind: 'smmu-v3',
    ...describeBytes(iommu),
    'stream-id-bits': iommu.streamIdBits,
    irqs: iommu.irqs,
    ...describeSource(iommu),
  };
}

function describeFirewall(firewall: DescribedFirewall): object {
  return {
    kind: 'trdc',
    managers: firewall.managers.map(describeRange),
    windows: firewall.windows.map((window) => ({
      name: window.name,
      ...describeBytes(window),
      granule: formatSize(window.granule),
      ...(window.regions !== null && { regions: window.regions }),
      ...describeSource(window),
    })),
    ...describeSource(firewall),
  };
}

function describeDevice(device: DescribedDevice): object {
  return {
    name: device.name,
    mmio: device.mmio.map(describeBytes),
    ...(device.irqs.length > 0 && { irqs: device.irqs }),
    ...(device.streams.length > 0 && { streams: device.streams.map(hexadecimal) }),
    ...(device.itsDeviceIds.length > 0 && {
      'its-device-ids': device.itsDeviceIds.map(hexadecimal),
    }),
    // A device with streams masters the bus anyway; saying so again would only be noise.
    ...(device.dma !== device.streams.length > 0 && { dma: device.dma }),
    ...(device.firmware && { firmware: true }),
    ...describeSource(device),
  };
}

function describeBytes(range: ByteRange): { base: Scalar; size: string | number } {
  return { base: hexadecimal(range.base), size: formatSize(range.size) };
}

function describeSource(entry: Sourced): { source?: string } {
  return entry.source === undefined ? {} : { source: entry.source };
}

function hexadecimal(value: number): Scalar {
  const scalar = new Scalar(value);
  scalar.format = 'HEX';
  return scalar;
}

/**
 * Bytes as a platform file states them: in the largest binary unit that divides them, else plain.
 */
export function formatSize(bytes: number): string | number {
  for (const [unit, name] of [
    [2 ** 30, 'GiB'],
    [2 ** 20, 'MiB'],
    [2 ** 10, 'KiB'],
  ] as const) {
    if (bytes >= unit && bytes % unit === 0) return `${bytes / unit}${name}`;
  }
  return bytes;
}

/** Hertz as a platform file states them; below 1 kHz resolution plain hertz. */
export function formatFrequency(hertz: number): string {
  if (hertz % 1_000 !== 0) return `${hertz}Hz`;
  return hertz >= 1_000_000 ? `${hertz / 1_000_000}MHz` : `${hertz / 1_000}kHz`;
}
