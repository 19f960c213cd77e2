/**
 * Rewrites the files that are generated from the schemas: JSON Schema for editors, reference pages.
 */

import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { generateFiles } from '../formats/haven-yaml/reference-page.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
for (const { path, text } of generateFiles()) {
  const file = join(root, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  console.log(path);
}
