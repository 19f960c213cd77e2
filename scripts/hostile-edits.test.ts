/**
 * One edit of a good configuration or of its platform, as somebody would make it who doubts the
 * verdict: the exit code and the area that it must have, and its harmless neighbours, which hold.
 */

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { readConfiguration } from '../formats/read.ts';
import type { ReadResult } from '../formats/read.ts';
import { getAreaOfCode } from '../properties/findings.ts';
import { checkConfiguration } from '../properties/rules/check.ts';
import { proveConfiguration } from '../solver/prove.ts';
import { createZ3Solver } from '../solver/smt/z3.ts';
import { findDisagreements } from './agreement.ts';
import { getPackageRoot } from './package.ts';

const REJECTED = join(getPackageRoot(), 'configs', 'rejected');
const CONFIGURATION = readFileSync(join(REJECTED, 'good.yaml'), 'utf8').replaceAll('\r\n', '\n');
const PLATFORM = readFileSync(join(REJECTED, 'platforms', 'board.yaml'), 'utf8').replaceAll(
  '\r\n',
  '\n',
);

/** Exit code, area or `-`, what is edited, what stands there, and what the edit puts there. */
type Row = readonly [exit: 0 | 1 | 2, area: string, in_: 'c' | 'p', before: string, after: string];

const ROWS: readonly Row[] = [
  [0, '-', 'c', 'version: 1', '# as it is\nversion: 1'],
  // Identifiers and syntax.
  [1, 'CFG', 'c', 'vmid: 2', 'vmid: 1'],
  [1, 'CFG', 'c', 'vmid: 2', 'vmid: 0'],
  [1, 'CFG', 'c', 'vmid: 2', 'vmid: 70000'],
  [2, 'CFG', 'c', 'vmid: 2', 'vmid: -1'],
  [2, 'CFG', 'c', 'vmid: 2', 'vmid: 1.5'],
  [2, 'CFG', 'c', 'vmid: 2', 'vmid: 2\n    vmid: 5'],
  [2, 'CFG', 'c', '    vmid: 2', '\tvmid: 2'],
  [2, 'CFG', 'c', 'vmid: 2', 'vmid: *nowhere'],
  [2, 'CFG', 'c', 'version: 1', 'version: 2'],
  [2, 'CFG', 'c', 'name: rtos', 'name: linux'],
  [2, 'CFG', 'c', '{ core: 3 }', '{ core: 9 }'],
  [2, 'CFG', 'c', 'period: 10ms, priority: 1', 'period: 10, priority: 1'],
  [2, 'CFG', 'c', 'budget: 4ms, period: 10ms', 'budget: 4ms'],
  [2, 'CFG', 'c', 'budget: 4ms', 'budget: -4ms'],
  [2, 'CFG', 'c', 'partition: linux, ipa: 0x70000000', 'partition: linus, ipa: 0x70000000'],
  [2, 'CFG', 'c', 'policy: fp', 'policy: table'],
  [2, 'CFG', 'p', 'stream-id-bits: 16', 'stream-id-bits: 64'],
  [2, 'CFG', 'p', 'mpidr: 0x3', 'mpidr: 0x80000003'],
  [2, 'CFG', 'p', 'size: 128KiB, stream-id-bits', 'size: 0, stream-id-bits'],
  [2, 'CFG', 'p', 'count: 256', 'count: 1000000000'],
  [2, 'CFG', 'p', 'irqs: [36]', 'irqs: [9007199254740991]'],
  [2, 'CFG', 'p', 'name: nic,', 'name: nvme,'],
  // Memory.
  [1, 'MEM', 'c', 'pa: 0x70000000', 'pa: 0x48000000'],
  [1, 'MEM', 'c', 'pa: 0x70000000', 'pa: 0x67fff000'],
  [0, '-', 'c', 'pa: 0x70000000', 'pa: 0x68000000'],
  [1, 'MEM', 'c', 'pa: 0x70000000', 'pa: 0xc0000000'],
  [1, 'MEM', 'c', 'pa: 0x70000000', 'pa: 0x70000800'],
  [1, 'MEM', 'c', 'size: 16MiB', 'size: 0'],
  [1, 'MEM', 'c', 'size: 16MiB', 'size: 0xffffff0000000'],
  [2, 'CFG', 'c', 'size: 16MiB', 'size: 0xfffffffffffff000'],
  [1, 'MEM', 'c', 'size: 16MiB, access: rwx', 'size: 16MiB, access: rw'],
  [1, 'MEM', 'c', 'ipa: 0x40000000, pa: 0x70000000', 'ipa: 0x8000000000, pa: 0x70000000'],
  // Devices and DMA.
  [1, 'DEV', 'c', '[uart1, gpio, nic]', '[uart1, gpio, nic, uart0]'],
  [1, 'DEV', 'c', '[uart1, gpio, nic]', '[uart1, { name: gpio, ipa: 0x09000010 }, nic]'],
  [1, 'MEM', 'c', '[uart1, gpio, nic]', '[uart1, { name: gpio, ipa: 0x40000000 }, nic]'],
  [1, 'DMA', 'c', '[uart1, gpio, nic]', '[uart1, gpio, nic, dma1]'],
  [1, 'DMA', 'p', 'streams: [0x10, 0x11]', 'streams: [0x10, 0x8]'],
  [1, 'DMA', 'p', 'streams: [0x10, 0x11]', 'streams: [0x10, 0x10000]'],
  [0, '-', 'p', 'streams: [0x10, 0x11]', 'streams: [0x10, 0xffff]'],
  [1, 'HYP', 'p', 'base: 0x10010000', 'base: 0x080c0000'],
  [1, 'HYP', 'p', 'base: 0x10010000', 'base: 0x09500000'],
  [1, 'HYP', 'p', 'base: 0x10010000', 'base: 0x40200000'],
  // Interrupts.
  [1, 'IRQ', 'p', 'irqs: [36]', 'irqs: [35]'],
  [1, 'IRQ', 'p', 'irqs: [36]', 'irqs: [27]'],
  [1, 'IRQ', 'p', 'irqs: [36]', 'irqs: [106]'],
  [1, 'IRQ', 'c', 'irq: 200', 'irq: 33'],
  [1, 'IRQ', 'c', 'irq: 200', 'irq: 40'],
  [1, 'IRQ', 'c', 'irq: 200', 'irq: 27'],
  [1, 'IRQ', 'c', 'irq: 200', 'irq: 288'],
  [0, '-', 'c', 'irq: 200', 'irq: 287'],
  [1, 'IRQ', 'c', 'irq: 200 }', 'irq: 200 }, { from: rtos, to: linux, irq: 200 }'],
  [0, '-', 'c', 'irq: 200 }', 'irq: 200 }, { from: linux, to: rtos, irq: 200 }'],
  // Cores and time; what only the proofs see is in the tests of the solver.
  [1, 'CPU', 'c', '{ core: 3 }', '{ core: 1 }'],
  [1, 'CPU', 'c', 'budget: 1ms', 'budget: 0ms'],
  [1, 'CPU', 'c', 'budget: 1ms', 'budget: 6ms'],
  [1, 'CPU', 'c', 'budget: 1ms', 'budget: 1000001ns'],
  [1, 'CPU', 'c', 'priority: 2, max', 'priority: 1, max'],
  [1, 'CPU', 'c', 'wcet: 300us', 'wcet: 18ms'],
  [1, 'CPU', 'c', 'policy: fp', 'policy: edf'],
  [1, 'CPU', 'p', 'mpidr: 0x3', 'mpidr: 0x2'],
  // Channels.
  [1, 'CHN', 'c', 'pa: 0x71000000', 'pa: 0x70ff0000'],
  [1, 'CHN', 'c', 'pa: 0x71000000', 'pa: 0x80100000'],
  [1, 'HYP', 'c', 'pa: 0x71000000', 'pa: 0x40200000'],
  [1, 'CHN', 'c', 'size: 64KiB', 'size: 0'],
  [1, 'CHN', 'c', 'ipa: 0x50000000, access: rw', 'ipa: 0x50000000, access: r'],
  [1, 'CHN', 'c', 'ipa: 0x50000000, access: rw', 'ipa: 0x50000000, access: rwx'],
  // The hypervisor and the bus firewall.
  [1, 'HYP', 'c', 'base: 0x40200000, size: 6MiB', 'base: 0x40200000, size: 16KiB'],
  [1, 'HYP', 'c', 'base: 0x40200000', 'base: 0x40100000'],
  [1, 'HYP', 'c', 'pa: 0x70000000', 'pa: 0x407ff000'],
  [1, 'HYP', 'p', 'base: 0x0, size: 1GiB', 'base: 0x0, size: 64MiB'],
  [1, 'MEM', 'c', 'ipa: 0x80000000, pa: 0x80000000', 'ipa: 0x60000000, pa: 0x80000000'],
];

/** Rows in which rules and proofs must see the same defect, or none: end of the edit, and ids. */
const PROVED: readonly (readonly [after: string, only: string])[] = [
  ['pa: 0x67fff000', 'memory.exclusive'],
  ['pa: 0x68000000', 'memory.exclusive'],
  ['vmid: 1', 'memory.tlb-tags'],
  ['[uart1, gpio, nic, uart0]', 'device.*'],
  ['[uart1, gpio, nic, dma1]', 'dma.no-bypass'],
  ['streams: [0x10, 0x8]', 'dma.stream-owner'],
  ['irq: 33', 'irq.*'],
  ['irq: 200 }, { from: linux, to: rtos, irq: 200 }', 'irq.*'],
  ['irq: 200 }, { from: rtos, to: linux, irq: 200 }', 'irq.*'],
  ['pa: 0x40200000', 'memory.exclusive'],
];

const solver = createZ3Solver({ jobs: 1 });

const folder = mkdtempSync(join(tmpdir(), 'haven-edits-'));

beforeAll(() => {
  mkdirSync(join(folder, 'platforms'));
});

afterAll(async () => {
  await solver.close();
  rmSync(folder, { recursive: true, force: true });
});

function read([, , in_, before, after]: Row): ReadResult {
  const replace = (text: string): string => {
    expect(text, 'the edit has lost its place').toContain(before);
    return text.replace(before, () => after);
  };
  const file = join(folder, 'edited.yaml');
  writeFileSync(file, in_ === 'c' ? replace(CONFIGURATION) : CONFIGURATION);
  const platform = join(folder, 'platforms', 'board.yaml');
  writeFileSync(platform, in_ === 'p' ? replace(PLATFORM) : PLATFORM);
  return readConfiguration(file);
}

describe('one edit', () => {
  test.each(ROWS)('exits with %i in area %s (%s: %s -> %s)', (...row) => {
    const [exit, area] = row;
    const result = read(row);
    const found =
      result.kind === 'invalid'
        ? result.diagnostics
        : checkConfiguration(result.loaded.configuration);
    const errors = found.filter(({ severity }) => severity === 'error');
    expect(result.kind === 'invalid' ? 2 : Math.min(1, errors.length)).toBe(exit);
    const areas = errors.map(({ code }) => getAreaOfCode(code));
    expect(errors.length === 0 ? ['-'] : areas).toContain(area);
    // Whoever reads it must learn what to do.
    expect(found.filter(({ help }) => help === '')).toEqual([]);
  });

  test.each(PROVED)(
    'is judged alike by rules and proofs (%s, %s)',
    async (after, only) => {
      const row = ROWS.find((one) => one[4].endsWith(after));
      if (row === undefined) expect.fail('there is no such edit');
      const result = read(row);
      if (result.kind === 'invalid') expect.fail('it can be read');
      const { configuration } = result.loaded;
      const proofs = await proveConfiguration(configuration, { solver, only });
      expect(findDisagreements(checkConfiguration(configuration), proofs)).toEqual([]);
      const statuses = new Set(proofs.map(({ status }) => status));
      expect(statuses).toContain(row[0] === 0 ? 'discharged' : 'refuted');
      expect(statuses.has('refuted')).toBe(row[0] === 1);
      expect(statuses.has('spurious')).toBe(false);
    },
    30_000,
  );
});
