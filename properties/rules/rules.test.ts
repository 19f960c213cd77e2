import { describe, expect, test } from 'vitest';

import type {
  Device,
  MemoryGrant,
  Notify,
  Partition,
  Platform,
  Reservation,
  StaticConfiguration,
} from '../../model/configuration.ts';
import type { CoreId, IntId, Ipa, Nanoseconds, Pa, StreamId, Vmid } from '../../model/units.ts';
import { checkConfiguration } from './check.ts';
import { createLargeConfiguration } from './large-configuration.ts';

const RW = { read: true, write: true, execute: false };
/** First RAM address that no memory of the base configuration takes. */
const FREE = 0x1_0010_0000;
const MS = 1_000_000;

/** Three partitions on whole cores, one memory and two devices each, RAM from 0x100000000. */
const base = createLargeConfiguration({ partitions: 3, regions: 3, devices: 6 });
const good: StaticConfiguration = {
  ...base,
  platform: {
    ...base.platform,
    memory: [...base.platform.memory, { name: 'more', base: 0x1_0006_0000 as Pa, size: 2 ** 30 }],
  },
};

function codesOf(configuration: StaticConfiguration): string[] {
  return [...new Set(checkConfiguration(configuration).map((finding) => finding.code))];
}

function withPartition(index: number, change: Partial<Partition>): StaticConfiguration {
  const partitions = good.partitions.map((partition, position) =>
    position === index ? { ...partition, ...change } : partition,
  );
  return { ...good, partitions };
}

function withPlatform(change: Partial<Platform>): StaticConfiguration {
  return { ...good, platform: { ...good.platform, ...change } };
}

function withDevice(index: number, change: Partial<Device>): StaticConfiguration {
  const devices = good.platform.devices.map((device, position) =>
    position === index ? { ...device, ...change } : device,
  );
  return withPlatform({ devices });
}

function memory(pa: number, size: number, ipa = pa + 0x10_0000_0000): MemoryGrant {
  return { name: 'extra', ipa: ipa as Ipa, pa: pa as Pa, size, access: RW };
}

/** The good configuration with more memory for partition 0 and partition 1. */
function withMemories(first: MemoryGrant[], second: MemoryGrant[]): StaticConfiguration {
  const extra = [first, second];
  const partitions = good.partitions.map((partition, index) => ({
    ...partition,
    memory: [...partition.memory, ...(extra[index] ?? [])],
  }));
  return { ...good, partitions };
}

function share(budgetNs: number, periodNs: number, priority: number): Reservation {
  return {
    budgetNs: budgetNs as Nanoseconds,
    periodNs: periodNs as Nanoseconds,
    phaseNs: 0 as Nanoseconds,
    priority,
    idle: 'keep',
    slack: false,
  };
}

/** What a virtual CPU is without a bound that it requires. */
const NO_REQUIREMENT = {
  maxDelayNs: null,
  maxLatencyNs: null,
  inContract: false,
  taskPolicy: 'fp',
} as const;

function withShares(first: Reservation, second: Reservation): StaticConfiguration {
  const cpu = { core: 0 as CoreId, ...NO_REQUIREMENT };
  const partitions = good.partitions.map((partition, index) => {
    const reservation = [first, second][index];
    return reservation === undefined
      ? partition
      : { ...partition, cpus: [{ ...cpu, reservation }] };
  });
  return { ...good, partitions };
}

function ring(from: number, to: number): Notify {
  return { from, to, irq: 200 as IntId };
}

function withWindow(at: number): StaticConfiguration {
  return withDevice(1, { mmio: [{ base: at, size: 0x100 }] });
}

test('the base of these tests breaks no rule', () => {
  expect(checkConfiguration(good)).toEqual([]);
});

describe('ranges', () => {
  test('refuse a shared last page, and accept neighbours that touch (RNG-01)', () => {
    const first = [memory(FREE, 0x3000)];
    expect(codesOf(withMemories(first, [memory(FREE + 0x3000, 0x1000)]))).toEqual([]);
    expect(codesOf(withMemories(first, [memory(FREE + 0x2000, 0x1000)]))).toEqual(['MEM-OVERLAP']);
  });

  test('refuse a range whose end wraps or leaves the address space (RNG-02)', () => {
    const wrapped = memory(2 ** 40 - 0x1000, 0x2000, FREE);
    expect(codesOf(withMemories([wrapped], []))).toContain('MEM-ADDRESS-SPACE');
    const huge = memory(FREE, Number.MAX_SAFE_INTEGER - 0xfff, FREE);
    expect(codesOf(withMemories([huge], []))).toContain('MEM-ADDRESS-SPACE');
    const last = { ...memory(FREE, 0x1000), ipa: (2 ** 39 - 0x1000) as Ipa };
    expect(codesOf(withMemories([last], []))).toEqual([]);
  });

  test('tell apart addresses that differ above bit 31 only (RNG-03)', () => {
    const high = memory(0x1_4000_0000, 0x1000, 0x2000_0000);
    expect(codesOf(withMemories([high], []))).not.toContain('HYP-OVERLAP');
    const low = memory(0x4000_0000, 0x1000, FREE);
    expect(codesOf(withMemories([low], []))).toEqual(['HYP-OVERLAP']);
  });

  test('refuse an enclosing and an enclosed range (RNG-04)', () => {
    const outer = [memory(FREE, 0x5000)];
    const inner = [memory(FREE + 0x2000, 0x1000)];
    expect(codesOf(withMemories(outer, inner))).toEqual(['MEM-OVERLAP']);
    expect(codesOf(withMemories(inner, outer))).toEqual(['MEM-OVERLAP']);
  });

  test('refuse memory that overlaps RAM without lying in it (RNG-05)', () => {
    const end = 0x1_0006_0000 + 2 ** 30;
    expect(codesOf(withMemories([memory(end - 0x1000, 0x1000)], []))).toEqual([]);
    expect(codesOf(withMemories([memory(end - 0x1000, 0x2000)], []))).toEqual(['MEM-OUTSIDE-RAM']);
  });

  test('accept memory that lies across two banks that touch (RNG-05)', () => {
    expect(codesOf(withMemories([memory(0x1_0005_f000, 0x2000)], []))).toEqual([]);
  });

  test('refuse an overlap of entries that are no neighbours in any list (RNG-06)', () => {
    const first = [memory(FREE, 0x1000), memory(FREE + 0x8000, 0x1000)];
    const second = [memory(FREE + 0x4000, 0x1000), memory(FREE, 0x1000)];
    expect(codesOf(withMemories(first, second))).toEqual(['MEM-OVERLAP']);
  });

  test.each([
    ['hypervisor memory', { base: 0x4000_0000, size: 0x1000 }, 'HYP-OVERLAP'],
    ['the distributor', good.platform.interrupts.distributor, 'HYP-REGISTERS'],
    ['the last redistributor', { base: 0x080a_0000 + 2 * 0x20000, size: 0x1000 }, 'HYP-REGISTERS'],
    ['the SMMU', { base: 0x1900_0000, size: 0x1000 }, 'HYP-REGISTERS'],
    ['memory of a partition', { base: 0x1_0000_0000, size: 0x1000 }, 'MEM-OVER-DEVICE'],
  ])('refuse a device window over %s (RNG-07)', (_, window, code) => {
    expect(codesOf(withDevice(0, { mmio: [window] }))).toContain(code);
  });

  test('refuse memory over firmware memory, firmware devices and channels (RNG-07)', () => {
    const reserved = [{ name: 'secure', base: FREE as Pa, size: 0x1000 }];
    const platform = { ...good.platform, reserved };
    const claimed = { ...withMemories([memory(FREE, 0x1000)], []), platform };
    expect(codesOf(claimed)).toEqual(['HYP-FIRMWARE']);
    const end = { partition: 0, ipa: 0x1000 as Ipa, access: RW };
    const channels = [
      {
        name: 'link',
        pa: FREE as Pa,
        size: 0x1000,
        ends: [end, { ...end, partition: 1 }],
        notify: [],
      },
    ];
    expect(codesOf({ ...good, channels })).toEqual([]);
    const overlapped = { ...withMemories([memory(FREE, 0x1000)], []), channels };
    expect(codesOf(overlapped)).toEqual(['MEM-THROUGH-CHANNEL', 'CHN-OVERLAP']);
  });

  test('refuse an empty range instead of finding nothing in it (RNG-08)', () => {
    const empty = memory(0x4000_0000, 0);
    expect(codesOf(withMemories([empty], []))).toEqual(['MEM-EMPTY']);
  });

  test('find an overlap of the last of many entries (RNG-09)', () => {
    const many = Array.from({ length: 200 }, (_, index) => memory(FREE + index * 0x1000, 0x1000));
    const last = memory(FREE + 199 * 0x1000, 0x1000);
    expect(codesOf(withMemories(many, [last]))).toEqual(['MEM-OVERLAP']);
  });

  test('refuse windows of two owners in one page, accept them in two (RNG-11)', () => {
    expect(codesOf(withWindow(0x3000_0000))).not.toContain('DEV-SHARED-PAGE');
    expect(codesOf(withWindow(0x2000_0f00))).toContain('DEV-SHARED-PAGE');
  });

  test('accept two windows of one owner in one page', () => {
    const [first] = good.platform.devices;
    const mmio = [
      { base: 0x2000_0000, size: 0x100 },
      { base: 0x2000_0f00, size: 0x100 },
    ];
    const platform = {
      ...good.platform,
      devices: good.platform.devices.map((device) =>
        device === first ? { ...device, mmio } : device,
      ),
    };
    const devices = good.partitions[0]?.devices.map((grant) =>
      grant.device === 0 ? { ...grant, windowIpas: mmio.map((range) => range.base as Ipa) } : grant,
    );
    expect(codesOf({ ...withPartition(0, { devices: devices ?? [] }), platform })).toEqual([]);
  });

  test('refuse equal VMIDs, also of partitions that are no neighbours (RNG-14)', () => {
    expect(codesOf(withPartition(2, { vmid: 1 as Vmid }))).toEqual(['CFG-VMID-TWICE']);
  });

  test('report each pair of three that overlap', () => {
    const three = withMemories([memory(FREE, 0x1000)], [memory(FREE, 0x1000)]);
    const partitions = three.partitions.map((partition, index) =>
      index === 2
        ? { ...partition, memory: [...partition.memory, memory(FREE, 0x1000)] }
        : partition,
    );
    const found = checkConfiguration({ ...three, partitions });
    expect(found.map((finding) => finding.code)).toEqual(Array(3).fill('MEM-OVERLAP'));
  });

  test('spell out 100 findings of a rule and count the rest', () => {
    const many = Array.from({ length: 150 }, (_, index) => memory(FREE + index * 0x1000, 0x1000));
    const found = checkConfiguration(withMemories(many, many));
    expect(found).toHaveLength(101);
    expect(found.at(-1)?.message).toBe('50 more like the 100 above');
  });

  test('never pass what was not examined to the end', () => {
    const stack = Array.from({ length: 700 }, () => ({ base: 0x3000_0000, size: 16 }));
    const found = checkConfiguration(withDevice(0, { mmio: stack }));
    expect(found.filter((finding) => finding.message.includes('not all of them'))).not.toEqual([]);
  });
});

describe('interrupts', () => {
  test.each([0, 15, 16, 31, 1020, 1023, 8192])(
    'refuse line %i of a device (IRQ-03, -20)',
    (irq) => {
      expect(codesOf(withDevice(0, { irqs: [irq as IntId] }))).toEqual(['IRQ-RANGE']);
    },
  );

  test.each([38, 63, 64, 1019])('accept line %i of a device', (irq) => {
    expect(codesOf(withDevice(0, { irqs: [irq as IntId] }))).toEqual([]);
  });

  test('refuse a line beyond the last SPI of the platform', () => {
    const interrupts = { ...good.platform.interrupts, spiCount: 5 };
    expect(codesOf(withPlatform({ interrupts }))).toEqual(['IRQ-RANGE']);
  });

  test('refuse equal lines of devices of two partitions, accept them within one', () => {
    // Devices are dealt to three partitions in turn: 0 and 3 belong together, 0 and 1 do not.
    expect(codesOf(withDevice(3, { irqs: [32 as IntId] }))).toEqual([]);
    expect(codesOf(withDevice(1, { irqs: [40, 32] as IntId[] }))).toEqual(['IRQ-TWO-OWNERS']);
  });

  test('tell a notify of one receiver from the same INTID of another', () => {
    const end = { partition: 0, ipa: 0x1000 as Ipa, access: RW };
    const link = {
      name: 'link',
      pa: FREE as Pa,
      size: 0x1000,
      ends: [end, { ...end, partition: 1 }],
    };
    const both = [{ ...link, notify: [ring(0, 1), ring(1, 0)] }];
    expect(codesOf({ ...good, channels: both })).toEqual([]);
    const twice = [{ ...link, notify: [ring(0, 1), ring(0, 1)] }];
    expect(codesOf({ ...good, channels: twice })).toEqual(['IRQ-NOTIFY-TWICE']);
  });
});

describe('streams', () => {
  test('refuse a stream of two partitions, first or last of its device (DMA-03, -05)', () => {
    const shared = withDevice(1, { streams: [9, 0] as StreamId[] });
    expect(codesOf(shared)).toEqual(['DMA-STREAM-SHARED']);
    expect(codesOf(withDevice(3, { streams: [9, 0] as StreamId[] }))).toEqual([]);
  });

  test('accept the last StreamID that fits and refuse the next', () => {
    expect(codesOf(withDevice(0, { streams: [0xffff as StreamId] }))).toEqual([]);
    expect(codesOf(withDevice(0, { streams: [0x10000 as StreamId] }))).toEqual([
      'DMA-STREAM-RANGE',
    ]);
  });

  test('refuse DMA without a stream, accept a device that has neither', () => {
    expect(codesOf(withDevice(0, { streams: [], dma: true }))).toEqual(['DMA-NO-STREAM']);
    expect(codesOf(withDevice(0, { streams: [], dma: false }))).toEqual([]);
  });
});

describe('cores', () => {
  test('accept budgets that fill a core exactly and refuse one tick more (SCH-07)', () => {
    const third = share(16 * 1000 * 100, 48 * 1000 * 100, 1);
    const rest = (budget: number): Reservation => share(budget, 48 * 1000 * 100, 2);
    expect(codesOf(withShares(third, rest(32 * 1000 * 100)))).toEqual([]);
    expect(codesOf(withShares(third, rest(32 * 1000 * 100 + 16)))).toEqual(['CPU-OVERCOMMITTED']);
  });

  test('accept a budget as long as its period and refuse a longer one (SCH-07)', () => {
    const small = share(0, 5 * MS, 1);
    expect(codesOf(withShares(share(5 * MS, 5 * MS, 2), small))).toEqual(['CPU-BUDGET-ZERO']);
    const long = codesOf(withShares(share(5 * MS + 16, 5 * MS, 2), small));
    expect(long).toContain('CPU-BUDGET-PERIOD');
  });

  test('compare a budget with the minimum in nanoseconds, before any rounding (SCH-08)', () => {
    const other = share(MS, 5 * MS, 1);
    expect(codesOf(withShares(share(10_016, 5 * MS, 2), other))).toEqual([]);
    expect(codesOf(withShares(share(10_000, 5 * MS, 2), other))).toEqual(['CPU-BUDGET-MINIMUM']);
  });

  test('name the nearest values that are whole ticks', () => {
    const found = checkConfiguration(withShares(share(1_000_001, 5 * MS, 2), share(MS, 5 * MS, 1)));
    expect(found.map((finding) => finding.message)).toEqual([
      'budget of partition0 on core 0 is not a whole number of timer ticks (62500000 Hz): ' +
        'expected 1ms or 1000.016us, found 1000.001us',
    ]);
  });

  test('refuse a whole core beside a budget on it, whichever stands first', () => {
    const whole = { core: 0 as CoreId, reservation: null, ...NO_REQUIREMENT };
    const part = { ...whole, reservation: share(MS, 5 * MS, 1) };
    expect(codesOf(withPartition(2, { cpus: [part] }))).toEqual(['CPU-WHOLE-SHARED']);
    const swapped = good.partitions.map((partition, index) => ({
      ...partition,
      cpus: [index === 0 ? part : whole],
    }));
    expect(codesOf({ ...good, partitions: swapped })).toContain('CPU-WHOLE-SHARED');
  });
});
