/**
 * Supply: a reservation that is ready for a whole period gets its budget in it, where response-time
 * analysis says that it fits.
 *
 * Strosnider, Lehoczky, Sha 1995; the condition that every supply bound of a (budget, period)
 * reservation rests on (Shin, Lee 2003).
 */

import { isReady } from '../../model/execution.ts';
import type { Machine } from '../../model/machine.ts';
import type { Plan, PlannedCore, Resident } from '../../model/plan.ts';
import { watchEachStep } from '../property.ts';
import type { Context, Monitor, Violation } from '../property.ts';
import { isShared, nameOf, pathOf } from './time-slices.ts';
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

/** Violations of `time.supply`. */
export function watchSupply(context: Context): Monitor {
  const { plan, machine } = context;
  const claimants = plan.cores.map((planned) => listClaimants(plan, planned));
  return watchEachStep((action, outcome, count) => {
    if (outcome !== 'DONE' || !machine.boot.sealed) return null;
    let violation: Violation | null = null;
    const slice = action.kind === 'time-passes' ? context.slices[action.core] : undefined;
    for (let core = 0; core < claimants.length; core += 1) {
      for (const claimant of claimants[core] ?? []) {
        if (slice !== undefined && action.kind === 'time-passes' && action.core === core) {
          violation ??= account(context, core, claimant, slice, count);
        }
        noteReadiness(machine, claimant);
      }
    }
    return violation;
  });
}

/** Whoever has waited, been off or been reset is not ready all the time. */
function noteReadiness(machine: Machine, claimant: Claimant): void {
  const { resident, resets } = claimant;
  claimant.wasReady = isReady(machine, resident);
  claimant.resets = machine.partitions[resident.partition]?.resets ?? 0;
  if (!claimant.wasReady || claimant.resets !== resets) claimant.isReadyAllTheTime = false;
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
