/** Analysis of time: bounds with the runs that attain them, changes on trial, sensitivity. */

import { listTaskObligations } from '../solver/obligations/time-task.ts';
import { proveBounds, proveSchedulable } from '../solver/obligations/time-delay.ts';
import type { LoadedConfiguration } from '../formats/read.ts';
import { toDiagnostic } from '../formats/read.ts';
import type { StaticConfiguration } from '../model/configuration.ts';
import { computeNanosecondsCeil } from '../model/units.ts';
import { formatInteger, formatNanoseconds } from '../report/duration.ts';
import type { Chart } from '../report/gantt.ts';
import type { BoundRow, TimeScope } from '../report/report.ts';
import type { SensitivityRow, TimingBound, TimingRow, TimingTrace } from '../report/timing.ts';
import type { Obligation } from '../solver/obligation.ts';
import { computeUtilisationPpm } from '../solver/timing/arithmetic.ts';
import { computeTaskBounds } from '../solver/timing/bounds.ts';
import type { CoreBound } from '../solver/timing/certificate-types.ts';
import { computeCoreBounds } from '../solver/timing/core-bounds.ts';
import { type CoreMember, type CoreTicks, listCores } from '../solver/timing/reservation.ts';
import { computeSensitivity, type Requirement } from '../solver/timing/sensitivity.ts';
import { createTheatre, findWitness, type Witness } from '../solver/witness/construct.ts';
import type { Theatre } from '../solver/witness/construct.ts';
import { findTaskWitness } from '../solver/witness/tasks.ts';
import { describeLeftOut } from './left-out.ts';

/** A bound of the core with the run that comes closest to it. */
export interface WitnessedBound {
  readonly bound: CoreBound;
  readonly witness: Witness | null;
}

/** Every bound of a configuration, with runs where they are wanted. */
export function listWitnessedBounds(
  configuration: StaticConfiguration,
  isWitnessed: boolean,
): WitnessedBound[] {
  const bounds = computeCoreBounds(configuration);
  const theatre = isWitnessed ? createTheatre(configuration) : null;
  return bounds.map((bound) => ({ bound, witness: findFor(theatre, bound) }));
}

function findFor(theatre: Theatre | null, bound: CoreBound): Witness | null {
  return theatre === null ? null : findWitness(theatre, bound);
}

/** The bounds as rows of a report: all of them, or those that are required and the delays. */
export function listBoundRows(
  configuration: StaticConfiguration,
  bounds: readonly WitnessedBound[],
  isComplete: boolean,
): BoundRow[] {
  const { timerHz } = configuration.platform;
  const theatre = bounds.some(({ witness }) => witness !== null)
    ? createTheatre(configuration)
    : null;
  const rows = bounds.flatMap(({ bound, witness }): BoundRow[] => {
    const partition = configuration.partitions[bound.partition];
    const cpu = partition?.cpus[bound.cpuIndex];
    const required =
      bound.kind === 'delay'
        ? (cpu?.maxDelayNs ?? null)
        : bound.kind === 'latency'
          ? (cpu?.maxLatencyNs ?? null)
          : null;
    if (!isComplete && bound.kind !== 'delay' && required === null) return [];
    return [
      {
        partition: partition?.name ?? '',
        core: bound.core,
        task: null,
        kind: bound.kind,
        boundNs: bound.ticks === null ? null : computeNanosecondsCeil(bound.ticks, timerHz),
        requiredNs: required,
        witnessedNs: witness === null ? null : computeNanosecondsCeil(witness.ticks, timerHz),
        unwitnessed:
          theatre === null || witness !== null ? null : explainUnwitnessed(configuration, bound),
        method: bound.method,
      },
    ];
  });
  const tasks = computeTaskBounds(configuration).map((task): BoundRow => {
    const found = theatre === null ? null : findTaskWitness(theatre, configuration, task);
    return {
      partition: task.partition,
      core: task.core,
      task: task.task,
      kind: task.kind,
      boundNs: task.boundNs,
      requiredNs: task.requiredNs,
      witnessedNs: found?.kind === 'found' ? computeNanosecondsCeil(found.ticks, timerHz) : null,
      unwitnessed: found?.kind === 'none' ? found.reason : null,
      method: null,
    };
  });
  return [...rows, ...tasks];
}

/** Why no run shows a bound, though runs were looked for. */
function explainUnwitnessed(
  { platform, partitions }: StaticConfiguration,
  bound: CoreBound,
): string {
  if (bound.ticks === null) return 'there is no bound';
  if (platform.cores.some(({ id, el2 }) => id === bound.core && !el2)) {
    return 'nothing on that core is under EL2';
  }
  const devices = partitions[bound.partition]?.devices ?? [];
  const isInterrupted = devices.some(
    ({ device }) => (platform.devices[device]?.irqs.length ?? 0) > 0,
  );
  return bound.kind === 'latency' && !isInterrupted
    ? 'no line interrupts the partition'
    : 'no run was found that shows it';
}

/** What is said below the bounds of a configuration. */
export function describeScope(configuration: StaticConfiguration): TimeScope {
  const { hypervisor, bandwidth } = configuration;
  const { contextSwitchNs, reloadNs, timerNs, interruptNs, longestSectionNs } =
    hypervisor.overheads;
  const cores = bandwidth.map(({ core }) => core);
  const [switching, reload, timer, interrupt, section] = [
    contextSwitchNs,
    reloadNs,
    timerNs,
    interruptNs,
    longestSectionNs,
  ].map(formatNanoseconds);
  const whose = `${cores.length === 1 ? 'core' : 'cores'} ${cores.join(', ')}`;
  return {
    assumed:
      `EL2 takes at most ${switching} for a switch, ${reload} for caches, ${timer} for its ` +
      `timer, ${interrupt} for an interrupt, and ${section} for a section with interrupts ` +
      "masked; these are the configuration's, not measured." +
      describeLeftOut(configuration),
    bus:
      cores.length === 0
        ? 'Bounds are of time on the core: interference on the bus, in shared caches and in ' +
          'memory is outside of the claim (no bandwidth is configured).'
        : `Accesses of ${whose} are regulated, and their stalls are in the response times of ` +
          'tasks; interference between other cores, and in shared caches, is outside of the claim.',
  };
}

/** One row for each virtual CPU. */
export function listTimingRows(
  configuration: StaticConfiguration,
  bounds: readonly WitnessedBound[],
): TimingRow[] {
  return listCores(configuration).flatMap((core) =>
    core.members.map((member) => {
      const own = bounds.filter(
        ({ bound }) =>
          bound.core === core.core &&
          bound.partition === member.partition &&
          bound.cpuIndex === member.cpu,
      );
      return createTimingRow(configuration, core, member, own);
    }),
  );
}

function createTimingRow(
  { partitions }: StaticConfiguration,
  core: CoreTicks,
  member: CoreMember,
  own: readonly WitnessedBound[],
): TimingRow {
  const pick = (kind: CoreBound['kind']): TimingBound | null => {
    const found = own.find(({ bound }) => bound.kind === kind);
    return found === undefined ? null : toTimingBound(found, core.timerHz);
  };
  const cpu = partitions[member.partition]?.cpus[member.cpu];
  const { reservation } = member;
  const whole = reservation === null;
  return {
    core: core.core,
    partition: member.name,
    policy: whole ? 'whole' : core.policy,
    utilisationPpm:
      whole || reservation.period < 1 ? 1_000_000 : computeUtilisationPpm([reservation]),
    delay: pick('delay') ?? NO_BOUND,
    fullBudget: pick('full-budget'),
    inContract: pick('in-contract') ?? NO_BOUND,
    latency: pick('latency') ?? NO_BOUND,
    requiredNs: cpu?.maxDelayNs ?? null,
    requiredLatencyNs: cpu?.maxLatencyNs ?? null,
  };
}

const NO_BOUND: TimingBound = {
  ticks: null,
  ns: null,
  method: '-',
  witnessedTicks: null,
  witnessedNs: null,
};

function toTimingBound({ bound, witness }: WitnessedBound, timerHz: number): TimingBound {
  const { ticks, method } = bound;
  return {
    ticks,
    ns: ticks === null ? null : computeNanosecondsCeil(ticks, timerHz),
    method,
    witnessedTicks: witness?.ticks ?? null,
    witnessedNs: witness === null ? null : computeNanosecondsCeil(witness.ticks, timerHz),
  };
}

/** Requirements of time that the configuration does not meet, decided without a solver. */
export function listRefuted(configuration: StaticConfiguration): Obligation[] {
  const placed = listCores(configuration).flatMap((core) =>
    core.members.map((member) => ({ core, member })),
  );
  const obligations = [
    ...placed.flatMap((each) => [proveSchedulable(each), ...proveBounds(configuration, each)]),
    ...listTaskObligations(configuration),
  ];
  return obligations.flatMap((obligation) =>
    obligation !== null && obligation.confirms(configuration, {}) ? [obligation] : [],
  );
}

/** A refuted requirement as a diagnostic in the words of the proof. */
export function describeRefuted(
  loaded: LoadedConfiguration,
  configuration: StaticConfiguration,
  obligation: Obligation,
): ReturnType<typeof toDiagnostic> {
  return toDiagnostic(loaded, obligation.finding(configuration, {}));
}

/** The chart of a run. */
export function createChart(
  configuration: StaticConfiguration,
  { bound, witness }: { readonly bound: CoreBound; readonly witness: Witness },
): Chart {
  const { replay, wait, stage } = witness;
  const residents = stage.plan.cores[stage.core]?.residents ?? [];
  return {
    rows: residents.map(({ partition }, index) => ({
      name: configuration.partitions[partition]?.name ?? '',
      replenished: replay.tracks[index]?.replenished ?? [],
      ready: replay.tracks[index]?.ready ?? [],
    })),
    stretches: replay.stretches,
    waiter: residents.findIndex(
      ({ partition, vcpu }) => partition === bound.partition && vcpu === bound.cpuIndex,
    ),
    wait,
  };
}

/** Title of a run that exceeds what is required. */
export function createTrace(
  configuration: StaticConfiguration,
  refuted: { readonly bound: CoreBound; readonly witness: Witness; readonly required: number },
  file: string | null,
): Omit<TimingTrace, 'note'> {
  const { bound, witness, required } = refuted;
  const name = configuration.partitions[bound.partition]?.name ?? '';
  const what = bound.kind === 'latency' ? 'has its interrupt waiting' : 'is ready and waits';
  return {
    title:
      `${name} on core ${bound.core} ${what} for ${formatInteger(witness.ticks)} ticks; ` +
      `required are at most ${formatInteger(required)}, ` +
      `proved are at most ${formatInteger(bound.ticks ?? 0)}`,
    chart: createChart(configuration, refuted),
    file,
  };
}

/** How far budgets and requirements can go. */
export function listSensitivity(configuration: StaticConfiguration): SensitivityRow[] {
  const { timerHz } = configuration.platform;
  const { budgets, requirements } = computeSensitivity(configuration);
  const nameOf = (partition: number, core: number): string =>
    `${configuration.partitions[partition]?.name ?? ''} on core ${core}`;
  const format = (ticks: number): number => computeNanosecondsCeil(ticks, timerHz);
  const formatDown = (ticks: number): number =>
    Number((BigInt(ticks) * 1_000_000_000n) / BigInt(timerHz));
  const describe = (broken: readonly Requirement[]): string =>
    [...new Set(broken.map(({ kind, partition, core }) => `${kind} of ${nameOf(partition, core)}`))]
      .slice(0, 3)
      .join(', ');
  return [
    ...budgets.map(
      ({ partition, core, budget, least, most, breaksAbove, breaksBelow }): SensitivityRow => {
        const above = describe(breaksAbove);
        const below = describe(breaksBelow);
        const parts = [
          ...(below === '' ? [] : [`below: ${below}`]),
          above === '' ? 'above: nothing, it is the whole period' : `above: ${above}`,
        ];
        return {
          what: `budget of ${nameOf(partition, core)}`,
          nowNs: format(budget),
          leastNs: format(least),
          mostNs: formatDown(most),
          breaks: parts.join('; '),
        };
      },
    ),
    ...requirements.flatMap(({ kind, partition, core, task, required, least, holds }) => {
      if (required === null) return [];
      const tasks = configuration.partitions[partition]?.tasks ?? [];
      const whose = task === null ? '' : ` of task ${tasks[task]?.name ?? ''}`;
      const row: SensitivityRow = {
        what: `${kind}${whose} of ${nameOf(partition, core)}`,
        nowNs: format(required),
        leastNs: holds && least !== null ? format(least) : null,
        mostNs: null,
        breaks: holds ? 'itself' : 'it does not hold as it is',
      };
      return [row];
    }),
  ];
}
