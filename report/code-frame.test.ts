import { describe, expect, test } from 'vitest';

import { renderDiagnostic } from './code-frame.ts';
import { SAMPLE_DIAGNOSTIC, SAMPLE_SOURCE } from './sample.ts';

const SOURCES = new Map([['a.yaml', SAMPLE_SOURCE]]);

function place(line: number, column: number, endColumn: number, endLine = line) {
  return { file: 'a.yaml', line, column, endLine, endColumn };
}

describe('a code frame', () => {
  test('shows both parties with their lines marked, and what to do', () => {
    expect(renderDiagnostic(SAMPLE_DIAGNOSTIC, SOURCES)).toBe(
      [
        'error[MEM-OVERLAP]: ram of rtos [0x67fff000, 0x68fff000) overlaps ram of linux',
        ' --> a.yaml:8:9',
        '  |',
        '8 |       - { name: ram, pa: 0x67fff000, size: 16MiB }',
        '  |         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^',
        ' ::: a.yaml:5:9',
        '  |',
        '5 |       - { name: ram, pa: 0x48000000, size: 512MiB }',
        `  |         ${'-'.repeat(43)} ram of linux [0x48000000, 0x68000000)`,
        '  |',
        '  = help: move one of them',
      ].join('\n'),
    );
  });

  test('marks to the end of the first line where the span goes on', () => {
    const diagnostic = { ...SAMPLE_DIAGNOSTIC, related: [], at: place(3, 5, 3, 5) };
    const lines = renderDiagnostic(diagnostic, SOURCES).split('\n');
    expect(lines.slice(3, 5)).toEqual(['3 |   - name: linux', '  |     ^^^^^^^^^^^']);
  });

  test('goes without the source where there is none, or no such line', () => {
    const diagnostic = { ...SAMPLE_DIAGNOSTIC, related: [], help: '', at: place(99, 1, 2) };
    const lines = renderDiagnostic(diagnostic, SOURCES).split('\n');
    expect(lines.at(-1)).toBe('  --> a.yaml:99:1');
    expect(renderDiagnostic(SAMPLE_DIAGNOSTIC, new Map())).toContain('a.yaml:8:9');
  });

  test('cuts a long line around the mark', () => {
    const source = `${'x'.repeat(500)}HERE${'y'.repeat(500)}`;
    const diagnostic = { ...SAMPLE_DIAGNOSTIC, related: [], help: '', at: place(1, 501, 505) };
    const lines = renderDiagnostic(diagnostic, new Map([['a.yaml', source]])).split('\n');
    const [text = '', mark = ''] = lines.slice(3);
    expect(text.length).toBeLessThan(120);
    expect(text.slice(mark.indexOf('^'), mark.lastIndexOf('^') + 1)).toBe('HERE');
  });

  test('lets no escape sequence of the input through to the terminal', () => {
    const source = 'a: "\u001B[2J\u202Eevil\u0007"\r\n';
    const diagnostic = {
      ...SAMPLE_DIAGNOSTIC,
      message: 'unknown key "\u001B[31mred"',
      related: [],
      at: place(1, 1, 2),
    };
    const text = renderDiagnostic(diagnostic, new Map([['a.yaml', source]]));
    // oxlint-disable-next-line no-control-regex -- these characters are what it is about
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202e]/);
  });
});
