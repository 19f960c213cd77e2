/**
 * Reads a flattened device tree: the binary form that boot loaders hand over.
 *
 * Source: Devicetree Specification v0.4, chapter 5 (header 5.2, reservation block 5.3, structure
 * block 5.4, strings block 5.5). Nothing in the blob is believed: every offset is checked against
 * the block that it must lie in, the tree is walked without recursion, and size, depth and number
 * of nodes are limited, so that a malformed blob is an answer, never a crash and never a hang.
 */

import type { ByteRange } from '../../model/units.ts';

/** A node; `offset` is where it begins in the blob, bytes. */
export interface DeviceTreeNode {
  /** With the unit address, `uart@9000000`; empty for the root. */
  readonly name: string;
  readonly properties: ReadonlyMap<string, Uint8Array>;
  readonly children: readonly DeviceTreeNode[];
  readonly offset: number;
}

/** What a blob says, or why it cannot be read; `offset` is where in the blob, bytes. */
export type DeviceTreeResult =
  | {
      readonly kind: 'ok';
      readonly root: DeviceTreeNode;
      /** Memory reservation block: physical ranges that the client program must not touch. */
      readonly reservations: readonly ByteRange[];
    }
  | { readonly kind: 'invalid'; readonly message: string; readonly offset: number };

/** Largest blob that is read, bytes; the largest of 1,023 boards of Linux 6.12 has 152,167. */
export const BLOB_BYTES_MAX = 4 * 2 ** 20;
/** Deepest nesting of nodes; those boards reach 11. */
export const DEPTH_MAX = 32;
/** Largest number of nodes; those boards reach 1,112. */
export const NODES_MAX = 50_000;

const MAGIC = 0xd00dfeed;
/** Bytes of a version 17 header. */
const HEADER_BYTES = 40;
/** The version that this reader understands; a blob states the oldest reader that it needs. */
const VERSION = 17;
const RESERVATIONS_MAX = 1_000;
/** Exclusive end of physical addresses: 52 bits, the widest that Armv8 has. */
const RESERVATION_END = 2n ** 52n;
/**
 * Longest name of a node or property, bytes; the specification allows 31 and a unit address (2.2.1,
 * 2.2.4).
 */
const NAME_BYTES_MAX = 255;

const FDT_BEGIN_NODE = 1;
const FDT_END_NODE = 2;
const FDT_PROP = 3;
const FDT_NOP = 4;
const FDT_END = 9;

/** Reads a blob. Total: any bytes give a tree or a message. */
export function readDeviceTree(bytes: Uint8Array): DeviceTreeResult {
  try {
    const blob = openBlob(bytes);
    const reservations = readReservations(blob);
    return { kind: 'ok', root: readStructure(blob), reservations };
  } catch (error) {
    // Only our own refusals become answers; anything else is a slip of this reader.
    if (error instanceof MalformedBlobError) {
      return { kind: 'invalid', message: error.message, offset: error.offset };
    }
    throw error;
  }
}

/** Leaves the reader at the first thing that is wrong; never leaves this file. */
class MalformedBlobError extends Error {
  readonly offset: number;
  constructor(message: string, offset: number) {
    super(message);
    this.offset = offset;
  }
}

/** The blob with its blocks, each within [0, totalSize). */
interface Blob {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly totalSize: number;
  readonly structure: ByteRange;
  readonly strings: ByteRange;
  readonly reservationsAt: number;
}

function openBlob(bytes: Uint8Array): Blob {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.byteLength < HEADER_BYTES) {
    throw new MalformedBlobError(
      `a device tree blob has a header of ${HEADER_BYTES} bytes, found ${bytes.byteLength} in all`,
      0,
    );
  }
  const magic = view.getUint32(0);
  if (magic !== MAGIC) {
    throw new MalformedBlobError(
      `a device tree blob begins with 0x${MAGIC.toString(16)}, found 0x${magic.toString(16)}`,
      0,
    );
  }
  const totalSize = view.getUint32(4);
  if (totalSize > bytes.byteLength) {
    throw new MalformedBlobError(
      `the header states ${totalSize} bytes, the file has ${bytes.byteLength}: it is cut off`,
      4,
    );
  }
  if (totalSize > BLOB_BYTES_MAX) {
    throw new MalformedBlobError(`${totalSize} bytes; at most ${BLOB_BYTES_MAX} are read`, 4);
  }
  const version = view.getUint32(20);
  const lastCompatible = view.getUint32(24);
  if (version < VERSION || lastCompatible > VERSION) {
    throw new MalformedBlobError(
      `version ${version}, compatible back to ${lastCompatible}; version ${VERSION} is needed`,
      20,
    );
  }
  const structure = { base: view.getUint32(8), size: view.getUint32(36) };
  const strings = { base: view.getUint32(12), size: view.getUint32(32) };
  checkBlock('structure', structure, totalSize, 8);
  checkBlock('strings', strings, totalSize, 12);
  if (structure.base % 4 !== 0) {
    throw new MalformedBlobError('the structure block is not aligned to 4 bytes', 8);
  }
  return { bytes, view, totalSize, structure, strings, reservationsAt: view.getUint32(16) };
}

function checkBlock(name: string, block: ByteRange, totalSize: number, offset: number): void {
  if (block.base < HEADER_BYTES || block.base + block.size > totalSize) {
    throw new MalformedBlobError(
      `the ${name} block [${block.base}, ${block.base + block.size}) does not lie within ` +
        `[${HEADER_BYTES}, ${totalSize})`,
      offset,
    );
  }
}

/** Pairs of 64-bit address and size until a pair of zeros. */
function readReservations(blob: Blob): ByteRange[] {
  const reservations: ByteRange[] = [];
  for (let at = blob.reservationsAt; ; at += 16) {
    if (at + 16 > blob.totalSize || reservations.length > RESERVATIONS_MAX) {
      throw new MalformedBlobError('the memory reservation block has no end', blob.reservationsAt);
    }
    const base = blob.view.getBigUint64(at);
    const size = blob.view.getBigUint64(at + 8);
    if (base === 0n && size === 0n) return reservations;
    if (base + size >= RESERVATION_END) {
      throw new MalformedBlobError('a memory reservation ends beyond 2^52', at);
    }
    reservations.push({ base: Number(base), size: Number(size) });
  }
}

interface OpenNode {
  readonly name: string;
  readonly properties: Map<string, Uint8Array>;
  readonly children: OpenNode[];
  readonly offset: number;
}

/** Walks the structure block once; `open` holds the nodes from the root to the current one. */
function readStructure(blob: Blob): DeviceTreeNode {
  const end = blob.structure.base + blob.structure.size;
  const open: OpenNode[] = [];
  let root: OpenNode | null = null;
  let nodes = 0;
  let at = blob.structure.base;
  for (;;) {
    if (at + 4 > end) throw new MalformedBlobError('the structure block has no FDT_END', at);
    const token = blob.view.getUint32(at);
    const offset = at;
    const current = open.at(-1);
    at += 4;
    switch (token) {
      case FDT_BEGIN_NODE: {
        const { text, next } = readText(blob, at, end);
        nodes += 1;
        if (nodes > NODES_MAX) throw new MalformedBlobError(`more than ${NODES_MAX} nodes`, offset);
        if (open.length >= DEPTH_MAX) {
          throw new MalformedBlobError(`nodes lie more than ${DEPTH_MAX} deep`, offset);
        }
        const node: OpenNode = { name: text, properties: new Map(), children: [], offset };
        if (current !== undefined) current.children.push(node);
        else if (root === null) root = node;
        else throw new MalformedBlobError('there is a second root node', offset);
        open.push(node);
        at = alignUp(next);
        break;
      }
      case FDT_END_NODE:
        if (open.pop() === undefined) throw new MalformedBlobError('a node ends twice', offset);
        break;
      case FDT_PROP:
        if (current === undefined) throw new MalformedBlobError('a property has no node', offset);
        at = readProperty(blob, at, end, current);
        break;
      case FDT_NOP:
        break;
      case FDT_END:
        if (current !== undefined) {
          throw new MalformedBlobError(`node "${current.name}" does not end`, offset);
        }
        if (root === null) throw new MalformedBlobError('there is no root node', offset);
        return root;
      default:
        throw new MalformedBlobError(`unknown token 0x${token.toString(16)}`, offset);
    }
  }
}

/** Reads a property behind its token into the node; returns where the next token stands. */
function readProperty(blob: Blob, at: number, end: number, node: OpenNode): number {
  if (at + 8 > end) throw new MalformedBlobError('a property is cut off', at);
  const size = blob.view.getUint32(at);
  const nameAt = blob.view.getUint32(at + 4);
  const value = at + 8;
  if (value + size > end) {
    throw new MalformedBlobError(`a property of ${size} bytes leaves the structure block`, at);
  }
  if (nameAt >= blob.strings.size) {
    throw new MalformedBlobError('the name of a property leaves the strings block', at + 4);
  }
  const stringsEnd = blob.strings.base + blob.strings.size;
  const name = readText(blob, blob.strings.base + nameAt, stringsEnd).text;
  if (node.properties.has(name)) {
    throw new MalformedBlobError(`node "${node.name}" has property "${name}" twice`, at);
  }
  node.properties.set(name, blob.bytes.subarray(value, value + size));
  return alignUp(value + size);
}

/** Reads up to and with a NUL that must stand before `end`; names are ASCII. */
function readText(blob: Blob, at: number, end: number): { text: string; next: number } {
  const limit = Math.min(end, at + NAME_BYTES_MAX + 1);
  const nul = blob.bytes.subarray(0, limit).indexOf(0, at);
  if (nul < 0) throw new MalformedBlobError(`no name ends within ${limit - at} bytes`, at);
  return { text: decodeText(blob.bytes.subarray(at, nul)), next: nul + 1 };
}

/** Text of a name or string property; bytes that are no UTF-8 become U+FFFD. */
export function decodeText(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

/** Tokens stand at multiples of 4 bytes from the beginning of the blob. */
function alignUp(offset: number): number {
  return Math.ceil(offset / 4) * 4;
}
