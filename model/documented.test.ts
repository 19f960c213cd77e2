import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ACTION_KINDS } from './actions.ts';
import { REFUSALS } from './outcome.ts';

const TEXT = readFileSync(join(import.meta.dirname, '..', 'docs', 'spec.md'), 'utf8');
const NAMED = new Set([...TEXT.matchAll(/`([^`\n]+)`/g)].map((match) => match[1] ?? ''));

describe('docs/spec.md', () => {
  test.each([...ACTION_KINDS])('names the action %s', (kind) => {
    expect(NAMED).toContain(kind);
  });

  test.each([...REFUSALS])('names the refusal %s', (refusal) => {
    expect(NAMED).toContain(refusal);
  });

  test('names no refusal that does not exist', () => {
    const known: readonly string[] = ['DONE', ...REFUSALS];
    const names = [...NAMED].filter((name) => /^[A-Z0-9]+(_[A-Z0-9]+)+$/.test(name));
    expect(names.filter((name) => !known.includes(name))).toEqual([]);
  });
});
