/** Measures of what is proved about time. */

import type { StaticConfiguration } from '../../model/configuration.ts';
import { listTimeObligations } from '../../solver/obligations/time.ts';
import { proveObligations } from '../../solver/prove.ts';
import { createZ3Solver } from '../../solver/smt/z3.ts';
import { checkConfiguration } from '../../properties/rules/check.ts';
import { listBoundRows, listRefuted, listTimingRows, listWitnessedBounds } from '../timing.ts';
import { below, computeMedian, type Figure } from './figure.ts';
import { BOARDS, readBoard } from './measures.ts';
import { createSharedCores, PRIME_PERIODS } from './time-cores.ts';

const TIMER_HZ = 24_000_000;

/** All obligations about time, by the solver that ships, which is started for them. */
async function timeProof(
  name: string,
  configuration: StaticConfiguration,
  limit?: number,
): Promise<Figure> {
  const solver = createZ3Solver({ jobs: 2 });
  try {
    const begin = performance.now();
    const obligations = listTimeObligations(configuration);
    const results = await proveObligations(configuration, obligations, { solver, jobs: 2 });
    const seconds = (performance.now() - begin) / 1000;
    const discharged = results.filter(({ status }) => status === 'discharged').length;
    const remark = `${discharged} of ${results.length} discharged`;
    return below(name, seconds, 's', limit, remark);
  } finally {
    await solver.close();
  }
}

/** How much shorter ticks are made. */
const SCALES = [1, 100, 10_000, 1_000_000] as const;

/** The same configuration on a timer that is so many times faster. */
function speedUp(configuration: StaticConfiguration, scale: number): StaticConfiguration {
  const { platform } = configuration;
  return { ...configuration, platform: { ...platform, timerHz: platform.timerHz * scale } };
}

/** What the last figure of a series is of the first. */
function computeGrowth(name: string, series: readonly Figure[]): Figure {
  const growth = (series.at(-1)?.value ?? 0) / (series[0]?.value ?? 1);
  return below(name, growth, 'times', 2, 'the same obligations, numbers of six more digits');
}

/** Obligations about time of both boards, of many reservations, and of ever shorter ticks. */
export async function measureTimeProofs(): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const board of BOARDS) {
    figures.push(await timeProof(`prove time, ${board}`, readBoard(board), 3));
  }
  const many = createSharedCores(8, TIMER_HZ);
  figures.push(await timeProof('prove time, 64 reservations on 8 cores', many, 10));
  const primes = createSharedCores(8, TIMER_HZ, PRIME_PERIODS);
  figures.push(await timeProof('prove time, 64, no common periods', primes, 10));
  const subjects = [
    ...BOARDS.map((board) => [board, readBoard(board)] as const),
    ['8 on a core', createSharedCores(1, 1_000_000)] as const,
  ];
  for (const [name, configuration] of subjects) {
    const series: Figure[] = [];
    for (const scale of SCALES) {
      const title = `prove time, ${name}, ticks x ${scale}`;
      series.push(await timeProof(title, speedUp(configuration, scale)));
    }
    figures.push(...series, computeGrowth(`  growth over ticks x 10^6, ${name}`, series));
  }
  return figures;
}

/** Milliseconds that some work takes in a process that has done it often. */
function timeWarm(work: () => void): number {
  const times = Array.from({ length: 60 }, () => {
    const begin = performance.now();
    work();
    return performance.now() - begin;
  });
  return computeMedian(times.slice(-20));
}

/** What `haven bounds` computes of both boards, without a solver, warm: with and without runs. */
export function measureBounds(): Figure[] {
  return BOARDS.flatMap((board) => {
    const configuration = readBoard(board);
    const analyse = (isWitnessed: boolean) => (): void => {
      checkConfiguration(configuration);
      const bounds = listWitnessedBounds(configuration, isWitnessed);
      listRefuted(configuration);
      listBoundRows(configuration, bounds, true);
      listTimingRows(configuration, bounds);
    };
    const remark = 'rules, bounds, requirements; no solver';
    return [
      below(`haven bounds ${board}, warm, no runs`, timeWarm(analyse(false)), 'ms', 50, remark),
      below(`haven bounds ${board}, warm, with runs`, timeWarm(analyse(true)), 'ms', 50, remark),
    ];
  });
}
