/**
 * Cells of the kill matrix: what one check makes of one mutant.
 */

import { isDeepStrictEqual } from 'node:util';
import type { StaticConfiguration } from '../model/configuration.ts';
import { listBootActions } from '../properties/generators/boot-actions.ts';
import { readSources } from '../solver/lift/sources.ts';
import { listObligations } from '../solver/obligations/list.ts';
import { getImages, readImages, replaceImages } from '../solver/obligations/images.ts';
import { proveObligations } from '../solver/prove.ts';
import type { Solver } from '../solver/smt/solver.ts';
import { getConfigurationName, getSubject } from './bug-search.ts';
import type { Mutant } from './catalogue.ts';
import { hasRejected, loadBuggyChecker, readNearMiss, readRejected } from './patched-rules.ts';
import { applyBug, loadSpec } from './patched-spec.ts';
import type { LoadedSpec } from './patched-spec.ts';
import type { ProofPass } from './proof-cell.ts';

/** Checks that a mutant is held against, in the order of the matrix. */
export const COLUMNS = ['check', 'prove', 'fuzz', 'induction', 'unwinding'] as const;

/** A check: rules, obligations of a configuration, runs, inductive steps, unwinding conditions. */
export type Column = (typeof COLUMNS)[number];

/** What one check makes of one mutant. */
export type Cell =
  | {
      readonly verdict: 'killed';
      /** Property, rule or obligation that falls. */
      readonly by: string;
      /** Actions of the shrunk trace and of the trace as it was found; runs that shrinking took. */
      readonly actions?: number;
      readonly foundActions?: number;
      readonly evaluations?: number;
      /** Steps of the run until then. */
      readonly steps?: number;
      /** Of a rule: near misses drawn until it let one through, and the defect of that. */
      readonly drawn?: number;
      readonly defect?: string;
      /** Of a rule: the property that a run breaks under a configuration that is let through. */
      readonly shownBy?: string;
      /** Of proofs about every action: where the obligation is made. */
      readonly pass?: ProofPass;
      readonly ms: number;
    }
  | { readonly verdict: 'survived'; readonly ms: number; readonly note?: string }
  | { readonly verdict: 'not-applicable'; readonly reason: string };

/** Limits of a cell. */
export interface CellOptions {
  /** Of the fuzzer, milliseconds. */
  readonly timeMs: number;
  /** Of the fuzzer, where a run shall be the same on every machine. */
  readonly steps?: number;
  readonly solver: Solver;
}

/** The cell of a rule: what must be rejected and is not. */
export async function runCheckCell(mutant: Mutant): Promise<Cell> {
  if (mutant.kind !== 'rule') return { verdict: 'not-applicable', reason: 'rules run no spec' };
  const begin = performance.now();
  const { bug } = mutant;
  const checker = await loadBuggyChecker(bug);
  const code = bug.property;
  const cases = [readNearMiss(bug), ...(hasRejected(code) ? [readRejectedOf(code)] : [])];
  const passed = cases.find(
    ({ loaded }) => !checker(loaded.configuration).some((finding) => finding.code === code),
  );
  const ms = performance.now() - begin;
  return passed === undefined ? { verdict: 'survived', ms } : { verdict: 'killed', by: code, ms };
}

function readRejectedOf(code: string): ReturnType<typeof readRejected> {
  return readRejected(`${code.toLowerCase()}.yaml`);
}

/** The spec with the bug in its text. */
export function loadMutant(mutant: Exclude<Mutant, { kind: 'rule' }>): Promise<LoadedSpec> {
  return loadSpec(applyBug(readSources(), mutant.bug));
}

/** The cell of obligations about a configuration and the tables that boot leaves. */
export async function runProveCell(mutant: Mutant, { solver }: CellOptions): Promise<Cell> {
  const begin = performance.now();
  const configuration =
    mutant.kind === 'rule'
      ? readNearMiss(mutant.bug).loaded.configuration
      : await bootMutant(mutant);
  if (configuration === null) {
    return { verdict: 'not-applicable', reason: 'boot leaves the tables that it should' };
  }
  const isTable = (id: string): boolean => mutant.kind === 'rule' || !/^(time|cpu)\./.test(id);
  const relevant = listObligations(configuration).filter(({ id }) => isTable(id));
  const results = await proveObligations(configuration, relevant, { solver });
  const refuted = results.filter(({ status }) => status === 'refuted');
  const right = refuted.length === 0 ? new Set() : await listRefuted(mutant, solver);
  const first = refuted.find(({ id }) => !right.has(id));
  const ms = performance.now() - begin;
  return first === undefined
    ? { verdict: 'survived', ms }
    : { verdict: 'killed', by: first.id, ms };
}

const refutedBefore = new Map<string, ReadonlySet<string>>();

/** What does not hold of the configuration by the right tables: test boards break some rules. */
async function listRefuted(mutant: Mutant, solver: Solver): Promise<ReadonlySet<string>> {
  if (mutant.kind === 'rule') return new Set();
  const name = getConfigurationName(mutant.bug);
  const known = refutedBefore.get(name);
  if (known !== undefined) return known;
  const { configuration } = getSubject(name);
  const results = await proveObligations(configuration, listObligations(configuration), { solver });
  const refuted = new Set(results.filter(({ status }) => status === 'refuted').map(({ id }) => id));
  refutedBefore.set(name, refuted);
  return refuted;
}

/** A copy of the configuration with the mutant's tables; null where they are the right ones. */
async function bootMutant(
  mutant: Exclude<Mutant, { kind: 'rule' }>,
): Promise<StaticConfiguration | null> {
  const subject = getSubject(getConfigurationName(mutant.bug));
  const spec = await loadMutant(mutant);
  const configuration = { ...subject.configuration };
  const right = getImages(subject.configuration);
  const plan = mutant.kind === 'plan' ? spec.createPlan(configuration) : right.plan;
  const machine = spec.createMachine(plan);
  for (const action of listBootActions(plan)) spec.step(plan, machine, action);
  const images = readImages(plan, machine);
  if (isDeepStrictEqual({ ...images, plan: null }, { ...right, plan: null })) return null;
  replaceImages(configuration, images);
  return configuration;
}
