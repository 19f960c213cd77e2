import { afterAll, describe, expect, test } from 'vitest';

import type { StaticConfiguration } from '../model/configuration.ts';
import { CLAIMS, TABLE_CLAIMS } from './claims.ts';
import type { TableEntry } from '../model/machine.ts';
import { getImages, replaceImages } from './obligations/images.ts';
import type { Images } from './obligations/images.ts';
import { listObligations } from './obligations/list.ts';
import {
  createExample,
  createShare,
  createWholeCore,
} from './obligations/example-configuration.ts';
import { getClaim } from './obligation.ts';
import type { Obligation, ObligationResult } from './obligation.ts';
import { proveConfiguration, proveObligations } from './prove.ts';
import { createFixedSolver } from './smt/fixed-solver.ts';
import { FALSE, booleanVariable, integerVariable, less, within } from './smt/term.ts';
import { createZ3Solver } from './smt/z3.ts';

const solver = createZ3Solver({ jobs: 2 });

afterAll(() => solver.close());

type Draft<T> = T extends number | string | boolean | null
  ? T
  : { -readonly [K in keyof T]: Draft<T[K]> };

/** The example with one edit. */
function edit(change: (draft: Draft<StaticConfiguration>) => void): StaticConfiguration {
  const draft = structuredClone(createExample()) as unknown as Draft<StaticConfiguration>;
  change(draft);
  return draft;
}

/** Element of a list that a test knows to be there. */
function at<T>(list: readonly T[], index: number): T {
  const element = list[index];
  if (element === undefined) throw new RangeError(`no element ${index}`);
  return element;
}

interface Refutation {
  readonly id: string;
  readonly change: (draft: Draft<StaticConfiguration>) => void;
  /** Texts that the finding's message has: both parties and what both reach. */
  readonly says: readonly string[];
}

function sum(counts: Record<string, number>): number {
  return Object.values(counts).reduce((total, count) => total + count, 0);
}

async function listProved(only: string): Promise<string[]> {
  return (await prove(createExample(), only)).map(({ id }) => id);
}

async function writeScripts(): Promise<Map<string, string>> {
  const scripts = new Map<string, string>();
  const onQuery = (id: string, text: string): void => void scripts.set(id, text);
  await proveConfiguration(createExample(), { solver, only: 'irq.*', onQuery });
  return scripts;
}

/**
 * Claims about tables that boot builds: no edit of a configuration breaks them, only a spoilt
 * table.
 */
const TABLES_ONLY = [
  'memory.stage2-within-grants',
  'memory.deny-by-default',
  'memory.granted-reachable',
  'dma.stream-confined',
  'irq.delivered-to-owner',
  'irq.route-to-owner-core',
  'channel.doorbells',
];

const REFUTATIONS: readonly Refutation[] = [
  {
    id: 'config.vmid',
    change: (draft) => void (at(draft.partitions, 0).vmid = 0x1_0000 as never),
    says: ['partition linux', '65536'],
  },
  {
    id: 'memory.exclusive',
    change: (draft) => void (at(at(draft.partitions, 1).memory, 0).pa = 0x48ff_f000 as never),
    says: ['0x48fff000', 'memory ram of linux', 'memory ram of rtos'],
  },
  {
    id: 'memory.no-overflow',
    change: (draft) => void (at(at(draft.partitions, 1).memory, 0).size = 2 ** 41),
    says: ['memory ram of rtos', '0x10000000000'],
  },
  {
    id: 'memory.ipa-in-space',
    change: (draft) => void (at(at(draft.partitions, 1).memory, 0).ipa = (2 ** 39 - 4096) as never),
    says: ['memory ram of rtos', '0x8000000000'],
  },
  {
    id: 'memory.whole-pages',
    change: (draft) => void (at(at(draft.partitions, 1).memory, 0).size += 512),
    says: ['memory ram of rtos', '0x1000200'],
  },
  {
    id: 'memory.backed',
    change: (draft) => void (at(at(draft.partitions, 1).memory, 0).pa = 0xbf80_0000 as never),
    says: ['memory ram of rtos', '0xc0000000'],
  },
  {
    id: 'memory.ipa-functional[rtos]',
    change: (draft) => void (at(at(draft.channels, 0).ends, 0).ipa = 0x40ff_f000 as never),
    says: ['0x40fff000', 'memory ram', 'channel telemetry'],
  },
  {
    id: 'memory.stage2-injective[rtos]',
    change: (draft) => {
      const { memory } = at(draft.partitions, 1);
      memory.push({ ...at(memory, 0), name: 'alias', ipa: 0x8000_0000 as never, size: 0x1000 });
    },
    says: ['0x50000000', 'memory ram', 'memory alias'],
  },
  {
    id: 'memory.tlb-tags',
    change: (draft) => void (at(draft.partitions, 1).vmid = 1 as never),
    says: ['vmid 1', 'partition linux', 'partition rtos'],
  },
  {
    id: 'memory.entry[rtos]',
    change: (draft) => void (at(draft.partitions, 1).entry = 0x5000_0000 as never),
    says: ['the entry of rtos', '0x50000000'],
  },
  {
    id: 'device.together',
    change: (draft) => at(draft.partitions, 1).devices.push({ device: 0, windowIpas: [] }),
    says: ['device uart of linux', 'rtos'],
  },
  {
    id: 'device.page',
    change: (draft) => void (at(at(draft.platform.devices, 3).mmio, 0).base = 0x900_0800),
    says: ['0x9000000', 'device uart of linux', 'device timer of rtos'],
  },
  {
    id: 'device.ipa-congruent',
    change: (draft) => {
      at(at(draft.partitions, 1).devices, 1).windowIpas = [0x901_0010] as never;
    },
    says: ['device timer', '0x9010010'],
  },
  {
    id: 'dma.stream-owner',
    change: (draft) => void (at(draft.platform.devices, 2).streams = [8] as never),
    says: ['stream 0x8', 'device nvme of linux', 'device nic of rtos'],
  },
  {
    id: 'dma.its-device-owner',
    change: (draft) => void (at(draft.platform.devices, 2).itsDeviceIds = [8] as never),
    says: ['0x8', 'device nvme of linux', 'device nic of rtos'],
  },
  {
    id: 'dma.stream-in-range',
    change: (draft) => void (at(draft.platform.devices, 2).streams = [256] as never),
    says: ['stream 0x100', 'device nic of rtos'],
  },
  {
    id: 'dma.no-bypass',
    change: (draft) => at(draft.partitions, 1).devices.push({ device: 4, windowIpas: [] }),
    says: ['device virtio of rtos', '0xa000000'],
  },
  {
    id: 'irq.exclusive[linux]',
    change: (draft) => void (at(at(draft.channels, 0).notify, 0).irq = 33 as never),
    says: ['line 33', 'device uart of linux', 'notify 0 of channel telemetry'],
  },
  {
    id: 'irq.in-range',
    change: (draft) => void (at(draft.platform.devices, 0).irqs = [31] as never),
    says: ['line 31', 'device uart of linux'],
  },
  {
    id: 'irq.notify-declared',
    change: (draft) => void (at(at(draft.channels, 0).notify, 0).to = 2),
    says: ['notify 0 of channel telemetry', 'm7'],
  },
  {
    id: 'cpu.exclusive',
    change: (draft) => at(draft.partitions, 1).cpus.push(createWholeCore(0)),
    says: ['core 0', 'linux', 'rtos'],
  },
  {
    id: 'cpu.exists',
    change: (draft) => at(draft.partitions, 1).cpus.push(createWholeCore(9)),
    says: ['core 9 of rtos'],
  },
  {
    id: 'cpu.pinned-once[rtos]',
    change: (draft) => at(draft.partitions, 1).cpus.push(createShare(2, 1, 20, 7)),
    says: ['core 2', 'virtual CPU 1', 'virtual CPU 2'],
  },
  {
    id: 'cpu.shared-needs-el2',
    change: (draft) => void (at(draft.partitions, 2).cpus = [createShare(6, 1, 10, 1)] as never),
    says: ['core 6 of m7'],
  },
  {
    id: 'cpu.utilisation[core 2]',
    change: (draft) => void (at(draft.partitions, 0).cpus[1] = createShare(2, 9, 10, 1) as never),
    says: ['core 2', '110 %', 'linux', 'rtos'],
  },
  {
    id: 'channel.declared',
    change: (draft) => void (at(at(draft.partitions, 1).memory, 0).pa = 0x48ff_f000 as never),
    says: ['0x48fff000', 'linux', 'rtos'],
  },
  {
    id: 'channel.private',
    change: (draft) => void (at(draft.channels, 0).pa = 0x50ff_f000 as never),
    says: ['0x50fff000', 'channel telemetry', 'memory ram of rtos'],
  },
  {
    id: 'channel.ends',
    change: (draft) => void (at(at(draft.channels, 0).ends, 0).access.write = false),
    says: ['channel telemetry'],
  },
  {
    id: 'channel.whole-pages',
    change: (draft) => void (at(draft.channels, 0).size = 0x1_0800),
    says: ['channel telemetry', '0x10800'],
  },
  {
    id: 'channel.backed',
    change: (draft) => void (at(draft.channels, 0).pa = 0x3000_0000 as never),
    says: ['0x30000000', 'channel telemetry'],
  },
  {
    id: 'hypervisor.unreachable[cores]',
    change: (draft) => void (at(at(draft.partitions, 0).memory, 0).pa = 0x407f_f000 as never),
    says: ['0x407ff000', 'memory ram', 'hypervisor memory image'],
  },
  {
    id: 'hypervisor.unreachable[streams]',
    change: (draft) => void (at(draft.channels, 0).pa = 0x4f00_0000 as never),
    says: ['0x4f000000', 'channel telemetry', 'firmware memory secure'],
  },
  {
    id: 'hypervisor.memory-apart',
    change: (draft) => void (at(draft.platform.reserved, 0).base = 0x407f_f000 as never),
    says: ['0x407ff000', 'hypervisor memory image', 'firmware memory secure'],
  },
  {
    id: 'hypervisor.backed',
    change: (draft) => void (at(draft.hypervisor.memory, 0).base = 0x3fff_f000 as never),
    says: ['0x3ffff000', 'hypervisor memory image'],
  },
  {
    id: 'hypervisor.redistributor-frames',
    change: (draft) => void (draft.platform.interrupts.redistributors.size = 0x5_0000),
    says: ['redistributor frame of core 2'],
  },
  {
    id: 'hypervisor.firewall-present',
    change: (draft) => void (draft.platform.firewall = null as never),
    says: ['core 6 of m7'],
  },
  {
    id: 'hypervisor.firewall[m7]',
    change: (draft) => {
      const grant = at(at(draft.partitions, 2).memory, 0);
      grant.size = 0x10_1000;
      at(at(draft.partitions, 1).memory, 0).pa = 0x6010_1000 as never;
    },
    says: ['0x60101000', 'of m7', 'memory ram of rtos'],
  },
  {
    id: 'hypervisor.firewall-window[m7]',
    change: (draft) => {
      const windows = draft.platform.firewall?.windows ?? [];
      at(windows, 0).size = 0x1000_0000;
    },
    says: ['memory ram of m7', '0x60000000'],
  },
  {
    id: 'hypervisor.whole-pages',
    change: (draft) => void (at(draft.hypervisor.memory, 0).size -= 1),
    says: ['hypervisor memory image'],
  },
];

async function prove(
  configuration: StaticConfiguration,
  only?: string,
): Promise<ObligationResult[]> {
  return proveConfiguration(configuration, only === undefined ? { solver } : { solver, only });
}

describe('the example', () => {
  test('holds: every obligation is discharged', async () => {
    const results = await prove(createExample());
    expect(results.filter(({ status }) => status !== 'discharged')).toEqual([]);
  });

  test('holds where two receivers know two doorbells by one INTID', async () => {
    const example = edit((draft) => {
      const { notify } = at(draft.channels, 0);
      const { from, to, irq } = at(notify, 0);
      notify.push({ from: to, to: from, irq });
    });
    const results = await prove(example, 'irq.*');
    expect(results.filter(({ status }) => status !== 'discharged')).toEqual([]);
    expect(results.map(({ id }) => id)).toContain('irq.exclusive[rtos]');
  });

  test('has as many obligations as partitions, streams and cores call for', () => {
    const ids = listObligations(createExample()).map(({ id }) => id);
    const spatial = ids.filter((id) => !id.startsWith('time.'));
    expect(new Set(ids).size).toBe(ids.length);
    const perPartition = { stage2: 2 * 6, m7: 1, pinned: 3, firewall: 2 };
    const perStream = 2;
    const [sharedCores, receivers] = [1, 1];
    const fixed = { config: 1, memory: 6, device: 3, dma: 4, irq: 5, cpu: 3, channel: 6, hyp: 7 };
    expect(spatial).toHaveLength(
      sum(perPartition) + perStream + sharedCores + receivers + sum(fixed),
    );
  });

  test('makes an obligation of every claim outside of time, and of no other', () => {
    const proved = new Set(listObligations(createExample()).map(({ id }) => getClaim(id)));
    const spatial = TABLE_CLAIMS.filter(({ id }) => !id.startsWith('time.'));
    expect([...proved].filter((id) => !id.startsWith('time.')).sort()).toEqual(
      spatial.map(({ id }) => id).sort(),
    );
    expect(new Set(CLAIMS.map(({ id }) => id)).size).toBe(CLAIMS.length);
  });
});

describe('one edit', () => {
  test.each(REFUTATIONS)('refutes $id with both parties', async ({ id, change, says }) => {
    const [result] = await prove(edit(change), id);
    expect(result).toMatchObject({ id, status: 'refuted' });
    for (const text of says) expect(result?.finding?.message).toContain(text);
    expect(result?.finding?.code).toMatch(new RegExp(`^${result?.area}-`));
  });

  test('covers every claim that the configuration alone decides', () => {
    const covered = new Set([...REFUTATIONS.map(({ id }) => getClaim(id)), ...TABLES_ONLY]);
    const spatial = TABLE_CLAIMS.filter(({ id }) => !id.startsWith('time.'));
    expect(spatial.map(({ id }) => id).filter((id) => !covered.has(id))).toEqual([]);
  });
});

function entryOf(images: Draft<Images>, partition: number): Draft<TableEntry> {
  return at(at(images.stage2, partition), 0);
}

describe('a spoilt table', () => {
  type Spoil = (images: Draft<Images>) => void;

  test.each<{ id: string; spoil: Spoil; says: string[] }>([
    {
      id: 'memory.stage2-within-grants[rtos]',
      spoil: (images) => void (entryOf(images, 1).size += 4096),
      says: ['0x51000000', 'memory ram'],
    },
    {
      id: 'memory.stage2-within-grants[linux]',
      spoil: (images) => void (at(at(images.stage2, 0), 3).write = true),
      says: ['0x71000000', 'written', 'channel telemetry'],
    },
    {
      id: 'memory.deny-by-default[rtos]',
      spoil: (images) => void (entryOf(images, 1).ipa = 0x3fff_f000),
      says: ['ipa 0x3ffff000'],
    },
    {
      id: 'memory.granted-reachable[rtos]',
      spoil: (images) => void (entryOf(images, 1).execute = false),
      says: ['executed', 'memory ram'],
    },
    {
      id: 'dma.stream-confined[nic:0x10]',
      spoil: (images) => void (at(at(images.streams, 1).table, 0).pa = 0x4800_0000),
      says: ['0x48000000', 'rtos'],
    },
    {
      id: 'irq.delivered-to-owner',
      spoil: (images) => void (at(images.routes, 0).partition = 1),
      says: ['line 33 of rtos'],
    },
    {
      id: 'irq.route-to-owner-core',
      spoil: (images) => void (at(images.routes, 0).core = 1),
      says: ['line 33 of linux', 'core 1'],
    },
    {
      id: 'channel.doorbells',
      spoil: (images) => void at(images.doorbells, 0).push({ to: 1, intId: 99 }),
      says: ['doorbell 99 of linux', 'no channel lets it ring rtos'],
    },
  ])('refutes $id', async ({ id, spoil, says }) => {
    const configuration = createExample();
    const images = structuredClone(getImages(configuration)) as Draft<Images>;
    spoil(images);
    replaceImages(configuration, images);
    const [result] = await prove(configuration, id);
    expect(result).toMatchObject({ id, status: 'refuted' });
    for (const text of says) expect(result?.finding?.message).toContain(text);
  });
});

describe('a verdict', () => {
  const spy = integerVariable('spy');
  const obligation: Obligation = {
    id: 'memory.test',
    statement: 'Nothing is at five.',
    formula: 'not (spy = 5)',
    source: 'test',
    assume: [within(spy, 0, 10)],
    refute: within(spy, 5, 6),
    decode: (model) => ({ spy: Number(model.get('spy')) }),
    confirms: () => true,
    finding: () => ({
      code: 'MEM-TEST',
      severity: 'error',
      message: 'five',
      help: 'none',
      at: ['config'],
      related: [],
    }),
  };
  const decide = async (given: Partial<Obligation>, more = {}) => {
    const all = [{ ...obligation, ...given }];
    const [result] = await proveObligations(createExample(), all, { solver, ...more });
    return result;
  };

  test('is refuted with a witness and a finding where the witness is confirmed', async () => {
    expect(await decide({})).toMatchObject({
      status: 'refuted',
      witness: { spy: 5 },
      finding: { code: 'MEM-TEST' },
    });
  });

  test('is spurious, with no finding, where plain code does not confirm the witness', async () => {
    expect(await decide({ confirms: () => false })).toMatchObject({
      status: 'spurious',
      finding: null,
    });
  });

  test('is vacuous where the premises contradict each other, however the statement', async () => {
    const contradiction = [less(spy, 3), less(3, spy)];
    expect((await decide({ assume: contradiction }))?.status).toBe('vacuous');
    expect((await decide({ assume: contradiction, refute: FALSE }))?.status).toBe('vacuous');
    expect((await decide({ assume: [FALSE] }))?.status).toBe('vacuous');
  });

  test('is discharged only where neither solver nor simplifier finds a case', async () => {
    expect((await decide({ refute: within(spy, 20, 30) }))?.status).toBe('discharged');
    expect(await decide({ refute: FALSE })).toMatchObject({
      status: 'discharged',
      solver: 'simplifier',
    });
  });

  test('is unknown, never green, at a limit, after cancellation and without a solver', async () => {
    const limited = createZ3Solver({ jobs: 1, resourceLimit: 1 });
    const cases = { refute: within(spy, 20, 30), assume: [booleanVariable('b'), less(spy, 9)] };
    expect(await decide(cases, { solver: limited })).toMatchObject({ status: 'unknown' });
    await limited.close();
    expect(await decide(cases, { solver: limited })).toMatchObject({
      status: 'unknown',
      detail: 'the solver was closed',
    });
    const signal = AbortSignal.abort();
    const [result] = await proveObligations(createExample(), [{ ...obligation, ...cases }], {
      signal,
    });
    expect(result).toMatchObject({ status: 'unknown', detail: 'cancelled' });
  });

  test('is unknown, with an error that fails the run, where solvers contradict', async () => {
    const reason = 'one says sat, two says unsat';
    const contradiction = { status: 'unknown', reason, ms: 1, isContradiction: true } as const;
    expect(await decide({}, { solver: createFixedSolver('both', contradiction) })).toMatchObject({
      status: 'unknown',
      finding: { code: 'CFG-SOLVERS', severity: 'error', message: expect.stringContaining(reason) },
    });
  });

  test('is so too where they contradict each other about parts without premises', async () => {
    const contradiction = {
      status: 'unknown',
      reason: 'one says sat, two says unsat',
      ms: 1,
      isContradiction: true,
    } as const;
    const both = createFixedSolver('both', contradiction);
    const broken = within(spy, 5, 6);
    const part = { broken, needsPremises: false, refute: () => FALSE };
    expect(await decide({ parts: [part] }, { solver: both })).toMatchObject({
      status: 'unknown',
      finding: { code: 'CFG-SOLVERS', severity: 'error' },
    });
    expect(both.asked).toHaveLength(1);
  });

  test('is unknown where the case that a solver names does not satisfy the terms', async () => {
    const model = new Map([['spy', 5_000n]]);
    const wrong = createFixedSolver('wrong', { status: 'sat', model, ms: 1 });
    expect(await decide({}, { solver: wrong })).toMatchObject({
      status: 'unknown',
      detail: expect.stringContaining('does not satisfy'),
    });
  });

  test('is cached only where every answer that it rests on is', async () => {
    const kept = createFixedSolver('kept', { status: 'unsat', ms: 0, cached: true });
    const fresh = createFixedSolver('fresh', { status: 'unsat', ms: 0 });
    const cases = { refute: within(spy, 20, 30), assume: [] };
    expect((await decide(cases, { solver: kept }))?.cached).toBe(true);
    expect((await decide(cases, { solver: fresh }))?.cached).toBe(false);
    expect((await decide({ refute: FALSE, assume: [] }, { solver: kept }))?.cached).toBe(false);
  });

  test('shares the answer about premises with all that have the same', async () => {
    const unsat = createFixedSolver('unsat', { status: 'unsat', ms: 0 });
    const cases = [1, 2, 3].map((end) => ({ ...obligation, refute: within(spy, 900, 900 + end) }));
    await proveObligations(createExample(), cases, { solver: unsat });
    expect(unsat.asked).toHaveLength(cases.length + 1);
  });

  test('keeps its place in the list, whatever is decided first', async () => {
    const ids = Array.from({ length: 50 }, (_, index) => `memory.test[${index}]`);
    const list = ids.map((id, index) => ({
      ...obligation,
      id,
      refute: index % 3 === 0 ? FALSE : within(spy, 20, 21 + index),
    }));
    const results = await proveObligations(createExample(), list, { solver });
    expect(results.map(({ id }) => id)).toEqual(ids);
  });
});

describe('proveConfiguration', () => {
  test('runs alone what a glob names, by instance or by claim', async () => {
    expect(await listProved('dma.stream-confined[nvme:0x8]')).toEqual([
      'dma.stream-confined[nvme:0x8]',
    ]);
    expect(await listProved('dma.stream-confined')).toEqual([
      'dma.stream-confined[nvme:0x8]',
      'dma.stream-confined[nic:0x10]',
    ]);
    expect(await listProved('config.*')).toEqual(['config.vmid']);
    expect(await listProved('nothing')).toEqual([]);
  });

  test('writes each query as a script with its statement, the same on every run', async () => {
    const scripts = await writeScripts();
    expect(await writeScripts()).toEqual(scripts);
    expect(scripts.get('irq.exclusive')).toContain('; Every interrupt line has one owner');
    expect(scripts.get('irq.exclusive')).toContain('(set-info :status unsat)');
    expect(scripts.get('irq.exclusive')).toMatch(/^; Size: \d+ terms, \d+ variables$/m);
    expect(scripts.get('irq.exclusive.premises')).toContain('(set-info :status sat)');
  });

  test('starts a solver while it builds the terms, and leaves closing to the caller', async () => {
    const fixed = createFixedSolver('fixed', { status: 'unsat', ms: 0 });
    await proveConfiguration(createExample(), { solver: fixed, only: 'config.*' });
    expect(fixed.calls).toEqual({ warm: 1, close: 0 });
  });

  test('reports progress to the end', async () => {
    const seen: number[] = [];
    const onProgress = (done: number, total: number): void => void seen.push(done / total);
    await proveConfiguration(createExample(), { solver, only: 'channel.*', onProgress });
    expect(seen).toEqual([1, 2, 3, 4, 5, 6].map((done) => done / 6));
  });
});
