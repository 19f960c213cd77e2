/**
 * Defects of time: cores of two owners, budgets that are too long, too short or too many, and slots
 * that collide.
 */

import type {
  CoreSchedule,
  Reservation,
  Slot,
  StaticConfiguration,
  Task,
  VirtualCpu,
} from '../../../model/configuration.ts';
import type { CoreId, Nanoseconds, Vmid } from '../../../model/units.ts';
import type { Choices, Defect } from './defect.ts';
import {
  computeUnit,
  listCpus,
  listGuests,
  type PlacedCpu,
  withCpu,
  withEntry,
  withPartition,
  withPlatform,
} from './edits.ts';

/** What a virtual CPU is without a bound that it requires. */
const WHOLE: Omit<VirtualCpu, 'core'> = {
  reservation: null,
  maxDelayNs: null,
  maxLatencyNs: null,
  inContract: false,
  taskPolicy: 'fp',
};

function chooseCpu(
  configuration: StaticConfiguration,
  choices: Choices,
  ...policies: readonly PlacedCpu['policy'][]
): PlacedCpu {
  return choices.from(
    listCpus(configuration).filter(
      ({ policy, core }) => policies.includes(policy) && core?.el2 === true,
    ),
  );
}

/** One more virtual CPU for a partition under EL2. */
function addCpu(
  choose: (configuration: StaticConfiguration, choices: Choices, owner: number) => CoreId,
): Defect['plant'] {
  return (configuration, choices) => {
    const owner = choices.from(listGuests(configuration).guests);
    const { cpus = [] } = configuration.partitions[owner] ?? {};
    const core = choose(configuration, choices, owner);
    return withPartition(configuration, owner, { cpus: [...cpus, { ...WHOLE, core }] });
  };
}

const CORES: readonly Defect[] = [
  {
    id: 'core.is-whole-twice',
    code: 'CPU-WHOLE-SHARED',
    rows: ['SCH-19'],
    plant: addCpu(({ partitions, schedules, ...rest }, choices, owner) => {
      const whole = listCpus({ partitions, schedules, ...rest }).filter(
        ({ policy, partition, core }) =>
          policy === 'whole' && partition !== owner && core?.el2 === true,
      );
      return choices.from(whole).cpu.core;
    }),
  },
  {
    id: 'core.is-whole-and-shared',
    code: 'CPU-WHOLE-SHARED',
    rows: ['SCH-19'],
    plant: (configuration, choices) => {
      const { partition, index } = chooseCpu(configuration, choices, 'fp', 'edf');
      return withCpu(configuration, { partition, index } as PlacedCpu, {
        reservation: null,
        inContract: false,
      });
    },
  },
  {
    id: 'core.is-named-twice',
    code: 'CPU-CORE-TWICE',
    rows: ['SCH-19', 'RNG-14'],
    plant: (configuration, choices) => {
      const { partition, cpu } = chooseCpu(configuration, choices, 'whole');
      const { cpus = [] } = configuration.partitions[partition] ?? {};
      return withPartition(configuration, partition, { cpus: [...cpus, cpu] });
    },
  },
  {
    id: 'core.is-of-firmware',
    code: 'CPU-FIRMWARE',
    rows: ['IMM-04'],
    also: {
      'CPU-MIXED-CORES': 'a core of firmware has no EL2',
      'MEM-IDENTITY': 'nothing translates for it',
      'DEV-IDENTITY': 'nothing translates for it',
      'CHN-IDENTITY': 'nothing translates for it',
      'IRQ-NOTIFY-NO-EL2': 'it takes no virtual interrupt',
      'HYP-FIREWALL-REGIONS': 'the firewall has more to hold',
      'CHN-FIREWALL-GRANULE': 'a channel to another such core is granted with what is beside it',
    },
    plant: addCpu(
      ({ platform }, choices) => choices.from(platform.cores.filter(({ firmware }) => firmware)).id,
    ),
  },
  {
    id: 'core.is-shared-without-el2',
    code: 'CPU-NO-EL2-SHARED',
    rows: ['SCH-07'],
    plant: (configuration, choices) => {
      const placed = choices.from(
        listCpus(configuration).filter(({ core }) => core?.el2 === false),
      );
      const { cpu } = chooseCpu(configuration, choices, 'fp');
      return withCpu(configuration, placed, { reservation: cpu.reservation });
    },
  },
  {
    id: 'core.is-none',
    code: 'CPU-NONE',
    rows: ['RNG-08'],
    also: { 'DMA-NO-STREAM': 'what runs on no core is not held by the firewall' },
    plant: (configuration, choices) => {
      const { bare } = listGuests(configuration);
      return withPartition(configuration, choices.from(bare), { cpus: [] });
    },
  },
  {
    id: 'affinity.is-shared',
    code: 'CPU-AFFINITY-TWICE',
    rows: ['IRQ-04', 'IRQ-06', 'RNG-14'],
    plant: (configuration, choices) => {
      const { cores } = configuration.platform;
      const seen = [...cores.entries()].filter(([, { affinity }]) => affinity !== null);
      const [one] = choices.from(seen);
      const [, { affinity }] = choices.from(seen.filter(([index]) => index !== one));
      return withPlatform(configuration, { cores: withEntry(cores, one, { affinity }) });
    },
  },
];

const PARTITIONS: readonly Defect[] = [
  {
    id: 'partitions.are-none',
    code: 'CFG-NO-PARTITIONS',
    rows: ['RNG-08'],
    plant: (configuration) => ({
      ...configuration,
      partitions: [],
      channels: [],
      schedules: [],
      bandwidth: [],
    }),
  },
  {
    id: 'vmid.is-shared',
    code: 'CFG-VMID-TWICE',
    rows: ['RNG-14', 'S2-11'],
    plant: (configuration, choices) => {
      const { partitions } = configuration;
      const one = choices.below(partitions.length);
      const { vmid } = choices.from(partitions.filter((_, index) => index !== one));
      return withPartition(configuration, one, { vmid });
    },
  },
  ...[0, 2 ** 16].map((vmid) => ({
    id: `vmid.is-${vmid}`,
    code: 'CFG-VMID-RANGE',
    rows: ['S2-11', 'RNG-03'],
    plant: (configuration: StaticConfiguration, choices: Choices) =>
      withPartition(configuration, choices.below(configuration.partitions.length), {
        vmid: vmid as Vmid,
      }),
  })),
];

/** A reservation on a core of one of the policies, changed. */
function reserve(
  policies: readonly PlacedCpu['policy'][],
  change: (
    reservation: Reservation,
    configuration: StaticConfiguration,
    choices: Choices,
  ) => Partial<Reservation>,
): Defect['plant'] {
  return (configuration, choices) => {
    const placed = chooseCpu(configuration, choices, ...policies);
    const { reservation } = placed.cpu;
    if (reservation === null) return configuration;
    const changed = { ...reservation, ...change(reservation, configuration, choices) };
    return withCpu(configuration, placed, { reservation: changed, maxDelayNs: null });
  };
}

function add(one: Nanoseconds, other: number): Nanoseconds {
  return (one + other) as Nanoseconds;
}

const NOTHING = 0 as Nanoseconds;
const SHARES = ['fp', 'edf'] as const;

const BUDGETS: readonly Defect[] = [
  {
    id: 'budget.is-longer-than-period',
    code: 'CPU-BUDGET-PERIOD',
    rows: ['SCH-07'],
    also: { 'CPU-OVERCOMMITTED': 'whoever has more than all leaves less than nothing' },
    plant: reserve(SHARES, ({ periodNs }, configuration) => ({
      budgetNs: add(periodNs, computeUnit(configuration)),
    })),
  },
  {
    id: 'budget.is-zero',
    code: 'CPU-BUDGET-ZERO',
    rows: ['SCH-07', 'RNG-08'],
    also: { 'CPU-RATE-DEMAND': 'interrupts cost more than nothing' },
    plant: reserve(SHARES, () => ({ budgetNs: NOTHING })),
  },
  {
    id: 'period.is-zero',
    code: 'CPU-BUDGET-ZERO',
    rows: ['SCH-07', 'SCH-16'],
    plant: reserve(SHARES, () => ({ periodNs: NOTHING, phaseNs: NOTHING })),
  },
  {
    id: 'budgets.are-more-than-core',
    code: 'CPU-OVERCOMMITTED',
    rows: ['SCH-07', 'SCH-13'],
    // One takes the core whole; what the others have is too much already.
    plant: reserve(SHARES, ({ periodNs }) => ({ budgetNs: periodNs, phaseNs: NOTHING })),
  },
  {
    id: 'budget.is-shorter-than-switches',
    code: 'CPU-BUDGET-MINIMUM',
    rows: ['SCH-08'],
    also: { 'CPU-RATE-DEMAND': 'interrupts cost more than what is left' },
    plant: reserve(SHARES, (_, { hypervisor }) => {
      const { contextSwitchNs, reloadNs } = hypervisor.overheads;
      return { budgetNs: (2 * contextSwitchNs + reloadNs) as Nanoseconds };
    }),
  },
  {
    id: 'budget.is-shorter-than-ticks-of-switch',
    code: 'CPU-BUDGET-MINIMUM',
    rows: ['SCH-08', 'RNG-13'],
    also: { 'CPU-RATE-DEMAND': 'interrupts cost more than what is left' },
    // A switch and a reload of a nanosecond each are charged as a tick each.
    plant: (configuration, choices) => {
      const unit = computeUnit(configuration);
      const { hypervisor } = configuration;
      const short = { contextSwitchNs: 1 as Nanoseconds, reloadNs: 1 as Nanoseconds };
      const overheads = { ...hypervisor.overheads, ...short };
      const coarse = { ...configuration, hypervisor: { ...hypervisor, overheads } };
      const plant = reserve(SHARES, () => ({ budgetNs: unit as Nanoseconds }));
      return plant(withPlatform(coarse, { timerHz: 1e9 / unit }), choices);
    },
  },
  ...(['budgetNs', 'periodNs', 'phaseNs'] as const).map((key) => ({
    id: `${key.slice(0, -2)}.is-no-whole-tick`,
    code: 'CPU-TICKS',
    rows: ['RNG-13', 'SCH-08'],
    also: key === 'periodNs' ? {} : { 'CPU-PHASE': 'the phase may have been the last one' },
    plant: reserve(SHARES, (reservation) => ({ [key]: add(reservation[key], 1) })),
  })),
  {
    id: 'phase.leaves-no-room',
    code: 'CPU-PHASE',
    rows: ['SCH-04'],
    plant: reserve(SHARES, ({ periodNs, budgetNs }, configuration) => ({
      phaseNs: add(periodNs, computeUnit(configuration) - budgetNs),
    })),
  },
  {
    id: 'priority.is-shared',
    code: 'CPU-PRIORITY-TWICE',
    rows: ['SCH-06', 'RNG-14'],
    plant: (configuration, choices) => {
      const placed = chooseCpu(configuration, choices, 'fp');
      const { reservation, core } = placed.cpu;
      const other = listCpus(configuration).find(
        ({ partition, cpu }) => cpu.core === core && partition !== placed.partition,
      );
      const priority = other?.cpu.reservation?.priority ?? 0;
      if (reservation === null) return configuration;
      return withCpu(configuration, placed, { reservation: { ...reservation, priority } });
    },
  },
  {
    id: 'budget.is-kept-under-edf',
    code: 'CPU-EDF-IDLE',
    rows: ['SCH-02'],
    plant: reserve(['edf'], (_, __, choices) => ({
      idle: choices.from(['keep', 'poll'] as const),
    })),
  },
  {
    id: 'delay.is-impossible',
    code: 'CPU-DELAY-IMPOSSIBLE',
    rows: ['SCH-07'],
    plant: (configuration, choices) => {
      const placed = chooseCpu(configuration, choices, ...SHARES);
      const { reservation } = placed.cpu;
      if (reservation === null) return configuration;
      const maxDelayNs = (reservation.periodNs - reservation.budgetNs - 1) as Nanoseconds;
      return withCpu(configuration, placed, {
        maxDelayNs,
        reservation: { ...reservation, slack: false },
      });
    },
  },
  {
    id: 'interrupts.cost-more-than-budget',
    code: 'CPU-RATE-DEMAND',
    rows: ['SCH-11'],
    plant: (configuration, choices) => {
      const { platform, hypervisor } = configuration;
      const { partition } = chooseCpu(configuration, choices, 'fp', 'edf', 'table');
      const { interruptRates = [] } = configuration.partitions[partition] ?? {};
      const unit = computeUnit({ ...configuration, platform });
      const interruptNs = Math.max(unit, hypervisor.overheads.interruptNs) as Nanoseconds;
      return withPartition(
        { ...configuration, hypervisor: withOverhead(hypervisor, { interruptNs }) },
        partition,
        {
          // They come as fast as they can be taken.
          interruptRates: withEntry(interruptRates, 0, { distanceNs: unit as Nanoseconds }),
        },
      );
    },
  },
];

function withOverhead(
  hypervisor: StaticConfiguration['hypervisor'],
  change: Partial<StaticConfiguration['hypervisor']['overheads']>,
): StaticConfiguration['hypervisor'] {
  return { ...hypervisor, overheads: { ...hypervisor.overheads, ...change } };
}

/** The configuration with another table; what partitions have of the core follows from it. */
function table(
  change: (
    table: CoreSchedule,
    configuration: StaticConfiguration,
    choices: Choices,
  ) => Partial<CoreSchedule>,
): Defect['plant'] {
  return (configuration, choices) => {
    const { schedules } = configuration;
    const tables = [...schedules.entries()].filter(([, { policy }]) => policy === 'table');
    const [index, found] = choices.from(tables);
    const changed = { ...found, ...change(found, configuration, choices) };
    const planted = { ...configuration, schedules: withEntry(schedules, index, changed) };
    return {
      ...planted,
      partitions: planted.partitions.map((partition, at) => ({
        ...partition,
        cpus: partition.cpus.map((cpu) =>
          cpu.core === found.core && cpu.reservation !== null
            ? { ...cpu, maxDelayNs: null, reservation: follow(cpu.reservation, changed, at) }
            : cpu,
        ),
      })),
    };
  };
}

function follow(
  reservation: Reservation,
  { frameNs, slots }: CoreSchedule,
  partition: number,
): Reservation {
  const own = slots.filter((slot) => slot.partition === partition);
  const budgetNs = own.reduce((sum, { durationNs }) => sum + durationNs, 0) as Nanoseconds;
  return { ...reservation, budgetNs, periodNs: frameNs ?? NOTHING };
}

/** Slots of which the last is changed. */
function withLast(slots: readonly Slot[], change: (last: Slot) => Partial<Slot>): Slot[] {
  const last = slots.length - 1;
  return slots.map((slot, index) => (index === last ? { ...slot, ...change(slot) } : slot));
}

const NO_SLOT = { 'CPU-RATE-DEMAND': 'interrupts cost more than the slots that are left' };

const TABLES: readonly Defect[] = [
  {
    id: 'slots.overlap',
    code: 'CPU-TABLE-OVERLAP',
    rows: ['SCH-18', 'RNG-01'],
    plant: table(({ slots }, configuration) => {
      const before = slots.at(-2);
      const end = before === undefined ? 0 : before.startNs + before.durationNs;
      const startNs = (end - computeUnit(configuration)) as Nanoseconds;
      return { slots: withLast(slots, () => ({ startNs })) };
    }),
  },
  {
    id: 'slots.are-out-of-order',
    code: 'CPU-TABLE-OVERLAP',
    rows: ['SCH-18'],
    plant: table(({ slots }, _, choices) => {
      const at = choices.below(slots.length - 1);
      const one = slots[at];
      const other = slots[at + 1];
      if (one === undefined || other === undefined) return {};
      return { slots: withEntry(withEntry(slots, at, other), at + 1, one) };
    }),
  },
  {
    id: 'slot.ends-behind-frame',
    code: 'CPU-TABLE-FRAME',
    rows: ['SCH-18', 'RNG-01'],
    plant: table(({ slots, frameNs }, configuration) => ({
      slots: withLast(slots, ({ startNs }) => ({
        durationNs: add(frameNs ?? NOTHING, computeUnit(configuration) - startNs),
      })),
    })),
  },
  {
    id: 'slot.is-used-up',
    code: 'CPU-TABLE-SHORT',
    rows: ['SCH-08'],
    also: NO_SLOT,
    plant: table(({ slots }, { hypervisor }) => {
      const { contextSwitchNs, reloadNs } = hypervisor.overheads;
      return { slots: withLast(slots, () => ({ durationNs: add(contextSwitchNs, reloadNs) })) };
    }),
  },
  {
    id: 'slot.is-missing',
    code: 'CPU-TABLE-PARTITION',
    rows: ['SCH-18', 'SCH-13'],
    also: NO_SLOT,
    plant: table(({ slots }, _, choices) => {
      const { partition } = choices.from(slots);
      return { slots: slots.filter((slot) => slot.partition !== partition) };
    }),
  },
  {
    id: 'slot.is-of-stranger',
    code: 'CPU-TABLE-PARTITION',
    rows: ['SCH-18'],
    plant: table(({ slots, frameNs }, configuration, choices) => {
      // Behind the frame as it was there is room for one more.
      const { bare } = listGuests(configuration);
      const startNs = frameNs ?? NOTHING;
      const durationNs = slots[0]?.durationNs ?? NOTHING;
      const added: Slot = { partition: choices.from(bare), startNs, durationNs };
      const longest = add(startNs, durationNs);
      return { slots: [...slots, added], frameNs: longest };
    }),
  },
];

/** A partition with tasks on a core that is whole, and one of them changed. */
function task(
  change: (task: Task, configuration: StaticConfiguration, owner: number) => Partial<Task>,
): Defect['plant'] {
  return (configuration, choices) => {
    const able = [...configuration.partitions.entries()].filter(
      ([, { tasks }]) => tasks.length > 1,
    );
    const [owner, { tasks }] = choices.from(able);
    const at = choices.below(tasks.length);
    const chosen = tasks[at];
    if (chosen === undefined) return configuration;
    const changed = withEntry(tasks, at, change(chosen, configuration, owner));
    return withPartition(configuration, owner, { tasks: changed });
  };
}

const TASKS: readonly Defect[] = [
  {
    id: 'task.runs-elsewhere',
    code: 'CPU-TASK-CORE',
    rows: ['SCH-10'],
    plant: task((_, configuration, owner) => {
      const own = new Set(configuration.partitions[owner]?.cpus.map(({ core }) => core));
      const other = configuration.bandwidth.find(({ core }) => !own.has(core));
      // A core of the same regulation where there is one, so that its accesses count.
      const unused = configuration.platform.cores.find(({ id }) => !own.has(id));
      const core = other?.core ?? unused?.id ?? (0 as CoreId);
      return other === undefined ? { core, accesses: 0 } : { core };
    }),
  },
  {
    id: 'task.is-late',
    code: 'CPU-TASK-TIMING',
    rows: ['SCH-07'],
    plant: task(({ wcetNs }) => ({ deadlineNs: add(wcetNs, -1) })),
  },
  {
    id: 'task.overlaps-itself',
    code: 'CPU-TASK-TIMING',
    rows: ['SCH-07'],
    plant: task(({ periodNs }) => ({ deadlineNs: add(periodNs, 1) })),
  },
  {
    id: 'tasks.need-more-than-core',
    code: 'CPU-TASK-OVERLOAD',
    rows: ['SCH-07'],
    plant: task(({ periodNs }) => ({ wcetNs: periodNs, deadlineNs: periodNs })),
  },
  {
    id: 'task.shares-priority',
    code: 'CPU-TASK-PRIORITY',
    rows: ['SCH-06'],
    plant: task(({ name, core, priority }, { partitions }, owner) => {
      const other = partitions[owner]?.tasks.find(
        (each) => each.core === core && each.name !== name,
      );
      return { priority: other?.priority ?? priority };
    }),
  },
  {
    id: 'task.states-no-accesses',
    code: 'CPU-TASK-ACCESSES',
    rows: ['SCH-21'],
    plant: task(() => ({ accesses: 0 })),
  },
];

/** Regulated bandwidth with one entry changed, or one more. */
function regulate(
  change: (
    entries: StaticConfiguration['bandwidth'],
    at: number,
  ) => StaticConfiguration['bandwidth'],
): Defect['plant'] {
  return (configuration, choices) => {
    const { bandwidth } = configuration;
    return { ...configuration, bandwidth: change(bandwidth, choices.below(bandwidth.length)) };
  };
}

const BANDWIDTH: readonly Defect[] = [
  {
    id: 'bandwidth.is-stated-twice',
    code: 'CPU-BANDWIDTH-CORE',
    rows: ['RNG-14', 'SCH-21'],
    also: { 'CPU-BANDWIDTH-TOTAL': 'all its accesses are counted twice' },
    plant: regulate((entries, at) => [...entries, ...entries.slice(at, at + 1)]),
  },
  {
    id: 'bandwidth.has-no-access',
    code: 'CPU-BANDWIDTH-RANGE',
    rows: ['RNG-08', 'SCH-21'],
    plant: regulate((entries, at) => withEntry(entries, at, { accesses: 0 })),
  },
  {
    id: 'bandwidth.is-more-than-memory',
    code: 'CPU-BANDWIDTH-TOTAL',
    rows: ['SCH-07', 'SCH-21'],
    plant: regulate((entries, at) => {
      const busy = entries.reduce((sum, each) => sum + each.accesses * each.accessMaxNs, 0);
      const { accesses = 1, periodNs = NOTHING } = entries[at] ?? {};
      const rest = busy - accesses * (entries[at]?.accessMaxNs ?? 0);
      // One core may take all that the others leave, and a nanosecond more.
      const accessMaxNs = Math.floor((periodNs - rest) / accesses) + 1;
      return withEntry(entries, at, { accessMaxNs: accessMaxNs as Nanoseconds });
    }),
  },
];

/** Defects of partitions, cores, budgets, tables, tasks and bandwidth. */
export const TIME_DEFECTS: readonly Defect[] = [
  ...PARTITIONS,
  ...CORES,
  ...BUDGETS,
  ...TABLES,
  ...TASKS,
  ...BANDWIDTH,
];
