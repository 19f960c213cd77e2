// @ts-check
/**
 * Build: bundles the command line into `dist/`, so that it starts without compiling anything.
 *
 * Packages stay outside of the bundle; modules that only some commands need stay in chunks of their
 * own. Every file is put in its place by a rename, the entry last, so that a run that starts while
 * another builds never reads half a file.
 */

import { copyFileSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** The root of the checkout. */
export const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..');
/** The program that `package.json` names as `bin`. */
export const ENTRY = join(ROOT, 'dist', 'haven.js');
/** Worker entries: found by URL at run time, so they are copied as they are. */
const WORKERS = [
  'solver/smt/z3-worker.mjs',
  'properties/engine/fuzz-worker.mjs',
  'counterexamples/replay-worker.mjs',
];

/** Modules that are started by name: the command line, and what its workers run. */
const ENTRIES = [
  'scripts/haven.ts',
  'properties/engine/fuzz-job.ts',
  'counterexamples/replay-job.ts',
];
/** Modules that others import by the name of the package, see `exports` of `package.json`. */
const EMBEDDING = ['embedding/index.ts', 'embedding/vitest.ts'];
/** Folders whose sources the program reads at run time: what it proves is their text. */
const LIFTED = ['model', 'properties/inductive'];

/**
 * Bundles everything anew. Rejects where the sources do not compile.
 * @param {{ folder?: string, entries?: readonly string[] }} options where it goes, default `dist/`,
 *   and entries besides the program's own
 */
export async function build({ folder = dirname(ENTRY), entries = [] } = {}) {
  const program = await bundle([...ENTRIES, ...entries], folder);
  // Apart from the program: sharing chunks with it would cost its start.
  const embedding = await bundle(EMBEDDING, join(folder, 'embedding'));
  for (const worker of WORKERS) copy(join(ROOT, worker), join(folder, basename(worker)));
  for (const lifted of LIFTED) copySources(lifted, folder);
  const last = join(folder, basename(ENTRY));
  const files = [...embedding, ...program];
  const ordered = files.toSorted((a, b) => Number(a.path === last) - Number(b.path === last));
  for (const { path, contents } of ordered) {
    writeFileSync(`${path}.${process.pid}`, contents);
    renameSync(`${path}.${process.pid}`, path);
  }
}

/**
 * Bundles modules, each under its own name in the folder, which is made.
 * @param {readonly string[]} entries
 * @param {string} folder
 */
async function bundle(entries, folder) {
  const esbuild = await import('esbuild');
  const { outputFiles } = await esbuild.build({
    entryPoints: entries.map((entry) => join(ROOT, entry)),
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
  return outputFiles;
}

/**
 * @param {string} from
 * @param {string} to
 */
function copy(from, to) {
  copyFileSync(from, `${to}.${process.pid}`);
  renameSync(`${to}.${process.pid}`, to);
}

/**
 * Copies a folder's sources to the same place beside the program; those that are gone go there too.
 * @param {string} lifted
 * @param {string} folder
 */
function copySources(lifted, folder) {
  const target = join(folder, lifted);
  mkdirSync(target, { recursive: true });
  const names = readdirSync(join(ROOT, lifted)).filter((name) => /(?<!\.test)\.ts$/.test(name));
  for (const name of names) copy(join(ROOT, lifted, name), join(target, name));
  for (const name of readdirSync(target)) {
    if (name.endsWith('.ts') && !names.includes(name)) rmSync(join(target, name));
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  // Chunks are named by content: what older builds have left would be published too.
  rmSync(dirname(ENTRY), { recursive: true, force: true });
  await build();
  const { emitTypes } = await import('./types.mjs');
  emitTypes(join(dirname(ENTRY), 'types'));
}
