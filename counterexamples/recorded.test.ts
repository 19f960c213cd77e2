import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { decodeCounterexample, encodeCounterexample } from './format.ts';
import type { Counterexample } from './format.ts';
import { replay } from './replay.ts';

const FILES = readdirSync(import.meta.dirname).filter((name) => name.endsWith('.json'));

function read(name: string): Counterexample {
  const decoded = decodeCounterexample(readFileSync(join(import.meta.dirname, name), 'utf8'));
  if (decoded.kind !== 'ok') throw new Error(`${name}: ${decoded.message}`);
  return decoded.counterexample;
}

describe('recorded counterexamples', () => {
  test('are there', () => {
    expect(FILES.length).toBeGreaterThanOrEqual(6);
  });

  test.each(FILES)('%s replays as recorded', (name) => {
    const result = replay(read(name));
    expect({ asRecorded: result.asRecorded, violation: result.violation }).toMatchObject({
      asRecorded: true,
    });
  });

  test('keep every action and the configuration through their text', () => {
    for (const name of FILES) {
      const counterexample = read(name);
      const again = decodeCounterexample(encodeCounterexample(counterexample));
      expect(again).toEqual({ kind: 'ok', counterexample });
    }
  });
});

describe('a file that is no counterexample', () => {
  const [name] = FILES;
  const text = readFileSync(join(import.meta.dirname, name ?? ''), 'utf8');

  test.each([
    ['empty', '', 'not JSON'],
    ['an array', '[]', 'no counterexample file'],
    ['of another version', text.replace('"schema": 1', '"schema": 2'), 'schema'],
    ['with an unknown key', text.replace('"schema": 1', '"schema": 1, "extra": 1'), 'extra'],
    ['with an unknown action', text.replace(/"kind":"[a-z-]+"/, '"kind":"jump"'), 'actions'],
    ['with a changed configuration', text.replace('"timerHz":62500000', '"timerHz":1'), 'digest'],
    ['with an unknown start', text.replace(/"start": "[a-z]+"/, '"start": "later"'), 'start'],
    ['with a number for an address', text.replace(/"core":\d/, '"address":1'), 'address'],
  ])('%s is refused and says why', (_, broken, reason) => {
    expect(broken).not.toBe(text);
    const decoded = decodeCounterexample(broken);
    expect(decoded.kind).toBe('invalid');
    if (decoded.kind === 'invalid') expect(decoded.message).toContain(reason);
  });

  test('says that an edited address is none', () => {
    const edited = text.replace(/"(ipa|pa)":\d+/, '"pa":-1');
    const decoded = decodeCounterexample(edited);
    expect(decoded.kind).toBe('invalid');
  });
});
