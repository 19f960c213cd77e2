/**
 * Bug search: fuzzes the spec with a seeded bug in its text until the property that the bug names
 * falls.
 */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readConfiguration } from '../formats/read.ts';
import type { StaticConfiguration } from '../model/configuration.ts';
import {
  LEFT_OTHER_LINE,
  createSharedCore,
  createSmallBoard,
} from '../model/testing/small-board.ts';
import { PROPERTIES } from '../properties/catalogue.ts';
import { fuzzConfiguration } from '../properties/engine/fuzz.ts';
import type { FuzzFailure } from '../properties/engine/fuzz.ts';
import { listReporting } from '../properties/engine/run.ts';
import type { StepFunction } from '../properties/engine/run.ts';
import type { Trace } from '../properties/generators/traces.ts';
import type { TimeBound } from '../properties/property.ts';
import { listDelayBounds } from '../solver/timing/delay-bounds.ts';
import { readSources } from '../solver/lift/sources.ts';
import { applyBug, loadStep } from './patched-spec.ts';
import type { SourceBug } from './source-bug.ts';

/** Steps of one search: some tens of traces, of which a failure ends the last. */
export const SEARCH_STEPS = 12_000;

/** The shortest trace that was found for a bug, and the seed that found it. */
export interface RecordedTrace {
  readonly bug: string;
  readonly configuration: string;
  readonly property: string;
  /** Seed of the search of `SEARCH_STEPS` steps. */
  readonly seed: number;
  readonly trace: Trace;
}

/** Where the recorded traces are. */
export const RECORDED_TRACES = join(import.meta.dirname, 'shortest-traces.json');

/** Reads the recorded traces. */
export function readRecordedTraces(): readonly RecordedTrace[] {
  return JSON.parse(readFileSync(RECORDED_TRACES, 'utf8')) as readonly RecordedTrace[];
}

/** What a bug is held against: a configuration with the delays that are proved for it. */
export interface Subject {
  readonly configuration: StaticConfiguration;
  readonly delayBounds: readonly TimeBound[];
}

/**
 * A board on which `right` burns a budget that never pays for a switch to it: it is chosen, and its
 * registers never come to the core.
 */
const BURNING = createSmallBoard({
  its: true,
  contextSwitch: 25,
  left: { budget: 40, period: 100, priority: 2 },
  right: { budget: 20, period: 200, priority: 1, idle: 'burn' },
});

/**
 * A board on which `left` has nearly all of the shared core: whoever keeps it waiting for an event
 * of the core, where none is due, breaks its bound.
 */
const ROOMY = createSmallBoard({
  left: { budget: 80, period: 100, priority: 2 },
  right: { budget: 5, period: 100, priority: 1 },
});

/** A board on which everything at EL2 takes its time, and periods begin at different instants. */
const COSTLY = createSmallBoard({
  its: true,
  timer: 1,
  interrupt: 3,
  reload: 1,
  left: { budget: 14, period: 40, priority: 2 },
  right: { budget: 20, period: 60, phase: 7, priority: 1, slack: true },
});

/**
 * A board on which nothing at EL2 takes time, and all that is left idle is burnt; `right` has more
 * than the core can give.
 */
const FREE = createSmallBoard({
  contextSwitch: 0,
  section: 0,
  left: { budget: 12, period: 40, priority: 2, idle: 'burn' },
  right: { budget: 45, period: 60, priority: 1, idle: 'burn' },
});

/** A board on which nothing at EL2 takes time, and periods are short and begin together. */
const EXACT = createSmallBoard({
  contextSwitch: 0,
  section: 0,
  left: { budget: 4, period: 12, priority: 2 },
  right: { budget: 6, period: 18, priority: 1, slack: true },
});

/**
 * A board on which `left` still runs shortly before its period ends, so that its sections go on
 * over that.
 */
const LATE = createSmallBoard({
  contextSwitch: 1,
  left: { budget: 17, period: 20, priority: 2 },
  right: { budget: 3, period: 60, priority: 1 },
});

/** A board on which the more urgent reservation gives up what it does not use. */
const POLLING = createSharedCore([
  { budget: 20, period: 50, priority: 2, idle: 'poll' },
  { budget: 30, period: 100, priority: 1 },
]);

/** A board with a table, and somebody who may use what it leaves. */
const TABLE = createSmallBoard({
  its: true,
  policy: 'table',
  left: { budget: 10, period: 50, priority: 2 },
  right: { budget: 20, period: 50, priority: 1, slack: true },
});

/** A board on which a line of `right` lies beside those of `left`. */
const BESIDE = createSmallBoard({ its: true, rightLine: LEFT_OTHER_LINE + 1 });

/** The boards of `SourceBug`, by their names. */
const BOARDS: Readonly<Record<string, StaticConfiguration>> = {
  small: createSmallBoard({ its: true }),
  beside: BESIDE,
  burning: BURNING,
  roomy: ROOMY,
  costly: COSTLY,
  free: FREE,
  exact: EXACT,
  late: LATE,
  polling: POLLING,
  table: TABLE,
};

const known = new Map<string, Subject>();

/** Name of the configuration that a bug asks for. */
export function getConfigurationName(bug: {
  readonly configuration?: SourceBug['configuration'];
}): string {
  return bug.configuration ?? 'configs/qemu-virt.yaml';
}

/** The configuration of this name, as `SourceBug` has it; remembered. */
export function getSubject(name: string): Subject {
  const remembered = known.get(name);
  if (remembered !== undefined) return remembered;
  const configuration = createConfiguration(name);
  const subject = { configuration, delayBounds: listDelayBounds(configuration) };
  known.set(name, subject);
  return subject;
}

function createConfiguration(name: string): StaticConfiguration {
  const board = BOARDS[name];
  if (board !== undefined) return board;
  const read = readConfiguration(join(import.meta.dirname, '..', name));
  // The files are part of the project, and their own tests read them.
  if (read.kind !== 'ok') throw new Error(`${name} does not read`);
  return read.loaded.configuration;
}

/** The transition function with the bug in it. */
export function loadBuggyStep(bug: SourceBug): Promise<StepFunction> {
  return loadStep(applyBug(readSources(), bug));
}

/**
 * Searches for a violation of the property that the bug names, and of nothing else; null where this
 * seed finds none, or the bug names none.
 */
export async function searchBug(
  bug: SourceBug,
  seed: number,
  steps = SEARCH_STEPS,
): Promise<FuzzFailure | null> {
  const { property } = bug;
  if (property === null) return null;
  const { configuration, delayBounds } = getSubject(getConfigurationName(bug));
  const { failures } = await fuzzConfiguration(configuration, {
    seed,
    steps,
    delayBounds,
    step: await loadBuggyStep(bug),
    properties: listReporting(PROPERTIES, property),
    wanted: new Set([property]),
    thorough: true,
  });
  return failures.find(({ violation }) => violation.property === property) ?? null;
}
