import { describe, expect, test } from 'vitest';

import { type Chart, renderGantt } from './gantt.ts';

const SMALL: Chart = {
  rows: [
    { name: 'rtos', replenished: [10], ready: [{ from: 2, to: 13 }] },
    { name: 'linux', replenished: [0], ready: [{ from: 0, to: 13 }] },
  ],
  stretches: [
    { from: 0, to: 2, by: 0, kind: 'run' },
    { from: 2, to: 3, by: 1, kind: 'activation' },
    { from: 3, to: 9, by: 1, kind: 'run' },
    { from: 9, to: 11, by: 1, kind: 'section' },
    { from: 11, to: 12, by: 0, kind: 'activation' },
    { from: 12, to: 13, by: 0, kind: 'run' },
  ],
  waiter: 0,
  wait: { from: 2, to: 13 },
};

/** The same a thousand times as long. */
function stretch(chart: Chart, factor: number): Chart {
  const scale = <Span extends { readonly from: number; readonly to: number }>(
    span: Span,
  ): Span => ({
    ...span,
    from: span.from * factor,
    to: span.to * factor,
  });
  return {
    ...chart,
    rows: chart.rows.map((row) => ({
      ...row,
      replenished: row.replenished.map((at) => at * factor),
      ready: row.ready.map(scale),
    })),
    stretches: chart.stretches.map(scale),
    wait: scale(chart.wait),
  };
}

describe('a chart', () => {
  test('of a few ticks has a column for each of them', () => {
    expect(renderGantt(SMALL)).toEqual([
      'rtos   ##........|a#',
      'linux  |.a######ss..',
      '         ^ready    ^served',
      '(a column is a tick, s section of EL2 for it, a switch to it, # runs, . ready, ' +
        '| budget comes back)',
      'ticks since rtos is ready:',
      '    [0, 1)  linux is switched to',
      '    [1, 7)  linux runs',
      '    [7, 9)  linux has a section of EL2',
      '   [9, 10)  rtos is switched to',
      '  [10, 11)  rtos runs',
    ]);
  });

  test.each([1, 7, 1_000, 123_457])('of ticks times %i fits 100 columns', (factor) => {
    const lines = renderGantt(stretch(SMALL, factor));
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(100);
    expect(lines[0]).toMatch(/^rtos .*#$/);
  });

  test('of many stretches lists the first ones and the last, and counts the rest', () => {
    const stretches = Array.from({ length: 100 }, (_, from) => ({
      from,
      to: from + 1,
      by: from % 2,
      kind: 'run' as const,
    }));
    const lines = renderGantt({ ...SMALL, stretches, waiter: 1, wait: { from: 0, to: 100 } });
    expect(lines.at(-2)).toBe('  ... 60 more');
    expect(lines.at(-1)).toBe('  [99, 100)  linux runs');
  });
});
