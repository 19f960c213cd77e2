/**
 * Properties: what must hold of the running machine, each a statement, its source, and a monitor
 * that returns a witness rather than `false`.
 */

import type { Path, StaticConfiguration } from '../model/configuration.ts';
import type { Action } from '../model/actions.ts';
import type { Machine } from '../model/machine.ts';
import type { Outcome } from '../model/outcome.ts';
import type { Plan } from '../model/plan.ts';
import type { RelatedPlace } from './findings.ts';
import type { GrantMap } from './grants.ts';

/** A property that does not hold: in words, in values, and where the configuration allowed it. */
export interface Violation {
  readonly property: string;
  /** Both parties, expected and found. */
  readonly message: string;
  /** Named values; addresses as hexadecimal strings. */
  readonly witness: Readonly<Record<string, number | string>>;
  readonly at: Path;
  readonly related: readonly RelatedPlace[];
}

/**
 * What is bounded. `delay`: from any instant at which the resident is ready until it has run for
 * `demand` ticks. `full-budget`: the same of all that one budget gives its guest. `latency`: from
 * the assertion of a line of its own, which is enabled and routed to the core, until it executes.
 */
export const TIME_BOUND_KINDS = ['delay', 'full-budget', 'latency'] as const;

/** Kind of bound. */
export type TimeBoundKind = (typeof TIME_BOUND_KINDS)[number];

/** A bound on time that a proof claims for a resident of a core. */
export interface TimeBound {
  /** Index of the partition. */
  readonly partition: number;
  /** Index of the core in the platform's list. */
  readonly core: number;
  readonly kind: TimeBoundKind;
  /** Ticks of the core that it asks for, at least 1; the switch to it is not among them. */
  readonly demand: number;
  /** It gets them within this many ticks, at least 1. */
  readonly ticks: number;
}

/** What monitors look at. */
export interface Context {
  readonly configuration: StaticConfiguration;
  readonly plan: Plan;
  readonly machine: Machine;
  readonly grants: GrantMap;
  /** What a proof claims of delays; of none `time.delay` has nothing to judge. */
  readonly delayBounds: readonly TimeBound[];
  /** The transition function that is watched, for a run beside the one that is judged. */
  readonly step: (plan: Plan, machine: Machine, action: Action) => Outcome;
  /**
   * Every property looks at everything after every step: for shrinking and replay. Otherwise the
   * costliest look only at what the step can have touched, and at everything now and then.
   */
  readonly thorough: boolean;
}

/** Watches one run. */
export interface Monitor {
  /** Called before the step, where the property compares two states. */
  readonly before?: (action: Action) => void;
  /** Called after the step; null where the property holds or does not speak about this step. */
  readonly after: (action: Action, outcome: Outcome) => Violation | null;
  /**
   * While searching, steps from one question to the next: `after` is not called in between. Absent
   * for one that is asked after every step.
   */
  readonly interval?: number;
  /** How often the property was evaluated on something it speaks about. */
  readonly countEvaluations: () => number;
}

/** A property of the machine. */
export interface Property {
  readonly id: string;
  readonly statement: string;
  /** Clause, paper or design rule that it comes from. */
  readonly source: string;
  /** A bug that breaks it. */
  readonly example: string;
  /** Whether a plan has anything that it can judge; absent where every plan has. */
  readonly appliesTo?: (plan: Plan) => boolean;
  readonly watch: (context: Context) => Monitor;
}

/** Steps between two complete looks of a costly property while searching. */
export const COMPLETE_LOOK_INTERVAL = 128;

/** A monitor of a condition on the state after each step. */
export function watchEachStep(
  check: (action: Action, outcome: Outcome, count: () => void) => Violation | null,
): Monitor {
  let evaluations = 0;
  const count = (): void => {
    evaluations += 1;
  };
  return {
    after: (action, outcome) => check(action, outcome, count),
    countEvaluations: () => evaluations,
  };
}

/**
 * A monitor of a condition on the state alone. While searching it is asked only now and then after
 * a refusal, which changes nothing.
 */
export function watchState(
  { thorough }: Pick<Context, 'thorough'>,
  check: (action: Action, count: () => void) => Violation | null,
): Monitor {
  let steps = 0;
  return watchEachStep((action, outcome, count) => {
    steps += 1;
    const due = thorough || outcome === 'DONE' || steps % COMPLETE_LOOK_INTERVAL === 0;
    return due ? check(action, count) : null;
  });
}
