/** Measures: one function for each group of figures. */

import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

import fc from 'fast-check';

import { readConfiguration } from '../../formats/read.ts';
import type { Action } from '../../model/actions.ts';
import type { StaticConfiguration } from '../../model/configuration.ts';
import { createMachine } from '../../model/machine.ts';
import { createPlan, type Plan } from '../../model/plan.ts';
import { step } from '../../model/step.ts';
import { listBootActions } from '../../properties/generators/boot-actions.ts';
import { actionArbitrary } from '../../properties/generators/traces.ts';
import { checkConfiguration } from '../../properties/rules/check.ts';
import { createLargeConfiguration } from '../../properties/rules/large-configuration.ts';
import { listInductionObligations } from '../../solver/induction/obligations.ts';
import { createLifter } from '../../solver/lift/lift.ts';
import { readSources } from '../../solver/lift/sources.ts';
import { SIMPLIFIER } from '../../solver/obligation.ts';
import { proveConfiguration, proveSpec } from '../../solver/prove.ts';
import { BACK_ENDS, createSolver } from '../../solver/smt/back-ends.ts';
import type { BackEnd } from '../../solver/smt/back-ends.ts';
import { findProgram } from '../../solver/smt/process.ts';
import { getPackageRoot } from '../package.ts';
import { atLeast, below, computeMedian, type Figure } from './figure.ts';
import { writeLargeFile } from './large-file.ts';

/** How long to measure. */
export interface Effort {
  /** Processes started for a figure whose target is about a process. */
  readonly runs: number;
  /** Milliseconds for a figure that is a rate. */
  readonly rateMs: number;
}

/** The configurations that ship. */
export const BOARDS = ['qemu-virt', 'imx95'] as const;
type Board = (typeof BOARDS)[number];

/** A configuration that ships does not read or hold: a defect of ours, not of the machine. */
export class UnusableBenchError extends Error {}

function getBoardFile(board: Board): string {
  return join(getPackageRoot(), 'configs', `${board}.yaml`);
}

/** A configuration that ships, read; throws `UnusableBenchError`. */
export function readBoard(board: Board): StaticConfiguration {
  const result = readConfiguration(getBoardFile(board));
  if (result.kind !== 'ok') throw new UnusableBenchError(`${board} cannot be read`);
  return result.loaded.configuration;
}

interface CheckTimes {
  readonly readMs: number;
  readonly rulesMs: number;
}

/** Reading and checking once, in a process that has done nothing yet; the sources, not built. */
function checkOnce(file: string): CheckTimes {
  const program = join(import.meta.dirname, 'check-once.ts');
  const loader = import.meta.resolve('tsx');
  const run = spawnSync(process.execPath, ['--import', loader, program, file], {
    encoding: 'utf8',
  });
  if (run.status !== 0) throw new UnusableBenchError(run.stderr);
  return JSON.parse(run.stdout) as CheckTimes;
}

/**
 * `check` of large files: what the program takes beyond the time for a board that ships, since
 * starting is a figure of its own.
 */
export function measureLargeChecks(folder: string, { runs }: Effort): Figure[] {
  const small = writeLargeFile(folder, 10_000);
  const large = writeLargeFile(folder, 100_000);
  const startMs = timeHaven(['check', getBoardFile('qemu-virt')], runs);
  const smallMs = timeHaven(['check', small], runs) - startMs;
  const largeMs = timeHaven(['check', large], Math.min(runs, 3)) - startMs;
  const once = Array.from({ length: Math.min(runs, 3) }, () => checkOnce(small));
  return [
    below('check 10,000 regions, beyond start-up', smallMs, 'ms', 100, `median of ${runs}`),
    below('  reading them', computeMedian(once.map(({ readMs }) => readMs)), 'ms'),
    below('  the rules', computeMedian(once.map(({ rulesMs }) => rulesMs)), 'ms'),
    below('check 100,000 regions, beyond start-up', largeMs, 'ms'),
    below('growth from 10,000 to 100,000', largeMs / smallMs, 'times', 13),
  ];
}

/** `check` of each board in a process that has done it often. */
export function measureWarmChecks(): Figure[] {
  return BOARDS.map((board) => {
    const file = getBoardFile(board);
    const times = Array.from({ length: 60 }, () => {
      const begin = performance.now();
      const result = readConfiguration(file);
      if (result.kind === 'ok') checkConfiguration(result.loaded.configuration);
      return performance.now() - begin;
    });
    const warm = computeMedian(times.slice(-20));
    return below(`check ${board}, warm`, warm, 'ms', 5, 'reading and rules, platform kept');
  });
}

/** Median time from start to exit of a command on a file that holds, milliseconds. */
function timeHaven(parameters: readonly string[], runs: number): number {
  const launcher = join(getPackageRoot(), 'scripts', 'launch.mjs');
  const times = Array.from({ length: runs }, () => {
    const begin = performance.now();
    const run = spawnSync(process.execPath, [launcher, ...parameters], { encoding: 'utf8' });
    if (run.status !== 0) throw new UnusableBenchError(`${run.stdout}${run.stderr}`);
    return performance.now() - begin;
  });
  return computeMedian(times);
}

/** Runs the program once, because the first run after a change of the sources builds it. */
export function prepareProgram(): void {
  timeHaven(['check', getBoardFile('qemu-virt')], 1);
}

/** `haven` from start to exit. */
export function measureProcesses({ runs }: Effort): Figure[] {
  return [
    ...BOARDS.map((board) =>
      below(
        `haven check ${board}, start to exit`,
        timeHaven(['check', getBoardFile(board)], runs),
        'ms',
        500,
        `median of ${runs}`,
      ),
    ),
    below(
      'haven prove qemu-virt --no-spec, start to exit',
      timeHaven(['prove', getBoardFile('qemu-virt'), '--no-spec'], 1) / 1000,
      's',
      10,
    ),
  ];
}

/** Proving in this process, with the solver that ships. */
export async function measureProof(): Promise<Figure[]> {
  const configuration = readBoard('qemu-virt');
  const begin = performance.now();
  const results = await proveConfiguration(configuration);
  const seconds = (performance.now() - begin) / 1000;
  const discharged = results.filter(({ status }) => status === 'discharged').length;
  const remark = `${discharged} of ${results.length} obligations discharged`;
  return [below('prove qemu-virt, in process', seconds, 's', undefined, remark)];
}

/** Seconds within which every obligation of a board is to be proved, on two cores. */
const PROOF_LIMITS = { wasm: 30, z3: 10, cvc5: undefined } as const;

/** Every obligation of both boards, tables and spec, by every solver that is there. */
export async function measureSpecProofs(): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const backEnd of BACK_ENDS) {
    for (const board of BOARDS) {
      const name = `prove ${board}, all, ${backEnd}`;
      if (backEnd !== 'wasm' && findProgram(backEnd) === null) {
        console.log(`${name}: left out, there is no ${backEnd} on the PATH`);
        continue;
      }
      figures.push(await timeProof(name, readBoard(board), backEnd, PROOF_LIMITS[backEnd]));
    }
  }
  return figures;
}

/**
 * How proofs about the spec grow: with the memories of each partition, and with the partitions.
 * These configurations have a core for each partition, and no devices.
 */
export async function measureProofGrowth(isQuick: boolean): Promise<Figure[]> {
  const sizes: (readonly [number, number])[] = [
    [2, 10],
    [2, 40],
    [2, 160],
    [4, 40],
    [8, 40],
  ];
  const figures: Figure[] = [];
  for (const [partitions, each] of isQuick ? sizes : [...sizes, [16, 40] as const]) {
    const regions = partitions * each;
    const configuration = createLargeConfiguration({ partitions, regions, devices: 0 });
    const limit = partitions === 16 ? 120 : undefined;
    const name = `prove ${partitions} partitions x ${each} memories`;
    figures.push(await timeProof(name, configuration, 'wasm', limit));
  }
  return figures;
}

async function timeProof(
  name: string,
  configuration: StaticConfiguration,
  backEnd: BackEnd,
  limit: number | undefined,
): Promise<Figure> {
  const solver = createSolver({ solver: backEnd, jobs: 2 });
  try {
    const begin = performance.now();
    const tables = await proveConfiguration(configuration, { solver });
    const results = [...tables, ...(await proveSpec(configuration, { solver }))];
    const seconds = (performance.now() - begin) / 1000;
    const discharged = results.filter(({ status }) => status === 'discharged').length;
    const simplified = results.filter((result) => result.solver === SIMPLIFIER).length;
    const remark = `${discharged} of ${results.length} discharged, ${simplified} by simplification`;
    return below(name, seconds, 's', limit, remark);
  } finally {
    await solver.close();
  }
}

/** Files with transitions: what is lifted when the whole spec is. */
const SPEC_FILE = /^model\/(?!configuration|machine|plan|regions|units|actions|outcome|registers)/;

/** Reading the whole spec to run it symbolically, and the terms of every obligation about it. */
export function measureLifting(): Figure[] {
  const begin = performance.now();
  const sources = readSources();
  const lifter = createLifter(sources);
  for (const file of sources.keys()) {
    if (SPEC_FILE.test(file) && file !== 'model/memory.ts' && file !== 'model/view.ts') {
      lifter.checkFile(file);
    }
  }
  const ms = performance.now() - begin;
  const boards = BOARDS.map((board) => {
    const start = performance.now();
    const count = listInductionObligations(readBoard(board)).length;
    const seconds = (performance.now() - start) / 1000;
    const remark = `${count} obligations about the spec, before any solver`;
    return below(`terms of ${board}`, seconds, 's', undefined, remark);
  });
  return [below('lift the whole spec', ms, 'ms', 500), ...boards];
}

/** Actions drawn before the clock starts. */
const ACTIONS = 20_000;
/** A random trace switches a core off sooner or later: each one starts with a fresh boot. */
const STEPS_PER_BOOT = 10_000;

/** Takes the actions one after the other; how many of them were done. */
function countDone(plan: Plan, boot: readonly Action[], actions: readonly Action[]): number {
  let done = 0;
  for (let start = 0; start < actions.length; start += STEPS_PER_BOOT) {
    const machine = createMachine(plan);
    for (const action of boot) step(plan, machine, action);
    for (const action of actions.slice(start, start + STEPS_PER_BOOT)) {
      if (step(plan, machine, action) === 'DONE') done += 1;
    }
  }
  return done;
}

/** The spec alone: a plain loop over random actions that were drawn before, nothing watching. */
export function measureSpec({ rateMs }: Effort): Figure[] {
  return BOARDS.map((board) => {
    const plan = createPlan(readBoard(board));
    const boot = listBootActions(plan);
    // Copied, because fast-check makes records without a prototype, which V8 keeps in dictionaries.
    const drawn = fc.sample(actionArbitrary(plan), { numRuns: ACTIONS, seed: 1 });
    const actions = drawn.map((action) => ({ ...action }));
    let [steps, done] = [0, 0];
    const begin = performance.now();
    let elapsedMs = 0;
    while (elapsedMs < rateMs) {
      done += countDone(plan, boot, actions);
      steps += actions.length;
      elapsedMs = performance.now() - begin;
    }
    const rate = steps / elapsedMs / 1000;
    const share = Math.round((100 * done) / steps);
    const remark = `one core, ${share} % of the actions DONE, a boot every ${STEPS_PER_BOOT}`;
    return atLeast(`the spec alone, ${board}`, rate, 'M steps/s', 5, remark);
  });
}
