import { describe, expect, test } from 'vitest';

import { chooseStyle, PLAIN } from './style.ts';
import { createConfigurationReport, createObligation, createReport } from './sample.ts';
import { SAMPLE_DIAGNOSTIC } from './sample.ts';
import { renderTerminal } from './terminal.ts';

const LOUD = { style: PLAIN, quiet: false };
const QUIET = { style: PLAIN, quiet: true };

describe('the terminal report', () => {
  test('of a configuration that holds is one summary', () => {
    expect(renderTerminal(createReport(createConfigurationReport()), LOUD)).toBe(
      `a.yaml on qemu-virt: holds (3.24 s)
  rules       12 hold | MEM 12
  obligations 1 of 1 discharged (1 by z3 5.2.0 (wasm))
              MEM 1
  bounds      partition  core  kind         bound  required  margin  witnessed  method
              rtos          2  delay  5.038416 ms      8 ms    37 %  5.0384 ms  closed
              costs of EL2 as configured
              the bus is left out
  fuzz        seed 7, 2 M steps (2 M steps/s), no counterexample
`,
    );
  });

  test('names every obligation that did not pass, and why', () => {
    const obligations = [createObligation('discharged'), createObligation('unknown', 'dma.x')];
    const text = renderTerminal(createReport(createConfigurationReport({ obligations })), LOUD);
    expect(text).toContain('unknown[dma.x]: no page has two owners\n  timeout');
    expect(text).toContain('a.yaml on qemu-virt: INCONCLUSIVE');
    expect(text).toContain('1 of 2 discharged (1 by z3 5.2.0 (wasm)), 1 unknown');
  });

  test('advises more steps only where more steps can judge', () => {
    const { fuzz } = createConfigurationReport();
    if (fuzz === null) throw new Error('the sample has a fuzz run');
    const neverJudged = ['memory.rights', 'time.delay'];
    const render = (isUnbounded: boolean): string => {
      const run = { ...fuzz, neverJudged, isUnbounded };
      return renderTerminal(createReport(createConfigurationReport({ fuzz: run })), LOUD);
    };
    expect(render(false)).toContain('try more steps: memory.rights, time.delay');
    expect(render(true)).toContain('try more steps: memory.rights\n');
    expect(render(true)).toContain('time.delay never judged: no delay here has a bound');
  });

  test('shows 50 diagnostics and counts the rest', () => {
    const diagnostics = Array.from({ length: 53 }, () => SAMPLE_DIAGNOSTIC);
    const text = renderTerminal(createReport(createConfigurationReport({ diagnostics })), LOUD);
    expect(text.match(/^error\[MEM-OVERLAP\]/gm)).toHaveLength(50);
    expect(text).toContain('... and 3 more');
  });

  test('of several configurations ends with their number by verdict', () => {
    const bad = createConfigurationReport({ file: 'b.yaml', diagnostics: [SAMPLE_DIAGNOSTIC] });
    const text = renderTerminal(createReport(createConfigurationReport(), bad), LOUD);
    expect(text).toContain('2 configurations: 1 holds, 1 VIOLATED');
  });

  test('says nothing when quiet and all holds, and everything that fails otherwise', () => {
    const bad = createConfigurationReport({ file: 'b.yaml', diagnostics: [SAMPLE_DIAGNOSTIC] });
    expect(renderTerminal(createReport(createConfigurationReport()), QUIET)).toBe('');
    const text = renderTerminal(createReport(createConfigurationReport(), bad), QUIET);
    expect(text).toContain('error[MEM-OVERLAP]');
    expect(text).not.toContain('a.yaml on');
  });

  test('tells a bound that misses its requirement from one that meets it', () => {
    const row = { partition: 'p', core: 0, task: 'control', kind: 'response' };
    const bounds = [
      { ...row, boundNs: null, requiredNs: 10, witnessedNs: null, unwitnessed: null, method: null },
    ];
    const text = renderTerminal(createReport(createConfigurationReport({ bounds })), LOUD);
    expect(text).toMatch(/p\/control +0 +response +unbounded +10 ns +-/);
  });
});

describe('colour', () => {
  test('is there only on a terminal, unless it is forced', () => {
    expect(chooseStyle('auto', false, {})).toBe(PLAIN);
    expect(chooseStyle('auto', true, {}).bad('x')).not.toBe('x');
    expect(chooseStyle('always', false, {}).bad('x')).not.toBe('x');
    expect(chooseStyle('never', true, {})).toBe(PLAIN);
  });

  test('obeys NO_COLOR where it is not empty, and --color=always over it', () => {
    expect(chooseStyle('auto', true, { NO_COLOR: '1' })).toBe(PLAIN);
    expect(chooseStyle('auto', true, { NO_COLOR: '' })).not.toBe(PLAIN);
    expect(chooseStyle('auto', true, { TERM: 'dumb' })).toBe(PLAIN);
    expect(chooseStyle('always', true, { NO_COLOR: '1' })).not.toBe(PLAIN);
  });
});
