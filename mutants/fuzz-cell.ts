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

/** Traces that fall of which the shortest is told, and how long a run goes on to find them. */
const FINDINGS = 10;
const FURTHER = 20;
const FURTHER_STEPS = 20_000;

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
  const cell = judgeRuns(result, wanted, performance.now() - begin);
  return cell.verdict === 'killed' ? findShorter(cell, subject, step) : cell;
}

type Killed = Extract<Cell, { verdict: 'killed' }>;

/** The same with the shortest of several traces that fall, as `haven fuzz` reports it. */
async function findShorter(cell: Killed, subject: Subject, step: StepFunction): Promise<Cell> {
  const steps = FURTHER * (cell.steps ?? 0) + FURTHER_STEPS;
  const limits = { timeMs: Infinity, steps, findings: FINDINGS };
  const again = judgeRuns(await runSubject(subject, cell.by, limits, step), cell.by, cell.ms);
  return again.verdict === 'killed' ? { ...again, steps: cell.steps ?? 0 } : cell;
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

/** Limits of a run. */
interface RunLimits {
  readonly timeMs: number;
  readonly steps: number | undefined;
  readonly findings?: number;
}

function runSubject(
  { configuration, delayBounds }: Subject,
  wanted: string,
  { timeMs, steps, findings = 1 }: RunLimits,
  step?: StepFunction,
): Promise<FuzzResult> {
  return fuzzConfiguration(configuration, {
    seed: SEED,
    timeMs,
    ...(steps === undefined ? {} : { steps }),
    wanted: new Set([wanted]),
    findings,
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
