/**
 * Defects of devices: windows over what is not theirs, devices of two owners, streams that are
 * shared, missing or too wide.
 */

import type { Device, StaticConfiguration } from '../../../model/configuration.ts';
import {
  type ByteRange,
  IPA_END,
  type Ipa,
  type ItsDeviceId,
  PAGE_SIZE,
  type StreamId,
} from '../../../model/units.ts';
import type { Choices, Defect } from './defect.ts';
import {
  addDevice,
  addWindow,
  FAR,
  FREE_IPA,
  findFree,
  listDevices,
  listGuests,
  type OwnedDevice,
  withDevice,
  withEntry,
  withPartition,
  withPlatform,
} from './edits.ts';

const PAGE = PAGE_SIZE;

/** A new device of a partition under EL2, with its only window somewhere. */
function newWindow(
  place: (configuration: StaticConfiguration, choices: Choices) => ByteRange,
): Defect['plant'] {
  return (configuration, choices) => {
    const owner = choices.from(listGuests(configuration).guests);
    return addDevice(configuration, owner, { mmio: [place(configuration, choices)] });
  };
}

/** One page of a range: the first, the last or any between. */
function choosePage({ base, size }: ByteRange, choices: Choices): ByteRange {
  const pages = Math.floor(size / PAGE);
  const page = choices.from([0, pages - 1, choices.below(pages)]);
  return { base: base + page * PAGE, size: PAGE };
}

function overRegisters(
  choose: (platform: StaticConfiguration['platform']) => ByteRange | null | undefined,
): Defect['plant'] {
  return newWindow(({ platform }, choices) =>
    choosePage(choose(platform) ?? platform.interrupts.distributor, choices),
  );
}

const REGISTERS: readonly Defect[] = [
  {
    id: 'device.holds-distributor',
    code: 'HYP-REGISTERS',
    rows: ['RNG-07', 'IRQ-17'],
    plant: overRegisters(({ interrupts }) => interrupts.distributor),
  },
  {
    id: 'device.holds-redistributor',
    code: 'HYP-REGISTERS',
    rows: ['RNG-07', 'RNG-09', 'IRQ-17'],
    plant: overRegisters(({ interrupts }) => interrupts.redistributors),
  },
  {
    id: 'device.holds-translator',
    code: 'HYP-REGISTERS',
    rows: ['IRQ-17', 'IRQ-18'],
    plant: overRegisters(({ interrupts }) => interrupts.its),
  },
  {
    id: 'device.holds-smmu',
    code: 'HYP-REGISTERS',
    rows: ['RNG-07', 'DMA-16'],
    plant: overRegisters(({ iommu }) => iommu),
  },
  {
    id: 'device.holds-firewall',
    code: 'HYP-REGISTERS',
    rows: ['DMA-16', 'IMM-04'],
    plant: overRegisters(({ firewall }) => firewall?.managers[0]),
  },
  {
    id: 'redistributors.lack-last-core',
    code: 'HYP-REDISTRIBUTORS',
    rows: ['RNG-09', 'IRQ-17'],
    plant: (configuration) => {
      const { interrupts } = configuration.platform;
      const { base, size } = interrupts.redistributors;
      return withPlatform(configuration, {
        interrupts: { ...interrupts, redistributors: { base, size: size - PAGE } },
      });
    },
  },
  {
    id: 'device.shares-page-with-registers',
    code: 'HYP-REGISTERS',
    rows: ['RNG-11', 'IRQ-18'],
    plant: newWindow(({ platform }, choices) => {
      const { base } = choosePage(platform.interrupts.distributor, choices);
      return { base: base + 0x800, size: 4 };
    }),
  },
];

/** Devices with a window that leaves the rest of its last page free. */
function listSubPage(configuration: StaticConfiguration): OwnedDevice[] {
  return listDevices(configuration).filter(
    ({ facts }) => facts.mmio.length === 1 && facts.mmio[0]?.size === 0x800,
  );
}

/** The free half of the page of a device, for a device of another partition or of nobody. */
function besideDevice(
  owner: (configuration: StaticConfiguration, other: number, choices: Choices) => number,
  facts: Partial<Device> = {},
): Defect['plant'] {
  return (configuration, choices) => {
    const { partition, facts: beside } = choices.from(listSubPage(configuration));
    const [{ base } = { base: 0 }] = beside.mmio;
    const mmio = [{ base: base + 0x800, size: 0x100 }];
    return addDevice(configuration, owner(configuration, partition, choices), { ...facts, mmio });
  };
}

/** Index of no partition. */
const NOBODY = -1;

const OWNERS: readonly Defect[] = [
  {
    id: 'device.shares-page',
    code: 'DEV-SHARED-PAGE',
    rows: ['RNG-11', 'IRQ-18'],
    plant: besideDevice((configuration, other, choices) =>
      choices.from(listGuests(configuration).guests.filter((guest) => guest !== other)),
    ),
  },
  {
    id: 'device.shares-page-with-nobody',
    code: 'DEV-UNOWNED-IN-PAGE',
    rows: ['RNG-11'],
    plant: besideDevice(() => NOBODY),
  },
  {
    id: 'device.shares-page-with-firmware',
    code: 'HYP-FIRMWARE',
    rows: ['RNG-11', 'IMM-04'],
    plant: besideDevice(() => NOBODY, { firmware: true }),
  },
  {
    id: 'device.has-two-owners',
    code: 'DEV-TWO-OWNERS',
    rows: ['RNG-14', 'DMA-06'],
    also: { 'DEV-SHARED-PAGE': 'others in its page belong to one of the two only' },
    plant: (configuration, choices) => {
      const { guests } = listGuests(configuration);
      const owned = listDevices(configuration).filter(({ partition }) =>
        guests.includes(partition),
      );
      const { device, partition, facts } = choices.from(owned);
      return grant(configuration, choices.from(guests.filter((each) => each !== partition)), {
        device,
        windowIpas: facts.mmio.map(({ base }) => base as Ipa),
      });
    },
  },
  {
    id: 'device.is-of-firmware',
    code: 'DEV-FIRMWARE',
    rows: ['IMM-04'],
    plant: (configuration, choices) => {
      const { devices } = configuration.platform;
      const kept = [...devices.entries()].filter(([, { firmware }]) => firmware);
      const [device, { mmio }] = choices.from(kept);
      const owner = choices.from(listGuests(configuration).guests);
      // It masters the bus only by its streams: that it has none is no second defect.
      const held = withDevice(configuration, device, { dma: false, streams: [], itsDeviceIds: [] });
      return grant(held, owner, { device, windowIpas: mmio.map(({ base }) => base as Ipa) });
    },
  },
];

function grant(
  configuration: StaticConfiguration,
  owner: number,
  added: StaticConfiguration['partitions'][number]['devices'][number],
): StaticConfiguration {
  const { devices = [] } = configuration.partitions[owner] ?? {};
  return withPartition(configuration, owner, { devices: [...devices, added] });
}

/** A device of some partitions that has a window, seen elsewhere. */
function moved(
  choose: (configuration: StaticConfiguration) => readonly number[],
  place: (window: ByteRange) => number,
): Defect['plant'] {
  return (configuration, choices) => {
    const owners = choose(configuration);
    const able = listDevices(configuration).filter(
      ({ partition, facts }) => owners.includes(partition) && facts.mmio.length > 0,
    );
    const { partition, grant: at, facts } = choices.from(able);
    // By the lowest window: the others are seen above it.
    const lowest = facts.mmio.toSorted((a, b) => a.base - b.base)[0];
    const start = lowest === undefined ? 0 : place(lowest) - lowest.base;
    const windowIpas = facts.mmio.map(({ base }) => (base + start) as Ipa);
    const { devices = [] } = configuration.partitions[partition] ?? {};
    return withPartition(configuration, partition, {
      devices: withEntry(devices, at, { windowIpas }),
    });
  };
}

const WINDOWS: readonly Defect[] = [
  {
    id: 'device.has-empty-window',
    code: 'DEV-EMPTY-WINDOW',
    rows: ['RNG-08'],
    plant: newWindow(({ platform }) => ({ base: platform.interrupts.distributor.base, size: 0 })),
  },
  {
    id: 'device.lies-in-ram',
    code: 'DEV-IN-RAM',
    rows: ['RNG-07'],
    plant: newWindow((configuration) => ({ base: findFree(configuration, 1), size: PAGE })),
  },
  {
    id: 'device.lies-in-memory',
    code: 'MEM-OVER-DEVICE',
    rows: ['RNG-07', 'RNG-11'],
    also: { 'DEV-IN-RAM': 'memory lies in RAM' },
    plant: newWindow((configuration, choices) => {
      const { pa } = choices.from(choices.from(configuration.partitions).memory);
      return { base: pa + 0x10, size: 4 };
    }),
  },
  {
    id: 'device.lies-in-hypervisor',
    code: 'HYP-OVERLAP',
    rows: ['RNG-07', 'S2-20'],
    also: { 'DEV-IN-RAM': 'the hypervisor lies in RAM' },
    plant: newWindow(({ hypervisor }, choices) =>
      choosePage(choices.from(hypervisor.memory), choices),
    ),
  },
  {
    id: 'device.is-seen-beyond-space',
    code: 'DEV-ADDRESS-SPACE',
    rows: ['RNG-02', 'RNG-03'],
    plant: moved(
      (configuration) => listGuests(configuration).guests,
      ({ base }) => IPA_END + (base % PAGE),
    ),
  },
  {
    id: 'device.moves-within-page',
    code: 'DEV-IPA-ALIGNMENT',
    rows: ['RNG-10', 'RNG-11'],
    plant: moved(
      (configuration) => listGuests(configuration).guests,
      ({ base }) => FREE_IPA + (base % PAGE) + 4,
    ),
  },
  {
    id: 'device.moves-without-el2',
    code: 'DEV-IDENTITY',
    rows: ['S2-02'],
    plant: moved(
      (configuration) => listGuests(configuration).bare,
      ({ base }) => FREE_IPA + (base % PAGE),
    ),
  },
  {
    id: 'device.shares-granule',
    code: 'DEV-FIREWALL-GRANULE',
    rows: ['DMA-16', 'RNG-11'],
    plant: (configuration, choices) => {
      const { guests, bare } = listGuests(configuration);
      const size = 2 ** 16;
      const planted = addDevice(
        addWindow(configuration, { base: FAR, size }, size),
        choices.from(bare),
        { mmio: [{ base: FAR, size: 4 }] },
      );
      const base = FAR + PAGE * (1 + choices.below(15));
      return addDevice(planted, choices.from(guests), { mmio: [{ base, size: 4 }] });
    },
  },
  {
    id: 'device.lies-outside-firewall',
    code: 'HYP-OUTSIDE-FIREWALL',
    rows: ['DMA-16'],
    plant: newWindow(() => ({ base: FAR, size: PAGE })),
  },
];

/** A device of a partition under EL2 that emits streams, and one of another partition. */
function chooseMasters(
  configuration: StaticConfiguration,
  choices: Choices,
  suits: (facts: Device) => boolean = () => true,
): readonly [one: OwnedDevice, other: OwnedDevice] {
  const { guests } = listGuests(configuration);
  const masters = listDevices(configuration).filter(
    ({ partition, facts }) =>
      guests.includes(partition) && facts.streams.length > 0 && suits(facts),
  );
  const one = choices.from(masters);
  return [one, choices.from(masters.filter(({ partition }) => partition !== one.partition))];
}

const STREAMS: readonly Defect[] = [
  {
    id: 'stream.is-shared',
    code: 'DMA-STREAM-SHARED',
    rows: ['DMA-05', 'DMA-06'],
    plant: (configuration, choices) => {
      const [one, other] = chooseMasters(configuration, choices);
      const streams = withStream(one.facts.streams, choices.from(other.facts.streams), 0);
      return withDevice(configuration, one.device, { streams });
    },
  },
  {
    id: 'stream.is-shared-by-last',
    code: 'DMA-STREAM-SHARED',
    rows: ['DMA-03', 'DMA-05'],
    plant: (configuration, choices) => {
      const [{ device, facts }, other] = chooseMasters(configuration, choices);
      const last = facts.streams.length - 1;
      const shared = other.facts.streams.at(-1) ?? (0 as StreamId);
      return withDevice(configuration, device, {
        streams: withStream(facts.streams, shared, last),
      });
    },
  },
  {
    id: 'stream.is-too-wide',
    code: 'DMA-STREAM-RANGE',
    rows: ['DMA-04', 'RNG-03'],
    plant: (configuration, choices) => {
      const [{ device, facts }, other] = chooseMasters(configuration, choices);
      const bits = configuration.platform.iommu?.streamIdBits ?? 0;
      // Cut to the bits of the SMMU it is a stream of somebody else.
      const wide = ((other.facts.streams[0] ?? 0) + 2 ** bits) as StreamId;
      return withDevice(configuration, device, { streams: withStream(facts.streams, wide, 0) });
    },
  },
  {
    id: 'stream.is-none',
    code: 'DMA-NO-STREAM',
    rows: ['DMA-01'],
    plant: (configuration, choices) => {
      const [{ device }] = chooseMasters(configuration, choices);
      return withDevice(configuration, device, { streams: [], dma: true });
    },
  },
  {
    id: 'stream.has-no-smmu',
    code: 'DMA-NO-SMMU',
    rows: ['DMA-01', 'DMA-03'],
    plant: (configuration) => withPlatform(configuration, { iommu: null }),
  },
  {
    id: 'event.is-shared',
    code: 'DMA-ITS-SHARED',
    rows: ['DMA-06', 'IRQ-09'],
    plant: (configuration, choices) => {
      const [one, other] = chooseMasters(
        configuration,
        choices,
        ({ itsDeviceIds }) => itsDeviceIds.length > 0,
      );
      const shared: ItsDeviceId[] = [...one.facts.itsDeviceIds, ...other.facts.itsDeviceIds];
      return withDevice(configuration, one.device, { itsDeviceIds: shared });
    },
  },
];

function withStream(streams: readonly StreamId[], stream: StreamId, at: number): StreamId[] {
  return streams.map((each, index) => (index === at ? stream : each));
}

/** Defects of devices, their windows and their streams. */
export const DEVICE_DEFECTS: readonly Defect[] = [...REGISTERS, ...OWNERS, ...WINDOWS, ...STREAMS];
