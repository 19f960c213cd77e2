/**
 * Obligations of the configuration itself: identifiers in range and entry points where code can be.
 */

import type { Path, StaticConfiguration } from '../../model/configuration.ts';
import { formatAddress } from '../../properties/findings.ts';
import type { Obligation } from '../obligation.ts';
import { less, or } from '../smt/term.ts';
import type { Claim } from './claim.ts';
import { proveEveryEntry } from './every-entry.ts';

const VMID_RANGE: Claim = {
  id: 'config.vmid',
  statement: 'Every VMID is in the range of the architecture, and none is 0.',
  formula: 'for every partition: 1 <= vmid < 2^16',
  source: "Arm DDI 0487, VTTBR_EL2.VMID: 16 bits; 0 is the hypervisor's own here",
  help: 'choose a VMID from 1 to 65535',
};

/** Claims of this file. */
export const CONFIG_CLAIMS: readonly Claim[] = [VMID_RANGE];

/** Exclusive end of the VMIDs. */
const VMID_END = 2 ** 16;

/** Obligations about the configuration: one. */
export function listConfigObligations(configuration: StaticConfiguration): (Obligation | null)[] {
  return [
    proveEveryEntry(configuration, {
      claim: VMID_RANGE,
      instance: null,
      list: ({ partitions }) =>
        partitions.map(({ name, vmid }, index) => ({
          fields: { vmid },
          label: `partition ${name}`,
          path: ['config', 'partitions', index, 'vmid'] as Path,
          complaint: `VMID ${vmid} is outside [1, ${formatAddress(VMID_END)})`,
        })),
      refute: (field) => or([less(field('vmid'), 1), less(VMID_END - 1, field('vmid'))]),
      isBroken: ({ vmid = 0 }) => vmid < 1 || vmid >= VMID_END,
    }),
  ];
}
