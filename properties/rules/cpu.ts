/**
 * CPU: cores, reservations and tasks. What needs a response-time bound is proved, not checked
 * here.
 */

import { computeTicksExactly, type CoreId } from '../../model/units.ts';
import { listCoresOf } from './claims.ts';
import { formatDuration, formatList } from './describe.ts';
import { formatNearestTicks, iterateDurations } from './durations.ts';
import { computeSum, formatPercent, isGreater } from './fraction.ts';
import {
  computeActivation,
  findCore,
  formatShare,
  groupByCore,
  iterateCpus,
  iterateReservations,
  iterateShares,
  type PlacedReservation,
  relateActivation,
} from './placed-cpu.ts';
import { defineRule, getPathWithoutEl2, type Rule } from './rule.ts';

const SERVERS = 'Periodic servers: a budget Q in every period P, 1 <= Q <= P';

const cpuNone = defineRule({
  code: 'CPU-NONE',
  title: 'Validate that every partition has a core or a share of one.',
  reason: 'It would never run.',
  source: 'Practice: ACRN and Jailhouse require one',
  example: { before: 'cpus: []', after: 'cpus: [{ core: 1 }]' },
  *violations({ configuration }) {
    for (const [index, partition] of configuration.partitions.entries()) {
      if (partition.cpus.length > 0) continue;
      yield {
        message: `${partition.name} has no cpu: expected at least one, found none`,
        help: 'give it a core, or a budget on one',
        at: ['config', 'partitions', index],
      };
    }
  },
});

const cpuCoreTwice = defineRule({
  code: 'CPU-CORE-TWICE',
  title: 'Validate that no partition names a core twice.',
  reason: 'Two virtual CPUs of one partition on one core wait for each other (spin locks).',
  source: 'One virtual CPU per partition and core; no migration',
  example: {
    before: 'cpus: [{ core: 0 }, { core: 0 }]',
    after: 'cpus: [{ core: 0 }, { core: 1 }]',
  },
  *violations({ configuration }) {
    for (const [partition, { name, cpus }] of configuration.partitions.entries()) {
      const seen = new Map<CoreId, number>();
      for (const [index, cpu] of cpus.entries()) {
        const first = seen.get(cpu.core);
        if (first === undefined) {
          seen.set(cpu.core, index);
          continue;
        }
        yield {
          message: `${name} names core ${cpu.core} twice: expected once`,
          help: 'remove one of the entries, or add up their budgets',
          at: ['config', 'partitions', partition, 'cpus', index],
          related: [
            {
              message: `core ${cpu.core} is named first here`,
              at: ['config', 'partitions', partition, 'cpus', first],
            },
          ],
        };
      }
    }
  },
});

const cpuWholeShared = defineRule({
  code: 'CPU-WHOLE-SHARED',
  title: 'Validate that a core which one partition has whole is named by no other.',
  reason:
    'A whole core has no scheduler: whoever is second never runs, or runs at the cost of both.',
  source: 'Practice: overlapping CPU affinities in published configurations',
  example: { before: 'linux: { core: 0 }, rtos: { core: 0 }', after: 'rtos: { core: 3 }' },
  *violations(context) {
    for (const [core, group] of groupByCore(iterateCpus(context))) {
      const whole = group.find((placed) => placed.cpu.reservation === null);
      if (whole === undefined) continue;
      for (const other of group) {
        if (other.partition === whole.partition) continue;
        const share = other.cpu.reservation;
        const claim = share === null ? 'the whole of it too' : formatShare(share);
        yield {
          message:
            `core ${core} belongs to ${whole.owner} whole, and ${other.owner} wants ${claim}: ` +
            'expected one owner, or a budget for each',
          help: 'choose another core, or give both a budget and period',
          at: other.path,
          related: [{ message: `${whole.owner} has the whole core here`, at: whole.path }],
        };
      }
    }
  },
});

const cpuFirmware = defineRule({
  code: 'CPU-FIRMWARE',
  title: 'Validate that no partition has a core that runs firmware.',
  reason:
    'The core is not free: it runs the System Manager, which owns clocks, power and firewall.',
  source: 'i.MX95: Cortex-M33',
  example: { before: '{ core: 7 }   # cortex-m33, firmware', after: '{ core: 6 }   # cortex-m7' },
  *violations(context) {
    for (const { cpu, owner, path } of iterateCpus(context)) {
      const found = findCore(context, cpu.core);
      if (found === null || !found.core.firmware) continue;
      yield {
        message:
          `core ${cpu.core} (${found.core.type}) of ${owner} runs firmware: expected a ` +
          'free core',
        help: 'choose another core',
        at: [...path, 'core'],
        related: [
          {
            message: `core ${cpu.core} is described here`,
            at: ['platform', 'cores', found.index],
          },
        ],
      };
    }
  },
});

const cpuNoEl2Shared = defineRule({
  code: 'CPU-NO-EL2-SHARED',
  title: 'Validate that no budget is given on a core without EL2.',
  reason: 'No hypervisor runs there to take the core away when the budget is used up.',
  source: 'Cortex-M7 and M33 have no EL2',
  example: { before: '{ core: 6, budget: 1ms, period: 5ms, priority: 1 }', after: '{ core: 6 }' },
  *violations(context) {
    for (const { cpu, owner, path, reservation } of iterateReservations(context)) {
      const found = findCore(context, cpu.core);
      if (found === null || found.core.el2) continue;
      yield {
        message:
          `${owner} has ${formatShare(reservation)} of core ${cpu.core} (${found.core.type}), ` +
          'which has no EL2: expected the whole core, found a budget',
        help: 'remove budget and period, or the table, so that the partition has the whole core',
        at: path,
        related: [
          {
            message: `core ${cpu.core} is described here`,
            at: ['platform', 'cores', found.index],
          },
        ],
      };
    }
  },
});

const cpuMixed = defineRule({
  code: 'CPU-MIXED-CORES',
  title: 'Validate that a partition has either cores with EL2 or cores without.',
  reason: 'What stage 2 forbids it on one core it could do on the other.',
  source: 'Practice: ACRN refuses mixed core types in one partition',
  example: {
    before: 'cpus: [{ core: 0 }, { core: 6 }]   # A55 and M7',
    after: 'cpus: [{ core: 6 }]',
  },
  *violations({ configuration }) {
    for (const [index, partition] of configuration.partitions.entries()) {
      const cores = listCoresOf(configuration, index);
      const inside = cores.find((core) => core.el2);
      const outside = cores.find((core) => !core.el2);
      if (inside === undefined || outside === undefined) continue;
      yield {
        message:
          `${partition.name} has core ${inside.id} (${inside.type}) under EL2 and core ` +
          `${outside.id} (${outside.type}) without EL2: expected one kind`,
        help: 'make two partitions of it, with a channel between them',
        at: getPathWithoutEl2(configuration, index),
      };
    }
  },
});

const cpuBudgetZero = defineRule({
  code: 'CPU-BUDGET-ZERO',
  title: 'Validate that every budget and period is greater than zero.',
  reason: 'The partition would never run, or its share has no meaning.',
  source: SERVERS,
  example: { before: 'budget: 0ms, period: 5ms', after: 'budget: 1ms, period: 5ms' },
  *violations(context) {
    for (const { cpu, owner, path, reservation } of iterateShares(context)) {
      for (const [key, found] of [
        ['budget', reservation.budgetNs],
        ['period', reservation.periodNs],
      ] as const) {
        if (found > 0) continue;
        yield {
          message:
            `${key} of ${owner} on core ${cpu.core} is empty: expected more than 0, found ` +
            formatDuration(found),
          help: 'state how long the partition may run in each period',
          at: [...path, key],
        };
      }
    }
  },
});

const cpuBudgetPeriod = defineRule({
  code: 'CPU-BUDGET-PERIOD',
  title: 'Validate that no budget is longer than its period.',
  reason: 'Nobody can run longer than time passes.',
  source: SERVERS,
  example: { before: 'budget: 6ms, period: 5ms', after: 'budget: 1ms, period: 5ms' },
  *violations(context) {
    for (const { cpu, owner, path, reservation } of iterateShares(context)) {
      const { budgetNs, periodNs } = reservation;
      if (budgetNs <= periodNs || periodNs <= 0) continue;
      yield {
        message:
          `budget of ${owner} on core ${cpu.core} is longer than its period: expected at most ` +
          `${formatDuration(periodNs)}, found ${formatDuration(budgetNs)}`,
        help: 'shorten the budget or lengthen the period',
        at: [...path, 'budget'],
        related: [
          { message: `the period is ${formatDuration(periodNs)}`, at: [...path, 'period'] },
        ],
      };
    }
  },
});

const cpuPhase = defineRule({
  code: 'CPU-PHASE',
  title: 'Validate that a phase leaves room for the budget in the first period.',
  reason: 'The worst-case delay is derived for phases of at most period minus budget.',
  source: 'First replenishment at boot plus phase; 0 <= phase <= P - Q',
  example: { before: 'budget: 1ms, period: 5ms, phase: 4.5ms', after: 'phase: 4ms' },
  *violations(context) {
    for (const { cpu, owner, path, reservation } of iterateShares(context)) {
      const { budgetNs, periodNs, phaseNs } = reservation;
      if (phaseNs <= periodNs - budgetNs || budgetNs > periodNs) continue;
      yield {
        message:
          `phase of ${owner} on core ${cpu.core} is too long: expected at most ` +
          `${formatDuration(periodNs - budgetNs)} (period minus budget), ` +
          `found ${formatDuration(phaseNs)}`,
        help: 'shorten the phase',
        at: [...path, 'phase'],
      };
    }
  },
});

const cpuTicks = defineRule({
  code: 'CPU-TICKS',
  title: 'Validate that budgets, periods, phases, slots and arrivals are whole ticks of the timer.',
  reason: 'EL2 programs ticks: a rounded period drifts, a rounded budget is another budget.',
  source: 'Generic timer, CNTFRQ_EL0; no rounding between what is proved and what runs',
  example: { before: '24MHz: budget: 1.00001ms', after: 'budget: 1ms   # 24000 ticks' },
  *violations(context) {
    const { timerHz } = context.configuration.platform;
    if (timerHz <= 0) return;
    for (const { what, found, at } of iterateDurations(context)) {
      if (computeTicksExactly(found, timerHz) !== null) continue;
      yield {
        message:
          `${what} is not a whole number of timer ticks ` +
          `(${timerHz} Hz): expected ${formatNearestTicks(found, timerHz)}, ` +
          `found ${formatDuration(found)}`,
        help: 'use one of the nearest values that are',
        at,
      };
    }
  },
});

const cpuOvercommitted = defineRule({
  code: 'CPU-OVERCOMMITTED',
  title: 'Validate that the budgets of a core add up to at most the core.',
  reason: 'Not every partition gets the budget that it was promised.',
  source: 'Necessary for every scheduler: sum of Q / P <= 1, in exact arithmetic',
  example: {
    before: '4ms of 10ms and 7ms of 10ms',
    after: '4ms of 10ms and 6ms of 10ms',
  },
  *violations(context) {
    const whole = { numerator: 1n, denominator: 1n };
    for (const [core, group] of groupByCore(iterateShares(context))) {
      const sum = computeSum(
        group.map(({ reservation }) => ({
          part: reservation.budgetNs,
          whole: reservation.periodNs,
        })),
      );
      const last = group.at(-1);
      if (last === undefined || !isGreater(sum, whole)) continue;
      const shares = group
        .slice(0, 8)
        .map(({ owner, reservation }) => `${owner} ${formatShare(reservation)}`);
      const omitted = group.length > 8 ? [`${group.length - 8} more`] : [];
      yield {
        message:
          `budgets on core ${core} add up to ${formatPercent(sum)}: expected at most 100%, ` +
          `found ${formatList([...shares, ...omitted])}`,
        help: 'shorten a budget, lengthen a period, or move a partition to another core',
        at: last.path,
        related: group
          .slice(0, Math.min(8, group.length - 1))
          .map(({ owner, path }) => ({ message: `${owner} has its share here`, at: path })),
      };
    }
  },
});

const cpuPriorityTwice = defineRule({
  code: 'CPU-PRIORITY-TWICE',
  title: 'Validate that priorities on a fixed-priority core are all different.',
  reason: 'Who runs first is then not decided by the configuration, and no delay bound holds.',
  source: 'Fixed-priority response-time analysis needs a total order per core',
  example: { before: 'priority: 1 and priority: 1', after: 'priority: 1 and priority: 2' },
  *violations(context) {
    const edf = new Set(
      context.configuration.schedules
        .filter((schedule) => schedule.policy === 'edf')
        .map((schedule) => schedule.core),
    );
    for (const [core, group] of groupByCore(iterateShares(context))) {
      if (edf.has(core)) continue;
      const seen = new Map<number, PlacedReservation>();
      for (const placed of group) {
        const { priority } = placed.reservation;
        const first = seen.get(priority);
        seen.set(priority, first ?? placed);
        if (first === undefined || first.partition === placed.partition) continue;
        yield {
          message:
            `${first.owner} and ${placed.owner} both have priority ${priority} on core ${core}: ` +
            'expected different priorities',
          help: 'give the more urgent one the larger number',
          at: [...placed.path, 'priority'],
          related: [{ message: `${first.owner} has it here`, at: [...first.path, 'priority'] }],
        };
      }
    }
  },
});

const cpuBudgetMinimum = defineRule({
  code: 'CPU-BUDGET-MINIMUM',
  title: 'Validate that every budget is longer than two context switches and a reload.',
  reason:
    'An activation is charged the switch to it and from it, and what the other one loses in ' +
    'caches; with less it can never start.',
  source: 'Charge the preemptor; seL4 MCS demands twice the kernel WCET',
  example: { before: 'context-switch: 5us, budget: 10us', after: 'budget: 100us' },
  *violations(context) {
    const { contextSwitchNs, reloadNs } = context.configuration.hypervisor.overheads;
    const least = Math.max(2 * contextSwitchNs + reloadNs, computeActivation(context));
    for (const { cpu, owner, path, reservation } of iterateShares(context)) {
      const { budgetNs } = reservation;
      if (budgetNs <= 0 || budgetNs > least) continue;
      yield {
        message:
          `budget of ${owner} on core ${cpu.core} is used up by context switches: expected more ` +
          `than ${formatDuration(least)}, found ${formatDuration(budgetNs)}`,
        help: 'lengthen budget and period in proportion',
        at: [...path, 'budget'],
        related: relateActivation(context),
      };
    }
  },
});

const cpuDelayImpossible = defineRule({
  code: 'CPU-DELAY-IMPOSSIBLE',
  title: 'Validate that a required delay is not shorter than period minus budget.',
  reason: 'A partition that used up its budget at once waits that long, even alone on the core.',
  source: 'Throttle wait P - Q; a whole proof of the delay follows in `prove`',
  example: { before: 'budget: 1ms, period: 5ms, max-delay: 3ms', after: 'max-delay: 8ms' },
  *violations(context) {
    for (const { cpu, owner, path, reservation } of iterateShares(context)) {
      const wait = reservation.periodNs - reservation.budgetNs;
      if (cpu.maxDelayNs === null || cpu.maxDelayNs >= wait || reservation.slack) continue;
      yield {
        message:
          `max-delay of ${owner} on core ${cpu.core} cannot be met: with ` +
          `${formatShare(reservation)} expected at least ${formatDuration(wait)}, ` +
          `found ${formatDuration(cpu.maxDelayNs)}`,
        help: 'shorten the period, lengthen the budget, or allow a longer delay',
        at: [...path, 'max-delay'],
      };
    }
  },
});

const cpuEdfIdle = defineRule({
  code: 'CPU-EDF-IDLE',
  title: 'Validate that every reservation on an EDF core burns its idle budget.',
  reason:
    'A kept budget woken just before its deadline is a job of density up to 1: ' +
    'with (5,10) and (2,4) the wait is 18 where utilisation promises 15.',
  source: 'Ghazalie and Baker 1995; exhaustive search over small reservation sets',
  example: { before: 'policy: edf, idle: keep', after: 'policy: edf, idle: burn' },
  *violations(context) {
    const groups = groupByCore(iterateReservations(context));
    for (const [index, schedule] of context.configuration.schedules.entries()) {
      if (schedule.policy !== 'edf') continue;
      for (const { owner, path, reservation } of groups.get(schedule.core) ?? []) {
        if (reservation.idle === 'burn') continue;
        yield {
          message:
            `${owner} ${reservation.idle}s its idle budget on core ${schedule.core}, which runs ` +
            `EDF: expected idle burn, found ${reservation.idle}`,
          help: 'set idle: burn, or let the core run fixed priorities',
          at: path,
          related: [{ message: 'the core runs EDF', at: ['config', 'schedule', index] }],
        };
      }
    }
  },
});

const cpuScheduleUnused = defineRule({
  code: 'CPU-SCHEDULE-UNUSED',
  severity: 'warning',
  title: 'Validate that a schedule is for a core on which somebody has a budget.',
  reason: 'It changes nothing: the number of the core may be a slip.',
  source: 'Practice: dead data in published configurations',
  example: { before: 'schedule: { core: 3, policy: edf }   # core 3 is whole', after: 'core: 2' },
  *violations(context) {
    const groups = groupByCore(iterateReservations(context));
    for (const [index, { core }] of context.configuration.schedules.entries()) {
      if (groups.has(core)) continue;
      yield {
        message: `schedule of core ${core} decides nothing: nobody has a budget on that core`,
        help: 'remove it, or name the shared core',
        at: ['config', 'schedule', index],
      };
    }
  },
});

const cpuAlone = defineRule({
  code: 'CPU-ALONE',
  severity: 'warning',
  title: 'Validate that a core with budgets is shared.',
  reason: 'The only reservation of a core is throttled for nobody: the rest of the core idles.',
  source: 'A whole core has no throttle wait',
  example: { before: '{ core: 2, budget: 1ms, period: 5ms, priority: 1 }', after: '{ core: 2 }' },
  *violations(context) {
    for (const [core, group] of groupByCore(iterateCpus(context))) {
      const [only, ...others] = group;
      if (only?.cpu.reservation === undefined || only.cpu.reservation === null) continue;
      if (others.length > 0 || only.cpu.reservation.slack) continue;
      yield {
        message:
          `${only.owner} is alone on core ${core} and gets ${formatShare(only.cpu.reservation)} ` +
          'of it only',
        help: 'remove budget and period, or the table, to give it the whole core',
        at: only.path,
      };
    }
  },
});

const cpuAffinityTwice = defineRule({
  code: 'CPU-AFFINITY-TWICE',
  title: 'Validate that no two cores of the platform have one affinity.',
  reason: 'Interrupts and SGIs for one of them arrive at the other.',
  source: 'MPIDR_EL1; GICD_IROUTER and ICC_SGI1R_EL1 address cores by affinity',
  example: { before: 'mpidr: 0x0 and mpidr: 0x0', after: 'mpidr: 0x0 and mpidr: 0x100' },
  *violations({ configuration }) {
    const seen = new Map<number, { id: number; index: number }>();
    for (const [index, { affinity, id }] of configuration.platform.cores.entries()) {
      if (affinity === null) continue;
      const first = seen.get(affinity);
      if (first === undefined) {
        seen.set(affinity, { id, index });
        continue;
      }
      yield {
        message:
          `cores ${first.id} and ${id} both have affinity 0x${affinity.toString(16)}: ` +
          'expected different ones',
        help: 'correct mpidr in the platform file (i.MX95 counts in Aff1: 0x0, 0x100, …)',
        at: ['platform', 'cores', index],
        related: [{ message: `core ${first.id} is here`, at: ['platform', 'cores', first.index] }],
      };
    }
  },
});

/** The rules on cores and reservations. */
export const CPU_RULES: readonly Rule[] = [
  cpuNone,
  cpuCoreTwice,
  cpuWholeShared,
  cpuFirmware,
  cpuNoEl2Shared,
  cpuMixed,
  cpuBudgetZero,
  cpuBudgetPeriod,
  cpuPhase,
  cpuTicks,
  cpuOvercommitted,
  cpuPriorityTwice,
  cpuBudgetMinimum,
  cpuDelayImpossible,
  cpuEdfIdle,
  cpuScheduleUnused,
  cpuAlone,
  cpuAffinityTwice,
];
