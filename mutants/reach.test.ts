/**
 * From a proof that fails to a trace: what refutes an obligation about a spec with a seeded bug is
 * reached from boot, and what refutes one for want of an invariant is not.
 */

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { computeDigest, decodeCounterexample } from '../counterexamples/format.ts';
import type { Counterexample } from '../counterexamples/format.ts';
import { recordFailure, writeCounterexample } from '../counterexamples/record.ts';
import { replay } from '../counterexamples/replay.ts';
import type { StepFunction } from '../properties/engine/run.ts';
import { INDUCTIVE_INVARIANTS } from '../properties/inductive/invariants.ts';
import { WINDOW_INVARIANTS } from '../properties/inductive/window-invariants.ts';
import { describeSearch, listCaseLines } from '../solver/induction/case-search.ts';
import { reachAll } from '../solver/induction/reach.ts';
import { readSources } from '../solver/lift/sources.ts';
import type { ObligationResult } from '../solver/obligation.ts';
import { proveSpec } from '../solver/prove.ts';
import type { ProveSpecOptions } from '../solver/prove.ts';
import { createZ3Solver } from '../solver/smt/z3.ts';
import { getSubject } from './bug-search.ts';
import { applyBug, loadSpec } from './patched-spec.ts';
import { SOURCE_BUGS } from './source-bugs.ts';

const SOURCES = readSources();
const SUBJECT = getSubject('small');
const FOLDER = mkdtempSync(join(tmpdir(), 'haven-reach-'));
/** Enough for each bug here, and a moment where nothing is found. */
const STEPS = 20_000;
const solver = createZ3Solver();

afterAll(async () => {
  rmSync(FOLDER, { recursive: true });
  await solver.close();
});

/** Bugs of seven components, an obligation that falls with each, and what its trace breaks. */
const REACHED: readonly (readonly [string, string, RegExp])[] = [
  [
    'a walk rounds the frame up',
    'memory.confined[read by left@core1]',
    /^memory\.(confined|rights)$/,
  ],
  [
    'every stream entry names the first partition',
    'dma.preserved[boot by boot]',
    /^dma\.streams-in-order$/,
  ],
  [
    'EL2 takes lines of partitions that do not run',
    'irq.confined[interrupt-take by right@core1]',
    /^irq\.taken$/,
  ],
  [
    'an SGI goes to every partition',
    'noninterference.local-respect[send-sgi: left -> right]',
    /^noninterference\.local-respect$/,
  ],
  [
    'a world switch forgets the first class of registers',
    'noninterference.preserved[dispatch by left@core1]',
    /^noninterference\.registers$/,
  ],
  [
    'a refused CPU_ON has cleared the registers already',
    'noninterference.refusal[cpu-on by left@core0]',
    /^noninterference\.refusal$/,
  ],
  [
    'a section that a partition asks for is refunded',
    'time.in-window[section by left@core1]',
    /^time\.(window|budget)$/,
  ],
  [
    'the least urgent reservation runs first',
    'time.in-window[dispatch by left@core1]',
    /^time\.(delay|grid|supply)$/,
  ],
];

/** An invariant, and an obligation that does not hold without it. */
const MISSED: readonly (readonly [string, string])[] = [
  ['memory.cached', 'memory.confined[read by left@core1]'],
  ['irq.delivered', 'irq.listed-owned[core1, slot 0]'],
  ['noninterference.saved', 'noninterference.preserved[dispatch by left@core1]'],
  ['time.timer-ahead', 'cpu.preserved[time-passes by left@core0]'],
  ['time.most-urgent', 'time.in-window[time-passes by right@core1]'],
  ['time.blocked', 'time.served[right@core1]'],
];

/** Proves one obligation about a spec, and searches that spec for the case that refutes it. */
async function search(
  only: string,
  options: ProveSpecOptions,
  step: StepFunction | null,
): Promise<ObligationResult> {
  const { configuration, delayBounds } = SUBJECT;
  const results = await proveSpec(configuration, { ...options, only, solver });
  expect(results).toMatchObject([{ id: only, status: 'refuted' }]);
  const [result] = await reachAll(configuration, results, {
    delayBounds,
    steps: STEPS,
    ...(step === null ? {} : { step }),
    record: ({ id: obligation }, failure, seed) => {
      const digest = computeDigest(configuration);
      const provenance = { tool: 'haven-model', file: 'small.yaml', digest, seed, obligation };
      const counterexample = recordFailure(configuration, delayBounds, failure, provenance);
      return writeCounterexample(FOLDER, counterexample);
    },
  });
  if (result === undefined) throw new Error(`${only} was not searched for`);
  return result;
}

function read(file: string): Counterexample {
  const decoded = decodeCounterexample(readFileSync(file, 'utf8'));
  if (decoded.kind !== 'ok') throw new Error(`${file}: ${decoded.message}`);
  return decoded.counterexample;
}

describe('a refuted case of a spec with a bug', () => {
  test.each(REACHED)('is reached in a trace that replays: %s', async (name, id, property) => {
    const bug = SOURCE_BUGS.find((one) => one.name === name);
    if (bug === undefined) throw new Error(`there is no seeded bug "${name}"`);
    const sources = applyBug(SOURCES, bug);
    const { parts, step, invariants } = await loadSpec(sources);
    const result = await search(id, { sources, parts, invariants }, step);
    const { search: found, case: refuted } = result;
    if (found?.kind !== 'reached' || !found.file || !refuted) throw new Error('not reached');
    expect(found.property).toMatch(property);
    const sentence = describeSearch(found, refuted);
    expect(sentence).toMatch(/^reached from (boot|reset) in \d+ actions?, /);
    expect(sentence).toContain(found.file);
    const counterexample = read(found.file);
    expect(counterexample).toMatchObject({
      property: found.property,
      status: 'open',
      start: found.start,
      actions: { length: found.actions },
      found: { by: 'proof', obligation: id },
    });
    expect(replay(counterexample, step)).toMatchObject({ verdict: 'fails', asRecorded: true });
    expect(replay(counterexample)).toMatchObject({ verdict: 'passes', violation: null });
  });
});

describe('a refuted case for want of an invariant', () => {
  test.each(MISSED)('is not reached, and the report says so: %s', async (left, id) => {
    const invariants = [...INDUCTIVE_INVARIANTS, ...WINDOW_INVARIANTS].filter(
      (invariant) => invariant.costly !== true && invariant.id !== left,
    );
    const { search: missed, case: refuted, witness } = await search(id, { invariants }, null);
    if (!missed || !refuted || !witness) throw new Error('not searched for');
    expect(missed).toMatchObject({ kind: 'not-reached' });
    const sentence = describeSearch(missed, refuted);
    expect(sentence).toMatch(/^not reached from reset in \d\d,\d{3} steps: /);
    expect(sentence).toContain('an invariant missing');
    expect(sentence).toContain(`the smallest conjunct that fails is ${refuted.conjunct}`);
    expect(listCaseLines(witness).length).toBeGreaterThan(0);
  });
});
