/** IRQ: physical lines of devices and virtual lines that ring a receiver. */

import type { Notify, Path } from '../../model/configuration.ts';
import { relateDevice } from './describe.ts';
import { listCoresOf } from './claims.ts';
import { iterateOwnedDevices } from './dma.ts';
import { defineRule, getPartitionName, type Rule, type RuleContext } from './rule.ts';

/** First INTID that is not an SPI: 1020 to 1023 are special. */
const SPI_END_MAX = 1020;
/** INTIDs below are SGIs (0 to 15) and PPIs (16 to 31), banked per core. */
const SPI_FIRST = 32;
/** Most list registers that ICH_VTR_EL2.ListRegs can state. */
const LIST_REGISTERS_MAX = 16;

const INTID_SOURCE = 'GICv3: SGI 0-15, PPI 16-31, SPI 32-1019, special 1020-1023, LPI from 8192';

/** A notify of a channel with its place. */
interface PlacedNotify {
  readonly notify: Notify;
  readonly channel: string;
  readonly ends: readonly number[];
  readonly path: Path;
}

function* iterateNotifies({ configuration }: RuleContext): Generator<PlacedNotify> {
  for (const [index, channel] of configuration.channels.entries()) {
    const ends = channel.ends.map((end) => end.partition);
    for (const [position, notify] of channel.notify.entries()) {
      const path: Path = ['config', 'channels', index, 'notify', position];
      yield { notify, channel: channel.name, ends, path };
    }
  }
}

/** The SPIs of the platform, half-open, as messages print them: `[32, 288)`. */
function formatSpis({ configuration }: RuleContext): string {
  const { spiFirst, spiCount } = configuration.platform.interrupts;
  return `[${spiFirst}, ${spiFirst + spiCount})`;
}

function isSpi({ configuration }: RuleContext, irq: number): boolean {
  const { spiFirst, spiCount } = configuration.platform.interrupts;
  const end = Math.min(spiFirst + spiCount, SPI_END_MAX);
  return irq >= Math.max(spiFirst, SPI_FIRST) && irq < end;
}

/** What an INTID is, for messages. */
function describeIrq(irq: number): string {
  if (irq < 16) return `${irq}, an SGI`;
  if (irq < SPI_FIRST) return `${irq}, a PPI`;
  if (irq >= SPI_END_MAX && irq < 1024) return `${irq}, a special INTID`;
  return `${irq}`;
}

const irqTwoOwners = defineRule({
  code: 'IRQ-TWO-OWNERS',
  title: 'Validate that no interrupt line belongs to two partitions.',
  reason: 'One of them takes, masks or storms the interrupt of the other.',
  source: 'GICD_IROUTER routes a line to one place; one i.MX95 tree gives SPI 317 to two devices',
  example: {
    before: 'uart1 of linux irqs [40], uart2 of rtos irqs [40]',
    after: 'uart1 of linux irqs [40], uart2 of rtos irqs [41]',
  },
  *violations(context) {
    const owners = new Map<number, { partition: number; device: number; text: string; at: Path }>();
    for (const { device, index, claim, owner } of iterateOwnedDevices(context)) {
      const text = `device ${device.name} of ${owner}`;
      for (const irq of device.irqs) {
        const first = owners.get(irq);
        if (first === undefined) {
          owners.set(irq, { partition: claim.partition, device: index, text, at: claim.path });
        } else if (first.partition !== claim.partition && first.device !== index) {
          yield {
            message: `INTID ${irq} belongs to ${first.text} and to ${text}: expected one owner`,
            help: 'give both devices to one partition, or correct the platform file',
            at: claim.path,
            related: [
              { message: `${first.text} is named here`, at: first.at },
              {
                message: `device ${device.name} is described here`,
                at: ['platform', 'devices', index, 'irqs'],
              },
            ],
          };
        }
      }
    }
  },
});

const irqRange = defineRule({
  code: 'IRQ-RANGE',
  title: 'Validate that every line of an owned device is an SPI of the platform.',
  reason:
    'SGIs and PPIs are private to a core and cannot be routed; beyond the last SPI is nothing.',
  source: INTID_SOURCE,
  example: { before: 'irqs: [1]   # SPI number', after: 'irqs: [33]  # INTID = SPI number + 32' },
  *violations(context) {
    for (const { device, index, claim, owner } of iterateOwnedDevices(context)) {
      for (const [position, irq] of device.irqs.entries()) {
        if (isSpi(context, irq)) continue;
        yield {
          message:
            `line of device ${device.name} of ${owner} is no SPI: ` +
            `expected an INTID in ${formatSpis(context)}, found ${describeIrq(irq)}`,
          help: 'state the INTID; for an SPI number of a device tree add 32',
          at: claim.path,
          related: [
            {
              message: `device ${device.name} states it here`,
              at: ['platform', 'devices', index, 'irqs', position],
            },
          ],
        };
      }
    }
  },
});

/** Lines that the hypervisor keeps, with the place that says so. */
function listHypervisorLines({ configuration }: RuleContext): Map<number, Path> {
  const { iommu, interrupts } = configuration.platform;
  const lines = new Map<number, Path>();
  for (const [index, irq] of (iommu?.irqs ?? []).entries()) {
    lines.set(irq, ['platform', 'iommu', 'irqs', index]);
  }
  for (const [index, irq] of interrupts.reservedIrqs.entries()) {
    lines.set(irq, ['platform', 'interrupts', 'reserved-irqs', index]);
  }
  return lines;
}

const irqHypervisor = defineRule({
  code: 'IRQ-HYPERVISOR',
  title: 'Validate that no owned device has a line that the hypervisor keeps.',
  reason: 'The partition would mask the fault reports of the SMMU, or take what EL2 waits for.',
  source: 'SMMUv3 event queue and global error lines; practice: XtratuM and Xen reserve lines',
  example: { before: 'irqs: [106]   # SMMU event queue', after: 'irqs: [110]' },
  *violations(context) {
    const lines = listHypervisorLines(context);
    for (const { device, index, claim, owner } of iterateOwnedDevices(context)) {
      for (const irq of device.irqs) {
        const at = lines.get(irq);
        if (at === undefined) continue;
        yield {
          message:
            `INTID ${irq} belongs to the hypervisor and to device ${device.name} of ${owner}: ` +
            'expected one owner',
          help: `take ${device.name} away, or correct the platform file`,
          at: claim.path,
          related: [
            { message: 'the hypervisor keeps the line here', at },
            {
              message: `device ${device.name} is described here`,
              at: ['platform', 'devices', index, 'irqs'],
            },
          ],
        };
      }
    }
  },
});

const irqNotifyRange = defineRule({
  code: 'IRQ-NOTIFY-RANGE',
  title: 'Validate that every notify interrupt is inside the SPI range.',
  reason: 'The virtual distributor of the receiver has no other lines that it can enable.',
  source: INTID_SOURCE,
  example: { before: 'irq: 20', after: 'irq: 200' },
  *violations(context) {
    for (const { notify, channel, path } of iterateNotifies(context)) {
      if (isSpi(context, notify.irq)) continue;
      yield {
        message:
          `notify of channel ${channel} is no SPI: ` +
          `expected an INTID in ${formatSpis(context)}, found ${describeIrq(notify.irq)}`,
        help: 'choose a free INTID of that range',
        at: [...path, 'irq'],
      };
    }
  },
});

const irqNotifyClash = defineRule({
  code: 'IRQ-NOTIFY-CLASH',
  title: 'Validate that no notify interrupt equals a line that anybody owns.',
  reason: 'The receiver cannot tell the doorbell from the device, and acknowledges the wrong one.',
  source: 'One INTID, one source; shipped inter-partition doorbells with the line of a device',
  example: { before: 'irq: 33   # uart0', after: 'irq: 200' },
  *violations(context) {
    const kept = listHypervisorLines(context);
    const owners = new Map<number, { text: string; at: Path }>();
    for (const { device, claim, owner } of iterateOwnedDevices(context)) {
      for (const irq of device.irqs) {
        owners.set(irq, { text: `device ${device.name} of ${owner}`, at: claim.path });
      }
    }
    for (const [irq, at] of kept) owners.set(irq, { text: 'the hypervisor', at });
    for (const { notify, channel, path } of iterateNotifies(context)) {
      const owner = owners.get(notify.irq);
      if (owner === undefined) continue;
      const receiver = getPartitionName(context.configuration, notify.to);
      yield {
        message:
          `INTID ${notify.irq} rings ${receiver} for channel ${channel} and is the line of ` +
          `${owner.text}: expected an INTID of its own`,
        help: 'choose an INTID that no device and no other doorbell has',
        at: [...path, 'irq'],
        related: [{ message: `${owner.text} has the line here`, at: owner.at }],
      };
    }
  },
});

const irqNotifyTwice = defineRule({
  code: 'IRQ-NOTIFY-TWICE',
  title: 'Validate that no two doorbells ring one receiver by the same interrupt.',
  reason: 'The receiver cannot tell which channel, or which sender, rang.',
  source: 'One INTID, one source; virtual INTIDs of different receivers are different lines',
  example: {
    before: 'telemetry rings linux by 200, commands ring linux by 200',
    after: 'telemetry rings linux by 200, commands ring linux by 201',
  },
  *violations(context) {
    const seen = new Map<string, PlacedNotify>();
    for (const placed of iterateNotifies(context)) {
      const { notify, channel, path } = placed;
      const key = `${notify.to}:${notify.irq}`;
      const first = seen.get(key);
      if (first === undefined) {
        seen.set(key, placed);
        continue;
      }
      const receiver = getPartitionName(context.configuration, notify.to);
      yield {
        message:
          `INTID ${notify.irq} rings ${receiver} for channel ${first.channel} and for channel ` +
          `${channel}: expected one doorbell per INTID`,
        help: 'choose another INTID for one of them',
        at: [...path, 'irq'],
        related: [{ message: 'the other doorbell is here', at: first.path }],
      };
    }
  },
});

const irqNotifySelf = defineRule({
  code: 'IRQ-NOTIFY-SELF',
  title: 'Validate that no partition rings itself.',
  reason: 'Nothing is told to anybody; the sender or the receiver is a slip.',
  source: 'Practice: ACRN and Muen refuse self connections',
  example: {
    before: '{ from: rtos, to: rtos, irq: 200 }',
    after: '{ from: rtos, to: linux, irq: 200 }',
  },
  *violations(context) {
    for (const { notify, channel, path } of iterateNotifies(context)) {
      if (notify.from !== notify.to) continue;
      const name = getPartitionName(context.configuration, notify.to);
      yield {
        message: `channel ${channel} rings from ${name} to ${name}: expected two partitions`,
        help: 'name the other end',
        at: path,
      };
    }
  },
});

const irqNotifyEnd = defineRule({
  code: 'IRQ-NOTIFY-END',
  title: 'Validate that a doorbell rings between ends of its channel.',
  reason: 'Interrupts to a partition that is not an end are an undeclared flow.',
  source: 'Declared flows only; practice: shared memory doorbells without a peer',
  example: {
    before: 'ends of rtos and linux, notify to safety',
    after: 'ends of rtos and linux, notify to linux',
  },
  *violations(context) {
    for (const { notify, channel, ends, path } of iterateNotifies(context)) {
      for (const key of ['from', 'to'] as const) {
        if (ends.includes(notify[key])) continue;
        const name = getPartitionName(context.configuration, notify[key]);
        const names = ends.map((end) => getPartitionName(context.configuration, end));
        yield {
          message:
            `notify of channel ${channel} goes ${key} ${name}, which is no end of it: ` +
            `expected ${names.join(' or ') || 'an end, but there is none'}`,
          help: `add an end of ${name}, or name one of the ends`,
          at: [...path, key],
        };
      }
    }
  },
});

const irqNotifyNoEl2 = defineRule({
  code: 'IRQ-NOTIFY-NO-EL2',
  title: 'Validate that both sides of a doorbell run under EL2.',
  reason:
    'A core without EL2 makes no hypercall and takes no virtual interrupt; a messaging unit does.',
  source: 'Cortex-M7 and M33 stand outside the GIC; i.MX95 rings by MU',
  example: {
    before: '{ from: linux, to: freertos, irq: 200 }   # freertos on cortex-m7',
    after: 'notify: []   # linux and freertos each own one side of a messaging unit',
  },
  *violations(context) {
    const { configuration, runsWithoutEl2 } = context;
    for (const { notify, channel, path } of iterateNotifies(context)) {
      for (const key of ['from', 'to'] as const) {
        const partition = notify[key];
        if (runsWithoutEl2[partition] !== true || notify.from === notify.to) continue;
        const core = listCoresOf(configuration, partition).find((candidate) => !candidate.el2);
        const name = getPartitionName(configuration, partition);
        yield {
          message:
            `notify of channel ${channel} goes ${key} ${name}, which runs on core ` +
            `${core?.id ?? '?'} (${core?.type ?? '?'}) without EL2: expected a core behind the GIC`,
          help: 'remove the notify; use a messaging unit or polling',
          at: [...path, key],
        };
      }
    }
  },
});

const irqController = defineRule({
  code: 'IRQ-CONTROLLER',
  title: 'Validate that the SPIs and list registers of the platform are those of a GICv3.',
  reason: 'Every other rule on lines reads these numbers.',
  source: `${INTID_SOURCE}; ICH_VTR_EL2.ListRegs states 1 to 16`,
  example: { before: 'spi: { first: 16, count: 256 }', after: 'spi: { first: 32, count: 256 }' },
  *violations(context) {
    const { interrupts } = context.configuration.platform;
    const { spiFirst, spiCount, listRegisters } = interrupts;
    if (spiFirst < SPI_FIRST || spiCount < 1 || spiFirst + spiCount > SPI_END_MAX) {
      yield {
        message:
          `SPIs ${formatSpis(context)} are not those of a GICv3: ` +
          `expected a non-empty part of [${SPI_FIRST}, ${SPI_END_MAX})`,
        help: 'correct spi in the platform file; first is 32 on every GIC',
        at: ['platform', 'interrupts', 'spi'],
      };
    }
    if (listRegisters < 1 || listRegisters > LIST_REGISTERS_MAX) {
      yield {
        message:
          `a core cannot have ${listRegisters} list registers: ` +
          `expected 1 to ${LIST_REGISTERS_MAX}`,
        help: 'correct list-registers in the platform file',
        at: ['platform', 'interrupts', 'list-registers'],
      };
    }
  },
});

const irqNoIts = defineRule({
  code: 'IRQ-NO-ITS',
  severity: 'warning',
  title: 'Validate that the platform has an ITS where an owned device has an ITS DeviceID.',
  reason: 'Message-signalled interrupts of the device arrive nowhere.',
  source: 'GICv3: LPIs of devices are translated by an ITS',
  example: {
    before: 'its-device-ids: [0x8], no its',
    after: 'its: { base: 0x8080000, size: 128KiB }',
  },
  *violations(context) {
    if (context.configuration.platform.interrupts.its !== null) return;
    for (const { device, index, claim, owner } of iterateOwnedDevices(context)) {
      if (device.itsDeviceIds.length === 0) continue;
      yield {
        message:
          `device ${device.name} of ${owner} signals by messages and the platform has no ITS: ` +
          'expected interrupts.its, found none',
        help: 'describe the ITS, or remove its-device-ids from the device',
        at: claim.path,
        related: [relateDevice(device.name, index)],
      };
    }
  },
});

/** The rules of area IRQ. */
export const IRQ_RULES: readonly Rule[] = [
  irqTwoOwners,
  irqRange,
  irqHypervisor,
  irqNotifyRange,
  irqNotifyClash,
  irqNotifyTwice,
  irqNotifySelf,
  irqNotifyEnd,
  irqNotifyNoEl2,
  irqController,
  irqNoIts,
];
