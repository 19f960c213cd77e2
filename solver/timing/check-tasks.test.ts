import { describe, expect, it } from 'vitest';

import { checkDeadlines, checkJobs } from './check-tasks.ts';
import { type DeadlineTask, testTaskDeadlines } from './task-deadlines.ts';
import { DEDICATED, listJobResponses, type TaskTicks } from './tasks.ts';

function createTask(wcet: number, period: number, jitter = 0, blocking = 0): TaskTicks {
  return { wcet, period, jitter, blocking };
}

const whole = (demand: number): number => demand;

describe('jobs of a busy interval', () => {
  // Lehoczky 1990: the longest response is that of the fifth job.
  const [urgent, own] = [createTask(26, 70), createTask(62, 100)];
  const finishes = (listJobResponses(own, [urgent], DEDICATED) ?? []).map(({ finish }) => finish);

  it('are accepted to the deadline that the last-done one meets', () => {
    expect(finishes).toHaveLength(7);
    expect(checkJobs(own, [urgent], finishes, 118, whole)).toBeNull();
    expect(checkJobs(own, [urgent], finishes, 117, whole)).toContain('job 5 is done at');
  });

  it('are refused where one finishes a tick earlier, or the interval goes on', () => {
    for (const index of finishes.keys()) {
      const early = finishes.map((finish, other) => (other === index ? finish - 1 : finish));
      expect(checkJobs(own, [urgent], early, 118, whole)).toContain('is not done');
    }
    expect(checkJobs(own, [urgent], finishes.slice(0, -1), 118, whole)).toContain('goes on');
    expect(checkJobs(own, [urgent], [], 118, whole)).toContain('goes on');
  });

  it('are due by their jitter earlier, and done by their blocking later', () => {
    expect(checkJobs(createTask(3, 10, 2), [], [3], 5, whole)).toBeNull();
    expect(checkJobs(createTask(3, 10, 2), [], [3], 4, whole)).not.toBeNull();
    expect(checkJobs(createTask(3, 10, 0, 1), [], [3], 5, whole)).toContain('is not done');
  });

  it('are refused where the supply has no end', () => {
    expect(checkJobs(own, [urgent], finishes, 118, () => null)).toContain('is not done');
  });
});

describe('deadlines of a busy interval', () => {
  it('are judged as by the walk from the last one downwards', () => {
    let state = 3;
    const random = (below: number): number => {
      state = (state * 48_271) % 2_147_483_647;
      return state % below;
    };
    const verdicts = { met: 0, late: 0 };
    for (let run = 0; run < 600; run += 1) {
      const tasks = Array.from({ length: 3 }, (): DeadlineTask => {
        const period = 8 + random(20);
        const wcet = 1 + random(Math.floor(period / 4));
        const jitter = random(3);
        return { ...createTask(wcet, period, jitter, random(3)), deadline: period - random(12) };
      });
      const system = run % 2 === 0 ? [] : [createTask(1, 15, 2)];
      const verdict = testTaskDeadlines(tasks, system, DEDICATED);
      if (verdict !== 'met' && verdict !== 'late') continue;
      verdicts[verdict] += 1;
      const isMet = checkDeadlines(tasks, system, whole) === null;
      expect({ tasks, system, isMet }).toEqual({ tasks, system, isMet: verdict === 'met' });
    }
    expect(Math.min(verdicts.met, verdicts.late)).toBeGreaterThan(50);
  });
});
