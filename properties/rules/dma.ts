/** DMA: what devices that master the bus can reach. */

import type { Device } from '../../model/configuration.ts';
import { formatAddress } from '../findings.ts';
import { isOneBlock } from './device.ts';
import { formatRange, relateDevice } from './describe.ts';
import {
  defineRule,
  getPartitionName,
  type DeviceClaim,
  type Rule,
  type RuleContext,
} from './rule.ts';

/** An owned device: its facts, its index on the platform and who claims it. */
interface OwnedDevice {
  readonly device: Device;
  readonly index: number;
  readonly claim: DeviceClaim;
  readonly owner: string;
}

/** Every claim on every device of the platform. */
export function* iterateOwnedDevices({
  configuration,
  deviceClaims,
}: RuleContext): Generator<OwnedDevice> {
  for (const [index, device] of configuration.platform.devices.entries()) {
    for (const claim of deviceClaims[index] ?? []) {
      const owner = getPartitionName(configuration, claim.partition);
      yield { device, index, claim, owner };
    }
  }
}

const dmaNoStream = defineRule({
  code: 'DMA-NO-STREAM',
  title: 'Validate that every device with DMA that a partition under stage 2 owns has a StreamID.',
  reason: 'Without a stream its DMA does not pass the SMMU: it reaches all memory of everybody.',
  source: 'SMMUv3: translation is chosen by StreamID; virtio-mmio on QEMU virt has none',
  example: {
    before: 'devices: [virtio8]   # dma: true, streams: []',
    after: 'devices: [nvme]      # streams: [0x8]',
  },
  *violations(context) {
    for (const { device, index, claim, owner } of iterateOwnedDevices(context)) {
      if (!device.dma || device.streams.length > 0) continue;
      if (context.runsWithoutEl2[claim.partition] === true) continue;
      yield {
        message:
          `device ${device.name} of ${owner} masters the bus and has no StreamID: ` +
          'expected at least one stream, found none; its DMA bypasses the SMMU',
        help: `take ${device.name} away, or use a device behind the SMMU`,
        at: claim.path,
        related: [relateDevice(device.name, index)],
      };
    }
  },
});

const dmaFirewallOnly = defineRule({
  code: 'DMA-FIREWALL-ONLY',
  severity: 'warning',
  title: 'Validate that devices with DMA of partitions on cores without EL2 pass the SMMU.',
  reason: 'Only the bus firewall holds such a device; this tool does not see how it is programmed.',
  source: 'i.MX95: eDMA and others have no published StreamID',
  example: { before: 'freertos: [edma1]   # dma: true, streams: []', after: 'freertos: []' },
  *violations(context) {
    const windows = context.configuration.platform.firewall?.windows ?? [];
    const names = windows.map((window) => `${window.name} ${formatRange(window)}`).slice(0, 4);
    for (const { device, index, claim, owner } of iterateOwnedDevices(context)) {
      if (!device.dma || device.streams.length > 0) continue;
      if (context.runsWithoutEl2[claim.partition] !== true) continue;
      yield {
        message:
          `DMA of device ${device.name} of ${owner} does not pass the SMMU: what holds it is ` +
          `the bus firewall (${names.join(', ') || 'no window described'})`,
        help: 'show by other means that its bus domain reaches nothing of other partitions',
        at: claim.path,
        related: [relateDevice(device.name, index)],
      };
    }
  },
});

const dmaNoSmmu = defineRule({
  code: 'DMA-NO-SMMU',
  title: 'Validate that the platform has an SMMU where an owned device has streams.',
  reason: 'A StreamID without an SMMU confines nothing.',
  source: 'Practice: Hafnium refuses streams without an SMMU; an i.MX95 cell set had none',
  example: { before: 'iommu: none', after: 'iommu: { kind: smmu-v3, … }' },
  *violations(context) {
    if (context.configuration.platform.iommu !== null) return;
    for (const { device, claim, owner } of iterateOwnedDevices(context)) {
      if (device.streams.length === 0) continue;
      yield {
        message:
          `device ${device.name} of ${owner} emits streams and the platform has no SMMU: ` +
          'expected an SMMU, found iommu none',
        help: `describe the SMMU of the platform, or take ${device.name} away`,
        at: claim.path,
        related: [{ message: 'the platform says so', at: ['platform', 'iommu'] }],
      };
    }
  },
});

const dmaStreamRange = defineRule({
  code: 'DMA-STREAM-RANGE',
  title: 'Validate that every StreamID of an owned device fits the SMMU.',
  reason: 'The stream table has no entry for it: either the number is wrong, or another is meant.',
  source: 'SMMUv3, SMMU_IDR1.SIDSIZE',
  example: { before: 'streams: [0x10000]   # 16 bits', after: 'streams: [0x1000]' },
  *violations(context) {
    const { iommu } = context.configuration.platform;
    if (iommu === null) return;
    const end = 2 ** iommu.streamIdBits;
    for (const { device, index, claim, owner } of iterateOwnedDevices(context)) {
      for (const [position, stream] of device.streams.entries()) {
        if (stream < end) continue;
        yield {
          message:
            `StreamID ${formatAddress(stream)} of device ${device.name} of ${owner} does not fit ` +
            `${iommu.streamIdBits} bits: expected [0x0, ${formatAddress(end)})`,
          help: 'correct the StreamID or stream-id-bits in the platform file',
          at: claim.path,
          related: [
            {
              message: `device ${device.name} states it here`,
              at: ['platform', 'devices', index, 'streams', position],
            },
          ],
        };
      }
    }
  },
});

/** Pairs of owned devices of different partitions that state the same number. */
function* findSharedIds(
  context: RuleContext,
  key: 'streams' | 'itsDeviceIds',
): Generator<{ id: number; first: OwnedDevice; second: OwnedDevice }> {
  const owners = new Map<number, OwnedDevice[]>();
  for (const owned of iterateOwnedDevices(context)) {
    for (const id of new Set<number>(owned.device[key])) {
      const others = owners.get(id) ?? [];
      const first = others.find((other) => other.claim.partition !== owned.claim.partition);
      // A device with two owners is reported as such, not by each of its numbers.
      if (first !== undefined && first.index !== owned.index) yield { id, first, second: owned };
      owners.set(id, others.length < 2 ? [...others, owned] : others);
    }
  }
}

const dmaStreamShared = defineRule({
  code: 'DMA-STREAM-SHARED',
  title: 'Validate that no StreamID is emitted by devices of two partitions.',
  reason: 'One stream has one table: one of the two devices reaches memory of the other partition.',
  source: 'SMMUv3: a stream table entry names one stage-2 table',
  example: {
    before: 'nvme of linux streams [0x8], nic of rtos streams [0x8, 0x11]',
    after: 'nvme of linux streams [0x8], nic of rtos streams [0x10, 0x11]',
  },
  *violations(context) {
    for (const { id, first, second } of findSharedIds(context, 'streams')) {
      yield {
        message:
          `StreamID ${formatAddress(id)} is emitted by device ${first.device.name} of ` +
          `${first.owner} and by device ${second.device.name} of ${second.owner}: ` +
          'expected one owner',
        help: 'give both devices to one partition, or correct the platform file',
        at: second.claim.path,
        related: [
          { message: `${first.owner} has ${first.device.name} here`, at: first.claim.path },
          {
            message: `device ${second.device.name} is described here`,
            at: ['platform', 'devices', second.index, 'streams'],
          },
        ],
      };
    }
  },
});

const dmaStreamUnowned = defineRule({
  code: 'DMA-STREAM-UNOWNED',
  severity: 'warning',
  title: 'Validate that no StreamID of an owned device is emitted by a device of nobody too.',
  reason: 'A device that nobody drives reaches the memory of the owner of the stream.',
  source: 'SMMUv3: a stream table entry names one stage-2 table',
  example: {
    before: 'linux: [usb3], while usb2 emits the same stream',
    after: 'linux: [usb3, usb2]',
  },
  *violations(context) {
    const { devices } = context.configuration.platform;
    const free = new Map<number, number>();
    for (const [index, device] of devices.entries()) {
      if ((context.deviceClaims[index]?.length ?? 0) > 0) continue;
      for (const stream of device.streams) if (!free.has(stream)) free.set(stream, index);
    }
    for (const { device, claim, owner } of iterateOwnedDevices(context)) {
      for (const stream of device.streams) {
        const index = free.get(stream) ?? -1;
        const other = devices[index];
        if (other === undefined || isOneBlock(device.mmio, other.mmio)) continue;
        yield {
          message:
            `StreamID ${formatAddress(stream)} of device ${device.name} of ${owner} is emitted ` +
            `by device ${other.name} too, which nobody owns`,
          help: `give ${other.name} to ${owner}, or see that it stays switched off`,
          at: claim.path,
          related: [relateDevice(other.name, index)],
        };
      }
    }
  },
});

const dmaItsShared = defineRule({
  code: 'DMA-ITS-SHARED',
  title: 'Validate that no ITS DeviceID belongs to devices of two partitions.',
  reason: 'One device raises the message-signalled interrupts of the other.',
  source: 'GICv3 ITS: a DeviceID selects one interrupt translation table',
  example: {
    before: 'nvme of linux its-device-ids [0x8], nic of rtos its-device-ids [0x8]',
    after: 'nvme of linux its-device-ids [0x8], nic of rtos its-device-ids [0x10]',
  },
  *violations(context) {
    for (const { id, first, second } of findSharedIds(context, 'itsDeviceIds')) {
      yield {
        message:
          `ITS DeviceID ${formatAddress(id)} belongs to device ${first.device.name} of ` +
          `${first.owner} and to device ${second.device.name} of ${second.owner}: ` +
          'expected one owner',
        help: 'give both devices to one partition, or correct the platform file',
        at: second.claim.path,
        related: [
          { message: `${first.owner} has ${first.device.name} here`, at: first.claim.path },
          relateDevice(second.device.name, second.index),
        ],
      };
    }
  },
});

/** The rules of area DMA. */
export const DMA_RULES: readonly Rule[] = [
  dmaNoStream,
  dmaFirewallOnly,
  dmaNoSmmu,
  dmaStreamRange,
  dmaStreamShared,
  dmaStreamUnowned,
  dmaItsShared,
];
