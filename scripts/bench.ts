/**
 * Bench: every figure of speed with its target, measured here and now.
 *
 * `--quick` takes fewer samples. The exit code says nothing of the targets: a machine under load
 * misses them, and that is no defect.
 */

import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { formatFigure, type Figure } from './bench/figure.ts';
import {
  measureFuzzer,
  measureLargeChecks,
  measureProcesses,
  measureLifting,
  measureProof,
  measureProofGrowth,
  measureSpec,
  measureSpecProofs,
  measureWarmChecks,
  prepareProgram,
  type Effort,
} from './bench/measures.ts';
import { measureBounds, measureTimeProofs } from './bench/time.ts';

const { values } = parseArgs({ options: { quick: { type: 'boolean', default: false } } });
const effort: Effort = values.quick ? { runs: 3, rateMs: 700 } : { runs: 7, rateMs: 2_000 };

const [processor] = cpus();
console.log(`Node ${process.version}, ${cpus().length} × ${processor?.model ?? 'unknown'}\n`);
const folder = mkdtempSync(join(tmpdir(), 'haven-bench-'));
try {
  // The first run of the program may have to build it.
  prepareProgram();
  print(measureLargeChecks(folder, effort));
  print(measureWarmChecks());
  print(measureProcesses(effort));
  print(measureSpec(effort));
  print(await measureFuzzer(effort));
  print(measureLifting());
  print(await measureProof());
  print(measureBounds());
  print(await measureTimeProofs());
  print(await measureSpecProofs());
  print(await measureProofGrowth(values.quick));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
// Threads of the solver may still be idling.
process.exit(0);

function print(figures: readonly Figure[]): void {
  for (const figure of figures) console.log(formatFigure(figure));
}
