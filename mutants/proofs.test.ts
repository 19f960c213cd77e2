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

const SOURCES = readSources();
const solver = createZ3Solver();

afterAll(() => solver.close());

/** A bug, an obligation that falls with it, and the conjunct that the case breaks. */
interface Fall {
  readonly bug: string;
  readonly id: string;
  readonly conjunct: RegExp;
}

const PAGE = /^the page reached$/;
const CACHED = /^the cached translation$/;

/** All on the small board, which has one of everything. */
const FALLS: readonly Fall[] = [
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
];

const IDS = [...new Set(FALLS.map(({ id }) => id))];

function getBug(name: string): SourceBug {
  const bug = SOURCE_BUGS.find((one) => one.name === name);
  if (bug === undefined) throw new Error(`there is no seeded bug "${name}"`);
  return bug;
}

/** Proves one obligation about the spec, or about the given one. */
async function prove(
  id: string,
  options: InductionObligationOptions = {},
): Promise<ObligationResult | undefined> {
  const { configuration } = getSubject('small');
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

  test.each(IDS)('is discharged without a bug: %s', async (id) => {
    expect(await prove(id)).toMatchObject({ status: 'discharged', witness: null });
  });

  test.each(FALLS)('is refuted by a case that the patched spec does: $bug', async (fall) => {
    const sources = applyBug(SOURCES, getBug(fall.bug));
    const { parts } = await loadSpec(sources);
    const result = await prove(fall.id, { sources, parts });
    expect(result).toMatchObject({ status: 'refuted' });
    expect(result?.witness?.['conjunct']).toMatch(fall.conjunct);
  });

  test('is not refuted by a case that the spec which runs does not do', async () => {
    const [{ bug, id } = { bug: '', id: '' }] = FALLS;
    const result = await prove(id, { sources: applyBug(SOURCES, getBug(bug)) });
    expect(result).toMatchObject({ status: 'spurious', finding: null });
  });
});
