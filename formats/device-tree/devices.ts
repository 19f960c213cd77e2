/**
 * Collects the devices of a device tree: windows, INTIDs, StreamIDs and ITS DeviceIDs of each node.
 *
 * Source: Linux bindings `arm,gic-v3` (three interrupt cells: 0 SPI + 32, 1 PPI + 16),
 * `arm,smmu-v3` (`#iommu-cells` = 1, the StreamID), `pci-iommu`, `pci-msi`, `arm/secure` (secure-
 * status).
 */

import type { ByteRange } from '../../model/units.ts';
import type { DescribedDevice } from './description.ts';
import { makeNamesUnique, toName } from './names.ts';
import type { BoardNodes, Conversion } from './nodes.ts';
import {
  isCompatible,
  type MapEntry,
  type PlacedNode,
  readInterruptMap,
  readInterrupts,
  readRanges,
  readRequesterMap,
  readSpecifiers,
  readStrings,
  readWindows,
  type Specifier,
} from './tree.ts';

/**
 * Most StreamIDs or DeviceIDs that one device gets from a map; a larger map covers a bus, not its
 * functions.
 */
const MAPPED_IDS_MAX = 256;

/** Devices in the order of their first window, with names that are unique. */
export function collectDevices(conversion: Conversion, board: BoardNodes): DescribedDevice[] {
  const devices: DescribedDevice[] = [];
  const unreachable: string[] = [];
  const buses: string[] = [];
  const labels = readLabels(conversion);
  const baseNames = countNames(conversion);
  for (const placed of conversion.tree.nodes) {
    if (!isCandidate(placed, board)) continue;
    if (isBus(placed)) {
      // Its reg is the space of the devices below it, each of which has windows of its own.
      if (placed.node.properties.has('reg')) buses.push(placed.path);
      continue;
    }
    const windows = readDeviceWindows(conversion, placed, board);
    if (windows.length === 0) {
      if (placed !== board.gic && placed.node.properties.has('reg')) unreachable.push(placed.path);
      continue;
    }
    const name = labels.get(placed.path) ?? makeName(placed, baseNames);
    devices.push(describeDevice(conversion, placed, board, name, windows));
  }
  if (unreachable.length > 0) {
    conversion.warnings.push(
      `nodes without a window in the CPU's address space: ${unreachable.length}, such as ` +
        `${unreachable[0] ?? ''}; they belong to the controller above them`,
    );
  }
  if (buses.length > 0) {
    conversion.warnings.push(
      `buses are no devices, only what lies on them is: ${buses.join(', ')}; left out`,
    );
  }
  devices.sort((a, b) => (a.mmio[0]?.base ?? 0) - (b.mmio[0]?.base ?? 0));
  return makeNamesUnique(devices);
}

/**
 * A node may be a device unless it is a processor, memory, or what the hypervisor drives itself.
 */
function isCandidate(placed: PlacedNode, board: BoardNodes): boolean {
  const { node, path } = placed;
  if (placed.parent === null || /^\/(cpus|reserved-memory|chosen|aliases|__)/.test(path))
    return false;
  if (placed === board.its || placed === board.smmu || placed === board.timer) return false;
  return !readStrings(node, 'device_type').includes('memory');
}

/**
 * Windows without size or translation are reported; of the GIC only those behind its second are a
 * device's.
 */
function readDeviceWindows(
  conversion: Conversion,
  placed: PlacedNode,
  board: BoardNodes,
): ByteRange[] {
  const all = readWindows(conversion.tree, placed);
  const own = placed === board.gic ? all.slice(2) : all;
  const windows = own.filter((window): window is ByteRange => window !== null && window.size > 0);
  if (windows.length > 0 && windows.length < own.length) {
    conversion.warnings.push(
      `${placed.path}: ${own.length - windows.length} of ${own.length} windows have no size or ` +
        'no ranges to the CPU; left out',
    );
  }
  if (isPciHost(placed)) {
    for (const { parent, size } of readRanges(conversion.tree, placed)) {
      if (size > 0) windows.push({ base: parent, size });
    }
  }
  return windows;
}

function isBus(placed: PlacedNode): boolean {
  return isCompatible(placed.node, 'simple-bus') && placed.node.properties.has('ranges');
}

function isPciHost(placed: PlacedNode): boolean {
  return readStrings(placed.node, 'device_type').includes('pci');
}

function describeDevice(
  conversion: Conversion,
  placed: PlacedNode,
  board: BoardNodes,
  name: string,
  mmio: readonly ByteRange[],
): DescribedDevice {
  const { node } = placed;
  const streams = readStreams(conversion, placed, board);
  const status = readStrings(node, 'status')[0] ?? 'okay';
  // A frame of the GIC or a second SMMU beyond the one that can be described must stay out of every
  // partition.
  const isProtected =
    placed === board.gic ||
    ['arm,gic-v3', 'arm,gic-v3-its', 'arm,smmu-v3'].some((kind) => isCompatible(node, kind));
  const isSecureOnly = readStrings(node, 'secure-status').includes('okay') && status === 'disabled';
  return {
    name,
    mmio,
    irqs: readIntIds(conversion, placed, board),
    streams,
    itsDeviceIds: readItsDeviceIds(conversion, placed, board),
    dma: streams.length > 0 || isMaster(placed),
    firmware: isProtected || isSecureOnly || status === 'reserved',
    source: status === 'okay' || status === 'ok' ? placed.path : `${placed.path}, ${status}`,
  };
}

/** Signs that a node masters the bus without saying its StreamID. */
function isMaster(placed: PlacedNode): boolean {
  const { node } = placed;
  return (
    isPciHost(placed) ||
    ['dma-coherent', '#dma-cells', 'iommus', 'iommu-map'].some((key) => node.properties.has(key)) ||
    ['virtio,mmio', 'qemu,fw-cfg-mmio'].some((kind) => isCompatible(node, kind))
  );
}

/** INTIDs of a node's shared lines; private ones and lines of other controllers are reported. */
function readIntIds(conversion: Conversion, placed: PlacedNode, board: BoardNodes): number[] {
  const { tree, warnings } = conversion;
  const direct = readInterrupts(tree, placed);
  // Of a bus that only passes lines on, each line is the device's that raises it.
  const mapped = isPciHost(placed) ? readInterruptMap(tree, placed.node) : [];
  if (direct === null || mapped === null) {
    warnings.push(`${placed.path}: its interrupts cannot be read; left out`);
  }
  const intIds = new Set<number>();
  const elsewhere = new Set<string>();
  for (const { target, cells } of [...(direct ?? []), ...(mapped ?? [])]) {
    const [kind, number = 0] = cells;
    if (target !== board.gic) elsewhere.add(target.path);
    else if (kind === 0 && number < 988) intIds.add(number + 32);
    else if (placed !== board.gic) elsewhere.add('a private or extended range of the GIC');
  }
  for (const where of elsewhere) {
    warnings.push(`${placed.path}: its line into ${where} cannot be described; left out`);
  }
  return [...intIds];
}

function readStreams(conversion: Conversion, placed: PlacedNode, board: BoardNodes): number[] {
  const { tree, warnings } = conversion;
  const direct = readSpecifiers(tree, placed.node, 'iommus', '#iommu-cells');
  const streams = collectIds(conversion, placed, 'iommus', direct, board.smmu);
  const map = readRequesterMap(tree, placed.node, 'iommu-map');
  if (map === null) warnings.push(`${placed.path}: its iommu-map cannot be read; left out`);
  return [...new Set([...streams, ...expandMap(conversion, placed, 'iommu-map', map, board.smmu)])];
}

function readItsDeviceIds(conversion: Conversion, placed: PlacedNode, board: BoardNodes): number[] {
  const { tree, warnings } = conversion;
  const direct = readSpecifiers(tree, placed.node, 'msi-parent', '#msi-cells');
  const ids = collectIds(conversion, placed, 'msi-parent', direct, board.its);
  const map = readRequesterMap(tree, placed.node, 'msi-map');
  if (map === null) warnings.push(`${placed.path}: its msi-map cannot be read; left out`);
  return [...new Set([...ids, ...expandMap(conversion, placed, 'msi-map', map, board.its)])];
}

/** Ids of specifiers with one cell that name the expected controller. */
function collectIds(
  conversion: Conversion,
  placed: PlacedNode,
  property: string,
  specifiers: readonly Specifier[] | null,
  expected: PlacedNode | null,
): number[] {
  const ids: number[] = [];
  for (const { target, cells } of specifiers ?? []) {
    const [id] = cells;
    if (target === expected && id !== undefined && cells.length === 1) ids.push(id);
    else conversion.warnings.push(`${placed.path}: ${property} names ${target.path}; left out`);
  }
  if (specifiers === null) {
    conversion.warnings.push(`${placed.path}: its ${property} cannot be read; left out`);
  }
  return ids;
}

function expandMap(
  conversion: Conversion,
  placed: PlacedNode,
  property: string,
  map: readonly MapEntry[] | null,
  expected: PlacedNode | null,
): number[] {
  const entries = (map ?? []).filter(({ target }) => target === expected);
  if (entries.length < (map?.length ?? 0)) {
    conversion.warnings.push(`${placed.path}: ${property} names another controller; left out`);
  }
  const total = entries.reduce((sum, { length }) => sum + length, 0);
  if (total > MAPPED_IDS_MAX) {
    conversion.warnings.push(
      `${placed.path}: ${property} covers ${total} requesters; add the functions that there ` +
        'are as devices of their own',
    );
    return [];
  }
  return entries.flatMap(({ id, length }) => Array.from({ length }, (_, index) => id + index));
}

/** Labels of the source, which `dtc -@` keeps in /__symbols__: the names that people know. */
function readLabels(conversion: Conversion): Map<string, string> {
  const symbols = conversion.tree.nodes.find(({ path }) => path === '/__symbols__');
  const labels = new Map<string, string>();
  for (const key of symbols?.node.properties.keys() ?? []) {
    const [path] = symbols === undefined ? [] : readStrings(symbols.node, key);
    if (path !== undefined && !labels.has(path)) labels.set(path, toName(key));
  }
  return labels;
}

/** How many nodes there are of each name without unit address. */
function countNames(conversion: Conversion): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { node } of conversion.tree.nodes) {
    const name = toName(node.name.replace(/@.*$/, ''));
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return counts;
}

/** The node's name, with its unit address where the name alone says too little. */
function makeName(placed: PlacedNode, counts: ReadonlyMap<string, number>): string {
  const [base = '', unit] = placed.node.name.split('@');
  const name = toName(base);
  return unit === undefined || counts.get(name) === 1 ? name : `${name}-${toName(unit)}`;
}
