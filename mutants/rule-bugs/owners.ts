/**
 * Bugs of what the checker takes for owned, shared or kept: memory, devices, streams and lines.
 */

import type { RuleBug } from '../rule-bug.ts';

const HYPERVISOR = { file: 'properties/rules/hypervisor.ts' } as const;
const IRQ = { file: 'properties/rules/irq.ts' } as const;

/** Bugs of who has which memory. */
const MEMORY_BUGS: readonly RuleBug[] = [
  {
    name: 'memory is granted without asking who has it',
    row: 'S2-01',
    file: 'properties/rules/memory.ts',
    find: 'if (first.owner === second.owner) continue;',
    replace: 'if (first.owner >= 0) continue;',
    breaks: 'Two partitions have the same memory.',
    property: 'MEM-OVERLAP',
    run: 'memory.exclusive',
  },
  {
    name: 'a channel may lie over memory',
    row: 'S2-15',
    file: 'properties/rules/channel.ts',
    find: "if (!['memory', 'device', 'channel'].includes(other.class)) continue;",
    replace: "if (!['device', 'channel'].includes(other.class)) continue;",
    breaks: 'An end that may only read a channel writes it as its own memory.',
    property: 'CHN-OVERLAP',
    run: 'memory.exclusive',
  },
  {
    ...HYPERVISOR,
    name: 'memory of a partition may lie over memory of the hypervisor',
    row: 'S2-20',
    find: "RegionClass> = new Set(['memory', 'device', 'channel']);",
    replace: "RegionClass> = new Set(['device', 'channel']);",
    breaks: 'A partition rewrites the tables that hold it.',
    property: 'HYP-OVERLAP',
    run: 'hypervisor.unreachable',
  },
  {
    ...HYPERVISOR,
    name: 'of the memory of the hypervisor only the image is kept',
    row: 'IMM-03',
    find: "(region) => region.class === 'hypervisor',",
    replace: "(region) => region.class === 'hypervisor' && region.entry === 0,",
    breaks: 'A partition overwrites tables that boot has built.',
    property: 'HYP-OVERLAP',
    run: 'hypervisor.unreachable',
  },
  {
    ...HYPERVISOR,
    name: 'memory that firmware reserves may be granted',
    row: 'DMA-17',
    find: "(region) => region.class === 'firmware',",
    replace: "(region) => region.class === 'firmware' && region.part >= 0,",
    breaks: 'A partition and its devices reach what firmware keeps.',
    property: 'HYP-FIRMWARE',
    run: 'hypervisor.unreachable',
  },
  {
    name: 'a device that firmware keeps may be owned',
    row: 'IMM-04',
    file: 'properties/rules/device.ts',
    find: 'if (device?.firmware !== true) continue;',
    replace: 'if (device?.firmware !== true || device.mmio.length > 0) continue;',
    breaks: 'A partition has the system controller.',
    property: 'DEV-FIRMWARE',
    run: 'hypervisor.unreachable',
  },
];

/** Bugs of who has which stream and line. */
const LINE_BUGS: readonly RuleBug[] = [
  {
    name: 'a stream of two partitions is accepted',
    row: 'DMA-05',
    file: 'properties/rules/dma.ts',
    find: 'if (first !== undefined && first.index !== owned.index) yield',
    replace: 'if (first !== undefined && first.index === owned.index) yield',
    breaks: 'A device works on the memory of another partition.',
    property: 'DMA-STREAM-SHARED',
    run: null,
    unseen: 'the spec knows a request by its stream, and not by the device that sends it',
  },
  {
    ...IRQ,
    name: 'a line of two partitions is accepted',
    row: 'IRQ-01',
    find: '} else if (first.partition !== claim.partition && first.device !== index) {',
    replace: '} else if (first.partition !== claim.partition && first.device === index) {',
    breaks: 'One of two partitions takes, masks or storms the interrupt of the other.',
    property: 'IRQ-TWO-OWNERS',
    run: 'irq.route',
  },
  {
    ...IRQ,
    name: 'lines of the SMMU may be owned',
    row: 'IRQ-14',
    find: "    lines.set(irq, ['platform', 'iommu', 'irqs', index]);\n",
    replace: "    if (irq < 0) lines.set(irq, ['platform', 'iommu', 'irqs', index]);\n",
    breaks: 'A partition masks the fault reports of the SMMU.',
    property: 'IRQ-HYPERVISOR',
    run: null,
    unseen: 'the spec has no line of its own: EL2 waits for none',
  },
  {
    ...HYPERVISOR,
    name: 'redistributors may be mapped',
    row: 'IRQ-17',
    find: "  'gic-redistributors',\n",
    replace: '',
    breaks: 'A partition reroutes interrupts of all cores.',
    property: 'HYP-REGISTERS',
    run: 'hypervisor.unreachable',
  },
];

/** Bugs of ownership. */
export const OWNER_BUGS = [...MEMORY_BUGS, ...LINE_BUGS];
