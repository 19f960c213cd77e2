/** Runs the command line as its users do, in a process of its own; for tests. */

import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

import { getPackageRoot } from './package.ts';

/** What a run left behind. */
export interface HavenRun {
  /** Null where a signal or the time limit ended it. */
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Where and how to run. */
export interface HavenRunOptions {
  /** Working directory; default: the package root. */
  readonly cwd?: string;
  /** Variables on top of the caller's, of which npm's are taken away. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Longest that a run may take, milliseconds. */
const RUN_MS_MAX = 280_000;

/** Arguments of Node that start the command line from source. */
export function listLaunchArguments(): string[] {
  // An URL, because a working directory elsewhere does not find the package.
  const loader = import.meta.resolve('tsx');
  return ['--import', loader, join(getPackageRoot(), 'scripts', 'haven.ts')];
}

/** The caller's environment without what npm and terminals put there. */
export function createCleanEnvironment(): Record<string, string> {
  const dropped = new Set(['INIT_CWD', 'NO_COLOR', 'FORCE_COLOR', 'HAVEN_DEBUG']);
  return Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) =>
      value === undefined || dropped.has(name) || name.startsWith('npm_') ? [] : [[name, value]],
    ),
  );
}

/** Runs `haven` with the parameters and waits for its end. */
export function runHaven(parameters: readonly string[], options: HavenRunOptions = {}): HavenRun {
  const run = spawnSync(process.execPath, [...listLaunchArguments(), ...parameters], {
    cwd: options.cwd ?? getPackageRoot(),
    env: { ...createCleanEnvironment(), ...options.env },
    encoding: 'utf8',
    timeout: RUN_MS_MAX,
    maxBuffer: 64 * 1024 * 1024,
  });
  return { exitCode: run.status, stdout: run.stdout, stderr: run.stderr };
}
