/** `haven explore`: the exact worst delays on a shared core in small numbers, state by state. */

import type { Command } from 'commander';

import { runOnConfigurations } from '../session.ts';
import type { Draft, RunCommand } from '../session.ts';
import type { LoadedConfiguration } from '../../formats/read.ts';
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
  { configuration }: LoadedConfiguration,
  draft: Draft,
  { core, ticks }: ExploreOptions,
): Promise<void> {
  const [{ EXPLORED_TICKS, exploreCore, listSharedCores, scaleCore }, { describeScope }] =
    await Promise.all([import('../exploration.ts'), import('../timing.ts')]);
  const shared = listSharedCores(configuration);
  const chosen = shared.filter((one) => core === undefined || Number(one.core) === core);
  if (chosen.length === 0) {
    const names = shared.map((one) => Number(one.core)).join(', ');
    throw new UsageError(
      core === undefined ? 'no core is shared' : `core ${core} is not shared`,
      names === '' ? 'there is nothing to explore' : `shared cores: ${names}`,
    );
  }
  const explored = chosen.flatMap((one) => exploreCore(scaleCore(one, ticks ?? EXPLORED_TICKS)));
  draft.timeScope = describeScope(configuration);
  draft.timing = {
    rows: [],
    changes: [],
    before: [],
    sensitivity: null,
    traces: [],
    explored,
  };
  draft.disagreements = explored.flatMap((row) =>
    row.delays.flatMap(({ demand, ticks: exact, bound }) =>
      bound !== null && (exact === null || exact > bound)
        ? [
            `${row.partition} on core ${row.core}, in small numbers: D(${demand}) is ` +
              `${exact ?? 'infinite'}, its bound says ${bound}`,
          ]
        : [],
    ),
  );
}
