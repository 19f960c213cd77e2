/**
 * Properties: what must hold of the running machine, each a statement, its source, and a monitor
 * that returns a witness rather than `false`.
 */

import type { Path, StaticConfiguration } from '../model/configuration.ts';
import type { Action, ActionKind } from '../model/actions.ts';
import type { Machine } from '../model/machine.ts';
import type { Outcome } from '../model/outcome.ts';
import type { Plan } from '../model/plan.ts';
import type { RelatedPlace } from './findings.ts';
import type { GrantMap } from './grants.ts';
import type { CoreReadiness } from './invariants/readiness.ts';
import type { Slice } from './invariants/time-slices.ts';

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
  readonly look: Look;
  /** Per core as it was before the latest time that passed on it. */
  readonly slices: readonly Slice[];
  /** Per core, who is ready as of the latest step that can change it. */
  readonly readiness: readonly CoreReadiness[];
}

/** How the step is looked at that is being taken. */
export interface Look {
  /**
   * Every property looks at everything: after every step while shrinking and replaying, now and
   * then and at the end of a trace while searching. Else properties of states look at what the
   * step can have touched.
   */
  complete: boolean;
}

/** The look of a run in which every property looks at everything after every step. */
export const COMPLETE_LOOK: Look = { complete: true };

/** Watches one run. */
export interface Monitor {
  /** Called before the step, where the property compares two states. */
  readonly before?: (action: Action) => void;
  /** Called after the step; null where the property holds or does not speak about this step. */
  readonly after: (action: Action, outcome: Outcome) => Violation | null;
  /**
   * Called where a run begins, on the machine that was watched before and is now as that run
   * starts: what earlier steps have shown is forgotten. Needed by whoever remembers anything.
   */
  readonly begin?: () => void;
  /**
   * While searching, `before` and `after` are called for actions of these kinds alone, but for
   * complete looks. Absent for one that is asked about every step.
   */
  readonly kinds?: readonly ActionKind[];
  /**
   * While searching, `after` is called for refused actions too. A refusal changes nothing, so that
   * others have nothing to see there but at complete looks.
   */
  readonly refusals?: true;
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
  /** While searching, one run in so many is watched by it; absent where every run is. */
  readonly sampled?: true;
  readonly watch: (context: Context) => Monitor;
}

/** Whether a property has anything to judge under a plan. */
export function isApplicable({ appliesTo }: Property, plan: Plan): boolean {
  return appliesTo?.(plan) ?? true;
}

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
 * A monitor of a condition on the state alone. While searching it is asked only at complete looks
 * after a refusal, which changes nothing.
 */
export function watchState(
  { look }: Pick<Context, 'look'>,
  check: (action: Action, count: () => void) => Violation | null,
): Monitor {
  return watchEachStep((action, outcome, count) =>
    look.complete || outcome === 'DONE' ? check(action, count) : null,
  );
}
