import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { describe, expect, test } from 'vitest';

import { createProgram } from './command-line.ts';
import { getPackageRoot } from './package.ts';
import { runHaven } from './run-haven.ts';

const README = readFileSync(join(getPackageRoot(), 'README.md'), 'utf8').replaceAll('\r\n', '\n');

function dropTimes(text: string): string {
  return text.replaceAll(/\(\d+(\.\d+)? m?s\)/g, '(time)').trim();
}

/** The size depends on the simplifier, the time on the machine. */
function dropNumbers(text: string): string {
  return text.replaceAll(/(size +|in )[\d,.]+ (m?s|distinct)/g, '$1n $2').trim();
}

describe('the README', () => {
  test('shows the violation as the program prints it', () => {
    const block = /```text\n(error\[MEM-OVERLAP\][\s\S]*?)```/.exec(README)?.[1] ?? '';
    const run = runHaven(['check', 'configs/rejected/mem-overlap.yaml']);
    expect(dropTimes(run.stdout)).toBe(dropTimes(block));
  });

  test('shows an explained obligation as the program prints it, but for measured numbers', () => {
    const block = /```text\n(✓ irq\.route[\s\S]*?)```/.exec(README)?.[1] ?? '';
    const config = 'configs/qemu-virt.yaml';
    const run = runHaven(['prove', config, '--only', 'irq.route*', '--explain', '--no-cache']);
    expect(dropNumbers(block)).not.toBe('');
    expect(dropNumbers(run.stdout).startsWith(`${dropNumbers(block)}\n\n`)).toBe(true);
  });

  test('shows the run that exceeds a requirement as the program prints it', () => {
    const block = /```text\n(rtos on core 2 is ready[\s\S]*?)```/.exec(README)?.[1] ?? '';
    expect(block).not.toBe('');
    const folder = mkdtempSync(join(tmpdir(), 'haven readme '));
    const change = ['--what-if', 'rtos@2.max-delay=4ms', '--out', folder];
    const run = runHaven(['bounds', 'configs/qemu-virt.yaml', ...change]);
    rmSync(folder, { recursive: true, force: true });
    expect(run.stdout).toContain(block);
  });

  test('has a row for each command of the program, and for no other', () => {
    const rows = [...README.matchAll(/^\| `([a-z]+) [<[]/gm)].map((row) => row[1]);
    const program = createProgram(async () => undefined);
    expect(new Set(rows)).toEqual(new Set(program.commands.map((command) => command.name())));
  });
});
