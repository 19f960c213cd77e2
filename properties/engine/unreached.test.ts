import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readConfiguration } from '../../formats/read.ts';
import { ACTION_KINDS } from '../../model/actions.ts';
import type { StaticConfiguration } from '../../model/configuration.ts';
import { createPlan } from '../../model/plan.ts';
import { createSmallBoard } from '../../model/testing/small-board.ts';
import type { Nanoseconds } from '../../model/units.ts';
import { fuzzConfiguration } from './fuzz.ts';
import { REFUSALS_OF, listUnreached } from './unreached.ts';

const ROOT = join(import.meta.dirname, '..', '..');

function readBoard(name: string): StaticConfiguration {
  const read = readConfiguration(join(ROOT, 'configs', name));
  if (read.kind !== 'ok') throw new Error(read.diagnostics[0]?.message);
  return read.loaded.configuration;
}

const BOARDS: readonly (readonly [string, () => StaticConfiguration])[] = [
  ['qemu-virt.yaml', () => readBoard('qemu-virt.yaml')],
  ['imx95.yaml', () => readBoard('imx95.yaml')],
  ['the small board', () => createSmallBoard()],
  ['the small board with an ITS', () => createSmallBoard({ its: true })],
];

test('the table of refusals is that of docs/spec.md', () => {
  const text = readFileSync(join(ROOT, 'docs', 'spec.md'), 'utf8');
  const documented = new Map<string, Set<string>>();
  for (const line of text.split('\n')) {
    const [, kinds = '', who = '', , refusals = ''] = line.split('|').map((cell) => cell.trim());
    const names = [...refusals.matchAll(/`([A-Z0-9_]+)`/g)].map((match) => match[1] ?? '');
    if (who === 'guest') names.push(...REFUSALS_OF['cpu-off']);
    for (const [, kind = ''] of kinds.matchAll(/`([a-z-]+)`/g)) {
      documented.set(kind, new Set(names));
    }
  }
  for (const kind of ACTION_KINDS) {
    // Two kinds share a row: what one of them is refused with is a part of that.
    const names = documented.get(kind) ?? new Set<string>();
    expect({ kind, stray: REFUSALS_OF[kind].filter((one) => !names.has(one)) }).toEqual({
      kind,
      stray: [],
    });
  }
  const all = new Set(Object.values(REFUSALS_OF).flat());
  expect(
    [...documented.values()].flatMap((names) => [...names]).every((one) => all.has(one as never)),
  ).toBe(true);
});

describe.each(BOARDS)('of %s', (_, create) => {
  test('nothing is reached that is called impossible, and nothing beside the table', async () => {
    const configuration = create();
    const options = { seed: 1, steps: 60_000, properties: [] };
    const { outcomes } = (await fuzzConfiguration(configuration, options)).coverage;
    const plan = createPlan(configuration);
    const impossible = listUnreached(plan, {}).filter(({ reason }) => reason !== null);
    expect(impossible.filter(({ action, outcome }) => outcomes[action]?.[outcome])).toEqual([]);
    const beside = ACTION_KINDS.flatMap((kind) =>
      Object.keys(outcomes[kind] ?? {}).filter(
        (one) => one !== 'DONE' && !REFUSALS_OF[kind].some((known) => known === one),
      ),
    );
    expect(beside).toEqual([]);
  });
});

/** Why no section is done under a configuration; null where one may be. */
function explainSection(configuration: StaticConfiguration): unknown {
  const unreached = listUnreached(createPlan(configuration), {});
  return unreached.find(({ action, outcome }) => action === 'section' && outcome === 'DONE')
    ?.reason;
}

test('a section at EL2 is called impossible where none takes time', () => {
  const board = createSmallBoard();
  const { hypervisor } = board;
  const overheads = { ...hypervisor.overheads, longestSectionNs: 0 as Nanoseconds };
  expect(explainSection({ ...board, hypervisor: { ...hypervisor, overheads } })).toBe(
    'no section takes any time',
  );
  expect(explainSection(board)).toBeNull();
});

test('what is missing is told with the reason that the configuration gives', () => {
  const unreached = listUnreached(createPlan(readBoard('qemu-virt.yaml')), { smc: {} });
  const find = (action: string, outcome: string): unknown =>
    unreached.find((one) => one.action === action && one.outcome === outcome)?.reason;
  expect(find('smc', 'DONE')).toBe('it is always refused');
  expect(find('bus-read', 'DONE')).toBe('every core has EL2');
  expect(find('bare-dma-issue', 'DONE')).toBe('no bus master without a stream is granted');
  expect(find('read', 'VCPU_OFF')).toBe(
    'no reservation burns its budget, so nobody idles on a core',
  );
  expect(find('read', 'PERMISSION')).toBe('no page of a partition lacks that right');
  expect(find('write', 'PERMISSION')).toBeNull();
  expect(find('write', 'DONE')).toBeNull();
});
