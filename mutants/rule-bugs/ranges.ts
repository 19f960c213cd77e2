/**
 * Bugs of how the checker compares ranges, numbers and units: rows RNG-01 to RNG-19.
 */

import type { RuleBug } from '../rule-bug.ts';

const SWEEP = { file: 'properties/rules/sweep.ts', property: 'MEM-OVERLAP' } as const;
const MEMORY = { file: 'properties/rules/memory.ts' } as const;

/** Memory of rtos inside memory of linux. */
const ENCLOSED = [[', pa: 0x70000000', ', pa: 0x50000000']] as const;

/** Bugs of the sweep over all regions. */
const SWEEP_BUGS: readonly RuleBug[] = [
  {
    ...SWEEP,
    name: 'the last page of a region is not part of it',
    row: 'RNG-01',
    find: 'ends[index] = size > 0 ? Math.floor((base + size - 1) / PAGE_SIZE) + 1 : first;',
    replace: 'ends[index] = size > 0 ? Math.floor((base + size - 1) / PAGE_SIZE) : first;',
    breaks: 'Two partitions have one page, the last of the one and the first of the other.',
    run: 'memory.exclusive',
  },
  {
    ...SWEEP,
    name: 'a region inside another passes',
    row: 'RNG-04',
    find: '      if (visited >= pairsMax) return',
    replace: `      if ((ends[current] ?? 0) < (ends[other] ?? 0)) continue;
      if (visited >= pairsMax) return`,
    breaks: 'A partition has memory in the middle of another’s.',
    nearMiss: ENCLOSED,
    run: 'memory.exclusive',
  },
  {
    ...SWEEP,
    name: 'a region is compared with its neighbour alone',
    row: 'RNG-06',
    find: '    open.push(current);',
    replace: `    open.length = 0;
    open.push(current);`,
    breaks: 'Of three regions the first overlaps the last.',
    nearMiss: [
      ['name: telemetry\n    pa: 0x71000000', 'name: telemetry\n    pa: 0x4f000000'],
      ...ENCLOSED,
    ],
    run: 'memory.exclusive',
  },
  {
    ...SWEEP,
    name: 'regions are compared byte by byte',
    row: 'RNG-11',
    find: `    const first = Math.floor(base / PAGE_SIZE);
    bases[index] = first;
    ends[index] = size > 0 ? Math.floor((base + size - 1) / PAGE_SIZE) + 1 : first;`,
    replace: `    bases[index] = base;
    ends[index] = base + size;`,
    breaks: 'Two partitions have devices in one page, which stage 2 maps as a whole.',
    property: 'DEV-SHARED-PAGE',
    run: 'memory.exclusive',
  },
  {
    ...SWEEP,
    name: 'a range that begins in RAM counts as wholly in RAM',
    row: 'RNG-05',
    find: 'candidate !== undefined && range.base + range.size <= candidate.base + candidate.size',
    replace: 'candidate !== undefined && range.base < candidate.base + candidate.size',
    breaks: 'A partition has memory beyond the end of RAM.',
    property: 'MEM-OUTSIDE-RAM',
    run: null,
    unseen: 'frames that no bank holds belong to nobody: to reach them harms nobody in the spec',
  },
];

/** Bugs of comparisons with limits. */
const LIMIT_BUGS: readonly RuleBug[] = [
  {
    ...MEMORY,
    name: 'the end of a range wraps to 0',
    row: 'RNG-02',
    find: 'if (claim.ipa + claim.size > IPA_END) {',
    replace: 'if ((claim.ipa + claim.size) % IPA_END > IPA_END) {',
    breaks: 'A range runs over the end of the IPA space.',
    property: 'MEM-ADDRESS-SPACE',
    run: null,
    unseen: 'addresses of the spec do not wrap: the range lies where it says',
  },
  {
    name: 'a StreamID is cut to 16 bits before it is compared',
    row: 'RNG-03',
    file: 'properties/rules/dma.ts',
    find: 'if (stream < end) continue;',
    replace: 'if (stream % 65536 < end) continue;',
    breaks: 'A stream is taken for another, or has no entry.',
    property: 'DMA-STREAM-RANGE',
    run: null,
    unseen: 'the stream table of the spec is looked up by the whole number',
  },
  {
    name: 'channels are no regions',
    row: 'RNG-07',
    file: 'model/regions.ts',
    find: "    ranges.push(createRange('channel', HYPERVISOR, pa, size, index));\n",
    replace: '    if (pa < 0) ranges.push(createRange("channel", HYPERVISOR, pa, size, index));\n',
    breaks: 'A channel lies over memory of a partition that is none of its ends.',
    property: 'CHN-OVERLAP',
    run: 'memory.exclusive',
  },
  {
    ...MEMORY,
    name: 'memory of size 0 is accepted',
    row: 'RNG-08',
    find: 'if (claim.size > 0) continue;',
    replace: 'if (claim.size >= 0) continue;',
    breaks: 'A region maps nothing and overlaps nothing.',
    property: 'MEM-EMPTY',
    run: null,
    unseen: 'nothing is mapped, so that nothing is reached',
  },
  {
    name: 'lines beyond 63 are not looked at',
    row: 'RNG-09',
    file: 'properties/rules/irq.ts',
    find: 'const at = lines.get(irq);',
    replace: 'const at = irq < 64 ? lines.get(irq) : undefined;',
    breaks: 'A partition has a line that the hypervisor keeps.',
    property: 'IRQ-HYPERVISOR',
    run: null,
    unseen: 'the spec has no line of its own: EL2 waits for none',
  },
  {
    name: 'a firewall grant is rounded down to its granule',
    row: 'RNG-10',
    file: 'properties/rules/granules.ts',
    find: 'const to = Math.ceil(',
    replace: 'const to = Math.floor(',
    breaks: 'A core without EL2 reaches the rest of a granule, which is another’s.',
    property: 'MEM-FIREWALL-GRANULE',
    run: 'memory.exclusive',
  },
];

/** Bugs of numbers with a meaning: units, identifiers, sizes of tables. */
const NUMBER_BUGS: readonly RuleBug[] = [
  {
    name: 'a budget in nanoseconds is compared with overheads in microseconds',
    row: 'RNG-13',
    file: 'properties/rules/cpu.ts',
    find: 'if (budgetNs <= 0 || budgetNs > least) continue;',
    replace: 'if (budgetNs <= 0 || budgetNs * 1000 > least) continue;',
    breaks: 'A budget is used up by the switch to the partition, which never runs.',
    property: 'CPU-BUDGET-MINIMUM',
    run: null,
    unseen: 'whoever never runs has no bound that a run could break',
  },
  {
    name: 'a VMID that is there already is accepted',
    row: 'RNG-14',
    file: 'properties/rules/configuration.ts',
    find: 'const first = seen.get(vmid);',
    replace: 'const first = seen.get(-vmid);',
    breaks: 'A partition is translated by cached entries of another.',
    property: 'CFG-VMID-TWICE',
    run: 'memory.confined',
  },
  {
    name: 'tables of the last level are not counted',
    row: 'RNG-19',
    file: 'properties/rules/tables.ts',
    find: 'return (1 + level2 + level3) * PAGE_SIZE;',
    replace: 'return (1 + level2) * PAGE_SIZE;',
    breaks: 'The memory for tables is too small for them.',
    property: 'HYP-TABLES-TOO-SMALL',
    nearMiss: [['size: 6MiB', 'size: 44KiB']],
    run: null,
    unseen: 'tables of the spec take no memory',
  },
];

/** Bugs of ranges, numbers and units. */
export const RANGE_BUGS = [...SWEEP_BUGS, ...LIMIT_BUGS, ...NUMBER_BUGS];
