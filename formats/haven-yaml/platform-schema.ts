/**
 * Schema of the platform file: facts of a board.
 *
 * The reader, the JSON Schema for editors and the reference page all come from here.
 */

import * as z from 'zod';

import {
  address,
  affinity,
  frequency,
  integer,
  intId,
  lineCount,
  name,
  registersSize,
  size,
  source,
  streamIdBits,
  withDefault,
} from './scalars.ts';

const range = z.strictObject({
  base: address.describe('Physical address of the first byte.'),
  size: size.describe('Length in bytes.'),
  source,
});

const namedRange = z.strictObject({
  name: name.describe('Name of the range, unique in its list.'),
  base: address.describe('Physical address of the first byte.'),
  size: size.describe('Length in bytes.'),
  source,
});

const registers = z.strictObject({
  base: address.describe('Physical address of the first byte.'),
  size: registersSize.describe('Length in bytes.'),
  source,
});

const manager = z.strictObject({
  name: name.describe('Name of the manager, unique in its list.'),
  base: address.describe('Physical address of the first byte.'),
  size: registersSize.describe('Length in bytes.'),
  source,
});

const alias = z.strictObject({
  local: address.describe('First address as the core sees it.'),
  base: address.describe('Physical address of the first byte.'),
  size: size.describe('Length in bytes.'),
  source,
});

const core = z.strictObject({
  id: integer.describe('Number of the core, by which configurations name it.'),
  type: name.describe('Such as cortex-a55 or cortex-m7.'),
  mpidr: affinity
    .optional()
    .describe('MPIDR_EL1 affinity fields Aff3:Aff2:Aff1:Aff0. Required where the core has EL2.'),
  el2: z
    .boolean()
    .default(true)
    .describe('False: stage 2 cannot hold this core, only a bus firewall can.'),
  aliases: z
    .array(alias)
    .default([])
    .describe('Ranges that the core sees under another address, such as tightly coupled memory.'),
  firmware: z
    .boolean()
    .default(false)
    .describe('The core runs firmware: no partition may name it.'),
  source,
});

const spi = z.strictObject({
  first: withDefault(intId.describe('First SPI.'), 32, 32),
  count: lineCount.describe('Number of SPIs.'),
  source,
});

const interrupts = z.strictObject({
  controller: z.enum(['gic-v3']).describe('Kind of the interrupt controller.'),
  distributor: registers.describe('Registers of the distributor.'),
  redistributors: registers.describe('All redistributor frames, 128 KiB per core.'),
  its: registers.optional().describe('Interrupt translation service: control and doorbell page.'),
  spi: spi.describe('Shared peripheral interrupts: INTIDs from first, count of them.'),
  'list-registers': withDefault(lineCount.describe('List registers per core, 1 to 16.'), 4, 4),
  'reserved-irqs': z
    .array(intId)
    .default([])
    .describe('INTIDs that the hypervisor keeps for itself, beyond the SMMU’s.'),
  source,
});

const smmu = z.strictObject({
  kind: z.enum(['smmu-v3']).describe('Kind of the IOMMU.'),
  base: address.describe('Physical address of its registers.'),
  size: registersSize.describe('Length of its registers.'),
  'stream-id-bits': streamIdBits.describe('Width of a StreamID: they are below 2 to this power.'),
  irqs: z.array(intId).default([]).describe('The SMMU’s own lines: event queue, errors.'),
  source,
});

const firewallWindow = z.strictObject({
  name: name.describe('Name of the window, unique.'),
  base: address.describe('Physical address of the first byte.'),
  size: size.describe('Length in bytes.'),
  granule: size.describe('Smallest unit that can be granted.'),
  regions: integer
    .optional()
    .describe('How many separate grants the window can hold. Default: every granule its own.'),
  source,
});

const firewall = z.strictObject({
  kind: z.enum(['trdc']).describe('Kind of the bus firewall.'),
  managers: z
    .array(manager)
    .default([])
    .describe('Registers of the managers; whoever writes them decides who reaches what.'),
  windows: z
    .array(firewallWindow)
    .default([])
    .describe('Ranges in which the firewall grants access, each in multiples of its granule.'),
  source,
});

const timer = z.strictObject({
  frequency: frequency.describe('Of the generic timer: one tick is its inverse.'),
  source,
});

const device = z.strictObject({
  name: name.describe('Name of the device, by which configurations own it.'),
  mmio: z.array(range).default([]).describe('Its register windows.'),
  irqs: z.array(intId).default([]).describe('INTIDs of its lines.'),
  streams: z.array(integer).default([]).describe('StreamIDs that it emits.'),
  'its-device-ids': z
    .array(integer)
    .default([])
    .describe('ITS DeviceIDs of its message-signalled interrupts; not the StreamIDs.'),
  dma: z
    .boolean()
    .optional()
    .describe('It masters the bus. Default: true where it has streams, else false.'),
  firmware: z.boolean().default(false).describe('Kept by firmware: no partition may own it.'),
  source,
});

/** The whole platform file. */
export const platformSchema = z
  .strictObject({
    $schema: z.string().optional().describe('JSON Schema for editors; not interpreted.'),
    name: name.describe('Name of the platform.'),
    cores: z.array(core).describe('Processing elements.'),
    memory: z.array(namedRange).describe('Banks in which the memory of partitions may lie.'),
    reserved: z
      .array(namedRange)
      .default([])
      .describe('Memory inside the banks that firmware keeps.'),
    interrupts: interrupts.describe('The interrupt controller.'),
    iommu: z
      .union([z.literal('none'), smmu])
      .describe('The SMMU, or none. Without one, no device that masters the bus can be held.'),
    firewall: firewall
      .optional()
      .describe('Bus-level access control for masters outside SMMU and stage 2.'),
    timer: timer.describe('The generic timer.'),
    devices: z.array(device).describe('Devices that a partition may own.'),
    source,
  })
  .meta({ title: 'Haven platform', description: 'Facts of a board that Haven runs on.' });

/** The platform file, checked in shape and units but not in references. */
export type PlatformFile = z.output<typeof platformSchema>;
