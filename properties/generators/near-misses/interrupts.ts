/**
 * Defects of lines: private ones, shared ones, those that nobody has or that EL2 keeps, doorbells.
 */

import type {
  InterruptController,
  Notify,
  StaticConfiguration,
} from '../../../model/configuration.ts';
import type { IntId } from '../../../model/units.ts';
import type { Choices, Defect } from './defect.ts';
import {
  addDevice,
  chooseTwo,
  listDevices,
  listGuests,
  withChannel,
  withPartition,
  withPlatform,
} from './edits.ts';

/** A new device of a partition under EL2 with one line. */
function newLine(
  choose: (configuration: StaticConfiguration, choices: Choices, owner: number) => number,
): Defect['plant'] {
  return (configuration, choices) => {
    const owner = choices.from(listGuests(configuration).guests);
    const irqs = [choose(configuration, choices, owner) as IntId];
    return addDevice(configuration, owner, { irqs });
  };
}

/** Lines of partitions other than one. */
function listLinesBut(configuration: StaticConfiguration, owner: number): IntId[] {
  return listDevices(configuration).flatMap(({ partition, facts }) =>
    partition === owner ? [] : facts.irqs,
  );
}

/** Lines that EL2 keeps. */
function listKept({ platform }: StaticConfiguration): IntId[] {
  return [...(platform.iommu?.irqs ?? []), ...platform.interrupts.reservedIrqs];
}

function getSpiEnd({ platform }: StaticConfiguration): number {
  return platform.interrupts.spiFirst + platform.interrupts.spiCount;
}

function withController(change: Partial<InterruptController>): Defect['plant'] {
  return (configuration) => {
    const interrupts = { ...configuration.platform.interrupts, ...change };
    return withPlatform(configuration, { interrupts });
  };
}

const LINES: readonly Defect[] = [
  {
    id: 'line.has-two-owners',
    code: 'IRQ-TWO-OWNERS',
    rows: ['IRQ-01', 'IRQ-08'],
    plant: newLine((configuration, choices, owner) =>
      choices.from(listLinesBut(configuration, owner)),
    ),
  },
  {
    id: 'line.has-two-owners-by-last',
    code: 'IRQ-TWO-OWNERS',
    rows: ['IRQ-01', 'RNG-09'],
    plant: newLine((configuration, _, owner) => Math.max(...listLinesBut(configuration, owner))),
  },
  {
    id: 'line.is-of-hypervisor',
    code: 'IRQ-HYPERVISOR',
    rows: ['IRQ-01', 'IRQ-14'],
    plant: newLine((configuration, choices) => choices.from(listKept(configuration))),
  },
  ...[0, 15, 16, 31].map((line) => ({
    id: `line.is-${line}`,
    code: 'IRQ-RANGE',
    rows: ['IRQ-03', 'IRQ-20'],
    plant: newLine(() => line),
  })),
  ...[1020, 1023, 8192].map((line) => ({
    id: `line.is-${line}`,
    code: 'IRQ-RANGE',
    rows: ['IRQ-03', 'RNG-09'],
    plant: newLine(() => line),
  })),
  {
    id: 'line.is-beyond-last',
    code: 'IRQ-RANGE',
    rows: ['RNG-09', 'IRQ-03'],
    plant: newLine((configuration) => getSpiEnd(configuration)),
  },
  {
    id: 'lines.begin-too-early',
    code: 'IRQ-CONTROLLER',
    rows: ['IRQ-20'],
    plant: (configuration, choices) => {
      // One more at the begin, and none less at the end.
      const spiCount = configuration.platform.interrupts.spiCount + 1;
      return withController({ spiFirst: 31, spiCount })(configuration, choices);
    },
  },
  {
    id: 'lines.end-too-late',
    code: 'IRQ-CONTROLLER',
    rows: ['IRQ-03', 'RNG-09'],
    plant: withController({ spiCount: 989 }),
  },
  {
    id: 'list-registers.are-none',
    code: 'IRQ-CONTROLLER',
    rows: ['IRQ-11'],
    plant: withController({ listRegisters: 0 }),
  },
  {
    id: 'list-registers.are-too-many',
    code: 'IRQ-CONTROLLER',
    rows: ['IRQ-11'],
    plant: withController({ listRegisters: 17 }),
  },
];

/** A channel with a doorbell, and one more doorbell in its list. */
function ring(
  choose: (notify: Notify, configuration: StaticConfiguration, choices: Choices) => Notify,
): Defect['plant'] {
  return (configuration, choices) => {
    const ringing = [...configuration.channels.entries()].filter(
      ([, { notify }]) => notify.length > 0,
    );
    const [index, { notify }] = choices.from(ringing);
    const added = choose(choices.from(notify), configuration, choices);
    return withChannel(configuration, index, { notify: [...notify, added] });
  };
}

/** A line that nobody has in any way. */
function findFreeLine(configuration: StaticConfiguration): IntId {
  const { spiFirst } = configuration.platform.interrupts;
  const taken = new Set<number>([
    ...configuration.platform.devices.flatMap(({ irqs }) => irqs),
    ...configuration.channels.flatMap(({ notify }) => notify.map(({ irq }) => irq)),
    ...listKept(configuration),
  ]);
  let line = spiFirst;
  while (taken.has(line)) line += 1;
  return line as IntId;
}

const DOORBELLS: readonly Defect[] = [
  {
    id: 'doorbell.rings-twice',
    code: 'IRQ-NOTIFY-TWICE',
    rows: ['IRQ-08', 'SHM-01'],
    plant: ring((notify) => notify),
  },
  {
    id: 'doorbell.has-line-of-device',
    code: 'IRQ-NOTIFY-CLASH',
    rows: ['RNG-17', 'IRQ-08'],
    plant: ring((notify, configuration, choices) => ({
      ...notify,
      irq: choices.from(listDevices(configuration).flatMap(({ facts }) => facts.irqs)),
    })),
  },
  {
    id: 'doorbell.has-line-of-hypervisor',
    code: 'IRQ-NOTIFY-CLASH',
    rows: ['RNG-17', 'IRQ-14'],
    plant: ring((notify, configuration, choices) => ({
      ...notify,
      irq: choices.from(listKept(configuration)),
    })),
  },
  {
    id: 'doorbell.is-private',
    code: 'IRQ-NOTIFY-RANGE',
    rows: ['IRQ-20'],
    plant: ring((notify, _, choices) => ({ ...notify, irq: choices.from([31, 0, 16]) as IntId })),
  },
  {
    id: 'doorbell.is-beyond-last',
    code: 'IRQ-NOTIFY-RANGE',
    rows: ['IRQ-03'],
    plant: ring((notify, configuration) => ({
      ...notify,
      irq: getSpiEnd(configuration) as IntId,
    })),
  },
  {
    id: 'doorbell.rings-itself',
    code: 'IRQ-NOTIFY-SELF',
    rows: ['SHM-01'],
    plant: ring((notify, configuration) => ({
      ...notify,
      to: notify.from,
      irq: findFreeLine(configuration),
    })),
  },
  {
    id: 'doorbell.rings-stranger',
    code: 'IRQ-NOTIFY-END',
    rows: ['SHM-01', 'IRQ-05'],
    plant: (configuration, choices) => {
      // A channel of two partitions under EL2, cut down to one of them and the bare one.
      const [from, to] = chooseTwo(configuration, choices);
      const { bare } = listGuests(configuration);
      const index = configuration.channels.findIndex(
        ({ ends, notify }) =>
          notify.length === 0 && ends.some(({ partition }) => bare.includes(partition)),
      );
      const notify = [{ from, to, irq: findFreeLine(configuration) }];
      return withChannel(configuration, index, { notify });
    },
  },
  {
    id: 'doorbell.rings-without-el2',
    code: 'IRQ-NOTIFY-NO-EL2',
    rows: ['IRQ-04'],
    plant: (configuration, choices) => {
      const { bare, guests } = listGuests(configuration);
      const has = (list: readonly number[], index: number): number =>
        configuration.channels[index]?.ends.find(({ partition }) => list.includes(partition))
          ?.partition ?? -1;
      const able = [...configuration.channels.keys()].filter(
        (index) => has(bare, index) >= 0 && has(guests, index) >= 0,
      );
      const index = choices.from(able);
      const { notify = [] } = configuration.channels[index] ?? {};
      const irq = findFreeLine(configuration);
      const added = choices.from([
        { from: has(guests, index), to: has(bare, index), irq },
        { from: has(bare, index), to: has(guests, index), irq },
      ]);
      return withChannel(configuration, index, { notify: [...notify, added] });
    },
  },
];

/** A partition with rates, and one more or another. */
function rate(
  choose: (
    rates: StaticConfiguration['partitions'][number]['interruptRates'],
    configuration: StaticConfiguration,
    owner: number,
  ) => StaticConfiguration['partitions'][number]['interruptRates'],
): Defect['plant'] {
  return (configuration, choices) => {
    const { guests } = listGuests(configuration);
    const owner = choices.from(guests);
    const { interruptRates = [] } = configuration.partitions[owner] ?? {};
    return withPartition(configuration, owner, {
      interruptRates: choose(interruptRates, configuration, owner),
    });
  };
}

const RATES: readonly Defect[] = [
  {
    id: 'rate.is-of-another',
    code: 'IRQ-RATE-OWNER',
    rows: ['IRQ-01'],
    plant: rate(([first, ...others], configuration, owner) => {
      const { partitions } = configuration;
      // The line of somebody else who states no rate for it.
      const stated = new Set(
        partitions.flatMap(({ interruptRates }) => interruptRates.map(({ irq }) => irq)),
      );
      const irq = listLinesBut(configuration, owner).find((line) => !stated.has(line));
      return first === undefined
        ? []
        : [{ ...first, irq: irq ?? findFreeLine(configuration) }, ...others];
    }),
  },
  {
    id: 'rate.is-stated-twice',
    code: 'IRQ-RATE-TWICE',
    rows: ['RNG-14'],
    plant: rate(([first, ...others]) => {
      if (first === undefined) return [];
      // The second one instead of another, so that no more interrupts are counted.
      return [first, first, ...others.slice(1)];
    }),
  },
  {
    id: 'rate.has-no-distance',
    code: 'IRQ-RATE-DISTANCE',
    rows: ['SCH-07'],
    plant: rate((rates) =>
      rates.map((each, index) =>
        index === 0 ? { ...each, distanceNs: 0 as typeof each.distanceNs } : each,
      ),
    ),
  },
];

/** Defects of lines, doorbells and rates. */
export const INTERRUPT_DEFECTS: readonly Defect[] = [...LINES, ...DOORBELLS, ...RATES];
