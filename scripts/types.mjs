// @ts-check
/**
 * Types: declarations of what others import by the name of the package, and of nothing else.
 */

import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..');
/** Declarations that `exports` of `package.json` names. */
const ENTRIES = ['embedding/index', 'embedding/vitest'];
/** A module by its path in an import, an export or a type of a declaration. */
const SPECIFIER = /((?:\bfrom |\bimport\(|\bimport )["'])(\.[^"']*)\.ts(["'])/g;

/**
 * Writes declarations of the entries, and of all that they refer to, into a folder. Throws where
 * the sources do not compile.
 * @param {string} folder
 */
export function emitTypes(folder) {
  const emitted = mkdtempSync(join(tmpdir(), 'haven-types-'));
  try {
    compile(emitted);
    const open = [...ENTRIES];
    const seen = new Set(open);
    for (let module = open.pop(); module !== undefined; module = open.pop()) {
      const text = readFileSync(join(emitted, `${module}.d.ts`), 'utf8');
      for (const [, , path = ''] of text.matchAll(SPECIFIER)) {
        const referred = posix.join(posix.dirname(module), path);
        if (!seen.has(referred)) open.push(referred);
        seen.add(referred);
      }
      const target = join(folder, `${module}.d.ts`);
      mkdirSync(dirname(target), { recursive: true });
      // Compilers of others look for what a JavaScript file declares, and know no TypeScript one.
      writeFileSync(target, text.replace(SPECIFIER, '$1$2.js$3'));
    }
  } finally {
    rmSync(emitted, { recursive: true, force: true });
  }
}

/**
 * Runs the compiler; what it finds wrong is in the message of what is thrown.
 * @param {string} folder
 */
function compile(folder) {
  const facts = createRequire(import.meta.url).resolve('typescript/package.json');
  const compiler = join(dirname(facts), 'bin', 'tsc');
  const project = join(ROOT, 'tsconfig.types.json');
  execFileSync(process.execPath, [compiler, '-p', project, '--outDir', folder], {
    encoding: 'utf8',
    stdio: ['ignore', 'inherit', 'inherit'],
  });
}
