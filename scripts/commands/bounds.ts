/** `haven bounds`: how long each partition can wait, and the runs that show it; no solver. */

import type { Command } from 'commander';

import type { LoadedConfiguration } from '../../formats/read.ts';
import type { StaticConfiguration } from '../../model/configuration.ts';
import type { TimeBound } from '../../properties/property.ts';
import type { TimingTrace } from '../../report/timing.ts';
import type { WitnessedBound } from '../timing.ts';
import { NO_TIMING } from '../../report/timing.ts';
import { addDerived, createRecorder } from '../analysis.ts';
import { describeGroundless, findGroundless } from '../grounds.ts';
import { runOnConfigurations } from '../session.ts';
import type { Draft, RunCommand, Session } from '../session.ts';
import { readChanges } from '../what-if.ts';

interface BoundsOptions {
  readonly whatIf?: readonly string[];
  readonly sensitivity?: true;
  readonly witness: boolean;
  readonly out?: string;
}

/** Adds `bounds` to the command line. */
export function addBoundsCommand(program: Command, run: RunCommand): void {
  program
    .command('bounds')
    .summary('how long each partition can be kept waiting, and the run that shows it')
    .description('Bound delays, latencies and response times without a solver; milliseconds.')
    .argument('<config...>', 'configuration files')
    .option(
      '--what-if <change>',
      "try another number, such as 'linux@2.budget=5ms'; may be repeated",
      (change: string, before: readonly string[]) => [...before, change],
      [] as readonly string[],
    )
    .option('--sensitivity', 'how far budgets can go and requirements tighten before one breaks')
    .option('--no-witness', 'leave out the runs that show how close the bounds are')
    .option('--out <dir>', 'for counterexample files (default counterexamples; none on trial)')
    .action((files: string[], options: BoundsOptions) =>
      run('bounds', (session) =>
        runOnConfigurations(session, files, (loaded, draft) =>
          analyseTiming(loaded, draft, session, options),
        ),
      ),
    );
}

async function analyseTiming(
  loaded: LoadedConfiguration,
  draft: Draft,
  session: Session,
  options: BoundsOptions,
): Promise<void> {
  const timing = await import('../timing.ts');
  const changes = options.whatIf ?? [];
  const configuration =
    changes.length === 0
      ? loaded.configuration
      : readChanges(loaded.configuration, changes, loaded.file);
  draft.timeScope = timing.describeScope(configuration);
  const groundless = await findGroundless({ ...loaded, configuration }, draft);
  if (groundless.length > 0) {
    draft.timing = { ...NO_TIMING, changes, notes: [describeGroundless(groundless)] };
    return;
  }
  const bounds = timing.listWitnessedBounds(configuration, options.witness);
  const refuted = timing.listRefuted(configuration);
  addDerived(
    draft,
    refuted.map((one) => timing.describeRefuted(loaded, configuration, one)),
  );
  draft.bounds = timing.listBoundRows(configuration, bounds, true);
  const before =
    changes.length === 0 ? [] : timing.listWitnessedBounds(loaded.configuration, options.witness);
  draft.timing = {
    rows: timing.listTimingRows(configuration, bounds),
    changes,
    before: changes.length === 0 ? [] : timing.listTimingRows(loaded.configuration, before),
    sensitivity: options.sensitivity === true ? timing.listSensitivity(configuration) : null,
    traces: await recordTraces({ ...loaded, configuration }, bounds, {
      session,
      folder: options.out,
      isTrial: changes.length > 0,
    }),
    explored: [],
    notes: [],
  };
}

/** A requirement that a run exceeds. */
interface Exceeded {
  readonly bound: WitnessedBound['bound'];
  readonly witness: NonNullable<WitnessedBound['witness']>;
  /** Ticks. */
  readonly required: number;
}

/** Where counterexamples go. */
interface Recording {
  readonly session: Session;
  readonly folder: string | undefined;
  /** The configuration is a file's with changes that were asked for. */
  readonly isTrial: boolean;
}

async function listExceeded(
  configuration: StaticConfiguration,
  bounds: readonly WitnessedBound[],
): Promise<Exceeded[]> {
  const { computeTicksFloor } = await import('../../model/units.ts');
  const { timerHz } = configuration.platform;
  return bounds.flatMap(({ bound, witness }): Exceeded[] => {
    const cpu = configuration.partitions[bound.partition]?.cpus[bound.cpuIndex];
    const requiredNs =
      bound.kind === 'delay'
        ? cpu?.maxDelayNs
        : bound.kind === 'latency'
          ? cpu?.maxLatencyNs
          : null;
    if (requiredNs === null || requiredNs === undefined || witness === null) return [];
    const required = computeTicksFloor(requiredNs, timerHz);
    return witness.ticks > required ? [{ bound, witness, required }] : [];
  });
}

/** What is said instead of a file where a change is only on trial. */
const TRIAL_NOTE =
  'on trial, so no counterexample was written; --out <dir> writes it to a folder of yours';

/**
 * Charts of the runs that exceed what is required, and a counterexample file for each: of a trial
 * only where a folder was named, since no configuration has the defect.
 */
async function recordTraces(
  loaded: LoadedConfiguration,
  bounds: readonly WitnessedBound[],
  { session, folder, isTrial }: Recording,
): Promise<TimingTrace[]> {
  const { configuration } = loaded;
  const exceeded = await listExceeded(configuration, bounds);
  if (exceeded.length === 0) return [];
  const [{ createTrace }, { createRunner, runTrace }] = await Promise.all([
    import('../timing.ts'),
    import('../../properties/engine/run.ts'),
  ]);
  const traces: TimingTrace[] = [];
  for (const { bound, witness, required } of exceeded) {
    const limit: TimeBound = {
      partition: bound.partition,
      core: configuration.platform.cores.findIndex(({ id }) => id === bound.core),
      kind: bound.kind === 'latency' ? 'latency' : 'delay',
      demand: 1,
      ticks: Math.max(1, required),
    };
    const runner = createRunner(configuration, { delayBounds: [limit] });
    const trace = { start: 'booted', actions: witness.actions } as const;
    const { violation } = runTrace(runner, trace, { target: 'time.delay' });
    let file: string | null = null;
    const isLeftOut = isTrial && folder === undefined;
    if (violation !== null && !isLeftOut) {
      const write = await createRecorder(loaded, [limit], session, folder);
      const failure = { violation, trace, batch: 0, foundLength: trace.actions.length };
      const name = configuration.partitions[bound.partition]?.name ?? '';
      const obligation = `time.${limit.kind}[${name}:${bound.core}]`;
      file = write(failure, { seed: 0, obligation });
    }
    const note = isLeftOut ? TRIAL_NOTE : null;
    traces.push({ ...createTrace(configuration, { bound, witness, required }, file), note });
  }
  return traces;
}
