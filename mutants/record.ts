/**
 * Records the shortest traces of some seeded bugs as fixed counterexamples: run it with tsx after a
 * change of the file format or of `configs/qemu-virt.yaml`.
 */

import { join } from 'node:path';
import { recordFailure, writeCounterexample } from '../counterexamples/record.ts';
import { readConfiguration } from '../formats/read.ts';
import { fuzzConfiguration } from '../properties/engine/fuzz.ts';
import { SEEDED_BUGS } from './seeded-bugs.ts';

/** One property for each part of the machine that these bugs break. */
const RECORDED = [
  'memory.rights',
  'memory.cached',
  'dma.before-live',
  'irq.delivered',
  'time.grid',
  'noninterference.registers',
];

const ROOT = join(import.meta.dirname, '..');
const SEED = 11;
const file = join(ROOT, 'configs', 'qemu-virt.yaml');
const read = readConfiguration(file);
if (read.kind !== 'ok') throw new Error(`${file} does not read`);
const { configuration, digest } = read.loaded;

for (const { property, step } of SEEDED_BUGS) {
  if (!RECORDED.includes(property)) continue;
  const { failures } = await fuzzConfiguration(configuration, { seed: SEED, steps: 50_000, step });
  const failure = failures.find(({ violation }) => violation.property === property);
  if (failure === undefined) throw new Error(`the bug that breaks ${property} was not found`);
  const provenance = { tool: 'haven-model 0.1.0', file, digest, seed: SEED };
  const record = recordFailure(configuration, [], failure, provenance);
  console.log(
    writeCounterexample(join(ROOT, 'counterexamples'), { ...record, status: 'fixed' as const }),
  );
}
