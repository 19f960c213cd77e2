/**
 * Reference pages of what is checked: rules, obligations and properties, from their own lists.
 */

import type { GeneratedFile } from '../formats/haven-yaml/reference-page.ts';
import { ENGINE_PROPERTIES, PROPERTIES } from '../properties/catalogue.ts';
import { RULES } from '../properties/rules/all.ts';
import { renderRulesReference } from '../properties/rules/reference.ts';
import { CLAIMS } from '../solver/claims.ts';

/** The pages, with paths from the root of the package. */
export function generateReference(): GeneratedFile[] {
  return [
    { path: 'docs/reference/rules.md', text: renderRulesReference(RULES) },
    { path: 'docs/reference/obligations.md', text: renderClaims() },
    { path: 'docs/reference/properties.md', text: renderProperties() },
  ];
}

function renderClaims(): string {
  const sections = CLAIMS.map(({ id, statement, formula, source, help }) =>
    [
      `## ${id}`,
      statement,
      `Formula: ${formula}`,
      `Source: ${source}.`,
      `When it is refuted: ${help}.`,
    ].join('\n\n'),
  );
  return joinSections(
    '# Obligations of `haven prove`',
    `${CLAIMS.length} claims; a configuration makes one obligation or several of each. ` +
      'Generated from `solver/claims.ts`.',
    sections,
  );
}

function renderProperties(): string {
  const all = [...PROPERTIES, ...ENGINE_PROPERTIES];
  const sections = all.map(({ id, statement, source, example }) =>
    [`## ${id}`, statement, `Source: ${source}.`, `A bug that breaks it: ${example}.`].join('\n\n'),
  );
  return joinSections(
    '# Properties that `haven fuzz` watches',
    `${all.length} properties, watched while fuzzing. Generated from \`properties/catalogue.ts\`.`,
    sections,
  );
}

function joinSections(title: string, introduction: string, sections: readonly string[]): string {
  return `${[title, introduction, ...sections].join('\n\n')}\n`;
}
