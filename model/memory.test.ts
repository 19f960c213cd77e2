import { expect, test } from 'vitest';
import { UNWRITTEN, createMemory, readWord, readWriter, writeWord } from './memory.ts';

test('a frame holds 0 until somebody writes it, then the last word and its writer', () => {
  const memory = createMemory();
  expect([readWord(memory, 7), readWriter(memory, 7)]).toEqual([0, UNWRITTEN]);
  writeWord(memory, 7, 1, 0);
  writeWord(memory, 7, 2, 1);
  expect([readWord(memory, 7), readWriter(memory, 7)]).toEqual([2, 1]);
  expect(readWord(memory, 8)).toBe(0);
});
