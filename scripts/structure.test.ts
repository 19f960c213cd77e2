/**
 * House rules that no linter knows: which folder may import which, file names, line length, words.
 */

import { readdirSync, readFileSync } from 'node:fs';
import { basename, join, posix } from 'node:path';

import { describe, expect, test } from 'vitest';

import { getPackageRoot } from './package.ts';

const ROOT = getPackageRoot();

/** Folders of code, and the folders each may import besides itself. Arrows run one way. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  model: [],
  properties: ['model'],
  solver: ['properties', 'model'],
  formats: ['properties', 'model'],
  counterexamples: ['formats', 'properties', 'solver', 'model'],
  report: ['formats', 'properties', 'solver', 'model'],
  platforms: ['formats', 'model'],
  embedding: ['counterexamples', 'formats', 'properties', 'model'],
  mutants: ['counterexamples', 'formats', 'properties', 'solver', 'model'],
  scripts: [
    'report',
    'mutants',
    'counterexamples',
    'formats',
    'platforms',
    'properties',
    'solver',
    'model',
  ],
};

/** Names that say nothing about what a file holds. */
const BANNED_NAMES = ['utils', 'util', 'helpers', 'helper', 'common', 'misc', 'stuff'];

/** Directories that hold nothing written by hand. */
const SKIPPED = new Set(['node_modules', 'dist', '.git']);

const CODE = /\.(ts|mjs)$/;
const TEXT = /\.(ts|mjs|md|ya?ml|json|sh|dts|tsv)$/;
const LINE_LENGTH_MAX = 100;

/**
 * Words that have no place in the sources: machine paths, and notes to oneself. Spelled in parts.
 */
const BANNED_WORDS = [
  ['/wo', 'rk/'],
  ['/ho', 'me/'],
  ['/tm', 'p/'],
  ['TO', 'DO'],
  ['FIX', 'ME'],
  ['X', 'XX'],
].map((parts) => parts.join(''));

function listFiles(folder = ''): string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = posix.join(folder, entry.name);
    if (entry.isDirectory()) return SKIPPED.has(entry.name) ? [] : listFiles(path);
    return entry.isFile() ? [path] : [];
  });
}

const FILES = listFiles();
const CODE_FILES = FILES.filter((file) => CODE.test(file));

function read(file: string): string {
  return readFileSync(join(ROOT, file), 'utf8');
}

/** Specifiers of a module's static and dynamic imports. */
function listImports(text: string): string[] {
  const pattern = /(?:\bfrom\s+|\bimport\s*\(\s*|^\s*import\s+)['"]([^'"\n]+)['"]/gm;
  return [...text.matchAll(pattern)].map((match) => match[1] ?? '');
}

function isTest(file: string): boolean {
  return file.endsWith('.test.ts');
}

describe('imports', () => {
  test('run one way between the top-level folders', () => {
    const wrong = CODE_FILES.filter((file) => !isTest(file)).flatMap((file) => {
      const from = file.split('/')[0] ?? '';
      const allowed = MAY_IMPORT[from];
      if (allowed === undefined) return [];
      return listImports(read(file))
        .filter((specifier) => specifier.startsWith('.'))
        .map((specifier) => posix.join(posix.dirname(file), specifier).split('/')[0] ?? '')
        .filter((to) => to !== from && !allowed.includes(to))
        .map((to) => `${file} imports ${to}`);
    });
    expect(wrong).toEqual([]);
  });

  test('of the model name no package and nothing of Node', () => {
    const wrong = CODE_FILES.filter((file) => file.startsWith('model/') && !isTest(file)).flatMap(
      (file) =>
        listImports(read(file))
          .filter((specifier) => !specifier.startsWith('.'))
          .map((specifier) => `${file} imports ${specifier}`),
    );
    expect(wrong).toEqual([]);
  });

  test('are found where there are some, so that the two facts above say something', () => {
    expect(listImports(read('model/regions.ts'))).toContain('./units.ts');
    expect(listImports(`const a = await import('../x.ts');`)).toEqual(['../x.ts']);
  });

  test('go through the table: every folder of code has its row', () => {
    const known = [...Object.keys(MAY_IMPORT), 'platforms', 'configs', 'conformance', 'mutants'];
    const folders = CODE_FILES.filter((file) => file.includes('/')).map(
      (file) => file.split('/')[0] ?? '',
    );
    expect([...new Set(folders)].filter((folder) => !known.includes(folder))).toEqual([]);
  });
});

describe('files', () => {
  test('have names that say what they hold', () => {
    const wrong = FILES.filter((file) =>
      BANNED_NAMES.includes(basename(file).split('.')[0]?.toLowerCase() ?? ''),
    );
    expect(wrong).toEqual([]);
  });

  test(`of code have lines of at most ${LINE_LENGTH_MAX} columns`, () => {
    const wrong = CODE_FILES.flatMap((file) =>
      read(file)
        .split('\n')
        .flatMap((line, index) =>
          line.length > LINE_LENGTH_MAX ? [`${file}:${index + 1} has ${line.length}`] : [],
        ),
    );
    expect(wrong).toEqual([]);
  });

  test('name no path of a machine and carry no notes to oneself', () => {
    const wrong = FILES.filter((file) => TEXT.test(file) && file !== 'package-lock.json').flatMap(
      (file) => {
        const text = read(file);
        return BANNED_WORDS.filter((word) => text.includes(word)).map((word) => `${file}: ${word}`);
      },
    );
    expect(wrong).toEqual([]);
  });
});

describe('docs/dependencies.md', () => {
  test('gives a reason for each dependency, and for nothing else', () => {
    const facts = JSON.parse(read('package.json')) as Record<string, Record<string, string>>;
    const declared = [
      ...Object.keys(facts['dependencies'] ?? {}),
      ...Object.keys(facts['devDependencies'] ?? {}),
    ];
    const rows = [...read('docs/dependencies.md').matchAll(/^\| `([^`]+)` +\| (.+\S) +\|$/gm)];
    expect(new Set(rows.map((row) => row[1]))).toEqual(new Set(declared));
    expect(rows).toHaveLength(declared.length);
  });
});
