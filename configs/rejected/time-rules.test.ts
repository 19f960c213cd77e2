import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, test } from 'vitest';

import { readConfigurationText } from '../../formats/read.ts';
import type { Finding } from '../../properties/findings.ts';
import { checkConfiguration } from '../../properties/rules/check.ts';
import { REJECTED } from './generate.ts';

type Edit = readonly [from: string, to: string];

/** What the rules say about a good configuration with edits, each found there once. */
function check(name: string, edits: readonly Edit[]): Finding[] {
  let text = readFileSync(join(REJECTED, name), 'utf8').replaceAll('\r\n', '\n');
  for (const [from, to] of edits) {
    if (text.split(from).length !== 2) throw new Error(`${from} is not once in ${name}`);
    text = text.replace(from, () => to);
  }
  const read = readConfigurationText(text, join(REJECTED, name));
  if (read.kind === 'invalid') throw new Error(JSON.stringify(read.diagnostics, null, 1));
  return checkConfiguration(read.loaded.configuration);
}

function codesOf(name: string, ...edits: readonly Edit[]): string[] {
  return check(name, edits).map(({ code }) => code);
}

const inTable = (...edits: readonly Edit[]): string[] => codesOf('good-table.yaml', ...edits);
const inBudgets = (...edits: readonly Edit[]): string[] => codesOf('good.yaml', ...edits);

/** The good budget of rtos changed. */
function budgetOf(ns: number): Edit {
  return ['budget: 1ms', `budget: ${ns}ns`];
}

/** The rate of the first line of rtos changed. */
function rateOf(jitter: number, distance: number): Edit {
  const changed = `distance: ${distance}ns, jitter: ${jitter}ns`;
  return ['distance: 100us, jitter: 1ms', changed];
}

describe('slots of a table', () => {
  const LINUX = '{ partition: linux, start: 1ms, duration: 4ms }';

  test('may touch, and may not share a tick', () => {
    expect(inTable(['start: 6ms, duration: 2ms', 'start: 5ms, duration: 2ms'])).toEqual([]);
    expect(inTable(['start: 6ms, duration: 2ms', 'start: 4999984ns, duration: 2ms'])).toEqual([
      'CPU-TABLE-OVERLAP',
    ]);
  });

  test('are compared with the one that ends last, not only with the one before', () => {
    const [long, inside] = ['start: 1ms, duration: 8ms', 'start: 2ms, duration: 1ms'];
    const edits: Edit[] = [
      ['start: 1ms, duration: 4ms', long],
      [
        'start: 6ms, duration: 2ms',
        `${inside} }\n      - { partition: rtos, start: 8ms, duration: 1ms`,
      ],
    ];
    expect(inTable(...edits)).toEqual(['CPU-TABLE-OVERLAP', 'CPU-TABLE-OVERLAP']);
  });

  test('that are not in the order of time are refused', () => {
    const rtos = '{ partition: rtos, start: 6ms, duration: 2ms }';
    const found = inTable([`${LINUX}\n      - ${rtos}`, `${rtos}\n      - ${LINUX}`]);
    expect(found).toEqual(['CPU-TABLE-OVERLAP']);
  });

  test('may end with the frame, and not a tick later', () => {
    expect(inTable(['start: 6ms, duration: 2ms', 'start: 6ms, duration: 4ms'])).toEqual([]);
    expect(inTable(['start: 6ms, duration: 2ms', 'start: 6ms, duration: 4000016ns'])).toEqual([
      'CPU-TABLE-FRAME',
    ]);
    expect(inTable(['frame: 10ms', 'frame: 0ms'])).toContain('CPU-TABLE-FRAME');
  });

  test('are one tick longer than context switch and reload at least', () => {
    const [full, long] = ['start: 0us, duration: 15008ns', 'start: 0us, duration: 15024ns'];
    expect(inTable(['start: 0us, duration: 1ms', full])).toEqual(['CPU-TABLE-SHORT']);
    expect(inTable(['start: 0us, duration: 1ms', long])).toEqual([]);
    expect(inTable(['start: 0us, duration: 1ms', full], ['reload: 10us, ', ''])).toEqual([]);
  });

  test('for a partition without a cpu on the core are refused, as is a cpu without a slot', () => {
    const alone = inTable(['      - { core: 2, slack: true }\n', '']);
    expect(alone).toEqual(['CPU-ALONE', 'CPU-TABLE-PARTITION']);
    expect(inTable([LINUX, LINUX.replace('linux', 'rtos')])).toEqual(['CPU-TABLE-PARTITION']);
  });

  test('are whole ticks, and so is the frame', () => {
    expect(inTable(['frame: 10ms', 'frame: 10000001ns'])).toEqual(['CPU-TICKS']);
    expect(inTable(['start: 6ms', 'start: 6000001ns'])).toEqual(['CPU-TICKS']);
    expect(inTable(['duration: 4ms', 'duration: 3999999ns'])).toEqual(['CPU-TICKS']);
  });

  test('are said of by rules of tables only, not by those of budgets', () => {
    const tiny = inTable(['start: 0us, duration: 1ms', 'start: 0us, duration: 0ms']);
    expect(tiny).toEqual(['CPU-TABLE-SHORT']);
    const whole = inTable(['start: 1ms, duration: 4ms', 'start: 1ms, duration: 9ms']);
    expect(whole).toEqual(['CPU-TABLE-OVERLAP']);
  });
});

describe('costs and arrivals', () => {
  test('a budget exceeds two context switches and a reload', () => {
    const reload: Edit = ['timer: 2us', 'reload: 990us, timer: 2us'];
    expect(inBudgets(reload)).toEqual(['CPU-BUDGET-MINIMUM']);
    expect(inBudgets(['timer: 2us', 'reload: 989us, timer: 2us'])).toEqual([]);
    const [found] = check('good.yaml', [reload]);
    expect(found?.related.map(({ at }) => at.at(-1))).toEqual(['context-switch', 'reload']);
  });

  test('a budget covers an activation in whole ticks, each part rounded up', () => {
    const overheads: Edit = ['context-switch: 5us', 'context-switch: 1ns, reload: 1ns'];
    const tasks: Edit = ['wcet: 300us, period: 20ms', 'wcet: 10ns, period: 20ms'];
    const other: Edit = ['wcet: 100us', 'wcet: 10ns'];
    const delay: Edit = [', max-delay: 9ms', ''];
    expect(inBudgets(overheads, budgetOf(32), tasks, other, delay)).toEqual(['CPU-BUDGET-MINIMUM']);
    expect(inBudgets(overheads, budgetOf(48), tasks, other, delay)).toEqual([]);
  });

  test.each([
    ['jitter of a task', 'jitter: 80us', 'jitter: 80001ns'],
    ['blocking of a task', 'blocking: 16us', 'blocking: 16001ns'],
    ['distance of a line', 'distance: 100us', 'distance: 100001ns'],
    ['jitter of a line', 'jitter: 1ms', 'jitter: 1000001ns'],
    [
      'period of a regulation',
      '{ core: 3, accesses: 500, period: 1ms',
      '{ core: 3, accesses: 500, period: 1000001ns',
    ],
  ])('%s is whole ticks', (_what, from, to) => {
    expect(inTable([from, to])).toEqual(['CPU-TICKS']);
  });

  test('interrupts in a period cost at most the budget', () => {
    // 3 ms in each 10 ms: 1500 of 2 us fit, whatever their jitter is.
    const alone: Edit = ['      - { irq: 40, distance: 1ms }\n', ''];
    expect(inTable(rateOf(2_000_000, 8_000), alone)).toEqual([]);
    expect(inTable(rateOf(2_000_016, 8_000), alone)).toEqual(['CPU-RATE-DEMAND']);
    expect(inTable(rateOf(2_000_000, 8_000))).toEqual(['CPU-RATE-DEMAND']);
    // As the proof of time.interrupt-demand fails: rates are the configuration's own promise.
    expect(check('good-table.yaml', [rateOf(2_000_000, 8_000)])[0]?.severity).toBe('error');
  });

  test('an interrupt costs whole ticks, as the proof counts them', () => {
    // 1,985 ns are 124.06 ticks: 1500 of 125 are the budget of 3 ms, and of 124 would be less.
    const alone: Edit = ['      - { irq: 40, distance: 1ms }\n', ''];
    const cost: Edit = ['interrupt: 2us', 'interrupt: 1985ns'];
    expect(inTable(rateOf(2_000_000, 8_000), alone, cost)).toEqual([]);
    expect(inTable(rateOf(2_000_016, 8_000), alone, cost)).toEqual(['CPU-RATE-DEMAND']);
  });

  test('a latency is for a partition that something interrupts', () => {
    const latency: Edit = ['max-delay: 9ms', 'max-delay: 9ms, max-latency: 9ms'];
    const contract: Edit = ['max-delay: 9ms', 'max-delay: 9ms, in-contract: true'];
    const none: Edit = ['[uart1, gpio, nic]', '[]'];
    expect(inBudgets(latency)).toEqual([]);
    expect(inBudgets(latency, none)).toEqual(['CPU-LATENCY-LINE']);
    expect(inBudgets(contract, none)).toEqual(['CPU-LATENCY-LINE']);
    const linux: Edit = ['{ core: 1 }', '{ core: 1, max-latency: 1ms }'];
    expect(inBudgets(linux, ['[uart0, rtc, nvme]', '[]'])).toEqual([]);
  });

  test('tasks by deadline need no different priorities', () => {
    expect(inTable()).toEqual([]);
    expect(
      inTable(
        [', tasks-policy: edf', ''],
        ['jitter: 80us', 'priority: 1'],
        ['blocking: 16us', 'priority: 1'],
      ),
    ).toEqual(['CPU-TASK-PRIORITY']);
  });
});

describe('bandwidth', () => {
  const CORE_3 = '{ core: 3, accesses: 500, period: 1ms, access-min: 50ns, access-max: 200ns }';

  test('of all cores fits the shortest period, whatever the others have', () => {
    const [longer, more] = [CORE_3.replace('1ms', '2ms'), CORE_3.replace('1ms', '1984us')];
    expect(inTable([CORE_3, longer])).toEqual([]);
    // A longer period of its own does not make room for what may come at once.
    expect(inTable([CORE_3, more.replace('500', '501')])).toEqual(['CPU-BANDWIDTH-TOTAL']);
  });

  test('is added exactly where a product leaves 2^53', () => {
    const huge = CORE_3.replace('500', '4294967295').replace('200ns', '2097153ns');
    const [range, total] = check('good-table.yaml', [[CORE_3, huge]]);
    expect([range?.code, total?.code]).toEqual(['CPU-BANDWIDTH-RANGE', 'CPU-BANDWIDTH-TOTAL']);
    expect(range?.message).toContain('found 9007203547611135ns');
  });

  test('has at least one access, of some duration, in order', () => {
    expect(inTable([CORE_3, CORE_3.replace('500', '0')])).toEqual(['CPU-BANDWIDTH-RANGE']);
    expect(inTable([CORE_3, CORE_3.replace('50ns', '0ns')])).toEqual(['CPU-BANDWIDTH-RANGE']);
    expect(inTable([CORE_3, CORE_3.replace('50ns', '200ns')])).toEqual([]);
    expect(inTable([CORE_3, CORE_3.replace('1ms', '96us')])).toContain('CPU-BANDWIDTH-RANGE');
  });

  test('is for cores under EL2', () => {
    const found = inTable([CORE_3, `${CORE_3}\n  - ${CORE_3.replace('core: 3', 'core: 4')}`]);
    expect(found).toEqual(['CPU-BANDWIDTH-CORE', 'CPU-BANDWIDTH-TOTAL']);
  });

  test('is missed where a task on a regulated core says nothing of accesses', () => {
    expect(inTable([', accesses: 200 }', ' }'])).toEqual(['CPU-TASK-ACCESSES']);
  });

  test('that nobody states asks for nothing', () => {
    expect(inBudgets()).toEqual([]);
  });
});
