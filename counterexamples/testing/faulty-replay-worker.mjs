// @ts-check
/** Entry of a replaying worker that may die: HAVEN_FAULT says how, and after how many steps. */

import { parentPort, workerData } from 'node:worker_threads';
import { register } from 'tsx/esm/api';

register();
const { runReplay } = await import('../replay-job.ts');
const { createFaultyStep } = await import('../../properties/engine/testing/faulty-step.ts');
const [fault = '', steps] = (process.env['HAVEN_FAULT'] ?? '').split(' ');
if (parentPort !== null) runReplay(workerData, parentPort, createFaultyStep(fault, Number(steps)));
