/** Ctrl-C, as a terminal sends it. */

import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';

import { describe, expect, test } from 'vitest';

import { waitUnlessInterrupted } from './interrupt.ts';
import { getPackageRoot } from './package.ts';
import { createCleanEnvironment, listLaunchArguments } from './run-haven.ts';

const CONFIGURATION = join(getPackageRoot(), 'configs', 'qemu-virt.yaml');

interface Interrupted {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Starts a fuzz run of a minute, interrupts it when it has begun, and waits for its end. */
function interruptFuzz(): Promise<Interrupted> {
  const parameters = ['fuzz', '--json', '--time', '60s', CONFIGURATION];
  const child = spawn(process.execPath, [...listLaunchArguments(), ...parameters], {
    env: { ...createCleanEnvironment(), HAVEN_ANNOUNCE: '1' },
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (text: Buffer) => (stdout += text.toString()));
  child.stderr.on('data', (text: Buffer) => {
    stderr += text.toString();
    if (stderr.includes('started')) child.kill('SIGINT');
  });
  return new Promise((resolve) => {
    child.on('close', (exitCode) => resolve({ exitCode, stdout, stderr }));
  });
}

// Windows has no signals between processes: kill() there ends the child at once.
describe.skipIf(process.platform === 'win32')('an interrupted run', () => {
  test('reports what it has, as inconclusive, with exit code 3', async () => {
    const run = await interruptFuzz();
    expect(run.exitCode).toBe(3);
    expect(JSON.parse(run.stdout)).toMatchObject({
      configs: [{ verdict: 'inconclusive', interrupted: true }],
    });
  });
});

describe('waiting for work', () => {
  test('ends with the work when nothing interrupts it', async () => {
    let isDone = false;
    const work = Promise.resolve().then(() => {
      isDone = true;
    });
    await waitUnlessInterrupted(work, new AbortController().signal);
    expect(isDone).toBe(true);
  });

  test('ends without the work when it does not stop after an interruption', async () => {
    const endless = new Promise<void>(() => undefined);
    const begin = performance.now();
    await waitUnlessInterrupted(endless, AbortSignal.abort());
    expect(performance.now()).toBeGreaterThan(begin);
  });

  test('passes on what the work throws', async () => {
    const work = Promise.reject(new Error('broken'));
    await expect(waitUnlessInterrupted(work, new AbortController().signal)).rejects.toThrow(
      'broken',
    );
  });
});
