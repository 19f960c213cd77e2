/**
 * Catalogue of mutants: every known kind of bug, by the rows of `rows.tsv`, with what seeds it here
 * or the reason why nothing can.
 */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PLAN_BUGS } from './plan-bugs.ts';
import type { PlanBug } from './plan-bugs.ts';
import type { RuleBug } from './rule-bug.ts';
import { RULE_BUGS } from './rule-bugs.ts';
import type { SourceBug } from './source-bug.ts';
import { SOURCE_BUGS } from './source-bugs.ts';

/** A kind of bug that is known from real hypervisors, drivers and schedulers. */
export interface Row {
  /** Such as S2-14. */
  readonly id: string;
  /** The invariants that it breaks, keys of `INVARIANTS`. */
  readonly breaks: readonly string[];
  /** What is wrong, in words. */
  readonly change: string;
  /** Why nothing here can be wrong that way; null where it is seeded. */
  readonly reason: string | null;
}

/**
 * What says here what an invariant of the catalogue says: ids of properties and codes of rules, or
 * how they begin.
 */
export const INVARIANTS: Readonly<Record<string, readonly string[]>> = {
  // A configuration is well-formed: the rules; and boot builds from it what it says.
  'I-CFG': ['CFG-', 'MEM-', 'DMA-', 'IRQ-', 'CPU-', 'CHN-', 'memory.confined', 'seal.shape'],
  'I-OWN': ['MEM-OVERLAP', 'memory.exclusive'],
  'I-S2': [
    'MEM-',
    'DEV-SHARED-PAGE',
    'HYP-',
    'memory.confined',
    'memory.rights',
    'memory.word',
    'memory.cached',
    'dma.confined',
    'seal.constant',
    'seal.shape',
    'noninterference.memory',
  ],
  'I-TLB': ['memory.cached', 'memory.confined', 'dma.cached'],
  'I-IOTLB': ['dma.cached'],
  'I-DMA': [
    'DMA-',
    'HYP-FIRMWARE',
    'dma.',
    'seal.shape',
    // Masters behind the firewall alone are cores as well; a request lost harms its owner.
    'memory.confined',
    'memory.rights',
    'noninterference.local-respect',
  ],
  'I-IRQ': ['IRQ-', 'HYP-REGISTERS', 'irq.', 'seal.shape', 'noninterference.local-respect'],
  'I-LR': ['irq.agreed', 'irq.listed-once', 'irq.active-forwarded', 'irq.delivered'],
  // A tick too much is found on the grid first, where replenishments are to be.
  'I-BUD': ['time.budget', 'time.window', 'time.charge', 'time.grid'],
  'I-SUP': ['time.supply', 'time.burn', 'time.charge', 'time.grid'],
  'I-DLY': ['CPU-TABLE-FRAME', 'time.delay', 'time.table', 'time.grid'],
  'I-GRID': ['time.grid'],
  // Cores that are not set up have clocks that stand and choices that are never made.
  'I-SEAL': ['DEV-FIRMWARE', 'HYP-OVERLAP', 'seal.', 'dma.before-live', 'time.grid', 'time.delay'],
  'I-SHM': ['CHN-OVERLAP', 'channel.doorbell', 'irq.agreed', 'cpu.waiter-unsignalled'],
  // What is left of an earlier life, and the timer of another, are told as well.
  NI: ['noninterference.', 'cpu.start', 'irq.timer'],
  'I-TOT': ['seal.total', 'seal.shape', 'noninterference.', 'dma.confined', 'time.budget'],
};

/** A seeded bug with its place in the catalogue. */
export type Mutant = {
  /** The row, with a number where a row has several: S2-14, S2-14.2; OWN-1 without a row. */
  readonly id: string;
  readonly row: Row | null;
  /** What must find it: a property of runs or the code of a rule; null where it does no harm. */
  readonly property: string | null;
  /** Why it does no harm; null where it does. */
  readonly harmless: string | null;
} & (
  | { readonly kind: 'spec'; readonly bug: SourceBug }
  | { readonly kind: 'plan'; readonly bug: PlanBug }
  | { readonly kind: 'rule'; readonly bug: RuleBug }
);

/** The table of all kinds of bugs. */
export const ROWS: readonly Row[] = readRows();

/** Every seeded bug, in the order of the rows; those of no row come last. */
export const MUTANTS: readonly Mutant[] = listMutants();

function readRows(): Row[] {
  const text = readFileSync(join(import.meta.dirname, 'rows.tsv'), 'utf8');
  const [, ...lines] = text.trimEnd().split(/\r?\n/);
  return lines.map((line) => {
    const [id = '', breaks = '', change = '', reason = ''] = line.split('\t');
    return { id, breaks: breaks.split(' '), change, reason: reason === '' ? null : reason };
  });
}

function listMutants(): Mutant[] {
  const seeded = [
    ...SOURCE_BUGS.map((bug) => ({ kind: 'spec', bug }) as const),
    ...PLAN_BUGS.map((bug) => ({ kind: 'plan', bug }) as const),
    ...RULE_BUGS.map((bug) => ({ kind: 'rule', bug }) as const),
  ];
  const ofRows = ROWS.flatMap((row) =>
    seeded
      .filter(({ bug }) => bug.row === row.id)
      .map((mutant, at) => ({
        id: at === 0 ? row.id : `${row.id}.${at + 1}`,
        row,
        ...describeHarm(mutant.bug),
        ...mutant,
      })),
  );
  const own = seeded
    .filter(({ bug }) => bug.row === null)
    .map((mutant, at) => ({
      id: `OWN-${at + 1}`,
      row: null,
      ...describeHarm(mutant.bug),
      ...mutant,
    }));
  return [...ofRows, ...own];
}

/** What must find a bug, or why nothing can. */
function describeHarm({
  property,
  unseen,
}: Pick<SourceBug, 'property' | 'unseen'>): Pick<Mutant, 'property' | 'harmless'> {
  return { property, harmless: property === null ? (unseen ?? '') : null };
}

/** The mutant of that id; undefined where there is none. */
export function findMutant(id: string): Mutant | undefined {
  return MUTANTS.find((mutant) => mutant.id === id);
}
