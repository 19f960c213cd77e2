/**
 * Transactions: whatever appears on the bus in a partition's name is granted to it, and to nobody
 * else.
 */

import type { ActionKind } from '../../model/actions.ts';
import { HYPERVISOR } from '../../model/regions.ts';
import type { BusTransaction } from '../../model/machine.ts';
import type { Plan } from '../../model/plan.ts';
import { PAGE_SIZE } from '../../model/units.ts';
import { formatAddress } from '../findings.ts';
import { findForeignRegion, findGrant } from '../grants.ts';
import type { Grant } from '../grants.ts';
import type { Context, Monitor, Property, Violation } from '../property.ts';

/** How a message names the accesses of a transaction. */
function describeAccess(bus: BusTransaction): string {
  const verb = bus.write ? 'writes' : bus.fetch ? 'fetches from' : 'reads';
  return bus.dma ? `${verb} by DMA` : verb;
}

function nameOf(context: Context, partition: number): string {
  return context.configuration.partitions[partition]?.name ?? 'a device that nobody owns';
}

function isRightGranted(bus: BusTransaction, grant: Grant): boolean {
  if (bus.write) return grant.write;
  return bus.fetch ? grant.execute : grant.read;
}

/** What makes a core appear on the bus, and what makes a device. */
const CORE_KINDS: readonly ActionKind[] = ['read', 'write', 'fetch', 'bus-read', 'bus-write'];
const DMA_KINDS: readonly ActionKind[] = ['dma-issue', 'bare-dma-issue', 'dma-complete', 'msi'];

/** A number for who does what to which frame: frames are below 2^36, partitions below 2^12. */
function encodeTransaction({ frame, master, write, fetch }: BusTransaction): number {
  return (frame * 4096 + master + 1) * 4 + 2 * Number(write) + Number(fetch);
}

/** Watches transactions of one kind, cores' or devices'. */
function watchTransactions(
  context: Context,
  dma: boolean,
  judge: (bus: BusTransaction) => Omit<Violation, 'property'> | null,
  property: string,
): Monitor {
  let seen = context.machine.bus.count;
  let evaluations = 0;
  // What is granted is the configuration's: a transaction that was granted once always is.
  const granted = new Set<number>();
  return {
    kinds: dma ? DMA_KINDS : CORE_KINDS,
    refusals: true,
    begin: () => {
      seen = context.machine.bus.count;
    },
    after: () => {
      const bus = context.machine.bus;
      if (bus.count === seen) return null;
      seen = bus.count;
      if (bus.dma !== dma) return null;
      evaluations += 1;
      const key = encodeTransaction(bus);
      if (granted.has(key)) return null;
      const violation = judge(bus);
      if (violation === null) granted.add(key);
      return violation === null ? null : { property, ...violation };
    },
    countEvaluations: () => evaluations,
  };
}

function describe(
  context: Context,
  bus: BusTransaction,
  text: string,
): Pick<Violation, 'message' | 'witness'> {
  const address = formatAddress(bus.frame * PAGE_SIZE);
  return {
    message: `${nameOf(context, bus.master)} ${describeAccess(bus)} page ${address}, ${text}`,
    witness: {
      partition: nameOf(context, bus.master),
      page: address,
      access: bus.write ? 'write' : bus.fetch ? 'fetch' : 'read',
    },
  };
}

/** No grant covers the frame. */
function judgeConfined(context: Context, bus: BusTransaction): Omit<Violation, 'property'> | null {
  const accepts = (grant: Grant): boolean => !bus.dma || grant.dma;
  if (findGrant(context.grants, bus.master, bus.frame, accepts) !== undefined) return null;
  const owner = findForeignRegion(context.grants, bus.master, bus.frame);
  const text = owner === undefined ? 'which nothing grants to it' : `which is ${owner.label}`;
  return {
    ...describe(context, bus, text),
    at: ['config', 'partitions', Math.max(bus.master, 0)],
    related: owner === undefined ? [] : [{ message: owner.label, at: owner.path }],
  };
}

/** A grant covers the frame, but without this right. */
function judgeRights(context: Context, bus: BusTransaction): Omit<Violation, 'property'> | null {
  const accepts = (grant: Grant): boolean => isRightGranted(bus, grant);
  const some = findGrant(context.grants, bus.master, bus.frame, () => true);
  if (some === undefined) return null;
  if (findGrant(context.grants, bus.master, bus.frame, accepts) !== undefined) return null;
  return {
    ...describe(context, bus, `which is ${some.label} without that right`),
    at: some.path,
    related: [],
  };
}

/** A grant covers the frame, and it is private to another partition as well. */
function judgeExclusive(context: Context, bus: BusTransaction): Omit<Violation, 'property'> | null {
  const own = findGrant(context.grants, bus.master, bus.frame, () => true);
  const other = findForeignRegion(context.grants, bus.master, bus.frame);
  if (own === undefined || other === undefined || other.owner === HYPERVISOR) return null;
  return {
    ...describe(context, bus, `which is ${own.label} and also ${other.label}`),
    at: own.path,
    related: [{ message: `the same page is ${other.label}`, at: other.path }],
  };
}

/** The frame is the hypervisor's. */
function judgeHypervisor(
  context: Context,
  bus: BusTransaction,
): Omit<Violation, 'property'> | null {
  const other = findForeignRegion(context.grants, bus.master, bus.frame);
  if (other === undefined || other.owner !== HYPERVISOR) return null;
  return {
    ...describe(context, bus, `which is ${other.label}`),
    at: findGrant(context.grants, bus.master, bus.frame, () => true)?.path ?? other.path,
    related: [{ message: other.label, at: other.path }],
  };
}

const ISOLATION = 'spatial isolation: what is not granted is denied';

function hasMasters(plan: Plan): boolean {
  return plan.streams.length + plan.bareMasters.length > 0;
}

/** Properties of what cores and devices reach. */
export const TRANSACTION_PROPERTIES: readonly Property[] = [
  {
    id: 'memory.confined',
    statement:
      'A core reaches only frames that its partition owns or shares by a declared channel.',
    source: ISOLATION,
    example: 'stage 2 maps one page more than the region has',
    watch: (context) =>
      watchTransactions(context, false, (bus) => judgeConfined(context, bus), 'memory.confined'),
  },
  {
    id: 'memory.rights',
    statement: 'A core reads, writes and fetches only with a right that its grant has.',
    source: 'Arm ARM, stage-2 permissions S2AP and XN',
    example: 'stage 2 that ignores rights: a read-only channel end becomes writable',
    watch: (context) =>
      watchTransactions(context, false, (bus) => judgeRights(context, bus), 'memory.rights'),
  },
  {
    id: 'memory.exclusive',
    statement: 'No frame that a core reaches as its own is private to another partition too.',
    source: ISOLATION,
    example: 'two partitions whose memory overlaps by one page',
    watch: (context) =>
      watchTransactions(context, false, (bus) => judgeExclusive(context, bus), 'memory.exclusive'),
  },
  {
    id: 'hypervisor.unreachable',
    statement:
      'No core reaches memory or registers of the hypervisor, the GIC, the SMMU or firmware.',
    source: ISOLATION,
    example: 'partition memory laid over the hypervisor’s tables',
    watch: (context) =>
      watchTransactions(
        context,
        false,
        (bus) => judgeHypervisor(context, bus),
        'hypervisor.unreachable',
      ),
  },
  {
    id: 'dma.confined',
    statement:
      'A device reaches only frames that its owner owns or shares, with the owner’s rights.',
    source: 'Arm IHI 0070: stage-2 translation of streams',
    example: 'an unmatched stream that bypasses the SMMU',
    appliesTo: hasMasters,
    watch: (context) =>
      watchTransactions(
        context,
        true,
        (bus) => judgeConfined(context, bus) ?? judgeRights(context, bus),
        'dma.confined',
      ),
  },
  {
    id: 'dma.exclusive',
    statement: 'No frame that a device reaches is private to another partition or the hypervisor.',
    source: ISOLATION,
    example: 'one StreamID in the devices of two partitions',
    appliesTo: hasMasters,
    watch: (context) =>
      watchTransactions(
        context,
        true,
        (bus) => judgeExclusive(context, bus) ?? judgeHypervisor(context, bus),
        'dma.exclusive',
      ),
  },
];
