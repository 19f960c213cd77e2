import { readFileSync } from 'node:fs';

import { expect, test } from 'vitest';

import { EXAMPLE_PLATFORM, EXAMPLE_TABLE_CONFIGURATION } from '../formats/example-files.ts';
import { readConfigurationText } from '../formats/read.ts';
import { configurationSchema } from './configuration-schema.ts';
import { decodeCounterexample, encodeCounterexample } from './format.ts';

const RECORDED = new URL('memory.rights--qemu-virt-write.json', import.meta.url);

function loadTable() {
  const platform = { file: 'duo.yaml', text: EXAMPLE_PLATFORM };
  const read = readConfigurationText(EXAMPLE_TABLE_CONFIGURATION, 'c.yaml', { platform });
  if (read.kind === 'invalid') throw new Error(JSON.stringify(read.diagnostics, null, 1));
  return read.loaded.configuration;
}

test('a configuration with a table survives a counterexample file unchanged', () => {
  const configuration = loadTable();
  const text = encodeCounterexample({
    tool: '0.1.0',
    property: 'time.grid',
    status: 'open',
    source: { file: 'c.yaml', digest: 'sha256:0' },
    configuration,
    delayBounds: [],
    start: 'booted',
    actions: [],
    expected: { message: '', witness: {} },
    found: {},
  });
  const decoded = decodeCounterexample(text);
  if (decoded.kind === 'invalid') expect.fail(decoded.message);
  expect(decoded.counterexample.configuration).toEqual(configuration);
});

test('a file that says nothing of the newer fields is read with their defaults', () => {
  const text = readFileSync(RECORDED, 'utf8');
  expect(text).not.toContain('reloadNs');
  const decoded = decodeCounterexample(text);
  if (decoded.kind === 'invalid') expect.fail(decoded.message);
  const { hypervisor, partitions, bandwidth } = decoded.counterexample.configuration;
  expect(hypervisor.overheads.reloadNs).toBe(0);
  expect(bandwidth).toEqual([]);
  expect(partitions.length).toBeGreaterThan(0);
  for (const { interruptRates, cpus, tasks } of partitions) {
    expect(interruptRates).toEqual([]);
    for (const cpu of cpus) {
      expect(cpu).toMatchObject({ maxLatencyNs: null, inContract: false, taskPolicy: 'fp' });
    }
    for (const task of tasks) {
      expect(task).toMatchObject({ jitterNs: 0, blockingNs: 0, accesses: 0 });
    }
  }
});

test('a policy without a table has neither frame nor slots', () => {
  const { schedules, ...rest } = loadTable();
  const old = { ...rest, schedules: schedules.map(({ core }) => ({ core, policy: 'edf' })) };
  expect(configurationSchema.parse(old).schedules).toEqual([
    { core: 1, policy: 'edf', frameNs: null, slots: [] },
  ]);
});
