/**
 * Cells of the fuzzer: what random runs make of a mutant of the spec or of the plan, and what
 * random near misses make of one of the rules.
 */

import fc from 'fast-check';
import type { Plan } from '../model/plan.ts';
import { fuzzConfiguration } from '../properties/engine/fuzz.ts';
import type { FuzzResult } from '../properties/engine/fuzz.ts';
import type { StepFunction } from '../properties/engine/run.ts';
import { nearMissArbitrary } from '../properties/generators/near-misses.ts';
import { listDelayBounds } from '../solver/timing/delay-bounds.ts';
import { getConfigurationName, getSubject } from './bug-search.ts';
import type { Subject } from './bug-search.ts';
import type { Mutant } from './catalogue.ts';
import { loadMutant } from './cell.ts';
import type { Cell, CellOptions } from './cell.ts';
import { loadBuggyChecker, readNearMiss } from './patched-rules.ts';

const SEED = 1;

/** Near misses that are drawn at most, where time does not end it. */
const NEAR_MISSES_MAX = 20_000;

type RuleMutant = Extract<Mutant, { kind: 'rule' }>;

/** The cell of random runs, and of random near misses where rules are concerned. */
export function runFuzzCell(mutant: Mutant, options: CellOptions): Promise<Cell> {
  return mutant.kind === 'rule' ? fuzzRules(mutant, options) : fuzzSpec(mutant, options);
}

async function fuzzSpec(
  mutant: Exclude<Mutant, RuleMutant>,
  { timeMs, steps }: CellOptions,
): Promise<Cell> {
  const wanted = mutant.property;
  if (wanted === null) {
    return { verdict: 'not-applicable', reason: mutant.harmless ?? '' };
  }
  const subject = getSubject(getConfigurationName(mutant.bug));
  const step = await createStep(mutant, subject);
  const begin = performance.now();
  const result = await runSubject(subject, wanted, { timeMs, steps }, step);
  return judgeRuns(result, wanted, performance.now() - begin);
}

/** The step of a mutant: that of a plan follows its own plan, whatever plan the judges have. */
async function createStep(
  mutant: Exclude<Mutant, RuleMutant>,
  { configuration }: Subject,
): Promise<StepFunction> {
  const spec = await loadMutant(mutant);
  if (mutant.kind !== 'plan') return spec.step;
  const wrong: Plan = spec.createPlan(configuration);
  return (_right, machine, action) => spec.step(wrong, machine, action);
}

function runSubject(
  { configuration, delayBounds }: Subject,
  wanted: string,
  { timeMs, steps }: { readonly timeMs: number; readonly steps: number | undefined },
  step?: StepFunction,
): Promise<FuzzResult> {
  return fuzzConfiguration(configuration, {
    seed: SEED,
    timeMs,
    ...(steps === undefined ? {} : { steps }),
    wanted: new Set([wanted]),
    delayBounds,
    ...(step === undefined ? {} : { step }),
  });
}

function judgeRuns({ failures, steps }: FuzzResult, wanted: string, ms: number): Cell {
  const failure = failures.find(({ violation }) => violation.property === wanted);
  if (failure === undefined) {
    const others = failures.map(({ violation }) => violation.property).join(', ');
    return { verdict: 'survived', ms, ...(others === '' ? {} : { note: `falls: ${others}` }) };
  }
  return {
    verdict: 'killed',
    by: wanted,
    actions: failure.trace.actions.length,
    foundActions: failure.foundLength,
    ...(failure.evaluations === undefined ? {} : { evaluations: failure.evaluations }),
    steps,
    ms,
  };
}

/**
 * A drawn near miss must come through, and what the bug lets through by hand must break its
 * property in a run, where there is one.
 */
async function fuzzRules(mutant: RuleMutant, { timeMs, steps }: CellOptions): Promise<Cell> {
  const { bug } = mutant;
  const checker = await loadBuggyChecker(bug);
  const begin = performance.now();
  const { property: code, run } = bug;
  const miss = fc.property(nearMissArbitrary(), ({ defect, configuration }) => {
    if (defect.code !== code) return true;
    return checker(configuration).some((finding) => finding.code === code);
  });
  const drawing = fc.check(miss, {
    seed: SEED,
    numRuns: NEAR_MISSES_MAX,
    endOnFailure: true,
    ...(Number.isFinite(timeMs) ? { interruptAfterTimeLimit: timeMs } : {}),
  });
  const [found] = drawing.counterexample ?? [];
  if (found === undefined) return { verdict: 'survived', ms: performance.now() - begin };
  const drawn = { by: code, drawn: drawing.numRuns, defect: found.defect.id };
  if (run === null) return { verdict: 'killed', ...drawn, ms: performance.now() - begin };
  const { configuration } = readNearMiss(bug).loaded;
  const subject = { configuration, delayBounds: listDelayBounds(configuration) };
  const result = await runSubject(subject, run, { timeMs, steps });
  const cell = judgeRuns(result, run, performance.now() - begin);
  return cell.verdict === 'killed' ? { ...cell, ...drawn, shownBy: run } : cell;
}
