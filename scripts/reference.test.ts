import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { generateReference } from './reference.ts';

test.each(generateReference())('$path is what the lists say now', ({ path, text }) => {
  const committed = readFileSync(new URL(`../${path}`, import.meta.url), 'utf8');
  expect(committed.replaceAll('\r\n', '\n')).toBe(text);
});

test('every id has a section of its own', () => {
  for (const { text } of generateReference()) {
    const titles = text.split('\n').filter((line) => /^###? [A-Za-z]+[.-]/.test(line));
    expect(titles.length).toBeGreaterThan(20);
    expect(new Set(titles).size).toBe(titles.length);
  }
});
