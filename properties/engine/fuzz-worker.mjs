// @ts-check
/**
 * Entry of a fuzzing worker: loads the job from the bundle beside it, or from source through tsx.
 */

import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parentPort, workerData } from 'node:worker_threads';

const bundled = new URL('./fuzz-job.js', import.meta.url);
const source = new URL('./fuzz-job.ts', import.meta.url);
const isBundled = existsSync(fileURLToPath(bundled));
if (!isBundled) {
  const { register } = await import('tsx/esm/api');
  register();
}
const { runJob } = await import((isBundled ? bundled : source).href);
await runJob(workerData, parentPort);
