import { expect, test } from 'vitest';

import { adviseKnown, findNearest } from './suggest.ts';

test.each([
  ['gpoi', 'gpio'],
  ['max_delay', 'max-delay'],
  ['maxDelay', 'max-delay'],
  ['budjet', 'budget'],
])('takes %s for %s', (word, meant) => {
  expect(findNearest(word, ['gpio', 'max-delay', 'budget', 'name'])).toBe(meant);
});

test('finds nothing near a word that is far from all', () => {
  expect(findNearest('ethernet', ['gpio', 'uart'])).toBeNull();
  expect(findNearest('x', [])).toBeNull();
});

test('lists at most twelve names and counts the rest', () => {
  const names = Array.from({ length: 20 }, (_, index) => `device-number-${index}`);
  expect(adviseKnown('q', 'devices', names)).toMatch(/^known devices: .* and 8 more$/);
  expect(adviseKnown('q', 'devices', [])).toBe('there are no devices');
});
