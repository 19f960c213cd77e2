/**
 * The package as others install it: packed, unpacked beside its dependencies, imported, compiled
 * against, and used in tests.
 */

import { execFileSync, spawnSync } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { build } from './build.mjs';
import { getPackageRoot } from './package.ts';
import { emitTypes } from './types.mjs';

const ROOT = getPackageRoot();
const FOLDER = realpathSync(mkdtempSync(join(tmpdir(), 'haven-installed-')));
/** Somebody's project, with the package and what it depends on. */
const PROJECT = join(FOLDER, 'project');
const MODULES = join(PROJECT, 'node_modules');
const TIMEOUT_MS = 120_000;
const IS_WINDOWS = process.platform === 'win32';

/** Packs what would be published, without touching what this checkout runs. */
async function pack(): Promise<string> {
  const staged = join(FOLDER, 'staged');
  mkdirSync(staged);
  for (const name of ['package.json', 'README.md', 'LICENSE', 'configs', 'platforms', 'schema']) {
    cpSync(join(ROOT, name), join(staged, name), { recursive: true });
  }
  await build({ folder: join(staged, 'dist') });
  emitTypes(join(staged, 'dist', 'types'));
  const options = { cwd: staged, encoding: 'utf8', shell: IS_WINDOWS } as const;
  execFileSync('npm', ['pack', '--ignore-scripts', '--silent', '--pack-destination', FOLDER], {
    ...options,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const [archive = ''] = readdirSync(FOLDER).filter((name) => name.endsWith('.tgz'));
  return archive;
}

/** Unpacks the package into the project, and links whatever it may depend on but vitest. */
function install(archive: string): void {
  mkdirSync(MODULES, { recursive: true });
  execFileSync('tar', ['-xzf', archive, '-C', PROJECT], { cwd: FOLDER });
  cpSync(join(PROJECT, 'package'), join(MODULES, 'haven-model'), { recursive: true });
  for (const name of readdirSync(join(ROOT, 'node_modules'))) {
    if (name.startsWith('.') || name === 'vitest') continue;
    link(name);
  }
  writeFileSync(join(PROJECT, 'package.json'), '{ "type": "module" }\n');
}

function link(name: string): void {
  symlinkSync(
    join(ROOT, 'node_modules', name),
    join(MODULES, name),
    IS_WINDOWS ? 'junction' : 'dir',
  );
}

/** Runs Node in the project. */
function run(...words: readonly string[]): { status: number | null; output: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, words, {
    cwd: PROJECT,
    encoding: 'utf8',
    env: { ...process.env, NO_COLOR: '1', CI: '1', VITEST: '' },
  });
  return { status, output: stdout + stderr };
}

function write(name: string, lines: readonly string[]): void {
  writeFileSync(join(PROJECT, name), `${lines.join('\n')}\n`);
}

beforeAll(async () => install(await pack()), TIMEOUT_MS);
afterAll(() => rmSync(FOLDER, { recursive: true, force: true }));

/** A step function that gives whoever fills a TLB the page behind the one that was asked for. */
const LEAKY = [
  'const leaky = (plan, machine, action) => {',
  '  const outcome = step(plan, machine, action);',
  "  if (action.kind === 'tlb-fill' && outcome === 'DONE') {",
  '    machine.cores[action.core].tlb[action.slot].frame += 1;',
  '  }',
  '  return outcome;',
  '};',
];

describe('the package as it is installed', { timeout: TIMEOUT_MS }, () => {
  test('is imported without vitest, and draws, checks, writes and reads configurations', () => {
    write('import.mjs', [
      "import fc from 'fast-check';",
      'import {',
      '  checkConfiguration, configurationArbitrary, findViolation, nearMissArbitrary,',
      '  readConfiguration, readConfigurationText, writeConfiguration,',
      "} from 'haven-model';",
      'fc.assert(fc.property(configurationArbitrary(), (configuration) => {',
      "  if (checkConfiguration(configuration).some(({ severity }) => severity === 'error')) {",
      '    return false;',
      '  }',
      "  const written = writeConfiguration(configuration, './drawn.yaml');",
      "  const platform = { file: 'drawn.yaml', text: written.platform };",
      "  const back = readConfigurationText(written.configuration, 'a.yaml', { platform });",
      "  return back.kind === 'ok';",
      '}), { numRuns: 10 });',
      'fc.assert(fc.property(nearMissArbitrary(), ({ configuration, defect }) =>',
      '  checkConfiguration(configuration).some(({ code }) => code === defect.code),',
      '), { numRuns: 10 });',
      "const read = readConfiguration('node_modules/haven-model/configs/qemu-virt.yaml');",
      'console.log(read.kind, findViolation(read.loaded.configuration, { numRuns: 5 }));',
      "await import('haven-model/vitest').then(",
      "  () => console.log('vitest'),",
      '  ({ code }) => console.log(code),',
      ');',
    ]);
    expect(run('import.mjs')).toEqual({ status: 0, output: 'ok null\nERR_MODULE_NOT_FOUND\n' });
  });

  test('has types for compilers of either kind of resolution', () => {
    write('uses.ts', [
      "import fc from 'fast-check';",
      'import {',
      '  type Action, type Property, PROPERTIES, type StaticConfiguration, type Trace,',
      '  configurationArbitrary, createPlan, findViolation, traceArbitrary,',
      "} from 'haven-model';",
      "import { testIsolation } from 'haven-model/vitest';",
      'const drawn: StaticConfiguration[] = fc.sample(configurationArbitrary(), 1);',
      'const [configuration] = drawn;',
      "if (configuration === undefined) throw new Error('nothing drawn');",
      'const traces: Trace[] = fc.sample(traceArbitrary(createPlan(configuration), 4), 1);',
      'const actions: readonly Action[] = traces[0]?.actions ?? [];',
      'const properties: readonly Property[] = PROPERTIES;',
      'findViolation(configuration, { properties, numRuns: actions.length });',
      'testIsolation(configuration, { seed: 1, together: true });',
      '// @ts-expect-error: a number of runs is a number',
      "testIsolation(configuration, { numRuns: 'many' });",
    ]);
    const examples = readFileSync(join(ROOT, 'docs', 'embedding.md'), 'utf8')
      .replaceAll('\r\n', '\n')
      .matchAll(/```ts\n(.*?)```/gs);
    const files = ['uses.ts'];
    for (const [, text = ''] of examples) {
      files.push(`example${files.length}.ts`);
      write(files.at(-1) ?? '', [text]);
    }
    expect(files.length).toBeGreaterThan(3);
    const compiler = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
    for (const [module, resolution] of [
      ['nodenext', 'nodenext'],
      ['esnext', 'bundler'],
    ] as const) {
      const words = ['--strict', '--noEmit', '--target', 'es2022', '--lib', 'es2023,dom'];
      words.push('--module', module, '--moduleResolution', resolution, '--types', '');
      expect(run(compiler, ...words, ...files)).toEqual({ status: 0, output: '' });
    }
  });

  test('tests a configuration in vitest, and tells of a seeded bug by a shrunk trace', () => {
    link('vitest');
    const read = [
      "import { readConfiguration, step } from 'haven-model';",
      "import { testIsolation } from 'haven-model/vitest';",
      "const read = readConfiguration('node_modules/haven-model/configs/qemu-virt.yaml');",
    ];
    const isolation = 'testIsolation(read.loaded.configuration';
    write('holds.test.mjs', [...read, 'void step;', `${isolation}, { numRuns: 5 });`]);
    write('leaks.test.mjs', [...read, ...LEAKY, `${isolation}, { step: leaky, together: true });`]);
    const vitest = join(ROOT, 'node_modules', 'vitest', 'vitest.mjs');
    const holds = run(vitest, 'run', '--root', PROJECT, 'holds');
    expect(holds.output).toMatch(/Tests +\d\d+ passed/);
    expect(holds.status).toBe(0);
    const leaks = run(vitest, 'run', '--root', PROJECT, 'leaks');
    expect(leaks.output).toMatch(
      /is broken: .*\nafter a boot that nothing disturbed:\n +1\. the TLB of core/,
    );
    expect(leaks.output).not.toMatch(/^ +2\. /m);
    expect(leaks.status).toBe(1);
  });
});
