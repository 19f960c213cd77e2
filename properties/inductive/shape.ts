/**
 * Shape: what values each field of the machine may have in the states of a phase.
 *
 * Exact for what is fixed: constants are read off a machine that the spec itself has booted. Every
 * action of the spec keeps a state that satisfies the inductive invariants in the shape of its
 * phase. The fuzzer holds runs against it, a proof takes a symbolic state of it.
 */

import { startSchedule } from '../../model/scheduler.ts';
import { NONE, PRIVATE_LINES, createMachine } from '../../model/machine.ts';
import type {
  Account,
  Boot,
  CachedEntry,
  CoreState,
  Gic,
  Line,
  Machine,
  PartitionState,
  Smmu,
  Vcpu,
  VirtualLine,
} from '../../model/machine.ts';
import type { Plan, PlannedCore } from '../../model/plan.ts';
import { REGISTERS, X0 } from '../../model/registers.ts';
import {
  BOOT_GIC,
  BOOT_OFF,
  BOOT_SCHEDULER,
  BOOT_SEALED,
  BOOT_SMMU,
  BOOT_STAGE2,
} from '../../model/machine.ts';
import { createReference, describePhase } from './phase.ts';
import type { Phase } from './phase.ts';

/** What values one field may have. */
export type FieldShape =
  | { readonly kind: 'constant'; readonly value: number | boolean }
  /** Distinct, ascending, at least two. */
  | { readonly kind: 'choice'; readonly values: readonly number[] }
  | { readonly kind: 'boolean' }
  /** Safe integers from `low` to `high`, both included; null where there is no such bound. */
  | { readonly kind: 'integer'; readonly low: number | null; readonly high: number | null };

/** A record or array with a shape in the place of each number and boolean. */
export type ShapeOf<T> = T extends number | boolean
  ? FieldShape
  : { readonly [K in keyof T]: ShapeOf<T[K]> };

/** Shapes of all fields but memory, in which any frame may hold any word. */
export type MachineShape = ShapeOf<Omit<Machine, 'memory'>>;

/** A field that has a value outside of its shape. */
export interface Outside {
  /** As in `cores[1].tlb[0].vmid`. */
  readonly path: string;
  /** Undefined where the shape has no such field. */
  readonly expected: FieldShape | undefined;
  /** Undefined where the machine has no such field. */
  readonly found: number | boolean | undefined;
}

const BOOLEAN: FieldShape = { kind: 'boolean' };
const ANY: FieldShape = { kind: 'integer', low: null, high: null };
const COUNT: FieldShape = { kind: 'integer', low: 0, high: null };

function constant(value: number | boolean): FieldShape {
  return { kind: 'constant', value };
}

function choice(values: readonly number[]): FieldShape {
  const distinct = [...new Set(values)].toSorted((a, b) => a - b);
  const [only = NONE] = distinct;
  return distinct.length === 1 ? constant(only) : { kind: 'choice', values: distinct };
}

function booleanIf(free: boolean, value: boolean): FieldShape {
  return free ? BOOLEAN : constant(value);
}

/** The shape of which a value is the only one. */
function fix<T>(value: T): ShapeOf<T> {
  return fixAny(value) as ShapeOf<T>;
}

function fixAny(value: unknown): unknown {
  if (typeof value === 'number' || typeof value === 'boolean') return constant(value);
  if (Array.isArray(value)) return value.map(fixAny);
  return Object.fromEntries(Object.entries(value ?? {}).map(([key, one]) => [key, fixAny(one)]));
}

/** What has begun in a phase. */
interface Era {
  readonly plan: Plan;
  /** A state of the phase in which nothing but boot has happened. */
  readonly reference: Machine;
  /** Last complete step of the boot core. */
  readonly leader: number;
  readonly sealed: boolean;
  /** Devices are out of reset. */
  readonly devices: boolean;
  /** Streams pass: the SMMU translates, or nobody has ever silenced it. */
  readonly streams: boolean;
}

const known = new WeakMap<Plan, Map<string, MachineShape>>();

/** The shape of all states in a phase, remembered for each plan. */
export function getShape(plan: Plan, phase: Phase): MachineShape {
  const shapes = known.get(plan) ?? new Map<string, MachineShape>();
  known.set(plan, shapes);
  const name = describePhase(phase);
  const shape = shapes.get(name) ?? describeShape(plan, phase);
  shapes.set(name, shape);
  return shape;
}

/** The shape of all states within a step: cores may have to choose anew. */
export function describeShapeWithinStep(plan: Plan, phase: Phase): MachineShape {
  const shape = describeShape(plan, phase);
  if (phase.kind !== 'sealed') return shape;
  return { ...shape, cores: shape.cores.map((core) => ({ ...core, dispatchDue: BOOLEAN })) };
}

/** The shape of all states in a phase, between steps. */
export function describeShape(plan: Plan, phase: Phase): MachineShape {
  const sealed = phase.kind === 'sealed';
  const leader = phase.kind === 'sealed' ? BOOT_SEALED : phase.leader;
  const unled = plan.bootCore === -1;
  const era: Era = {
    plan,
    reference: createReference(plan, phase),
    leader,
    sealed,
    devices: unled || leader > BOOT_OFF,
    streams: unled || leader >= BOOT_SMMU,
  };
  return {
    boot: describeBoot(era),
    stage2: fix(era.reference.stage2),
    smmu: describeSmmu(era),
    gic: describeGic(era),
    partitions: era.reference.partitions.map((state, index) =>
      describePartition(era, state, index),
    ),
    cores: era.reference.cores.map((state, index) => describeCore(era, state, index)),
    bus: describeBus(era),
  };
}

function describeBoot(era: Era): ShapeOf<Boot> {
  const { plan, leader, sealed, reference } = era;
  const steps = plan.cores.map(({ el2, used }, core) => {
    if (!el2 || !used) return constant(BOOT_OFF);
    if (sealed || core === plan.bootCore) return constant(leader);
    return choice(Array.from({ length: leader + 1 }, (_, one) => one));
  });
  const failed = booleanIf(!sealed && plan.bootCore !== -1, false);
  const all = Array.from({ length: 2 * plan.streams.length + 1 }, (_, count) => count);
  const words = isWritingStreams(era) ? choice(all) : constant(reference.boot.words);
  return { steps, failed, words, sealed: constant(sealed) };
}

/** Whether the boot core writes the stream table, word by word. */
function isWritingStreams({ plan, sealed, leader }: Era): boolean {
  return plan.bootCore !== -1 && !sealed && leader === BOOT_STAGE2;
}

function describeSmmu(era: Era): ShapeOf<Smmu> {
  const { plan, reference } = era;
  const { enabled, abortWhenOff, streams, tables, iotlb, inFlight } = reference.smmu;
  const owners = plan.streams.map(({ partition }) => partition);
  const masters = [
    ...(era.streams ? owners : []),
    ...(era.devices ? plan.bareMasters.map(({ partition }) => partition) : []),
  ];
  const translates = era.leader >= BOOT_SMMU && owners.length > 0;
  const walked = tables.filter((_, partition) => owners.includes(partition)).flat();
  const vmids = owners.map((partition) => plan.partitions[partition]?.vmid ?? 0);
  return {
    enabled: constant(enabled),
    abortWhenOff: constant(abortWhenOff),
    streams: streams.map((entry, index) => {
      if (!isWritingStreams(era)) return fix(entry);
      const table = choice([entry.table, owners[index] ?? NONE]);
      return { stream: constant(entry.stream), valid: BOOLEAN, translate: BOOLEAN, table };
    }),
    tables: fix(tables),
    iotlb: iotlb.map((entry) =>
      translates
        ? describeCached(
            vmids,
            walked.map(({ type }) => type),
          )
        : fix(entry),
    ),
    inFlight: inFlight.map((request) => {
      if (masters.length === 0) return fix(request);
      const master = choice([NONE, ...masters]);
      return { busy: BOOLEAN, master, frame: COUNT, write: BOOLEAN, value: ANY };
    }),
  };
}

function describeCached(vmids: readonly number[], types: readonly number[]): ShapeOf<CachedEntry> {
  return {
    valid: BOOLEAN,
    vmid: choice([0, ...vmids]),
    page: COUNT,
    frame: COUNT,
    read: BOOLEAN,
    write: BOOLEAN,
    execute: BOOLEAN,
    type: choice([0, ...types]),
  };
}

function describeGic({ plan, reference, sealed }: Era): ShapeOf<Gic> {
  return {
    lines: reference.gic.lines.map((line): ShapeOf<Line> => {
      const owned = sealed && isActing(plan, line.owner);
      const cores = (plan.partitions[line.owner]?.vcpus ?? []).map(({ core }) => core);
      return {
        asserted: BOOLEAN,
        enabled: booleanIf(owned, false),
        pending: BOOLEAN,
        active: booleanIf(owned, false),
        group: constant(line.group),
        core: owned ? choice([line.core, ...cores]) : constant(line.core),
        owner: constant(line.owner),
      };
    }),
    events: fix(reference.gic.events),
  };
}

/** Whether some virtual CPU of the partition can execute on a core with EL2. */
function isActing(plan: Plan, partition: number): boolean {
  const vcpus = plan.partitions[partition]?.vcpus ?? [];
  return vcpus.some(({ core }) => plan.cores[core]?.el2 === true);
}

function describePartition(
  era: Era,
  state: PartitionState,
  index: number,
): ShapeOf<PartitionState> {
  const { plan, sealed } = era;
  const acting = sealed && isActing(plan, index);
  const targets = state.vcpus.map((_, vcpu) => vcpu);
  return {
    vcpus: state.vcpus.map((vcpu, at) => describeVcpu(era, vcpu, index, at)),
    lines: state.lines.map((line) => ({
      intId: constant(line.intId),
      physical: constant(line.physical),
      enabled: booleanIf(acting, false),
      pending: booleanIf(sealed || isRungByEvent(era, index, line.intId), false),
      active: booleanIf(acting, false),
      target: acting ? choice([line.target, ...targets]) : constant(line.target),
    })),
    resets: acting ? COUNT : constant(0),
  };
}

/** Whether the ITS already delivers an event as this line, before partitions run. */
function isRungByEvent({ plan, leader }: Era, partition: number, intId: number): boolean {
  if (leader < BOOT_GIC) return false;
  return plan.events.some((event) => event.partition === partition && event.intId === intId);
}

function describeVcpu(era: Era, vcpu: Vcpu, partition: number, index: number): ShapeOf<Vcpu> {
  const { plan, sealed } = era;
  const acting = sealed && isActing(plan, partition);
  const core = plan.cores[plan.partitions[partition]?.vcpus[index]?.core ?? -1];
  const executes = sealed && core?.el2 === true;
  const partitions = [NONE, ...(core?.residents ?? []).map((resident) => resident.partition)];
  const line = (one: VirtualLine): ShapeOf<VirtualLine> => ({
    intId: constant(one.intId),
    physical: constant(one.physical),
    enabled: booleanIf(executes, false),
    pending: booleanIf(acting, false),
    active: booleanIf(executes, false),
    target: constant(one.target),
  });
  return {
    on: booleanIf(acting, vcpu.on),
    waiting: booleanIf(executes, false),
    saved: vcpu.saved.map((value, at) => (executes && isSwitched(at) ? ANY : constant(value))),
    savedWriters: vcpu.savedWriters.map((writer, at) =>
      executes && isSwitched(at) ? choice(partitions) : constant(writer),
    ),
    privateLines: vcpu.privateLines.map(line),
    timerArmed: booleanIf(executes, false),
    timerAt: executes ? COUNT : constant(0),
  };
}

function isSwitched(register: number): boolean {
  return REGISTERS[register]?.treatment === 'switched';
}

function describeCore(era: Era, state: CoreState, index: number): ShapeOf<CoreState> {
  const { plan, sealed } = era;
  const planned = plan.cores[index];
  if (planned === undefined) return fix(state);
  if (!planned.el2) return describeBareCore(state, planned);
  if (!sealed) {
    return { ...fix(state), accounts: describeStarting(era, state.accounts, index) };
  }
  if (!planned.used) return { ...fix(state), clock: COUNT };
  const residents = planned.residents.map((_, resident) => resident);
  const slack = residents.filter((resident) => planned.residents[resident]?.slack === true);
  const partitions = planned.residents.map(({ partition }) => partition);
  const vmids = partitions.map((partition) => plan.partitions[partition]?.vmid ?? 0);
  const types = partitions.flatMap((one) => era.reference.stage2[one] ?? []);
  const lines = partitions.flatMap((one) => plan.partitions[one]?.lines ?? []);
  const intIds = [
    ...Array.from({ length: PRIVATE_LINES }, (_, intId) => intId),
    ...lines.map(({ intId }) => intId),
  ];
  return {
    clock: COUNT,
    running: choice([NONE, ...residents]),
    slack: booleanIf(slack.length > 0, false),
    lastSlack: choice([NONE, ...slack]),
    section: { kind: 'integer', low: 0, high: plan.blockingTicks },
    dispatchDue: constant(false),
    accounts: state.accounts.map((account, at) => describeAccount(account, planned, at)),
    slot: planned.slots.length === 0 ? constant(NONE) : choice([...planned.slots.keys()]),
    frameStart: planned.slots.length === 0 ? constant(0) : COUNT,
    loaded: choice([NONE, ...residents]),
    registers: state.registers.map((value, at) => (isSwitched(at) ? ANY : constant(value))),
    registerWriters: state.registerWriters.map((writer, at) =>
      isSwitched(at) ? choice([NONE, ...partitions]) : constant(writer),
    ),
    tlb: state.tlb.map(() =>
      describeCached(
        vmids,
        types.map(({ type }) => type),
      ),
    ),
    listRegisters: state.listRegisters.map(() => ({
      state: choice([0, 1, 2]),
      intId: choice(intIds),
      physical: booleanIf(
        lines.some(({ physical }) => physical),
        false,
      ),
    })),
  };
}

/** A core without EL2 is beyond everything but the bus: a read leaves its word in x0. */
function describeBareCore(state: CoreState, planned: PlannedCore): ShapeOf<CoreState> {
  const [owner] = planned.residents;
  const fixed = fix(state);
  if (owner === undefined) return fixed;
  return {
    ...fixed,
    registers: fixed.registers.map((shape, at) => (at === X0 ? ANY : shape)),
    registerWriters: fixed.registerWriters.map((shape, at) =>
      at === X0 ? choice([NONE, owner.partition]) : shape,
    ),
  };
}

/** Accounts before the seal: as at reset, or as the start of the schedule leaves them. */
function describeStarting(
  { plan, leader }: Era,
  accounts: readonly Account[],
  core: number,
): ShapeOf<Account>[] {
  if (core === plan.bootCore || leader < BOOT_SCHEDULER) return accounts.map(fix);
  const started = createMachine(plan);
  startSchedule(plan, started, core);
  return accounts.map((account, at) => {
    const after = started.cores[core]?.accounts[at] ?? account;
    return {
      budget: choice([account.budget, after.budget]),
      nextReplenishment: choice([account.nextReplenishment, after.nextReplenishment]),
      epochs: after.epochs === account.epochs ? constant(account.epochs) : COUNT,
      activation: constant(account.activation),
      exhausted: constant(account.exhausted),
    };
  });
}

function describeAccount(account: Account, planned: PlannedCore, at: number): ShapeOf<Account> {
  const resident = planned.residents[at];
  if (resident === undefined || resident.dedicated) return fix(account);
  // Under a table residents have slots, no budget.
  if (planned.slots.length > 0) return { ...fix(account), activation: BOOLEAN };
  return {
    budget: { kind: 'integer', low: null, high: resident.budget },
    nextReplenishment: COUNT,
    epochs: COUNT,
    activation: BOOLEAN,
    exhausted: BOOLEAN,
  };
}

function describeBus({ plan, sealed, devices, reference }: Era): ShapeOf<Machine['bus']> {
  const bare = plan.cores.some(({ el2, used }) => !el2 && used);
  if (!sealed && !devices && !bare) return fix(reference.bus);
  return {
    count: COUNT,
    master: choice([NONE, ...plan.partitions.map((_, partition) => partition)]),
    dma: BOOLEAN,
    frame: COUNT,
    write: BOOLEAN,
    fetch: BOOLEAN,
  };
}

/** Whether a shape admits a value. */
export function isAdmitted(shape: FieldShape, value: number | boolean): boolean {
  switch (shape.kind) {
    case 'constant':
      return shape.value === value;
    case 'choice':
      return typeof value === 'number' && shape.values.includes(value);
    case 'boolean':
      return typeof value === 'boolean';
    case 'integer':
      if (typeof value !== 'number' || !Number.isSafeInteger(value)) return false;
      return (shape.low ?? value) <= value && value <= (shape.high ?? value);
  }
}

/** Whether every field of a machine but its memory has a value that the shape admits. */
export function isInShape(shape: MachineShape, machine: Machine): boolean {
  for (const key of Object.keys(machine) as (keyof Machine)[]) {
    if (key !== 'memory' && !isInside(shape[key], machine[key])) return false;
  }
  return true;
}

/** As `compare`, and much faster: it says no more than whether. */
function isInside(shape: unknown, value: unknown): boolean {
  if (typeof value !== 'object' || value === null) {
    return isAdmitted(shape as FieldShape, value as number | boolean);
  }
  if (Array.isArray(value)) {
    const shapes = shape as readonly unknown[];
    if (shapes.length !== value.length) return false;
    for (let at = 0; at < value.length; at += 1) {
      if (!isInside(shapes[at], value[at])) return false;
    }
    return true;
  }
  const shapes = shape as Record<string, unknown>;
  const values = value as Record<string, unknown>;
  for (const key in values) {
    if (!isInside(shapes[key], values[key])) return false;
  }
  return true;
}

/** Fields of a machine that are outside of the shape; memory is not looked at. */
export function listOutside(shape: MachineShape, machine: Machine): Outside[] {
  const found: Outside[] = [];
  for (const key of Object.keys(machine) as (keyof Machine)[]) {
    if (key !== 'memory') compare(shape[key], machine[key], key, found);
  }
  return found;
}

/** Whether something is the shape of a single field: only those have a text as their `kind`. */
function isField(shape: unknown): shape is FieldShape {
  return (
    typeof shape === 'object' && shape !== null && typeof Reflect.get(shape, 'kind') === 'string'
  );
}

function compare(shape: unknown, value: unknown, path: string, found: Outside[]): void {
  if (typeof value === 'number' || typeof value === 'boolean') {
    if (isField(shape) && isAdmitted(shape, value)) return;
    found.push({ path, expected: isField(shape) ? shape : undefined, found: value });
    return;
  }
  const inner = Array.isArray(value);
  const values = Object(value) as Record<string, unknown>;
  const shapes = Object(shape) as Record<string, unknown>;
  for (const key of new Set([...Object.keys(values), ...Object.keys(shapes)])) {
    const below = inner ? `${path}[${key}]` : `${path}.${key}`;
    if (key in values) compare(shapes[key], values[key], below, found);
    else found.push({ path: below, expected: undefined, found: undefined });
  }
}
