/**
 * Supply: a reservation that is ready for a whole period gets its budget in it, where response-time
 * analysis says that it fits.
 *
 * Strosnider, Lehoczky, Sha 1995; the condition that every supply bound of a (budget, period)
 * reservation rests on (Shin, Lee 2003).
 */

import type { Plan, PlannedCore, Resident } from '../../model/plan.ts';
import type { Context, Monitor, Violation } from '../property.ts';
import type { CoreReadiness } from './readiness.ts';
import { SCHEDULING_KINDS, isShared, nameOf, pathOf } from './time-slices.ts';
import type { Slice } from './time-slices.ts';

/**
 * Ticks in which a reservation gets its whole budget when it has it, whatever the others do; null
 * where that is more than its period.
 */
export function computeBudgetResponse(
  plan: Plan,
  { residents }: PlannedCore,
  index: number,
): number | null {
  const own = residents[index];
  if (own === undefined) return null;
  const base = own.budget + plan.blockingTicks;
  let response = base;
  for (;;) {
    let demand = base;
    for (const { budget, period, idle } of residents.slice(0, index)) {
      const jitter = idle === 'keep' ? period - budget : 0;
      demand += Math.ceil((response + jitter) / period) * budget + plan.overrunTicks;
    }
    if (demand > own.period) return null;
    if (demand === response) return response;
    response = demand;
  }
}

/** A reservation whose periods are judged. */
interface Claimant {
  readonly index: number;
  readonly resident: Resident;
  /** Ticks that it must get in a period through which it is ready. */
  readonly promised: number;
  /** Number of the current period; -1 before the first that is seen from its begin. */
  period: number;
  used: number;
  isReadyAllTheTime: boolean;
  wasReady: boolean;
  resets: number;
}

/** The claimants of a core. */
interface ClaimedCore {
  readonly index: number;
  readonly claimants: readonly Claimant[];
  readonly readiness: CoreReadiness;
  /** Of the readiness that was looked at last. */
  version: number;
}

function listClaimants(plan: Plan, planned: PlannedCore): Claimant[] {
  if (!isShared(planned) || planned.policy !== 'fp') return [];
  return planned.residents.flatMap((resident, index): Claimant[] => {
    if (computeBudgetResponse(plan, planned, index) === null) return [];
    const promised = resident.budget - plan.overrunTicks;
    if (promised <= plan.activationTicks) return [];
    const none = { period: -1, used: 0, isReadyAllTheTime: false, wasReady: false, resets: 0 };
    return [{ index, resident, promised, ...none }];
  });
}

/** Whether some reservation is promised something in each of its periods. */
export function hasPromises(plan: Plan): boolean {
  return plan.cores.some((planned) => listClaimants(plan, planned).length > 0);
}

function listClaimed({ plan, readiness }: Context): ClaimedCore[] {
  return plan.cores.flatMap((planned, index): ClaimedCore[] => {
    const [claimants, noted] = [listClaimants(plan, planned), readiness[index]];
    if (claimants.length === 0 || noted === undefined) return [];
    return [{ index, claimants, readiness: noted, version: -1 }];
  });
}

/** Violations of `time.supply`. */
export function watchSupply(context: Context): Monitor {
  const { machine, slices } = context;
  const claimed = listClaimed(context);
  let evaluations = 0;
  const count = (): void => {
    evaluations += 1;
  };
  return {
    kinds: SCHEDULING_KINDS,
    begin: () => {
      for (const core of claimed) restart(core);
    },
    after: (action, outcome) => {
      if (outcome !== 'DONE' || !machine.boot.sealed) return null;
      let violation: Violation | null = null;
      for (let at = 0; at < claimed.length; at += 1) {
        const core = claimed[at];
        if (core === undefined) continue;
        const { claimants, index, readiness } = core;
        const isOwnTime = action.kind === 'time-passes' && action.core === index;
        if (isOwnTime) {
          const slice = slices[index];
          for (let one = 0; one < claimants.length; one += 1) {
            const claimant = claimants[one];
            if (claimant === undefined || slice === undefined) continue;
            violation ??= account(context, index, claimant, slice, count);
          }
        }
        if (!isOwnTime && core.version === readiness.version) continue;
        core.version = readiness.version;
        for (const claimant of claimants) noteReady(claimant, readiness);
      }
      return violation;
    },
    countEvaluations: () => evaluations,
  };
}

function restart(core: ClaimedCore): void {
  core.version = -1;
  for (const claimant of core.claimants) {
    claimant.period = -1;
    claimant.used = claimant.resets = 0;
    claimant.isReadyAllTheTime = claimant.wasReady = false;
  }
}

/** Whoever has waited, been off or been reset is not ready all the time. */
function noteReady(claimant: Claimant, { ready, resets }: CoreReadiness): void {
  const before = claimant.resets;
  claimant.wasReady = ready[claimant.index] === true;
  claimant.resets = resets[claimant.index] ?? 0;
  if (!claimant.wasReady || claimant.resets !== before) claimant.isReadyAllTheTime = false;
}

/** Accounts for a slice, and judges the periods that end in it. */
function account(
  context: Context,
  core: number,
  claimant: Claimant,
  slice: Slice,
  count: () => void,
): Violation | null {
  const clock = context.machine.cores[core]?.clock ?? 0;
  const { resident, promised } = claimant;
  const isPaying = slice.charged && slice.running === claimant.index;
  for (let from = slice.clock; from < clock;) {
    const period = Math.floor((from - resident.phase) / resident.period);
    const end = resident.phase + (period + 1) * resident.period;
    const until = Math.min(clock, end);
    if (isPaying) claimant.used += until - from;
    from = until;
    if (until < end) break;
    const { used } = claimant;
    const isJudged = claimant.isReadyAllTheTime && claimant.period === period;
    // Readiness changes at the end of a slice, and not within it.
    claimant.isReadyAllTheTime = end === clock || claimant.wasReady;
    claimant.period = period + 1;
    claimant.used = 0;
    if (!isJudged) continue;
    count();
    if (used >= promised) continue;
    return {
      property: 'time.supply',
      message:
        `${nameOf(context, resident)} was ready throughout its period that ends at ${end} on ` +
        `core ${core} and got ${used} ticks; it is promised ${promised}`,
      witness: { core, end, used, promised },
      at: pathOf(resident),
      related: [],
    };
  }
  return null;
}
