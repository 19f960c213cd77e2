/**
 * Rule bugs: changes of the checker's own text that each let one defect through.
 */

import type { RuleBug } from './rule-bug.ts';
import { OWNER_BUGS } from './rule-bugs/owners.ts';
import { RANGE_BUGS } from './rule-bugs/ranges.ts';
import { PROMISE_BUGS } from './rule-bugs/schedule.ts';

/** Every seeded bug of the rules. */
export const RULE_BUGS: readonly RuleBug[] = [...RANGE_BUGS, ...OWNER_BUGS, ...PROMISE_BUGS];
