/** IRQ and CPU: how often lines are asserted, what that costs, and how soon they are served. */

import type { InterruptRate, Path, StaticConfiguration } from '../../model/configuration.ts';
import { computeTicksCeil, computeTicksFloor } from '../../model/units.ts';
import type { RelatedPlace } from '../findings.ts';
import { formatDuration, formatList } from './describe.ts';
import { findCore, formatShare, iterateCpus, iterateReservations } from './placed-cpu.ts';
import { defineRule, type Rule, type RuleContext } from './rule.ts';

const STORMS = 'Regehr and Duongsaa, Preventing interrupt overload, LCTES 2005';

/** A rate with its partition and place. */
interface PlacedRate {
  readonly rate: InterruptRate;
  readonly partition: number;
  readonly owner: string;
  readonly path: Path;
}

function* iterateRates({ configuration }: RuleContext): Generator<PlacedRate> {
  for (const [partition, { name, interruptRates }] of configuration.partitions.entries()) {
    for (const [index, rate] of interruptRates.entries()) {
      const path: Path = ['config', 'partitions', partition, 'interrupt-rates', index];
      yield { rate, partition, owner: name, path };
    }
  }
}

/** Physical lines of the devices of a partition. */
function listLines({ platform, partitions }: StaticConfiguration, partition: number): number[] {
  const devices = partitions[partition]?.devices ?? [];
  return devices.flatMap(({ device }) => platform.devices[device]?.irqs ?? []);
}

/** Whether anything interrupts a partition: a line, a message of a device, a doorbell. */
function isInterrupted(configuration: StaticConfiguration, partition: number): boolean {
  const { platform, partitions, channels } = configuration;
  if (listLines(configuration, partition).length > 0) return true;
  const devices = partitions[partition]?.devices ?? [];
  return (
    devices.some(({ device }) => (platform.devices[device]?.itsDeviceIds.length ?? 0) > 0) ||
    channels.some(({ notify }) => notify.some(({ to }) => to === partition))
  );
}

const rateOwner = defineRule({
  code: 'IRQ-RATE-OWNER',
  title: 'Validate that a partition states rates of its own lines only.',
  reason: 'The number is a slip: the line that was meant is counted as if it never came.',
  source: 'GICD_IROUTER: a line goes to its owner, and costs nobody else time',
  example: {
    before: 'devices: [uart0], interrupt-rates: [{ irq: 40, … }]',
    after: 'interrupt-rates: [{ irq: 33, … }]   # uart0',
  },
  *violations(context) {
    const { configuration } = context;
    const lines = configuration.partitions.map(
      (_, index) => new Set(listLines(configuration, index)),
    );
    for (const { rate, partition, owner, path } of iterateRates(context)) {
      if (lines[partition]?.has(rate.irq) === true) continue;
      const known = [...(lines[partition] ?? [])].slice(0, 8).map(String);
      yield {
        message:
          `rate of INTID ${rate.irq} stands with ${owner}, which does not own the line: ` +
          `expected ${known.join(' or ') || 'a line of its own, but it has none'}`,
        help: 'name a line of a device of the partition',
        at: [...path, 'irq'],
        related: relateLineOwner(configuration, rate, lines),
      };
    }
  },
});

/** The partition that owns the line instead, if any. */
function relateLineOwner(
  { partitions }: StaticConfiguration,
  { irq }: InterruptRate,
  lines: readonly ReadonlySet<number>[],
): RelatedPlace[] {
  const owner = lines.findIndex((own) => own.has(irq));
  const name = partitions[owner]?.name;
  if (name === undefined) return [];
  const at: Path = ['config', 'partitions', owner, 'devices'];
  return [{ message: `${name} owns the line by its devices`, at }];
}

const rateTwice = defineRule({
  code: 'IRQ-RATE-TWICE',
  title: 'Validate that a line has one rate.',
  reason: 'Which of two rates counts is not decided; both would count the line twice.',
  source: 'Practice: duplicates in published configurations',
  example: {
    before: 'interrupt-rates: [{ irq: 33, … }, { irq: 33, … }]',
    after: 'interrupt-rates: [{ irq: 33, … }]',
  },
  *violations(context) {
    const seen = new Map<number, PlacedRate>();
    for (const placed of iterateRates(context)) {
      const { irq } = placed.rate;
      const first = seen.get(irq);
      if (first === undefined) {
        seen.set(irq, placed);
        continue;
      }
      yield {
        message: `INTID ${irq} has two rates: expected one`,
        help: 'keep the one with the shorter distance',
        at: placed.path,
        related: [{ message: `the first rate, of ${first.owner}, is here`, at: first.path }],
      };
    }
  },
});

const rateDistance = defineRule({
  code: 'IRQ-RATE-DISTANCE',
  title: 'Validate that assertions of a line have a distance greater than zero.',
  reason:
    'Without a distance any number of interrupts comes at once, and nothing bounds their cost.',
  source: `${STORMS}: a minimum distance per line`,
  example: { before: 'distance: 0us', after: 'distance: 1ms' },
  *violations(context) {
    for (const { rate, owner, path } of iterateRates(context)) {
      if (rate.distanceNs > 0) continue;
      yield {
        message:
          `distance of INTID ${rate.irq} of ${owner} is empty: expected more than 0, ` +
          `found ${formatDuration(rate.distanceNs)}`,
        help: 'state the shortest time between two assertions, or remove the rate',
        at: [...path, 'distance'],
      };
    }
  },
});

/** Assertions in a window of any begin, at most: `ceil((window + jitter) / distance)`. */
function countAssertions({ distanceNs, jitterNs }: InterruptRate, windowNs: number): bigint {
  const distance = BigInt(distanceNs);
  return (BigInt(windowNs) + BigInt(jitterNs) + distance - 1n) / distance;
}

const rateDemand = defineRule({
  code: 'CPU-RATE-DEMAND',
  title: 'Validate that taking interrupts costs a reservation at most its budget.',
  reason: 'Delivery is bounded, the queue is not: interrupts come faster than they are taken.',
  source: `${STORMS}; sum of ceil((P + jitter) / distance) * interrupt <= Q, in whole ticks`,
  example: {
    before: 'budget: 1ms, period: 5ms, interrupt: 2us, distance: 5us',
    after: 'distance: 100us',
  },
  *violations(context) {
    const { hypervisor, platform } = context.configuration;
    const { interruptNs } = hypervisor.overheads;
    const cost = BigInt(computeTicksCeil(interruptNs, platform.timerHz));
    for (const { cpu, partition, owner, path, reservation } of iterateReservations(context)) {
      const rates = context.configuration.partitions[partition]?.interruptRates ?? [];
      const counted = rates.filter(({ distanceNs }) => distanceNs > 0);
      // A guest may route every line of its own to this virtual CPU.
      const count = counted.reduce(
        (sum, rate) => sum + countAssertions(rate, reservation.periodNs),
        0n,
      );
      const budget = BigInt(computeTicksFloor(reservation.budgetNs, platform.timerHz));
      if (count * cost <= budget) continue;
      const lines = counted.slice(0, 8).map(({ irq }) => String(irq));
      yield {
        message:
          `${owner} has ${formatShare(reservation)} of core ${cpu.core}, and INTID ` +
          `${formatList(lines)} interrupt it up to ${count} times in a period for ` +
          `${formatDuration(interruptNs)} each: expected at most ` +
          formatDuration(reservation.budgetNs),
        help: 'lengthen the budget, or make the device interrupt less often',
        at: [...path, 'budget'],
        related: [
          {
            message: 'the rates are here',
            at: ['config', 'partitions', partition, 'interrupt-rates'],
          },
        ],
      };
    }
  },
});

const latencyLine = defineRule({
  code: 'CPU-LATENCY-LINE',
  severity: 'warning',
  title: 'Validate that a latency is required where an interrupt can arrive.',
  reason: 'There is nothing to be late: the core or the device that was meant may be a slip.',
  source: 'GICD_IROUTER: a line goes to a core of its owner; a core beside the GIC takes none',
  example: {
    before: 'cpus: [{ core: 2, …, max-latency: 1ms }], devices: []',
    after: 'devices: [uart1]',
  },
  *violations(context) {
    const { configuration } = context;
    for (const { cpu, partition, owner, path } of iterateCpus(context)) {
      const key = cpu.maxLatencyNs === null ? 'in-contract' : 'max-latency';
      if (cpu.maxLatencyNs === null && !cpu.inContract) continue;
      const core = findCore(context, cpu.core)?.core;
      const isBehindGic = core === undefined || core.affinity !== null;
      if (isBehindGic && isInterrupted(configuration, partition)) continue;
      yield {
        message:
          `${key} of ${owner} on core ${cpu.core} is for interrupts that cannot arrive: expected ` +
          (isBehindGic
            ? `a line that ${owner} owns, found none`
            : `a core behind the GIC, found a ${core.type}`),
        help: `remove ${key}, or give the partition the device that interrupts it`,
        at: [...path, key],
      };
    }
  },
});

/** The rules on rates and latencies of interrupts. */
export const RATE_RULES: readonly Rule[] = [
  rateOwner,
  rateTwice,
  rateDistance,
  rateDemand,
  latencyLine,
];
