import { spawn } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { getPackageRoot } from './package.ts';
import { createCleanEnvironment, listLaunchArguments, runHaven } from './run-haven.ts';

const CONFIGURATION = join(getPackageRoot(), 'configs', 'qemu-virt.yaml');
const FAKE = join(getPackageRoot(), 'solver', 'smt', 'fake-solver.mjs');
const PROVE_ONE = ['prove', CONFIGURATION, '--only', 'config.vmid', '--json'];

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'haven-solvers-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A PATH on which z3 is the stand-in in the given mode, and which notes each start. */
function createPath(mode: string): { PATH: string } {
  const bin = join(folder, 'bin');
  mkdirSync(bin);
  const program = join(bin, 'z3');
  const started = join(folder, 'started');
  writeFileSync(
    program,
    `#!/bin/sh\necho $$ >>'${started}'\nexec '${process.execPath}' '${FAKE}' ${mode} "$@"\n`,
  );
  chmodSync(program, 0o755);
  return { PATH: bin };
}

function listStarted(): number[] {
  const lines = readFileSync(join(folder, 'started'), 'utf8').trim().split('\n');
  return lines.map(Number);
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

interface Document {
  readonly configs: readonly {
    readonly verdict: string;
    readonly obligations: readonly Record<string, unknown>[];
    readonly diagnostics: readonly Record<string, unknown>[];
  }[];
}

/** Proves one obligation with the parameters. */
function prove(parameters: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const run = runHaven([...PROVE_ONE, ...parameters], { env });
  const [config] = (JSON.parse(run.stdout) as Document).configs;
  return { ...run, config, obligation: config?.obligations[0] };
}

describe('proving without a solver that was asked for', () => {
  test.each([
    [['--solver', 'cvc5'], 'no solver cvc5'],
    [['--cross-check'], 'no second solver: neither cvc5 nor z3 starts on the PATH'],
    [['--cross-check', 'wasm'], 'wasm cannot check itself'],
    [['--solver', 'yices'], 'Allowed choices are wasm, z3, cvc5'],
    [['--cross-check', CONFIGURATION], 'put --cross-check after the files'],
  ])('is wrong usage that says what to do: %j', (parameters, text) => {
    const run = runHaven(['prove', CONFIGURATION, ...parameters], { env: { PATH: folder } });
    expect(run.exitCode).toBe(2);
    expect(run.stderr).toContain(text);
    expect(run.stderr).not.toContain('    at ');
  });
});

// The stand-in is started by a shell script.
describe.skipIf(process.platform === 'win32')('a cross-check from the command line', () => {
  test('fails the run where the solvers contradict each other', () => {
    const run = prove(['--cross-check', 'z3'], createPath('sat'));
    expect(run.exitCode).toBe(1);
    expect(run.config?.verdict).toBe('violated');
    expect(run.config?.diagnostics[0]).toMatchObject({
      code: 'CFG-SOLVERS',
      message: expect.stringMatching(/config\.vmid: the solvers contradict .* z3 9\.9\.9 says sat/),
    });
    expect(run.obligation).toMatchObject({ status: 'unknown' });
  });

  test('names both solvers where they agree', () => {
    const run = prove(['--cross-check', 'z3'], createPath('right'));
    expect(run.exitCode).toBe(0);
    expect(run.obligation).toMatchObject({
      status: 'discharged',
      solver: expect.stringMatching(/^z3 \d.* \(wasm\) \+ z3 9\.9\.9$/),
    });
  });

  test('is inconclusive where the second solver gives up', () => {
    const run = prove(['--cross-check', 'z3'], createPath('unknown'));
    expect(run.exitCode).toBe(3);
    expect(run.obligation).toMatchObject({
      status: 'unknown',
      detail: expect.stringMatching(/z3 9\.9\.9 says unknown \(incomplete\)/),
    });
  });

  test('leaves no process behind when it is interrupted during a query', async () => {
    const child = spawn(process.execPath, [...listLaunchArguments(), ...PROVE_ONE, '--solver=z3'], {
      env: { ...createCleanEnvironment(), ...createPath('hang'), HAVEN_ANNOUNCE: '1' },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const ended = new Promise<number | null>((resolve) => void child.on('close', resolve));
    await expect.poll(() => listStarted().length, { timeout: 30_000 }).toBeGreaterThan(1);
    child.kill('SIGINT');
    expect(await ended).toBe(3);
    expect(listStarted().filter(isRunning)).toEqual([]);
  });
});

describe('the cache from the command line', () => {
  test('is used by the next run, is not with --no-cache, and says so', () => {
    const env = { HAVEN_CACHE: folder };
    const runs = [[], [], ['--no-cache']].map((parameters) => prove(parameters, env));
    expect(runs.map(({ exitCode }) => exitCode)).toEqual([0, 0, 0]);
    expect(runs.map(({ obligation }) => obligation?.['cached'])).toEqual([false, true, false]);
  });

  test('that cannot be used is said once, and the run goes on', () => {
    const file = join(folder, 'file');
    writeFileSync(file, '');
    const run = prove([], { HAVEN_CACHE: file });
    expect(run.exitCode).toBe(0);
    expect(run.stderr.match(/cannot read the cache of proofs/g)).toHaveLength(1);
  });
});
