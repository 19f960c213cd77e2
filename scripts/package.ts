/** The package that this program runs from: its folder and version. */

import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * Root folder of the package: the nearest parent with a package.json, from source and from `dist`.
 */
export function getPackageRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json'))) {
    const parent = dirname(folder);
    if (parent === folder) throw new BrokenInstallationError();
    folder = parent;
  }
  return folder;
}

/** Version of the package, for example `0.1.0`. */
export function getVersion(): string {
  const text = readFileSync(join(getPackageRoot(), 'package.json'), 'utf8');
  const facts: unknown = JSON.parse(text);
  if (typeof facts === 'object' && facts !== null && 'version' in facts) {
    if (typeof facts.version === 'string') return facts.version;
  }
  throw new BrokenInstallationError();
}

/** The files of the package are not where they were installed; no input can cause this. */
export class BrokenInstallationError extends Error {
  constructor() {
    super('the package.json of haven-model is missing or damaged: install it again');
  }
}
