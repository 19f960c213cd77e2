/**
 * Bus firewall: what stands in front of a core or device that has neither stage 2 nor SMMU.
 *
 * Its grants are programmed by firmware before Haven boots and are taken as stated in the
 * configuration. A platform without one lets such a master reach everything: the model says so
 * rather than assume a fence.
 */

import type { Plan } from './plan.ts';
import type { AccessKind } from './translation.ts';

/** Whether the firewall lets a master of this partition reach a physical address. */
export function isGranted(
  plan: Plan,
  partition: number,
  address: number,
  kind: AccessKind,
): boolean {
  const planned = plan.partitions[partition];
  if (planned === undefined) return false;
  if (!plan.hasFirewall || planned.el2) return true;
  for (const grant of planned.firewall) {
    if (grant.pa <= address && address < grant.pa + grant.size) {
      if (kind === 'read' && grant.read) return true;
      if (kind === 'write' && grant.write) return true;
      if (kind === 'fetch' && grant.execute) return true;
    }
  }
  return false;
}
