// @ts-check
/**
 * Launch: runs the command line of a checkout, built anew first where a source is newer than
 * `dist/`.
 *
 * Where nothing can be built (a folder that cannot be written), the sources run through tsx.
 */

import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ENTRY, ROOT, build } from './build.mjs';

/** Folders of sources that end up in the bundle. */
const SOURCES = [
  'model',
  'properties',
  'solver',
  'counterexamples',
  'formats',
  'report',
  'embedding',
  'scripts',
];

/**
 * Latest change of a source file below a folder, milliseconds since the epoch.
 * @param {string} folder
 * @returns {number}
 */
function getLatestChange(folder) {
  let latest = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) latest = Math.max(latest, getLatestChange(path));
    else if (/(?<!\.test)\.(ts|mjs)$/.test(entry.name)) {
      latest = Math.max(latest, statSync(path).mtimeMs);
    }
  }
  return latest;
}

/** Whether `dist/` holds what the sources say. */
function isFresh() {
  const built = statSync(ENTRY, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  return SOURCES.every((folder) => getLatestChange(join(ROOT, folder)) < built);
}

/** Makes `dist/` fresh; false where it cannot be. */
async function prepare() {
  if (isFresh()) return true;
  try {
    await build();
    return true;
  } catch {
    // The sources run all the same, and say themselves what is wrong with them.
    return false;
  }
}

if (await prepare()) {
  await import(pathToFileURL(ENTRY).href);
} else {
  const { register } = await import('tsx/esm/api');
  register();
  await import(pathToFileURL(join(ROOT, 'scripts', 'haven.ts')).href);
}
