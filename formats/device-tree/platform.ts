/**
 * Makes a platform description from a device tree.
 *
 * A device tree says less than Haven needs (what EL2 may use, how many SPIs, which master has which
 * StreamID) and more than a platform file holds. Whatever is assumed or left out becomes a warning
 * that names the node.
 */

import type { ByteRange } from '../../model/units.ts';
import type {
  DescribedCore,
  DescribedDevice,
  DescribedInterrupts,
  DescribedIommu,
  DescribedRange,
  PlatformDescription,
} from './description.ts';
import { collectDevices } from './devices.ts';
import type { DeviceTreeNode } from './fdt.ts';
import { makeNamesUnique, toName } from './names.ts';
import { findBoardNodes, type BoardNodes, type Conversion } from './nodes.ts';
import {
  isCompatible,
  joinCells,
  type PlacedNode,
  placeNodes,
  readCells,
  readInterrupts,
  readStrings,
  readWindows,
} from './tree.ts';

/** What the tree leaves open; each has a default that is reported as a warning when it is used. */
export interface DeviceTreeOptions {
  /** Name of the platform; the default is made from the root's `compatible`. */
  readonly name?: string;
  /** Generic-timer frequency, Hz. */
  readonly timerHz?: number;
  /** Width of a StreamID: SMMU_IDR1.SIDSIZE, 1 to 32. */
  readonly streamIdBits?: number;
  /** Number of SPIs: 32 * GICD_TYPER.ITLinesNumber, 32 to 988. */
  readonly spiCount?: number;
  /** What the blob is called in the head comment. */
  readonly file?: string;
}

/** A platform description, or why the tree describes no board that Haven could run on. */
export type PlatformResult =
  | { readonly kind: 'ok'; readonly platform: PlatformDescription; readonly warnings: string[] }
  | { readonly kind: 'invalid'; readonly message: string };

/**
 * Frequency assumed where neither the tree nor the caller states one: that of i.MX and many other
 * Arm SoCs.
 */
const ASSUMED_TIMER_HZ = 24_000_000;
/**
 * QEMU's machine has no frequency in its tree; -cpu cortex-a55 and most others count at 62.5 MHz.
 */
const QEMU_TIMER_HZ = 62_500_000;
const QEMU_COMPATIBLE = 'linux,dummy-virt';
const ASSUMED_STREAM_ID_BITS = 16;
/** List registers of Cortex-A53, A55, A57, A72, A76; ICH_VTR_EL2.ListRegs says it on the board. */
const ASSUMED_LIST_REGISTERS = 4;
/**
 * GIC maintenance interrupt and EL2 physical timer where the tree does not say (Base System
 * Architecture).
 */
const MAINTENANCE_INTID = 25;
const HYPERVISOR_TIMER_INTID = 26;
/** Index of the EL2 physical timer in the interrupts of arm,armv8-timer. */
const HYPERVISOR_TIMER_INDEX = 3;

/** Describes the board of a device tree. */
export function platformFromDeviceTree(
  root: DeviceTreeNode,
  reservations: readonly ByteRange[] = [],
  options: DeviceTreeOptions = {},
): PlatformResult {
  const conversion: Conversion = { tree: placeNodes(root), warnings: [] };
  const board = findBoardNodes(conversion);
  if (board.gic === null) {
    return { kind: 'invalid', message: 'there is no arm,gic-v3 node: Haven needs a GICv3' };
  }
  const cores = listCores(conversion);
  if (cores.length === 0) {
    return { kind: 'invalid', message: 'there is no processor below /cpus' };
  }
  const memory = listMemory(conversion);
  if (memory.length === 0) {
    conversion.warnings.push(
      'no memory node states a size, which boot loaders fill in: add the banks, or take the ' +
        'tree of a running system',
    );
  }
  const devices = collectDevices(conversion, board);
  const interrupts = describeInterrupts(conversion, board, board.gic, devices, options);
  if (interrupts === null) {
    return { kind: 'invalid', message: `${board.gic.path}: the GIC needs two windows in reg` };
  }
  const timer = findTimerFrequency(conversion, root, board, options);
  const platform: PlatformDescription = {
    notes: [],
    name: options.name ?? makePlatformName(root),
    cores,
    memory,
    reserved: listReserved(conversion, reservations),
    interrupts,
    iommu: describeIommu(conversion, board, options),
    firewall: null,
    timerHz: timer.hertz,
    timerSource: timer.source,
    devices,
  };
  if (conversion.tree.work.steps <= 0) {
    return { kind: 'invalid', message: 'the address maps are too large to be followed' };
  }
  const warnings = conversion.warnings;
  return { kind: 'ok', platform: { ...platform, notes: makeNotes(warnings, options) }, warnings };
}

function makeNotes(warnings: readonly string[], options: DeviceTreeOptions): string[] {
  return [
    `Made from the device tree ${options.file ?? 'blob'}; read it against the manual before ` +
      'you rely on it.',
    ...(warnings.length > 0
      ? ['', 'Assumed or left out:', ...warnings.map((line) => `- ${line}`)]
      : []),
  ];
}

function makePlatformName(root: DeviceTreeNode): string {
  const [first = ''] = readStrings(root, 'compatible');
  return first === '' ? 'board' : toName(first.replace(/^.*,/, ''));
}

/** Cores in the order of the tree; their number is their index, their affinity is `reg`. */
function listCores(conversion: Conversion): DescribedCore[] {
  const { tree, warnings } = conversion;
  const cores: DescribedCore[] = [];
  for (const placed of tree.nodes) {
    if (
      placed.parent?.path !== '/cpus' ||
      !readStrings(placed.node, 'device_type').includes('cpu')
    ) {
      continue;
    }
    if ((readStrings(placed.node, 'status')[0] ?? '').startsWith('fail')) {
      warnings.push(`${placed.path}: the tree says that the core failed; it is left out`);
      continue;
    }
    const mpidr = joinCells(readCells(placed.node, 'reg') ?? [NaN]);
    if (mpidr === null || Number.isNaN(mpidr)) {
      warnings.push(`${placed.path}: no affinity in reg; the core is left out`);
      continue;
    }
    const [compatible = 'unknown'] = readStrings(placed.node, 'compatible');
    cores.push({
      id: cores.length,
      type: toName(compatible.replace(/^.*,/, '')),
      mpidr,
      el2: true,
      firmware: false,
      aliases: [],
      source: placed.path,
    });
  }
  const psci = tree.nodes.find(({ path }) => path === '/psci');
  if (psci !== undefined && readStrings(psci.node, 'method').includes('hvc')) {
    warnings.push('/psci: called by hvc, so something else has EL2; the cores need a free EL2');
  }
  return cores;
}

function listMemory(conversion: Conversion): DescribedRange[] {
  const banks: ByteRange[] = [];
  for (const placed of conversion.tree.nodes) {
    if (!readStrings(placed.node, 'device_type').includes('memory')) continue;
    for (const window of readWindows(conversion.tree, placed)) {
      if (window !== null && window.size > 0) banks.push(window);
      else conversion.warnings.push(`${placed.path}: a bank without size is left out`);
    }
  }
  banks.sort((a, b) => a.base - b.base);
  return banks.map((bank, index) => ({
    name: banks.length === 1 ? 'dram' : `dram${index}`,
    base: bank.base,
    size: bank.size,
    source: 'memory node',
  }));
}

/** Fixed ranges of /reserved-memory and of the blob's reservation block. */
function listReserved(
  conversion: Conversion,
  reservations: readonly ByteRange[],
): DescribedRange[] {
  const reserved: DescribedRange[] = [];
  for (const placed of conversion.tree.nodes) {
    if (placed.parent?.path !== '/reserved-memory') continue;
    const windows = readWindows(conversion.tree, placed);
    if (windows.length === 0) {
      conversion.warnings.push(`${placed.path}: no fixed address, the client places it; left out`);
    }
    for (const window of windows) {
      if (window === null || window.size === 0) continue;
      const name = toName(placed.node.name.replace(/@.*$/, ''));
      reserved.push({ name, base: window.base, size: window.size, source: placed.path });
    }
  }
  for (const [index, range] of reservations.entries()) {
    if (range.size === 0) continue;
    reserved.push({
      name: `reservation-${index}`,
      base: range.base,
      size: range.size,
      source: 'memory reservation block',
    });
  }
  return makeNamesUnique(reserved).sort((a, b) => a.base - b.base);
}

function describeInterrupts(
  conversion: Conversion,
  board: BoardNodes,
  gic: PlacedNode,
  devices: readonly DescribedDevice[],
  options: DeviceTreeOptions,
): DescribedInterrupts | null {
  const windows = readWindows(conversion.tree, gic);
  const [distributor, redistributors] = windows;
  if (!hasSize(distributor) || !hasSize(redistributors)) return null;
  const regions = readCells(gic.node, '#redistributor-regions')?.[0] ?? 1;
  if (regions > 1) {
    conversion.warnings.push(
      `${gic.path}: redistributors in ${regions} regions; the first is described, the others ` +
        'are a firmware device that nobody may own',
    );
  }
  const [its] = board.its === null ? [] : readWindows(conversion.tree, board.its);
  if (board.its !== null && !hasSize(its)) {
    conversion.warnings.push(`${board.its.path}: the ITS has no window; it is left out`);
  }
  const highest = Math.max(
    31,
    ...devices.flatMap(({ irqs }) => irqs),
    ...listSmmuIrqs(conversion, board),
  );
  // ITLinesNumber counts in steps of 32, and nothing above INTID 1019 is an SPI.
  const covering = Math.min(988, Math.max(32, Math.ceil((highest - 31) / 32) * 32));
  const spiCount = options.spiCount ?? covering;
  if (options.spiCount === undefined) {
    conversion.warnings.push(
      `${gic.path}: ${spiCount} SPIs cover every line in the tree; GICD_TYPER.ITLinesNumber ` +
        'says how many there are',
    );
  }
  conversion.warnings.push(
    `${gic.path}: ${ASSUMED_LIST_REGISTERS} list registers are assumed; ICH_VTR_EL2.ListRegs ` +
      'says how many there are',
  );
  return {
    distributor,
    redistributors,
    its: hasSize(its) ? its : null,
    spiFirst: 32,
    spiCount,
    listRegisters: ASSUMED_LIST_REGISTERS,
    reservedIrqs: listReservedIrqs(conversion, board, gic),
    source: gic.path,
  };
}

/** Whether registers are described at all: a window without size holds none. */
function hasSize(window: ByteRange | null | undefined): window is ByteRange {
  return window !== null && window !== undefined && window.size > 0;
}

/** The private interrupts that EL2 itself uses: GIC maintenance and its physical timer. */
function listReservedIrqs(conversion: Conversion, board: BoardNodes, gic: PlacedNode): number[] {
  const getPpi = (placed: PlacedNode | null, index: number): number | null => {
    if (placed === null) return null;
    const [kind, number] = readInterrupts(conversion.tree, placed)?.[index]?.cells ?? [];
    return kind === 1 && number !== undefined && number < 16 ? number + 16 : null;
  };
  const maintenance = getPpi(gic, 0) ?? MAINTENANCE_INTID;
  const timer = getPpi(board.timer, HYPERVISOR_TIMER_INDEX) ?? HYPERVISOR_TIMER_INTID;
  return [...new Set([maintenance, timer])];
}

function listSmmuIrqs(conversion: Conversion, board: BoardNodes): number[] {
  if (board.smmu === null) return [];
  const specifiers = readInterrupts(conversion.tree, board.smmu) ?? [];
  const irqs = specifiers.flatMap(({ target, cells }) =>
    isCompatible(target.node, 'arm,gic-v3') && cells[0] === 0 ? [(cells[1] ?? 0) + 32] : [],
  );
  return [...new Set(irqs)];
}

function describeIommu(
  conversion: Conversion,
  board: BoardNodes,
  options: DeviceTreeOptions,
): DescribedIommu | null {
  const { tree, warnings } = conversion;
  if (board.smmu === null) {
    warnings.push('there is no arm,smmu-v3 node: no device that masters the bus can be held');
    return null;
  }
  const [window] = readWindows(tree, board.smmu);
  if (!hasSize(window)) {
    warnings.push(`${board.smmu.path}: the SMMU has no window; it is left out`);
    return null;
  }
  if (options.streamIdBits === undefined) {
    warnings.push(
      `${board.smmu.path}: StreamIDs of ${ASSUMED_STREAM_ID_BITS} bits are assumed; ` +
        'SMMU_IDR1.SIDSIZE says how many',
    );
  }
  if (readStrings(board.smmu.node, 'status').includes('disabled')) {
    warnings.push(`${board.smmu.path}: the tree disables the SMMU; Haven uses it all the same`);
  }
  return {
    base: window.base,
    size: window.size,
    streamIdBits: options.streamIdBits ?? ASSUMED_STREAM_ID_BITS,
    irqs: listSmmuIrqs(conversion, board),
    source: board.smmu.path,
  };
}

function findTimerFrequency(
  conversion: Conversion,
  root: DeviceTreeNode,
  board: BoardNodes,
  options: DeviceTreeOptions,
): { hertz: number; source: string } {
  if (options.timerHz !== undefined) return { hertz: options.timerHz, source: 'given by the user' };
  const stated =
    board.timer === null ? undefined : readCells(board.timer.node, 'clock-frequency')?.[0];
  if (stated !== undefined && stated > 0) {
    return { hertz: stated, source: `${board.timer?.path ?? ''} clock-frequency` };
  }
  const isQemu = isCompatible(root, QEMU_COMPATIBLE);
  const hertz = isQemu ? QEMU_TIMER_HZ : ASSUMED_TIMER_HZ;
  conversion.warnings.push(
    `the timer has no clock-frequency: ${hertz / 1e6} MHz is assumed; CNTFRQ_EL0 says what ` +
      'it is, and every tick count depends on it',
  );
  return { hertz, source: 'assumption; read CNTFRQ_EL0 on the board' };
}
