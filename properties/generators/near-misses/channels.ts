/**
 * Defects of channels, of the hypervisor's own memory and of the bus firewall.
 */

import type { Access, Channel, StaticConfiguration } from '../../../model/configuration.ts';
import { IPA_END, type Ipa, PAGE_SIZE, type Pa } from '../../../model/units.ts';
import { listIpaClaims } from '../../rules/claims.ts';
import { computeTableSizes } from '../../rules/tables.ts';
import type { Choices, Defect } from './defect.ts';
import {
  addBank,
  addBareChannels,
  addMemory,
  addWindow,
  chooseTwo,
  FAR,
  findFree,
  FREE_IPA,
  GRANULE,
  listGuests,
  withChannel,
  withEntry,
  withPlatform,
} from './edits.ts';

const PAGE = PAGE_SIZE;
const READ: Access = { read: true, write: false, execute: false };
const WRITE: Access = { read: true, write: true, execute: false };

/** One more channel between two partitions under EL2, and something about it. */
function newChannel(
  pages: number,
  change: (
    channel: Channel,
    configuration: StaticConfiguration,
    choices: Choices,
  ) => Partial<Channel>,
): Defect['plant'] {
  return (configuration, choices) => {
    const [one, other] = chooseTwo(configuration, choices);
    const ipa = FREE_IPA as Ipa;
    const channel: Channel = {
      name: `added${configuration.channels.length}`,
      pa: findFree(configuration, pages) as Pa,
      size: PAGE,
      ends: [
        { partition: one, ipa, access: WRITE },
        { partition: other, ipa, access: READ },
      ],
      notify: [],
    };
    const added = { ...channel, ...change(channel, configuration, choices) };
    return { ...configuration, channels: [...configuration.channels, added] };
  };
}

/** Channels of which granules of the firewall hold more: by offset and size. */
const CHANNELS_IN_GRANULE = [
  ['channel.is-smaller-than-granule', 0, PAGE],
  ['channel.ends-before-granule', 0, GRANULE - PAGE],
  ['channel.begins-behind-granule', PAGE, GRANULE - PAGE],
  ['channel.ends-within-second-granule', 0, GRANULE + PAGE],
] as const;

const CHANNELS: readonly Defect[] = [
  {
    id: 'channel.has-one-end',
    code: 'CHN-ENDS',
    rows: ['RNG-08'],
    plant: newChannel(1, ({ ends }) => ({ ends: ends.slice(0, 1) })),
  },
  {
    id: 'channel.has-end-twice',
    code: 'CHN-END-TWICE',
    rows: ['SHM-01'],
    plant: newChannel(1, ({ ends }) => ({
      ends: ends.map((end, index) => ({
        ...end,
        partition: ends[0]?.partition ?? 0,
        ipa: (end.ipa + index * PAGE) as Ipa,
      })),
    })),
  },
  {
    id: 'channel.is-empty',
    code: 'CHN-EMPTY',
    rows: ['RNG-08'],
    plant: newChannel(1, () => ({ size: 0 })),
  },
  {
    id: 'channel.ends-within-page',
    code: 'CHN-ALIGNMENT',
    rows: ['RNG-10'],
    plant: newChannel(2, () => ({ size: PAGE + 1 })),
  },
  {
    id: 'channel.is-seen-beyond-space',
    code: 'CHN-ADDRESS-SPACE',
    rows: ['RNG-02'],
    plant: newChannel(1, ({ ends }) => ({ ends: withEntry(ends, 0, { ipa: IPA_END as Ipa }) })),
  },
  {
    id: 'channel.leaves-ram',
    code: 'CHN-OUTSIDE-RAM',
    rows: ['RNG-05'],
    plant: (configuration, choices) =>
      newChannel(1, () => ({ pa: FAR as Pa, size: 2 * PAGE }))(
        addWindow(addBank(configuration, FAR, PAGE), { base: FAR, size: 2 * PAGE }),
        choices,
      ),
  },
  {
    id: 'channel.shares-last-page',
    code: 'CHN-OVERLAP',
    rows: ['RNG-01', 'RNG-07'],
    plant: newChannel(1, (_, { channels }, choices) => {
      const { pa, size } = choices.from(channels);
      return { pa: (pa + size - PAGE) as Pa };
    }),
  },
  {
    id: 'channel.holds-memory',
    code: 'CHN-OVERLAP',
    rows: ['RNG-07', 'S2-15'],
    also: { 'MEM-THROUGH-CHANNEL': 'an end of the channel reaches the memory' },
    plant: newChannel(1, (_, { partitions }, choices) => {
      const { pa, size } = choices.from(choices.from(partitions).memory);
      return { pa: (pa + size - PAGE) as Pa };
    }),
  },
  {
    id: 'channel.holds-hypervisor',
    code: 'HYP-OVERLAP',
    rows: ['RNG-07', 'S2-20'],
    plant: newChannel(1, (_, { hypervisor }, choices) => ({
      pa: choices.from(hypervisor.memory).base,
    })),
  },
  {
    id: 'channel.is-written-by-nobody',
    code: 'CHN-DIRECTION',
    rows: ['S2-14'],
    plant: newChannel(1, ({ ends }) => ({ ends: withEntry(ends, 0, { access: READ }) })),
  },
  {
    id: 'channel.has-end-without-right',
    code: 'CHN-ACCESS',
    rows: ['S2-14'],
    plant: newChannel(1, ({ ends }, _, choices) => {
      const third = { ...choices.from(ends), access: { ...READ, read: false } };
      return { ends: [...ends.filter((end) => end.partition !== third.partition), third] };
    }),
    also: { 'CHN-DIRECTION': 'with two ends there is then no writer or no reader' },
  },
  {
    id: 'channel.can-be-executed',
    code: 'CHN-EXECUTE',
    rows: ['S2-14', 'S2-19'],
    plant: newChannel(1, ({ ends }, _, choices) => {
      const at = choices.below(ends.length);
      const { access = READ } = ends[at] ?? {};
      return { ends: withEntry(ends, at, { access: { ...access, execute: true } }) };
    }),
  },
  {
    id: 'channel.moves-without-el2',
    code: 'CHN-IDENTITY',
    rows: ['S2-02'],
    plant: (configuration, choices) => {
      const { bare } = listGuests(configuration);
      const able = [...configuration.channels.entries()].filter(([, { ends }]) =>
        ends.some(({ partition }) => bare.includes(partition)),
      );
      const [index, { ends }] = choices.from(able);
      const at = ends.findIndex(({ partition }) => bare.includes(partition));
      const ipa = FREE_IPA as Ipa;
      return withChannel(configuration, index, { ends: withEntry(ends, at, { ipa }) });
    },
  },
  {
    id: 'channel.shares-granule',
    code: 'CHN-FIREWALL-GRANULE',
    rows: ['DMA-16', 'RNG-11'],
    plant: (configuration, choices) => {
      const { guests, bare } = listGuests(configuration);
      const size = 2 ** 16;
      const [inside, outside] = [choices.from(bare), choices.from(guests)];
      const others = guests.filter((guest) => guest !== outside);
      const planted = newChannel(1, ({ ends }) => ({
        pa: FAR as Pa,
        ends: [
          { partition: inside, ipa: FAR as Ipa, access: WRITE },
          ...ends.slice(1).map((end) => ({ ...end, partition: outside })),
        ],
      }))(configuration, choices);
      const far = addWindow(addBank(planted, FAR, size), { base: FAR, size }, size);
      return addMemory(far, choices.from(others), { pa: FAR + PAGE, size: PAGE });
    },
  },
  ...CHANNELS_IN_GRANULE.map(
    ([id, from, size]) =>
      ({
        id,
        code: 'CHN-FIREWALL-GRANULE',
        rows: ['DMA-16', 'RNG-10'],
        plant: (configuration, choices) =>
          addBareChannels(configuration, choices.from(listGuests(configuration).bare), [
            { base: FAR + from, size },
          ]),
      }) satisfies Defect,
  ),
];

/** The hypervisor with one more range of memory. */
function newHypervisorMemory(
  place: (configuration: StaticConfiguration, choices: Choices) => { base: number; size: number },
): Defect['plant'] {
  return (configuration, choices) => {
    const { base, size } = place(configuration, choices);
    const { hypervisor } = configuration;
    const added = { name: 'added', base: base as Pa, size };
    return {
      ...configuration,
      hypervisor: { ...hypervisor, memory: [...hypervisor.memory, added] },
    };
  };
}

const HYPERVISOR: readonly Defect[] = [
  {
    id: 'hypervisor.overlaps-itself',
    code: 'HYP-OWN-OVERLAP',
    rows: ['RNG-01', 'RNG-07'],
    plant: newHypervisorMemory(({ hypervisor }, choices) => {
      const { base, size } = choices.from(hypervisor.memory);
      return { base: base + size - PAGE, size: PAGE };
    }),
  },
  {
    id: 'hypervisor.holds-memory',
    code: 'HYP-OVERLAP',
    rows: ['RNG-07', 'IMM-03'],
    plant: newHypervisorMemory(({ partitions }, choices) => {
      const { pa, size } = choices.from(choices.from(partitions).memory);
      return { base: pa + size - PAGE, size: PAGE };
    }),
  },
  {
    id: 'hypervisor.is-empty',
    code: 'HYP-NO-MEMORY',
    rows: ['RNG-08'],
    plant: newHypervisorMemory((configuration) => ({ base: findFree(configuration, 1), size: 0 })),
  },
  {
    id: 'hypervisor.ends-within-page',
    code: 'HYP-ALIGNMENT',
    rows: ['RNG-10'],
    plant: newHypervisorMemory((configuration) => ({
      base: findFree(configuration, 1),
      size: PAGE - 1,
    })),
  },
  {
    id: 'hypervisor.leaves-ram',
    code: 'HYP-OUTSIDE-RAM',
    rows: ['RNG-05'],
    plant: (configuration, choices) =>
      newHypervisorMemory(() => ({ base: FAR, size: 2 * PAGE }))(
        addWindow(addBank(configuration, FAR, PAGE), { base: FAR, size: 2 * PAGE }),
        choices,
      ),
  },
  {
    id: 'tables.are-too-small',
    code: 'HYP-TABLES-TOO-SMALL',
    rows: ['RNG-19', 'RNG-12'],
    // As small as can be, or too small by a page at most.
    plant: (configuration, choices) => {
      const { hypervisor } = configuration;
      const { stage2, streamTable } = computeTableSizes(
        configuration,
        listIpaClaims(configuration),
      );
      const needed = stage2.reduce((sum, { bytes }) => sum + bytes, 0) + streamTable;
      const size = choices.from([PAGE, Math.floor((needed - 1) / PAGE) * PAGE]);
      const memory = hypervisor.memory.map((range) =>
        range.name === 'tables' ? { ...range, size } : range,
      );
      return { ...configuration, hypervisor: { ...hypervisor, memory } };
    },
  },
  {
    id: 'firewall.is-none',
    code: 'HYP-NO-FIREWALL',
    rows: ['DMA-16'],
    plant: (configuration) => withPlatform(configuration, { firewall: null }),
  },
  {
    id: 'firewall.has-too-few-regions',
    code: 'HYP-FIREWALL-REGIONS',
    rows: ['DMA-16', 'RNG-09'],
    plant: (configuration) => {
      const { firewall } = configuration.platform;
      if (firewall === null) return configuration;
      // The memories of a partition, which never touch, are at least one.
      const windows = withEntry(firewall.windows, 0, { regions: 0 });
      return withPlatform(configuration, { firewall: { ...firewall, windows } });
    },
  },
];

/** Defects of channels, of the hypervisor and of the firewall. */
export const CHANNEL_DEFECTS: readonly Defect[] = [...CHANNELS, ...HYPERVISOR];
