/** Obligations of interrupts: one owner per line, delivered to its cores only. */

import type { Path, StaticConfiguration } from '../../model/configuration.ts';
import type { Obligation } from '../obligation.ts';
import { and, equal, not, or } from '../smt/term.ts';
import type { Claim } from './claim.ts';
import { proveContained } from './contained.ts';
import { describeDevice, listGrantedDevices } from './device.ts';
import { proveLookup } from './every-entry.ts';
import { proveExclusive } from './exclusive.ts';
import type { Claimant } from './exclusive.ts';
import { getPartitionName } from './grants.ts';
import { getImages } from './images.ts';
import { LINE, only } from './spy.ts';

const EXCLUSIVE: Claim = {
  id: 'irq.exclusive',
  statement: 'Every interrupt line has one owner, and so has every line that a partition sees.',
  formula:
    'for every INTID i: at most one of {partitions by their devices, the hypervisor} has i; and ' +
    'for each partition that is rung: at most one of these and of the notifies to it has i',
  source: 'Arm IHI 0069 (GICv3) 2.2: an INTID names one interrupt',
  help: 'give both devices to one partition, or choose another virtual INTID',
};
const IN_RANGE: Claim = {
  id: 'irq.in-range',
  statement: 'Lines of devices and of notifications are shared peripheral interrupts.',
  formula:
    'for every INTID i of a granted device or a notify: i is in the SPI range of the platform',
  source: 'Arm IHI 0069 2.2: INTIDs 0-31 are private to a core, SPIs start at 32',
  help: 'choose an INTID inside the SPI range',
};
const NOTIFY: Claim = {
  id: 'irq.notify-declared',
  statement: 'A notification goes from one end of its channel to another.',
  formula: 'for every notify: from and to are different ends of the channel',
  source: 'design rule: channels are the only declared flows',
  help: 'name two partitions that are ends of the channel',
};
const ROUTE: Claim = {
  id: 'irq.route-to-owner-core',
  statement: 'A line is routed to a core of its owner.',
  formula: 'for every routed line: the core of its IROUTER is a core of the partition that owns it',
  source: 'Arm IHI 0069, GICD_IROUTER<n>',
  help: 'this is what boot programs: report it if the owner has a core behind the GIC',
};
const DELIVERED: Claim = {
  id: 'irq.delivered-to-owner',
  statement: 'A line is forwarded to no partition but the owner of its device.',
  formula: 'for every line that boot routes: the partition that gets it has a device with the line',
  source: 'Arm IHI 0069 2.2 and 4.4 (virtual interrupts)',
  help: 'this is what boot programs: report it if the configuration is right',
};

/** Claims of this file. */
export const IRQ_CLAIMS: readonly Claim[] = [EXCLUSIVE, IN_RANGE, NOTIFY, ROUTE, DELIVERED];

/** Obligations about interrupts: up to five, and one per partition that is rung. */
export function listIrqObligations(configuration: StaticConfiguration): (Obligation | null)[] {
  return [
    proveExclusive(configuration, {
      claim: EXCLUSIVE,
      instance: null,
      spy: LINE,
      list: (given) => [...listDeviceLines(given), ...listHypervisorLines(given)],
    }),
    ...listReceivers(configuration).map((receiver) =>
      proveExclusive(configuration, {
        claim: EXCLUSIVE,
        instance: getPartitionName(configuration, receiver),
        spy: LINE,
        list: (given) => [
          ...listDeviceLines(given),
          ...listNotifyLines(given).filter((one) => one.receiver === receiver),
          ...listHypervisorLines(given),
        ],
      }),
    ),
    proveContained(configuration, {
      claim: IN_RANGE,
      instance: null,
      spy: LINE,
      reached: (given) =>
        [...listDeviceLines(given), ...listNotifyLines(given)].map((one) => ({
          ...one,
          access: null,
        })),
      allowed: ({ platform: { interrupts } }) => [
        {
          low: interrupts.spiFirst,
          end: interrupts.spiFirst + interrupts.spiCount,
          access: null,
        },
      ],
      expected: 'the SPI range of the platform',
    }),
    proveNotifyDeclared(configuration),
    proveRoutes(configuration),
    proveDelivered(configuration),
  ];
}

function listDeviceLines(configuration: StaticConfiguration): Claimant[] {
  return listGrantedDevices(configuration).flatMap(({ partition, device, path }) =>
    (configuration.platform.devices[device]?.irqs ?? []).map((irq) => ({
      party: `partition ${partition}`,
      label: describeDevice(configuration, device, partition),
      path,
      ...only(irq),
    })),
  );
}

/** Partitions, by index, that some doorbell rings, each once. */
function listReceivers({ channels }: StaticConfiguration): number[] {
  return [...new Set(channels.flatMap(({ notify }) => notify.map(({ to }) => to)))];
}

/** Virtual lines of doorbells: one INTID may stand for another line to each receiver. */
function listNotifyLines(
  configuration: StaticConfiguration,
): (Claimant & { readonly receiver: number })[] {
  return listNotifies(configuration).map(({ channel, index, notify, label, path }) => ({
    receiver: notify.to,
    party: `notify ${channel}.${index}`,
    label: `${label} to ${getPartitionName(configuration, notify.to)}`,
    path,
    ...only(notify.irq),
  }));
}

function listNotifies(configuration: StaticConfiguration) {
  return configuration.channels.flatMap((declared, channel) =>
    declared.notify.map((notify, index) => {
      const path: Path = ['config', 'channels', channel, 'notify', index];
      return { channel, index, notify, label: `notify ${index} of channel ${declared.name}`, path };
    }),
  );
}

/** Lines that the hypervisor and the firmware keep. */
function listHypervisorLines({ platform }: StaticConfiguration): Claimant[] {
  const lines: Claimant[] = [];
  const push = (label: string, path: Path, irqs: readonly number[]): void => {
    for (const irq of irqs) lines.push({ party: 'hypervisor', label, path, ...only(irq) });
  };
  const reserved: Path = ['platform', 'interrupts', 'reserved-irqs'];
  push('the lines that the hypervisor keeps', reserved, platform.interrupts.reservedIrqs);
  push(
    'the SMMU, whose lines the hypervisor has',
    ['platform', 'iommu'],
    platform.iommu?.irqs ?? [],
  );
  for (const [index, device] of platform.devices.entries()) {
    if (!device.firmware) continue;
    push(`firmware device ${device.name}`, ['platform', 'devices', index], device.irqs);
  }
  return lines;
}

function proveNotifyDeclared(configuration: StaticConfiguration): Obligation | null {
  return proveLookup(configuration, {
    claim: NOTIFY,
    instance: null,
    list: (given) =>
      listNotifies(given).map(({ channel, notify, label, path }) => ({
        fields: { channel, from: notify.from, to: notify.to },
        label,
        path,
        complaint:
          `${getPartitionName(given, notify.from)} and ${getPartitionName(given, notify.to)} ` +
          'are not two ends of the channel',
      })),
    refute: (field, given) => {
      const isEnd = (name: string) =>
        or(
          given.channels.flatMap((channel, index) =>
            channel.ends.map((end) =>
              and([equal(field('channel'), index), equal(field(name), end.partition)]),
            ),
          ),
        );
      return or([equal(field('from'), field('to')), not(isEnd('from')), not(isEnd('to'))]);
    },
    isBroken: ({ channel = -1, from, to }, given) => {
      const ends = (given.channels[channel]?.ends ?? []).map((end): number => end.partition);
      return from === to || !ends.some((end) => end === from) || !ends.some((end) => end === to);
    },
  });
}

/** Routes that boot programs for partitions with a core behind the GIC. */
function listRoutes(configuration: StaticConfiguration) {
  const { routes } = getImages(configuration);
  return routes.map(({ line, partition, core }) => ({
    fields: { line, partition, core: configuration.platform.cores[core]?.id ?? -1 },
    label: `line ${line} of ${getPartitionName(configuration, partition)}`,
    path: ['config', 'partitions', partition, 'cpus'] as Path,
    complaint: `its route names core ${configuration.platform.cores[core]?.id ?? 'none'}`,
  }));
}

function proveRoutes(configuration: StaticConfiguration): Obligation | null {
  return proveLookup(configuration, {
    claim: ROUTE,
    instance: null,
    list: listRoutes,
    refute: (field, given) =>
      not(
        or(
          given.partitions.flatMap((partition, index) =>
            partition.cpus.map((cpu) =>
              and([equal(field('partition'), index), equal(field('core'), cpu.core)]),
            ),
          ),
        ),
      ),
    isBroken: ({ partition = -1, core }, given) =>
      given.partitions[partition]?.cpus.every((cpu): boolean => cpu.core !== core) ?? true,
  });
}

function proveDelivered(configuration: StaticConfiguration): Obligation | null {
  return proveLookup(configuration, {
    claim: DELIVERED,
    instance: null,
    list: listRoutes,
    refute: (field, given) =>
      not(
        or(
          listDeviceLines(given).map(({ party, low }) =>
            and([
              equal(field('partition'), Number(party.split(' ')[1])),
              equal(field('line'), low),
            ]),
          ),
        ),
      ),
    isBroken: ({ partition, line }, given) =>
      !listDeviceLines(given).some(
        (one) => one.party === `partition ${partition}` && one.low === line,
      ),
  });
}
