/** Obligations of devices: a device is one thing, and pages are not shared. */

import type { Path, StaticConfiguration } from '../../model/configuration.ts';
import { PAGE_SIZE } from '../../model/units.ts';
import { formatAddress } from '../../properties/findings.ts';
import type { Obligation } from '../obligation.ts';
import { equal, modulo, not, subtract } from '../smt/term.ts';
import type { Claim } from './claim.ts';
import { proveEveryEntry } from './every-entry.ts';
import { proveExclusive } from './exclusive.ts';
import type { Claimant } from './exclusive.ts';
import { getPartitionName, listPageClaimants } from './grants.ts';
import { getImages } from './images.ts';
import { listMappedPages } from './memory.ts';
import { PAGE, only, toPages } from './spy.ts';
import type { Spy } from './spy.ts';

const TOGETHER: Claim = {
  id: 'device.together',
  statement: 'Windows, lines and streams of a device are in the hands of one partition.',
  formula:
    'for every granted device d: at most one partition maps a window of d, gets a line of ' +
    'd, or owns a stream of d',
  source: 'a device programmed by one partition must not interrupt or write for another',
  help: 'give the device, whole, to one partition',
};
const PAGE_SHARED: Claim = {
  id: 'device.page',
  statement: 'No page holds windows of devices of two owners.',
  formula: 'for every page p: at most one partition, or the firmware, has a device window in p',
  source: 'Arm DDI 0487 D8: stage 2 maps whole pages, so neighbours in a page are mapped along',
  help: 'give both devices to one partition',
};
const CONGRUENT: Claim = {
  id: 'device.ipa-congruent',
  statement: 'A device window has the same offset in its page in both address spaces.',
  formula: 'for every window: (ipa - pa) mod 4096 = 0',
  source: 'Arm DDI 0487 D8: translation keeps the low 12 bits',
  help: 'choose an ipa that differs from the physical base by a multiple of 4 KiB',
};

/** Claims of this file. */
export const DEVICE_CLAIMS: readonly Claim[] = [TOGETHER, PAGE_SHARED, CONGRUENT];

/** A device, by its place in the platform file. */
const DEVICE: Spy = { name: 'device', show: String, parse: Number };

/** Obligations about devices: three where any device is granted. */
export function listDeviceObligations(configuration: StaticConfiguration): (Obligation | null)[] {
  return [
    proveExclusive(configuration, {
      claim: TOGETHER,
      instance: null,
      spy: DEVICE,
      list: listHolders,
    }),
    proveExclusive(configuration, {
      claim: PAGE_SHARED,
      instance: null,
      spy: PAGE,
      list: (given) =>
        listPageClaimants(given, ({ class: kind, owner, label }) => {
          if (kind === 'device') return `partition ${owner}`;
          return kind === 'firmware' && label.startsWith('window') ? 'firmware' : null;
        }),
    }),
    proveEveryEntry(configuration, {
      claim: CONGRUENT,
      instance: null,
      list: (given) => listGrantedDevices(given).flatMap((grant) => listWindows(given, grant)),
      refute: (field) => not(equal(modulo(subtract(field('ipa'), field('pa')), PAGE_SIZE), 0)),
      isBroken: ({ ipa = 0, pa = 0 }) => ipa % PAGE_SIZE !== pa % PAGE_SIZE,
    }),
  ];
}

/** A device of a partition. */
interface GrantedDevice {
  readonly partition: number;
  /** Index into `platform.devices`. */
  readonly device: number;
  /** Index into the partition's `devices`. */
  readonly index: number;
  readonly path: Path;
}

/** Every device of every partition. */
export function listGrantedDevices(configuration: StaticConfiguration): GrantedDevice[] {
  return configuration.partitions.flatMap((partition, owner) =>
    partition.devices.map(({ device }, index) => ({
      partition: owner,
      device,
      index,
      path: ['config', 'partitions', owner, 'devices', index] as const,
    })),
  );
}

/** Who has something of each granted device, by tables and by grants. */
function listHolders(configuration: StaticConfiguration): Claimant[] {
  const { routes } = getImages(configuration);
  const granted = listGrantedDevices(configuration);
  const windowHolders = indexPages(configuration);
  const routeOfLine = new Map(routes.map((route) => [route.line, route]));
  const holders: Claimant[] = granted.map(({ partition, device, path }) => ({
    party: `partition ${partition}`,
    label: describeDevice(configuration, device, partition),
    path,
    ...only(device),
  }));
  for (const device of new Set(granted.map((grant) => grant.device))) {
    const { irqs = [], mmio = [], name = '' } = configuration.platform.devices[device] ?? {};
    const push = (what: string, partition: number): void =>
      void holders.push({
        party: `partition ${partition}`,
        label: `${what} of ${name}, which ${getPartitionName(configuration, partition)} gets`,
        path: ['config', 'partitions', partition],
        ...only(device),
      });
    for (const [window, range] of mmio.entries()) {
      for (const partition of windowHolders(toPages(range).low))
        push(`window ${window}`, partition);
    }
    for (const irq of irqs) {
      const route = routeOfLine.get(irq);
      if (route !== undefined) push(`line ${irq}`, route.partition);
    }
  }
  return holders;
}

/** Which partitions map a page: a sweep over all mappings would be cheaper, but devices are few. */
function indexPages(configuration: StaticConfiguration): (page: number) => number[] {
  const mapped = configuration.partitions.map((_, index) => listMappedPages(configuration, index));
  return (page) =>
    mapped.flatMap((reaches, partition) =>
      reaches.some((reach) => reach.low <= page && page < reach.end) ? [partition] : [],
    );
}

/** A device with its owner, as messages name it. */
export function describeDevice(
  configuration: StaticConfiguration,
  device: number,
  partition: number,
): string {
  const owner = getPartitionName(configuration, partition);
  return `device ${getDeviceName(configuration, device)} of ${owner}`;
}

/** Name of a device of the platform. */
function getDeviceName(configuration: StaticConfiguration, device: number): string {
  return configuration.platform.devices[device]?.name ?? 'unknown';
}

function listWindows(configuration: StaticConfiguration, grant: GrantedDevice) {
  const { mmio = [], name = '' } = configuration.platform.devices[grant.device] ?? {};
  const given = configuration.partitions[grant.partition]?.devices[grant.index];
  return mmio.map((range, window) => {
    const ipa = given?.windowIpas[window] ?? range.base;
    return {
      fields: { ipa, pa: range.base },
      label: `window ${window} of device ${name}`,
      path: grant.path,
      complaint:
        `ipa ${formatAddress(ipa)} and physical base ${formatAddress(range.base)} ` +
        `differ by no multiple of ${formatAddress(PAGE_SIZE)}`,
    };
  });
}
