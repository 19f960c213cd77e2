import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { decodeCounterexample, encodeCounterexample } from '../counterexamples/format.ts';
import { recordFailure } from '../counterexamples/record.ts';
import { replay } from '../counterexamples/replay.ts';
import { readConfiguration } from '../formats/read.ts';
import type { StaticConfiguration } from '../model/configuration.ts';
import { PROPERTIES } from '../properties/catalogue.ts';
import { fuzzConfiguration } from '../properties/engine/fuzz.ts';
import { fuzzInParallel } from '../properties/engine/parallel.ts';
import type { FuzzFailure } from '../properties/engine/fuzz.ts';
import type { StepFunction } from '../properties/engine/run.ts';
import { listDelayBounds } from '../solver/timing/delay-bounds.ts';
import { getSubject } from './bug-search.ts';
import { SEEDED_BUGS } from './seeded-bugs.ts';
import { SOURCE_BUGS } from './source-bugs.ts';

const ROOT = join(import.meta.dirname, '..');

function load(file: string): StaticConfiguration {
  const read = readConfiguration(join(ROOT, file));
  if (read.kind !== 'ok') throw new Error(`${file} does not read: ${read.diagnostics[0]?.message}`);
  return read.loaded.configuration;
}

const CONFIGURATION = load('configs/qemu-virt.yaml');
const DELAY_BOUNDS = listDelayBounds(CONFIGURATION);
const STEPS = 50_000;
const SEED = 11;
/** Seeds that are tried from the first on: some properties look only beside some runs. */
const SEEDS = 4;

async function fuzz(
  configuration: StaticConfiguration,
  stepFunction?: StepFunction,
  seed = SEED,
): Promise<readonly FuzzFailure[]> {
  const { failures } = await fuzzConfiguration(configuration, {
    seed,
    steps: STEPS,
    delayBounds: configuration === CONFIGURATION ? DELAY_BOUNDS : listDelayBounds(configuration),
    ...(stepFunction === undefined ? {} : { step: stepFunction }),
  });
  return failures;
}

/** Properties whose defect is one of the configuration, with a way to make it. */
const CONFIGURATION_BUGS: readonly {
  readonly property: string;
  readonly change: (configuration: StaticConfiguration) => StaticConfiguration;
}[] = [
  { property: 'memory.exclusive', change: overlapMemory },
  { property: 'dma.exclusive', change: overlapMemory },
  { property: 'hypervisor.unreachable', change: coverHypervisor },
  { property: 'cpu.whole', change: shareWholeCore },
];

function changePartition(
  configuration: StaticConfiguration,
  index: number,
  change: (
    partition: StaticConfiguration['partitions'][number],
  ) => StaticConfiguration['partitions'][number],
): StaticConfiguration {
  const partitions = configuration.partitions.map((partition, at) =>
    at === index ? change(partition) : partition,
  );
  return { ...configuration, partitions };
}

function overlapMemory(configuration: StaticConfiguration): StaticConfiguration {
  const other = configuration.partitions[0]?.memory[0];
  return changePartition(configuration, 1, (partition) => ({
    ...partition,
    memory: partition.memory.map((grant) => ({ ...grant, pa: other?.pa ?? grant.pa })),
  }));
}

function coverHypervisor(configuration: StaticConfiguration): StaticConfiguration {
  const [range] = configuration.hypervisor.memory;
  return changePartition(configuration, 0, (partition) => ({
    ...partition,
    memory: partition.memory.map((grant) => ({ ...grant, pa: range?.base ?? grant.pa })),
  }));
}

function shareWholeCore(configuration: StaticConfiguration): StaticConfiguration {
  const [core] = configuration.partitions[0]?.cpus ?? [];
  return changePartition(configuration, 1, (partition) => ({
    ...partition,
    cpus: core === undefined ? partition.cpus : [...partition.cpus, core],
  }));
}

describe('the fuzzer, held against seeded bugs', () => {
  test('finds nothing in the spec itself', async () => {
    expect(await fuzz(CONFIGURATION)).toEqual([]);
  });

  test.each(SEEDED_BUGS)('finds "$name" by $property', async ({ property, step, ...rest }) => {
    const board = rest.configuration;
    const subject = board === undefined ? CONFIGURATION : getSubject(board).configuration;
    let failure: FuzzFailure | undefined = undefined;
    for (let seed = SEED; seed < SEED + SEEDS && failure === undefined; seed += 1) {
      const failures = await fuzz(subject, step, seed);
      failure = failures.find((one) => one.violation.property === property);
    }
    expect(failure?.violation.property).toBe(property);
    expect(failure?.trace.actions.length).toBeLessThanOrEqual(12);
  });

  test.each(CONFIGURATION_BUGS)('finds a configuration that breaks $property', async (bug) => {
    const failures = await fuzz(bug.change(CONFIGURATION));
    expect(failures.map((one) => one.violation.property)).toContain(bug.property);
  });

  test('does not pass a spec that refuses everything: nothing was judged', async () => {
    const { failures, neverJudged, neverDone } = await fuzzConfiguration(CONFIGURATION, {
      seed: 11,
      steps: 5_000,
      step: () => 'BAD_VALUE',
    });
    expect(failures).toEqual([]);
    expect(neverDone).toContain('write');
    expect(neverJudged).toContain('memory.confined');
  });

  test('has a seeded bug for every property', () => {
    const covered = new Set([
      ...SEEDED_BUGS.map(({ property }) => property),
      ...CONFIGURATION_BUGS.map(({ property }) => property),
      ...SOURCE_BUGS.map(({ property }) => property),
    ]);
    expect(PROPERTIES.map(({ id }) => id).filter((id) => !covered.has(id))).toEqual([]);
  });
});

describe('a counterexample of a broken transition', () => {
  const bug = SEEDED_BUGS[0];

  test('is shrunk, survives its file, fails on the broken spec, passes on the right', async () => {
    if (bug === undefined) throw new Error('the list of seeded bugs is not empty');
    const failures = await fuzz(CONFIGURATION, bug.step);
    const failure = failures.find((one) => one.violation.property === bug.property);
    if (failure === undefined) throw new Error('the bug was not found');
    expect(failure.foundLength).toBeGreaterThan(failure.trace.actions.length);
    expect(failure.trace.actions.length).toBe(1);
    const record = recordFailure(CONFIGURATION, DELAY_BOUNDS, failure, {
      tool: 'test',
      file: 'configs/qemu-virt.yaml',
      digest: 'none',
      seed: 11,
    });
    const decoded = decodeCounterexample(encodeCounterexample(record));
    if (decoded.kind !== 'ok') throw new Error(decoded.message);
    const broken = replay(decoded.counterexample, bug.step);
    expect(broken.verdict).toBe('fails');
    expect(broken.asRecorded).toBe(true);
    expect(broken.violation?.message).toBe(record.expected.message);
    const right = replay(decoded.counterexample);
    expect(right.verdict).toBe('passes');
    expect(right.asRecorded).toBe(false);
  });

  test.each(readdirSync(join(ROOT, 'counterexamples')).filter((name) => name.endsWith('.json')))(
    'recorded as %s fails again when its bug is back',
    (name) => {
      const decoded = decodeCounterexample(
        readFileSync(join(ROOT, 'counterexamples', name), 'utf8'),
      );
      if (decoded.kind !== 'ok') throw new Error(decoded.message);
      const { counterexample } = decoded;
      if (counterexample.status === 'open') return;
      const back = SEEDED_BUGS.filter(({ property }) => property === counterexample.property);
      const verdicts = back.map((one) => replay(counterexample, one.step).verdict);
      expect(verdicts).toContain('fails');
    },
  );

  test('is the same for the same seed and the same number of workers', async () => {
    const overlapping = overlapMemory(CONFIGURATION);
    const options = { seed: 5, steps: 20_000, jobs: 2 };
    const first = await fuzzInParallel(overlapping, options);
    const second = await fuzzInParallel(overlapping, options);
    expect(first.failures.length).toBeGreaterThan(0);
    expect(first.failures).toEqual(second.failures);
    expect(first.steps).toBe(second.steps);
  });

  test('is the same for the same seed', async () => {
    const [first, second] = await Promise.all([
      fuzz(CONFIGURATION, bug?.step),
      fuzz(CONFIGURATION, bug?.step),
    ]);
    expect(first).toEqual(second);
  });
});
