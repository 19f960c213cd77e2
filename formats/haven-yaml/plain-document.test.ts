import { fc, test as fuzz } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';

import { EXAMPLE_CONFIGURATION, EXAMPLE_PLATFORM } from '../example-files.ts';
import { parseWithPlaces } from './document.ts';
import { readPlainDocument } from './plain-document.ts';

/** Whatever the plain reader reads, the library reads without a problem and to the same value. */
function expectSameAsLibrary(text: string): boolean {
  const plain = readPlainDocument(text);
  if (plain === undefined) return false;
  const { root, diagnostics } = parseWithPlaces(text, 'f');
  expect(diagnostics).toEqual([]);
  expect(plain).toEqual(root);
  return true;
}

describe('what is read here', () => {
  test.each([
    [EXAMPLE_CONFIGURATION],
    [EXAMPLE_PLATFORM],
    [EXAMPLE_CONFIGURATION.replaceAll('\n', '\r\n')],
    ['a:\n- b: 1\n- c: [x, {}, []]\nd: # later\n  e: "f # g" # h\n'],
    ["a: 'x: y'\nb: -1\nc: ~\nd:\ne: true\nf: 1.5\ng: 99999999999999999999"],
    ['a: [1,\n\n  2,\n  ]\nb: { c: 1, }\nbb:\n  [\n    c\n  ]\nd: e\n  f\ng:\n  h i\n   - j'],
    ['a: "b\n  c # d:\n  e"\nf: \'g\n  \'\nh: "\n  i"'],
    ['- - 1\n  - 2\n- a: 1\n  b: 2'],
  ])('is read as by the library: %#', (text) => {
    expect(expectSameAsLibrary(text)).toBe(true);
  });
});

describe('what is left to the library', () => {
  test.each([
    [''],
    ['a: 1\na: 2'],
    ['a: [1, # one\n  2]'],
    ['a: ["b\n  c"]'],
    ['a: b\n\n  c'],
    ['a: b # c\n  d'],
    ['a: [1,\n2]'],
    ['- \ta: 1'],
    ['a: b\r'],
    ['a: b\uFEFF'],
    ['a: &x 1\nb: *x'],
    ['a: !!str 1'],
    ['a: |\n  b'],
    ['a: "\\n"'],
    ["a: 'it''s'"],
    ['a: b: c'],
    ['a: 017'],
    ['a:1'],
    ['a: [1]x'],
    ['a: [1]#x'],
    ['a: { b: 1,, }'],
    ['a: [,]'],
    ['a: "b" # c\n  d'],
    ['a: "b\n\n  c"'],
    ['a: { b }'],
    ['a:\n  b: 1\n c: 2'],
    ['  a: 1\nb: 2'],
    ['a: 1\n---\nb: 2'],
    ['a:\t1'],
    ['{ "a": 1 }'],
    ['- '.repeat(1000)],
    [`a: ${'['.repeat(1000)}`],
  ])('%j', (text) => {
    expect(readPlainDocument(text)).toBeUndefined();
  });
});

const LINES =
  `a: 1|b:|- c|- d: 2|e: [f, 1]|g: { h: i, j: [k] }|# l||m: "n" # o|p: 'q'|- - r|-|s: t u
|aa: b:c; d [e|f:g: h|v: w # x|- {}|y: 0x10|---|z: -|a: [|]|x,|x ]|x, ]|q: "r|s"|t: 'u|v' # w`
    .replaceAll('\n', '')
    .split('|');

/** Heaps of lines with indents that are sometimes right. */
const documents = fc
  .array(fc.tuple(fc.constantFrom(0, 0, 2, 2, 4, 1), fc.constantFrom(...LINES)), { maxLength: 8 })
  .map((list) => list.map(([indent, line]) => ' '.repeat(indent) + line).join('\n'));

function edits(text: string): fc.Arbitrary<string> {
  const pieces = [
    '[',
    ']',
    '{',
    '}',
    ':',
    ': ',
    '- ',
    ',',
    '"',
    "'",
    '#',
    ' #',
    '\n',
    ' ',
    '  ',
    '0',
  ];
  const edit = fc.tuple(fc.nat(text.length), fc.nat(4), fc.constantFrom('', ...pieces));
  return fc.array(edit, { minLength: 1, maxLength: 3 }).map((list) =>
    list.reduce((whole, [at, cut, piece]) => {
      return whole.slice(0, at) + piece + whole.slice(at + cut);
    }, text),
  );
}

describe('agreement with the library', () => {
  fuzz.prop([documents], { seed: 1, numRuns: 3000 })('on heaps of lines', (text) => {
    expectSameAsLibrary(text);
  });

  const excerpt = EXAMPLE_CONFIGURATION.slice(EXAMPLE_CONFIGURATION.indexOf('partitions:'));
  fuzz.prop([edits(excerpt)], { seed: 2, numRuns: 300 })(
    'on edited configurations',
    (text) => {
      expectSameAsLibrary(text);
    },
    60_000,
  );
});
