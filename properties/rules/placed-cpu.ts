/** Placed virtual CPUs: who has which share of which core, with the place that says so. */

import type { Core, Path, Reservation, VirtualCpu } from '../../model/configuration.ts';
import {
  computeNanosecondsCeil,
  computeTicksCeil,
  type CoreId,
  type Nanoseconds,
} from '../../model/units.ts';
import type { RelatedPlace } from '../findings.ts';
import { formatDuration } from './describe.ts';
import type { RuleContext } from './rule.ts';

/** A virtual CPU with its partition and place. */
export interface PlacedCpu {
  readonly cpu: VirtualCpu;
  readonly partition: number;
  readonly owner: string;
  readonly path: Path;
}

/** A virtual CPU that has a share of its core. */
export interface PlacedReservation extends PlacedCpu {
  readonly reservation: Reservation;
}

/** Every virtual CPU, in the order of the configuration. */
export function* iterateCpus({ configuration }: RuleContext): Generator<PlacedCpu> {
  for (const [partition, { name, cpus }] of configuration.partitions.entries()) {
    for (const [index, cpu] of cpus.entries()) {
      const path: Path = ['config', 'partitions', partition, 'cpus', index];
      yield { cpu, partition, owner: name, path };
    }
  }
}

/** Virtual CPUs that share their core, by budgets or by a table. */
export function* iterateReservations(context: RuleContext): Generator<PlacedReservation> {
  for (const placed of iterateCpus(context)) {
    const { reservation } = placed.cpu;
    if (reservation !== null) yield { ...placed, reservation };
  }
}

/** The same by core, in the order in which cores are first named. */
export function groupByCore<Placed extends PlacedCpu>(
  placed: Iterable<Placed>,
): Map<CoreId, Placed[]> {
  const groups = new Map<CoreId, Placed[]>();
  for (const item of placed) {
    const group = groups.get(item.cpu.core);
    if (group === undefined) groups.set(item.cpu.core, [item]);
    else group.push(item);
  }
  return groups;
}

/** The core of that id with its index; null where the platform has none. */
export function findCore(
  { configuration }: RuleContext,
  id: CoreId,
): { core: Core; index: number } | null {
  const index = configuration.platform.cores.findIndex((core) => core.id === id);
  const core = configuration.platform.cores[index];
  return core === undefined ? null : { core, index };
}

/**
 * Virtual CPUs that state a budget and a period. On a core with a table the slots say both, and the
 * rules of tables look at them.
 */
export function* iterateShares(context: RuleContext): Generator<PlacedReservation> {
  const { schedules } = context.configuration;
  const tables = new Set(
    schedules.filter(({ policy }) => policy === 'table').map(({ core }) => core),
  );
  for (const placed of iterateReservations(context)) {
    if (!tables.has(placed.cpu.core)) yield placed;
  }
}

/**
 * What an activation is charged, in nanoseconds: context switch and reload, each in whole ticks, as
 * the scheduler counts them. A budget or a slot that is not longer never serves anybody.
 */
export function computeActivation({ configuration }: RuleContext): Nanoseconds {
  const { contextSwitchNs, reloadNs } = configuration.hypervisor.overheads;
  const hz = configuration.platform.timerHz;
  if (hz <= 0) return 0 as Nanoseconds;
  return computeNanosecondsCeil(
    computeTicksCeil(contextSwitchNs, hz) + computeTicksCeil(reloadNs, hz),
    hz,
  );
}

/** The overheads that an activation is charged, beside a finding about who cannot pay them. */
export function relateActivation({ configuration }: RuleContext): RelatedPlace[] {
  const { contextSwitchNs, reloadNs } = configuration.hypervisor.overheads;
  const path: Path = ['config', 'hypervisor', 'overheads'];
  const places: RelatedPlace[] = [
    {
      message: `a context switch takes ${formatDuration(contextSwitchNs)}`,
      at: [...path, 'context-switch'],
    },
  ];
  if (reloadNs > 0) {
    const message = `a reload takes ${formatDuration(reloadNs)}`;
    places.push({ message, at: [...path, 'reload'] });
  }
  return places;
}

/** `1ms in every 5ms` */
export function formatShare({ budgetNs, periodNs }: Reservation): string {
  return `${formatDuration(budgetNs)} in every ${formatDuration(periodNs)}`;
}
