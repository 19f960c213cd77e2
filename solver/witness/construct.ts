/**
 * Construction: runs of the executable spec that keep a virtual CPU waiting for as long as its
 * bound says, or nearly.
 *
 * A throttled one takes its budget at once, with debt of the period before, and asks again when too
 * little is left for an activation. The more urgent ones sleep until it gets its next budget, wake
 * together, and end each budget with a section of EL2; a less urgent one has a section begin just
 * before. Which instant, which of them first, which of them blocks: candidates are tried, and the
 * longest wait counts that a replay shows.
 */

import type { Action } from '../../model/actions.ts';
import type { StaticConfiguration } from '../../model/configuration.ts';
import { createMachine } from '../../model/machine.ts';
import { createPlan } from '../../model/plan.ts';
import type { PlannedCore, Resident } from '../../model/plan.ts';
import { step } from '../../model/step.ts';
import { listBootActions } from '../../properties/generators/boot-actions.ts';
import type { CoreBound } from '../timing/certificate-types.ts';
import {
  computeHyperperiod,
  computeNext,
  computePhasedResponse,
  listStarts,
  type PhasedParty,
} from '../timing/phases.ts';
import { type Command, findOwnLine, perform, type Stage } from './programs.ts';
import { type Question, replayWait, type Replay, type Wait } from './replay.ts';

/** A run that shows how long a virtual CPU can wait. */
export interface Witness {
  /** At most the bound, or the bound is wrong. */
  readonly ticks: number;
  readonly wait: Wait;
  /** Actions after boot. */
  readonly actions: readonly Action[];
  readonly replay: Replay;
  /** The core that it is on, and how the machine gets there. */
  readonly stage: Stage;
}

/** One program for each resident of the core, and how long they have. */
interface Candidate {
  readonly programs: readonly (readonly Command[])[];
  readonly until: number;
}

/** What candidates are made of. */
interface Scene {
  readonly stage: Stage;
  readonly planned: PlannedCore;
  readonly own: Resident;
  /** Index of it among the residents. */
  readonly target: number;
  readonly question: Question;
  readonly bound: number;
  /** Ticks of the core's clock by which everybody has been to sleep once. */
  readonly settled: number;
  /** Longest section of others that may have just begun. */
  readonly blocking: number;
}

/** Candidates tried for one bound, at most. */
export const CANDIDATES_MAX = 24;
/** Instants of the schedule around which candidates are built. */
const INSTANTS_MAX = 3;
const NEVER = Infinity;

/** Runs on a plan, which several bounds of a configuration share. */
export interface Theatre {
  readonly stageOf: (core: number) => Stage;
  readonly clockOf: (core: number) => number;
  readonly configuration: StaticConfiguration;
}

/** Boots the spec under a configuration. */
export function createTheatre(configuration: StaticConfiguration): Theatre {
  const plan = createPlan(configuration);
  const boot = listBootActions(plan);
  const machine = createMachine(plan);
  for (const action of boot) step(plan, machine, action);
  return {
    configuration,
    stageOf: (core) => ({ plan, boot, core }),
    clockOf: (core) => machine.cores[core]?.clock ?? 0,
  };
}

/**
 * The longest wait found for a bound, trying at most `limit` candidates; null where none was found:
 * there is no bound, or the spec lets no time pass on the core.
 */
export function findWitness(
  theatre: Theatre,
  bound: CoreBound,
  limit = CANDIDATES_MAX,
): Witness | null {
  const scene = createScene(theatre, bound);
  if (scene === null) return null;
  // A section of somebody less urgent begins a tick before whom it blocks is there, at the latest.
  const enough = scene.bound - (scene.blocking > 0 && !scene.own.dedicated ? 1 : 0);
  let best: Witness | null = null;
  for (const candidate of listCandidates(scene).slice(0, limit)) {
    const witness = tryCandidate(scene, candidate);
    if (witness !== null && witness.ticks > (best?.ticks ?? 0)) best = witness;
    if ((best?.ticks ?? 0) >= enough) break;
  }
  return best === null ? null : replayAgain(scene, best);
}

function createScene(theatre: Theatre, bound: CoreBound): Scene | null {
  if (bound.ticks === null) return null;
  const { configuration } = theatre;
  const core = configuration.platform.cores.findIndex(({ id }) => id === bound.core);
  const stage = theatre.stageOf(core);
  const planned = stage.plan.cores[core];
  if (planned === undefined || !planned.el2) return null;
  const { residents } = planned;
  const target = residents.findIndex(
    ({ partition, vcpu }) => partition === bound.partition && vcpu === bound.cpuIndex,
  );
  const own = residents[target];
  if (own === undefined) return null;
  const { demand, kind } = bound;
  if (kind === 'latency' && findOwnLine(stage.plan, own) === undefined) return null;
  const longest = (read: (one: Resident) => number): number => Math.max(...residents.map(read));
  const isBlocked = residents.some((one, index) => index > target || (one !== own && one.slack));
  return {
    stage,
    planned,
    own,
    target,
    question: { resident: target, kind, demand },
    bound: bound.ticks,
    settled:
      theatre.clockOf(core) + longest(({ phase }) => phase) + longest(({ period }) => period),
    blocking: isBlocked ? stage.plan.blockingTicks : 0,
  };
}

/** Runs a candidate up to where the target has been served, and measures. */
function tryCandidate({ stage, question }: Scene, candidate: Candidate): Witness | null {
  const { plan, boot } = stage;
  const machine = createMachine(plan);
  for (const action of boot) step(plan, machine, action);
  const actions = perform(stage, machine, candidate.programs, candidate.until);
  if (actions === null) return null;
  const replay = replayWait(stage, actions, question);
  return replay.wait === null
    ? null
    : { ticks: replay.wait.ticks, wait: replay.wait, actions, replay, stage };
}

/** The same run up to the very tick at which it has been served, once more from reset. */
function replayAgain({ stage, question }: Scene, { actions, wait }: Witness): Witness {
  const kept = actions.slice(0, wait.action);
  let clock = 0;
  const machine = createMachine(stage.plan);
  for (const action of [...stage.boot, ...kept]) step(stage.plan, machine, action);
  clock = machine.cores[stage.core]?.clock ?? 0;
  const last: Action = { kind: 'time-passes', core: stage.core, ticks: wait.to - clock };
  const cut = [...kept, last];
  const replay = replayWait(stage, cut, question);
  // The cut run is the same up to its end, and what it showed was there.
  if (replay.wait === null) throw new LostWitnessError();
  return { ticks: replay.wait.ticks, wait: replay.wait, actions: cut, replay, stage };
}

/** A run that is repeated shows something else: the spec is a function, so this cannot happen. */
export class LostWitnessError extends Error {
  constructor() {
    super('a repeated run shows no wait');
  }
}

/** Everything to be tried, the likeliest first. */
function listCandidates(scene: Scene): Candidate[] {
  const { own, planned, question } = scene;
  if (own.dedicated) return [createWhole(scene)];
  if (planned.policy === 'table') return listTabled(scene);
  const instants = listInstants(scene);
  const throttled = instants.replenished.flatMap((at) => listThrottled(scene, at));
  const fresh = instants.free.flatMap((at) => listFresh(scene, at));
  const isContract =
    question.kind === 'in-contract' || (question.kind === 'latency' && isInContract(scene));
  const all = isContract ? fresh : interleave(throttled, fresh);
  return planned.policy === 'edf' ? [createBusy(scene), ...all] : all;
}

function interleave<Item>(first: readonly Item[], second: readonly Item[]): Item[] {
  const half = Math.ceil(CANDIDATES_MAX / 2);
  return [...first.slice(0, half), ...second.slice(0, half), ...first.slice(half)];
}

function isInContract({ stage, own }: Scene): boolean {
  const cpu = stage.plan.configuration.partitions[own.partition]?.cpus[own.vcpu];
  return cpu?.inContract === true;
}

/** A core of its own: nothing but its own sections keeps it waiting. */
function createWhole({ planned, target, settled, bound, question }: Scene): Candidate {
  const isLatency = question.kind === 'latency';
  const begin: Command[] = [
    { kind: 'run', until: settled + 1 },
    ...(isLatency ? [{ kind: 'ring' } as const] : []),
    { kind: 'section' },
    ...(isLatency ? [{ kind: 'take' } as const] : []),
    { kind: 'stay' },
  ];
  const programs = planned.residents.map((_, index) => (index === target ? begin : []));
  return { programs, until: settled + 2 + 2 * bound };
}

/** Everybody is ready all the time, and overruns each budget. */
function createBusy({ planned, target, settled, bound }: Scene): Candidate {
  const hyper = computeHyperperiod(planned.residents.map(({ period }) => period)) ?? 0;
  const longest = Math.max(...planned.residents.map(({ period }) => period));
  const programs = planned.residents.map((_, index): Command[] =>
    index === target ? [{ kind: 'stay' }] : [{ kind: 'overrun' }],
  );
  return { programs, until: settled + Math.min(hyper, 32 * longest) + 2 * bound };
}

/** Those that run before the target: all others where deadlines decide. */
function listUrgent({ planned, target }: Scene): number[] {
  return planned.residents.flatMap((_, index) =>
    index !== target && (planned.policy === 'edf' || index < target) ? [index] : [],
  );
}

/** Instants around which a window is longest, by the phases of the more urgent ones. */
function listInstants(scene: Scene): {
  readonly replenished: readonly number[];
  readonly free: readonly number[];
} {
  const { stage, planned, own, settled, blocking, question } = scene;
  const urgent = listUrgent(scene).flatMap((index) => planned.residents[index] ?? []);
  const parties = urgent.map(({ budget, period, phase }): PhasedParty => ({
    budget,
    period,
    phase,
    overrun: stage.plan.overrunTicks,
  }));
  const starts = listStarts(own, parties);
  const need = stage.plan.activationTicks + question.demand;
  const rank = (from: readonly number[]): number[] =>
    from
      .map((start) => ({ start, point: computePhasedResponse(need, blocking, parties, start) }))
      .sort((a, b) => getLength(b.point) - getLength(a.point))
      .slice(0, INSTANTS_MAX)
      .map(({ start }) => start);
  const longest = Math.max(...planned.residents.map(({ period }) => period));
  const lead = settled + 2 * own.period + longest;
  const lift = (start: number, modulus: number | null): number =>
    modulus === null ? start : start + Math.max(0, Math.ceil((lead - start) / modulus)) * modulus;
  const all = [own.period, ...parties.map(({ period }) => period)];
  const series = [0, 1, 2].map((turn) => own.phase + turn * own.period);
  const replenished = starts === null ? series : rank(starts.replenished);
  const chunks = parties.map(({ phase, budget, period }) => phase + period - budget);
  const free = starts === null ? chunks : rank(starts.free);
  const hyper = computeHyperperiod(all);
  if (urgent.length === 0) {
    return {
      replenished: replenished.map((start) => lift(start, hyper)),
      free: listUndisturbed(scene, lead),
    };
  }
  const hyperFree = computeHyperperiod(parties.map(({ period }) => period));
  return {
    replenished: replenished.map((start) => lift(start, starts === null ? own.period : hyper)),
    // What of its budget is left at such an instant, an own replenishment decides.
    free:
      own.idle === 'keep'
        ? free.map((start) => lift(start, hyperFree ?? own.period))
        : replenished.map((start) => lift(start, hyper ?? own.period)),
  };
}

/**
 * Instants for a target that is the most urgent: at the end of a period of each of the others, so
 * that it can have spent its budget, and nothing comes back while it blocks.
 */
function listUndisturbed({ planned, own, target, stage }: Scene, lead: number): number[] {
  const end = stage.plan.blockingTicks + 1;
  const others = planned.residents.filter((_, index) => index !== target);
  const instants = others.map(({ phase, period, budget }) => {
    const shift = computeNext({ phase: phase - end, period, budget, overrun: 0 }, lead);
    return lead + shift;
  });
  const replenished = lead + computeNext({ ...own, overrun: 0 }, lead);
  return own.idle === 'keep' && others.length > 0 ? instants.slice(0, INSTANTS_MAX) : [replenished];
}

function getLength(point: ReturnType<typeof computePhasedResponse>): number {
  return point.kind === 'found' ? point.ticks : 0;
}

/** The target waits for its budget, which it gets at `at`. */
function listThrottled(scene: Scene, at: number): Candidate[] {
  const { own, stage, question, bound } = scene;
  const { activationTicks, overrunTicks } = stage.plan;
  const before = at - own.period;
  const tail: Command[] = [
    ...(question.kind === 'latency' ? [{ kind: 'take' } as const] : []),
    { kind: 'stay' },
  ];
  const blink: Command[] =
    activationTicks > 0 || question.kind === 'latency' ? [{ kind: 'blink' }] : [];
  const spend: Command = { kind: 'spend', left: activationTicks, until: NEVER };
  const exhausting: Command[][] = [
    [
      { kind: 'sleep', until: before - own.period },
      { kind: 'spend', left: 1, until: NEVER },
      { kind: 'section' },
      { kind: 'run', until: before },
      spend,
      ...blink,
      ...tail,
    ],
    [{ kind: 'sleep', until: before }, spend, ...blink, ...tail],
  ];
  const polled: Command[][] = [[{ kind: 'doze', until: before }, ...tail]];
  const usedAt = before + own.budget - overrunTicks - activationTicks;
  const until = at + bound;
  return (own.idle === 'poll' ? polled : exhausting).flatMap((program) =>
    listOthers(scene, at, usedAt).map((others) => ({
      programs: others.map((other, index) => (index === scene.target ? program : other)),
      until,
    })),
  );
}

/** The target has its budget, and gets ready at `at`. */
function listFresh(scene: Scene, at: number): Candidate[] {
  const { question, own, bound, target } = scene;
  const tail: Command[] = [
    ...(question.kind === 'latency' ? [{ kind: 'take' } as const] : []),
    { kind: 'stay' },
  ];
  // A budget that is not kept must find it awake when it comes.
  const wake: Command =
    own.idle === 'keep' ? { kind: 'doze', until: at } : { kind: 'sleep', until: at };
  return listOthers(scene, at, at - own.period).map((others) => ({
    programs: others.map((other, index) => (index === target ? [wake, ...tail] : other)),
    until: at + bound,
  }));
}

/** Programs of the others, for a window that begins at `at`; the target's is empty. */
function listOthers(scene: Scene, at: number, from: number): (readonly Command[])[][] {
  const orders = listOrders(scene, at);
  const blockers = listBlockers(scene, at, from);
  return orders.flatMap((wakes) =>
    blockers.map(({ index: blocker, program }) =>
      scene.planned.residents.map((resident, index): readonly Command[] => {
        if (index === scene.target) return [];
        if (index === blocker) return program;
        const wake = wakes.get(index);
        if (wake === undefined) return [{ kind: 'sleep', until: NEVER }];
        return [{ kind: 'sleep', until: getWake(resident, wake) }, { kind: 'overrun' }];
      }),
    ),
  );
}

/** A polled budget is there only for who is awake when it comes. */
function getWake({ idle, phase, period }: Resident, wake: number): number {
  if (idle !== 'poll') return wake;
  return wake + computeNext({ phase, period, budget: 0, overrun: 0 }, wake);
}

/** Orders of the more urgent ones that are tried, at most. */
const ORDERS_MAX = 6;

/** When each of the more urgent ones wakes: together, or one after the other in some order. */
function listOrders(scene: Scene, at: number): ReadonlyMap<number, number>[] {
  const urgent = listUrgent(scene);
  const { planned, stage } = scene;
  const together = new Map(urgent.map((index) => [index, at]));
  if (urgent.length < 2) return [together];
  const next = (index: number): number => {
    const resident = planned.residents[index];
    return resident === undefined ? 0 : computeNext({ ...resident, overrun: 0 }, at);
  };
  const soonest = [...urgent].sort((a, b) => next(a) - next(b));
  const orders = [soonest, ...listPermutations(urgent)].slice(0, ORDERS_MAX);
  const chained = orders.map((order) => {
    let wake = at;
    const wakes = new Map<number, number>();
    for (const index of order) {
      wakes.set(index, wake);
      wake += (planned.residents[index]?.budget ?? 0) + stage.plan.overrunTicks;
    }
    return wakes;
  });
  return [together, ...chained];
}

/** Some orders of a list. */
function listPermutations(list: readonly number[]): number[][] {
  let all: number[][] = [[]];
  for (const item of list.slice(0, 4)) {
    all = all.flatMap((some) =>
      Array.from({ length: some.length + 1 }, (_, place) => [
        ...some.slice(0, place),
        item,
        ...some.slice(place),
      ]),
    );
  }
  return all.map((some) => [...some, ...list.slice(4)]);
}

interface Blocker {
  /** Index of it; -1: nobody blocks. */
  readonly index: number;
  readonly program: readonly Command[];
}

/** Who has a section begin a tick before `at`, and spends its budget from `from` on. */
function listBlockers({ stage, planned, target }: Scene, at: number, from: number): Blocker[] {
  const { plan } = stage;
  const nobody: Blocker = { index: -1, program: [] };
  if (planned.policy === 'edf') return [nobody];
  const { activationTicks, sectionTicks, timerTicks } = plan;
  const blockers = planned.residents.flatMap((resident, index): Blocker[] => {
    if (index === target || (index < target && !resident.slack)) return [];
    const last = at - 1 - ((at - 1 - resident.phase) % resident.period);
    const block: Command[] = [
      { kind: 'run', until: at - 1 },
      { kind: 'section' },
      { kind: 'stay' },
    ];
    const early = at - 1 - activationTicks;
    const spend = (begin: number): Blocker => ({
      index,
      program: [
        { kind: 'sleep', until: begin },
        { kind: 'spend', left: activationTicks + 1, until: early },
        { kind: 'sleep', until: early },
        ...block,
      ],
    });
    const switched: Blocker = {
      index,
      program: [{ kind: 'sleep', until: at - 1 }, { kind: 'stay' }],
    };
    const sections = [
      spend(Math.max(last, from)),
      spend(last),
      { index, program: [{ kind: 'sleep', until: early } as const, ...block] },
    ];
    return activationTicks > sectionTicks + timerTicks ? [switched, ...sections] : sections;
  });
  return blockers.length === 0 ? [nobody] : blockers;
}

/** Under a table: ready where too little is left of a slot, and a section runs into the next. */
function listTabled(scene: Scene): Candidate[] {
  const { planned, stage, target, settled, bound, question } = scene;
  const { frame, slots } = planned;
  const { activationTicks, sectionTicks } = stage.plan;
  const begin = Math.ceil(settled / frame + 1) * frame;
  const own = slots.filter(({ resident }) => resident === target);
  return own.flatMap((slot, index) => {
    const next = own[(index + 1) % own.length] ?? slot;
    const start = begin + next.start + (index + 1 === own.length ? frame : 0);
    const ends = [slot.end - activationTicks, slot.end - activationTicks - sectionTicks + 1];
    return ends.map((end): Candidate => {
      const at = begin + end;
      const program: Command[] = [
        { kind: 'doze', until: at },
        ...(question.kind === 'latency' ? [{ kind: 'take' } as const] : []),
        { kind: 'stay' },
      ];
      const other: Command[] = [
        { kind: 'run', until: at - 1 },
        ...(planned.residents.some(({ slack }) => slack) ? [{ kind: 'section' } as const] : []),
        { kind: 'run', until: start - 1 },
        { kind: 'section' },
        { kind: 'stay' },
      ];
      const programs = planned.residents.map((_, place) => (place === target ? program : other));
      return { programs, until: at + bound };
    });
  });
}
