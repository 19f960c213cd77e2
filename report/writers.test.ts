import { describe, expect, test } from 'vitest';

import { formatCount, formatMargin, formatMilliseconds, formatNanoseconds } from './duration.ts';
import { toHtml } from './html.ts';
import { toErrorJson, toJson, toPlain } from './json.ts';
import { toJunit } from './junit.ts';
import { toSarif } from './sarif.ts';
import {
  createConfigurationReport,
  createObligation,
  createReport,
  SAMPLE_DIAGNOSTIC,
} from './sample.ts';

const BAD = createConfigurationReport({
  file: 'dir with space/<b>&.yaml',
  diagnostics: [{ ...SAMPLE_DIAGNOSTIC, message: 'a < b & "c"\u0000' }],
  obligations: [createObligation('refuted'), createObligation('unknown', 'memory.other')],
});

describe('JSON', () => {
  test('has the fields of schema 1 for every configuration', () => {
    const json = toJson(createReport(createConfigurationReport()));
    expect(json).toMatchObject({
      schema: 1,
      command: 'verify',
      configs: [
        {
          file: 'a.yaml',
          platform: 'qemu-virt',
          verdict: 'holds',
          diagnostics: [],
          obligations: [{ area: 'MEM', id: 'memory.exclusive', status: 'discharged', ms: 12.346 }],
          bounds: [
            {
              partition: 'rtos',
              core: 2,
              kind: 'delay',
              bound_ns: 5_038_416,
              required_ns: 8_000_000,
              witnessed_ns: 5_038_400,
              method: 'closed',
            },
          ],
          fuzz: { seed: 7, steps: 2_000_000, steps_per_second: 2_000_000, counterexamples: [] },
        },
      ],
    });
  });

  test('gives each diagnostic its area and both places', () => {
    const report = createConfigurationReport({ diagnostics: [SAMPLE_DIAGNOSTIC] });
    expect(toJson(createReport(report))).toMatchObject({
      configs: [
        {
          verdict: 'violated',
          diagnostics: [
            {
              area: 'MEM',
              code: 'MEM-OVERLAP',
              at: { file: 'a.yaml', line: 8, column: 9 },
              related: [{ at: { line: 5 } }],
            },
          ],
        },
      ],
    });
  });

  test('has an empty list of configurations beside the error of a wrong usage', () => {
    const error = { code: 'CFG-USAGE', message: 'm', help: 'h' };
    expect(toErrorJson('check', '0.1.0', error)).toMatchObject({
      schema: 1,
      configs: [],
      error: { area: 'CFG', code: 'CFG-USAGE', message: 'm' },
    });
  });

  test('turns words into hexadecimal strings and what JSON lacks into null', () => {
    expect(toPlain({ a: 255n, b: Number.NaN, c: [undefined], d: new Map([['k', 1]]) })).toEqual({
      a: '0xff',
      b: null,
      c: [null],
      d: { k: 1 },
    });
  });
});

describe('SARIF', () => {
  test('is version 2.1.0 with one result per problem, each naming its rule by index', () => {
    const log = toSarif(createReport(BAD)) as {
      version: string;
      runs: {
        tool: { driver: { rules: { id: string }[] } };
        results: { ruleId: string; ruleIndex: number; level: string }[];
      }[];
    };
    expect(log.version).toBe('2.1.0');
    const [run] = log.runs;
    expect(run?.results.map(({ ruleId, level }) => [ruleId, level])).toEqual([
      ['MEM-OVERLAP', 'error'],
      ['memory.exclusive', 'error'],
      ['memory.other', 'warning'],
    ]);
    for (const { ruleId, ruleIndex } of run?.results ?? []) {
      expect(run?.tool.driver.rules[ruleIndex]?.id).toBe(ruleId);
    }
  });

  test('escapes relative file names as URI references', () => {
    expect(JSON.stringify(toSarif(createReport(BAD)))).toContain(
      '"uri":"dir%20with%20space/%3Cb%3E%26.yaml"',
    );
  });
});

describe('JUnit', () => {
  test('counts violations as failures and what was not decided as errors', () => {
    const xml = toJunit(createReport(BAD));
    expect(xml).toMatch(/<testsuite name="[^"]*" tests="5" failures="2" errors="1" skipped="0"/);
  });

  test('never passes a configuration that was interrupted', () => {
    const xml = toJunit(createReport(createConfigurationReport({ interrupted: true })));
    expect(xml).toContain('errors="1"');
  });

  test('escapes markup and drops what XML forbids', () => {
    const xml = toJunit(createReport(BAD));
    expect(xml).toContain('a &lt; b &amp; &quot;c&quot;\uFFFD');
    expect(xml).not.toContain('\u0000');
  });
});

describe('HTML', () => {
  test('is one page that asks nothing of the network and runs nothing', () => {
    const html = toHtml(createReport(BAD));
    expect(html).toContain('<!doctype html>');
    expect(html).not.toMatch(/<script|<link|src=|https?:/);
  });

  test('shows names from the input as text', () => {
    expect(toHtml(createReport(BAD))).toContain('&lt;b&gt;&amp;.yaml');
    expect(toHtml(createReport(BAD))).not.toContain('<b>');
  });
});

describe('numbers', () => {
  test('of nanoseconds are exact', () => {
    expect([800, 20_500, 5_038_416, 1_250_000_000, 1_000_000].map(formatNanoseconds)).toEqual([
      '800 ns',
      '20.5 us',
      '5.038416 ms',
      '1.25 s',
      '1 ms',
    ]);
  });

  test('of a person have three digits', () => {
    expect([6.6, 3_241].map(formatMilliseconds)).toEqual(['7 ms', '3.24 s']);
    expect([950, 12_500, 1_234_567].map(formatCount)).toEqual(['950', '12.5 k', '1.23 M']);
  });

  test('of a margin are rounded down, so that no margin is overstated', () => {
    expect(formatMargin(5_038_416, 8_000_000)).toBe('37 %');
    expect(formatMargin(8_000_001, 8_000_000)).toBe('-1 %');
  });
});
