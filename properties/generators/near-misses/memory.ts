/**
 * Defects of memory: ranges that touch, overlap, enclose, wrap, end too late or have no length.
 */

import type { StaticConfiguration } from '../../../model/configuration.ts';
import { type ByteRange, IPA_END, type Ipa, PA_END, PAGE_SIZE } from '../../../model/units.ts';
import type { Choices, Defect } from './defect.ts';
import {
  addBank,
  addMemory,
  addWindow,
  chooseTwo,
  FAR,
  findFree,
  FREE_IPA,
  listDevices,
  listGuests,
  withEntry,
  withPartition,
} from './edits.ts';

const PAGE = PAGE_SIZE;

/** Memory of any partition but one, of three pages or more. */
function chooseRange(
  { partitions }: StaticConfiguration,
  but: number,
  choices: Choices,
): ByteRange {
  const others = partitions.filter((_, index) => index !== but);
  const { pa, size } = choices.from(choices.from(others).memory);
  return { base: pa, size };
}

/** Memory of a partition under EL2 over part of what another partition has. */
function overAnother(cut: (range: ByteRange) => ByteRange): Defect['plant'] {
  return (configuration, choices) => {
    const owner = choices.from(listGuests(configuration).guests);
    const { base, size } = cut(chooseRange(configuration, owner, choices));
    return addMemory(configuration, owner, { pa: base, size });
  };
}

const OVERLAPS: readonly Defect[] = [
  {
    id: 'memory.shares-last-page',
    code: 'MEM-OVERLAP',
    rows: ['RNG-01'],
    plant: overAnother(({ base, size }) => ({ base: base + size - PAGE, size: PAGE })),
  },
  {
    id: 'memory.shares-first-page',
    code: 'MEM-OVERLAP',
    rows: ['RNG-01'],
    plant: overAnother(({ base }) => ({ base, size: PAGE })),
  },
  {
    id: 'memory.is-enclosed',
    code: 'MEM-OVERLAP',
    rows: ['RNG-04'],
    plant: overAnother(({ base }) => ({ base: base + PAGE, size: PAGE })),
  },
  {
    id: 'memory.is-equal',
    code: 'MEM-OVERLAP',
    rows: ['RNG-01', 'RNG-06'],
    plant: overAnother((range) => range),
  },
  {
    id: 'memory.encloses',
    code: 'MEM-OVERLAP',
    rows: ['RNG-04', 'RNG-06'],
    plant: (configuration, choices) => {
      const [inner, outer] = chooseTwo(configuration, choices);
      const pa = findFree(configuration, 3);
      const first = addMemory(configuration, inner, { pa: pa + PAGE, size: PAGE });
      return addMemory(first, outer, { pa, size: 3 * PAGE });
    },
  },
  {
    id: 'memory.is-enclosed-behind-another',
    code: 'MEM-OVERLAP',
    rows: ['RNG-06'],
    also: { 'MEM-SELF-OVERLAP': 'the one before it in the enclosing memory has its owner' },
    plant: (configuration, choices) => {
      const [inner, outer] = chooseTwo(configuration, choices);
      const pa = findFree(configuration, 4);
      const first = addMemory(configuration, outer, { pa, size: 4 * PAGE });
      const second = addMemory(first, outer, { pa: pa + PAGE, size: PAGE });
      return addMemory(second, inner, { pa: pa + 3 * PAGE, size: PAGE });
    },
  },
  {
    id: 'memory.overlaps-last-of-many',
    code: 'MEM-OVERLAP',
    rows: ['RNG-09'],
    plant: (configuration, choices) => {
      const [one, other] = chooseTwo(configuration, choices);
      const count = 40;
      let planted = addBank(configuration, FAR, count * PAGE);
      planted = addWindow(planted, { base: FAR, size: count * PAGE });
      for (let index = 0; index < count; index += 1) {
        const place = { pa: FAR + index * PAGE, size: PAGE };
        planted = addMemory(planted, one, { ...place, ipa: (FREE_IPA + index * PAGE) as Ipa });
      }
      return addMemory(planted, other, { pa: FAR + (count - 1) * PAGE, size: PAGE });
    },
  },
  {
    id: 'memory.overlaps-itself',
    code: 'MEM-SELF-OVERLAP',
    rows: ['RNG-06'],
    plant: (configuration, choices) => {
      const owner = choices.from(listGuests(configuration).guests);
      const { pa, size } = choices.from(configuration.partitions[owner]?.memory ?? []);
      return addMemory(configuration, owner, { pa: pa + size - PAGE, size: PAGE });
    },
  },
  {
    id: 'memory.holds-image',
    code: 'HYP-OVERLAP',
    rows: ['RNG-07', 'S2-20'],
    plant: overHypervisor(({ base }) => base),
  },
  {
    id: 'memory.holds-end-of-hypervisor',
    code: 'HYP-OVERLAP',
    rows: ['RNG-01', 'RNG-07'],
    plant: overHypervisor(({ base, size }) => base + size - PAGE),
  },
  {
    id: 'memory.holds-firmware',
    code: 'HYP-FIRMWARE',
    rows: ['RNG-07'],
    plant: (configuration, choices) => {
      const owner = choices.from(listGuests(configuration).guests);
      const { base: pa } = choices.from(configuration.platform.reserved);
      return addMemory(configuration, owner, { pa, size: PAGE });
    },
  },
  {
    id: 'memory.holds-channel',
    code: 'CHN-OVERLAP',
    rows: ['RNG-07'],
    also: { 'MEM-THROUGH-CHANNEL': 'an end of the channel reaches the memory' },
    plant: (configuration, choices) => {
      const owner = choices.from(listGuests(configuration).guests);
      const { pa, size } = choices.from(configuration.channels);
      return addMemory(configuration, owner, { pa: pa + size - PAGE, size: PAGE });
    },
  },
  {
    id: 'memory.holds-device',
    code: 'MEM-OVER-DEVICE',
    rows: ['RNG-07', 'S2-19'],
    also: { 'MEM-OUTSIDE-RAM': 'devices lie outside of RAM' },
    plant: (configuration, choices) => {
      const owner = choices.from(listGuests(configuration).guests);
      const withWindows = listDevices(configuration).filter(({ facts }) => facts.mmio.length > 0);
      const { base } = choices.from(choices.from(withWindows).facts.mmio);
      return addMemory(configuration, owner, { pa: base - (base % PAGE), size: PAGE });
    },
  },
];

function overHypervisor(choose: (range: ByteRange) => number): Defect['plant'] {
  return (configuration, choices) => {
    const owner = choices.from(listGuests(configuration).guests);
    const range = choices.from(configuration.hypervisor.memory);
    return addMemory(configuration, owner, { pa: choose(range), size: PAGE });
  };
}

/** A partition under EL2 gets free memory, changed a little. */
function freeMemory(
  pages: number,
  change: (pa: number) => Parameters<typeof addMemory>[2],
): Defect['plant'] {
  return (configuration, choices) => {
    const owner = choices.from(listGuests(configuration).guests);
    return addMemory(configuration, owner, change(findFree(configuration, pages)));
  };
}

/** One page of RAM on its own, and memory that lies there only in part or not at all. */
function besideBank(bank: ByteRange, memory: ByteRange): Defect['plant'] {
  return (configuration, choices) => {
    const owner = choices.from(listGuests(configuration).guests);
    const base = Math.min(bank.base, memory.base);
    const end = Math.max(bank.base + bank.size, memory.base + memory.size);
    const planted = addWindow(addBank(configuration, bank.base, bank.size), {
      base,
      size: end - base,
    });
    return addMemory(planted, owner, { pa: memory.base, size: memory.size });
  };
}

const BOUNDS: readonly Defect[] = [
  {
    id: 'memory.is-empty',
    code: 'MEM-EMPTY',
    rows: ['RNG-08'],
    // In the middle of what somebody else has: without a length it overlaps nothing there.
    plant: overAnother(({ base }) => ({ base: base + PAGE, size: 0 })),
  },
  {
    id: 'memory.starts-within-page',
    code: 'MEM-ALIGNMENT',
    rows: ['RNG-10'],
    plant: freeMemory(2, (pa) => ({ pa: pa + 0x800, size: PAGE })),
  },
  {
    id: 'memory.ends-within-page',
    code: 'MEM-ALIGNMENT',
    rows: ['RNG-10', 'RNG-13'],
    plant: freeMemory(2, (pa) => ({ pa, size: PAGE + 1 })),
  },
  {
    id: 'memory.is-seen-within-page',
    code: 'MEM-ALIGNMENT',
    rows: ['RNG-10'],
    plant: freeMemory(1, (pa) => ({ pa, size: PAGE, ipa: (FREE_IPA + 0x800) as Ipa })),
  },
  {
    id: 'memory.leaves-bank',
    code: 'MEM-OUTSIDE-RAM',
    rows: ['RNG-05'],
    plant: besideBank({ base: FAR, size: PAGE }, { base: FAR, size: 2 * PAGE }),
  },
  {
    id: 'memory.comes-before-bank',
    code: 'MEM-OUTSIDE-RAM',
    rows: ['RNG-05'],
    plant: besideBank({ base: FAR + PAGE, size: PAGE }, { base: FAR, size: 2 * PAGE }),
  },
  {
    id: 'memory.touches-bank',
    code: 'MEM-OUTSIDE-RAM',
    rows: ['RNG-01', 'RNG-05'],
    plant: besideBank({ base: FAR, size: PAGE }, { base: FAR + PAGE, size: PAGE }),
  },
  {
    id: 'memory.leaves-physical-space',
    code: 'MEM-ADDRESS-SPACE',
    rows: ['RNG-02'],
    plant: besideBank(
      { base: PA_END - PAGE, size: 2 * PAGE },
      { base: PA_END - PAGE, size: 2 * PAGE },
    ),
  },
  {
    id: 'memory.leaves-intermediate-space',
    code: 'MEM-ADDRESS-SPACE',
    rows: ['RNG-02', 'RNG-03'],
    plant: (configuration, choices) => {
      // Of a partition that does not see its memory at the end of the space already.
      const last = (index: number): boolean =>
        [
          ...(configuration.partitions[index]?.memory ?? []),
          ...configuration.channels.flatMap(({ ends, size }) =>
            ends.flatMap(({ partition, ipa }) => (partition === index ? [{ ipa, size }] : [])),
          ),
        ].some(({ ipa, size }) => ipa + size > IPA_END - PAGE);
      const { guests } = listGuests(configuration);
      const able = guests.filter((guest) => !last(guest));
      const owner = choices.from(able.length > 0 ? able : guests);
      const ipa = (able.length > 0 ? IPA_END - PAGE : IPA_END) as Ipa;
      const pa = findFree(configuration, 2);
      return addMemory(configuration, owner, { pa, size: 2 * PAGE, ipa });
    },
  },
  {
    id: 'memory.wraps-safe-integers',
    code: 'MEM-ADDRESS-SPACE',
    rows: ['RNG-02', 'RNG-03'],
    also: {
      'MEM-OUTSIDE-RAM': 'no bank is so large',
      'HYP-OUTSIDE-FIREWALL': 'nor is a window of the firewall',
    },
    plant: (configuration, choices) => {
      const owner = choices.from(listGuests(configuration).guests);
      const size = 2 ** 52 - PAGE;
      return addMemory(configuration, owner, { pa: PA_END, size, ipa: IPA_END as Ipa });
    },
  },
];

/** The last page of something that a partition sees already. */
function whereSeen(
  list: (configuration: StaticConfiguration, owner: number) => number[],
): Defect['plant'] {
  return (configuration, choices) => {
    const { guests } = listGuests(configuration);
    const owner = choices.from(guests.filter((guest) => list(configuration, guest).length > 0));
    const ipa = choices.from(list(configuration, owner)) as Ipa;
    return addMemory(configuration, owner, { pa: findFree(configuration, 1), size: PAGE, ipa });
  };
}

function withMemory(
  choose: (configuration: StaticConfiguration) => readonly number[],
  change: Partial<StaticConfiguration['partitions'][number]['memory'][number]>,
): Defect['plant'] {
  return (configuration, choices) => {
    const owner = choices.from(choose(configuration));
    const { memory = [] } = configuration.partitions[owner] ?? {};
    // The first one holds the entry.
    const index = 1 + choices.below(memory.length - 1);
    return withPartition(configuration, owner, { memory: withEntry(memory, index, change) });
  };
}

const VIEWS: readonly Defect[] = [
  {
    id: 'memory.is-seen-over-memory',
    code: 'MEM-IPA-OVERLAP',
    rows: ['S2-02', 'S2-15'],
    plant: whereSeen(({ partitions }, owner) =>
      (partitions[owner]?.memory ?? []).map(({ ipa, size }) => ipa + size - PAGE),
    ),
  },
  {
    id: 'memory.is-seen-over-device',
    code: 'MEM-IPA-OVERLAP',
    rows: ['RNG-07', 'RNG-11'],
    plant: whereSeen(({ partitions }, owner) =>
      (partitions[owner]?.devices ?? []).flatMap(({ windowIpas }) =>
        windowIpas.map((ipa) => ipa - (ipa % PAGE)),
      ),
    ),
  },
  {
    id: 'memory.is-seen-over-channel',
    code: 'MEM-IPA-OVERLAP',
    rows: ['RNG-07', 'S2-15'],
    plant: whereSeen(({ channels }, owner) =>
      channels.flatMap(({ ends, size }) =>
        ends.flatMap(({ partition, ipa }) => (partition === owner ? [ipa + size - PAGE] : [])),
      ),
    ),
  },
  {
    id: 'memory.can-only-be-written',
    code: 'MEM-ACCESS',
    rows: ['S2-14'],
    plant: withMemory(({ partitions }) => [...partitions.keys()], {
      access: { read: false, write: true, execute: false },
    }),
  },
  {
    id: 'memory.moves-without-el2',
    code: 'MEM-IDENTITY',
    rows: ['S2-02'],
    plant: withMemory((configuration) => listGuests(configuration).bare, {
      ipa: (FREE_IPA + PAGE) as Ipa,
    }),
  },
  {
    id: 'memory.is-none',
    code: 'MEM-NONE',
    rows: ['RNG-08'],
    also: { 'MEM-ENTRY': 'the entry lies nowhere' },
    plant: (configuration, choices) =>
      withPartition(configuration, choices.below(configuration.partitions.length), { memory: [] }),
  },
  {
    id: 'memory.has-no-entry',
    code: 'MEM-ENTRY',
    rows: ['RNG-05'],
    plant: (configuration, choices) => {
      const owner = choices.below(configuration.partitions.length);
      return withPartition(configuration, owner, { entry: (FREE_IPA + 4) as Ipa });
    },
  },
  {
    id: 'memory.has-odd-entry',
    code: 'MEM-ENTRY-ALIGNMENT',
    rows: ['RNG-10'],
    plant: (configuration, choices) => {
      const owner = choices.from(listGuests(configuration).guests);
      const { entry = 0 } = configuration.partitions[owner] ?? {};
      return withPartition(configuration, owner, { entry: (entry + 2) as Ipa });
    },
  },
  {
    id: 'memory.shares-granule',
    code: 'MEM-FIREWALL-GRANULE',
    rows: ['DMA-16', 'RNG-11'],
    plant: (configuration, choices) => {
      const { guests, bare } = listGuests(configuration);
      const size = 2 ** 16;
      let planted = addBank(configuration, FAR, size);
      planted = addWindow(planted, { base: FAR, size }, size);
      const ipa = FAR as Ipa;
      planted = addMemory(planted, choices.from(bare), { pa: FAR, size: PAGE, ipa });
      const pa = FAR + PAGE * (1 + choices.below(15));
      return addMemory(planted, choices.from(guests), { pa, size: PAGE });
    },
  },
  {
    id: 'bank.overlaps',
    code: 'MEM-BANKS-OVERLAP',
    rows: ['RNG-01', 'RNG-06'],
    plant: (configuration, choices) => {
      const { base, size } = choices.from(configuration.platform.memory);
      return addBank(configuration, base + size - PAGE, PAGE);
    },
  },
];

/** Defects of the memory of partitions. */
export const MEMORY_DEFECTS: readonly Defect[] = [...OVERLAPS, ...BOUNDS, ...VIEWS];
