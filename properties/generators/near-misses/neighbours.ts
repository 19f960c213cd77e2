/**
 * Neighbours of defects: what touches and does not overlap, fills and does not overflow, looks the
 * same and is another.
 */

import type { Nanoseconds } from '../../../model/units.ts';
import {
  IPA_END,
  type IntId,
  type Ipa,
  PA_END,
  PAGE_SIZE,
  type StreamId,
  type Vmid,
} from '../../../model/units.ts';
import type { Neighbour } from './defect.ts';
import {
  addBank,
  addBareChannels,
  addDevice,
  addMemory,
  addWindow,
  chooseTwo,
  computeUnit,
  FAR,
  findFree,
  FREE_IPA,
  GRANULE,
  listCpus,
  listDevices,
  listGuests,
  withCpu,
  withPartition,
  withPlatform,
} from './edits.ts';

const PAGE = PAGE_SIZE;

const SPACE: readonly Neighbour[] = [
  {
    id: 'memory.touches-memory',
    rows: ['RNG-01', 'RNG-10'],
    plant: (configuration, choices) => {
      const [one, other] = chooseTwo(configuration, choices);
      const pa = findFree(configuration, 3);
      const first = addMemory(configuration, one, { pa, size: PAGE });
      const second = addMemory(first, other, { pa: pa + PAGE, size: PAGE });
      return addMemory(second, one, { pa: pa + 2 * PAGE, size: PAGE, ipa: FREE_IPA as Ipa });
    },
  },
  {
    id: 'memory.fills-bank',
    rows: ['RNG-01', 'RNG-05'],
    plant: (configuration, choices) => {
      const owner = choices.from(listGuests(configuration).guests);
      const range = { base: FAR, size: 2 * PAGE };
      const planted = addWindow(addBank(configuration, range.base, range.size), range);
      return addMemory(planted, owner, { pa: range.base, size: range.size });
    },
  },
  {
    id: 'memory.lies-across-banks',
    rows: ['RNG-05'],
    plant: (configuration, choices) => {
      const owner = choices.from(listGuests(configuration).guests);
      const banks = addBank(addBank(configuration, FAR + PAGE, PAGE), FAR, PAGE);
      const planted = addWindow(banks, { base: FAR, size: 2 * PAGE });
      return addMemory(planted, owner, { pa: FAR, size: 2 * PAGE });
    },
  },
  {
    id: 'memory.is-last-page-of-physical-space',
    rows: ['RNG-02'],
    plant: (configuration, choices) => {
      const owner = choices.from(listGuests(configuration).guests);
      const range = { base: PA_END - PAGE, size: PAGE };
      const planted = addWindow(addBank(configuration, range.base, PAGE), range);
      return addMemory(planted, owner, { pa: range.base, size: PAGE });
    },
  },
  {
    id: 'memory.is-seen-at-last-page',
    rows: ['RNG-02', 'RNG-03'],
    plant: (configuration, choices) => {
      const { guests } = listGuests(configuration);
      const end = (IPA_END - PAGE) as Ipa;
      const isTaken = (owner: number): boolean =>
        [
          ...(configuration.partitions[owner]?.memory ?? []),
          ...configuration.channels.flatMap(({ ends, size }) =>
            ends.flatMap(({ partition, ipa }) => (partition === owner ? [{ ipa, size }] : [])),
          ),
        ].some(({ ipa, size }) => ipa + size > end);
      const owner = choices.from(guests);
      const pa = findFree(configuration, 1);
      const ipa = isTaken(owner) ? (FREE_IPA as Ipa) : end;
      return addMemory(configuration, owner, { pa, size: PAGE, ipa });
    },
  },
  {
    id: 'memory.is-equal-in-32-bits',
    rows: ['RNG-03', 'S2-16'],
    plant: (configuration, choices) => {
      const { guests } = listGuests(configuration);
      const owner = choices.from(guests);
      const { pa } = choices.from(choices.from(configuration.partitions).memory);
      const base = FAR + (pa % 2 ** 32);
      const planted = addWindow(addBank(configuration, base, PAGE), { base, size: PAGE });
      return addMemory(planted, owner, { pa: base, size: PAGE });
    },
  },
  {
    id: 'memory.is-seen-as-another-sees-its-own',
    rows: ['S2-02', 'S2-06'],
    plant: (configuration, choices) => {
      const [one, other] = chooseTwo(configuration, choices);
      const pa = findFree(configuration, 2);
      const ipa = FREE_IPA as Ipa;
      const first = addMemory(configuration, one, { pa, size: PAGE, ipa });
      return addMemory(first, other, { pa: pa + PAGE, size: PAGE, ipa });
    },
  },
  {
    id: 'device.shares-page-with-its-owner',
    rows: ['RNG-11'],
    plant: (configuration, choices) => {
      const able = listDevices(configuration).filter(
        ({ facts }) => facts.mmio.length === 1 && facts.mmio[0]?.size === 0x800,
      );
      const { partition, grant, facts } = choices.from(able);
      const [{ base } = { base: 0 }] = facts.mmio;
      const mmio = [{ base: base + 0x800, size: 0x800 }];
      const added = addDevice(configuration, partition, { mmio });
      const { devices = [] } = added.partitions[partition] ?? {};
      const ipa = devices[grant]?.windowIpas[0] ?? base;
      // Both windows are seen in one page, as they lie in one.
      return withPartition(added, partition, {
        devices: devices.map((each, index) =>
          index === devices.length - 1 ? { ...each, windowIpas: [(ipa + 0x800) as Ipa] } : each,
        ),
      });
    },
  },
];

/** Lines at the ends of words, of what is shared and of what there is. */
const EDGE_LINES = [32, 63, 64, 1019];

const NUMBERS: readonly Neighbour[] = [
  ...EDGE_LINES.map(
    (line) =>
      ({
        id: `line.is-${line}`,
        rows: ['IRQ-03', 'IRQ-20', 'RNG-09'],
        plant: (configuration, choices) => {
          const { platform } = configuration;
          const { guests } = listGuests(configuration);
          const isTaken =
            platform.devices.some(({ irqs }) => irqs.includes(line as IntId)) ||
            platform.iommu?.irqs.includes(line as IntId) === true ||
            platform.interrupts.reservedIrqs.includes(line as IntId) ||
            configuration.channels.some(({ notify }) => notify.some(({ irq }) => irq === line));
          const interrupts = { ...platform.interrupts, spiCount: 988 };
          const planted = withPlatform(configuration, { interrupts });
          return isTaken
            ? planted
            : addDevice(planted, choices.from(guests), { irqs: [line as IntId] });
        },
      }) satisfies Neighbour,
  ),
  {
    id: 'line.is-shared-by-devices-of-one-owner',
    rows: ['IRQ-01'],
    plant: (configuration, choices) => {
      const { guests } = listGuests(configuration);
      const able = listDevices(configuration).filter(
        ({ partition, facts }) => guests.includes(partition) && facts.irqs.length > 0,
      );
      const { partition, facts } = choices.from(able);
      return addDevice(configuration, partition, { irqs: facts.irqs.slice(0, 1) });
    },
  },
  {
    id: 'doorbell.has-number-of-another-receiver',
    rows: ['RNG-17', 'IRQ-08'],
    plant: (configuration, choices) => {
      const ringing = [...configuration.channels.entries()].filter(
        ([, { notify }]) => notify.length === 1,
      );
      if (ringing.length === 0) return configuration;
      const [index] = choices.from(ringing);
      return {
        ...configuration,
        channels: configuration.channels.map((channel, at) =>
          at === index
            ? {
                ...channel,
                notify: channel.notify.flatMap((each) => [
                  each,
                  { ...each, from: each.to, to: each.from },
                ]),
              }
            : channel,
        ),
      };
    },
  },
  {
    id: 'stream.is-last',
    rows: ['DMA-04', 'RNG-03'],
    plant: (configuration, choices) => {
      const last = (2 ** (configuration.platform.iommu?.streamIdBits ?? 0) - 1) as StreamId;
      const isTaken = configuration.platform.devices.some(({ streams }) => streams.includes(last));
      const { guests } = listGuests(configuration);
      if (isTaken) return configuration;
      return addDevice(configuration, choices.from(guests), { streams: [last], dma: true });
    },
  },
  {
    id: 'vmid.is-last',
    rows: ['S2-11', 'RNG-03'],
    plant: (configuration, choices) => {
      const last = (2 ** 16 - 1) as Vmid;
      if (configuration.partitions.some(({ vmid }) => vmid === last)) return configuration;
      return withPartition(configuration, choices.below(configuration.partitions.length), {
        vmid: last,
      });
    },
  },
];

const TIME: readonly Neighbour[] = [
  {
    id: 'budgets.fill-core',
    rows: ['SCH-07'],
    plant: (configuration, choices) => {
      const placed = choices.from(
        listCpus(configuration).filter(({ policy }) => policy === 'fp' || policy === 'edf'),
      );
      // All of the core get the same period, and what the others leave of it.
      const residents = listCpus(configuration).filter(({ cpu }) => cpu.core === placed.cpu.core);
      const { periodNs = 0 } = placed.cpu.reservation ?? {};
      const others = residents.filter(({ partition }) => partition !== placed.partition);
      const rest = others.reduce((sum, { cpu }) => sum + (cpu.reservation?.budgetNs ?? 0), 0);
      const longest = Math.max(
        periodNs,
        ...others.map(({ cpu }) => cpu.reservation?.periodNs ?? 0),
      );
      return residents.reduce((planted, each) => {
        const { reservation } = each.cpu;
        if (reservation === null) return planted;
        const isChosen = each.partition === placed.partition;
        const budgetNs = (isChosen ? longest - rest : reservation.budgetNs) as Nanoseconds;
        const period = { periodNs: longest as Nanoseconds, phaseNs: 0 as Nanoseconds };
        const changed = { ...reservation, ...period, budgetNs };
        return withCpu(planted, each, { reservation: changed, maxDelayNs: null });
      }, configuration);
    },
  },
  {
    id: 'budget.is-period-alone',
    rows: ['SCH-07'],
    plant: (configuration, choices) => {
      const free = configuration.platform.cores.find(
        ({ id, el2 }) => el2 && !listCpus(configuration).some(({ cpu }) => cpu.core === id),
      );
      const { cpu, partition } = choices.from(
        listCpus(configuration).filter(({ policy }) => policy === 'fp'),
      );
      const { cpus = [] } = configuration.partitions[partition] ?? {};
      if (free === undefined || cpu.reservation === null) return configuration;
      const { periodNs } = cpu.reservation;
      const reservation = { ...cpu.reservation, budgetNs: periodNs, phaseNs: 0 as Nanoseconds };
      const added = { ...cpu, core: free.id, reservation, maxDelayNs: null };
      return withPartition(configuration, partition, { cpus: [...cpus, added] });
    },
  },
  {
    id: 'phase.is-last',
    rows: ['SCH-04'],
    plant: (configuration, choices) => {
      const placed = choices.from(
        listCpus(configuration).filter(({ policy }) => policy === 'fp' || policy === 'edf'),
      );
      const { reservation } = placed.cpu;
      if (reservation === null) return configuration;
      const phaseNs = (reservation.periodNs - reservation.budgetNs) as Nanoseconds;
      return withCpu(configuration, placed, { reservation: { ...reservation, phaseNs } });
    },
  },
  {
    id: 'budget.is-just-longer-than-switches',
    rows: ['SCH-08'],
    plant: (configuration, choices) => {
      const { contextSwitchNs, reloadNs } = configuration.hypervisor.overheads;
      const able = listCpus(configuration).filter(
        ({ policy }) => policy === 'fp' || policy === 'edf',
      );
      const placed = choices.from(able);
      const { reservation } = placed.cpu;
      if (reservation === null) return configuration;
      const least = 2 * contextSwitchNs + reloadNs + computeUnit(configuration);
      const changed = { ...reservation, budgetNs: least as Nanoseconds };
      const planted = withCpu(configuration, placed, { reservation: changed, maxDelayNs: null });
      // Interrupts would cost more than that.
      return withPartition(planted, placed.partition, { interruptRates: [] });
    },
  },
];

const GRANULES: readonly Neighbour[] = [
  {
    id: 'channel.fills-granule',
    rows: ['RNG-10', 'DMA-16'],
    plant: (configuration, choices) =>
      addBareChannels(configuration, choices.from(listGuests(configuration).bare), [
        { base: FAR, size: GRANULE },
        { base: FAR + 2 * GRANULE, size: 2 * GRANULE },
      ]),
  },
  {
    id: 'channels.fill-granule-together',
    rows: ['RNG-11', 'DMA-16'],
    plant: (configuration, choices) =>
      addBareChannels(configuration, choices.from(listGuests(configuration).bare), [
        { base: FAR, size: PAGE },
        { base: FAR + PAGE, size: GRANULE - PAGE },
      ]),
  },
];

/** Everything that is right and looks nearly wrong. */
export const NEIGHBOURS: readonly Neighbour[] = [...SPACE, ...NUMBERS, ...TIME, ...GRANULES];
