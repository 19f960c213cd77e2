/** Obligations of cores: whole cores are exclusive, shared cores are not overcommitted. */

import type { Path, StaticConfiguration } from '../../model/configuration.ts';
import type { Obligation } from '../obligation.ts';
import { add, and, equal, integerVariable, less, multiply } from '../smt/term.ts';
import type { Claim } from './claim.ts';
import { createFinding } from './claim.ts';
import { proveContained } from './contained.ts';
import { proveEveryEntry } from './every-entry.ts';
import { proveExclusive } from './exclusive.ts';
import type { Claimant } from './exclusive.ts';
import { getPartitionName } from './grants.ts';
import { CORE, only } from './spy.ts';

const EXCLUSIVE: Claim = {
  id: 'cpu.exclusive',
  statement: 'A whole core is named by one virtual CPU; a core of the firmware by none.',
  formula:
    'for every core c: at most one of {each whole claim of c, all reservations on c ' +
    'together, the firmware} holds',
  source: 'design rule: a core is either dedicated or shared by budgets',
  help: 'give both partitions a budget and a period on the core, or one of them another core',
};
const PINNED_ONCE: Claim = {
  id: 'cpu.pinned-once',
  statement: 'A partition has at most one virtual CPU on a core.',
  formula: 'for every core c: at most one virtual CPU of the partition is on c',
  source: 'a virtual CPU is pinned; two on one core would share one budget account',
  help: 'remove one of the two, or move it to another core',
};
const EXISTS: Claim = {
  id: 'cpu.exists',
  statement: 'Every virtual CPU is on a core that the platform has.',
  formula: 'for every core c that is named: c is a core of the platform',
  source: 'platform file, key cores',
  help: 'name a core of the platform',
};
const SHARED_EL2: Claim = {
  id: 'cpu.shared-needs-el2',
  statement: 'Only cores with EL2 are shared by budgets.',
  formula: 'for every reservation: its core has EL2',
  source: 'the scheduler runs at EL2: Arm DDI 0487 D1',
  help: 'give the core whole to one partition',
};
const UTILISATION: Claim = {
  id: 'cpu.utilisation',
  statement: 'Budgets on a shared core do not add up to more than the core.',
  formula: 'sum over the reservations of the core of budget / period <= 1, in exact integers',
  source: 'Liu and Layland 1973: utilisation at most 1 is necessary for any schedule',
  help: 'lower a budget or lengthen a period',
};

/** Claims of this file. */
export const CPU_CLAIMS: readonly Claim[] = [
  EXCLUSIVE,
  PINNED_ONCE,
  EXISTS,
  SHARED_EL2,
  UTILISATION,
];

/** Obligations about cores: two for the configuration, one per partition, one per shared core. */
export function listCpuObligations(configuration: StaticConfiguration): (Obligation | null)[] {
  const shared = new Set(
    listCpus(configuration).flatMap((cpu) => (cpu.isShared ? [cpu.core] : [])),
  );
  return [
    proveExclusive(configuration, {
      claim: EXCLUSIVE,
      instance: null,
      spy: CORE,
      list: listCoreClaimants,
    }),
    proveContained(configuration, {
      claim: EXISTS,
      instance: null,
      spy: CORE,
      reached: (given) =>
        listCpus(given).map(({ core, label, path }) => ({
          label,
          path,
          access: null,
          ...only(core),
        })),
      allowed: ({ platform }) => platform.cores.map(({ id }) => ({ access: null, ...only(id) })),
      expected: 'the cores of the platform',
    }),
    proveSharedHaveEl2(configuration),
    ...configuration.partitions.map((partition, index) =>
      proveExclusive(configuration, {
        claim: PINNED_ONCE,
        instance: partition.name,
        spy: CORE,
        list: (given) =>
          listCpus(given)
            .filter((cpu) => cpu.partition === index)
            .map(({ core, vcpu, label, path }) => ({
              party: String(vcpu),
              label: `virtual CPU ${vcpu}, ${label}`,
              path,
              ...only(core),
            })),
      }),
    ),
    ...[...shared].sort((a, b) => a - b).map((core) => proveUtilisation(configuration, core)),
  ];
}

/** A virtual CPU and where it is. */
interface PlacedCpu {
  readonly partition: number;
  readonly vcpu: number;
  readonly core: number;
  readonly isShared: boolean;
  readonly budget: bigint;
  readonly period: bigint;
  readonly label: string;
  readonly path: Path;
}

function listCpus(configuration: StaticConfiguration): PlacedCpu[] {
  return configuration.partitions.flatMap((partition, index) =>
    partition.cpus.map((cpu, vcpu) => ({
      partition: index,
      vcpu,
      core: cpu.core,
      isShared: cpu.reservation !== null,
      budget: BigInt(cpu.reservation?.budgetNs ?? 0),
      period: BigInt(cpu.reservation?.periodNs ?? 0),
      label: `core ${cpu.core} of ${partition.name}`,
      path: ['config', 'partitions', index, 'cpus', vcpu] as const,
    })),
  );
}

/**
 * Reservations of one core are one party: they may share it. A whole claim is a party of its own.
 */
function listCoreClaimants(configuration: StaticConfiguration): Claimant[] {
  const claims = listCpus(configuration).map(
    ({ partition, vcpu, core, isShared, label, path }) => ({
      party: isShared ? 'reservations' : `${partition}.${vcpu}`,
      label: isShared ? `the reservation on ${label}` : `whole ${label}`,
      path,
      ...only(core),
    }),
  );
  const firmware = configuration.platform.cores.flatMap((core, index) => {
    const path: Path = ['platform', 'cores', index];
    const label = `core ${core.id} of the firmware`;
    return core.firmware ? [{ party: 'firmware', label, path, ...only(core.id) }] : [];
  });
  return [...claims, ...firmware];
}

function hasEl2(configuration: StaticConfiguration, id: number): number {
  return Number(configuration.platform.cores.some((core) => core.id === id && core.el2));
}

function proveSharedHaveEl2(configuration: StaticConfiguration): Obligation | null {
  return proveEveryEntry(configuration, {
    claim: SHARED_EL2,
    instance: null,
    list: (given) =>
      listCpus(given).map(({ core, isShared, label, path }) => ({
        fields: { core, shared: Number(isShared), el2: hasEl2(given, core) },
        label,
        path,
        complaint: `core ${core} has no EL2, so that nobody enforces a budget on it`,
      })),
    refute: (field) => and([equal(field('shared'), 1), equal(field('el2'), 0)]),
    isBroken: ({ shared, el2 }) => shared === 1 && el2 === 0,
  });
}

/**
 * The share of each reservation is a variable: period * share = budget * L with L the common
 * multiple of the periods, so that shares are whole and no division is needed; refuted when they
 * add up to more than L.
 */
function proveUtilisation(configuration: StaticConfiguration, core: number): Obligation {
  const list = (given: StaticConfiguration): PlacedCpu[] =>
    listCpus(given).filter((cpu) => cpu.core === core && cpu.isShared);
  const residents = list(configuration);
  const whole = computeCommonMultiple(residents);
  const shares = residents.map(({ partition, vcpu }) =>
    integerVariable(`share.${partition}.${vcpu}`),
  );
  return {
    ...UTILISATION,
    id: `${UTILISATION.id}[core ${core}]`,
    assume: residents.map(({ budget, period }, index) => {
      const share = shares[index] ?? 0;
      return period === 0n
        ? equal(share, whole + 1n)
        : equal(multiply(period, share), budget * whole);
    }),
    refute: less(whole, add(...shares)),
    decode: () => {
      const [sum, total] = computeShares(residents);
      return { core, sum: sum.toString(), whole: total.toString() };
    },
    confirms: (given, witness) => {
      const [sum, total] = computeShares(list(given));
      return witness['core'] === core && sum > total;
    },
    finding: (given) => {
      const [first, second] = list(given);
      const terms = list(given).map(
        (cpu) => `${getPartitionName(given, cpu.partition)} ${cpu.budget} ns / ${cpu.period} ns`,
      );
      const [sum, total] = computeShares(list(given));
      const percent = Number((sum * 10_000n) / total) / 100;
      const message = `core ${core} is promised ${percent} % of its time: ${terms.join(' + ')}`;
      return createFinding(UTILISATION, message, first ?? NOWHERE, second ?? null);
    },
  };
}

/** A core is shared only by a reservation, so that there always is a first. */
const NOWHERE = { label: 'the configuration', path: ['config'] as Path };

/**
 * Common multiple of the periods; a period of zero is left out and its share is more than the core.
 */
function computeCommonMultiple(residents: readonly PlacedCpu[]): bigint {
  return residents.reduce((multiple, { period }) => computeMultiple(multiple, period), 1n);
}

function computeMultiple(a: bigint, b: bigint): bigint {
  if (b === 0n) return a;
  let [larger, smaller] = [a, b];
  while (smaller !== 0n) [larger, smaller] = [smaller, larger % smaller];
  return (a / larger) * b;
}

/** Sum of budget / period as a fraction: numerator over the common multiple, and that multiple. */
function computeShares(residents: readonly PlacedCpu[]): readonly [bigint, bigint] {
  const whole = computeCommonMultiple(residents);
  const sum = residents.reduce(
    (shares, { budget, period }) =>
      shares + (period === 0n ? whole + 1n : (budget * whole) / period),
    0n,
  );
  return [sum, whole];
}
