/**
 * A small configuration that holds, for the tests of obligations: two partitions on a board with
 * SMMU, ITS and firewall, one shared core, one core without EL2, one channel.
 *
 * Tests change one thing at a time and expect one obligation to fall.
 */

import type {
  Device,
  Partition,
  Platform,
  StaticConfiguration,
  VirtualCpu,
} from '../../model/configuration.ts';
import type { CoreId, IntId, Ipa, Nanoseconds, Pa, StreamId, Vmid } from '../../model/units.ts';

const RWX = { read: true, write: true, execute: true };
const RW = { read: true, write: true, execute: false };
const R = { read: true, write: false, execute: false };

/** Devices of the board, by name. */
export const DEVICES = ['uart', 'nvme', 'nic', 'timer', 'virtio', 'watchdog'] as const;

function createDevice(name: string, base: number, size: number, more: Partial<Device>): Device {
  return {
    name,
    mmio: [{ base, size }],
    irqs: [],
    streams: [],
    itsDeviceIds: [],
    dma: false,
    firmware: false,
    ...more,
  };
}

/** The board. */
export function createPlatform(): Platform {
  const core = { type: 'cortex-a55', el2: true, aliases: [], firmware: false };
  const ids = [0, 1, 2] as CoreId[];
  return {
    name: 'example',
    cores: [
      ...ids.map((id) => ({ ...core, id, affinity: id * 256 })),
      { ...core, id: 6, type: 'cortex-m7', el2: false, affinity: null },
      { ...core, id: 7, type: 'cortex-m33', el2: false, affinity: null, firmware: true },
    ] as unknown as Platform['cores'],
    memory: [{ name: 'dram', base: 0x4000_0000 as Pa, size: 0x8000_0000 }],
    reserved: [{ name: 'secure', base: 0x4f00_0000 as Pa, size: 0x10_0000 }],
    interrupts: {
      kind: 'gic-v3',
      distributor: { base: 0x800_0000, size: 0x1_0000 },
      redistributors: { base: 0x80a_0000, size: 0x6_0000 },
      its: { base: 0x808_0000, size: 0x2_0000 },
      spiFirst: 32,
      spiCount: 256,
      listRegisters: 4,
      reservedIrqs: [60 as IntId],
    },
    iommu: {
      kind: 'smmu-v3',
      base: 0x905_0000 as Pa,
      size: 0x2_0000,
      streamIdBits: 8,
      irqs: [106 as IntId],
    },
    firewall: {
      kind: 'trdc',
      managers: [{ name: 'trdc', base: 0x4246_0000 as Pa, size: 0x2_0000 }],
      windows: [
        { name: 'ddr', base: 0x4000_0000 as Pa, size: 0x8000_0000, granule: 0x4000, regions: 16 },
      ],
    },
    timerHz: 24_000_000,
    devices: [
      createDevice('uart', 0x900_0000, 0x1000, { irqs: [33 as IntId] }),
      createDevice('nvme', 0x1000_0000, 0x4000, {
        irqs: [35 as IntId],
        streams: [8 as StreamId],
        itsDeviceIds: [8 as never],
        dma: true,
      }),
      createDevice('nic', 0x1001_0000, 0x4000, {
        irqs: [36 as IntId],
        streams: [16 as StreamId],
        itsDeviceIds: [16 as never],
        dma: true,
      }),
      createDevice('timer', 0x901_0000, 0x1000, { irqs: [34 as IntId] }),
      createDevice('virtio', 0xa00_0000, 0x200, { irqs: [48 as IntId], dma: true }),
      createDevice('watchdog', 0xb00_0000, 0x1000, { irqs: [70 as IntId], firmware: true }),
    ],
  };
}

/** What a virtual CPU is without a bound that it requires. */
const NO_REQUIREMENT = {
  maxDelayNs: null,
  maxLatencyNs: null,
  inContract: false,
  taskPolicy: 'fp',
} as const;

/** A whole core. */
export function createWholeCore(core: number): VirtualCpu {
  return { ...NO_REQUIREMENT, core: core as CoreId, reservation: null };
}

/** A reservation of so many milliseconds, idle budget kept. */
export function createShare(
  core: number,
  budget: number,
  period: number,
  priority: number,
): VirtualCpu {
  return {
    ...NO_REQUIREMENT,
    core: core as CoreId,
    reservation: {
      budgetNs: (budget * 1_000_000) as Nanoseconds,
      periodNs: (period * 1_000_000) as Nanoseconds,
      phaseNs: 0 as Nanoseconds,
      priority,
      idle: 'keep',
      slack: false,
    },
  };
}

function createPartition(
  name: string,
  vmid: number,
  pa: number,
  more: Partial<Partition>,
): Partition {
  return {
    name,
    vmid: vmid as Vmid,
    cpus: [],
    memory: [{ name: 'ram', ipa: 0x4000_0000 as Ipa, pa: pa as Pa, size: 0x100_0000, access: RWX }],
    devices: [],
    entry: 0x4000_0000 as Ipa,
    tasks: [],
    interruptRates: [],
    ...more,
  };
}

/** The configuration; every obligation about it is discharged. */
export function createExample(): StaticConfiguration {
  const platform = createPlatform();
  const grant = (device: number) => ({
    device,
    windowIpas: (platform.devices[device]?.mmio ?? []).map((range) => range.base as Ipa),
  });
  const micro = 1000 as Nanoseconds;
  return {
    platform,
    hypervisor: {
      memory: [{ name: 'image', base: 0x4000_0000 as Pa, size: 0x80_0000 }],
      overheads: {
        contextSwitchNs: micro,
        reloadNs: 0 as Nanoseconds,
        timerNs: micro,
        interruptNs: micro,
        longestSectionNs: micro,
      },
    },
    partitions: [
      createPartition('linux', 1, 0x4800_0000, {
        cpus: [createWholeCore(0), createShare(2, 4, 10, 1)],
        devices: [grant(0), grant(1)],
      }),
      createPartition('rtos', 2, 0x5000_0000, {
        cpus: [createWholeCore(1), createShare(2, 1, 5, 2)],
        devices: [grant(2), grant(3)],
      }),
      createPartition('m7', 3, 0x6000_0000, {
        cpus: [createWholeCore(6)],
        memory: [
          {
            name: 'ram',
            ipa: 0x6000_0000 as Ipa,
            pa: 0x6000_0000 as Pa,
            size: 0x10_0000,
            access: RWX,
          },
        ],
        entry: 0x6000_0000 as Ipa,
      }),
    ],
    channels: [
      {
        name: 'telemetry',
        pa: 0x7100_0000 as Pa,
        size: 0x1_0000,
        ends: [
          { partition: 1, ipa: 0x5000_0000 as Ipa, access: RW },
          { partition: 0, ipa: 0x7000_0000 as Ipa, access: R },
        ],
        notify: [{ from: 1, to: 0, irq: 200 as IntId }],
      },
    ],
    schedules: [],
    bandwidth: [],
  };
}
