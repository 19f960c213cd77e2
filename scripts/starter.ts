/** Starter configurations: two partitions on a platform, laid out from its facts, with comments. */

import type { Device, Platform } from '../model/configuration.ts';
import { computeEnd, computePageBase, IPA_END, isOverlapping, PAGE_SIZE } from '../model/units.ts';
import type { ByteRange } from '../model/units.ts';
import { UsageError } from './usage.ts';

const KIB = 1024;
const MIB = 1024 * KIB;

/** Alignment of everything the starter places: a level-2 block of stage 2. */
const BLOCK = 2 * MIB;
const IMAGE_SIZE = 2 * MIB;
const TABLES_SIZE = 14 * MIB;
const CHANNEL_SIZE = 64 * KIB;
/** Preferred memory of the first and the second partition; halved until it fits. */
const MAIN_SIZE = 256 * MIB;
const SIDE_SIZE = 16 * MIB;

/**
 * Where the starter puts things; everything is mapped at IPA = PA, where no device can be in the
 * way.
 */
interface Layout {
  readonly image: number;
  readonly tables: number;
  readonly main: ByteRange;
  readonly side: ByteRange;
  readonly channel: number;
}

/**
 * A commented configuration of two partitions that share a core, for a platform.
 *
 * @param reference how the configuration names the platform
 * @param schema path or URL of the JSON Schema, for editors; null leaves it out
 * @throws UsageError where the platform has no core with EL2 or no 32 MiB of free memory
 */
export function renderStarter(
  platform: Platform,
  reference: string,
  schema: string | null,
): string {
  const layout = computeLayout(platform);
  const [first, second] = chooseDevices(platform);
  const unit = platform.timerHz % 1_000 === 0 ? 'ms' : 's';
  const cores = platform.cores.filter((core) => core.el2 && !core.firmware).map(({ id }) => id);
  const shared = cores[1] ?? cores[0];
  if (shared === undefined) {
    throw new UsageError(`platform ${platform.name} has no core with EL2 that a partition may use`);
  }
  const irq = chooseNotifyIrq(platform);
  return `${schema === null ? '' : `# yaml-language-server: $schema=${schema}\n`}\
# Two partitions on ${platform.name} that share core ${shared} by budgets.
# Verify it with: haven verify <this file>
version: 1
platform: ${reference}

# What EL2 keeps for itself: no partition may reach it, by CPU or by DMA.
hypervisor:
  memory:
    - { name: image, base: ${hex(layout.image)}, size: ${formatSize(IMAGE_SIZE)} }
    - { name: tables, base: ${hex(layout.tables)}, size: ${formatSize(TABLES_SIZE)} }
  # Worst cases of EL2's own work: assumptions, until they are measured on the board.
  overheads: { context-switch: 5us, timer: 2us, interrupt: 2us, longest-section: 20us }

partitions:
  - name: main
    vmid: 1 # tags the stage-2 translations; unique, not 0
    cpus:
${renderWholeCore(cores)}\
      # 4 ${unit} in every 10 ${unit}; larger priority is more urgent
      - { core: ${shared}, budget: 4${unit}, period: 10${unit}, priority: 1, max-delay: 12${unit} }
    memory:
      # ipa is what the partition believes to be physical, pa where it lies
${renderMemory('      ', layout.main)}
    devices: ${renderDevice(first)} # names from the platform file
    entry: ${hex(layout.main.base)}

  - name: side
    vmid: 2
    cpus:
      # max-delay: the longest it may be ready and get nothing; proved
      - { core: ${shared}, budget: 1${unit}, period: 5${unit}, priority: 2, max-delay: 6${unit} }
    memory:
${renderMemory('      ', layout.side)}
    devices: ${renderDevice(second)}
    entry: ${hex(layout.side.base)}

# The only flows between partitions; whatever is not declared here cannot happen.
channels:
  - name: mailbox
    pa: ${hex(layout.channel)}
    size: ${formatSize(CHANNEL_SIZE)}
    ends:
      - { partition: side, ipa: ${hex(layout.channel)}, access: rw }
      - { partition: main, ipa: ${hex(layout.channel)}, access: r }
${
  irq === null
    ? ''
    : `    # virtual interrupt ${irq} tells main that something is there
    notify: [{ from: side, to: main, irq: ${irq} }]
`
}`;
}

/** The first core, for a partition alone, where there is another one to share. */
function renderWholeCore(cores: readonly number[]): string {
  const [first] = cores;
  if (first === undefined || cores.length < 2) return '';
  return `      - { core: ${first} } # a whole core: nobody else may name it\n`;
}

function renderDevice(device: Device | undefined): string {
  return device === undefined ? '[]' : `[${device.name}]`;
}

function renderMemory(indent: string, { base, size }: ByteRange): string {
  const at = hex(base);
  return `${indent}- { name: ram, ipa: ${at}, pa: ${at}, size: ${formatSize(size)}, access: rwx }`;
}

function computeLayout(platform: Platform): Layout {
  const gap = findLargestGap(platform);
  const fixed = IMAGE_SIZE + TABLES_SIZE + BLOCK;
  let main = MAIN_SIZE;
  let side = SIDE_SIZE;
  while (fixed + main + side > gap.size && main > BLOCK) {
    main = Math.max(BLOCK, main / 2);
    side = Math.max(BLOCK, side / 2);
  }
  if (fixed + main + side > gap.size) {
    throw new UsageError(`platform ${platform.name} has no 32 MiB of free memory in one piece`);
  }
  const image = gap.base;
  const tables = image + IMAGE_SIZE;
  const mainBase = tables + TABLES_SIZE;
  const sideBase = mainBase + main;
  return {
    image,
    tables,
    main: { base: mainBase, size: main },
    side: { base: sideBase, size: side },
    channel: sideBase + side,
  };
}

/**
 * The largest stretch of a memory bank that nobody keeps, in whole blocks below the end of IPA
 * space.
 */
function findLargestGap(platform: Platform): ByteRange {
  const taken = [...platform.reserved].sort((a, b) => a.base - b.base);
  let largest: ByteRange = { base: 0, size: 0 };
  for (const bank of platform.memory) {
    const bankEnd = Math.min(computeEnd(bank), IPA_END);
    let from: number = bank.base;
    for (const stop of [...taken, { base: bankEnd, size: 0 }]) {
      const base = Math.ceil(from / BLOCK) * BLOCK;
      const end = Math.floor(Math.min(stop.base, bankEnd) / BLOCK) * BLOCK;
      if (end - base > largest.size) largest = { base, size: end - base };
      from = Math.max(from, computeEnd(stop));
    }
  }
  return largest;
}

/**
 * Up to two devices that can be given away without a second thought: no DMA, pages of their own.
 */
function chooseDevices(platform: Platform): Device[] {
  const fitting = platform.devices.filter(
    (device) =>
      !device.firmware &&
      !device.dma &&
      device.streams.length === 0 &&
      device.mmio.length === 1 &&
      device.irqs.length === 1 &&
      device.mmio.every(isWholePages) &&
      platform.devices.every((other) => other === device || !isSharing(device, other)),
  );
  const consoles = fitting.filter(isConsole);
  return [...consoles, ...fitting.filter((device) => !isConsole(device))].slice(0, 2);
}

/** Consoles are what a first boot needs. */
function isConsole(device: Device): boolean {
  return device.name.includes('uart');
}

function isWholePages({ base, size }: ByteRange): boolean {
  return computePageBase(base) === base && size > 0 && size % PAGE_SIZE === 0;
}

function isSharing(a: Device, b: Device): boolean {
  return (
    a.mmio.some((one) => b.mmio.some((other) => isOverlapping(one, other))) ||
    a.irqs.some((irq) => b.irqs.includes(irq))
  );
}

/**
 * The highest SPI that no device and nothing of the hypervisor raises; null where all are taken.
 */
function chooseNotifyIrq(platform: Platform): number | null {
  const { spiFirst, spiCount, reservedIrqs } = platform.interrupts;
  const taken = new Set<number>([
    ...platform.devices.flatMap((device) => device.irqs),
    ...reservedIrqs,
    ...(platform.iommu?.irqs ?? []),
  ]);
  for (let irq = spiFirst + spiCount - 1; irq >= spiFirst; irq -= 1) {
    if (!taken.has(irq)) return irq;
  }
  return null;
}

function hex(address: number): string {
  return `0x${address.toString(16).toUpperCase()}`;
}

function formatSize(bytes: number): string {
  if (bytes % MIB === 0) return `${bytes / MIB}MiB`;
  return `${bytes / KIB}KiB`;
}
