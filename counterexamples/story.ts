/**
 * Story: a counterexample as a person tells it. What everybody did, what should have happened,
 * which lines of the configuration let it happen, and what the last step changed.
 */

import type { Action } from '../model/actions.ts';
import type { Machine } from '../model/machine.ts';
import type { Outcome } from '../model/outcome.ts';
import type { Plan } from '../model/plan.ts';
import { PAGE_SIZE } from '../model/units.ts';
import { ENGINE_PROPERTIES, PROPERTIES } from '../properties/catalogue.ts';
import type { StepFunction } from '../properties/engine/run.ts';
import { formatAddress } from '../properties/findings.ts';
import type { Violation } from '../properties/property.ts';
import { listDifferences } from '../solver/induction/replay.ts';
import type { Counterexample } from './format.ts';
import { describeAction } from './narrate.ts';

/** One step of a story. */
export interface ToldStep {
  readonly sentence: string;
  /** What the spec says; where it says nothing, `THROWS`, or `LOST` where nothing came back. */
  readonly outcome: Outcome | 'THROWS' | 'LOST';
}

/** What led to a violation, and what was wrong about it. */
export interface Story {
  readonly begin: string;
  readonly steps: readonly ToldStep[];
  /** What the last step changed, at most `CHANGES_MAX` lines; none where nothing is broken. */
  readonly changes: readonly string[];
  /** Changes that are left out. */
  readonly moreChanges: number;
  /** What the property that is broken says; null where none is. */
  readonly expected: { readonly statement: string; readonly source: string } | null;
  /** Lines of the configuration that have to do with it, as they were when it was found. */
  readonly allowed: readonly string[];
}

/** Changes that are told. */
export const CHANGES_MAX = 12;

/** Properties that a step breaks which has no outcome. */
const THROWN: readonly string[] = ['seal.total', 'seal.crash'];

/** Tells the steps that were taken; the last one shows the violation, if there is one. */
export function tellStory(
  plan: Plan,
  start: Machine,
  step: StepFunction,
  { actions, start: from, allowed = [] }: Pick<Counterexample, 'actions' | 'start' | 'allowed'>,
  { outcomes, violation }: { outcomes: readonly Outcome[]; violation: Violation | null },
): Story {
  const isThrown = THROWN.includes(violation?.property ?? '');
  const steps: ToldStep[] = [];
  let changes: string[] = [];
  for (const [index, outcome] of outcomes.entries()) {
    const action = actions[index];
    if (action === undefined) break;
    steps.push({ sentence: describeAction(plan, start, action), outcome });
    const isLast = index === outcomes.length - 1 && violation !== null;
    if (isLast && !isThrown) changes = listChanges(plan, start, step, action);
    else step(plan, start, action);
  }
  const thrown = isThrown ? actions[outcomes.length] : undefined;
  if (thrown !== undefined) {
    steps.push({ sentence: describeAction(plan, start, thrown), outcome: 'THROWS' });
  }
  const broken = [...PROPERTIES, ...ENGINE_PROPERTIES].find(({ id }) => id === violation?.property);
  return {
    begin: from === 'booted' ? 'after a boot that nothing disturbed' : 'at reset',
    steps,
    changes: changes.slice(0, CHANGES_MAX),
    moreChanges: Math.max(0, changes.length - CHANGES_MAX),
    expected: broken === undefined ? null : { statement: broken.statement, source: broken.source },
    allowed: violation === null ? [] : allowed.map(formatAllowed),
  };
}

function formatAllowed({
  message,
  file,
  line,
  text,
}: NonNullable<Counterexample['allowed']>[number]): string {
  return `${file}:${line}: ${text.trim()}${message === '' ? '' : ` (${message})`}`;
}

/** What a step changes, by the names of the machine's parts. */
function listChanges(plan: Plan, machine: Machine, step: StepFunction, action: Action): string[] {
  const before = structuredClone(machine);
  step(plan, machine, action);
  return listDifferences(before, machine)
    .filter(({ path }) => !path.startsWith('bus.'))
    .map(({ path, before: old, after }) => describeChange(plan, path, old, after));
}

function describeChange(plan: Plan, path: string, before: string, after: string): string {
  const isName = /[wW]riters\[\d+\]$/.test(path);
  const [from, to] = [before, after].map((value) => {
    if (value === 'undefined') return isName ? 'nobody' : 'nothing';
    return isName ? (plan.configuration.partitions[Number(value)]?.name ?? 'nobody') : value;
  });
  return `${nameField(plan, path)}: ${from} -> ${to}`;
}

/** `partitions[1].lines[3].pending` as `rtos: lines[3].pending`; frames by their address. */
function nameField(plan: Plan, path: string): string {
  const name = (index: number): string => plan.configuration.partitions[index]?.name ?? 'nobody';
  return path
    .replace(/^memory\.(words|writers)\[(\d+)\]/, (_, kind: string, frame: string) => {
      const page = formatAddress(Number(frame) * PAGE_SIZE);
      return kind === 'words' ? `memory at page ${page}` : `last writer of page ${page}`;
    })
    .replace(/^partitions\[(\d+)\]\./, (_, index: string) => `${name(Number(index))}: `)
    .replace(/^stage2\[(\d+)\]/, (_, index: string) => `stage 2 of ${name(Number(index))}`)
    .replace(/^cores\[(\d+)\]\./, 'core $1: ');
}

/** Outcomes that are no refusals, in words. */
const OUTCOMES: Readonly<Record<string, string>> = {
  DONE: 'done',
  THROWS: 'throws',
  LOST: 'never ends',
};

/** The story on lines, without the verdict; `table` lays its steps out in columns. */
export function renderStory(
  story: Story,
  table: (rows: readonly (readonly string[])[]) => readonly string[],
): { readonly before: readonly string[]; readonly after: readonly string[] } {
  const rows = story.steps.map(({ sentence, outcome }, index) => [
    String(index + 1),
    sentence,
    OUTCOMES[outcome] ?? `refused: ${outcome}`,
  ]);
  const { expected, moreChanges } = story;
  return {
    before: [`${story.begin}:`, ...table(rows)],
    after: [
      ...(expected === null ? [] : [`expected: ${expected.statement}`]),
      ...story.allowed.map((line) => `allowed by ${line}`),
      ...story.changes.map((change) => `the last step changes ${change}`),
      ...(moreChanges === 0 ? [] : [`... and ${moreChanges} more`]),
    ],
  };
}
