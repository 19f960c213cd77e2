/** `haven explore`: the exact worst delays on a shared core in small numbers, state by state. */

import type { Command } from 'commander';

import { runOnConfigurations } from '../session.ts';
import type { Draft, RunCommand } from '../session.ts';
import type { LoadedConfiguration } from '../../formats/read.ts';
import type { StaticConfiguration } from '../../model/configuration.ts';
import { type ExploredDelay, type ExploredRow, NO_TIMING } from '../../report/timing.ts';
import { describeGroundless, findGroundless } from '../grounds.ts';
import { parseInteger, UsageError } from '../usage.ts';

/** Longest period that can be asked for: states grow with its square and more. */
const TICKS_MAX = 10_000;

interface ExploreOptions {
  readonly core?: number;
  readonly ticks?: number;
}

/** Adds `explore` to the command line. */
export function addExploreCommand(program: Command, run: RunCommand): void {
  program
    .command('explore')
    .summary('exact worst delays of a shared core in small numbers')
    .description(
      'Visit every state of a shared core, scaled to few ticks: exact delays beside their bounds.',
    )
    .argument('<config...>', 'configuration files')
    .option('--core <n>', 'this core only', parseInteger(0))
    .option('--ticks <n>', 'ticks of the longest period (default 40)', parseInteger(2, TICKS_MAX))
    .action((files: string[], options: ExploreOptions) =>
      run('explore', (session) =>
        runOnConfigurations(session, files, (loaded, draft) => explore(loaded, draft, options)),
      ),
    );
}

async function explore(
  loaded: LoadedConfiguration,
  draft: Draft,
  { core, ticks }: ExploreOptions,
): Promise<void> {
  const [{ EXPLORED_TICKS, exploreCore, listSharedCores, scaleCore }, { describeScope }] =
    await Promise.all([import('../exploration.ts'), import('../timing.ts')]);
  const { configuration } = loaded;
  draft.timeScope = describeScope(configuration);
  const groundless = await findGroundless(loaded, draft);
  if (groundless.length > 0) {
    draft.timing = { ...NO_TIMING, notes: [describeGroundless(groundless)] };
    return;
  }
  const shared = listSharedCores(configuration);
  const chosen = shared.filter((one) => core === undefined || Number(one.core) === core);
  if (chosen.length === 0) {
    const names = shared.map((one) => Number(one.core)).join(', ');
    const advice = names === '' ? 'no core of it is' : `shared cores: ${names}`;
    if (core !== undefined) {
      throw new UsageError(describeUnshared(configuration, core), advice);
    }
    const note = 'no core is shared, so nobody waits for anybody: there is nothing to explore';
    draft.timing = { ...NO_TIMING, notes: [note] };
    return;
  }
  const explored = chosen.flatMap((one) => exploreCore(scaleCore(one, ticks ?? EXPLORED_TICKS)));
  draft.timing = { ...NO_TIMING, explored };
  draft.disagreements = explored.flatMap((row) => [
    ...row.delays.flatMap((delay) => findExcess(row, `D(${delay.demand})`, delay)),
    ...(row.contract === null ? [] : findExcess(row, 'W(1)', row.contract)),
  ]);
}

/** A bound that a state exceeds, in words; none where it holds. */
function findExcess(
  { partition, core }: ExploredRow,
  name: string,
  { ticks, bound }: ExploredDelay,
): string[] {
  if (bound === null || (ticks !== null && ticks <= bound)) return [];
  return [
    `${partition} on core ${core}, in small numbers: ${name} is ${ticks ?? 'infinite'}, ` +
      `its bound says ${bound}`,
  ];
}

function describeUnshared({ platform }: StaticConfiguration, core: number): string {
  const isThere = platform.cores.some(({ id }) => Number(id) === core);
  if (isThere) return `core ${core} is not shared: expected one on which partitions have budgets`;
  const ids = platform.cores.map(({ id }) => Number(id)).join(', ');
  return `there is no core ${core}: ${platform.name} has ${ids}`;
}
