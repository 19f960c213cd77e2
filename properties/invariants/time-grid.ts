/**
 * Grid: who has a core, and who pays, is what the grid and the measured consumption give.
 *
 * A budget that comes back early lets somebody run, charged, who has none by the measured accounts;
 * one that is late or lost keeps somebody from running whose turn it is.
 */

import type { Action } from '../../model/actions.ts';
import type { CoreState } from '../../model/machine.ts';
import type { PlannedCore } from '../../model/plan.ts';
import type { Context, Monitor, Violation } from '../property.ts';
import {
  beginAccounts,
  beginSlots,
  computeNeed,
  createAccounts,
  findDue,
  noteStarts,
  passTime,
} from './time-accounts.ts';
import type { MeasuredAccount } from './time-accounts.ts';
import type { CoreReadiness } from './readiness.ts';
import {
  SCHEDULING_KINDS,
  createSlices,
  isShared,
  nameOf,
  pathOf,
  recordCore,
} from './time-slices.ts';
import type { Slice } from './time-slices.ts';

/** A core whose schedule is followed. */
interface FollowedCore {
  readonly index: number;
  readonly planned: PlannedCore;
  readonly accounts: readonly MeasuredAccount[];
  readonly readiness: CoreReadiness;
  readonly slice: Slice;
  /** Of the readiness that was looked at last. */
  version: number;
  /** The accounts are known. */
  begun: boolean;
}

/** Violations of `time.grid`: cores with reservations. */
export function watchGrid(context: Context): Monitor {
  return watchSchedule(context, 'time.grid', false);
}

/** Violations of `time.table`: cores with a table. */
export function watchTable(context: Context): Monitor {
  return watchSchedule(context, 'time.table', true);
}

function listFollowed(context: Context, isTable: boolean): FollowedCore[] {
  const slices = createSlices(context);
  return context.plan.cores.flatMap((planned, index): FollowedCore[] => {
    const slice = slices[index];
    const readiness = context.readiness[index];
    if (slice === undefined || readiness === undefined || !isShared(planned)) return [];
    if ((planned.policy === 'table') !== isTable) return [];
    const accounts = createAccounts(planned);
    return [{ index, planned, accounts, readiness, slice, version: -1, begun: false }];
  });
}

function watchSchedule(context: Context, property: string, isTable: boolean): Monitor {
  const { machine } = context;
  const followed = listFollowed(context, isTable);
  let evaluations = 0;
  return {
    kinds: SCHEDULING_KINDS,
    begin: () => {
      for (const one of followed) {
        one.begun = false;
        record(context, one);
      }
    },
    after: (action, outcome) => {
      if (outcome !== 'DONE') return null;
      for (let at = 0; at < followed.length; at += 1) {
        const one = followed[at];
        const state = machine.cores[one?.index ?? 0];
        if (one === undefined || state === undefined) continue;
        const isOwnTime = action.kind === 'time-passes' && action.core === one.index;
        if (one.begun) {
          if (isOwnTime) evaluations += 1;
          else if (isUnchanged(one, state)) continue;
          const violation = follow(context, one, state, action);
          if (violation !== null) return { ...violation, property };
        }
        record(context, one);
      }
      return null;
    },
    countEvaluations: () => evaluations,
  };
}

/** Whether the core is as it was judged last: with equal accounts the same is due. */
function isUnchanged({ slice, readiness, version }: FollowedCore, state: CoreState): boolean {
  return (
    version === readiness.version &&
    state.clock === slice.clock &&
    state.running === slice.running &&
    state.slack === slice.slack &&
    state.section === slice.section
  );
}

/** Remembers a core as the next step finds it, and begins to follow it where that is possible. */
function record({ machine }: Context, one: FollowedCore): void {
  const state = machine.cores[one.index];
  if (state === undefined || !machine.boot.sealed) return;
  recordCore(one.planned, state, one.slice);
  one.version = one.readiness.version;
  if (one.begun || state.section > 0) return;
  one.begun = true;
  beginAccounts(state, one.accounts, one.readiness);
}

type Found = Omit<Violation, 'property'>;

/** Accounts for the step that just ended; what is wrong with it, or null. */
function follow(
  context: Context,
  core: FollowedCore,
  state: CoreState,
  action: Action,
): Found | null {
  const { accounts, slice, planned, index } = core;
  const passed = state.clock - slice.clock;
  if (action.kind === 'time-passes' && action.core === index) {
    if (passed <= 0) return describe(context, core, state, 'time stands still', slice.running);
    const violation = pass(context, core, state);
    if (violation !== null) return violation;
  }
  noteStarts(accounts, core.readiness);
  if (state.section > 0 && !hasChosen(slice, action, index, passed)) return null;
  const payer = slice.charged ? accounts[slice.running] : undefined;
  if (passed > 0 && payer !== undefined && payer.budget <= 0 && !payer.isStopped) {
    payer.isStopped = true;
    payer.isFresh = true;
    const { timerTicks } = context.plan;
    if (timerTicks > 0) return judgeSection(context, core, state, slice.running, timerTicks);
  }
  const due = findDue(context.plan, planned, accounts, state.clock);
  return judgeChoice(context, core, state, due);
}

/** Whether EL2 has chosen in this step, although the core is in a section now. */
function hasChosen(slice: Slice, action: Action, core: number, passed: number): boolean {
  if (slice.section > 0) return passed === slice.section;
  const isOwn = action.kind === 'section' || action.kind === 'interrupt-take';
  return !isOwn || action.core !== core;
}

/** Time has passed on the core: charges it, and judges whether whoever paid had the budget. */
function pass(context: Context, core: FollowedCore, state: CoreState): Found | null {
  const { accounts, slice, planned } = core;
  const payer = slice.charged ? accounts[slice.running] : undefined;
  const before = payer?.budget ?? 0;
  passTime(accounts, slice.charged ? slice.running : -1, slice.clock, state.clock);
  if (planned.policy === 'table') beginSlots(planned, accounts, slice.clock, state.clock);
  if (payer === undefined) return null;
  const isOver =
    slice.section > 0
      ? payer.budget + context.plan.overrunTicks < 0
      : state.clock - slice.clock > before;
  if (!isOver) return null;
  const what = `it runs, charged, since ${slice.clock} with a measured budget of ${before} ticks`;
  return describe(context, core, state, what, slice.running);
}

/** Who has the core after a choice, and whether it pays for the switch. */
function judgeChoice(
  context: Context,
  core: FollowedCore,
  state: CoreState,
  due: number,
): Found | null {
  const account = core.accounts[due];
  if (account === undefined) {
    if (state.running === -1 || state.slack) return null;
    return describe(context, core, state, 'it runs, and the core is free', state.running);
  }
  if (state.running !== due || state.slack) {
    const [is, others] = [state.slack ? 'uses slack' : 'runs', core.planned.residents];
    const what = `its turn has come, and ${nameOf(context, others[state.running])} ${is}`;
    return describe(context, core, state, what, due);
  }
  const isEntering = account.wasReady && account.isFresh;
  const isTable = core.planned.policy === 'table';
  if (!isEntering || (!isTable && account.budget < computeNeed(context.plan, account))) {
    return judgeSection(context, core, state, due, 0);
  }
  account.isFresh = false;
  return judgeSection(context, core, state, due, context.plan.activationTicks);
}

/** Whether EL2 takes the time that it says for what it does now. */
function judgeSection(
  context: Context,
  core: FollowedCore,
  state: CoreState,
  payer: number,
  ticks: number,
): Found | null {
  if (state.section === ticks && state.running === payer) return null;
  const what = `EL2 takes ${state.section} ticks of its time where it states ${ticks}`;
  return describe(context, core, state, what, payer);
}

function describe(
  context: Context,
  { planned, index, accounts }: FollowedCore,
  state: CoreState,
  what: string,
  resident: number,
): Found {
  const one = planned.residents[resident] ?? planned.residents[0];
  const budget = accounts[resident]?.budget ?? 0;
  return {
    message: `${nameOf(context, one)} on core ${index} at ${state.clock}: ${what}`,
    witness: { core: index, clock: state.clock, budget },
    at: one === undefined ? ['config', 'schedule'] : pathOf(one),
    related: [],
  };
}
