/**
 * Operands: the numbers at which a configuration can break, for generators that love boundaries.
 */

import type { Plan } from '../../model/plan.ts';
import { TIMER_LINE } from '../../model/time.ts';
import { IPA_END, PAGE_SIZE } from '../../model/units.ts';

/** Pools from which the fields of actions are drawn; none is empty where nothing else is said. */
export interface Operands {
  /** Indices of cores that partitions use. */
  readonly cores: readonly number[];
  /** Those of them without EL2; may be empty. */
  readonly bareCores: readonly number[];
  /** IPAs of the first and last page of each mapping of anybody, and of its last byte. */
  readonly mappedIpas: readonly number[];
  /** IPAs beside them, and the ends of the space. */
  readonly strayIpas: readonly number[];
  /** Physical addresses: the same for physical ranges, hypervisor and devices included. */
  readonly pas: readonly number[];
  readonly ownedStreams: readonly number[];
  readonly strayStreams: readonly number[];
  /** Lines that some partition has, its timer and some SGIs. */
  readonly ownedLines: readonly number[];
  /** Lines at the ends of words and ranges. */
  readonly strayLines: readonly number[];
  readonly vcpus: readonly number[];
  readonly doorbells: readonly number[];
  /**
   * Amounts of time: one tick, budgets and periods with neighbours, and more than any event is
   * away.
   */
  readonly ticks: readonly number[];
  /** Sections at EL2, the longest that may be and longer ones. */
  readonly sections: readonly number[];
}

/** Of an address within a page, bytes: odd, so that it is aligned to nothing. */
const BYTE_OFFSET = 5;

/** Collects the operands of a plan. */
export function collectOperands(plan: Plan): Operands {
  const mappings = plan.partitions.flatMap(({ stage2, dma, firewall }) => [
    ...stage2,
    ...dma,
    ...firewall,
  ]);
  const { configuration } = plan;
  const protectedRanges = [
    ...configuration.hypervisor.memory,
    configuration.platform.interrupts.distributor,
    configuration.platform.interrupts.redistributors,
    ...(configuration.platform.iommu === null ? [] : [configuration.platform.iommu]),
    ...(configuration.platform.firewall?.managers ?? []),
  ];
  const residents = plan.cores.flatMap((core) => core.residents);
  const owned = plan.routes.filter(({ partition }) => partition >= 0).map(({ intId }) => intId);
  const virtual = plan.partitions.flatMap(({ lines }) => lines.map(({ intId }) => intId));
  const spiPast = plan.spiFirst + plan.routes.length;
  return {
    cores: pool(plan.cores.flatMap((core, index) => (core.used ? [index] : []))),
    bareCores: plan.cores.flatMap(({ el2, used }, index) => (used && !el2 ? [index] : [])),
    mappedIpas: pool(
      mappings.flatMap(({ ipa, size }) => [ipa, ipa + size - PAGE_SIZE, ipa + size - 1]),
    ),
    strayIpas: pool([
      ...mappings.flatMap(({ ipa, size }) => [ipa - PAGE_SIZE, ipa + size]),
      0,
      IPA_END,
    ]),
    pas: pool([
      ...edges(mappings.map(({ pa, size }) => ({ base: pa, size }))),
      ...edges(protectedRanges),
      ...plan.cores.flatMap(({ aliases }) => edges(aliases.map(localRange))),
    ]),
    ownedStreams: pool(plan.streams.map(({ stream }) => stream)),
    strayStreams: pool(unownedStreams(plan)),
    ownedLines: pool([...owned, ...virtual, 0, 1, TIMER_LINE]),
    strayLines: pool([15, 16, 31, 32, 63, 64, 1019, 1020, spiPast - 1, spiPast]),
    vcpus: pool([0, 1, 2, Math.max(0, ...plan.partitions.map(({ vcpus }) => vcpus.length))]),
    doorbells: pool([0, 1, ...plan.partitions.map(({ doorbells }) => doorbells.length)]),
    ticks: pool([
      1,
      plan.activationTicks + 1,
      ...residents.flatMap(({ budget, period }) => [budget - 1, budget, period, 4 * period]),
    ]),
    sections: pool([
      1,
      plan.sectionTicks,
      plan.sectionTicks + 1,
      2 * (plan.sectionTicks + plan.activationTicks),
    ]),
  };
}

function localRange(alias: { readonly local: number; readonly size: number }): {
  base: number;
  size: number;
} {
  return { base: alias.local, size: alias.size };
}

/** First and last page of each range, the pages on either side, and bytes within. */
function edges(ranges: readonly { readonly base: number; readonly size: number }[]): number[] {
  return ranges.flatMap(({ base, size }) => [
    base,
    base + size - PAGE_SIZE,
    base + size,
    base - PAGE_SIZE,
    base + BYTE_OFFSET,
    base + size - 1,
  ]);
}

function unownedStreams(plan: Plan): number[] {
  const owned = new Set<number>(plan.streams.map(({ stream }) => stream));
  const bits = plan.configuration.platform.iommu?.streamIdBits ?? 0;
  const others = plan.configuration.platform.devices.flatMap(({ streams }) => [...streams]);
  const some = others.filter((stream) => !owned.has(stream)).slice(0, 2);
  return [...some, ...[...owned].map((stream) => stream + 1), 2 ** bits - 1].filter(
    (stream) => !owned.has(stream),
  );
}

/** Distinct non-negative safe integers, ascending; never empty. */
function pool(values: readonly number[]): readonly number[] {
  const kept = [...new Set(values)].filter((value) => Number.isSafeInteger(value) && value >= 0);
  return kept.length === 0 ? [0] : kept.sort((a, b) => a - b);
}
