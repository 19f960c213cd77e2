import { describe, expect, test } from 'vitest';
import { computeBounds } from './bounds.ts';
import { listDelayBounds } from './delay-bounds.ts';
import { createExampleCore, type ExampleMember } from './example-core.ts';

const HIGH: ExampleMember = { name: 'high', share: [2, 8], priority: 2 };
const LOW: ExampleMember = { name: 'low', share: [3, 16], priority: 1, phase: 2 };

describe('the bounds that runs are held against', () => {
  test('are the least of all methods, of a tick, of a budget and of an interrupt', () => {
    const configuration = createExampleCore([HIGH, LOW], { interrupt: 1 });
    expect(listDelayBounds(configuration)).toEqual([
      { partition: 0, core: 0, kind: 'delay', demand: 1, ticks: 8 },
      { partition: 0, core: 0, kind: 'full-budget', demand: 2, ticks: 9 },
      { partition: 0, core: 0, kind: 'latency', demand: 1, ticks: 9 },
      { partition: 1, core: 0, kind: 'delay', demand: 1, ticks: 16 },
      { partition: 1, core: 0, kind: 'full-budget', demand: 3, ticks: 18 },
      { partition: 1, core: 0, kind: 'latency', demand: 1, ticks: 17 },
    ]);
    const [, closed] = computeBounds(configuration);
    expect(closed?.boundTicks).toBe(18);
  });

  test('are of any instant, also where a latency is promised in contract alone', () => {
    const [promised, any] = [true, false].map((inContract) =>
      listDelayBounds(createExampleCore([HIGH, { ...LOW, inContract }], { interrupt: 1 })),
    );
    expect(promised).toEqual(any);
  });

  test('leave out who has a core whole, and whoever has no bound', () => {
    expect(listDelayBounds(createExampleCore([{ name: 'whole', share: null }]))).toEqual([]);
    const greedy: ExampleMember = { name: 'greedy', share: [8, 8], priority: 2 };
    const partitions = listDelayBounds(createExampleCore([greedy, LOW]));
    expect(new Set(partitions.map(({ partition }) => partition))).toEqual(new Set([0]));
  });
});
