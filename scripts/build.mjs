// @ts-check
/**
 * Build: bundles the command line into `dist/`, so that it starts without compiling anything.
 *
 * Packages stay outside of the bundle; modules that only some commands need stay in chunks of their
 * own. Every file is put in its place by a rename, the entry last, so that a run that starts while
 * another builds never reads half a file.
 */

import { copyFileSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** The root of the checkout. */
export const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..');
/** The program that `package.json` names as `bin`. */
export const ENTRY = join(ROOT, 'dist', 'haven.js');
/** Worker entries: found by URL at run time, so they are copied as they are. */
const WORKERS = ['solver/smt/z3-worker.mjs', 'properties/engine/fuzz-worker.mjs'];

/** Bundles everything anew. Rejects where the sources do not compile. */
export async function build() {
  const { build: bundle } = await import('esbuild');
  const folder = dirname(ENTRY);
  const { outputFiles } = await bundle({
    entryPoints: [
      join(ROOT, 'scripts', 'haven.ts'),
      join(ROOT, 'properties', 'engine', 'fuzz-job.ts'),
    ],
    entryNames: '[name]',
    outdir: folder,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    packages: 'external',
    write: false,
    logLevel: 'silent',
  });
  mkdirSync(folder, { recursive: true });
  for (const worker of WORKERS) {
    const place = join(folder, basename(worker));
    copyFileSync(join(ROOT, worker), `${place}.${process.pid}`);
    renameSync(`${place}.${process.pid}`, place);
  }
  const ordered = outputFiles.toSorted(
    (a, b) => Number(a.path === ENTRY) - Number(b.path === ENTRY),
  );
  for (const { path, contents } of ordered) {
    writeFileSync(`${path}.${process.pid}`, contents);
    renameSync(`${path}.${process.pid}`, path);
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  // Chunks are named by content: what older builds have left would be published too.
  rmSync(dirname(ENTRY), { recursive: true, force: true });
  await build();
}
