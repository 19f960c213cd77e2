/** Obligations of the hypervisor: nobody reaches what it stands on. */

import type { Path, StaticConfiguration } from '../../model/configuration.ts';
import { PAGE_SIZE } from '../../model/units.ts';
import { formatAddress } from '../../properties/findings.ts';
import type { Obligation } from '../obligation.ts';
import { and, equal, less, modulo, not, or } from '../smt/term.ts';
import type { Claim } from './claim.ts';
import { listReachedPages } from './channel.ts';
import { proveContained } from './contained.ts';
import { listDoorbell } from './dma.ts';
import { proveEveryEntry } from './every-entry.ts';
import { proveExclusive } from './exclusive.ts';
import type { Claimant } from './exclusive.ts';
import {
  getPartitionName,
  isHeldByStage2,
  isProtected,
  listPageClaimants,
  listPagesOfClass,
} from './grants.ts';
import { getImages } from './images.ts';
import { describeEntry, listBanks } from './memory.ts';
import { PAGE, toPages } from './spy.ts';

const UNREACHABLE: Claim = {
  id: 'hypervisor.unreachable',
  statement:
    'No partition reaches pages of the hypervisor, the GIC, the SMMU, the firewall or the ' +
    'firmware.',
  formula:
    'for every page p: a table or grant lets a partition reach p implies that no ' +
    'protected region has p',
  source: 'design rule: whoever writes these decides who reaches what',
  help: 'move the region of the partition; registers of the GIC and the SMMU are never mapped',
};
const APART: Claim = {
  id: 'hypervisor.memory-apart',
  statement: 'Memory of the hypervisor is neither firmware memory nor a register block.',
  formula: 'for every page p of hypervisor memory: no other protected region has p',
  source: 'platform file, keys reserved and interrupts',
  help: 'move the hypervisor memory',
};
const BACKED: Claim = {
  id: 'hypervisor.backed',
  statement: 'Memory of the hypervisor lies in memory that the board has.',
  formula: 'for every page p of hypervisor memory: p is in a memory bank of the platform',
  source: 'platform file, key memory',
  help: 'move the hypervisor memory into a bank',
};
const FRAMES: Claim = {
  id: 'hypervisor.redistributor-frames',
  statement: 'The protected redistributor range holds a frame for every core behind the GIC.',
  formula: 'for every core n behind the GIC: (n + 1) * 128 KiB <= size of the redistributors',
  source: 'Arm IHI 0069 (GICv3) 12.10: 128 KiB of RD_base and SGI_base per redistributor',
  help: 'correct redistributors in the platform file, so that no frame is left unprotected',
};
const PRESENT: Claim = {
  id: 'hypervisor.firewall-present',
  statement: 'Every partition on a core without EL2 is held by a bus firewall.',
  formula: 'for every virtual CPU: its core has EL2, or the platform has a firewall',
  source: 'stage 2 exists only on cores with EL2: Arm DDI 0487 D8',
  help: 'use a core with EL2, or describe the firewall in the platform file',
};
const GRANULE: Claim = {
  id: 'hypervisor.firewall',
  statement: 'The firewall, granting whole granules, lets a partition through to nobody else.',
  formula:
    'for every page p: a firewall grant, widened to whole granules, holds p implies that ' +
    'no other partition, no channel of others and no protected region has p',
  source: 'NXP TRDC: access is given by blocks (MBC) and regions (MRC) of a fixed granule',
  help:
    'align the region to the granule of its firewall window, or give its neighbours to ' +
    'the same partition',
};
const COVERED: Claim = {
  id: 'hypervisor.firewall-window',
  statement: 'Memory of a partition on a core without EL2 lies in a window of the firewall.',
  formula: 'for every page p of the partition: p is in a firewall window',
  source: 'NXP TRDC: outside its windows nothing is checked or nothing is granted',
  help: 'move the region into a firewall window',
};
const WHOLE_PAGES: Claim = {
  id: 'hypervisor.whole-pages',
  statement: 'Memory of the hypervisor is whole pages.',
  formula: 'for every region of the hypervisor: base and size are multiples of 4096, size > 0',
  source: 'Arm DDI 0487 D8: protection is by 4 KiB page',
  help: 'align base and size to 4 KiB',
};

/** Claims of this file. */
export const HYPERVISOR_CLAIMS: readonly Claim[] = [
  UNREACHABLE,
  APART,
  BACKED,
  FRAMES,
  PRESENT,
  GRANULE,
  COVERED,
  WHOLE_PAGES,
];

/** Size of one redistributor: RD_base and SGI_base, 64 KiB each. */
const REDISTRIBUTOR_SIZE = 0x20000;

/** Obligations about the hypervisor: up to seven, and two per partition without stage 2. */
export function listHypervisorObligations(
  configuration: StaticConfiguration,
): (Obligation | null)[] {
  return [
    ...proveUnreachable(configuration),
    proveExclusive(configuration, {
      claim: APART,
      instance: null,
      spy: PAGE,
      list: (given) =>
        listPageClaimants(given, (region) => {
          if (!isProtected(region)) return null;
          return region.class === 'hypervisor' ? 'hypervisor' : 'platform';
        }),
    }),
    proveContained(configuration, {
      claim: BACKED,
      instance: null,
      spy: PAGE,
      reached: (given) => listPagesOfClass(given, (kind) => kind === 'hypervisor'),
      allowed: listBanks,
      expected: 'every memory bank of the platform',
    }),
    proveFrames(configuration),
    provePresent(configuration),
    proveWholePages(configuration),
    ...configuration.partitions.flatMap((_, index) => proveFirewall(configuration, index)),
  ];
}

/** One obligation for what cores reach, one for what streams reach. */
function proveUnreachable(configuration: StaticConfiguration): Obligation[] {
  const means = [
    { instance: 'cores', reach: listCoreReach },
    { instance: 'streams', reach: listStreamReach },
  ];
  return means.map(({ instance, reach }) =>
    proveExclusive(configuration, {
      claim: UNREACHABLE,
      instance,
      spy: PAGE,
      list: (given) => [...reach(given), ...listProtected(given)],
    }),
  );
}

function listCoreReach(configuration: StaticConfiguration): Claimant[] {
  return configuration.partitions.flatMap((_, index) =>
    listReachedPages(configuration, index).map((reach) => ({ ...reach, party: 'partitions' })),
  );
}

/** The doorbell page of the ITS is left out: devices write it, which is how they interrupt. */
function listStreamReach(configuration: StaticConfiguration): Claimant[] {
  const doorbell = listDoorbell(configuration)[0]?.low;
  const walked = new Set(getImages(configuration).streams.map((image) => image.partition));
  return [...walked]
    .flatMap((index) => listStreamClaimants(configuration, index))
    .filter((one) => one.low !== doorbell || one.end !== one.low + 1);
}

function listStreamClaimants(configuration: StaticConfiguration, partition: number): Claimant[] {
  const image = getImages(configuration).streams.find((one) => one.partition === partition);
  return (image?.table ?? []).map((entry) => ({
    ...describeEntry(configuration, partition, entry),
    ...toPages({ base: entry.pa, size: entry.size }),
    party: 'partitions',
  }));
}

/** Protected regions, and every redistributor frame on its own, whatever the range says. */
function listProtected(configuration: StaticConfiguration): Claimant[] {
  const { redistributors } = configuration.platform.interrupts;
  const frames = configuration.platform.cores
    .filter((core) => core.affinity !== null)
    .map((core, index) => ({
      party: 'protected',
      label: `redistributor frame of core ${core.id}`,
      path: ['platform', 'interrupts', 'redistributors'] as Path,
      ...toPages({
        base: redistributors.base + index * REDISTRIBUTOR_SIZE,
        size: REDISTRIBUTOR_SIZE,
      }),
    }));
  const regions = listPageClaimants(configuration, (region) =>
    isProtected(region) ? 'protected' : null,
  );
  return [...regions, ...frames];
}

function proveFrames(configuration: StaticConfiguration): Obligation | null {
  return proveEveryEntry(configuration, {
    claim: FRAMES,
    instance: null,
    list: ({ platform }) =>
      platform.cores
        .filter((core) => core.affinity !== null)
        .map((core, index) => ({
          fields: {
            needed: (index + 1) * REDISTRIBUTOR_SIZE,
            size: platform.interrupts.redistributors.size,
          },
          label: `redistributor frame of core ${core.id}`,
          path: ['platform', 'interrupts', 'redistributors'] as Path,
          complaint:
            `it ends ${formatAddress((index + 1) * REDISTRIBUTOR_SIZE)} bytes into a range ` +
            `of ${formatAddress(platform.interrupts.redistributors.size)}`,
        })),
    refute: (field) => less(field('size'), field('needed')),
    isBroken: ({ needed = 0, size = 0 }) => size < needed,
  });
}

function provePresent(configuration: StaticConfiguration): Obligation | null {
  return proveEveryEntry(configuration, {
    claim: PRESENT,
    instance: null,
    list: ({ platform, partitions }) =>
      partitions.flatMap((partition, index) =>
        partition.cpus.map((cpu, vcpu) => ({
          fields: {
            el2: Number(platform.cores.some((core) => core.id === cpu.core && core.el2)),
            firewall: Number(platform.firewall !== null),
          },
          label: `core ${cpu.core} of ${partition.name}`,
          path: ['config', 'partitions', index, 'cpus', vcpu] as Path,
          complaint: 'it has no EL2 and the platform has no firewall: it reaches every page',
        })),
      ),
    refute: (field) => and([equal(field('el2'), 0), equal(field('firewall'), 0)]),
    isBroken: ({ el2, firewall }) => el2 === 0 && firewall === 0,
  });
}

function proveWholePages(configuration: StaticConfiguration): Obligation | null {
  return proveEveryEntry(configuration, {
    claim: WHOLE_PAGES,
    instance: null,
    list: ({ hypervisor }) =>
      hypervisor.memory.map(({ name, base, size }, index) => ({
        fields: { base, size },
        label: `hypervisor memory ${name}`,
        path: ['config', 'hypervisor', 'memory', index] as Path,
        complaint:
          `base ${formatAddress(base)} and size ${formatAddress(size)} ` +
          `are not both positive multiples of ${formatAddress(PAGE_SIZE)}`,
      })),
    refute: (field) =>
      or([
        less(field('size'), 1),
        ...['base', 'size'].map((name) => not(equal(modulo(field(name), PAGE_SIZE), 0))),
      ]),
    isBroken: ({ base = 0, size = 0 }) =>
      size < 1 || base % PAGE_SIZE !== 0 || size % PAGE_SIZE !== 0,
  });
}

/** Two obligations for a partition that only the firewall can hold; none for the others. */
function proveFirewall(configuration: StaticConfiguration, index: number): (Obligation | null)[] {
  const { firewall } = configuration.platform;
  if (firewall === null || isHeldByStage2(configuration, index)) return [];
  const instance = getPartitionName(configuration, index);
  // A platform that lists no window does not say where the firewall checks: a warning of the rules.
  const hasWindows = firewall.windows.length > 0;
  return [
    proveExclusive(configuration, {
      claim: GRANULE,
      instance,
      spy: PAGE,
      list: (given) => [
        ...listReachedPages(given, index).map((reach) => ({ ...reach, party: instance })),
        ...listPageClaimants(given, (region) => {
          const ends = given.channels[region.channel]?.ends ?? [];
          const isOwn = region.owner === index || ends.some((end) => end.partition === index);
          return isOwn ? null : 'others';
        }),
      ],
    }),
    hasWindows
      ? proveContained(configuration, {
          claim: COVERED,
          instance,
          spy: PAGE,
          reached: (given) =>
            listPagesOfClass(given, (kind, { owner }) => kind === 'memory' && owner === index),
          allowed: ({ platform }) =>
            (platform.firewall?.windows ?? []).map((one) => ({ ...toPages(one), access: null })),
          expected: 'every window of the firewall',
        })
      : null,
  ];
}
