/**
 * Records the shortest trace that some seeds find for each bug of the sources, or the one that was
 * recorded before where it is shorter and still fails: run it with tsx after a change of the spec,
 * the bugs, the actions that are drawn or `configs/`. With a text as its argument it records those
 * bugs alone that have the text in their names, and keeps the rest.
 *
 * It also says which bugs that name no property are found by one now.
 */

import { readFileSync, writeFileSync } from 'node:fs';
import { PROPERTIES } from '../properties/catalogue.ts';
import { fuzzConfiguration } from '../properties/engine/fuzz.ts';
import { createRunner, runTrace } from '../properties/engine/run.ts';
import {
  RECORDED_TRACES,
  SEARCH_STEPS,
  getConfigurationName,
  getSubject,
  loadBuggyStep,
  searchBug,
} from './bug-search.ts';
import type { RecordedTrace } from './bug-search.ts';
import type { SourceBug } from './source-bug.ts';
import { SOURCE_BUGS } from './source-bugs.ts';

/** Seeds that are tried at most. */
const SEEDS_MAX = 400;
/** Seeds that find a bug, after which the shortest of their traces is taken. */
const FOUND_MAX = 4;

/** Whether a trace that was recorded for the bug still breaks its property. */
async function isStillFailing(bug: SourceBug, recorded: RecordedTrace): Promise<boolean> {
  if (recorded.configuration !== getConfigurationName(bug)) return false;
  if (recorded.property !== bug.property) return false;
  const { configuration, delayBounds } = getSubject(recorded.configuration);
  const step = await loadBuggyStep(bug);
  const runner = createRunner(configuration, { delayBounds, step });
  const { violation } = runTrace(runner, recorded.trace, { target: recorded.property });
  return violation?.property === recorded.property;
}

/** The shortest of the traces that are known and that the first seeds find; null for none. */
async function record(
  bug: SourceBug,
  known: readonly RecordedTrace[],
): Promise<RecordedTrace | null> {
  const configuration = getConfigurationName(bug);
  const found: RecordedTrace[] = [];
  for (const one of known) if (await isStillFailing(bug, one)) found.push(one);
  const most = found.length + FOUND_MAX;
  for (let seed = 1; seed <= SEEDS_MAX && found.length < most; seed += 1) {
    const failure = await searchBug(bug, seed);
    if (failure === null) continue;
    const { property } = failure.violation;
    found.push({ bug: bug.name, configuration, property, seed, trace: failure.trace });
  }
  found.sort((a, b) => a.trace.actions.length - b.trace.actions.length);
  return found[0] ?? null;
}

/** Ids of all properties that fall to a bug that names none. */
async function listFallen(bug: SourceBug): Promise<string[]> {
  const { failures } = await fuzzConfiguration(
    getSubject(getConfigurationName(bug)).configuration,
    {
      seed: 1,
      steps: SEARCH_STEPS * 5,
      delayBounds: getSubject(getConfigurationName(bug)).delayBounds,
      step: await loadBuggyStep(bug),
      properties: PROPERTIES,
    },
  );
  return failures.map(({ violation }) => violation.property);
}

const [wanted = ''] = process.argv.slice(2);
const before = JSON.parse(readFileSync(RECORDED_TRACES, 'utf8')) as readonly RecordedTrace[];
const traces: RecordedTrace[] = [];
for (const bug of SOURCE_BUGS) {
  if (!bug.name.includes(wanted)) {
    traces.push(...before.filter((trace) => trace.bug === bug.name));
    continue;
  }
  if (bug.property === null) {
    const fallen = await listFallen(bug);
    if (fallen.length > 0) console.log(`"${bug.name}" is found now, by ${fallen.join(', ')}`);
    continue;
  }
  const known = before.filter((trace) => trace.bug === bug.name);
  const recorded = await record(bug, known);
  if (recorded === null) console.log(`"${bug.name}" is not found by ${bug.property}`);
  else traces.push(recorded);
}
writeFileSync(RECORDED_TRACES, `${JSON.stringify(traces, null, 2)}\n`);
console.log(`${traces.length} traces of ${SOURCE_BUGS.length} bugs`);
