/** Large file: the large configuration of the rules as files that a user could have written. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import type { Partition, Platform } from '../../model/configuration.ts';
import { formatAddress } from '../../properties/findings.ts';
import { createLargeConfiguration } from '../../properties/rules/large-configuration.ts';

/** Partitions of a large configuration, as the target for `check` has them. */
const PARTITIONS = 64;

/** Writes a configuration with that many memories and its platform; returns its path. */
export function writeLargeFile(folder: string, regions: number): string {
  const { platform, hypervisor, partitions } = createLargeConfiguration({
    partitions: PARTITIONS,
    regions,
  });
  const platformFile = `platform-${regions}.yaml`;
  writeFileSync(join(folder, platformFile), formatPlatform(platform));
  const file = join(folder, `configuration-${regions}.yaml`);
  const lines = [
    'version: 1',
    `platform: ./${platformFile}`,
    'hypervisor:',
    '  memory:',
    ...hypervisor.memory.map((range) => `    - ${formatNamed(range)}`),
    '  overheads: { context-switch: 5us, timer: 2us, interrupt: 2us, longest-section: 20us }',
    'partitions:',
    ...partitions.flatMap((partition) => formatPartition(partition, platform)),
  ];
  writeFileSync(file, `${lines.join('\n')}\n`);
  return file;
}

function formatPlatform(platform: Platform): string {
  const { interrupts, iommu } = platform;
  const lines = [
    `name: ${platform.name}`,
    'cores:',
    ...platform.cores.map(
      ({ id, type, affinity }) => `  - { id: ${id}, type: ${type}, mpidr: ${affinity ?? 0} }`,
    ),
    'memory:',
    ...platform.memory.map((bank) => `  - ${formatNamed(bank)}`),
    'interrupts:',
    `  controller: ${interrupts.kind}`,
    `  distributor: ${formatRange(interrupts.distributor)}`,
    `  redistributors: ${formatRange(interrupts.redistributors)}`,
    `  spi: { first: ${interrupts.spiFirst}, count: ${interrupts.spiCount} }`,
    `  list-registers: ${interrupts.listRegisters}`,
    iommu === null
      ? 'iommu: none'
      : `iommu: { kind: ${iommu.kind}, base: ${formatAddress(iommu.base)}, ` +
        `size: ${formatAddress(iommu.size)}, stream-id-bits: ${iommu.streamIdBits}, irqs: [] }`,
    'timer: { frequency: 62.5MHz }',
    'devices:',
    ...platform.devices.map(
      ({ name, mmio, irqs, streams }) =>
        `  - { name: ${name}, mmio: [${mmio.map(formatRange).join(', ')}], ` +
        `irqs: [${irqs.join(', ')}], streams: [${streams.join(', ')}] }`,
    ),
  ];
  return `${lines.join('\n')}\n`;
}

function formatPartition(partition: Partition, platform: Platform): string[] {
  const devices = partition.devices.map(({ device }) => platform.devices[device]?.name ?? '');
  return [
    `  - name: ${partition.name}`,
    `    vmid: ${partition.vmid}`,
    `    cpus: [${partition.cpus.map(({ core }) => `{ core: ${core} }`).join(', ')}]`,
    `    devices: [${devices.join(', ')}]`,
    `    entry: ${formatAddress(partition.entry)}`,
    '    memory:',
    ...partition.memory.map(
      ({ name, ipa, pa, size }) =>
        `      - { name: ${name}, ipa: ${formatAddress(ipa)}, pa: ${formatAddress(pa)}, ` +
        `size: ${size / 1024}KiB, access: rwx }`,
    ),
  ];
}

function formatRange({ base, size }: { readonly base: number; readonly size: number }): string {
  return `{ base: ${formatAddress(base)}, size: ${formatAddress(size)} }`;
}

function formatNamed(range: {
  readonly name: string;
  readonly base: number;
  readonly size: number;
}): string {
  const { name, base, size } = range;
  return `{ name: ${name}, base: ${formatAddress(base)}, size: ${formatAddress(size)} }`;
}
