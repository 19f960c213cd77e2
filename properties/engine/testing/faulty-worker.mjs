// @ts-check
/**
 * Entry of a fuzzing worker that may die: HAVEN_FAULT says how, with which seed, and after how many
 * steps.
 */

import { parentPort, workerData } from 'node:worker_threads';
import { register } from 'tsx/esm/api';

register();
const { runJob } = await import('../fuzz-job.ts');
const { createFaultyStep } = await import('./faulty-step.ts');
const [fault = '', seed, steps] = (process.env['HAVEN_FAULT'] ?? '').split(' ');
const isFaulty = Number(seed) === workerData.seed;
const step = createFaultyStep(fault, Number(steps));
if (parentPort !== null) await runJob(workerData, parentPort, isFaulty ? { step } : {});
