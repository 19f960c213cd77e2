import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, test } from 'vitest';

import type { Diagnostic } from '../../formats/diagnostic.ts';
import { readConfiguration, toDiagnostic } from '../../formats/read.ts';
import { RULES } from '../../properties/rules/all.ts';
import { checkConfiguration } from '../../properties/rules/check.ts';
import { EDITS } from './edits.ts';
import { createRejectedFiles, getRejectedName, GOOD, REJECTED } from './generate.ts';

/** What `haven check` says about a file; fails the test where it cannot be read. */
function diagnose(file: string): Diagnostic[] {
  const read = readConfiguration(file);
  if (read.kind === 'invalid') {
    expect.fail(`${file}: ${read.diagnostics.map((found) => found.message).join('; ')}`);
  }
  const { loaded } = read;
  return checkConfiguration(loaded.configuration).map((finding) => toDiagnostic(loaded, finding));
}

function readLines(file: string): string[] {
  return readFileSync(file, 'utf8').split(/\r?\n/);
}

function isYaml(name: string): boolean {
  return name.endsWith('.yaml');
}

/** Files and lines of a diagnostic: its own and the related ones. */
function listPlaces(diagnostic: Diagnostic): { file: string; line: number }[] {
  return [diagnostic.at, ...diagnostic.related.map((place) => place.at)];
}

test('the good neighbours and both shipped configurations break no rule', () => {
  for (const name of [...GOOD, '../qemu-virt.yaml', '../imx95.yaml']) {
    expect(diagnose(join(REJECTED, name)), name).toEqual([]);
  }
});

test('every rule has one rejected configuration, and every file belongs to a rule', () => {
  const codes = RULES.map((rule) => rule.code);
  expect(EDITS.map((edit) => edit.code).toSorted()).toEqual(codes.toSorted());
  const files = readdirSync(REJECTED).filter((name) => isYaml(name) && !GOOD.includes(name));
  expect(files.toSorted()).toEqual(codes.map(getRejectedName).toSorted());
  const platforms = readdirSync(join(REJECTED, 'platforms')).filter(
    (name) => isYaml(name) && name !== 'board.yaml',
  );
  const expected = EDITS.filter((edit) => edit.in === 'platform');
  expect(platforms.toSorted()).toEqual(
    expected.map(({ code }) => getRejectedName(code)).toSorted(),
  );
});

describe.each(EDITS)('$code', (edit) => {
  const files = createRejectedFiles(edit);

  test('has files that are the good ones with its edit', () => {
    for (const { name, text } of files) {
      expect(readLines(join(REJECTED, name)), name).toEqual(text.split('\n'));
    }
  });

  test('is found, and names the line of the edit', () => {
    const found = diagnose(join(REJECTED, getRejectedName(edit.code)));
    const own = found.filter((diagnostic) => diagnostic.code === edit.code);
    expect(own.map((diagnostic) => diagnostic.code)).toContain(edit.code);
    const edited = files.at(-1);
    const named = own.flatMap(listPlaces).some(({ file, line }) => {
      const text = readLines(file)[line - 1] ?? '';
      if (edit.names !== undefined) return text.includes(edit.names.trim());
      const { first, last } = edited?.lines ?? { first: 0, last: 0 };
      const inFile = file.replaceAll('\\', '/').endsWith(edited?.name ?? '');
      return inFile && first <= line && line <= last;
    });
    expect(named, JSON.stringify(own.flatMap(listPlaces))).toBe(true);
  });

  test('has a title of one sentence and an example with two sides', () => {
    const rule = RULES.find((candidate) => candidate.code === edit.code);
    expect(rule?.example.before).not.toBe(rule?.example.after);
    expect(rule?.title).toMatch(/^Validate that .*\.$/);
  });
});
