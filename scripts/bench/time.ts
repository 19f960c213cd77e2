/** Measures of what is proved about time. */

import type { StaticConfiguration } from '../../model/configuration.ts';
import { listTimeObligations } from '../../solver/obligations/time.ts';
import { proveObligations } from '../../solver/prove.ts';
import { createZ3Solver } from '../../solver/smt/z3.ts';
import { computeTaskBounds } from '../../solver/timing/bounds.ts';
import { computeCoreBounds } from '../../solver/timing/core-bounds.ts';
import { below, computeMedian, type Figure } from './figure.ts';
import { BOARDS, readBoard } from './measures.ts';
import { createSharedCores } from './time-cores.ts';

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

/** Obligations about time of both boards, of many reservations, and of ever shorter ticks. */
export async function measureTimeProofs(): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const board of BOARDS) {
    figures.push(await timeProof(`prove time, ${board}`, readBoard(board), 3));
  }
  const many = createSharedCores(8, TIMER_HZ);
  figures.push(await timeProof('prove time, 64 reservations on 8 cores', many, 10));
  for (const scale of [1, 1000, 1_000_000]) {
    const shared = createSharedCores(1, 1_000_000 * scale);
    figures.push(await timeProof(`prove time, 8 on a core, ticks x ${scale}`, shared));
  }
  return figures;
}

/** Every bound of both boards, without a solver, in a process that has done it often. */
export function measureBounds(): Figure[] {
  return BOARDS.map((board) => {
    const configuration = readBoard(board);
    const times = Array.from({ length: 60 }, () => {
      const begin = performance.now();
      computeCoreBounds(configuration);
      computeTaskBounds(configuration);
      return performance.now() - begin;
    });
    return below(`bounds ${board}, warm`, computeMedian(times.slice(-20)), 'ms', 50, 'no solver');
  });
}
