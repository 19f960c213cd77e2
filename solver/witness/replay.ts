/**
 * Replay: how long a run of the executable spec keeps a resident waiting, tick by tick.
 *
 * Whatever built the run is not asked: the actions are taken on the spec once more, from reset, and
 * the wait is read off the machine.
 */

import type { Action } from '../../model/actions.ts';
import { isReady } from '../../model/execution.ts';
import { createMachine } from '../../model/machine.ts';
import type { CoreState, Machine } from '../../model/machine.ts';
import { step } from '../../model/step.ts';
import { findOwnLine, type Stage } from './programs.ts';

/** What is measured: as the bound of the same name. */
export interface Question {
  /** Index into the core's residents. */
  readonly resident: number;
  readonly kind: 'delay' | 'full-budget' | 'in-contract' | 'latency';
  /** Ticks that count as served. */
  readonly demand: number;
}

/** The longest wait of a run. */
export interface Wait {
  readonly ticks: number;
  /** Instant of the core from which it is ready, and at which it has been served. */
  readonly from: number;
  readonly to: number;
  /** Index of the action in which it has been served. */
  readonly action: number;
}

/** Who has the core for some time, and for what. */
export interface Stretch {
  readonly from: number;
  readonly to: number;
  /** Index into the core's residents; null: nobody. */
  readonly by: number | null;
  readonly kind: 'run' | 'section' | 'interrupt' | 'activation' | 'timer' | 'slack' | 'burn';
}

/** A resident in a run. */
export interface Track {
  /** Instants at which its budget comes back, or its slots begin. */
  readonly replenished: readonly number[];
  /** Times in which it is ready: [from, to). */
  readonly ready: readonly { readonly from: number; readonly to: number }[];
}

/** A core in a run. */
export interface Replay {
  readonly wait: Wait | null;
  readonly stretches: readonly Stretch[];
  /** By resident. */
  readonly tracks: readonly Track[];
}

/** Everything that is written down while a run goes on. */
interface Notes {
  readonly stage: Stage;
  readonly machine: Machine;
  readonly question: Question;
  /** Instants from which the resident waits, with what it had been served until then. */
  readonly waiting: { readonly clock: number; readonly served: number }[];
  readonly stretches: Stretch[];
  readonly tracks: {
    readonly replenished: number[];
    readonly ready: { from: number; to: number }[];
  }[];
  served: number;
  /** Section under way; null where it is an activation or the timer's. */
  section: 'section' | 'interrupt' | null;
  /** Under `latency`: the interrupt has been taken. */
  isTaken: boolean;
  wait: Wait | null;
}

/** Takes the actions after boot and measures. */
export function replayWait(stage: Stage, actions: readonly Action[], question: Question): Replay {
  const { plan, boot, core } = stage;
  const machine = createMachine(plan);
  for (const action of boot) step(plan, machine, action);
  const notes: Notes = {
    stage,
    machine,
    question,
    waiting: [],
    stretches: [],
    tracks: (plan.cores[core]?.residents ?? []).map(() => ({ replenished: [], ready: [] })),
    served: 0,
    section: null,
    isTaken: question.kind !== 'latency',
    wait: null,
  };
  actions.forEach((action, index) => {
    const state = machine.cores[core];
    if (action.kind === 'time-passes' && action.core === core && state !== undefined) {
      passTime(notes, state, action, index);
      return;
    }
    const running = state?.running ?? -1;
    const outcome = step(plan, machine, action);
    if (outcome === 'DONE') noteInstant(notes, action, running);
  });
  return { wait: notes.wait, stretches: notes.stretches, tracks: notes.tracks };
}

/**
 * What takes no time: a section begins, a line is asserted, an interrupt is taken. `running`, who
 * had the core before.
 */
function noteInstant(notes: Notes, action: Action, running: number): void {
  const { stage, machine, question, waiting } = notes;
  const { core, plan } = stage;
  const state = machine.cores[core];
  if (state === undefined) return;
  if (action.kind === 'section' && action.core === core) notes.section = 'section';
  if (action.kind === 'interrupt-take' && action.core === core) {
    notes.section = 'interrupt';
    if (state.running === question.resident) notes.isTaken = true;
  }
  const resident = plan.cores[core]?.residents[question.resident];
  if (resident === undefined) return;
  // Who starts anew has given up what it was ready for.
  const isReset = action.kind === 'system-reset' && running === question.resident;
  if (!isReady(machine, resident) || (isReset && action.core === core)) waiting.length = 0;
  if (question.kind !== 'latency' || action.kind !== 'line-assert') return;
  if (action.intId !== findOwnLine(plan, resident)) return;
  const isIn = !plan.configuration.partitions[resident.partition]?.cpus[resident.vcpu]?.inContract;
  if (isIn || hasBudget(notes, state)) waiting.push({ clock: state.clock, served: notes.served });
}

/** Whether the resident has budget for an activation and a tick, and for taking an interrupt. */
function hasBudget({ stage, question }: Notes, state: CoreState): boolean {
  const { plan, core } = stage;
  const account = state.accounts[question.resident];
  const planned = plan.cores[core];
  if (account === undefined || planned === undefined) return false;
  if (planned.policy === 'table' || planned.residents[question.resident]?.dedicated === true) {
    return true;
  }
  const interrupt = question.kind === 'latency' ? plan.interruptTicks : 0;
  return account.budget > (account.activation ? plan.activationTicks : 0) + interrupt;
}

/** Time passes on the core. */
function passTime(notes: Notes, state: CoreState, action: Action, index: number): void {
  const { stage, machine, question, waiting } = notes;
  const { plan, core } = stage;
  const residents = plan.cores[core]?.residents ?? [];
  const from = state.clock;
  const resident = residents[question.resident];
  if (resident === undefined) return;
  const isWaiting = isReady(machine, resident);
  if (!isWaiting) waiting.length = 0;
  else if (question.kind === 'in-contract') {
    if (hasBudget(notes, state)) waiting.push({ clock: from, served: notes.served });
  } else if (question.kind !== 'latency') waiting.push({ clock: from, served: notes.served });
  const ready = residents.map((one) => isReady(machine, one));
  const before = state.accounts.map(({ epochs }) => epochs);
  const { slot, section } = state;
  const stretch = describeStretch(notes, state, ready);
  step(plan, machine, action);
  const to = state.clock;
  if (to - from >= section) notes.section = null;
  addStretch(notes.stretches, { ...stretch, from, to });
  noteTracks(notes, state, { from, to, ready, before, slot });
  if (stretch.by !== question.resident || !isServing(notes, stretch)) return;
  const { served } = notes;
  notes.served += to - from;
  while (waiting[0] !== undefined && waiting[0].served + question.demand <= notes.served) {
    const [begin] = waiting.splice(0, 1);
    if (begin === undefined) break;
    const end = from + begin.served + question.demand - served;
    if (end - begin.clock > (notes.wait?.ticks ?? 0)) {
      notes.wait = { ticks: end - begin.clock, from: begin.clock, to: end, action: index };
    }
  }
}

/**
 * Whether time counts as served. A section that it has asked for does, but on a core of its own:
 * nothing else keeps it waiting there. For its handler it is the interrupt that must be taken.
 */
function isServing(
  { stage, question, isTaken }: Notes,
  { kind }: { readonly kind: string },
): boolean {
  if (question.kind === 'latency') return isTaken && (kind === 'run' || kind === 'slack');
  if (kind === 'run' || kind === 'slack') return true;
  const dedicated = stage.plan.cores[stage.core]?.residents[question.resident]?.dedicated === true;
  return !dedicated && (kind === 'section' || kind === 'interrupt');
}

/** Who has the core before time passes. */
function describeStretch(
  { section }: Notes,
  state: CoreState,
  ready: readonly boolean[],
): Pick<Stretch, 'by' | 'kind'> {
  const { running } = state;
  if (running < 0) return { by: null, kind: 'run' };
  const account = state.accounts[running];
  if (state.section > 0) {
    const own = account?.exhausted === true ? 'timer' : 'activation';
    return { by: running, kind: section ?? own };
  }
  if (ready[running] !== true || state.loaded !== running) return { by: running, kind: 'burn' };
  return { by: running, kind: state.slack ? 'slack' : 'run' };
}

/** Adds a stretch, or makes the last one longer. */
function addStretch(stretches: Stretch[], stretch: Stretch): void {
  const last = stretches.at(-1);
  if (last !== undefined && last.by === stretch.by && last.kind === stretch.kind) {
    stretches[stretches.length - 1] = { ...last, to: stretch.to };
  } else stretches.push(stretch);
}

/** What each resident was while time passed. */
interface Passed {
  readonly from: number;
  readonly to: number;
  readonly ready: readonly boolean[];
  /** Replenishments before. */
  readonly before: readonly number[];
  readonly slot: number;
}

function noteTracks({ stage, tracks }: Notes, state: CoreState, passed: Passed): void {
  const planned = stage.plan.cores[stage.core];
  tracks.forEach((track, index) => {
    const resident = planned?.residents[index];
    const account = state.accounts[index];
    if (resident === undefined || account === undefined) return;
    const last = track.ready.at(-1);
    if (passed.ready[index] === true) {
      if (last !== undefined && last.to === passed.from) last.to = passed.to;
      else track.ready.push({ from: passed.from, to: passed.to });
    }
    for (let back = account.epochs - (passed.before[index] ?? 0); back > 0; back -= 1) {
      track.replenished.push(account.nextReplenishment - back * resident.period);
    }
  });
  if (planned?.policy !== 'table' || state.slot === passed.slot) return;
  const slot = planned.slots[state.slot];
  if (slot !== undefined) tracks[slot.resident]?.replenished.push(state.frameStart + slot.start);
}
