import { expect, test } from 'vitest';
import { isGranted } from './firewall.ts';
import { BARE, LEFT, RAM_PA, RAM_SIZE, createReset } from './testing/small-board.ts';

const BASE = RAM_PA[BARE] ?? 0;

test('grants the ranges of a partition without EL2, with their rights, to the byte', () => {
  const { plan } = createReset();
  expect(isGranted(plan, BARE, BASE, 'write')).toBe(true);
  expect(isGranted(plan, BARE, BASE - 1, 'read')).toBe(false);
  expect(isGranted(plan, BARE, BASE + RAM_SIZE - 1, 'read')).toBe(true);
  expect(isGranted(plan, BARE, BASE + RAM_SIZE, 'read')).toBe(false);
  expect(isGranted(plan, BARE, BASE, 'fetch')).toBe(false);
  expect(isGranted(plan, BARE, BASE + 0x8000, 'fetch')).toBe(true);
  expect(isGranted(plan, BARE, BASE + 0x8000, 'write')).toBe(false);
});

test('grants nothing to a partition that does not exist', () => {
  expect(isGranted(createReset().plan, 9, BASE, 'read')).toBe(false);
});

test('does not hold a partition whose cores have EL2: its bare masters reach everything', () => {
  expect(isGranted(createReset().plan, LEFT, BASE, 'write')).toBe(true);
});

test('holds nobody on a board without one', () => {
  expect(isGranted(createReset({ firewall: false }).plan, BARE, 0, 'write')).toBe(true);
});
