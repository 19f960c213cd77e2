/**
 * Reads meaning out of a device tree: cells, phandles, addresses, interrupts and the maps of buses.
 *
 * Source: Devicetree Specification v0.4, 2.3 (standard properties), 2.4 (interrupts and interrupt
 * maps); Linux bindings `pci-iommu` and `pci-msi` for `iommu-map` and `msi-map`.
 */

import type { ByteRange } from '../../model/units.ts';
import { decodeText, DEPTH_MAX, type DeviceTreeNode } from './fdt.ts';

/** A node with the way up to the root, which its addresses and its interrupts depend on. */
export interface PlacedNode {
  readonly node: DeviceTreeNode;
  readonly parent: PlacedNode | null;
  /** `/soc/uart@9000000`. */
  readonly path: string;
}

/** A specifier behind a phandle: which node, and the numbers that it shall understand. */
export interface Specifier {
  readonly target: PlacedNode;
  readonly cells: readonly number[];
}

/**
 * A tree that resolves phandles and counts its work, so that a hostile tree cannot make it
 * quadratic.
 */
export interface Tree {
  readonly nodes: readonly PlacedNode[];
  readonly byPhandle: ReadonlyMap<number, PlacedNode>;
  /** Steps left for translations and maps; at zero everything further is left out. */
  readonly work: { steps: number };
}

/**
 * Steps that the maps of one tree may take; of 1,023 boards of Linux 6.12 the largest takes 14,898.
 */
const STEPS_MAX = 2_000_000;

/** Exclusive end of physical addresses: 52 bits, the widest that Armv8 has. */
const ADDRESS_END = 2 ** 52;

/** Places every node, parents before children. */
export function placeNodes(root: DeviceTreeNode): Tree {
  const nodes: PlacedNode[] = [{ node: root, parent: null, path: '/' }];
  const byPhandle = new Map<number, PlacedNode>();
  // The list grows while it is walked: breadth first, no recursion.
  for (const placed of nodes) {
    const handle = readCells(placed.node, 'phandle')?.[0];
    if (handle !== undefined && !byPhandle.has(handle)) byPhandle.set(handle, placed);
    const prefix = placed.path === '/' ? '' : placed.path;
    for (const child of placed.node.children) {
      nodes.push({ node: child, parent: placed, path: `${prefix}/${child.name}` });
    }
  }
  return { nodes, byPhandle, work: { steps: STEPS_MAX } };
}

/** A property as 32-bit cells; null where it is absent or no whole number of cells. */
export function readCells(node: DeviceTreeNode, property: string): number[] | null {
  const bytes = node.properties.get(property);
  if (bytes === undefined || bytes.byteLength % 4 !== 0) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: bytes.byteLength / 4 }, (_, index) => view.getUint32(index * 4));
}

/** A property as NUL-separated strings; empty where it is absent. */
export function readStrings(node: DeviceTreeNode, property: string): string[] {
  const bytes = node.properties.get(property);
  if (bytes === undefined || bytes.byteLength === 0) return [];
  return decodeText(bytes).replace(/\0$/, '').split('\0');
}

/** Whether the node says that it is compatible with the name. */
export function isCompatible(node: DeviceTreeNode, name: string): boolean {
  return readStrings(node, 'compatible').includes(name);
}

/**
 * A count property such as `#address-cells`; a value above 4 is nonsense and reads as the default.
 */
function getCellCount(node: DeviceTreeNode, property: string, otherwise: number): number {
  const count = readCells(node, property)?.[0] ?? otherwise;
  return count <= 4 ? count : otherwise;
}

/** Cells joined to a number, most significant first; null beyond 2^53. */
export function joinCells(cells: readonly number[]): number | null {
  let value = 0;
  for (const cell of cells) value = value * 2 ** 32 + cell;
  return Number.isSafeInteger(value) ? value : null;
}

/**
 * Windows of a node as the CPU sees them; null in the list for one that no `ranges` carries to the
 * root.
 */
export function readWindows(tree: Tree, placed: PlacedNode): (ByteRange | null)[] {
  const bus = placed.parent;
  const cells = readCells(placed.node, 'reg');
  if (bus === null || cells === null) return [];
  const addressCells = getCellCount(bus.node, '#address-cells', 2);
  const sizeCells = getCellCount(bus.node, '#size-cells', 1);
  if (sizeCells === 0 || addressCells === 0) return [];
  const stride = addressCells + sizeCells;
  const windows: (ByteRange | null)[] = [];
  for (let at = 0; at + stride <= cells.length && tree.work.steps > 0; at += stride) {
    const base = joinCells(cells.slice(at, at + addressCells));
    const size = joinCells(cells.slice(at + addressCells, at + stride));
    windows.push(
      base === null || size === null ? null : translateToRoot(tree, bus, { base, size }),
    );
  }
  return windows;
}

/** Carries a range on a bus up to the CPU's address space, through every `ranges` on the way. */
export function translateToRoot(tree: Tree, bus: PlacedNode, range: ByteRange): ByteRange | null {
  let current = range;
  for (let at = bus; at.parent !== null; at = at.parent) {
    const bytes = at.node.properties.get('ranges');
    tree.work.steps -= 1;
    if (bytes === undefined || tree.work.steps <= 0) return null;
    if (bytes.byteLength === 0) continue;
    const entry = readRanges(tree, at).find(
      ({ child, size }) =>
        child !== null && child <= current.base && current.base + current.size <= child + size,
    );
    if (entry === undefined || entry.child === null) return null;
    current = { base: current.base - entry.child + entry.parent, size: current.size };
  }
  return current.base + current.size < ADDRESS_END ? current : null;
}

/**
 * An entry of `ranges`: `child` is null where the child address (PCI, 3 cells) is no plain number.
 */
export interface RangesEntry {
  readonly child: number | null;
  readonly parent: number;
  readonly size: number;
}

/** The entries of a bus's `ranges`; an empty `ranges` (identity) has none. */
export function readRanges(tree: Tree, bus: PlacedNode): RangesEntry[] {
  const cells = readCells(bus.node, 'ranges') ?? [];
  if (bus.parent === null) return [];
  const childCells = getCellCount(bus.node, '#address-cells', 2);
  const parentCells = getCellCount(bus.parent.node, '#address-cells', 2);
  const sizeCells = getCellCount(bus.node, '#size-cells', 1);
  const stride = childCells + parentCells + sizeCells;
  const entries: RangesEntry[] = [];
  if (stride === 0) return entries;
  for (let at = 0; at + stride <= cells.length; at += stride) {
    tree.work.steps -= 1;
    if (tree.work.steps <= 0) break;
    const child = childCells > 2 ? null : joinCells(cells.slice(at, at + childCells));
    const parent = joinCells(cells.slice(at + childCells, at + childCells + parentCells));
    const size = joinCells(cells.slice(at + childCells + parentCells, at + stride));
    if (parent === null || size === null || parent + size >= ADDRESS_END) continue;
    entries.push({ child, parent, size });
  }
  return entries;
}

/**
 * The node that takes a node's interrupts: from the node upwards along `interrupt-parent`, or else
 * the tree, the first that has `#interrupt-cells` (2.4).
 */
function getInterruptParent(tree: Tree, placed: PlacedNode): PlacedNode | null {
  let at: PlacedNode | null = placed;
  // No tree is deeper than its nodes are many; a cycle of interrupt-parent ends here too.
  for (let steps = 0; at !== null && steps < 2 * DEPTH_MAX; steps += 1) {
    const handle: number | undefined = readCells(at.node, 'interrupt-parent')?.[0];
    at = handle === undefined ? at.parent : (tree.byPhandle.get(handle) ?? null);
    if (at?.node.properties.has('#interrupt-cells') === true) return at;
  }
  return null;
}

/**
 * Follows a specifier through interrupt nexus nodes (2.4.3) to a controller; null where a map has
 * no entry for it. `unit` is the address on the nexus's bus, as cells, of the node that raises the
 * interrupt.
 */
function followNexus(tree: Tree, specifier: Specifier, unit: readonly number[]): Specifier | null {
  let current = specifier;
  let address = unit;
  for (let hops = 0; hops < DEPTH_MAX; hops += 1) {
    const { node } = current.target;
    if (!node.properties.has('interrupt-map')) return current;
    const addressCells = getCellCount(node, '#address-cells', 2);
    const key = [
      ...Array.from({ length: addressCells }, (_, index) => address[index] ?? 0),
      ...current.cells,
    ];
    const mask = readCells(node, 'interrupt-map-mask') ?? [];
    const isSame = (value: number, index: number): boolean => {
      const bits = BigInt(mask[index] ?? 0xffffffff);
      return (BigInt(value) & bits) === (BigInt(key[index] ?? 0) & bits);
    };
    const entry = readNexusEntries(tree, node)?.find(({ child }) => child.every(isSame));
    if (entry === undefined) return null;
    current = { target: entry.target, cells: entry.cells };
    address = entry.unit;
  }
  return null;
}

/**
 * The interrupts of a node, from `interrupts-extended` or else `interrupts`; null where they cannot
 * be read.
 */
export function readInterrupts(tree: Tree, placed: PlacedNode): Specifier[] | null {
  if (placed.node.properties.has('interrupts-extended')) {
    return readSpecifiers(tree, placed.node, 'interrupts-extended', '#interrupt-cells');
  }
  if (!placed.node.properties.has('interrupts')) return [];
  const cells = readCells(placed.node, 'interrupts');
  const target = getInterruptParent(tree, placed);
  if (cells === null || target === null) return null;
  const stride = getCellCount(target.node, '#interrupt-cells', 0);
  if (stride === 0 || cells.length % stride !== 0) return null;
  const unit = readCells(placed.node, 'reg') ?? [];
  const specifiers: Specifier[] = [];
  for (let at = 0; at < cells.length; at += stride) {
    const followed = followNexus(tree, { target, cells: cells.slice(at, at + stride) }, unit);
    if (followed === null) return null;
    specifiers.push(followed);
  }
  return specifiers;
}

/**
 * A list of phandles, each followed by as many cells as its target's `cellsProperty` says; null
 * where malformed.
 */
export function readSpecifiers(
  tree: Tree,
  node: DeviceTreeNode,
  property: string,
  cellsProperty: string,
): Specifier[] | null {
  const cells = readCells(node, property);
  if (cells === null) return node.properties.has(property) ? null : [];
  const specifiers: Specifier[] = [];
  let at = 0;
  while (at < cells.length) {
    const target = tree.byPhandle.get(cells[at] ?? 0);
    if (target === undefined) return null;
    const count = getCellCount(target.node, cellsProperty, 0);
    if (at + 1 + count > cells.length) return null;
    specifiers.push({ target, cells: cells.slice(at + 1, at + 1 + count) });
    at += 1 + count;
  }
  return specifiers;
}

/**
 * An entry of `iommu-map` or `msi-map`: requesters [first, first + length) become ids [id, id +
 * length).
 */
export interface MapEntry {
  readonly first: number;
  readonly target: PlacedNode;
  readonly id: number;
  readonly length: number;
}

/**
 * Entries of `iommu-map` or `msi-map` (requester, phandle, one cell, length); null where malformed.
 */
export function readRequesterMap(
  tree: Tree,
  node: DeviceTreeNode,
  property: 'iommu-map' | 'msi-map',
): MapEntry[] | null {
  const cells = readCells(node, property);
  if (cells === null) return node.properties.has(property) ? null : [];
  if (cells.length % 4 !== 0) return null;
  const entries: MapEntry[] = [];
  for (let at = 0; at < cells.length; at += 4) {
    const [first = 0, handle = 0, id = 0, length = 0] = cells.slice(at, at + 4);
    const target = tree.byPhandle.get(handle);
    if (target === undefined) return null;
    entries.push({ first, target, id, length });
  }
  return entries;
}

/**
 * An entry of `interrupt-map`: child unit address and specifier, parent with its unit address and
 * specifier.
 */
interface NexusEntry extends Specifier {
  readonly child: readonly number[];
  readonly unit: readonly number[];
}

function readNexusEntries(tree: Tree, node: DeviceTreeNode): NexusEntry[] | null {
  const cells = readCells(node, 'interrupt-map');
  if (cells === null) return node.properties.has('interrupt-map') ? null : [];
  const childCells =
    getCellCount(node, '#address-cells', 2) + getCellCount(node, '#interrupt-cells', 1);
  const entries: NexusEntry[] = [];
  let at = 0;
  while (at < cells.length) {
    tree.work.steps -= 1;
    const target = tree.byPhandle.get(cells[at + childCells] ?? 0);
    if (target === undefined || tree.work.steps <= 0) return null;
    const unitCells = getCellCount(target.node, '#address-cells', 0);
    const count = getCellCount(target.node, '#interrupt-cells', 0);
    const unitAt = at + childCells + 1;
    const end = unitAt + unitCells + count;
    if (end > cells.length) return null;
    entries.push({
      child: cells.slice(at, at + childCells),
      target,
      unit: cells.slice(unitAt, unitAt + unitCells),
      cells: cells.slice(unitAt + unitCells, end),
    });
    at = end;
  }
  return entries;
}

/**
 * The controllers and specifiers at the end of a PCI host's `interrupt-map`; null where malformed.
 */
export function readInterruptMap(tree: Tree, node: DeviceTreeNode): Specifier[] | null {
  return readNexusEntries(tree, node);
}
