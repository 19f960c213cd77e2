/**
 * Proofs that can fail: what is discharged for the spec is refuted for a spec with a seeded bug,
 * by a case that the patched spec does when it runs.
 */

import { afterAll, describe, expect, test } from 'vitest';
import { listInductionObligations } from '../solver/induction/obligations.ts';
import type { InductionObligationOptions } from '../solver/induction/obligations.ts';
import { readSources } from '../solver/lift/sources.ts';
import type { ObligationResult } from '../solver/obligation.ts';
import { proveObligations } from '../solver/prove.ts';
import { createZ3Solver } from '../solver/smt/z3.ts';
import { getSubject } from './bug-search.ts';
import { applyBug, loadSpec } from './patched-spec.ts';
import { COMPONENTS } from './source-bug.ts';
import type { SourceBug } from './source-bug.ts';
import { SOURCE_BUGS } from './source-bugs.ts';
import { BUDGET_BUGS } from './source-bugs/scheduler.ts';

const SOURCES = readSources();
const solver = createZ3Solver();

afterAll(() => solver.close());

/** A bug, an obligation that falls with it, and the conjunct that the case breaks. */
interface Fall {
  readonly bug: string;
  readonly id: string;
  readonly conjunct: RegExp;
  /** The board of `getSubject`; the small one, which has one of everything, where absent. */
  readonly board?: string;
}

const PAGE = /^the page reached$/;
const CACHED = /^the cached translation$/;

/** A bug that no claim sees but the one about budgets, and where that falls. */
const SLACK_BUG = 'whoever uses slack pays a tick for it';
const SLACK_FALLS = 'time.confined[time-passes by right@core1]';

/** Bugs of every component. */
const COMPONENT_FALLS: readonly Fall[] = [
  {
    bug: 'a cached translation checks no rights',
    id: 'memory.confined[write by right@core1]',
    conjunct: CACHED,
  },
  {
    bug: 'a walk rounds the frame up',
    id: 'memory.confined[read by left@core1]',
    conjunct: CACHED,
  },
  {
    bug: 'a run of entries covers one page too many',
    id: 'noninterference.weak-step-consistency[read: left -> left]',
    conjunct: /^vcpus\[0\]/,
  },
  {
    bug: 'the distributor finds lines of all partitions',
    id: 'noninterference.output-consistency[distributor: left]',
    conjunct: /^BAD_VALUE$/,
  },
  {
    bug: 'a store runs over into the next frame',
    id: 'memory.preserved[write by left@core0]',
    conjunct: /^memory\.last-writer\[page\]$/,
  },
  {
    bug: 'every table is built for the first partition',
    id: 'seal.preserved[boot by boot]',
    conjunct: /^stage2/,
  },
  {
    bug: 'a core walks the table of the first partition',
    id: 'memory.confined[read by right@core1]',
    conjunct: CACHED,
  },
  {
    bug: 'every stream walks the table of the first partition',
    id: 'dma.preserved[dma-issue by right]',
    conjunct: CACHED,
  },
  {
    bug: 'every stream entry names the first partition',
    id: 'dma.preserved[boot by boot]',
    conjunct: /^dma\.streams-in-order\[\d+\]$/,
  },
  {
    bug: 'the firewall does not see cores',
    id: 'memory.confined[bus-read by bare@core3]',
    conjunct: PAGE,
  },
  {
    bug: 'an event is looked up without its DeviceID',
    id: 'noninterference.local-respect[msi: right -> left]',
    conjunct: /^lines\[/,
  },
  {
    bug: 'EL2 takes lines of partitions that do not run',
    id: 'irq.confined[interrupt-take by right@core1]',
    conjunct: /^the line taken$/,
  },
  {
    bug: 'every line is routed to the boot core',
    id: 'irq.preserved[boot by boot]',
    conjunct: /^irq\.route-forwarded\[/,
  },
  {
    bug: 'an SGI goes to every partition',
    id: 'noninterference.local-respect[send-sgi: left -> right]',
    conjunct: /^vcpus\[/,
  },
  {
    bug: 'a route takes the number of a virtual CPU for that of a core',
    id: 'irq.preserved[distributor by right@core1]',
    conjunct: /^gic\.lines\[\d+\]\.core$/,
  },
  {
    bug: 'a world switch keeps what the list registers hold',
    id: 'irq.preserved[dispatch by left@core1]',
    conjunct: /^irq\.delivered\[1,/,
  },
  {
    bug: 'a world switch forgets the first class of registers',
    id: 'noninterference.preserved[dispatch by left@core1]',
    conjunct: /^noninterference\.registers\[1,/,
  },
  {
    bug: 'a core that has chosen is to choose again',
    id: 'cpu.preserved[dispatch by left@core1]',
    conjunct: /^cores\[1\]\.dispatchDue$/,
  },
  {
    bug: 'a refused CPU_ON has cleared the registers already',
    id: 'noninterference.refusal[cpu-on by left@core0]',
    conjunct: /savedWriters/,
  },
  {
    bug: 'trapped registers reach the hardware',
    id: 'seal.preserved[register-write by left@core0]',
    conjunct: /registerWriters/,
  },
  {
    bug: 'the first core that seals lets partitions run',
    id: 'seal.preserved[boot by boot]',
    conjunct: /^boot\.steps\[/,
  },
  {
    bug: 'whoever is ready runs without budget',
    id: 'time.preserved[dispatch by left@core1]',
    conjunct: /^time\.charged-in-budget\[1\]$/,
  },
  {
    bug: 'time runs past the end of a budget',
    id: 'time.preserved[time-passes by left@core1]',
    conjunct: /^time\.(account|replenishment-ahead)\[1,/,
  },
  {
    bug: 'each frame but the first begins with the second slot',
    id: 'time.preserved[time-passes by right@core1]',
    conjunct: /^time\.slot-begun\[1\]$/,
    board: 'table',
  },
  {
    bug: SLACK_BUG,
    id: SLACK_FALLS,
    conjunct: /^time\.charged\[1,1\]$/,
    board: 'costly',
  },
];

const SHARE = /^time\.share\[1,\d\]$/;
const ACCOUNT = /^time\.(account|replenishment-ahead)\[1,\d\]$/;
const URGENT = /^time\.most-urgent\[1,\d\]$/;
const PASSES = 'time.preserved[time-passes by left@core1]';
const PASSES_IDLE = 'time.preserved[time-passes by nobody@core1]';
const WINDOW_IDLE = 'time.in-window[time-passes by nobody@core1]';
const WINDOW_CHOICE = 'time.in-window[dispatch by left@core1]';

/** The known bugs of budget schedulers by their rows: what falls, and by which conjunct. */
const OF_BUDGETS: Readonly<Record<string, readonly [id: string, RegExp, board?: string]>> = {
  'TIME-1': [WINDOW_IDLE, SHARE],
  'TIME-2': [PASSES, ACCOUNT],
  'TIME-3': [PASSES, ACCOUNT],
  'TIME-4': [WINDOW_CHOICE, SHARE],
  'TIME-5': [PASSES, ACCOUNT],
  'TIME-6': [PASSES, ACCOUNT],
  'TIME-7': [WINDOW_CHOICE, SHARE],
  'TIME-8': ['time.in-window[notify by right@core1]', SHARE],
  'TIME-9': [WINDOW_IDLE, SHARE],
  'TIME-10': [WINDOW_IDLE, SHARE],
  'TIME-11': [WINDOW_IDLE, SHARE],
  'TIME-12': [PASSES_IDLE, ACCOUNT],
  'TIME-13': [PASSES_IDLE, ACCOUNT],
  'TIME-14': ['time.preserved[dispatch by nobody@core1]', URGENT],
  'TIME-15': [PASSES, ACCOUNT, 'exact'],
  'TIME-16': [PASSES_IDLE, ACCOUNT],
  'TIME-17': [PASSES_IDLE, ACCOUNT],
  'TIME-18': [PASSES, ACCOUNT],
  'TIME-19': ['time.in-window[interrupt-take by left@core1]', SHARE, 'costly'],
  'TIME-20': ['time.in-window[section by left@core1]', SHARE],
  'TIME-21': ['time.in-window[system-reset by left@core1]', SHARE],
  'TIME-22': ['time.preserved[dispatch by left@core1]', URGENT, 'free'],
  'TIME-23': ['time.preserved[dispatch by right@core1]', URGENT, 'costly'],
  'TIME-24': [WINDOW_IDLE, SHARE],
};

/** Time that goes back: what windows note keeps every sum, and sinks below 0. */
const BACKWARDS: SourceBug = {
  component: 'time',
  file: 'model/time.ts',
  name: 'time passes backwards',
  row: null,
  find: '!Number.isSafeInteger(action.ticks) || action.ticks <= 0',
  replace: '!Number.isSafeInteger(action.ticks)',
  breaks: 'Whoever lets no time pass gets its budget back.',
  property: null,
  unseen: 'traces let some time pass',
  claims: [],
};

const FALLS: readonly Fall[] = [
  ...COMPONENT_FALLS,
  {
    bug: 'the least urgent reservation runs first',
    id: WINDOW_CHOICE,
    conjunct: /^time\.blocked\[1,0\]$/,
  },
  {
    bug: 'what a section takes beyond the budget is forgotten',
    id: WINDOW_CHOICE,
    conjunct: SHARE,
  },
  {
    bug: 'whoever burns pays only where its registers are loaded',
    id: 'time.in-window[time-passes by left@core1]',
    conjunct: SHARE,
    board: 'free',
  },
  {
    bug: 'whoever is polled keeps its budget',
    id: 'time.in-window[dispatch by guest1@core1]',
    conjunct: /^time\.clear\[1,1\]$/,
    board: 'polling',
  },
  ...BUDGET_BUGS.flatMap(({ row, name }): Fall[] => {
    const [id, conjunct, board = 'small'] = OF_BUDGETS[row ?? ''] ?? [];
    return id === undefined || conjunct === undefined ? [] : [{ bug: name, id, conjunct, board }];
  }),
];

const PROVED = [
  ...new Map(FALLS.map(({ id, board = 'small' }) => [`${id} ${board}`, { id, board }])),
];

/** Obligations about time that passes, and about choices. */
function isAboutTime(id: string): boolean {
  return /^time\.[a-z-]+\[(time-passes|dispatch) by/.test(id);
}

function getBug(name: string): SourceBug {
  const bug = SOURCE_BUGS.find((one) => one.name === name);
  if (bug === undefined) throw new Error(`there is no seeded bug "${name}"`);
  return bug;
}

/** Proves one obligation about the spec, or about the given one. */
async function prove(
  id: string,
  board = 'small',
  options: InductionObligationOptions = {},
): Promise<ObligationResult | undefined> {
  const { configuration } = getSubject(board);
  const matches = (one: string): boolean => one === id;
  const obligations = listInductionObligations(configuration, { ...options, matches });
  const results = await proveObligations(configuration, obligations, { solver });
  expect(results.map((result) => result.id)).toEqual([id]);
  return results[0];
}

describe('a proof about the spec', () => {
  test('is held against bugs of every component', () => {
    const covered = new Set(FALLS.map(({ bug }) => getBug(bug).component));
    expect(COMPONENTS.filter((component) => !covered.has(component))).toEqual([]);
    expect(new Set(FALLS.map(({ bug }) => bug)).size).toBe(FALLS.length);
  });

  test('is held against every known bug of budget schedulers', () => {
    const rows = BUDGET_BUGS.map(({ row }) => row ?? '').toSorted();
    expect(Object.keys(OF_BUDGETS).toSorted()).toEqual(rows);
  });

  test.each(PROVED)('is discharged without a bug: %s', async (_name, { id, board }) => {
    expect(await prove(id, board)).toMatchObject({ status: 'discharged', witness: null });
  });

  test.each(FALLS)('is refuted by a case that the patched spec does: $bug', async (fall) => {
    const sources = applyBug(SOURCES, getBug(fall.bug));
    const { parts, invariants } = await loadSpec(sources);
    const result = await prove(fall.id, fall.board, { sources, parts, invariants });
    expect(result).toMatchObject({ status: 'refuted' });
    expect(result?.witness?.['conjunct']).toMatch(fall.conjunct);
  });

  test('is the only one about time that falls where slack changes a budget', async () => {
    const sources = applyBug(SOURCES, getBug(SLACK_BUG));
    const { parts, invariants } = await loadSpec(sources);
    const { configuration } = getSubject('costly');
    const options = { sources, parts, invariants, matches: isAboutTime };
    const obligations = listInductionObligations(configuration, options);
    const results = await proveObligations(configuration, obligations, { solver });
    const fallen = results.filter(({ status }) => status !== 'discharged');
    expect(results.length).toBeGreaterThan(10);
    expect(fallen.map(({ id, status }) => `${id} ${status}`)).toEqual([`${SLACK_FALLS} refuted`]);
  });

  test('is refuted where a table lets a slot go by: its owner waits longer', async () => {
    const id = 'time.in-slot[time-passes by right@core1]';
    const bug = getBug('each frame but the first begins with the second slot');
    const sources = applyBug(SOURCES, bug);
    const { parts, invariants } = await loadSpec(sources);
    const result = await prove(id, 'table', { sources, parts, invariants });
    expect(result).toMatchObject({ status: 'refuted' });
    expect(result?.witness?.['conjunct']).toBe('time.slot-promise[1,0]');
  });

  test('is refuted by a case that breaks a bound of what is noted, and nothing else', async () => {
    const id = 'time.in-window[time-passes by right@core1]';
    const sources = applyBug(SOURCES, BACKWARDS);
    const { parts, invariants } = await loadSpec(sources);
    const result = await prove(id, 'small', { sources, parts, invariants });
    expect(result).toMatchObject({ status: 'refuted' });
    expect(result?.witness?.['conjunct']).toMatch(/^windows\[1\]\./);
  });

  test('is not refuted by a case that the spec which runs does not do', async () => {
    const [{ bug, id } = { bug: '', id: '' }] = FALLS;
    const result = await prove(id, 'small', { sources: applyBug(SOURCES, getBug(bug)) });
    expect(result).toMatchObject({ status: 'spurious', finding: null });
  });
});
