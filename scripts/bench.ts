/**
 * Bench: every figure of speed with its target, measured here and now.
 *
 * `--quick` takes fewer samples, `--only time` one part. The exit code says nothing of the targets:
 * a machine under load misses them, and that is no defect.
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

/** What a part measures. */
type Part = () => Promise<readonly Figure[]> | readonly Figure[];

const { values } = parseArgs({
  options: { quick: { type: 'boolean', default: false }, only: { type: 'string' } },
});
const effort: Effort = values.quick ? { runs: 3, rateMs: 700 } : { runs: 7, rateMs: 2_000 };

const PARTS: Readonly<Record<string, readonly Part[]>> = {
  check: [() => measureLargeChecks(folder, effort), measureWarmChecks],
  processes: [() => measureProcesses(effort)],
  spec: [() => measureSpec(effort), () => measureFuzzer(effort)],
  time: [measureBounds, measureTimeProofs],
  proofs: [measureLifting, measureProof, measureSpecProofs, () => measureProofGrowth(values.quick)],
};

const { only } = values;
const chosen = only === undefined ? Object.values(PARTS).flat() : PARTS[only];
if (chosen === undefined) {
  console.error(`--only ${only}: expected one of ${Object.keys(PARTS).join(', ')}`);
  process.exit(2);
}
const folder = mkdtempSync(join(tmpdir(), 'haven-bench-'));
const [processor] = cpus();
console.log(`Node ${process.version}, ${cpus().length} × ${processor?.model ?? 'unknown'}\n`);
try {
  // The first run of the program may have to build it.
  prepareProgram();
  for (const part of chosen) {
    for (const figure of await part()) console.log(formatFigure(figure));
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
// Threads of the solver may still be idling.
process.exit(0);
