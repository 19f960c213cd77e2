/** Lemmas about time: how long an account is throttled, and what it takes of a window. */

import type { Obligation, ObligationPart } from '../obligation.ts';
import { or, type Term } from '../smt/term.ts';
import {
  type AccountTicks,
  buildThrottleLemma,
  buildWindowInduction,
  buildWindowSafety,
  type WindowKind,
} from '../timing/lemmas.ts';
import { computeLongestSection, type CoreTicks } from '../timing/reservation.ts';
import { type Claim, getCodeOfClaim } from './claim.ts';
import { PHASED_WINDOW, THROTTLE, WINDOW } from './time-claims.ts';
import { describeShare, getInstance, type PlacedMember } from './time-run.ts';

/**
 * A lemma has no case that a configuration could be blamed for: a model of it is a slip of the
 * encoding. Its premise is a case that attains what it claims: where there is none, the invariant
 * contradicts itself or the claim is too weak to mean anything.
 */
function createLemma(
  claim: Claim,
  instance: string | null,
  parts: readonly Term[],
  attained: Term,
): Obligation {
  return {
    ...claim,
    id: instance === null ? claim.id : `${claim.id}[${instance}]`,
    assume: [attained],
    parts: parts.map((broken): ObligationPart => ({
      broken,
      needsPremises: true,
      refute: () => broken,
    })),
    refute: or(parts),
    describePremises: (model) =>
      Object.fromEntries([...model].map(([name, value]) => [name, Number(value)])),
    decode: (model) => Object.fromEntries([...model].map(([name, value]) => [name, Number(value)])),
    confirms: () => false,
    finding: () => ({
      code: getCodeOfClaim(claim),
      severity: 'error',
      message: claim.statement,
      help: claim.help,
      at: ['config', 'partitions'],
      related: [],
    }),
  };
}

/** The lemma of the throttled account, of every reservation at once. */
export function proveThrottle(): Obligation {
  const { base, step, safe, attained } = buildThrottleLemma();
  return createLemma(THROTTLE, null, [base, step, safe], attained);
}

/** The account of a reservation; null where it is not well formed. */
function readAccount({ core, member }: PlacedMember): AccountTicks | null {
  const { reservation } = member;
  if (reservation === null || reservation.budget < 1) return null;
  if (reservation.budget > reservation.period) return null;
  return { ...reservation, overrun: computeOverrun(core) };
}

/** How far below 0 a budget can go on this core. */
function computeOverrun({ costs }: CoreTicks): number {
  return Math.max(0, computeLongestSection(costs) - 1) + costs.timer;
}

/** The lemma of what a reservation takes of any window; null where it is not well formed. */
export function proveWindow(placed: PlacedMember): Obligation | null {
  const { member } = placed;
  const isKept = member.reservation?.idle === 'keep';
  return proveWindowOf(WINDOW, placed, isKept ? 'any' : 'busy', 'in any window that another waits');
}

/** The same where it is known how far its next replenishment is. */
export function provePhasedWindow(placed: PlacedMember): Obligation | null {
  const when = 'in any window, wherever its next replenishment lies';
  return proveWindowOf(PHASED_WINDOW, placed, 'known', when);
}

function proveWindowOf(
  claim: Claim,
  placed: PlacedMember,
  kind: WindowKind,
  when: string,
): Obligation | null {
  const account = readAccount(placed);
  if (account === null) return null;
  const { core, member } = placed;
  const { base, step } = buildWindowInduction(kind);
  const { counts, safe, attained } = buildWindowSafety(kind, account);
  return {
    ...createLemma(claim, getInstance(placed), [base, step, counts, safe], attained),
    statement:
      `${member.name}, ${describeShare(member, core.timerHz)}, takes no more than its demand ` +
      `of core ${core.core} ${when}.`,
  };
}
