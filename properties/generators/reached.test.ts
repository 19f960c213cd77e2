import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readConfiguration } from '../../formats/read.ts';
import { ACTION_KINDS } from '../../model/actions.ts';
import { createMachine } from '../../model/machine.ts';
import { REFUSALS } from '../../model/outcome.ts';
import { createPlan } from '../../model/plan.ts';
import { step } from '../../model/step.ts';
import { fuzzConfiguration } from '../engine/fuzz.ts';
import { listBootActions } from './boot-actions.ts';
import { configurationArbitrary } from './configurations.ts';
import { traceArbitrary } from './traces.ts';

const ROOT = join(import.meta.dirname, '..', '..');

/** What no trace on any shipped board need reach; the model's own tests reach all of it. */
const NOWHERE: Readonly<Record<string, string>> = {
  smc: 'always refused',
  'unknown-call': 'always refused',
  NO_SUCH_CORE: 'cores are drawn from those in use',
  NO_SUCH_SLOT: 'slots are drawn from those that there are',
  NO_SUCH_REGISTER: 'registers are drawn from those that there are',
  NO_DOORBELL_TARGET: 'both boards have an ITS at an address of nobody',
  LIST_REGISTERS_FULL: 'four lines must be pending on one virtual CPU',
  VCPU_OFF: 'no reservation burns its budget',
  VCPU_WAITING: 'no reservation burns its budget',
  'bare-dma-issue': 'no bus master without a stream is granted',
};

/** What a board cannot show beyond that. */
const OUT_OF_REACH: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'qemu-virt.yaml': {
    'bus-read': 'every core has EL2',
    'bus-write': 'every core has EL2',
    FIREWALL_DENIED: 'there is no firewall',
    CORE_UNUSED: 'every core is in use',
  },
  'imx95.yaml': { NO_SLOT_FREE: 'four requests of few streams must be in flight' },
};

test.each(Object.keys(OUT_OF_REACH))(
  'traces on %s reach what the spec can do and refuse',
  (name) => {
    const read = readConfiguration(join(ROOT, 'configs', name));
    if (read.kind !== 'ok') throw new Error(read.diagnostics[0]?.message);
    const plan = createPlan(read.loaded.configuration);
    const boot = listBootActions(plan);
    const reached = new Set<string>();
    for (const trace of fc.sample(traceArbitrary(plan, 200), { seed: 9, numRuns: 600 })) {
      const machine = createMachine(plan);
      if (trace.start === 'booted') for (const action of boot) step(plan, machine, action);
      for (const action of trace.actions) {
        const outcome = step(plan, machine, action);
        reached.add(outcome === 'DONE' ? action.kind : outcome);
      }
    }
    const excused = { ...NOWHERE, ...OUT_OF_REACH[name] };
    const missing = [...ACTION_KINDS, ...REFUSALS].filter((one) => !reached.has(one));
    expect(missing.filter((one) => !(one in excused))).toEqual([]);
  },
);

test('a short run on a drawn configuration does every action that is possible on it', async () => {
  const drawn = fc.sample(configurationArbitrary({ complete: true }), { seed: 5, numRuns: 8 });
  for (const [index, configuration] of drawn.entries()) {
    const { neverDone } = await fuzzConfiguration(configuration, { seed: 1, steps: 4_000 });
    expect(neverDone, `configuration ${index}`).toEqual([]);
  }
}, 60_000);
