import { describe, expect, test } from 'vitest';

import { NESTING_MAX, parseSource } from './document.ts';

function codes(text: string): string[] {
  return parseSource(text, 'f').diagnostics.map((diagnostic) => diagnostic.code);
}

describe('values', () => {
  test('follow the core schema, with integers exact or refused', () => {
    const text = 'a: [1, 0x10, 0o17, -3, 99999999999999999999, 1.5, .inf, ~, true, "1", yes]';
    const { root } = parseSource(text, 'f');
    expect(root).toEqual({
      a: [1, 16, 15, -3, Infinity, NaN, NaN, null, true, '1', 'yes'],
    });
  });

  test('keep the largest exact integer and not the one above it', () => {
    expect(parseSource('[9007199254740991, 9007199254740992]', 'f').root).toEqual([
      Number.MAX_SAFE_INTEGER,
      Infinity,
    ]);
  });

  test('of an alias are those of its anchor, as last defined', () => {
    const { root } = parseSource('a: &x 1\nb: *x\nc: &x 2\nd: *x', 'f');
    expect(root).toEqual({ a: 1, b: 1, c: 2, d: 2 });
  });

  test('treat __proto__ and constructor as plain keys', () => {
    const { root } = parseSource('__proto__: 1\nconstructor: 2', 'f');
    expect(Object.keys(root as object)).toEqual(['__proto__', 'constructor']);
  });
});

describe('places', () => {
  const document = parseSource('a: 1\nb:\n  - c: [2, "three"]\n    d:\n  - { e: 5 }\n', 'f');

  test.each([
    [['a'], [1, 4, 1, 5]],
    [['b'], [2, 1, 2, 2]],
    [
      ['b', 0],
      [3, 5, 3, 20],
    ],
    [
      ['b', 0, 'c', 1],
      [3, 12, 3, 19],
    ],
    [
      ['b', 0, 'd'],
      [4, 5, 4, 6],
    ],
    [
      ['b', 1],
      [5, 5, 5, 13],
    ],
    [
      ['b', 1, 'e'],
      [5, 10, 5, 11],
    ],
    [
      ['b', 1, 'nothing', 'here'],
      [5, 5, 5, 13],
    ],
    [[], [1, 1, 1, 5]],
  ])('of %j is %j', (path, [line, column, endLine, endColumn]) => {
    expect(document.locate(path)).toEqual({ file: 'f', line, column, endLine, endColumn });
  });

  test('of a key is the key', () => {
    expect(document.locateKey(['b', 1, 'e'])).toMatchObject({ line: 5, column: 7, endColumn: 8 });
  });

  test('are the same with CRLF line ends', () => {
    const crlf = parseSource('a: 1\r\nb:\r\n  - c: 2\r\n', 'f');
    expect(crlf.locate(['b', 0, 'c'])).toMatchObject({ line: 3, column: 8, endColumn: 9 });
  });
});

describe('problems', () => {
  test.each([
    ['', 'CFG-EMPTY'],
    ['# only a comment', 'CFG-EMPTY'],
    ['a: [1', 'CFG-SYNTAX'],
    ['a: 1\n---\nb: 2', 'CFG-SYNTAX'],
    ['a: 1\na: 2', 'CFG-DUPLICATE-KEY'],
    ['? [1]\n: 2', 'CFG-SYNTAX'],
    ['a: *b', 'CFG-SYNTAX'],
    ['a: &b [*b]', 'CFG-SYNTAX'],
    ['a: !!int 5', 'CFG-UNSUPPORTED'],
    ['a: !x { b: 1 }', 'CFG-UNSUPPORTED'],
    ['<<: { a: 1 }', 'CFG-UNSUPPORTED'],
    ['a: 017', 'CFG-BAD-NUMBER'],
    ['\t- a', 'CFG-SYNTAX'],
  ])('%j gives %s', (text, code) => {
    expect(codes(text)).toContain(code);
  });

  test('an unclosed quote is shown where it opens', () => {
    const [diagnostic] = parseSource('a: 1\nb: "two\nc: 3\n', 'f').diagnostics;
    expect(diagnostic?.at).toMatchObject({ line: 2, column: 4 });
  });

  test('an unclosed bracket is shown where it opens', () => {
    const [diagnostic] = parseSource('a: 1\nb: { c: "d"\n', 'f').diagnostics;
    expect(diagnostic?.at).toMatchObject({ line: 2, column: 4 });
  });

  test('a key that stands twice names both places', () => {
    const [diagnostic] = parseSource('a: 1\nb: 2\na: 3', 'f').diagnostics;
    expect(diagnostic?.at.line).toBe(3);
    expect(diagnostic?.related[0]?.at.line).toBe(1);
  });

  test.each(['[', '{a: ', '- ', '? ', '{'])('nesting of %j is refused and not recursed', (open) => {
    expect(codes(open.repeat(10_000))).toEqual(['CFG-LIMIT']);
    expect(codes('['.repeat(NESTING_MAX / 4) + ']'.repeat(NESTING_MAX / 4))).toEqual([]);
  });

  test('aliases that expand without bound are refused', () => {
    const levels = Array.from({ length: 12 }, (_, level) => {
      const inner = Array.from({ length: 10 }, () => (level === 0 ? 'x' : `*a${level - 1}`));
      return `a${level}: &a${level} [${inner.join(', ')}]`;
    });
    expect(codes(levels.join('\n'))).toContain('CFG-LIMIT');
    expect(codes(levels.slice(0, 3).join('\n'))).toEqual([]);
  });
});
