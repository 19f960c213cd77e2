import { describe, expect, test } from 'vitest';
import { PROPERTIES, ENGINE_PROPERTIES } from '../properties/catalogue.ts';
import { fuzzConfiguration } from '../properties/engine/fuzz.ts';
import { createRunner, runTrace } from '../properties/engine/run.ts';
import type { Runner } from '../properties/engine/run.ts';
import { readSources } from '../solver/lift/sources.ts';
import {
  SEARCH_STEPS,
  getConfigurationName,
  getSubject,
  loadBuggyStep,
  readRecordedTraces,
  searchBug,
} from './bug-search.ts';
import { applyBug, loadStep } from './patched-spec.ts';
import { COMPONENTS } from './source-bug.ts';
import type { SourceBug } from './source-bug.ts';
import { SOURCE_BUGS } from './source-bugs.ts';

const SOURCES = readSources();
const RECORDED = readRecordedTraces();
const FOUND = SOURCE_BUGS.filter(({ property }) => property !== null);
const CONFIGURATIONS = [...new Set(SOURCE_BUGS.map(getConfigurationName))];

/** Seeds that are tried from the recorded one on: some properties look only now and then. */
const SEEDS = 16;

/** Steps in which the sources without a bug must break nothing. */
const CLEAN_STEPS = 20_000;

function getRecorded(bug: SourceBug): (typeof RECORDED)[number] {
  const recorded = RECORDED.find((one) => one.bug === bug.name);
  if (recorded === undefined) throw new Error(`no trace is recorded for "${bug.name}"`);
  return recorded;
}

async function createBuggyRunner(bug: SourceBug): Promise<Runner> {
  const { configuration, delayBounds } = getSubject(getConfigurationName(bug));
  return createRunner(configuration, { delayBounds, step: await loadBuggyStep(bug) });
}

describe('the list of bugs in the sources', () => {
  test('has at least two for every component', () => {
    const few = COMPONENTS.filter(
      (component) => SOURCE_BUGS.filter((bug) => bug.component === component).length < 2,
    );
    expect(few).toEqual([]);
  });

  test('has no name twice', () => {
    expect(new Set(SOURCE_BUGS.map(({ name }) => name)).size).toBe(SOURCE_BUGS.length);
  });

  test('has no change twice', () => {
    const changes = SOURCE_BUGS.map(({ file, find, replace }) => `${file}\n${find}\n${replace}`);
    expect(new Set(changes).size).toBe(SOURCE_BUGS.length);
  });

  test('names properties that exist, or says why none sees the bug', () => {
    const ids = [...PROPERTIES, ...ENGINE_PROPERTIES].map(({ id }) => id);
    const wrong = SOURCE_BUGS.filter(({ property, unseen }) =>
      property === null ? unseen === undefined : !ids.includes(property) || unseen !== undefined,
    );
    expect(wrong.map(({ name }) => name)).toEqual([]);
  });

  test('names areas of obligations for every bug that is not a matter of time alone', () => {
    const none = SOURCE_BUGS.filter(
      ({ claims, component }) =>
        claims.length === 0 && component !== 'scheduler' && component !== 'time',
    );
    expect(none.map(({ property }) => property)).toEqual(['time.charge', 'cpu.start']);
  });

  test('keeps to the subset of the language that the lifter reads', () => {
    const forbidden = /=>|\b(while|class|throw|try|new|async|yield)\b|\.\.\.|\.(map|filter|find)\(/;
    const wrong = SOURCE_BUGS.filter(({ replace }) => forbidden.test(replace));
    expect(wrong.map(({ name }) => name)).toEqual([]);
  });

  test('has a recorded trace for each bug that names a property, and for no other', () => {
    const named = FOUND.map(({ name, property }) => `${name}: ${property}`);
    expect(RECORDED.map(({ bug, property }) => `${bug}: ${property}`)).toEqual(named);
  });
});

describe('a bug in the sources', () => {
  test.each(SOURCE_BUGS)('is one change of $file that runs: $name', async (bug) => {
    const patched = applyBug(SOURCES, bug);
    const changed = [...patched].filter(([path, text]) => SOURCES.get(path) !== text);
    expect(changed.map(([path]) => path)).toEqual([bug.file]);
    expect(await loadStep(patched)).toBeTypeOf('function');
  });

  test.each(FOUND)('is found by $property: $name', async (bug) => {
    const { seed } = getRecorded(bug);
    let failure = await searchBug(bug, seed);
    for (let next = 1; next < SEEDS && failure === null; next += 1) {
      failure = await searchBug(bug, seed + next);
    }
    expect(failure?.violation.property).toBe(bug.property);
  });

  test.each(FOUND)('fails the recorded trace, which the spec passes: $name', async (bug) => {
    const { trace, property, configuration } = getRecorded(bug);
    const buggy = await createBuggyRunner(bug);
    const right = createRunner(buggy.configuration, { delayBounds: buggy.delayBounds });
    expect(configuration).toBe(getConfigurationName(bug));
    expect(runTrace(buggy, trace, { target: property }).violation?.property).toBe(property);
    expect(runTrace(right, trace).violation).toBeNull();
  });
});

describe('the sources without a bug', () => {
  test.each(CONFIGURATIONS)('break nothing when loaded the same way: %s', async (name) => {
    const { configuration, delayBounds } = getSubject(name);
    const { failures, steps } = await fuzzConfiguration(configuration, {
      seed: 1,
      steps: CLEAN_STEPS,
      delayBounds,
      step: await loadStep(SOURCES),
    });
    expect(failures).toEqual([]);
    expect(steps).toBeGreaterThanOrEqual(SEARCH_STEPS);
  });
});
