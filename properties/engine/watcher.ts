/**
 * Watcher: the monitors of a machine, each asked about the actions that it speaks about.
 */

import { ACTION_KINDS } from '../../model/actions.ts';
import type { Action, ActionKind } from '../../model/actions.ts';
import type { Outcome } from '../../model/outcome.ts';
import { recordSlice } from '../invariants/time-slices.ts';
import type { Context, Monitor, Property, Violation } from '../property.ts';

/** Which violations count. */
export interface Interest {
  /** Only a violation of this property. */
  readonly target?: string;
  /** None of these. */
  readonly ignored?: ReadonlySet<string>;
}

/** Monitors of one machine. */
export interface Watcher {
  readonly context: Context;
  readonly properties: readonly Property[];
  /** One for each property, in the order in which a step is judged. */
  readonly monitors: readonly Monitor[];
  /** Those that look before a step. */
  readonly early: readonly Monitor[];
  /** Per kind, in the order of `ACTION_KINDS`: who looks before and after its steps. */
  readonly earlyByKind: readonly (readonly Monitor[])[];
  readonly byKind: readonly (readonly Monitor[])[];
  /** Who looks after a step of a kind that was refused. */
  readonly refusedByKind: readonly (readonly Monitor[])[];
}

/** Makes the monitors of a machine; `beginRun` must come before the first step. */
export function createWatcher(properties: readonly Property[], context: Context): Watcher {
  const monitors = properties.map((property) => property.watch(context));
  const byKind = ACTION_KINDS.map((kind) => monitors.filter((one) => isAsked(one, kind)));
  return {
    context,
    properties,
    monitors,
    early: monitors.filter(isEarly),
    earlyByKind: byKind.map((asked) => asked.filter(isEarly)),
    byKind,
    refusedByKind: byKind.map((asked) => asked.filter(({ refusals }) => refusals === true)),
  };
}

function isEarly({ before }: Monitor): boolean {
  return before !== undefined;
}

function isAsked({ kinds }: Monitor, kind: ActionKind): boolean {
  return kinds === undefined || kinds.includes(kind);
}

/** A run begins: the machine is as it starts. */
export function beginRun({ monitors }: Watcher): void {
  for (let index = 0; index < monitors.length; index += 1) monitors[index]?.begin?.();
}

/** Looks at the machine before a step; `kind` is the position of its kind in `ACTION_KINDS`. */
export function watchBefore(watcher: Watcher, kind: number, action: Action): void {
  const { context } = watcher;
  recordSlice(context, context.slices, action);
  const monitors = context.look.complete ? watcher.early : watcher.earlyByKind[kind];
  if (monitors === undefined) return;
  for (let index = 0; index < monitors.length; index += 1) monitors[index]?.before?.(action);
}

/** Looks at the machine after a step; the first violation that counts. */
export function watchAfter(
  watcher: Watcher,
  kind: number,
  action: Action,
  outcome: Outcome,
  interest: Interest,
): Violation | null {
  const { byKind, refusedByKind, context } = watcher;
  const asked = outcome === 'DONE' ? byKind[kind] : refusedByKind[kind];
  const monitors = context.look.complete ? watcher.monitors : asked;
  if (monitors === undefined) return null;
  let first: Violation | null = null;
  // All are asked, whatever the first ones say: they follow the run.
  for (let index = 0; index < monitors.length; index += 1) {
    const violation = monitors[index]?.after(action, outcome) ?? null;
    if (violation !== null && first === null && isCounted(interest, violation)) first = violation;
  }
  return first;
}

/** Whether a violation is one that is looked for. */
export function isCounted({ target, ignored }: Interest, { property }: Violation): boolean {
  if (target !== undefined) return property === target;
  return ignored?.has(property) !== true;
}
