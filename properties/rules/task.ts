/** CPU: tasks inside partitions. */

import type { Path, Task } from '../../model/configuration.ts';
import { formatDuration, formatList } from './describe.ts';
import { computeSum, formatPercent, isGreater } from './fraction.ts';
import { defineRule, type Rule, type RuleContext } from './rule.ts';

/** A task with its partition and place. */
export interface PlacedTask {
  readonly task: Task;
  readonly partition: number;
  readonly owner: string;
  readonly path: Path;
}

/** Every task, in the order of the configuration. */
export function* iterateTasks({ configuration }: RuleContext): Generator<PlacedTask> {
  for (const [partition, { name, tasks }] of configuration.partitions.entries()) {
    for (const [index, task] of tasks.entries()) {
      const path: Path = ['config', 'partitions', partition, 'tasks', index];
      yield { task, partition, owner: name, path };
    }
  }
}

/** Tasks that run on the same virtual CPU. */
function groupTasks(context: RuleContext): PlacedTask[][] {
  const groups = new Map<string, PlacedTask[]>();
  for (const placed of iterateTasks(context)) {
    const key = `${placed.partition}:${placed.task.core}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [placed]);
    else group.push(placed);
  }
  return [...groups.values()];
}

const taskCore = defineRule({
  code: 'CPU-TASK-CORE',
  title: 'Validate that a task runs on a core of its partition.',
  reason: 'There is no virtual CPU that could run it.',
  source: 'No migration: a task is pinned to a virtual CPU',
  example: { before: 'cpus: [{ core: 2 }], task on core: 1', after: 'task on core: 2' },
  *violations(context) {
    for (const { task, partition, owner, path } of iterateTasks(context)) {
      const cpus = context.configuration.partitions[partition]?.cpus ?? [];
      if (cpus.some((cpu) => cpu.core === task.core)) continue;
      const cores = cpus.map((cpu) => String(cpu.core));
      yield {
        message:
          `task ${task.name} of ${owner} runs on core ${task.core}, which is not its own: ` +
          `expected ${cores.join(' or ') || 'a core of its own, but it has none'}`,
        help: 'name a core of the partition',
        at: [...path, 'core'],
      };
    }
  },
});

const taskTiming = defineRule({
  code: 'CPU-TASK-TIMING',
  title: 'Validate that execution time, deadline and period of a task are in that order.',
  reason: 'A task longer than its deadline misses it always; later deadlines overlap the next job.',
  source: 'Constrained deadlines: 0 < C <= D <= T',
  example: { before: 'wcet: 3ms, deadline: 2ms, period: 10ms', after: 'wcet: 1ms, deadline: 2ms' },
  *violations(context) {
    for (const { task, owner, path } of iterateTasks(context)) {
      const { wcetNs, deadlineNs, periodNs } = task;
      if (wcetNs > 0 && wcetNs <= deadlineNs && deadlineNs <= periodNs) continue;
      const key = wcetNs <= 0 || wcetNs > deadlineNs ? 'wcet' : 'deadline';
      yield {
        message:
          `task ${task.name} of ${owner} cannot keep its deadline: expected ` +
          `0 < wcet <= deadline <= period, found ${formatDuration(wcetNs)}, ` +
          `${formatDuration(deadlineNs)}, ${formatDuration(periodNs)}`,
        help: 'correct the value that is out of order',
        at: [...path, key],
      };
    }
  },
});

const taskUtilisation = defineRule({
  code: 'CPU-TASK-OVERLOAD',
  title: 'Validate that tasks need at most the share that their partition has of the core.',
  reason: 'The backlog grows without end, whatever their deadlines.',
  source: 'Necessary: sum of C / T <= Q / P, in exact arithmetic',
  example: {
    before: 'share 1ms of 5ms, task wcet 3ms period 10ms',
    after: 'share 1ms of 5ms, task wcet 1ms period 10ms',
  },
  *violations(context) {
    for (const group of groupTasks(context)) {
      const [first] = group;
      const last = group.at(-1);
      if (first === undefined || last === undefined) continue;
      const cpus = context.configuration.partitions[first.partition]?.cpus ?? [];
      const index = cpus.findIndex((cpu) => cpu.core === first.task.core);
      const cpu = cpus[index];
      if (cpu === undefined) continue;
      const share = cpu.reservation ?? { budgetNs: 1, periodNs: 1 };
      const supply = computeSum([{ part: share.budgetNs, whole: share.periodNs }]);
      const demand = computeSum(
        group.map(({ task }) => ({ part: task.wcetNs, whole: task.periodNs })),
      );
      if (!isGreater(demand, supply)) continue;
      const names = group.slice(0, 8).map(({ task }) => task.name);
      yield {
        message:
          `tasks of ${first.owner} on core ${first.task.core} need ${formatPercent(demand)}: ` +
          `expected at most ${formatPercent(supply)}, found ${formatList(names)}`,
        help: 'lengthen the budget, or give the tasks less to do',
        at: last.path,
        related: [
          {
            message: `${first.owner} has its share here`,
            at: ['config', 'partitions', first.partition, 'cpus', index],
          },
        ],
      };
    }
  },
});

/** Whether the virtual CPU of these tasks orders them by deadline, so that none has a priority. */
function isUnderEdf({ configuration }: RuleContext, [first]: readonly PlacedTask[]): boolean {
  if (first === undefined) return false;
  const cpus = configuration.partitions[first.partition]?.cpus ?? [];
  return cpus.find((cpu) => cpu.core === first.task.core)?.taskPolicy === 'edf';
}

const taskPriority = defineRule({
  code: 'CPU-TASK-PRIORITY',
  title: 'Validate that tasks of one virtual CPU under fixed priority have different ones.',
  reason: 'Response times are derived for a total order.',
  source: 'Fixed-priority response-time analysis',
  example: { before: 'priority: 3 and priority: 3', after: 'priority: 3 and priority: 2' },
  *violations(context) {
    for (const group of groupTasks(context).filter((tasks) => !isUnderEdf(context, tasks))) {
      const seen = new Map<number, PlacedTask>();
      for (const placed of group) {
        const first = seen.get(placed.task.priority);
        if (first === undefined) {
          seen.set(placed.task.priority, placed);
          continue;
        }
        yield {
          message:
            `tasks ${first.task.name} and ${placed.task.name} of ${placed.owner} both have ` +
            `priority ${placed.task.priority} on core ${placed.task.core}: ` +
            'expected different priorities',
          help: 'give the more urgent one the larger number',
          at: [...placed.path, 'priority'],
          related: [{ message: `${first.task.name} is here`, at: [...first.path, 'priority'] }],
        };
      }
    }
  },
});

/** The rules on tasks. */
export const TASK_RULES: readonly Rule[] = [taskCore, taskTiming, taskUtilisation, taskPriority];
