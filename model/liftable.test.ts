import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';

/**
 * Files with transitions: plain functions over records and arrays, so that another reading of the
 * same source can follow them statement by statement.
 */
const TRANSITIONS = [
  'boot.ts',
  'bus.ts',
  'calls.ts',
  'execution.ts',
  'firewall.ts',
  'gic.ts',
  'list-registers.ts',
  'physical-lines.ts',
  'scheduler.ts',
  'smmu.ts',
  'step.ts',
  'time.ts',
  'translation.ts',
  'virtual-gic.ts',
  'world-switch.ts',
];

/** Files whose code runs once per configuration, outside of steps, or that are data and types. */
const OUTSIDE_OF_STEPS: Readonly<Record<string, string>> = {
  'actions.ts': 'types and the list of kinds',
  'configuration.ts': 'types',
  'machine.ts': 'the state and its making',
  'memory.ts': 'the one interface behind which memory is a map',
  'outcome.ts': 'types',
  'plan.ts': 'compiles the configuration',
  'regions.ts': 'compiles the configuration',
  'registers.ts': 'a table',
  'units.ts': 'types and arithmetic, some of it in BigInt',
  'view.ts': 'observes a machine and never changes it',
};

const FORBIDDEN: readonly (readonly [name: string, pattern: RegExp])[] = [
  ['class', /\bclass\b/],
  ['closure', /=>|\S.*\bfunction\s*\(/],
  ['exception', /\b(try|catch|throw)\b/],
  ['new', /\bnew\b/],
  ['unbounded loop', /\bwhile\b|\bdo\b\s*\{/],
  ['generator or promise', /\b(async|await|yield)\b|function\*/],
  ['spread', /\.\.\./],
  [
    'array method with a callback',
    /\.(map|filter|find|findIndex|findLast|forEach|some|every|reduce|flatMap|sort|toSorted)\s*\(/,
  ],
  ['clock or chance', /\bDate\b|\bperformance\b|Math\.random/],
  ['bitwise operator', /(?<![&|])[&|](?![&|])(?=\s*\d)|<<|>>|\^|~/],
];

/** The code without comments and texts. */
function strip(source: string): string {
  return source
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .replace(/\/\/.*$/gm, '')
    .replace(/'(?:[^'\\\n]|\\.)*'/g, "''");
}

function findForbidden(code: string): string[] {
  return FORBIDDEN.filter(([, pattern]) => pattern.test(code)).map(([name]) => name);
}

describe('the files of the model', () => {
  test('are transitions or stand outside of steps, each listed once', () => {
    const files = readdirSync(import.meta.dirname).filter(
      (name) => name.endsWith('.ts') && !name.endsWith('.test.ts'),
    );
    const listed = [...TRANSITIONS, ...Object.keys(OUTSIDE_OF_STEPS)];
    expect(files.toSorted()).toEqual(listed.toSorted());
  });

  test.each(TRANSITIONS)('with transitions are in the liftable subset: %s', (name) => {
    const code = strip(readFileSync(join(import.meta.dirname, name), 'utf8'));
    expect(findForbidden(code)).toEqual([]);
  });

  test.each(TRANSITIONS)('with transitions have a test beside them: %s', (name) => {
    expect(readdirSync(import.meta.dirname)).toContain(name.replace('.ts', '.test.ts'));
  });
});

test.each([
  ['const f = (a: number) => a;', 'closure'],
  ['throw new Error();', 'exception'],
  ['class A {}', 'class'],
  ['while (true) {}', 'unbounded loop'],
  ['const a = [...b];', 'spread'],
  ['for (const x of list.filter(ready)) {}', 'array method with a callback'],
  ['const now = Date.now();', 'clock or chance'],
  ['const page = address >> 12;', 'bitwise operator'],
])('the search finds %s', (code, name) => {
  expect(findForbidden(strip(code))).toContain(name);
});

test('the search looks past comments and texts', () => {
  expect(findForbidden(strip("// try a class => x\n/* while */ const a = 'throw';"))).toEqual([]);
});
