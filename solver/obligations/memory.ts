/** Obligations of memory: ownership of pages, and what stage 2 makes of it. */

import type { StaticConfiguration } from '../../model/configuration.ts';
import type { TableEntry } from '../../model/machine.ts';
import type { Mapping } from '../../model/plan.ts';
import { HYPERVISOR, listRegions } from '../../model/regions.ts';
import type { Region } from '../../model/regions.ts';
import { IPA_END, PAGE_SIZE, PA_END } from '../../model/units.ts';
import { formatAddress, formatInterval } from '../../properties/findings.ts';
import type { Obligation } from '../obligation.ts';
import { add, equal, less, lessOrEqual, modulo, not, or } from '../smt/term.ts';
import type { Claim } from './claim.ts';
import { proveContained } from './contained.ts';
import type { Limit, Reach } from './contained.ts';
import { proveEveryEntry } from './every-entry.ts';
import type { Entry } from './every-entry.ts';
import { proveExclusive } from './exclusive.ts';
import type { Claimant } from './exclusive.ts';
import {
  getPartitionName,
  listGrantedIpas,
  listGrantedPages,
  listPageClaimants,
  listPagesOfClass,
} from './grants.ts';
import { getImages } from './images.ts';
import { IPA_PAGE, PAGE, VMID, only, toPages } from './spy.ts';

const EXCLUSIVE: Claim = {
  id: 'memory.exclusive',
  statement: 'No physical page belongs to two partitions, or to a partition and the hypervisor.',
  formula: 'for every page p: at most one of {partition 0, ..., channels, hypervisor} has p',
  source: 'separation kernel: each resource has one owner; Arm DDI 0487 D8 (4 KiB granule)',
  help: 'move one of the two, or declare the shared part as a channel',
};
const NO_OVERFLOW: Claim = {
  id: 'memory.no-overflow',
  statement: 'Every region is non-empty and ends within the physical address space.',
  formula: 'for every region: size > 0 and base + size <= 2^40, in unbounded integers',
  source: 'Cortex-A55 PARange: 40 bits of physical address',
  help: 'correct base or size; a range that wraps would be mapped somewhere else',
};
const IPA_IN_SPACE: Claim = {
  id: 'memory.ipa-in-space',
  statement: 'Every grant ends within the intermediate physical address space.',
  formula: 'for every grant: ipa + size <= 2^39, in unbounded integers',
  source: 'Arm DDI 0487, VTCR_EL2: T0SZ = 25 gives 39 bits of IPA',
  help: 'choose a lower ipa',
};
const WHOLE_PAGES: Claim = {
  id: 'memory.whole-pages',
  statement: 'Memory is granted in whole pages, at page boundaries in both address spaces.',
  formula: 'for every grant: pa, ipa and size are multiples of 4096',
  source: 'Arm DDI 0487 D8: the smallest block of stage 2 is one 4 KiB page',
  help: 'align pa, ipa and size to 4 KiB',
};
const BACKED: Claim = {
  id: 'memory.backed',
  statement: 'Memory of partitions lies in memory that the board has.',
  formula: 'for every page p of a grant: p is in a memory bank of the platform',
  source: 'platform file, key memory',
  help: 'move the region into a bank; what lies outside aborts or is a device',
};
const WITHIN_GRANTS: Claim = {
  id: 'memory.stage2-within-grants',
  statement: 'Stage 2 maps nothing but owned and shared pages, with rights no wider than granted.',
  formula:
    'for every page p and right x: an entry of the booted table maps p with x implies a ' +
    'grant of p with x',
  source: 'Arm DDI 0487 D8, stage 2 descriptors S2AP and XN',
  help:
    'this compares the tables that boot builds with the grants: report it if the grants ' +
    'are right',
};
const DENY: Claim = {
  id: 'memory.deny-by-default',
  statement: 'An intermediate physical address that was not granted does not translate.',
  formula: 'for every ipa: an entry of the booted table covers it implies that it was granted',
  source: 'design rule: deny by default; a translation fault goes to EL2',
  help:
    'this compares the tables that boot builds with the grants: report it if the grants ' +
    'are right',
};
const COMPLETE: Claim = {
  id: 'memory.granted-reachable',
  statement: 'Every granted intermediate physical address translates, with every right granted.',
  formula: 'for every ipa and right x: granted with x implies an entry of the booted table with x',
  source: 'the reachable counterpart of deny by default: an empty table must not pass',
  help:
    'this compares the tables that boot builds with the grants: report it if the grants ' +
    'are right',
};
const FUNCTIONAL: Claim = {
  id: 'memory.ipa-functional',
  statement: 'An intermediate physical address has at most one translation.',
  formula: 'for every ipa: at most one distinct entry of the booted table covers it',
  source: 'a page table has one descriptor per page',
  help: 'give one of the two another ipa',
};
const INJECTIVE: Claim = {
  id: 'memory.stage2-injective',
  statement: 'A page appears at one intermediate physical address only.',
  formula: 'for every page p: at most one distinct entry of the booted table maps to it',
  source:
    'aliases with different attributes are unpredictable: Arm DDI 0487 B2 (mismatched attributes)',
  help: 'remove one of the two mappings of the page',
};
const TLB_TAGS: Claim = {
  id: 'memory.tlb-tags',
  statement: 'No two partitions tag their translations with the same VMID.',
  formula: 'for every VMID v: at most one partition, or the hypervisor (0), has v',
  source: 'Arm DDI 0487 D8: TLB entries of stage 2 are matched by VMID',
  help: 'give each partition a VMID of its own, from 1',
};
const ENTRY: Claim = {
  id: 'memory.entry',
  statement: 'A partition starts in memory of its own that it may execute.',
  formula: 'the entry is in a grant with the right to execute',
  source: 'Arm DDI 0487 D8: stage 2 execute-never; the first fetch would go to EL2',
  help: 'move the entry into executable memory of the partition, or give that memory access rwx',
};

/** Claims of this file. */
export const MEMORY_CLAIMS: readonly Claim[] = [
  EXCLUSIVE,
  NO_OVERFLOW,
  IPA_IN_SPACE,
  WHOLE_PAGES,
  BACKED,
  WITHIN_GRANTS,
  DENY,
  COMPLETE,
  FUNCTIONAL,
  INJECTIVE,
  TLB_TAGS,
  ENTRY,
];

/** Obligations about memory: six for the configuration, up to six per partition. */
export function listMemoryObligations(configuration: StaticConfiguration): (Obligation | null)[] {
  return [
    proveExclusive(configuration, {
      claim: EXCLUSIVE,
      instance: null,
      spy: PAGE,
      list: (given) => listPageClaimants(given, getOwner),
    }),
    proveNoOverflow(configuration),
    proveIpaInSpace(configuration),
    proveWholePages(configuration),
    proveContained(configuration, {
      claim: BACKED,
      instance: null,
      spy: PAGE,
      reached: (given) => listPagesOfClass(given, (kind) => kind === 'memory'),
      allowed: listBanks,
      expected: 'every memory bank of the platform',
    }),
    proveExclusive(configuration, {
      claim: TLB_TAGS,
      instance: null,
      spy: VMID,
      list: listVmids,
    }),
    ...configuration.partitions.flatMap((_, index) => listStage2(configuration, index)),
  ];
}

/** Pages of the memory banks of the platform. */
export function listBanks(configuration: StaticConfiguration): Limit[] {
  return configuration.platform.memory.map((bank) => ({ ...toPages(bank), access: null }));
}

function getOwner(region: Region): string {
  if (region.class === 'channel') return `channel ${region.channel}`;
  return region.owner === HYPERVISOR ? 'hypervisor' : `partition ${region.owner}`;
}

function proveNoOverflow(configuration: StaticConfiguration): Obligation | null {
  return proveEveryEntry(configuration, {
    claim: NO_OVERFLOW,
    instance: null,
    list: (given) =>
      listRegions(given).map(({ base, size, label, path }) => ({
        fields: { base, size },
        label,
        path,
        complaint:
          size > 0
            ? `${formatInterval(base, size)} ends beyond ${formatAddress(PA_END)}`
            : `it is empty, at ${formatAddress(base)}`,
      })),
    refute: (field) =>
      or([lessOrEqual(field('size'), 0), less(PA_END, add(field('base'), field('size')))]),
    isBroken: ({ base = 0, size = 0 }) => size <= 0 || BigInt(base) + BigInt(size) > BigInt(PA_END),
  });
}

/** Memory, devices and channel ends of every partition, in IPA space. */
function listIpaEntries(configuration: StaticConfiguration): Entry[] {
  return configuration.partitions.flatMap((partition, index) =>
    listGrantedIpas(configuration, index).map(({ label, path, low, end }) => ({
      fields: { low, end },
      label: `${label} of ${partition.name}`,
      path,
      complaint:
        `its pages end at ${formatAddress(end * PAGE_SIZE)}, ` +
        `which is beyond ${formatAddress(IPA_END)}`,
    })),
  );
}

function proveIpaInSpace(configuration: StaticConfiguration): Obligation | null {
  return proveEveryEntry(configuration, {
    claim: IPA_IN_SPACE,
    instance: null,
    list: listIpaEntries,
    refute: (field) => less(IPA_END / PAGE_SIZE, field('end')),
    isBroken: ({ end = 0 }) => end > IPA_END / PAGE_SIZE,
  });
}

function proveWholePages(configuration: StaticConfiguration): Obligation | null {
  return proveEveryEntry(configuration, {
    claim: WHOLE_PAGES,
    instance: null,
    list: (given) =>
      given.partitions.flatMap((partition, index) =>
        partition.memory.map(({ name, pa, ipa, size }, position) => ({
          fields: { pa, ipa, size },
          label: `memory ${name} of ${partition.name}`,
          path: ['config', 'partitions', index, 'memory', position] as const,
          complaint:
            `pa ${formatAddress(pa)}, ipa ${formatAddress(ipa)} and size ${formatAddress(size)} ` +
            `are not all multiples of ${formatAddress(PAGE_SIZE)}`,
        })),
      ),
    refute: (field) =>
      or(['pa', 'ipa', 'size'].map((name) => not(equal(modulo(field(name), PAGE_SIZE), 0)))),
    isBroken: (fields) => Object.values(fields).some((value) => value % PAGE_SIZE !== 0),
  });
}

function listVmids(configuration: StaticConfiguration): Claimant[] {
  const own = { party: 'hypervisor', label: 'the hypervisor', path: ['config'] as const };
  return [
    { ...own, ...only(0) },
    ...configuration.partitions.map(({ name, vmid }, index) => ({
      party: `partition ${index}`,
      label: `partition ${name}`,
      path: ['config', 'partitions', index, 'vmid'] as const,
      ...only(vmid),
    })),
  ];
}

function listStage2(configuration: StaticConfiguration, index: number): (Obligation | null)[] {
  const instance = getPartitionName(configuration, index);
  return [
    proveContained(configuration, {
      claim: WITHIN_GRANTS,
      instance,
      spy: PAGE,
      reached: (given) => listMappedPages(given, index),
      allowed: (given) => listGrantedPages(given, index),
      expected: `what ${instance} was granted with that right`,
    }),
    proveContained(configuration, {
      claim: DENY,
      instance,
      spy: IPA_PAGE,
      reached: (given) => listMappedIpas(given, index).map((one) => ({ ...one, access: null })),
      allowed: (given) => listGrantedIpas(given, index).map((one) => ({ ...one, access: null })),
      expected: `every grant of ${instance}`,
    }),
    getImages(configuration).plan.partitions[index]?.el2 === true
      ? proveContained(configuration, {
          claim: COMPLETE,
          instance,
          spy: IPA_PAGE,
          reached: (given) => listGrantedIpas(given, index),
          allowed: (given) => listMappedIpas(given, index),
          expected: `what stage 2 of ${instance} maps with that right`,
        })
      : null,
    ...proveOneToOne(configuration, index, instance),
    proveContained(configuration, {
      claim: ENTRY,
      instance,
      spy: IPA_PAGE,
      reached: (given) => listEntry(given, index),
      allowed: (given) => listGrantedIpas(given, index),
      expected: `executable memory of ${instance}`,
    }),
  ];
}

function listEntry(configuration: StaticConfiguration, index: number): Reach[] {
  const { name = '', entry = 0 } = configuration.partitions[index] ?? {};
  const path = ['config', 'partitions', index, 'entry'] as const;
  const access = { read: false, write: false, execute: true };
  return [{ label: `the entry of ${name}`, path, access, ...toPages({ base: entry, size: 1 }) }];
}

function proveOneToOne(
  configuration: StaticConfiguration,
  index: number,
  instance: string,
): (Obligation | null)[] {
  if (listMappedPages(configuration, index).length === 0) return [];
  const list = (given: StaticConfiguration, mapped: Reach[]): Claimant[] =>
    mapped.map((reach, position) => ({
      ...reach,
      party: describeTranslation(getImages(given).stage2[index]?.[position]),
    }));
  return [
    proveExclusive(configuration, {
      claim: FUNCTIONAL,
      instance,
      spy: IPA_PAGE,
      list: (given) => list(given, listMappedIpas(given, index)),
    }),
    proveExclusive(configuration, {
      claim: INJECTIVE,
      instance,
      spy: PAGE,
      list: (given) => list(given, listMappedPages(given, index)),
    }),
  ];
}

/** Entries are one translation where offset, rights and type agree: two devices in one page are. */
function describeTranslation(entry: TableEntry | undefined): string {
  if (entry === undefined) return 'none';
  const { ipa, pa, read, write, execute, type } = entry;
  return [pa - ipa, read, write, execute, type].join(' ');
}

/** What stage 2 of a partition maps, by physical page. */
export function listMappedPages(configuration: StaticConfiguration, index: number): Reach[] {
  const entries = getImages(configuration).stage2[index] ?? [];
  return entries.map((entry) => ({
    ...describeEntry(configuration, index, entry),
    ...toPages({ base: entry.pa, size: entry.size }),
  }));
}

function listMappedIpas(configuration: StaticConfiguration, index: number): Reach[] {
  const entries = getImages(configuration).stage2[index] ?? [];
  return entries.map((entry) => ({
    ...describeEntry(configuration, index, entry),
    ...toPages({ base: entry.ipa, size: entry.size }),
  }));
}

/** A table entry as a party: named by its translation, placed where the configuration grants it. */
export function describeEntry(
  configuration: StaticConfiguration,
  index: number,
  entry: TableEntry | Mapping,
): Pick<Reach, 'label' | 'path' | 'access'> {
  const grant = listGrantedIpas(configuration, index).find(
    (one) => one.low === Math.floor(entry.ipa / PAGE_SIZE),
  );
  const place = `ipa ${formatAddress(entry.ipa)} of ${getPartitionName(configuration, index)}`;
  return {
    label: grant === undefined ? `the entry at ${place}` : `${grant.label} at ${place}`,
    path: grant?.path ?? ['config', 'partitions', index],
    access: { read: entry.read, write: entry.write, execute: entry.execute },
  };
}
