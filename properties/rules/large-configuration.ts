/**
 * Large configuration: a valid configuration of any size, for measuring how checks and readers
 * grow.
 */

import type {
  Device,
  DeviceGrant,
  MemoryGrant,
  Partition,
  Platform,
  StaticConfiguration,
} from '../../model/configuration.ts';
import type {
  Affinity,
  CoreId,
  IntId,
  Ipa,
  Nanoseconds,
  Pa,
  StreamId,
  Vmid,
} from '../../model/units.ts';

const MIB = 2 ** 20;
/** Room of one memory: 64 KiB are used of 128 KiB, so that neighbours do not touch. */
const MEMORY_STRIDE = 2 ** 17;
const MEMORY_SIZE = 2 ** 16;
/** RAM starts here, above devices and controllers. */
const RAM_BASE = 0x1_0000_0000;
const DEVICE_BASE = 0x2000_0000;
const DEVICE_STRIDE = 0x1000;
/** SPIs of a GICv3, so many devices can have a line of their own. */
const SPI_COUNT = 988;

/** Size of a generated configuration. */
export interface LargeConfigurationSize {
  /** At least 1. */
  readonly partitions: number;
  /** Memories of all partitions together; each is one region. At most about 6 million. */
  readonly regions: number;
  /** Devices with a window, a line and a stream each; default 64, at most 988. */
  readonly devices?: number;
}

/**
 * A configuration that keeps every rule, with memories of partitions dealt like cards, so that
 * neighbours in memory belong to different partitions and no list is sorted by address.
 * Deterministic.
 */
export function createLargeConfiguration(size: LargeConfigurationSize): StaticConfiguration {
  const deviceCount = Math.min(size.devices ?? 64, SPI_COUNT);
  return {
    platform: createPlatform(size.partitions, size.regions, deviceCount),
    hypervisor: {
      memory: [
        { name: 'image', base: 0x4000_0000 as Pa, size: 2 * MIB },
        { name: 'tables', base: 0x4020_0000 as Pa, size: 1024 * MIB - 2 * MIB },
      ],
      overheads: {
        contextSwitchNs: 5_000 as Nanoseconds,
        reloadNs: 0 as Nanoseconds,
        timerNs: 2_000 as Nanoseconds,
        interruptNs: 2_000 as Nanoseconds,
        longestSectionNs: 20_000 as Nanoseconds,
      },
    },
    partitions: Array.from({ length: size.partitions }, (_, index) =>
      createPartition(index, size, deviceCount),
    ),
    channels: [],
    schedules: [],
    bandwidth: [],
  };
}

function createPlatform(cores: number, regions: number, deviceCount: number): Platform {
  return {
    name: 'large',
    cores: Array.from({ length: cores }, (_, id) => ({
      id: id as CoreId,
      type: 'cortex-a55',
      affinity: id as Affinity,
      el2: true,
      aliases: [],
      firmware: false,
    })),
    memory: [
      { name: 'low', base: 0x4000_0000 as Pa, size: 1024 * MIB },
      { name: 'high', base: RAM_BASE as Pa, size: Math.max(regions, 1) * MEMORY_STRIDE },
    ],
    reserved: [],
    interrupts: {
      kind: 'gic-v3',
      distributor: { base: 0x0800_0000, size: 0x10000 },
      redistributors: { base: 0x080a_0000, size: cores * 0x20000 },
      its: null,
      spiFirst: 32,
      spiCount: SPI_COUNT,
      listRegisters: 4,
      reservedIrqs: [],
    },
    iommu: { kind: 'smmu-v3', base: 0x1900_0000 as Pa, size: 0x20000, streamIdBits: 16, irqs: [] },
    firewall: null,
    timerHz: 62_500_000,
    devices: Array.from({ length: deviceCount }, (_, index) => createDevice(index)),
  };
}

function createDevice(index: number): Device {
  return {
    name: `device${index}`,
    mmio: [{ base: DEVICE_BASE + index * DEVICE_STRIDE, size: DEVICE_STRIDE }],
    irqs: [(32 + index) as IntId],
    streams: [index as StreamId],
    itsDeviceIds: [],
    dma: true,
    firmware: false,
  };
}

function createPartition(
  index: number,
  { partitions, regions }: LargeConfigurationSize,
  deviceCount: number,
): Partition {
  const memory: MemoryGrant[] = [];
  // From the top down: a list that is sorted already would flatter the sweep.
  for (let slot = regions - 1; slot >= 0; slot -= 1) {
    if (slot % partitions !== index) continue;
    const pa = RAM_BASE + slot * MEMORY_STRIDE;
    memory.push({
      name: `memory${slot}`,
      ipa: pa as Ipa,
      pa: pa as Pa,
      size: MEMORY_SIZE,
      access: { read: true, write: true, execute: true },
    });
  }
  const devices: DeviceGrant[] = [];
  for (let device = index; device < deviceCount; device += partitions) {
    devices.push({ device, windowIpas: [(DEVICE_BASE + device * DEVICE_STRIDE) as Ipa] });
  }
  return {
    name: `partition${index}`,
    vmid: (index + 1) as Vmid,
    cpus: [
      {
        core: index as CoreId,
        reservation: null,
        maxDelayNs: null,
        maxLatencyNs: null,
        inContract: false,
        taskPolicy: 'fp',
      },
    ],
    memory,
    devices,
    entry: memory[0]?.ipa ?? (RAM_BASE as Ipa),
    tasks: [],
    interruptRates: [],
  };
}
