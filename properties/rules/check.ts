/** Check: every rule against one configuration. */

import type { StaticConfiguration } from '../../model/configuration.ts';
import type { Finding } from '../findings.ts';
import { RULES } from './all.ts';
import { createContext } from './rule.ts';

/**
 * Findings of all rules, in the order of `RULES`; empty where the configuration keeps all of them.
 * O(n log n) in the number of regions, and total: it never throws.
 */
export function checkConfiguration(configuration: StaticConfiguration): Finding[] {
  const context = createContext(configuration);
  return RULES.flatMap((rule) => rule.check(context));
}
