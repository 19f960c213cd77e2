/**
 * Judge: many traces of one configuration, one after the other, on one machine with one set of
 * monitors.
 *
 * For properties of fast-check: to make machine and monitors anew for each trace, as an exact run
 * does, takes longer than the trace.
 */

import { createMachine } from '../../model/machine.ts';
import { asAction, createSlot, writeSlot } from '../generators/slots.ts';
import type { Trace } from '../generators/traces.ts';
import { copyMachine } from './copy-machine.ts';
import { createStart, takeStep, watchMachine } from './run.ts';
import type { Runner } from './run.ts';
import { beginRun, watchAfter, watchBefore } from './watcher.ts';

/** So many traces are watched by every property, and of those that follow one in so many. */
const WATCHED = 256;
const SAMPLED = 16;

/**
 * A function that tells whether a trace breaks something. Each step asks the properties that its
 * kind of action can break; of many traces some are not held against the dearest ones. `runTrace`
 * says what is broken first.
 */
export function createJudge(runner: Runner): (trace: Trace) => boolean {
  const look = { complete: false };
  const machine = createMachine(runner.plan);
  const reset = createMachine(runner.plan);
  const booted = createStart(runner, { start: 'booted', actions: [] });
  const properties = runner.properties.filter(({ sampled }) => sampled === undefined);
  const usual = watchMachine({ ...runner, properties }, machine, look);
  const complete = watchMachine(runner, machine, look);
  const slot = createSlot();
  let traces = 0;
  return ({ start, actions }) => {
    const isSample = traces < WATCHED || traces % SAMPLED === 0;
    const watcher = isSample ? complete : usual;
    traces += 1;
    copyMachine(start === 'reset' ? reset : booted, machine);
    look.complete = false;
    beginRun(watcher);
    for (let at = 0; at < actions.length; at += 1) {
      const action = actions[at];
      if (action === undefined) break;
      writeSlot(slot, action);
      const kind = slot.kindIndex;
      const taken = asAction(slot);
      look.complete = isSample && at === actions.length - 1;
      watchBefore(watcher, kind, taken);
      const outcome = takeStep(runner, machine, taken);
      if (typeof outcome !== 'string') return true;
      if (watchAfter(watcher, kind, taken, outcome, {}) !== null) return true;
    }
    return false;
  };
}
