/**
 * Runs for the response times of tasks: the virtual CPU gets its work served as late as it can, on
 * the executable spec, and the tasks are put on what it gets.
 *
 * Tasks are not in the spec: a guest orders them. All that are as urgent are released at the
 * instant from which the virtual CPU waits, with their longest execution times, and again with
 * their periods; so is the one that is asked about, and what is less urgent has just begun to
 * block. It is done when the run has served all of that.
 */

import type { StaticConfiguration } from '../../model/configuration.ts';
import { TickOverflowError } from '../timing/arithmetic.ts';
import {
  computeMemberSupply,
  findTaskMember,
  getTaskPolicy,
  listSuppliedJobs,
  listSystemTasks,
  listUrgentTasks,
  type TaskBound,
  toTaskTicks,
} from '../timing/bounds.ts';
import type { CoreBound } from '../timing/certificate-types.ts';
import { computeDelay } from '../timing/delay.ts';
import type { CoreMember } from '../timing/reservation.ts';
import { computeJobDemand, type TaskTicks } from '../timing/tasks.ts';
import { findWitness, type Theatre, type Witness } from './construct.ts';
import type { Stretch } from './replay.ts';

/** A run in which a task takes so long, or why there is none. */
export type TaskWitness =
  | {
      readonly kind: 'found';
      /** Its response in the run, own jitter included: at most the bound. */
      readonly ticks: number;
      readonly witness: Witness;
    }
  | { readonly kind: 'none'; readonly reason: string };

/** Candidates tried for one task: each is as long as all the work that is asked for. */
const CANDIDATES_MAX = 8;

function none(reason: string): TaskWitness {
  return { kind: 'none', reason };
}

/** The longest response of a task that a replayed run shows. */
export function findTaskWitness(
  theatre: Theatre,
  configuration: StaticConfiguration,
  bound: TaskBound,
): TaskWitness {
  const { partitionIndex, taskIndex, core } = bound;
  if (bound.boundTicks === null) return none('it has no bound');
  const task = configuration.partitions[partitionIndex]?.tasks[taskIndex];
  const place = findTaskMember(configuration, partitionIndex, core);
  if (task === undefined || place === null) return none('it has no core');
  if (getTaskPolicy(configuration, partitionIndex, core) === 'edf') {
    return none('of tasks by deadlines it is only known that all are met');
  }
  if (configuration.bandwidth.some((each) => each.core === core)) {
    return none('the spec knows no stalls of memory');
  }
  if (!isUnderEl2(configuration, core)) return none('nothing on that core is under EL2');
  const system = listSystemTasks(configuration, partitionIndex, core);
  const all = listUrgentTasks(configuration, partitionIndex, taskIndex);
  // Interrupts are left out: the run has none, so it shows a shorter response.
  const urgent = all.slice(0, all.length - system.length);
  const own = toTaskTicks(configuration, task);
  const { member } = place;
  const whole = computeWork(place, own, urgent);
  if (whole === null) return none('its work has no bound');
  const asked: CoreBound = {
    core,
    partition: partitionIndex,
    cpuIndex: member.cpu,
    kind: 'full-budget',
    demand: whole.demand,
    ticks: whole.ticks,
    method: 'closed',
    certificate: null,
    reason: null,
  };
  const witness = findWitness(theatre, asked, CANDIDATES_MAX);
  if (witness === null) return none('no run was found that serves its work');
  const ticks = measureResponse(witness, member, own, urgent);
  return ticks === null
    ? none('no run was found that serves its work')
    : { kind: 'found', ticks, witness };
}

function isUnderEl2({ platform }: StaticConfiguration, core: TaskBound['core']): boolean {
  return platform.cores.some(({ id, el2 }) => id === core && el2);
}

/** Ticks that must be served before the first job is done at the latest, and how late that is. */
function computeWork(
  { core, member }: NonNullable<ReturnType<typeof findTaskMember>>,
  own: TaskTicks,
  urgent: readonly TaskTicks[],
): { readonly demand: number; readonly ticks: number } | null {
  try {
    const result = computeMemberSupply(core, member);
    if (result.kind === 'none') return null;
    const [first] = listSuppliedJobs(result.supply, own, urgent) ?? [];
    if (first === undefined) return null;
    const demand = computeJobDemand(own, urgent, 1, first.finish);
    const point = computeDelay(result.supply, demand);
    return point.kind === 'none' ? null : { demand, ticks: point.ticks };
  } catch (error) {
    if (error instanceof TickOverflowError) return null;
    throw error;
  }
}

/** When the run has served the job and all that is released before that; null where it ends. */
function measureResponse(
  { wait, replay, stage }: Witness,
  member: CoreMember,
  own: TaskTicks,
  urgent: readonly TaskTicks[],
): number | null {
  const residents = stage.plan.cores[stage.core]?.residents ?? [];
  const index = residents.findIndex(
    ({ partition, vcpu }) => partition === member.partition && vcpu === member.cpu,
  );
  const resident = residents[index];
  const isServed = ({ by, kind }: Stretch): boolean =>
    by === index &&
    (kind === 'run' || kind === 'slack' || (kind === 'section' && resident?.dedicated !== true));
  let served = 0;
  for (const stretch of replay.stretches) {
    const from = Math.max(stretch.from, wait.from);
    if (!isServed(stretch) || stretch.to <= from) continue;
    // Within a stretch all that was released before its end is asked for, whenever it comes.
    for (let now = from; now < stretch.to;) {
      const missing = computeJobDemand(own, urgent, 1, now - wait.from) - served;
      const step = Math.min(Math.max(1, missing), stretch.to - now);
      served += step;
      now += step;
      const left = computeJobDemand(own, urgent, 1, now - wait.from) - served;
      if (left <= 0) return now - wait.from + own.jitter;
    }
  }
  return null;
}
