/**
 * NXP's i.MX95 19x19 EVK as a platform: the rows of `facts/imx95-devices.tsv` and what they leave
 * open.
 *
 * A row is a register window of a device-tree node or of a System Manager resource. Decided here:
 * which rows are one device (MERGED), which are memory, firmware or fabric, and what TRDC windows
 * follow from the slots.
 */

import type {
  DescribedCore,
  DescribedDevice,
  DescribedRange,
  DescribedWindow,
  PlatformDescription,
} from '../formats/device-tree/description.ts';
import type { ByteRange } from '../model/units.ts';
import {
  FactError,
  type FactRow,
  getCell,
  parseFactNumber,
  parseIntIds,
  parseStreamIds,
  readFacts,
} from './facts.ts';

const KIB = 2 ** 10;
const MIB = 2 ** 20;
const GIB = 2 ** 30;
const A55_COUNT = 6;

const NOTES = [
  'Facts of the NXP i.MX95 19x19 EVK (16 GiB DDR). Generated from platforms/facts; do not edit',
  'by hand.',
  '',
  'From mainline and NXP device trees and the System Manager configuration mx95evk.cfg; the',
  'reference manual was not at hand. `firmware: true` marks what the System Manager on the M33',
  'keeps; whoever else it lets in read-only is named in the source. All six A55 are one TRDC',
  'domain: the TRDC separates them from the M7, not from each other.',
  '',
  'Assumed, because no file says it:',
  '- 384 SPIs: the smallest multiple of 32 that covers every line in the tables.',
  '- 4 list registers (Cortex-A55) and 16 bits of StreamID; read ICH_VTR_EL2 and SMMU_IDR1 on',
  '  the board.',
  '- TRDC: a slot of a block checker is 64 KiB where the rows of the same checker say so by their',
  '  addresses; memory regions are granted in 16 KiB; windows without a published end stop after',
  '  the last slot that a row names. Where addresses and slots do not agree (display, ISP, PCIe',
  '  outbound, V2X mailboxes, trace) no window is described, so that nothing there can be granted',
  '  beside a partition on the M7.',
  '- `dma: true` without streams: the System Manager gives the resource a master domain (MDAC),',
  '  but no StreamID is published, so the SMMU does not confine it.',
  '- pcie0-ep and pcie1-ep are the endpoint modes of pcie0 and pcie1: the same registers, never',
  '  both.',
  '- The NETC virtual functions own one 64 KiB block each of the two VF windows, in order of',
  '  their number.',
];

/**
 * Rows that belong to a device other than the one their name says: one sm_resource, or one page.
 */
const MERGED: Readonly<Record<string, string>> = {
  usb3_dwc3: 'usb3',
  usb3_phy: 'usb3',
  usbmisc: 'usb2',
  neutron_core: 'neutron',
  netc_bus0: 'netc',
  netc_bus1: 'netc',
  netc_blk_ctrl: 'netc',
  netcmix_blk_ctrl: 'netc',
  netc_rcec0: 'netc',
  netc_rcec1: 'netc',
  'mem.pcie0_cfg': 'pcie0',
  'mem.pcie0_io': 'pcie0',
  'mem.pcie1_cfg': 'pcie1',
  'mem.pcie1_io': 'pcie1',
  'mem.flexspi1_ahb': 'flexspi1',
  'mem.m7mix_periph': 'm7mix-periph',
  sram0: 'mu2',
  sysctr_rd_stop: 'sysctr-rd',
};

/** Rows that become memory, cores, interrupt controller, SMMU or firewall, and never a device. */
const NOT_DEVICES = new Set(['gic', 'its', 'gicr', 'smmu', 'memory', 'sram1', 'ocram_c']);

/** Masters that the tables do not show as such: DMA engines, and PCIe in endpoint mode. */
const KNOWN_MASTERS = new Set(['edma1', 'edma2', 'edma3', 'pcie0-ep', 'pcie1-ep']);

/** Windows of NETC that no row has: the `ranges` of its two buses in the mainline device tree. */
const NETC_RANGES: readonly ByteRange[] = [
  { base: 0x4cc00000, size: 0xe0000 },
  { base: 0x4cce0000, size: 0x20000 },
  { base: 0x4cd00000, size: 0x10000 },
  { base: 0x4cd10000, size: 0x10000 },
];

/**
 * What the rows leave out of the PCIe hosts: INTA to INTD of `interrupt-map`, and all of the
 * outbound space.
 */
const PCIE_HOSTS: Readonly<Record<string, { irqs: readonly number[]; outbound: ByteRange }>> = {
  pcie0: { irqs: [338, 339, 340, 341], outbound: { base: 0x900000000, size: 4 * GIB } },
  pcie1: { irqs: [344, 345, 346, 347], outbound: { base: 0xa00000000, size: 4 * GIB } },
};

/**
 * Virtual functions by requester ID: a block of each VF window, in the order ENETC0 VF0, VF1,
 * ENETC1 ..
 */
const NETC_VIRTUAL_FUNCTIONS = [
  { name: 'netc-enetc0-vf0', requester: 0x10, block: 0 },
  { name: 'netc-enetc0-vf1', requester: 0x20, block: 1 },
  { name: 'netc-enetc2-vf0', requester: 0x90, block: 4 },
  { name: 'netc-enetc2-vf1', requester: 0xa0, block: 5 },
];

/** The description from which `platforms/imx95.yaml` is printed. */
export function describeImx95(): PlatformDescription {
  const rows = readFacts('imx95-devices.tsv');
  const smmu = findRow(rows, 'smmu');
  return {
    notes: NOTES,
    name: 'imx95',
    cores: listCores(rows),
    memory: listMemory(),
    reserved: listReserved(rows),
    interrupts: {
      distributor: getBytes(findRow(rows, 'gic')),
      redistributors: getBytes(findRow(rows, 'gicr')),
      its: getBytes(findRow(rows, 'its')),
      spiFirst: 32,
      spiCount: 384,
      listRegisters: 4,
      reservedIrqs: ['ppi.gic_maint', 'ppi.cnthp'].flatMap((name) =>
        parseIntIds(getCell(findRow(rows, name), 'gic_intid')),
      ),
      source: 'mainline imx95.dtsi; SPI count and list registers are assumptions',
    },
    iommu: {
      ...getBytes(smmu),
      streamIdBits: 16,
      irqs: parseIntIds(getCell(smmu, 'gic_intid')),
      source:
        'mainline imx95.dtsi: eventq, gerror, priq, cmdq-sync; StreamID bits are an assumption',
    },
    firewall: {
      managers: rows
        .filter((row) => getCell(row, 'compatible') === 'nxp,trdc')
        .map((row) => ({
          name: toDeviceName(getCell(row, 'name')),
          ...getBytes(row),
          source: getCell(row, 'source'),
        })),
      windows: listWindows(),
      source: 'imx-sm 44f76dcb: written by the System Manager only',
    },
    timerHz: 24_000_000,
    timerSource: 'mainline imx95.dtsi, timer node',
    devices: listDevices(rows),
  };
}

function listCores(rows: readonly FactRow[]): DescribedCore[] {
  const clusterCores = Array.from({ length: A55_COUNT }, (_, id) => ({
    id,
    type: 'cortex-a55',
    mpidr: id * 0x100,
    el2: true,
    firmware: false,
    aliases: [],
    source: getCell(findRow(rows, `cpu${id}`), 'source'),
  }));
  const itcm = getBytes(findRow(rows, 'mem.m7_itcm'));
  const dtcm = getBytes(findRow(rows, 'mem.m7_dtcm'));
  return [
    ...clusterCores,
    {
      id: A55_COUNT,
      type: 'cortex-m7',
      mpidr: null,
      el2: false,
      firmware: false,
      aliases: [
        { local: 0x0, ...itcm },
        { local: 0x20000000, ...dtcm },
      ],
      source: `${getCell(findRow(rows, 'cpu_m7'), 'source')}; aliases: imx_rproc_att_imx95_m7`,
    },
    {
      id: A55_COUNT + 1,
      type: 'cortex-m33',
      mpidr: null,
      el2: false,
      firmware: true,
      aliases: [],
      source: getCell(findRow(rows, 'cpu_m33'), 'source'),
    },
  ];
}

function listMemory(): DescribedRange[] {
  return [
    { name: 'm33-rom', base: 0x0, size: 256 * KIB, source: 'imx-sm mx95evk.cfg' },
    { name: 'm33-tcm-code', base: 0x201c0000, size: 256 * KIB, source: 'imx-sm mx95evk.cfg' },
    { name: 'm33-tcm-sys', base: 0x20200000, size: 256 * KIB, source: 'imx-sm mx95evk.cfg' },
    { name: 'm7-itcm', base: 0x203c0000, size: 256 * KIB, source: 'imx_rproc_att_imx95_m7' },
    { name: 'm7-dtcm', base: 0x20400000, size: 256 * KIB, source: 'imx_rproc_att_imx95_m7' },
    { name: 'ocram', base: 0x20480000, size: 352 * KIB, source: 'imx-sm mx95evk.cfg' },
    { name: 'ocram-camera', base: 0x4af80000, size: 96 * KIB, source: 'NXP imx95.dtsi ocram_c' },
    {
      name: 'dram',
      base: 0x80000000,
      size: 16 * GIB,
      source: 'imx-sm mx95evk.cfg; EVK has 16 GiB',
    },
  ];
}

function listReserved(rows: readonly FactRow[]): DescribedRange[] {
  const secure = findRow(rows, 'mem.ddr.ap_secure');
  return [
    { name: 'm33-rom', base: 0x0, size: 256 * KIB, source: 'imx-sm mx95evk.cfg: SM(did 2)' },
    {
      name: 'm33-tcm-code',
      ...getBytes(findRow(rows, 'mem.m33_tcm_code')),
      source: 'imx-sm mx95evk.cfg: SM(did 2)',
    },
    {
      name: 'm33-tcm-sys',
      ...getBytes(findRow(rows, 'mem.m33_tcm_sys')),
      source: 'imx-sm mx95evk.cfg: SM(did 2), ELE data',
    },
    {
      name: 'ocram-secure',
      base: 0x20480000,
      size: 256 * KIB,
      source: 'imx-sm mx95evk.cfg: AP-S, up to 0x204c0000',
    },
    { name: 'secure-world', ...getBytes(secure), source: getCell(secure, 'source') },
  ];
}

/** TRDC windows: block checkers (MBC) by slot, region checkers (MRC) by number of regions. */
function listWindows(): DescribedWindow[] {
  const slots = (name: string, base: number, count: number): DescribedWindow => ({
    name,
    base,
    size: count * 64 * KIB,
    granule: 64 * KIB,
    regions: null,
    source: 'imx-sm configtool: 64 KiB block slots',
  });
  const regions = (name: string, base: number, size: number, count: number): DescribedWindow => ({
    name,
    base,
    size,
    granule: 16 * KIB,
    regions: count,
    source: `imx-sm configtool: nrgns=${count}; 16 KiB is an assumption`,
  });
  const tcmBlocks = 'imx-sm configtool: nblks=32, 8 KiB each';
  return [
    regions('mrc-a0-m33-rom', 0x0, 256 * KIB, 8),
    { ...slots('mbc-a1-tcm-code', 0x201c0000, 4), granule: 8 * KIB, source: tcmBlocks },
    { ...slots('mbc-a1-tcm-sys', 0x20200000, 4), granule: 8 * KIB, source: tcmBlocks },
    regions('mrc-w2-m7mix', 0x20380000, MIB, 8),
    {
      name: 'mbc-n2-ocram',
      base: 0x20480000,
      size: 352 * KIB,
      granule: 16 * KIB,
      regions: null,
      source: 'imx-sm mx95evk.cfg: 22 blocks of 16 KiB',
    },
    regions('mrc-w1-flexspi1', 0x28000000, 128 * MIB, 8),
    slots('mbc-w0-wakeup', 0x42000000, 128),
    slots('mbc-w1-mega', 0x42800000, 12),
    slots('mbc-w0-gpio2', 0x43810000, 1),
    slots('mbc-w0-gpio3', 0x43820000, 1),
    slots('mbc-w1-gpio4-5', 0x43840000, 2),
    slots('mbc-a0-aon', 0x44000000, 128),
    slots('mbc-a0-gpio1', 0x47400000, 1),
    slots('mbc-a0-fsb', 0x47500000, 8),
    slots('mbc-n1-gic', 0x48000000, 19),
    slots('mbc-n0-noc', 0x49000000, 40),
    slots('mbc-n2-npu', 0x4ab00000, 9),
    slots('mbc-c0-camera', 0x4ac00000, 30),
    slots('mbc-d0-display', 0x4b000000, 13),
    slots('mbc-h0-hsio', 0x4c000000, 6),
    slots('mbc-h0-usb3', 0x4c100000, 16),
    slots('mbc-h0-usb2', 0x4c200000, 16),
    slots('mbc-h0-pcie0', 0x4c300000, 8),
    slots('mbc-h2-pcie1', 0x4c380000, 8),
    slots('mbc-v0-vpu', 0x4c400000, 26),
    slots('mbc-e0-netcmix', 0x4c800000, 11),
    {
      name: 'mbc-e0-netc-ecam',
      base: 0x4ca00000,
      size: 2 * MIB,
      granule: 256 * KIB,
      regions: null,
      source: 'imx-sm configtool: MBC_E0=1.0-7 over 2 MiB; equal blocks are an assumption',
    },
    slots('mbc-e0-netc', 0x4cc00000, 32),
    slots('mbc-g0-gpumix', 0x4d800000, 6),
    regions('mrc-g0-gpu', 0x4d900000, 0x480000, 4),
    slots('mbc-n3-ddr-pmu', 0x4e000000, 10),
    regions('mrc-c0-ocram-camera', 0x4af80000, 96 * KIB, 2),
    regions('mrc-w2-m7mix-periph', 0x4a060000, 256 * KIB, 8),
    regions('mrc-n0-ddr', 0x80000000, 16 * GIB, 16),
  ];
}

/** One device for each group of rows, in the order of the first window. */
function listDevices(rows: readonly FactRow[]): DescribedDevice[] {
  const groups = new Map<string, FactRow[]>();
  let mailboxes = 0;
  for (const row of rows) {
    const rowName = getCell(row, 'name');
    let name = getDeviceName(row);
    if (name === null) continue;
    if (rowName === 'mailbox') name = `v2x-mailbox-${mailboxes++}`;
    groups.set(name, [...(groups.get(name) ?? []), row]);
  }
  const devices = [...groups].map(([name, group]) => describeDevice(name, group));
  return [...devices, ...listVirtualFunctions(rows)].sort(
    (a, b) => getFirstBase(a) - getFirstBase(b),
  );
}

/** The device that a row belongs to, or null for a row that is none. */
function getDeviceName(row: FactRow): string | null {
  const rowName = getCell(row, 'name');
  if (MERGED[rowName] !== undefined) return MERGED[rowName];
  if (NOT_DEVICES.has(rowName) || /^(mem|ppi|stream)\.|^cpu[0-9_]/.test(rowName)) return null;
  if (getCell(row, 'compatible') === 'nxp,trdc') return null;
  const node = rowName.replace(/\..*$/, '');
  return MERGED[node] ?? toDeviceName(node);
}

function describeDevice(name: string, rows: readonly FactRow[]): DescribedDevice {
  const windows = new Map<number, ByteRange>();
  for (const row of rows) {
    if (getCell(row, 'base') === '') continue;
    const window = clampWindow(getCell(row, 'name'), getBytes(row));
    windows.set(window.base, window);
  }
  if (name === 'netc') for (const range of NETC_RANGES) windows.set(range.base, range);
  const host = PCIE_HOSTS[name];
  if (host !== undefined) windows.set(host.outbound.base, host.outbound);
  const virtual = new Set(NETC_VIRTUAL_FUNCTIONS.map(({ requester }) => requester));
  const isOwn = ({ requester }: { requester: number | null }): boolean =>
    name !== 'netc' || requester === null || !virtual.has(requester);
  const owners = new Set(
    rows.map((row) => getCell(row, 'sm_owner_evk')).filter((cell) => cell !== ''),
  );
  const streams = collectIds(rows, 'stream_ids', isOwn);
  return {
    name,
    mmio: [...windows.values()].sort((a, b) => a.base - b.base),
    irqs: [...rows.flatMap((row) => parseIntIds(getCell(row, 'gic_intid'))), ...(host?.irqs ?? [])],
    // The table's eDMA3 row has no stream; the one that it has stands in a row of its own.
    streams: name === 'edma3' ? [0x0] : streams,
    itsDeviceIds: collectIds(rows, 'its_device_ids', isOwn),
    dma:
      streams.length > 0 ||
      KNOWN_MASTERS.has(name) ||
      rows.some((row) => getCell(row, 'trdc_slots').includes('MDAC_')),
    firmware: isFirmware(owners),
    source: [
      describeOrigin(rows, owners),
      ...(host === undefined
        ? []
        : ['INTx from interrupt-map, outbound space from the endpoint mode']),
    ].join('; '),
  };
}

function collectIds(
  rows: readonly FactRow[],
  column: string,
  keep: (id: { requester: number | null }) => boolean,
): number[] {
  const ids = rows.flatMap((row) => parseStreamIds(getCell(row, column)));
  return [...new Set(ids.filter(keep).map(({ id }) => id))];
}

/**
 * The device tree gives the system counter's node 192 KiB, which also covers the compare and read
 * frames; the System Manager shows these as resources of their own, so that the node is cut to its
 * control frame.
 */
function clampWindow(rowName: string, window: ByteRange): ByteRange {
  return rowName === 'system_counter' ? { base: window.base, size: 64 * KIB } : window;
}

/** Kept by firmware: every domain that may write it is the System Manager's. */
function isFirmware(owners: ReadonlySet<string>): boolean {
  const domains = [...owners].flatMap((cell) => cell.split(';'));
  const writers = domains.filter((domain) => !domain.endsWith(':READONLY'));
  return writers.length > 0 && writers.every((domain) => domain.startsWith('SM('));
}

function describeOrigin(rows: readonly FactRow[], owners: ReadonlySet<string>): string {
  const names =
    rows.length > 1 ? [`rows ${rows.map((row) => getCell(row, 'name')).join(', ')}`] : [];
  const owner = owners.size > 0 ? [`owner on the EVK ${[...owners].join(' and ')}`] : [];
  const disabled = rows.every((row) => getCell(row, 'status') === 'disabled') ? ['disabled'] : [];
  const sources = [...new Set(rows.map((row) => getCell(row, 'source')))];
  return [...sources, ...names, ...owner, ...disabled].join('; ');
}

function listVirtualFunctions(rows: readonly FactRow[]): DescribedDevice[] {
  const bus = findRow(rows, 'netc_bus0');
  const streams = parseStreamIds(getCell(bus, 'stream_ids'));
  const deviceIds = parseStreamIds(getCell(bus, 'its_device_ids'));
  return NETC_VIRTUAL_FUNCTIONS.map(({ name, requester, block }) => ({
    name,
    mmio: [0x4cd20000, 0x4cd80000].map((base) => ({
      base: base + block * 64 * KIB,
      size: 64 * KIB,
    })),
    irqs: [],
    streams: streams.filter((stream) => stream.requester === requester).map(({ id }) => id),
    itsDeviceIds: deviceIds.filter((id) => id.requester === requester).map(({ id }) => id),
    dma: true,
    firmware: false,
    source:
      'mainline imx95.dtsi netc_bus0 ranges and maps; the block of the window is an assumption',
  }));
}

function findRow(rows: readonly FactRow[], name: string): FactRow {
  const row = rows.find((candidate) => getCell(candidate, 'name') === name);
  if (row === undefined) throw new FactError(`no row ${name}`);
  return row;
}

function getBytes(row: FactRow): ByteRange {
  return {
    base: parseFactNumber(getCell(row, 'base')),
    size: parseFactNumber(getCell(row, 'size')),
  };
}

function toDeviceName(rowName: string): string {
  return rowName.replaceAll('_', '-');
}

function getFirstBase(device: DescribedDevice): number {
  return device.mmio[0]?.base ?? 0;
}
