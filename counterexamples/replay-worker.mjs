// @ts-check
/**
 * Entry of a replaying worker: loads the job from the bundle beside it, or from source through tsx.
 */

import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parentPort, workerData } from 'node:worker_threads';

const bundled = new URL('./replay-job.js', import.meta.url);
const source = new URL('./replay-job.ts', import.meta.url);
const isBundled = existsSync(fileURLToPath(bundled));
if (!isBundled) {
  const { register } = await import('tsx/esm/api');
  register();
}
const { runReplay } = await import((isBundled ? bundled : source).href);
runReplay(workerData, parentPort);
