/**
 * Schema of the configuration that a counterexample carries: resolved, so that a replay needs no
 * other file. What files of earlier versions do not say has the value that it had then.
 */

import { z } from 'zod';

const integer = z.number().int();
const natural = integer.nonnegative();
const range = { base: natural, size: natural };
const named = z.strictObject({ name: z.string(), ...range });
const access = z.strictObject({ read: z.boolean(), write: z.boolean(), execute: z.boolean() });

const core = z.strictObject({
  id: natural,
  type: z.string(),
  affinity: natural.nullable(),
  el2: z.boolean(),
  aliases: z.array(z.strictObject({ local: natural, ...range })),
  firmware: z.boolean(),
});

const interrupts = z.strictObject({
  kind: z.literal('gic-v3'),
  distributor: z.strictObject(range),
  redistributors: z.strictObject(range),
  its: z.strictObject(range).nullable(),
  spiFirst: natural,
  spiCount: natural.max(1024),
  listRegisters: natural.max(16),
  reservedIrqs: z.array(natural),
});

const firewall = z.strictObject({
  kind: z.literal('trdc'),
  managers: z.array(named),
  windows: z.array(
    z.strictObject({
      name: z.string(),
      ...range,
      granule: natural.min(1),
      regions: natural.nullable(),
    }),
  ),
});

const device = z.strictObject({
  name: z.string(),
  mmio: z.array(z.strictObject(range)),
  irqs: z.array(natural),
  streams: z.array(natural),
  itsDeviceIds: z.array(natural),
  dma: z.boolean(),
  firmware: z.boolean(),
});

const platform = z.strictObject({
  name: z.string(),
  cores: z.array(core).max(1024),
  memory: z.array(named),
  reserved: z.array(named),
  interrupts,
  iommu: z
    .strictObject({
      kind: z.literal('smmu-v3'),
      ...range,
      streamIdBits: natural.max(32),
      irqs: z.array(natural),
    })
    .nullable(),
  firewall: firewall.nullable(),
  timerHz: natural.min(1),
  devices: z.array(device),
});

const reservation = z.strictObject({
  budgetNs: natural,
  periodNs: natural,
  phaseNs: natural,
  priority: integer,
  idle: z.enum(['keep', 'burn', 'poll']),
  slack: z.boolean(),
});

const partition = z.strictObject({
  name: z.string(),
  vmid: natural,
  cpus: z.array(
    z.strictObject({
      core: natural,
      reservation: reservation.nullable(),
      maxDelayNs: natural.nullable(),
      maxLatencyNs: natural.nullable().default(null),
      inContract: z.boolean().default(false),
      taskPolicy: z.enum(['fp', 'edf']).default('fp'),
    }),
  ),
  memory: z.array(
    z.strictObject({ name: z.string(), ipa: natural, pa: natural, size: natural, access }),
  ),
  devices: z.array(z.strictObject({ device: natural, windowIpas: z.array(natural) })),
  entry: natural,
  tasks: z.array(
    z.strictObject({
      name: z.string(),
      core: natural,
      wcetNs: natural,
      periodNs: natural,
      deadlineNs: natural,
      priority: integer,
      jitterNs: natural.default(0),
      blockingNs: natural.default(0),
      accesses: natural.default(0),
    }),
  ),
  interruptRates: z
    .array(z.strictObject({ irq: natural, distanceNs: natural, jitterNs: natural }))
    .default([]),
});

const channel = z.strictObject({
  name: z.string(),
  pa: natural,
  size: natural,
  ends: z.array(z.strictObject({ partition: natural, ipa: natural, access })),
  notify: z.array(z.strictObject({ from: natural, to: natural, irq: natural })),
});

const schedule = z.strictObject({
  core: natural,
  policy: z.enum(['fp', 'edf', 'table']),
  frameNs: natural.nullable().default(null),
  slots: z
    .array(z.strictObject({ partition: natural, startNs: natural, durationNs: natural }))
    .default([]),
});

const regulation = z.strictObject({
  core: natural,
  accesses: natural,
  periodNs: natural,
  accessMinNs: natural,
  accessMaxNs: natural,
});

/** A resolved static configuration; its numbers are checked, its rules are not. */
export const configurationSchema = z.strictObject({
  platform,
  hypervisor: z.strictObject({
    memory: z.array(named),
    overheads: z.strictObject({
      contextSwitchNs: natural,
      reloadNs: natural.default(0),
      timerNs: natural,
      interruptNs: natural,
      longestSectionNs: natural,
    }),
  }),
  partitions: z.array(partition).max(1024),
  channels: z.array(channel),
  schedules: z.array(schedule),
  bandwidth: z.array(regulation).default([]),
});
