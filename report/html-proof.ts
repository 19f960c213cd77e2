/** What an HTML page shows of proofs: areas, claims that unfold, and every instance in these. */

import type { ObligationResult, Witness } from '../solver/obligation.ts';
import { countStatus, computeWorstStatus, getInstance, groupByClaim } from './claims.ts';
import { listFailingCounts, listSearchLines, listSolverCounts } from './claims.ts';
import { nameSolver, summariseClaim } from './claims.ts';
import type { ClaimResults } from './claims.ts';
import { formatInteger, formatMilliseconds } from './duration.ts';
import { cell, table } from './markup.ts';
import { AREAS } from './report.ts';
import { escapeMarkup } from './text.ts';

/** The obligations by area and claim. Claims with an instance that did not pass are unfolded. */
export function renderProof(
  obligations: readonly ObligationResult[],
  isExplained: boolean,
): string {
  const claims = groupByClaim(obligations);
  const areas = AREAS.flatMap((area) => {
    const own = claims.filter((claim) => claim.area === area);
    if (own.length === 0) return [];
    const results = own.flatMap((claim) => claim.results);
    const status = computeWorstStatus(results);
    return [
      `<h4>${area}: <span class="${status}">${countDischarged(results)}</span></h4>`,
      ...own.map((claim) => renderClaim(claim, isExplained)),
    ];
  });
  const by = listSolverCounts(obligations).join(', ');
  const counts = `${countDischarged(obligations)}${by === '' ? '' : ` (${by})`}`;
  return [`<p>${escapeMarkup(counts)}</p>`, ...areas].join('\n');
}

/** `243 of 245 discharged, 2 refuted`. */
function countDischarged(results: readonly ObligationResult[]): string {
  const discharged = formatInteger(countStatus(results, 'discharged'));
  const head = `${discharged} of ${formatInteger(results.length)} discharged`;
  return [head, ...listFailingCounts(results)].join(', ');
}

/** Columns whose text all instances of most claims share, shown once above the table then. */
const SHARED_COLUMNS = ['statement', 'formula', 'source'] as const;

function renderClaim(claim: ClaimResults, isExplained: boolean): string {
  const status = computeWorstStatus(claim.results);
  const isShared = (name: (typeof SHARED_COLUMNS)[number]): boolean =>
    new Set(claim.results.map((result) => result[name])).size === 1;
  const [first] = claim.results;
  const facts = SHARED_COLUMNS.filter(isShared).map(
    (name) => `<dt>${name}</dt><dd>${escapeMarkup(first?.[name] ?? '')}</dd>`,
  );
  const ownColumns = SHARED_COLUMNS.filter((name) => !isShared(name));
  // What did not pass comes first, however long the table is.
  const results = [
    ...claim.results.filter((result) => result.status !== 'discharged'),
    ...claim.results.filter((result) => result.status === 'discharged'),
  ];
  const remarks = results.map((result) => listRemarks(result, isExplained).join('; '));
  const hasRemarks = remarks.some((remark) => remark !== '');
  const rows = results.map((result, index) => [
    cell(getInstance(result.id) || '-'),
    `<td class="${result.status}">${result.status}</td>`,
    cell(nameSolver(result.solver) + (result.cached ? ', cached' : '')),
    cell(formatInteger(result.size), true),
    cell(formatMilliseconds(result.ms), true),
    ...ownColumns.map((name) => cell(result[name])),
    ...(hasRemarks ? [cell(remarks[index] ?? '')] : []),
  ]);
  const header = ['instance', 'status', 'by', 'size', 'time', ...ownColumns];
  return [
    `<details${status === 'discharged' ? '' : ' open'}>` +
      `<summary><code>${escapeMarkup(claim.claim)}</code> ` +
      `<span class="${status}">${escapeMarkup(summariseClaim(claim))}</span></summary>`,
    `<dl>${facts.join('')}</dl>`,
    table(hasRemarks ? [...header, 'remarks'] : header, rows),
    '</details>',
  ].join('\n');
}

/** Why a result did not pass, the case that breaks it, and where wanted a case of the premises. */
function listRemarks(result: ObligationResult, isExplained: boolean): string[] {
  const { detail, witness, premises } = result;
  return [
    ...(detail === null ? [] : [detail]),
    ...(witness === null ? [] : [`broken where ${listValues(witness)}`]),
    // The case itself stands there already.
    ...listSearchLines(result).slice(0, 1),
    ...(isExplained && premises !== undefined && premises !== null
      ? [`premises hold where ${listValues(premises)}`]
      : []),
  ];
}

function listValues(witness: Witness): string {
  return Object.entries(witness)
    .map(([name, value]) => `${name} = ${value}`)
    .join(', ');
}
