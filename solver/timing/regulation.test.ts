import { describe, expect, it } from 'vitest';

import {
  computeAccessTime,
  computeRegulatedTime,
  type RegulationTicks,
  toStallTask,
} from './regulation.ts';

/** Longest time by trying every start, every order of work and accesses, every length of access. */
function search(regulation: RegulationTicks, all: number, accesses: number): number {
  const { accesses: allowed, period, accessMin, accessMax } = regulation;
  const memo = new Map<string, number>();
  const run = (at: number, used: number, work: number, left: number): number => {
    if (work === 0 && left === 0) return 0;
    const key = [at, used, work, left].join();
    const known = memo.get(key);
    if (known !== undefined) return known;
    const pass = (ticks: number, count: number): readonly [number, number] =>
      at + ticks >= period ? [(at + ticks) % period, 0] : [at + ticks, count];
    let worst = 0;
    if (used === allowed) worst = period - at + run(0, 0, work, left);
    else if (work > 0) worst = 1 + run(...pass(1, used), work - 1, left);
    if (left > 0 && used < allowed) {
      for (let ticks = accessMin; ticks <= accessMax; ticks += 1) {
        worst = Math.max(worst, ticks + run(...pass(ticks, used + 1), work, left - 1));
      }
    }
    memo.set(key, worst);
    return worst;
  };
  let worst = 0;
  for (let at = 0; at < period; at += 1) {
    const most = Math.min(allowed, Math.floor(at / Math.max(1, accessMin)));
    for (let used = 0; used <= most; used += 1) {
      worst = Math.max(worst, run(at, used, all, accesses));
    }
  }
  return worst;
}

function listRegulations(accessMin: number, accessMax: number): RegulationTicks[] {
  const regulations: RegulationTicks[] = [];
  for (let accesses = 1; accesses <= 3; accesses += 1) {
    for (let more = 0; more <= 5; more += 1) {
      const period = accesses * accessMax + more;
      regulations.push({ accesses, period, accessMin, accessMax });
    }
  }
  return regulations;
}

describe('work on a core whose accesses are regulated', () => {
  it.each([1, 2, 3])('takes exactly as long as its bound where an access takes %d', (length) => {
    let compared = 0;
    for (const regulation of listRegulations(length, length)) {
      for (let work = 0; work <= 5; work += 1) {
        for (let accesses = 0; accesses <= 8; accesses += 1) {
          const bound = computeRegulatedTime(work, accesses, regulation);
          const exact = search(regulation, work, accesses);
          expect({ regulation, work, accesses, exact }).toEqual({
            regulation,
            work,
            accesses,
            exact: bound,
          });
          compared += 1;
        }
      }
    }
    expect(compared).toBe(18 * 6 * 9);
  });

  it.each([
    [1, 2],
    [1, 3],
    [2, 3],
  ])('never takes longer where an access takes between %d and %d', (shortest, longest) => {
    let attained = 0;
    for (const regulation of listRegulations(shortest, longest)) {
      for (let work = 0; work <= 4; work += 1) {
        for (let accesses = 0; accesses <= 7; accesses += 1) {
          const bound = computeRegulatedTime(work, accesses, regulation);
          const exact = search(regulation, work, accesses);
          expect({ regulation, work, accesses, exact, bound }).toSatisfy(
            (found: { exact: number }) => found.exact <= bound,
          );
          attained += Number(exact === bound);
        }
      }
    }
    expect(attained).toBeGreaterThan(100);
  });

  it('stalls once in each period at most where somebody else uses the core in between', () => {
    const regulation = { accesses: 4, period: 20, accessMin: 1, accessMax: 2 };
    expect(computeAccessTime(10, 3, regulation)).toBe(10 + 3 * 2);
    expect(toStallTask(regulation)).toEqual({ wcet: 16, period: 20, jitter: 20, blocking: 0 });
    expect(computeRegulatedTime(10, 3, regulation)).toBe(10 + 3 * 2 + 16);
    expect(computeRegulatedTime(10, 9, regulation)).toBe(10 + 9 * 2 + 16 + 2 * 12);
  });
});
