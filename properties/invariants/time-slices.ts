/**
 * Slices: what the monitors of time measure, which is the clock and who runs.
 */

import type { Action, ActionKind } from '../../model/actions.ts';
import type { CoreState, Machine } from '../../model/machine.ts';
import type { PlannedCore, Plan, Resident } from '../../model/plan.ts';
import type { Context, Violation } from '../property.ts';

/** Actions that can change who runs, who is ready or what is charged: the others never do. */
export const SCHEDULING_KINDS: readonly ActionKind[] = [
  'boot',
  'cpu-on',
  'cpu-off',
  'system-reset',
  'wait',
  'notify',
  'section',
  'distributor',
  'send-sgi',
  'arm-timer',
  'dma-issue',
  'line-assert',
  'line-deassert',
  'msi',
  'interrupt-take',
  'interrupt-acknowledge',
  'interrupt-end',
  'time-passes',
];

/** A core as it was before the step that just ended. */
export interface Slice {
  clock: number;
  /** Index into the core's residents; -1 for nobody. */
  running: number;
  /** Rest of the section at EL2, ticks. */
  section: number;
  slack: boolean;
  /** Executing guest instructions rather than EL2 on its behalf. */
  executing: boolean;
  /** The time that passes is taken from the budget of who runs. */
  charged: boolean;
}

/** Path of the virtual CPU that a resident is. */
export function pathOf(resident: Resident): Violation['at'] {
  return ['config', 'partitions', resident.partition, 'cpus', resident.vcpu];
}

/** Name of the partition of a resident. */
export function nameOf(context: Context, resident: Resident | undefined): string {
  return context.configuration.partitions[resident?.partition ?? -1]?.name ?? 'nobody';
}

/** One slice for each core. */
export function createSlices({ machine }: { readonly machine: Machine }): Slice[] {
  return machine.cores.map(() => ({
    clock: 0,
    running: -1,
    section: 0,
    slack: false,
    executing: false,
    charged: false,
  }));
}

/** Remembers a core as it is. */
export function recordCore(planned: PlannedCore, core: CoreState, slice: Slice): void {
  slice.clock = core.clock;
  slice.running = core.running;
  slice.section = core.section;
  slice.slack = core.slack;
  slice.executing = core.section === 0 && core.loaded === core.running;
  slice.charged =
    !core.slack &&
    core.running >= 0 &&
    planned.policy !== 'table' &&
    planned.residents[core.running]?.dedicated === false;
}

/** Remembers a core before time passes on it. */
export function recordSlice(context: Context, slices: readonly Slice[], action: Action): void {
  if (action.kind !== 'time-passes') return;
  const planned = context.plan.cores[action.core];
  const core = context.machine.cores[action.core];
  const slice = slices[action.core];
  if (planned === undefined || core === undefined || slice === undefined) return;
  recordCore(planned, core, slice);
}

/** Whether a core is shared by reservations or by the slots of a table, and by nothing else. */
export function isShared({ el2, residents }: PlannedCore): boolean {
  return el2 && residents.length > 0 && residents.every(({ dedicated }) => !dedicated);
}

/** Whether some core is shared by reservations. */
export function hasReservations(plan: Plan): boolean {
  return plan.cores.some((planned) => isShared(planned) && planned.policy !== 'table');
}
