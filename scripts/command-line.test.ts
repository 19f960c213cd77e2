/** The command line as its users meet it: exit codes, streams, files, wrong usage. */

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';

import { getPackageRoot, getVersion } from './package.ts';
import { runHaven } from './run-haven.ts';

const GOOD = join(getPackageRoot(), 'configs', 'qemu-virt.yaml');

let folder = '';
/** One edit away from the shipped configuration: both partitions own the same memory. */
let violated = '';
/** One edit away as well: a device that the platform does not have. */
let invalid = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'haven command line '));
  const text = readFileSync(GOOD, 'utf8');
  violated = join(folder, 'violated.yaml');
  writeFileSync(violated, edit(text, 'pa: 0x70000000', 'pa: 0x48000000'));
  invalid = join(folder, 'invalid.yaml');
  writeFileSync(invalid, edit(text, 'gpio', 'gpoi'));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function edit(text: string, before: string, after: string): string {
  expect(text).toContain(before);
  return text.replace(before, after);
}

function nameOutput(name: string): string {
  return join(folder, 'out', 'deep', name);
}

function write(name: string, content: string | Uint8Array): string {
  const file = join(folder, name);
  writeFileSync(file, content);
  return file;
}

const location = z.object({
  file: z.string(),
  line: z.int().positive(),
  column: z.int().positive(),
});
const area = z.enum(['CFG', 'MEM', 'DEV', 'DMA', 'IRQ', 'CPU', 'CHN', 'HYP', 'SEAL', 'NI']);
/** The document of `--json`, as far as it is promised. */
const documentSchema = z.object({
  schema: z.literal(1),
  command: z.string(),
  configs: z.array(
    z.object({
      file: z.string(),
      platform: z.string().nullable(),
      verdict: z.enum(['holds', 'violated', 'invalid', 'inconclusive']),
      diagnostics: z.array(
        z.object({
          area,
          code: z.string().regex(/^[A-Z]+-[A-Z0-9-]+$/),
          severity: z.enum(['error', 'warning']),
          message: z.string().min(1),
          at: location,
          related: z.array(z.object({ message: z.string(), at: location })),
        }),
      ),
      obligations: z.array(
        z.object({
          area,
          id: z.string(),
          statement: z.string(),
          status: z.enum(['discharged', 'refuted', 'spurious', 'vacuous', 'unknown']),
          solver: z.string(),
          ms: z.number(),
          witness: z.record(z.string(), z.unknown()).nullable(),
        }),
      ),
      bounds: z.array(
        z.object({
          partition: z.string(),
          core: z.int(),
          kind: z.string(),
          bound_ns: z.number().nullable(),
          required_ns: z.number().nullable(),
        }),
      ),
      fuzz: z.unknown(),
    }),
  ),
  error: z.object({ code: z.string(), message: z.string() }).optional(),
});

function readDocument(stdout: string): z.infer<typeof documentSchema> {
  return documentSchema.parse(JSON.parse(stdout));
}

describe('haven check', () => {
  test('exits with 0 and a summary when everything holds', () => {
    const run = runHaven(['check', GOOD]);
    expect(run).toMatchObject({ exitCode: 0, stderr: '' });
    expect(run.stdout).toContain('on qemu-virt: holds');
  });

  test('exits with 1 and shows both parties when a rule is violated', () => {
    const run = runHaven(['check', violated]);
    expect(run).toMatchObject({ exitCode: 1, stderr: '' });
    expect(run.stdout).toContain('error[MEM-OVERLAP]');
    expect(run.stdout.match(/violated\.yaml:\d+:\d+/g)?.length).toBeGreaterThanOrEqual(2);
  });

  test('exits with 2 and a suggestion when the input cannot be used', () => {
    const run = runHaven(['check', invalid]);
    expect(run).toMatchObject({ exitCode: 2, stderr: '' });
    expect(run.stdout).toContain('did you mean "gpio"?');
  });

  test('judges every configuration and exits with the worst of them', () => {
    const run = runHaven(['check', '--json', GOOD, violated, invalid, GOOD]);
    const document = readDocument(run.stdout);
    expect(document.configs.map(({ verdict }) => verdict)).toEqual([
      'holds',
      'violated',
      'invalid',
      'holds',
    ]);
    expect(run.exitCode).toBe(2);
    expect(runHaven(['check', '--quiet', GOOD, violated]).exitCode).toBe(1);
  });

  test('prints one JSON document and nothing else, for invalid input too', () => {
    const run = runHaven(['--json', 'check', invalid]);
    const [report] = readDocument(run.stdout).configs;
    expect(run).toMatchObject({ exitCode: 2, stderr: '' });
    expect(report).toMatchObject({ verdict: 'invalid', file: invalid });
    expect(report?.diagnostics.map((diagnostic) => diagnostic.area)).toEqual(['CFG']);
  });

  test('writes SARIF, JUnit and HTML into folders that do not exist yet', () => {
    const file = nameOutput;
    const parameters = ['--sarif', file('a.sarif'), '--junit', file('a.xml')];
    const run = runHaven(['check', violated, ...parameters, '--html', file('a.html'), '--quiet']);
    expect(run.exitCode).toBe(1);
    expect(JSON.parse(readFileSync(file('a.sarif'), 'utf8'))).toMatchObject({ version: '2.1.0' });
    expect(readFileSync(file('a.xml'), 'utf8')).toContain('<testsuites');
    expect(readFileSync(file('a.html'), 'utf8')).toContain('MEM-OVERLAP');
  });

  test('says nothing with --quiet when everything holds', () => {
    expect(runHaven(['check', '--quiet', GOOD])).toEqual({ exitCode: 0, stdout: '', stderr: '' });
  });

  test('colours only where it is told to, since a pipe is no terminal', () => {
    const escape = '\u001B[';
    expect(runHaven(['check', GOOD]).stdout).not.toContain(escape);
    expect(runHaven(['check', GOOD, '--color', 'always']).stdout).toContain(escape);
  });
});

describe('input that cannot be used', () => {
  const cases: [string, () => string][] = [
    ['a missing file', () => join(folder, 'missing.yaml')],
    ['a directory', () => folder],
    ['an empty file', () => write('empty.yaml', '')],
    ['a binary file', () => write('binary.yaml', new Uint8Array([0, 1, 2, 255, 254]))],
    ['duplicate keys', () => write('twice.yaml', 'version: 1\nversion: 1\n')],
    ['an unknown version', () => write('version.yaml', 'version: 99\n')],
    ['wrong types', () => write('types.yaml', 'version: 1\nplatform: [1]\npartitions: 7\n')],
    ['endless nesting', () => write('nested.yaml', '['.repeat(20_000))],
  ];

  test('gives a diagnostic each, exit code 2 and no stack trace', () => {
    const run = runHaven(['check', '--json', ...cases.map(([, create]) => create())]);
    expect(run).toMatchObject({ exitCode: 2, stderr: '' });
    expect(run.stdout).not.toMatch(/\n\s+at .*\.ts:\d+/);
    const { configs } = readDocument(run.stdout);
    const silent = cases.filter((_, index) => configs[index]?.diagnostics.length === 0);
    expect(silent.map(([name]) => name)).toEqual([]);
    expect(configs.map(({ verdict }) => verdict)).toEqual(cases.map(() => 'invalid'));
  });
});

describe('wrong usage', () => {
  test.each([
    ['a command that is close to one', ['chekc', 'a.yaml'], 'Did you mean check?'],
    ['an option that is close to one', ['check', '--jsno', 'a.yaml'], 'Did you mean --json?'],
    ['the opposite of --no-spec', ['verify', '--spec', 'a.yaml'], 'proved unless --no-spec'],
    ['no configuration', ['check'], 'missing required argument'],
    ['no command', [], 'Usage: haven'],
    ['a colour that is none', ['check', '--color', 'maybe', 'a.yaml'], 'auto, always, never'],
    ['an id that nobody has', ['explain', 'MEM-OVERLPA'], 'did you mean MEM-OVERLAP?'],
    ['an instance of no claim', ['explain', 'irq.in-rnage[a,b@c]'], 'did you mean irq.in-range?'],
    ['a claim without its area', ['explain', 'tlb-tags'], 'did you mean memory.tlb-tags?'],
    ['a glob that is no claim', ['prove', GOOD, '--only', 'irq.in-rnage'], 'mean irq.in-range?'],
    [
      'an instance that is none',
      ['prove', GOOD, '--only', 'memory.entry[x]'],
      "'memory.entry' takes",
    ],
    [
      'a claim about the spec that is left out',
      ['prove', GOOD, '--no-spec', '--only', 'memory.confined*'],
      'leave --no-spec out',
    ],
    ['a platform that nobody ships', ['init', 'qemu-vrit'], 'did you mean "qemu-virt"?'],
    ['a number without its unit', ['prove', '--timeout', '10', 'a.yaml'], 'such as 500ms'],
  ])('with %s exits with 2 and says what was meant', (_, parameters, message) => {
    const run = runHaven(parameters);
    expect(run.exitCode).toBe(2);
    expect(run.stdout).toBe('');
    expect(run.stderr).toContain(message);
    expect(run.stderr).not.toMatch(/\n\s+at /);
  });

  test('with --json prints a document with the error', () => {
    const run = runHaven(['check', '--json', '--nonsense']);
    expect(run.exitCode).toBe(2);
    expect(readDocument(run.stdout)).toMatchObject({ configs: [], error: { code: 'CFG-USAGE' } });
  });

  test('is a report that cannot be written', () => {
    const run = runHaven(['check', GOOD, '--junit', folder]);
    expect(run.exitCode).toBe(2);
    expect(run.stderr).toContain(`cannot write ${folder}`);
  });
});

describe('working directories', () => {
  test('relative paths are those of the caller whom npm names', () => {
    const env = { INIT_CWD: folder, npm_lifecycle_event: 'haven' };
    expect(runHaven(['check', 'violated.yaml'], { env }).exitCode).toBe(1);
    expect(runHaven(['check', 'violated.yaml']).exitCode).toBe(2);
  });

  test('the scripts of other packages keep their own', () => {
    const inner = join(folder, 'inner');
    mkdirSync(inner, { recursive: true });
    const env = { INIT_CWD: inner, npm_lifecycle_event: 'verify', npm_package_name: 'other' };
    expect(runHaven(['check', 'violated.yaml'], { cwd: folder, env }).exitCode).toBe(1);
  });

  test('names stay as the user wrote them', () => {
    const run = runHaven(['check', '--json', 'violated.yaml'], { cwd: folder });
    const [report] = readDocument(run.stdout).configs;
    expect(report?.file).toBe('violated.yaml');
    expect(report?.diagnostics[0]?.at.file).toBe('violated.yaml');
  });
});

describe('the other commands', () => {
  test('--version prints the version alone', () => {
    expect(runHaven(['--version'])).toEqual({
      exitCode: 0,
      stdout: `${getVersion()}\n`,
      stderr: '',
    });
  });

  test('--help names every command and the exit codes', () => {
    const run = runHaven(['--help']);
    expect(run.exitCode).toBe(0);
    for (const command of ['check', 'prove', 'init', 'explain', 'platform']) {
      expect(run.stdout).toContain(`  ${command} `);
    }
    expect(run.stdout).toContain('Exit codes:');
  });

  test('init writes a file that check accepts, and never over another', () => {
    const first = runHaven(['init', 'qemu-virt', '--out', 'starter.yaml'], { cwd: folder });
    expect(first).toMatchObject({ exitCode: 0, stderr: '' });
    expect(runHaven(['check', 'starter.yaml'], { cwd: folder }).exitCode).toBe(0);
    const again = runHaven(['init', 'imx95', '--out', 'starter.yaml'], { cwd: folder });
    expect(again.exitCode).toBe(2);
    expect(again.stderr).toContain('exists already');
  });

  test('explain shows why, a source and an example, whatever the case of the id', () => {
    const run = runHaven(['explain', 'mem-overlap']);
    expect(run.exitCode).toBe(0);
    for (const word of ['Validate that', 'why', 'source', 'wrong', 'right']) {
      expect(run.stdout).toContain(word);
    }
  });

  test('explain of an instance explains its claim', () => {
    const run = runHaven(['explain', 'memory.entry[write,linux@core2]']);
    expect(run).toMatchObject({ exitCode: 0, stderr: '' });
    expect(run).toEqual(runHaven(['explain', 'memory.entry']));
    for (const word of ['formula', 'source', 'when refuted']) expect(run.stdout).toContain(word);
  });

  test('prove --explain says of each obligation what it is and who decided it', () => {
    const run = runHaven(['prove', GOOD, '--only', 'memory.entry', '--explain']);
    expect(run.exitCode).toBe(0);
    for (const word of ['formula', 'source', 'size', 'status    discharged by']) {
      expect(run.stdout).toContain(`    ${word}`);
    }
    expect(runHaven(['prove', GOOD, '--only', 'memory.entry']).stdout).not.toContain('formula');
  });

  test('explain alone lists ids of rules, of reading and of obligations', () => {
    const run = runHaven(['explain']);
    for (const id of ['CFG-UNREADABLE', 'MEM-OVERLAP', 'memory.exclusive']) {
      expect(run.stdout).toContain(id);
    }
  });

  test('platform refuses what is no device tree blob', () => {
    const run = runHaven(['platform', '--json', GOOD]);
    expect(run.exitCode).toBe(2);
    expect(readDocument(run.stdout).configs[0]?.diagnostics[0]?.code).toBe('CFG-DEVICE-TREE');
  });

  test('platform makes a platform file that a configuration can name', () => {
    const blob = join(getPackageRoot(), 'formats', 'device-tree', 'fixtures', 'qemu-virt.dtb');
    const run = runHaven(['platform', blob, '--out', 'board.yaml', '--name', 'board'], {
      cwd: folder,
    });
    expect(run.exitCode).toBe(0);
    expect(runHaven(['init', './board.yaml', '--json'], { cwd: folder }).exitCode).toBe(0);
  });
});
