import { describe, expect, test } from 'vitest';
import type { Action } from '../../model/actions.ts';
import { createSmallBoard } from '../../model/testing/small-board.ts';
import { createSlot, getKindIndex, writeSlot } from '../generators/slots.ts';
import type { Trace } from '../generators/traces.ts';
import { ENTRIES_MAX, createCorpus, keep, toEntry, toTrace } from './corpus.ts';
import { TRACE_LENGTH_MAX, fuzzConfiguration } from './fuzz.ts';
import { JOURNAL_LENGTH, beginEntry, openJournal, readJournal, writeEntry } from './journal.ts';
import { addKept, createKeeper, createMinimiser, listKept, minimise } from './minimise.ts';
import { createRunner } from './run.ts';

const BOARD = createSmallBoard({ its: true });
const MINIMISER = createMinimiser(createRunner(BOARD));

const TICK: Action = { kind: 'time-passes', core: 0, ticks: 1 };
const STRAY: Action = { kind: 'read', core: 0, address: 0x10, value: 0 };
const SMC: Action = { kind: 'smc', core: 0 };

function minimiseActions(...traces: readonly (readonly Action[])[]): readonly Action[][] {
  const entries = traces.map((actions) => toEntry({ start: 'booted', actions }));
  return minimise(MINIMISER, entries).map((entry) => [...toTrace(entry).actions]);
}

function countFeatures(traces: readonly Trace[]): number {
  return minimise(MINIMISER, traces.map(toEntry)).flatMap(({ features }) => features).length;
}

describe('minimising', () => {
  test('drops a trace that shows nothing that another does not show', () => {
    expect(minimiseActions([TICK], [TICK, SMC])).toEqual([[TICK, SMC]]);
  });

  test('cuts what comes behind the last step that is needed', () => {
    expect(minimiseActions([TICK, SMC, TICK, TICK])).toEqual([[TICK, SMC]]);
  });

  test('drops refusals that are shown before, and keeps the first of each', () => {
    expect(minimiseActions([SMC, SMC, STRAY, SMC, TICK])).toEqual([[SMC, STRAY, TICK]]);
  });

  test('takes the shorter of two traces that show the same', () => {
    expect(minimiseActions([SMC, SMC, SMC, TICK], [TICK, SMC])).toEqual([[TICK, SMC]]);
  });

  test('of a campaign keeps all that was seen, in a fraction of the actions', async () => {
    const options = { seed: 3, steps: 30_000, properties: [], keeps: true };
    const { coverage, corpus } = await fuzzConfiguration(BOARD, options);
    expect(countFeatures(corpus.slice(1))).toBeLessThan(countFeatures(corpus));
    const kept = { seed: 3, steps: 0, properties: [], kept: corpus };
    const again = await fuzzConfiguration(BOARD, kept);
    expect(again.replayed).toBe(corpus.length);
    // A campaign counts the state class of a refusal once, wherever it is first refused.
    const refusals = Object.values(coverage.outcomes).flatMap((counts) => Object.keys(counts));
    expect(countFeatures(corpus)).toBeGreaterThan(coverage.features - refusals.length);
    const kinds = ({ outcomes }: typeof coverage): string[] =>
      Object.entries(outcomes).flatMap(([kind, counts]) =>
        Object.keys(counts).map((one) => `${kind} ${one}`),
      );
    expect(kinds(again.coverage)).toEqual(expect.arrayContaining(kinds(coverage)));
    expect(again.steps).toBeLessThan(6_000);
  });

  test('has the corpus of a campaign that is interrupted too', async () => {
    const controller = new AbortController();
    const result = await fuzzConfiguration(BOARD, {
      seed: 3,
      steps: 1_000_000_000,
      properties: [],
      keeps: true,
      signal: controller.signal,
      onProgress: ({ traces }) => {
        if (traces > 3) controller.abort();
      },
    });
    expect(result.interrupted).toBe(true);
    expect(result.corpus.length).toBeGreaterThan(1);
  });

  test('in steps keeps what it keeps at once, and holds a bounded number of entries', () => {
    const keeper = createKeeper(MINIMISER.runner);
    for (let count = 0; count < 1000; count += 1) {
      addKept(
        keeper,
        toEntry({ start: 'booted', actions: count % 2 === 0 ? [TICK, SMC] : [SMC, TICK] }),
      );
      expect(keeper.pending.length).toBeLessThan(64);
    }
    expect(keeper.settled.length).toBeLessThanOrEqual(2);
    expect(listKept(keeper).length).toBeLessThanOrEqual(2);
  });
});

test('a corpus holds a bounded number of traces, and the oldest go first', () => {
  const corpus = createCorpus();
  const slots = [createSlot()];
  for (let count = 0; count < ENTRIES_MAX + 10; count += 1) {
    keep(corpus, 'booted', slots, 1, [count]);
  }
  expect(corpus.entries).toHaveLength(ENTRIES_MAX);
  expect(corpus.entries[0]?.features).toEqual([ENTRIES_MAX]);
  expect(corpus.entries[10]?.features).toEqual([10]);
});

describe('a journal', () => {
  test('gives back the trace that is being run, to who has its buffer', () => {
    const actions: Action[] = [
      { kind: 'dma-issue', stream: 8, address: 2 ** 47, write: true, value: 3 },
      { kind: 'distributor', core: 2, operation: 'route', intId: 33, vcpu: 1 },
      { kind: 'boot', core: 1, fails: true },
    ];
    const { buffer } = openJournal();
    const journal = openJournal(buffer);
    expect(readJournal(journal)).toMatchObject({ traces: 0, trace: null });
    beginEntry(journal, 17, 3, true, 'reset');
    for (const [at, action] of actions.entries()) {
      const slot = createSlot();
      writeSlot(slot, action);
      writeEntry(journal, at, getKindIndex(action.kind), slot);
    }
    expect(readJournal(openJournal(buffer))).toEqual({
      steps: 17,
      traces: 3,
      isOfCorpus: true,
      trace: { start: 'reset', actions },
    });
  });

  test('has room for the longest trace', () => {
    expect(JOURNAL_LENGTH).toBe(TRACE_LENGTH_MAX);
  });
});
