import { readFileSync } from 'node:fs';

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { convertDeviceTree } from './convert.ts';
import { DEPTH_MAX, decodeText, readDeviceTree } from './fdt.ts';

const BOARD = readFileSync(new URL('fixtures/board.dtb', import.meta.url));

/** A copy of a blob with 32-bit words replaced: [byte offset, value]. */
function patch(...words: [number, number][]): Uint8Array {
  const bytes = Uint8Array.from(BOARD);
  const view = new DataView(bytes.buffer);
  for (const [offset, value] of words) view.setUint32(offset, value);
  return bytes;
}

/** A blob around hand-made tokens: no reservations, strings "p" at 0. */
function build(...structure: number[]): Uint8Array {
  const structureAt = 56;
  const stringsAt = structureAt + structure.length * 4;
  const bytes = new Uint8Array(stringsAt + 4);
  const view = new DataView(bytes.buffer);
  const header = [0xd00dfeed, bytes.length, structureAt, stringsAt, 40, 17, 16, 0, 4];
  for (const [index, word] of [...header, structure.length * 4].entries()) {
    view.setUint32(index * 4, word);
  }
  for (const [index, word] of structure.entries()) view.setUint32(structureAt + index * 4, word);
  bytes[stringsAt] = 0x70;
  return bytes;
}

const BEGIN = [1, 0];
const END_NODE = 2;
const PROPERTY = 3;
const NOP = 4;
const END = 9;

/** A tree of nodes each inside the one before. */
function nest(depth: number): Uint8Array {
  return build(
    ...Array.from({ length: depth }, () => BEGIN).flat(),
    ...Array.from({ length: depth }, () => END_NODE),
    END,
  );
}

function getMessage(bytes: Uint8Array): string {
  const result = readDeviceTree(bytes);
  return result.kind === 'invalid' ? result.message : 'ok';
}

describe('readDeviceTree', () => {
  it('reads nodes, properties and reservations of a blob by dtc', () => {
    const result = readDeviceTree(BOARD);
    if (result.kind === 'invalid') throw new Error(result.message);
    const soc = result.root.children.find(({ name }) => name === 'soc');
    const serial = soc?.children.find(({ name }) => name === 'serial@380000');
    expect(decodeText(serial?.properties.get('compatible') ?? new Uint8Array())).toBe(
      'example,uart\0',
    );
    expect(result.reservations).toEqual([{ base: 0x80000000, size: 0x100000 }]);
  });

  it('accepts the smallest tree and skips NOP tokens', () => {
    expect(getMessage(build(NOP, ...BEGIN, NOP, END_NODE, NOP, END))).toBe('ok');
  });

  it.each([
    ['fewer bytes than a header', new Uint8Array(39), 'header of 40 bytes'],
    ['another magic number', patch([0, 0x7f454c46]), 'found 0x7f454c46'],
    ['a blob that is cut off', BOARD.subarray(0, BOARD.length - 1), 'it is cut off'],
    ['an older version', patch([20, 16]), 'version 16'],
    ['a newer incompatible version', patch([24, 18]), 'compatible back to 18'],
    ['a structure block outside', patch([8, 0xfffffff0]), 'structure block'],
    ['a strings block outside', patch([32, 0xffffffff]), 'strings block'],
    ['an unaligned structure block', patch([8, 0x39]), 'not aligned'],
    ['reservations outside', patch([16, 0xfffffff0]), 'reservation block has no end'],
    ['no end', build(...BEGIN, END_NODE), 'no FDT_END'],
    ['an open node at the end', build(...BEGIN, END), 'does not end'],
    ['a node that ends twice', build(...BEGIN, END_NODE, END_NODE, END), 'ends twice'],
    ['two roots', build(...BEGIN, END_NODE, ...BEGIN, END_NODE, END), 'second root'],
    ['no root', build(END), 'no root node'],
    ['an unknown token', build(5), 'unknown token 0x5'],
    ['a property outside a node', build(PROPERTY, 0, 0, END), 'has no node'],
    ['a property that is cut off', build(...BEGIN, PROPERTY, 0), 'cut off'],
    ['a property that is too long', build(...BEGIN, PROPERTY, 99, 0, END), 'of 99 bytes leaves'],
    ['a property name outside', build(...BEGIN, PROPERTY, 0, 9, END_NODE, END), 'strings block'],
    [
      'a property twice',
      build(...BEGIN, PROPERTY, 0, 0, PROPERTY, 0, 0, END_NODE, END),
      'property "p" twice',
    ],
    ['a node name without end', build(1, 0x61616161), 'no name ends'],
  ])('refuses %s', (_what, bytes, message) => {
    expect(getMessage(bytes)).toContain(message);
  });

  it('refuses nodes that lie deeper than the limit and accepts the limit', () => {
    expect(getMessage(nest(DEPTH_MAX))).toBe('ok');
    expect(getMessage(nest(DEPTH_MAX + 1))).toContain('deep');
  });
});

describe('convertDeviceTree on malformed blobs', () => {
  const mutation = fc.record({
    offset: fc.nat(BOARD.length - 1),
    value: fc.oneof(fc.constantFrom(0, 1, 2, 3, 4, 9, 0x7f, 0xff), fc.nat(255)),
  });

  it('gives an answer for any mutation and any truncation', () => {
    fc.assert(
      fc.property(
        fc.array(mutation, { maxLength: 8 }),
        fc.option(fc.nat(BOARD.length)),
        (mutations, length) => {
          const bytes = Uint8Array.from(BOARD);
          for (const { offset, value } of mutations) bytes[offset] = value;
          const result = convertDeviceTree(bytes.subarray(0, length ?? bytes.length));
          expect(['ok', 'invalid']).toContain(result.kind);
        },
      ),
      { numRuns: 1_000, seed: 1 },
    );
  });

  it('gives an answer for any bytes behind a good header', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), fc.nat(3_000), (noise, at) => {
        const bytes = Uint8Array.from(BOARD);
        bytes.set(noise.subarray(0, bytes.length - 56 - at), 56 + at);
        expect(['ok', 'invalid']).toContain(convertDeviceTree(bytes).kind);
      }),
      { numRuns: 500, seed: 1 },
    );
  });
});
