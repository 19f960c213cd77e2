/**
 * Reference pages: one table for each map of a file format, from its JSON Schema.
 */

import {
  generateConfigurationJsonSchema,
  generatePlatformJsonSchema,
  type JsonSchema,
} from './json-schema.ts';

/** A file that is generated from the schemas. */
export interface GeneratedFile {
  /** Path from the root of the package, with forward slashes. */
  readonly path: string;
  readonly text: string;
}

/** Every file that is generated from the schemas of the file formats. */
export function generateFiles(): GeneratedFile[] {
  const configuration = generateConfigurationJsonSchema();
  const platform = generatePlatformJsonSchema();
  return [
    { path: 'schema/haven-configuration.schema.json', text: formatJson(configuration) },
    { path: 'schema/haven-platform.schema.json', text: formatJson(platform) },
    {
      path: 'docs/reference/configuration.md',
      text: formatPage('Configuration file', CONFIGURATION_INTRODUCTION, configuration),
    },
    {
      path: 'docs/reference/platform.md',
      text: formatPage('Platform file', PLATFORM_INTRODUCTION, platform),
    },
  ];
}

const CONFIGURATION_INTRODUCTION = `
A configuration is one YAML 1.2 document (JSON is a subset) in UTF-8. Unknown keys are errors.
Examples that verify are \`configs/qemu-virt.yaml\` and \`configs/imx95.yaml\`; editors complete and
check with the comment

\`\`\`yaml
# yaml-language-server: $schema=../schema/haven-configuration.schema.json
\`\`\`

What a configuration must fulfil beyond its shape is a matter of rules: \`haven explain\` lists them.
`;

const PLATFORM_INTRODUCTION = `
A platform file states the facts of a board; configurations refer to its cores and devices by name.
Those that ship are in \`platforms/\`; \`haven platform <file.dtb>\` makes one from a device tree
blob. Every entry may carry \`source\`: where the fact is from.
`;

interface Section {
  readonly path: string;
  readonly schema: JsonSchema;
}

function formatPage(title: string, introduction: string, schema: JsonSchema): string {
  const definitions = schema.definitions ?? {};
  const parts = [`# ${title}`, GENERATED_NOTE, introduction.trim()];
  const sections: Section[] = [];
  collectSections('', schema, sections);
  for (const section of sections) parts.push(formatSection(section));
  parts.push('## Kinds of values');
  const kinds = Object.entries(definitions).map(([kind, { description, enum: words }]) => {
    const listed = words === undefined ? '' : ` One of ${words.map(quote).join(', ')}.`;
    return `- **${kind}**: ${description ?? ''}${listed}`;
  });
  parts.push(kinds.join('\n'));
  return `${parts.join('\n\n')}\n`;
}

const GENERATED_NOTE =
  '<!-- Generated from the schema in formats/haven-yaml by `npm run generate`; change it there. -->';

/** Maps in the order in which a reader meets them: first a map itself, then the maps inside it. */
function collectSections(path: string, schema: JsonSchema, into: Section[]): void {
  for (const branch of schema.anyOf ?? []) collectSections(path, branch, into);
  if (schema.items !== undefined) collectSections(`${path}[]`, schema.items, into);
  if (schema.properties === undefined) return;
  // A single map and a list of such maps are one section.
  if (into.some((section) => section.path.replace(/\[\]$/, '') === path.replace(/\[\]$/, '')))
    return;
  into.push({ path, schema });
  for (const [key, child] of Object.entries(schema.properties)) {
    collectSections(path === '' ? key : `${path}.${key}`, child, into);
  }
}

function formatSection({ path, schema }: Section): string {
  const heading = path === '' ? 'Top level' : `\`${path}\``;
  const required = new Set(schema.required);
  const rows = Object.entries(schema.properties ?? {}).map(([key, child]) => {
    const need = required.has(key) ? '**required**' : formatDefault(child);
    const meaning = (child.description ?? '').replaceAll('|', '\\|');
    return `| \`${key}\` | ${formatKind(child)} | ${need} | ${meaning} |`;
  });
  return [
    `## ${heading}`,
    '',
    '| Key | Takes | Default | Meaning |',
    '| --- | --- | --- | --- |',
    ...rows,
  ].join('\n');
}

function formatDefault(schema: JsonSchema): string {
  if (schema.default !== undefined) return quote(schema.default);
  return schema.type === 'array' ? 'empty' : 'none';
}

function formatKind(schema: JsonSchema): string {
  if (schema.enum !== undefined) return schema.enum.map(quote).join(', ');
  if (schema.const !== undefined) return quote(schema.const);
  if (schema.$ref !== undefined) return schema.$ref.slice(schema.$ref.lastIndexOf('/') + 1);
  if (schema.anyOf !== undefined) return schema.anyOf.map(formatKind).join(' or ');
  if (schema.items !== undefined) return `list of ${formatKind(schema.items)}`;
  if (schema.type === 'object') return 'map';
  return schema.type === 'string' ? 'text' : (schema.type ?? 'any');
}

function quote(value: unknown): string {
  return `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``;
}

function formatJson(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
