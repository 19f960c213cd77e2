/**
 * Schema of the configuration file: its keys, their kinds, defaults and descriptions.
 *
 * The reader, the JSON Schema for editors and the reference page all come from here.
 */

import * as z from 'zod';

import { access, address, duration, integer, intId, name, size, withDefault } from './scalars.ts';

/** The version of the file format that this reader knows. */
export const FORMAT_VERSION = 1;

const hypervisorMemory = z.strictObject({
  name: name.describe('What the range is for, such as image or tables.'),
  base: address.describe('Physical address of the first byte.'),
  size: size.describe('Length in bytes.'),
});

const overheads = z.strictObject({
  'context-switch': duration.describe('Switching from one partition to another, worst case.'),
  reload: withDefault(
    duration.describe('What whoever is pre-empted loses in caches and TLBs, worst case.'),
    0,
    '0ns',
  ),
  timer: duration.describe('Handling one interrupt of the EL2 timer, worst case.'),
  interrupt: duration.describe('Taking and pending one physical interrupt, worst case.'),
  'longest-section': duration.describe('Longest section that EL2 runs with interrupts masked.'),
});

const hypervisor = z.strictObject({
  memory: z
    .array(hypervisorMemory)
    .describe('Memory that the hypervisor keeps for itself: code, data, stacks, tables.'),
  overheads: overheads.describe('Time that EL2 takes, each a worst case.'),
});

const cpuKeys = z.strictObject({
  core: integer.describe(
    'Core id of the platform. Without a budget or a table the core is the partition’s whole.',
  ),
  budget: duration.optional().describe('Execution time granted in every period.'),
  period: duration.optional().describe('Distance of replenishments. Required with a budget.'),
  phase: withDefault(duration.describe('First replenishment after boot.'), 0, '0ns'),
  priority: integer
    .optional()
    .describe('Larger is more urgent. Required with a budget, except under edf.'),
  idle: z
    .enum(['keep', 'burn', 'poll'])
    .default('keep')
    .describe(
      'Budget while the partition has nothing to run: kept, burnt, or (poll) given up when idle.',
    ),
  slack: z.boolean().default(false).describe('May run uncharged when nobody else is eligible.'),
  'max-delay': duration
    .optional()
    .describe('Required bound: the longest that the virtual CPU may be ready and get nothing.'),
  'max-latency': duration
    .optional()
    .describe('Required bound: from the assertion of a line to the first step of its handler.'),
  'in-contract': z
    .boolean()
    .default(false)
    .describe('Promise: it has budget left whenever one of its lines is asserted.'),
  'tasks-policy': z
    .enum(['fp', 'edf'])
    .default('fp')
    .describe('Order of its own tasks: fixed priority, or earliest deadline first.'),
});

const cpu = cpuKeys.meta({ dependencies: { budget: ['period'], period: ['budget'] } });

const memory = z.strictObject({
  name: name.describe('Name of the region, unique in the partition.'),
  ipa: address.describe('Where the partition sees it: intermediate physical address.'),
  pa: address.describe('Where it is: physical address.'),
  size: size.describe('Length in bytes.'),
  access: access.describe('Rights of the partition.'),
});

const placedDevice = z.strictObject({
  name: name.describe('Name of a device of the platform.'),
  ipa: address
    .optional()
    .describe('Where the first window appears; the others keep their distance. Default: IPA = PA.'),
});

const task = z.strictObject({
  name: name.describe('Name of the task, unique in the partition.'),
  core: integer.describe('Core id; the partition has a virtual CPU there.'),
  wcet: duration.describe('Worst-case execution time.'),
  period: duration.describe('Least distance of two releases.'),
  deadline: duration.describe('Latest completion after the release.'),
  priority: integer
    .optional()
    .describe('Larger is more urgent, within the partition and core. Required, except under edf.'),
  jitter: withDefault(
    duration.describe('Longest from the event that releases it to its release.'),
    0,
    '0ns',
  ),
  blocking: withDefault(
    duration.describe('Longest that less urgent tasks of the partition hold it up.'),
    0,
    '0ns',
  ),
  accesses: withDefault(
    integer.describe('Accesses to memory of one job at most; for cores of regulated bandwidth.'),
    0,
    0,
  ),
});

const interruptRate = z.strictObject({
  irq: intId.describe('INTID of a line that the partition owns.'),
  distance: duration.describe('Shortest between two assertions, as the device promises.'),
  jitter: withDefault(duration.describe('By how much an assertion may be late.'), 0, '0ns'),
});

const partition = z.strictObject({
  name: name.describe('Name of the partition, unique.'),
  vmid: integer.describe('Tag of its stage-2 translations; 0 is the hypervisor’s.'),
  cpus: z.array(cpu).describe('Virtual CPUs, each pinned to a core.'),
  memory: z.array(memory).describe('Memory of the partition.'),
  devices: z
    .array(z.union([name, placedDevice]))
    .default([])
    .describe('Devices of the platform that the partition owns, by name.'),
  entry: address.describe('IPA at which each virtual CPU starts.'),
  tasks: z
    .array(task)
    .default([])
    .describe('Tasks inside the partition, for response-time analysis.'),
  'interrupt-rates': z
    .array(interruptRate)
    .default([])
    .describe('How often lines of the partition are asserted.'),
});

const channelEnd = z.strictObject({
  partition: name.describe('Name of the partition at this end.'),
  ipa: address.describe('Where it sees the channel.'),
  access: access.describe('Its rights.'),
});

const notify = z.strictObject({
  from: name.describe('Name of the partition that rings.'),
  to: name.describe('Name of the partition that is interrupted.'),
  irq: intId.describe('Virtual INTID that the receiver sees, inside the SPI range.'),
});

const channel = z.strictObject({
  name: name.describe('Name of the channel, unique.'),
  pa: address.describe('Physical address of the shared memory.'),
  size: size.describe('Length in bytes.'),
  ends: z.array(channelEnd).describe('Who sees it, where and with which rights.'),
  notify: z.array(notify).default([]).describe('Virtual interrupts that ring the receiver.'),
});

const slot = z.strictObject({
  partition: name.describe('Name of the partition that runs; it has a cpu on the core.'),
  start: duration.describe('From the begin of the frame.'),
  duration: duration.describe('Length of the slot.'),
});

const schedule = z.strictObject({
  core: integer.describe('Core id.'),
  policy: z
    .enum(['fp', 'edf', 'table'])
    .describe(
      'fp: fixed priority, the default. edf: earliest deadline first. table: slots in a frame.',
    ),
  frame: duration
    .optional()
    .describe(
      'Length of the frame, which repeats from boot. Required under table, and only there.',
    ),
  slots: z
    .array(slot)
    .optional()
    .describe('Slots in the order of time. Required under table, and only there.'),
});

const regulation = z.strictObject({
  core: integer.describe('Core id.'),
  accesses: integer.describe('Accesses to memory in each period; the core stalls until the next.'),
  period: duration.describe('Period of the regulation.'),
  'access-min': duration.describe('Shortest time of one access while all cores are regulated.'),
  'access-max': duration.describe('Longest time of one access while all cores are regulated.'),
});

/** The whole configuration file. */
export const configurationSchema = z
  .strictObject({
    $schema: z.string().optional().describe('JSON Schema for editors; not interpreted.'),
    version: integer.describe(`Version of the file format: ${FORMAT_VERSION}.`).meta({
      enum: [FORMAT_VERSION],
    }),
    platform: z
      .string()
      .describe('Name of a built-in platform, or path of a platform file relative to this file.'),
    hypervisor: hypervisor.describe('The hypervisor’s own share.'),
    partitions: z.array(partition).describe('The partitions.'),
    channels: z.array(channel).default([]).describe('The only declared flows between partitions.'),
    schedule: z
      .union([schedule, z.array(schedule)])
      .optional()
      .describe('Scheduling policy of shared cores, one entry or a list; default fp.'),
    bandwidth: z
      .array(regulation)
      .default([])
      .describe('Regulation of memory accesses, one entry per core.'),
  })
  .meta({
    title: 'Haven configuration',
    description: 'Static partition configuration of the Haven hypervisor.',
  });

/** The configuration file, checked in shape and units but not in references. */
export type ConfigurationFile = z.output<typeof configurationSchema>;
