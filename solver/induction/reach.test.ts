import { describe, expect, test } from 'vitest';
import { NONE } from '../../model/machine.ts';
import { step } from '../../model/step.ts';
import { createSmallBoard } from '../../model/testing/small-board.ts';
import { ENGINE_PROPERTIES, PROPERTIES } from '../../properties/catalogue.ts';
import type { FuzzFailure } from '../../properties/engine/fuzz.ts';
import type { StepFunction } from '../../properties/engine/run.ts';
import { INDUCTIVE_INVARIANTS } from '../../properties/inductive/invariants.ts';
import type { ObligationResult } from '../obligation.ts';
import { describeSearch } from './case-search.ts';
import type { RefutedCase } from './case-search.ts';
import { INDUCTION_CLAIMS } from './claims.ts';
import { TRANSLATION } from './contracts.ts';
import { reachAll, reachCase, listWanted } from './reach.ts';

const CONFIGURATION = createSmallBoard();

const CASE: RefutedCase = {
  action: { kind: 'write', core: 0, address: 0x2000, value: 1 },
  current: 'left@core0',
  partition: 0,
  conjunct: 'memory.last-writer[page]',
};

function createResult(size: number, changes: Partial<ObligationResult> = {}): ObligationResult {
  return {
    id: `memory.preserved[write by left@core${size}]`,
    area: 'MEM',
    statement: '',
    formula: '',
    source: '',
    status: 'refuted',
    solver: 'z3',
    ms: 1,
    size,
    cached: false,
    witness: {},
    finding: null,
    detail: null,
    case: CASE,
    ...changes,
  };
}

/** A spec in which every store shows as one of the last partition. */
const mislabel: StepFunction = (plan, machine, action) => {
  const outcome = step(plan, machine, action);
  if (action.kind === 'write' && outcome === 'DONE') {
    machine.memory.writers.set(machine.bus.frame, plan.partitions.length - 1);
  }
  return outcome;
};

/** Keeps what it is given. */
function createRecorder(): {
  readonly kept: string[];
  readonly record: (result: ObligationResult, failure: FuzzFailure, seed: number) => string;
} {
  const kept: string[] = [];
  return {
    kept,
    record: ({ id }, { violation }, seed) => {
      kept.push(`${id} ${violation.property} ${seed}`);
      return `file${kept.length}.json`;
    },
  };
}

describe('the properties that see a fault at run time', () => {
  const known = [...PROPERTIES, ...ENGINE_PROPERTIES].map(({ id }) => id);

  test('exist for every claim about the spec', () => {
    for (const { id } of INDUCTION_CLAIMS) {
      const wanted = listWanted(`${id}[write by left@core0]`, CASE);
      expect(wanted.length).toBeGreaterThan(0);
      expect(wanted.filter((property) => !known.includes(property))).toEqual([]);
    }
  });

  test('are its own for each invariant that is to be preserved', () => {
    for (const { id } of INDUCTIVE_INVARIANTS) {
      const refuted = { ...CASE, conjunct: `${id}[1,0]` };
      expect(listWanted('irq.preserved[write by left@core0]', refuted)).toEqual([id]);
    }
  });

  test('are those that see what follows, for windows, which no run has', () => {
    const id = 'time.in-window[dispatch by left@core1]';
    const wantedFor = (conjunct: string): readonly string[] =>
      listWanted(id, { ...CASE, conjunct });
    expect(wantedFor('time.share[1,0]')).toEqual(['time.window', 'time.budget']);
    for (const conjunct of ['time.blocked[1,0]', 'time.busy[1,1]']) {
      expect(wantedFor(conjunct)).toContain('time.delay');
      expect(wantedFor(conjunct)).not.toContain('time.window');
    }
    expect(wantedFor('windows[1].length')).toEqual(
      expect.arrayContaining(['time.window', 'time.delay']),
    );
    expect(listWanted('time.served[left@core1]', { ...CASE, conjunct: 'time.served' })).toContain(
      'time.delay',
    );
  });

  test('are the shape for a field, and caches for a translation', () => {
    const id = 'dma.preserved[dma-issue by left]';
    expect(listWanted(id, { ...CASE, conjunct: 'cores[1].clock' })).toEqual(['seal.shape']);
    const byCore = { ...CASE, conjunct: TRANSLATION };
    expect(listWanted(id, byCore)).toContain('memory.cached');
    const issue = { kind: 'dma-issue', stream: 0, address: 0, value: 0, write: true } as const;
    expect(listWanted(id, { ...byCore, action: issue })).toContain('dma.cached');
  });
});

describe('the search for a refuted case', () => {
  const id = 'memory.preserved[write by left@core0]';

  test('finds the fault in a wrong spec, the same every time', async () => {
    const options = { step: mislabel, steps: 4_000 };
    const one = await reachCase(CONFIGURATION, { id, case: CASE }, options);
    expect(one.search).toMatchObject({ kind: 'reached', property: 'memory.last-writer' });
    expect(one.failure?.violation.property).toBe('memory.last-writer');
    expect(await reachCase(CONFIGURATION, { id, case: CASE }, options)).toEqual(one);
  });

  test('finds nothing in the spec, and says how far it went', async () => {
    const { search, failure } = await reachCase(CONFIGURATION, { id, case: CASE }, { steps: 500 });
    expect(failure).toBeNull();
    expect(search).toMatchObject({ kind: 'not-reached', seed: 1 });
    expect(describeSearch(search, CASE)).toMatch(
      /^not reached from reset in [\d,]+ steps: the state may be unreachable, and an invariant /,
    );
  });

  test('says so when it was interrupted', async () => {
    const options = { signal: AbortSignal.abort(), steps: 500 };
    const { search } = await reachCase(CONFIGURATION, { id, case: CASE }, options);
    expect(search).toMatchObject({ kind: 'interrupted', steps: 0 });
  });

  test('draws no operand that a counterexample file or exact numbers cannot have', async () => {
    for (const address of [-1, Number.MAX_SAFE_INTEGER]) {
      const refuted: RefutedCase = {
        ...CASE,
        action: { kind: 'write', core: 0, address, value: 1 },
      };
      const drawn = new Set<number>();
      const watching: StepFunction = (plan, machine, action) => {
        if ('address' in action) drawn.add(action.address);
        return step(plan, machine, action);
      };
      await reachCase(CONFIGURATION, { id, case: refuted }, { step: watching, steps: 500 });
      expect(drawn.size).toBeGreaterThan(10);
      expect(drawn).not.toContain(address);
    }
  });

  test('needs no step: obligations about states have none', async () => {
    const refuted = { action: null, current: 'nobody', partition: NONE, conjunct: 'x' };
    const about = { id: 'irq.listed-owned[core1, slot 0]', case: refuted };
    const { search } = await reachCase(CONFIGURATION, about, { steps: 500 });
    expect(search).toMatchObject({ kind: 'not-reached', properties: ['irq.delivered'] });
  });
});

describe('the search for several cases', () => {
  test('takes the smallest, and says of the others that they are left out', async () => {
    const { kept, record } = createRecorder();
    const results = [30, 10, 20].map((size) => createResult(size));
    const options = { step: mislabel, steps: 4_000, casesMax: 2, record };
    const searched = await reachAll(CONFIGURATION, results, options);
    expect(searched.map(({ search }) => search)).toMatchObject([
      { kind: 'left-out', searched: 2, refuted: 3 },
      { kind: 'reached', file: 'file1.json' },
      { kind: 'reached', file: 'file2.json' },
    ]);
    expect(kept).toEqual([
      'memory.preserved[write by left@core10] memory.last-writer 1',
      'memory.preserved[write by left@core20] memory.last-writer 1',
    ]);
  });

  test('counts a trace that cannot be written as reached all the same', async () => {
    const options = { step: mislabel, steps: 4_000, record: () => null };
    const [result] = await reachAll(CONFIGURATION, [createResult(1)], options);
    expect(result?.search).toMatchObject({ kind: 'reached', file: null });
    expect(result?.search && describeSearch(result.search, CASE)).toMatch(
      /^reached from boot in \d+ actions?, the last of which breaks memory\.last-writer$/,
    );
  });

  test('leaves alone what is discharged, undecided, or not to be seen in runs', async () => {
    const { kept, record } = createRecorder();
    const results = [
      createResult(1, { status: 'discharged', case: null }),
      createResult(2, { status: 'unknown', case: null }),
      createResult(3, { case: null }),
      // No run shows that two computations of one bound differ.
      createResult(4, { id: 'time.agreement[left@core1]' }),
    ];
    expect(await reachAll(CONFIGURATION, results, { record })).toEqual(results);
    expect(kept).toEqual([]);
  });
});
