/**
 * Inductive invariants of the spec, all that the proofs assume of a state beside its shape.
 *
 * Together with the shape of each phase they are inductive: every action, from any state in which
 * all of them hold, reached or not, gives such a state again.
 */

import { CACHE_SLOTS, IN_FLIGHT_SLOTS, PRIVATE_LINES } from '../../model/machine.ts';
import type { Plan, PlannedCore, PlannedPartition } from '../../model/plan.ts';
import { REGISTERS } from '../../model/registers.ts';
import { isReservation } from './entitlement.ts';
import {
  isChargedInBudget,
  isReplenishmentAhead,
  isSlotAhead,
  isTimerAhead,
  isWaiterOn,
  isWaiterUnsignalled,
} from './execution.ts';
import { isLastWriterGranted, isRequestGranted } from './grants.ts';
import {
  isActiveForwarded,
  isEnableForwarded,
  isLevelSensitive,
  isListRegisterAgreed,
  isListRegisterOwn,
  isListedOnce,
  isRouteForwarded,
} from './interrupts.ts';
import type { InductiveInvariant } from './invariant.ts';
import { isLiveRegisterOwn, isSavedRegisterOwn } from './registers.ts';
import {
  isAccountSound,
  isMostUrgent,
  isPolledAway,
  isRunnerAwake,
  isSectionKnown,
} from './schedule.ts';
import { isSlotBegun, isSlotOwn } from './slots.ts';
import { isStreamWritten } from './streams.ts';
import { isIotlbCoherent, isTlbCoherent } from './tables.ts';

/** Index tuples that begin with a core on which partitions run under EL2. */
function onCores(
  plan: Plan,
  list: (core: PlannedCore) => readonly (readonly number[])[],
): readonly (readonly number[])[] {
  return plan.cores.flatMap((core, index) =>
    core.el2 && core.used ? list(core).map((rest) => [index, ...rest]) : [],
  );
}

/** Index tuples that begin with a partition. */
function ofPartitions(
  plan: Plan,
  list: (partition: PlannedPartition) => readonly (readonly number[])[],
): readonly (readonly number[])[] {
  return plan.partitions.flatMap((partition, index) =>
    list(partition).map((rest) => [index, ...rest]),
  );
}

/** [0], [1] and so on, below a count. */
function upTo(count: number): number[][] {
  return Array.from({ length: count }, (_, index) => [index]);
}

/** Virtual CPUs on cores with EL2, as positions in their partition. */
function listHeldVcpus(plan: Plan, { vcpus }: PlannedPartition): number[] {
  return vcpus.flatMap(({ core }, index) => (plan.cores[core]?.el2 === true ? [index] : []));
}

/** Numbers of the registers that a world switch saves and restores. */
const SWITCHED = REGISTERS.flatMap(({ treatment }, index) =>
  treatment === 'switched' ? [index] : [],
);

/** Lines of partitions that a physical line stands behind. */
function listForwarded(plan: Plan): readonly (readonly number[])[] {
  return plan.partitions.flatMap(({ lines }, partition) =>
    lines.flatMap(({ intId, physical }, index) => {
      const owner = plan.routes[intId - plan.spiFirst]?.partition;
      return physical && owner === partition ? [[partition, index]] : [];
    }),
  );
}

/** INTIDs of every line that a list register of a core may hold. */
function listIntIds(plan: Plan, { residents }: PlannedCore): number[] {
  const shared = residents.flatMap(({ partition }) =>
    (plan.partitions[partition]?.lines ?? []).map(({ intId }) => intId),
  );
  return [...new Set([...upTo(PRIVATE_LINES).flat(), ...shared])];
}

const TABLES = 'properties/inductive/tables.ts';
const STREAMS = 'properties/inductive/streams.ts';
const GRANTS = 'properties/inductive/grants.ts';
const INTERRUPTS = 'properties/inductive/interrupts.ts';
const LABELS = 'properties/inductive/registers.ts';
const SCHEDULE = 'properties/inductive/schedule.ts';
const EXECUTION = 'properties/inductive/execution.ts';
const SLOTS = 'properties/inductive/slots.ts';

/** Cores that have a time table. */
function listTables({ cores }: Plan): readonly (readonly number[])[] {
  return cores.flatMap(({ slots }, core) => (slots.length > 0 ? [[core]] : []));
}

const ABOUT_MEMORY: readonly InductiveInvariant[] = [
  {
    id: 'memory.cached',
    statement: 'Every valid TLB entry is what the current table of its VMID gives.',
    source: 'Arm ARM, TLB maintenance; translations are tagged with the VMID',
    example: 'two partitions with one VMID',
    indices: ['core', 'slot'],
    file: TABLES,
    holds: isTlbCoherent,
    instances: (plan) => onCores(plan, () => upTo(CACHE_SLOTS)),
  },
  {
    id: 'memory.last-writer',
    statement: 'Who wrote a page last has a grant that lets its cores or devices write it.',
    source: 'spatial isolation: what is not granted is denied',
    example: 'a write that passes although the page is another partition’s',
    indices: ['frame'],
    file: GRANTS,
    holds: isLastWriterGranted,
    instances: () => [[]],
    spy: true,
  },
  {
    id: 'dma.streams-in-order',
    statement: 'A stream is valid exactly once boot has written all words of its entry as planned.',
    source: 'Arm IHI 0070, configuration structure update procedure: the valid bit is written last',
    example: 'the valid bit written before the table that it makes valid',
    indices: ['stream'],
    file: STREAMS,
    holds: isStreamWritten,
    instances: (plan) => upTo(plan.streams.length),
  },
  {
    id: 'dma.cached',
    statement: 'Every valid IOTLB entry is what the current table of its VMID gives.',
    source: 'Arm IHI 0070, CMD_TLBI_S12_VMALL',
    example: 'the SMMU keeps a translation that firmware has left',
    indices: ['slot'],
    file: TABLES,
    holds: isIotlbCoherent,
    instances: (plan) => (plan.streams.length === 0 ? [] : upTo(CACHE_SLOTS)),
  },
  {
    id: 'dma.in-flight',
    statement: 'Every request in flight is one that the grants of the partition behind it allow.',
    source: 'Arm IHI 0070: stage-2 translation of streams',
    example: 'an unmatched stream that bypasses the SMMU',
    indices: ['slot'],
    file: GRANTS,
    holds: isRequestGranted,
    instances: (plan) =>
      plan.streams.length + plan.bareMasters.length === 0 ? [] : upTo(IN_FLIGHT_SLOTS),
  },
];

const ABOUT_INTERRUPTS: readonly InductiveInvariant[] = [
  {
    id: 'irq.delivered',
    statement: 'A list register holds only lines of the partition that is live on its core.',
    source: 'GICv3, ICH_LR<n>_EL2; each interrupt has exactly one partition',
    example: 'list registers not emptied on a world switch',
    indices: ['core', 'slot'],
    file: INTERRUPTS,
    holds: isListRegisterOwn,
    instances: (plan) => onCores(plan, () => upTo(plan.listRegisters)),
  },
  {
    id: 'irq.agreed',
    statement:
      'A list register is pending or active as its line is, and has its HW bit and target.',
    source: 'GICv3, ICH_LR<n>_EL2.State and HW',
    example: 'an end of interrupt that leaves the list register active',
    costly: true,
    indices: ['core', 'slot', 'INTID'],
    file: INTERRUPTS,
    holds: isListRegisterAgreed,
    instances: (plan) =>
      onCores(plan, (core) =>
        listIntIds(plan, core).flatMap((intId) =>
          upTo(plan.listRegisters).map(([slot = 0]) => [slot, intId]),
        ),
      ),
  },
  {
    id: 'irq.listed-once',
    statement: 'No INTID is in two list registers of a core.',
    source: 'GICv3, ICH_LR<n>_EL2: one INTID in two list registers is unpredictable',
    example: 'a line that is listed already is put into a second list register',
    indices: ['core', 'slot', 'other'],
    file: INTERRUPTS,
    holds: isListedOnce,
    instances: (plan) =>
      onCores(plan, () =>
        upTo(plan.listRegisters).flatMap(([slot = 0]) =>
          upTo(slot).map(([other = 0]) => [other, slot]),
        ),
      ),
  },
  {
    id: 'irq.enable-forwarded',
    statement: 'A physical line is enabled exactly while its owner has enabled the virtual one.',
    source: 'GICv3, GICD_ISENABLER, as Haven forwards it',
    example: 'a reset that leaves the physical line enabled',
    indices: ['partition', 'line'],
    file: INTERRUPTS,
    holds: isEnableForwarded,
    instances: listForwarded,
  },
  {
    id: 'irq.active-forwarded',
    statement: 'A physical line that is active is pending or active for its owner.',
    source: 'GICv3, HW bit of ICH_LR<n>_EL2: the end of the virtual one deactivates it',
    example: 'a cleared interrupt whose physical line stays active, and never comes again',
    indices: ['partition', 'line'],
    file: INTERRUPTS,
    holds: isActiveForwarded,
    instances: listForwarded,
  },
  {
    id: 'irq.route-forwarded',
    statement: 'A physical line is routed to the core of the virtual CPU that takes it.',
    source: 'GICv3, GICD_IROUTER',
    example: 'a route whose target is a virtual CPU number taken for a core',
    indices: ['partition', 'line'],
    file: INTERRUPTS,
    holds: isRouteForwarded,
    instances: listForwarded,
  },
  {
    id: 'irq.level',
    statement:
      'A physical line is pending exactly while its wire is asserted and it is not active.',
    source: 'GICv3, interrupt state machine of a level-sensitive SPI',
    example: 'an interrupt that is taken twice for one wire',
    indices: ['line'],
    file: INTERRUPTS,
    holds: isLevelSensitive,
    instances: (plan) =>
      plan.routes.flatMap(({ partition }, index) => (partition === -1 ? [] : [[index]])),
  },
];

const ABOUT_CORES: readonly InductiveInvariant[] = [
  {
    id: 'noninterference.registers',
    statement: 'No register that is live while a partition runs holds a value of another.',
    source: 'Arm ARM, state that a world switch must save and restore',
    example: 'a class of registers that the world switch forgets',
    indices: ['core', 'register'],
    file: LABELS,
    holds: isLiveRegisterOwn,
    instances: (plan) => onCores(plan, () => SWITCHED.map((register) => [register])),
  },
  {
    id: 'noninterference.saved',
    statement: 'No saved register of a partition holds a value of another.',
    source: 'Arm ARM, state that a world switch must save and restore',
    example: 'a world switch that saves what is live for whoever comes, not for who leaves',
    indices: ['partition', 'vcpu', 'register'],
    file: LABELS,
    holds: isSavedRegisterOwn,
    instances: (plan) =>
      ofPartitions(plan, (partition) =>
        listHeldVcpus(plan, partition).flatMap((vcpu) =>
          SWITCHED.map((register) => [vcpu, register]),
        ),
      ),
  },
  {
    id: 'cpu.waiter-on',
    statement: 'A virtual CPU that waits for an interrupt has been started.',
    source: 'Arm DEN 0022, CPU_OFF; WFI',
    example: 'a virtual CPU that is turned off while it waits',
    indices: ['partition', 'vcpu'],
    file: EXECUTION,
    holds: isWaiterOn,
    instances: (plan) =>
      ofPartitions(plan, (partition) => listHeldVcpus(plan, partition).map((vcpu) => [vcpu])),
  },
  {
    id: 'cpu.waiter-unsignalled',
    statement: 'No interrupt that a waiting virtual CPU has enabled is pending for it.',
    source: 'Arm ARM, WFI: a pending interrupt that is enabled ends it',
    example: 'a signal that leaves its receiver waiting',
    indices: ['partition', 'vcpu'],
    file: EXECUTION,
    holds: isWaiterUnsignalled,
    instances: (plan) =>
      ofPartitions(plan, (partition) => listHeldVcpus(plan, partition).map((vcpu) => [vcpu])),
  },
  {
    id: 'time.replenishment-ahead',
    statement:
      'The next replenishment of a reservation lies ahead, or behind for as long as a section is.',
    source: 'Haven’s scheduler: time passes from event to event, in a section to its end',
    example: 'a handler that runs late and skips a replenishment',
    indices: ['core', 'resident'],
    file: EXECUTION,
    holds: isReplenishmentAhead,
    instances: (plan) =>
      onCores(plan, ({ residents }) =>
        residents.flatMap((resident, index) => (isReservation(resident) ? [[index]] : [])),
      ),
  },
  {
    id: 'time.account',
    statement:
      'A budget is never below minus the overrun, is used no faster than time passes, and comes ' +
      'back within a period.',
    source: 'Strosnider, Lehoczky, Sha 1995, with overrun as debt',
    example: 'a debt that is forgotten at the replenishment',
    indices: ['core', 'resident'],
    file: SCHEDULE,
    holds: isAccountSound,
    instances: (plan) =>
      onCores(plan, ({ residents }) =>
        residents.flatMap((resident, index) => (isReservation(resident) ? [[index]] : [])),
      ),
  },
  {
    id: 'time.section',
    statement: 'A section is as long as its kind allows, and slack is used by who may use it.',
    source: 'Haven’s scheduler: a section is charged to whoever it is for',
    example: 'an activation that takes all that is left',
    indices: ['core'],
    file: SCHEDULE,
    holds: isSectionKnown,
    instances: (plan) =>
      onCores(plan, ({ residents }) => (residents.some(({ dedicated }) => !dedicated) ? [[]] : [])),
  },
  {
    id: 'time.most-urgent',
    statement: 'Outside of sections nobody that may run is more urgent than who runs.',
    source: 'fixed-priority and earliest-deadline-first scheduling, pre-emptive',
    example: 'a replenishment after which EL2 does not choose anew',
    indices: ['core', 'resident'],
    file: SCHEDULE,
    holds: isMostUrgent,
    instances: (plan) =>
      onCores(plan, ({ residents, policy }) =>
        policy === 'table' ? [] : residents.map((_, index) => [index]),
      ),
  },
  {
    id: 'time.runner-awake',
    statement: 'Outside of sections whoever runs has work, unless it burns its budget.',
    source: 'servers that keep or poll, and background time, are for those that are ready',
    example: 'a partition that waits and keeps the core',
    indices: ['core'],
    file: SCHEDULE,
    holds: isRunnerAwake,
    instances: (plan) => onCores(plan, ({ policy }) => (policy === 'table' ? [] : [[]])),
  },
  {
    id: 'time.polled',
    statement:
      'Under poll who pays may run, and who is not ready has no budget while nobody more urgent ' +
      'may run.',
    source: 'Lehoczky, Sha, Strosnider 1987: a polling server gives up what it does not use',
    example: 'a polled budget that stays until the period ends',
    indices: ['core', 'resident'],
    file: SCHEDULE,
    holds: isPolledAway,
    instances: (plan) =>
      onCores(plan, ({ residents, policy }) =>
        policy === 'fp'
          ? residents.flatMap(({ idle, dedicated }, index) =>
              idle === 'poll' && !dedicated ? [[index]] : [],
            )
          : [],
      ),
  },
  {
    id: 'time.slot-ahead',
    statement: 'The slot of a table ends ahead, or as far behind as a section has lasted.',
    source: 'ARINC 653 P1, partition scheduling by a major frame',
    example: 'a slot that begins when the handler ran',
    indices: ['core'],
    file: EXECUTION,
    holds: isSlotAhead,
    instances: listTables,
  },
  {
    id: 'time.slot-begun',
    statement: 'Frames of a table begin one behind the other, and the slot of a core has begun.',
    source: 'ARINC 653 P1, partition scheduling by a major frame',
    example: 'a frame that begins where the handler of the one before has ended',
    indices: ['core'],
    file: SLOTS,
    holds: isSlotBegun,
    instances: listTables,
  },
  {
    id: 'time.slot-own',
    statement:
      'Under a table only who has the slot runs, but for slack and a section that goes on over ' +
      'its end; and it does run, if it is ready.',
    source: 'ARINC 653 P1, partition scheduling by a major frame',
    example: 'a slot that its partition has to wait for',
    indices: ['core'],
    file: SLOTS,
    holds: isSlotOwn,
    instances: listTables,
  },
  {
    id: 'time.timer-ahead',
    statement: 'A virtual timer that is armed lies ahead of the clock of its core.',
    source: 'Arm ARM, CNTV_CVAL_EL0',
    example: 'a timer of one resident that nobody looks at while another runs',
    indices: ['partition', 'vcpu'],
    file: EXECUTION,
    holds: isTimerAhead,
    instances: (plan) =>
      ofPartitions(plan, (partition) => listHeldVcpus(plan, partition).map((vcpu) => [vcpu])),
  },
  {
    id: 'time.charged-in-budget',
    statement: 'Who is charged for time, outside of sections at EL2, has budget left.',
    source: 'temporal isolation: a reservation that has spent its budget is pre-empted at once',
    example: 'a reservation that runs on after its budget',
    indices: ['core'],
    file: EXECUTION,
    holds: isChargedInBudget,
    instances: (plan) =>
      onCores(plan, ({ residents }) => (residents.some(({ dedicated }) => !dedicated) ? [[]] : [])),
  },
];

/** Every inductive invariant, once. */
export const INDUCTIVE_INVARIANTS: readonly InductiveInvariant[] = [
  ...ABOUT_MEMORY,
  ...ABOUT_INTERRUPTS,
  ...ABOUT_CORES,
];
