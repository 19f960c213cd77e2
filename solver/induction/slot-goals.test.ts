/** Delays under a table: proved of the scheduler's own functions, and no tick too long. */

import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { NONE } from '../../model/machine.ts';
import type { StaticConfiguration } from '../../model/configuration.ts';
import type { Machine } from '../../model/machine.ts';
import { createPlan } from '../../model/plan.ts';
import { getDomain } from '../../model/view.ts';
import { SHARED_CORE, createSmallBoard } from '../../model/testing/small-board.ts';
import type { SmallBoardOptions } from '../../model/testing/small-board.ts';
import { createRandom } from '../../properties/engine/random.ts';
import { createInductiveMachine } from '../../properties/generators/machines.ts';
import { actionArbitrary } from '../../properties/generators/traces.ts';
import { createGrantMap } from '../../properties/grants.ts';
import { proveObligations } from '../prove.ts';
import { createZ3Solver } from '../smt/z3.ts';
import { computeBounds } from '../timing/bounds.ts';
import { STEP_PARTS, takeMicroStep } from './micro-steps.ts';
import type { MicroStep } from './micro-steps.ts';
import { listInductionObligations } from './obligations.ts';
import { createInduction } from './phase-model.ts';
import { createPromiseObligation, listDelayed } from './slot-goals.ts';
import type { Setting } from './state-obligation.ts';

const solver = createZ3Solver();

afterAll(() => solver.close());

const LEFT = { budget: 10, period: 50, priority: 2 };
const RIGHT = { budget: 20, period: 50, priority: 1 };
const COSTS = { section: 4, timer: 2, interrupt: 3 } as const;

function createBoard(options: SmallBoardOptions): StaticConfiguration {
  return createSmallBoard({ ...options, policy: 'table' });
}

/** Tables with and without costs, slack and gaps, and with sections longer than slots. */
const BOARDS: readonly (readonly [string, StaticConfiguration])[] = [
  ['one slot each', createBoard({})],
  ['no costs', createBoard({ contextSwitch: 0, section: 0 })],
  [
    'slack of one',
    createBoard({ ...COSTS, section: 6, left: LEFT, right: { ...RIGHT, slack: true } }),
  ],
  [
    'slack of both',
    createBoard({ ...COSTS, left: { ...LEFT, slack: true }, right: { ...RIGHT, slack: true } }),
  ],
  [
    'two slots each, and gaps',
    createBoard({
      ...COSTS,
      left: LEFT,
      right: RIGHT,
      table: {
        frame: 60,
        slots: [
          { partition: 0, start: 0, duration: 10 },
          { partition: 1, start: 10, duration: 8 },
          { partition: 0, start: 20, duration: 6 },
          { partition: 1, start: 30, duration: 20 },
        ],
      },
    }),
  ],
  [
    'sections as long as slots',
    createBoard({
      section: 30,
      reload: 1,
      left: { budget: 40, period: 100, priority: 2 },
      right: { budget: 36, period: 100, priority: 1 },
    }),
  ],
];

/** What obligations about states are made from. */
function createSetting(configuration: StaticConfiguration): Setting {
  const { plan, phases, invariants, getModel } = createInduction(configuration);
  const sealed = phases.find(({ kind }) => kind === 'sealed');
  if (sealed === undefined) throw new Error('the board boots');
  return {
    configuration,
    plan,
    grants: createGrantMap(configuration),
    replay: { configuration, plan, invariants, parts: STEP_PARTS },
    matches: () => true,
    getModel: () => getModel(sealed),
  };
}

function isInSlot(id: string): boolean {
  return /^time\.in-slot\[(time-passes|dispatch|section|system-reset) by/.test(id);
}

describe.each(BOARDS)('of a table with %s', (_name, configuration) => {
  test('the delay is that of the closed form, and a tick less is refuted', async () => {
    const setting = createSetting(configuration);
    const bounds = computeBounds(configuration).filter(({ core }) => core === SHARED_CORE);
    expect(bounds).toHaveLength(2);
    const obligations = bounds.flatMap(({ boundTicks }, index) =>
      [0, 1].flatMap((less) => {
        const most = Number(boundTicks) - less;
        return createPromiseObligation(setting, SHARED_CORE, index, most, `${index} less ${less}`);
      }),
    );
    const results = await proveObligations(configuration, obligations, { solver });
    const [proved, refuted] = ['discharged', 'refuted'];
    expect(results.map(({ status }) => status)).toEqual([proved, refuted, proved, refuted]);
  });

  test('no step makes whoever is awake wait longer', async () => {
    const obligations = listInductionObligations(configuration, { matches: isInSlot });
    const results = await proveObligations(configuration, obligations, { solver });
    expect(results.length).toBeGreaterThan(5);
    expect(results.filter(({ status }) => status !== 'discharged')).toEqual([]);
  });
});

const DRAWS = 100;
const ACTIONS = 6;

describe('what a table promises', () => {
  test.each(BOARDS)('becomes no later in random steps either: %s', (_name, configuration) => {
    const plan = createPlan(configuration);
    const random = createRandom(29);
    const actions = fc.sample(actionArbitrary(plan), { seed: 29, numRuns: DRAWS * ACTIONS });
    const judge = (machine: Machine, step: MicroStep, domain: number): void => {
      const before = structuredClone(machine);
      takeMicroStep(STEP_PARTS, plan, machine, step);
      expect(listDelayed(plan, before, machine, step, domain)).toEqual([]);
    };
    for (let draw = 0; draw < DRAWS; draw += 1) {
      const machine = createInductiveMachine(plan, { kind: 'sealed' }, random);
      for (const action of actions.slice(draw * ACTIONS, (draw + 1) * ACTIONS)) {
        const domain = 'core' in action ? getDomain(plan, machine, action.core) : NONE;
        judge(machine, action, domain);
        for (const core of plan.cores.keys()) judge(machine, { kind: 'dispatch', core }, NONE);
      }
    }
  });

  test('is broken where a slot goes by', () => {
    const plan = createPlan(createBoard({}));
    const random = createRandom(31);
    const machine = createInductiveMachine(plan, { kind: 'sealed' }, random);
    const core = machine.cores[SHARED_CORE];
    const vcpu = machine.partitions[0]?.vcpus[1];
    if (core === undefined || vcpu === undefined) throw new Error('left has the core too');
    Object.assign(vcpu, { on: true, waiting: false });
    Object.assign(core, { clock: 100, frameStart: 100, slot: 0, section: 0, running: NONE });
    const before = structuredClone(machine);
    core.slot = 1;
    const step = { kind: 'dispatch', core: SHARED_CORE } as const;
    expect(listDelayed(plan, before, machine, step, NONE)).toEqual([
      `time.slot-promise[${SHARED_CORE},0]`,
    ]);
  });
});
