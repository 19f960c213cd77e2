import { readFileSync } from 'node:fs';

import { expect, test } from 'vitest';

import { EXAMPLE_CONFIGURATION, EXAMPLE_TABLE_CONFIGURATION } from '../example-files.ts';
import { generateConfigurationJsonSchema } from './json-schema.ts';
import { generateFiles } from './reference-page.ts';

test.each(generateFiles())('$path is what the schema generates now', ({ path, text }) => {
  const committed = readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
  expect(committed.replaceAll('\r\n', '\n')).toBe(text);
});

test('the page explains every key that the examples use', () => {
  const page = generateFiles().find(({ path }) => path.endsWith('configuration.md'))?.text ?? '';
  const examples = EXAMPLE_CONFIGURATION + EXAMPLE_TABLE_CONFIGURATION;
  const keys = new Set([...examples.matchAll(/([a-z-]+):/g)].map(([, key]) => key));
  for (const key of keys) expect(page).toContain(`| \`${key ?? ''}\` |`);
});

test('every key of the configuration has a description', () => {
  const bare: string[] = [];
  const visit = (value: unknown, path: string): void => {
    if (typeof value !== 'object' || value === null) return;
    for (const [key, child] of Object.entries(value)) {
      if (key === 'properties') {
        for (const [name, schema] of Object.entries(child as Record<string, object>)) {
          if (!('description' in schema)) bare.push(`${path}.${name}`);
        }
      }
      visit(child, `${path}.${key}`);
    }
  };
  visit(generateConfigurationJsonSchema(), '');
  expect(bare).toEqual([]);
});
