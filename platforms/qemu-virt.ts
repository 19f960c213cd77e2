/**
 * QEMU's virt machine as a platform: the rows of `facts/qemu-virt-devices.tsv` and what they leave
 * open.
 *
 * Left open by the table and decided here: the number of cores and the memory (both command-line
 * options), names that users will type, and the PCI functions, which exist only if the command line
 * adds them.
 */

import type { DescribedDevice, PlatformDescription } from '../formats/device-tree/description.ts';
import {
  FactError,
  type FactRow,
  getCell,
  parseFactNumber,
  parseIntIds,
  readFacts,
} from './facts.ts';

const CORE_COUNT = 4;
const MIB = 2 ** 20;

const NOTES = [
  "Facts of QEMU's virt machine, QEMU 10.0.2. Generated from platforms/facts; do not edit by hand.",
  '',
  'The command line that makes this board:',
  '  qemu-system-aarch64 -M virt,virtualization=on,gic-version=3,iommu=smmuv3 -cpu cortex-a55 \\',
  '    -smp 4 -m 2G -nodefaults -nographic -serial mon:stdio -serial null \\',
  '    -drive if=none,id=disk,file=disk.img,format=raw \\',
  '    -device virtio-blk-pci,addr=1,drive=disk,disable-legacy=on,iommu_platform=on \\',
  '    -netdev user,id=net \\',
  '    -device virtio-net-pci,addr=2,netdev=net,disable-legacy=on,iommu_platform=on \\',
  '    -drive if=none,id=flash,file=nvme.img,format=raw \\',
  '    -device nvme,addr=3,serial=haven,drive=flash -device edu,addr=4 -kernel haven.elf',
  '',
  'Assumed, because no file says it:',
  '- Haven assigns the PCI BARs at boot to the addresses below, each on pages of its own (sizes as',
  '  read from QEMU), and keeps the configuration space: whoever writes it can move a BAR over',
  '  another function.',
  '- A virtio PCI function goes through the SMMU only with iommu_platform=on; without it, it',
  '  bypasses it.',
  '- virtio-mmio transports and fw_cfg master the bus and are not behind the SMMU: `dma: true`,',
  '  no stream.',
  '- The 64-bit PCI window at 0x8000000000 lies beyond the 39-bit IPA space and is left out.',
];

/** Names that users type, for rows whose name in the table is a part number or a function. */
const USER_NAMES: Readonly<Record<string, string>> = {
  pl011: 'uart0',
  uart1: 'uart1',
  pl031: 'rtc',
  pl061: 'gpio',
  'fw-cfg': 'fw-cfg',
  flash: 'flash0',
  'flash.reg1': 'flash1',
};

/** Devices that master the bus without being behind the SMMU. */
const BYPASSING = new Set(['virtio_mmio', 'fw-cfg']);

/**
 * PCI functions of the command line above, by slot; INTx of slot s, pin A, is INTID 35 + (s mod 4).
 */
const PCI_FUNCTIONS = [
  {
    name: 'virtio-blk',
    slot: 1,
    bars: [
      { base: 0x10000000, size: 0x4000 },
      { base: 0x10004000, size: 0x1000 },
    ],
    what: 'virtio-blk-pci, BAR 4 and BAR 1',
  },
  {
    name: 'nic',
    slot: 2,
    bars: [
      { base: 0x10010000, size: 0x4000 },
      { base: 0x10014000, size: 0x1000 },
    ],
    what: 'virtio-net-pci, BAR 4 and BAR 1',
  },
  { name: 'nvme', slot: 3, bars: [{ base: 0x10020000, size: 0x4000 }], what: 'nvme, BAR 0' },
  { name: 'edu', slot: 4, bars: [{ base: 0x10100000, size: 0x100000 }], what: 'edu, BAR 0' },
];

/** The description from which `platforms/qemu-virt.yaml` is printed. */
export function describeQemuVirt(): PlatformDescription {
  const rows = readFacts('qemu-virt-devices.tsv');
  const smmu = findRow(rows, 'smmuv3');
  return {
    notes: NOTES,
    name: 'qemu-virt',
    cores: Array.from({ length: CORE_COUNT }, (_, id) => ({
      id,
      type: 'cortex-a55',
      mpidr: id,
      el2: true,
      firmware: false,
      aliases: [],
      source: 'virt.c:1771: Aff0 = core for up to 16 cores; -smp 4',
    })),
    memory: [
      {
        name: 'dram',
        base: getBytes(findRow(rows, 'ram')).base,
        size: 2048 * MIB,
        source: 'virt.c:194; -m 2G',
      },
    ],
    reserved: [],
    interrupts: {
      distributor: getBytes(findRow(rows, 'intc')),
      redistributors: getBytes(findRow(rows, 'intc.reg1')),
      its: getBytes(findRow(rows, 'its')),
      spiFirst: 32,
      spiCount: 256,
      listRegisters: 4,
      reservedIrqs: ['ppi gic maintenance', 'ppi CNTHP (EL2 physical)'].flatMap((name) =>
        parseIntIds(getCell(findRow(rows, name), 'gic_intid')),
      ),
      source:
        'virt.c:166,172,174; SPIs to INTID 287; ICH_VTR_EL2 reads 0x90b80003: 4 list registers',
    },
    iommu: {
      ...getBytes(smmu),
      streamIdBits: 16,
      irqs: parseIntIds(getCell(smmu, 'gic_intid')),
      source: 'virt.c:180,237: eventq, priq, cmdq-sync, gerror; IDR1.SIDSIZE reads 16',
    },
    firewall: null,
    timerHz: 62_500_000,
    timerSource: 'CNTFRQ_EL0 of -cpu cortex-a55 as measured; cntfrq=24000000 would give 24 MHz',
    devices: [...listPlatformDevices(rows), describePciHost(rows), ...listPciFunctions()],
  };
}

function listPlatformDevices(rows: readonly FactRow[]): DescribedDevice[] {
  const devices: DescribedDevice[] = [];
  let transports = 0;
  for (const row of rows) {
    const name = getCell(row, 'name');
    const userName = name === 'virtio_mmio' ? `virtio-mmio-${transports++}` : USER_NAMES[name];
    if (userName === undefined) continue;
    devices.push({
      name: userName,
      mmio: [getBytes(row)],
      irqs: parseIntIds(getCell(row, 'gic_intid')),
      streams: [],
      itsDeviceIds: [],
      dma: BYPASSING.has(name),
      firmware: false,
      source: getCell(row, 'note') || `${getCell(row, 'compatible')} in the dumped device tree`,
    });
  }
  return devices.sort((a, b) => getFirstBase(a) - getFirstBase(b));
}

/** ECAM and port window: kept from every partition, because they can move any function's BAR. */
function describePciHost(rows: readonly FactRow[]): DescribedDevice {
  return {
    name: 'pcie-host',
    mmio: [
      getBytes(findRow(rows, 'pcie pio window')),
      getBytes(findRow(rows, 'pcie ecam (default, 256 MiB)')),
    ],
    irqs: [],
    streams: [],
    itsDeviceIds: [],
    dma: false,
    firmware: true,
    source: 'virt.c:191,223; configuration space stays with the hypervisor (assumption)',
  };
}

function listPciFunctions(): DescribedDevice[] {
  return PCI_FUNCTIONS.map(({ name, slot, bars, what }) => {
    // Requester ID = bus << 8 | slot << 3 | function; virt gives it to SMMU and ITS unchanged.
    const requester = slot * 8;
    return {
      name,
      mmio: bars,
      irqs: [35 + (slot % 4)],
      streams: [requester],
      itsDeviceIds: [requester],
      dma: true,
      firmware: false,
      source:
        `-device ${what}; 00:0${slot}.0; virt.c:190,231,1495,1587; ` +
        'BAR sizes as read, addresses are assumptions',
    };
  });
}

function findRow(rows: readonly FactRow[], name: string): FactRow {
  const row = rows.find((candidate) => getCell(candidate, 'name') === name);
  if (row === undefined) throw new FactError(`no row ${name}`);
  return row;
}

/**
 * The range of a row; the size of RAM is an option of QEMU's, so it is left at zero for its row.
 */
function getBytes(row: FactRow): { base: number; size: number } {
  const size = getCell(row, 'size');
  return {
    base: parseFactNumber(getCell(row, 'base')),
    size: size === '-m size' ? 0 : parseFactNumber(size),
  };
}

function getFirstBase(device: DescribedDevice): number {
  return device.mmio[0]?.base ?? 0;
}
