import { describe, expect, test } from 'vitest';
import { createMachine } from '../model/machine.ts';
import { createPlan } from '../model/plan.ts';
import { step } from '../model/step.ts';
import { createSmallBoard } from '../model/testing/small-board.ts';
import { listBootActions } from '../properties/generators/boot-actions.ts';
import { readSources } from '../solver/lift/sources.ts';
import { BugPlaceError, SourcesError, applyBug, loadSpec, loadStep } from './patched-spec.ts';
import type { SourceBug } from './source-bug.ts';
import { SOURCE_BUGS } from './source-bugs.ts';

const SOURCES = readSources();
const PLAN = createPlan(createSmallBoard());
const [BUG] = SOURCE_BUGS;

function createBug(change: Partial<SourceBug>): SourceBug {
  if (BUG === undefined) throw new Error('the list of bugs is not empty');
  return { ...BUG, ...change };
}

describe('applying a bug', () => {
  test('changes the text in its place and leaves the given sources as they are', () => {
    const bug = createBug({ file: 'model/step.ts', find: "case 'boot':", replace: "case 'b':" });
    const before = SOURCES.get('model/step.ts');
    const after = applyBug(SOURCES, bug).get('model/step.ts');
    expect(after).toBe(before?.replace("case 'boot':", "case 'b':"));
    expect(SOURCES.get('model/step.ts')).toBe(before);
  });

  test('is refused where the text occurs not at all, or in a file that is not there', () => {
    expect(() => applyBug(SOURCES, createBug({ find: 'no such text' }))).toThrow(/found: 0 times/);
    expect(() => applyBug(SOURCES, createBug({ file: 'model/none.ts' }))).toThrow(BugPlaceError);
  });

  test('is refused where the text occurs twice', () => {
    const bug = createBug({ file: 'model/step.ts', find: "case 'line-" });
    expect(() => applyBug(SOURCES, bug)).toThrow(/found: 2 times/);
  });
});

describe('loading sources', () => {
  test('gives a spec that boots as the spec itself does', async () => {
    const loaded = await loadSpec(SOURCES);
    const ours = loaded.createMachine(PLAN);
    const theirs = createMachine(PLAN);
    for (const action of listBootActions(PLAN)) {
      expect(loaded.step(PLAN, ours, action)).toBe(step(PLAN, theirs, action));
    }
    expect(ours).toEqual(theirs);
  });

  test('runs the given text and not the file', async () => {
    const bug = createBug({
      file: 'model/boot.ts',
      find: "return 'NO_SUCH_CORE';",
      replace: "return 'CORE_UNUSED';",
    });
    const action = { kind: 'boot', core: 99, fails: false } as const;
    const patched = await loadStep(applyBug(SOURCES, bug));
    expect(patched(PLAN, createMachine(PLAN), action)).toBe('CORE_UNUSED');
    expect((await loadStep(SOURCES))(PLAN, createMachine(PLAN), action)).toBe('NO_SUCH_CORE');
  });

  test('makes the state at reset from the given text too', async () => {
    const bug = createBug({
      file: 'model/machine.ts',
      find: 'abortWhenOff: false',
      replace: 'abortWhenOff: true',
    });
    const loaded = await loadSpec(applyBug(SOURCES, bug));
    expect(loaded.createMachine(PLAN).smmu.abortWhenOff).toBe(true);
  });

  test('is done once for equal texts', async () => {
    expect(await loadStep(new Map(SOURCES))).toBe(await loadStep(SOURCES));
  });

  test('is refused where a text does not compile or a file is missing', async () => {
    const broken = new Map(SOURCES).set('model/boot.ts', 'function {');
    await expect(loadStep(broken)).rejects.toThrow(SourcesError);
    const partial = new Map([...SOURCES].filter(([path]) => path !== 'model/boot.ts'));
    await expect(loadStep(partial)).rejects.toThrow(/model\/boot\.ts is not among them/);
  });
});
