import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Action } from '../../model/actions.ts';
import type { StaticConfiguration } from '../../model/configuration.ts';
import { LR_PENDING } from '../../model/list-registers.ts';
import { BOOT_SEALED } from '../../model/machine.ts';
import type { Machine } from '../../model/machine.ts';
import { writeWord } from '../../model/memory.ts';
import { createPlan } from '../../model/plan.ts';
import type { Plan } from '../../model/plan.ts';
import { dispatchWhenDue } from '../../model/scheduler.ts';
import { act, step } from '../../model/step.ts';
import {
  LEFT_LINE,
  LEFT_STREAM,
  RAM_IPA,
  RIGHT_LINE,
  SHARED_CORE,
  createBusy,
  createReset,
  createSealed,
  createSharedCore,
  createSmallBoard,
} from '../../model/testing/small-board.ts';
import type { SmallBoardOptions } from '../../model/testing/small-board.ts';
import { PROPERTIES } from '../catalogue.ts';
import { createRandom } from '../engine/random.ts';
import { createInductiveMachine, createRandomMachine } from '../generators/machines.ts';
import { actionArbitrary } from '../generators/traces.ts';
import { INDUCTIVE_INVARIANTS } from './invariants.ts';
import { computePhase, createReference, describePhase, listPhases } from './phase.ts';
import {
  describeShape,
  describeShapeWithinStep,
  getShape,
  isInShape,
  listOutside,
} from './shape.ts';

/** Ids and indices of the instances that do not hold; a spy tries every written frame. */
function listBroken(plan: Plan, machine: Machine): string[] {
  return INDUCTIVE_INVARIANTS.flatMap(({ id, holds, instances, spy }) =>
    instances(plan)
      .flatMap((indices) =>
        spy === true
          ? [...machine.memory.words.keys()].map((frame) => [...indices, frame])
          : [[...indices]],
      )
      .filter((indices) => !holds(plan, machine, ...indices))
      .map((indices) => `${id} ${indices.join(' ')}`),
  );
}

/** The same within a step, where cores may have to choose anew. */
function listWrongWithinStep(plan: Plan, machine: Machine): string[] {
  const shape = describeShapeWithinStep(plan, computePhase(plan, machine));
  const outside = isInShape(shape, machine) ? [] : listOutside(shape, machine);
  return [...outside.map(({ path }) => path), ...listBroken(plan, machine)];
}

/** What is wrong with a state, as far as the shape of its phase and the invariants tell. */
function listWrong(plan: Plan, machine: Machine): string[] {
  const shape = getShape(plan, computePhase(plan, machine));
  const outside = isInShape(shape, machine) ? [] : listOutside(shape, machine);
  return [...outside.map(({ path }) => path), ...listBroken(plan, machine)];
}

describe('the phases', () => {
  test('are those that boot goes through, each once', () => {
    const { plan, machine } = createReset();
    const seen = [describePhase(computePhase(plan, machine))];
    for (let core = 0; core < plan.cores.length; core += 1) {
      while (step(plan, machine, { kind: 'boot', core, fails: false }) === 'DONE') {
        seen.push(describePhase(computePhase(plan, machine)));
      }
    }
    expect([...new Set(seen)]).toEqual(listPhases(plan).map(describePhase));
  });

  test('end with the seal at once where one core boots alone', () => {
    const plan = createPlan(createSharedCore([{ budget: 5, period: 10, priority: 1 }]));
    const phases = listPhases(plan);
    expect(phases.at(-1)).toEqual({ kind: 'sealed' });
    expect(phases).not.toContainEqual({ kind: 'boot', leader: BOOT_SEALED });
  });

  test.each(listPhases(createReset().plan))('have a reference: $kind $leader', (phase) => {
    const { plan } = createReset();
    expect(computePhase(plan, createReference(plan, phase))).toEqual(phase);
  });
});

describe('the shape', () => {
  test('is that of states at reset, sealed and busy', () => {
    for (const { plan, machine } of [createReset(), createSealed(), createBusy()]) {
      expect(listWrong(plan, machine)).toEqual([]);
    }
  });

  test('names a field that has left it, with what was expected and found', () => {
    const { plan, machine } = createSealed();
    const entry = machine.stage2[0]?.[0];
    if (entry === undefined) throw new Error('left has memory');
    entry.write = !entry.write;
    const shape = describeShape(plan, { kind: 'sealed' });
    expect(isInShape(shape, machine)).toBe(false);
    expect(listOutside(shape, machine)).toEqual([
      {
        path: 'stage2[0][0].write',
        expected: { kind: 'constant', value: !entry.write },
        found: entry.write,
      },
    ]);
  });

  test('names an element that is too many or missing', () => {
    const { plan, machine } = createSealed();
    machine.stage2[0]?.pop();
    machine.smmu.tables[1]?.push({ ...createEntry() });
    const shape = describeShape(plan, { kind: 'sealed' });
    const paths = listOutside(shape, machine).map(({ path }) => path);
    expect(isInShape(shape, machine)).toBe(false);
    expect(paths.some((path) => path.startsWith('stage2[0]'))).toBe(true);
    expect(paths.some((path) => path.startsWith('smmu.tables[1]'))).toBe(true);
  });

  test('has a core that is to choose anew within a step alone', () => {
    const { plan, machine } = createBusy();
    expect(act(plan, machine, { kind: 'wait', core: SHARED_CORE })).toBe('DONE');
    expect(listWrong(plan, machine)).toEqual([`cores[${SHARED_CORE}].dispatchDue`]);
    expect(listWrongWithinStep(plan, machine)).toEqual([]);
    dispatchWhenDue(plan, machine, SHARED_CORE);
    expect(listWrong(plan, machine)).toEqual([]);
  });

  test('fixes cores that nobody uses and leaves those open that two share', () => {
    const { plan } = createSealed();
    const { cores } = describeShape(plan, { kind: 'sealed' });
    expect(cores[4]?.running).toEqual({ kind: 'constant', value: -1 });
    expect(cores[SHARED_CORE]?.running).toEqual({ kind: 'choice', values: [-1, 0, 1] });
  });
});

function createEntry(): Machine['stage2'][number][number] {
  return { ipa: 0, pa: 0, size: 0, read: true, write: true, execute: true, type: 0 };
}

const slack = { period: 50, priority: 1, slack: true };
const BOARDS: readonly (readonly [name: string, configuration: StaticConfiguration])[] = [
  ['the small board', createSmallBoard()],
  ['a board with polling, one list register, no firewall', createPolling()],
  ['a board with a table', createSmallBoard({ policy: 'table', reload: 1, section: 30 })],
  ['a board whose timer and interrupts take time', createSmallBoard({ timer: 3, interrupt: 4 })],
  [
    'a board with sections longer than periods',
    createSmallBoard({ section: 70, left: { budget: 5, period: 20, priority: 2, phase: 3 } }),
  ],
  ['a board with EDF and without an SMMU', createSmallBoard({ policy: 'edf', iommu: false })],
  [
    'a core that three share, with slack',
    createSharedCore([
      { ...slack, budget: 9 },
      { ...slack, budget: 5, idle: 'burn', priority: 2 },
      { ...slack, budget: 5, phase: 3, priority: 3 },
    ]),
  ],
];

function createPolling(): StaticConfiguration {
  return createSmallBoard({
    left: { budget: 20, period: 50, priority: 2, idle: 'poll', slack: true },
    right: { budget: 20, period: 100, priority: 1, phase: 7 },
    contextSwitch: 0,
    listRegisters: 1,
    firewall: false,
  });
}

/** Random states of the sealed phase, and of each phase of boot. */
const SEALED_DRAWS = 800;
const BOOT_DRAWS = 15;
/** Actions that are tried from each state. */
const ACTIONS = 6;

describe.each(BOARDS)('the invariants of %s', (_name, configuration) => {
  const plan = createPlan(configuration);
  const phases = listPhases(plan);

  test('hold of the random states that shall satisfy them, in every phase', () => {
    const random = createRandom(3);
    for (const phase of phases) {
      for (let draw = 0; draw < BOOT_DRAWS; draw += 1) {
        expect(listWrong(plan, createInductiveMachine(plan, phase, random))).toEqual([]);
      }
    }
  });

  test('are inductive: no action leads out of them, from states that no run may reach', () => {
    const random = createRandom(5);
    const done = new Set<string>();
    for (const phase of phases) {
      const draws = phase.kind === 'sealed' ? SEALED_DRAWS : BOOT_DRAWS;
      const options = { seed: 5, numRuns: draws * ACTIONS };
      const actions = fc.sample(actionArbitrary(plan), options);
      for (let draw = 0; draw < draws; draw += 1) {
        const machine = createInductiveMachine(plan, phase, random);
        for (const action of actions.slice(draw * ACTIONS, (draw + 1) * ACTIONS)) {
          if (step(plan, machine, action) !== 'DONE') continue;
          done.add(action.kind);
          expect({ action, wrong: listWrong(plan, machine) }).toEqual({ action, wrong: [] });
        }
      }
    }
    expect(done.size).toBeGreaterThan(15);
  });

  test('are kept within a step too: by what an action does, and by each core that chooses', () => {
    const random = createRandom(7);
    const phase = { kind: 'sealed' } as const;
    const draws = 100;
    const actions = fc.sample(actionArbitrary(plan), { seed: 7, numRuns: draws * ACTIONS });
    let choices = 0;
    for (let draw = 0; draw < draws; draw += 1) {
      const machine = createInductiveMachine(plan, phase, random);
      for (const action of actions.slice(draw * ACTIONS, (draw + 1) * ACTIONS)) {
        if (act(plan, machine, action) !== 'DONE') continue;
        const wrong = listWrongWithinStep(plan, machine);
        expect({ action, wrong }).toEqual({ action, wrong: [] });
        for (let core = 0; core < plan.cores.length; core += 1) {
          if (machine.cores[core]?.dispatchDue === true) choices += 1;
          dispatchWhenDue(plan, machine, core);
          expect(listWrongWithinStep(plan, machine)).toEqual([]);
        }
        expect(listWrong(plan, machine)).toEqual([]);
      }
    }
    expect(choices).toBeGreaterThan(20);
  });

  test('do not hold of random states in the shape alone', () => {
    const random = createRandom(9);
    const machine = createRandomMachine(plan, { kind: 'sealed' }, random);
    expect(isInShape(getShape(plan, { kind: 'sealed' }), machine)).toBe(true);
    expect(listBroken(plan, machine)).not.toEqual([]);
  });
});

test('a random state depends on the seed alone', () => {
  const { plan } = createReset();
  const draw = (): Machine => createInductiveMachine(plan, { kind: 'sealed' }, createRandom(1));
  expect(draw()).toEqual(draw());
});

/** The busy board with an SGI in a list register of core 0 and a request in flight. */
function createFull(options: SmallBoardOptions = {}): { plan: Plan; machine: Machine } {
  const board = createBusy(options);
  const sgi = { core: 0, intId: 1, vcpu: 0 };
  const actions: Action[] = [
    { kind: 'distributor', operation: 'enable', ...sgi },
    { kind: 'send-sgi', ...sgi },
    { kind: 'list-register-fill', ...sgi },
    { kind: 'distributor', ...sgi, operation: 'enable', intId: LEFT_LINE },
    { kind: 'tlb-fill', core: 0, slot: 0, address: RAM_IPA },
    { kind: 'iotlb-fill', slot: 0, stream: LEFT_STREAM, address: RAM_IPA },
    { kind: 'dma-issue', stream: LEFT_STREAM, address: RAM_IPA, write: true, value: 1 },
    { kind: 'arm-timer', core: 0, ticks: 5 },
  ];
  for (const action of actions) step(board.plan, board.machine, action);
  return board;
}

/** What a broken invariant breaks beside itself. */
const IMPLIED: Readonly<Record<string, readonly string[]>> = {
  // A list register agrees with no line where it holds no line of whoever is loaded.
  'irq.delivered': ['irq.agreed'],
  // After the seal an entry is constant.
  'dma.streams-in-order': ['smmu.streams[0].valid'],
};

/** For each invariant a way to spoil a state so that it, and no other, is broken. */
const SPOILT: Readonly<Record<string, (machine: Machine) => void>> = {
  'memory.cached': ({ cores }) => {
    for (const entry of cores[0]?.tlb ?? []) entry.frame += 1;
  },
  'memory.last-writer': ({ memory }) => {
    writeWord(memory, 0, 1, 0);
  },
  'dma.streams-in-order': ({ smmu }) => {
    const [entry] = smmu.streams;
    if (entry !== undefined) entry.valid = false;
  },
  'dma.cached': ({ smmu }) => {
    for (const entry of smmu.iotlb) entry.execute = true;
  },
  'dma.in-flight': ({ smmu }) => {
    for (const request of smmu.inFlight) request.frame = 0;
  },
  'irq.delivered': ({ cores }) => {
    const core = cores[SHARED_CORE];
    const [register] = core?.listRegisters ?? [];
    if (core === undefined || register === undefined) return;
    register.state = LR_PENDING;
    register.intId = core.loaded === 0 ? RIGHT_LINE : LEFT_LINE;
  },
  'irq.agreed': ({ partitions }) => {
    for (const line of partitions[0]?.vcpus[0]?.privateLines ?? []) line.pending = false;
  },
  'irq.listed-once': ({ cores }) => {
    const [first, second] = cores[0]?.listRegisters ?? [];
    if (first !== undefined && second !== undefined) Object.assign(second, first);
  },
  'irq.enable-forwarded': ({ gic }) => {
    for (const line of gic.lines) line.enabled = false;
  },
  'irq.active-forwarded': ({ gic }) => {
    for (const line of gic.lines) line.active = line.owner === 0;
  },
  'irq.route-forwarded': ({ gic }) => {
    for (const line of gic.lines) if (line.owner === 0) line.core = SHARED_CORE;
  },
  'irq.level': ({ gic }) => {
    for (const line of gic.lines) line.asserted = true;
  },
  'noninterference.registers': ({ cores }) => {
    const core = cores[SHARED_CORE];
    if (core !== undefined) core.registerWriters[1] = 1 - core.loaded;
  },
  'noninterference.saved': ({ partitions }) => {
    const vcpu = partitions[0]?.vcpus[1];
    if (vcpu !== undefined) vcpu.savedWriters[1] = 1;
  },
  'cpu.waiter-on': ({ partitions }) => {
    const vcpu = partitions[1]?.vcpus[1];
    if (vcpu === undefined) return;
    vcpu.waiting = true;
    vcpu.on = false;
  },
  'cpu.waiter-unsignalled': ({ partitions }) => {
    const vcpu = partitions[1]?.vcpus[1];
    const line = vcpu?.privateLines[3];
    if (vcpu === undefined || line === undefined) return;
    vcpu.waiting = true;
    line.enabled = true;
    line.pending = true;
  },
  'time.runner-awake': ({ partitions }) => {
    const vcpu = partitions[0]?.vcpus[1];
    if (vcpu !== undefined) vcpu.waiting = true;
  },
  'time.replenishment-ahead': ({ cores }) => {
    const [account] = cores[SHARED_CORE]?.accounts ?? [];
    if (account !== undefined) account.nextReplenishment = 0;
  },
  'time.account': ({ cores }) => {
    const core = cores[SHARED_CORE];
    const account = core?.accounts[1 - (core?.running ?? 0)];
    if (account !== undefined) account.budget = -6;
  },
  'time.section': ({ cores }) => {
    const core = cores[SHARED_CORE];
    const account = core?.accounts[core.running];
    if (core === undefined || account === undefined) return;
    core.section = 6;
    account.budget = 5;
    account.nextReplenishment = core.clock + 1;
  },
  'time.most-urgent': ({ cores }) => {
    const core = cores[SHARED_CORE];
    if (core === undefined) return;
    core.section = 0;
    core.running = -1;
  },
  'time.polled': ({ cores, partitions }) => {
    const core = cores[SHARED_CORE];
    const [polled] = core?.accounts ?? [];
    const vcpu = partitions[0]?.vcpus[1];
    if (core === undefined || polled === undefined || vcpu === undefined) return;
    core.section = 0;
    core.running = 1;
    polled.budget = 12;
    polled.exhausted = false;
    vcpu.waiting = true;
  },
  'time.slot-ahead': ({ cores }) => {
    const core = cores[SHARED_CORE];
    if (core !== undefined) core.clock += 500;
  },
  'time.slot-begun': ({ cores }) => {
    const core = cores[SHARED_CORE];
    if (core !== undefined) core.frameStart += 1;
  },
  'time.slot-own': ({ cores }) => {
    const core = cores[SHARED_CORE];
    if (core === undefined) return;
    core.section = 0;
    core.running = -1;
  },
  'time.timer-ahead': ({ partitions }) => {
    const vcpu = partitions[0]?.vcpus[0];
    if (vcpu !== undefined) vcpu.timerAt = 0;
  },
  'time.charged-in-budget': ({ cores }) => {
    const core = cores[SHARED_CORE];
    const account = core?.accounts[core.running];
    if (core === undefined || account === undefined) return;
    core.section = 0;
    account.budget = 0;
    account.nextReplenishment = core.clock + 1;
  },
};

/** Boards on which an invariant has instances, where the usual one has none. */
const NEEDED: Readonly<Record<string, SmallBoardOptions>> = {
  'time.section': { contextSwitch: 8 },
  'time.polled': { left: { budget: 20, period: 50, priority: 2, idle: 'poll' } },
  'time.slot-ahead': { policy: 'table' },
  'time.slot-begun': { policy: 'table' },
  'time.slot-own': { policy: 'table' },
};

describe('every invariant', () => {
  test.each(INDUCTIVE_INVARIANTS)('is broken by a spoilt state: $id', ({ id }) => {
    const { plan, machine } = createFull(NEEDED[id]);
    expect(listWrong(plan, machine)).toEqual([]);
    SPOILT[id]?.(machine);
    const broken = new Set(listWrong(plan, machine).map((one) => one.split(' ')[0]));
    expect(broken).toEqual(new Set([id, ...(IMPLIED[id] ?? [])]));
  });

  test.each(INDUCTIVE_INVARIANTS)('exports its condition where it says: $id', async (invariant) => {
    const name = invariant.file.replace('properties/inductive/', './');
    const module = (await import(name)) as Record<string, unknown>;
    expect(module[invariant.holds.name]).toBe(invariant.holds);
  });

  test('is a property of runs, in the same words', () => {
    for (const { id, statement, source, example } of INDUCTIVE_INVARIANTS) {
      const property = PROPERTIES.find((one) => one.id === id);
      expect(property).toMatchObject({ id, statement, source, example });
    }
    expect(new Set(PROPERTIES.map(({ id }) => id)).size).toBe(PROPERTIES.length);
  });

  test('has names for its indices', () => {
    for (const { id, indices, instances, spy } of INDUCTIVE_INVARIANTS) {
      const [first] = instances(createReset(NEEDED[id]).plan);
      const count = (first?.length ?? 0) + Number(spy === true);
      expect({ id, count: indices.length }).toEqual({ id, count });
    }
  });
});
