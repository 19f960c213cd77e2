/** Results of proofs by claim: thousands of obligations are instances of a few dozen claims. */

import type { Area } from '../properties/findings.ts';
import { describeSearch, listCaseLines } from '../solver/induction/case-search.ts';
import { SIMPLIFIER, getClaim } from '../solver/obligation.ts';
import type { ObligationResult, ObligationStatus } from '../solver/obligation.ts';
import { formatInteger, formatMilliseconds } from './duration.ts';
import { AREAS } from './report.ts';

/** A claim with the results of its instances, at least one, in the order of the proof. */
export interface ClaimResults {
  /** `area.claim`. */
  readonly claim: string;
  readonly area: Area;
  readonly results: readonly ObligationResult[];
}

/** Results by claim: in the order of areas, and within an area in the order of the proof. */
export function groupByClaim(obligations: readonly ObligationResult[]): ClaimResults[] {
  const groups = new Map<string, ObligationResult[]>();
  for (const result of obligations) {
    const claim = getClaim(result.id);
    const own = groups.get(claim);
    if (own === undefined) groups.set(claim, [result]);
    else own.push(result);
  }
  const claims = [...groups].flatMap(([claim, results]) => {
    const [first] = results;
    return first === undefined ? [] : [{ claim, area: first.area, results }];
  });
  return AREAS.flatMap((area) => claims.filter((claim) => claim.area === area));
}

/** The instance of an id with its brackets, `[write,linux@core2]`; empty where it has none. */
export function getInstance(id: string): string {
  return id.slice(getClaim(id).length);
}

/** Statuses that do not pass, worst first. */
export const FAILING_STATUSES: readonly ObligationStatus[] = [
  'refuted',
  'spurious',
  'vacuous',
  'unknown',
];

/** How many results have the status. */
export function countStatus(
  results: readonly ObligationResult[],
  status: ObligationStatus,
): number {
  return results.filter((result) => result.status === status).length;
}

/** The worst status of the results: that of a claim as a whole. */
export function computeWorstStatus(results: readonly ObligationResult[]): ObligationStatus {
  const worst = FAILING_STATUSES.find((status) => countStatus(results, status) > 0);
  return worst ?? 'discharged';
}

/** `5 refuted`, `3 unknown`: one entry per status that does not pass and occurs. */
export function listFailingCounts(results: readonly ObligationResult[]): string[] {
  return FAILING_STATUSES.flatMap((status) => {
    const count = countStatus(results, status);
    return count === 0 ? [] : [`${formatInteger(count)} ${status}`];
  });
}

/**
 * Who discharged how many: `2,102 by simplification`, `243 by z3 5.2.0 (wasm)`, `12 of them
 * cached`. Results that do not pass are not counted.
 */
export function listSolverCounts(results: readonly ObligationResult[]): string[] {
  const discharged = results.filter(({ status }) => status === 'discharged');
  const counts = new Map<string, number>([[SIMPLIFIER, 0]]);
  for (const { solver } of discharged) counts.set(solver, (counts.get(solver) ?? 0) + 1);
  const cached = discharged.filter((result) => result.cached).length;
  return [
    ...[...counts].flatMap(([solver, count]) =>
      count === 0 ? [] : [`${formatInteger(count)} by ${nameSolver(solver)}`],
    ),
    ...(cached === 0 ? [] : [`${formatInteger(cached)} of them cached`]),
  ];
}

/** The solver in a sentence after "by". */
export function nameSolver(solver: string): string {
  return solver === SIMPLIFIER ? 'simplification' : solver;
}

/** The discharged result that took a solver longest, null where none took it any time. */
export function findSlowest(results: readonly ObligationResult[]): ObligationResult | null {
  let slowest: ObligationResult | null = null;
  for (const result of results) {
    if (result.status === 'discharged' && result.ms > (slowest?.ms ?? 0)) slowest = result;
  }
  return slowest;
}

/**
 * A claim in a few words: `245 discharged (231 by simplification, 14 by z3, slowest 120 ms:
 * [write,linux@core2])`, and of a single result `discharged by z3 in 12 ms`.
 */
export function summariseClaim({ results }: ClaimResults): string {
  const [first, ...others] = results;
  if (first !== undefined && others.length === 0) return dropVersion(describeDecision(first));
  const discharged = countStatus(results, 'discharged');
  const slowest = findSlowest(results);
  const facts = listSolverCounts(results).map(dropVersion);
  if (slowest !== null) {
    const instance = getInstance(slowest.id);
    const where = instance === '' ? '' : `: ${instance}`;
    facts.push(`slowest ${formatMilliseconds(slowest.ms)}${where}`);
  }
  const brackets = facts.length === 0 ? '' : ` (${facts.join(', ')})`;
  const head = `${formatInteger(discharged)} discharged${brackets}`;
  return [head, ...listFailingCounts(results)].join(', ');
}

/**
 * How one result came about: `discharged by z3 5.2.0 (wasm) in 12 ms`, `discharged by
 * simplification`, `discharged by z3 5.2.0 (wasm), cached`.
 */
export function describeDecision({ status, solver, ms, cached }: ObligationResult): string {
  const isTimed = solver !== SIMPLIFIER && !cached;
  const time = isTimed ? ` in ${formatMilliseconds(ms)}` : '';
  return `${status} by ${nameSolver(solver)}${time}${cached ? ', cached' : ''}`;
}

/**
 * What became of the search from reset for the case that refutes an obligation about the spec: a
 * sentence, and where the case was not reached the case. Nothing where none was searched for.
 */
export function listSearchLines({ search, case: refuted, witness }: ObligationResult): string[] {
  if (search === undefined || refuted === undefined || refuted === null) return [];
  const sentence = describeSearch(search, refuted);
  const isShown = search.kind === 'not-reached' || search.kind === 'interrupted';
  return [sentence, ...(isShown && witness !== null ? listCaseLines(witness) : [])];
}

/** Whether the case of the result was searched for. */
export function isSearched({ search }: ObligationResult): boolean {
  return search !== undefined && search.kind !== 'left-out';
}

/** `z3 5.2.0 (wasm)` is z3 where the line is one of many. */
function dropVersion(text: string): string {
  return text.replaceAll(/ \d[\w.]*\.\w+( \([^)]*\))?/g, '');
}
