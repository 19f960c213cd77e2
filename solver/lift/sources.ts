/**
 * Sources: the text of the spec's own files, which the lifter reads and V8 runs.
 */

import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Text of each file by its path from the root of the project: `model/step.ts`. */
export type Sources = ReadonlyMap<string, string>;

/** Folders whose files may be lifted. */
export const LIFTED_FOLDERS = ['model', 'properties/inductive'] as const;

/** Where the sources are: beside the bundle, or two folders above this file in a checkout. */
function getRoot(): string {
  const bundle = fileURLToPath(new URL('./', import.meta.url));
  const isBundled = existsSync(join(bundle, LIFTED_FOLDERS[0], 'step.ts'));
  return isBundled ? bundle : fileURLToPath(new URL('../../', import.meta.url));
}

/** Reads the sources that this very program was built from. */
export function readSources(): Sources {
  const root = getRoot();
  const sources = new Map<string, string>();
  for (const folder of LIFTED_FOLDERS) {
    for (const name of readdirSync(join(root, folder)).toSorted()) {
      if (!name.endsWith('.ts') || name.endsWith('.test.ts')) continue;
      sources.set(`${folder}/${name}`, readFileSync(join(root, folder, name), 'utf8'));
    }
  }
  return sources;
}
