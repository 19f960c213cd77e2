/**
 * Cases: every way to take an action, with what must be known kept known.
 *
 * Whoever is current on the core, which line, stream, slot or virtual CPU the action names: each is
 * a case of its own, so that a run meets known structure and a failure names its partition.
 * Addresses, values and times stay symbolic. Numbers out of range are cases too. Together the cases
 * of an action cover every action of its kind in every state of the phase.
 */

import {
  BOOT_SCHEDULER,
  BOOT_SEALED,
  BOOT_STAGE2,
  CACHE_SLOTS,
  IN_FLIGHT_SLOTS,
  NONE,
  PRIVATE_LINES,
} from '../../model/machine.ts';
import type { Plan } from '../../model/plan.ts';
import { SGI_COUNT } from '../../model/virtual-gic.ts';
import type { Phase } from '../../properties/inductive/phase.ts';
import type { Value } from '../lift/values.ts';
import { booleanVariable, equal, integerVariable, not } from '../smt/term.ts';
import type { Term } from '../smt/term.ts';
import type { MicroStepKind } from './micro-steps.ts';
import { createTree } from './state.ts';

/** Numbers from `low` to `high`, both included; null where there is no such bound. */
export interface Range {
  readonly low: number | null;
  readonly high: number | null;
}

/** A field of the machine that the case knows: what it is, or a range that it is in. */
export interface Known {
  readonly path: readonly (string | number)[];
  readonly value: number | boolean | Range;
}

/** Whether a field that has this value is known to have it. */
export function isKnownAs(value: Known['value'], found: unknown): boolean {
  if (typeof value !== 'object') return found === value;
  if (typeof found !== 'number') return false;
  return (value.low ?? found) <= found && found <= (value.high ?? found);
}

/** What a field that has some value has at least to change to, to be as it is known. */
export function adapt(value: Known['value'], found: unknown): number | boolean {
  if (typeof value !== 'object') return value;
  if (typeof found === 'number' && isKnownAs(value, found)) return found;
  return value.low ?? value.high ?? 0;
}

/** One way to take an action, or another micro-step. */
export interface Case {
  readonly kind: MicroStepKind;
  readonly phase: Phase;
  /** Who is current, for obligations and messages: `linux@core2`, `nobody`, `boot`. */
  readonly current: string;
  /** Partition in whose name it happens; NONE for time, EL2 and the environment. */
  readonly domain: number;
  /** Fields of the machine that are known in this case. */
  readonly known: readonly Known[];
  /** The fields of the action: known numbers, or terms over variables `action.…`. */
  readonly action: Readonly<Record<string, Value>>;
  /** What is assumed of the action's variables. */
  readonly premises: readonly Term[];
}

/** What a list of cases is made for. */
export interface CaseContext {
  readonly plan: Plan;
  readonly phase: Phase;
}

/** Who is current on a core, and what is known then. */
interface Current {
  readonly label: string;
  readonly domain: number;
  /** Virtual CPUs of the partition, 0 where nobody executes. */
  readonly vcpus: number;
  readonly known: readonly Known[];
}

/** An operand: a known number, or any number outside of the known ones. */
interface Operand {
  readonly value: Value;
  readonly premises: readonly Term[];
}

type Fill = Readonly<Record<string, Operand>>;

/** All cases of one kind of micro-step in a phase. */
export function listCases(context: CaseContext, kind: MicroStepKind): Case[] {
  const { plan } = context;
  switch (kind) {
    case 'boot':
      return listBootCases(context);
    case 'dispatch':
      return listDispatchCases(context);
    case 'dma-issue':
    case 'msi':
    case 'bare-dma-issue':
    case 'dma-complete':
    case 'line-assert':
    case 'line-deassert':
    case 'iotlb-fill':
    case 'iotlb-evict':
      return listDeviceCases(context, kind);
    default:
      return [
        ...plan.cores.flatMap((_, core) =>
          listCurrents(context, kind, core).flatMap((current) =>
            listOperands(context, kind, current).map((fill) =>
              createCase(context, kind, current, { core: exactly(core), ...fill }),
            ),
          ),
        ),
        ...outOf('core', plan.cores.length).flatMap((core) =>
          (kind === 'distributor' ? listDistributorOperands(null, 0) : [freeOperands(kind)]).map(
            (fill) => createCase(context, kind, nobody('nobody'), { ...fill, core }),
          ),
        ),
      ];
  }
}

function createCase(
  { plan, phase }: CaseContext,
  kind: MicroStepKind,
  current: Current,
  fill: Fill,
): Case {
  const action: Record<string, Value> = { kind };
  for (const [name, { value }] of Object.entries(fill)) action[name] = value;
  return {
    kind,
    phase,
    current: phase.kind === 'sealed' ? current.label : 'boot',
    domain: current.domain,
    known:
      isAction(kind) && phase.kind === 'sealed'
        ? [...settle(plan), ...current.known]
        : current.known,
    action,
    premises: Object.values(fill).flatMap(({ premises }) => premises),
  };
}

/** Whether it is an action of the spec: those start where every core has chosen who runs. */
function isAction(kind: MicroStepKind): boolean {
  return kind !== 'dispatch';
}

function settle(plan: Plan): Known[] {
  return plan.cores.map((_, core) => ({ path: ['cores', core, 'dispatchDue'], value: false }));
}

// ------------------------------------------------------------------ operands

function exactly(value: Value): Operand {
  return { value, premises: [] };
}

/** Any integer. */
function any(name: string): Operand {
  return exactly(integerVariable(`action.${name}`));
}

/** Any integer of a short range: told by booleans, so that an index can be taken apart. */
function between(name: string, low: number, high: number): Operand {
  const values = Array.from({ length: high - low + 1 }, (_, index) => low + index);
  return exactly(createTree(values, `action.${name}[${low}..${high}]`));
}

/** Any integer but those of a list. */
function anyBut(name: string, values: readonly number[], low: number | null = null): Operand {
  const variable =
    low === null
      ? integerVariable(`action.${name}`)
      : integerVariable(`action.${name}[${low}..]`, { low });
  return { value: variable, premises: values.map((value) => not(equal(variable, value))) };
}

/** Numbers below and above the indices of a list: two operands. */
function outOf(name: string, count: number): Operand[] {
  return [
    exactly(integerVariable(`action.${name}[..-1]`, { high: -1 })),
    exactly(integerVariable(`action.${name}[${count}..]`, { low: count })),
  ];
}

/** Every index of a list, and the numbers on either side. */
function indices(name: string, count: number): Operand[] {
  return [...Array.from({ length: count }, (_, index) => exactly(index)), ...outOf(name, count)];
}

function choose(name: string): Operand {
  return exactly(booleanVariable(`action.${name}`));
}

// ------------------------------------------------------------------ who is current

function nobody(label: string, known: readonly Known[] = []): Current {
  return { label, domain: NONE, vcpus: 0, known };
}

/** Actions that EL2, time or the hardware take on a core, whoever is there. */
const UNDER_EL2: ReadonlySet<MicroStepKind> = new Set([
  'interrupt-take',
  'list-register-spill',
  'list-register-fill',
  'time-passes',
  'tlb-fill',
  'tlb-evict',
]);
/** Of these, those that happen in the name of who runs. */
const IN_NAME_OF_RUNNING: ReadonlySet<MicroStepKind> = new Set([
  'list-register-spill',
  'list-register-fill',
  'tlb-fill',
  'tlb-evict',
]);

function listCurrents({ plan, phase }: CaseContext, kind: MicroStepKind, core: number): Current[] {
  const planned = plan.cores[core];
  const names = plan.configuration.partitions.map(({ name }) => name);
  if (planned === undefined) return [];
  const id = plan.configuration.platform.cores[core]?.id ?? core;
  if (!planned.el2) {
    const partition = planned.residents[0]?.partition ?? NONE;
    const label = `${names[partition] ?? 'nobody'}@core${id}`;
    return [{ label, domain: partition, vcpus: 0, known: [] }];
  }
  if (phase.kind !== 'sealed' || !planned.used || kind.startsWith('bus-')) {
    return [nobody(`nobody@core${id}`)];
  }
  const at = (field: string, value: Known['value']): Known => ({
    path: ['cores', core, field],
    value,
  });
  const idle = nobody(`nobody@core${id}`, [at('running', NONE)]);
  const residents = planned.residents.flatMap((resident, index): Current[] => {
    const label = `${names[resident.partition] ?? ''}@core${id}`;
    const vcpus = plan.partitions[resident.partition]?.vcpus.length ?? 0;
    const runs = at('running', index);
    if (UNDER_EL2.has(kind)) {
      const loaded = [at('loaded', NONE), ...planned.residents.map((_, one) => at('loaded', one))];
      return loaded.map((one) => {
        const isLive = one.value === index;
        const named = IN_NAME_OF_RUNNING.has(kind) && isLive;
        const domain = named ? resident.partition : NONE;
        return { label, domain, vcpus, known: [runs, one] };
      });
    }
    const vcpu = (field: string, value: boolean): Known => ({
      path: ['partitions', resident.partition, 'vcpus', resident.vcpu, field],
      value,
    });
    const live = [runs, at('loaded', index)];
    const awake = [...live, at('section', 0)];
    const others = planned.residents.flatMap((_, one) => (one === index ? [] : [one]));
    // Where nothing at EL2 takes time, no core is in a section.
    const inSection = plan.blockingTicks === 0 ? [] : [[...live, at('section', BUSY)]];
    const refused = [
      ...[NONE, ...others].map((one) => [runs, at('loaded', one)]),
      [...awake, vcpu('on', false)],
      [...awake, vcpu('on', true), vcpu('waiting', true)],
      ...inSection,
    ];
    return [
      {
        label,
        domain: resident.partition,
        vcpus,
        known: [...awake, vcpu('on', true), vcpu('waiting', false)],
      },
      ...refused.map((known): Current => ({ label, domain: NONE, vcpus: 0, known })),
    ];
  });
  return [idle, ...residents];
}

/** Known values of `section`: at least one tick. */
const BUSY: Range = { low: 1, high: null };

// ------------------------------------------------------------------ actions of a core

/** Operands that say nothing, for actions that are refused whatever they say. */
function freeOperands(kind: MicroStepKind): Fill {
  const value = any('value');
  switch (kind) {
    case 'read':
    case 'write':
    case 'fetch':
    case 'bus-read':
    case 'bus-write':
      return { address: any('address'), value };
    case 'register-read':
    case 'register-write':
      return { register: any('register'), value };
    case 'cpu-on':
      return { vcpu: any('vcpu') };
    case 'notify':
      return { doorbell: any('doorbell') };
    case 'section':
    case 'arm-timer':
    case 'time-passes':
      return { ticks: any('ticks') };
    case 'distributor':
      return { operation: exactly('enable'), intId: any('intId'), vcpu: any('vcpu') };
    case 'send-sgi':
      return { intId: any('intId'), vcpu: any('vcpu') };
    case 'interrupt-take':
    case 'interrupt-end':
    case 'list-register-fill':
      return { intId: any('intId') };
    case 'list-register-spill':
      return { slot: any('slot') };
    case 'tlb-fill':
    case 'tlb-evict':
      return { slot: any('slot'), address: any('address') };
    default:
      return {};
  }
}

/** The operands of an action of a core, once for each number that names a part of the machine. */
function listOperands({ plan }: CaseContext, kind: MicroStepKind, current: Current): Fill[] {
  const free = freeOperands(kind);
  const isRefused = current.domain === NONE && !UNDER_EL2.has(kind);
  if (isRefused && kind !== 'distributor') return [free];
  const partition = plan.partitions[current.domain];
  const shared = partition?.lines.map(({ intId }) => intId) ?? [];
  switch (kind) {
    case 'cpu-on':
      return indices('vcpu', current.vcpus).map((vcpu) => ({ vcpu }));
    case 'notify':
      return indices('doorbell', partition?.doorbells.length ?? 0).map((doorbell) => ({
        doorbell,
      }));
    case 'distributor':
      return listDistributorOperands(isRefused ? null : shared, current.vcpus);
    case 'send-sgi':
      return [
        ...indices('vcpu', current.vcpus).map((vcpu) => ({
          intId: between('intId', 0, SGI_COUNT - 1),
          vcpu,
        })),
        ...outOf('intId', SGI_COUNT).map((intId) => ({ intId, vcpu: any('vcpu') })),
      ];
    case 'interrupt-take':
      return listPhysicalOperands(plan).map((intId) => ({ intId }));
    case 'interrupt-end':
    case 'list-register-fill':
      return listLineOperands(shared).map((intId) => ({ intId }));
    case 'list-register-spill':
      return indices('slot', plan.listRegisters).map((slot) => ({ slot }));
    case 'tlb-fill':
    case 'tlb-evict':
      return indices('slot', CACHE_SLOTS).map((slot) => ({ slot, address: any('address') }));
    default:
      return [free];
  }
}

/** Any private line, each shared one, and every other number. */
function listLineOperands(shared: readonly number[]): Operand[] {
  const [below] = outOf('intId', 0);
  return [
    ...(below === undefined ? [] : [below]),
    between('intId', 0, PRIVATE_LINES - 1),
    ...shared.map((intId) => exactly(intId)),
    anyBut('intId', shared, PRIVATE_LINES),
  ];
}

/** Each physical line that somebody owns, and every other number. */
function listPhysicalOperands({ routes }: Plan): Operand[] {
  const owned = routes.flatMap(({ intId, partition }) => (partition === NONE ? [] : [intId]));
  return [...owned.map((intId) => exactly(intId)), anyBut('intId', owned)];
}

function listDistributorOperands(shared: readonly number[] | null, vcpus: number): Fill[] {
  const operations = ['enable', 'disable', 'set-pending', 'clear-pending', 'route'] as const;
  return operations.flatMap((operation) => {
    if (shared === null) {
      return [{ operation: exactly(operation), intId: any('intId'), vcpu: any('vcpu') }];
    }
    return listLineOperands(shared).flatMap((intId) => {
      const targets =
        operation === 'route' && vcpus > 0
          ? [between('vcpu', 0, vcpus - 1), ...outOf('vcpu', vcpus)]
          : [any('vcpu')];
      return targets.map((vcpu) => ({ operation: exactly(operation), intId, vcpu }));
    });
  });
}

// ------------------------------------------------------------------ dispatch

/** A core chooses: whoever runs, and whoever is loaded. */
function listDispatchCases(context: CaseContext): Case[] {
  const { plan, phase } = context;
  const names = plan.configuration.partitions.map(({ name }) => name);
  return plan.cores.flatMap((planned, core) => {
    const id = plan.configuration.platform.cores[core]?.id ?? core;
    const create = (name: string, known: readonly Known[]): Case =>
      createCase(context, 'dispatch', nobody(`${name}@core${id}`, known), { core: exactly(core) });
    if (phase.kind !== 'sealed' || !planned.el2 || !planned.used) return [create('nobody', [])];
    const residents = [NONE, ...planned.residents.keys()];
    return residents.flatMap((running) =>
      residents.map((loaded) => {
        const partition = planned.residents[running]?.partition ?? NONE;
        return create(names[partition] ?? 'nobody', [
          { path: ['cores', core, 'running'], value: running },
          { path: ['cores', core, 'loaded'], value: loaded },
        ]);
      }),
    );
  });
}

// ------------------------------------------------------------------ boot

function listBootCases(context: CaseContext): Case[] {
  const { plan, phase } = context;
  const cases: Case[] = [];
  const none = nobody('nobody');
  for (const core of plan.cores.keys()) {
    for (const known of listBootSteps(context, core)) {
      for (const fails of [true, false]) {
        const fill = { core: exactly(core), fails: exactly(fails) };
        cases.push(createCase(context, 'boot', { ...none, known }, fill));
      }
    }
  }
  for (const core of outOf('core', plan.cores.length)) {
    cases.push(createCase(context, 'boot', none, { core, fails: choose('fails') }));
  }
  return phase.kind === 'sealed' ? cases.map((one) => ({ ...one, current: 'nobody' })) : cases;
}

/**
 * What is known of the cores' steps: the step of the one that boots, whether boot has failed,
 * whether the stream table is complete, and, for the last step, which of the others has not sealed
 * yet, if any.
 */
function listBootSteps({ plan, phase }: CaseContext, core: number): Known[][] {
  if (phase.kind === 'sealed') return [[]];
  const { leader } = phase;
  const planned = plan.cores[core];
  const failed: Known = { path: ['boot', 'failed'], value: true };
  if (planned === undefined || !planned.el2 || !planned.used) return [[]];
  const going: Known = { path: ['boot', 'failed'], value: false };
  const own = core === plan.bootCore ? [leader] : Array.from({ length: leader + 1 }, (_, at) => at);
  const others = plan.cores.flatMap((other, index) =>
    other.el2 && other.used && index !== core && index !== plan.bootCore ? [index] : [],
  );
  const steps = own.flatMap((value): Known[][] => {
    const mine = core === plan.bootCore ? [going] : [going, knowStep(core, value)];
    if (core === plan.bootCore && value === BOOT_STAGE2) {
      return listStreamWords(plan).map((words) => [...mine, words]);
    }
    if (value !== BOOT_SCHEDULER) return [mine];
    // Sealing: everybody else has sealed, or the first that has not is at some earlier step.
    const cases: Known[][] = [];
    const sealed: Known[] = [];
    for (const one of others) {
      for (let at = 0; at < BOOT_SEALED && at <= leader; at += 1) {
        cases.push([...mine, ...sealed, knowStep(one, at)]);
      }
      if (leader < BOOT_SEALED) return cases.length > 0 ? cases : [mine];
      sealed.push(knowStep(one, BOOT_SEALED));
    }
    return [...cases, [...mine, ...sealed]];
  });
  return [[failed], ...steps];
}

/** The boot core writes the stream table, or is through with it. */
function listStreamWords({ streams }: Plan): Known[] {
  const all = 2 * streams.length;
  const path = ['boot', 'words'];
  const complete = { path, value: all };
  return all === 0 ? [complete] : [{ path, value: { low: 0, high: all - 1 } }, complete];
}

function knowStep(core: number, value: number): Known {
  return { path: ['boot', 'steps', core], value };
}

// ------------------------------------------------------------------ devices

function listDeviceCases(context: CaseContext, kind: MicroStepKind): Case[] {
  const { plan } = context;
  const names = plan.configuration.partitions.map(({ name }) => name);
  const of = (partition: number, known: readonly Known[] = []): Current => ({
    ...nobody(names[partition] ?? 'nobody', known),
    domain: partition,
  });
  const create = (current: Current, fill: Fill): Case => createCase(context, kind, current, fill);
  const streams = plan.streams.map(({ stream }) => stream);
  switch (kind) {
    case 'dma-issue':
    case 'msi': {
      const rest =
        kind === 'msi'
          ? { event: any('event') }
          : { address: any('address'), write: choose('write'), value: any('value') };
      return [
        ...plan.streams.map(({ stream, partition }) =>
          create(of(partition), { stream: exactly(stream), ...rest }),
        ),
        create(of(NONE), { stream: anyBut('stream', streams), ...rest }),
      ];
    }
    case 'bare-dma-issue':
      return indices('master', plan.bareMasters.length).map((master) =>
        create(of(plan.bareMasters[Number(master.value)]?.partition ?? NONE), {
          master,
          address: any('address'),
          write: choose('write'),
          value: any('value'),
        }),
      );
    case 'dma-complete':
      return listCompletions(context, of, create);
    case 'line-assert':
    case 'line-deassert': {
      const owners = new Map(plan.routes.map(({ intId, partition }) => [intId, partition]));
      return listPhysicalOperands(plan).map((intId) =>
        create(of(owners.get(Number(intId.value)) ?? NONE), { intId }),
      );
    }
    default:
      return indices('slot', CACHE_SLOTS).flatMap((slot) => [
        ...plan.streams.map(({ stream, partition }) =>
          create(of(partition), { slot, stream: exactly(stream), address: any('address') }),
        ),
        create(of(NONE), { slot, stream: anyBut('stream', streams), address: any('address') }),
      ]);
  }
}

/** A slot is empty, or holds a request of one master. */
function listCompletions(
  { plan }: CaseContext,
  of: (partition: number, known?: readonly Known[]) => Current,
  create: (current: Current, fill: Fill) => Case,
): Case[] {
  const masters = [NONE, ...plan.partitions.keys()];
  return indices('slot', IN_FLIGHT_SLOTS).flatMap((slot) => {
    if (typeof slot.value !== 'number') return [create(of(NONE), { slot })];
    const path = ['smmu', 'inFlight', slot.value];
    const empty = [{ path: [...path, 'busy'], value: false }];
    const full = { path: [...path, 'busy'], value: true };
    return [
      create(of(NONE, empty), { slot }),
      ...masters.map((master) =>
        create(of(master, [full, { path: [...path, 'master'], value: master }]), { slot }),
      ),
    ];
  });
}
