import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, describe, expect, test } from 'vitest';

import { CONFIGURATION_CODES } from './codes.ts';
import {
  EXAMPLE_CONFIGURATION,
  EXAMPLE_PLATFORM,
  EXAMPLE_TABLE_CONFIGURATION,
} from './example-files.ts';
import {
  type LoadedConfiguration,
  readConfiguration,
  readConfigurationText,
  type ReadResult,
  toDiagnostic,
} from './read.ts';
import { FILE_BYTES_MAX } from './text-file.ts';

function read(text: string, platform: string = EXAMPLE_PLATFORM): ReadResult {
  return readConfigurationText(text, 'c.yaml', { platform: { file: 'duo.yaml', text: platform } });
}

function load(text: string = EXAMPLE_CONFIGURATION): LoadedConfiguration {
  const result = read(text);
  if (result.kind === 'invalid') throw new Error(JSON.stringify(result.diagnostics, null, 1));
  return result.loaded;
}

function edit(text: string, from: string, to: string): string {
  if (!text.includes(from)) throw new Error(`the example does not contain ${from}`);
  return text.replace(from, () => to);
}

function show(result: ReadResult): string[] {
  if (result.kind === 'ok') return ['ok'];
  return result.diagnostics.map(({ code, at }) => `${code} ${at.file}:${at.line}:${at.column}`);
}

/** What a schedule has that is no table. */
const NO_TABLE = { frameNs: null, slots: [] };

describe('a valid configuration', () => {
  test('resolves names to indices and quantities to integers', () => {
    const { configuration } = load();
    const [linux, rtos] = configuration.partitions;
    expect(linux?.cpus[0]?.reservation).toBeNull();
    expect(rtos?.cpus[0]).toEqual({
      core: 1,
      maxDelayNs: 8_000_000,
      maxLatencyNs: null,
      inContract: false,
      taskPolicy: 'fp',
      reservation: {
        budgetNs: 1_500_000,
        periodNs: 5_000_000,
        phaseNs: 1_000_000,
        priority: 2,
        idle: 'burn',
        slack: false,
      },
    });
    expect(configuration.channels[0]?.ends.map((end) => end.partition)).toEqual([1, 0]);
    expect(configuration.channels[0]?.notify).toEqual([{ from: 1, to: 0, irq: 200 }]);
    expect(rtos?.memory[0]?.access).toEqual({ read: true, write: true, execute: true });
    expect(configuration.schedules).toEqual([{ core: 1, policy: 'fp', ...NO_TABLE }]);
  });

  test('shifts all windows of a placed device and none of the others', () => {
    const grants = load().configuration.partitions[0]?.devices;
    expect(grants).toEqual([
      { device: 0, windowIpas: [0x0900_0000] },
      { device: 1, windowIpas: [0x2001_0000, 0x2000_0000] },
    ]);
  });

  test('takes the defaults of the platform', () => {
    const { platform } = load().configuration;
    expect(platform.interrupts.listRegisters).toBe(4);
    expect(platform.devices.map((device) => device.dma)).toEqual([false, true, false]);
    expect(platform.cores.map((core) => core.affinity)).toEqual([0, 0x100, null]);
    expect(platform.timerHz).toBe(62_500_000);
    expect(platform.firewall).toBeNull();
  });

  test('reads the same with quoted hexadecimal numbers and with CRLF', () => {
    const { digest } = load();
    expect(load(EXAMPLE_CONFIGURATION.replaceAll('\n', '\r\n')).digest).toBe(digest);
    const quoted = EXAMPLE_CONFIGURATION.replaceAll(/0x[0-9A-F]+/g, '"$&"');
    expect(load(quoted).digest).toBe(digest);
    expect(load(edit(quoted, '"0x70000000"', '"0x70001000"')).digest).not.toBe(digest);
  });

  test('takes a schedule of one entry without a list, and edf without priority', () => {
    const text = edit(
      EXAMPLE_CONFIGURATION,
      '[{ core: 1, policy: fp }]',
      '{ core: 1, policy: edf }',
    );
    expect(load(edit(text, ', priority: 2', '')).configuration.schedules).toEqual([
      { core: 1, policy: 'edf', ...NO_TABLE },
    ]);
  });

  test('that says nothing of the newer keys has their defaults', () => {
    const { configuration } = load();
    expect(configuration.hypervisor.overheads.reloadNs).toBe(0);
    expect(configuration.bandwidth).toEqual([]);
    const [linux, rtos] = configuration.partitions;
    expect(linux?.interruptRates).toEqual([]);
    expect(rtos?.tasks[0]).toMatchObject({ priority: 3, jitterNs: 0, blockingNs: 0, accesses: 0 });
  });

  test('locates paths of both files and falls back to the nearest parent', () => {
    const { locate } = load();
    const pa = ['config', 'partitions', 1, 'memory', 0, 'pa'] as const;
    expect(locate(pa)).toMatchObject({ file: 'c.yaml', line: 22, column: 43 });
    expect(locate(['platform', 'devices', 2, 'irqs', 0])).toMatchObject({
      file: 'duo.yaml',
      line: 22,
    });
    expect(locate(['config', 'channels', 0, 'ends', 9])).toMatchObject({ line: 31, column: 5 });
  });

  test('turns the paths of a finding into places', () => {
    const diagnostic = toDiagnostic(load(), {
      code: 'MEM-OVERLAP',
      severity: 'error',
      message: 'm',
      help: 'h',
      at: ['config', 'partitions', 0],
      related: [{ message: 'r', at: ['platform', 'timer', 'frequency'] }],
    });
    expect(diagnostic.at).toMatchObject({ file: 'c.yaml', line: 8 });
    expect(diagnostic.related[0]?.at).toMatchObject({ file: 'duo.yaml', line: 16 });
  });
});

describe('a configuration with a table', () => {
  const { configuration, locate } = load(EXAMPLE_TABLE_CONFIGURATION);

  test('has slots in nanoseconds, and partitions by index', () => {
    const ms = 1_000_000;
    expect(configuration.schedules).toEqual([
      {
        core: 1,
        policy: 'table',
        frameNs: 10 * ms,
        slots: [
          { partition: 1, startNs: 0, durationNs: ms },
          { partition: 0, startNs: ms, durationNs: 4 * ms },
          { partition: 1, startNs: 6 * ms, durationNs: 2 * ms },
        ],
      },
    ]);
  });

  test('gives each partition of the core the sum of its slots in every frame', () => {
    const shares = configuration.partitions.map(({ cpus }) => cpus.at(-1)?.reservation);
    const table = { periodNs: 10_000_000, phaseNs: 0, priority: 0, idle: 'burn' };
    expect(shares).toEqual([
      { ...table, budgetNs: 4_000_000, slack: true },
      { ...table, budgetNs: 3_000_000, slack: false },
    ]);
    expect(configuration.partitions[0]?.cpus[0]?.reservation).toBeNull();
  });

  test('has what it says of overheads, latencies, rates, tasks and bandwidth', () => {
    const [linux, rtos] = configuration.partitions;
    expect(configuration.hypervisor.overheads.reloadNs).toBe(20_000);
    expect(linux?.interruptRates).toEqual([{ irq: 33, distanceNs: 1_000_000, jitterNs: 10_000 }]);
    expect(linux?.cpus[0]).toMatchObject({ maxLatencyNs: 100_000, inContract: false });
    const rtosCpu = { maxLatencyNs: 9_000_000, inContract: true, taskPolicy: 'edf' };
    expect(rtos?.cpus[0]).toMatchObject(rtosCpu);
    expect(rtos?.tasks).toMatchObject([
      { priority: 0, jitterNs: 80_000, blockingNs: 0, accesses: 9 },
      { priority: 0, jitterNs: 0, blockingNs: 16_000, accesses: 500 },
    ]);
    const shared = { periodNs: 1_000_000, accessMinNs: 50, accessMaxNs: 200 };
    expect(configuration.bandwidth).toEqual([
      { core: 0, accesses: 1000, ...shared },
      { core: 1, accesses: 2000, ...shared },
    ]);
  });

  test('finds its slots, in a list of schedules and in a schedule alone', () => {
    const slot = ['config', 'schedule', 0, 'slots', 1, 'start'] as const;
    expect(locate(slot)).toMatchObject({ line: 40, column: 36 });
    const single = EXAMPLE_TABLE_CONFIGURATION.replace('  - core: 1\n', '    core: 1\n');
    expect(load(single).locate(slot)).toMatchObject({ line: 40, column: 36 });
  });
});

/** One edit each; ^ marks where the code must be reported. */
const REJECTED: readonly (readonly [from: string, to: string, code: string, advice: string])[] = [
  ['version: 1', 'version: ^2', 'CFG-UNKNOWN-VERSION', 'write version: 1'],
  ['version: 1', 'version: ^"1"', 'CFG-WRONG-TYPE', 'remove the quotes'],
  ['version: 1\n', '^', 'CFG-MISSING-KEY', 'add version (an integer)'],
  ['max-delay', '^max_delay', 'CFG-UNKNOWN-KEY', 'did you mean "max-delay"'],
  ['vmid: 1', '^__proto__: {}', 'CFG-UNKNOWN-KEY', 'known keys here'],
  ['name: linux\n    vmid: 1\n', '^name: linux\n', 'CFG-MISSING-KEY', 'vmid (an integer)'],
  ['period: 10ms', 'period: ^10', 'CFG-BAD-UNIT', 'write 10ms or 10us'],
  ['512MiB', '^512MB', 'CFG-BAD-UNIT', 'write 512MiB'],
  ['0x48000000', '^0x4800_0000', 'CFG-BAD-NUMBER', 'write 0x48000000'],
  ['vmid: 1', 'vmid: ^-1', 'CFG-OUT-OF-RANGE', 'at least 0'],
  ['vmid: 1', 'vmid: ^1e400', 'CFG-BAD-NUMBER', 'integer'],
  ['access: rwx', 'access: ^xr', 'CFG-BAD-VALUE', 'write rx'],
  ['idle: burn', 'idle: ^bern', 'CFG-BAD-VALUE', 'did you mean "burn"'],
  ['policy: fp', 'policy: ^tabel', 'CFG-BAD-VALUE', 'did you mean "table"'],
  ['{ core: 1, policy: fp }', '^{ core: 1, policy: table }', 'CFG-MISSING-KEY', 'frame: 10ms'],
  ['policy: fp', 'policy: fp, ^frame: 10ms', 'CFG-MISPLACED-KEY', 'write policy: table'],
  ['policy: fp', 'policy: edf, ^slots: []', 'CFG-MISPLACED-KEY', 'remove slots'],
  ['timer: 2us', 'reload: ^2', 'CFG-BAD-UNIT', 'write 2ms or 2us'],
  ['deadline: 10ms, priority: 3', 'deadline: 10ms, jitter: ^-1', 'CFG-BAD-UNIT', 'ms'],
  ['max-delay: 8ms', 'in-contract: ^yes', 'CFG-WRONG-TYPE', 'true or false'],
  ['max-delay: 8ms', 'tasks-policy: ^table', 'CFG-BAD-VALUE', 'fp'],
  [
    '{ name: control, core: 1, wcet: 300us, period: 10ms, deadline: 10ms, priority: 3 }',
    '^{ name: control, core: 1, wcet: 300us, period: 10ms, deadline: 10ms }',
    'CFG-MISSING-KEY',
    'tasks-policy: edf to the cpu on core 1',
  ],
  ['name: linux', 'name: ^../linux', 'CFG-BAD-VALUE', 'letters'],
  ['name: linux', 'name: ^7', 'CFG-WRONG-TYPE', 'quotes'],
  ['[gpio]', '[^gpoi]', 'CFG-UNKNOWN-NAME', 'did you mean "gpio"'],
  ['[gpio]', '[{ name: ^gpoi }]', 'CFG-UNKNOWN-NAME', 'did you mean "gpio"'],
  ['[gpio]', '[^[gpio]]', 'CFG-WRONG-TYPE', 'reference'],
  ['[gpio]', '[gpio, ^gpio]', 'CFG-DUPLICATE-NAME', 'devices[0] is the same'],
  ['[gpio]', '[{ name: gpio, ipa: ^0x0 }]', 'CFG-BAD-VALUE', 'remove ipa'],
  ['ipa: 0x20010000', 'ipa: ^0x0', 'CFG-OUT-OF-RANGE', 'distance'],
  ['{ core: 0 }', '{ core: ^3 }', 'CFG-UNKNOWN-NAME', 'known cores: 0, 1, 4'],
  ['{ core: 1, budget: 4ms, ', '^{ core: 1, ', 'CFG-MISSING-KEY', 'add budget'],
  [
    '{ core: 1, budget: 4ms, period: 10ms, priority: 1 }',
    '^{ core: 1, budget: 4ms, period: 10ms }',
    'CFG-MISSING-KEY',
    'add priority',
  ],
  ['partition: rtos', 'partition: ^rots', 'CFG-UNKNOWN-NAME', 'did you mean "rtos"'],
  ['from: rtos', 'from: ^nobody', 'CFG-UNKNOWN-NAME', 'linux, rtos'],
  ['name: rtos', 'name: ^linux', 'CFG-DUPLICATE-NAME', 'partitions[0].name'],
  ['channels:', '^channels:\nother:', 'CFG-WRONG-TYPE', 'an empty one is []'],
];

/** The same for the configuration with a table, in which nothing else is reported. */
const TABLE_EDITS: typeof REJECTED = [
  ['slack: true', '^idle: burn', 'CFG-MISPLACED-KEY', 'remove idle'],
  ['slack: true', '^phase: 0ms', 'CFG-MISPLACED-KEY', 'remove phase'],
  ['partition: linux, start', 'partition: ^linus, start', 'CFG-UNKNOWN-NAME', '"linux"'],
  ['start: 1ms', 'start: ^1', 'CFG-BAD-UNIT', 'write 1ms'],
  ['duration: 4ms', 'duration: 4ms, ^idle: burn', 'CFG-UNKNOWN-KEY', 'known keys'],
  [
    'core: 1\n    policy: table\n    frame: 10ms',
    '^core: 1\n    policy: table',
    'CFG-MISSING-KEY',
    'add frame',
  ],
  ['{ core: 0, accesses', '{ core: ^7, accesses', 'CFG-UNKNOWN-NAME', 'known cores'],
  ['accesses: 1000', 'accesses: ^1e3', 'CFG-BAD-NUMBER', 'integer'],
  ['{ irq: 33, distance: 1ms', '^{ irq: 33', 'CFG-MISSING-KEY', 'distance'],
];

/** The text without its mark, and `line:column` of the mark. */
function unmark(text: string): [text: string, place: string] {
  const before = text.slice(0, text.indexOf('^')).split('\n');
  return [text.replace('^', ''), `${before.length}:${(before.at(-1) ?? '').length + 1}`];
}

describe('one edit away from a valid configuration', () => {
  test.each(REJECTED)('%j for %j is %s', (from, to, code, advice) => {
    const [text, place] = unmark(edit(EXAMPLE_CONFIGURATION, from, to));
    const result = read(text);
    expect(show(result)).toContain(`${code} c.yaml:${place}`);
    const found = result.kind === 'ok' ? [] : result.diagnostics;
    const first = found.find((diagnostic) => diagnostic.code === code);
    expect(first?.help).toContain(advice);
    expect(first?.message).not.toBe('');
  });

  test.each(TABLE_EDITS)('of the one with a table: %j for %j is %s', (from, to, code, advice) => {
    const [text, place] = unmark(edit(EXAMPLE_TABLE_CONFIGURATION, from, to));
    const result = read(text);
    expect(show(result)).toEqual([`${code} c.yaml:${place}`]);
    const [first] = result.kind === 'ok' ? [] : result.diagnostics;
    expect(first?.help).toContain(advice);
  });

  test('a budget on a core with a table names both places', () => {
    const share = '{ core: 1, slack: true, budget: 4ms, period: 10ms, priority: 1 }';
    const text = edit(EXAMPLE_TABLE_CONFIGURATION, '{ core: 1, slack: true }', share);
    const result = read(text);
    expect(show(result)).toEqual([
      'CFG-MISPLACED-KEY c.yaml:17:33',
      'CFG-MISPLACED-KEY c.yaml:17:46',
      'CFG-MISPLACED-KEY c.yaml:17:60',
    ]);
    const [first] = result.kind === 'ok' ? [] : result.diagnostics;
    expect(first?.message).toBe(
      'partitions[0].cpus[1].budget: the table of schedule[0] gives the core to its ' +
        'partitions: expected no budget, found "4ms"',
    );
    expect(first?.related).toMatchObject([{ at: { file: 'c.yaml', line: 36, column: 13 } }]);
  });

  const PLATFORM_EDITS = [
    ['id: 1,', 'id: ^0,', 'CFG-DUPLICATE-NAME'],
    ['name: gpio', 'name: ^nic', 'CFG-DUPLICATE-NAME'],
    [
      '{ id: 1, type: cortex-a55, mpidr: 0x100 }',
      '^{ id: 1, type: cortex-a55 }',
      'CFG-MISSING-KEY',
    ],
    ['frequency: 62.5MHz', 'frequency: ^fast', 'CFG-WRONG-TYPE'],
    ['iommu: {', 'iommu: ^nil #{', 'CFG-WRONG-TYPE'],
    ['stream-id-bits', '^streamidbits', 'CFG-UNKNOWN-KEY'],
    ['name: duo', 'name: ^[duo', 'CFG-SYNTAX'],
  ] as const;
  test.each(PLATFORM_EDITS)('platform: %j for %j is %s', (from, to, code) => {
    const [text, place] = unmark(edit(EXAMPLE_PLATFORM, from, to));
    expect(show(read(EXAMPLE_CONFIGURATION, text))).toContain(`${code} duo.yaml:${place}`);
  });

  test('all problems are reported at once, in the order of the files', () => {
    let text = edit(EXAMPLE_CONFIGURATION, 'period: 10ms', 'period: 10');
    text = edit(text, '[gpio]', '[gpoi]');
    text = edit(text, 'irq: 200', 'irq: many');
    const result = read(text, edit(EXAMPLE_PLATFORM, '62.5MHz', '62.5'));
    expect(show(result)).toEqual([
      'CFG-BAD-UNIT c.yaml:12:41',
      'CFG-UNKNOWN-NAME c.yaml:23:15',
      'CFG-WRONG-TYPE c.yaml:34:44',
      'CFG-BAD-NUMBER duo.yaml:16:21',
    ]);
  });
});

describe('files', () => {
  const folder = mkdtempSync(join(tmpdir(), 'haven-read-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const write = (name: string, content: string | Uint8Array): string => {
    writeFileSync(join(folder, name), content);
    return name;
  };
  const codes = (name: string): string[] => {
    const result = readConfiguration(name, { workingDirectory: folder });
    return result.kind === 'ok' ? ['ok'] : result.diagnostics.map(({ code }) => code);
  };

  test('a configuration finds its platform beside it', () => {
    write('duo.yaml', EXAMPLE_PLATFORM);
    expect(codes(write('good.yaml', EXAMPLE_CONFIGURATION))).toEqual(['ok']);
    expect(codes(write('bom.yaml', `\uFEFF${EXAMPLE_CONFIGURATION}`))).toEqual(['ok']);
  });

  test('a platform file that does not exist is shown where the configuration names it', () => {
    const text = edit(EXAMPLE_CONFIGURATION, './duo.yaml', './trio.yaml');
    const result = readConfiguration(write('trio-user.yaml', text), { workingDirectory: folder });
    expect(show(result)).toEqual(['CFG-UNREADABLE trio-user.yaml:2:11']);
  });

  test('an unknown built-in platform is answered with the nearest one', () => {
    const text = edit(EXAMPLE_CONFIGURATION, './duo.yaml', 'qemu-vrit');
    const result = readConfigurationText(text, 'c.yaml');
    expect(show(result)).toEqual(['CFG-UNKNOWN-NAME c.yaml:2:11']);
    expect(result.kind === 'invalid' && result.diagnostics[0]?.help).toContain('"qemu-virt"');
  });

  test.each([
    ['empty.yaml', '', 'CFG-EMPTY'],
    ['binary.yaml', Uint8Array.of(0xd0, 0x0d, 0xfe, 0xed, 0), 'CFG-NOT-TEXT'],
    ['latin1.yaml', Uint8Array.of(0x61, 0x3a, 0x20, 0xe4), 'CFG-NOT-TEXT'],
    ['large.yaml', new Uint8Array(FILE_BYTES_MAX + 1).fill(0x20), 'CFG-LIMIT'],
  ])('%s is refused with a code of its own', (name, content, code) => {
    expect(codes(write(name, content))).toEqual([code]);
  });

  test('a missing file, a directory and a file used as a directory are refused', () => {
    mkdirSync(join(folder, 'directory.yaml'));
    expect(codes('missing.yaml')).toEqual(['CFG-UNREADABLE']);
    expect(codes('directory.yaml')).toEqual(['CFG-UNREADABLE']);
    expect(codes('nul\0byte')).toEqual(['CFG-UNREADABLE']);
    write('file.yaml', 'x');
    expect(codes(join('file.yaml', 'inner.yaml'))).toEqual(['CFG-UNREADABLE']);
  });
});

test('every code of the catalogue is explained and belongs to its area', () => {
  for (const { code, title, reason, example } of CONFIGURATION_CODES) {
    expect(code).toMatch(/^CFG-[A-Z-]+$/);
    expect([title, reason, example]).not.toContain('');
  }
  const listed = CONFIGURATION_CODES.map(({ code }) => code);
  expect(new Set(listed).size).toBe(listed.length);
});
