/** DEV: devices of partitions and their windows. */

import { describeRange, HYPERVISOR, type Region } from '../../model/regions.ts';
import { computePages, isOverlapping, PAGE_SIZE, type ByteRange } from '../../model/units.ts';
import { formatAddress } from '../findings.ts';
import { formatClaim, getClaimPath } from './claims.ts';
import {
  computeIntersection,
  describePair,
  formatRange,
  formatRegion,
  relateRegion,
  relateDevice,
} from './describe.ts';
import { findBeyondAddressSpace, findNotIdentity } from './memory.ts';
import { findSharedGranules } from './granules.ts';
import { defineRule, getPartitionName, type Rule, type RuleContext } from './rule.ts';
import { findPageOverlaps } from './sweep.ts';

const WHOLE_PAGES = 'Stage 2 with the 4 KiB granule maps whole pages';

const deviceTwoOwners = defineRule({
  code: 'DEV-TWO-OWNERS',
  title: 'Validate that no device belongs to two partitions.',
  reason: 'Both program its registers, take its interrupts and steer its DMA.',
  source: 'Practice: NXP and Bao configurations give one UART to several partitions',
  example: { before: 'linux: [uart0, rtc], rtos: [uart1, rtc]', after: 'rtos: [uart1]' },
  *violations({ configuration, deviceClaims }) {
    for (const [index, claims] of deviceClaims.entries()) {
      const [first, ...others] = claims;
      if (first === undefined) continue;
      const name = configuration.platform.devices[index]?.name ?? '?';
      const owner = getPartitionName(configuration, first.partition);
      for (const other of others) {
        const second = getPartitionName(configuration, other.partition);
        const message =
          other.partition === first.partition
            ? `${owner} names device ${name} twice: expected once`
            : `device ${name} belongs to ${owner} and to ${second}: expected one owner`;
        yield {
          message,
          help: `remove ${name} from one of the lists`,
          at: other.path,
          related: [{ message: `${owner} has it here`, at: first.path }, relateDevice(name, index)],
        };
      }
    }
  },
});

const deviceSharedPage = defineRule({
  code: 'DEV-SHARED-PAGE',
  title: 'Validate that no 4 KiB page holds windows of devices of two partitions.',
  reason: 'A device window is mapped whole pages at a time: each owner reaches the other device.',
  source: WHOLE_PAGES,
  example: {
    before: 'i2c0 [0xb000000, 0xb000100) of linux, i2c1 [0xb000100, 0xb000200) of rtos',
    after: 'i2c0 and i2c1 of linux',
  },
  *violations({ configuration, overlaps }) {
    for (const pair of overlaps) {
      const { first, second } = pair;
      if (first.class !== 'device' || second.class !== 'device') continue;
      if (first.owner === second.owner) continue;
      if (isOneDevice(configuration, first, second)) continue;
      yield {
        message: describePair(pair),
        help: 'devices in one page belong together: give both to one partition',
        at: second.path,
        related: [relateRegion(first)],
      };
    }
  },
});

/** Whether two device regions are windows of one and the same device, claimed twice. */
function isOneDevice(
  configuration: RuleContext['configuration'],
  first: Region,
  second: Region,
): boolean {
  const device = getDeviceOf(configuration, first);
  return device !== null && device === getDeviceOf(configuration, second);
}

/** Index of the platform device that a device region is a window of. */
function getDeviceOf(configuration: RuleContext['configuration'], region: Region): number | null {
  return configuration.partitions[region.owner]?.devices[region.entry]?.device ?? null;
}

const deviceUnownedInPage = defineRule({
  code: 'DEV-UNOWNED-IN-PAGE',
  title: 'Validate that no page with a window of an owned device holds one of a device of nobody.',
  reason: 'The owner reaches the other device too, with whatever DMA and interrupts that one has.',
  source: `${WHOLE_PAGES}; i.MX95 USB, NPU and NETC blocks share pages`,
  example: {
    before: 'linux: [usb3], while usb2-misc lies in the same page',
    after: 'linux: [usb3, usb2-misc]',
  },
  *violations(context) {
    yield* findUnownedNeighbours(context);
  },
});

interface Window extends ByteRange {
  readonly device: number;
  readonly index: number;
}

function* findUnownedNeighbours({ configuration, deviceClaims }: RuleContext) {
  const { devices } = configuration.platform;
  const windows: Window[] = devices.flatMap(({ mmio }, device) =>
    mmio.map((range, index) => ({ base: range.base, size: range.size, device, index })),
  );
  const isOwned = (device: number): boolean => (deviceClaims[device]?.length ?? 0) > 0;
  const { pairs } = findPageOverlaps(windows, 'base', (first, second) => {
    const a = windows[first]?.device ?? -1;
    const b = windows[second]?.device ?? -1;
    return a !== b && isOwned(a) !== isOwned(b);
  });
  for (const [first, second] of pairs) {
    const a = windows[first];
    const b = windows[second];
    if (a === undefined || b === undefined) continue;
    const [owned, free] = isOwned(a.device) ? [a, b] : [b, a];
    const [claim] = deviceClaims[owned.device] ?? [];
    const ownedDevice = devices[owned.device];
    const freeDevice = devices[free.device];
    if (claim === undefined || ownedDevice === undefined || freeDevice === undefined) continue;
    // Firmware devices are regions of their own; two descriptions of one block are one device.
    if (freeDevice.firmware || isOneBlock(ownedDevice.mmio, freeDevice.mmio)) continue;
    const page = computeIntersection(computePages(owned), computePages(free));
    yield {
      message:
        `page ${formatRange(page)} holds window ${owned.index} of device ${ownedDevice.name} ` +
        `${formatRange(owned)} of ${getPartitionName(configuration, claim.partition)} and ` +
        `window ${free.index} of device ${freeDevice.name} ${formatRange(free)} of nobody`,
      help: `give ${freeDevice.name} to the same partition, or take ${ownedDevice.name} away`,
      at: claim.path,
      related: [
        {
          message: `device ${freeDevice.name} is described here`,
          at: ['platform', 'devices', free.device, 'mmio', free.index] as const,
        },
      ],
    };
  }
}

/**
 * Whether two devices have bytes in common: one block under two names (PCIe host and end point).
 */
export function isOneBlock(a: readonly ByteRange[], b: readonly ByteRange[]): boolean {
  return a.some((window) => b.some((other) => isOverlapping(window, other)));
}

const deviceFirmware = defineRule({
  code: 'DEV-FIRMWARE',
  title: 'Validate that no partition owns a device that firmware keeps.',
  reason: 'Firmware drives it at any time (clocks, power, the bus firewall itself).',
  source: 'i.MX95: devices of the System Manager',
  example: { before: 'devices: [trdc-aon]', after: 'devices: []' },
  *violations({ configuration, deviceClaims }) {
    for (const [index, claims] of deviceClaims.entries()) {
      const device = configuration.platform.devices[index];
      if (device?.firmware !== true) continue;
      for (const claim of claims) {
        const owner = getPartitionName(configuration, claim.partition);
        yield {
          message: `device ${device.name} is kept by firmware: expected no owner, found ${owner}`,
          help: `remove ${device.name} from the list`,
          at: claim.path,
          related: [relateDevice(device.name, index)],
        };
      }
    }
  },
});

const deviceEmptyWindow = defineRule({
  code: 'DEV-EMPTY-WINDOW',
  title: 'Validate that every window of an owned device has a size.',
  reason: 'An empty window maps nothing and overlaps nothing: no other rule would see the device.',
  source: 'Practice: zero-size regions slipped through published checkers',
  example: { before: 'mmio: [{ base: 0x9000000, size: 0 }]', after: 'size: 4KiB' },
  *violations(context) {
    for (const claim of context.claimsOfKind['device']) {
      const { owner } = claim;
      if (claim.size > 0) continue;
      yield {
        message:
          `${formatClaim(claim)} of ${owner} at ${formatAddress(claim.pa)} is empty: ` +
          'expected a size of at least 1 byte, found 0',
        help: 'correct the window in the platform file',
        at: getClaimPath(claim),
      };
    }
  },
});

const deviceAddressSpace = defineRule({
  code: 'DEV-ADDRESS-SPACE',
  title: 'Validate that device windows end within the physical and intermediate address space.',
  reason: 'Stage 2 cannot map the rest of the window.',
  source: 'T0SZ = 25 (39-bit IPA); ID_AA64MMFR0_EL1.PARange of Cortex-A55 (40-bit PA)',
  example: {
    before: '{ name: uart0, ipa: 0x8000000000 }',
    after: '{ name: uart0, ipa: 0x9000000 }',
  },
  *violations(context) {
    yield* findBeyondAddressSpace(context, 'device');
  },
});

const deviceIpaAlignment = defineRule({
  code: 'DEV-IPA-ALIGNMENT',
  title: 'Validate that a device window keeps its offset in the page when it is moved.',
  reason: 'Stage 2 maps pages to pages: the low 12 bits of IPA and PA are the same.',
  source: WHOLE_PAGES,
  example: {
    before: '{ name: virtio, ipa: 0xb000000 } with base 0xa000200',
    after: '{ name: virtio, ipa: 0xb000200 }',
  },
  *violations(context) {
    for (const claim of context.claimsOfKind['device']) {
      const { owner } = claim;
      const offset = claim.pa % PAGE_SIZE;
      if (claim.ipa % PAGE_SIZE === offset) continue;
      const expected = claim.ipa - (claim.ipa % PAGE_SIZE) + offset;
      yield {
        message:
          `${formatClaim(claim)} of ${owner} moves within its page: expected an IPA such as ` +
          `${formatAddress(expected)} (offset ${formatAddress(offset)}), ` +
          `found ${formatAddress(claim.ipa)}`,
        help: 'keep the low 12 bits of the physical base',
        at: getClaimPath(claim),
      };
    }
  },
});

const deviceIdentity = defineRule({
  code: 'DEV-IDENTITY',
  title: 'Validate that device windows of a partition on a core without EL2 are not moved.',
  reason: 'No stage 2 stands in front of such a core: it sees physical addresses and its aliases.',
  source: 'Cortex-M7 and M33 have neither EL2 nor an MMU',
  example: { before: '{ name: lpuart3, ipa: 0x50000000 }', after: 'lpuart3' },
  *violations(context) {
    yield* findNotIdentity(context, 'device');
  },
});

const deviceFirewallGranule = defineRule({
  code: 'DEV-FIREWALL-GRANULE',
  title:
    'Validate that no firewall granule holds a device of a partition on a core without EL2 ' +
    'and anything of others.',
  reason: 'The bus firewall grants whole granules: the core reaches all that lies in one.',
  source: 'i.MX95 TRDC: peripherals are granted in 64 KiB slots',
  example: {
    before: 'granule 64KiB: lpuart3 of freertos and i2c3 of linux in one slot',
    after: 'granule 64KiB: lpuart3 and i2c3 of freertos',
  },
  *violations(context) {
    yield* findSharedGranules(context, 'device');
  },
});

const deviceInRam = defineRule({
  code: 'DEV-IN-RAM',
  title: 'Validate that no window of an owned device lies in a RAM bank.',
  reason: 'Either the bank or the device is described wrongly.',
  source: 'Platform memory map',
  example: { before: 'window 0x41000000, RAM [0x40000000, 0xc0000000)', after: 'window 0x9000000' },
  *violations({ configuration, regions }) {
    const { memory } = configuration.platform;
    for (const range of regions) {
      if (range.class !== 'device' || range.owner === HYPERVISOR) continue;
      const bank = memory.findIndex((candidate) => isOverlapping(candidate, range));
      const found = memory[bank];
      if (found === undefined) continue;
      const region = describeRange(configuration, range);
      yield {
        message: `${formatRegion(region)} lies in RAM bank ${found.name} ${formatRange(found)}`,
        help: 'correct the window or the bank in the platform file',
        at: region.path,
        related: [{ message: `bank ${found.name} is here`, at: ['platform', 'memory', bank] }],
      };
    }
  },
});

/** The rules of area DEV. */
export const DEVICE_RULES: readonly Rule[] = [
  deviceTwoOwners,
  deviceSharedPage,
  deviceUnownedInPage,
  deviceFirmware,
  deviceEmptyWindow,
  deviceAddressSpace,
  deviceIpaAlignment,
  deviceIdentity,
  deviceFirewallGranule,
  deviceInRam,
];
