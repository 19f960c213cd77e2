/**
 * Noninterference: what one partition does changes nothing that another observes, but by declared
 * channels.
 *
 * Local respect of Rushby 1992, checked along one run: before and after each step, every other
 * partition's view is equal. Memory is judged by the label of the last writer instead, at the
 * moment of reading.
 */

import type { Action, ActionKind } from '../../model/actions.ts';
import { getLoadedResident } from '../../model/execution.ts';
import { NONE } from '../../model/machine.ts';
import { readWriter } from '../../model/memory.ts';
import type { Outcome } from '../../model/outcome.ts';
import { REGISTERS } from '../../model/registers.ts';
import { createView, observeState } from '../../model/view.ts';
import type { View } from '../../model/view.ts';
import { PAGE_SIZE } from '../../model/units.ts';
import { formatAddress } from '../findings.ts';
import { findGrant } from '../grants.ts';
import { isLiveRegisterOwn } from '../inductive/registers.ts';
import { computeDomain } from './domain.ts';
import { TWO_RUNS_PROPERTY } from './two-runs.ts';
import { watchEachStep } from '../property.ts';
import type { Context, Monitor, Property, Violation } from '../property.ts';

/** Whether a channel lets `from` ring `to`. */
function isDeclaredRing(context: Context, from: number, to: number): boolean {
  return context.configuration.channels.some(({ notify }) =>
    notify.some((one) => one.from === from && one.to === to),
  );
}

/**
 * The first difference of two views, in words; null where they are equal. List registers count only
 * where the virtual CPU is live in both: a world switch empties them.
 */
function findDifference(before: View, after: View): string | null {
  const flat =
    describeUnequal('lines', before.lines, after.lines) ??
    describeUnequal('physicalLines', before.physicalLines, after.physicalLines) ??
    describeUnequal('requests', before.requests, after.requests);
  if (flat !== null) return flat;
  for (let index = 0; index < after.vcpus.length; index += 1) {
    const old = before.vcpus[index] ?? NOTHING;
    const now = after.vcpus[index] ?? NOTHING;
    const unequal = describeUnequal('vcpus', old, now);
    if (unequal !== null) return `virtual CPU ${index}, ${unequal}`;
    const listed = before.listRegisters[index] ?? NOTHING;
    const listing = after.listRegisters[index] ?? NOTHING;
    if (listed[0] !== 1 || listing[0] !== 1) continue;
    const moved = describeUnequal('listRegisters', listed, listing);
    if (moved !== null) return `virtual CPU ${index}, ${moved}`;
  }
  return null;
}

const NOTHING: readonly number[] = [];

function describeUnequal(
  part: string,
  before: readonly number[],
  after: readonly number[],
): string | null {
  const at = findUnequal(before, after);
  return at < 0 ? null : `${part}[${at}] from ${before[at]} to ${after[at]}`;
}

/** First position at which two lists differ, or -1. */
function findUnequal(a: readonly number[], b: readonly number[]): number {
  const length = Math.max(a.length, b.length);
  for (let index = 0; index < length; index += 1) {
    if (a[index] !== b[index]) return index;
  }
  return -1;
}

/**
 * Actions that touch registers, memory and caches, of which no view but the actor’s has any: while
 * searching, the views of others are held against them now and then only.
 */
const QUIET_KINDS: ReadonlySet<ActionKind> = new Set([
  'read',
  'write',
  'fetch',
  'bus-read',
  'bus-write',
  'register-read',
  'register-write',
  'tlb-fill',
  'tlb-evict',
  'iotlb-fill',
  'iotlb-evict',
]);

/** The views of all observers before a step; a stale one is not that of the machine any more. */
interface Observations {
  readonly before: View[];
  readonly after: View[];
  readonly stale: boolean[];
}

/** What the step that is being taken asks for. */
interface Look {
  domain: number | null;
  /** At everything, whatever the action is. */
  complete: boolean;
  /** At the views of all but the actor. */
  due: boolean;
}

function watchLocalRespect(context: Context): Monitor {
  const { partitions } = context.plan;
  const observations: Observations = {
    before: partitions.map(createView),
    after: partitions.map(createView),
    stale: partitions.map(() => true),
  };
  const look: Look = { domain: null, complete: false, due: false };
  return {
    ...watchEachStep((action, outcome, count) => {
      const done = outcome === 'DONE';
      if (look.due && (done || look.complete)) {
        return compareViews(context, observations, look.domain ?? -1, action, outcome, count);
      }
      if (!done) return null;
      if (look.domain === null) observations.stale.fill(true);
      else if (look.domain >= 0) observations.stale[look.domain] = true;
      return null;
    }),
    begin: () => {
      observations.stale.fill(true);
    },
    before: (action) => {
      look.domain = computeDomain(context, action);
      look.complete = context.look.complete;
      look.due = look.domain !== null && (look.complete || !QUIET_KINDS.has(action.kind));
      if (look.due) refreshViews(context, observations, look.complete ? -1 : (look.domain ?? -1));
    },
  };
}

/** Looks again at whose view is stale, but for one whose view is not needed, or -1. */
function refreshViews(
  { plan, machine }: Context,
  { before, stale }: Observations,
  except: number,
): void {
  for (let observer = 0; observer < before.length; observer += 1) {
    const view = before[observer];
    if (view === undefined || stale[observer] !== true || observer === except) continue;
    observeState(plan, machine, observer, view);
    stale[observer] = false;
  }
}

/** The first influence on an observer, after the step; leaves the views as they are after it. */
function compareViews(
  context: Context,
  { before, after, stale }: Observations,
  domain: number,
  action: Action,
  outcome: Outcome,
  count: () => void,
): Violation | null {
  let violation: Violation | null = null;
  const done = outcome === 'DONE';
  for (let observer = 0; observer < before.length; observer += 1) {
    const old = before[observer];
    const now = after[observer];
    if (old === undefined || now === undefined) continue;
    if (observer === domain && done) {
      stale[observer] = true;
      continue;
    }
    observeState(context.plan, context.machine, observer, now);
    before[observer] = now;
    after[observer] = old;
    if (violation !== null) continue;
    if (done && action.kind === 'notify' && isDeclaredRing(context, domain, observer)) continue;
    count();
    const difference = findDifference(old, now);
    if (difference === null) continue;
    violation = describeInfluence(context, action, outcome, domain, observer, difference);
  }
  return violation;
}

function describeInfluence(
  context: Context,
  action: Action,
  outcome: Outcome,
  domain: number,
  observer: number,
  difference: string,
): Violation {
  const actor = context.configuration.partitions[domain]?.name ?? 'the environment';
  const watched = context.configuration.partitions[observer]?.name ?? '';
  const refused = outcome !== 'DONE';
  return {
    property: refused ? 'noninterference.refusal' : 'noninterference.local-respect',
    message:
      `${action.kind} by ${actor} (${outcome}) changes what ${watched} observes: ` + difference,
    witness: { actor, observer: watched, difference },
    at: ['config', 'partitions', Math.max(0, domain)],
    related: [{ message: `observer ${watched}`, at: ['config', 'partitions', observer] }],
  };
}

function watchLabels(context: Context): Monitor {
  let seen = context.machine.bus.count;
  const monitor = watchEachStep((_action, _outcome, count) => {
    const { bus, memory } = context.machine;
    if (bus.count === seen) return null;
    seen = bus.count;
    if (bus.write || bus.master < 0) return null;
    const writer = readWriter(memory, bus.frame);
    count();
    if (writer < 0 || writer === bus.master) return null;
    const mine = findGrant(context.grants, bus.master, bus.frame, (one) => one.channel >= 0);
    const theirs = findGrant(context.grants, writer, bus.frame, (one) => one.channel >= 0);
    if (mine !== undefined && theirs?.channel === mine.channel) return null;
    const reader = context.configuration.partitions[bus.master]?.name ?? '';
    const author = context.configuration.partitions[writer]?.name ?? '';
    const page = formatAddress(bus.frame * PAGE_SIZE);
    return {
      property: 'noninterference.memory',
      message:
        `${reader} reads page ${page}, last written by ${author}, ` +
        `with no channel between them`,
      witness: { reader, writer: author, page },
      at: ['config', 'partitions', bus.master],
      related: [{ message: `the writer ${author}`, at: ['config', 'partitions', writer] }],
    };
  });
  return {
    ...monitor,
    kinds: READING_KINDS,
    refusals: true,
    begin: () => {
      seen = context.machine.bus.count;
    },
  };
}

/** What reads memory in the name of a partition. */
const READING_KINDS: readonly ActionKind[] = [
  'read',
  'fetch',
  'bus-read',
  'dma-issue',
  'bare-dma-issue',
  'dma-complete',
];

/** After which another virtual CPU may be on a core, or its registers have another value. */
const SWITCHING_KINDS: readonly ActionKind[] = [
  'boot',
  'register-write',
  'cpu-on',
  'cpu-off',
  'system-reset',
  'wait',
  'section',
  'time-passes',
];

function watchRegisters(context: Context): Monitor {
  const { plan, machine, look } = context;
  let evaluations = 0;
  /** The first register of a core that holds a value of somebody else than who is on it. */
  const judge = (index: number): Violation | null => {
    const core = machine.cores[index];
    const resident = getLoadedResident(plan, machine, index);
    if (core === undefined || resident === undefined) return null;
    evaluations += 1;
    const { registerWriters } = core;
    for (let register = 0; register < registerWriters.length; register += 1) {
      const writer = registerWriters[register] ?? NONE;
      if (writer === NONE) continue;
      if (isLiveRegisterOwn(plan, machine, index, register)) continue;
      return describeForeign(context, index, register, resident.partition, writer);
    }
    return null;
  };
  return {
    kinds: SWITCHING_KINDS,
    after: (action, outcome) => {
      if (!look.complete && outcome === 'DONE' && 'core' in action) return judge(action.core);
      for (let index = 0; index < machine.cores.length; index += 1) {
        const violation = judge(index);
        if (violation !== null) return violation;
      }
      return null;
    },
    countEvaluations: () => evaluations,
  };
}

function describeForeign(
  { configuration }: Context,
  core: number,
  register: number,
  partition: number,
  writer: number,
): Violation {
  const reader = configuration.partitions[partition]?.name ?? '';
  const author = configuration.partitions[writer]?.name ?? '';
  const name = REGISTERS[register]?.name ?? '';
  return {
    property: 'noninterference.registers',
    message: `${name} of core ${core} holds a value of ${author} while ${reader} is on it`,
    witness: { reader, writer: author, register: name },
    at: ['config', 'partitions', partition],
    related: [{ message: `the writer ${author}`, at: ['config', 'partitions', writer] }],
  };
}

const RUSHBY = 'Rushby 1992, Noninterference, Transitivity, and Channel-Control Security Policies';

/** Properties of information flow. */
export const NONINTERFERENCE_PROPERTIES: readonly Property[] = [
  {
    id: 'noninterference.local-respect',
    statement:
      'An action of one partition changes nothing that another observes, but by a channel.',
    source: RUSHBY,
    example: 'a distributor write that reaches a line of another partition',
    sampled: true,
    watch: watchLocalRespect,
  },
  {
    id: 'noninterference.memory',
    statement: 'A partition never reads a word that another wrote outside a channel of both.',
    source: RUSHBY,
    example: 'memory handed over without scrubbing',
    watch: watchLabels,
  },
  {
    id: 'noninterference.registers',
    statement: 'No register that is live while a partition runs holds a value of another.',
    source: 'Arm ARM, state that a world switch must save and restore',
    example: 'a class of registers that the world switch forgets',
    watch: watchRegisters,
  },
  TWO_RUNS_PROPERTY,
];
