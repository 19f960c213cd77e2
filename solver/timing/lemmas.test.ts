import { afterAll, describe, expect, it } from 'vitest';

import type { IdlePolicy } from '../../model/configuration.ts';
import type { Term } from '../smt/term.ts';
import { createZ3Solver } from '../smt/z3.ts';
import { assumeThrottle, assumeWindow, refuteThrottle, refuteWindow } from './lemmas.ts';
import type { OverheadTicks, ReservationTicks } from './reservation.ts';

const solver = createZ3Solver({ jobs: 1 });
afterAll(() => solver.close());

async function check(assertions: readonly Term[]): Promise<string> {
  const answer = await solver.check({ assertions });
  return answer.status;
}

function createReservation(budget: number, period: number, idle: IdlePolicy): ReservationTicks {
  return { budget, period, idle, phase: 0, priority: 1 };
}

function createOverheads(overrun: number): OverheadTicks {
  return { section: overrun, overrun, activation: 0, timer: 0 };
}

const PARAMETERS = [
  [1, 1, 0],
  [2, 10, 0],
  [3, 10, 2],
  [10, 10, 3],
  [62_500, 312_500, 1376],
  [2, 10, 5],
  [8000 * 24, 20_000 * 24, 150],
] as const;

describe('the lemma of the throttled account', () => {
  it('holds for every budget, period, overrun and activation, and not one tick lower', async () => {
    expect(await check([...assumeThrottle(), refuteThrottle()])).toBe('unsat');
    expect(await check([...assumeThrottle(), refuteThrottle(1)])).toBe('sat');
  });
});

describe.each(['keep', 'burn', 'poll'] as const)('the lemma of a window under %s', (idle) => {
  it.each(PARAMETERS)(
    'holds for %d in every %d with %d overrun, and not one tick lower',
    async (budget, period, overrun) => {
      const reservation = createReservation(budget, period, idle);
      const overheads = createOverheads(overrun);
      expect(await check([...assumeWindow(), refuteWindow(reservation, overheads)])).toBe('unsat');
      expect(await check([...assumeWindow(), refuteWindow(reservation, overheads, 1)])).toBe('sat');
    },
  );
});
