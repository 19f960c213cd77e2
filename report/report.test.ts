import { describe, expect, test } from 'vitest';

import type { ObligationStatus } from '../solver/obligation.ts';
import { computeRuleTally, computeVerdict, computeWorst, EXIT_CODES } from './report.ts';
import type { Verdict } from './report.ts';
import { createConfigurationReport, createObligation, SAMPLE_DIAGNOSTIC } from './sample.ts';

describe('the verdict', () => {
  test('holds when every obligation is discharged and nothing else is said', () => {
    expect(computeVerdict(createConfigurationReport())).toBe('holds');
  });

  test('is violated by an error, not by a warning', () => {
    const warning = { ...SAMPLE_DIAGNOSTIC, severity: 'warning' as const };
    expect(computeVerdict(createConfigurationReport({ diagnostics: [warning] }))).toBe('holds');
    expect(computeVerdict(createConfigurationReport({ diagnostics: [SAMPLE_DIAGNOSTIC] }))).toBe(
      'violated',
    );
  });

  test.each<[ObligationStatus, string]>([
    ['refuted', 'violated'],
    ['spurious', 'inconclusive'],
    ['vacuous', 'inconclusive'],
    ['unknown', 'inconclusive'],
  ])('of an obligation that is %s is %s', (status, verdict) => {
    const obligations = [createObligation('discharged'), createObligation(status)];
    expect(computeVerdict(createConfigurationReport({ obligations }))).toBe(verdict);
  });

  test('is never holds where nothing was proved or no step taken', () => {
    expect(computeVerdict(createConfigurationReport({ obligations: [] }))).toBe('inconclusive');
    const { fuzz } = createConfigurationReport();
    if (fuzz === null) throw new Error('the sample has a fuzz run');
    expect(computeVerdict(createConfigurationReport({ fuzz: { ...fuzz, steps: 0 } }))).toBe(
      'inconclusive',
    );
  });

  test('is never holds after an interruption or a contradiction of our own', () => {
    expect(computeVerdict(createConfigurationReport({ interrupted: true }))).toBe('inconclusive');
    expect(computeVerdict(createConfigurationReport({ disagreements: ['x'] }))).toBe(
      'inconclusive',
    );
  });

  test('is violated by what the fuzzer found', () => {
    const fuzz = {
      seed: 1,
      steps: 9,
      ms: 1,
      coverage: {},
      neverDone: [],
      neverJudged: [],
      counterexamples: [],
      failures: ['memory.rights: …'],
    };
    expect(computeVerdict(createConfigurationReport({ fuzz }))).toBe('violated');
  });

  test('is undecided where a property never had anything to judge', () => {
    const { fuzz } = createConfigurationReport({});
    if (fuzz === null) throw new Error('the sample has a fuzz run');
    const idle = { ...fuzz, neverJudged: ['memory.rights'] };
    expect(computeVerdict(createConfigurationReport({ fuzz }))).toBe('holds');
    expect(computeVerdict(createConfigurationReport({ fuzz: idle }))).toBe('inconclusive');
  });

  test('is invalid before anything else', () => {
    const report = createConfigurationReport({ invalid: true, diagnostics: [SAMPLE_DIAGNOSTIC] });
    expect(computeVerdict(report)).toBe('invalid');
  });
});

function codes(verdicts: readonly Verdict[]): number {
  return EXIT_CODES[computeWorst(verdicts)];
}

test('of several verdicts the worst counts, in the order of exit codes 2, 1, 3, 0', () => {
  expect(codes(['holds', 'inconclusive', 'violated', 'invalid'])).toBe(2);
  expect(codes(['holds', 'inconclusive', 'violated'])).toBe(1);
  expect(codes(['holds', 'inconclusive'])).toBe(3);
  expect(codes(['holds', 'holds'])).toBe(0);
});

test('rules are counted by area, and as violated once however often they fire', () => {
  const rules = ['MEM-OVERLAP', 'MEM-ALIGNMENT', 'IRQ-RANGE'];
  expect(computeRuleTally(rules, [SAMPLE_DIAGNOSTIC, SAMPLE_DIAGNOSTIC])).toEqual([
    { area: 'MEM', rules: 2, violated: 1 },
    { area: 'IRQ', rules: 1, violated: 0 },
  ]);
});
