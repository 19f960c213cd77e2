/** Tasks: every job is done by its deadline, over the supply of the virtual CPU that it runs on. */

import type { StaticConfiguration } from '../../model/configuration.ts';
import { computeTicksFloor } from '../../model/units.ts';
import type { Finding } from '../../properties/findings.ts';
import type { Model, Obligation } from '../obligation.ts';
import {
  add,
  and,
  boolean,
  divide,
  equal,
  integerVariable,
  ite,
  less,
  lessOrEqual,
  multiply,
  or,
  type Term,
} from '../smt/term.ts';
import { TickOverflowError } from '../timing/arithmetic.ts';
import {
  computeMemberSupply,
  computeTaskBounds,
  findTaskMember,
  getTaskPolicy,
  isSchedulable,
  listSuppliedJobs,
  listSystemTasks,
  listUrgentTasks,
  type TaskBound,
  toTaskTicks,
} from '../timing/bounds.ts';
import { checkDeadlines, checkJobs } from '../timing/check-tasks.ts';
import { computeDelay, type ReservedSupply, splitDemand, type Supply } from '../timing/delay.ts';
import { formatNanoseconds, formatTicks } from '../timing/duration.ts';
import { encodeRun, RUN } from '../timing/encoding.ts';
import { computeResponse } from '../timing/response.ts';
import type { DeadlineTask } from '../timing/task-deadlines.ts';
import { computeJobDemand, type TaskTicks } from '../timing/tasks.ts';
import { getCodeOfClaim } from './claim.ts';
import { TASK } from './time-claims.ts';
import { explainReason, getCpuPath, listParties, readTicks } from './time-run.ts';

/** Variables of a job: ticks, and a number of whole budgets. */
const JOB = {
  /** From the start of the busy interval to the instant at which the job is looked at. */
  instant: integerVariable('instant'),
  /** Work of the partition that must be served before the job is done. */
  work: integerVariable('work'),
  /** Budgets that this work uses up whole. */
  budgets: integerVariable('budgets'),
  /** What it needs of the last one. */
  rest: integerVariable('rest'),
} as const;

/** One job of a busy interval: where it is late, and where the closed form says that it is done. */
interface Job {
  readonly count: number;
  /** Deadline from the start of the interval. */
  readonly due: number;
  /** Null: the closed form has no finish. */
  readonly finish: number | null;
}

/** What a task claims, resolved. */
interface TaskClaim {
  readonly bound: TaskBound;
  readonly own: TaskTicks;
  readonly urgent: readonly TaskTicks[];
  /** Null: nothing is known of its virtual CPU. */
  readonly supply: Supply | null;
  readonly jobs: readonly Job[];
  /** By deadlines: all tasks of the partition on the core; null by priority. */
  readonly tasks: readonly DeadlineTask[] | null;
  /** What runs before all of them: interrupts, stalls. */
  readonly system: readonly TaskTicks[];
}

/** Obligations of all tasks, in the order of the configuration. */
export function listTaskObligations(configuration: StaticConfiguration): Obligation[] {
  return computeTaskBounds(configuration).map((bound) =>
    proveTask(resolveTask(configuration, bound), configuration.platform.timerHz),
  );
}

function resolveTask(configuration: StaticConfiguration, bound: TaskBound): TaskClaim {
  const { partitionIndex, taskIndex } = bound;
  const task = configuration.partitions[partitionIndex]?.tasks[taskIndex];
  const place = findTaskMember(configuration, partitionIndex, bound.core);
  // `bound` was made from this task.
  if (task === undefined) throw new NoTaskError(bound.task);
  const own = toTaskTicks(configuration, task);
  const urgent = listUrgentTasks(configuration, partitionIndex, taskIndex);
  const supply = place === null ? null : findSupply(place.core, place.member);
  const deadline = bound.requiredTicks ?? 0;
  const responses = supply === null ? null : findJobs(own, urgent, supply);
  const jobs = responses ?? [{ finish: null }];
  const isDeadline = getTaskPolicy(configuration, partitionIndex, bound.core) === 'edf';
  return {
    bound,
    own,
    urgent,
    supply,
    tasks: isDeadline ? listDeadlineTasks(configuration, bound) : null,
    system: listSystemTasks(configuration, partitionIndex, bound.core),
    jobs: jobs.map(({ finish }, index) => ({
      count: index + 1,
      due: index * own.period - own.jitter + deadline,
      finish,
    })),
  };
}

function listDeadlineTasks(
  configuration: StaticConfiguration,
  { partitionIndex, core }: TaskBound,
): DeadlineTask[] {
  const tasks = configuration.partitions[partitionIndex]?.tasks ?? [];
  return tasks
    .filter((task) => task.core === core)
    .map((task) => ({
      ...toTaskTicks(configuration, task),
      deadline: computeTicksFloor(task.deadlineNs, configuration.platform.timerHz),
    }));
}

/**
 * A bound of a task that is not in the configuration: a slip in the list, never in a user's input.
 */
export class NoTaskError extends Error {
  constructor(task: string) {
    super(`no task ${task}`);
  }
}

function findSupply(...place: Parameters<typeof computeMemberSupply>): Supply | null {
  try {
    const result = computeMemberSupply(...place);
    return result.kind === 'supply' && isSchedulable(result.supply) ? result.supply : null;
  } catch (error) {
    if (error instanceof TickOverflowError) return null;
    throw error;
  }
}

function findJobs(
  own: TaskTicks,
  urgent: readonly TaskTicks[],
  supply: Supply,
): ReturnType<typeof listSuppliedJobs> {
  try {
    if ([own, ...urgent].some((task) => task.period < 1)) return null;
    return listSuppliedJobs(supply, own, urgent);
  } catch (error) {
    if (error instanceof TickOverflowError) return null;
    throw error;
  }
}

/** Over the slots of a table, and by deadlines, a checker decides; else a solver. */
function stateTask(
  claim: TaskClaim,
): Pick<Obligation, 'assume' | 'refute'> & Partial<Pick<Obligation, 'check'>> {
  const { own, urgent, supply, jobs, tasks, system, bound } = claim;
  const isSlotted = supply !== null && supply.kind !== 'whole-core' && supply.slots !== null;
  if (tasks === null && !isSlotted) {
    return {
      assume: [lessOrEqual(1, JOB.instant)],
      refute: or(jobs.map((job) => encodeLateJob(claim, job))),
    };
  }
  const check = (): string | null => {
    if (supply === null) return 'nothing is known of its virtual CPU';
    const delay = (demand: number): number | null => computeTicks(supply, demand);
    if (tasks !== null) return checkDeadlines(tasks, system, delay);
    const finishes = jobs.map(({ finish }) => finish ?? Infinity);
    return checkJobs(own, urgent, finishes, bound.requiredTicks ?? 0, delay);
  };
  return { assume: [], refute: boolean(check() !== null), check };
}

function computeTicks(supply: Supply, demand: number): number | null {
  try {
    const point = computeDelay(supply, demand);
    return point.kind === 'found' ? point.ticks : null;
  } catch (error) {
    if (error instanceof TickOverflowError) return null;
    throw error;
  }
}

function proveTask(claim: TaskClaim, timerHz: number): Obligation {
  const { bound } = claim;
  return {
    ...TASK,
    id: `${TASK.id}[${bound.partition}:${bound.task}]`,
    statement:
      `Every job of task ${bound.task} of ${bound.partition} is done within ` +
      `${formatNanoseconds(bound.requiredNs ?? 0)}, whatever other partitions do.`,
    ...stateTask(claim),
    decode: (model) => decodeJob(claim, model, timerHz),
    confirms: (configuration) => findBound(configuration, bound)?.verdict === 'violated',
    finding: (configuration) =>
      describeTask(configuration, findBound(configuration, bound) ?? bound, timerHz),
  };
}

function findBound(configuration: StaticConfiguration, bound: TaskBound): TaskBound | null {
  const same = computeTaskBounds(configuration).find(
    (entry) => entry.partitionIndex === bound.partitionIndex && entry.taskIndex === bound.taskIndex,
  );
  return same ?? null;
}

/** The job is not done when it is due, seen at the instant at which the closed form has it done. */
function encodeLateJob({ own, urgent, supply }: TaskClaim, job: Job): Term {
  const end = equal(integerVariable('end'), job.due);
  const look =
    job.finish === null
      ? integerVariable('end')
      : ite(lessOrEqual(integerVariable('end'), job.finish), integerVariable('end'), job.finish);
  const work = [
    equal(JOB.instant, look),
    equal(
      JOB.work,
      add(
        own.blocking + job.count * own.wcet,
        ...urgent.map(({ wcet, period, jitter }) =>
          multiply(wcet, divide(add(JOB.instant, jitter + period - 1), period)),
        ),
      ),
    ),
  ];
  const known = job.finish === null ? null : computeJobDemand(own, urgent, job.count, job.finish);
  return and([end, ...work, ...encodeUnserved(supply, known)]);
}

/** `work` is not served at `instant`; `known` is the work at the instant of the closed form. */
function encodeUnserved(supply: Supply | null, known: number | null): Term[] {
  if (supply === null) return [lessOrEqual(0, JOB.work)];
  if (supply.kind === 'whole-core') {
    return [...encodeRun(supply, null), equal(JOB.instant, RUN.window), less(RUN.served, JOB.work)];
  }
  const split = [
    equal(JOB.work, add(multiply(supply.usable, JOB.budgets), JOB.rest)),
    lessOrEqual(0, JOB.budgets),
    lessOrEqual(1, JOB.rest),
    lessOrEqual(JOB.rest, supply.usable),
  ];
  if (supply.kind === 'earliest-deadline') {
    return [...split, less(JOB.instant, encodeDeadlineFinish(supply))];
  }
  const cut = known === null ? null : findCut(supply, splitDemand(supply, known).rest);
  return [
    ...split,
    ...encodeRun(supply, cut),
    equal(JOB.instant, add(RUN.wait, multiply(supply.period, JOB.budgets), RUN.window)),
    less(RUN.served, add(JOB.rest, supply.activation)),
  ];
}

function findCut(supply: ReservedSupply, rest: number): number | null {
  const response = computeResponse(rest + supply.activation, supply.section, supply.parties);
  return response.kind === 'found' ? response.ticks : null;
}

/** The periodic resource model as a term: when `budgets` whole budgets and `rest` are served. */
function encodeDeadlineFinish(supply: ReservedSupply): Term {
  const { period, secure, activation, section, throttle } = supply;
  const demand = add(multiply(secure, JOB.budgets), JOB.rest, activation);
  const gaps = divide(add(demand, secure - 1), secure);
  const late = Math.max(0, throttle - (period - secure));
  return add(demand, multiply(period - secure, add(gaps, 1)), late, section);
}

function decodeJob(claim: TaskClaim, model: Model, timerHz: number) {
  const { bound } = claim;
  const instant = readTicks(model, JOB.instant);
  const work = readTicks(model, JOB.work);
  return {
    partition: bound.partition,
    task: bound.task,
    core: bound.core,
    deadline: formatNanoseconds(bound.requiredNs ?? 0),
    response: bound.boundTicks === null ? 'none' : formatTicks(bound.boundTicks, timerHz),
    ...(model.size === 0
      ? {}
      : {
          instant: `${instant} ticks (${formatTicks(instant, timerHz)})`,
          'work not served by then': `${work} ticks (${formatTicks(work, timerHz)})`,
        }),
  };
}

function describeTask(
  configuration: StaticConfiguration,
  bound: TaskBound,
  timerHz: number,
): Finding {
  const place = findTaskMember(configuration, bound.partitionIndex, bound.core);
  const supply = place === null ? null : findSupply(place.core, place.member);
  const found =
    bound.boundTicks === null
      ? `no bound, because ${explainReason(bound.reason ?? 'overload')}`
      : `up to ${formatTicks(bound.boundTicks, timerHz)}`;
  const others = place?.core.members.filter((member) => member !== place.member) ?? [];
  const urgent = listParties(supply).filter((party) => party.isUrgent);
  return {
    code: getCodeOfClaim(TASK),
    severity: 'error',
    message:
      `task ${bound.task} of ${bound.partition} on core ${bound.core} can be late: ` +
      `expected within ${formatNanoseconds(bound.requiredNs ?? 0)}, found ${found}`,
    help: TASK.help,
    at: ['config', 'partitions', bound.partitionIndex, 'tasks', bound.taskIndex, 'deadline'],
    related: [
      ...(place === null
        ? []
        : [{ message: 'its virtual CPU is here', at: getCpuPath(place.member) }]),
      ...urgent.flatMap((party) => {
        const other = others[party.other];
        return other === undefined
          ? []
          : [{ message: `${other.name} runs before it on this core`, at: getCpuPath(other) }];
      }),
    ],
  };
}
