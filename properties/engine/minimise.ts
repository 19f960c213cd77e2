/**
 * Minimising: of the traces that a campaign has kept, few and short ones that show the same.
 *
 * Traces are chosen greedily, the one first that shows most of what no chosen one shows (set cover
 * within ln n of the smallest). A chosen trace ends with the last step that is needed, and what the
 * spec refuses goes where it shows nothing that is needed: a refusal changes nothing.
 */

import { ACTION_KINDS } from '../../model/actions.ts';
import { createMachine } from '../../model/machine.ts';
import type { Machine } from '../../model/machine.ts';
import { REFUSALS } from '../../model/outcome.ts';
import { asAction, getKindIndex } from '../generators/slots.ts';
import { copyMachine } from './copy-machine.ts';
import type { Entry } from './corpus.ts';
import { FEATURES, computeFeature, getOutcomeIndex } from './features.ts';
import { createStart, takeStep } from './run.ts';
import type { Runner } from './run.ts';

/** Runs entries to see what they show, on machines of its own. */
export interface Minimiser {
  readonly runner: Runner;
  readonly reset: Machine;
  readonly booted: Machine;
  readonly machine: Machine;
}

/** Makes a minimiser for a configuration. */
export function createMinimiser(runner: Runner): Minimiser {
  return {
    runner,
    reset: createMachine(runner.plan),
    booted: createStart(runner, { start: 'booted', actions: [] }),
    machine: createMachine(runner.plan),
  };
}

/** An entry with what each of its steps shows. */
export interface Shown {
  readonly entry: Entry;
  /** Per step, a number below `SIGHTS`. */
  readonly sights: readonly number[];
  /** The same without repetition. */
  readonly distinct: readonly number[];
}

/** Features of what was done; behind them each refusal of each kind of action. */
const SIGHTS = FEATURES + ACTION_KINDS.length * (REFUSALS.length + 1);

/** Few and short entries that show all that these show; the same ones for the same. */
export function minimise(minimiser: Minimiser, entries: readonly Entry[]): Entry[] {
  const shown = entries.map((entry) => look(minimiser, entry));
  return reduce(minimiser, shown).map(({ entry }) => entry);
}

function reduce(minimiser: Minimiser, all: readonly Shown[]): Shown[] {
  return choose(all).map(([shown, needed]) => shorten(minimiser, shown, needed));
}

type Choice = readonly [Shown, ReadonlySet<number>];

function choose(all: readonly Shown[]): readonly Choice[] {
  const covered = new Uint8Array(SIGHTS);
  const chosen: Choice[] = [];
  const byGain: Shown[][] = [];
  const put = (shown: Shown, gain: number): void => {
    (byGain[gain] ??= []).push(shown);
  };
  // Of two that show as much the shorter one is taken; of two as long, the older one.
  for (const shown of all.toSorted((a, b) => a.sights.length - b.sights.length)) {
    put(shown, shown.distinct.length);
  }
  for (let gain = byGain.length - 1; gain > 0; gain -= 1) {
    for (const shown of byGain[gain] ?? []) {
      const fresh = shown.distinct.filter((sight) => covered[sight] === 0);
      if (fresh.length < gain) {
        put(shown, fresh.length);
        continue;
      }
      for (const sight of fresh) covered[sight] = 1;
      chosen.push([shown, new Set(fresh)]);
    }
  }
  return chosen;
}

/** Runs an entry; a step that throws ends it. */
function look({ runner, reset, booted, machine }: Minimiser, entry: Entry): Shown {
  copyMachine(entry.start === 'reset' ? reset : booted, machine);
  const sights: number[] = [];
  for (const slot of entry.slots) {
    const outcome = takeStep(runner, machine, asAction(slot));
    if (typeof outcome !== 'string') break;
    const kind = getKindIndex(slot.kind);
    const result = getOutcomeIndex(outcome);
    sights.push(
      result === 0
        ? computeFeature(runner.plan, machine, slot, kind, result)
        : FEATURES + kind * (REFUSALS.length + 1) + result,
    );
  }
  return { entry, sights, distinct: [...new Set(sights)] };
}

/** The entry up to the last step that is needed, without refusals that are not. */
function shorten(minimiser: Minimiser, shown: Shown, needed: ReadonlySet<number>): Shown {
  const { entry, sights } = shown;
  const missing = new Set(needed);
  const isFirst = sights.map((sight) => missing.delete(sight));
  const end = isFirst.lastIndexOf(true) + 1;
  const slots = entry.slots
    .slice(0, end)
    .filter((_, at) => isFirst[at] === true || (sights[at] ?? 0) < FEATURES);
  const features = [...needed];
  if (slots.length === entry.slots.length) return { ...shown, entry: { ...entry, features } };
  const short = look(minimiser, { start: entry.start, slots, features });
  // Where a refusal does change something, as with a bug put in, the whole of it is kept.
  const again = new Set(short.distinct);
  const isWhole = features.every((sight) => again.has(sight));
  return isWhole ? short : { ...shown, entry: { ...entry, features } };
}

/** What a campaign has kept so far, minimised in steps that depend on nothing but what was kept. */
export interface Keeper {
  readonly minimiser: Minimiser;
  settled: readonly Shown[];
  readonly pending: Entry[];
}

/** Entries that wait until they are minimised together with those before. */
const PENDING_MAX = 64;

/** A keeper that has nothing. */
export function createKeeper(runner: Runner): Keeper {
  return { minimiser: createMinimiser(runner), settled: [], pending: [] };
}

/** Adds an entry. */
export function addKept(keeper: Keeper, entry: Entry): void {
  keeper.pending.push(entry);
  if (keeper.pending.length < PENDING_MAX) return;
  keeper.settled = settle(keeper);
  keeper.pending.length = 0;
}

/** All that was kept, minimised; the keeper stays as it is. */
export function listKept(keeper: Keeper): Entry[] {
  return settle(keeper).map(({ entry }) => entry);
}

function settle({ minimiser, settled, pending }: Keeper): Shown[] {
  return reduce(minimiser, [...settled, ...pending.map((entry) => look(minimiser, entry))]);
}
