import { fc, test as fuzz } from '@fast-check/vitest';
import { describe, expect } from 'vitest';

import {
  EXAMPLE_CONFIGURATION,
  EXAMPLE_PLATFORM,
  EXAMPLE_TABLE_CONFIGURATION,
} from './example-files.ts';
import { readConfigurationText, type ReadResult } from './read.ts';
import { decodeText } from './text-file.ts';

/** Pieces that are apt to mislead a reader. */
const PIECES = [
  '[ ] { } : - ? * &a *a !!str " \' | > # % ` @ , ; = --- ... <<: __proto__: 0x'.split(' '),
  '99999999999999999999 1e400 .nan -1 10 017 0.3ns null ~ true \u{1F600} \u0000 \uFEFF'.split(' '),
  ['\n', '\r', '\t', '  ', '? ', '- ', ': ', '\n  - '],
].flat();

function edits(text: string): fc.Arbitrary<string> {
  const edit = fc.record({
    at: fc.nat(text.length),
    cut: fc.integer({ min: 0, max: 12 }),
    insert: fc.oneof(fc.constantFrom(...PIECES), fc.string({ maxLength: 6, unit: 'binary' })),
  });
  return fc.array(edit, { minLength: 1, maxLength: 4 }).map((list) =>
    list.reduce((whole, { at, cut, insert }) => {
      return whole.slice(0, at) + insert + whole.slice(at + cut);
    }, text),
  );
}

/** Whatever the text, the answer is a configuration or reasons with places inside of the file. */
function expectTotal(result: ReadResult, texts: Readonly<Record<string, string>>): void {
  if (result.kind === 'ok') {
    expect(result.loaded.digest).toMatch(/^[0-9a-f]{64}$/);
    return;
  }
  expect(result.diagnostics.length).toBeGreaterThan(0);
  for (const { code, message, help, at } of result.diagnostics) {
    expect(code).toMatch(/^CFG-/);
    expect(message).not.toBe('');
    expect(help).not.toBe('');
    const lines = (texts[at.file] ?? '').split('\n');
    expect(at.line).toBeLessThanOrEqual(lines.length);
    expect(at.column).toBeLessThanOrEqual((lines[at.line - 1] ?? '').length + 1);
    const isForward = at.endLine > at.line || at.endColumn >= at.column;
    expect(at.endLine >= at.line && isForward).toBe(true);
  }
}

function readBoth(configuration: string, platform: string): void {
  const options = { platform: { file: 'p', text: platform } };
  const result = readConfigurationText(configuration, 'c', options);
  expectTotal(result, { c: configuration, p: platform });
}

describe('reading is total', () => {
  fuzz.prop([edits(EXAMPLE_CONFIGURATION)], { seed: 1, numRuns: 100 })(
    'for a configuration with random edits',
    (text) => readBoth(text, EXAMPLE_PLATFORM),
  );

  fuzz.prop([edits(EXAMPLE_TABLE_CONFIGURATION)], { seed: 6, numRuns: 100 })(
    'for a configuration with a table, with random edits',
    (text) => readBoth(text, EXAMPLE_PLATFORM),
  );

  fuzz.prop([edits(EXAMPLE_PLATFORM)], { seed: 2, numRuns: 100 })(
    'for a platform with random edits',
    (text) => readBoth(EXAMPLE_CONFIGURATION, text),
  );

  fuzz.prop([fc.array(fc.constantFrom(...PIECES), { maxLength: 40 })], { seed: 3, numRuns: 200 })(
    'for any heap of indicators',
    (pieces) => readBoth(pieces.join(''), pieces.join('')),
  );

  fuzz.prop([fc.uint8Array({ maxLength: 200 })], { seed: 4, numRuns: 100 })(
    'for random bytes',
    (bytes) => {
      const decoded = decodeText(bytes, 'c');
      if (decoded.kind === 'ok') readBoth(decoded.text, EXAMPLE_PLATFORM);
      else expect(decoded.diagnostic.code).toBe('CFG-NOT-TEXT');
    },
  );

  fuzz.prop([fc.json({ maxDepth: 6 })], { seed: 5, numRuns: 100 })('for any JSON', (text) => {
    readBoth(text, text);
  });
});
