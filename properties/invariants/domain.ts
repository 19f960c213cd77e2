/**
 * Domains: in whose name an action happens (Rushby 1992, dom).
 */

import type { Action } from '../../model/actions.ts';
import { getDomain } from '../../model/view.ts';
import type { Context } from '../property.ts';

/** Partition in whose name an action happens; null where it is time, boot or EL2 itself. */
export function computeDomain(context: Context, action: Action): number | null {
  const { plan, machine } = context;
  switch (action.kind) {
    case 'boot':
    case 'time-passes':
    case 'interrupt-take':
      return null;
    case 'dma-issue':
    case 'msi':
    case 'iotlb-fill':
    case 'iotlb-evict':
      return plan.streams.find(({ stream }) => stream === action.stream)?.partition ?? -1;
    case 'bare-dma-issue':
      return plan.bareMasters[action.master]?.partition ?? -1;
    case 'dma-complete':
      return machine.smmu.inFlight[action.slot]?.master ?? -1;
    case 'line-assert':
    case 'line-deassert':
      return plan.routes.find(({ intId }) => intId === action.intId)?.partition ?? -1;
    default:
      return getDomain(plan, machine, action.core);
  }
}
