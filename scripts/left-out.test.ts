import { describe, expect, test } from 'vitest';
import { createSharedCore, createSmallBoard } from '../model/testing/small-board.ts';
import { describeLeftOut } from './left-out.ts';
import { describeScope } from './timing.ts';

const LONG = { budget: 40, period: 100, priority: 2 } as const;

describe('what is said below the bounds', () => {
  test('names nobody where the induction covers every reservation', () => {
    expect(describeLeftOut(createSmallBoard())).toBe('');
    expect(describeLeftOut(createSmallBoard({ policy: 'table' }))).toBe('');
    const burning = { ...LONG, idle: 'burn' } as const;
    expect(describeLeftOut(createSmallBoard({ left: burning }))).toBe('');
  });

  test('names who is served by deadlines, whose budget is too short and who responds late', () => {
    expect(describeLeftOut(createSmallBoard({ policy: 'edf' }))).toContain(
      'the delay of left on core 1 (by deadlines nobody is more urgent for good), right on core 1',
    );
    // Z = 6 and o = 5.
    const short = createSharedCore([LONG, { budget: 11, period: 100, priority: 1 }], {
      section: 6,
    });
    expect(describeLeftOut(short)).toBe(
      ' Not proved of the scheduler itself, by formulas alone: the delay of guest1 on core 1 ' +
        '(a budget of 11 ticks is no more than the 11 that debt and one stay at EL2 can take, ' +
        'which leaves the whole core out).',
    );
    const late = createSharedCore([LONG, { budget: 20, period: 50, priority: 1 }]);
    expect(describeLeftOut(late)).toContain(
      'guest1 on core 1 (its response is longer than its period)',
    );
  });

  test('is part of the scope of every report with bounds', () => {
    const configuration = createSmallBoard({ policy: 'edf' });
    expect(describeScope(configuration).assumed).toContain(describeLeftOut(configuration));
  });
});
