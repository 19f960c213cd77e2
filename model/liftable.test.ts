import { readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { LiftError } from '../solver/lift/lift-error.ts';
import { createLifter } from '../solver/lift/lift.ts';
import { readSources } from '../solver/lift/sources.ts';

/**
 * Files with transitions: plain functions over records and arrays, which the lifter reads statement
 * by statement.
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
  'view.ts': 'observes a machine and never changes it; part of it is lifted',
};

/** Files of invariants that are lifted; the others make lists of them and describe phases. */
const INVARIANTS = [
  'charges.ts',
  'entitlement.ts',
  'execution.ts',
  'grants.ts',
  'interrupts.ts',
  'registers.ts',
  'schedule.ts',
  'slot-promise.ts',
  'slots.ts',
  'streams.ts',
  'tables.ts',
  'windows.ts',
];

/** What of the view runs on V8 only: it makes a view, and adds the partition's memory to it. */
const OUTSIDE_OF_VIEWS = ['createView', 'observe'];

const SOURCES = readSources();

function check(code: string): void {
  createLifter(new Map([['model/sample.ts', code]])).checkFile('model/sample.ts');
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
    expect(() => createLifter(SOURCES).checkFile(`model/${name}`)).not.toThrow();
  });

  test.each(TRANSITIONS)('with transitions have a test beside them: %s', (name) => {
    expect(readdirSync(import.meta.dirname)).toContain(name.replace('.ts', '.test.ts'));
  });
});

test.each(INVARIANTS)('invariants are in the liftable subset: %s', (name) => {
  expect(() => createLifter(SOURCES).checkFile(`properties/inductive/${name}`)).not.toThrow();
});

test('what a partition sees of a state is in the liftable subset', () => {
  const text = SOURCES.get('model/view.ts') ?? '';
  const names = [...text.matchAll(/^(?:export )?function (\w+)/gm)].map((match) => match[1] ?? '');
  expect(names).toEqual(expect.arrayContaining(['observeState', 'observeTable', 'isObservable']));
  const lifter = createLifter(SOURCES);
  const outside = names.filter((name) => {
    try {
      lifter.getFunction('model/view.ts', name);
      return false;
    } catch {
      return true;
    }
  });
  expect(OUTSIDE_OF_VIEWS).toEqual(expect.arrayContaining(outside));
});

test.each([
  ['closure', 'const f = (b: number) => b;', '2:11: ArrowFunctionExpression'],
  ['exception', 'throw a;', '2:1: ThrowStatement'],
  ['class', 'class A {}', '2:1: ClassDeclaration'],
  ['unbounded loop', 'while (true) {}', '2:1: WhileStatement'],
  ['spread', 'const b = [...a];', '2:11: a spread'],
  [
    'array method with a callback',
    'for (const x of a.filter(ready)) {}',
    '2:17: a call of a.filter',
  ],
  ['clock', 'const now = Date.now();', '2:13: a call of Date.now'],
  ['chance', 'const now = Math.random();', '2:13: a call of Math.random'],
  ['bitwise operator', 'const page = a >> 12;', '2:14: >> of numbers'],
])('the lifter finds what is outside of the subset: %s', (_, statement, message) => {
  const code = `function f(a: any) {\n${statement}\nreturn a; }`;
  expect(() => check(code)).toThrow(LiftError);
  expect(() => check(code)).toThrow(`model/sample.ts:${message}`);
});

test('the lifter looks past comments and texts', () => {
  const code = "function f() {\n// try a class => x\n/* while */ const a = 'throw';\nreturn a; }";
  expect(() => check(code)).not.toThrow();
});
