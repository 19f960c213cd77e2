/** CPU: regulated bandwidth, so many accesses to memory of a core in each period. */

import type { Path, Regulation } from '../../model/configuration.ts';
import type { CoreId } from '../../model/units.ts';
import { formatDuration, formatList } from './describe.ts';
import { findCore, groupByCore, iterateCpus } from './placed-cpu.ts';
import { defineRule, type Rule, type RuleContext, type Violation } from './rule.ts';
import { iterateTasks } from './task.ts';

const MEMGUARD = 'Yun et al., MemGuard, RTAS 2013 and IEEE TC 2016';

/** The regulation of a core with its place. */
interface PlacedRegulation {
  readonly regulation: Regulation;
  readonly path: Path;
}

function* iterateRegulations({ configuration }: RuleContext): Generator<PlacedRegulation> {
  for (const [index, regulation] of configuration.bandwidth.entries()) {
    yield { regulation, path: ['config', 'bandwidth', index] };
  }
}

/** Cores of the list, each with the place that regulates it first. */
function indexRegulations(context: RuleContext): Map<CoreId, Path> {
  const places = new Map<CoreId, Path>();
  for (const { regulation, path } of iterateRegulations(context)) {
    if (!places.has(regulation.core)) places.set(regulation.core, path);
  }
  return places;
}

/** `1000 accesses of 200ns` */
function formatAccesses({ accesses, accessMaxNs }: Regulation): string {
  return `${accesses} accesses of ${formatDuration(accessMaxNs)}`;
}

/** Time that the accesses of a period take at most, ns; exact where a product leaves 2^53. */
function computeBusy({ accesses, accessMaxNs }: Regulation): bigint {
  return BigInt(accesses) * BigInt(accessMaxNs);
}

/** A duration that may not fit a double: shown in nanoseconds there. */
function formatExact(nanoseconds: bigint): string {
  return nanoseconds <= BigInt(Number.MAX_SAFE_INTEGER)
    ? formatDuration(Number(nanoseconds))
    : `${nanoseconds}ns`;
}

const bandwidthCore = defineRule({
  code: 'CPU-BANDWIDTH-CORE',
  title: 'Validate that each regulated core is one under EL2, and is regulated once.',
  reason: 'EL2 stops a core by the overflow interrupt of its counter; two budgets have no meaning.',
  source: `${MEMGUARD}: a performance counter per core`,
  example: {
    before: 'bandwidth: [{ core: 2, … }, { core: 2, … }]',
    after: 'bandwidth: [{ core: 2, … }, { core: 3, … }]',
  },
  *violations(context) {
    const seen = new Map<CoreId, Path>();
    for (const { regulation, path } of iterateRegulations(context)) {
      const { core } = regulation;
      const first = seen.get(core);
      seen.set(core, first ?? path);
      if (first !== undefined) {
        yield {
          message: `bandwidth of core ${core} is regulated twice: expected one entry`,
          help: 'remove one of the entries, or name another core',
          at: [...path, 'core'],
          related: [{ message: `core ${core} is regulated first here`, at: first }],
        };
      }
      const found = findCore(context, core);
      if (found?.core.el2 === true && !found.core.firmware) continue;
      const why = found === null ? 'which does not exist' : `a ${found.core.type} without EL2`;
      yield {
        message: `bandwidth regulates core ${core}, ${why}: expected a core under EL2`,
        help: 'remove the entry, or name another core',
        at: [...path, 'core'],
        related:
          found === null
            ? []
            : [
                {
                  message: `core ${core} is described here`,
                  at: ['platform', 'cores', found.index],
                },
              ],
      };
    }
  },
});

const bandwidthRange = defineRule({
  code: 'CPU-BANDWIDTH-RANGE',
  title: 'Validate that the accesses of a regulated core fit its period.',
  reason: 'More than fit would never be stopped; none at all would stop the core for ever.',
  source: `${MEMGUARD}: 1 <= q, 0 < L_min <= L_max, q * L_max <= T`,
  example: {
    before: 'accesses: 10000, period: 1ms, access-max: 200ns',
    after: 'accesses: 1000, period: 1ms, access-max: 200ns',
  },
  *violations(context) {
    for (const { regulation, path } of iterateRegulations(context)) {
      const violation = findRangeViolation(regulation, path);
      if (violation !== null) yield violation;
    }
  },
});

function findRangeViolation(regulation: Regulation, path: Path): Violation | null {
  const { core, accesses, periodNs, accessMinNs, accessMaxNs } = regulation;
  if (accesses < 1) {
    return {
      message: `core ${core} has no access in its period: expected at least 1, found ${accesses}`,
      help: 'state how many accesses the core has in each period',
      at: [...path, 'accesses'],
    };
  }
  if (accessMinNs <= 0 || accessMinNs > accessMaxNs) {
    return {
      message:
        `times of an access of core ${core} are out of order: expected ` +
        '0 < access-min <= access-max, ' +
        `found ${formatDuration(accessMinNs)} and ${formatDuration(accessMaxNs)}`,
      help: 'state the shortest and the longest time of one access',
      at: [...path, 'access-min'],
    };
  }
  const busy = computeBusy(regulation);
  if (busy <= BigInt(periodNs)) return null;
  return {
    message:
      `${formatAccesses(regulation)} of core ${core} are longer than its period: expected at ` +
      `most ${formatDuration(periodNs)}, found ${formatExact(busy)}`,
    help: 'give the core fewer accesses, or a longer period',
    at: [...path, 'accesses'],
    related: [{ message: `the period is ${formatDuration(periodNs)}`, at: [...path, 'period'] }],
  };
}

const bandwidthTotal = defineRule({
  code: 'CPU-BANDWIDTH-TOTAL',
  title: 'Validate that the accesses of all regulated cores fit the shortest period together.',
  reason: 'The memory falls behind, and no time bounds an access any more.',
  source: `${MEMGUARD}: admission, sum of q * L_max <= T, in exact arithmetic`,
  example: {
    before: 'two cores, each accesses: 3000, period: 1ms, access-max: 200ns',
    after: 'two cores, each accesses: 2000, period: 1ms, access-max: 200ns',
  },
  *violations(context) {
    const placed = [...iterateRegulations(context)];
    const [first, ...others] = placed;
    if (first === undefined || others.length === 0) return;
    // A core may spend all that it has at once, so that a longer period of its own is no relief.
    const shortest = others.reduce(
      (least, one) => (one.regulation.periodNs < least.regulation.periodNs ? one : least),
      first,
    );
    const sum = placed.reduce((total, { regulation }) => total + computeBusy(regulation), 0n);
    const last = placed.at(-1);
    if (last === undefined || sum <= BigInt(shortest.regulation.periodNs)) return;
    const parts = placed
      .slice(0, 8)
      .map(({ regulation }) => `${formatAccesses(regulation)} of core ${regulation.core}`);
    const omitted = placed.length > 8 ? [`${placed.length - 8} more`] : [];
    yield {
      message:
        `accesses of all regulated cores take ${formatExact(sum)}: expected at most the shortest ` +
        `period, ${formatDuration(shortest.regulation.periodNs)}, ` +
        `found ${formatList([...parts, ...omitted])}`,
      help: 'give a core fewer accesses, or lengthen the shortest period',
      at: last.path,
      related: placed.slice(0, Math.min(8, placed.length - 1)).map(({ regulation, path }) => ({
        message: `core ${regulation.core} is regulated here`,
        at: path,
      })),
    };
  },
});

const bandwidthUnregulated = defineRule({
  code: 'CPU-BANDWIDTH-UNREGULATED',
  severity: 'warning',
  title: 'Validate that where cores are regulated, every core of a partition is.',
  reason: 'The longest time of an access holds while all cores are regulated, and no longer.',
  source: `${MEMGUARD}: the guaranteed bandwidth is shared by budgets that cover all masters`,
  example: {
    before: 'cores 0 and 2 in use, bandwidth: [{ core: 2, … }]',
    after: 'bandwidth: [{ core: 0, … }, { core: 2, … }]',
  },
  *violations(context) {
    const places = indexRegulations(context);
    if (places.size === 0) return;
    for (const [core, group] of groupByCore(iterateCpus(context))) {
      const [first] = group;
      if (first === undefined || places.has(core)) continue;
      yield {
        message:
          `core ${core} of ${first.owner} is not regulated while others are: expected an entry ` +
          'of bandwidth for it',
        help: 'regulate it too; a core without EL2 has to be counted in access-max',
        at: first.path,
        related: [{ message: 'bandwidth is regulated here', at: ['config', 'bandwidth'] }],
      };
    }
  },
});

const taskAccesses = defineRule({
  code: 'CPU-TASK-ACCESSES',
  title: 'Validate that tasks state accesses exactly on cores of regulated bandwidth.',
  reason: 'Where the core may stall they count; elsewhere nothing bounds the time that they take.',
  source: `${MEMGUARD}: a job of e ticks and m accesses stalls at most 1 + floor(m / q) times`,
  example: {
    before: 'task on core: 2, accesses: 500, no bandwidth of core 2',
    after: 'bandwidth: [{ core: 2, … }]',
  },
  *violations(context) {
    const places = indexRegulations(context);
    for (const { task, owner, partition, path } of iterateTasks(context)) {
      const regulation = places.get(task.core);
      if (task.accesses > 0 && regulation === undefined) {
        const cpus = context.configuration.partitions[partition]?.cpus ?? [];
        const index = cpus.findIndex((cpu) => cpu.core === task.core);
        const cpu: Path = ['config', 'partitions', partition, 'cpus', index];
        const message = `${owner} has its cpu on core ${task.core} here`;
        yield {
          message:
            `task ${task.name} of ${owner} states ${task.accesses} accesses on core ` +
            `${task.core}, which is not regulated: expected an entry of bandwidth for the core`,
          help: `regulate core ${task.core}, or remove accesses`,
          at: [...path, 'accesses'],
          related: index === -1 ? [] : [{ message, at: cpu }],
        };
      }
      if (task.accesses === 0 && regulation !== undefined) {
        yield {
          message:
            `task ${task.name} of ${owner} states no accesses on core ${task.core}, which is ` +
            'regulated: expected at least 1',
          help: 'add accesses: the most that one job has',
          at: path,
          related: [{ message: `core ${task.core} is regulated here`, at: regulation }],
        };
      }
    }
  },
});

/** The rules on regulated bandwidth. */
export const BANDWIDTH_RULES: readonly Rule[] = [
  bandwidthCore,
  bandwidthRange,
  bandwidthTotal,
  bandwidthUnregulated,
  taskAccesses,
];
