/**
 * Watcher: the monitors of a machine, each asked about the actions that it speaks about.
 */

import { ACTION_KINDS } from '../../model/actions.ts';
import type { Action } from '../../model/actions.ts';
import type { Outcome } from '../../model/outcome.ts';
import { noteReadiness } from '../invariants/readiness.ts';
import { SCHEDULING_KINDS, recordSlice } from '../invariants/time-slices.ts';
import type { Context, Monitor, Property, Violation } from '../property.ts';

/** Which violations count. */
export interface Interest {
  /** Only a violation of this property. */
  readonly target?: string;
  /** None of these. */
  readonly ignored?: ReadonlySet<string>;
}

type Before = NonNullable<Monitor['before']>;
type After = Monitor['after'];

/** Monitors of one machine. */
export interface Watcher {
  readonly context: Context;
  readonly properties: readonly Property[];
  /** One for each property, in the order in which a step is judged. */
  readonly monitors: readonly Monitor[];
  readonly begins: readonly (() => void)[];
  /** Who looks before and after each step at complete looks. */
  readonly complete: Asked;
  /** Per kind, in the order of `ACTION_KINDS`: who looks before and after its steps. */
  readonly byKind: readonly Asked[];
}

/** Whom a step asks. */
interface Asked {
  /** Readiness may change. */
  readonly schedules: boolean;
  readonly befores: readonly Before[];
  readonly afters: readonly After[];
  /** After a step that was refused. */
  readonly refused: readonly After[];
}

/** Makes the monitors of a machine; `beginRun` must come before the first step. */
export function createWatcher(properties: readonly Property[], context: Context): Watcher {
  const monitors = properties.map((property) => property.watch(context));
  const afters = listAfters(monitors);
  return {
    context,
    properties,
    monitors,
    begins: monitors.flatMap(({ begin }) => (begin === undefined ? [] : [begin])),
    complete: { schedules: true, befores: listBefores(monitors), afters, refused: afters },
    byKind: ACTION_KINDS.map((kind): Asked => {
      const asked = monitors.filter(({ kinds }) => kinds === undefined || kinds.includes(kind));
      return {
        schedules: SCHEDULING_KINDS.includes(kind),
        befores: listBefores(asked),
        afters: listAfters(asked),
        refused: listAfters(asked.filter(({ refusals }) => refusals === true)),
      };
    }),
  };
}

function listBefores(monitors: readonly Monitor[]): Before[] {
  return monitors.flatMap(({ before }) => (before === undefined ? [] : [before]));
}

function listAfters(monitors: readonly Monitor[]): After[] {
  return monitors.map(({ after }) => after);
}

/** A run begins: the machine is as it starts. */
export function beginRun({ begins, context }: Watcher): void {
  noteReadiness(context.machine, context.readiness);
  for (const begin of begins) begin();
}

/** Whom a step of a kind asks, by the position of the kind in `ACTION_KINDS`. */
function getAsked({ complete, byKind, context }: Watcher, kind: number): Asked {
  return context.look.complete ? complete : (byKind[kind] ?? complete);
}

/** Looks at the machine before a step; `kind` is the position of its kind in `ACTION_KINDS`. */
export function watchBefore(watcher: Watcher, kind: number, action: Action): void {
  const { context } = watcher;
  const { befores } = getAsked(watcher, kind);
  recordSlice(context, context.slices, action);
  for (let index = 0; index < befores.length; index += 1) befores[index]?.(action);
}

/** Looks at the machine after a step; the first violation that counts. */
export function watchAfter(
  watcher: Watcher,
  kind: number,
  action: Action,
  outcome: Outcome,
  interest: Interest,
): Violation | null {
  const { context } = watcher;
  const { afters, refused, schedules } = getAsked(watcher, kind);
  const isDone = outcome === 'DONE';
  if (isDone && schedules) noteReadiness(context.machine, context.readiness);
  const asked = isDone ? afters : refused;
  let first: Violation | null = null;
  // All are asked, whatever the first ones say: they follow the run.
  for (let index = 0; index < asked.length; index += 1) {
    const violation = asked[index]?.(action, outcome) ?? null;
    if (violation !== null && first === null && isCounted(interest, violation)) first = violation;
  }
  return first;
}

/** Whether a violation is one that is looked for. */
export function isCounted({ target, ignored }: Interest, { property }: Violation): boolean {
  if (target !== undefined) return property === target;
  return ignored?.has(property) !== true;
}
