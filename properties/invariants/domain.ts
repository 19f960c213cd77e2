/**
 * Domains: in whose name an action happens (Rushby 1992, dom).
 */

import type { Action } from '../../model/actions.ts';
import { getDomain } from '../../model/view.ts';
import type { Plan } from '../../model/plan.ts';
import type { Context } from '../property.ts';

function findStreamOwner({ streams }: Plan, stream: number): number {
  for (let index = 0; index < streams.length; index += 1) {
    const planned = streams[index];
    if (planned?.stream === stream) return planned.partition;
  }
  return -1;
}

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
      return findStreamOwner(plan, action.stream);
    case 'bare-dma-issue':
      return plan.bareMasters[action.master]?.partition ?? -1;
    case 'dma-complete':
      return machine.smmu.inFlight[action.slot]?.master ?? -1;
    case 'line-assert':
    case 'line-deassert':
      return plan.routes[action.intId - plan.spiFirst]?.partition ?? -1;
    default:
      return getDomain(plan, machine, action.core);
  }
}
