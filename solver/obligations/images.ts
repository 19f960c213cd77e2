/**
 * Images: the tables that boot of the executable spec leaves behind, which obligations reason
 * about.
 *
 * Grants come from the configuration, images from the machine: an obligation compares the two, so
 * that a slip in the code that builds tables is found, and not repeated.
 */

import type { StaticConfiguration } from '../../model/configuration.ts';
import { processBoot } from '../../model/boot.ts';
import { createMachine } from '../../model/machine.ts';
import type { Machine, TableEntry } from '../../model/machine.ts';
import { createPlan } from '../../model/plan.ts';
import type { Mapping, Plan, PlannedPartition } from '../../model/plan.ts';

/** A stream table entry with the table that it walks. */
export interface StreamImage {
  readonly stream: number;
  /** Index of the partition whose table is walked. */
  readonly partition: number;
  readonly table: readonly TableEntry[];
}

/** A physical line that somebody has, with its route. */
export interface RouteImage {
  readonly line: number;
  /** Index of the partition that gets it. */
  readonly partition: number;
  /** Index of the core that the route names, -1 for none. */
  readonly core: number;
}

/** What stands in the tables after the last boot step. */
export interface Images {
  readonly plan: Plan;
  /** Per partition: stage 2 as its cores see it; empty for one that stage 2 does not hold. */
  readonly stage2: readonly (readonly TableEntry[])[];
  readonly streams: readonly StreamImage[];
  readonly routes: readonly RouteImage[];
  /** Per partition: what the bus firewall lets through. */
  readonly firewall: readonly (readonly Mapping[])[];
  /** Per partition: whom it may ring, and with which virtual INTID. */
  readonly doorbells: readonly PlannedPartition['doorbells'][];
}

const known = new WeakMap<StaticConfiguration, Images>();

/** Boots the spec under a configuration and reads its tables; remembered per configuration. */
export function getImages(configuration: StaticConfiguration): Images {
  const remembered = known.get(configuration);
  if (remembered !== undefined) return remembered;
  const plan = createPlan(configuration);
  const machine = createMachine(plan);
  bootAll(plan, machine);
  const images = readImages(plan, machine);
  known.set(configuration, images);
  return images;
}

/** What a machine that has booted by this plan has in its tables. */
export function readImages(plan: Plan, machine: Machine): Images {
  return {
    plan,
    stage2: machine.stage2,
    streams: machine.smmu.streams
      .filter((entry) => entry.valid && entry.translate)
      .map(({ stream, table }) => ({
        stream,
        partition: table,
        table: machine.smmu.tables[table] ?? [],
      })),
    routes: machine.gic.lines.flatMap((line, index) => {
      const route = { line: plan.spiFirst + index, partition: line.owner, core: line.core };
      return line.owner === -1 ? [] : [route];
    }),
    firewall: plan.partitions.map((partition) => partition.firewall),
    doorbells: plan.partitions.map((partition) => partition.doorbells),
  };
}

/**
 * Makes obligations about a configuration speak of these tables instead of those that boot builds:
 * tables read from elsewhere, or spoilt on purpose to see that an obligation falls.
 */
export function replaceImages(configuration: StaticConfiguration, images: Images): void {
  known.set(configuration, images);
}

/** Takes every core through every step; the boot core leads. */
function bootAll(plan: Plan, machine: Machine): void {
  const others = plan.cores.flatMap((_, core) => (core === plan.bootCore ? [] : [core]));
  const order = plan.bootCore === -1 ? others : [plan.bootCore, ...others];
  for (const core of order) {
    let outcome = processBoot(plan, machine, { kind: 'boot', core, fails: false });
    while (outcome === 'DONE') {
      outcome = processBoot(plan, machine, { kind: 'boot', core, fails: false });
    }
  }
}
