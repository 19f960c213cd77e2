/**
 * Plan: the static configuration compiled into the tables that boot programs.
 *
 * It stands for what the Haven build writes into the image. Transitions read it and never write it.
 * Code here runs once per configuration, outside of transitions.
 */

import type {
  Access,
  CoreSchedule,
  IdlePolicy,
  SchedulingPolicy,
  StaticConfiguration,
} from './configuration.ts';
import {
  PAGE_SIZE,
  computePages,
  computeTicksCeil,
  computeTicksFloor,
  isOverlapping,
} from './units.ts';
import type { Affinity, ByteRange, Nanoseconds, Ticks } from './units.ts';

/** Memory type of a mapping: Normal write-back, Device-nGnRE, or the ITS doorbell register page. */
export type MemoryType = 'normal' | 'device' | 'doorbell';

/** A run of stage-2 entries with equal rights: pages [ipa, ipa + size) to [pa, pa + size). */
export interface Mapping {
  readonly ipa: number;
  readonly pa: number;
  readonly size: number;
  readonly read: boolean;
  readonly write: boolean;
  readonly execute: boolean;
  readonly type: MemoryType;
}

/** A virtual interrupt line that a partition has. */
export interface PlannedLine {
  /** Virtual INTID; for a physical line it equals the physical one. */
  readonly intId: number;
  /** Forwarded from a physical line, whose active state its end-of-interrupt clears. */
  readonly physical: boolean;
  /** Virtual CPU that takes it at boot. */
  readonly target: number;
}

/** A virtual CPU as boot sets it up. */
export interface PlannedVcpu {
  /** Index into `cores`. */
  readonly core: number;
  /** Index into the core's `residents`. */
  readonly resident: number;
}

/** A partition as boot sets it up. */
export interface PlannedPartition {
  readonly vmid: number;
  readonly entry: number;
  /** All its cores have EL2, so that stage 2 holds it. */
  readonly el2: boolean;
  readonly vcpus: readonly PlannedVcpu[];
  /** What its cores reach. */
  readonly stage2: readonly Mapping[];
  /** What its devices reach through the SMMU. */
  readonly dma: readonly Mapping[];
  /**
   * What the bus firewall grants to its cores and devices without stage 2; empty where it has none.
   */
  readonly firewall: readonly Mapping[];
  readonly lines: readonly PlannedLine[];
  /** Partitions that it may ring, with the virtual INTID that rings. */
  readonly doorbells: readonly { readonly to: number; readonly intId: number }[];
}

/** A reservation on a core, in ticks; a whole core has `dedicated` and no budget. */
export interface Resident {
  readonly partition: number;
  /** Index into the partition's `vcpus`. */
  readonly vcpu: number;
  readonly dedicated: boolean;
  readonly budget: Ticks;
  readonly period: Ticks;
  readonly phase: Ticks;
  readonly priority: number;
  readonly idle: IdlePolicy;
  readonly slack: boolean;
}

/** A slot of a core's table, or a gap between two: together they are the frame. */
export interface PlannedSlot {
  /** From the begin of the frame: first tick of it, and first tick behind it. */
  readonly start: Ticks;
  readonly end: Ticks;
  /** Index into the core's `residents`; -1 in a gap. */
  readonly resident: number;
}

/** A core as boot sets it up. */
export interface PlannedCore {
  readonly el2: boolean;
  readonly affinity: Affinity | null;
  readonly policy: SchedulingPolicy;
  /** Most urgent first under fixed priority; ties by position in the configuration. */
  readonly residents: readonly Resident[];
  /** Length of the frame under `table`, else 0. */
  readonly frame: Ticks;
  /** Slots and gaps in their order, without a hole; none but under `table`. */
  readonly slots: readonly PlannedSlot[];
  /** Slots that end while EL2 is in one section, at most. */
  readonly turnsMax: number;
  /** Replenishments of one resident that fall due while EL2 is in one section, at most. */
  readonly epochsMax: number;
  /** Some partition uses the core, so that it boots. */
  readonly used: boolean;
  readonly aliases: readonly {
    readonly local: number;
    readonly base: number;
    readonly size: number;
  }[];
}

/** A stream table entry as boot writes it. */
export interface PlannedStream {
  readonly stream: number;
  readonly partition: number;
  /** ITS DeviceID of the same function, -1 where it has none. */
  readonly itsDeviceId: number;
}

/** A bus master without a stream: nothing but the firewall stands in front of it. */
export interface PlannedBareMaster {
  /** Index into `platform.devices`. */
  readonly device: number;
  readonly partition: number;
}

/** A physical line as boot routes it. */
export interface PlannedRoute {
  readonly intId: number;
  /** Owner; -1 where nobody has the line. */
  readonly partition: number;
  /** Index of the core that takes it; -1 where disabled. */
  readonly core: number;
}

/** An entry of the ITS tables: (DeviceID, EventID) to LPI. */
export interface PlannedEvent {
  readonly itsDeviceId: number;
  readonly event: number;
  readonly intId: number;
  readonly partition: number;
}

/** Everything boot programs. */
export interface Plan {
  readonly configuration: StaticConfiguration;
  readonly partitions: readonly PlannedPartition[];
  readonly cores: readonly PlannedCore[];
  /** Index of the core that programs what all share; -1 where no core has EL2. */
  readonly bootCore: number;
  readonly streams: readonly PlannedStream[];
  readonly bareMasters: readonly PlannedBareMaster[];
  readonly routes: readonly PlannedRoute[];
  readonly events: readonly PlannedEvent[];
  readonly spiFirst: number;
  readonly listRegisters: number;
  readonly hasFirewall: boolean;
  /** Longest EL2 section that a partition can ask for, interrupts masked, ticks. */
  readonly sectionTicks: Ticks;
  /**
   * Charged to an activation once: the switch in and out, and what the pre-empted loses in caches,
   * ticks.
   */
  readonly activationTicks: Ticks;
  /** Handling the timer interrupt by which a reservation ends that has spent its budget, ticks. */
  readonly timerTicks: Ticks;
  /** Taking one physical interrupt, ticks. */
  readonly interruptTicks: Ticks;
  /**
   * For so long a core can be at EL2 before somebody else runs: a section and then the timer's
   * handler, or an activation, ticks.
   */
  readonly blockingTicks: Ticks;
  /** How far below 0 a budget can go, ticks. */
  readonly overrunTicks: Ticks;
}

/** First LPI. */
export const LPI_FIRST = 8192;
/**
 * EventIDs that a DeviceID has in the model: two, the fewest that tell a right event from a wrong
 * one.
 */
export const EVENTS_PER_DEVICE = 2;
/** Offset of GITS_TRANSLATER's page in the ITS window (GICv3: translation frame, register 0x40). */
export const DOORBELL_OFFSET = 0x10000;

/**
 * Compiles a configuration. Total: a configuration that breaks rules compiles to tables that break
 * them.
 */
export function createPlan(configuration: StaticConfiguration): Plan {
  const { platform } = configuration;
  const costs = planCosts(configuration);
  const cores = configuration.platform.cores.map((_, core) =>
    planCore(configuration, core, costs.blockingTicks),
  );
  const partitions = configuration.partitions.map((_, partition) =>
    planPartition(configuration, cores, partition),
  );
  return {
    configuration,
    partitions,
    cores,
    bootCore: cores.findIndex((core) => core.el2 && core.used),
    streams: planStreams(configuration),
    bareMasters: planBareMasters(configuration),
    routes: planRoutes(configuration, cores, partitions),
    events: planEvents(configuration),
    spiFirst: platform.interrupts.spiFirst,
    listRegisters: platform.interrupts.listRegisters,
    hasFirewall: platform.firewall !== null,
    ...costs,
  };
}

/** Time that EL2 takes. */
type Costs = Pick<
  Plan,
  | 'sectionTicks'
  | 'activationTicks'
  | 'timerTicks'
  | 'interruptTicks'
  | 'blockingTicks'
  | 'overrunTicks'
>;

function planCosts({ platform, hypervisor }: StaticConfiguration): Costs {
  const { overheads } = hypervisor;
  const hz = platform.timerHz;
  const sectionTicks = computeTicksCeil(overheads.longestSectionNs, hz);
  const timerTicks = computeTicksCeil(overheads.timerNs, hz);
  const interruptTicks = computeTicksCeil(overheads.interruptNs, hz);
  const activationTicks = (computeTicksCeil(overheads.contextSwitchNs, hz) +
    computeTicksCeil(overheads.reloadNs, hz)) as Ticks;
  // A section begins with one tick of budget at least; then the timer's handler follows.
  const longest = Math.max(sectionTicks, interruptTicks);
  const blocking = Math.max(longest + timerTicks, activationTicks);
  const overrun = Math.max(0, longest - 1) + timerTicks;
  return {
    sectionTicks,
    activationTicks,
    timerTicks,
    interruptTicks,
    blockingTicks: blocking as Ticks,
    overrunTicks: overrun as Ticks,
  };
}

function planCore(configuration: StaticConfiguration, index: number, blocking: Ticks): PlannedCore {
  const { platform } = configuration;
  const core = platform.cores[index];
  if (core === undefined) throw new RangeError('a core index comes from the list of cores');
  const schedule = configuration.schedules.find(({ core: id }) => id === core.id);
  const isTable = schedule?.policy === 'table';
  const residents: Resident[] = [];
  for (const [partition, { cpus }] of configuration.partitions.entries()) {
    for (const [vcpu, cpu] of cpus.entries()) {
      if (cpu.core !== core.id) continue;
      const own = cpu.reservation;
      residents.push({
        partition,
        vcpu,
        dedicated: own === null,
        budget: computeTicksFloor(isTable ? NO_TIME : (own?.budgetNs ?? NO_TIME), platform.timerHz),
        period: computeTicksCeil(isTable ? NO_TIME : (own?.periodNs ?? NO_TIME), platform.timerHz),
        phase: computeTicksFloor(own?.phaseNs ?? NO_TIME, platform.timerHz),
        priority: own?.priority ?? 0,
        idle: own?.idle ?? 'keep',
        slack: own?.slack ?? false,
      });
    }
  }
  residents.sort((a, b) => Number(b.dedicated) - Number(a.dedicated) || b.priority - a.priority);
  return {
    el2: core.el2,
    affinity: core.affinity,
    policy: schedule?.policy ?? 'fp',
    residents,
    ...planTable(configuration, schedule, residents, blocking),
    epochsMax: residents.reduce(
      (most, { period }) => (period === 0 ? most : Math.max(most, Math.ceil(blocking / period))),
      1,
    ),
    used: residents.length > 0,
    aliases: core.aliases,
  };
}

const NO_TIME = 0 as Nanoseconds;

/** The frame of a core as slots and gaps without a hole; slots that overlap are cut. */
function planTable(
  { platform }: StaticConfiguration,
  schedule: CoreSchedule | undefined,
  residents: readonly Resident[],
  blocking: Ticks,
): Pick<PlannedCore, 'frame' | 'slots' | 'turnsMax'> {
  if (schedule?.policy !== 'table') return { frame: 0 as Ticks, slots: [], turnsMax: 0 };
  const frame = computeTicksCeil(schedule.frameNs ?? NO_TIME, platform.timerHz);
  const slots: PlannedSlot[] = [];
  let at = 0;
  const fill = (until: number, resident: number): void => {
    const end = Math.min(until, frame);
    if (end > at) slots.push({ start: at as Ticks, end: end as Ticks, resident });
    at = Math.max(at, end);
  };
  for (const { partition, startNs, durationNs } of schedule.slots) {
    const start = computeTicksFloor(startNs, platform.timerHz);
    fill(start, -1);
    fill(
      start + computeTicksFloor(durationNs, platform.timerHz),
      residents.findIndex((resident) => resident.partition === partition),
    );
  }
  fill(frame, -1);
  return { frame, slots, turnsMax: countTurns(slots, frame, blocking) };
}

/** Ends of slots in a stretch of `length` ticks that begins just before one, at most. */
function countTurns(slots: readonly PlannedSlot[], frame: number, length: number): number {
  const laps = frame === 0 ? 0 : Math.floor(length / frame);
  const rest = length - laps * frame;
  const counts = slots.map(
    ({ end: first }) =>
      slots.filter(({ end }) => (end - first + frame) % frame <= rest).length + laps * slots.length,
  );
  return Math.max(0, ...counts);
}

function planPartition(
  configuration: StaticConfiguration,
  cores: readonly PlannedCore[],
  index: number,
): PlannedPartition {
  const partition = configuration.partitions[index];
  if (partition === undefined) throw new RangeError('an index comes from the list of partitions');
  const vcpus = partition.cpus.map((cpu, vcpu) => {
    const core = configuration.platform.cores.findIndex(({ id }) => id === cpu.core);
    const resident =
      cores[core]?.residents.findIndex((one) => one.partition === index && one.vcpu === vcpu) ?? -1;
    return { core, resident };
  });
  const el2 = vcpus.every(({ core }) => cores[core]?.el2 === true);
  const memory = partition.memory.map(({ ipa, pa, size, access }) =>
    mapRange(ipa, { base: pa, size }, access, 'normal'),
  );
  const shared = configuration.channels.flatMap((channel) =>
    channel.ends
      .filter((end) => end.partition === index)
      .map((end) =>
        mapRange(end.ipa, { base: channel.pa, size: channel.size }, end.access, 'normal'),
      ),
  );
  const windows = listWindows(configuration, index);
  const cpuView = mergeMappings([...memory, ...windows, ...shared]);
  const dataView = [...memory, ...shared].map((mapping) => ({ ...mapping, execute: false }));
  return {
    vmid: partition.vmid,
    entry: partition.entry,
    el2,
    vcpus,
    stage2: el2 ? cpuView : [],
    // A stream is held by the SMMU whatever core owns the device; LPIs reach cores with EL2 only.
    dma: el2 ? [...dataView, ...mapDoorbell(configuration)] : dataView,
    firewall: el2 ? [] : cpuView.map((mapping) => widenToGranule(configuration, mapping)),
    lines: planLines(configuration, index),
    doorbells: configuration.channels.flatMap((channel) =>
      channel.notify
        .filter((notify) => notify.from === index)
        .map((notify) => ({ to: notify.to, intId: notify.irq })),
    ),
  };
}

/** Device windows, whole pages at a time: stage 2 cannot map less. */
function listWindows(configuration: StaticConfiguration, index: number): Mapping[] {
  const mappings: Mapping[] = [];
  for (const grant of configuration.partitions[index]?.devices ?? []) {
    for (const [window, range] of (
      configuration.platform.devices[grant.device]?.mmio ?? []
    ).entries()) {
      const ipa = grant.windowIpas[window] ?? range.base;
      const access = { read: true, write: true, execute: false };
      mappings.push(mapRange(ipa, range, access, 'device'));
    }
  }
  return mappings;
}

function mapRange(ipa: number, range: ByteRange, access: Access, type: MemoryType): Mapping {
  const pages = computePages(range);
  return {
    ipa: ipa - (ipa % PAGE_SIZE),
    pa: pages.base,
    size: pages.size,
    read: access.read,
    write: access.write,
    execute: access.execute,
    type,
  };
}

/** What a firewall really grants: whole granules of the window that holds the mapping. */
function widenToGranule(configuration: StaticConfiguration, mapping: Mapping): Mapping {
  const physical = { base: mapping.pa, size: mapping.size };
  const window = configuration.platform.firewall?.windows.find((one) =>
    isOverlapping(one, physical),
  );
  if (window === undefined) return mapping;
  const before = (mapping.pa - window.base) % window.granule;
  const after = (mapping.pa + mapping.size - window.base) % window.granule;
  const behind = after === 0 ? 0 : window.granule - after;
  return {
    ...mapping,
    ipa: mapping.ipa - before,
    pa: mapping.pa - before,
    size: before + mapping.size + behind,
  };
}

/**
 * Drops a mapping that repeats an earlier one: two windows of one device in one page make one
 * entry.
 */
function mergeMappings(mappings: readonly Mapping[]): Mapping[] {
  const seen = new Set<string>();
  return mappings.filter((mapping) => {
    const key = JSON.stringify(mapping);
    return seen.has(key) ? false : seen.add(key) !== undefined;
  });
}

/** The ITS doorbell page: devices reach it, cores never do. */
function mapDoorbell(configuration: StaticConfiguration): Mapping[] {
  const its = configuration.platform.interrupts.its;
  if (its === null) return [];
  const base = its.base + DOORBELL_OFFSET;
  const access = { read: false, write: true, execute: false };
  return [mapRange(base, { base, size: PAGE_SIZE }, access, 'doorbell')];
}

/** Lines of a partition, each INTID once: its devices may share one. */
function planLines(configuration: StaticConfiguration, index: number): PlannedLine[] {
  const lines: PlannedLine[] = [];
  for (const grant of configuration.partitions[index]?.devices ?? []) {
    for (const intId of configuration.platform.devices[grant.device]?.irqs ?? []) {
      lines.push({ intId, physical: true, target: 0 });
    }
  }
  for (const channel of configuration.channels) {
    for (const notify of channel.notify) {
      if (notify.to === index) lines.push({ intId: notify.irq, physical: false, target: 0 });
    }
  }
  for (const event of planEvents(configuration)) {
    if (event.partition === index) lines.push({ intId: event.intId, physical: false, target: 0 });
  }
  return lines.filter(({ intId }, at) => lines.findIndex((other) => other.intId === intId) === at);
}

function planStreams(configuration: StaticConfiguration): PlannedStream[] {
  if (configuration.platform.iommu === null) return [];
  return configuration.partitions.flatMap((partition, index) =>
    partition.devices.flatMap((grant) => {
      const device = configuration.platform.devices[grant.device];
      return (device?.streams ?? []).map((stream, position) => ({
        stream,
        partition: index,
        itsDeviceId: device?.itsDeviceIds[position] ?? -1,
      }));
    }),
  );
}

function planBareMasters(configuration: StaticConfiguration): PlannedBareMaster[] {
  return configuration.partitions.flatMap((partition, index) =>
    partition.devices
      .filter((grant) => {
        const device = configuration.platform.devices[grant.device];
        const behindSmmu = configuration.platform.iommu !== null && device?.streams.length !== 0;
        return device?.dma === true && !behindSmmu;
      })
      .map((grant) => ({ device: grant.device, partition: index })),
  );
}

function planRoutes(
  configuration: StaticConfiguration,
  cores: readonly PlannedCore[],
  partitions: readonly PlannedPartition[],
): PlannedRoute[] {
  const { spiFirst, spiCount } = configuration.platform.interrupts;
  const routes: PlannedRoute[] = Array.from({ length: spiCount }, (_, index) => ({
    intId: spiFirst + index,
    partition: -1,
    core: -1,
  }));
  for (const [partition, planned] of partitions.entries()) {
    const core = planned.vcpus[0]?.core ?? -1;
    if (cores[core]?.affinity === null) continue;
    for (const line of planned.lines) {
      const index = line.intId - spiFirst;
      if (!line.physical || routes[index] === undefined) continue;
      routes[index] = { intId: line.intId, partition, core };
    }
  }
  return routes;
}

function planEvents(configuration: StaticConfiguration): PlannedEvent[] {
  const events: PlannedEvent[] = [];
  if (configuration.platform.interrupts.its === null) return events;
  for (const [partition, { devices }] of configuration.partitions.entries()) {
    for (const grant of devices) {
      for (const itsDeviceId of configuration.platform.devices[grant.device]?.itsDeviceIds ?? []) {
        for (let event = 0; event < EVENTS_PER_DEVICE; event += 1) {
          events.push({ itsDeviceId, event, intId: LPI_FIRST + events.length, partition });
        }
      }
    }
  }
  return events;
}
