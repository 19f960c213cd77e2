/**
 * Claims: what an obligation says, apart from any configuration. `haven explain` shows them.
 */

import type { Path } from '../../model/configuration.ts';
import { getAreaOfId } from '../../properties/findings.ts';
import type { Finding } from '../../properties/findings.ts';

/** A statement that is proved for a configuration, once or once per instance. */
export interface Claim {
  /** `area.claim`. */
  readonly id: string;
  /** One sentence that is true when discharged. */
  readonly statement: string;
  /** The formula in words; what is symbolic is named. */
  readonly formula: string;
  /** Clause of a manual, theorem, or rule of this project. */
  readonly source: string;
  /** What to do when it is refuted. */
  readonly help: string;
}

/** A place and what to say about it. */
export interface Party {
  readonly label: string;
  readonly path: Path;
}

/** Diagnostic code of a refuted claim: `memory.exclusive` gives MEM-EXCLUSIVE. */
export function getCodeOfClaim(claim: Claim): string {
  const name = claim.id.slice(claim.id.indexOf('.') + 1);
  return `${getAreaOfId(claim.id)}-${name.toUpperCase()}`;
}

/** A finding about one party, and a second where there is one. */
export function createFinding(
  claim: Claim,
  message: string,
  first: Party,
  second: Party | null = null,
): Finding {
  return {
    code: getCodeOfClaim(claim),
    severity: 'error',
    message,
    help: claim.help,
    at: first.path,
    related: second === null ? [] : [{ message: second.label, at: second.path }],
  };
}
