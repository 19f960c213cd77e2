/**
 * Rules and obligations overlap on purpose: the same defect must fall to the sweep and to the
 * solver. Where only one of them sees it, one of them is wrong, and nothing that this program says
 * may be called proved.
 */

import type { Finding } from '../properties/findings.ts';
import type { ObligationResult } from '../solver/obligation.ts';
import { getClaim } from '../solver/obligation.ts';

/** Rules whose defect at least one of the claims must refute, whenever the claims were tried. */
const CLAIMS_OF_CODE: Readonly<Record<string, readonly string[]>> = {
  'MEM-OVERLAP': ['memory.exclusive'],
  'DEV-TWO-OWNERS': ['device.together', 'memory.exclusive', 'irq.exclusive', 'dma.stream-owner'],
  'DEV-SHARED-PAGE': ['device.page', 'memory.exclusive'],
  'DMA-NO-STREAM': ['dma.no-bypass'],
  'CPU-RATE-DEMAND': ['time.interrupt-demand'],
};

/** Areas in which a refuted obligation must be seen by a rule; time is for the solver alone. */
const SPATIAL_AREAS: readonly string[] = ['MEM', 'DEV', 'DMA', 'IRQ', 'CHN', 'HYP'];

/**
 * Contradictions between the findings of rules and the results of proofs, one sentence each; none
 * where the two agree. Obligations that were not decided contradict nothing.
 */
export function findDisagreements(
  findings: readonly Finding[],
  obligations: readonly ObligationResult[],
): string[] {
  const errors = findings.filter(({ severity }) => severity === 'error');
  const disagreements: string[] = [];
  for (const code of new Set(errors.map((finding) => finding.code))) {
    const claims = CLAIMS_OF_CODE[code] ?? [];
    const tried = obligations.filter(({ id }) => claims.includes(getClaim(id)));
    if (tried.length > 0 && tried.every(({ status }) => status === 'discharged')) {
      disagreements.push(`rule ${code} is violated, yet ${listClaims(tried)} proved`);
    }
  }
  // Of any area: a VMID that two partitions have is a rule of CFG and a claim about memory.
  const seen = new Set(errors.flatMap(listParties));
  const unseen = obligations.filter(
    ({ status, area, finding }) =>
      status === 'refuted' &&
      SPATIAL_AREAS.includes(area) &&
      finding !== null &&
      !listParties(finding).some((party) => seen.has(party)),
  );
  if (unseen.length > 0) {
    disagreements.push(
      `no rule about the same parties is violated, yet ${listClaims(unseen)} refuted`,
    );
  }
  return disagreements;
}

/** Partitions, channels and parts of the platform that a finding names: `config.partitions.1`. */
function listParties({ at, related }: Finding): string[] {
  return [at, ...related.map((place) => place.at)].map((path) => path.slice(0, 3).join('.'));
}

function listClaims(obligations: readonly ObligationResult[]): string {
  const claims = [...new Set(obligations.map(({ id }) => getClaim(id)))];
  return `${claims.join(', ')} ${claims.length === 1 ? 'is' : 'are'}`;
}
