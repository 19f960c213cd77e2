/** MEM: memory of partitions, physical and intermediate. */

import type { Path } from '../../model/configuration.ts';
import {
  computePages,
  IPA_END,
  isInRange,
  isOverlapping,
  PA_END,
  PAGE_SIZE,
} from '../../model/units.ts';
import { formatAddress } from '../findings.ts';
import {
  formatClaim,
  getClaimPath,
  getIpaRange,
  getPaRange,
  isSeenByCore,
  listCoresOf,
  type IpaClaim,
} from './claims.ts';
import {
  computeIntersection,
  createRange,
  describePair,
  formatNeighbours,
  formatRange,
  relateRegion,
} from './describe.ts';
import {
  defineRule,
  getPartitionName,
  type Rule,
  type RuleContext,
  type Violation,
} from './rule.ts';
import { findSharedGranules } from './granules.ts';
import { findOverlaps, findPageOverlaps, isCovered, PAIRS_MAX } from './sweep.ts';

const STAGE_2 = 'Arm ARM DDI 0487, stage 2 translation with the 4 KiB granule';

const memoryOverlap = defineRule({
  code: 'MEM-OVERLAP',
  title: 'Validate that no byte of memory belongs to two partitions.',
  reason:
    'Each of the two reads and writes the other: spatial isolation is gone, whatever stage 2 does.',
  source: 'Exclusive ownership; the base rule of every partition checker',
  example: {
    before: 'linux [0x48000000, 0x68000000) and rtos [0x67fff000, 0x68fff000)',
    after: 'linux [0x48000000, 0x68000000) and rtos [0x68000000, 0x69000000)',
  },
  *violations({ overlaps, overlapsTruncated }) {
    if (overlapsTruncated) yield describeTruncation(['config', 'partitions']);
    for (const pair of overlaps) {
      const { first, second } = pair;
      if (first.class !== 'memory' || second.class !== 'memory') continue;
      if (first.owner === second.owner) continue;
      yield {
        message: describePair(pair),
        help: 'move or shrink one of them; memory that both need is a channel',
        at: second.path,
        related: [relateRegion(first)],
      };
    }
  },
});

/** A sweep that gave up has not shown that there is no further overlap. */
function describeTruncation(at: Path): Violation {
  return {
    message: `more than ${PAIRS_MAX} pairs of regions share a page: not all of them were examined`,
    help: 'mend the overlaps that are reported, then check again',
    at,
  };
}

const memorySelfOverlap = defineRule({
  code: 'MEM-SELF-OVERLAP',
  title: 'Validate that no two memories of one partition share a byte of physical memory.',
  reason:
    'The partition sees the same byte under two addresses, perhaps with different rights; ' +
    'a size or base is wrong.',
  source: 'Practice: Muen, Microkit and Jailhouse refuse it',
  example: {
    before: 'ram pa 0x48000000 size 2MiB and heap pa 0x48100000 size 2MiB',
    after: 'ram pa 0x48000000 size 2MiB and heap pa 0x48200000 size 2MiB',
  },
  *violations({ overlaps }) {
    for (const pair of overlaps) {
      const { first, second } = pair;
      if (first.class !== 'memory' || second.class !== 'memory') continue;
      if (first.owner !== second.owner) continue;
      yield {
        message: describePair(pair),
        help: 'give each its own physical range, or merge the two entries',
        at: second.path,
        related: [relateRegion(first)],
      };
    }
  },
});

const memoryOverDevice = defineRule({
  code: 'MEM-OVER-DEVICE',
  title: 'Validate that no memory of a partition covers the window of a device that one owns.',
  reason: 'Whoever has the memory drives the device, with the cacheable memory type.',
  source: 'One list of regions of every class (a class left out is a known bug of checkers)',
  example: {
    before: 'memory [0x8000000, 0xa000000), device uart0 [0x9000000, 0x9001000)',
    after: 'memory [0x48000000, 0x4a000000), device uart0 [0x9000000, 0x9001000)',
  },
  *violations({ overlaps }) {
    for (const pair of overlaps) {
      const classes = [pair.first.class, pair.second.class];
      if (!classes.includes('memory') || !classes.includes('device')) continue;
      const memory = pair.first.class === 'memory' ? pair.first : pair.second;
      const device = memory === pair.first ? pair.second : pair.first;
      yield {
        message: describePair(pair),
        help: 'place the memory inside a RAM bank, away from the device',
        at: memory.path,
        related: [relateRegion(device)],
      };
    }
  },
});

const memoryThroughChannel = defineRule({
  code: 'MEM-THROUGH-CHANNEL',
  title: 'Validate that no partition reaches memory of another through a channel.',
  reason: 'The memory is called private, but an end of the channel maps it for somebody else.',
  source: 'Declared flows only: stage 2 grants are owned memory and declared channels',
  example: {
    before: 'memory of rtos [0x70000000, 0x71010000), channel [0x71000000, 0x71010000)',
    after: 'memory of rtos [0x70000000, 0x71000000), channel [0x71000000, 0x71010000)',
  },
  *violations({ configuration, overlaps }) {
    for (const pair of overlaps) {
      const classes = [pair.first.class, pair.second.class];
      if (!classes.includes('memory') || !classes.includes('channel')) continue;
      const memory = pair.first.class === 'memory' ? pair.first : pair.second;
      const channel = memory === pair.first ? pair.second : pair.first;
      const shared = computeIntersection(computePages(memory), computePages(channel));
      for (const end of configuration.channels[channel.channel]?.ends ?? []) {
        if (end.partition === memory.owner) continue;
        const intruder = getPartitionName(configuration, end.partition);
        yield {
          message:
            `${intruder} reaches ${formatRange(shared)} of ${memory.label} ` +
            `${formatRange(memory)} through ${channel.label} ${formatRange(channel)}`,
          help: 'cut the range of the channel out of the memory, or move the channel',
          at: memory.path,
          related: [relateRegion(channel)],
        };
      }
    }
  },
});

const memoryEmpty = defineRule({
  code: 'MEM-EMPTY',
  title: 'Validate that every memory of a partition has a size.',
  reason: 'An empty range maps nothing and overlaps nothing: no other rule would see it.',
  source: 'Practice: zero-size regions slipped through published checkers',
  example: { before: 'size: 0', after: 'size: 16MiB' },
  *violations(context) {
    for (const claim of context.claimsOfKind['memory']) {
      const { owner } = claim;
      if (claim.size > 0) continue;
      yield {
        message:
          `${formatClaim(claim)} of ${owner} at ${formatAddress(claim.pa)} is empty: expected a ` +
          'size of at least 4KiB, found 0',
        help: 'state the size, or remove the entry',
        at: [...getClaimPath(claim), 'size'],
      };
    }
  },
});

const memoryAlignment = defineRule({
  code: 'MEM-ALIGNMENT',
  title: 'Validate that memory starts and ends on a page in both address spaces.',
  reason: 'Stage 2 maps whole 4 KiB pages: the rest of a page would be granted silently.',
  source: STAGE_2,
  example: { before: 'pa: 0x48000800', after: 'pa: 0x48000000' },
  *violations(context) {
    for (const claim of context.claimsOfKind['memory']) {
      if (isWholePages(claim)) continue;
      const { owner } = claim;
      for (const key of ['ipa', 'pa', 'size'] as const) {
        if (claim[key] % PAGE_SIZE === 0) continue;
        yield {
          message:
            `${key} of ${formatClaim(claim)} of ${owner} is not a multiple of 4KiB: ` +
            `expected ${formatNeighbours(claim[key], PAGE_SIZE)}, found ` +
            formatAddress(claim[key]),
          help: 'use whole pages',
          at: [...getClaimPath(claim), key],
        };
      }
    }
  },
});

function isWholePages({ ipa, pa, size }: IpaClaim): boolean {
  return ipa % PAGE_SIZE === 0 && pa % PAGE_SIZE === 0 && size % PAGE_SIZE === 0;
}

/** Violations of the ends of both address spaces, for claims of one kind. */
export function* findBeyondAddressSpace(
  context: RuleContext,
  kind: IpaClaim['kind'],
): Generator<Violation> {
  for (const claim of context.claimsOfKind[kind]) {
    const { owner } = claim;
    if (claim.ipa + claim.size > IPA_END) {
      yield {
        message:
          `${formatClaim(claim)} of ${owner} ends beyond the IPA space: ` +
          `${formatRange(getIpaRange(claim))} is not within ` +
          formatRange(createRange(0, IPA_END)),
        help: `stage 2 translates 39-bit addresses; choose an IPA below ${formatAddress(IPA_END)}`,
        at: kind === 'device' ? getClaimPath(claim) : [...getClaimPath(claim), 'ipa'],
      };
    }
    if (kind !== 'channel' && claim.pa + claim.size > PA_END) {
      yield {
        message:
          `${formatClaim(claim)} of ${owner} ends beyond the physical address space: ` +
          `${formatRange(getPaRange(claim))} is not within ${formatRange(createRange(0, PA_END))}`,
        help: 'check base and size; cores address 40 bits',
        at: kind === 'device' ? getClaimPath(claim) : [...getClaimPath(claim), 'pa'],
      };
    }
  }
}

const memoryAddressSpace = defineRule({
  code: 'MEM-ADDRESS-SPACE',
  title: 'Validate that memory ends within the physical and the intermediate address space.',
  reason:
    'A range that runs over the end wraps or faults; a wrapped end passes naive overlap tests.',
  source: 'T0SZ = 25 (39-bit IPA); ID_AA64MMFR0_EL1.PARange of Cortex-A55 (40-bit PA)',
  example: { before: 'ipa: 0x7fffff0000, size: 1MiB', after: 'ipa: 0x7fff000000, size: 1MiB' },
  *violations(context) {
    yield* findBeyondAddressSpace(context, 'memory');
  },
});

const memoryOutsideRam = defineRule({
  code: 'MEM-OUTSIDE-RAM',
  title: 'Validate that memory of a partition lies wholly in RAM banks of the platform.',
  reason:
    'Outside RAM are devices, other controllers or nothing: an external abort at the first access.',
  source: 'Platform memory map; containment, not mere overlap',
  example: {
    before: 'pa: 0xbff00000, size: 2MiB (RAM ends at 0xc0000000)',
    after: 'pa: 0xbfe00000',
  },
  *violations(context) {
    const { configuration, banks } = context;
    for (const claim of context.claimsOfKind['memory']) {
      const { owner } = claim;
      if (claim.size === 0 || isCovered(getPaRange(claim), banks)) continue;
      const names = configuration.platform.memory
        .slice(0, 4)
        .map((bank) => `${bank.name} ${formatRange(bank)}`);
      yield {
        message:
          `${formatClaim(claim)} of ${owner} ${formatRange(getPaRange(claim))} ` +
          'is not wholly in RAM: ' +
          `expected within ${names.join(' or ') || 'a bank, but the platform has none'}`,
        help: 'move or shrink the memory',
        at: [...getClaimPath(claim), 'pa'],
        related: configuration.platform.memory.slice(0, 4).map((bank, index) => ({
          message: `RAM bank ${bank.name} ${formatRange(bank)}`,
          at: ['platform', 'memory', index] as const,
        })),
      };
    }
  },
});

const memoryIpaOverlap = defineRule({
  code: 'MEM-IPA-OVERLAP',
  title: 'Validate that nothing overlaps in the IPA space of a partition.',
  reason:
    'One IPA page has one descriptor: memory, device windows and channel ends that claim ' +
    'it twice cannot both be mapped.',
  source: STAGE_2,
  example: {
    before: 'memory at IPA [0x40000000, 0x60000000), channel end at IPA 0x50000000',
    after: 'memory at IPA [0x40000000, 0x60000000), channel end at IPA 0x70000000',
  },
  *violations(context) {
    for (const [partition, claims] of context.ipaClaims.entries()) {
      yield* findIpaOverlaps(context, partition, claims);
    }
  },
});

function* findIpaOverlaps(
  context: RuleContext,
  partition: number,
  claims: readonly IpaClaim[],
): Generator<Violation> {
  const owner = getPartitionName(context.configuration, partition);
  const { pairs, truncated } = findPageOverlaps(claims, 'ipa', (first, second) => {
    const a = claims[first];
    const b = claims[second];
    return a !== undefined && b !== undefined && !isSameMapping(a, b);
  });
  if (truncated) yield describeTruncation(['config', 'partitions', partition]);
  for (const [first, second] of pairs) {
    const a = claims[first];
    const b = claims[second];
    if (a === undefined || b === undefined) continue;
    const verb = isOverlapping(getIpaRange(a), getIpaRange(b)) ? 'overlap' : 'share a page';
    yield {
      message:
        `${formatClaim(a)} at IPA ${formatRange(getIpaRange(a))} and ${formatClaim(b)} at IPA ` +
        `${formatRange(getIpaRange(b))} of ${owner} ${verb} in the partition's address space`,
      help: 'choose another IPA for one of them',
      at: getClaimPath(b),
      related: [{ message: `${formatClaim(a)} is here`, at: getClaimPath(a) }],
    };
  }
}

/**
 * Device windows that lie in one physical page at the same offset need one and the same
 * descriptor.
 */
function isSameMapping(a: IpaClaim, b: IpaClaim): boolean {
  return a.kind === 'device' && b.kind === 'device' && a.ipa - a.pa === b.ipa - b.pa;
}

const memoryAccess = defineRule({
  code: 'MEM-ACCESS',
  title: 'Validate that memory can be read.',
  reason:
    'Memory without rights is granted to nobody; write-only memory faults on every ' +
    'read-modify-write and every cache fill by load.',
  source: 'Arm ARM DDI 0487, S2AP; practice: Microkit and Hafnium refuse write-only',
  example: { before: 'access: w', after: 'access: rw' },
  *violations(context) {
    for (const claim of context.claimsOfKind['memory']) {
      const { owner } = claim;
      if (claim.access.read || (claim.access.execute && !claim.access.write)) continue;
      const found = claim.access.write ? 'write without read' : 'no right at all';
      yield {
        message:
          `${formatClaim(claim)} of ${owner} cannot be read: expected r, rw, rx or rwx, found ` +
          found,
        help: 'add r, or remove the entry',
        at: [...getClaimPath(claim), 'access'],
      };
    }
  },
});

function isExecutable({ kind, access }: IpaClaim): boolean {
  return kind === 'memory' && access.execute;
}

const memoryEntry = defineRule({
  code: 'MEM-ENTRY',
  title: 'Validate that a partition starts in executable memory of its own.',
  reason: 'The first fetch of each virtual CPU would be an instruction abort.',
  source: 'Practice: Jailhouse and Hafnium configurations that never started',
  example: { before: 'entry: 0x30000000', after: 'entry: 0x40080000' },
  *violations({ configuration, ipaClaims }) {
    for (const [index, partition] of configuration.partitions.entries()) {
      const claims = ipaClaims[index] ?? [];
      const isHere = (claim: IpaClaim): boolean => isInRange(partition.entry, getIpaRange(claim));
      if (claims.some((claim) => isExecutable(claim) && isHere(claim))) continue;
      const here = claims.filter(isHere);
      const executable = claims.filter(isExecutable);
      const expected = executable.map((claim) => formatRange(getIpaRange(claim))).slice(0, 4);
      const found = here[0] === undefined ? 'where nothing is' : `in ${formatClaim(here[0])}`;
      yield {
        message:
          `entry ${formatAddress(partition.entry)} of ${partition.name} lies ${found}: expected ` +
          `executable memory, ${expected.join(' or ') || 'but the partition has none'}`,
        help: 'state the IPA of the first instruction, or give that memory the right x',
        at: ['config', 'partitions', index, 'entry'],
        related: here.map((claim) => ({
          message: `${formatClaim(claim)} is here`,
          at: getClaimPath(claim),
        })),
      };
    }
  },
});

const memoryEntryAlignment = defineRule({
  code: 'MEM-ENTRY-ALIGNMENT',
  title: 'Validate that the entry of a partition on A-class cores is a multiple of 4.',
  reason: 'A64 instructions are words; an unaligned PC is an alignment fault at the first fetch.',
  source: 'Arm ARM DDI 0487, PC alignment checking',
  example: { before: 'entry: 0x40080002', after: 'entry: 0x40080000' },
  *violations({ configuration, runsWithoutEl2 }) {
    for (const [index, partition] of configuration.partitions.entries()) {
      if (partition.entry % 4 === 0 || runsWithoutEl2[index] === true) continue;
      yield {
        message:
          `entry of ${partition.name} is no instruction address: expected ` +
          `${formatNeighbours(partition.entry, 4)}, found ` +
          formatAddress(partition.entry),
        help: 'use a multiple of 4',
        at: ['config', 'partitions', index, 'entry'],
      };
    }
  },
});

/** Claims of one kind that a core without translation does not see where the configuration says. */
export function* findNotIdentity(
  context: RuleContext,
  kind: IpaClaim['kind'],
): Generator<Violation> {
  const { configuration, runsWithoutEl2 } = context;
  if (!runsWithoutEl2.includes(true)) return;
  for (const claim of context.claimsOfKind[kind]) {
    const { owner } = claim;
    if (runsWithoutEl2[claim.partition] !== true) continue;
    for (const core of listCoresOf(configuration, claim.partition)) {
      if (core.el2 || isSeenByCore(claim, core)) continue;
      yield {
        message:
          `${formatClaim(claim)} of ${owner} cannot move: ` +
          `core ${core.id} (${core.type}) has no EL2, ` +
          `expected ipa ${formatAddress(claim.pa)} as its pa, found ${formatAddress(claim.ipa)}`,
        help: 'set ipa to pa, or to the address at which the core sees it by an alias',
        at: kind === 'device' ? getClaimPath(claim) : [...getClaimPath(claim), 'ipa'],
      };
    }
  }
}

const memoryIdentity = defineRule({
  code: 'MEM-IDENTITY',
  title: 'Validate that memory of a partition on a core without EL2 has its physical address.',
  reason: 'No stage 2 stands in front of such a core: it sees physical addresses and its aliases.',
  source: 'Cortex-M7 and M33 have neither EL2 nor an MMU',
  example: {
    before: 'core 6 (cortex-m7): ipa 0x0, pa 0x80000000',
    after: 'core 6 (cortex-m7): ipa 0x80000000, pa 0x80000000',
  },
  *violations(context) {
    yield* findNotIdentity(context, 'memory');
  },
});

const memoryBanksOverlap = defineRule({
  code: 'MEM-BANKS-OVERLAP',
  title: 'Validate that RAM banks of the platform do not overlap.',
  reason: 'One of the two sizes is wrong, so that memory which is not there passes as RAM.',
  source: 'Practice: Muen and Lopper check the platform description too',
  example: {
    before: 'dram0 [0x40000000, 0xc0000000), dram1 [0x80000000, 0x100000000)',
    after: 'dram0 [0x40000000, 0x80000000), dram1 [0x80000000, 0x100000000)',
  },
  *violations({ configuration }) {
    const { memory } = configuration.platform;
    for (const [first, second] of findOverlaps(memory, () => true).pairs) {
      const a = memory[first];
      const b = memory[second];
      if (a === undefined || b === undefined) continue;
      yield {
        message:
          `RAM banks ${a.name} ${formatRange(a)} and ${b.name} ${formatRange(b)} overlap ` +
          `in ${formatRange(computeIntersection(a, b))}`,
        help: 'correct base or size in the platform file',
        at: ['platform', 'memory', second],
        related: [
          {
            message: `bank ${a.name} ${formatRange(a)} is here`,
            at: ['platform', 'memory', first],
          },
        ],
      };
    }
  },
});

const memoryFirewallGranule = defineRule({
  code: 'MEM-FIREWALL-GRANULE',
  title:
    'Validate that no firewall granule holds memory of a partition on a core without EL2 ' +
    'and anything of others.',
  reason: 'The bus firewall grants whole granules: the core reaches all that lies in one.',
  source: 'i.MX95 TRDC: memory block checkers work on fixed blocks',
  example: {
    before: 'granule 64KiB, freertos [0x80000000, 0x80008000), linux [0x80008000, 0x80010000)',
    after: 'granule 64KiB, freertos [0x80000000, 0x80010000), linux [0x80010000, 0x80020000)',
  },
  *violations(context) {
    yield* findSharedGranules(context, 'memory');
  },
});

const memoryUnused = defineRule({
  code: 'MEM-NONE',
  title: 'Validate that a partition has memory.',
  reason: 'Nothing of it could run.',
  source: 'Practice: dead data in published configurations',
  example: { before: 'memory: []', after: 'memory: [{ name: ram, … }]' },
  *violations({ configuration }) {
    for (const [index, partition] of configuration.partitions.entries()) {
      if (partition.memory.length > 0) continue;
      yield {
        message:
          `${partition.name} has no memory: expected at least one executable range, found ` +
          'none',
        help: 'grant memory, or remove the partition',
        at: ['config', 'partitions', index],
      };
    }
  },
});

/** The rules of area MEM. */
export const MEMORY_RULES: readonly Rule[] = [
  memoryOverlap,
  memorySelfOverlap,
  memoryOverDevice,
  memoryThroughChannel,
  memoryEmpty,
  memoryAlignment,
  memoryAddressSpace,
  memoryOutsideRam,
  memoryIpaOverlap,
  memoryAccess,
  memoryEntry,
  memoryEntryAlignment,
  memoryIdentity,
  memoryFirewallGranule,
  memoryBanksOverlap,
  memoryUnused,
];
