/**
 * Rewrites every generated file: JSON Schema for editors, reference pages, the platforms that ship.
 */

import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { generateFiles } from '../formats/haven-yaml/reference-page.ts';
import { generatePlatforms } from '../platforms/generate.ts';
import { generateReference } from './reference.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const platforms = generatePlatforms().map(({ file, text }) => ({
  path: `platforms/${file}`,
  text,
}));
for (const { path, text } of [...generateFiles(), ...generateReference(), ...platforms]) {
  const file = join(root, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  console.log(path);
}
