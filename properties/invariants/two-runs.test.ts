import { expect, test } from 'vitest';
import type { StaticConfiguration } from '../../model/configuration.ts';
import { step } from '../../model/step.ts';
import {
  BARE,
  CHANNEL_IPA,
  LEFT,
  RAM_IPA,
  RIGHT,
  createBusy,
  createSmallBoard,
} from '../../model/testing/small-board.ts';
import type { Ipa } from '../../model/units.ts';
import { createRunner, runTrace } from '../engine/run.ts';
import type { StepFunction } from '../engine/run.ts';
import { TWO_RUNS_PROPERTY, isAligned, listUnconnected } from './two-runs.ts';

const CONFIGURATION = createSmallBoard();

/** The board with one more channel, from `left` to `bare`. */
function addChannel(configuration: StaticConfiguration): StaticConfiguration {
  const [channel] = configuration.channels;
  if (channel === undefined) throw new Error('the small board has a channel');
  const read = { read: true, write: false, execute: false };
  const ends = [
    { partition: LEFT, ipa: CHANNEL_IPA as Ipa, access: { ...read, write: true } },
    { partition: BARE, ipa: CHANNEL_IPA as Ipa, access: read },
  ];
  return {
    ...configuration,
    channels: [...configuration.channels, { ...channel, ends, notify: [] }],
  };
}

function listAllUnconnected(configuration: StaticConfiguration): number[][] {
  return [LEFT, RIGHT, BARE].map((secret) => listUnconnected(configuration, secret));
}

test('channels connect, directly and through others', () => {
  expect(listAllUnconnected(CONFIGURATION)).toEqual([[RIGHT, BARE], [BARE], [LEFT, RIGHT]]);
  expect(listAllUnconnected(addChannel(CONFIGURATION))).toEqual([[RIGHT], [], [LEFT, RIGHT]]);
});

test('runs are aligned while the schedule and the slots in flight are the same', () => {
  const one = createBusy();
  const other = createBusy();
  step(other.plan, other.machine, { kind: 'write', core: 0, address: RAM_IPA, value: 5 });
  expect(isAligned(one.machine, other.machine)).toBe(true);
  step(other.plan, other.machine, { kind: 'wait', core: 0 });
  expect(isAligned(one.machine, other.machine)).toBe(false);
});

/** What `left` writes turns up in a register of `right`, with the label of `right`. */
const leaks: StepFunction = (plan, machine, action) => {
  const outcome = step(plan, machine, action);
  const core = machine.cores[2];
  if (action.kind === 'write' && action.core === 0 && core !== undefined) {
    core.registers[3] = action.value;
    core.registerWriters[3] = RIGHT;
  }
  return outcome;
};

const ACTIONS = [
  { kind: 'wait', core: 2 } as const,
  { kind: 'write', core: 0, address: RAM_IPA, value: 5 } as const,
];

test('a word that travels without its label is seen', () => {
  const properties = [TWO_RUNS_PROPERTY];
  const broken = createRunner(CONFIGURATION, { properties, step: leaks });
  const { violation, steps } = runTrace(broken, { start: 'booted', actions: ACTIONS });
  expect(steps).toBe(2);
  expect(violation?.property).toBe('noninterference.two-runs');
  expect(violation?.message).toBe(
    'right tells apart two runs in which left stores different words, with no channel between ' +
      'them: vcpus: 5 in one run, 6 in the other',
  );
  const right = createRunner(CONFIGURATION, { properties });
  expect(runTrace(right, { start: 'booted', actions: ACTIONS }).violation).toBeNull();
});

test('a board where channels lead everywhere has nothing to judge', () => {
  const { plan } = createBusy();
  expect(TWO_RUNS_PROPERTY.appliesTo?.(plan)).toBe(true);
  const alone = { ...plan.configuration, partitions: plan.configuration.partitions.slice(0, 1) };
  expect(TWO_RUNS_PROPERTY.appliesTo?.(createRunner(alone).plan)).toBe(false);
});
