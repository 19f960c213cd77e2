/** HYP: the hypervisor's own memory and registers, firmware, and what holds cores without EL2. */

import { describeRange, type Region, type RegionClass } from '../../model/regions.ts';
import { computePages, isOverlapping, PAGE_SIZE } from '../../model/units.ts';
import { formatAddress } from '../findings.ts';
import {
  computeIntersection,
  describePair,
  formatList,
  formatNeighbours,
  formatRange,
  formatRegion,
  formatSize,
  relateRegion,
} from './describe.ts';
import { listHolders } from './granules.ts';
import {
  defineRule,
  getPartitionName,
  getPathWithoutEl2,
  type RegionPair,
  type Rule,
  type RuleContext,
  type Violation,
} from './rule.ts';
import { findOverlaps, isCovered, mergeRanges } from './sweep.ts';
import { computeStage2Limit, computeStreamTableSize, computeTableSizes } from './tables.ts';

const PARTITION_CLASSES: ReadonlySet<RegionClass> = new Set(['memory', 'device', 'channel']);
const REGISTER_CLASSES: ReadonlySet<RegionClass> = new Set([
  'gic-distributor',
  'gic-redistributors',
  'gic-its',
  'smmu',
  'firewall',
]);
/** RD page and SGI page of one redistributor, without virtual LPIs. */
const REDISTRIBUTOR_SIZE = 0x20000;

/** Pairs of something that partitions reach and something that they must not. */
function* findReachable(
  { overlaps }: RuleContext,
  isProtected: (region: Region) => boolean,
  help: string,
): Generator<Violation & { readonly pair: RegionPair }> {
  for (const pair of overlaps) {
    const { first, second } = pair;
    const reached = PARTITION_CLASSES.has(first.class) ? first : second;
    const kept = reached === first ? second : first;
    if (!PARTITION_CLASSES.has(reached.class) || !isProtected(kept)) continue;
    yield {
      message: describePair(pair),
      help,
      at: reached.path,
      related: [relateRegion(kept)],
      pair,
    };
  }
}

function* withoutPairs(violations: Iterable<Violation & { pair: RegionPair }>) {
  for (const { message, help, at, related = [] } of violations) {
    yield { message, help, at, related };
  }
}

const hypervisorOverlap = defineRule({
  code: 'HYP-OVERLAP',
  title: 'Validate that no partition reaches memory of the hypervisor.',
  reason: 'It rewrites its own stage-2 tables, and with them every other claim.',
  source: 'Base rule: hypervisor memory is in no stage 2',
  example: {
    before: 'tables [0x40200000, 0x40800000), linux from 0x407ff000',
    after: 'tables [0x40200000, 0x40800000), linux from 0x48000000',
  },
  *violations(context) {
    yield* withoutPairs(
      findReachable(
        context,
        (region) => region.class === 'hypervisor',
        'move it out of the memory of the hypervisor',
      ),
    );
  },
});

const hypervisorRegisters = defineRule({
  code: 'HYP-REGISTERS',
  title: 'Validate that no partition reaches registers of the GIC, the SMMU or the bus firewall.',
  reason: 'It reroutes interrupts, opens DMA or grants itself memory.',
  source: 'The GIC of a partition is virtual and trapped; every redistributor frame counts',
  example: {
    before: 'device window [0x80c0000, 0x80d0000) in the redistributors',
    after: 'device window [0x9000000, 0x9001000)',
  },
  *violations(context) {
    yield* withoutPairs(
      findReachable(
        context,
        (region) => REGISTER_CLASSES.has(region.class),
        'take the window away; such registers are never mapped',
      ),
    );
  },
});

const hypervisorFirmware = defineRule({
  code: 'HYP-FIRMWARE',
  title: 'Validate that no partition reaches memory or devices that firmware keeps.',
  reason: 'Secure world and system controllers live there: writes fail, or break every partition.',
  source: 'Reserved memory of the platform; i.MX95 secure DDR and System Manager',
  example: {
    before: 'memory [0x8a000000, 0x8b000000), secure world [0x8a000000, 0x8e000000)',
    after: 'memory [0x8e000000, 0x8f000000)',
  },
  *violations(context) {
    const { configuration } = context;
    const found = findReachable(
      context,
      (region) => region.class === 'firmware',
      'move it out of what firmware keeps',
    );
    for (const { pair, ...violation } of found) {
      // A claimed firmware device is one finding of its own, not one more by its windows.
      if (![pair.first, pair.second].some((region) => isFirmwareClaim(configuration, region))) {
        yield violation;
      }
    }
  },
});

function isFirmwareClaim(configuration: RuleContext['configuration'], region: Region): boolean {
  if (region.class !== 'device') return false;
  const grant = configuration.partitions[region.owner]?.devices[region.entry];
  return configuration.platform.devices[grant?.device ?? -1]?.firmware === true;
}

const hypervisorOwnOverlap = defineRule({
  code: 'HYP-OWN-OVERLAP',
  title: 'Validate that memory and registers of the hypervisor do not overlap each other.',
  reason: 'Its code, its tables or its controllers overwrite one another.',
  source: 'Platform memory map; one list of regions of every class',
  example: {
    before: 'image [0x40000000, 0x40400000), tables [0x40200000, 0x40800000)',
    after: 'image [0x40000000, 0x40200000), tables [0x40200000, 0x40800000)',
  },
  *violations({ overlaps }) {
    for (const pair of overlaps) {
      const { first, second } = pair;
      if (PARTITION_CLASSES.has(first.class) || PARTITION_CLASSES.has(second.class)) continue;
      const isOwn = first.class === 'hypervisor' || second.class === 'hypervisor';
      const areRegisters = REGISTER_CLASSES.has(first.class) && REGISTER_CLASSES.has(second.class);
      if (!isOwn && !areRegisters) continue;
      const at = second.class === 'hypervisor' || first.class !== 'hypervisor' ? second : first;
      yield {
        message: describePair(pair),
        help: 'give each its own range',
        at: at.path,
        related: [relateRegion(at === first ? second : first)],
      };
    }
  },
});

const hypervisorNoMemory = defineRule({
  code: 'HYP-NO-MEMORY',
  title: 'Validate that the hypervisor has memory and that none of it is empty.',
  reason: 'Where the hypervisor is not described, no rule keeps partitions out of it.',
  source: 'A class of region that is left out is a known bug of checkers',
  example: {
    before: 'memory: []',
    after: 'memory: [{ name: image, base: 0x40000000, size: 2MiB }]',
  },
  *violations({ configuration }) {
    const { memory } = configuration.hypervisor;
    if (memory.length === 0) {
      yield {
        message: 'the hypervisor has no memory: expected at least its image, found none',
        help: 'state where code, data, stacks and tables of the hypervisor lie',
        at: ['config', 'hypervisor', 'memory'],
      };
    }
    for (const [index, range] of memory.entries()) {
      if (range.size > 0) continue;
      yield {
        message:
          `hypervisor memory ${range.name} at ${formatAddress(range.base)} is empty: ` +
          'expected a size of at least 4KiB, found 0',
        help: 'state the size, or remove the entry',
        at: ['config', 'hypervisor', 'memory', index, 'size'],
      };
    }
  },
});

const hypervisorAlignment = defineRule({
  code: 'HYP-ALIGNMENT',
  title: 'Validate that memory of the hypervisor starts and ends on a page.',
  reason: 'The rest of a page would be given to a partition.',
  source: 'Translation with the 4 KiB granule',
  example: { before: 'base: 0x40000800', after: 'base: 0x40000000' },
  *violations({ configuration }) {
    for (const [index, range] of configuration.hypervisor.memory.entries()) {
      for (const key of ['base', 'size'] as const) {
        if (range[key] % PAGE_SIZE === 0) continue;
        yield {
          message:
            `${key} of hypervisor memory ${range.name} is not a multiple of 4KiB: expected ` +
            `${formatNeighbours(range[key], PAGE_SIZE)}, found ${formatAddress(range[key])}`,
          help: 'use whole pages',
          at: ['config', 'hypervisor', 'memory', index, key],
        };
      }
    }
  },
});

const hypervisorOutsideRam = defineRule({
  code: 'HYP-OUTSIDE-RAM',
  title: 'Validate that memory of the hypervisor lies wholly in RAM banks of the platform.',
  reason: 'The hypervisor would not even load.',
  source: 'Platform memory map; containment, not mere overlap',
  example: { before: 'base: 0x3ff00000 (RAM starts at 0x40000000)', after: 'base: 0x40000000' },
  *violations({ configuration, banks }) {
    const { memory } = configuration.platform;
    const expected = memory.slice(0, 4).map((bank) => `${bank.name} ${formatRange(bank)}`);
    for (const [index, range] of configuration.hypervisor.memory.entries()) {
      if (range.size === 0 || isCovered(range, banks)) continue;
      yield {
        message:
          `hypervisor memory ${range.name} ${formatRange(range)} is not wholly in RAM: ` +
          `expected within ${expected.join(' or ') || 'a bank, but the platform has none'}`,
        help: 'move or shrink it',
        at: ['config', 'hypervisor', 'memory', index, 'base'],
      };
    }
  },
});

const hypervisorTables = defineRule({
  code: 'HYP-TABLES-TOO-SMALL',
  title: 'Validate that memory of the hypervisor holds all stage-2 and stream tables.',
  reason: 'Building the tables fails at boot, after the configuration passed every other check.',
  source: 'Arm ARM DDI 0487, 4 KiB granule, 39-bit IPA; SMMUv3, 64-byte stream table entries',
  example: { before: '{ name: tables, size: 4KiB }', after: '{ name: tables, size: 6MiB }' },
  *violations({ configuration, ipaClaims }) {
    const memory = [...configuration.hypervisor.memory.entries()];
    const named = memory.filter(([, range]) => range.name === 'tables');
    const [first, ...others] = named.length > 0 ? named : memory;
    if (first === undefined) return;
    const available = [first, ...others].reduce((sum, [, range]) => sum + range.size, 0);
    const limit = computeStage2Limit(ipaClaims) + computeStreamTableSize(configuration);
    if (available >= limit) return;
    const sizes = computeTableSizes(configuration, ipaClaims);
    const needed = sizes.stage2.reduce((sum, { bytes }) => sum + bytes, 0) + sizes.streamTable;
    if (available >= needed) return;
    const largest = sizes.stage2
      .toSorted((a, b) => b.bytes - a.bytes)
      .slice(0, 4)
      .map(
        ({ partition, bytes }) =>
          `${getPartitionName(configuration, partition)} ${formatSize(bytes)}`,
      );
    yield {
      message:
        `hypervisor memory ${first[1].name} ${formatRange(first[1])} is too small for tables: ` +
        `expected at least ${formatSize(needed)} (${formatList([
          ...largest,
          `stream table ${formatSize(sizes.streamTable)}`,
        ])}), found ${formatSize(available)}`,
      help: 'enlarge it, or align IPA and PA alike to 2MiB so that blocks replace pages',
      at: ['config', 'hypervisor', 'memory', first[0]],
    };
  },
});

const hypervisorNoFirewall = defineRule({
  code: 'HYP-NO-FIREWALL',
  title: 'Validate that a bus firewall holds every partition on a core without EL2.',
  reason: 'Neither stage 2 nor SMMU stands in front of the core: it reaches everything.',
  source: 'Cortex-M7 and M33 have no EL2; i.MX95 has the TRDC for them',
  example: { before: 'partition on cortex-m7, no firewall', after: 'firewall: { kind: trdc, … }' },
  *violations(context) {
    const { configuration, runsWithoutEl2 } = context;
    if (configuration.platform.firewall !== null) return;
    for (const [index, partition] of configuration.partitions.entries()) {
      if (runsWithoutEl2[index] !== true) continue;
      yield {
        message:
          `${partition.name} runs on a core without EL2 and the platform has no bus firewall: ` +
          'expected something that holds it, found nothing',
        help: 'describe the firewall of the platform, or run the partition under EL2',
        at: getPathWithoutEl2(configuration, index),
        related: [{ message: 'the platform is described here', at: ['platform'] }],
      };
    }
  },
});

const hypervisorFirewallUnknown = defineRule({
  code: 'HYP-FIREWALL-UNKNOWN',
  severity: 'warning',
  title: 'Validate that the windows of the bus firewall are described where a core needs it.',
  reason: 'That the firewall can hold the partition is then assumed, not checked.',
  source: 'What is not described cannot be argued',
  example: {
    before: 'firewall: { kind: trdc }',
    after: 'firewall: { kind: trdc, windows: [{ name: ddr, base: …, size: …, granule: 64KiB }] }',
  },
  *violations({ configuration, runsWithoutEl2 }) {
    const { firewall } = configuration.platform;
    if (firewall === null || firewall.windows.length > 0) return;
    for (const [index, partition] of configuration.partitions.entries()) {
      if (runsWithoutEl2[index] !== true) continue;
      yield {
        message:
          `only the bus firewall (${firewall.kind}) holds ${partition.name}, and the platform ` +
          'does not say where and in what granules it grants',
        help: 'add firewall.windows to the platform file',
        at: getPathWithoutEl2(configuration, index),
        related: [{ message: 'the firewall is described here', at: ['platform', 'firewall'] }],
      };
    }
  },
});

const hypervisorOutsideFirewall = defineRule({
  code: 'HYP-OUTSIDE-FIREWALL',
  title:
    'Validate that whatever a partition on a core without EL2 must not reach lies in windows ' +
    'of the bus firewall.',
  reason: 'Outside the windows nothing stops the core.',
  source: 'i.MX95: the TRDC separates the Cortex-M cores from the A55 cluster',
  example: {
    before: 'memory of linux [0x90000000, 0xa0000000), firewall window [0x80000000, 0x90000000)',
    after: 'firewall window [0x80000000, 0xa0000000)',
  },
  *violations({ configuration, regions, runsWithoutEl2 }) {
    const windows = configuration.platform.firewall?.windows ?? [];
    const covered = mergeRanges(windows);
    const intruders = configuration.partitions
      .map((_, index) => index)
      .filter((index) => runsWithoutEl2[index] === true);
    if (windows.length === 0 || intruders.length === 0) return;
    for (const range of regions) {
      if (range.size === 0 || isCovered(range, covered)) continue;
      const holders = listHolders(configuration, range);
      const intruder = intruders.find((candidate) => !holders.includes(candidate));
      if (intruder === undefined) continue;
      const region = describeRange(configuration, range);
      yield {
        message:
          `nothing keeps ${getPartitionName(configuration, intruder)} (no stage 2) from ` +
          `${formatRegion(region)}: expected it within a window of the bus firewall`,
        help: 'describe the firewall window that covers it, or move it into one',
        at: region.path,
        related: [
          {
            message: `${getPartitionName(configuration, intruder)} has cores without EL2`,
            at: getPathWithoutEl2(configuration, intruder),
          },
          { message: 'the windows are here', at: ['platform', 'firewall', 'windows'] },
        ],
      };
    }
  },
});

const hypervisorFirewallRegions = defineRule({
  code: 'HYP-FIREWALL-REGIONS',
  title: 'Validate that a firewall window has enough regions for what is granted in it.',
  reason: 'The last grants cannot be programmed: the firmware refuses them or widens others.',
  source: 'i.MX95 TRDC: 16 regions per memory region checker',
  example: { before: 'regions: 1, two memories of freertos in the window', after: 'regions: 16' },
  *violations({ configuration, regions, runsWithoutEl2 }) {
    if (!runsWithoutEl2.includes(true)) return;
    const held = regions.filter((region) =>
      listHolders(configuration, region).some((holder) => runsWithoutEl2[holder] === true),
    );
    for (const [index, window] of (configuration.platform.firewall?.windows ?? []).entries()) {
      const grants = mergeRanges(
        held
          .filter((region) => isOverlapping(region, window))
          .map((region) => computeIntersection(region, window)),
      );
      if (window.regions === null || grants.length <= window.regions) continue;
      yield {
        message:
          `firewall window ${window.name} ${formatRange(window)} has ${window.regions} regions: ` +
          `expected at least ${grants.length}, one for each of ` +
          formatList(grants.slice(0, 8).map(formatRange)),
        help: 'put ranges of partitions on cores without EL2 next to each other',
        at: ['platform', 'firewall', 'windows', index],
        related: held
          .filter((region) => isOverlapping(region, window))
          .slice(0, 8)
          .map((region) => relateRegion(describeRange(configuration, region))),
      };
    }
  },
});

const hypervisorRedistributors = defineRule({
  code: 'HYP-REDISTRIBUTORS',
  title: 'Validate that the redistributor range holds the frames of every core.',
  reason: 'Frames beyond the range are protected by nothing: a window over them passes as free.',
  source: 'GICv3: 128 KiB per core; two published cell sets left out all frames but the first',
  example: {
    before: '4 cores, redistributors of 128KiB',
    after: '4 cores, redistributors of 512KiB',
  },
  *violations({ configuration }) {
    const { cores, interrupts } = configuration.platform;
    const count = cores.filter((core) => core.affinity !== null).length;
    const needed = count * REDISTRIBUTOR_SIZE;
    if (interrupts.redistributors.size >= needed) return;
    yield {
      message:
        `redistributors ${formatRange(interrupts.redistributors)} do not hold ${count} cores: ` +
        `expected at least ${formatSize(needed)}, ` +
        `found ${formatSize(interrupts.redistributors.size)}`,
      help: 'state all frames, 128KiB per core',
      at: ['platform', 'interrupts', 'redistributors'],
    };
  },
});

const hypervisorTwiceDescribed = defineRule({
  code: 'HYP-DESCRIBED-TWICE',
  severity: 'warning',
  title: 'Validate that no device of nobody lies over registers of the GIC or the SMMU.',
  reason: 'The platform describes the block twice; a partition may be given it under that name.',
  source: 'Platform memory map',
  example: { before: 'device gic at 0x8000000 in devices', after: 'interrupts only' },
  *violations({ configuration, deviceClaims, regions }) {
    const { devices } = configuration.platform;
    const registers = regions
      .filter((region) => REGISTER_CLASSES.has(region.class))
      .map((region) => describeRange(configuration, region));
    const windows = devices.flatMap(({ mmio, firmware }, device) =>
      firmware || (deviceClaims[device]?.length ?? 0) > 0
        ? []
        : mmio.map((range) => ({ base: range.base, size: range.size, device })),
    );
    const ranges = [...registers, ...windows].map(computePages);
    const { pairs } = findOverlaps(
      ranges,
      (first, second) => first < registers.length && second >= registers.length,
    );
    for (const [first, second] of pairs) {
      const register = registers[first];
      const window = windows[second - registers.length];
      const device = devices[window?.device ?? -1];
      if (register === undefined || window === undefined || device === undefined) continue;
      yield {
        message: `device ${device.name} ${formatRange(window)} lies over ${formatRegion(register)}`,
        help: 'mark the device as firmware, or remove it from the platform file',
        at: ['platform', 'devices', window.device],
        related: [relateRegion(register)],
      };
    }
  },
});

/** The rules of area HYP. */
export const HYPERVISOR_RULES: readonly Rule[] = [
  hypervisorOverlap,
  hypervisorRegisters,
  hypervisorFirmware,
  hypervisorOwnOverlap,
  hypervisorNoMemory,
  hypervisorAlignment,
  hypervisorOutsideRam,
  hypervisorTables,
  hypervisorNoFirewall,
  hypervisorFirewallUnknown,
  hypervisorOutsideFirewall,
  hypervisorFirewallRegions,
  hypervisorRedistributors,
  hypervisorTwiceDescribed,
];
