/**
 * Two runs: what one partition stores is seen by nobody to whom no channel leads.
 *
 * Noninterference after Goguen and Meseguer 1982, tried rather than proved: beside the run goes a
 * second one of the same actions, in which a secret partition stores other words. To every
 * partition that no declared channel leads to from the secret one, directly or through others,
 * both runs must look alike at every step. Unlike the label of a last writer, this sees a word
 * that travels without its label.
 */

import { isDeepStrictEqual } from 'node:util';
import type { Action } from '../../model/actions.ts';
import type { StaticConfiguration } from '../../model/configuration.ts';
import { createMachine } from '../../model/machine.ts';
import type { Machine } from '../../model/machine.ts';
import type { Outcome } from '../../model/outcome.ts';
import type { Plan } from '../../model/plan.ts';
import { isCovering } from '../../model/translation.ts';
import { ALIGNED_FIELDS, createView, observe } from '../../model/view.ts';
import type { View } from '../../model/view.ts';
import { copyMachine } from '../engine/copy-machine.ts';
import { computeDomain } from './domain.ts';
import type { Context, Monitor, Property, Violation } from '../property.ts';

/** Who may learn something from each partition by the declared channels, directly. */
function listFlows({ partitions, channels }: StaticConfiguration): ReadonlySet<number>[] {
  const flows = partitions.map(() => new Set<number>());
  for (const { ends, notify } of channels) {
    for (const { partition: from, access } of ends) {
      if (!access.write) continue;
      for (const end of ends) if (end.access.read) flows[from]?.add(end.partition);
    }
    for (const { from, to } of notify) flows[from]?.add(to);
  }
  return flows;
}

/** Partitions to which no channel leads from `secret`, directly or through others. */
export function listUnconnected(configuration: StaticConfiguration, secret: number): number[] {
  const flows = listFlows(configuration);
  const reached = new Set([secret]);
  // A set gives what is added while it is walked, too.
  for (const from of reached) {
    for (const to of flows[from] ?? []) reached.add(to);
  }
  return configuration.partitions.flatMap((_, index) => (reached.has(index) ? [] : [index]));
}

/** Partitions with somebody who must not learn from them. */
function listSecrets(plan: Plan): number[] {
  const { configuration } = plan;
  return plan.partitions.flatMap((_, secret) =>
    listUnconnected(configuration, secret).length > 0 ? [secret] : [],
  );
}

/** A second run beside the first. */
interface SecondRun {
  readonly secret: number;
  readonly observers: readonly number[];
  readonly twin: Machine;
  /** The twin; null until the secret partition stores its first word: the runs are the same. */
  machine: Machine | null;
  action: Action;
  domain: number | null;
  /** The runs went different ways for a reason that is nobody's secret: nothing to compare. */
  parted: boolean;
}

/** The action with another word to store; the same action where it stores none. */
function vary(plan: Plan, secret: number, action: Action): Action {
  switch (action.kind) {
    case 'write':
    case 'bus-write':
    case 'register-write':
    case 'bare-dma-issue':
      return { ...action, value: action.value + 1 };
    case 'dma-issue': {
      // The word that rings the doorbell is the number of an event: no secret, but control.
      const rings = (plan.partitions[secret]?.dma ?? []).some(
        (mapping) =>
          mapping.type === 'doorbell' && isCovering({ ...mapping, type: 0 }, action.address),
      );
      return rings ? action : { ...action, value: action.value + 1 };
    }
    default:
      return action;
  }
}

function watchTwoRuns(context: Context): Monitor {
  const { plan, configuration, look } = context;
  const all = listSecrets(plan).map((secret): SecondRun => ({
    secret,
    observers: listUnconnected(configuration, secret),
    twin: createMachine(plan),
    machine: null,
    action: { kind: 'boot', core: -1, fails: false },
    domain: null,
    parted: false,
  }));
  let runs: readonly SecondRun[] = all;
  let evaluations = 0;
  let turn = 0;
  return {
    refusals: true,
    begin: () => {
      for (const run of all) {
        run.machine = null;
        run.parted = false;
      }
      // While searching one secret in turn has a second run.
      const chosen = all[turn % Math.max(1, all.length)];
      runs = look.complete || chosen === undefined ? all : [chosen];
      turn += 1;
    },
    before: (action) => {
      for (const run of runs) prepare(context, run, action);
    },
    after: (_action, outcome) => {
      for (const run of runs) {
        if (run.machine === null || run.parted) continue;
        const other = context.step(plan, run.machine, run.action);
        if (!look.complete && other === outcome) continue;
        evaluations += 1;
        const violation = compareRuns(context, run, run.machine, outcome, other);
        if (violation !== null) return violation;
      }
      return null;
    },
    countEvaluations: () => evaluations,
  };
}

/** Chooses what the second run does in this step, and begins it where the first word differs. */
function prepare(context: Context, run: SecondRun, action: Action): void {
  run.domain = computeDomain(context, action);
  run.action = run.domain === run.secret ? vary(context.plan, run.secret, action) : action;
  if (run.action === action || run.machine !== null) return;
  copyMachine(context.machine, run.twin);
  run.machine = run.twin;
}

function compareRuns(
  context: Context,
  run: SecondRun,
  machine: Machine,
  outcome: Outcome,
  other: Outcome,
): Violation | null {
  if (outcome !== other) {
    run.parted = true;
    const { domain } = run;
    if (domain === null || !run.observers.includes(domain)) return null;
    const difference = `${run.action.kind} is ${outcome} in one run and ${other} in the other`;
    return describeLeak(context, run.secret, domain, difference);
  }
  for (const observer of run.observers) {
    const difference = findUnlike(
      lookAt(context.plan, context.machine, observer),
      lookAt(context.plan, machine, observer),
    );
    if (difference === null) continue;
    run.parted = !isAligned(context.machine, machine);
    return run.parted ? null : describeLeak(context, run.secret, observer, difference);
  }
  return null;
}

function lookAt(plan: Plan, machine: Machine, observer: number): View {
  const view = createView();
  observe(plan, machine, observer, view);
  return view;
}

const ALIGNED_PATHS = Object.keys(ALIGNED_FIELDS).map((path) => path.split('.'));

/** Whether two machines have the same schedule and the same slots in flight. */
export function isAligned(one: Machine, other: Machine): boolean {
  return ALIGNED_PATHS.every((path) =>
    isDeepStrictEqual(readPath(one, path), readPath(other, path)),
  );
}

/** The values at a path of field names; an array gives those of its elements. */
function readPath(value: unknown, path: readonly string[]): unknown {
  if (Array.isArray(value)) return value.map((element) => readPath(element, path));
  const [key, ...rest] = path;
  return key === undefined ? value : readPath(Reflect.get(Object(value), key), rest);
}

/** The first part of two views that differs, in words; null where they are equal. */
function findUnlike(one: View, other: View): string | null {
  for (const part of Object.keys(one) as (keyof View)[]) {
    const mine = one[part].flat();
    const theirs = other[part].flat();
    const length = Math.max(mine.length, theirs.length);
    for (let at = 0; at < length; at += 1) {
      if (mine[at] === theirs[at]) continue;
      const [here, there] = [mine[at] ?? 'nothing', theirs[at] ?? 'nothing'];
      return `${part}: ${here} in one run, ${there} in the other`;
    }
  }
  return null;
}

function describeLeak(
  context: Context,
  secret: number,
  observer: number,
  difference: string,
): Violation {
  const author = context.configuration.partitions[secret]?.name ?? '';
  const watched = context.configuration.partitions[observer]?.name ?? '';
  return {
    property: 'noninterference.two-runs',
    message:
      `${watched} tells apart two runs in which ${author} stores different words, ` +
      `with no channel between them: ${difference}`,
    witness: { secret: author, observer: watched, difference },
    at: ['config', 'partitions', observer],
    related: [{ message: `the words of ${author}`, at: ['config', 'partitions', secret] }],
  };
}

/** Noninterference of two runs. */
export const TWO_RUNS_PROPERTY: Property = {
  id: 'noninterference.two-runs',
  statement: 'Two runs that differ in words of one partition look alike where no channel leads.',
  source: 'Goguen, Meseguer 1982, Security Policies and Security Models; Rushby 1992',
  example: 'a world switch that restores the label of a register but not its value',
  appliesTo: (plan) => listSecrets(plan).length > 0,
  sampled: true,
  watch: watchTwoRuns,
};
