/**
 * Writes the platform files that ship from the fact tables: `tsx platforms/generate.ts`.
 *
 * Deterministic: the same tables give the same bytes, and a test holds the committed files against
 * it.
 */

import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { argv } from 'node:process';

import { printPlatform } from '../formats/device-tree/print.ts';
import { describeImx95 } from './imx95.ts';
import { describeQemuVirt } from './qemu-virt.ts';

/** File names beside this one and the text that belongs into each. */
export function generatePlatforms(): { file: string; text: string }[] {
  return [describeQemuVirt(), describeImx95()].map((platform) => ({
    file: `${platform.name}.yaml`,
    text: printPlatform(platform),
  }));
}

if (argv[1] === fileURLToPath(import.meta.url)) {
  for (const { file, text } of generatePlatforms()) {
    writeFileSync(fileURLToPath(new URL(file, import.meta.url)), text);
  }
}
