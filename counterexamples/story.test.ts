import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { step } from '../model/step.ts';
import { createSmallBoard } from '../model/testing/small-board.ts';
import type { StepFunction } from '../properties/engine/run.ts';
import { decodeCounterexample, encodeCounterexample } from './format.ts';
import type { Counterexample } from './format.ts';
import { promoteCounterexample, recordFailure, toFailure } from './record.ts';
import { replay } from './replay.ts';
import { CHANGES_MAX, renderStory } from './story.ts';

function read(name: string): Counterexample {
  const decoded = decodeCounterexample(readFileSync(join(import.meta.dirname, name), 'utf8'));
  if (decoded.kind !== 'ok') throw new Error(`${name}: ${decoded.message}`);
  return decoded.counterexample;
}

const WRITE = read('memory.rights--qemu-virt-write.json');

/** Every write is done, whatever the table says. */
const writeThrough: StepFunction = (plan, machine, action) => {
  const outcome = step(plan, machine, action);
  if (action.kind !== 'write' || outcome === 'DONE') return outcome;
  machine.bus.count += 1;
  machine.bus.master = 0;
  machine.bus.dma = false;
  machine.bus.frame = 0x7100f;
  machine.bus.write = true;
  machine.bus.fetch = false;
  machine.memory.words.set(0x7100f, 5);
  machine.memory.writers.set(0x7100f, 0);
  return 'DONE';
};

/** Many fields change with a write. */
const flood: StepFunction = (plan, machine, action) => {
  const outcome = writeThrough(plan, machine, action);
  if (action.kind === 'write') {
    for (const account of machine.cores.flatMap(({ accounts }) => accounts)) account.epochs += 1;
    for (let frame = 1; frame < 40; frame += 1) machine.memory.writers.set(frame, 0);
  }
  return outcome;
};

/** A write throws. */
const broken: StepFunction = (plan, machine, action) => {
  if (action.kind === 'write') throw new Error('no such page');
  return step(plan, machine, action);
};

describe('a story', () => {
  const allowed = [
    { message: 'read only', file: 'board.yaml', line: 7, text: '  - { partition: linux }' },
  ];

  test('tells who did what, what was expected, which line allowed it, what changed', () => {
    const result = replay({ ...WRITE, status: 'open', allowed }, writeThrough);
    expect(result.violation?.property).toBe('memory.rights');
    const { before, after } = renderStory(result.story, (rows) => rows.map((row) => row.join('|')));
    expect(before).toEqual([
      'after a boot that nothing disturbed:',
      '1|linux on core 0 writes 0x0 to IPA 0x7000f000|done',
    ]);
    expect(after[0]).toMatch(/^expected: .*\.$/);
    expect(after).toContain('allowed by board.yaml:7: - { partition: linux } (read only)');
    expect(after).toContain('the last step changes memory at page 0x7100f000: nothing -> 5');
    expect(after).toContain(
      'the last step changes last writer of page 0x7100f000: nobody -> linux',
    );
  });

  test('of a trace that passes has neither changes nor an expectation', () => {
    const { story } = replay({ ...WRITE, allowed });
    expect(story.steps).toMatchObject([{ outcome: 'PERMISSION' }]);
    expect(story).toMatchObject({ changes: [], expected: null, allowed: [] });
  });

  test('tells of so many changes and counts the others', () => {
    const { story } = replay({ ...WRITE, status: 'open' }, flood);
    expect(story.changes).toHaveLength(CHANGES_MAX);
    expect(story.moreChanges).toBeGreaterThan(20);
  });

  test('of a step that throws ends with that step', () => {
    const { story, violation } = replay({ ...WRITE, property: 'seal.total' }, broken);
    expect(violation?.property).toBe('seal.total');
    expect(story.steps.at(-1)).toMatchObject({ outcome: 'THROWS' });
  });
});

test('the lines that allowed it stay through the text of a file', () => {
  const counterexample = {
    ...WRITE,
    allowed: [{ message: '', file: 'a.yaml', line: 1, text: 'a' }],
  };
  expect(decodeCounterexample(encodeCounterexample(counterexample))).toEqual({
    kind: 'ok',
    counterexample,
  });
});

describe('promoting', () => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'haven-promote-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test('writes a file of its own, and later the same file with its new status', () => {
    const open: Counterexample = { ...WRITE, status: 'open' };
    const path = promoteCounterexample(folder, join(import.meta.dirname, 'any.json'), open);
    const again = promoteCounterexample(folder, path, WRITE);
    expect(again).toBe(path);
    expect(readdirSync(folder)).toHaveLength(1);
    expect(decodeCounterexample(readFileSync(path, 'utf8'))).toMatchObject({
      counterexample: { status: 'fixed' },
    });
  });
});

describe('a crash', () => {
  const crash = { reason: 'memory', message: 'heap', seed: 4, traces: 9 } as const;

  test('is recorded with the trace on which the fuzzer died', () => {
    const failure = toFailure({ ...crash, trace: { start: 'reset', actions: WRITE.actions } });
    if (failure === null) throw new Error('no failure');
    const provenance = { tool: 't', file: 'a/b.yaml', digest: 'd', seed: 4 };
    expect(recordFailure(createSmallBoard(), [], failure, provenance)).toMatchObject({
      property: 'seal.crash',
      start: 'reset',
      actions: WRITE.actions,
      expected: { witness: { reason: 'memory', seed: 4, traces: 9 } },
    });
  });

  test('between two traces has none to record', () => {
    expect(toFailure({ ...crash, trace: null })).toBeNull();
  });
});
