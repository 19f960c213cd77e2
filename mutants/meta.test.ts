import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ACTION_KINDS } from '../model/actions.ts';
import { PROPERTIES } from '../properties/catalogue.ts';
import { createRandom } from '../properties/engine/random.ts';
import { createRunner, createStart, getReporter, runTrace } from '../properties/engine/run.ts';
import { shrinkTrace } from '../properties/engine/shrink.ts';
import { beginTrace, createDrawer, drawAction } from '../properties/generators/draw.ts';
import { createSlot, readSlot } from '../properties/generators/slots.ts';
import type { Trace } from '../properties/generators/traces.ts';
import type { Property } from '../properties/property.ts';
import { listInductionObligations } from '../solver/induction/obligations.ts';
import { getSubject, loadBuggyStep, readRecordedTraces } from './bug-search.ts';
import type { RecordedTrace } from './bug-search.ts';
import { META_ROWS } from './meta.ts';
import { SOURCE_BUGS } from './source-bugs.ts';

const ROOT = join(import.meta.dirname, '..');
const RECORDED = readRecordedTraces();

function isDenial(id: string): boolean {
  return id.startsWith('noninterference.local-respect[');
}

/** The first recorded trace of each property. */
const FIRST = [
  ...new Map(RECORDED.toReversed().map((trace) => [trace.property, trace])).values(),
].toReversed();

async function createBuggy(recorded: RecordedTrace, properties: readonly Property[] = PROPERTIES) {
  const bug = SOURCE_BUGS.find(({ name }) => name === recorded.bug);
  if (bug === undefined) throw new Error(`there is no bug "${recorded.bug}"`);
  const { configuration, delayBounds } = getSubject(recorded.configuration);
  const step = await loadBuggyStep(bug);
  return createRunner(configuration, { delayBounds, step, properties });
}

/** A trace of known length that the fuzzer draws. */
function drawTrace(board: string, length: number): Trace {
  const runner = createRunner(getSubject(board).configuration);
  const drawer = createDrawer(runner.plan);
  const random = createRandom(3);
  beginTrace(drawer, random);
  const machine = createStart(runner, { start: 'booted', actions: [] });
  const slot = createSlot();
  const actions = Array.from({ length }, () => {
    drawAction(drawer, random, machine, slot);
    const action = readSlot(slot);
    runner.step(runner.plan, machine, action);
    return action;
  });
  return { start: 'booted', actions };
}

describe('every mutant of a check', () => {
  test('has the test that must fail, which is there', () => {
    const ids = Array.from({ length: 15 }, (_, at) => `META-${String(at + 1).padStart(2, '0')}`);
    expect(META_ROWS.map(({ id }) => id)).toEqual(ids);
    const missing = META_ROWS.filter(
      ({ file, title }) => !readFileSync(join(ROOT, file), 'utf8').includes(`'${title}'`),
    );
    expect(missing).toEqual([]);
  });
});

describe('a property', () => {
  test.each(FIRST)('lets its bugs survive where it is replaced by true: $property', async (one) => {
    const isSilent = (id: string): boolean => id === getReporter(one.property);
    const silenced = PROPERTIES.map((property) =>
      isSilent(property.id)
        ? { ...property, watch: () => ({ after: () => null, countEvaluations: () => 0 }) }
        : property,
    );
    const target = { target: one.property };
    const watched = runTrace(await createBuggy(one), one.trace, target);
    const blind = runTrace(await createBuggy(one, silenced), one.trace, target);
    expect(watched.violation?.property).toBe(one.property);
    // Totality is the engine's own: an exception is seen whatever is watched.
    expect(blind.violation?.property ?? null).toBe(
      one.property === 'seal.total' ? one.property : null,
    );
  });
});

describe('the policy', () => {
  test('denies flows from every domain to every other, and somebody tries each', () => {
    const { configuration } = getSubject('small');
    const denied = listInductionObligations(configuration, { matches: isDenial }).map(({ id }) =>
      id.replace(/^.*: (.*)\]$/, '$1'),
    );
    const names = configuration.partitions.map(({ name }) => name);
    const pairs = names.flatMap((actor) =>
      names.filter((other) => other !== actor).map((other) => `${actor} -> ${other}`),
    );
    expect(pairs).toHaveLength(6);
    expect(pairs.filter((pair) => !denied.includes(pair))).toEqual([]);
    const tried = new Set(drawTrace('small', 400).actions.map(({ kind }) => kind));
    expect(tried.size).toBeGreaterThan(ACTION_KINDS.length / 2);
  });
});

describe('a board that is proved and fuzzed', () => {
  test.each(['small', 'configs/qemu-virt.yaml'])(
    'has two of whatever is quantified over: %s',
    (name) => {
      const { partitions, platform } = getSubject(name).configuration;
      const owned = partitions.flatMap(({ devices }) => devices.map(({ device }) => device));
      const streams = owned.flatMap((device) => platform.devices[device]?.streams ?? []);
      const shared = new Map<number, number>();
      for (const { cpus } of partitions) {
        for (const { core } of cpus) shared.set(core, (shared.get(core) ?? 0) + 1);
      }
      expect(partitions.length).toBeGreaterThanOrEqual(2);
      expect(partitions.every(({ memory }) => memory.length > 0)).toBe(true);
      expect(platform.cores.length).toBeGreaterThanOrEqual(2);
      expect(streams.length).toBeGreaterThanOrEqual(2);
      expect(Math.max(...shared.values())).toBeGreaterThanOrEqual(2);
    },
  );
});

describe('a run', () => {
  test.each(['small', 'configs/qemu-virt.yaml'])(
    'changes neither the plan nor the machine by watching: %s',
    (name) => {
      const { configuration, delayBounds } = getSubject(name);
      const trace = drawTrace(name, 300);
      const watched = createRunner(configuration, { delayBounds });
      const before = structuredClone(watched.plan);
      const alone = createStart(watched, trace);
      for (const action of trace.actions) watched.step(watched.plan, alone, action);
      const states: unknown[] = [];
      const { violation } = runTrace(watched, trace, {
        observer: (at, _action, _outcome, machine) => {
          if (at === trace.actions.length - 1) states.push(structuredClone(machine));
        },
      });
      expect(violation).toBeNull();
      expect(watched.plan).toEqual(before);
      expect(states).toEqual([alone]);
    },
  );
});

/** Bugs that break several properties in one trace. */
const SEVERAL = RECORDED.filter(({ bug }) =>
  [
    'an IPA is taken for a physical address',
    'every table is built for the first partition',
    'stream entries keep the bypass that firmware left',
  ].includes(bug),
);

describe('a shrunk trace', () => {
  test.each(SEVERAL)(
    'breaks the property that it was shrunk for, and not another: $bug',
    async (recorded) => {
      const runner = await createBuggy(recorded);
      const broken = new Map<string, Trace>();
      const filler = drawTrace(recorded.configuration, 60).actions;
      const failing: Trace = {
        start: recorded.trace.start,
        actions: [...recorded.trace.actions, ...filler],
      };
      const known = new Set<string>();
      for (let at = 0; at < 4; at += 1) {
        const { violation } = runTrace(runner, failing, { ignored: known });
        if (violation === null) break;
        known.add(violation.property);
        broken.set(violation.property, shrinkTrace(runner, failing, violation.property).trace);
      }
      expect(broken.size).toBeGreaterThan(1);
      for (const [target, trace] of broken) {
        expect(runTrace(runner, trace, { target }).violation?.property).toBe(target);
      }
    },
  );
});
