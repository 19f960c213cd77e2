// @ts-check
/**
 * Entry of a worker of the kill matrix: mutants are changes of sources, so that it runs from those.
 */

import { parentPort, workerData } from 'node:worker_threads';
import { register } from 'tsx/esm/api';

register();
const { serveTasks } = await import(new URL('./matrix-job.ts', import.meta.url).href);
serveTasks(workerData, parentPort);
