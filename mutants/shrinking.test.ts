import { describe, expect, test } from 'vitest';
import { fuzzConfiguration } from '../properties/engine/fuzz.ts';
import type { FuzzFailure } from '../properties/engine/fuzz.ts';
import { listReporting } from '../properties/engine/run.ts';
import { PROPERTIES } from '../properties/catalogue.ts';
import {
  getConfigurationName,
  getSubject,
  loadBuggyStep,
  readRecordedTraces,
} from './bug-search.ts';
import type { SourceBug } from './source-bug.ts';
import { SOURCE_BUGS } from './source-bugs.ts';

/** One bug in so many. */
const SAMPLED = 9;
/** Traces that are shrunk for each, as `haven fuzz` does. */
const FINDINGS = 10;
const STEPS = 300_000;
/** What a shrunk trace may have, of the shortest that is known. */
const LONGER_MAX = 1.5;
/** Runs that shrinking may take for a bug of up to `SHORT` actions. */
const EVALUATIONS_MAX = 150;
const SHORT = 5;

const KNOWN = new Map(readRecordedTraces().map(({ bug, trace }) => [bug, trace.actions.length]));

const SAMPLE = SOURCE_BUGS.filter(({ property }) => property !== null).filter(
  (_, at) => at % SAMPLED === 0,
);

async function find(bug: SourceBug): Promise<FuzzFailure | undefined> {
  const property = bug.property ?? '';
  const { configuration, delayBounds } = getSubject(getConfigurationName(bug));
  const { failures } = await fuzzConfiguration(configuration, {
    seed: 1,
    steps: STEPS,
    delayBounds,
    step: await loadBuggyStep(bug),
    properties: listReporting(PROPERTIES, property),
    wanted: new Set([property]),
    findings: FINDINGS,
  });
  return failures.find(({ violation }) => violation.property === property);
}

describe('of several traces that break a property', () => {
  test('some bugs are sampled', () => {
    expect(SAMPLE.length).toBeGreaterThan(10);
  });

  test.each(SAMPLE)('the shortest shrinks to what is known: $name', async (bug) => {
    const known = KNOWN.get(bug.name) ?? 0;
    const failure = await find(bug);
    expect(failure?.trace.actions.length).toBeLessThanOrEqual(Math.floor(LONGER_MAX * known));
    if (known <= SHORT) expect(failure?.evaluations).toBeLessThanOrEqual(EVALUATIONS_MAX);
  });
});
