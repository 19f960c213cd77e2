/**
 * Programs: what the residents of one core do, each on its own, and the actions that come of it on
 * the executable spec.
 *
 * A command is looked at when its resident executes. Nothing here decides who runs: that is the
 * spec's, so that a trace built from programs is one that the spec really shows.
 */

import type { Action } from '../../model/actions.ts';
import { checkExecuting, getVcpuOf } from '../../model/execution.ts';
import type { Machine } from '../../model/machine.ts';
import type { Plan, Resident } from '../../model/plan.ts';
import { step } from '../../model/step.ts';
import { computeTicksToEvent, TIMER_LINE } from '../../model/time.ts';

/** One thing that a resident does; instants are ticks of its core's clock. */
export type Command =
  /** Waits for its timer to fire; goes on at once where the instant has passed. */
  | { readonly kind: 'sleep'; readonly until: number }
  /** Waits for one of its lines, which is asserted then; where it has none, for its timer. */
  | { readonly kind: 'doze'; readonly until: number }
  /** Goes to sleep and is woken at the same instant, where it has a line; else a tick later. */
  | { readonly kind: 'blink' }
  /** Executes until then. */
  | { readonly kind: 'run'; readonly until: number }
  /** Executes until it has no more budget than this, or until then. */
  | { readonly kind: 'spend'; readonly left: number; readonly until: number }
  /** Has EL2 work for it for as long as it may. */
  | { readonly kind: 'section' }
  /** Its line is asserted while it executes. */
  | { readonly kind: 'ring' }
  /** Has EL2 take the interrupt of its line. */
  | { readonly kind: 'take' }
  /** Executes from now on; each budget ends with a section. */
  | { readonly kind: 'overrun' }
  /** Executes from now on. */
  | { readonly kind: 'stay' };

/** A core on which programs run, and how the machine gets there. */
export interface Stage {
  readonly plan: Plan;
  /** Actions from reset to a machine in which every virtual CPU is on. */
  readonly boot: readonly Action[];
  /** Index into `plan.cores`. */
  readonly core: number;
}

/** Programs under way. */
interface Show {
  readonly stage: Stage;
  readonly machine: Machine;
  readonly programs: readonly (readonly Command[])[];
  /** Per resident: index of its next command. */
  readonly cursors: number[];
  readonly isPrepared: boolean[];
  /** Lines to be asserted. */
  readonly alarms: { readonly at: number; readonly intId: number }[];
}

/** Actions after which programs are given up. */
const ACTIONS_MAX = 20_000;

/** The line of its own that a resident uses to be woken; undefined where it has none. */
export function findOwnLine(plan: Plan, { partition }: Resident): number | undefined {
  return plan.partitions[partition]?.lines.find(({ physical }) => physical)?.intId;
}

/** Runs programs, one for each resident, from boot to an instant of the core; null if too long. */
export function perform(
  stage: Stage,
  machine: Machine,
  programs: readonly (readonly Command[])[],
  until: number,
): Action[] | null {
  const show: Show = {
    stage,
    machine,
    programs,
    cursors: programs.map(() => 0),
    isPrepared: programs.map(() => false),
    alarms: [],
  };
  const actions: Action[] = [];
  const { plan, core } = stage;
  while (actions.length < ACTIONS_MAX) {
    const clock = machine.cores[core]?.clock ?? until;
    if (clock >= until) return actions;
    for (const action of listNext(show, until)) {
      if (action.kind === 'time-passes' && !Number.isFinite(action.ticks)) return actions;
      step(plan, machine, action);
      actions.push(action);
    }
  }
  return null;
}

/** What happens next: what takes no time, or time until something may change. */
function listNext(show: Show, until: number): Action[] {
  const { stage, machine, alarms } = show;
  const { plan, core } = stage;
  const state = machine.cores[core];
  if (state === undefined) return [{ kind: 'time-passes', core, ticks: Infinity }];
  const [alarm] = alarms;
  if (alarm !== undefined && alarm.at <= state.clock) {
    alarms.shift();
    return [{ kind: 'line-assert', intId: alarm.intId }];
  }
  let ticks = Math.min(until, alarm?.at ?? Infinity) - state.clock;
  if (checkExecuting(plan, machine, core) === 'DONE') {
    const chosen = obey(show, state.running);
    if (typeof chosen !== 'number') return chosen;
    ticks = Math.min(ticks, chosen);
  }
  const event = computeTicksToEvent(plan, machine, core);
  return [{ kind: 'time-passes', core, ticks: Math.min(ticks, event) }];
}

/** What an executing resident does now, or for how long it executes. */
function obey(show: Show, index: number): Action[] | number {
  const { machine, stage, programs, cursors } = show;
  const { plan, core } = stage;
  const resident = plan.cores[core]?.residents[index];
  const state = machine.cores[core];
  const program = programs[index] ?? [];
  if (resident === undefined || state === undefined) return Infinity;
  const setup = prepare(show, index, resident);
  if (setup.length > 0) return setup;
  const clock = state.clock;
  const budget = state.accounts[index]?.budget ?? 0;
  for (;;) {
    const command = program[cursors[index] ?? 0];
    if (command === undefined) return Infinity;
    if (command.kind === 'stay') return Infinity;
    if (command.kind === 'overrun') {
      if (budget > 1 || state.slack) return state.slack ? Infinity : budget - 1;
      return plan.sectionTicks > 0 ? [{ kind: 'section', core, ticks: plan.sectionTicks }] : 1;
    }
    if (command.kind === 'run' && clock < command.until) return command.until - clock;
    if (command.kind === 'spend' && clock < command.until && budget > command.left) {
      return Math.min(command.until - clock, state.slack ? Infinity : budget - command.left);
    }
    cursors[index] = (cursors[index] ?? 0) + 1;
    const actions = listInstant(show, resident, command, clock);
    if (actions.length > 0) return actions;
  }
}

/** Before anything else a resident enables its timer's line, and one of its own on its core. */
function prepare(
  { stage, machine, isPrepared }: Show,
  index: number,
  resident: Resident,
): Action[] {
  const { plan, core } = stage;
  const timer = getVcpuOf(machine, resident)?.privateLines[TIMER_LINE];
  const operate = (
    operation: 'enable' | 'clear-pending' | 'route',
    intId: number,
    vcpu = 0,
  ): Action => ({ kind: 'distributor', core, operation, intId, vcpu });
  if (isPrepared[index] === true) {
    return timer?.pending === true ? [operate('clear-pending', TIMER_LINE)] : [];
  }
  isPrepared[index] = true;
  const line = findOwnLine(plan, resident);
  return [
    operate('enable', TIMER_LINE),
    ...(line === undefined ? [] : [operate('route', line, resident.vcpu), operate('enable', line)]),
  ];
}

/** The actions of a command that takes no time. */
function listInstant(
  { stage, alarms }: Show,
  resident: Resident,
  command: Command,
  clock: number,
): Action[] {
  const { plan, core } = stage;
  const line = findOwnLine(plan, resident);
  const wait: Action = { kind: 'wait', core };
  switch (command.kind) {
    case 'sleep':
      if (command.until <= clock) return [];
      return Number.isFinite(command.until)
        ? [{ kind: 'arm-timer', core, ticks: command.until - clock }, wait]
        : [wait];
    case 'doze':
      if (command.until <= clock) return [];
      if (line === undefined)
        return [{ kind: 'arm-timer', core, ticks: command.until - clock }, wait];
      alarms.push({ at: command.until, intId: line });
      return [wait];
    case 'blink':
      if (line !== undefined) return [wait, { kind: 'line-assert', intId: line }];
      if (resident.vcpu === 0) return [{ kind: 'system-reset', core }];
      return [{ kind: 'arm-timer', core, ticks: 1 }, wait];
    case 'section':
      return plan.sectionTicks > 0 ? [{ kind: 'section', core, ticks: plan.sectionTicks }] : [];
    case 'ring':
      return line === undefined ? [] : [{ kind: 'line-assert', intId: line }];
    case 'take':
      return line === undefined ? [] : [{ kind: 'interrupt-take', core, intId: line }];
    default:
      return [];
  }
}
